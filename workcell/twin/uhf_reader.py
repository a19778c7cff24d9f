"""A UHF reader as the host sees it: LLRP messages on a TCP connection, Gen2 tags in its field.

The emulator reads and makes the messages' bytes by itself, so that the driver's codec is not its own judge.
Known are the messages that one round with one operation takes; any other is answered as not supported.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Final, Protocol

from workcell.kernel.errors import DeviceGone
from workcell.kernel.ports import ByteStream, Clock

_HEADER: Final = struct.Struct("!HII")
_VERSION: Final = 1 << 10
_RESPONSE: Final = {3: 13, 20: 30, 21: 31, 22: 32, 24: 34, 40: 50, 41: 51, 42: 52, 14: 4}
_SET_CONFIG, _ADD_RO, _DELETE_RO, _START_RO, _ADD_ACCESS, _DELETE_ACCESS, _ENABLE_ACCESS, _CLOSE = (
    3, 20, 21, 22, 40, 41, 42, 14,
)  # fmt: skip
_REPORT, _EVENT, _ERROR = 61, 63, 100
_STATUS, _TAG_REPORT, _EPC_DATA, _EVENT_DATA, _TIMESTAMP, _ROUND_EVENT, _CONNECTION_EVENT = (
    287, 240, 241, 246, 128, 249, 256,
)  # fmt: skip
_ACCESS_SPEC, _ACCESS_COMMAND, _TAG_SPEC, _TARGET, _READ, _WRITE = 207, 209, 338, 339, 341, 342
_READ_RESULT, _WRITE_RESULT = 349, 350
_EPC, _TID, _USER = 1, 2, 3
_OK, _NO_RESPONSE, _OVERRUN = 0, 2, 4
_UNSUPPORTED: Final = 109
_ROUND_SECONDS: Final = 0.3
_MESSAGE_SECONDS: Final = 0.001
_CRC_BYTES: Final = 2


@dataclass
class UhfTag:
    """A Gen2 tag: TID, EPC bank from the PC word on, user memory; ``write_fails`` writes are lost."""

    tid: bytes
    bank: bytearray = field(default_factory=lambda: bytearray.fromhex("3000E20034120134567890123456"))
    user: bytearray = field(default_factory=lambda: bytearray(64))
    write_fails: int = 0

    def memory(self, bank: int) -> bytes:
        """A bank as the air interface shows it; the CRC before the PC word is the chip's own."""
        return {_EPC: bytes(_CRC_BYTES) + bytes(self.bank), _TID: self.tid, _USER: bytes(self.user)}.get(
            bank, b""
        )


class UhfField(Protocol):
    """The part of the world that a reader touches."""

    def tags_in_field(self, reader: str) -> Sequence[UhfTag]:
        """The tags that the reader's antennas reach now."""
        ...


@dataclass(frozen=True)
class _Operation:
    """What an AccessSpec asks for."""

    mask: bytes
    tid: bytes
    bank: int
    word: int
    count: int
    data: bytes | None

    def selects(self, tag: UhfTag) -> bool:
        """Whether the tag's TID has the asked bits."""
        pairs = zip(self.mask, self.tid, tag.tid, strict=False)
        return len(self.tid) <= len(tag.tid) and all(a & b == a & c for a, b, c in pairs)


