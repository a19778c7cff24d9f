"""Books that have been seen before, known again by their covers.

A hash narrows the search, local features find how the two pictures lie to each other, and then the pictures
are laid over each other and compared place by place: volumes of a series share everything but a number.  Two
copies of one title look alike; what is known again is a cover, never a copy.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Generic, TypeVar, cast

import cv2
import numpy as np
import numpy.typing as npt

from vision.fingerprint import fingerprint, hamming
from vision.page import flatten
from vision.photo import Pixels

Key = TypeVar("Key", bound=Hashable)
Map = npt.NDArray[np.float32]

_SIDE = 640
_FEATURES = 600
_LEAST_FEATURES = 60
_MOST_BITS = 20
"""Of 64: pictures of one cover differ by fewer, also with a little glare."""
_SHORTLIST = 12
_RATIO = 0.8
_LEAST_INLIERS = 24
_REPROJECTION_PX = 4.0
_SCALES = (0.7, 1.4)
_WINDOW = 9
_TEXTURE = 7.0
_ALIKE = 0.6
_MOST_DIFFERENT_PX = 6
"""Pictures of one cover differ nowhere or by a speck; another volume's digit by a dozen pixels and more."""
_LEAST_COMPARED = 0.03
_SHIFTS = tuple((dx, dy) for dx in (-2, 0, 2) for dy in (-2, 0, 2))


@dataclass(frozen=True)
class FaceLook:
    """What is kept of a cover: its hash, features (N points, N x 32 bytes) and a small grey picture."""

    fingerprint: str
    points: Map
    descriptors: Pixels
    grey: Pixels


@dataclass(frozen=True)
class Likeness:
    """How two covers compare: features that agree, and the largest place in pixels where they differ."""

    same: bool
    inliers: int
    differing_px: int


