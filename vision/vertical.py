"""Columns of Chinese characters set from top to bottom, told from a page that lies on its side.

The recogniser reads a column laid on its side as well as a line, so both kinds of page give the same text.
Only the characters, cut apart and set upright side by side, tell which way the page lies.
"""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from difflib import SequenceMatcher
from itertools import pairwise
from typing import cast

import cv2
import numpy as np
import numpy.typing as npt

from vision.ocr import OcrEngine, Quad, line_image
from vision.photo import Pixels
from vision.posture import lying, upside_down
from workcell.kernel.evidence import Rotation

_LEAST_LENGTH = 1.8
"""A column is so many times longer than wide; a single character is no column."""

_ASKED = 3
_LEAST_LIKENESS = 0.5
_LEAST_CHARACTERS = 3
_CHINESE = re.compile(r"[\u3400-\u9fff]{2}")
_CELL = 48
_PITCHES = np.linspace(0.8, 1.25, 10)
"""Pitches tried, in widths of the column."""


def is_column(quad: Quad) -> bool:
    """Whether a found line stands upright on the picture."""
    return _height(quad) > _LEAST_LENGTH * _width(quad)


def columns_rotation(image: Pixels, columns: Sequence[Quad], engine: OcrEngine) -> Rotation | None:
    """0 or 180 when standing lines are columns of characters that way up; None for a page on its side."""
    asked = sorted(columns, key=_height, reverse=True)[:_ASKED]
    likeness: dict[Rotation, float] = {}
    for rotation, laid in ((0, lying), (180, lambda quad: upside_down(lying(quad)))):
        on_side = engine.read([line_image(image, laid(quad)) for quad in asked])
        upright = engine.read([column_image(image, quad, upside_down=rotation == 180) for quad in asked])
        pairs = [(a.text, b.text) for a, b in zip(on_side, upright, strict=True) if _CHINESE.search(a.text)]
        likeness[cast(Rotation, rotation)] = sum(_likeness(*pair) for pair in pairs) / len(asked)
    best = max(likeness, key=lambda rotation: likeness[rotation])
    return best if likeness[best] >= _LEAST_LIKENESS else None


def _likeness(one: str, other: str) -> float:
    return SequenceMatcher(None, one, other, autojunk=False).ratio() if len(one) >= _LEAST_CHARACTERS else 0.0


def column_image(image: Pixels, quad: Quad, *, upside_down: bool = False) -> Pixels:
    """The characters of a standing line, from its head, side by side on a picture _CELL pixels high."""
    column = _cut(image, quad)
    if upside_down:
        column = cast(Pixels, cv2.rotate(column, cv2.ROTATE_180))
    cells = [column[top:foot] for top, foot in _cells(column)]
    squares = [cv2.resize(cell, (_CELL, _CELL), interpolation=cv2.INTER_AREA) for cell in cells]
    return cast(Pixels, np.hstack(squares))


def _cut(image: Pixels, quad: Quad) -> Pixels:
    w, h = max(round(_width(quad)), 8), max(round(_height(quad)), 8)
    corners = np.array(sorted(quad, key=lambda p: (p[1], p[0])), dtype=np.float32)
    head, foot = sorted(corners[:2].tolist()), sorted(corners[2:].tolist())
    source = np.array([head[0], head[1], foot[1], foot[0]], dtype=np.float32)
    target = np.array([[0, 0], [w, 0], [w, h], [0, h]], dtype=np.float32)
    matrix = cv2.getPerspectiveTransform(source, target)
    return cast(
        Pixels,
        cv2.warpPerspective(image, matrix, (w, h), flags=cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE),
    )


def _cells(column: Pixels) -> list[tuple[int, int]]:
    """Heads and feet of the characters: of all even divisions the one whose cuts meet the least ink."""
    ink = _ink(column)
    rows = np.flatnonzero(ink > 0)
    if not len(rows):
        return [(0, len(ink))]
    top, foot = int(rows[0]), int(rows[-1]) + 1
    width = column.shape[1]
    counts = sorted({max(1, round((foot - top) / (width * pitch))) for pitch in _PITCHES})
    best = min(counts, key=lambda count: _cost(ink, top, foot, count))
    cuts = [top, *(_near_blank(ink, at, width // 6) for at in np.linspace(top, foot, best + 1)[1:-1]), foot]
    return [(a, b) for a, b in pairwise(cuts) if b - a >= 2]


def _cost(ink: npt.NDArray[np.float64], top: int, foot: int, count: int) -> float:
    """Mean ink at the cuts of an even division; a lone character has none to judge by."""
    cuts = np.linspace(top, foot, count + 1)[1:-1]
    return float(np.mean([ink[_near_blank(ink, at, 2)] for at in cuts])) if len(cuts) else math.inf


def _near_blank(ink: npt.NDArray[np.float64], at: float, reach: int) -> int:
    """The row with the least ink near a place."""
    low, high = max(round(at) - reach, 0), min(round(at) + reach + 1, len(ink))
    return low + int(np.argmin(ink[low:high]))


def _ink(column: Pixels) -> npt.NDArray[np.float64]:
    grey = column if column.ndim == 2 else cv2.cvtColor(column, cv2.COLOR_BGR2GRAY)
    _, dark = cv2.threshold(grey, 0, 1, cv2.THRESH_BINARY_INV + cv2.THRESH_OTSU)
    if dark.mean() > 0.5:
        dark = 1 - dark
    return cast(npt.NDArray[np.float64], dark[:, 1:-1].sum(axis=1).astype(np.float64))


def _width(quad: Quad) -> float:
    return max(p[0] for p in quad) - min(p[0] for p in quad)


def _height(quad: Quad) -> float:
    return max(p[1] for p in quad) - min(p[1] for p in quad)
