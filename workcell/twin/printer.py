"""A ZPL printer as the host sees it: jobs in, labels at the peel bar, ``~HS`` answered.

The emulator reads ZPL on its own, as a printer's firmware would (ZPL II Programming Guide: ^XA ^XZ ^PW ^LL
^LH ^FO ^FT ^GFA ^FS ^PQ, ~HS, ~JA; anything else is passed over), draws the graphic fields into a bitmap and
puts it at the printer's peel position in the world.  It prints the next label when the last one was taken.
"""

from __future__ import annotations

import asyncio
import re
from collections import deque
from dataclasses import dataclass, field
from typing import Final, Protocol

import numpy as np
from numpy.typing import NDArray

from workcell.kernel.errors import DeviceGone
from workcell.kernel.ports import ByteStream, Clock

Bitmap = NDArray[np.uint8]

_BLOCKED_POLL_SECONDS: Final = 0.05
_LARGEST_FORMAT: Final = 8 * 1024 * 1024
_DEFAULT_SIZE: Final = (400, 200)


class PeelBar(Protocol):
    """The part of the world that a printer touches."""

    def label_printed(self, printer: str, bitmap: Bitmap, dpi: int) -> None:
        """Put a label (height by width, 0 black) at the printer's peel bar."""
        ...

    def label_waiting(self, printer: str) -> bool:
        """Whether a label hangs at the peel bar."""
        ...


class ZplPrinter:
    """One printer of the twin.  Its faults are attributes that may be set at any time.

    ``paper_out``, ``ribbon_out``, ``head_open`` and ``paused`` stop printing and are reported; with
    ``silent`` it takes bytes and answers nothing.  ``print_seconds`` is the time from a whole format to the
    label at the peel bar.
    """

    def __init__(
        self, world: PeelBar, name: str, clock: Clock, *, print_seconds: float = 0.8, dpi: int = 203
    ) -> None:
        self.name = name
        self.print_seconds = print_seconds
        self.dpi = dpi
        self.paper_out = False
        self.ribbon_out = False
        self.head_open = False
        self.paused = False
        self.silent = False
        self.printed = 0
        self._world = world
        self._clock = clock
        self._formats: deque[_Format] = deque()
        self._printing: asyncio.Task[None] | None = None
        self._partial = False

    async def serve(self, stream: ByteStream) -> None:
        """Read jobs and requests from one connection until it closes; what was taken in is printed."""
        feed = _Feed()
        try:
            while data := await stream.read():
                for item in feed.take(data):
                    await self._obey(item, stream)
                self._partial = feed.partial
        except DeviceGone:
            return

    async def _obey(self, item: _Format | str, stream: ByteStream) -> None:
        if isinstance(item, _Format):
            self._formats.append(item)
            self._start_printing()
        elif item == "~HS" and not self.silent:
            await stream.write(self._host_status())
        elif item == "~JA":
            self._formats.clear()

    def _start_printing(self) -> None:
        if self._printing is None or self._printing.done():
            self._printing = asyncio.get_running_loop().create_task(self._print_all())

    async def _print_all(self) -> None:
        while self._formats:
            if self._blocked() or self._world.label_waiting(self.name):
                await self._clock.sleep(_BLOCKED_POLL_SECONDS)
                continue
            await self._clock.sleep(self.print_seconds)
            if self._blocked() or not self._formats:
                continue
            label = self._formats[0]
            label.left -= 1
            if label.left <= 0:
                self._formats.popleft()
            self.printed += 1
            self._world.label_printed(self.name, label.bitmap(), self.dpi)

    def _blocked(self) -> bool:
        return self.paper_out or self.ribbon_out or self.head_open or self.paused

    def _host_status(self) -> bytes:
        left = sum(label.left for label in self._formats)
        length = self._formats[0].size()[1] if self._formats else _DEFAULT_SIZE[1]
        first = (
            f"030,{self.paper_out:d},{self.paused:d},{length:04d},{len(self._formats):03d},0,0,"
            f"{self._partial:d},000,0,0,0"
        )
        waiting = self._world.label_waiting(self.name)
        second = f"000,0,{self.head_open:d},{self.ribbon_out:d},1,1,6,{waiting:d},{left:08d},1,000"
        return b"".join(b"\x02" + text.encode("ascii") + b"\x03\r\n" for text in (first, second, "1234,0"))


