"""ISO 28560-3: the fixed basic block of 32 or 34 bytes (DSFID 3E), with extension blocks.

Byte 0 holds the version (high nibble) and the type of usage (low), 1 the number of parts, 2 the part's
ordinal, 3-18 the item number, 19-20 a CRC, 21-22 the owner's country and 23-33 the rest of its ISIL without
the first hyphen.  A 32-byte tag ends at 31; its CRC counts two zero bytes in their place.
"""

from __future__ import annotations

from binascii import crc_hqx
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import reduce
from operator import xor
from typing import Final

from stations.rfid.content import (
    CONTROL,
    MEDIA_FORMAT_OTHER,
    OWNER,
    PII,
    SET_INFORMATION,
    TYPE_OF_USAGE,
    Finding,
    TagContent,
    TagImage,
)
from stations.rfid.extensions import FIELDS, HELD, LIBRARY, elements_of, payload_of
from workcell.kernel.errors import BadInput

DSFID: Final = 0x3E
MODEL: Final = "28560-3"
BASIC_BLOCK: Final = 34
SHORT_BLOCK: Final = 32
_VERSION: Final = 1
_PII: Final = slice(3, 19)
_CRC: Final = slice(19, 21)
_COUNTRY: Final = slice(21, 23)
_REST_OF_ISIL: Final = slice(23, BASIC_BLOCK)
_EXTENSION_HEADER: Final = 4
_ALTERNATIVE: Final = 22  # the alternative item number, or the one that a basic block is too short for
_ELSEWHERE: Final = "\x01"  # an item number of more than 16 bytes stands in the library extension block
_FILLER_LENGTH: Final = 1


@dataclass(frozen=True)
class Extension:
    """An extension block: 1 library, 2 acquisition, 3 supplement, 4 title, 5 ILL, 101 on local.

    ``fillers`` counts the filler bytes before it.
    """

    id: int
    payload: bytes
    fillers: int = 0

    def to_bytes(self) -> bytes:
        """Fillers, then length, id, the byte that makes the whole block XOR to zero, payload."""
        length = _EXTENSION_HEADER + len(self.payload)
        if length > 0xFF or not 0 <= self.id <= 0xFFFF:
            raise BadInput(
                f"extension block {self.id} of {length} bytes can't be written",
                remedy="A block has up to 255 bytes and an id of two bytes; shorten its elements.",
            )
        head = bytes([length]) + self.id.to_bytes(2, "little")
        check = bytes([reduce(xor, head + self.payload)])
        return bytes([_FILLER_LENGTH] * self.fillers) + head + check + self.payload


def crc16(data: bytes) -> int:
    """CRC-16/CCITT-FALSE: polynomial 1021, initial value FFFF ("RFID tag data model" → 1AEE)."""
    return crc_hqx(data, 0xFFFF)


def encode(
    elements: Mapping[int, str],
    *,
    block_size: int = 4,
    capacity: int | None = None,
    extensions: tuple[Extension, ...] = (),
) -> TagImage:
    """Lay out a basic block from elements 1, 3, 4 and 5; others stand in the extension blocks that hold them.

    Of the ``extensions`` that are given those stay as they are whose elements are the same, or of which no
    elements are known.  Raises BadInput when a value does not fit its field or the tag is too small.
    """
    others = sorted(set(elements) - {PII, 2, OWNER, SET_INFORMATION, TYPE_OF_USAGE} - HELD)
    if others:
        raise BadInput(
            f"{MODEL} has no place for elements {', '.join(map(str, others))}",
            remedy="Leave them out, or write ISO 28560-2.",
        )
    block = bytearray(BASIC_BLOCK)
    block[0] = _VERSION << 4 | _usage(elements.get(TYPE_OF_USAGE, "10"))
    block[1], block[2] = _set_numbers(elements.get(SET_INFORMATION, "11"))
    _put(block, _PII, elements.get(PII, ""), "element 1")
    country, rest = _isil_parts(elements.get(OWNER, ""))
    _put(block, _COUNTRY, country, "the country of element 3")
    _put(block, _REST_OF_ISIL, rest, "element 3")
    if not elements.get(PII):
        raise BadInput("there is no primary item identifier (element 1)", remedy="Give element 1.")
    if CONTROL.search(elements[PII]):
        raise BadInput(f"item number {elements[PII]!r} has control characters", remedy="Leave them out.")
    block[_CRC] = _crc_over(bytes(block)).to_bytes(2, "little")
    blocks = _with_elements(extensions, elements)
    data = bytes(block) + b"".join(extension.to_bytes() for extension in blocks)
    if capacity == SHORT_BLOCK and not any(data[SHORT_BLOCK:]):
        data = data[:SHORT_BLOCK]
    if capacity is not None and len(data) > capacity:
        raise BadInput(
            f"the elements need {len(data)} bytes and the tag has {capacity}",
            remedy="Use a shorter ISIL, leave elements out, or use a larger tag.",
        )
    return TagImage(data + bytes(-len(data) % block_size), block_size, DSFID)


