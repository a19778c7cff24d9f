"""The MARC 21 form of a drafted record.

Source: MARC 21 Format for Bibliographic Data; PCC BIBCO Standard Record (RDA core) for the elements; RDA
1.7 for transcription; ALA-LC romanisation table for Chinese.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import date

from pymarc import Field, Leader, Record

from marc import names, places, text
from marc.description import Agent, Description
from marc.fields import control_field, data_field, sort_fields
from workcell.kernel.profile import Profile

Parts = list[tuple[str, str]]

_CLASS_FIELDS = {"lcc": ("050", " 4"), "ddc": ("082", "04"), "clc": ("084", "  ")}
_PAGES = {
    "title_page": "title page", "copyright_page": "title page verso", "front_cover": "front cover",
    "back_cover": "back cover", "spine": "spine",
}  # fmt: skip
_NO_ROMANISATION = ("jpn", "kor")


def write(book: Description, profile: Profile, when: date, record_id: str) -> Record:
    """The record of a description."""
    record = Record()
    record.leader = Leader(f"00000nam a2200000{'3' if book.full else '7'}i 4500")
    fields = [*_control(book, profile, when, record_id), *_numbers(book, profile), *_classes(book)]
    pairs = [*_names_and_title(book), *_edition_and_imprint(book), *_series(book)]
    record.fields = [*fields, *_paired(pairs, book, profile), *_physical(book), *_notes(book, profile, when)]
    sort_fields(record)
    return record


def _control(book: Description, profile: Profile, when: date, record_id: str) -> list[Field]:
    made = [control_field("001", record_id), control_field("003", profile.agency.code)] if record_id else []
    made.append(control_field("005", f"{when:%Y%m%d}000000.0"))
    dates = f"s{book.year:04d}    " if book.year else "|||||||||"
    language = book.language if re.fullmatch(r"[a-z]{3}", book.language) else "|||"
    country = places.country_code(book.place) if book.place else "|||"
    made.append(control_field("008", f"{when:%y%m%d}{dates}{country}{'|' * 17}{language} d"))
    return made


def _numbers(book: Description, profile: Profile) -> list[Field]:
    agency = profile.agency
    made = [
        data_field("020", "  ", [("z" if held.other else "a", held.number), ("q", held.qualifier)])
        for held in book.isbns
    ]
    made += [data_field("020", "  ", [("z", number)]) for number in book.wrong_isbns]
    if book.unified_number:
        made.append(data_field("024", "8 ", [("a", book.unified_number)]))
    parts = [("a", agency.code), ("b", agency.language), ("e", "rda"), ("c", agency.code)]
    return [*made, data_field("040", "  ", parts)]


def _classes(book: Description) -> list[Field]:
    made = []
    for scheme, number in book.classes:
        if scheme in _CLASS_FIELDS:
            tag, indicators = _CLASS_FIELDS[scheme]
            made.append(data_field(tag, indicators, [*_class_parts(scheme, number), *_scheme_source(scheme)]))
    return made


def _class_parts(scheme: str, number: str) -> Parts:
    """An LC number as printed, with its last Cutter and date as book number (050 $b)."""
    found = re.fullmatch(r"(.*[0-9])\s*((?<=[0-9])\.?[A-Z][0-9]+[a-z]?(?:\s+[0-9]{4}[a-z]?)?)", number)
    if scheme != "lcc" or not found:
        return [("a", number)]
    return [("a", found.group(1)), ("b", found.group(2))]


def _scheme_source(scheme: str) -> Parts:
    return [("2", "clc")] if scheme == "clc" else []


# --- fields that may stand in two scripts ----------------------------------------------------------------


def _names_and_title(book: Description) -> list[Field]:
    main = next((agent for agent in book.agents if agent.main), None)
    others = [agent for agent in book.agents if agent is not main]
    made = [_access_point(main, "1")] if main else []
    return [*made, _title(book, bool(main)), *(_access_point(agent, "7") for agent in others)]


def _access_point(agent: Agent, block: str) -> Field:
    role = [("e", f"{agent.role}.")] if agent.role else []
    comma = "," if role else ""
    if agent.body:
        return data_field(f"{block}10", "2 ", [("a", agent.name + comma), *role])
    heading = names.inverted(agent.name)
    first = "1" if "," in heading or text.has_han(heading) else "0"
    return data_field(f"{block}00", f"{first} ", [("a", heading + comma), *role])


def _title(book: Description, has_main: bool) -> Field:
    skip = names.non_filing(book.title, book.language)
    parts: Parts = [("a", book.title)]
    if book.volume:
        parts = [("a", f"{book.title}."), ("n", book.volume)]
    if book.subtitle:
        parts = [*_with_mark(parts, " :"), ("b", book.subtitle)]
    if book.responsibility:
        parts = [*_with_mark(parts, " /"), ("c", f"{' ; '.join(book.responsibility)}.")]
    return data_field("245", f"{int(has_main)}{min(skip, 9)}", parts)


def _with_mark(parts: Parts, mark: str) -> Parts:
    """ISBD punctuation goes to the end of the subfield before."""
    *before, (code, value) = parts
    return [*before, (code, value + mark)]


def _edition_and_imprint(book: Description) -> list[Field]:
    made = [data_field("250", "  ", [("a", f"{book.edition.rstrip('.')}.")])] if book.edition else []
    published = [
        ("a", f"{book.place or '[Place of publication not identified]'} :"),
        ("b", f"{book.publisher or '[publisher not identified]'},"),
        ("c", f"{book.year}." if book.year else "[date of publication not identified]"),
    ]
    return [*made, data_field("264", " 1", published)]


def _series(book: Description) -> list[Field]:
    return [data_field("490", "0 ", [("a", series)]) for series in book.series]


def _paired(fields: Sequence[Field], book: Description, profile: Profile) -> list[Field]:
    """Romanised fields and their Han forms in 880, linked by $6 (MARC 21, appendix A), by profile."""
    if profile.records.han == "alone" or book.language in _NO_ROMANISATION:
        return list(fields)
    made: list[Field] = []
    linked: list[Field] = []
    for field in fields:
        if not any(text.has_han(part.value) for part in field.subfields):
            made.append(field)
            continue
        number = f"{len(linked) + 1:02d}"
        marks = "".join(field.indicators or ("", ""))
        han = [(part.code, part.value) for part in field.subfields]
        latin = [(code, _romanised(field.tag, code, value)) for code, value in han]
        made.append(data_field(field.tag, marks, [("6", f"880-{number}"), *latin]))
        linked.append(data_field("880", marks, [("6", f"{field.tag}-{number}/$1"), *han]))
    return [*made, *linked]


def _romanised(tag: str, code: str, value: str) -> str:
    if not text.has_han(value):
        return value
    mark = re.search(r"(?: [/:;]|[.,])?$", value)
    end = mark.group() if mark else ""
    plain = value[: len(value) - len(end)]
    if code == "a" and tag[1:] == "00":
        return names.pinyin_name(plain) + end
    if tag == "264" and code == "a":
        return names.pinyin_place(plain) + end
    return names.capitalised(names.pinyin_words(plain)) + end


# --- the rest --------------------------------------------------------------------------------------------


def _physical(book: Description) -> list[Field]:
    extent = f"{book.pages} pages" if book.pages else "1 volume"
    parts = [("a", f"{extent} ;"), ("c", f"{book.height_cm} cm")] if book.height_cm else [("a", extent)]
    return [
        data_field("300", "  ", parts),
        data_field("336", "  ", [("a", "text"), ("b", "txt"), ("2", "rdacontent")]),
        data_field("337", "  ", [("a", "unmediated"), ("b", "n"), ("2", "rdamedia")]),
        data_field("338", "  ", [("a", "volume"), ("b", "nc"), ("2", "rdacarrier")]),
    ]


def _notes(book: Description, profile: Profile, when: date) -> list[Field]:
    """Source of description, index terms as printed in the CIP block, and who made the record."""
    where = " and ".join(_PAGES.get(page, page) for page in book.pages_read) or "book in hand"
    made = [data_field("588", "  ", [("a", f"Description based on {where}.")])]
    made += [data_field("653", "  ", [("a", "--".join(subject))]) for subject in book.subjects]
    made.append(
        data_field(
            "883",
            "0 ",
            [
                ("a", "Machine transcription of the printed book"),
                ("c", f"{book.confidence:.2f}"),
                ("d", f"{when:%Y%m%d}"),
                ("q", profile.agency.code),
            ],
        )
    )
    return made
