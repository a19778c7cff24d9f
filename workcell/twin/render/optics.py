"""From a flat face to a photograph: the book on its dark tray, perspective, light, glare, blur, noise, JPEG.

The camera reads out the part of its sensor around the book, so that a picture is as large as the book
needs.  All effects come from the frame's own seed.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from workcell.twin.render.sheet import Pixels

_TRAY_BGR = (44, 40, 38)
_TRAY_MARGIN_MM = 14.0
_EMPTY_TRAY_MM = (200.0, 260.0)
# Uneven light is drawn on a coarse grid and enlarged.
_GRID = 24
_GAIN_ONE = 200
_NOISE_MEAN = 32
_NOISE_TILE = 4608
_SHADOW_PX = (18, 24)
_JPEG_QUALITY = 90


@dataclass(frozen=True)
class Placed:
    """How a face lies under the camera: its size in mm, clockwise turn in degrees, offset in mm."""

    width_mm: float
    height_mm: float
    turn_deg: float
    dx_mm: float
    dy_mm: float


def photograph(face: Pixels, placed: Placed, px_per_mm: float, glossy: bool, seed: int) -> bytes:
    """A JPEG of ``face`` on the tray at ``px_per_mm``; ``glossy`` paper mirrors the lamp now and then."""
    draw = np.random.default_rng(seed)
    width, height = _readout(placed)
    size = (round(width * px_per_mm), round(height * px_per_mm))
    corners = _corners(placed, (width, height), px_per_mm, draw)
    picture = _tray(size, corners)
    _lay(face, corners, picture)
    return _developed(picture, glossy, draw)


def empty_tray(px_per_mm: float, seed: int) -> bytes:
    """A JPEG of the tray with no book on it."""
    width, height = _EMPTY_TRAY_MM
    picture = _tray((round(width * px_per_mm), round(height * px_per_mm)), None)
    return _developed(picture, False, np.random.default_rng(seed))


def _readout(placed: Placed) -> tuple[float, float]:
    angle = np.deg2rad(placed.turn_deg)
    cos, sin = abs(np.cos(angle)), abs(np.sin(angle))
    width = placed.width_mm * cos + placed.height_mm * sin
    height = placed.width_mm * sin + placed.height_mm * cos
    return float(width) + 2 * _TRAY_MARGIN_MM, float(height) + 2 * _TRAY_MARGIN_MM


def _corners(
    placed: Placed, readout: tuple[float, float], px_per_mm: float, draw: np.random.Generator
) -> NDArray[np.float32]:
    """Where the face's corners fall in the picture, clockwise from its own upper left."""
    half = np.array([placed.width_mm, placed.height_mm]) / 2
    flat = np.array([(-1, -1), (1, -1), (1, 1), (-1, 1)]) * half
    angle = np.deg2rad(placed.turn_deg)
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    lying = flat @ turn.T + np.array([placed.dx_mm, -placed.dy_mm])
    # The camera's axis is never quite square to the tray: each corner is off by up to 0.6 % of the size.
    lying += draw.uniform(-0.006, 0.006, (4, 2)) * np.sqrt(placed.width_mm * placed.height_mm)
    return np.asarray((lying + np.array(readout) / 2) * px_per_mm, np.float32)


