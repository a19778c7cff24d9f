"""Frames of RL866-family readers (ISO 15693): bytes in, bytes out.

A frame is FA · length (all but FA) · node (FF from the host) · control byte (bit 6 counts frames 0, 1, 0, …;
C0 starts the count anew) · information · CRC (that of FEIG frames, low byte first).  Information is a command
and its parameters, in an answer command · status (2) · parameters.  Numbers and UIDs stand low byte first.
Source: published frames of a library's open self-service software.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum
from typing import Final

from stations.rfid.feig_frames import SystemInformation, crc16, implausible

START: Final = 0xFA
HOST: Final = 0xFF
RESYNC: Final = 0xC0
_SEQUENCE: Final = 0x40
_OVERHEAD: Final = 5  # length, node, control, CRC
_ISO15693: Final = 1
_ADDRESSED: Final = 1
_UID_BYTES: Final = 8
_ANTENNA, _PROTOCOL, _TYPE, _SERIAL, _MEMORY, _EMBEDDED = (1 << bit for bit in (0, 1, 2, 3, 4, 7))


class Command(IntEnum):
    """Commands of the reader."""

    READ_CONFIGURATION = 0x01
    INVENTORY = 0x31
    CONNECT = 0x32
    DISCONNECT = 0x33
    ACCESS = 0x34


class Access(IntEnum):
    """Operations on a connected tag, in command 34."""

    READ_BLOCKS = 0x0003
    WRITE_BLOCKS = 0x0004
    SYSTEM_INFORMATION = 0x000A


ERRORS: Final = {
    0x0404: "tags collide", 0x0405: "the tag's answer was garbled", 0x0415: "the tag is not connected",
    0x041B: "the block is locked or not there", 0x041C: "the tag has no such block",
    0x0420: "no tag answers", 0x0422: "the tag refuses", 0x0424: "another tag answered",
}  # fmt: skip


@dataclass(frozen=True)
class Frame:
    """A frame with a right CRC."""

    node: int
    control: int
    information: bytes

    def to_bytes(self) -> bytes:
        """The frame's bytes."""
        body = bytes([_OVERHEAD + len(self.information), self.node, self.control]) + self.information
        return bytes([START]) + body + crc16(body).to_bytes(2, "little")


@dataclass(frozen=True)
class Listed:
    """A tag of an inventory: UID as it is printed, most significant byte first, and its type."""

    uid: str
    protocol: int
    tag_type: int


class FrameFeed:
    """Cuts frames out of a byte stream; garbage and frames with a wrong CRC are passed over."""

    def __init__(self) -> None:
        self._buffer = bytearray()

    def take(self, data: bytes) -> list[Frame]:
        """The frames that are complete with ``data``."""
        self._buffer += data
        frames: list[Frame] = []
        while (start := self._buffer.find(START)) >= 0:
            del self._buffer[:start]
            if len(self._buffer) < 2 or len(self._buffer) < 1 + max(self._buffer[1], _OVERHEAD):
                return frames
            body = bytes(self._buffer[1 : 1 + self._buffer[1]])
            right = len(body) >= _OVERHEAD and crc16(body[:-2]) == int.from_bytes(body[-2:], "little")
            if right:
                frames.append(Frame(body[1], body[2], body[3:-2]))
            del self._buffer[: 1 + len(body) if right else 1]
        self._buffer.clear()
        return frames


# --- requests --------------------------------------------------------------------------------------------


def request(command: Command, parameters: bytes = b"", *, odd: bool = False) -> bytes:
    """A frame from the host; ``odd`` is its place in the count."""
    return Frame(HOST, _SEQUENCE if odd else 0, bytes([command]) + parameters).to_bytes()


def resync() -> bytes:
    """Start the count of frames anew."""
    return Frame(HOST, RESYNC, b"").to_bytes()


def inventory() -> bytes:
    """Parameters: list the tags in the field."""
    return b"\x00"


