"""MARC-in-JSON (the shape that pymarc, ruby-marc and yaz share): one array, one object, or one a line.

Each record object is parsed by itself, from where a ``leader`` or ``fields`` key opens one, so that a broken
one stays alone.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

from pymarc import Field, Indicators, Leader, Record, Subfield

from marc.piece import Piece, checked_leader, is_control
from workcell.kernel.errors import BadInput

_START = re.compile(r'\{\s*"(?:leader"\s*:\s*"|fields"\s*:\s*\[)')
_BETWEEN = re.compile(r"[\s,\[\]\x1e\ufeff]*")
"""What may stand between records: the array's own signs, line ends, the mark of a JSON text sequence."""

_NOT_TEXT = re.compile("[\ud800-\udfff]")


def records(data: bytes, subject: str) -> Iterator[Piece]:
    """Every record object, and every stretch that is none; raises BadInput when there is not one."""
    text = data.decode("utf-8", "surrogateescape")
    if not _START.search(text):
        raise BadInput("JSON without MARC records", subject=subject, remedy="Give a MARC-in-JSON file.")
    place, offset = 0, 0
    while (start := _skip(text, place)) < len(text):
        offset += _size(text[place:start])
        following = _START.search(text, start + 1)
        limit = following.start() if following else len(text)
        piece, end = _piece(text, start, limit, offset)
        yield piece
        offset += _size(text[start:end])
        place = end


def as_json(record: Record) -> str:
    """One record as one line of JSON."""
    return json.dumps(record.as_dict(), ensure_ascii=False)


def _skip(text: str, place: int) -> int:
    found = _BETWEEN.match(text, place)
    return found.end() if found else place


def _size(text: str) -> int:
    return len(text.encode("utf-8", "surrogateescape"))


def _piece(text: str, start: int, limit: int, offset: int) -> tuple[Piece, int]:
    """What stands from ``start``, and where it ends; nothing is taken beyond ``limit``, the next record."""
    try:
        value, length = _DECODER.raw_decode(text[start:limit])
    except (ValueError, RecursionError) as error:
        return Piece(None, offset, f"not well-formed JSON ({getattr(error, 'msg', error)})"), limit
    end = start + length
    try:
        made, problem = _record(value)
    except ValueError as error:
        return Piece(None, offset, str(error)), end
    return Piece(made, offset, problem), end


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    made = dict(pairs)
    if len(made) != len(pairs):
        raise ValueError("a key stands twice in one object")
    return made


_DECODER = json.JSONDecoder(object_pairs_hook=_once)


def _record(value: Any) -> tuple[Record, str]:
    """The record, and what was left out of it; raises ValueError for JSON that is not MARC."""
    if not isinstance(value, dict) or not isinstance(value.get("fields"), list) or not value["fields"]:
        raise ValueError("a record without fields")
    made = Record()
    made.leader = Leader(checked_leader(_text(value.get("leader"), "the leader")))
    problems: list[str] = []
    for entry in value["fields"]:
        if not isinstance(entry, dict):
            raise ValueError("a field that is not an object")
        for tag, body in entry.items():
            if isinstance(body, str) and not is_control(tag):
                problems.append(f"field {tag} has text but no subfields, left out")
            else:
                made.fields.append(_field(tag, body))
    return made, "; ".join(problems)


def _field(tag: str, body: Any) -> Field:
    if len(tag) != 3 or not tag.isascii():
        raise ValueError(f"a field whose tag is {tag!r}, not three characters")
    if is_control(tag):
        return Field(tag=tag, data=_text(body, f"field {tag}"))
    if not isinstance(body, dict) or not isinstance(body.get("subfields"), list):
        raise ValueError(f"field {tag} has no list of subfields")
    marks = [_text(body.get(name, " "), f"field {tag}") for name in ("ind1", "ind2")]
    if any(len(mark) != 1 or not mark.isascii() for mark in marks):
        raise ValueError(f"field {tag} has an indicator that is not one character")
    return Field(
        tag=tag,
        indicators=Indicators(*marks),
        subfields=[part for entry in body["subfields"] for part in _subfields(tag, entry)],
    )


def _subfields(tag: str, entry: Any) -> list[Subfield]:
    if not isinstance(entry, dict) or any(len(code) != 1 or not code.isascii() for code in entry):
        raise ValueError(f"field {tag} has a subfield without a code")
    return [Subfield(code, _text(value, f"field {tag}")) for code, value in entry.items()]


def _text(value: Any, where: str) -> str:
    if not isinstance(value, str):
        raise ValueError(f"{where} is not text")
    if found := _NOT_TEXT.search(value):
        raise ValueError(f"{where} has bytes that are not UTF-8 ({ord(found.group()) & 0xFF:02x})")
    return value