def _tray(size: tuple[int, int], corners: NDArray[np.float32] | None) -> Pixels:
    small = np.full((size[1] // 8 + 1, size[0] // 8 + 1, 3), _TRAY_BGR, np.uint8)
    if corners is not None:
        shadow = np.zeros(small.shape[:2], np.uint8)
        cv2.fillConvexPoly(shadow, ((corners + np.array(_SHADOW_PX)) / 8).astype(np.int32), (150,))
        shadow = np.asarray(cv2.GaussianBlur(shadow, (0, 0), 2.5), np.uint8)
        small = np.asarray(
            cv2.multiply(small, cv2.cvtColor(255 - shadow, cv2.COLOR_GRAY2BGR), scale=1 / 255), np.uint8
        )
    return np.asarray(cv2.resize(small, size, interpolation=cv2.INTER_LINEAR), np.uint8)


def _lay(face: Pixels, corners: NDArray[np.float32], picture: Pixels) -> None:
    height, width = face.shape[:2]
    flat = np.array([(0, 0), (width, 0), (width, height), (0, height)], np.float32)
    cv2.warpPerspective(
        face, cv2.getPerspectiveTransform(flat, corners), (picture.shape[1], picture.shape[0]),
        dst=picture, flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_TRANSPARENT,
    )  # fmt: skip


def _developed(picture: Pixels, glossy: bool, draw: np.random.Generator) -> bytes:
    size = (picture.shape[1], picture.shape[0])
    lit = cv2.multiply(picture, _enlarged(_light(draw), size), scale=1 / _GAIN_ONE)
    if glossy and draw.random() < 0.5:
        lit = cv2.add(lit, _enlarged(_glare(draw), size))
    soft = cv2.GaussianBlur(lit, (3, 3), float(draw.uniform(0.45, 0.75)))
    return _jpeg(cv2.addWeighted(soft, 1.0, _noise(size, draw), 1.0, -_NOISE_MEAN))


def _light(draw: np.random.Generator) -> NDArray[np.uint8]:
    """A lamp on one side and darker corners: gain on a coarse grid, 200 = 1."""
    y, x = np.mgrid[-1 : 1 : _GRID * 1j, -1 : 1 : _GRID * 1j]
    angle = draw.uniform(0, 2 * np.pi)
    slope = draw.uniform(0.03, 0.11) * (x * np.cos(angle) + y * np.sin(angle))
    gain = 0.98 + slope - draw.uniform(0.02, 0.06) * (x**2 + y**2)
    return np.asarray(np.clip(gain * _GAIN_ONE, 0, 255), np.uint8)


def _glare(draw: np.random.Generator) -> NDArray[np.uint8]:
    y, x = np.mgrid[-1 : 1 : _GRID * 1j, -1 : 1 : _GRID * 1j]
    centre = draw.uniform(-0.8, 0.8, 2)
    spread = draw.uniform(0.03, 0.12)
    blob = np.exp(-((x - centre[0]) ** 2 + (y - centre[1]) ** 2) / spread)
    return np.asarray(blob * draw.uniform(20, 60), np.uint8)


def _enlarged(grid: NDArray[np.uint8], size: tuple[int, int]) -> Pixels:
    coloured = cv2.cvtColor(grid, cv2.COLOR_GRAY2BGR)
    return np.asarray(cv2.resize(coloured, size, interpolation=cv2.INTER_LINEAR), np.uint8)


def _noise(size: tuple[int, int], draw: np.random.Generator) -> Any:
    tile = _noise_tile()
    row = int(draw.integers(0, max(1, tile.shape[0] - size[1])))
    column = int(draw.integers(0, max(1, tile.shape[1] - size[0])))
    part = tile[row : row + size[1], column : column + size[0]]
    if part.shape[:2] == (size[1], size[0]):
        return part
    return cv2.resize(part, size, interpolation=cv2.INTER_NEAREST)


@cache
def _noise_tile() -> Pixels:
    """Sensor noise around its mean, one tile for all frames, cut out at another place each time."""
    grain = np.random.default_rng(11).normal(_NOISE_MEAN, 3.2, (512, 512, 3))
    tile = np.clip(grain, 0, 2 * _NOISE_MEAN).astype(np.uint8)
    repeats = _NOISE_TILE // 512
    return np.tile(tile, (repeats, repeats, 1))


def _jpeg(picture: Any) -> bytes:
    done, data = cv2.imencode(".jpg", picture, [cv2.IMWRITE_JPEG_QUALITY, _JPEG_QUALITY])
    if not done:
        raise ValueError("the picture could not be encoded")
    return bytes(data.tobytes())
