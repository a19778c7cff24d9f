"""Reading record files: every good record, and for every bad one its place and the reason.

ISO 2709 (also gzipped) goes through the framer and a strict directory check before anything is decoded;
MARCXML is taken record by record, so that one broken record does not end the file.
"""

from __future__ import annotations

import contextlib
import gzip
import mmap
import re
import tempfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO

from pymarc import Field, Indicators, Leader, Record, Subfield

from marc import encoding, framing, reading_xml
from marc.framing import FIELD_END, SUBFIELD, Frame
from workcell.kernel.errors import BadInput

_HEAD = 4096
_XML_START = re.compile(rb"^(?:\xef\xbb\xbf)?\s*<")
_ENTRY = re.compile(rb"([!-~]{3})([0-9]{4})([0-9]{5})")


@dataclass(frozen=True)
class ReadResult:
    """One record of a file, good or bad.

    ``n`` counts from 0 over good and bad ones; ``offset`` is in bytes of the uncompressed file.
    ``record`` is None when it can't be read without guessing.  A record may have a ``problem`` and be
    there all the same: a wrong length in the leader, a missing indicator, a subfield mark without a code.
    ``data`` are the bytes as they stood in an ISO 2709 file.
    """

    record: Record | None
    n: int
    offset: int
    problem: str = ""
    encoding: str = ""
    data: bytes = field(default=b"", repr=False)


class _BadRecord(ValueError):
    """The structure of a record is broken; the message says how."""


def read_records(path: Path) -> Iterator[ReadResult]:
    """Read a file by its content, whatever its name; raises BadInput when it holds no records at all."""
    with _mapped(path) as buffer:
        head = bytes(buffer[:_HEAD])
        if _XML_START.match(head) or head[:2] in (b"\xff\xfe", b"\xfe\xff"):
            yield from _from_xml(bytes(buffer), path)
        elif not head.strip():
            raise BadInput("the file is empty", subject=str(path), remedy="Give a file with records.")
        elif framing.looks_like_iso2709(head):
            for n, frame in enumerate(framing.frames(buffer)):
                yield _result(n, frame)
        else:
            raise BadInput(
                "neither ISO 2709 nor MARCXML",
                subject=str(path),
                remedy="Export the records again as MARC (.mrc) or MARCXML.",
            )


def read_record(data: bytes) -> Record:
    """One ISO 2709 record from bytes that hold nothing else; raises BadInput."""
    results = [_result(0, frame) for frame in framing.frames(data)]
    if len(results) != 1 or results[0].record is None:
        problem = results[0].problem if results else "no record"
        raise BadInput(f"not one ISO 2709 record: {problem}", remedy="Import its file again.")
    return results[0].record


def _result(n: int, frame: Frame) -> ReadResult:
    problems = [frame.problem] if frame.problem else []
    try:
        record, name = _parse(frame.data, problems)
    except ValueError as error:
        return ReadResult(None, n, frame.offset, "; ".join([*problems, str(error)]), data=frame.data)
    return ReadResult(record, n, frame.offset, "; ".join(problems), name, frame.data)


def _parse(data: bytes, problems: list[str]) -> tuple[Record, str]:
    """Record and encoding; what was mended without a guess is added to ``problems``; raises ValueError."""
    raw = _raw_fields(data)
    leader = data[:24].decode("ascii")
    chosen = _encoding(leader, raw, data)
    record = Record()
    record.leader = Leader(leader)
    record.fields = [_field(tag.decode("ascii"), body, chosen, problems) for tag, body in raw]
    return record, chosen.name


