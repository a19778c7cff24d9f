"""Whether a frame is worth reading: exposure, glare, focus, and whether it is the same frame again.

Everything is measured on a grey picture of about 1,600 pixels, so that a value means the same for every
camera.
"""

from __future__ import annotations

import hashlib
import io
import warnings
from dataclasses import dataclass
from typing import cast

import cv2
import numpy as np
from PIL import Image

from vision.photo import MAX_PIXELS, Pixels

DARK = "the picture is too dark"
BRIGHT = "the picture is overexposed"
GLARE = "a lamp mirrors in the picture"
BLURRED = "the picture is blurred"
EMPTY = "the picture shows nothing to focus on"

_SIDE = 1600
_SMALLEST_SIDE = 16
"""A frame with a shorter side in pixels is a broken one."""

_DARK_LEVEL = 40
_WHITE_LEVEL = 250
_WASHED_OUT_LEVEL = 150
"""Where even the darkest hundredth is brighter than this and half of it is clipped, print is washed out."""
_GLARE_SHARES = (0.002, 0.4)
_GLARE_DROP = 70
_GLARE_STEEPNESS = 24.0
_EDGE_LEVEL = 24.0
_LEAST_EDGES = 0.0008
_WIDE_EDGE = 4.8
"""Median width in pixels of the sharpest edges beyond which small print is lost."""


@dataclass(frozen=True)
class Quality:
    """What one frame is worth.

    ``level`` is the grey level (0 to 255) that all but the brightest half-percent stay below, ``clipped`` and
    ``glare`` are shares of the picture, ``edge_px`` the width of its sharpest edges in pixels of a picture of
    1,600 (None without edges), ``digest`` tells equal pixels.
    """

    level: float
    clipped: float
    glare: float
    edge_px: float | None
    digest: str
    problems: tuple[str, ...]

    @property
    def is_dark(self) -> bool:
        """Whether the light was off or the lens covered."""
        return DARK in self.problems

    @property
    def worth_retaking(self) -> bool:
        """Whether another frame of the same scene may turn out better: an empty scene stays empty."""
        return any(problem != EMPTY for problem in self.problems)


def judge(image: Pixels) -> Quality:
    """The quality of a picture (BGR or grey)."""
    grey = cv2.cvtColor(image, cv2.COLOR_BGR2GRAY) if image.ndim == 3 else image
    scale = _SIDE / max(grey.shape)
    if scale < 1:
        grey = cv2.resize(grey, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    return _judge(cast(Pixels, grey))


def judge_bytes(data: bytes) -> Quality | None:
    """The quality of an encoded frame, decoded no larger than needed; None when it is no image."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            with Image.open(io.BytesIO(data)) as header:
                width, height = header.size
                if width * height > MAX_PIXELS or min(width, height) < _SMALLEST_SIDE:
                    return None
                header.draft("L", (_SIDE * width // max(width, height), _SIDE * height // max(width, height)))
                return judge(np.asarray(header.convert("L")))
    except (OSError, SyntaxError, ValueError, Image.DecompressionBombError):
        return None


def _judge(grey: Pixels) -> Quality:
    level = float(np.percentile(grey, 99.5))
    clipped = float((grey >= _WHITE_LEVEL).mean())
    glare = _glare(grey)
    edge = _edge_width(grey)
    dark = level < _DARK_LEVEL
    problems = {
        DARK: dark,
        BRIGHT: clipped > 0.5 and float(np.percentile(grey, 1)) > _WASHED_OUT_LEVEL,
        GLARE: glare > 0,
        BLURRED: edge is not None and edge > _WIDE_EDGE and not dark,
        EMPTY: edge is None and not dark,
    }
    found = tuple(problem for problem, holds in problems.items() if holds)
    digest = hashlib.sha256(grey.tobytes()).hexdigest()
    rounded = None if edge is None else round(edge, 2)
    return Quality(level, round(clipped, 3), round(glare, 4), rounded, digest, found)


def _glare(grey: Pixels) -> float:
    """Share of the picture under mirrored light: white spots that fade out; white paper ends abruptly."""
    small = cv2.resize(grey, None, fx=0.25, fy=0.25, interpolation=cv2.INTER_AREA)
    white = (small >= _WHITE_LEVEL).astype(np.uint8)
    count, labels, stats, _ = cv2.connectedComponentsWithStats(white)
    steep = cv2.magnitude(
        cv2.Sobel(small, cv2.CV_32F, 1, 0, scale=0.25), cv2.Sobel(small, cv2.CV_32F, 0, 1, scale=0.25)
    )
    found = 0.0
    for spot in range(1, count):
        share = stats[spot, cv2.CC_STAT_AREA] / small.size
        if _GLARE_SHARES[0] <= share <= _GLARE_SHARES[1] and _fades((labels == spot), small, steep):
            found += float(share)
    return found


def _fades(spot: np.ndarray, grey: Pixels, steep: np.ndarray) -> bool:
    """Whether the light round a spot sinks far, but nowhere abruptly."""
    mask = spot.astype(np.uint8)
    far = max(int(np.sqrt(mask.sum()) * 0.8), 6)
    near_ring = (cv2.dilate(mask, np.ones((5, 5), np.uint8)) > mask).astype(bool)
    far_ring = (cv2.dilate(mask, np.ones((2 * far + 1,) * 2, np.uint8)) > 0) & (
        cv2.dilate(mask, np.ones((2 * far - 3,) * 2, np.uint8)) == 0
    )
    if not near_ring.any() or not far_ring.any():
        return False
    drop = _WHITE_LEVEL - float(np.median(grey[far_ring]))
    return drop > _GLARE_DROP and float(np.median(steep[near_ring])) < _GLARE_STEEPNESS


def _edge_width(grey: Pixels) -> float | None:
    """Width in pixels of the steepest edges: local contrast over local slope; None without edges."""
    soft = cv2.GaussianBlur(grey, (3, 3), 0.7)
    dx = cv2.Sobel(soft, cv2.CV_32F, 1, 0, scale=0.125)
    dy = cv2.Sobel(soft, cv2.CV_32F, 0, 1, scale=0.125)
    slope = cv2.magnitude(dx, dy)
    window = np.ones((15, 15), np.uint8)
    contrast = cv2.subtract(cv2.dilate(soft, window), cv2.erode(soft, window))
    peaks = (slope >= cv2.dilate(slope, np.ones((3, 3), np.uint8))) & (contrast > _EDGE_LEVEL)
    if float(peaks.mean()) < _LEAST_EDGES:
        return None
    widths = contrast[peaks].astype(np.float32) / np.maximum(slope[peaks], 0.5)
    strong = widths[contrast[peaks] >= np.percentile(contrast[peaks], 60)]
    return float(np.percentile(strong, 20))
