"""The sheet or cover in a picture: found against a dark ground and flattened."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import cast

import cv2
import numpy as np
import numpy.typing as npt

from vision.curl import Curl, find_curl
from vision.geometry import Matrix, mapped, order_quad, scale_matrix
from vision.ocr import Quad
from vision.photo import Pixels
from workcell.kernel.evidence import Point

Colour = npt.NDArray[np.float32]
Contour = npt.NDArray[np.int32]

_OUTLINE_SIDE = 500
_LEAST_SHARE, _MOST_SHARE = 0.15, 0.97
_LEAST_GROUND = 0.85
_LEAST_FILL = 0.93
_LEAST_CONTRAST = 30.0
_FLAT_SIDE = 2400
"""Long side in pixels of a flattened page, at most."""


@dataclass(frozen=True)
class Page:
    """A flat picture of what is to be read; ``matrix`` leads back to the original picture's pixels.

    ``quad`` is the outline found in the original picture, None where the picture is used as it is.  ``curl``
    is the bend that was taken out before the text was read.
    """

    image: Pixels
    matrix: Matrix
    quad: Quad | None
    curl: Curl | None = None

    def original(self, points: Sequence[Point]) -> tuple[Point, ...]:
        """Points of the flat picture in the original one."""
        return mapped(self.curl.back(points) if self.curl else points, self.matrix)


def uncurled(page: Page) -> Page:
    """The page with its lines of text straight, where it bends like a page of an open book."""
    curl = find_curl(page.image)
    return page if curl is None else replace(page, image=curl.flatten(page.image), curl=curl)


def flatten(image: Pixels) -> Page:
    """Find the sheet and undo its perspective; without a clear outline the picture stays as it is."""
    quad = find_outline(image)
    if quad is None:
        return _as_it_is(image)
    width, height = _sides(quad)
    scale = min(1.0, _FLAT_SIDE / max(width, height))
    w, h = round(width * scale), round(height * scale)
    target = np.array([[0, 0], [w - 1, 0], [w - 1, h - 1], [0, h - 1]], dtype=np.float32)
    forward = cv2.getPerspectiveTransform(np.array(quad, dtype=np.float32), target)
    flat = cv2.warpPerspective(
        image, forward, (w, h), flags=cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
    )
    return Page(flat, np.linalg.inv(forward), quad)


def find_outline(image: Pixels) -> Quad | None:
    """Corners of the one object that is brighter or darker than its surroundings, top left first.

    None when it fills the picture, is cut by the frame, or has no four straight sides: a wrong outline does
    more harm than none.
    """
    scale = _OUTLINE_SIDE / max(image.shape[:2])
    small = cv2.resize(image, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    ground = _ground_colour(small)
    distance = np.linalg.norm(small.astype(np.float32) - ground, axis=2)
    level, mask = cv2.threshold(
        np.clip(distance, 0, 255).astype(np.uint8), 0, 255, cv2.THRESH_BINARY + cv2.THRESH_OTSU
    )
    if level < _LEAST_CONTRAST / 2:
        return None
    if not _rim_shows_ground(mask):
        return None
    quad = _four_corners(_largest(mask))
    if quad is None or _cut_by_frame(quad, small.shape[1], small.shape[0]):
        return None
    return cast(Quad, tuple((x / scale, y / scale) for x, y in quad))


def even_light(image: Pixels) -> Pixels:
    """Divide by the paper's own brightness, so that shading and vignetting disappear (grey result)."""
    grey = image if image.ndim == 2 else cv2.cvtColor(image, cv2.COLOR_BGR2GRAY)
    side = max(grey.shape)
    small = cv2.resize(grey, None, fx=400 / side, fy=400 / side, interpolation=cv2.INTER_AREA)
    paper = cv2.medianBlur(cv2.dilate(small, np.ones((9, 9), np.uint8)), 21)
    paper = cv2.resize(paper, (grey.shape[1], grey.shape[0]), interpolation=cv2.INTER_LINEAR)
    return cast(Pixels, cv2.divide(grey, np.maximum(paper, 1), scale=245))


def _as_it_is(image: Pixels) -> Page:
    scale = min(1.0, _FLAT_SIDE / max(image.shape[:2]))
    if scale == 1.0:
        return Page(image, scale_matrix(1.0), None)
    small = cv2.resize(image, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    return Page(small, scale_matrix(scale), None)


def _ground_colour(image: Pixels) -> Colour:
    """Colour of the frame's edge, where the tray shows: the median of a thin border."""
    rim = max(2, min(image.shape[:2]) // 60)
    border = np.concatenate(
        [
            image[:rim].reshape(-1, 3),
            image[-rim:].reshape(-1, 3),
            image[:, :rim].reshape(-1, 3),
            image[:, -rim:].reshape(-1, 3),
        ]
    )
    return cast(Colour, np.median(border, axis=0).astype(np.float32))


def _rim_shows_ground(mask: Pixels) -> bool:
    """Whether the tray shows nearly all round; else what looks like an outline is a patch on the book."""
    rim = np.concatenate([mask[0], mask[-1], mask[:, 0], mask[:, -1]])
    return float((rim == 0).mean()) >= _LEAST_GROUND


def _largest(mask: Pixels) -> Contour | None:
    closed = cv2.morphologyEx(mask, cv2.MORPH_CLOSE, np.ones((9, 9), np.uint8))
    contours, _ = cv2.findContours(closed, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    if not contours:
        return None
    largest = max(contours, key=cv2.contourArea)
    share = cv2.contourArea(largest) / mask.size
    return largest if _LEAST_SHARE <= share <= _MOST_SHARE else None


def _four_corners(contour: Contour | None) -> Sequence[Point] | None:
    if contour is None:
        return None
    hull = cv2.convexHull(contour)
    around = cv2.arcLength(hull, True)
    for tolerance in (0.01, 0.02, 0.03, 0.05):
        corners = cv2.approxPolyDP(hull, tolerance * around, True).reshape(-1, 2)
        if len(corners) == 4:
            fill = cv2.contourArea(hull) / max(cv2.contourArea(corners.astype(np.float32)), 1.0)
            if (
                _LEAST_FILL <= fill <= 2 - _LEAST_FILL
                and cv2.contourArea(contour) / cv2.contourArea(hull) > _LEAST_FILL
            ):
                return order_quad([(float(x), float(y)) for x, y in corners])
    return None


def _cut_by_frame(quad: Sequence[Point], width: int, height: int) -> bool:
    """Whether a corner lies on the frame: then the side that ends there is the frame's, not the sheet's."""
    rim = 3
    return any(x <= rim or y <= rim or x >= width - 1 - rim or y >= height - 1 - rim for x, y in quad)


def _sides(quad: Quad) -> tuple[float, float]:
    corners = np.array(quad)
    lengths = np.linalg.norm(np.roll(corners, -1, axis=0) - corners, axis=1)
    return float(lengths[0] + lengths[2]) / 2, float(lengths[1] + lengths[3]) / 2
