"""Numbers on copies that are on the shelf already: item barcodes and book numbers."""

from __future__ import annotations

_AFTER_VOWEL = (("b", 2), ("d", 3), ("l", 4), ("n", 5), ("p", 6), ("r", 7), ("s", 8), ("u", 9))
_AFTER_S = (("a", 2), ("ch", 3), ("e", 4), ("h", 5), ("m", 6), ("t", 7), ("u", 8), ("w", 9))
_AFTER_QU = (("a", 3), ("e", 4), ("i", 5), ("o", 6), ("r", 7), ("t", 8), ("y", 9))
_AFTER_CONSONANT = (("a", 3), ("e", 4), ("i", 5), ("o", 6), ("r", 7), ("u", 8), ("y", 9))
_EXPANSION = (("a", 3), ("e", 4), ("i", 5), ("m", 6), ("p", 7), ("t", 8), ("w", 9))


def item_barcode(institution: str, serial: int) -> str:
    """Fourteen digits: 3 for an item, institution, serial, mod-10 check digit (odd places doubled)."""
    body = f"3{institution}{serial:08}"
    doubled = [int(digit) * (1 if place % 2 else 2) for place, digit in enumerate(body)]
    total = sum(value - 9 if value > 9 else value for value in doubled)
    return f"{body}{-total % 10}"


def cutter(name: str) -> str:
    """Make a book number of two digits by the Library of Congress Cutter table (G63)."""
    word = "".join(letter for letter in name.lower() if letter.isascii() and letter.isalpha())
    table, used = _table(word)
    return f"{word[0].upper()}{_digit(table, word[used:])}{_digit(_EXPANSION, word[used + 1 :])}"


def _table(word: str) -> tuple[tuple[tuple[str, int], ...], int]:
    if word.startswith("qu"):
        return _AFTER_QU, 2
    if word[0] in "aeiou":
        return _AFTER_VOWEL, 1
    return (_AFTER_S if word[0] == "s" else _AFTER_CONSONANT), 1


def _digit(table: tuple[tuple[str, int], ...], rest: str) -> str:
    reached = [digit for letters, digit in table if rest and letters <= rest]
    return str(reached[-1] if reached else table[0][1]) if rest else ""
