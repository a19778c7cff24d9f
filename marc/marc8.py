"""MARC-8 to Unicode and back, strictly: a byte that means nothing is an error, never a blank.

The code tables are pymarc's; the escape sequences follow the MARC 21 specifications for record structure,
character sets and exchange media, part 2 (MARC-8), accessing alternate graphic character sets.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator

from pymarc.marc8_mapping import CODESETS, ODD_MAP

_ESCAPE = 0x1B
_ASCII, _ANSEL, _EACC = 0x42, 0x45, 0x31
_TECHNIQUE_1 = {ord("g"): 0x67, ord("b"): 0x62, ord("p"): 0x70, ord("s"): _ASCII}
_TO_G0, _TO_G1 = b"(,", b")-"


class NotMarc8(ValueError):
    """These bytes are not MARC-8; the message says which byte and why."""


def decode(data: bytes) -> str:
    """The text of one subfield in NFC; raises NotMarc8.  Sets return to ASCII and ANSEL at its start."""
    text: list[str] = []
    waiting: list[str] = []
    g0, g1, at = _ASCII, _ANSEL, 0
    while at < len(data):
        if data[at] == _ESCAPE:
            g0, g1, at = _switch(data, at, g0, g1)
            continue
        char, combining, at = _character(data, at, g0, g1)
        if combining:
            waiting.append(char)
        else:
            text.append(char)
            text.extend(waiting)
            waiting.clear()
    if waiting:
        raise NotMarc8("a diacritic without a letter at the end of a subfield")
    return unicodedata.normalize("NFC", "".join(text))


def encode(text: str) -> bytes:
    """The MARC-8 bytes of one subfield, back in ASCII and ANSEL at its end; raises NotMarc8."""
    made, current = bytearray(), _ASCII
    for char in _decomposed(text):
        if char not in _CODES:
            raise NotMarc8(f"MARC-8 has no {unicodedata.name(char, hex(ord(char)))}")
        wanted, code = _CODES[char]
        if wanted not in (_ANSEL, current) and char != " ":
            made += _designation(wanted)
            current = wanted
        made += code
    return bytes(made if current == _ASCII else made + _designation(_ASCII))


def _decomposed(text: str) -> Iterator[str]:
    """Characters that MARC-8 has, diacritics before their letters."""
    cluster: list[str] = []
    for whole in unicodedata.normalize("NFC", text):
        for char in whole if whole in _CODES else unicodedata.normalize("NFD", whole):
            if char in _COMBINING:
                cluster.insert(len(cluster) - 1, char)
                continue
            yield from cluster
            cluster = [char]
    yield from cluster


def _designation(final: int) -> bytes:
    if final in _TECHNIQUE_1.values() and final != _ASCII:
        return bytes((_ESCAPE, final))
    return bytes((_ESCAPE, ord("$"), final) if final == _EACC else (_ESCAPE, ord("("), final))


def _reverse() -> tuple[dict[str, tuple[int, bytes]], set[str]]:
    """For each character its set and bytes, the usual sets first; and which characters combine."""
    codes: dict[str, tuple[int, bytes]] = {}
    combining: set[str] = set()
    for final in sorted(CODESETS, key=lambda final: (final not in (_ASCII, _ANSEL), final == _EACC, final)):
        for code, (point, combines) in CODESETS[final].items():
            size = 3 if final == _EACC else 1
            if final not in (_ANSEL, _EACC) and code > 0x7F:
                continue
            codes.setdefault(chr(point), (final, code.to_bytes(size)))
            if combines:
                combining.add(chr(point))
    return codes, combining


_CODES, _COMBINING = _reverse()


def _switch(data: bytes, at: int, g0: int, g1: int) -> tuple[int, int, int]:
    """Read one escape sequence; gives the new G0, G1 and position."""
    one, two, three = (data[at + 1 : at + 4] + b"\0\0\0")[:3]
    if one in _TECHNIQUE_1:
        return _TECHNIQUE_1[one], g1, at + 2
    if one == ord("$"):
        if two in _TO_G0 and three in CODESETS:
            return three, g1, at + 4
        if two in _TO_G1 and three in CODESETS:
            return g0, three, at + 4
        if two in CODESETS:
            return two, g1, at + 3
    if one in _TO_G0 and two in CODESETS:
        return two, g1, at + 3
    if one in _TO_G1 and two in CODESETS:
        return g0, two, at + 3
    if one in _TO_G0 + _TO_G1 and two == ord("!") and three in CODESETS:
        return (three, g1, at + 4) if one in _TO_G0 else (g0, three, at + 4)
    raise NotMarc8(f"an unknown escape sequence {data[at : at + 3].hex(' ')}")


def _character(data: bytes, at: int, g0: int, g1: int) -> tuple[str, bool, int]:
    """One character, whether it combines with the next, and the position behind it."""
    byte = data[at]
    if byte == 0x20:
        return " ", False, at + 1
    if g0 == _EACC and byte < 0x80:
        if len(data) < at + 3:
            raise NotMarc8("an East Asian character is cut off")
        code, behind = int.from_bytes(data[at : at + 3]), at + 3
        if code in ODD_MAP:
            return chr(ODD_MAP[code]), False, behind
    else:
        code, behind = byte, at + 1
    table = CODESETS[g1 if byte > 0x80 else g0]
    if code not in table:
        raise NotMarc8(f"no MARC-8 character has the code {code:x}")
    point, combining = table[code]
    return chr(point), bool(combining), behind
