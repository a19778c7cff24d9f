"""Height and width of the book on the tray, in mm, from one picture and the thickness that the PLC measured.

The book's upper face is nearer to the camera than the tray: without its thickness a book is measured too
large, usually by a whole centimetre.
"""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, cast

import cv2
import numpy as np

from vision.board import find_tray_markers
from vision.calibration import Calibration, Pose, empty_tray, load_calibration
from vision.outline import Outline, Points, find_outline
from vision.photo import Pixels, load
from workcell.kernel.errors import BadInput

BOUNDARY_MM = 1.0
"""Nearer than this to a whole centimetre, the next centimetre is possible too."""

_MOST_RESIDUAL_MM = 0.5
_MOST_SHIFT_MM = 3.0
_LEAST_MARKERS = 2


@dataclass(frozen=True)
class Size:
    """A book's measures: ``height_mm`` along the picture's vertical, ``width_mm`` along its horizontal."""

    height_mm: float
    width_mm: float

    @property
    def centimetres(self) -> int:
        """Height as a record states it: in centimetres, rounded up (MARC 21, 300 $c)."""
        return centimetres(self.height_mm)

    @property
    def near_boundary(self) -> bool:
        """Whether the height is so near to a whole centimetre that a person should look."""
        return near_boundary(self.height_mm)


@dataclass(frozen=True)
class Drift:
    """How the tray's markers lie against their calibration.

    ``shift_mm`` is how far they have moved in the picture, ``residual_mm`` how badly they still fit each
    other (rms), ``markers`` how many are seen.  ``alarm`` says in words what is wrong, or is empty.
    """

    shift_mm: float
    residual_mm: float
    markers: int
    alarm: str = ""


@dataclass(frozen=True)
class Measurement:
    """What a picture of the tray gives: the size and the outline, or in ``problem`` why there is none."""

    size: Size | None
    outline: Outline | None
    drift: Drift
    problem: str = ""


def centimetres(mm: float) -> int:
    """Whole centimetres, rounded up (MARC 21 field 300 $c; ISBD 5.3.1)."""
    return math.ceil(round(mm, 3) / 10)


def near_boundary(mm: float) -> bool:
    """Whether ``mm`` is within BOUNDARY_MM of a whole centimetre."""
    return min(mm % 10, 10 - mm % 10) < BOUNDARY_MM


def measure_book(picture: Path, calibration_file: Path, thickness_mm: float) -> Measurement:
    """Measure the book in a picture file; the empty tray's picture lies where the calibration says.

    Raises BadInput when a file can't be read or the picture is not of the calibrated camera.
    """
    empty = empty_tray(calibration_file)
    calibration = load_calibration(calibration_file)
    return measure(load(picture), calibration, thickness_mm, load(empty) if empty else None)


def measure(
    image: Pixels, calibration: Calibration, thickness_mm: float, empty: Pixels | None
) -> Measurement:
    """Measure the book in a picture (BGR) of the calibrated camera; ``empty`` shows the empty tray.

    Raises BadInput when the picture has another size than those of the calibration.
    """
    _check_size(image, calibration)
    outline = find_outline(image, empty)
    pose, drift = find_tray(image, calibration, outline)
    if outline is None:
        return Measurement(None, None, drift, "the book's outline can't be told from the tray")
    if pose is None or drift.alarm:
        return Measurement(None, outline, drift, drift.alarm)
    size = size_of(outline, calibration, pose, thickness_mm)
    return Measurement(size, outline, drift)


def drift(image: Pixels, calibration: Calibration) -> Drift:
    """How the tray's markers in a picture (BGR) lie against their calibration."""
    return find_tray(image, calibration)[1]


def check_tray(picture: Path, calibration: Calibration) -> None:
    """Refuse (BadInput) a picture that does not show the calibrated tray as it was calibrated."""
    image = load(picture)
    _check_size(image, calibration)
    found = drift(image, calibration)
    if found.alarm:
        raise BadInput(
            found.alarm, subject=str(picture), remedy="Take it as the tray's other picture was taken."
        )


def measurement_to_json(found: Measurement) -> dict[str, Any]:
    """A measurement as plain JSON data: size in mm, corners in pixels, drift, and what went wrong."""
    size = found.size
    return {
        "height_mm": size.height_mm if size else None,
        "width_mm": size.width_mm if size else None,
        "centimetres": size.centimetres if size else None,
        "near_boundary": size.near_boundary if size else None,
        "corners": list(found.outline.corners) if found.outline else None,
        "drift": asdict(found.drift),
        "problem": found.problem,
    }


