"""Encoding levels: how full a record says it is, and which of two is the fuller.

Sources: MARC 21 leader/17 (with OCLC's letters); UNIMARC record label 17.
"""

from __future__ import annotations

from pymarc import Record

from marc.fields import flavour

_MARC21 = {
    " ": 9, "1": 8, "I": 8, "L": 8, "4": 7, "2": 6, "K": 5, "M": 5, "7": 5, "3": 4, "E": 3, "5": 2, "J": 2,
    "8": 1, "u": 0, "z": 0,
}  # fmt: skip
_FULL = 8
_UNIMARC = {" ": 9, "1": 8, "3": 4, "2": 1}


def fullness(record: Record) -> int:
    """A rank, higher for a fuller record; an unknown level ranks lowest."""
    table = _UNIMARC if flavour(record) == "unimarc" else _MARC21
    return table.get(str(record.leader)[17], 0)


def is_full(record: Record) -> bool:
    """Whether the record says that a cataloguer made it in full with the book in hand."""
    return fullness(record) >= _FULL