@dataclass
class _Format:
    """One label between ^XA and ^XZ, with the number of labels still to print."""

    commands: list[tuple[str, str]]
    left: int = 1
    _drawn: Bitmap | None = field(default=None, repr=False)

    def __post_init__(self) -> None:
        for name, text in self.commands:
            if name == "^PQ":
                self.left = max(1, _first_number(text, 1))

    def size(self) -> tuple[int, int]:
        width, length = _DEFAULT_SIZE
        for name, text in self.commands:
            if name == "^PW":
                width = max(1, _first_number(text, width))
            elif name == "^LL":
                length = max(1, _first_number(text, length))
        return width, length

    def bitmap(self) -> Bitmap:
        if self._drawn is None:
            self._drawn = self._draw()
        return self._drawn.copy()

    def _draw(self) -> Bitmap:
        width, length = self.size()
        paper = np.full((length, width), 255, dtype=np.uint8)
        home = origin = (0, 0)
        for name, text in self.commands:
            if name == "^LH":
                home = _two_numbers(text)
            elif name == "^FO":
                origin = _two_numbers(text)
            elif name == "^GF":
                _blacken(paper, _graphic(text), home[0] + origin[0], home[1] + origin[1])
            elif name == "^FS":
                origin = (0, 0)
        return paper


class _Feed:
    """Cuts the incoming bytes into whole formats and immediate requests."""

    _TILDE = re.compile(rb"~[A-Z]{2}")

    def __init__(self) -> None:
        self._buffer = bytearray()

    @property
    def partial(self) -> bool:
        return b"^XA" in self._buffer

    def take(self, data: bytes) -> list[_Format | str]:
        self._buffer += data
        items: list[_Format | str] = []
        while (found := self._TILDE.search(self._buffer)) is not None:  # immediate, wherever it stands
            items.append(found.group().decode("ascii"))
            del self._buffer[found.start() : found.end()]
        while (end := self._buffer.find(b"^XZ")) >= 0:
            text = self._buffer[:end].decode("latin-1")
            del self._buffer[: end + 3]
            _, opened, body = text.rpartition("^XA")
            if opened:
                items.append(_Format(_commands(body)))
        if len(self._buffer) > _LARGEST_FORMAT or not (b"^" in self._buffer or b"~" in self._buffer):
            self._buffer.clear()
        return items


def _commands(body: str) -> list[tuple[str, str]]:
    """Caret commands in order, each with its parameters."""
    pieces = body.split("^")[1:]
    return [("^" + piece[:2].upper(), piece[2:].strip("\r\n")) for piece in pieces]


def _first_number(text: str, otherwise: int) -> int:
    found = re.match(r"\s*(\d+)", text)
    return int(found[1]) if found else otherwise


def _two_numbers(text: str) -> tuple[int, int]:
    found = re.match(r"\s*(\d*)\s*,?\s*(\d*)", text)
    return (int(found[1] or 0), int(found[2] or 0)) if found else (0, 0)


def _graphic(text: str) -> NDArray[np.bool_]:
    """The dots of ``^GFA,bytes,total,bytes a row,data``; empty when the header makes no sense."""
    parts = text.split(",", 4)
    empty = np.zeros((0, 0), dtype=np.bool_)
    if len(parts) < 5 or parts[0].strip().upper() != "A":
        return empty
    total, a_row = _first_number(parts[2], 0), _first_number(parts[3], 0)
    if a_row == 0 or total % a_row:
        return empty
    rows = _hexadecimal_rows(parts[4], a_row * 2, total // a_row)
    packed = np.frombuffer(bytes.fromhex("".join(rows)), dtype=np.uint8).reshape(len(rows), a_row)
    return np.unpackbits(packed, axis=1).astype(np.bool_)


def _hexadecimal_rows(data: str, width: int, height: int) -> list[str]:
    """Undo the ASCII compression: G-Y and g-z repeat, "," and "!" fill a row, ":" repeats the last one."""
    rows: list[str] = []
    row = ""
    repeat = 0
    for character in data:
        if character in "0123456789ABCDEFabcdef":
            row += character * max(1, repeat)
            repeat = 0
        elif "G" <= character <= "Y":
            repeat += ord(character) - ord("F")
        elif "g" <= character <= "z":
            repeat += (ord(character) - ord("f")) * 20
        elif character in ",!":
            row = row.ljust(width, "0" if character == "," else "F") if row or len(rows) < height else row
        elif character == ":" and not row:
            rows.append(rows[-1] if rows else "0" * width)
        while len(row) >= width and len(rows) < height:
            rows.append(row[:width])
            row = row[width:]
    if row and len(rows) < height:
        rows.append(row.ljust(width, "0"))
    return (rows + ["0" * width] * height)[:height]


def _blacken(paper: Bitmap, dots: NDArray[np.bool_], left: int, top: int) -> None:
    """Lay a graphic on the paper; what lies outside is lost, as on a printer."""
    room = paper[top : top + dots.shape[0], left : left + dots.shape[1]]
    room[dots[: room.shape[0], : room.shape[1]]] = 0
