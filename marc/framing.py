"""ISO 2709 framing that finds its way back: where records begin and end in a damaged file.

A record's own length (leader 00–04, ISO 2709:2008 clause 4.3) is believed only when it lands on a record
terminator with none inside.  Else the bytes up to the next terminator are taken, and cut again where a
leader begins, so that one broken record never takes its neighbours with it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from mmap import mmap
from typing import NamedTuple

RECORD_END = b"\x1d"
FIELD_END = b"\x1e"
SUBFIELD = b"\x1f"

_LEADER = re.compile(rb"[0-9]{5}[a-z |#^]{2}[a-z |#^0-9][^\x1d-\x1f]{2}[0-9 ]{2}[0-9]{5}", re.DOTALL)
"""What a leader looks like up to the base address: strong enough to cut at, loose enough for old files."""

_LENGTH_AND_BASE = re.compile(rb"(?=([0-9]{5})[^\x1d-\x1f][a-z ]{2}[^\x1d-\x1f]{4}[0-9]{5})")
"""The least that a leader must have (letters in 06 and 07 tell it from a directory).

Enough to cut at where its length reaches exactly to the terminator.
"""

_UTF8_MARK = b"\xef\xbb\xbf"
_PADDING = re.compile(rb"[ \t\r\n\x00\x1a]*")


class Frame(NamedTuple):
    """One stretch of the file that is, or should be, a record.

    ``offset`` counts bytes from the start of the (uncompressed) file.  ``problem`` says why the bounds are
    not those of the leader, and is empty when they are.
    """

    offset: int
    data: bytes
    problem: str = ""


def frames(buffer: bytes | mmap) -> Iterator[Frame]:
    """Every record and every stretch that should have been one, in order; only padding is left out."""
    start = len(_UTF8_MARK) if buffer[: len(_UTF8_MARK)] == _UTF8_MARK else 0
    position, size = _skip_padding(buffer, start), len(buffer)
    while position < size:
        length = _declared_length(buffer[position : position + 5])
        data = buffer[position : position + length]
        if 24 <= length == len(data) and data.find(RECORD_END) == length - 1:
            yield Frame(position, data)
            position += len(data)
            continue
        for frame in _next(buffer, position):
            yield frame
            position = frame.offset + len(frame.data)
        position = _skip_padding(buffer, position)


def looks_like_iso2709(head: bytes) -> bool:
    """Whether a leader begins within these first bytes of a file."""
    return _LEADER.search(head) is not None or head.lstrip(b" \t\r\n\x00")[:5].isdigit()


def _skip_padding(buffer: bytes | mmap, position: int) -> int:
    found = _PADDING.match(buffer, position)
    return found.end() if found else position


def _next(buffer: bytes | mmap, start: int) -> list[Frame]:
    """The frame or frames that begin at ``start``; together they reach up to a boundary."""
    length = _declared_length(buffer[start : start + 5])
    first_end = buffer.find(RECORD_END, start)
    if first_end < 0:
        return _cut(buffer, start, len(buffer))
    if first_end < start + length - 1 and _reaches_boundary(buffer, start, start + length):
        return [Frame(start, buffer[start : start + length], "a record terminator stands inside the record")]
    return _cut(buffer, start, first_end + 1)


def _declared_length(head: bytes) -> int:
    return int(head) if len(head) == 5 and head.isdigit() else 0


def _reaches_boundary(buffer: bytes | mmap, start: int, end: int) -> bool:
    """Whether a declared length leads over stray terminators to the true end of this record."""
    if end > len(buffer) or buffer[end - 1 : end] != RECORD_END:
        return False
    if _LEADER.search(buffer, start + 24, end):
        return False
    behind = _skip_padding(buffer, end)
    return behind == len(buffer) or _LEADER.match(buffer, behind) is not None


def _cut(buffer: bytes | mmap, start: int, end: int) -> list[Frame]:
    """Split the stretch before each leader that begins inside it, and say what is wrong with each piece."""
    starts = [start, *_starts_inside(buffer, start, end)]
    stops = [*starts[1:], end]
    return [
        Frame(begin, buffer[begin:stop], _fault(buffer[begin:stop]))
        for begin, stop in zip(starts, stops, strict=True)
    ]


def _starts_inside(buffer: bytes | mmap, start: int, end: int) -> list[int]:
    """Where leaders begin, at least a leader's length apart.

    Base address and directory look like a leader too, twelve bytes into one; a start whose length is
    exact therefore rules out those around it.
    """
    exact = _exact_starts(buffer, start + 1, end)
    first = start + 24 if _starts_well(buffer, start) else start + 1
    likely = [found.start() for found in _LEADER.finditer(buffer, first, end)]
    kept = [begin for begin in likely if all(abs(begin - sure) >= 24 for sure in exact)]
    starts: list[int] = []
    for begin in sorted({*exact, *kept}):
        if not starts or begin - starts[-1] >= 24:
            starts.append(begin)
    return starts


def _exact_starts(buffer: bytes | mmap, start: int, end: int) -> list[int]:
    return [
        found.start()
        for found in _LENGTH_AND_BASE.finditer(buffer, start, end)
        if found.start() + int(found.group(1)) == end
    ]


def _starts_well(buffer: bytes | mmap, start: int) -> bool:
    return _LEADER.match(buffer, start) is not None


def _fault(data: bytes) -> str:
    if len(data) < 24:
        return f"{len(data)} bytes between records, too few for a leader"
    if data[-1:] != RECORD_END:
        return "the record does not end with a record terminator"
    if not data[:5].isdigit():
        return "the record does not begin with its length"
    declared = int(data[:5])
    return "" if declared == len(data) else f"the leader says {declared} bytes, the record has {len(data)}"
