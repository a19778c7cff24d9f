"""Asking and making pymarc fields: the few ways in which the whole package does it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from pymarc import Field, Indicators, Record, Subfield

_MARC21_SIGNS = ("245", "260", "264", "300", "008")
_UNIMARC_SIGNS = ("200", "210", "215", "101", "801")


def flavour(record: Record) -> str:
    """``"marc21"`` or ``"unimarc"`` (CNMARC is one), by the fields that only one of them has.

    Leader 20–23 of ``450 `` with a blank in 09 (UNIMARC manual, record label) decides where fields don't.
    """
    tags = {field.tag for field in record.fields}
    marc21 = sum(tag in tags for tag in _MARC21_SIGNS)
    unimarc = sum(tag in tags for tag in _UNIMARC_SIGNS)
    if marc21 != unimarc:
        return "unimarc" if unimarc > marc21 else "marc21"
    return "unimarc" if str(record.leader)[20:24] == "450 " else "marc21"


def control(record: Record, tag: str) -> str:
    """The text of a control field, or ``""``."""
    return next((field.data or "" for field in record.fields if field.tag == tag), "")


def values(record: Record, tag: str, codes: str) -> list[str]:
    """All values of these subfields in all fields ``tag``, stripped, in order; empty ones left out."""
    return [value for field in record.get_fields(tag) for value in subfields(field, codes)]


def first(record: Record, tag: str, codes: str) -> str:
    """The first of ``values``, or ``""``."""
    return next(iter(values(record, tag, codes)), "")


def subfields(field: Field, codes: str) -> list[str]:
    """The field's values of these subfields, stripped, in order; empty ones left out."""
    if field.control_field:
        return []
    return [part.value.strip() for part in field.subfields if part.code in codes and part.value.strip()]


def data_field(tag: str, indicators: str, parts: Iterable[tuple[str, str]]) -> Field:
    """A data field; subfields without text are left out."""
    return Field(
        tag=tag,
        indicators=Indicators(indicators[0], indicators[1]),
        subfields=[Subfield(code, value) for code, value in parts if value],
    )


def control_field(tag: str, data: str) -> Field:
    """A control field (00X)."""
    return Field(tag=tag, data=data)


def copy_field(field: Field) -> Field:
    """A copy that shares nothing changeable with the original."""
    if field.control_field:
        return Field(tag=field.tag, data=field.data)
    return Field(tag=field.tag, indicators=field.indicators, subfields=list(field.subfields))


def copy_record(record: Record) -> Record:
    """A copy that shares nothing changeable with the original."""
    made = Record(leader=str(record.leader))
    made.leader = type(record.leader)(str(record.leader))
    made.fields = [copy_field(field) for field in record.fields]
    return made


def replace_control(record: Record, tag: str, data: str) -> None:
    """Set a control field, in its place by tag when it is new."""
    record.remove_fields(tag)
    record.add_ordered_field(control_field(tag, data))


def set_leader(record: Record, position: int, value: str) -> None:
    """Put ``value`` into the leader from ``position`` on."""
    text = str(record.leader)
    record.leader = type(record.leader)(text[:position] + value + text[position + len(value) :])


def sort_fields(record: Record) -> None:
    """Put fields into the order of their tags; notes and subjects (5XX, 6XX) keep theirs inside the block."""
    record.fields.sort(key=lambda field: (not field.tag.isdigit(), _block(field.tag)))


def matches(tag: str, pattern: str) -> bool:
    """Whether a tag fits a pattern with ``.`` for any character ("9..")."""
    return len(tag) == len(pattern) and all(
        want in (".", have) for want, have in zip(pattern, tag, strict=True)
    )


def content(record: Record) -> list[tuple[str, str, tuple[tuple[str, str], ...]]]:
    """The record's fields as plain comparable data: tag, data or indicators, subfields."""
    return list(_content(record.fields))


def _content(fields: Iterable[Field]) -> Iterator[tuple[str, str, tuple[tuple[str, str], ...]]]:
    for field in fields:
        if field.control_field:
            yield field.tag, field.data or "", ()
        else:
            marks = "".join(field.indicators or ("", ""))
            yield field.tag, marks, tuple((part.code, part.value) for part in field.subfields)


def _block(tag: str) -> str:
    return tag if tag < "010" else tag[0] if tag[0] in "56" else tag
