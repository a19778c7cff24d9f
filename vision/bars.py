"""Where bars lie on a picture, at any angle, and cutting them out upright."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from functools import cache
from itertools import islice
from typing import cast

import cv2
import numpy as np

from vision import ean
from vision.geometry import Matrix, box_of, cut_upright, mapped, overlap, rectangle_at, scale_matrix
from vision.photo import Pixels
from workcell.kernel.evidence import Point

SEARCH_SIDE = 1000
"""Long side in pixels at which a cover is searched: bars of a book at arm's length stay above 1.5 pixels
a module, and the camera's noise averages out."""

_MOST_QUADS = 8
_FIELD_SIDES = (400, 1600)
"""Long sides at which fields of bars are looked for: large symbols, then small ones."""

_MOST_FIELDS = 2
_FIELD_WINDOW, _FIELD_OPENING = 21, 13
_LEAST_COHERENCE, _LEAST_ENERGY = 0.75, 0.1
_LEAST_AREA = 0.008


@cache
def detector() -> cv2.barcode.BarcodeDetector:
    """OpenCV's detector and decoder of bars."""
    return cv2.barcode.BarcodeDetector()


def bar_quads(grey: Pixels) -> list[tuple[Point, ...]]:
    """Corners of whatever OpenCV's detector takes for bars, at any angle, at most eight."""
    scale = min(SEARCH_SIDE / max(grey.shape), 2.0)
    how = cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC
    found, quads = detector().detectMulti(cv2.resize(grey, None, fx=scale, fy=scale, interpolation=how))
    if not found:
        return []
    return [mapped([(float(x), float(y)) for x, y in q], scale_matrix(scale)) for q in quads[:_MOST_QUADS]]


def bar_fields(grey: Pixels) -> list[tuple[Point, ...]]:
    """Corners of areas where brightness changes in one direction only, as blurred bars still do; large first.

    The detector of sharp bars misses blurred ones.  At most two of each size, each place once; corners run
    clockwise, the first side across the bars.  Structure tensor: Bigun and Granlund, 1987.
    """
    fields: list[tuple[Point, ...]] = []
    for side in _FIELD_SIDES:
        for corners in islice(_fields_at(grey, side), _MOST_FIELDS):
            if all(overlap(box_of(corners), box_of(other)) < 0.5 for other in fields):
                fields.append(corners)
    return fields


def _fields_at(grey: Pixels, side: int) -> Iterator[tuple[Point, ...]]:
    """Fields on the picture reduced to ``side`` pixels; at least some twenty of these high."""
    scale = min(side / max(grey.shape), 1.0)
    small = cv2.resize(grey, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    gx, gy = cv2.Sobel(small, cv2.CV_32F, 1, 0), cv2.Sobel(small, cv2.CV_32F, 0, 1)
    window = (_FIELD_WINDOW, _FIELD_WINDOW)
    xx, yy, xy = (cv2.blur(part, window) for part in (gx * gx, gy * gy, gx * gy))
    energy = xx + yy
    coherence = np.hypot(xx - yy, 2 * xy) / np.maximum(energy, 1.0)
    strong = energy > _LEAST_ENERGY * float(np.percentile(energy, 98))
    mask = ((coherence > _LEAST_COHERENCE) & strong).astype(np.uint8)
    mask = cv2.morphologyEx(mask, cv2.MORPH_OPEN, np.ones((_FIELD_OPENING, _FIELD_OPENING), np.uint8))
    contours, _ = cv2.findContours(mask, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_SIMPLE)
    for contour in sorted(contours, key=cv2.contourArea, reverse=True):
        if cv2.contourArea(contour) < _LEAST_AREA * _FIELD_SIDES[0] ** 2:
            return
        inside = cv2.drawContours(np.zeros_like(mask), [contour], -1, 1, cv2.FILLED).astype(bool)
        across = math.atan2(2 * float(xy[inside].sum()), float((xx - yy)[inside].sum())) / 2
        points = [(float(x), float(y)) for ((x, y),) in contour]
        yield mapped(rectangle_at(points, math.degrees(across)), scale_matrix(scale))


def upright_crop(
    grey: Pixels, quad: Sequence[Point], *, module_px: float = 7.0, reach: float = 2.3
) -> tuple[Pixels, Matrix]:
    """The symbol cut out with its bars standing, ``reach`` times as wide, so that an add-on is in it."""
    (cx, cy), (a, b), angle = cv2.minAreaRect(np.array(quad, dtype=np.float32))
    candidates = [(angle, a, b), (angle + 90, b, a)]
    angle, along, across = max(candidates, key=lambda c: _bar_contrast(grey, (cx, cy), c))
    size = (along * reach, min(across * 1.15, along * 2))
    return cut_upright(grey, (cx, cy), angle, size, module_px * ean.MODULES / max(along, 1.0))


def _bar_contrast(grey: Pixels, at: Point, side: tuple[float, float, float]) -> float:
    """How strongly brightness changes along a direction at the middle of a symbol."""
    angle, along, _ = side
    turn = np.radians(angle)
    steps = np.linspace(-along / 2, along / 2, 200)
    xs = np.clip(at[0] + steps * np.cos(turn), 0, grey.shape[1] - 1).astype(int)
    ys = np.clip(at[1] + steps * np.sin(turn), 0, grey.shape[0] - 1).astype(int)
    return float(np.abs(np.diff(grey[ys, xs].astype(float))).mean())


def sharpened(grey: Pixels, sigma: float = 2.0, amount: float = 1.5) -> Pixels:
    """Unsharp mask: gives narrow bars back the contrast that blur took."""
    soft = cv2.GaussianBlur(grey, (0, 0), sigma)
    return cast(Pixels, cv2.addWeighted(grey, 1 + amount, soft, -amount, 0))
