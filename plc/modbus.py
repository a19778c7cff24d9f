"""Modbus, client side: bytes in, bytes out, for TCP (MBAP) and serial lines (RTU).

Sources: MODBUS Application Protocol Specification 1.1b3 (function codes 3, 6, 16, 23 and exceptions, chapters
6 and 7); MODBUS Messaging on TCP/IP 1.0b (MBAP header, chapter 3); MODBUS over Serial Line 1.02 (RTU frame,
CRC and silent intervals, chapter 2.5.1 and appendix B).

RTU has no transaction number: an answer that comes after its timeout would be taken for the next request's.
So after anything odd the client stays quiet until the line has been silent for one full timeout, drops what
came, and raises its ``suspect`` flag; whoever uses the values clears it once an echo proves that request and
answer belong together again.
"""

from __future__ import annotations

import struct
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, Protocol

from workcell.kernel.errors import DeviceFault, DeviceGone
from workcell.kernel.ports import ByteStream, Clock

READ_HOLDING = 3
WRITE_SINGLE = 6
WRITE_MULTIPLE = 16
READ_WRITE = 23
_EXCEPTION = 0x80
_LOOK_AT_ADDRESSES = "Check the base addresses in the manifest."
_LOOK_AT_UNIT = (
    "Check the unit id in the manifest; the device behind a gateway does not answer under this one."
)
_LOOK_AT_LOAD = "See what keeps the device busy; retries in the manifest says how often it is asked again."
_EXCEPTIONS = {
    1: ("does not know the function", "Serve functions 3, 6 and 16; set fc23 in the manifest as it is."),
    2: ("has no such registers", _LOOK_AT_ADDRESSES),
    3: ("does not take the value", "Set max_block in the manifest to what one read may carry."),
    4: ("failed", "See to the device."),
    5: ("needs long", _LOOK_AT_LOAD),
    6: ("is busy", _LOOK_AT_LOAD),
    10: ("can't be reached", _LOOK_AT_UNIT),
    11: ("does not answer its gateway", _LOOK_AT_UNIT),
}
_BITS_PER_BYTE = 11
_FAST_BAUD = 19200
_FAST_SILENCE = 0.00175
_BABBLE_SECONDS = 5.0
_LEAST_LISTENING = 0.00005
_BUSY = (5, 6)  # acknowledge, server device busy: the same request may be taken later
_BUSY_SECONDS = 0.02


class BadFrame(Exception):
    """The bytes are no answer to the request; the text says why."""


class ModbusRefusal(DeviceFault):
    """The device answered with an exception code."""


class DeviceBusy(ModbusRefusal):
    """The device answered that it is busy: asked again, it may do it."""


# --- requests and answers --------------------------------------------------------------------------------


@dataclass(frozen=True)
class Request:
    """One request PDU, and what its answer must look like: PDU bytes and the fixed bytes it begins with."""

    pdu: bytes
    answer_bytes: int
    answer_head: bytes
    registers: int = 0

    @property
    def function(self) -> int:
        """The function code."""
        return self.pdu[0]

    def parse(self, pdu: bytes) -> tuple[int, ...]:
        """Give the registers of an answer (none for a write).

        Raises ModbusRefusal for an exception answer, BadFrame for an answer to another request.
        """
        if len(pdu) == 2 and pdu[0] == self.function | _EXCEPTION:
            raise _refusal(pdu[1])
        if len(pdu) != self.answer_bytes or not pdu.startswith(self.answer_head):
            raise BadFrame(
                f"answer {pdu[:8].hex()} of {len(pdu)} bytes does not fit function {self.function}"
            )
        return struct.unpack(f">{self.registers}H", pdu[2:]) if self.registers else ()


def _refusal(code: int) -> ModbusRefusal:
    text, remedy = _EXCEPTIONS.get(code, ("refused", _LOOK_AT_ADDRESSES))
    kind = DeviceBusy if code in _BUSY else ModbusRefusal
    return kind(f"the device {text} (Modbus exception {code})", remedy=remedy)


def read_request(address: int, count: int) -> Request:
    """Read ``count`` (1 to 125) holding registers: function 3."""
    head = bytes((READ_HOLDING, 2 * count))
    return Request(struct.pack(">BHH", READ_HOLDING, address, count), 2 + 2 * count, head, count)


def write_single_request(address: int, value: int) -> Request:
    """Write one holding register: function 6."""
    pdu = struct.pack(">BHH", WRITE_SINGLE, address, value)
    return Request(pdu, len(pdu), pdu)


def write_request(address: int, values: Sequence[int]) -> Request:
    """Write 1 to 123 holding registers in one frame: function 16."""
    head = struct.pack(">BHH", WRITE_MULTIPLE, address, len(values))
    return Request(head + _counted(values), len(head), head)


