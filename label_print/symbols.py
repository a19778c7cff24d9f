"""Linear barcode symbols as element widths.

A symbol is a row of elements that begins and ends with a bar.  An element's width is a class (1, 2, 3 …); a
*scale* says how many whole printer dots each class takes, so every bar of a class is equally wide.
Codabar and Code 39 know two classes, narrow and wide; Code 128 and EAN-13 know four, one to four modules.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from label_print.check_digits import (
    CODABAR_ORDER,
    CODE39_ORDER,
    codabar_check_character,
    code39_check_character,
    ean13_check_digit,
    is_digits,
)
from label_print.matrix import MATRIX_SYMBOLOGIES
from workcell.kernel.errors import BadInput

Scale = tuple[int, ...]
"""Dots of an element of class 1, 2, …"""


@dataclass(frozen=True)
class Symbol:
    """One symbol: ``text`` as a reader gives it, ``elements`` bar, space, … bar, quiet zones in modules."""

    symbology: str
    text: str
    elements: tuple[int, ...]
    quiet: tuple[int, int]
    classes: int

    def dots(self, scale: Scale) -> list[int]:
        """The width of each element in dots."""
        return [scale[element - 1] for element in self.elements]

    def width(self, scale: Scale) -> int:
        """Dots from the first bar to the last, without quiet zones."""
        return sum(self.dots(scale))

    def quiet_dots(self, scale: Scale) -> tuple[int, int]:
        """The quiet zones left and right in dots."""
        return self.quiet[0] * scale[0], self.quiet[1] * scale[0]

    def width_with_quiet(self, scale: Scale) -> int:
        """Dots that the symbol needs on a label."""
        return self.width(scale) + sum(self.quiet_dots(scale))


def scales(symbol: Symbol, widest_module: int) -> Iterator[Scale]:
    """The scales a symbol may be printed at, best first: wide modules before wide-to-narrow ratios.

    Two-width symbols keep a ratio of 2.25 to 3 (ISO/IEC 16388 allows 2.0 to 3.0 for Code 39, EN 798 2.25
    to 3.0 for Codabar below 0.5 mm; a ratio of 2 is the first to fail when bars grow).
    """
    for module in range(widest_module, 0, -1):
        if symbol.classes == 2:
            for wide in range(3 * module, (9 * module + 3) // 4 - 1, -1):
                yield (module, wide)
        else:
            yield tuple(module * number for number in range(1, symbol.classes + 1))


# --- Codabar (EN 798) ------------------------------------------------------------------------------------

_CODABAR: Final = {
    "0": "0000011", "1": "0000110", "2": "0001001", "3": "1100000", "4": "0010010",
    "5": "1000010", "6": "0100001", "7": "0100100", "8": "0110000", "9": "1001000",
    "-": "0001100", "$": "0011000", ":": "1000101", "/": "1010001", ".": "1010100", "+": "0010101",
    "A": "0011010", "B": "0101001", "C": "0001011", "D": "0001110",
}  # fmt: skip


_CODABAR_ENDS: Final = CODABAR_ORDER[16:]


def codabar(text: str, start: str = "A", stop: str = "B") -> Symbol:
    """A Codabar symbol; ``text`` is what stands between start and stop.

    A text in A to D at both ends brings its own (A30234000517861B).  Raises BadInput.
    """
    if len(text) > 2 and text[0] in _CODABAR_ENDS and text[-1] in _CODABAR_ENDS:
        start, text, stop = text[0], text[1:-1], text[-1]
    for character in text:
        if character not in CODABAR_ORDER[:16]:
            raise _foreign("Codabar", character, "digits and - $ : / . +")
    _need_text("Codabar", text)
    patterns = [_CODABAR[character] for character in f"{start}{text}{stop}"]
    return Symbol("codabar", text, _two_width(patterns), quiet=(10, 10), classes=2)


def codabar_mod16(text: str) -> Symbol:
    """A Codabar symbol that ends with its modulo 16 check character, which a reader gives too."""
    return codabar(text + codabar_check_character(text))


# --- Code 39 (ISO/IEC 16388) -----------------------------------------------------------------------------

_CODE39: Final = dict(
    zip(
        CODE39_ORDER + "*",
        (
            "000110100", "100100001", "001100001", "101100000", "000110001", "100110000", "001110000",
            "000100101", "100100100", "001100100", "100001001", "001001001", "101001000", "000011001",
            "100011000", "001011000", "000001101", "100001100", "001001100", "000011100", "100000011",
            "001000011", "101000010", "000010011", "100010010", "001010010", "000000111", "100000110",
            "001000110", "000010110", "110000001", "011000001", "111000000", "010010001", "110010000",
            "011010000", "010000101", "110000100", "011000100", "010101000", "010100010", "010001010",
            "000101010", "010010100",
        ),
        strict=True,
    )
)  # fmt: skip


def code39(text: str) -> Symbol:
    """A Code 39 symbol without check character.  Raises BadInput."""
    _need_text("Code 39", text)
    for character in text:
        if character not in CODE39_ORDER:
            raise _foreign("Code 39", character, "digits, A to Z and - . space $ / + %")
    return Symbol("code39", text, _two_width([_CODE39[c] for c in f"*{text}*"]), quiet=(10, 10), classes=2)


def code39_mod43(text: str) -> Symbol:
    """A Code 39 symbol that ends with its modulo 43 check character, which a reader gives too."""
    return code39(text + code39_check_character(text))


def _two_width(patterns: list[str]) -> tuple[int, ...]:
    """Characters of narrow (0) and wide (1) elements, joined by a narrow space."""
    return tuple(int(mark) + 1 for mark in "0".join(patterns))


# --- Code 128 (ISO/IEC 15417) ----------------------------------------------------------------------------

_CODE128_ROWS: Final = (
    "212222 222122 222221 121223 121322 131222 122213 122312 132212 221213 221312 231212 112232 122132 "
    "122231 113222 123122 123221 223211 221132 221231 213212 223112 312131 311222 321122 321221 312212 "
    "322112 322211 212123 212321 232121 111323 131123 131321 112313 132113 132311 211313 231113 231311 "
    "112133 112331 132131 113123 113321 133121 313121 211331 231131 213113 213311 213131 311123 311321 "
    "331121 312113 312311 332111 314111 221411 431111 111224 111422 121124 121421 141122 141221 112214 "
    "112412 122114 122411 142112 142211 241211 221114 413111 241112 134111 111242 121142 121241 114212 "
    "124112 124211 411212 421112 421211 212141 214121 412121 111143 111341 131141 114113 114311 411113 "
    "411311 113141 114131 311141 411131 211412 211214 211232 2331112"
)
_CODE128: Final = _CODE128_ROWS.split()
_START: Final = {"A": 103, "B": 104, "C": 105}
_SWITCH: Final = {"A": 101, "B": 100, "C": 99}
_SHIFT: Final = 98
_STOP: Final = 106
_OTHER: Final = {"A": "B", "B": "A"}


def code128(text: str) -> Symbol:
    """A Code 128 symbol with the fewest characters that code sets A, B, C and shift allow.

    Raises BadInput for characters outside ISO 646.
    """
    _need_text("Code 128", text)
    for character in text:
        if ord(character) > 127:
            raise _foreign("Code 128", character, "ASCII characters")
    values = _code128_values(text)
    check = (values[0] + sum(place * value for place, value in enumerate(values[1:], 1))) % 103
    widths = "".join(_CODE128[value] for value in (*values, check, _STOP))
    return Symbol("code128", text, tuple(map(int, widths)), quiet=(10, 10), classes=4)


def _code128_values(text: str) -> list[int]:
    """The shortest value sequence, start included, found by walking the text once per code set."""
    best = {code_set: [start] for code_set, start in _START.items()}
    pairs: dict[str, list[int]] | None = None
    for position, character in enumerate(text):
        following: dict[str, list[int]] = {}
        for code_set in "AB":
            if code_set not in best:
                continue
            value, shifted = _value_in(code_set, character), _value_in(_OTHER[code_set], character)
            if value is not None:
                _keep(following, code_set, [*best[code_set], value])
            elif shifted is not None:
                _keep(following, code_set, [*best[code_set], _SHIFT, shifted])
        if pairs is not None and "C" in pairs and is_digits(text[position - 1 : position + 1]):
            _keep(following, "C", [*pairs["C"], int(text[position - 1 : position + 1])])
        pairs, best = best, _with_switches(following)
    return min(best.values(), key=len)


def _with_switches(best: dict[str, list[int]]) -> dict[str, list[int]]:
    """Every code set reached from another one, where that is shorter."""
    reached = dict(best)
    for source, values in best.items():
        for target, switch in _SWITCH.items():
            if target != source:
                _keep(reached, target, [*values, switch])
    return reached


def _keep(best: dict[str, list[int]], code_set: str, values: list[int]) -> None:
    if code_set not in best or len(values) < len(best[code_set]):
        best[code_set] = values


def _value_in(code_set: str, character: str) -> int | None:
    point = ord(character)
    if 32 <= point < 96:
        return point - 32
    if code_set == "A":
        return point + 64 if point < 32 else None
    return point - 32 if point >= 96 else None


# --- EAN-13 (ISO/IEC 15420) ------------------------------------------------------------------------------

_EAN_ODD: Final = "3211 2221 2122 1411 1132 1231 1114 1312 1213 3112".split()  # noqa: SIM905 - a table
_EAN_PARITY: Final = "OOOOOO OOEOEE OOEEOE OOEEEO OEOOEE OEEOOE OEEEOO OEOEOE OEOEEO OEEOEO".split()  # noqa: SIM905 - a table


def ean13(text: str) -> Symbol:
    """An EAN-13 symbol of 13 digits with a right check digit.  Raises BadInput."""
    if len(text) != 13 or not is_digits(text) or ean13_check_digit(text[:12]) != text[12]:
        raise BadInput("not an EAN-13", subject=text, remedy="Give 13 digits with their check digit.")
    parity = _EAN_PARITY[int(text[0])]
    left = [
        _EAN_ODD[int(d)] if side == "O" else _EAN_ODD[int(d)][::-1]
        for d, side in zip(text[1:7], parity, strict=True)
    ]
    right = [_EAN_ODD[int(digit)] for digit in text[7:]]
    widths = "".join(("111", *left, "11111", *right, "111"))
    return Symbol("ean13", text, tuple(map(int, widths)), quiet=(11, 7), classes=4)


SYMBOLOGIES: Final[Mapping[str, Callable[[str], Symbol]]] = {
    "codabar": codabar,
    "codabar_mod16": codabar_mod16,
    "code39": code39,
    "code39_mod43": code39_mod43,
    "code128": code128,
    "ean13": ean13,
}
"""Linear encoders by the name that a profile uses."""


@lru_cache(maxsize=64)
def symbol_of(text: str, symbology: str) -> Symbol:
    """Encode ``text``; raises BadInput for an unknown symbology or a text it can't carry."""
    encoder = SYMBOLOGIES.get(symbology)
    if encoder is None:
        known = ", ".join((*SYMBOLOGIES, *MATRIX_SYMBOLOGIES))
        raise BadInput(f"no symbology {symbology!r}", subject=text, remedy=f"There are: {known}.")
    return encoder(text)


def _need_text(symbology: str, text: str) -> None:
    if not text:
        raise BadInput(f"an empty text makes no {symbology} symbol", remedy="Give at least one character.")


def _foreign(symbology: str, character: str, known: str) -> BadInput:
    return BadInput(f"{symbology} has no character {character!r}", remedy=f"It carries {known}.")
