"""A page that bends towards the gutter of an open book, laid flat by its own lines of text.

Narrow strips of the page are compared with their neighbours: how far the text of one stands above or below
that of the next.  Added up across the page these steps are the bend.  A straight tilt is not touched; it
belongs to the page's posture.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, cast

import cv2
import numpy as np
import numpy.typing as npt

from vision.photo import Pixels
from workcell.kernel.evidence import Point

_Floats = npt.NDArray[np.float64]

_WIDTH = 800
"""Pixels across at which the bend is measured."""

_STRIPS = 40
_REACH = 8
"""Furthest step in pixels between neighbouring strips; more is another line of text."""

_DEGREE = 4
_LEAST_BEND = 0.004
"""Share of the page's height from which a bend hinders reading."""

_LEAST_LIKENESS = 0.3
_LEAST_GAIN = 1.15
"""How much more clearly lines and blanks must part without the bend."""

_LEAST_INK = 0.004


@dataclass(frozen=True)
class Curl:
    """How far, in pixels of the picture, each of its columns hangs down."""

    sag: _Floats

    def back(self, points: Sequence[Point]) -> tuple[Point, ...]:
        """Points of the flat picture in the bent one."""
        last = len(self.sag) - 1
        return tuple((x, y + float(self.sag[min(max(round(x), 0), last)])) for x, y in points)

    def flatten(self, image: Pixels) -> Pixels:
        """The picture with its lines straight."""
        return cast(Pixels, _moved(image, self.sag))


def find_curl(image: Pixels) -> Curl | None:
    """The bend of a page whose text lies across the picture; None when it is flat or has too little text."""
    ink, scale = _ink(image)
    steps = _steps(ink) if ink.mean() >= _LEAST_INK else None
    if steps is None:
        return None
    whole, tilt = _curve(steps, ink.shape[1])
    sag = whole - tilt
    if float(np.ptp(sag)) < _LEAST_BEND * ink.shape[0]:
        return None
    # The tilt blurs the rows of both alike; what the bend alone does is the difference.
    if _contrast(_moved(ink, whole)) < _LEAST_GAIN * _contrast(_moved(ink, tilt)):
        return None
    columns = np.linspace(0, ink.shape[1] - 1, image.shape[1])
    return Curl(np.interp(columns, np.arange(ink.shape[1]), sag) / scale)


def _moved(picture: _Floats | Pixels, sag: _Floats) -> Any:
    """A picture with every column moved up by its sag."""
    h, w = picture.shape[:2]
    x, y = np.meshgrid(np.arange(w, dtype=np.float32), np.arange(h, dtype=np.float32))
    bent = y + sag.astype(np.float32)[None, :]
    return cv2.remap(picture, x, bent, cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE)


def _ink(image: Pixels) -> tuple[_Floats, float]:
    """Where there is print, 0 to 1, on a picture of _WIDTH pixels across; and the scale."""
    grey = image if image.ndim == 2 else cv2.cvtColor(image, cv2.COLOR_BGR2GRAY)
    scale = _WIDTH / grey.shape[1]
    small = cv2.resize(grey, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    dark = cv2.morphologyEx(small, cv2.MORPH_BLACKHAT, cv2.getStructuringElement(cv2.MORPH_RECT, (15, 15)))
    _, mask = cv2.threshold(dark, 24, 1, cv2.THRESH_BINARY)
    return mask.astype(np.float64), scale


def _steps(ink: _Floats) -> _Floats | None:
    """Steps between neighbouring strips, NaN where one shows no text; None where too few of them tell."""
    strips = [_profile(strip) for strip in np.array_split(ink, _STRIPS, axis=1)]
    steps = np.array([_step(left, right) for left, right in pairwise(strips)])
    return steps if np.isfinite(steps).sum() > _STRIPS / 3 else None


def _profile(strip: _Floats) -> _Floats:
    """Ink of a strip's rows, a little smoothed."""
    return cast(_Floats, cv2.GaussianBlur(strip.sum(axis=1, keepdims=True), (1, 5), 0).ravel())


def _step(left: _Floats, right: _Floats) -> float:
    """How far the right strip's lines stand below the left one's; NaN where that can't be told."""
    left, right = left - left.mean(), right - right.mean()
    norm = float(np.sqrt((left**2).sum() * (right**2).sum()))
    if norm < 1.0:
        return math.nan
    middle = left[_REACH:-_REACH]
    shifted = (right[_REACH + d : len(right) - _REACH + d] for d in range(-_REACH, _REACH + 1))
    scores = np.array([float((middle * part).sum()) for part in shifted]) / norm
    best = int(scores.argmax())
    if scores[best] < _LEAST_LIKENESS or best in (0, len(scores) - 1):
        return math.nan
    before, at, after = scores[best - 1 : best + 2]
    return float(best - _REACH + 0.5 * (before - after) / (before - 2 * at + after))


def _curve(steps: _Floats, width: int) -> tuple[_Floats, _Floats]:
    """How far every column hangs down, smooth; and the straight part of that.  Beside the text it stays."""
    told = np.flatnonzero(np.isfinite(steps))
    first, last = int(told[0]), int(told[-1]) + 1
    known = np.interp(np.arange(first, last), told, steps[told])
    heights = np.concatenate(([0.0], np.cumsum(known)))
    places = np.arange(first, last + 1) + 0.5
    columns = np.clip((np.arange(width) + 0.5) * _STRIPS / width, places[0], places[-1])
    whole = np.polyval(np.polyfit(places, heights, _DEGREE), columns)
    tilt = np.polyval(np.polyfit(places, heights, 1), columns)
    return whole.astype(np.float64), tilt.astype(np.float64)


def _contrast(ink: _Floats) -> float:
    """How clearly lines and the blanks between them part over the page's width."""
    rows = ink[:, ink.shape[1] // 12 : -ink.shape[1] // 12].sum(axis=1)
    return float(rows.var())
