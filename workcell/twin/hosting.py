"""Wires for the emulators: TCP ports on loopback and pseudo-terminals."""

from __future__ import annotations

import asyncio
import os
import tty
from collections.abc import Awaitable, Callable

from workcell.kernel.errors import DeviceGone
from workcell.kernel.ports import ByteStream
from workcell.kernel.streams import TcpStream

Serve = Callable[[ByteStream], Awaitable[None]]
"""An emulator: it serves one stream until that closes."""

LOOPBACK = "127.0.0.1"


class TcpHost:
    """Serves an emulator on a free port of the loopback interface."""

    def __init__(self, serve: Serve) -> None:
        self._serve = serve
        self._server: asyncio.Server | None = None
        self._open: set[asyncio.StreamWriter] = set()

    async def listen(self) -> str:
        """Open the port; gives the endpoint ``tcp://127.0.0.1:PORT``."""
        self._server = await asyncio.start_server(self._connected, LOOPBACK, 0)
        return f"tcp://{LOOPBACK}:{self._server.sockets[0].getsockname()[1]}"

    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        stream = TcpStream(reader, writer, "twin")
        self._open.add(writer)
        try:
            await self._serve(stream)
        finally:
            self._open.discard(writer)
            await stream.close()

    def close(self) -> None:
        """Stop listening and drop the connections."""
        if self._server is not None:
            self._server.close()
        for writer in self._open:
            writer.close()


class PtyStream:
    """The device's end of a pseudo-terminal; ``endpoint`` is what the host opens, until it is ``closed``.

    The host's end is kept open here too, so that the line does not die when a host closes it.
    """

    def __init__(self, baud: int) -> None:
        self._near, self._far = os.openpty()
        tty.setraw(self._near)
        tty.setraw(self._far)
        os.set_blocking(self._near, False)
        self.endpoint = f"serial://{os.ttyname(self._far)}?baud={baud}"
        self._inbox = bytearray()
        self._ready = asyncio.Event()
        self.closed = False
        self._loop = asyncio.get_running_loop()
        self._loop.add_reader(self._near, self._take)

    def _take(self) -> None:
        try:
            self._inbox += os.read(self._near, 65536)
        except BlockingIOError:
            return
        self._ready.set()

    async def read(self, limit: int = 65536) -> bytes:
        """Give at least one byte, or ``b""`` when the port was closed."""
        while not self._inbox and not self.closed:
            self._ready.clear()
            await self._ready.wait()
        data = bytes(self._inbox[:limit])
        del self._inbox[:limit]
        return data

    async def write(self, data: bytes) -> None:
        """Send all of ``data``; raises DeviceGone when nobody takes it from the line."""
        try:
            sent = os.write(self._near, data)
        except OSError as error:
            raise DeviceGone(f"the line takes nothing ({error})", subject=self.endpoint) from error
        if sent < len(data):
            raise DeviceGone("the line is full: nobody reads it", subject=self.endpoint)

    async def close(self) -> None:
        """Close both ends."""
        if self.closed:
            return
        self.closed = True
        self._loop.remove_reader(self._near)
        os.close(self._near)
        os.close(self._far)
        self._ready.set()