class LlrpReader:
    """One reader of the twin.  Its faults are attributes that may be set at any time.

    ``silent`` takes messages and answers nothing; ``lost_reports`` counts down rounds whose report never
    arrives though they were carried out; ``power_fails_after_words`` cuts the field after so many more
    written words; ``deaf_tids`` are tags that answer and do not tell their TID.
    """

    def __init__(self, world: UhfField, name: str, clock: Clock) -> None:
        self.name = name
        self.silent = False
        self.lost_reports = 0
        self.power_fails_after_words: int | None = None
        self.deaf_tids: set[bytes] = set()
        self.writes: list[bytes] = []
        self._world = world
        self._clock = clock
        self._operation: _Operation | None = None
        self._number = 0

    async def serve(self, stream: ByteStream) -> None:
        """Answer the messages of one connection until it closes."""
        self._operation = None
        buffer = bytearray()
        try:
            await stream.write(self._event(_tlv(_CONNECTION_EVENT, struct.pack("!H", 0))))
            while data := await stream.read():
                buffer += data
                for kind, number, body in _messages(buffer):
                    for answer in await self._answer(kind, number, body):
                        await stream.write(answer)
        except DeviceGone:
            return

    async def _answer(self, kind: int, number: int, body: bytes) -> list[bytes]:
        if self.silent:
            return []
        await self._clock.sleep(_MESSAGE_SECONDS)
        if kind not in _RESPONSE:
            return [_message(_ERROR, number, _status(_UNSUPPORTED, "not supported"))]
        if kind == _ADD_ACCESS:
            self._operation = _operation(body)
        if kind == _DELETE_ACCESS:
            self._operation = None
        answers = [_message(_RESPONSE[kind], number, _status(0, ""))]
        if kind == _START_RO:
            answers += await self._round()
        return answers

    async def _round(self) -> list[bytes]:
        await self._clock.sleep(_ROUND_SECONDS)
        tags = list(self._world.tags_in_field(self.name))
        reports = b"".join(self._report(tag) for tag in tags)
        if self.lost_reports:
            self.lost_reports -= 1
            return []
        self._number += 1
        ended = _tlv(_ROUND_EVENT, struct.pack("!BII", 1, 1, 0))
        return [*([_message(_REPORT, self._number, reports)] if tags else []), self._event(ended)]

    def _report(self, tag: UhfTag) -> bytes:
        epc = bytes(tag.bank[2 : 2 + 2 * (tag.bank[0] >> 3)])
        body = _tlv(_EPC_DATA, struct.pack("!H", len(epc) * 8) + epc)
        if self._operation is not None and self._operation.selects(tag):
            body += self._act(tag, self._operation)
        return _tlv(_TAG_REPORT, body)

    def _act(self, tag: UhfTag, operation: _Operation) -> bytes:
        start = operation.word * 2
        if operation.data is not None:
            result, words = self._write(tag, operation, start)
            return _tlv(_WRITE_RESULT, struct.pack("!BHH", result, 1, words))
        memory = tag.memory(operation.bank)
        end = start + operation.count * 2 if operation.count else len(memory)
        if operation.bank == _TID and tag.tid in self.deaf_tids:
            return _tlv(_READ_RESULT, struct.pack("!BHH", _NO_RESPONSE, 1, 0))
        if end > len(memory) or not memory:
            return _tlv(_READ_RESULT, struct.pack("!BHH", _OVERRUN, 1, 0))
        data = memory[start:end]
        return _tlv(_READ_RESULT, struct.pack("!BHH", _OK, 1, len(data) // 2) + data)

    def _write(self, tag: UhfTag, operation: _Operation, start: int) -> tuple[int, int]:
        """Result and number of words written, one after the other."""
        data = operation.data or b""
        target, shift = (tag.bank, _CRC_BYTES) if operation.bank == _EPC else (tag.user, 0)
        if start < shift or start - shift + len(data) > len(target):
            return _OVERRUN, 0
        self.writes.append(tag.tid)
        if tag.write_fails:
            tag.write_fails -= 1
            return _NO_RESPONSE, 0
        for at in range(0, len(data), 2):
            if self.power_fails_after_words is not None:
                if self.power_fails_after_words == 0:
                    return _NO_RESPONSE, at // 2
                self.power_fails_after_words -= 1
            target[start - shift + at : start - shift + at + 2] = data[at : at + 2]
        return _OK, len(data) // 2

    def _event(self, parameter: bytes) -> bytes:
        self._number += 1
        stamp = _tlv(_TIMESTAMP, struct.pack("!Q", int(self._clock.wall().timestamp() * 1_000_000)))
        return _message(_EVENT, self._number, _tlv(_EVENT_DATA, stamp + parameter))


# --- bytes -----------------------------------------------------------------------------------------------


def _message(kind: int, number: int, body: bytes) -> bytes:
    return _HEADER.pack(_VERSION | kind, _HEADER.size + len(body), number) + body


def _messages(buffer: bytearray) -> Iterator[tuple[int, int, bytes]]:
    """Take the whole messages out of the buffer: kind, number, body."""
    while len(buffer) >= _HEADER.size:
        head, length, number = _HEADER.unpack_from(buffer)
        if len(buffer) < length:
            return
        body = bytes(buffer[_HEADER.size : length])
        del buffer[:length]
        yield head & 0x3FF, number, body


def _tlv(kind: int, body: bytes) -> bytes:
    return struct.pack("!HH", kind, 4 + len(body)) + body


def _parameters(data: bytes) -> Iterator[tuple[int, bytes]]:
    while len(data) >= 4:
        kind, length = struct.unpack_from("!HH", data)
        yield kind & 0x3FF, data[4:length]
        data = data[length:]


def _status(code: int, text: str) -> bytes:
    return _tlv(_STATUS, struct.pack("!HH", code, len(text)) + text.encode())


def _operation(body: bytes) -> _Operation | None:
    """The operation of an ADD_ACCESSSPEC."""
    ((kind, spec),) = list(_parameters(body))
    if kind != _ACCESS_SPEC:
        return None
    command = dict(_parameters(spec[12:]))[_ACCESS_COMMAND]
    parts = dict(_parameters(command))
    target = dict(_parameters(parts[_TAG_SPEC]))[_TARGET]
    (bits,) = struct.unpack_from("!H", target, 3)
    mask = target[5 : 5 + bits // 8]
    tid = target[5 + bits // 8 + 2 :]
    kind = _WRITE if _WRITE in parts else _READ
    _, _, bank, word, count = struct.unpack_from("!HIBHH", parts[kind])
    data = parts[kind][11:] if kind == _WRITE else None
    return _Operation(mask, tid, bank >> 6, word, count, data)
