"""Which way up a face lies, and which face it is, by score; unsure when the scores are close."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import cast

from vision.geometry import direction, quarter, residue
from vision.ocr import OcrEngine, Quad, line_image
from vision.photo import Pixels
from workcell.kernel.evidence import Barcode, Rotation

_ASKED_LINES = 3
_LEAST_ASPECT = 1.5
_CLEAR_MARGIN = 0.08
_SURE_SCORE, _SURE_CHARACTERS = 0.93, 24
"""Long text that reads this well is the right way up: upside down it scores about half."""


@dataclass(frozen=True)
class Upright:
    """The clockwise turn that makes a face upright, the skew left over in degrees, and how sure that is."""

    rotation: Rotation
    skew: float
    confidence: float


# --- rotation ------------------------------------------------------------------------------------------


def upright_by_barcode(barcode: Barcode) -> Upright:
    """A back cover's symbol reads the way the book does."""
    angle = direction(barcode.polygon)
    return Upright(quarter(angle), round(residue(angle), 1), barcode.confidence)


def upright_by_text(image: Pixels, quads: Sequence[Quad], engine: OcrEngine) -> Upright | None:
    """Rotation from text: lines lie along their longer side, and read better the right way up.

    The aspect of all line boxes votes between lying and standing; the longest lines are then recognised both
    ways.  None without lines long enough, or when both ways read equally well.
    """
    long = sorted((q for q in quads if _aspect(q) >= _LEAST_ASPECT), key=_length, reverse=True)
    if not long:
        return None
    standing = sum(_length(q) for q in long if _stands(q)) > sum(_length(q) for q in long if not _stands(q))
    asked = [lying(q) for q in long if _stands(q) == standing][:_ASKED_LINES]
    one_way, characters = _read_score(image, asked, engine)
    if one_way >= _SURE_SCORE and characters >= _SURE_CHARACTERS:
        return _upright(asked, 0.95)
    other_way, _ = _read_score(image, [upside_down(q) for q in asked], engine)
    if abs(one_way - other_way) < _CLEAR_MARGIN * max(one_way, other_way, 0.1):
        return None
    right = asked if one_way > other_way else [upside_down(q) for q in asked]
    return _upright(right, min(1.0, abs(one_way - other_way) / max(one_way, other_way) + 0.5))


def along(quad: Quad, upright: Upright) -> Quad:
    """The corners of a line renumbered so that they start at the text's own top left."""
    wanted = -upright.rotation + upright.skew
    turns = [quad[k:] + quad[:k] for k in range(4)]
    best = min(turns, key=lambda q: abs((direction(cast(Quad, q)) - wanted + 180) % 360 - 180))
    return cast(Quad, best)


def lying(quad: Quad) -> Quad:
    """The corners of a line renumbered so that its first side is a long one."""
    return quad[1:] + quad[:1] if _stands(quad) else quad


def upside_down(quad: Quad) -> Quad:
    """The same line read from the other end."""
    return quad[2:] + quad[:2]


def _upright(quads: Sequence[Quad], confidence: float) -> Upright:
    angle = _mean_angle([direction(q) for q in quads])
    return Upright(quarter(angle), round(residue(angle), 1), round(confidence, 2))


def _read_score(image: Pixels, quads: Sequence[Quad], engine: OcrEngine) -> tuple[float, int]:
    """Mean confidence, weighted by the number of characters, and that number."""
    read = engine.read([line_image(image, quad) for quad in quads])
    characters = sum(len(r.text) for r in read)
    return sum(r.confidence * len(r.text) for r in read) / max(characters, 1), characters


def _mean_angle(angles: Sequence[float]) -> float:
    x = sum(math.cos(math.radians(a)) for a in angles)
    y = sum(math.sin(math.radians(a)) for a in angles)
    return math.degrees(math.atan2(y, x))


def _first_side(quad: Quad) -> float:
    return math.dist(quad[0], quad[1])


def _second_side(quad: Quad) -> float:
    return math.dist(quad[1], quad[2])


def _stands(quad: Quad) -> bool:
    return _second_side(quad) > _first_side(quad)


def _length(quad: Quad) -> float:
    return max(_first_side(quad), _second_side(quad))


def _aspect(quad: Quad) -> float:
    return _length(quad) / max(min(_first_side(quad), _second_side(quad)), 1.0)
