"""ISBNs: one normal form (13 digits), twins, and what a printed number that fails its check says.

Source: ISBN Users' Manual, 7th edition, sections 4 and 5 (structure, check digits, ISBN-10 conversion).
"""

from __future__ import annotations

import re

_SEPARATORS = re.compile(r"[\s\-‐‑‒–—−.·]+")
_CANDIDATE = re.compile(
    r"(?<![0-9])(?:97[89][0-9]{10}(?=(?:[0-9]{5}|[0-9]{2})?(?![0-9Xx]))|[0-9]{9}[0-9Xx](?![0-9Xx]))"
)
"""Thirteen digits, also where an add-on of two or five digits (issue, price) ran into them; or ten."""


def compact(text: str) -> str:
    """The number without hyphens, spaces and dots, ``x`` as ``X``; other text stays as it is."""
    return _SEPARATORS.sub("", text).upper()


def normalise(text: str) -> str:
    """The ISBN-13 that ``text`` begins with or contains, or ``""`` when none passes its check digit."""
    for found in _CANDIDATE.finditer(compact(text)):
        number = found.group()
        if len(number) == 13 and _check13(number[:12]) == number[12]:
            return number
        if len(number) == 10 and _check10(number[:9]) == number[9]:
            return to_13(number)
    return ""


def misprinted(text: str) -> str:
    """A number shaped like an ISBN whose check digit is wrong, compacted; ``""`` when there is none."""
    if normalise(text):
        return ""
    found = _CANDIDATE.search(compact(text))
    return found.group() if found else ""


def to_13(isbn10: str) -> str:
    """The 978 twin of a ten-digit ISBN (its own check digit is dropped)."""
    body = "978" + isbn10[:9]
    return body + _check13(body)


def to_10(isbn13: str) -> str:
    """The ten-digit twin of a 978 number, or ``""`` for 979, which has none."""
    if not isbn13.startswith("978"):
        return ""
    body = isbn13[3:12]
    return body + _check10(body)


def _check13(body: str) -> str:
    total = sum(int(digit) * (3 if place % 2 else 1) for place, digit in enumerate(body))
    return str(-total % 10)


def _check10(body: str) -> str:
    total = sum(int(digit) * (10 - place) for place, digit in enumerate(body))
    return "0123456789X"[-total % 11]
