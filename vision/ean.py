"""The encodation of EAN-13 and its add-ons, as widths and as modules.

ISO/IEC 15420:2009, 4.3: a digit is seven modules; the left half's parities spell the first digit.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Bits = npt.NDArray[np.float64]

SET_A = ("3211", "2221", "2122", "1411", "1132", "1231", "1114", "1312", "1213", "3112")
"""Widths in modules of space, bar, space, bar for each digit; set B is the mirror image."""

FIRST_DIGIT = (
    "AAAAAA", "AABABB", "AABBAB", "AABBBA", "ABAABB", "ABBAAB", "ABBBAA", "ABABAB", "ABABBA", "ABBABA",
)  # fmt: skip
"""Parities of the six left digits for each first digit."""

PARITY_2 = ("AA", "AB", "BA", "BB")
PARITY_5 = ("BBAAA", "BABAA", "BAABA", "BAAAB", "ABBAA", "AABBA", "AAABB", "ABABA", "ABAAB", "AABAB")

MODULES = 95
LEFT_GUARD, MIDDLE_GUARD, RIGHT_GUARD = "101", "01010", "101"


def modules(widths: str, *, first_is_bar: bool) -> str:
    """Widths as modules: 1 a bar, 0 a space."""
    return "".join(str(int((at % 2 == 0) == first_is_bar)) * int(width) for at, width in enumerate(widths))


LEFT = [modules(w, first_is_bar=False) for w in SET_A] + [modules(w[::-1], first_is_bar=False) for w in SET_A]
"""Modules of the left half's digits: 0-9 in set A, then 0-9 in set B."""

RIGHT = [modules(w, first_is_bar=True) for w in SET_A]
"""Modules of the right half's digits (set C)."""


def ean13_modules(text: str) -> str:
    """The 95 modules of an EAN-13."""
    parities = FIRST_DIGIT[int(text[0])]
    left = [LEFT[int(d) + 10 * (p == "B")] for d, p in zip(text[1:7], parities, strict=True)]
    right = [RIGHT[int(d)] for d in text[7:]]
    return LEFT_GUARD + "".join(left) + MIDDLE_GUARD + "".join(right) + RIGHT_GUARD


def addon_modules(digits: str) -> str:
    """The modules of an add-on of two or five digits."""
    parities = addon_parities(digits)
    shown = [LEFT[int(d) + 10 * (p == "B")] for d, p in zip(digits, parities, strict=True)]
    return "1011" + "01".join(shown)


def addon_parities(digits: str) -> str:
    """The parities of two or five digits, which are all the check that an add-on has."""
    if len(digits) == 2:
        return PARITY_2[int(digits) % 4]
    return PARITY_5[sum(w * int(d) for w, d in zip((3, 9, 3, 9, 3), digits, strict=True)) % 10]
