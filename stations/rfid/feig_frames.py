"""FEIG advanced protocol frames and ISO host commands: bytes in, bytes out.

A frame is 02 · length (2 bytes, big-endian, the whole frame) · bus address · command · [status in answers] ·
data · CRC (low byte first; polynomial 8408, initial value FFFF, no final XOR).  Command B0 carries the ISO
host commands for ISO 15693 tags; the ones built here name their tag, because a command without a UID changes
every tag in the field.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum
from typing import Final

from workcell.kernel.errors import DeviceFault

STX: Final = 0x02
ISO_HOST: Final = 0xB0
RF_RESET: Final = 0x69
BROADCAST: Final = 0xFF
_OVERHEAD: Final = 8  # STX, length, address, command, status and CRC of an answer
_HEAD: Final = 3
_LONGEST: Final = 0xFFFF

_ADDRESSED: Final = 0x01
_MORE: Final = 0x80
_WITH_SECURITY: Final = 0x08
_BLOCK_SIZES: Final = (1, 2, 4, 8, 16, 32)
_ISO15693: Final = 0x03  # transponder type in the low six bits of an inventory entry


class Iso(IntEnum):
    """ISO host commands."""

    INVENTORY = 0x01
    LOCK_BLOCKS = 0x22
    READ_BLOCKS = 0x23
    WRITE_BLOCKS = 0x24
    WRITE_AFI = 0x27
    LOCK_AFI = 0x28
    WRITE_DSFID = 0x29
    SYSTEM_INFORMATION = 0x2B
    BLOCK_SECURITY = 0x2C


class Status(IntEnum):
    """Status bytes that mean something to a driver."""

    OK = 0x00
    NO_TRANSPONDER = 0x01
    BAD_DATA = 0x02
    WRITE_ERROR = 0x03
    ADDRESS_ERROR = 0x04
    WRONG_TYPE = 0x05
    UNKNOWN_COMMAND = 0x80
    BAD_LENGTH = 0x81
    NOT_AVAILABLE = 0x82
    RF_ERROR = 0x83
    RF_WARNING = 0x84
    NO_VALID_DATA = 0x93
    MORE_DATA = 0x94
    ISO_ERROR = 0x95


STATUS_TEXTS: Final = {
    Status.NO_TRANSPONDER: "no tag answers",
    Status.BAD_DATA: "the tag's answer was garbled",
    Status.WRITE_ERROR: "the tag did not take the data",
    Status.ADDRESS_ERROR: "the tag has no such block",
    Status.WRONG_TYPE: "the tag is not of a kind that has the command",
    Status.UNKNOWN_COMMAND: "the reader does not know the command",
    Status.BAD_LENGTH: "the reader found the command too short or too long",
    Status.NOT_AVAILABLE: "the reader can't carry out the command",
    Status.RF_ERROR: "the radio link to the tag broke",
    Status.RF_WARNING: "the reader warns of its antenna",
    Status.NO_VALID_DATA: "the reader has no valid data",
}
ISO_ERROR_TEXTS: Final = {
    0x01: "the tag does not support the command",
    0x02: "the tag does not recognise the command",
    0x03: "the tag does not support the option",
    0x0F: "the tag reports an unknown error",
    0x10: "the tag has no such block",
    0x11: "the block is locked already",
    0x12: "the block is locked and can't be changed",
    0x13: "the tag could not write the block",
    0x14: "the tag could not lock the block",
}
"""ISO/IEC 15693-3 table 7."""
UNSUPPORTED_BY_TAG: Final = frozenset({0x01, 0x02, 0x03})


def status_text(status: int) -> str:
    """What a status byte means, in words."""
    return next((text for known, text in STATUS_TEXTS.items() if known == status), f"status {status:02X}")


def crc16(data: bytes) -> int:
    """The frame's CRC: polynomial 8408 (reflected 1021), initial value FFFF."""
    crc = 0xFFFF
    for byte in data:
        crc = crc >> 8 ^ _CRC_TABLE[(crc ^ byte) & 0xFF]
    return crc


def _crc_of_byte(byte: int) -> int:
    for _ in range(8):
        byte = byte >> 1 ^ (0x8408 if byte & 1 else 0)
    return byte


_CRC_TABLE: Final = tuple(_crc_of_byte(byte) for byte in range(256))


@dataclass(frozen=True)
class Answer:
    """A reader's answer with a right CRC."""

    address: int
    command: int
    status: int
    data: bytes


def request(address: int, command: int, data: bytes = b"") -> bytes:
    """A frame from the host."""
    length = _HEAD + 2 + len(data) + 2
    body = bytes([STX]) + length.to_bytes(2, "big") + bytes([address, command]) + data
    return body + crc16(body).to_bytes(2, "little")


class AnswerFeed:
    """Cuts answers out of a byte stream; garbage and frames with a wrong CRC are passed over."""

    def __init__(self) -> None:
        self._buffer = bytearray()

    def take(self, data: bytes) -> list[Answer]:
        """The answers that are complete with ``data``."""
        self._buffer += data
        answers = []
        while (start := self._buffer.find(STX)) >= 0:
            del self._buffer[:start]
            if len(self._buffer) < _HEAD:
                break
            length = int.from_bytes(self._buffer[1:_HEAD], "big")
            if length < _OVERHEAD or length > _LONGEST:
                del self._buffer[0]
                continue
            if len(self._buffer) < length:
                break
            answer = _answer(bytes(self._buffer[:length]))
            del self._buffer[: length if answer else 1]
            if answer:
                answers.append(answer)
        else:
            self._buffer.clear()
        return answers