def connect(tag: Listed) -> bytes:
    """Parameters: connect a tag by its UID, any antenna."""
    uid = bytes.fromhex(tag.uid)[::-1]
    return bytes([0, tag.protocol, tag.tag_type, 1 + _UID_BYTES, _ADDRESSED]) + uid


def access(handle: int, operation: Access, parameters: bytes = b"") -> bytes:
    """Parameters: one operation on a connected tag."""
    body = operation.to_bytes(2, "little") + parameters
    return bytes([handle, len(body)]) + body


def read_blocks(first: int, count: int) -> bytes:
    """Parameters of the operation: blocks with their lock state."""
    return b"\x01" + first.to_bytes(2, "little") + count.to_bytes(2, "little")


def write_blocks(first: int, blocks: list[bytes]) -> bytes:
    """Parameters of the operation: blocks of equal size."""
    return first.to_bytes(2, "little") + len(blocks).to_bytes(2, "little") + b"".join(blocks)


# --- answers ---------------------------------------------------------------------------------------------


def answer_of(information: bytes, command: Command) -> tuple[int, bytes]:
    """Status and parameters of an answer; raises DeviceFault when it is to another command."""
    if len(information) < 3 or information[0] != command:
        raise implausible(f"an answer to command {command:02X}", information)
    return int.from_bytes(information[1:3], "little"), information[3:]


def parse_inventory(data: bytes) -> list[Listed]:
    """Stop reason · total (2) · count · reports, each: flags · what they announce.  Raises DeviceFault.

    Only ISO 15693 tags are given.
    """
    if len(data) < 4:
        raise implausible("an inventory", data)
    at, tags = 4, []
    for _ in range(data[3]):
        tag, at = _report(data, at)
        if tag.protocol == _ISO15693:
            tags.append(tag)
    return tags


def _report(data: bytes, at: int) -> tuple[Listed, int]:
    try:
        flags = data[at]
        at += 1 + bool(flags & _ANTENNA)
        protocol = data[at] if flags & _PROTOCOL else _ISO15693
        at += bool(flags & _PROTOCOL)
        tag_type = data[at] if flags & _TYPE else 0
        at += bool(flags & _TYPE)
        length = data[at] if flags & _SERIAL else 0
        serial = data[at + 1 : at + 1 + length]
    except IndexError as error:
        raise implausible("an inventory", data) from error
    if flags & (_MEMORY | _EMBEDDED) or len(serial) < max(length, _UID_BYTES):
        raise implausible("an inventory", data)
    return Listed(serial[:_UID_BYTES][::-1].hex().upper(), protocol, tag_type), at + 1 + length


def parse_access(data: bytes, operation: Access) -> tuple[bool, bytes]:
    """Whether an operation was carried out, and its data or its error code (2).  Raises DeviceFault."""
    if len(data) < 4 or data[0] != len(data) - 1 or int.from_bytes(data[1:3], "little") != operation:
        raise implausible(f"an answer to operation {operation:04X}", data)
    return data[3] == 1, data[4:]


def parse_system_information(data: bytes) -> SystemInformation:
    """Flags · UID · DSFID · AFI · blocks - 1 · block size - 1 · IC reference.  Raises DeviceFault."""
    if len(data) != 14 or data[0] & 0x07 != 0x07:
        raise implausible("a system information", data)
    uid = data[1:9][::-1].hex().upper()
    return SystemInformation(uid, data[9], data[10], data[11] + 1, (data[12] & 0x1F) + 1)


def parse_blocks(data: bytes, count: int, block_size: int) -> list[tuple[bool, bytes]]:
    """Count (2) · (lock state · bytes) ….  Raises DeviceFault."""
    step = 1 + block_size
    if len(data) != 2 + count * step or int.from_bytes(data[:2], "little") != count:
        raise implausible(f"{count} blocks of {block_size} bytes", data)
    rows = [data[2 + at * step : 2 + (at + 1) * step] for at in range(count)]
    return [(bool(row[0] & 1), row[1:]) for row in rows]
