"""A record's directory: where its fields stand, believed only when it accounts for every byte.

Source: ISO 2709:2008 clause 4.4 (entries of tag, four digits of length, five of starting position).
"""

from __future__ import annotations

import re

from marc.framing import FIELD_END

ENTRY = 12
"""Bytes of a directory entry in MARC 21 and UNIMARC (leader 20–23 of ``45``)."""

_ENTRY = re.compile(rb"([!-~]{3})([0-9]{4})([0-9]{5})")

RawField = tuple[bytes, bytes]
"""Tag, and the field's bytes without its terminator."""


class BadStructure(ValueError):
    """The structure of a record is broken; the message says how."""


def raw_fields(data: bytes) -> list[RawField]:
    """Tags and bodies in the order of the directory; raises BadStructure unless it all fits."""
    base = base_address(data)
    directory, area = data[24 : base - 1], data[base:-1]
    if len(directory) % ENTRY:
        raise BadStructure("the directory is not a whole number of entries")
    fields, covered, starts = [], 0, set()
    for tag, digits, place in _entries(directory):
        length, start = int(digits), int(place)
        body = area[start : start + length]
        if not body or len(body) != length or body.find(FIELD_END) != length - 1:
            raise BadStructure(f"field {tag.decode()} is not where the directory says")
        fields.append((tag, body[:-1]))
        covered += length
        starts.add(start)
    if covered != len(area) or len(starts) != len(fields):
        raise BadStructure("the directory does not account for every byte of the fields")
    return fields


def _entries(directory: bytes) -> list[tuple[bytes, bytes, bytes]]:
    """Tag, length and start of each entry, as they stand; raises BadStructure."""
    entries: list[tuple[bytes, bytes, bytes]] = _ENTRY.findall(directory)
    if len(entries) * ENTRY != len(directory):
        places = range(0, len(directory), ENTRY)
        wrong = next(at for at in places if not _ENTRY.fullmatch(directory, at, at + ENTRY))
        raise BadStructure(f"directory entry {wrong // ENTRY + 1} is not tag, length and start")
    return entries


def base_address(data: bytes) -> int:
    """Where the fields begin (leader 12–16); raises BadStructure unless a directory ends there."""
    if len(data) < 26 or not data[:24].isascii():
        raise BadStructure("the leader is broken")
    if not data[12:17].isdigit():
        raise BadStructure("the base address in the leader is not a number")
    base = int(data[12:17])
    if not 25 < base < len(data) or data[base - 1 : base] != FIELD_END:
        raise BadStructure("the directory does not end at the base address")
    return base
