"""Cutter numbers by the Library of Congress table (Classification and Shelflisting Manual, G 63).

The table gives what to write for a heading by itself; fitting it between its neighbours on the shelf is
left to a shelf list.
"""

from __future__ import annotations

import unicodedata
from bisect import bisect_right

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