def face_look(image: Pixels) -> FaceLook:
    """What to keep of a cover in a picture (BGR, any turn), the tray around it cut away."""
    flat = flatten(image).image
    scale = _SIDE / max(flat.shape[:2])
    small = cv2.resize(flat, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    grey = cast(Pixels, cv2.cvtColor(small, cv2.COLOR_BGR2GRAY))
    points, descriptors = _orb().detectAndCompute(grey, None)
    if descriptors is None:
        descriptors = np.zeros((0, 32), np.uint8)
    places = np.array([point.pt for point in points], np.float32).reshape(-1, 2)
    return FaceLook(fingerprint(grey, 0), places, descriptors, grey)


def compare(seen: FaceLook, known: FaceLook) -> Likeness:
    """Whether two pictures show the same cover.  Covers with too little on them are never the same."""
    if min(len(seen.points), len(known.points)) < _LEAST_FEATURES:
        return Likeness(False, 0, 0)
    matrix, inliers = _laid_over(seen, known)
    if matrix is None or inliers < _LEAST_INLIERS:
        return Likeness(False, inliers, 0)
    differing, compared = _differences(seen.grey, known.grey, _refined(seen.grey, known.grey, matrix))
    same = compared >= _LEAST_COMPARED and differing <= _MOST_DIFFERENT_PX
    return Likeness(same, inliers, differing)


class KnownFaces(Generic[Key]):
    """Covers under keys; several copies of a title may be kept under one key or under several."""

    def __init__(self) -> None:
        self._known: list[tuple[Key, FaceLook]] = []

    def __len__(self) -> int:
        return len(self._known)

    def add(self, key: Key, look: FaceLook) -> None:
        """Keep a cover."""
        self._known.append((key, look))

    def find(self, seen: FaceLook) -> Key | None:
        """The key of the cover seen before; None when there is none, or several keys have the same."""
        same = {key for key, look in self._shortlist(seen) if compare(seen, look).same}
        return same.pop() if len(same) == 1 else None

    def _shortlist(self, seen: FaceLook) -> list[tuple[Key, FaceLook]]:
        hashes = [fingerprint(seen.grey, turn) for turn in (0, 90, 180, 270)]
        near = [
            (min(hamming(each, look.fingerprint) for each in hashes), at)
            for at, (_, look) in enumerate(self._known)
        ]
        return [self._known[at] for bits, at in sorted(near)[:_SHORTLIST] if bits <= _MOST_BITS]


# --- laying over -----------------------------------------------------------------------------------------


def _laid_over(seen: FaceLook, known: FaceLook) -> tuple[Map | None, int]:
    """The homography from ``seen`` to ``known`` and how many features agree with it; None without one."""
    pairs = [
        (best.queryIdx, best.trainIdx)
        for best, second in _pairs(seen.descriptors, known.descriptors)
        if best.distance < _RATIO * second.distance
    ]
    if len(pairs) < _LEAST_INLIERS:
        return None, len(pairs)
    here = seen.points[[a for a, _ in pairs]]
    there = known.points[[b for _, b in pairs]]
    matrix, mask = cv2.findHomography(here, there, cv2.RANSAC, _REPROJECTION_PX, maxIters=2000)
    if matrix is None or not _is_plausible(matrix, seen.grey.shape):
        return None, 0
    return matrix.astype(np.float32), int(mask.sum())


def _refined(seen: Pixels, known: Pixels, matrix: Map) -> Map:
    """The homography made exact to a part of a pixel by the pictures themselves, where they allow it."""
    try:
        _, back = cv2.findTransformECC(
            known, seen, np.linalg.inv(matrix).astype(np.float32), cv2.MOTION_HOMOGRAPHY,
            (cv2.TERM_CRITERIA_EPS | cv2.TERM_CRITERIA_COUNT, 30, 1e-4), None, 5,
        )  # fmt: skip
    except cv2.error:
        return matrix
    return np.linalg.inv(back).astype(np.float32)


def _pairs(seen: Pixels, known: Pixels) -> Iterator[Any]:
    matches = cv2.BFMatcher(cv2.NORM_HAMMING).knnMatch(seen, known, k=2)
    return (pair for pair in matches if len(pair) == 2)


def _is_plausible(matrix: npt.NDArray[np.float64], shape: tuple[int, ...]) -> bool:
    """Whether a homography keeps a cover a cover: convex, about as large, not mirrored."""
    h, w = shape[:2]
    corners = np.array([[[0, 0]], [[w, 0]], [[w, h]], [[0, h]]], np.float32)
    moved = cv2.perspectiveTransform(corners, matrix)
    scale = np.sqrt(abs(cv2.contourArea(moved)) / (w * h))
    turned = cv2.contourArea(moved, oriented=True) * cv2.contourArea(corners, oriented=True)
    return bool(cv2.isContourConvex(moved) and _SCALES[0] <= scale <= _SCALES[1] and turned > 0)


# --- comparing place by place ----------------------------------------------------------------------------


def _differences(seen: Pixels, known: Pixels, matrix: Map) -> tuple[int, float]:
    """The largest place (pixels) where two pictures laid over each other differ, and the share compared."""
    size = (known.shape[1], known.shape[0])
    laid = cv2.warpPerspective(seen, matrix, size, flags=cv2.INTER_LINEAR)
    cover = cv2.warpPerspective(np.full(seen.shape, 255, np.uint8), matrix, size, flags=cv2.INTER_NEAREST)
    inner = cv2.erode(cover, np.ones((2 * _WINDOW + 1,) * 2, np.uint8), borderValue=0) > 0
    rim = _WINDOW
    inner[:rim] = inner[-rim:] = inner[:, :rim] = inner[:, -rim:] = False
    one, other = cv2.GaussianBlur(laid, (0, 0), 1).astype(np.float32), cv2.GaussianBlur(known, (0, 0), 1)
    alike, texture = _best_correlation(one, other.astype(np.float32))
    compared = inner & (texture > _TEXTURE)
    different = (compared & (alike < _ALIKE)).astype(np.uint8)
    count, _, stats, _ = cv2.connectedComponentsWithStats(different)
    largest = int(stats[1:count, cv2.CC_STAT_AREA].max()) if count > 1 else 0
    return largest, float(compared.mean())


def _best_correlation(one: Map, other: Map) -> tuple[Map, Map]:
    """For each place the best correlation over small shifts, and how much there is to see (grey levels)."""
    best: Map = np.full(one.shape, -1.0, np.float32)
    _, spread_one = _moments(one)
    mean, spread = _moments(other)
    for dx, dy in _SHIFTS:
        moved = np.roll(one, (dy, dx), axis=(0, 1))
        mean_moved, spread_moved = _moments(moved)
        product = _box(moved * other) - mean_moved * mean
        np.maximum(best, product / (spread_moved * spread + 12.0), out=best)
    return best, np.maximum(spread_one, spread)


def _moments(picture: Map) -> tuple[Map, Map]:
    mean = _box(picture)
    return mean, np.sqrt(np.maximum(_box(picture * picture) - mean * mean, 0))


def _box(picture: Map) -> Map:
    return cast(Map, cv2.boxFilter(picture, -1, (_WINDOW, _WINDOW)))


@lru_cache(maxsize=1)
def _orb() -> Any:
    return cv2.ORB.create(nfeatures=_FEATURES, fastThreshold=8)
