"""Order of truth: what is printed on the book beats a vendor's record for transcription.

Vendors' records come in capitals, cut off, without statement of responsibility or with a planned date.
Only what the page was read for surely, and what speaks of the same thing, is put right; where page and
record differ by a letter, recognition may be the one that is wrong, and nothing is changed.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

from pymarc import Field, Indicators, Record, Subfield

from marc import articles, designations, levels, text
from marc.fields import control, copy_record, flavour, replace_control, subfields
from workcell.kernel.evidence import Evidence, FieldValue

_SURE = 0.95
_PAGES = ("title_page", "copyright_page")


@dataclass(frozen=True)
class _Places:
    """Where each format keeps what is transcribed."""

    title: str
    subtitle: str
    responsibility: str
    imprint: tuple[str, ...]
    date: str
    physical: str
    height: str


_FORMATS = {
    "marc21": _Places("245", "b", "c", ("264", "260"), "c", "300", "c"),
    "unimarc": _Places("200", "e", "f", ("210", "214"), "d", "215", "d"),
}


def transcribe(record: Record, evidence: Evidence) -> Record:
    """A record from outside with the book's own wording where that is surely better; a copy.

    A record of full level keeps its date: a cataloguer saw the book.
    """
    made = copy_record(record)
    places = _FORMATS[flavour(made)]
    for field in made.get_fields(places.title)[:1]:
        _title(field, places, evidence, made)
    if not levels.is_full(made):
        _date(made, places, evidence)
    _height(made, places, evidence)
    return made


def _title(field: Field, places: _Places, evidence: Evidence, record: Record) -> None:
    seen = _sure(evidence, "title")
    held = next(iter(subfields(field, "a")), "")
    if not seen or not _same(held, seen):
        return
    if _shouted(held) and not _shouted(seen):
        _replace(field, "a", seen + _mark(held))
        _file(field, seen, evidence, record)
    isbd = places.title == "245"
    statement, subtitle = _sure(evidence, "responsibility"), _sure(evidence, "subtitle")
    if subtitle and not subfields(field, places.subtitle + "np"):
        _put_behind(field, "a", places.subtitle, subtitle, " :" if isbd else "")
    if statement and not subfields(field, places.responsibility):
        behind = places.subtitle if subfields(field, places.subtitle) else "a"
        _put_behind(
            field, behind, places.responsibility, statement + ("." if isbd else ""), " /" if isbd else ""
        )


def _file(field: Field, title: str, evidence: Evidence, record: Record) -> None:
    """The filing indicator of a title in new letters (MARC 21 only)."""
    if field.tag == "245":
        language = control(record, "008")[35:38] or evidence.text("language")
        skipped = str(articles.non_filing(title, language))
        field.indicators = Indicators(field.indicator1 or " ", skipped)


def _date(record: Record, places: _Places, evidence: Evidence) -> None:
    """The year of publication as the book has it, in the imprint and in the codes."""
    year = designations.year_of(_sure(evidence, "year"))
    for field in _imprints(record, places):
        held = designations.year_of(" ".join(subfields(field, places.date)))
        if year is None or held is None or held == year:
            return
        _replace(field, places.date, f"{year}." if places.title == "245" else str(year))
        coded = control(record, "008")
        if places.title == "245" and len(coded) == 40:
            replace_control(record, "008", f"{coded[:6]}s{year:04d}    {coded[15:]}")
        for general in record.get_fields("100") if places.title == "200" else ():
            plain = "".join(general.get_subfields("a"))
            if len(plain) == 36:
                _replace(general, "a", f"{plain[:8]}d{year:04d}    {plain[17:]}")
        return


def _imprints(record: Record, places: _Places) -> Iterator[Field]:
    for field in record.fields:
        if field.tag in places.imprint and (field.tag != "264" or field.indicator2 == "1"):
            yield field


def _height(record: Record, places: _Places, evidence: Evidence) -> None:
    """The measured height where the record gives an extent and none."""
    millimetres = evidence.measured.height_mm
    for field in record.get_fields(places.physical)[:1]:
        if millimetres is not None and not subfields(field, places.height):
            size = math.ceil(round(millimetres, 1) / 10)
            isbd = places.title == "245"
            last = field.subfields[-1].code if field.subfields else "a"
            _put_behind(
                field, last, places.height, f"{size} cm" if isbd else f"{size}cm", " ;" if isbd else ""
            )


# --- wording -----------------------------------------------------------------------------------------------


def _sure(evidence: Evidence, name: str) -> str:
    """The value as printed, when it was surely read on title page or copyright page, else ``""``."""
    found: FieldValue | None = evidence.one(name)
    sure = found is not None and found.confidence >= _SURE and found.page in _PAGES
    return " ".join(found.value.split()).strip(" /:;,.") if found and sure else ""


def _same(held: str, seen: str) -> bool:
    return text.tight(held) == text.tight(seen)


def _shouted(title: str) -> bool:
    letters = [char for char in title if char.isalpha()]
    return len(letters) > 1 and all(char.isupper() for char in letters)


def _mark(held: str) -> str:
    """The ISBD mark that ends a subfield, with its blank."""
    plain = held.rstrip(" /:;=.,")
    return held[len(plain) :]


def _replace(field: Field, code: str, value: str) -> None:
    place = next((n for n, part in enumerate(field.subfields) if part.code == code), None)
    if place is not None:
        field.subfields[place] = Subfield(code, value)


def _put_behind(field: Field, behind: str, code: str, value: str, mark: str) -> None:
    """A new subfield behind the last one of a code, whose closing mark becomes this one."""
    place = max((n for n, part in enumerate(field.subfields) if part.code == behind), default=None)
    if place is None:
        return
    held = field.subfields[place]
    closing = _mark(held.value) if mark else ""
    field.subfields[place] = held._replace(value=held.value.rstrip(" /:;=.,") + mark if mark else held.value)
    is_last = place == len(field.subfields) - 1
    field.subfields.insert(place + 1, Subfield(code, value + ("" if is_last else closing)))
