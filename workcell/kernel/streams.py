"""Byte streams: TCP, serial (pyserial) and in-memory pairs behind one protocol.

Endpoints are written ``tcp://host:port`` and ``serial:///dev/ttyUSB0?baud=115200``, with ``&parity=E`` or
``O`` for a line with a parity bit.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Awaitable, Callable
from urllib.parse import parse_qs, urlsplit

import serial

from workcell.kernel.errors import ConfigError, DeviceGone
from workcell.kernel.ports import ByteStream, Connect

_CONNECT_SECONDS = 3.0


class TcpStream:
    """A TCP connection."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, name: str) -> None:
        self._reader = reader
        self._writer = writer
        self._name = name

    async def read(self, limit: int = 65536) -> bytes:
        """At least one byte, or ``b""`` when the far end has closed."""
        try:
            return await self._reader.read(limit)
        except OSError as error:
            raise _gone(self._name, error) from error

    async def write(self, data: bytes) -> None:
        """Send all of ``data``."""
        try:
            self._writer.write(data)
            await self._writer.drain()
        except (OSError, RuntimeError) as error:
            raise _gone(self._name, error) from error

    async def close(self) -> None:
        """Close both directions."""
        self._writer.close()
        try:
            await self._writer.wait_closed()
        except OSError:
            return


class SerialStream:
    """A serial line through pyserial, read by the loop's readiness events."""

    def __init__(self, port: serial.Serial, name: str) -> None:
        self._port = port
        self._name = name
        self._loop = asyncio.get_running_loop()
        self._inbox = bytearray()
        self._ready = asyncio.Event()
        self._closed = False
        self._loop.add_reader(port.fileno(), self._take)

    def _take(self) -> None:
        try:
            data = os.read(self._port.fileno(), 65536)
        except BlockingIOError:
            return
        except OSError:
            data = b""
        if data:
            self._inbox += data
        else:
            self._loop.remove_reader(self._port.fileno())
            self._closed = True
        self._ready.set()

    async def read(self, limit: int = 65536) -> bytes:
        """At least one byte, or ``b""`` when the line is gone."""
        while not self._inbox and not self._closed:
            self._ready.clear()
            await self._ready.wait()
        data = bytes(self._inbox[:limit])
        del self._inbox[:limit]
        return data

    async def write(self, data: bytes) -> None:
        """Send all of ``data`` at the pace of the line; a label takes seconds, and the loop goes on."""
        rest = memoryview(data)
        try:
            while rest:
                try:
                    rest = rest[os.write(self._port.fileno(), rest) :]
                except BlockingIOError:
                    await self._room()
        except (OSError, serial.SerialException) as error:
            raise _gone(self._name, error) from error

    async def _room(self) -> None:
        """Wait until the driver's buffer takes more."""
        free = self._loop.create_future()
        descriptor = self._port.fileno()

        def writable() -> None:
            if not free.done():
                free.set_result(None)

        self._loop.add_writer(descriptor, writable)
        try:
            await free
        finally:
            self._loop.remove_writer(descriptor)

    async def close(self) -> None:
        """Give the port back."""
        if not self._closed:
            self._loop.remove_reader(self._port.fileno())
            self._closed = True
            self._ready.set()
        self._port.close()


class MemoryStream:
    """One end of an in-memory wire."""

    def __init__(self) -> None:
        self._inbox = bytearray()
        self._ready = asyncio.Event()
        self._ended = False
        self._peer: MemoryStream | None = None

    async def read(self, limit: int = 65536) -> bytes:
        """At least one byte, or ``b""`` when the far end has closed."""
        while not self._inbox and not self._ended:
            self._ready.clear()
            await self._ready.wait()
        data = bytes(self._inbox[:limit])
        del self._inbox[:limit]
        return data

    async def write(self, data: bytes) -> None:
        """Hand ``data`` to the far end."""
        if self._peer is None or self._peer._ended:
            raise DeviceGone("the far end of the wire is closed", subject="memory")
        self._peer._inbox += data
        self._peer._ready.set()

    async def close(self) -> None:
        """Both ends see the end of the stream."""
        for end in (self, self._peer):
            if end is not None:
                end._ended = True
                end._ready.set()


def memory_pair() -> tuple[MemoryStream, MemoryStream]:
    """Two ends of one wire."""
    left, right = MemoryStream(), MemoryStream()
    left._peer, right._peer = right, left
    return left, right


def memory_connect(serve: Callable[[ByteStream], Awaitable[None]]) -> Connect:
    """A connector to an in-process server; each call serves one fresh wire in a task of its own."""
    tasks: set[asyncio.Task[None]] = set()

    async def connect() -> ByteStream:
        near, far = memory_pair()

        async def host() -> None:
            await serve(far)

        task = asyncio.get_running_loop().create_task(host())
        tasks.add(task)
        task.add_done_callback(tasks.discard)
        return near

    return connect


def connector(endpoint: str) -> Connect:
    """A connector for an endpoint text; raises ConfigError when the text is not an endpoint."""
    parts = urlsplit(endpoint)
    try:
        if parts.scheme == "tcp" and parts.hostname and parts.port:
            return _tcp(parts.hostname, parts.port)
        if parts.scheme == "serial" and parts.path:
            return _serial(parts.path, baud_of(endpoint), _parity_of(endpoint))
    except ValueError as error:
        raise ConfigError(f"not an endpoint ({error})", subject=endpoint, remedy=_ENDPOINT_HINT) from error
    raise ConfigError("not an endpoint", subject=endpoint, remedy=_ENDPOINT_HINT)


def baud_of(endpoint: str) -> int:
    """The baud rate that a serial endpoint names, 115200 when it names none; raises ConfigError."""
    written = parse_qs(urlsplit(endpoint).query).get("baud", ["115200"])[0]
    if not (written.isascii() and written.isdigit() and int(written)):
        raise ConfigError(
            f"not an endpoint (baud {written!r} is no speed)", subject=endpoint, remedy=_ENDPOINT_HINT
        )
    return int(written)


def _parity_of(endpoint: str) -> str:
    """N, E or O as a serial endpoint names it, N when it names none; ValueError for any other."""
    parity = parse_qs(urlsplit(endpoint).query).get("parity", ["N"])[0].upper()
    if parity not in ("N", "E", "O"):
        raise ValueError(f"parity {parity!r} is none of N, E, O")
    return parity


_ENDPOINT_HINT = "Write tcp://HOST:PORT or serial:///dev/ttyUSB0?baud=115200."


def _tcp(host: str, port: int) -> Connect:
    name = f"tcp://{host}:{port}"

    async def connect() -> ByteStream:
        try:
            async with asyncio.timeout(_CONNECT_SECONDS):
                reader, writer = await asyncio.open_connection(host, port)
        except (OSError, TimeoutError) as error:
            raise _gone(name, error) from error
        return TcpStream(reader, writer, name)

    return connect


def _serial(path: str, baud: int, parity: str) -> Connect:
    async def connect() -> ByteStream:
        try:
            port = serial.Serial(path, baudrate=baud, parity=parity, timeout=0, exclusive=True)
        except (OSError, serial.SerialException) as error:
            raise _gone(path, error) from error
        return SerialStream(port, path)

    return connect


def _gone(name: str, error: BaseException) -> DeviceGone:
    text = str(error) or type(error).__name__
    return DeviceGone(f"no connection ({text})", subject=name, remedy="Check power, cable and address.")
