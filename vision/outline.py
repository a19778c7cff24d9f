"""The book's outline: what differs from the picture of the empty tray, its four sides fitted as lines.

Without a picture of the empty tray, without contrast, or when a side can't be followed, there is no outline:
a guess would measure the shadow or mask the book's own barcode.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import cast

import cv2
import numpy as np
import numpy.typing as npt

from vision.geometry import centre, order_quad
from vision.photo import Pixels
from workcell.kernel.evidence import Point

Points = npt.NDArray[np.float64]
"""Image points, N x 2."""

_SIDE = 800
_LEAST_DIFFERENCE = 14.0
_NOISE_FACTOR = 6.0
_LEAST_SHARE, _MOST_SHARE = 0.02, 0.97
_LEAST_RECTANGULAR = 0.88
_SAMPLES = 240
_END_SHARE = 0.07
_SEARCH_SHARE = 0.014
_EDGE_SHARE = 0.45
_STRAIGHT_PX = 1.5
_LEAST_FOLLOWED = 0.6


@dataclass(frozen=True)
class Outline:
    """A book's four corners, clockwise from its upper left in the picture, and points on its four sides.

    ``sides`` are top, right, bottom, left: N x 2 points each, in pixels, with the lens's distortion in them.
    """

    corners: tuple[Point, Point, Point, Point]
    sides: tuple[Points, Points, Points, Points]


def find_outline(image: Pixels, empty: Pixels | None) -> Outline | None:
    """The outline of the book on the tray; both pictures BGR of one camera.

    None without a picture of the empty tray or of another size, when nothing differs clearly, when what
    differs is no rectangle (two books, a hand) or is cut off by the picture's edge, or when a side has too
    little contrast to be followed.
    """
    if empty is None or empty.shape != image.shape:
        return None
    rough = _rough_corners(image, empty)
    if rough is None:
        return None
    difference = _difference(image, empty)
    sides = [_side(difference, rough[k], rough[(k + 1) % 4]) for k in range(4)]
    if any(side is None for side in sides):
        return None
    top, right, bottom, left = cast("list[Points]", sides)
    lines = [_fitted(side) for side in (top, right, bottom, left)]
    corners = [_crossing(lines[k - 1], lines[k]) for k in range(4)]
    if any(corner is None for corner in corners):
        return None
    a, b, c, d = cast("list[Point]", corners)
    return Outline((a, b, c, d), (top, right, bottom, left))


def inside(outline: Outline | Sequence[Point], polygon: Sequence[Point], slack_px: float = 0.0) -> bool:
    """Whether a symbol lies on the book: every corner of ``polygon`` inside the outline, or nearly so.

    A symbol that reaches over the edge by more than ``slack_px`` belongs to something else.
    """
    corners = outline.corners if isinstance(outline, Outline) else outline
    quad = np.asarray(corners, np.float32).reshape(-1, 1, 2)
    return bool(polygon) and all(
        cv2.pointPolygonTest(quad, (float(x), float(y)), True) >= -slack_px for x, y in polygon
    )


def masked(image: Pixels, outline: Outline) -> Pixels:
    """The picture with everything beside the book made grey: neighbours can't be read any more."""
    mask = np.zeros(image.shape[:2], np.uint8)
    cv2.fillConvexPoly(mask, np.round(np.asarray(outline.corners)).astype(np.int32), (255,))
    shown = np.full_like(image, 128)
    shown[mask > 0] = image[mask > 0]
    return shown


# --- roughly -------------------------------------------------------------------------------------------


