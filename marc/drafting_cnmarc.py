"""The CNMARC form of a drafted record.

Source: 中国机读目录格式 (CNMARC, WH/T 0503) and GB/T 3792 for the description; pinyin by the practice of the
National Library of China ($9, behind the title) or of CALIS ($A, $E, $F, behind what they read).  No ISBD
punctuation is stored.
"""

from __future__ import annotations

import re
from datetime import date

from pymarc import Field, Leader, Record
from stdnum import isbn as stdnum_isbn

from marc import dates, designations, drafting_subjects, names, places, relators, romanising, text
from marc.description import Agent, Description
from marc.fields import control_field, data_field, sort_fields
from workcell.kernel.profile import Profile

Parts = list[tuple[str, str]]

_BINDINGS = {"hard": "精装", "cloth": "精装", "精装": "精装", "paper": "", "pbk": "", "平装": ""}
_PAGES = {
    "title_page": "题名页", "copyright_page": "版权页", "front_cover": "封面", "back_cover": "封底",
    "spine": "书脊",
}  # fmt: skip
_UNKNOWN = "|"
_COUNTRIES = {"ch ": "TW", "ja ": "JP", "ko ": "KR", "si ": "SG", "enk": "GB", "gw ": "DE", "fr ": "FR"}


def write(book: Description, profile: Profile, when: date, record_id: str) -> Record:
    """The record of a description."""
    record = Record()
    record.leader = Leader("00000nam0 22000003  450 ")
    record.fields = [
        *_control(when, record_id),
        *_numbers(book),
        *_coded(book, when),
        _title(book, profile),
        *_edition_and_imprint(book),
        *_physical(book),
        *drafting_subjects.cnmarc(book),
        *_classes(book),
        *_agents(book, profile),
        *_origin(book, profile, when),
    ]
    sort_fields(record)
    return record


def _control(when: date, record_id: str) -> list[Field]:
    made = [control_field("001", record_id)] if record_id else []
    return [*made, control_field("005", f"{when:%Y%m%d}000000.0")]


def _numbers(book: Description) -> list[Field]:
    made = []
    for place, held in enumerate(held for held in book.isbns if not held.other):
        price = [("d", book.price)] if place == 0 else []
        parts = [("a", hyphenated(held.number)), ("b", _binding(held.qualifier)), *price]
        made.append(data_field("010", "  ", parts))
    made += [data_field("010", "  ", [("z", number)]) for number in book.wrong_isbns]
    if book.price and not made:
        made.append(data_field("010", "  ", [("d", book.price)]))
    if book.unified_number:
        made.append(data_field("091", "  ", [("a", book.unified_number)]))
    return made


def _coded(book: Description, when: date) -> list[Field]:
    general = f"{when:%Y%m%d}{dates.unimarc_coded(book.dates)}u  y0chiy50      ea"
    translated = book.original_language or any(agent.role == "translator" for agent in book.agents)
    language = [("a", book.language or "und"), ("c", book.original_language)]
    form = "a" if book.fiction else _UNKNOWN
    made = [
        data_field("100", "  ", [("a", general)]),
        data_field("101", "1 " if translated else "0 ", language),
        data_field("105", "  ", [("a", f"{_UNKNOWN * 11}{form}{_UNKNOWN}")]),
        data_field("106", "  ", [("a", "r")]),
    ]
    division = places.division(book.place)
    country = "CN" if division else _COUNTRIES.get(places.country_code(book.place), "")
    return [*made, data_field("102", "  ", [("a", country), ("b", division)])] if country else made


def _title(book: Description, profile: Profile) -> Field:
    first, *further = book.responsibility or ("",)
    style = profile.records.pinyin
    parts: Parts = [("a", book.title)]
    parts += [("9", _pinyin(book.title))] if style == "nlc" else _calis("A", book.title, style)
    parts += [("b", "专著"), ("e", book.subtitle), *_calis("E", book.subtitle, style)]
    parts += [("f", first), *_calis("F", first, style), *(("g", statement) for statement in further)]
    return data_field("200", "1 ", [*parts, ("h", book.volume)])


def _calis(code: str, chinese: str, style: str) -> Parts:
    wanted = style == "calis" and text.has_han(chinese)
    return [(code, romanising.capitalised_words(chinese))] if wanted else []


