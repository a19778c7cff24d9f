"""A TSPL printer as the host sees it: jobs in, labels at the peel bar, ``<ESC>!?`` and ``<ESC>!S`` answered.

The emulator reads TSPL on its own, as a printer's firmware would (TSC programming manual: SIZE, CLS, BITMAP,
PRINT; other commands are passed over), on the mechanism of the ZPL printer.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from workcell.kernel.errors import DeviceGone
from workcell.kernel.ports import ByteStream, Clock
from workcell.twin.printer import Bitmap, PeelBar, ZplPrinter

_SHORT: Final = b"\x1b!?"
_FULL: Final = b"\x1b!S"
_DOTS_PER_MM: Final = {203: 8.0, 300: 300 / 25.4}
_BITMAP: Final = re.compile(rb"BITMAP\s+(\d+)\s*,\s*(\d+)\s*,\s*(\d+)\s*,\s*(\d+)\s*,\s*(\d)\s*,")
_SIZE: Final = re.compile(rb"SIZE\s+([\d.]+)\s*mm\s*,\s*([\d.]+)\s*mm", re.IGNORECASE)
_PRINT: Final = re.compile(rb"PRINT\s+(\d+)(?:\s*,\s*(\d+))?", re.IGNORECASE)


@dataclass
class _Image:
    """One label that waits to be printed, ``left`` times."""

    paper: Bitmap
    left: int

    def bitmap(self) -> Bitmap:
        return self.paper.copy()

    def size(self) -> tuple[int, int]:
        return self.paper.shape[1], self.paper.shape[0]


class TsplPrinter(ZplPrinter):
    """One TSPL printer of the twin; faults are the attributes of the ZPL printer.

    With ``answers_in_full`` off it is an older one, which answers ``<ESC>!?`` alone.
    """

    def __init__(
        self, world: PeelBar, name: str, clock: Clock, *, print_seconds: float = 0.8, dpi: int = 203
    ) -> None:
        super().__init__(world, name, clock, print_seconds=print_seconds, dpi=dpi)
        self.answers_in_full = True
        self._paper: Bitmap = np.full((200, 400), 255, dtype=np.uint8)

    async def serve(self, stream: ByteStream) -> None:
        """Read jobs and requests from one connection until it closes; what was taken in is printed."""
        buffer = bytearray()
        try:
            while data := await stream.read():
                buffer += data
                while (taken := await self._take(bytes(buffer), stream)) > 0:
                    del buffer[:taken]
        except DeviceGone:
            return

    async def _take(self, data: bytes, stream: ByteStream) -> int:
        """Obey the first request or command when it is whole; returns the bytes that it took."""
        if data.startswith(b"\x1b"):
            return await self._answer(data[:3], stream)
        bitmap = _BITMAP.match(data)
        if bitmap is not None:
            x, y, a_row, rows, _ = (int(number) for number in bitmap.groups())
            end = bitmap.end() + a_row * rows
            if len(data) < end:
                return 0
            self._draw(np.frombuffer(data[bitmap.end() : end], np.uint8).reshape(rows, a_row), x, y)
            return end
        line, ended, _ = data.partition(b"\n")
        escape = line.find(b"\x1b")
        if escape > 0 and not line.startswith(b"BITMAP"):
            self._obey_line(line[:escape])
            return escape
        if not ended:
            return 0
        self._obey_line(line)
        return len(line) + 1

    async def _answer(self, request: bytes, stream: ByteStream) -> int:
        if len(request) < 3:
            return 0
        if not self.silent and request == _SHORT:
            await stream.write(bytes([self._short_status()]))
        elif not self.silent and request == _FULL and self.answers_in_full:
            await stream.write(b"\x02" + self._full_status() + b"\x03\r\n")
        return 3

    def _obey_line(self, line: bytes) -> None:
        size, copies = _SIZE.match(line), _PRINT.match(line)
        if size is not None:
            width, height = (round(float(side) * _DOTS_PER_MM[self.dpi]) for side in size.groups())
            self._paper = np.full((height, width), 255, dtype=np.uint8)
        elif line.strip().upper() == b"CLS":
            self._paper.fill(255)
        elif copies is not None:
            self._formats.append(_Image(self._paper.copy(), int(copies[1]) * int(copies[2] or 1)))  # type: ignore[arg-type]
            self._start_printing()

    def _draw(self, packed: NDArray[np.uint8], x: int, y: int) -> None:
        """Lay a bitmap on the paper: a 0 bit is black; what lies outside is lost."""
        dots = np.unpackbits(packed, axis=1) == 0
        room = self._paper[y : y + dots.shape[0], x : x + dots.shape[1]]
        room[dots[: room.shape[0], : room.shape[1]]] = 0

    def _short_status(self) -> int:
        bits = (self.head_open, False, self.paper_out, self.ribbon_out, self.paused, self._busy())
        return sum(1 << place for place, bit in enumerate(bits) if bit)

    def _full_status(self) -> bytes:
        waiting = self._world.label_waiting(self.name)
        message = b"`" if self.paused else b"L" if waiting else b"P" if self._busy() else b"@"
        right = 0x40 | self.paper_out | self.ribbon_out << 2 | self.head_open << 5
        return message + b"@@" + bytes([right])

    def _busy(self) -> bool:
        return bool(self._formats)
