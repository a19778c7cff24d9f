"""A FEIG reader as the host sees it: advanced protocol frames on a serial line, ISO 15693 tags in its field.

The emulator keeps its own idea of the frames (STX · length · address · command · data · CRC-16 8408) and of
what the ISO host commands (B0) do to tags.  As with a real reader a changing command without a UID reaches
every tag in the field.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final, Protocol

from workcell.kernel.errors import DeviceGone
from workcell.kernel.ports import ByteStream, Clock

_ISO_HOST: Final = 0xB0
_RF_RESET: Final = 0x69
_ANY_ADDRESS: Final = 0xFF
_TR_TYPE: Final = 0x03
_IC_REFERENCE: Final = 0x01
_ENTRIES_AN_ANSWER: Final = 16

_OK, _NO_TAG, _WRITE_ERROR, _UNKNOWN, _LENGTH, _MORE_DATA, _ISO_ERROR = (
    0x00,
    0x01,
    0x03,
    0x80,
    0x81,
    0x94,
    0x95,
)
_NOT_SUPPORTED, _NO_BLOCK, _ALREADY_LOCKED, _LOCKED = 0x01, 0x10, 0x11, 0x12

_INVENTORY_SECONDS: Final = 0.03
_RESET_SECONDS: Final = 0.006
_COMMAND_SECONDS: Final = 0.006
_READ_BLOCK_SECONDS: Final = 0.007
_WRITE_BLOCK_SECONDS: Final = 0.018


class Tag(Protocol):
    """An ISO 15693 tag of the world; the reader changes it."""

    uid: str
    block_size: int
    memory: bytearray
    afi: int
    dsfid: int
    locked: set[int]
    write_fails: int


class Field(Protocol):
    """The part of the world that a reader touches."""

    def tags_in_field(self, reader: str) -> Sequence[Tag]:
        """The tags that the reader's antenna reaches now."""
        ...


