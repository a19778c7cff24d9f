"""Points, boxes and turns in image coordinates (x to the right, y down, pixels)."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import cast

import cv2
import numpy as np
import numpy.typing as npt

from vision.photo import Pixels
from workcell.kernel.evidence import Box, Point, Rotation

Matrix = npt.NDArray[np.float64]
"""A 3 x 3 homography from the coordinates of a derived image to those of the image it was made from."""

_CV_TURNS = {90: cv2.ROTATE_90_CLOCKWISE, 180: cv2.ROTATE_180, 270: cv2.ROTATE_90_COUNTERCLOCKWISE}


def box_of(points: Sequence[Point]) -> Box:
    """The upright box ``(x, y, w, h)`` around some points."""
    xs, ys = [p[0] for p in points], [p[1] for p in points]
    return (min(xs), min(ys), max(xs) - min(xs), max(ys) - min(ys))


def corners_of(box: Box) -> tuple[Point, Point, Point, Point]:
    """The corners of an upright box, clockwise from its upper left."""
    x, y, w, h = box
    return (x, y), (x + w, y), (x + w, y + h), (x, y + h)


def centre(points: Sequence[Point]) -> Point:
    """The mean of some points."""
    return (sum(p[0] for p in points) / len(points), sum(p[1] for p in points) / len(points))


def mapped(points: Sequence[Point], matrix: Matrix) -> tuple[Point, ...]:
    """Points moved by a homography."""
    source = np.asarray(points, dtype=np.float64).reshape(-1, 1, 2)
    moved = cv2.perspectiveTransform(source, matrix).reshape(-1, 2)
    return tuple((round(float(x), 1), round(float(y), 1)) for x, y in moved)


def direction(points: Sequence[Point]) -> float:
    """Clockwise angle in degrees (-180, 180] of the top side of a polygon that starts at its top left."""
    (x0, y0), (x1, y1) = points[0], points[1]
    return math.degrees(math.atan2(y1 - y0, x1 - x0))


def quarter(angle: float) -> Rotation:
    """The clockwise turn (0, 90, 180, 270) that best makes something upright that stands at ``angle``."""
    return cast(Rotation, round(-angle / 90) * 90 % 360)


def residue(angle: float) -> float:
    """What is left of ``angle`` after its nearest quarter turn: -45 to 45 degrees."""
    return (angle + 45) % 90 - 45


def turned(image: Pixels, rotation: Rotation) -> Pixels:
    """The image turned clockwise by a multiple of 90 degrees."""
    return image if rotation == 0 else cast(Pixels, cv2.rotate(image, _CV_TURNS[rotation]))


def turn_matrix(size: tuple[int, int], rotation: Rotation) -> Matrix:
    """From coordinates of the turned image back to those of the original of ``size`` (width, height)."""
    w, h = size
    rows = {
        0: [[1, 0, 0], [0, 1, 0]],
        90: [[0, 1, 0], [-1, 0, h - 1]],
        180: [[-1, 0, w - 1], [0, -1, h - 1]],
        270: [[0, -1, w - 1], [1, 0, 0]],
    }[rotation]
    return np.array([*rows, [0, 0, 1]], dtype=np.float64)


def scale_matrix(scale: float) -> Matrix:
    """From coordinates of an image scaled by ``scale`` back to those of the original."""
    return np.diag([1 / scale, 1 / scale, 1.0])


def cut_upright(
    image: Pixels, middle: Point, angle: float, size: tuple[float, float], scale: float
) -> tuple[Pixels, Matrix]:
    """Cut a rectangle out of an image and lay it upright.

    ``size`` is width and height in the image's pixels, ``angle`` the clockwise lean of its top side in
    degrees, ``scale`` the enlargement.  Returns the cut and the matrix back to the image's coordinates.
    """
    turn = math.radians(angle)
    back = np.array(
        [
            [math.cos(turn) / scale, -math.sin(turn) / scale, 0.0],
            [math.sin(turn) / scale, math.cos(turn) / scale, 0.0],
            [0.0, 0.0, 1.0],
        ]
    )
    width, height = max(int(size[0] * scale), 8), max(int(size[1] * scale), 8)
    centred = back @ np.array([width / 2, height / 2, 1.0])
    back[0, 2], back[1, 2] = middle[0] - centred[0], middle[1] - centred[1]
    flags = (cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC) | cv2.WARP_INVERSE_MAP
    white = (255,) * (1 if image.ndim == 2 else 3)
    return cv2.warpAffine(image, back[:2], (width, height), flags=flags, borderValue=white), back


def rectangle_at(points: Sequence[Point], angle: float) -> tuple[Point, Point, Point, Point]:
    """Corners of the rectangle round points that leans clockwise by ``angle`` degrees, top left first."""
    turn = math.radians(angle)
    right, down = np.array([math.cos(turn), math.sin(turn)]), np.array([-math.sin(turn), math.cos(turn)])
    spots = np.array(points)
    along, across = spots @ right, spots @ down
    corners = [
        right * x + down * y
        for x, y in (
            (along.min(), across.min()),
            (along.max(), across.min()),
            (along.max(), across.max()),
            (along.min(), across.max()),
        )
    ]
    a, b, c, d = [(round(float(x), 1), round(float(y), 1)) for x, y in corners]
    return (a, b, c, d)


def full_height(polygon: Sequence[Point]) -> list[Point]:
    """The polygon as high as an EAN symbol is: decoders report only the rows that they read."""
    corners = np.array(polygon)
    along = (corners[1] - corners[0] + corners[2] - corners[3]) / 2
    across = np.array([-along[1], along[0]]) * 0.35
    middle = corners.mean(axis=0)
    spread = [middle + sx * along / 2 + sy * across for sx, sy in ((-1, -1), (1, -1), (1, 1), (-1, 1))]
    return [(float(x), float(y)) for x, y in spread]


def order_quad(points: Sequence[Point]) -> tuple[Point, Point, Point, Point]:
    """Four corners as top left, top right, bottom right, bottom left."""
    middle = centre(points)
    around = sorted(points, key=lambda p: math.atan2(p[1] - middle[1], p[0] - middle[0]))
    first = min(range(4), key=lambda i: around[i][0] + around[i][1])
    a, b, c, d = around[first:] + around[:first]
    return (a, b, c, d)


def overlap(a: Box, b: Box) -> float:
    """Shared area over the smaller box's area, 0 to 1."""
    w = min(a[0] + a[2], b[0] + b[2]) - max(a[0], b[0])
    h = min(a[1] + a[3], b[1] + b[3]) - max(a[1], b[1])
    if w <= 0 or h <= 0:
        return 0.0
    return w * h / max(min(a[2] * a[3], b[2] * b[3]), 1.0)