def find_tray(
    image: Pixels, calibration: Calibration, outline: Outline | None = None
) -> tuple[Pose | None, Drift]:
    """Where the tray's plane lies in this picture, by the markers in it, and whether they have drifted.

    Markers that the book touches are left out: a corner under its edge is found in a wrong place.
    """
    if calibration.tray is None:
        return None, Drift(0.0, 0.0, 0, "the calibration knows no tray")
    known = calibration.tray.markers
    seen = {n: quad for n, quad in find_tray_markers(image).items() if not _covered(quad, outline)}
    numbers = sorted(set(known) & set(seen))
    if len(numbers) < _LEAST_MARKERS:
        return None, Drift(0.0, 0.0, len(numbers), f"only {len(numbers)} of the tray's markers can be seen")
    on_tray = np.concatenate([np.asarray(known[n]) for n in numbers])
    in_picture = np.concatenate([seen[n] for n in numbers])
    pose = _pose(on_tray, in_picture, calibration)
    there = pose.on_plane(calibration.rays(in_picture))
    before = pose.on_plane(calibration.rays(np.concatenate([calibration.tray.seen[n] for n in numbers])))
    residual = float(np.sqrt(np.mean(np.sum((there - on_tray) ** 2, axis=1))))
    shift = float(np.median(np.hypot(*(there - before).T)))
    alarm = ""
    if residual > _MOST_RESIDUAL_MM:
        alarm = f"the tray's markers are off by {residual:.1f} mm: calibrate the camera again"
    elif shift > _MOST_SHIFT_MM:
        alarm = f"camera or tray has moved by {shift:.1f} mm: calibrate the camera again"
    return pose, Drift(round(shift, 3), round(residual, 3), len(numbers), alarm)


def size_of(outline: Outline, calibration: Calibration, pose: Pose, thickness_mm: float) -> Size:
    """Width and height of the outline on the plane of the book's upper face.

    A side of which the camera sees the wall shows the book's lower edge there, which lies on the tray.
    """
    upper = [pose.on_plane(calibration.rays(side), pose.above(thickness_mm)) for side in outline.sides]
    lower = [pose.on_plane(calibration.rays(side)) for side in outline.sides]
    middle = np.mean([side.mean(axis=0) for side in upper], axis=0)
    foot = pose.camera[:2]
    sides = [low if _beyond(foot, low, middle) else high for high, low in zip(upper, lower, strict=True)]
    top, right, bottom, left = sides
    return Size(round(_apart(top, bottom), 2), round(_apart(left, right), 2))


def _covered(marker: Points, outline: Outline | None) -> bool:
    """Whether the book's outline comes nearer to a marker than half of its side."""
    if outline is None:
        return False
    book = np.asarray(outline.corners, np.float32).reshape(-1, 1, 2)
    near = -0.5 * float(np.hypot(*(marker[1] - marker[0])))
    return any(cv2.pointPolygonTest(book, (float(x), float(y)), True) > near for x, y in marker)


def _check_size(image: Pixels, calibration: Calibration) -> None:
    size = (image.shape[1], image.shape[0])
    if size != calibration.size:
        raise BadInput(
            f"the picture is {size[0]} x {size[1]} pixels, the calibration's were "
            f"{calibration.size[0]} x {calibration.size[1]}",
            subject="measuring", remedy="Calibrate the camera as it is set now.",
        )  # fmt: skip


def _beyond(foot: Points, side: Points, middle: Points) -> bool:
    """Whether the point under the camera lies outside the book's side, so that the wall below it is seen."""
    start, way = _line(side)
    across = np.array([-way[1], way[0]])
    return bool(((foot - start) @ across) * ((middle - start) @ across) < 0)


def _apart(one: Points, other: Points) -> float:
    """Mean distance of two nearly parallel sides, each from the other's middle."""
    return float((_away(one.mean(axis=0), other) + _away(other.mean(axis=0), one)) / 2)


def _away(point: Points, side: Points) -> float:
    start, way = _line(side)
    away = point - start
    return abs(float(away[0] * -way[1] + away[1] * way[0]))


def _line(points: Points) -> tuple[Points, Points]:
    vx, vy, x, y = cv2.fitLine(points.astype(np.float32), cv2.DIST_HUBER, 0, 0.001, 0.0001).ravel()
    return np.array([x, y], np.float64), np.array([vx, vy], np.float64)


def _pose(on_tray: Points, in_picture: Points, calibration: Calibration) -> Pose:
    flat = np.column_stack([on_tray, np.zeros(len(on_tray))])
    _, turn, shift = cv2.solvePnP(
        flat, in_picture, np.asarray(calibration.matrix), np.asarray(calibration.distortion)
    )
    return Pose(cast(Points, cv2.Rodrigues(turn)[0]), shift.reshape(3))