class FeigReader:
    """One reader of the twin.  Its faults are attributes that may be set at any time.

    ``silent`` takes frames and answers nothing; ``lost_answers`` counts down answers that never arrive
    though the command was carried out; ``weak_writes_answer_ok`` says whether a tag whose writes are lost
    (``write_fails``) is reported as written or as a write error; ``power_fails_after_blocks`` cuts the
    field after so many more written blocks, None never; with ``multi_block`` off, chips refuse to write
    more than one block at a time, with ``block_security`` off to tell their lock map; ``new_tags_only``
    leaves a tag that was listed quiet until the field has been off; ``answers_as`` puts another UID into what
    a tag says of itself.
    """

    def __init__(self, world: Field, name: str, clock: Clock, *, address: int = 0) -> None:
        self.name = name
        self.address = address
        self.silent = False
        self.lost_answers = 0
        self.weak_writes_answer_ok = True
        self.power_fails_after_blocks: int | None = None
        self.multi_block = True
        self.block_security = True
        self.new_tags_only = False
        self.answers_as = ""
        self.commands: list[int] = []
        self._world = world
        self._clock = clock
        self._told: list[str] = []
        self._quiet: set[str] = set()

    async def serve(self, stream: ByteStream) -> None:
        """Answer the frames of one connection until it closes."""
        buffer = bytearray()
        try:
            while data := await stream.read():
                buffer += data
                while (frame := _next_frame(buffer)) is not None:
                    answer = await self._answer(frame)
                    if answer is not None:
                        await stream.write(answer)
        except DeviceGone:
            return

    async def _answer(self, frame: bytes) -> bytes | None:
        address, command = frame[3], frame[4]
        if address not in (_ANY_ADDRESS, self.address) or self.silent:
            return None
        reply = await self._carry_out(command, frame[5:-2])
        if self.lost_answers:
            self.lost_answers -= 1
            return None
        body = bytes([self.address, command, reply.status]) + reply.data
        head = b"\x02" + (len(body) + 5).to_bytes(2, "big") + body
        return head + _crc(head).to_bytes(2, "little")

    async def _carry_out(self, command: int, request: bytes) -> _Reply:
        if command == _ISO_HOST:
            return await self._iso(request)
        if command == _RF_RESET:
            await self._clock.sleep(_RESET_SECONDS)
            self._quiet.clear()
            return _Reply(_OK)
        return _Reply(_UNKNOWN)

    async def _iso(self, request: bytes) -> _Reply:
        if len(request) < 2:
            return _Reply(_LENGTH)
        code, mode = request[0], request[1]
        self.commands.append(code)
        if code == 0x01:
            await self._clock.sleep(_INVENTORY_SECONDS)
            return self._inventory(more=bool(mode & 0x80))
        command = _COMMANDS.get(code)
        if command is None:
            return _Reply(_UNKNOWN)
        addressed = mode & 0x07 == 0x01
        if addressed and len(request) < 10:
            return _Reply(_LENGTH)
        parameters = request[10:] if addressed else request[2:]
        await self._clock.sleep(command.seconds(parameters))
        present = self._world.tags_in_field(self.name)
        uid = request[2:10].hex().upper()
        tags = [tag for tag in present if not addressed or tag.uid == uid]
        if not tags:
            return _Reply(_NO_TAG)
        replies = [command.act(self, tag, parameters) for tag in tags]
        return replies[0]

    def _inventory(self, more: bool) -> _Reply:
        tags = [tag for tag in self._world.tags_in_field(self.name) if tag.uid not in self._quiet]
        if not more:
            self._told = []
        fresh = [tag for tag in tags if tag.uid not in self._told]
        listed = fresh[:_ENTRIES_AN_ANSWER]
        self._told += [tag.uid for tag in listed]
        if self.new_tags_only:
            self._quiet.update(self._told)
        if not listed:
            return _Reply(_NO_TAG)
        entries = b"".join(bytes([_TR_TYPE, tag.dsfid]) + bytes.fromhex(tag.uid) for tag in listed)
        return _Reply(_MORE_DATA if len(listed) < len(fresh) else _OK, bytes([len(listed)]) + entries)

    # --- what a tag does ---------------------------------------------------------------------------------

    def read(self, tag: Tag, parameters: bytes) -> _Reply:
        """Lock state and data of blocks."""
        first, count = parameters[0], max(1, parameters[1])
        if first + count > _blocks(tag):
            return _iso_error(_NO_BLOCK, first)
        out = bytearray([count, tag.block_size])
        for number in range(first, first + count):
            out.append(int(number in tag.locked))
            out += tag.memory[number * tag.block_size : (number + 1) * tag.block_size]
        return _Reply(_OK, bytes(out))

    def write(self, tag: Tag, parameters: bytes) -> _Reply:
        """Blocks into memory, one after the other."""
        first, count, size = parameters[:3]
        if len(parameters) != 3 + count * size:
            return _Reply(_LENGTH)
        if count > 1 and not self.multi_block:
            return _iso_error(_NOT_SUPPORTED, first)
        if first + count > _blocks(tag) or size != tag.block_size:
            return _iso_error(_NO_BLOCK, first)
        if tag.write_fails:
            tag.write_fails -= 1
            return _Reply(_OK) if self.weak_writes_answer_ok else _Reply(_WRITE_ERROR, bytes([first]))
        for place in range(count):
            number = first + place
            if number in tag.locked:
                return _iso_error(_LOCKED, number)
            if self.power_fails_after_blocks is not None:
                if self.power_fails_after_blocks == 0:
                    return _Reply(_NO_TAG)
                self.power_fails_after_blocks -= 1
            block = parameters[3 + place * size : 3 + (place + 1) * size]
            tag.memory[number * size : (number + 1) * size] = block
        return _Reply(_OK)

    def lock(self, tag: Tag, parameters: bytes) -> _Reply:
        """Blocks that can't be written any more."""
        first, count = parameters[0], max(1, parameters[1])
        for number in range(first, first + count):
            if number >= _blocks(tag):
                return _iso_error(_NO_BLOCK, number)
            if number in tag.locked:
                return _iso_error(_ALREADY_LOCKED, number)
            tag.locked.add(number)
        return _Reply(_OK)

    def write_afi(self, tag: Tag, parameters: bytes) -> _Reply:
        """The application family identifier."""
        if not self._lost(tag):
            tag.afi = parameters[0]
        return _Reply(_OK)

    def write_dsfid(self, tag: Tag, parameters: bytes) -> _Reply:
        """The data storage format identifier."""
        if not self._lost(tag):
            tag.dsfid = parameters[0]
        return _Reply(_OK)

    def system_information(self, tag: Tag, parameters: bytes) -> _Reply:
        """DSFID, UID, AFI, memory size and chip."""
        size = bytes([_blocks(tag) - 1, tag.block_size - 1, _IC_REFERENCE])
        uid = bytes.fromhex(self.answers_as or tag.uid)
        return _Reply(_OK, bytes([tag.dsfid]) + uid + bytes([tag.afi]) + size)

    def security(self, tag: Tag, parameters: bytes) -> _Reply:
        """Lock state of blocks."""
        if not self.block_security:
            return _iso_error(_NOT_SUPPORTED, parameters[0])
        first, count = parameters[0], max(1, parameters[1])
        if first + count > _blocks(tag):
            return _iso_error(_NO_BLOCK, first)
        return _Reply(
            _OK, bytes([count, *(int(number in tag.locked) for number in range(first, first + count))])
        )

    def _lost(self, tag: Tag) -> bool:
        lost = tag.write_fails > 0
        tag.write_fails -= int(lost)
        return lost


