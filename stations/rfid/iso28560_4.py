"""ISO/TS 28560-4: UHF tags (EPC Gen2).  The item's identifier stands in the UII, the rest in user memory.

The PC word counts the UII's words and says that it is ISO and of which application family.  The UII is
"owner.PII" in URN Code 40 (ISO/IEC 15962): three characters in two bytes, long numbers and characters outside
the set behind an escape.  User memory (MB11) is DSFID 06 and then ISO 28560-2 elements without the PII.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from stations.rfid import iso28560_2
from stations.rfid.content import CONTENT_PARAMETER, OWNER, PII, Finding, TagContent
from stations.rfid.iso28560_3 import crc16
from workcell.kernel.errors import BadInput

MODEL: Final = "28560-4"
AFI: Final = 0xC2  # of the standard's example

_PAD: Final = " "
_SET: Final = _PAD + "ABCDEFGHIJKLMNOPQRSTUVWXYZ-.:0123456789"  # the place is the code
_NUMBER, _ASCII, _TWO_BYTES, _THREE_BYTES = 0xFB, 0xFC, 0xFD, 0xFE
_SHORTEST_NUMBER: Final = 9
_LONGEST_NUMBER: Final = _SHORTEST_NUMBER + 15
USER_MEMORY: Final = 1 << 10
_XPC: Final = 1 << 9
_ISO: Final = 1 << 8
_ISIL: Final = re.compile(r"[A-Z]{1,4}-[A-Za-z0-9:/-]{1,11}")
_NUMBERED: Final = re.compile(r"[A-Z]{0,4}[0-9]{4,16}(?:[.-][0-9]{1,6})?")
_PIECE: Final = re.compile(
    rf"(?P<number>[0-9]{{{_SHORTEST_NUMBER},{_LONGEST_NUMBER}}})|(?P<other>.)", re.DOTALL
)


@dataclass(frozen=True)
class ProtocolControl:
    """The PC word of an EPC bank: words of UII, user memory in use, extended PC, ISO (else EPC), AFI."""

    words: int
    user_memory: bool
    extended: bool
    iso: bool
    afi: int

    @classmethod
    def parse(cls, word: int) -> ProtocolControl:
        """The fields of a PC word."""
        return cls(word >> 11, bool(word & USER_MEMORY), bool(word & _XPC), bool(word & _ISO), word & 0xFF)

    def to_word(self) -> int:
        """The PC word."""
        flags = self.user_memory * USER_MEMORY | self.extended * _XPC | self.iso * _ISO
        return self.words << 11 | flags | self.afi


@dataclass(frozen=True)
class UhfImage:
    """What a UHF tag shall hold: the EPC bank behind its CRC (PC and UII), and user memory."""

    pc: int
    uii: bytes
    user: bytes

    def to_json(self) -> dict[str, Any]:
        """Plain JSON data in the shape of ``workcell tag encode --json``."""
        bank = self.pc.to_bytes(2, "big") + self.uii
        whole = bank + self.user
        return {
            "hex": whole.hex().upper(),
            "blocks": [whole[at : at + 2].hex().upper() for at in range(0, len(whole), 2)],
            "lock_map": "." * (len(whole) // 2),
            "afi": f"{self.pc & 0xFF:02X}",
            "dsfid": f"{self.user[0]:02X}" if self.user else "",
            "epc": bank.hex().upper(),
            "user": self.user.hex().upper(),
        }


def epc_crc(data: bytes) -> int:
    """CRC-16 of an EPC bank, over PC and EPC (Gen2: CCITT-FALSE, inverted)."""
    return crc16(data) ^ 0xFFFF


# --- URN Code 40 -----------------------------------------------------------------------------------------


def urn40(text: str) -> bytes:
    """Code a text; a rest of one or two characters is padded with zeros.

    Digit runs of nine and more and characters outside the set are escaped; the characters between them are
    coded in threes of their own.
    """
    out = bytearray()
    plain = ""
    for found in _PIECE.finditer(text):
        piece = found.group()
        if found["other"] and piece in _SET[1:]:
            plain += piece
            continue
        out += _triples(plain) + _escaped(piece)
        plain = ""
    return bytes(out + _triples(plain))


def _triples(text: str) -> bytes:
    padded = text.ljust(-(-len(text) // 3) * 3)
    codes = [_SET.index(character) for character in padded]
    words = (1600 * a + 40 * b + c + 1 for a, b, c in zip(codes[::3], codes[1::3], codes[2::3], strict=True))
    return b"".join(word.to_bytes(2, "big") for word in words)


def _escaped(piece: str) -> bytes:
    if len(piece) >= _SHORTEST_NUMBER:
        number = int(piece)
        data = number.to_bytes(max(4, (number.bit_length() + 7) // 8), "big")
        return bytes([_NUMBER, (len(piece) - _SHORTEST_NUMBER) << 4 | (len(data) - 4)]) + data
    data = piece.encode("utf-8")
    if len(data) > 3:
        raise BadInput(f"URN Code 40 has no character {piece!r}", remedy="Leave it out of the identifier.")
    return bytes([(_ASCII, _TWO_BYTES, _THREE_BYTES)[len(data) - 1]]) + data


def urn40_text(data: bytes) -> str:
    """Text of URN Code 40; raises ValueError at a code that no text makes."""
    text = []
    at = 0
    while at + 1 < len(data):
        lead = data[at]
        if lead == _NUMBER:
            digits, length = (data[at + 1] >> 4) + _SHORTEST_NUMBER, (data[at + 1] & 0x0F) + 4
            number = str(int.from_bytes(_taken(data, at + 2, length), "big")).zfill(digits)
            if len(number) > digits:
                raise ValueError(f"a number of {digits} digits can't be {number}")
            text.append(number)
            at += 2 + length
        elif lead in (_ASCII, _TWO_BYTES, _THREE_BYTES):
            length = lead - _ASCII + 1
            text.append(_taken(data, at + 1, length).decode("utf-8"))
            at += 1 + length
        else:
            word = int.from_bytes(data[at : at + 2], "big")
            at += 2
            if word == 0:
                break
            text.append(_characters(word - 1))
    return "".join(text)


def _characters(word: int) -> str:
    codes = (word // 1600, word // 40 % 40, word % 40)
    text = "".join(_SET[code] for code in codes if code < len(_SET)).rstrip(_PAD)
    if codes[0] >= len(_SET) or _PAD in text:
        raise ValueError(f"{word + 1:04X} is not a code of three characters")
    return text


def _taken(data: bytes, at: int, length: int) -> bytes:
    if at + length > len(data):
        raise ValueError("the identifier ends inside an escape")
    return data[at : at + length]


# --- tags ------------------------------------------------------------------------------------------------


def encode(elements: Mapping[int, str], *, afi: int = AFI) -> UhfImage:
    """Lay out a tag: owner and PII in the UII, the other elements in user memory.

    Raises BadInput when there is no PII or a value can't be coded.
    """
    pii, owner = elements.get(PII, ""), elements.get(OWNER, "")
    if not pii:
        raise BadInput("there is no primary item identifier (element 1)", remedy="Give element 1.")
    if "." in owner or ("." in pii and not owner):
        raise BadInput(
            f"owner {owner!r} and item number {pii!r} can't be told apart by the dot between them",
            remedy="Give an owner without a dot (element 3).",
        )
    uii = urn40(f"{owner}.{pii}" if owner else pii)
    uii += bytes(len(uii) % 2)
    others = {oid: text for oid, text in elements.items() if oid not in (PII, OWNER, CONTENT_PARAMETER)}
    user = bytes([iso28560_2.DSFID]) + iso28560_2.encode_without_pii(others) if others else b""
    user += bytes(len(user) % 2)
    control = ProtocolControl(len(uii) // 2, bool(user), False, True, afi)
    return UhfImage(control.to_word(), uii, user)


def decode(epc_bank: bytes, user: bytes = b"") -> TagContent:
    """Read PC and UII, and user memory when it is at hand.  Never raises."""
    findings: list[Finding] = []
    if len(epc_bank) < 2:
        return TagContent(MODEL, {}, (Finding("truncated", "error", "the PC word is missing", 0),), True)
    control = ProtocolControl.parse(int.from_bytes(epc_bank[:2], "big"))
    uii = epc_bank[2 : 2 + control.words * 2]
    truncated = len(uii) < control.words * 2
    if truncated:
        text = f"the PC word counts {control.words} words and {len(uii) // 2} are here"
        findings.append(Finding("truncated", "error", text, 0))
    if not control.iso:
        findings.append(Finding("not_iso", "error", "the PC word says EPC, not ISO", 0))
    elements = _identifiers(uii, findings)
    if user:
        below = decode_user(user)
        elements = {**below.elements, **elements}
        findings += below.findings
        truncated = truncated or below.truncated
    return TagContent(MODEL, dict(sorted(elements.items())), tuple(findings), truncated, afi=control.afi)


def decode_identifier(uii: bytes) -> TagContent | None:
    """Read a UII that stands alone, without its PC word; None unless owner and number are as those are."""
    findings = [Finding("no_pc", "warning", "there is no PC word before the identifier", 0)]
    elements = _identifiers(uii, findings)
    if not (_ISIL.fullmatch(elements.get(OWNER, "")) and _NUMBERED.fullmatch(elements.get(PII, ""))):
        return None
    return TagContent(MODEL, elements, tuple(findings))


def decode_user(user: bytes) -> TagContent:
    """Read user memory alone: DSFID, then elements.  Never raises."""
    if user[:1] != bytes([iso28560_2.DSFID]):
        text = "user memory does not begin with DSFID 06"
        return TagContent(MODEL, {}, (Finding("bad_dsfid", "error", text, 0),))
    content = iso28560_2.decode(user[1:])
    findings = tuple(finding for finding in content.findings if finding.code != "no_pii")
    return TagContent(MODEL, content.elements, findings, content.truncated)


def _identifiers(uii: bytes, findings: list[Finding]) -> dict[int, str]:
    try:
        text = urn40_text(uii)
    except ValueError as error:
        findings.append(Finding("bad_data", "error", f"the UII: {error}", 2))
        return {}
    owner, dot, pii = text.partition(".")
    if not dot:
        owner, pii = "", text
    if not pii:
        findings.append(Finding("no_pii", "error", "there is no primary item identifier", 2))
    return {oid: value for oid, value in ((PII, pii), (OWNER, owner)) if value}
