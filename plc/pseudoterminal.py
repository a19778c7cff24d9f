"""The device's end of a pseudo-terminal: a serial line without a wire, paced like one of its speed."""

from __future__ import annotations

import asyncio
import os
import tty
from contextlib import suppress

from workcell.kernel.errors import DeviceGone
from workcell.kernel.ports import Clock

_BITS_PER_BYTE = 11
_CHUNK = 8  # bytes that come out of the line at once


class PseudoTerminal:
    """A byte stream whose far end is ``endpoint``.  Bytes take the time that they take at ``baud``."""

    def __init__(self, clock: Clock, baud: int = 115200) -> None:
        """Open a pair.  Only inside a running loop."""
        self._clock = clock
        self._byte_seconds = _BITS_PER_BYTE / baud
        self._master, self._slave = os.openpty()
        tty.setraw(self._slave)
        os.set_blocking(self._master, False)
        self.endpoint = f"serial://{os.ttyname(self._slave)}?baud={baud}"
        self._inbox: asyncio.Queue[tuple[float, bytes]] = asyncio.Queue()
        self._closed = False
        asyncio.get_running_loop().add_reader(self._master, self._take)

    def _take(self) -> None:
        with suppress(BlockingIOError, OSError):
            self._inbox.put_nowait((self._clock.now(), os.read(self._master, 65536)))

    async def read(self, limit: int = 65536) -> bytes:
        """At least one byte, once the line had the time to carry what has come."""
        sent, data = await self._inbox.get()
        await self._sleep_until(sent + len(data) * self._byte_seconds)
        while not self._inbox.empty():
            data += self._inbox.get_nowait()[1]
        return data

    async def write(self, data: bytes) -> None:
        """Send all of ``data`` at the line's speed."""
        begun = self._clock.now()
        for start in range(0, len(data), _CHUNK):
            piece = data[start : start + _CHUNK]
            due = begun + (start + len(piece)) * self._byte_seconds
            await self._sleep_until(due)
            if self._closed:
                raise DeviceGone("the pseudo-terminal is closed", subject=self.endpoint)
            os.write(self._master, piece)

    async def _sleep_until(self, due: float) -> None:
        await self._clock.sleep(max(0.0, due - self._clock.now()))

    async def close(self) -> None:
        """Give both ends back."""
        if not self._closed:
            self._closed = True
            asyncio.get_running_loop().remove_reader(self._master)
            os.close(self._master)
            os.close(self._slave)
            self._inbox.put_nowait((0.0, b""))
