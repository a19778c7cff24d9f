"""Headings of records, bibliographic and authority, in one plain form that can be compared.

MARC 21 authority: 1XX established, 4XX see from.  UNIMARC and CNMARC authority: 2XX established, 4XX see
from, 7XX the same in another language or script.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from pymarc import Field, Record

from marc import text
from marc.fields import control, flavour, subfields

Kind = Literal["person", "body", "meeting", "place", "title", "topic"]


@dataclass(frozen=True)
class Heading:
    """A heading: what it names, its text without dates, its dates as written."""

    kind: Kind
    name: str
    dates: str = ""

    @property
    def key(self) -> str:
        """What two forms of it have in common: folded, without blanks in Chinese."""
        return text.tight(self.name) if text.has_han(self.name) else text.fold(self.name)

    @property
    def years(self) -> tuple[str, ...]:
        """The years in the dates, for comparing "1945-" and "b. 1945"."""
        return tuple(re.findall(r"[0-9]{4}", self.dates))

    def __str__(self) -> str:
        return f"{self.name}, {self.dates}" if self.dates else self.name


@dataclass(frozen=True)
class Authority:
    """One authority record: its number, established heading, forms that lead to it."""

    id: str
    heading: Heading
    variants: tuple[Heading, ...] = ()


# --- bibliographic records ---------------------------------------------------------------------------------

_MARC21: dict[str, tuple[Kind, str, str]] = {
    "100": ("person", "abcq", "d"), "700": ("person", "abcq", "d"), "600": ("person", "abcq", "d"),
    "110": ("body", "ab", "d"), "710": ("body", "ab", "d"), "610": ("body", "ab", "d"),
    "111": ("meeting", "aen", "d"), "711": ("meeting", "aen", "d"), "651": ("place", "a", ""),
    "830": ("title", "a", ""), "650": ("topic", "a", ""),
}  # fmt: skip
_UNIMARC: dict[str, tuple[Kind, str, str]] = {
    "700": ("person", "ab", "f"), "701": ("person", "ab", "f"), "702": ("person", "ab", "f"),
    "600": ("person", "ab", "f"), "710": ("body", "ab", "f"), "711": ("body", "ab", "f"),
    "712": ("body", "ab", "f"), "601": ("body", "ab", "f"), "607": ("place", "a", ""),
    "606": ("topic", "a", ""),
}  # fmt: skip
_UNCONTROLLED = ("4", "7")
"""Second indicators of 6XX that say: not from this library's authority file."""


def of_record(record: Record) -> Iterator[tuple[Field, Heading]]:
    """The headings of a bibliographic record with their fields, name-title entries left out."""
    table = _UNIMARC if flavour(record) == "unimarc" else _MARC21
    for field in record.fields:
        found = table.get(field.tag)
        other_list = table is _MARC21 and field.tag[0] == "6" and field.indicator2 in _UNCONTROLLED
        if found and not other_list and not subfields(field, "t"):
            heading = _heading(field, *found)
            if heading.name:
                yield field, heading


# --- authority records -------------------------------------------------------------------------------------

_MARC21_KINDS: dict[str, tuple[Kind, str, str]] = {
    "00": ("person", "abcq", "d"), "10": ("body", "ab", "d"), "11": ("meeting", "aen", "d"),
    "30": ("title", "a", ""), "50": ("topic", "a", ""), "51": ("place", "a", ""),
}  # fmt: skip
_UNIMARC_KINDS: dict[str, tuple[Kind, str, str]] = {
    "00": ("person", "ab", "f"), "10": ("body", "ab", "f"), "15": ("place", "a", ""),
    "30": ("title", "a", ""), "50": ("topic", "a", ""),
}  # fmt: skip


def authority_of(record: Record) -> Authority | None:
    """The authority in an authority record; None when it is none (a bibliographic record, or no heading)."""
    tags = {field.tag for field in record.fields}
    if "245" in tags or ("200" in tags and "210" in tags):
        return None
    unimarc = bool(tags & {f"2{kind}" for kind in _UNIMARC_KINDS})
    kinds, main, others = (_UNIMARC_KINDS, "2", "47") if unimarc else (_MARC21_KINDS, "1", "4")
    established = [
        _heading(field, *kinds[field.tag[1:]])
        for field in record.fields
        if field.tag[0] == main and field.tag[1:] in kinds and not subfields(field, "t")
    ]
    if not established or not control(record, "001"):
        return None
    variants = tuple(
        _heading(field, *kinds[field.tag[1:]])
        for field in record.fields
        if field.tag[0] in others and field.tag[1:] in kinds and not subfields(field, "t")
    )
    id_ = control(record, "001").strip()
    agency = control(record, "003").strip()
    return Authority(f"({agency}){id_}" if agency else id_, established[0], variants)


def _heading(field: Field, kind: Kind, codes: str, dates: str) -> Heading:
    name = " ".join(subfields(field, codes))
    plain = re.sub(r"[\s,:;/]+$", "", name)
    if not re.search(r"(?:\b[^\W\d_]|\b[JS]r|\b[A-Z][a-z]{0,3})\.$", plain):
        plain = plain.rstrip(".")
    return Heading(kind, plain, " ".join(subfields(field, dates)).strip(" ,.") if dates else "")
