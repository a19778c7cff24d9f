"""Ports: the small protocols through which conductor, stations and drivers reach the world.

Everything above the kernel takes these as arguments.  The wall-clock implementations stand in
``kernel.clock``, ``kernel.ids`` and ``kernel.streams``; the virtual-time ones beside them.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol, TypeVar

T = TypeVar("T")


class Clock(Protocol):
    """Time.  ``now`` is monotonic seconds; ``wall`` is an aware UTC datetime."""

    def now(self) -> float: ...
    def wall(self) -> datetime: ...
    async def sleep(self, seconds: float) -> None: ...
    def timeout(self, seconds: float) -> AbstractAsyncContextManager[Any]:
        """Raise TimeoutError in the body after ``seconds``."""
        ...


class Ids(Protocol):
    """Names and tokens that must not repeat."""

    def token(self) -> str:
        """An unguessable text, for leases and effect ids."""
        ...

    def number(self, below: int) -> int:
        """An integer in ``range(below)``."""
        ...


class ByteStream(Protocol):
    """A two-way wire: TCP, serial or in memory.  Errors on the wire raise DeviceGone."""

    async def read(self, limit: int = 65536) -> bytes:
        """At least one byte, as soon as there is one; ``b""`` when the far end has closed."""
        ...

    async def write(self, data: bytes) -> None: ...
    async def close(self) -> None: ...


Connect = Callable[[], Awaitable[ByteStream]]
"""Opens a fresh stream to one device; raises DeviceGone."""


class Worker(Protocol):
    """Runs blocking calls in order, away from the loop (one thread), or inline on virtual time."""

    async def run(self, call: Callable[..., T], *args: Any) -> T: ...
    async def close(self) -> None: ...


class Jobs(Protocol):
    """Recognition and record matching, in other processes.

    ``kind`` names the job, ``request`` and the answer are plain JSON data.  Images are given by path.
    Raises DeviceFault when the job failed or ran out of time.
    """

    async def run(self, kind: str, request: Mapping[str, Any]) -> dict[str, Any]: ...
    async def close(self) -> None: ...


# --- devices ---------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Frame:
    """One still.  ``number`` rises by one a frame; ``track_id`` echoes what the picture was asked for."""

    data: bytes
    media_type: str
    number: int
    track_id: int
    captured_at: datetime


class Camera(Protocol):
    """Takes a still now.  A frame older than the request is refused by the driver, never returned."""

    name: str

    async def take(self, track_id: int, view: str) -> Frame:
        """``view`` names what the camera should see ("cover", "spine", "page"); a real camera ignores it."""
        ...

    async def close(self) -> None: ...


@dataclass(frozen=True)
class PrinterStatus:
    """State of a label printer.  ``problems`` are stable words: paper_out, ribbon_out, head_open, paused."""

    ready: bool
    problems: tuple[str, ...] = ()
    label_waiting: bool = False
    labels_left: int = 0


class Printer(Protocol):
    """A label printer.  ``print`` returns when the label waits to be applied."""

    name: str

    async def status(self) -> PrinterStatus: ...
    async def print(self, job: bytes) -> None:
        """Send one job; raises DeviceFault or DeviceGone.

        A label of ours comes in ZPL and is said in what the printer speaks (ZPL, TSPL, PDF, PNG); a job that
        is in that language already goes as it is.
        """
        ...

    async def close(self) -> None: ...


@dataclass(frozen=True)
class TagMemory:
    """User memory of one ISO 15693 tag.  ``locked`` holds the numbers of the locked blocks.

    A UHF tag (EPC Gen2) has its TID for a ``uid`` and blocks of one word; the first ``epc_bytes`` of its data
    are the EPC bank from the PC word on, the rest is user memory.
    """

    uid: str
    block_size: int
    data: bytes
    afi: int
    dsfid: int
    locked: frozenset[int] = frozenset()
    epc_bytes: int = 0


class TagReader(Protocol):
    """An ISO 15693 reader.  All writes are addressed; a non-addressed write does not exist here."""

    name: str

    async def inventory(self) -> list[str]:
        """UIDs in the field, upper-case hexadecimal, most significant byte first (E0…)."""
        ...

    async def read(self, uid: str) -> TagMemory: ...
    async def write_blocks(self, uid: str, first: int, blocks: list[bytes]) -> None: ...
    async def write_afi(self, uid: str, afi: int) -> None: ...
    async def write_dsfid(self, uid: str, dsfid: int) -> None: ...
    async def lock_blocks(self, uid: str, first: int, count: int) -> None: ...
    async def close(self) -> None: ...


@dataclass(frozen=True)
class Done:
    """How a unit command ended.  ``code`` is 0 for done, else the station's result code by name."""

    seq: int
    code: str
    results: Mapping[str, int] = field(default_factory=dict)

    @property
    def ok(self) -> bool:
        """Whether the act was done."""
        return self.code == "ok"