def _edition_and_imprint(book: Description) -> list[Field]:
    """205 not for a first edition; 210 with the date as printed (2021 or 2021.09), inferred in brackets."""
    number = designations.edition_number(book.edition)
    made = []
    if book.edition and number != 1:
        made.append(data_field("205", "  ", [("a", f"{number}版" if number else book.edition)]))
    printed = re.match(r"[0-9]{4}(?:[.年][0-9]{1,2})?", book.date)
    when = printed.group().replace("年", ".") if printed else str(book.year or "")
    imprint = [("a", book.place), ("c", book.publisher), ("d", f"[{when}]" if book.dates.inferred else when)]
    if any(value for _, value in imprint):
        made.append(data_field("210", "  ", imprint))
    return made


def _physical(book: Description) -> list[Field]:
    pieces = designations.parse_volume(book.volume).total
    extent = f"{book.pages}页" if book.pages else f"{pieces or 1}册"
    size = f"{book.height_cm}cm" if book.height_cm else ""
    made = [data_field("215", "  ", [("a", extent), ("d", size)])]
    series = [data_field("225", "1 ", [("a", held.title), ("v", held.number)]) for held in book.series]
    return [*made, *series]


def _classes(book: Description) -> list[Field]:
    tags = {"clc": "690", "ddc": "676", "lcc": "680"}
    return [
        data_field(tags[held.scheme], "  ", [("a", held.number), ("v", held.edition)])
        for held in book.classes
        if held.scheme in tags
    ]


def _agents(book: Description, profile: Profile) -> list[Field]:
    return [_agent(agent, book, profile) for agent in book.agents]


def _agent(agent: Agent, book: Description, profile: Profile) -> Field:
    known = relators.relator(agent.role)
    second = known is not None and known.second
    role = [("4", _role(agent, book))]
    mark = [("c", f"({agent.nationality})")] if agent.nationality else []
    if agent.body:
        tag = "712" if second else "711"
        return data_field(tag, "02", [("a", agent.name), *_read(agent.name, profile), *role])
    tag = "702" if second else "701"
    forename, _, surname = re.sub("[・•‧]", "·", agent.name).rpartition("·")
    if forename:
        parts = [("a", surname), *_read(surname, profile), ("b", forename), *mark, *role]
        return data_field(tag, " 1", parts)
    if text.has_han(agent.name):
        return data_field(tag, " 0", [("a", agent.name), *_read(agent.name, profile), *mark, *role])
    name = names.personal(agent.name, book.language)
    return data_field(tag, " 1" if name.rest else " 0", [("a", name.entry), ("b", name.rest), *mark, *role])


def _read(chinese: str, profile: Profile) -> Parts:
    """The name in pinyin, where and how the profile wants it."""
    style = profile.records.pinyin
    if style == "none" or not text.has_han(chinese):
        return []
    words = romanising.name_words(chinese)
    if style == "nlc":
        return [("9", words)]
    return [("A", " ".join(word.capitalize() for word in words.split()))]


def _role(agent: Agent, book: Description) -> str:
    """The role as printed behind the name, else the Chinese word for it."""
    known = relators.relator(agent.role)
    return relators.printed_role(agent.name, book.responsibility) or (known.chinese if known else "")


def _origin(book: Description, profile: Profile, when: date) -> list[Field]:
    where = "、".join(_PAGES.get(page, page) for page in book.pages_read) or "原书"
    return [
        data_field("801", " 0", [("a", "CN"), ("b", profile.agency.code), ("c", f"{when:%Y%m%d}")]),
        data_field(
            "830", "  ", [("a", f"据{where}由机器著录, 最低置信度 {book.confidence:.2f}, 待编目员审核")]
        ),
    ]


def _pinyin(chinese: str) -> str:
    return romanising.words(chinese) if text.has_han(chinese) else ""


def _binding(qualifier: str) -> str:
    plain = qualifier.casefold()
    return next((word for sign, word in _BINDINGS.items() if sign in plain), qualifier)


def hyphenated(isbn13: str) -> str:
    """The ISBN with hyphens where the agencies put them; as it stands when its range is unknown."""
    return str(stdnum_isbn.format(isbn13)) or isbn13