def _raw_fields(data: bytes) -> list[tuple[bytes, bytes]]:
    """Tags and bodies by the directory (ISO 2709:2008 clause 4.4); raises _BadRecord unless it all fits."""
    if len(data) < 26 or not data[:24].isascii():
        raise _BadRecord("the leader is broken")
    if not data[12:17].isdigit():
        raise _BadRecord("the base address in the leader is not a number")
    base = int(data[12:17])
    if not 25 < base < len(data) or data[base - 1 : base] != FIELD_END:
        raise _BadRecord("the directory does not end at the base address")
    directory, area = data[24 : base - 1], data[base:-1]
    if len(directory) % 12:
        raise _BadRecord("the directory is not a whole number of entries")
    fields, covered, starts = [], 0, set()
    for at in range(0, len(directory), 12):
        entry = _ENTRY.fullmatch(directory, at, at + 12)
        if not entry:
            raise _BadRecord(f"directory entry {at // 12 + 1} is not tag, length and start")
        tag, length, start = entry.group(1), int(entry.group(2)), int(entry.group(3))
        body = area[start : start + length]
        if not body or len(body) != length or body.find(FIELD_END) != length - 1:
            raise _BadRecord(f"field {tag.decode()} is not where the directory says")
        fields.append((tag, body[:-1]))
        covered += length
        starts.add(start)
    if covered != len(area) or len(starts) != len(fields):
        raise _BadRecord("the directory does not account for every byte of the fields")
    return fields


def _encoding(leader: str, raw: list[tuple[bytes, bytes]], data: bytes) -> encoding.Encoding:
    by_tag = dict(reversed(raw))
    unimarc = b"200" in by_tag and b"245" not in by_tag
    coded = by_tag.get(b"100" if unimarc else b"008", b"")
    language = coded[26:29] if unimarc and coded[2:4] == SUBFIELD + b"a" else coded[35:38]
    language = b"" if unimarc and coded[2:4] != SUBFIELD + b"a" else language
    return encoding.decide(
        b"\x1e".join(body for _, body in raw),
        declared_utf8=leader[9] == "a",
        unimarc=unimarc,
        language=language.decode("ascii", "replace").strip(" |^#") if language.isalpha() else "",
    )


def _field(tag: str, body: bytes, chosen: encoding.Encoding, problems: list[str]) -> Field:
    if tag < "010" and tag.isdigit():
        return Field(tag=tag, data=chosen.decode(body))
    marks, *parts = body.split(SUBFIELD)
    if len(marks) > 2 or not marks.isascii():
        raise _BadRecord(f"field {tag} does not begin with two indicators")
    if len(marks) < 2:
        problems.append(f"field {tag} lacks an indicator, read as blank")
    if b"" in parts:
        problems.append(f"field {tag} has a subfield mark without a code, left out")
    padded = marks.decode("ascii").ljust(2)
    subfields = [_subfield(tag, part, chosen) for part in parts if part]
    return Field(tag=tag, indicators=Indicators(padded[0], padded[1]), subfields=subfields)


def _subfield(tag: str, part: bytes, chosen: encoding.Encoding) -> Subfield:
    code = part[:1]
    if not b"!" <= code <= b"~":
        raise _BadRecord(f"field {tag} has a subfield without a code")
    return Subfield(code.decode("ascii"), chosen.decode(part[1:]))


def _from_xml(data: bytes, path: Path) -> Iterator[ReadResult]:
    for n, piece in enumerate(reading_xml.records(data, str(path))):
        yield ReadResult(piece.record, n, piece.offset, piece.problem, "utf-8" if piece.record else "")


@contextlib.contextmanager
def _mapped(path: Path) -> Iterator[bytes | mmap.mmap]:
    """The file's bytes, mapped rather than read; a gzipped one is unpacked into a temporary file first."""
    with contextlib.ExitStack() as stack:
        try:
            file: BinaryIO = stack.enter_context(path.open("rb"))
            if file.read(2) == b"\x1f\x8b":
                file = stack.enter_context(_unpacked(path))
            file.seek(0, 2)
            if not file.tell():
                yield b""
                return
            buffer = stack.enter_context(mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ))
        except FileNotFoundError as error:
            raise BadInput("no such file", subject=str(path), remedy="Check the path.") from error
        except (OSError, EOFError, zlib.error) as error:
            raise BadInput(
                f"can't be read ({error})", subject=str(path), remedy="Fetch the file again."
            ) from error
        yield buffer


@contextlib.contextmanager
def _unpacked(path: Path) -> Iterator[BinaryIO]:
    with tempfile.TemporaryFile() as plain, gzip.open(path) as packed:
        while chunk := packed.read(1 << 20):
            plain.write(chunk)
        plain.flush()
        yield plain
