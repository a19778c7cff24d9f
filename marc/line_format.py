r"""The line format (mrk) of MarcEdit and MARCBreaker: ``=245  10$aTitle``, one line a field.

A blank line, or the next ``=LDR``, ends a record.  ``\`` is a blank in indicators, leader and control fields;
mnemonics stand for what the format needs itself.  The encoding is decided per record.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from pymarc import Field, Indicators, Leader, Record, Subfield

from marc import encoding, mnemonics
from marc.directory import RawField
from marc.encoding import Encoding
from marc.framing import SUBFIELD
from marc.piece import Piece, checked_leader, is_control
from workcell.kernel.errors import BadInput

_FIELD = re.compile(rb"=([!-~]{3})(?:  |\t|$)(.*)", re.DOTALL)
_LEADER_TAGS = (b"LDR", b"000")
_UTF8_MARK = b"\xef\xbb\xbf"


def records(data: bytes, subject: str, charset: Encoding | None = None) -> Iterator[Piece]:
    """Every record of the file, good or bad; raises BadInput when there is not one line of the format."""
    found = False
    for offset, lines in _blocks(data):
        found = True
        yield _piece(offset, lines, charset)
    if not found:
        raise BadInput("a line format file without records", subject=subject, remedy="Give a .mrk file.")


def as_lines(record: Record) -> str:
    """One record in the line format, with the blank line that ends it."""
    lines = [f"=LDR  {_with_blanks(str(record.leader))}"]
    for held in record.fields:
        if held.control_field:
            lines.append(f"={held.tag}  {_with_blanks(held.data or '')}")
            continue
        marks = "".join(_with_blanks(mark) for mark in held.indicators or (" ", " "))
        parts = "".join(f"${_code(part.code)}{mnemonics.contract(part.value)}" for part in held.subfields)
        lines.append(f"={held.tag}  {marks}{parts}")
    return "\n".join(lines) + "\n\n"


def _blocks(data: bytes) -> Iterator[tuple[int, list[bytes]]]:
    """Offset and lines of each record."""
    lines: list[bytes] = []
    start = at = len(_UTF8_MARK) if data.startswith(_UTF8_MARK) else 0
    for raw in data[at:].splitlines(keepends=True):
        line = raw.rstrip(b"\r\n")
        if lines and (not line.strip() or (line[1:4] in _LEADER_TAGS and line[:1] == b"=")):
            yield start, lines
            lines = []
        if line.strip():
            start = at if not lines else start
            lines.append(line)
        at += len(raw)
    if lines:
        yield start, lines


def _piece(offset: int, lines: list[bytes], charset: Encoding | None) -> Piece:
    try:
        leader, raw = _raw(lines)
        chosen = charset or encoding.of_fields(leader, raw)
        made = Record()
        made.leader = Leader(leader)
        made.fields = [_field(tag.decode("ascii"), body, chosen) for tag, body in raw]
    except ValueError as error:
        return Piece(None, offset, str(error), "")
    return Piece(made, offset, "", chosen.name)


def _raw(lines: list[bytes]) -> tuple[str, list[RawField]]:
    """Leader and fields, as they would stand in ISO 2709; raises ValueError."""
    fields: list[RawField] = []
    leader = ""
    for place, line in enumerate(lines, 1):
        found = _FIELD.fullmatch(line)
        if not found:
            raise ValueError(f"line {place} of the record is not a tag, two blanks and a field")
        tag, body = found.groups()
        if tag in _LEADER_TAGS:
            leader = checked_leader(body.replace(b"\\", b" ").decode("ascii", "replace"))
        elif tag.isdigit() and tag < b"010":
            fields.append((tag, body.replace(b"\\", b" ")))
        else:
            fields.append((tag, _unblanked(tag, body)))
    if not leader or not fields:
        raise ValueError("a record without leader" if not leader else "a record without fields")
    return leader, fields


def _unblanked(tag: bytes, body: bytes) -> bytes:
    marks, *parts = body.split(b"$")
    marks = mnemonics.expand(marks.replace(b"\\", b" ").decode("ascii", "replace")).encode()
    if len(marks) != 2:
        raise ValueError(f"field {tag.decode('ascii')} does not begin with two indicators")
    if any(not part or not part[:1].isascii() for part in parts):
        raise ValueError(f"field {tag.decode('ascii')} has a subfield without a code")
    return marks + b"".join(SUBFIELD + part for part in parts)


def _field(tag: str, body: bytes, chosen: Encoding) -> Field:
    if is_control(tag):
        return Field(tag=tag, data=mnemonics.expand(chosen.decode(body)))
    marks, *parts = body.split(SUBFIELD)
    return Field(
        tag=tag,
        indicators=Indicators(chr(marks[0]), chr(marks[1])),
        subfields=[_subfield(chosen.decode(part)) for part in parts],
    )


def _subfield(text: str) -> Subfield:
    if text[0] != "{":
        return Subfield(text[0], mnemonics.expand(text[1:]))
    spread = mnemonics.expand(text)
    return Subfield(spread[0], spread[1:])


def _code(code: str) -> str:
    return mnemonics.contract(code)


def _with_blanks(text: str) -> str:
    return mnemonics.contract(text).replace(" ", "\\")
