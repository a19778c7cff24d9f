"""ISIL compaction (ISO 28560-2 annex on the owner identifier): three character sets with latches and shifts.

The text starts in the upper-case set.  A character of another set is reached by a shift when the one after
it fits the present set again or there is none, otherwise by a latch; the last byte is padded with ones.
"""

from __future__ import annotations

from typing import Final

from stations.rfid.bits import to_bits, to_bytes

_UPPER: Final = "-ABCDEFGHIJKLMNOPQRSTUVWXYZ:"
_LOWER: Final = "-abcdefghijklmnopqrstuvwxyz/"
_NUMERIC: Final = "0123456789-:"

_SETS: Final = {"upper": (_UPPER, 5), "lower": (_LOWER, 5), "numeric": (_NUMERIC, 4)}
_LATCH: Final = {
    ("upper", "lower"): 0b11100, ("upper", "numeric"): 0b11110,
    ("lower", "upper"): 0b11100, ("lower", "numeric"): 0b11110,
    ("numeric", "upper"): 0b1100, ("numeric", "lower"): 0b1110,
}  # fmt: skip
_SHIFT: Final = {change: code + 1 for change, code in _LATCH.items()}
_LATCHES: Final = {name: {code for (source, _), code in _LATCH.items() if source == name} for name in _SETS}
_CHANGES: Final = {
    name: {
        code: target
        for table in (_LATCH, _SHIFT)
        for (source, target), code in table.items()
        if source == name
    }
    for name in _SETS
}
_PADDING: Final = "1111111"


def compact_isil(text: str) -> bytes:
    """Compact an ISIL; raises ValueError for a character that no set has."""
    bits = []
    present = "upper"
    for place, character in enumerate(text):
        if character in _SETS[present][0]:
            bits.append(_code(present, character))
            continue
        other = _set_of(character)
        following = text[place + 1 : place + 2]
        if not following or following in _SETS[present][0]:
            bits.append(_bits(_SHIFT[present, other], present))
        else:
            bits.append(_bits(_LATCH[present, other], present))
            present = other
        bits.append(_code(other, character))
    return to_bytes("".join(bits), _PADDING)


def expand_isil(data: bytes) -> str:
    """Expand an ISIL; raises ValueError for a code that no set has.

    The last bits, fewer than a code, are ones; some encoders leave zeros there.
    """
    bits = to_bits(data)
    text = []
    present = reading = "upper"
    at = 0
    while at + (width := _SETS[reading][1]) <= len(bits):
        code = int(bits[at : at + width], 2)
        at += width
        characters = _SETS[reading][0]
        change = _CHANGES[reading].get(code)
        if code < len(characters):
            text.append(characters[code])
            reading = present
        elif change is not None and reading == present:
            reading = change
            if code in _LATCHES[present]:
                present = change
        else:
            raise ValueError(f"code {code:0{width}b} has no character in the {reading} set")
    return "".join(text)


def _set_of(character: str) -> str:
    for name, (characters, _) in _SETS.items():
        if character in characters:
            return name
    raise ValueError(f"an ISIL has no character {character!r}")


def _code(name: str, character: str) -> str:
    return _bits(_SETS[name][0].index(character), name)


def _bits(code: int, name: str) -> str:
    return f"{code:0{_SETS[name][1]}b}"
