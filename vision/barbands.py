"""The bands of a field of bars, each read by fitting: what is left to try when no decoder reads a symbol.

Bands share no pixels.  A number is believed when several of them say it and hardly any other says another.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import cast

import cv2
import numpy as np

from vision import ean
from vision.barfit import Fit, Place, Row, fit_row, moved, placed
from vision.geometry import Matrix, centre, cut_upright, direction, mapped
from vision.photo import Pixels
from workcell.kernel.evidence import Point

_BANDS = 8
_TRIED_FIRST = (4, 2, 6)
_LEAST_BANDS, _LEAST_SHARE = 3, 0.75
_LEAST_LEAD, _MOST_MISFIT, _SURE_LEAD = 0.2, 0.17, 0.3
"""A scratch through all bands misleads them alike: of 240 rows too badly spoilt to read, three had a wrong
best number with a lead over 0.2 and none over 0.3."""

_CUT_MODULE, _CUT_REACH, _CUT_HEIGHT = 4.0, 1.25, 0.9
"""Pixels a module if the field were one EAN-13 and no more; the cut is longer than the field, for the quiet
zones, and less high, since a field's edges are frayed."""

_QUIET_MODULES, _QUIET_SHARE, _AROUND_MODULES = 4.0, 0.8, 12.0
_SHORTEST, _LONGEST = 0.35, 1.15
"""Length of a symbol as a share of its field's (with an add-on, or not)."""

_MOST_PAIRS = 8
_GAMMA = 2.2
"""Blur in the lens adds up light, which the picture's values are not linear in (IEC 61966-2-1); blur in
processing adds up values.  Both are tried."""


@dataclass(frozen=True)
class BandsRead:
    """A number, the polygon of its bars (clockwise from its own top left), and the bands that agree.

    ``sure`` when it leads the next best number so far that the bands may count as two readers.
    """

    text: str
    polygon: tuple[Point, ...]
    bands: tuple[int, ...]
    sure: bool


def read_bands(grey: Pixels, field: Sequence[Point]) -> BandsRead | None:
    """The EAN-13 in a field of bars (corners clockwise, the first side across the bars), None when unsure."""
    cut, back = _cut(grey, field)
    bands = _bands(cut)
    doubtful: BandsRead | None = None
    for curve in (1.0, _GAMMA):
        rows = [(255 * (row / 255) ** curve).astype(np.float32) for row in bands]
        read = _agreed(_fits(rows), cut.shape[0], back)
        if read is not None and read.sure:
            return read
        doubtful = doubtful or read
    return doubtful


def _agreed(fits: dict[int, Fit], height: int, back: Matrix) -> BandsRead | None:
    if not fits:
        return None
    (text, count), *_ = Counter(fit.text for fit in fits.values()).most_common(1)
    if count < _LEAST_BANDS or count < _LEAST_SHARE * len(fits):
        return None
    bands = sorted(n for n, fit in fits.items() if fit.text == text)
    top, bottom = fits[bands[0]].place, fits[bands[-1]].place
    y_top, y_bottom = (height * (n + share) / _BANDS for n, share in ((bands[0], 0), (bands[-1], 1)))
    corners = [(top.start, y_top), (top.end, y_top), (bottom.end, y_bottom), (bottom.start, y_bottom)]
    if top.module < 0:  # on its head: its own top is the lower band
        corners = [corners[3], corners[2], corners[1], corners[0]]
    sure = float(np.mean([fits[n].lead for n in bands])) >= _SURE_LEAD
    return BandsRead(text, mapped(corners, back), tuple(bands), sure)


def _fits(rows: Sequence[Row]) -> dict[int, Fit]:
    """Convincing fits by band: once a symbol is placed in one band, its neighbours are searched near it."""
    for first in _TRIED_FIRST:
        place = placed(rows[first], _ends(rows[first]))
        fit = fit_row(rows[first], place) if place is not None else None
        if fit is not None and _convinces(fit):
            found = {first: fit}
            for way in (range(first + 1, len(rows)), range(first - 1, -1, -1)):
                found.update(_followed(rows, way, fit.place))
            return found
    return {}


def _followed(rows: Sequence[Row], way: Sequence[int], place: Place) -> Iterator[tuple[int, Fit]]:
    for number in way:
        fit = fit_row(rows[number], moved(rows[number], place))
        if _convinces(fit):
            yield number, fit
            place = fit.place


def _convinces(fit: Fit) -> bool:
    return fit.lead > _LEAST_LEAD and fit.misfit < _MOST_MISFIT


def _cut(grey: Pixels, field: Sequence[Point]) -> tuple[Pixels, Matrix]:
    a, b, c, _ = (np.array(p) for p in field)
    along, across = float(np.linalg.norm(b - a)), float(np.linalg.norm(c - b))
    scale = _CUT_MODULE * ean.MODULES / max(along, 1.0)
    size = (along * _CUT_REACH, max(across * _CUT_HEIGHT, _BANDS / scale + 1))
    soft = cv2.GaussianBlur(grey, (0, 0), 0.4 / scale) if scale < 0.7 else grey
    return cut_upright(soft, centre(field), direction(field), size, scale)


def _bands(cut: Pixels) -> list[Row]:
    """Mean brightness along each band, sheared so that its bars stand."""
    edges = np.linspace(0, cut.shape[0], _BANDS + 1).astype(int)
    return [_upright_mean(cut[a:b]) for a, b in pairwise(edges)]


def _upright_mean(band: Pixels) -> Row:
    gx, gy = cv2.Sobel(band, cv2.CV_32F, 1, 0), cv2.Sobel(band, cv2.CV_32F, 0, 1)
    lean = -float((gx * gy).sum()) / max(float((gx * gx).sum()), 1.0)
    back = np.array([[1.0, lean, -lean * band.shape[0] / 2], [0.0, 1.0, 0.0]])
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    upright = cv2.warpAffine(band, back, band.shape[::-1], flags=flags, borderMode=cv2.BORDER_REPLICATE)
    return cast(Row, upright.mean(axis=0, dtype=np.float32))


def _ends(row: Row) -> list[tuple[float, float]]:
    """Pairs of quiet zones between which a symbol may lie, the longest first."""
    quiet, around = round(_QUIET_MODULES * _CUT_MODULE), round(_AROUND_MODULES * _CUT_MODULE)
    lowest = cv2.erode(row[np.newaxis], np.ones((1, quiet), np.uint8))
    highest = cv2.dilate(row[np.newaxis], np.ones((1, around), np.uint8))
    calm = (lowest > _QUIET_SHARE * highest)[0]
    changes = np.flatnonzero(np.diff(calm.astype(np.int8)))
    starts = [float(x) + quiet / 2 for x in changes if calm[x]]
    ends = [float(x) + 1 - quiet / 2 for x in changes if not calm[x]]
    nominal = ean.MODULES * _CUT_MODULE
    pairs = [(s, e) for s in starts for e in ends if _SHORTEST * nominal < e - s < _LONGEST * nominal]
    return sorted(pairs, key=lambda p: p[0] - p[1])[:_MOST_PAIRS]