class Motion(Protocol):
    """Unit commands, by station, whoever carries them out: a PLC on the line, the operator at a desk.

    A command is known by (station, seq): ``reserve`` gives the number to write down first, ``execute``
    carries it out once, ``outcome`` asks after a crash.  ``execute`` raises Refused when the unit does not
    accept, DeviceGone when the link died before the outcome was known.
    """

    async def reserve(self, station: str) -> int: ...
    async def execute(self, station: str, seq: int, verb: str, params: Mapping[str, int]) -> Done: ...
    async def outcome(self, station: str, seq: int) -> Done | None:
        """The end of a command given earlier; None when the unit never saw it.

        Waits for a running one; raises Doubtful when the unit can't tell.
        """
        ...


@dataclass(frozen=True)
class TrackEvent:
    """One edge of track and trace, in the order of the unit's event ring."""

    seq: int
    kind: str
    zone: str
    track_id: int
    ms: int


@dataclass(frozen=True)
class ZoneView:
    """What a zone reports: the book in it (0 = none) and its state word."""

    zone: str
    track_id: int
    state: str


@dataclass(frozen=True)
class LineView:
    """A snapshot of the line's status block.  Counters are those of the photo-eyes at entry and exit.

    ``guard`` is the latched count of reaches into the guarded part of the line.
    """

    linked: bool
    state: str
    mode: str
    boot_id: int
    entered: int
    left: int
    safety_ok: bool
    guard: int = 0
    zones: tuple[ZoneView, ...] = ()
    alarms: tuple[int, ...] = ()


class LineLink(Motion, Protocol):
    """The whole line's link: motion, PackML commands, events and status."""

    async def open(self) -> None:
        """Connect, check signature and map version, claim the line, ask AckSeq and DoneSeq."""
        ...

    async def command(self, name: str) -> None:
        """A PackML command (reset, start, stop, hold, unhold, abort, clear, complete); raises Refused."""
        ...

    async def view(self) -> LineView: ...
    async def wait_view(self, accept: Callable[[LineView], bool], seconds: float) -> LineView:
        """The first snapshot that ``accept`` takes; raises TimeoutError."""
        ...

    def events(self) -> AsyncIterator[TrackEvent]:
        """Every edge since ``open``, each once; also "link_lost", "link_back" and "rebooted" (zone "")."""
        ...

    async def close(self) -> None: ...


Terms = Sequence[tuple[str, tuple[str, ...]]]
"""What is asked of a record source: each index (isbn, title, author, year, any, id) with the values of which
one must be met.  All terms must be met; an index may come several times, once for each word."""


class RecordSource(Protocol):
    """Where records are asked for, in a process of its own; it may block for as long as it was given."""

    def find(self, terms: Terms) -> tuple[int, Sequence[bytes]]:
        """How many records meet all ``terms``, and the first of them, each as ISO 2709 or as MARCXML.

        Raises DeviceGone when the source does not answer in time, DeviceFault when it refuses the question or
        can't be understood.
        """
        ...

    def close(self) -> None:
        """Let go of the connection."""
        ...


class TextReader(Protocol):
    """An OCR engine in a recognition process, made once and asked for one page after another."""

    def read(self, lines: Sequence[Any]) -> Sequence[tuple[str, float]]:
        """Text and confidence (0 to 1) of each line, in order; empty text where nothing was read.

        A line is a picture of one upright line of text: 8-bit pixels, an array of (height, width, 3), blue
        first, as a rule at most 64 pixels high.
        """
        ...
