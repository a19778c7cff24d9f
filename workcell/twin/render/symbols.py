"""Bar symbols as they are printed on books and foreign labels: EAN-13 with add-ons, Code 128, Codabar.

A symbol is a row of modules, 1 for a bar and 0 for a space, quiet zones not included.
"""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

Modules = NDArray[np.uint8]

# GS1 General Specifications 5.2.1: number set A, and for the left half which digit is A or B by the first.
_SET_A = ("0001101", "0011001", "0010011", "0111101", "0100011",
          "0110001", "0101111", "0111011", "0110111", "0001011")  # fmt: skip
_SET_B = tuple("".join("10"[int(bit)] for bit in reversed(pattern)) for pattern in _SET_A)
_SET_C = tuple("".join("10"[int(bit)] for bit in pattern) for pattern in _SET_A)
_LEFT_PARITY = ("AAAAAA", "AABABB", "AABBAB", "AABBBA", "ABAABB",
                "ABBAAB", "ABBBAA", "ABABAB", "ABABBA", "ABBABA")  # fmt: skip
# 5.2.2: the add-on's parity, by number modulo 4 (two digits) or by its check digit (five digits).
_PARITY_2 = ("AA", "AB", "BA", "BB")
_PARITY_5 = ("BBAAA", "BABAA", "BAABA", "BAAAB", "ABBAA",
             "AABBA", "AAABB", "ABABA", "ABAAB", "AABAB")  # fmt: skip

EAN_MODULE_MM = 0.33
"""Width of a module at 100 % (GS1 General Specifications 5.2.3); the whole with quiet zones is 37.29 mm."""
EAN_QUIET_LEFT, EAN_QUIET_RIGHT = 11, 7
EAN_BAR_MM = 22.85
ADDON_GAP = 9
"""Modules between the main symbol and its add-on (7 to 12 are allowed)."""


def ean13(digits: str) -> Modules:
    """The 95 modules of an EAN-13."""
    sets = {"A": _SET_A, "B": _SET_B}
    left = "".join(
        sets[parity][int(digit)]
        for parity, digit in zip(_LEFT_PARITY[int(digits[0])], digits[1:7], strict=True)
    )
    right = "".join(_SET_C[int(digit)] for digit in digits[7:13])
    return _modules(f"101{left}01010{right}101")


def addon(digits: str) -> Modules:
    """The modules of an EAN-2 (20) or EAN-5 (47) add-on."""
    if len(digits) == 2:
        parity = _PARITY_2[int(digits) % 4]
    else:
        weights = (3, 9, 3, 9, 3)
        parity = _PARITY_5[sum(w * int(digit) for w, digit in zip(weights, digits, strict=True)) % 10]
    sets = {"A": _SET_A, "B": _SET_B}
    body = "01".join(sets[which][int(digit)] for which, digit in zip(parity, digits, strict=True))
    return _modules(f"1011{body}")


# ISO/IEC 15417 table 1: widths of bars and spaces of the values 0 to 105, then the stop pattern.
_CODE_128 = (
    "212222", "222122", "222221", "121223", "121322", "131222", "122213", "122312", "132212", "221213",
    "221312", "231212", "112232", "122132", "122231", "113222", "123122", "123221", "223211", "221132",
    "221231", "213212", "223112", "312131", "311222", "321122", "321221", "312212", "322112", "322211",
    "212123", "212321", "232121", "111323", "131123", "131321", "112313", "132113", "132311", "211313",
    "231113", "231311", "112133", "112331", "132131", "113123", "113321", "133121", "313121", "211331",
    "231131", "213113", "213311", "213131", "311123", "311321", "331121", "312113", "312311", "332111",
    "314111", "221411", "431111", "111224", "111422", "121124", "121421", "141122", "141221", "112214",
    "112412", "122114", "122411", "142112", "142211", "241211", "221114", "413111", "241112", "134111",
    "111242", "121142", "121241", "114212", "124112", "124211", "411212", "421112", "421211", "212141",
    "214121", "412121", "111143", "111341", "131141", "114113", "114311", "411113", "411311", "113141",
    "114131", "311141", "411131", "211412", "211214", "211232", "2331112",
)  # fmt: skip
_START_B, _STOP = 104, 106


def code128(text: str) -> Modules:
    """Code 128 in code set B (printable ASCII)."""
    values = [ord(character) - 32 for character in text]
    check = (_START_B + sum(place * value for place, value in enumerate(values, start=1))) % 103
    widths = "".join(_CODE_128[value] for value in (_START_B, *values, check, _STOP))
    return _widths([int(width) for width in widths])


# ANSI/AIM BC3: widths of four bars and three spaces; w = wide.
_CODABAR = {
    "0": "nnnnnww", "1": "nnnnwwn", "2": "nnnwnnw", "3": "wwnnnnn", "4": "nnwnnwn", "5": "wnnnnwn",
    "6": "nwnnnnw", "7": "nwnnwnn", "8": "nwwnnnn", "9": "wnnwnnn", "A": "nnwwnwn", "B": "nwnwnnw",
}  # fmt: skip


def codabar(digits: str, narrow: int, wide: int) -> Modules:
    """Codabar between A and B, in printer's dots: ``narrow`` and ``wide`` dots an element."""
    dots = {"n": narrow, "w": wide}
    shapes = "n".join(_CODABAR[character] for character in f"A{digits}B")
    return _widths([dots[element] for element in shapes])


def _modules(bits: str) -> Modules:
    return np.array([int(bit) for bit in bits], np.uint8)


def _widths(widths: Sequence[int]) -> Modules:
    bar = (np.arange(len(widths)) + 1) % 2
    return np.repeat(bar, widths).astype(np.uint8)


def bars(modules: Modules, width_px: int, height_px: int) -> NDArray[np.uint8]:
    """The symbol as grey pixels, each edge in its true place: a pixel half covered is half grey."""
    fine = np.repeat(255 * (1 - modules), 16)[np.newaxis, :].astype(np.uint8)
    row = cv2.resize(fine, (width_px, 1), interpolation=cv2.INTER_AREA)
    return np.repeat(row, height_px, axis=0).astype(np.uint8)