@dataclass(frozen=True)
class _Reply:
    status: int
    data: bytes = b""


@dataclass(frozen=True)
class _Command:
    """An ISO host command: what it does to a tag, how many parameter bytes it takes, time a block."""

    _act: Callable[[FeigReader, Tag, bytes], _Reply]
    least: int
    block_seconds: float = 0.0
    count_at: int = 1

    def seconds(self, parameters: bytes) -> float:
        count = parameters[self.count_at] if len(parameters) > self.count_at else 1
        return _COMMAND_SECONDS + self.block_seconds * count

    def act(self, reader: FeigReader, tag: Tag, parameters: bytes) -> _Reply:
        if len(parameters) < self.least:
            return _Reply(_LENGTH)
        return self._act(reader, tag, parameters)


_COMMANDS: Final = {
    0x22: _Command(FeigReader.lock, 2, _WRITE_BLOCK_SECONDS),
    0x23: _Command(FeigReader.read, 2, _READ_BLOCK_SECONDS),
    0x24: _Command(FeigReader.write, 3, _WRITE_BLOCK_SECONDS),
    0x27: _Command(FeigReader.write_afi, 1),
    0x29: _Command(FeigReader.write_dsfid, 1),
    0x2B: _Command(FeigReader.system_information, 0),
    0x2C: _Command(FeigReader.security, 2),
}


def _blocks(tag: Tag) -> int:
    return len(tag.memory) // tag.block_size


def _iso_error(code: int, block: int) -> _Reply:
    return _Reply(_ISO_ERROR, bytes([code, block]))


def _next_frame(buffer: bytearray) -> bytes | None:
    """Take the next frame with a right CRC out of the buffer; anything else is dropped."""
    while buffer:
        if buffer[0] != 0x02:
            del buffer[0]
            continue
        if len(buffer) < 3:
            return None
        length = buffer[1] << 8 | buffer[2]
        if length < 7:
            del buffer[0]
            continue
        if len(buffer) < length:
            return None
        frame = bytes(buffer[:length])
        if _crc(frame[:-2]) == frame[-2] | frame[-1] << 8:
            del buffer[:length]
            return frame
        del buffer[0]
    return None


def _crc(data: bytes) -> int:
    register = 0xFFFF
    for byte in data:
        register ^= byte
        for _ in range(8):
            register = register >> 1 ^ (0x8408 if register & 1 else 0)
    return register
