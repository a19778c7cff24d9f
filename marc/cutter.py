"""Cutter numbers by the Library of Congress table (Classification and Shelflisting Manual, G 63).

The table gives what to write for a heading by itself; ``fitted`` makes it file between its neighbours on
the shelf (G 63, section 1: the shelf list decides, the table helps).
"""

from __future__ import annotations

import re
import unicodedata
from bisect import bisect_right
from collections.abc import Sequence
from decimal import Decimal

_VOWELS = (("b", 2), ("d", 3), ("l", 4), ("n", 5), ("p", 6), ("r", 7), ("s", 8), ("u", 9))
_S = (("a", 2), ("ch", 3), ("e", 4), ("h", 5), ("m", 6), ("t", 7), ("u", 8), ("w", 9))
_QU = (("a", 3), ("e", 4), ("i", 5), ("o", 6), ("r", 7), ("t", 8), ("y", 9))
_CONSONANTS = (("a", 3), ("e", 4), ("i", 5), ("o", 6), ("r", 7), ("u", 8), ("y", 9))
_EXPANSION = (("a", 3), ("e", 4), ("i", 5), ("m", 6), ("p", 7), ("t", 8), ("w", 9))

_NUMERAL = "A12"
"""Headings that begin with a numeral file before those with letters (G 63, section 3)."""

_Steps = tuple[tuple[str, int], ...]


def cutter(heading: str, digits: int = 2) -> str:
    """The number for a heading in Latin letters ("Kurlansky, Mark" → K87); ``""`` when it has none."""
    letters = _letters(heading)
    if not letters:
        return ""
    if letters[0].isdigit():
        return _NUMERAL[: 1 + digits]
    initial, steps, rest = _start(letters)
    number = initial.upper()
    for _ in range(digits):
        if not rest:
            break
        step, digit = _step(steps, rest)
        number += str(digit)
        rest = rest[max(1, len(step)) :]
        steps = _EXPANSION
    return number if len(number) > 1 else f"{number}3"


def _start(letters: str) -> tuple[str, _Steps, str]:
    """The initial letter, the table for what follows, and what follows."""
    if letters.startswith("qu"):
        return "q", _QU, letters[2:]
    if letters[0] in "aeiou":
        return letters[0], _VOWELS, letters[1:]
    return letters[0], _S if letters[0] == "s" else _CONSONANTS, letters[1:]


def _step(steps: _Steps, rest: str) -> tuple[str, int]:
    """The last step that is not beyond the letters (letters between two steps take the lower one)."""
    place = bisect_right([letters for letters, _ in steps], rest[:2])
    while place and not _reached(steps[place - 1][0], rest):
        place -= 1
    return steps[place - 1] if place else ("", 2)


def _reached(step: str, rest: str) -> bool:
    return rest[: len(step)] >= step


def _letters(heading: str) -> str:
    """The first word's letters (the whole heading's without spaces, as filing needs no more)."""
    plain = unicodedata.normalize("NFKD", heading.casefold())
    return "".join(char for char in plain if char.isascii() and char.isalnum())


# --- on the shelf ----------------------------------------------------------------------------------------


def fitted(number: str, heading: str, shelf: Sequence[tuple[str, str]]) -> str:
    """The table's number for a heading, changed so that it files where the heading does.

    ``shelf`` are the headings and numbers that stand in the class already, in any order.  A number that
    is free and in its place stays.  Else it is one between its neighbours', as near to the table's as can
    be and as short, never ending in 0 or 1 (G 63: room is left on both sides); the same heading has the
    same neighbours, so a second work of an author stands behind the first.
    """
    letter, held = number[:1], sorted(_places(number, heading, shelf))
    low, high = _neighbours(heading, held)
    wanted = number[1:]
    if _between(low, wanted, high) and wanted not in {digits for _, digits in held}:
        return number
    return letter + _nearest(low, high, wanted)


def _places(number: str, heading: str, shelf: Sequence[tuple[str, str]]) -> list[tuple[str, str]]:
    """Filing form and digits of those on the shelf that begin with the same letter."""
    same = ((filed, other.lstrip(".").upper()) for filed, other in shelf)
    return [
        (_letters(filed), found.group(1))
        for filed, other in same
        if (found := re.match(rf"{re.escape(number[:1])}([0-9]+)", other))
    ]


def _neighbours(heading: str, held: Sequence[tuple[str, str]]) -> tuple[str, str]:
    """Digits of the last number before the heading's place, and of the first behind it; ``""`` at the ends.

    Numbers that are out of order on the shelf don't narrow the place.
    """
    filing = _letters(heading)
    before = [digits for filed, digits in held if filed <= filing]
    behind = [digits for filed, digits in held if filed > filing]
    low = max(before, key=_decimal, default="")
    higher = [digits for digits in behind if _decimal(digits) > _decimal(low)]
    return low, min(higher, key=_decimal, default="")


def _decimal(digits: str) -> Decimal:
    return Decimal(f"0.{digits or '0'}")


def _between(low: str, digits: str, high: str) -> bool:
    return _decimal(low) < _decimal(digits) and (not high or _decimal(digits) < _decimal(high))


def _nearest(low: str, high: str, wanted: str) -> str:
    """The shortest decimal strictly between the two that ends in 2 to 9, nearest to the one wanted."""
    floor, ceiling = _decimal(low), _decimal(high) if high else Decimal(1)
    for length in range(1, 12):
        step = Decimal(1).scaleb(-length)
        first = int(floor / step) + 1
        last = int(ceiling / step) - (1 if ceiling % step == 0 else 0)
        free = [n for n in _around(first, last, int(_decimal(wanted) / step)) if n % 10 > 1]
        if free:
            return f"{free[0]:0{length}d}"
    return wanted


def _around(first: int, last: int, centre: int) -> list[int]:
    """Up to forty numbers from ``first`` to ``last``, the nearest to ``centre`` first."""
    start = min(max(centre, first), last)
    near = range(max(first, start - 20), min(last, start + 20) + 1)
    return sorted(near, key=lambda n: (abs(n - centre), n))


def free_number(number: str, heading: str, given: Sequence[int]) -> int:
    """The ordinal of ``number``, or where another title has it, of one that stands right behind it.

    ``given`` are the ordinals given out in the class; what they stand for is told by their order alone.
    """
    others = [from_ordinal(other) for other in sorted(given)]
    shelf = [(heading if other <= number else f"{heading}zzz", other) for other in others]
    return ordinal(fitted(number, heading, shelf))


def is_cutter(number: str) -> bool:
    """Whether it is a letter and a decimal, which can be fitted between others."""
    return re.fullmatch("[A-Z][0-9]+", number) is not None


def ordinal(number: str) -> int:
    """A Cutter number as a whole number that keeps its order: K87 → 11 and 870000000 (ten digits of room)."""
    return (ord(number[0].upper()) - ord("A") + 1) * 10**10 + int(number[1:].ljust(10, "0")[:10])


def from_ordinal(value: int) -> str:
    """The number that ``ordinal`` was made from, without zeros at its end."""
    letter, digits = divmod(value, 10**10)
    return chr(ord("A") + letter - 1) + (f"{digits:010d}".rstrip("0") or "0")