def _answer(frame: bytes) -> Answer | None:
    if crc16(frame[:-2]) != int.from_bytes(frame[-2:], "little"):
        return None
    return Answer(frame[3], frame[4], frame[5], frame[6:-2])


# --- ISO host requests -----------------------------------------------------------------------------------


def inventory(more: bool = False) -> bytes:
    """List the tags in the field; ``more`` fetches what the last answer had no room for."""
    return bytes([Iso.INVENTORY, _MORE if more else 0x00])


def system_information(uid: str) -> bytes:
    """Ask a tag for its AFI, DSFID and memory size."""
    return _addressed(Iso.SYSTEM_INFORMATION, uid)


def read_blocks(uid: str, first: int, count: int) -> bytes:
    """Read ``count`` blocks with their lock state."""
    return _addressed(Iso.READ_BLOCKS, uid, bytes([first, count]), mode=_ADDRESSED | _WITH_SECURITY)


def write_blocks(uid: str, first: int, blocks: list[bytes]) -> bytes:
    """Write blocks of equal size."""
    head = bytes([first, len(blocks), len(blocks[0])])
    return _addressed(Iso.WRITE_BLOCKS, uid, head + b"".join(blocks))


def lock_blocks(uid: str, first: int, count: int) -> bytes:
    """Lock blocks for ever."""
    return _addressed(Iso.LOCK_BLOCKS, uid, bytes([first, count]))


def block_security(uid: str, first: int, count: int) -> bytes:
    """Ask for the lock state of blocks."""
    return _addressed(Iso.BLOCK_SECURITY, uid, bytes([first, count]))


def write_afi(uid: str, afi: int) -> bytes:
    """Write the application family identifier."""
    return _addressed(Iso.WRITE_AFI, uid, bytes([afi]))


def write_dsfid(uid: str, dsfid: int) -> bytes:
    """Write the data storage format identifier."""
    return _addressed(Iso.WRITE_DSFID, uid, bytes([dsfid]))


def _addressed(command: Iso, uid: str, data: bytes = b"", mode: int = _ADDRESSED) -> bytes:
    return bytes([command, mode]) + bytes.fromhex(uid) + data


# --- ISO host answers ------------------------------------------------------------------------------------


@dataclass(frozen=True)
class SystemInformation:
    """What a tag says of itself; ``blocks`` of ``block_size`` bytes each."""

    uid: str
    dsfid: int
    afi: int
    blocks: int
    block_size: int


def parse_inventory(data: bytes) -> list[str]:
    """UIDs of the ISO 15693 tags; entries are type · DSFID · UID.  Raises DeviceFault."""
    if not data or len(data) != 1 + data[0] * 10:
        raise implausible("an inventory", data)
    entries = [data[1 + at * 10 : 11 + at * 10] for at in range(data[0])]
    uids = [entry[2:].hex().upper() for entry in entries if entry[0] & 0x3F == _ISO15693]
    if any(not uid.startswith("E0") for uid in uids):
        raise implausible("an inventory", data)
    return uids


def parse_system_information(data: bytes) -> SystemInformation:
    """DSFID · UID · AFI · memory size (2) · IC reference.  Raises DeviceFault.

    Memory size is blocks - 1 and block size - 1, in the order of ISO/IEC 15693-3; the manuals leave the order
    open, so where the second is no size that chips have and the first is one, they stand the other way round.
    A wrong guess does not pass: the block size comes with every block that is read.
    """
    if len(data) != 13:
        raise implausible("a system information", data)
    blocks, size = data[10] + 1, (data[11] & 0x1F) + 1
    other_size = (data[10] & 0x1F) + 1
    if size not in _BLOCK_SIZES and other_size in _BLOCK_SIZES:
        blocks, size = data[11] + 1, other_size
    return SystemInformation(data[1:9].hex().upper(), data[0], data[9], blocks, size)


def parse_blocks(data: bytes, count: int, block_size: int) -> list[tuple[bool, bytes]]:
    """Lock state and bytes of blocks: count · size · (lock state · bytes) ….  Raises DeviceFault."""
    step = 1 + block_size
    if len(data) != 2 + count * step or (data[0], data[1]) != (count, block_size):
        raise implausible(f"{count} blocks of {block_size} bytes", data)
    rows = [data[2 + at * step : 2 + (at + 1) * step] for at in range(count)]
    return [(bool(row[0] & 1), row[1:]) for row in rows]


def parse_block_security(data: bytes, count: int) -> list[bool]:
    """Lock states of ``count`` blocks: count · state ….  Raises DeviceFault."""
    if len(data) != 1 + count or data[0] != count:
        raise implausible(f"the lock state of {count} blocks", data)
    return [bool(state & 1) for state in data[1:]]


def implausible(what: str, data: bytes) -> DeviceFault:
    """The error for an answer that can't be one to the question."""
    shown = data[:24].hex().upper() + ("…" if len(data) > 24 else "")
    return DeviceFault(
        f"the answer is not {what}: {shown or 'nothing'}",
        remedy="Check that nothing else talks to the reader and that its protocol is FEIG advanced.",
    )
