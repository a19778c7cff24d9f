"""The collection stamp on a page: present, where, and whether its print can be read."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import cast

import cv2
import numpy as np

from vision.ocr import default_engine
from vision.photo import Pixels, load
from vision.place import FaceInView, face_in_view
from vision.posture import upright_by_text
from workcell.kernel.evidence import Box, Point, Rotation

_SIDE = 1000
_LEAST_SHARE, _MOST_SHARE = 0.0015, 0.2
_ASPECTS = (0.3, 3.4)
_MOST_GROUPS = 4
_LEAST_PIECES = 4
_LEAST_RIM = 0.6
_LEAST_PRESENT = 0.25
_READ_SIDE = 480
_ARC = (0.55, 0.82)
"""Where the lettering of a round stamp stands, in shares of its radius."""
_LEAST_GAP, _MOST_ASKEW = 40.0, 25.0
"""Degrees: of the gap at the lettering's foot, and off a quarter turn."""


@dataclass(frozen=True)
class StampSeen:
    """A stamp on a picture; ``box`` in pixels.  ``legible`` tells a clear print from a smear.

    ``rotation`` is the clockwise turn in degrees that makes its words upright, None where they don't tell.
    ``place_mm`` is its middle from the face's lower left corner, None where nothing gives the scale.
    """

    present: bool
    box: Box | None
    legible: bool
    confidence: float
    rotation: Rotation | None = None
    place_mm: Point | None = None

    @property
    def upright(self) -> bool | None:
        """Whether the words stand upright in the picture; None where they don't tell."""
        return None if self.rotation is None else self.rotation == 0


def find_stamp(
    path: Path, size_mm: tuple[float | None, float] | None = None, near_mm: Point | None = None
) -> StampSeen:
    """Look for a red stamp, round, oval or rectangular; raises BadInput when the file is not an image.

    ``size_mm`` is width and height of the face in view, where it was measured: it gives the picture's scale.
    Of several red marks the one nearest to ``near_mm`` is the stamp, else the clearest.
    """
    image = load(path)
    scale = _SIDE / max(image.shape[:2])
    small = cast(Pixels, cv2.resize(image, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA))
    face = face_in_view(image, *size_mm) if size_mm else None
    ink = _red_ink(small)
    marks = [_mark(small, ink, box, scale, face) for box in _groups(ink)]
    stamps = [mark for mark in marks if mark.seen.present]
    if not stamps:
        return marks[0].seen if marks else StampSeen(False, None, False, 0.9)
    return _with_rotation(image, min(stamps, key=lambda mark: _order(mark.seen, near_mm)))


@dataclass(frozen=True)
class _Mark:
    """A red mark and its ink, cut out of the reduced picture."""

    seen: StampSeen
    ink: Pixels


def _mark(
    small: Pixels, ink: Pixels, found: tuple[int, int, int, int], scale: float, face: FaceInView | None
) -> _Mark:
    x, y, w, h = found
    print_ = ink[y : y + h, x : x + w]
    rim, pieces = _rim(print_), _pieces(print_)
    legible = rim >= _LEAST_RIM and pieces >= _LEAST_PIECES and _is_crisp(small[y : y + h, x : x + w], print_)
    sure = round(min(1.0, 0.5 + rim / 2), 2)
    if rim <= _LEAST_PRESENT:
        return _Mark(StampSeen(False, None, False, sure), print_)
    box = (round(x / scale, 1), round(y / scale, 1), round(w / scale, 1), round(h / scale, 1))
    return _Mark(StampSeen(True, box, legible, sure, place_mm=_place(box, face)), print_)


def _order(seen: StampSeen, near_mm: Point | None) -> tuple[float, bool]:
    """The nearest one first; where no place is told, the legible one; marks come largest first."""
    away = math.dist(seen.place_mm, near_mm) if seen.place_mm and near_mm else 0.0
    return away, not seen.legible


def _place(box: Box, face: FaceInView | None) -> Point | None:
    """Middle of a box on a face, in mm from its lower left."""
    if face is None:
        return None
    across, up = face.place_box(box).middle
    return None if across is None else (round(across, 1), round(up, 1))


def _with_rotation(image: Pixels, mark: _Mark) -> StampSeen:
    seen = mark.seen
    if not seen.legible or seen.box is None:
        return seen
    by_arc = _rotation_by_arc(mark.ink)
    return replace(seen, rotation=_rotation(image, seen.box) if by_arc is None else by_arc)


def _rotation(image: Pixels, box: Box) -> Rotation | None:
    """The way up of a stamp's words: its red ink alone, as dark print on white."""
    x, y, w, h = (round(side) for side in box)
    rim = max(w, h) // 8
    cut = image[max(y - rim, 0) : y + h + rim, max(x - rim, 0) : x + w + rim]
    lab = cv2.cvtColor(cut, cv2.COLOR_BGR2LAB)[:, :, 1].astype(np.int16)
    redness = np.clip((lab - int(np.median(lab))) * 4, 0, 230).astype(np.uint8)
    print_ = cv2.cvtColor(255 - redness, cv2.COLOR_GRAY2BGR)
    scale = _READ_SIDE / max(print_.shape[:2])
    large = cast(Pixels, cv2.resize(print_, None, fx=scale, fy=scale, interpolation=cv2.INTER_CUBIC))
    engine = default_engine()
    upright = upright_by_text(large, engine.find(large, _READ_SIDE), engine)
    return upright.rotation if upright else None


