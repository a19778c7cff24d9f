"""Compaction schemes of ISO/IEC 15962 as ISO 28560-2 uses them.

A scheme is a row of a table: what text it can carry, how text becomes bytes and bytes text.  ``compact``
raises BadInput for a text that the scheme can't carry; ``expand`` raises ValueError for bytes that the
scheme can't have made.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import IntEnum
from typing import Final

from stations.rfid.bits import codes, packed, to_bits, to_bytes
from workcell.kernel.errors import BadInput


class Compaction(IntEnum):
    """Codes in bits 6 to 4 of the precursor."""

    APPLICATION = 0
    INTEGER = 1
    NUMERIC = 2
    FIVE_BIT = 3
    SIX_BIT = 4
    SEVEN_BIT = 5
    OCTET = 6
    UTF8 = 7


def compaction_named(name: str) -> Compaction:
    """A scheme by its name (``six_bit``) or its code (``4``); raises BadInput."""
    try:
        return Compaction(int(name)) if name.isdigit() else Compaction[name.upper()]
    except (KeyError, ValueError) as error:
        names = ", ".join(scheme.name.lower() for scheme in Compaction)
        raise BadInput(f"no compaction {name!r}", remedy=f"There are: {names}.") from error


@dataclass(frozen=True)
class _Scheme:
    fits: Callable[[str], bool]
    compact: Callable[[str], bytes]
    expand: Callable[[bytes], str]


def compact(text: str, scheme: Compaction) -> bytes:
    """Bytes of ``text`` in ``scheme``; raises BadInput when the scheme can't carry it."""
    row = _SCHEMES.get(scheme)
    if row is None or not row.fits(text):
        name = scheme.name.lower().replace("_", " ")
        raise BadInput(
            f"{text!r} is not encodable in {name} compaction", remedy="Leave the choice of the scheme open."
        )
    return row.compact(text)


def expand(data: bytes, scheme: Compaction) -> str:
    """Text of ``data`` in ``scheme``; raises ValueError when the bytes are not of that scheme."""
    return _SCHEMES[scheme].expand(data) if data else ""


def best_scheme(text: str) -> Compaction:
    """The first scheme in the standard's order that carries ``text``."""
    return next(scheme for scheme, row in _SCHEMES.items() if row.fits(text))


def _digits(text: str) -> bool:
    return text.isascii() and text.isdigit()


def _within(text: str, least: int, lowest: int, highest: int) -> bool:
    return len(text) >= least and all(lowest <= ord(character) <= highest for character in text)


# --- integer ---------------------------------------------------------------------------------------------


def _fits_integer(text: str) -> bool:
    return _digits(text) and 2 <= len(text) <= 19 and text[0] != "0"


def _compact_integer(text: str) -> bytes:
    number = int(text)
    return number.to_bytes((number.bit_length() + 7) // 8, "big")


def _expand_integer(data: bytes) -> str:
    if len(data) > 8:
        raise ValueError(f"an integer of {len(data)} bytes has more than 19 digits")
    return str(int.from_bytes(data, "big"))


# --- numeric ---------------------------------------------------------------------------------------------


def _compact_numeric(text: str) -> bytes:
    return bytes.fromhex(text if len(text) % 2 == 0 else text + "F")


def _expand_numeric(data: bytes) -> str:
    text = data.hex().upper().removesuffix("F")
    if not _digits(text):
        raise ValueError(f"{data.hex().upper()} is not made of decimal digits")
    return text


# --- 5, 6 and 7 bits -------------------------------------------------------------------------------------


def _compact_five(text: str) -> bytes:
    return to_bytes(packed((ord(character) & 0x1F for character in text), 5), "0000000")


def _expand_five(data: bytes) -> str:
    found = codes(to_bits(data), 5)
    while found and found[-1] == 0:  # padding: 0x40 is not in the set
        found.pop()
    if 0 in found:
        raise ValueError("a 5-bit code of zero stands inside the text")
    return "".join(chr(code | 0x40) for code in found)


def _compact_six(text: str) -> bytes:
    return to_bytes(packed((ord(character) & 0x3F for character in text), 6), "100000")


def _expand_six(data: bytes) -> str:
    bits = to_bits(data)
    found = codes(bits, 6)
    if len(bits) % 6 == 0 and found[-1] == 0b100000:
        found.pop()
    return "".join(chr(code if code & 0x20 else code | 0x40) for code in found)


def _compact_seven(text: str) -> bytes:
    return to_bytes(packed(map(ord, text), 7), "1111111")


def _expand_seven(data: bytes) -> str:
    found = codes(to_bits(data), 7)
    if found and found[-1] == 0x7F:
        found.pop()
    if 0x7F in found:
        raise ValueError("a 7-bit code of 7F stands inside the text")
    return "".join(map(chr, found))


# --- the table, in the order in which the standard tries them ----------------------------------------------


def _is_latin1(text: str) -> bool:
    return bool(text) and _within(text, 1, 0x00, 0xFF)


_SCHEMES: Final = {
    Compaction.INTEGER: _Scheme(_fits_integer, _compact_integer, _expand_integer),
    Compaction.NUMERIC: _Scheme(lambda t: _digits(t) and len(t) >= 2, _compact_numeric, _expand_numeric),
    Compaction.FIVE_BIT: _Scheme(lambda t: _within(t, 3, 0x41, 0x5F), _compact_five, _expand_five),
    Compaction.SIX_BIT: _Scheme(
        lambda t: _within(t, 4, 0x20, 0x5F) and not t.endswith(" "), _compact_six, _expand_six
    ),
    Compaction.SEVEN_BIT: _Scheme(lambda t: _within(t, 8, 0x00, 0x7E), _compact_seven, _expand_seven),
    Compaction.OCTET: _Scheme(_is_latin1, lambda t: t.encode("latin-1"), lambda d: d.decode("latin-1")),
    Compaction.UTF8: _Scheme(lambda t: True, lambda t: t.encode("utf-8"), lambda d: d.decode("utf-8")),
}