def _with_elements(extensions: tuple[Extension, ...], elements: Mapping[int, str]) -> tuple[Extension, ...]:
    """The extension blocks with the elements in theirs, each in the place where it is already."""
    _check_media_format(elements.get(MEDIA_FORMAT_OTHER, ""))
    blocks = list(extensions)
    for id_, fields in FIELDS.items():
        wanted = {oid: text for oid in _held(id_, fields) if (text := elements.get(oid, ""))}
        places = [place for place, block in enumerate(blocks) if block.id == id_]
        held = [elements_of(id_, blocks[place].payload) for place in places]
        if wanted in held or (not wanted and None in held):
            continue
        if wanted and places:
            blocks[places[0]] = replace(blocks[places[0]], payload=payload_of(id_, wanted))
        elif wanted:
            blocks.append(Extension(id_, payload_of(id_, wanted)))
        else:
            blocks = [block for block in blocks if block.id != id_]
    return tuple(blocks)


def _held(id_: int, fields: tuple[int, ...]) -> tuple[int, ...]:
    return (MEDIA_FORMAT_OTHER, *fields) if id_ == LIBRARY else fields


def _check_media_format(text: str) -> None:
    if text and not (len(text) == 1 and text in "0123456"):
        raise BadInput(f"media format {text!r} is not one of 0 to 6", remedy="Write 1 for a book.")


def _put(block: bytearray, field: slice, text: str, name: str) -> None:
    size = field.stop - field.start
    data = text.encode("utf-8")
    if len(data) > size:
        raise BadInput(f"{name} takes {size} bytes and {text!r} has {len(data)}", remedy="Shorten it.")
    block[field] = data.ljust(size, b"\x00")


def _usage(text: str) -> int:
    """The main type of usage: the high nibble of element 5."""
    try:
        return int(text, 16) >> 4 if len(text) == 2 else int(text, 16) & 0x0F
    except ValueError as error:
        raise BadInput(f"type of usage {text!r} is not hexadecimal", remedy="Write it as in 10.") from error


def _set_numbers(text: str) -> tuple[int, int]:
    half = len(text) // 2
    if (
        len(text) in (2, 4, 6)
        and text.isascii()
        and text.isdigit()
        and max(int(text[:half]), int(text[half:])) <= 0xFF
    ):
        return int(text[:half]), int(text[half:])
    raise BadInput(
        f"set information {text!r} is not parts and ordinal", remedy="Write 2, 4 or 6 digits, as in 1203."
    )


def _isil_parts(isil: str) -> tuple[str, str]:
    """Country and rest; an ISIL whose prefix is no country stands whole in the rest."""
    country, hyphen, rest = isil.partition("-")
    return (country, rest) if hyphen and len(country) <= 2 else ("", isil)


def _crc_over(block: bytes) -> int:
    full = block[:BASIC_BLOCK].ljust(BASIC_BLOCK, b"\x00")
    return crc16(full[: _CRC.start] + full[_CRC.stop :])


# --- decoding --------------------------------------------------------------------------------------------


def _layout_of(memory: bytes) -> int | None:
    """The length of the basic block whose CRC is right: 34, 32, less where zeros are cut off; or None."""
    lengths = (BASIC_BLOCK, SHORT_BLOCK) if len(memory) >= SHORT_BLOCK else (len(memory),)
    for length in lengths:
        block = memory[:length]
        if len(block) == length > _CRC.stop and _crc_over(block) == int.from_bytes(block[_CRC], "little"):
            return length
    return None


def decode(memory: bytes, block_size: int = 4) -> TagContent:
    """Read a basic block and what follows it; anything wrong becomes a finding.

    Where the check sum is wrong the bytes of each block are tried the other way round.
    """
    findings: list[Finding] = []
    length = _layout_of(memory)
    if length is None and _layout_of(turned(memory[: BASIC_BLOCK + block_size], block_size)) is not None:
        memory = turned(memory, block_size)
        length = _layout_of(memory)
        findings.append(Finding("reversed_blocks", "warning", "the bytes of each block lie reversed"))
    cut = len(memory) < SHORT_BLOCK and length is None
    if cut:
        text = f"a basic block has {SHORT_BLOCK} or {BASIC_BLOCK} bytes, here are {len(memory)}"
        findings.append(Finding("truncated", "error", text, len(memory)))
    elif length is None:
        findings.append(Finding("bad_crc", "error", "the check sum of the basic block is wrong", _CRC.start))
    basic = memory[: length or BASIC_BLOCK]
    elements = _basic_elements(basic, findings)
    extensions = [] if length is None else split_extensions(memory, length, findings)[0]
    beyond = _extension_elements(extensions)
    if PII not in elements and _ALTERNATIVE in beyond and _stands_elsewhere(basic):
        elements[PII] = beyond.pop(_ALTERNATIVE)
        findings[:] = [finding for finding in findings if finding.code != "pii_in_extension"]
    elements |= dict(sorted(beyond.items()))
    payloads = {extension.id: extension.payload for extension in extensions}
    return TagContent(MODEL, elements, tuple(findings), cut, payloads)


