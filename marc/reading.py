"""Reading record files: every good record, and for every bad one its place and the reason.

ISO 2709 goes through the framer and a strict directory check before anything is decoded; MARCXML, JSON and
the line format are taken record by record, so that one broken record does not end the file.  Any may be
gzipped.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from pymarc import Field, Indicators, Leader, Record, Subfield

from marc import encoding, framing, line_format, marc_json, reading_xml, record_file
from marc.directory import BadStructure, raw_fields
from marc.encoding import Encoding
from marc.framing import SUBFIELD, Frame
from marc.piece import Piece, is_control
from marc.record_file import FileFormat
from workcell.kernel.errors import BadInput


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


def read_records(path: Path, charset: str = "") -> Iterator[ReadResult]:
    """Read a file by its content, whatever its name; raises BadInput when it holds no records at all.

    ``charset`` (a name of ``encoding.BY_NAME``) takes the place of the decision per record in ISO 2709 and
    mrk; MARCXML and JSON say their own.
    """
    told = encoding.named(charset) if charset else None
    with record_file.mapped(path) as buffer:
        form = record_file.format_of(buffer, path)
        if form == "iso2709":
            for n, frame in enumerate(framing.frames(buffer)):
                yield read_frame(n, frame, told)
        else:
            for n, piece in enumerate(_pieces(form, bytes(buffer), str(path), told)):
                yield ReadResult(piece.record, n, piece.offset, piece.problem, piece.encoding)


def _pieces(form: FileFormat, data: bytes, subject: str, told: Encoding | None) -> Iterator[Piece]:
    if form == "marcxml":
        return reading_xml.records(data, subject)
    if form == "json":
        return marc_json.records(data, subject)
    return line_format.records(data, subject, told)


def read_record(data: bytes) -> Record:
    """One ISO 2709 record from bytes that hold nothing else; raises BadInput."""
    results = [read_frame(0, frame) for frame in framing.frames(data)]
    if len(results) != 1 or results[0].record is None:
        problem = results[0].problem if results else "no record"
        raise BadInput(f"not one ISO 2709 record: {problem}", remedy="Import its file again.")
    return results[0].record


def read_one(data: bytes, charset: Encoding) -> ReadResult:
    """One framed record from its bytes, in a charset that is known."""
    return read_frame(0, Frame(0, data), charset)


def read_frame(n: int, frame: Frame, told: Encoding | None = None) -> ReadResult:
    """The ``n``-th record of a file from its frame, good or bad."""
    problems = [frame.problem] if frame.problem else []
    try:
        record, name = _parse(frame.data, problems, told)
    except ValueError as error:
        return ReadResult(None, n, frame.offset, "; ".join([*problems, str(error)]), data=frame.data)
    return ReadResult(record, n, frame.offset, "; ".join(problems), name, frame.data)


def _parse(data: bytes, problems: list[str], told: Encoding | None) -> tuple[Record, str]:
    """Record and encoding; what was mended without a guess is added to ``problems``; raises ValueError."""
    raw = raw_fields(data)
    leader = data[:24].decode("ascii")
    chosen = told or encoding.of_fields(leader, raw)
    if chosen is encoding.UTF8 and encoding.has_escapes(data):
        problems.append("UTF-8 with escape sequences of MARC-8, left as they are")
    if b"\0" in data:
        problems.append("null bytes in the text, left as they are")
    record = Record()
    record.leader = Leader(leader)
    record.fields = [_field(tag.decode("ascii"), body, chosen, problems) for tag, body in raw]
    return record, chosen.name


def _field(tag: str, body: bytes, chosen: Encoding, problems: list[str]) -> Field:
    if is_control(tag):
        return Field(tag=tag, data=chosen.decode(body))
    marks, *parts = _parts(body, chosen)
    if len(marks) > 2 or not marks.isascii():
        raise BadStructure(f"field {tag} does not begin with two indicators")
    if len(marks) < 2:
        problems.append(f"field {tag} lacks an indicator, read as blank")
        marks = marks.ljust(2)
    if "" in parts:
        problems.append(f"field {tag} has a subfield mark without a code, left out")
    codes = "".join([part[:1] for part in parts])
    if not codes.isascii() or not codes.isprintable():
        raise BadStructure(f"field {tag} has a subfield without a code")
    if " " in codes:
        problems.append(f"field {tag} has a blank as a subfield code")
    subfields = [Subfield(part[0], part[1:]) for part in parts if part]
    return Field(tag=tag, indicators=Indicators(marks[0], marks[1]), subfields=subfields)


def _parts(body: bytes, chosen: Encoding) -> list[str]:
    """Indicators and subfields as text; only MARC-8 begins anew at each subfield."""
    if chosen is encoding.MARC8:
        return [chosen.decode(part) for part in body.split(SUBFIELD)]
    return chosen.decode(body).split("\x1f")
