"""The UHF format of the Chinese university libraries (CULTU data model).

The EPC is a head of four bytes and the item number.  Head: byte 0 security (bit 7: on loan) and sorting,
byte 1 coding type (2 bits) and version less one (6 bits), bytes 2-3 the content index, whose bits 0 to 15
stand for the elements of ``INDEXED``.  A 96-bit EPC has 8 bytes for the number, a 128-bit one 12.  Short
numbers are their length and ASCII; longer ones are packed.  Real tags hold the number's bytes little-endian;
some software writes them the other way round, which is read and said.

An AFI is not kept; the security bit stands for those of a library item.  User memory, as on tags met:
OID × 4 · length · data, ended by 00.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from stations.rfid.content import (
    AFI_ON_LOAN,
    AFI_SECURED,
    OWNER,
    PII,
    SET_INFORMATION,
    Finding,
    TagContent,
)
from stations.rfid.iso28560_4 import ProtocolControl, UhfImage
from workcell.kernel.errors import BadInput

MODEL: Final = "cultu"
INDEXED: Final = (3, 4, 5, 6, 11, 12, 14, 15, 16, 24, 26, 27, 28, 29, 30, 31)
HEAD_BYTES: Final = 4
_NUMBER_96: Final = 8
_NUMBER_128: Final = 12
WIDE_EPC: Final = HEAD_BYTES + _NUMBER_128
_LONGEST: Final = 14
_FIRST_CHARACTER: Final = 0x30
_SIX_BITS: Final = 0x3F


@dataclass(frozen=True)
class Head:
    """The EPC's head."""

    on_loan: bool = False
    sorting: int = 0
    coding: int = 0
    version: int = 1
    indexed: tuple[int, ...] = ()

    @classmethod
    def parse(cls, data: bytes) -> Head:
        """Read the four bytes."""
        index = int.from_bytes(data[2:4], "big")
        oids = tuple(oid for bit, oid in enumerate(INDEXED) if index >> bit & 1)
        return cls(bool(data[0] & 0x80), data[0] & 0x0F, data[1] >> 6, (data[1] & 0x3F) + 1, oids)

    def to_bytes(self) -> bytes:
        """The four bytes."""
        index = sum(1 << bit for bit, oid in enumerate(INDEXED) if oid in self.indexed)
        first = self.on_loan << 7 | self.sorting
        return bytes([first, self.coding << 6 | (self.version - 1)]) + index.to_bytes(2, "big")


# --- item numbers ----------------------------------------------------------------------------------------


def pack_number(text: str, size: int = _NUMBER_96) -> bytes:
    """The item number in 8 or 12 bytes, little-endian; raises BadInput when it does not fit."""
    number = _short(text, size) or (_packed_96(text) if size == _NUMBER_96 else _packed_128(text))
    if number is None:
        raise BadInput(
            f"item number {text!r} does not fit a CULTU tag of {(HEAD_BYTES + size) * 8} bits",
            remedy="Use up to 14 characters, or ISO 28560-2.",
        )
    return number


def unpack_number(data: bytes) -> str:
    """The item number in 8 or 12 little-endian bytes; raises ValueError when they hold none."""
    text = _short_text(data) or (_text_96(data) if len(data) == _NUMBER_96 else _text_128(data))
    if not text or not (text.isascii() and text.isprintable()):
        raise ValueError(f"{data.hex().upper()} is not an item number")
    return text


def _short(text: str, size: int) -> bytes | None:
    if 1 <= len(text) < size and text.isascii():
        return (bytes([len(text)]) + text.encode("ascii")).ljust(size, b"\x00")
    return None


def _short_text(data: bytes) -> str:
    length = data[0]
    if 1 <= length < len(data) and not any(data[1 + length :]):
        return data[1 : 1 + length].decode("latin-1")
    return ""


def _is_six_bit(text: str) -> bool:
    return all(_FIRST_CHARACTER <= ord(character) <= _FIRST_CHARACTER + _SIX_BITS for character in text)


def _six(character: str) -> int:
    return ord(character) - _FIRST_CHARACTER


