"""Where a mark stands on the face that a picture shows, in millimetres: scaled by the face's own outline.

The camera needs no scale of its own: the book was measured, and the face's outline is found in the picture.
An outline that does not fit the measured size is none, so that a faint one may be looked for without harm.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import cast

import cv2
import numpy as np
import numpy.typing as npt

from vision.geometry import corners_of, order_quad
from vision.ocr import Quad
from vision.page import find_outline
from vision.photo import Pixels
from workcell.kernel.evidence import Box, Point

Grey = npt.NDArray[np.float32]

_SIDE = 500
_RIM_SHARE = 0.02
_LEAST_DIFFERENCE, _NOISE_FACTOR = 3.0, 2.0
_EDGE_SIGMA, _LEAST_EDGE, _LEAST_EDGE_PX = 5.0, 2.0, 40
_LEAST_PATCH = 0.0005
_LEAST_FACE = 0.05
_LEAST_FILL = 0.8
_MOST_ODD = 0.08
"""How far width over height may be off: pages are trimmed smaller than covers, and shadows add to a side."""


@dataclass(frozen=True)
class PlaceOnFace:
    """The box round a mark in mm from the face's lower left: ``x_mm`` and ``y_mm`` of its lower left corner.

    Across a face whose width is unknown there is no scale: ``x_mm`` and ``width_mm`` are None.
    """

    x_mm: float | None
    y_mm: float
    width_mm: float | None
    height_mm: float

    @property
    def middle(self) -> tuple[float | None, float]:
        """The middle of the mark."""
        across = None if self.x_mm is None or self.width_mm is None else self.x_mm + self.width_mm / 2
        return across, self.y_mm + self.height_mm / 2


class FaceInView:
    """The face of a book that lies upright in a picture; ``outline`` clockwise from its upper left."""

    def __init__(self, outline: Quad, width_mm: float | None, height_mm: float) -> None:
        self.outline = outline
        self._known_width = width_mm is not None
        width = width_mm or 1.0
        self._width = width
        corners = np.array([(0, height_mm), (width, height_mm), (width, 0), (0, 0)], np.float32)
        self._matrix = cv2.getPerspectiveTransform(np.array(outline, np.float32), corners)

    def place(self, polygon: Sequence[Point]) -> PlaceOnFace:
        """Where the mark stands whose corners in the picture are these."""
        points = cv2.perspectiveTransform(np.asarray(polygon, np.float64).reshape(-1, 1, 2), self._matrix)
        (left, foot), (right, head) = points.reshape(-1, 2).min(axis=0), points.reshape(-1, 2).max(axis=0)
        across = (round(float(left), 1), round(float(right - left), 1)) if self._known_width else (None, None)
        return PlaceOnFace(across[0], round(float(foot), 1), across[1], round(float(head - foot), 1))

    def place_box(self, box: Box) -> PlaceOnFace:
        """The same for an upright box in the picture."""
        return self.place(corners_of(box))


def face_in_view(image: Pixels, width_mm: float | None, height_mm: float) -> FaceInView | None:
    """The upright face of that size in a BGR picture, None when nothing that fits it stands out.

    The ground must show all round it.  Without ``width_mm`` (a spine whose label goes round it onto the
    covers) any slender outline fits.
    """
    for outline in _outlines(image):
        if _fits(outline, width_mm, height_mm):
            return FaceInView(outline, width_mm, height_mm)
    return None


def _outlines(image: Pixels) -> Iterator[Quad]:
    """The clear outline, then the faint ones: dark covers on a dark tray differ by a few grey levels.

    The last one is by edges alone, which a lamp's glare on cover and tray has none of.
    """
    clear = find_outline(image)
    if clear is not None:
        yield cast(Quad, tuple(clear))
    for unlike in (_unlike_ground, _unlike_surroundings):
        faint = _faint_outline(image, unlike)
        if faint is not None:
            yield faint


def _fits(outline: Quad, width_mm: float | None, height_mm: float) -> bool:
    a, b, c, d = (np.asarray(corner) for corner in outline)
    width = float(np.hypot(*(b - a)) + np.hypot(*(c - d)))
    height = float(np.hypot(*(d - a)) + np.hypot(*(c - b)))
    if width_mm is None:
        return width < height
    return abs(width / height * height_mm / width_mm - 1) <= _MOST_ODD


def _faint_outline(image: Pixels, unlike: Callable[[Grey], Pixels]) -> Quad | None:
    """The rectangle round all that stands out."""
    scale = _SIDE / max(image.shape[:2])
    small = cv2.resize(image, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    soft = cv2.GaussianBlur(small, (5, 5), 0).astype(np.float32)
    closed = cv2.morphologyEx(unlike(soft), cv2.MORPH_CLOSE, np.ones((9, 9), np.uint8))
    contours, _ = cv2.findContours(closed, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    patches = [contour for contour in contours if cv2.contourArea(contour) > _LEAST_PATCH * closed.size]
    if not patches:
        return None
    hull = cv2.convexHull(np.concatenate(patches))
    rectangle = cv2.minAreaRect(hull)
    area = rectangle[1][0] * rectangle[1][1]
    if area < _LEAST_FACE * closed.size or cv2.contourArea(hull) < _LEAST_FILL * area:
        return None
    corners = order_quad([(float(x), float(y)) for x, y in cv2.boxPoints(rectangle)])
    return cast(Quad, tuple((x / scale, y / scale) for x, y in corners))


def _unlike_ground(image: Grey) -> Pixels:
    """Mask of what differs by more than noise from the ground, a slow curve through the picture's rim."""
    height, width = image.shape[:2]
    y, x = np.mgrid[-1 : 1 : height * 1j, -1 : 1 : width * 1j]
    terms = np.stack([np.ones_like(x), x, y, x * x, y * y, x * y], axis=-1)
    rim = _rim(image)
    ground, *_ = np.linalg.lstsq(terms[rim], image[rim], rcond=None)
    difference = np.abs(image - terms @ ground).max(axis=2)
    mask = _above_noise(difference, _LEAST_DIFFERENCE)
    return cast(Pixels, cv2.morphologyEx(mask, cv2.MORPH_OPEN, np.ones((3, 3), np.uint8)))


def _unlike_surroundings(image: Grey) -> Pixels:
    """Mask of edges: what differs by more than noise from the mean of what lies round it."""
    difference = np.abs(image - cv2.GaussianBlur(image, (0, 0), _EDGE_SIGMA)).max(axis=2)
    mask = _above_noise(difference, _LEAST_EDGE)
    count, labels, stats, _ = cv2.connectedComponentsWithStats(mask)
    lines = [n for n in range(1, count) if stats[n, cv2.CC_STAT_AREA] >= _LEAST_EDGE_PX]
    return np.isin(labels, lines).astype(np.uint8) * 255


def _above_noise(difference: Grey, least: float) -> Pixels:
    noise = float(np.percentile(difference[_rim(difference)], 90))
    return (difference > max(least, _NOISE_FACTOR * noise)).astype(np.uint8) * 255


def _rim(image: Grey) -> npt.NDArray[np.bool_]:
    """The picture's rim, where the ground shows."""
    height, width = image.shape[:2]
    wide = max(3, round(min(height, width) * _RIM_SHARE))
    rim = np.ones((height, width), bool)
    rim[wide:-wide, wide:-wide] = False
    return rim
