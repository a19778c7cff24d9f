"""The EAN-2 or EAN-5 add-on beside a book's bars, read strip by strip.

The add-on has no check digit of its own and often lies at a slightly different angle from the main symbol, so
that whole-symbol decoders miss it.  Here every few rows of pixels are read for themselves; the parity pattern
checks each reading, and the strips vote.

Encoding: ISO/IEC 15420:2009, 4.3.2.3 (two digits) and 4.3.2.4 (five digits).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

import cv2
import numpy as np
import numpy.typing as npt

from vision import ean
from vision.photo import Pixels

Widths = npt.NDArray[np.float64]

_PATTERNS = np.array(
    [[int(w) for w in p] for p in (*ean.SET_A, *(p[::-1] for p in ean.SET_A))], dtype=np.float64
)
_GUARD = (1, 1, 2)
_MODULES = {5: 47, 2: 20}
_ELEMENTS = {5: 31, 2: 13}

_STRIP_PX, _STEP_PX, _MODULE_PX = 5, 3, 7.0
_NEIGHBOURHOOD_PX, _LEAST_CONTRAST = 81, 25.0
_LEAST_STRIPS = {5: 4, 2: 10}
"""Two digits have a weaker parity check and need more strips."""

_LEAST_LEAD = 3
_MOST_ERROR = 1.1
"""Greatest deviation of one digit's four widths from its pattern, in modules."""

_QUIET_MODULES = 4.0


def read_addon(image: Pixels, *, sharpening: float) -> str | None:
    """Digits of the add-on in a grey picture that begins at the end of the main symbol, bars upright.

    Modules should be about seven pixels wide.  ``sharpening`` (0 for none) undoes blur across the bars.  None
    unless several strips agree, three times as many as read anything else.
    """
    votes = Counter(
        digits for edges in _strips(image, sharpening) if (digits := _read_strip(edges)) is not None
    )
    ranked = votes.most_common(2)
    if not ranked or ranked[0][1] < _LEAST_STRIPS[len(ranked[0][0])]:
        return None
    if len(ranked) > 1 and ranked[0][1] < _LEAST_LEAD * ranked[1][1]:
        return None
    return ranked[0][0]


def _strips(image: Pixels, sharpening: float) -> Iterator[Widths]:
    """Edges of each strip: where it crosses the middle between its local dark and light."""
    rows = cv2.blur(image, (1, _STRIP_PX))[_STRIP_PX // 2 :: _STEP_PX].astype(np.float32)
    soft = cv2.GaussianBlur(rows, (0, 0), sigmaX=_MODULE_PX, sigmaY=0.01)
    sharp = rows + sharpening * (rows - soft)
    around = np.ones((1, _NEIGHBOURHOOD_PX), np.uint8)
    low, high = cv2.erode(sharp, around), cv2.dilate(sharp, around)
    above = np.where(high - low < _LEAST_CONTRAST, 1.0, sharp - (low + high) / 2)
    yield from map(_edges, above)


def _edges(above: Widths) -> Widths:
    """Positions (to a fraction of a pixel) where the profile changes sign; the first begins a bar."""
    change = np.nonzero(np.signbit(above[:-1]) != np.signbit(above[1:]))[0]
    edges = change + above[change] / (above[change] - above[change + 1])
    return edges[1:] if change.size and np.signbit(above[change[0]]) else edges


def _read_strip(edges: Widths) -> str | None:
    """Five digits are tried first: noise may look like an EAN-2, hardly like an EAN-5."""
    if edges.size < _ELEMENTS[2] + 1:
        return None
    runs = np.diff(edges)
    for count in (5, 2):
        for first in range(0, len(runs) - _ELEMENTS[count] + 1, 2):
            digits = _decode(runs, first, count)
            if digits is not None:
                return digits
    return None


def _decode(runs: Widths, first: int, count: int) -> str | None:
    elements = runs[first : first + _ELEMENTS[count]]
    unit = float(elements.sum()) / _MODULES[count]
    if unit < 1.0 or not _is_quiet(runs, first, unit, count):
        return None
    widths = elements / unit
    if np.abs(widths[:3] - _GUARD).max() > 0.7:
        return None
    digits, parity = "", ""
    for place in range(count):
        start = 3 + 6 * place
        separator = widths[start + 4 : start + 6]
        if separator.size and np.abs(separator - 1).max() > 0.7:
            return None
        code, error = _nearest(widths[start : start + 4])
        if error > _MOST_ERROR:
            return None
        digits += str(code % 10)
        parity += "A" if code < 10 else "B"
    return digits if parity == ean.addon_parities(digits) else None


def _is_quiet(runs: Widths, first: int, unit: float, count: int) -> bool:
    """Whether light space stands before the guard, and after the last bar if anything follows."""
    after = first + _ELEMENTS[count]
    before = first == 0 or runs[first - 1] >= _QUIET_MODULES * unit
    return bool(before and (after >= len(runs) or runs[after] >= _QUIET_MODULES * unit))


def _nearest(widths: Widths) -> tuple[int, float]:
    """Pattern that comes nearest; distances between like edges count most, since ink growth spares them."""
    scaled = widths * (7.0 / widths.sum())
    alike = np.abs((_PATTERNS[:, :-1] + _PATTERNS[:, 1:]) - (scaled[:-1] + scaled[1:])).sum(axis=1)
    single = np.abs(_PATTERNS - scaled).sum(axis=1)
    error = 0.5 * alike + 0.3 * single
    best = int(error.argmin())
    return best, float(error[best])
