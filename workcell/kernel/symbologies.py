"""The symbologies of item labels: what each carries, and how readers name it and give it.

EAN-13 is none of them: on a book it is the ISBN, and nobody could tell the item's label from it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Literal

SymbologyName = Literal[
    "codabar", "codabar_mod16", "code39", "code39_mod43", "code128", "qr", "datamatrix"
]  # fmt: skip


@dataclass(frozen=True)
class Symbology:
    """``format`` is what readers call it; ``checked`` that they give a check character behind the number.

    A ``linear`` symbol of these kinds is a library's; a matrix symbol on a book may be its publisher's.
    """

    format: str
    carries: re.Pattern[str]
    words: str
    checked: bool = False
    linear: bool = True


_CODABAR = re.compile(r"[0-9$:/.+-]+")
_CODE39 = re.compile(r"[0-9A-Z. $/+%-]+")
_ANY = re.compile(r".+", re.DOTALL)

ITEM_SYMBOLOGIES: Final[Mapping[SymbologyName, Symbology]] = {
    "codabar": Symbology("CODABAR", _CODABAR, "digits and - $ : / . +"),
    "codabar_mod16": Symbology("CODABAR", _CODABAR, "digits and - $ : / . +", checked=True),
    "code39": Symbology("CODE39", _CODE39, "digits, A to Z and - . space $ / + %"),
    "code39_mod43": Symbology("CODE39", _CODE39, "digits, A to Z and - . space $ / + %", checked=True),
    "code128": Symbology("CODE128", re.compile(r"[\x00-\x7f]+"), "ASCII characters"),
    "qr": Symbology("QR", _ANY, "any text", linear=False),
    "datamatrix": Symbology("DATAMATRIX", _ANY, "any text", linear=False),
}
"""By the name that a profile uses."""

LINEAR_FORMATS: Final = frozenset(known.format for known in ITEM_SYMBOLOGIES.values() if known.linear)
"""Formats that a library's own labels are in."""