def _ends(text: str) -> int:
    """The lowest twelve bits: last character and length."""
    return ord(text[-1]) << 4 | len(text)


def _packed_96(text: str) -> bytes | None:
    """Three characters, digits, any last one: low word 2 bits of d4, 3 × 6 bits, last, length."""
    digits = text[3:-1]
    if not (_NUMBER_96 <= len(text) <= _LONGEST and text.isascii() and _is_six_bit(text[:3])):
        return None
    if not digits.isdigit():
        return None
    fourth, number = int(digits[0]), int(digits[1:])
    c1, c2, c3 = map(_six, text[:3])
    low = (fourth & 3) << 30 | c1 << 24 | c2 << 18 | c3 << 12 | _ends(text)
    high = number << 2 | fourth >> 2
    return low.to_bytes(4, "little") + high.to_bytes(4, "little")


def _text_96(data: bytes) -> str:
    low, high = int.from_bytes(data[:4], "little"), int.from_bytes(data[4:], "little")
    length, fourth, number = low & 0x0F, (high & 3) << 2 | low >> 30, str(high >> 2)
    if not _NUMBER_96 <= length <= _LONGEST or fourth > 9 or len(number) > length - 5:
        return ""
    first = "".join(chr((low >> shift & _SIX_BITS) + _FIRST_CHARACTER) for shift in (24, 18, 12))
    return f"{first}{fourth}{number.zfill(length - 5)}{chr(low >> 4 & 0xFF)}"