def read_write_request(address: int, count: int, write_address: int, values: Sequence[int]) -> Request:
    """Write up to 121 registers, then read ``count`` (1 to 125), in one transaction: function 23."""
    pdu = struct.pack(">BHHHH", READ_WRITE, address, count, write_address, len(values)) + _counted(values)
    return Request(pdu, 2 + 2 * count, bytes((READ_WRITE, 2 * count)), count)


def _counted(values: Sequence[int]) -> bytes:
    return struct.pack(f">B{len(values)}H", 2 * len(values), *values)


# --- framing ---------------------------------------------------------------------------------------------


def _crc_table() -> tuple[int, ...]:
    table = []
    for byte in range(256):
        crc = byte
        for _ in range(8):
            crc = (crc >> 1) ^ 0xA001 if crc & 1 else crc >> 1
        table.append(crc)
    return tuple(table)


_CRC = _crc_table()


def crc16(data: bytes) -> int:
    """CRC-16 of a serial frame (polynomial 0xA001 reflected, start 0xFFFF); sent low byte first."""
    crc = 0xFFFF
    for byte in data:
        crc = (crc >> 8) ^ _CRC[(crc ^ byte) & 0xFF]
    return crc


class Framer(Protocol):
    """Frames for one kind of wire.

    ``silence`` is the pause in seconds that must precede a request, ``byte_seconds`` what a byte takes.
    """

    silence: float
    byte_seconds: float
    numbered: bool
    """Whether an answer names its request, so that a late one can be told from the right one."""

    def encode(self, unit: int, request: Request) -> bytes:
        """Frame a request."""
        ...

    def take(self, buffer: bytearray, unit: int, request: Request) -> bytes | None:
        """Take the answer's PDU out of ``buffer``; None when more bytes are needed.

        Raises BadFrame when what stands there is no answer from ``unit`` to the last encoded request.
        """
        ...

    def seconds(self, request: Request) -> float:
        """Give the time that request and answer take on the wire."""
        ...


class MbapFramer:
    """Modbus TCP: every frame is numbered, so that a late answer is dropped."""

    silence = 0.0
    byte_seconds = 0.0
    numbered = True

    def __init__(self) -> None:
        self._number = 0

    def encode(self, unit: int, request: Request) -> bytes:
        """Frame a request under the next transaction number."""
        self._number = (self._number + 1) & 0xFFFF
        return struct.pack(">HHHB", self._number, 0, len(request.pdu) + 1, unit) + request.pdu

    def take(self, buffer: bytearray, unit: int, request: Request) -> bytes | None:
        """Take the answer to the last request, dropping late ones; raises DeviceGone for other bytes."""
        while len(buffer) >= 8:
            number, protocol, length, from_unit = struct.unpack_from(">HHHB", buffer)
            if protocol != 0 or not 2 <= length <= 254:
                # a byte stream that has lost its place can't be found again
                raise DeviceGone(
                    f"no Modbus TCP frame ({bytes(buffer[:8]).hex()})", subject="PLC",
                    remedy="Is this port a Modbus TCP server?",
                )  # fmt: skip
            if len(buffer) < 6 + length:
                return None
            pdu = bytes(buffer[7 : 6 + length])
            del buffer[: 6 + length]
            if number == self._number and from_unit == unit:
                return pdu
        return None

    def seconds(self, request: Request) -> float:
        """Give nothing: a network is as good as immediate."""
        return 0.0


class RtuFramer:
    """Modbus RTU at ``baud``: address, PDU, CRC; frames are told apart by length, CRC and silence."""

    numbered = False

    def __init__(self, baud: int) -> None:
        self.byte_seconds = _BITS_PER_BYTE / baud
        self.silence = _FAST_SILENCE if baud > _FAST_BAUD else 3.5 * self.byte_seconds

    def encode(self, unit: int, request: Request) -> bytes:
        """Frame a request."""
        frame = bytes((unit,)) + request.pdu
        return frame + struct.pack("<H", crc16(frame))

    def take(self, buffer: bytearray, unit: int, request: Request) -> bytes | None:
        """Take the answer; raises BadFrame for a wrong sender, function, length or CRC."""
        if len(buffer) < 2:
            return None
        if buffer[0] != unit or buffer[1] & ~_EXCEPTION != request.function:
            raise BadFrame(f"answer of unit {buffer[0]}, function {buffer[1]}")
        length = 5 if buffer[1] & _EXCEPTION else request.answer_bytes + 3
        if len(buffer) < length:
            return None
        if len(buffer) > length:
            raise BadFrame(f"{len(buffer) - length} bytes after the answer")
        frame = bytes(buffer)
        buffer.clear()
        if struct.unpack("<H", frame[-2:])[0] != crc16(frame[:-2]):
            raise BadFrame("wrong CRC")
        return frame[1:-2]

    def seconds(self, request: Request) -> float:
        """Give the time that request and answer take at this speed."""
        return (len(request.pdu) + request.answer_bytes + 6) * self.byte_seconds + 2 * self.silence