def _basic_elements(block: bytes, findings: list[Finding]) -> dict[int, str]:
    elements: dict[int, str] = {}
    pii = _text(block[_PII])
    if _stands_elsewhere(block):
        text = "the item number has more than 16 bytes and stands in the library extension block"
        findings.append(Finding("pii_in_extension", "error", text, _PII.start))
    elif CONTROL.search(pii):
        findings.append(Finding("bad_data", "error", "the item number has control characters", _PII.start))
    elif pii:
        elements[PII] = pii
    else:
        findings.append(Finding("no_pii", "error", "there is no primary item identifier", _PII.start))
    country, rest = _text(block[_COUNTRY]), _text(block[_REST_OF_ISIL])
    if country or rest:
        elements[OWNER] = f"{country}-{rest}" if country and rest else country or rest
    if len(block) > 2:
        elements[SET_INFORMATION] = _set_information(block[1], block[2], findings)
        elements[TYPE_OF_USAGE] = f"{_usage_nibble(block[0], findings):X}0"
    return elements


def _stands_elsewhere(block: bytes) -> bool:
    return _text(block[_PII]) == _ELSEWHERE


def _usage_nibble(byte: int, findings: list[Finding]) -> int:
    version, usage = byte >> 4, byte & 0x0F
    if version == _VERSION:
        return usage
    if usage == _VERSION:
        findings.append(Finding("swapped_nibbles", "warning", "version and type of usage are swapped", 0))
        return version
    findings.append(Finding("bad_version", "error", f"version {version} is not known", 0))
    return usage


def _set_information(parts: int, ordinal: int, findings: list[Finding]) -> str:
    if ordinal > parts:
        text = f"part {ordinal} of {parts}: the two are perhaps swapped"
        findings.append(Finding("ordinal_above_parts", "warning", text, 1))
    width = len(str(max(parts, ordinal)))
    return f"{parts:0{width}}{ordinal:0{width}}"


def _text(field: bytes) -> str:
    """A field up to its first NUL, UTF-8 or else 8859-1."""
    data = field.split(b"\x00", 1)[0]
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        return data.decode("latin-1")


def _extension_elements(extensions: list[Extension]) -> dict[int, str]:
    """The elements of the extension blocks; the first one of an id counts."""
    elements: dict[int, str] = {}
    for extension in extensions:
        elements = (elements_of(extension.id, extension.payload) or {}) | elements
    return elements


def stored_extensions(memory: bytes) -> tuple[list[Extension], int]:
    """The good extension blocks behind a basic block, and the byte behind the last one of them all."""
    start = _layout_of(memory) or min(len(memory), BASIC_BLOCK)
    return split_extensions(memory, start, [])


def split_extensions(memory: bytes, start: int, findings: list[Finding]) -> tuple[list[Extension], int]:
    """The extension blocks from byte ``start`` on, and where they end; wrong ones are reported, left out."""
    extensions: list[Extension] = []
    at = end = start
    fillers = 0
    while at < len(memory) and (length := memory[at]) != 0:
        if length == _FILLER_LENGTH:
            at += 1
            fillers += 1
            continue
        block = memory[at : at + length]
        if length < _EXTENSION_HEADER or len(block) < length:
            text = f"an extension block of {length} bytes does not fit"
            findings.append(Finding("bad_extension", "error", text, at))
            break
        if reduce(xor, block):
            text = "the check byte of an extension block is wrong"
            findings.append(Finding("bad_extension", "error", text, at))
        else:
            ident = int.from_bytes(block[1:3], "little")
            extensions.append(Extension(ident, block[_EXTENSION_HEADER:], fillers))
        at += length
        end, fillers = at, 0
    return extensions, end


def turned(memory: bytes, size: int = 4) -> bytes:
    """The memory with each whole block of ``size`` bytes turned round."""
    whole = len(memory) // size * size
    return b"".join(memory[at : at + size][::-1] for at in range(0, whole, size)) + memory[whole:]