def _rotation_by_arc(ink: Pixels) -> Rotation | None:
    """The way up of a round stamp by its lettering, which runs along the upper arc and leaves the foot free.

    None where the letters leave no gap that is clearly the widest: they run all round, or along two arcs.
    """
    h, w = ink.shape
    if not 0.8 < w / h < 1.25:
        return None
    ys, xs = np.nonzero(ink)
    dx, dy = (xs - w / 2) / (w / 2), (ys - h / 2) / (h / 2)
    lettering = (np.hypot(dx, dy) > _ARC[0]) & (np.hypot(dx, dy) < _ARC[1])
    clockwise = (np.degrees(np.arctan2(dx, -dy))[lettering] + 360) % 360
    filled = np.histogram(clockwise, 72, (0, 360))[0] > 0
    gaps = sorted(_gaps(filled), key=lambda gap: -gap[1])
    if not gaps or gaps[0][1] < _LEAST_GAP or (len(gaps) > 1 and gaps[1][1] * 2 > gaps[0][1]):
        return None
    foot = gaps[0][0]
    turn = (180 - foot) % 360
    nearest = round(turn / 90) * 90
    return cast(Rotation, nearest % 360) if abs(turn - nearest) < _MOST_ASKEW else None


def _gaps(filled: np.ndarray) -> list[tuple[float, float]]:
    """Middle and width in degrees of each run of empty steps round a circle."""
    if not filled.any():
        return []
    step = 360 / len(filled)
    start = int(np.argmax(filled))
    marks = np.flatnonzero(np.roll(filled, -start))
    ends = np.append(marks[1:], len(filled))
    return [
        (((start + (a + b) / 2 + 0.5) * step) % 360, float(b - a - 1) * step)
        for a, b in zip(marks, ends, strict=True)
        if b - a > 1
    ]


def _red_ink(image: Pixels) -> Pixels:
    """Mask of pixels clearly redder than the paper around them, whatever the light's tint."""
    lab = cv2.cvtColor(image, cv2.COLOR_BGR2LAB).astype(np.int16)
    redness = lab[:, :, 1] - int(np.median(lab[:, :, 1]))
    yellow = lab[:, :, 2] - int(np.median(lab[:, :, 2]))
    mask = ((redness > 18) & (redness > 0.6 * yellow)).astype(np.uint8) * 255
    return cast(Pixels, cv2.morphologyEx(mask, cv2.MORPH_OPEN, np.ones((2, 2), np.uint8)))


def _groups(ink: Pixels) -> Iterator[tuple[int, int, int, int]]:
    """Boxes of the largest clusters of red marks that have a stamp's size and shape."""
    near = cv2.morphologyEx(ink, cv2.MORPH_CLOSE, cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (25, 25)))
    contours, _ = cv2.findContours(near, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_SIMPLE)
    for contour in sorted(contours, key=cv2.contourArea, reverse=True)[:_MOST_GROUPS]:
        x, y, w, h = cv2.boundingRect(contour)
        share = w * h / ink.size
        if _LEAST_SHARE <= share <= _MOST_SHARE and _ASPECTS[0] <= w / h <= _ASPECTS[1]:
            yield (x, y, w, h)


def _rim(ink: Pixels) -> float:
    """Share of directions from the middle in which the outermost ink lies at the stamp's edge."""
    h, w = ink.shape
    ys, xs = np.nonzero(ink)
    dx, dy = (xs - w / 2) / (w / 2), (ys - h / 2) / (h / 2)
    angle = ((np.degrees(np.arctan2(dy, dx)) + 360) // 5).astype(int) % 72
    reach = np.zeros(72)
    np.maximum.at(reach, angle, np.hypot(dx, dy))
    return float((reach > 0.85).mean())


def _pieces(ink: Pixels) -> int:
    """Separate marks larger than dust: the characters and the ring."""
    count, _, stats, _ = cv2.connectedComponentsWithStats(ink)
    sizes = stats[1:count, cv2.CC_STAT_AREA]
    return int((sizes >= max(6, ink.size * 0.0004)).sum())


def _is_crisp(image: Pixels, ink: Pixels) -> bool:
    """Ink and paper apart: strokes thinner than a smear and clearly darker than what lies between them."""
    covered = float((ink > 0).mean())
    if not 0.03 < covered < 0.6:
        return False
    grey = image[:, :, 1].astype(np.float32)
    inside, between = grey[ink > 0], grey[ink == 0]
    return float(between.mean() - inside.mean()) > 25