def _rough_corners(image: Pixels, empty: Pixels) -> list[Point] | None:
    scale = min(1.0, _SIDE / max(image.shape[:2]))
    small, bare = (
        cv2.resize(picture, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
        for picture in (image, empty)
    )
    mask = _changed(cast(Pixels, small), cast(Pixels, bare))
    contours, _ = cv2.findContours(mask, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    if not contours:
        return None
    largest = max(contours, key=cv2.contourArea)
    area = cv2.contourArea(largest)
    if not _LEAST_SHARE <= area / mask.size <= _MOST_SHARE or _touches_edge(largest, mask.shape):
        return None
    hull = cv2.convexHull(largest)
    corners = _four_points(hull)
    if area < _LEAST_RECTANGULAR * max(cv2.contourArea(np.asarray(corners, np.float32)), 1.0):
        return None
    return [(x / scale, y / scale) for x, y in order_quad(corners)]


def _changed(image: Pixels, empty: Pixels) -> Pixels:
    """Mask of what differs from the empty tray by more than noise, small gaps closed."""
    difference = cv2.GaussianBlur(_difference(image, empty), (5, 5), 0)
    quiet = float(np.percentile(difference, 10))
    limit = max(_LEAST_DIFFERENCE, _NOISE_FACTOR * quiet)
    mask = (difference > limit).astype(np.uint8) * 255
    mask = cv2.morphologyEx(mask, cv2.MORPH_OPEN, np.ones((5, 5), np.uint8))
    return cast(Pixels, cv2.morphologyEx(mask, cv2.MORPH_CLOSE, np.ones((15, 15), np.uint8)))


def _difference(image: Pixels, empty: Pixels) -> Pixels:
    """The largest difference of the three channels, pixel by pixel."""
    return cast(Pixels, cv2.absdiff(image, empty).max(axis=2))


def _touches_edge(contour: npt.NDArray[np.int32], shape: tuple[int, ...]) -> bool:
    x, y, w, h = cv2.boundingRect(contour)
    return bool(x <= 1 or y <= 1 or x + w >= shape[1] - 1 or y + h >= shape[0] - 1)


def _four_points(hull: npt.NDArray[np.int32]) -> list[Point]:
    """Four corners of a convex hull; the smallest rectangle round it where it has no four clear ones."""
    length = cv2.arcLength(hull, True)
    for share in (0.02, 0.03, 0.045):
        corners = cv2.approxPolyDP(hull, share * length, True).reshape(-1, 2)
        if len(corners) == 4:
            return [(float(x), float(y)) for x, y in corners]
    return [(float(x), float(y)) for x, y in cv2.boxPoints(cv2.minAreaRect(hull))]


# --- exactly -------------------------------------------------------------------------------------------


def _side(difference: Pixels, start: Point, end: Point) -> Points | None:
    """Points on one side, found across it where the difference rises; None when too few lie on a line."""
    a, b = np.asarray(start), np.asarray(end)
    length = float(np.hypot(*(b - a)))
    if length < 40:
        return None
    along = (b - a) / length
    inwards = np.array([-along[1], along[0]])
    reach = max(8.0, _SEARCH_SHARE * max(difference.shape))
    places = a + np.outer(np.linspace(_END_SHARE, 1 - _END_SHARE, _SAMPLES) * length, along)
    steps = np.arange(-reach, reach + 0.5, 0.5)
    spots = places[:, np.newaxis] + steps[:, np.newaxis] * inwards
    profile = cv2.remap(
        difference, spots[:, :, 0].astype(np.float32), spots[:, :, 1].astype(np.float32),
        cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE,
    ).astype(np.float32)  # fmt: skip
    profile = cv2.GaussianBlur(profile, (0, 0), sigmaX=2.5, sigmaY=2.5)
    at, found = _rises(np.gradient(profile, axis=1))
    points = places + (at * 0.5 - reach)[:, np.newaxis] * inwards
    return _on_a_line(points[found])


def _rises(slope: npt.NDArray[np.float32]) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.bool_]]:
    """For each row the place of its outermost clear rise, to a part of a step, and whether there is one."""
    steepest = slope.max(axis=1)
    clear = steepest > 0.5 * float(np.median(steepest))
    inner = slope[:, 1:-1]
    peaks = (
        (inner >= slope[:, :-2]) & (inner > slope[:, 2:]) & (inner > _EDGE_SHARE * steepest[:, np.newaxis])
    )
    found = peaks.any(axis=1) & clear & (steepest > 1.0)
    at = peaks.argmax(axis=1) + 1
    rows = np.arange(len(slope))
    before, here, after = slope[rows, at - 1], slope[rows, at], slope[rows, at + 1]
    bend = before - 2 * here + after
    shift = np.where(np.abs(bend) > 1e-6, 0.5 * (before - after) / np.where(bend == 0, 1, bend), 0.0)
    return at + np.clip(shift, -1, 1), found


def _on_a_line(points: Points) -> Points | None:
    """The points that lie on one line (the lens may bend it a little); None when too few do."""
    if len(points) < _LEAST_FOLLOWED * _SAMPLES:
        return None
    kept = points
    for _ in range(3):
        away = _distances(points, _fitted(kept))
        limit = max(_STRAIGHT_PX, 2.5 * float(np.median(np.abs(away))))
        kept = points[np.abs(away) <= min(limit, 3 * _STRAIGHT_PX)]
        if len(kept) < _LEAST_FOLLOWED * _SAMPLES:
            return None
    return kept


def _fitted(points: Points) -> Points:
    """A line as a point on it and its direction, 2 x 2."""
    vx, vy, x, y = cv2.fitLine(points.astype(np.float32), cv2.DIST_HUBER, 0, 0.01, 0.001).ravel()
    return np.array([[x, y], [vx, vy]], dtype=np.float64)


def _distances(points: Points, line: Points) -> Points:
    away = points - line[0]
    return cast(Points, away[:, 0] * -line[1, 1] + away[:, 1] * line[1, 0])


def _crossing(one: Points, other: Points) -> Point | None:
    """Where two lines cross; None for parallels."""
    matrix = np.column_stack([one[1], -other[1]])
    if abs(float(np.linalg.det(matrix))) < 0.2:
        return None
    along = float(np.linalg.solve(matrix, other[0] - one[0])[0])
    x, y = one[0] + along * one[1]
    return (round(float(x), 2), round(float(y), 2))


def side_lengths(corners: Sequence[Point]) -> tuple[float, float]:
    """Mean width and height in pixels of a quadrilateral that starts at its upper left."""
    a, b, c, d = (np.asarray(corner) for corner in corners)
    width = (np.hypot(*(b - a)) + np.hypot(*(c - d))) / 2
    height = (np.hypot(*(d - a)) + np.hypot(*(c - b))) / 2
    return float(width), float(height)


def middle(outline: Outline) -> Point:
    """The middle of the book in the picture."""
    return centre(outline.corners)
