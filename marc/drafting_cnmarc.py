"""The CNMARC form of a drafted record.

Source: 中国机读目录格式 (CNMARC, WH/T 0503) and GB/T 3792 for the description; pinyin in $9 by the practice
of the National Library of China.  No ISBD punctuation is stored.
"""

from __future__ import annotations

import re
from datetime import date

from pymarc import Field, Leader, Record
from stdnum import isbn as stdnum_isbn

from marc import designations, names, places, text
from marc.description import Agent, Description
from marc.fields import control_field, data_field, sort_fields
from workcell.kernel.profile import Profile

Parts = list[tuple[str, str]]

_ROLES = {
    "author": "著", "editor": "编", "translator": "译", "illustrator": "绘", "photographer": "摄影",
    "adapter": "改编", "annotator": "注", "reviser": "校", "narrator": "口述", "compiler": "编",
}  # fmt: skip
_SECONDARY = ("translator", "illustrator", "annotator", "reviser", "author of introduction")
_BINDINGS = {"hard": "精装", "cloth": "精装", "精装": "精装", "paper": "", "pbk": "", "平装": ""}
_PAGES = {
    "title_page": "题名页", "copyright_page": "版权页", "front_cover": "封面", "back_cover": "封底",
    "spine": "书脊",
}  # fmt: skip
_UNKNOWN = "|"


def write(book: Description, profile: Profile, when: date, record_id: str) -> Record:
    """The record of a description."""
    record = Record()
    record.leader = Leader("00000nam0 22000003  450 ")
    record.fields = [
        *_control(when, record_id),
        *_numbers(book),
        *_coded(book, when),
        _title(book),
        *_edition_and_imprint(book),
        *_physical(book),
        *_subjects(book),
        *_agents(book),
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
    year = f"d{book.year:04d}    " if book.year else "u        "
    general = f"{when:%Y%m%d}{year}u  y0chiy50      ea"
    translated = any(agent.role == "translator" for agent in book.agents)
    language = book.language if re.fullmatch(r"[a-z]{3}", book.language) else "und"
    made = [
        data_field("100", "  ", [("a", general)]),
        data_field("101", "1 " if translated else "0 ", [("a", language)]),
        data_field("105", "  ", [("a", _UNKNOWN * 13)]),
        data_field("106", "  ", [("a", "r")]),
    ]
    if places.division(book.place):
        made.append(data_field("102", "  ", [("a", "CN"), ("b", places.division(book.place))]))
    return made


def _title(book: Description) -> Field:
    first, *further = [_unspaced(statement) for statement in book.responsibility] or [""]
    parts: Parts = [
        ("a", _unspaced(book.title)),
        ("9", _pinyin(book.title)),
        ("b", "专著"),
        ("e", book.subtitle),
    ]
    parts += [("f", first), *(("g", statement) for statement in further), ("h", book.volume)]
    return data_field("200", "1 ", parts)


def _edition_and_imprint(book: Description) -> list[Field]:
    """205 not for a first edition; 210 with the date as printed (2021 or 2021.09)."""
    number = designations.edition_number(book.edition)
    made = []
    if book.edition and number != 1:
        made.append(data_field("205", "  ", [("a", f"{number}版" if number else book.edition)]))
    printed = re.match(r"[0-9]{4}(?:\.[0-9]{1,2})?", book.date)
    when = printed.group() if printed else str(book.year or "")
    imprint = [("a", book.place), ("c", book.publisher), ("d", when)]
    if any(value for _, value in imprint):
        made.append(data_field("210", "  ", imprint))
    return made


def _physical(book: Description) -> list[Field]:
    extent = f"{book.pages}页" if book.pages else "1册"
    size = f"{book.height_cm}cm" if book.height_cm else ""
    made = [data_field("215", "  ", [("a", extent), ("d", size)])]
    return [*made, *(data_field("225", "1 ", [("a", series)]) for series in book.series)]


def _subjects(book: Description) -> list[Field]:
    made = [
        data_field("606", "0 ", [("a", topic), *(("x", division) for division in divisions)])
        for topic, *divisions in (subject for subject in book.subjects if subject)
    ]
    return [
        *made,
        *(data_field("690", "  ", [("a", number)]) for scheme, number in book.classes if scheme == "clc"),
    ]


def _agents(book: Description) -> list[Field]:
    return [_agent(agent, book) for agent in book.agents]


def _agent(agent: Agent, book: Description) -> Field:
    second = agent.role in _SECONDARY
    role = [("4", _role(agent, book))]
    mark = [("c", f"({agent.nationality})")] if agent.nationality else []
    if agent.body:
        parts = [("a", agent.name), ("9", _pinyin(agent.name)), *role]
        return data_field("712" if second else "711", "02", parts)
    tag = "702" if second else "701"
    forename, _, surname = agent.name.rpartition("·")
    if forename:
        parts = [("a", surname), ("9", _pinyin(surname)), ("b", forename), *mark, *role]
        return data_field(tag, " 1", parts)
    if text.has_han(agent.name):
        pinyin = names.pinyin_name_words(agent.name)
        return data_field(tag, " 0", [("a", agent.name), ("9", pinyin), *mark, *role])
    surname, _, forename = names.inverted(agent.name).partition(", ")
    return data_field(tag, " 1" if forename else " 0", [("a", surname), ("b", forename), *mark, *role])


def _role(agent: Agent, book: Description) -> str:
    """The role in Chinese, as printed behind the name where it can be found there."""
    for statement in book.responsibility:
        printed = re.search(
            re.escape(agent.name) + r".*?(主编|编著|编译|[著编译绘注校撰辑])", statement.replace(" ", "")
        )
        if printed:
            return printed.group(1)
    return _ROLES.get(agent.role, "")


def _origin(book: Description, profile: Profile, when: date) -> list[Field]:
    where = "、".join(_PAGES.get(page, page) for page in book.pages_read) or "原书"
    return [
        data_field("801", " 0", [("a", "CN"), ("b", profile.agency.code), ("c", f"{when:%Y%m%d}")]),
        data_field(
            "830", "  ", [("a", f"据{where}由机器著录, 最低置信度 {book.confidence:.2f}, 待编目员审核")]
        ),
    ]


def _unspaced(chinese: str) -> str:
    """Without the blanks that printers put between Chinese words."""
    return re.sub(r"(?<=[^\x00-\xff])\s+(?=[^\x00-\xff])", "", chinese)


def _pinyin(chinese: str) -> str:
    return names.pinyin_words(chinese) if text.has_han(chinese) else ""


def _binding(qualifier: str) -> str:
    plain = qualifier.casefold()
    return next((word for sign, word in _BINDINGS.items() if sign in plain), qualifier)


def hyphenated(isbn13: str) -> str:
    """The ISBN with hyphens where the agencies put them; as it stands when its range is unknown."""
    return str(stdnum_isbn.format(isbn13)) or isbn13
