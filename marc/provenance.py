"""Where each field of a drafted record is from: page, confidence, source; as a side note and as 883.

Source: MARC 21 883 (machine-generated metadata provenance) with $8 type p, which ties it to its fields.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass
from datetime import date
from typing import Any, Literal

from pymarc import Field, Record, Subfield

from marc.fields import data_field, flavour, sort_fields
from workcell.kernel.evidence import Evidence, FieldValue
from workcell.kernel.profile import Profile

Source = Literal["page", "measured", "profile", "rule"]

_NAMES, _SUBJECTS, _CLASS = ("names",), ("subjects",), ("class",)
_TITLE = ("title", "subtitle", "volume", "responsibility")
_IMPRINT = ("place", "publisher", "year")
_MARC21 = {
    "008": ("year", "place", "language"), "010": ("lccn",), "020": ("isbn",), "041": ("language", "names"),
    "050": _CLASS, "060": _CLASS, "082": _CLASS, "084": _CLASS, "100": _NAMES, "110": _NAMES, "245": _TITLE,
    "250": ("edition",), "264": _IMPRINT, "300": ("pages",), "490": ("series",), "830": ("series",),
    "600": _SUBJECTS, "650": _SUBJECTS, "651": _SUBJECTS, "700": _NAMES, "710": _NAMES,
}  # fmt: skip
_CNMARC = {
    "010": ("isbn", "price"), "100": ("year", "language"), "101": ("language", "names"), "102": ("place",),
    "200": _TITLE, "205": ("edition",), "210": _IMPRINT, "215": ("pages",), "225": ("series",),
    "606": _SUBJECTS, "676": _CLASS, "680": _CLASS, "690": _CLASS, "701": _NAMES, "702": _NAMES,
    "711": _NAMES, "712": _NAMES,
}  # fmt: skip
_TABLES = {"marc21": _MARC21, "unimarc": _CNMARC}
_MEASURED = {"marc21": "300", "unimarc": "215"}
_FROM_CIP = {"marc21": ("500", "504"), "unimarc": ()}
_FROM_PROFILE = ("003", "040", "801", "883")
_PAGE_WORDS = {
    "title_page": "the title page", "copyright_page": "the title page verso",
    "front_cover": "the front cover",
    "back_cover": "the back cover", "spine": "the spine", "last_page": "the last numbered page",
}  # fmt: skip


@dataclass(frozen=True)
class FieldOrigin:
    """One field of the record: its tag, the how-manieth of that tag (from 0), and what it rests on.

    ``evidence`` are the names of the evidence fields, ``pages`` where they were read, ``confidence`` the
    least of theirs (1.0 for what a rule or the profile put there).
    """

    tag: str
    occurrence: int
    source: Source
    evidence: tuple[str, ...] = ()
    pages: tuple[str, ...] = ()
    confidence: float = 1.0


def origins(record: Record, evidence: Evidence) -> tuple[FieldOrigin, ...]:
    """The origin of every field of a record that was drafted from this evidence."""
    counts: dict[str, int] = {}
    found = []
    for field in record.fields:
        place = counts.get(field.tag, 0)
        counts[field.tag] = place + 1
        found.append(_origin(field, place, flavour(record), evidence))
    return tuple(found)


def provenance_note(record: Record, evidence: Evidence) -> dict[str, Any]:
    """The origins as plain JSON data, for a file beside the record."""
    return {
        "schema": "provenance/1",
        "record_id": next((field.data for field in record.get_fields("001")), ""),
        "fields": [asdict(origin) for origin in origins(record, evidence)],
    }


def link(record: Record, evidence: Evidence, profile: Profile, when: date) -> None:
    """An 883 for each page that fields were read on, tied to them by $8 (MARC 21 only)."""
    groups: dict[tuple[str, ...], list[tuple[Field, FieldOrigin]]] = {}
    for field, origin in zip(record.fields, origins(record, evidence), strict=True):
        if origin.source == "page" and not field.control_field:
            groups.setdefault(origin.pages, []).append((field, origin))
    for number, (pages, held) in enumerate(groups.items(), start=1):
        for field, _ in held:
            field.subfields.insert(0, Subfield("8", f"{number}\\p"))
        least = min(origin.confidence for _, origin in held)
        where = " and ".join(_PAGE_WORDS.get(page, page) for page in pages) or "the printed book"
        record.fields.append(summary(where, least, profile, when, f"{number}\\p"))
    sort_fields(record)


def summary(source: str, confidence: float, profile: Profile, when: date, link: str = "") -> Field:
    """883: how fields were made, how sure, when and by whom; ``link`` is the $8 that they share."""
    parts = [
        ("8", link), ("a", f"Machine transcription of {source}"), ("c", f"{confidence:.2f}"),
        ("d", f"{when:%Y%m%d}"), ("q", profile.agency.code),
    ]  # fmt: skip
    return data_field("883", "0 ", parts)


def _origin(field: Field, place: int, kind: str, evidence: Evidence) -> FieldOrigin:
    tag = _stands_for(field)
    if tag in _FROM_PROFILE:
        return FieldOrigin(field.tag, place, "profile")
    if tag in _FROM_CIP[kind]:
        return FieldOrigin(field.tag, place, "page", (), ("copyright_page",), 0.9)
    if tag in ("020", "010") and evidence.isbn and not evidence.many("isbn"):
        pages = tuple(source.partition(":")[2] for source in evidence.isbn.sources)
        return FieldOrigin(field.tag, place, "page", ("isbn",), pages, evidence.isbn.confidence)
    names = _TABLES[kind].get(tag, ())
    used = list(_used(names, field, evidence))
    if not used:
        measured = tag == _MEASURED[kind] and evidence.measured.height_mm is not None
        return FieldOrigin(field.tag, place, "measured" if measured else "rule")
    return FieldOrigin(
        field.tag,
        place,
        "page",
        tuple(dict.fromkeys(name for name, _ in used)),
        tuple(dict.fromkeys(value.page for _, value in used if value.page)),
        round(min(value.confidence for _, value in used), 3),
    )


def _stands_for(field: Field) -> str:
    """The field's tag; for an 880 that of the field it is linked to."""
    if field.tag != "880":
        return str(field.tag)
    return next(iter(field.get_subfields("6")), "")[:3]


def _used(names: Iterable[str], field: Field, evidence: Evidence) -> Iterator[tuple[str, FieldValue]]:
    """The values that the field was made from; of a list only those whose words stand in it."""
    for name in names:
        held = evidence.fields.get(name)
        if isinstance(held, FieldValue):
            yield name, held
        elif held:
            yield from ((name, value) for value in _in_field(held, field))


def _in_field(held: Sequence[FieldValue], field: Field) -> Sequence[FieldValue]:
    words = _words(" ".join(part.value for part in field.subfields) if not field.control_field else "")
    return [value for value in held if _words(value.normalised or value.value) <= words] or held


def _words(written: str) -> set[str]:
    return set(re.findall(r"[^\W\d_]+|[0-9]+", written.casefold().replace("-", "")))
