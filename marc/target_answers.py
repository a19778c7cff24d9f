"""What every way to a target shares: its answer, and record bytes made into records."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

from pymarc import Record

from marc import framing, reading_xml
from marc.fields import matches
from marc.reading import read_frame
from marc.target_queries import Question
from marc.targets import Target
from workcell.kernel.errors import BadInput, DeviceFault, DeviceGone

Now = Callable[[], float]
"""Monotonic seconds."""


@dataclass(frozen=True)
class Answer:
    """What a target found: how many in all, the first of them, and how many of those could not be read."""

    total: int
    records: tuple[Record, ...] = ()
    unreadable: int = 0


class Connection(Protocol):
    """A way to one target.

    ``ask`` raises DeviceGone when the target does not answer in time or its connection fails, DeviceFault
    when it refuses the question or answers with what can't be understood.
    """

    def ask(self, question: Question) -> Answer:
        """The answer to one question; a lost connection is opened anew once."""
        ...

    def close(self) -> None:
        """Let go of the connection."""
        ...


def record_of(data: bytes) -> Record | None:
    """One record from ISO 2709 bytes or a MARCXML element; None when it can't be read without guessing."""
    if data.lstrip()[:1] == b"<":
        try:
            pieces = list(reading_xml.records(data, "answer"))
        except BadInput:
            return None
        return pieces[0].record if len(pieces) == 1 else None
    frames = list(framing.frames(data))
    return read_frame(0, frames[0]).record if len(frames) == 1 else None


def answer_of(total: int, pieces: Sequence[bytes], target: Target) -> Answer:
    """The answer with its records, without the fields that the target's rule strips."""
    read = [record_of(piece) for piece in pieces]
    records = [record for record in read if record is not None]
    for record in records:
        record.fields = [
            field for field in record.fields if not any(matches(field.tag, tag) for tag in target.stripped)
        ]
    return Answer(total, tuple(records), len(read) - len(records))


def gone(target: Target, what: str) -> DeviceGone:
    """The error for a target that does not answer."""
    return DeviceGone(what, subject=target.url, remedy="Check address, port and network; others are asked.")


def refused(target: Target, what: str) -> DeviceFault:
    """The error for a target that refuses, or answers what can't be understood."""
    return DeviceFault(what, subject=target.url, remedy="Check its database, indexes and record syntax.")


def late(target: Target) -> DeviceGone:
    """The error for a target that takes too long."""
    return gone(target, f"no answer within {target.timeout_s:g} s")
