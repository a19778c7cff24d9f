"""Hosts of a soft PLC: Modbus TCP on the network, Modbus over any byte stream, and the scan task.

pymodbus is the only code here that knows Modbus, so that the product's own framer always meets an independent
peer.  This is the one module that touches pymodbus (its names move between minor releases; the range is
pinned).
"""

from __future__ import annotations

import asyncio

from pymodbus.constants import ExcCodes
from pymodbus.exceptions import ModbusIOException
from pymodbus.framer import FramerRTU, FramerSocket
from pymodbus.pdu import DecodePDU, ExceptionResponse
from pymodbus.simulator import DataType, SimData, SimDevice
from pymodbus.simulator.simcore import SimCore

from plc.image import Image
from plc.softplc import SoftPlc
from workcell.kernel.errors import BadInput, DeviceGone
from workcell.kernel.ports import ByteStream, Clock
from workcell.kernel.streams import TcpStream

_ADDRESSES = 0x10000
_FRAME_GAP = 0.05
_SILENCE = b"(silence)"
_FUNCTION_AT: dict[type, int] = {FramerSocket: 7, FramerRTU: 1}  # behind MBAP header or unit id
_HOLDING_FUNCTIONS = (3, 6, 16, 23)


def _device(image: Image, unit: int) -> SimDevice:
    """Give a pymodbus device whose registers are the image's, read and written at each request."""

    async def access(
        function: int, start: int, address: int, count: int, registers: list[int], values: list[int] | None
    ) -> ExcCodes | None:
        if function not in _HOLDING_FUNCTIONS:
            return ExcCodes.ILLEGAL_FUNCTION
        try:
            if values is not None:
                image.write(address, values)
            registers[address - start : address - start + count] = image.read(address, count)
        except BadInput:
            return ExcCodes.ILLEGAL_ADDRESS
        return None

    data = SimData(0, values=0, count=_ADDRESSES, datatype=DataType.REGISTERS)
    return SimDevice(unit, simdata=[data], action=access)


def _illegal_function(error: ModbusIOException, function: int) -> ExceptionResponse:
    return ExceptionResponse(
        function, ExcCodes.ILLEGAL_FUNCTION, device_id=error.dev_id, transaction=error.transaction_id
    )


class PlcHost:
    """Scans a soft PLC and serves its registers."""

    def __init__(self, plc: SoftPlc, clock: Clock, *, scan_ms: int = 20, unit: int = 1) -> None:
        self.plc = plc
        self._clock = clock
        self._scan_seconds = scan_ms / 1000
        self._context = SimCore(_device(plc.image, unit))
        self._unit = unit
        self._server: asyncio.Server | None = None
        self._streams: set[TcpStream] = set()

    async def run(self) -> None:
        """Scan at a fixed cadence until cancelled; a scan that came late is not made up for."""
        due = self._clock.now()
        while True:
            now = self._clock.now()
            self.plc.scan(now)
            due = max(due + self._scan_seconds, now)
            await self._clock.sleep(max(0.0, due - self._clock.now()))

    async def listen(self, host: str = "127.0.0.1", port: int = 0) -> int:
        """Serve Modbus TCP; the port that it listens on.  Raises DeviceGone when the address is taken."""
        try:
            self._server = await asyncio.start_server(self._connected, host, port)
        except OSError as error:
            raise DeviceGone(
                "can't listen", subject=f"{host}:{port}", remedy="Is another PLC running there?"
            ) from error
        return int(self._server.sockets[0].getsockname()[1])

    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        stream = TcpStream(reader, writer, "host")
        self._streams.add(stream)
        try:
            await self.serve(stream)
        finally:
            self._streams.discard(stream)
            await stream.close()

    async def serve(self, stream: ByteStream) -> None:
        """Serve Modbus TCP frames on one stream until it closes."""
        await self._serve(stream, FramerSocket(DecodePDU(True)), gap=None)

    async def serve_rtu(self, stream: ByteStream) -> None:
        """Serve Modbus RTU frames on one stream until it closes; a broken frame ends with silence."""
        await self._serve(stream, FramerRTU(DecodePDU(True)), gap=_FRAME_GAP)

    async def _serve(self, stream: ByteStream, framer: FramerSocket | FramerRTU, gap: float | None) -> None:
        buffer = b""
        try:
            while data := await self._read(stream, gap if buffer else None):
                if data is _SILENCE:
                    buffer = b""
                    continue
                buffer = await self._answer_all(stream, framer, buffer + data)
        except DeviceGone:
            return

    async def _read(self, stream: ByteStream, gap: float | None) -> bytes:
        if gap is None:
            return await stream.read()
        try:
            async with self._clock.timeout(gap):
                return await stream.read()
        except TimeoutError:
            return _SILENCE

    async def _answer_all(self, stream: ByteStream, framer: FramerSocket | FramerRTU, buffer: bytes) -> bytes:
        while buffer:
            try:
                used, pdu = framer.handleFrame(buffer, 0, 0)
            except ModbusIOException as error:
                place = _FUNCTION_AT[type(framer)]
                await stream.write(framer.buildFrame(_illegal_function(error, buffer[place])))
                return b""
            buffer = buffer[used:]
            if pdu is None:
                return buffer
            if pdu.dev_id == self._unit:
                answer = await pdu.datastore_update(self._context, pdu.dev_id)
                answer.dev_id, answer.transaction_id = pdu.dev_id, pdu.transaction_id
                await stream.write(framer.buildFrame(answer))
        return buffer

    async def close(self) -> None:
        """Stop listening and drop the connections."""
        if self._server is not None:
            self._server.close()
            for stream in tuple(self._streams):
                await stream.close()
            await self._server.wait_closed()
            self._server = None