# --- transactions ----------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Patience:
    """How long an answer may take beyond its transmission (seconds), and how often to ask again."""

    reply_seconds: float
    retries: int


class ModbusClient:
    """One master on one wire; transactions go one at a time, which the caller sees to.

    ``suspect`` is set when an answer was missing or strange on a wire without transaction numbers, and is
    cleared by ``trust``.
    """

    def __init__(
        self, stream: ByteStream, framer: Framer, clock: Clock, *, unit: int, patience: Patience
    ) -> None:
        self._stream = stream
        self._framer = framer
        self._clock = clock
        self._unit = unit
        self._patience = patience
        self._buffer = bytearray()
        self._heard = clock.now()
        self.suspect = False
        self.delivered = clock.now()
        """When the last request had reached the far end, by the speed of the wire."""

    @property
    def kind(self) -> Literal["tcp", "rtu"]:
        """What the wire is like."""
        return "tcp" if self._framer.numbered else "rtu"

    async def read(self, address: int, count: int) -> tuple[int, ...]:
        """Read ``count`` registers (function 3)."""
        return await self.run(read_request(address, count))

    async def write(self, address: int, values: Sequence[int]) -> None:
        """Write registers in one frame (function 16)."""
        await self.run(write_request(address, values))

    async def run(self, request: Request, retries: int | None = None) -> tuple[int, ...]:
        """Carry out a request; again after a missing or strange answer, or where the device is busy.

        That is safe because writes are idempotent.  Raises DeviceGone when no try was answered, ModbusRefusal
        when the device said no, or was busy at the last try too.
        """
        tries = 1 + (self._patience.retries if retries is None else retries)
        problem = ""
        for left in reversed(range(tries)):
            try:
                return await self._try(request)
            except DeviceBusy:
                if not left:
                    raise
                await self._clock.sleep(_BUSY_SECONDS)
                continue
            except TimeoutError:
                problem = "no answer in time"
            except BadFrame as error:
                problem = str(error)
            await self._settle(request)
        raise DeviceGone(
            f"no valid answer in {tries} tries ({problem})",
            subject="PLC",
            remedy="Check power, cable, address.",
        )

    async def send_raw(self, data: bytes) -> None:
        """Send bytes as they are: noise, for whoever tests the far end."""
        await self._stream.write(data)

    async def listen(self, seconds: float) -> bytes:
        """Give what comes within ``seconds`` without being asked for."""
        self._buffer.clear()
        while await self._heard_something(seconds):
            pass
        heard = bytes(self._buffer)
        self._buffer.clear()
        return heard

    def trust(self) -> None:
        """Declare that requests and answers belong together again."""
        self.suspect = False

    async def close(self) -> None:
        """Close the wire."""
        await self._stream.close()

    async def _try(self, request: Request) -> tuple[int, ...]:
        if not self._framer.numbered:
            await self._before_sending()
        frame = self._framer.encode(self._unit, request)
        self.delivered = self._clock.now() + len(frame) * self._framer.byte_seconds
        await self._stream.write(frame)
        async with self._clock.timeout(self._patience.reply_seconds + self._framer.seconds(request)):
            pdu = await self._answer(request)
        return request.parse(pdu)

    async def _answer(self, request: Request) -> bytes:
        while (pdu := self._framer.take(self._buffer, self._unit, request)) is None:
            await self._more()
        return pdu

    async def _more(self) -> None:
        data = await self._stream.read()
        if not data:
            raise DeviceGone("the far end has closed the wire", subject="PLC", remedy="Check the PLC.")
        self._buffer += data
        self._heard = self._clock.now()

    async def _before_sending(self) -> None:
        """Hear the rest of the silent interval; bytes that nobody asked for make the wire suspect."""
        rest = self._heard + self._framer.silence - self._clock.now()
        if self._buffer or await self._heard_something(max(rest, _LEAST_LISTENING)):
            self.suspect = True
            await self._hear_silence(self._framer.silence)

    async def _settle(self, request: Request) -> None:
        """After trouble: a fresh frame number, or on a serial line silence for one full timeout."""
        if not self._framer.numbered:
            self.suspect = True
            await self._hear_silence(self._patience.reply_seconds + self._framer.seconds(request))

    async def _hear_silence(self, seconds: float) -> None:
        """Drop what comes until nothing came for ``seconds``; raises DeviceGone on a line that babbles."""
        deadline = self._clock.now() + _BABBLE_SECONDS
        self._buffer.clear()
        while await self._heard_something(seconds):
            self._buffer.clear()
            if self._clock.now() > deadline:
                raise DeviceGone("the line is never silent", subject="PLC", remedy="Check wiring and speed.")

    async def _heard_something(self, seconds: float) -> bool:
        try:
            async with self._clock.timeout(seconds):
                await self._more()
        except TimeoutError:
            return False
        return True
