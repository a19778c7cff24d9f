"""The collection stamp on a page: present, where, and whether its print can be read."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import cast

import cv2
import numpy as np

from vision.ocr import default_engine
from vision.photo import Pixels, load
from vision.posture import upright_by_text
from workcell.kernel.evidence import Box, Rotation

_SIDE = 1000
_LEAST_SHARE, _MOST_SHARE = 0.0015, 0.2
_ASPECTS = (0.3, 3.4)
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
    """

    present: bool
    box: Box | None
    legible: bool
    confidence: float
    rotation: Rotation | None = None

    @property
    def upright(self) -> bool | None:
        """Whether the words stand upright in the picture; None where they don't tell."""
        return None if self.rotation is None else self.rotation == 0

    def place_mm(self, px_per_mm: float) -> tuple[float, float] | None:
        """Where the stamp's middle lies from the picture's upper left, at a known scale."""
        if self.box is None:
            return None
        x, y, w, h = self.box
        return (round((x + w / 2) / px_per_mm, 1), round((y + h / 2) / px_per_mm, 1))


def find_stamp(path: Path) -> StampSeen:
    """Look for a red stamp, round, oval or rectangular; raises BadInput when the file is not an image."""
    image = load(path)
    scale = _SIDE / max(image.shape[:2])
    small = cv2.resize(image, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    ink = _red_ink(small)
    found = _largest_group(ink)
    if found is None:
        return StampSeen(False, None, False, 0.9)
    x, y, w, h = found
    print_ = ink[y : y + h, x : x + w]
    rim, pieces = _rim(print_), _pieces(print_)
    legible = rim >= _LEAST_RIM and pieces >= _LEAST_PIECES and _is_crisp(small[y : y + h, x : x + w], print_)
    box = (round(x / scale, 1), round(y / scale, 1), round(w / scale, 1), round(h / scale, 1))
    sure = round(min(1.0, 0.5 + rim / 2), 2)
    if rim <= _LEAST_PRESENT:
        return StampSeen(False, None, legible, sure)
    rotation = _rotation_by_arc(print_) if legible else None
    if legible and rotation is None:
        rotation = _rotation(image, box)
    return StampSeen(True, box, legible, sure, rotation)


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


def _largest_group(ink: Pixels) -> tuple[int, int, int, int] | None:
    """Box of the largest cluster of red marks that has a stamp's size and shape."""
    near = cv2.morphologyEx(ink, cv2.MORPH_CLOSE, cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (25, 25)))
    contours, _ = cv2.findContours(near, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_SIMPLE)
    for contour in sorted(contours, key=cv2.contourArea, reverse=True)[:3]:
        x, y, w, h = cv2.boundingRect(contour)
        share = w * h / ink.size
        if _LEAST_SHARE <= share <= _MOST_SHARE and _ASPECTS[0] <= w / h <= _ASPECTS[1]:
            return (x, y, w, h)
    return None


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
