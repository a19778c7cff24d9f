"""A record as leader and field bytes in UTF-8: what the validator looks at, quick to have from a slice."""

from __future__ import annotations

import functools
from collections.abc import Iterator

from pymarc import Field, Record

from marc.piece import is_control

RawFields = list[tuple[str, bytes]]
"""Tag and body: data, or two indicators and subfields that each begin with 0x1F."""


_MARC21 = frozenset(("245", "260", "264", "300", "008"))
_UNIMARC = frozenset(("200", "210", "215", "101", "801"))


class RawRecord:
    """One record; ``by_tag`` holds the bodies of each tag in order."""

    def __init__(self, leader: str, fields: RawFields) -> None:
        self.leader = leader
        self.fields = fields
        self.by_tag: dict[str, list[bytes]] = {}
        for tag, body in fields:
            self.by_tag.setdefault(tag, []).append(body)

    @functools.cached_property
    def flavour(self) -> str:
        """``"marc21"`` or ``"unimarc"``, as ``fields.flavour`` tells them apart."""
        marc21, unimarc = len(_MARC21 & self.by_tag.keys()), len(_UNIMARC & self.by_tag.keys())
        if marc21 != unimarc:
            return "unimarc" if unimarc > marc21 else "marc21"
        return "unimarc" if self.leader[20:24] == "450 " else "marc21"

    def all(self, tag: str) -> list[bytes]:
        """The bodies of the fields with this tag."""
        return self.by_tag.get(tag, [])

    def has(self, *tags: str) -> bool:
        """Whether there is a field of one of these tags."""
        return not self.by_tag.keys().isdisjoint(tags)

    @functools.cached_property
    def coded(self) -> str:
        """The text of 008."""
        return self.control("008")

    def control(self, tag: str) -> str:
        """The text of the first control field of this tag, or ``""``."""
        return next((body.decode("utf-8", "replace") for body in self.all(tag)), "")

    def values(self, tag: str, code: str) -> Iterator[str]:
        """The texts of this subfield in all fields of the tag, unstripped."""
        return (value for body in self.all(tag) for value in subfield(body, code))

    def first(self, tag: str, code: str) -> str:
        """The first of ``values``, or ``""``."""
        return next(self.values(tag, code), "")


def subfield(body: bytes, code: str) -> Iterator[str]:
    """The texts of this subfield in one field."""
    mark = code.encode()
    for part in body.split(b"\x1f")[1:]:
        if part[:1] == mark:
            yield part[1:].decode("utf-8", "replace")


def of_record(record: Record) -> RawRecord:
    """The raw form of a pymarc record."""
    return RawRecord(str(record.leader), [(field.tag, _body(field)) for field in record.fields])


def _body(field: Field) -> bytes:
    if is_control(field.tag):
        return (field.data or "").encode("utf-8", "replace")
    marks = "".join(field.indicators or (" ", " "))
    parts = (f"\x1f{part.code}{part.value}" for part in field.subfields)
    return (marks + "".join(parts)).encode("utf-8", "replace")
