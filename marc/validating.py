"""The few structural rules that gate a record before it leaves.

Sources: MARC 21 (leader, 008, 020, 245; appendix on non-repeatable fields) and the CNMARC manual (record
label, 100, 200, 010).  Each rule is a function; the table says which format it belongs to.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Literal

from pymarc import Record

from marc import isbn
from marc.fields import control, first, flavour, values

Severity = Literal["error", "warning"]

_CONTROL = re.compile(r"[\x00-\x1f\x7f]")
_LEADERS = {
    "marc21": re.compile(r".{5}[acdnp][acdefgijkmoprt][abcdims][ a][ a]22.{5}.[ aciInu][ abc]4500"),
    "unimarc": re.compile(r".{5}[cdnop][abcdefgijklmr][acims][ 012][ a]22.{5}.[ in][ ]450 "),
}
_ONCE = {
    "marc21": ("001", "003", "005", "008", "100", "110", "111", "130", "240", "245"),
    "unimarc": ("001", "005", "100", "200", "700", "710"),
}


@dataclass(frozen=True)
class Finding:
    """One thing that is not as the format asks.  An error keeps the record from leaving."""

    tag: str
    severity: Severity
    code: str
    text: str


def validate(record: Record) -> list[Finding]:
    """All findings, in the order of the rules."""
    kind = flavour(record)
    return [finding for rule in _RULES for finding in rule(record, kind)]


def errors(record: Record) -> list[Finding]:
    """The findings that keep the record from leaving."""
    return [finding for finding in validate(record) if finding.severity == "error"]


def _leader(record: Record, kind: str) -> Iterator[Finding]:
    if not _LEADERS[kind].fullmatch(str(record.leader)):
        yield Finding(
            "LDR", "warning", "LEADER", f"The leader “{record.leader}” has a value that the format lacks."
        )
    if str(record.leader)[6:8].strip() == "":
        yield Finding(
            "LDR", "error", "LEADER_TYPE", "The leader does not say what kind of record this is (06, 07)."
        )


def _mandatory(record: Record, kind: str) -> Iterator[Finding]:
    title = "200" if kind == "unimarc" else "245"
    if not first(record, title, "a"):
        yield Finding(title, "error", "NO_TITLE", f"There is no title ({title} $a).")
    coded = "100" if kind == "unimarc" else "008"
    if not record.get_fields(coded):
        yield Finding(coded, "error", "NO_CODED_FIELD", f"There is no {coded}.")


def _coded_length(record: Record, kind: str) -> Iterator[Finding]:
    if kind == "unimarc":
        held, tag, length = first_unstripped(record, "100", "a"), "100", 36
    else:
        held, tag, length = control(record, "008"), "008", 40
    if held and len(held) != length:
        yield Finding(tag, "error", "CODED_LENGTH", f"{tag} has {len(held)} characters instead of {length}.")


def first_unstripped(record: Record, tag: str, code: str) -> str:
    """A subfield with its blanks, for coded data."""
    return next(
        (part.value for field in record.get_fields(tag) for part in field.subfields if part.code == code), ""
    )


def _once(record: Record, kind: str) -> Iterator[Finding]:
    for tag in _ONCE[kind]:
        count = len(record.get_fields(tag))
        if count > 1:
            yield Finding(tag, "error", "NOT_REPEATABLE", f"{tag} stands {count} times; it may stand once.")
    main = record.get_fields("100", "110", "111", "130") if kind == "marc21" else []
    if len({field.tag for field in main}) > 1:
        yield Finding("1XX", "error", "TWO_MAIN_ENTRIES", "There is more than one main entry (1XX).")


def _isbns(record: Record, kind: str) -> Iterator[Finding]:
    tag = "010" if kind == "unimarc" else "020"
    for written in values(record, tag, "a"):
        if not isbn.normalise(written):
            yield Finding(
                tag, "warning", "ISBN", f"{written} is no valid ISBN; a wrong number belongs in $z."
            )


def _text(record: Record, kind: str) -> Iterator[Finding]:
    for field in record.fields:
        held = field.data or "" if field.control_field else "".join(part.value for part in field.subfields)
        if "\ufffd" in held:
            yield Finding(
                field.tag, "warning", "LOST_CHARACTER", f"{field.tag} has a character that was lost earlier."
            )
        if _CONTROL.search(held):
            yield Finding(field.tag, "warning", "CONTROL_CHARACTER", f"{field.tag} has a control character.")
        if not field.control_field and not field.subfields:
            yield Finding(field.tag, "warning", "EMPTY_FIELD", f"{field.tag} has no subfield.")


_RULES: tuple[Callable[[Record, str], Iterator[Finding]], ...] = (
    _leader,
    _mandatory,
    _coded_length,
    _once,
    _isbns,
    _text,
)