def _packed_128(text: str) -> bytes | None:
    """Five characters of six bits in each upper word; the rest, the last and the length in the low one."""
    if not (_NUMBER_128 <= len(text) <= _LONGEST and text.isascii() and _is_six_bit(text[:-1])):
        return None
    words = [0, 0, 0]
    for place, character in enumerate(text[:-1]):
        words[place // 5] = words[place // 5] << 6 | _six(character)
    words[2] = words[2] << 12 | _ends(text)
    return b"".join(word.to_bytes(4, "little") for word in reversed(words))


def _text_128(data: bytes) -> str:
    low, middle, high = (int.from_bytes(data[at : at + 4], "little") for at in (0, 4, 8))
    length = low & 0x0F
    if not _NUMBER_128 <= length <= _LONGEST or (high | middle) >> 30:
        return ""
    rest = length - 11
    if low >> 12 + 6 * rest:
        return ""
    upper = [word >> shift & _SIX_BITS for word in (high, middle) for shift in (24, 18, 12, 6, 0)]
    lower = [low >> shift & _SIX_BITS for shift in range(12 + 6 * (rest - 1), 11, -6)]
    return "".join(chr(code + _FIRST_CHARACTER) for code in upper + lower) + chr(low >> 4 & 0xFF)


# --- tags ------------------------------------------------------------------------------------------------


def encode(elements: Mapping[int, str], *, on_loan: bool = False, wide: bool = False) -> UhfImage:
    """Lay out a tag; without ``wide`` the shorter EPC is used if it carries the number.  Raises BadInput."""
    pii = elements.get(PII, "")
    if not pii:
        raise BadInput("there is no primary item identifier (element 1)", remedy="Give element 1.")
    others = {oid: text for oid, text in sorted(elements.items()) if oid not in (PII, 2)}
    unknown = [oid for oid in others if oid not in INDEXED]
    if unknown:
        raise BadInput(
            f"the CULTU format has no elements {', '.join(map(str, unknown))}", remedy="Leave them out."
        )
    fits_96 = None if wide else _short(pii, _NUMBER_96) or _packed_96(pii)
    number = fits_96 or pack_number(pii, _NUMBER_128)
    uii = Head(on_loan=on_loan, indexed=tuple(others)).to_bytes() + number
    user = b"".join(_stored(oid, text) for oid, text in others.items())
    user += bytes(len(user) % 2)
    control = ProtocolControl(len(uii) // 2, bool(user), False, False, 0)
    return UhfImage(control.to_word(), uii, user)


def decode(epc_bank: bytes, user: bytes = b"") -> TagContent:
    """Read PC and EPC, and user memory when it is at hand.  Never raises."""
    findings: list[Finding] = []
    epc = epc_bank[2 : 2 + 2 * ProtocolControl.parse(int.from_bytes(epc_bank[:2], "big")).words]
    size = _NUMBER_128 if len(epc) >= HEAD_BYTES + _NUMBER_128 else _NUMBER_96
    if len(epc) < HEAD_BYTES + size:
        text = (
            f"an EPC has {HEAD_BYTES + _NUMBER_96} or {HEAD_BYTES + _NUMBER_128} bytes, here are {len(epc)}"
        )
        return TagContent(MODEL, {}, (Finding("truncated", "error", text, 0),), True)
    head = Head.parse(epc[:HEAD_BYTES])
    elements = _number_of(epc[HEAD_BYTES : HEAD_BYTES + size], findings)
    if head.indexed:
        elements[2] = ",".join(map(str, head.indexed))
    truncated = False
    if user:
        others, truncated = _user_elements(user, findings)
        elements |= others
        if set(others) != set(head.indexed):
            text = f"the content index names {elements.get(2, 'nothing')}, there are " + (
                ",".join(map(str, others)) or "none"
            )
            findings.append(Finding("index_differs", "warning", text, 4))
    afi = AFI_ON_LOAN if head.on_loan else AFI_SECURED
    return TagContent(MODEL, dict(sorted(elements.items())), tuple(findings), truncated, afi=afi)


def _number_of(data: bytes, findings: list[Finding]) -> dict[int, str]:
    little, big = _unpacked(data), _unpacked(data[::-1])
    if little and (_begins_well(little) or not _begins_well(big)):
        return {PII: little}
    if not big:
        text = f"{data.hex().upper()} is not an item number"
        findings.append(Finding("no_pii", "error", text, 2 + HEAD_BYTES))
        return {}
    text = "the item number's bytes lie big-endian"
    findings.append(Finding("big_endian", "warning", text, 2 + HEAD_BYTES))
    return {PII: big}


def _unpacked(data: bytes) -> str:
    try:
        return unpack_number(data)
    except ValueError:
        return ""


def _begins_well(number: str) -> bool:
    """Whether the first three characters are letters and digits, as the format has them."""
    return number[:3].isalnum()


def _stored(oid: int, text: str) -> bytes:
    data = _coded(oid, text)
    if len(data) > 0xFF:
        raise BadInput(f"element {oid} is too long for a CULTU tag", remedy="Shorten it.")
    return bytes([oid << 2, len(data)]) + data


def _coded(oid: int, text: str) -> bytes:
    """The owner as a number of two bytes, set information as two of them, anything else as text."""
    if oid == OWNER and _is_number(text) and int(text) <= 0xFFFF:
        return int(text).to_bytes(2, "big")
    if oid == SET_INFORMATION and (numbers := text.split("/")) and all(map(_is_number, numbers)):
        return b"".join(min(int(part), 0xFFFF).to_bytes(2, "big") for part in numbers)
    return text.encode("utf-8")


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdigit()


def _text_of(oid: int, data: bytes) -> str:
    if oid == OWNER and len(data) == 2:
        return str(int.from_bytes(data, "big"))
    if oid == SET_INFORMATION and len(data) == 4:
        return f"{int.from_bytes(data[:2], 'big')}/{int.from_bytes(data[2:], 'big')}"
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        return data.hex().upper()


def _user_elements(user: bytes, findings: list[Finding]) -> tuple[dict[int, str], bool]:
    elements: dict[int, str] = {}
    at = 0
    while at < len(user) and user[at]:
        length = user[at + 1] if at + 1 < len(user) else 0xFF
        data = user[at + 2 : at + 2 + length]
        if len(data) < length:
            findings.append(Finding("truncated", "error", "user memory ends inside an element", at))
            return elements, True
        oid = user[at] >> 2
        elements[oid] = _text_of(oid, data)
        at += 2 + length
    return elements, False
