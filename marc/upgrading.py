"""A record made before publication (CIP) brought up to the book that is now in hand.

The extent comes from the last numbered page, the size from measuring, the date from the book; the projected
date goes.  The encoding level becomes what was reached: full only when all of these were seen.  What was
catalogued by people (headings, class, subjects) stays as it is.
"""

from __future__ import annotations

import math
import re
from datetime import date

from pymarc import Field, Record, Subfield

from marc import designations
from marc.facts import RecordFacts
from marc.fields import control, copy_record, data_field, flavour, replace_control, set_leader, sort_fields
from marc.matching import title_likeness
from marc.merging import mark_changed
from marc.record_facts import record_facts
from workcell.kernel.evidence import Evidence
from workcell.kernel.profile import Profile

_SAME_TITLE = 0.84
_FULL, _PARTIAL = {"marc21": " ", "unimarc": " "}, {"marc21": "5", "unimarc": "3"}


def upgrade_cip(record: Record, evidence: Evidence, profile: Profile, when: date) -> Record:
    """The completed record; the one given is left as it is."""
    made = copy_record(record)
    facts = record_facts(made)
    pages, height = _pages(evidence), _height(evidence)
    year = designations.year_of(evidence.text("year"))
    if flavour(made) == "unimarc":
        _complete_cnmarc(made, facts, pages, height, year)
    else:
        _complete_marc21(made, facts, pages, height, year)
        made.fields.append(_provenance(profile, when))
    seen = title_likeness(evidence, facts) >= _SAME_TITLE
    reached = _FULL if pages and height and year and seen else _PARTIAL
    set_leader(made, 17, reached[facts.flavour])
    set_leader(made, 5, "p" if facts.flavour == "marc21" and str(record.leader)[5] == "n" else "c")
    mark_changed(made, profile, when)
    sort_fields(made)
    return made


# --- MARC 21 ---------------------------------------------------------------------------------------------


def _complete_marc21(
    record: Record, facts: RecordFacts, pages: int | None, height: int | None, year: int | None
) -> None:
    record.remove_fields("263")
    _drop_notes(record, "588", "CIP data")
    _extent(record, "300", f"{pages} pages" if pages else "1 volume", f"{height} cm" if height else "")
    if year and year not in facts.years:
        _imprint_date(record, "264" if record.get_fields("264") else "260", f"{year}.")
        coded = control(record, "008")
        if len(coded) == 40:
            replace_control(record, "008", f"{coded[:6]}s{year:04d}    {coded[15:]}")


def _extent(record: Record, tag: str, extent: str, size: str) -> None:
    """$a and $c as found out; illustrations ($b) and accompanying material ($e) stay."""
    held = next(iter(record.get_fields(tag)), None)
    middle = [part for part in held.subfields if part.code in "be"] if held else []
    between = " :" if any(part.code == "b" for part in middle) else " ;" if size else ""
    parts = [("a", extent + between)]
    parts += [(part.code, part.value) for part in middle if part.code == "b"]
    parts += [("c", size)]
    parts += [(part.code, part.value) for part in middle if part.code == "e"]
    record.remove_fields(tag)
    record.fields.append(data_field(tag, "  ", parts))


def _imprint_date(record: Record, tag: str, text: str) -> None:
    for field in record.get_fields(tag):
        if tag == "264" and field.indicator2 != "1":
            continue
        _put(field, "c" if tag in ("260", "264") else "d", text)
        return


def _put(field: Field, code: str, value: str) -> None:
    """Set the first subfield of this code, adding it at the end where there is none."""
    for place, part in enumerate(field.subfields):
        if part.code == code:
            field.subfields[place] = Subfield(code, value)
            return
    field.subfields.append(Subfield(code, value))


def _provenance(profile: Profile, when: date) -> Field:
    parts = [
        ("a", "CIP record completed by machine from the book (300, 008, dates)"),
        ("d", f"{when:%Y%m%d}"),
        ("q", profile.agency.code),
    ]
    return data_field("883", "0 ", parts)


# --- CNMARC ----------------------------------------------------------------------------------------------


def _complete_cnmarc(
    record: Record, facts: RecordFacts, pages: int | None, height: int | None, year: int | None
) -> None:
    _drop_notes(record, "300", "在版编目数据")
    held = next(iter(record.get_fields("215")), None)
    if held is None:
        held = data_field("215", "  ", [])
        record.fields.append(held)
    extent = f"{pages}页" if pages else "1册"
    kept = [part for part in held.subfields if part.code in "ce"]
    size = [Subfield("d", f"{height}cm")] if height else []
    held.subfields = [
        Subfield("a", extent),
        *(part for part in kept if part.code == "c"),
        *size,
        *(part for part in kept if part.code == "e"),
    ]
    if year and year not in facts.years:
        _imprint_date(record, "210", str(year))
        _coded_year(record, year)


def _coded_year(record: Record, year: int) -> None:
    for field in record.get_fields("100")[:1]:
        coded = "".join(field.get_subfields("a"))
        if len(coded) == 36:
            _put(field, "a", f"{coded[:8]}d{year:04d}    {coded[17:]}")


# --- both ------------------------------------------------------------------------------------------------


def _drop_notes(record: Record, tag: str, words: str) -> None:
    """Take out the notes that say that the description rests on pre-publication data: it no longer does."""
    record.fields = [
        field
        for field in record.fields
        if field.tag != tag or words not in " ".join(field.get_subfields("a"))
    ]


def _pages(evidence: Evidence) -> int | None:
    seen = evidence.text("pages")
    number = re.fullmatch(r"\s*([0-9]{1,5})\s*", seen)
    return int(number.group(1)) if number else designations.page_count(seen)


def _height(evidence: Evidence) -> int | None:
    millimetres = evidence.measured.height_mm
    return None if millimetres is None else math.ceil(round(millimetres, 1) / 10)
