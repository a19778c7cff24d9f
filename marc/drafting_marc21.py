"""The MARC 21 form of a drafted record.

Source: MARC 21 Format for Bibliographic Data; PCC BIBCO Standard Record (RDA core) for the elements; RDA
1.7 for transcription; ALA-LC romanisation table for Chinese.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import date

from pymarc import Field, Leader, Record

from marc import (
    articles,
    dates,
    designations,
    drafting_subjects,
    names,
    places,
    provenance,
    relators,
    romanising,
    text,
)
from marc.description import Agent, ClassSeen, Description
from marc.fields import control_field, data_field, sort_fields
from workcell.kernel.profile import Profile

Parts = list[tuple[str, str]]

_CLASS_FIELDS = {"lcc": ("050", " 4"), "ddc": ("082", "04"), "clc": ("084", "  "), "nlm": ("060", " 4")}
_PAGES = {
    "title_page": "title page", "copyright_page": "title page verso", "front_cover": "front cover",
    "back_cover": "back cover", "spine": "spine",
}  # fmt: skip
_NO_ROMANISATION = ("jpn", "kor")
_FULL, _BRIEF = "7", "3"
"""Leader/17: minimal level, else abbreviated (less than minimal)."""


def write(book: Description, profile: Profile, when: date, record_id: str) -> Record:
    """The record of a description."""
    record = Record()
    record.leader = Leader(f"00000nam a2200000{_FULL if book.full else _BRIEF}i 4500")
    fields = [*_control(book, profile, when, record_id), *_numbers(book, profile), *_classes(book)]
    pairs = [*_names_and_title(book, profile), *_edition_and_imprint(book), *_series(book, profile)]
    record.fields = [*fields, *_paired(pairs, book, profile), *_physical(book), *_notes(book, profile, when)]
    record.fields += drafting_subjects.marc21(book)
    sort_fields(record)
    return record


def _control(book: Description, profile: Profile, when: date, record_id: str) -> list[Field]:
    made = [control_field("001", record_id), control_field("003", profile.agency.code)] if record_id else []
    return [*made, control_field("005", f"{when:%Y%m%d}000000.0"), control_field("008", _coded(book, when))]


def _coded(book: Description, when: date) -> str:
    """008 in 40 characters: dates, country, language, and of 18–34 only what the book says."""
    country = places.country_code(book.place) if book.place else "|||"
    contents = "b   " if book.bibliography else "||||"
    index = "1" if book.index else "|"
    form = "1" if book.fiction else "|"
    middle = f"||||||{contents}|||{index}|{form}|"
    return f"{when:%y%m%d}{dates.marc21_coded(book.dates)}{country}{middle}{book.language or '|||'} d"


def _numbers(book: Description, profile: Profile) -> list[Field]:
    agency = profile.agency
    made = [data_field("010", "  ", [("a", _lccn(book.lccn))])] if book.lccn else []
    made += [
        data_field("020", "  ", [("z" if held.other else "a", held.number), ("q", held.qualifier)])
        for held in book.isbns
    ]
    made += [data_field("020", "  ", [("z", number)]) for number in book.wrong_isbns]
    if book.unified_number:
        made.append(data_field("024", "8 ", [("a", book.unified_number)]))
    parts = [("a", agency.code), ("b", agency.language), ("e", "rda"), ("c", agency.code)]
    return [*made, data_field("040", "  ", parts), *_languages(book)]


def _lccn(digits: str) -> str:
    """An LCCN as 010 $a keeps it: two blanks and ten digits, or three, eight and one (MARC 21 010)."""
    return f"  {digits}" if len(digits) == 10 else f"   {digits:0>8} "


def _languages(book: Description) -> list[Field]:
    """041 for a translation: the language of the text, that of the original where the book names it."""
    translated = book.original_language or any(agent.role == "translator" for agent in book.agents)
    if not translated or not book.language:
        return []
    return [data_field("041", "1 ", [("a", book.language), ("h", book.original_language)])]


def _classes(book: Description) -> list[Field]:
    made = []
    for held in book.classes:
        if held.scheme in _CLASS_FIELDS:
            tag, indicators = _CLASS_FIELDS[held.scheme]
            made.append(data_field(tag, indicators, [*_class_parts(held), *_scheme_source(held)]))
    return made


def _class_parts(held: ClassSeen) -> Parts:
    """An LC number as printed, with its last Cutter and date as book number (050 $b)."""
    found = re.fullmatch(
        r"(.*[0-9])\s*((?<=[0-9])\.?[A-Z][0-9]+[a-z]?(?:\s+[0-9]{4}[a-z]?)?)", held.number
    ) or re.fullmatch(r"(.*[0-9])\s+(\.?[A-Z][0-9]+[a-z]?(?:\s+[0-9]{4}[a-z]?)?)", held.number)
    if held.scheme not in ("lcc", "nlm") or not found:
        return [("a", held.number)]
    return [("a", found.group(1)), ("b", found.group(2))]


def _scheme_source(held: ClassSeen) -> Parts:
    return [("2", "clc")] if held.scheme == "clc" else [("2", held.edition)]


# --- fields that may stand in two scripts ----------------------------------------------------------------


def _names_and_title(book: Description, profile: Profile) -> list[Field]:
    main = _main_entry(book)
    others = [agent for agent in book.agents if agent is not main]
    made = [_access_point(main, "1", book, profile)] if main else []
    return [*made, _title(book, bool(main)), *(_access_point(agent, "7", book, profile) for agent in others)]


def _main_entry(book: Description) -> Agent | None:
    """The first person whose role makes one; a body only where it is said to be the author."""
    persons = [agent for agent in book.agents if agent.main and not agent.body]
    bodies = [agent for agent in book.agents if agent.body and agent.role == "author"]
    return next(iter([*persons, *bodies]), None)


def _access_point(agent: Agent, block: str, book: Description, profile: Profile) -> Field:
    role = _role(agent, profile)
    if agent.body:
        return data_field(f"{block}10", "2 ", _with_role([("a", agent.name)], role))
    name = names.personal(agent.name, book.language)
    titles = [("c", ", ".join(name.titles))]
    heading = _with_mark([("a", name.heading)], ",") if name.titles else [("a", name.heading)]
    first = "1" if name.family else "0"
    return data_field(f"{block}00", f"{first} ", _with_role([*heading, *titles], role))


def _role(agent: Agent, profile: Profile) -> Parts:
    """$e, $4 or both, by profile; a role that is in no list is kept as printed in $e."""
    known = relators.relator(agent.role)
    if known is None:
        return [("e", f"{agent.role}.")] if agent.role else []
    term, code = ("e", f"{known.term}."), ("4", known.code)
    return {"term": [term], "code": [code], "both": [term, code]}[profile.records.relators]


def _with_role(heading: Parts, role: Parts) -> Parts:
    """The comma before $e; before $4 alone a full stop ends the heading."""
    plain = [part for part in heading if part[1]]
    if any(code == "e" for code, _ in role):
        return [*_with_mark(plain, ","), *role]
    *before, (code, value) = plain
    return [*before, (code, value if value[-1] in ".-)?" else f"{value}."), *role]


def _title(book: Description, has_main: bool) -> Field:
    skip = articles.non_filing(book.title, book.filing_language)
    parts: Parts = [("a", book.title)]
    if book.volume:
        parts = [("a", f"{book.title}."), ("n", book.volume)]
    if book.subtitle:
        parts = [*_with_mark(parts, " :"), ("b", book.subtitle)]
    if book.responsibility:
        parts = [*_with_mark(parts, " /"), ("c", " ; ".join(book.responsibility))]
    return data_field("245", f"{int(has_main)}{skip}", _ended(parts))


def _with_mark(parts: Parts, mark: str) -> Parts:
    """ISBD punctuation goes to the end of the subfield before."""
    *before, (code, value) = parts
    return [*before, (code, value + mark)]


def _ended(parts: Parts) -> Parts:
    """With a full stop at the end, unless a mark of its own ends it (ISBD A.3.2)."""
    return parts if parts[-1][1][-1:] in ".?!…" else _with_mark(parts, ".")


def _edition_and_imprint(book: Description) -> list[Field]:
    made = [data_field("250", "  ", [("a", f"{book.edition.rstrip('.')}.")])] if book.edition else []
    published = [
        ("a", f"{book.place or '[Place of publication not identified]'} :"),
        ("b", f"{book.publisher or '[publisher not identified]'},"),
        ("c", _year_text(book)),
    ]
    made.append(data_field("264", " 1", published))
    if book.dates.copyright:
        made.append(data_field("264", " 4", [("c", f"©{book.dates.copyright}")]))
    return made


def _year_text(book: Description) -> str:
    if book.year is None:
        return "[date of publication not identified]"
    return f"[{book.year}]" if book.dates.inferred else f"{book.year}."


def _series(book: Description, profile: Profile) -> list[Field]:
    """490, and 830 too where the profile traces series."""
    made = []
    for held in book.series:
        traced = profile.records.series == "traced"
        numbered = [("a", f"{held.title} ;"), ("v", held.number)] if held.number else [("a", held.title)]
        made.append(data_field("490", "1 " if traced else "0 ", numbered))
        if traced:
            skip = articles.non_filing(held.title, book.filing_language)
            filed = [(code, value[skip:] if code == "a" else value) for code, value in numbered]
            filed[0] = ("a", romanising.capitalised(filed[0][1]))
            made.append(data_field("830", " 0", _ended(filed)))
    return made


def _paired(fields: Sequence[Field], book: Description, profile: Profile) -> list[Field]:
    """Romanised fields and their Han forms in 880, linked by $6 (MARC 21, appendix A), by profile."""
    if profile.records.han == "alone" or book.language in _NO_ROMANISATION:
        return list(fields)
    persons = [agent.name for agent in book.agents if not agent.body]
    made: list[Field] = []
    linked: list[Field] = []
    for field in fields:
        if not any(text.has_han(part.value) for part in field.subfields):
            made.append(field)
            continue
        number = f"{len(linked) + 1:02d}"
        marks = "".join(field.indicators or ("", ""))
        han = [(part.code, part.value) for part in field.subfields]
        latin = [(code, _romanised(field.tag, code, value, persons)) for code, value in han]
        made.append(data_field(field.tag, marks, [("6", f"880-{number}"), *latin]))
        linked.append(data_field("880", marks, [("6", f"{field.tag}-{number}/$1"), *han]))
    return [*made, *linked]


def _romanised(tag: str, code: str, value: str, persons: Sequence[str]) -> str:
    if not text.has_han(value):
        return value
    mark = re.search(r"(?: [/:;]|[.,])?$", value)
    end = mark.group() if mark else ""
    plain = value[: len(value) - len(end)]
    if code == "a" and tag[1:] == "00":
        return romanising.name(plain) + end
    if tag == "264" and code == "a":
        return romanising.place(plain) + end
    return romanising.ala_lc(plain, persons) + end


# --- the rest --------------------------------------------------------------------------------------------


def _physical(book: Description) -> list[Field]:
    pieces = designations.parse_volume(book.volume).total
    extent = f"{book.pages} pages" if book.pages else f"{pieces} volumes" if pieces else "1 volume"
    parts = [("a", f"{extent} ;"), ("c", f"{book.height_cm} cm")] if book.height_cm else [("a", extent)]
    return [
        data_field("300", "  ", parts),
        data_field("336", "  ", [("a", "text"), ("b", "txt"), ("2", "rdacontent")]),
        data_field("337", "  ", [("a", "unmediated"), ("b", "n"), ("2", "rdamedia")]),
        data_field("338", "  ", [("a", "volume"), ("b", "nc"), ("2", "rdacarrier")]),
    ]


def _notes(book: Description, profile: Profile, when: date) -> list[Field]:
    """Bibliography and index as the CIP block has them, and the source of description."""
    where = " and ".join(_PAGES.get(page, page) for page in book.pages_read) or "book in hand"
    made = []
    if book.bibliography:
        said = f"{book.bibliography}{' and index' if book.index else ''}."
        made.append(data_field("504", "  ", [("a", said)]))
    elif book.index:
        made.append(data_field("500", "  ", [("a", "Includes index.")]))
    made.append(data_field("588", "  ", [("a", f"Description based on {where}.")]))
    if profile.records.provenance == "summary":
        made.append(provenance.summary("the printed book", book.confidence, profile, when))
    return made
