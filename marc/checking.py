"""Checking files of records: findings with their places, and how complete the records are."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from marc import quality, record_file, validating
from marc.finding import Finding, error, warning
from marc.framing import Frame, frames
from marc.piece import is_control
from marc.quality import Score
from marc.raw_record import RawFields, RawRecord, of_record
from marc.reading import ReadResult, read_frame, read_records
from marc.rules_schema import SchemaRules
from marc.schema import Schema
from marc.slicing import Sliced, slice_frames

_ODD = re.compile(rb"\x1f[^!-~]")


@dataclass(frozen=True)
class Checked:
    """One record of a file: its place, its findings, its score (None when it can't be read)."""

    n: int
    offset: int
    findings: list[Finding]
    score: Score | None


@dataclass(frozen=True)
class _Read:
    """A record in raw form, or None, and what reading it had to say."""

    n: int
    offset: int
    record: RawRecord | None
    problem: str


@dataclass(frozen=True)
class Originals:
    """The records as they were before our changes, by their 001 and, without one, by their place."""

    by_id: dict[bytes, RawRecord] = field(default_factory=dict)
    by_place: dict[int, RawRecord] = field(default_factory=dict)

    def of(self, n: int, record: RawRecord) -> RawRecord | None:
        """What this record was, None when it is new."""
        ids = record.all("001")
        return self.by_id.get(ids[0]) if ids else self.by_place.get(n)


def originals(path: Path) -> Originals:
    """The readable records of a file; raises BadInput."""
    found = Originals()
    for each in _records(path):
        if each.record is not None:
            ids = each.record.all("001")
            if ids:
                found.by_id.setdefault(ids[0], each.record)
            else:
                found.by_place[each.n] = each.record
    return found


def check_file(path: Path, before: Originals | None = None, own: Schema | None = None) -> Iterator[Checked]:
    """Every record of a file of any format, checked; raises BadInput when it holds none.

    With ``before`` only findings that the original lacks are given.  ``own`` takes the place of our schemas.
    """
    rules = None if own is None else SchemaRules(own)
    for each in _records(path):
        told = _told(each)
        if each.record is None:
            yield Checked(each.n, each.offset, told, None)
            continue
        original = None if before is None else before.of(each.n, each.record)
        if rules is None:
            found = validating.check(each.record, original)
        else:
            found = validating.check_against(rules, each.record, original)
        yield Checked(each.n, each.offset, told + found, quality.raw_score(each.record))


def _told(each: _Read) -> list[Finding]:
    if each.record is None:
        return [error("", "UNREADABLE", f"The record can't be read: {each.problem}.")]
    return (
        [warning("", "DAMAGED", f"The record was mended in reading: {each.problem}.")] if each.problem else []
    )


def _records(path: Path) -> Iterator[_Read]:
    """Slices where the file is ISO 2709, which is fast; pymarc records else."""
    with record_file.mapped(path) as buffer:
        if record_file.format_of(buffer, path) == "iso2709":
            for sliced in slice_frames(frames(buffer)):
                yield _sliced(sliced)
            return
    for result in read_records(path):
        yield _result(result)


def _sliced(sliced: Sliced) -> _Read:
    """A slice in UTF-8 as it stands; anything with anything odd as the reader has it."""
    if sliced.broken:
        return _Read(sliced.n, sliced.offset, None, sliced.problem)
    if sliced.problem or not _plain(sliced):
        return _result(read_frame(sliced.n, Frame(sliced.offset, sliced.data, sliced.problem)))
    return _Read(sliced.n, sliced.offset, RawRecord(sliced.leader.decode("ascii"), sliced.fields), "")


def _plain(sliced: Sliced) -> bool:
    """UTF-8 beyond doubt, two indicators everywhere, a code behind each subfield mark."""
    data = sliced.data
    if b"\x1b" in data or b"\0" in data or _ODD.search(data) or _has_bare(sliced.fields):
        return False
    if data.isascii():
        return True
    try:
        data.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return sliced.leader[9:10] == b"a"


def _has_bare(fields: RawFields) -> bool:
    """Whether text stands somewhere where indicators and subfields should."""
    for tag, body in fields:  # noqa: SIM110 - asked of each field of each record: a loop is twice as fast
        if body[2:3] != b"\x1f" and len(body) != 2 and not is_control(tag):
            return True
    return False


def _result(result: ReadResult) -> _Read:
    record = None if result.record is None else of_record(result.record)
    return _Read(result.n, result.offset, record, result.problem)
