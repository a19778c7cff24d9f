"""A camera's calibration: the lens by pictures of the board, the tray's markers by one with the board."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import cast

import cv2
import numpy as np
from pydantic import TypeAdapter, ValidationError

from vision.board import Board, Corners, SeenBoard, find_board, find_tray_markers
from vision.outline import Points
from vision.photo import load
from workcell.kernel.errors import BadInput

LEAST_PICTURES = 8
_MOST_RMS_PX = 1.0
_MOST_FOCAL_DOUBT = 0.004
"""Share of the focal length: beyond it a book of 240 mm may be measured wrong by a millimetre."""
_LEAST_COVERED = 0.5
_LEAST_TILT = 15.0
"""Degrees between the boards that differ most: of boards that all lie alike, focal length and distance can't
be told apart, and the fit's own estimate of its error is worthless."""
_ANOTHER_WAY = "Take more pictures, the board tilted another way in each and reaching into every corner."


@dataclass(frozen=True)
class PictureReport:
    """How well one picture fits: corners seen, and the rms error in pixels and, on the board, in mm."""

    file: str
    corners: int
    rms_px: float
    rms_mm: float


@dataclass(frozen=True)
class Tray:
    """The tray as it was calibrated.

    ``markers``: number → four corners in mm on the tray's plane, from the first marker's top left along its
    top side; ``seen``: the same in pixels; ``empty``: a picture of the empty tray, if there is one.
    """

    markers: dict[int, list[tuple[float, float]]]
    seen: dict[int, list[tuple[float, float]]]
    empty: str = ""


@dataclass(frozen=True)
class Calibration:
    """Lens and tray of one camera.

    ``size`` is width and height of its pictures, ``matrix`` the camera matrix (3 x 3, pixels), ``distortion``
    OpenCV's five coefficients, ``rms_px`` the mean error over all pictures.
    """

    size: tuple[int, int]
    matrix: list[list[float]]
    distortion: list[float]
    rms_px: float
    board: Board
    pictures: list[PictureReport] = field(default_factory=list)
    tray: Tray | None = None
    schema: str = "calibration/1"

    def rays(self, points: Points) -> Points:
        """Pixels as directions before the camera, N x 2: x and y at distance one, the lens's bend undone."""
        source = np.asarray(points, np.float64).reshape(-1, 1, 2)
        return cast(
            Points,
            cv2.undistortPoints(source, np.asarray(self.matrix), np.asarray(self.distortion)).reshape(-1, 2),
        )


def calibrate(files: Sequence[Path], board: Board) -> Calibration:
    """The lens from pictures of the board at many angles.

    Raises BadInput saying why a set won't do: too few pictures with the board, pictures of several sizes, the
    board always in one part of the picture or always at one angle, or errors too large.
    """
    seen, size = _boards_in(files, board)
    _check_coverage([each for _, each in seen], size)
    objects = [each.on_board.astype(np.float32) for _, each in seen]
    images = [each.in_picture.astype(np.float32) for _, each in seen]
    rms, matrix, distortion, turns, shifts, doubts, _, errors = cv2.calibrateCameraExtended(
        objects, images, size, None, None, flags=cv2.CALIB_FIX_K3
    )
    worst = int(np.argmax(errors))
    if rms > _MOST_RMS_PX:
        raise BadInput(
            f"the board's corners are off by {rms:.2f} px; worst in {seen[worst][0].name}",
            subject="calibration", remedy="Use a flat, sharp print; take blurred pictures again.",
        )  # fmt: skip
    tilted = _tilted(turns)
    if tilted < _LEAST_TILT:
        raise BadInput(
            f"the pictures are too much alike: the board is tilted by {tilted:.0f} degrees only",
            subject="calibration", remedy=_ANOTHER_WAY,
        )  # fmt: skip
    doubt = float(np.ravel(doubts)[0]) / float(matrix[0, 0])
    if not np.isfinite(doubt) or doubt > _MOST_FOCAL_DOUBT:
        raise BadInput(
            f"the pictures are too much alike: the focal length is known to {doubt:.1%} only",
            subject="calibration", remedy=_ANOTHER_WAY,
        )  # fmt: skip
    reports = [
        _report(path, each, float(np.ravel(error)[0]), shift, float(matrix[0, 0]))
        for (path, each), error, shift in zip(seen, errors, shifts, strict=True)
    ]
    return Calibration(
        size,
        matrix.tolist(),
        [float(k) for k in np.ravel(distortion)[:5]],
        round(float(rms), 4),
        board,
        reports,
    )


def with_tray(calibration: Calibration, picture: Path, thickness_mm: float = 0.0) -> Calibration:
    """The calibration with the tray's four markers, from a picture of the board lying flat between them.

    ``thickness_mm`` is that of the board.  Raises BadInput when board or markers are not all seen.
    """
    image = load(picture)
    _check_size(picture, (image.shape[1], image.shape[0]), calibration.size)
    board, markers = find_board(image, calibration.board), find_tray_markers(image)
    if board is None or len(markers) < 4:
        seen = f"{len(markers)} of the 4 markers and {'the' if board else 'no'} board"
        raise BadInput(
            f"only {seen} can be seen", subject=str(picture),
            remedy="Lay the board flat between the four markers, all of it in view.",
        )  # fmt: skip
    _, turn, shift = cv2.solvePnP(
        board.on_board, board.in_picture, np.asarray(calibration.matrix), np.asarray(calibration.distortion)
    )
    pose = Pose(cast(Points, cv2.Rodrigues(turn)[0]), shift.reshape(3))
    places = {
        n: pose.on_plane(calibration.rays(quad), pose.above(-thickness_mm)) for n, quad in markers.items()
    }
    return Calibration(
        calibration.size, calibration.matrix, calibration.distortion, calibration.rms_px,
        calibration.board, calibration.pictures,
        Tray(_listed(_squared_up(places)), _listed(markers)),
    )  # fmt: skip


@dataclass(frozen=True)
class Pose:
    """How a plane lies before the camera: ``turn`` (3 x 3) and ``shift`` (mm) into the camera's axes."""

    turn: Points
    shift: Points

    @property
    def camera(self) -> Points:
        """The camera's own place over the plane."""
        return -self.turn.T @ self.shift

    def above(self, mm: float) -> float:
        """The z of what lies ``mm`` nearer to the camera than the plane."""
        return float(np.copysign(mm, mm * self.camera[2]))

    def on_plane(self, rays: Points, z: float = 0.0) -> Points:
        """Where rays (N x 2) meet the plane at height ``z``: N x 2 in mm."""
        ways = np.column_stack([rays, np.ones(len(rays))]) @ self.turn
        eye = self.camera
        return cast(Points, eye[:2] + ways[:, :2] * ((z - eye[2]) / ways[:, 2])[:, np.newaxis])


# --- files ---------------------------------------------------------------------------------------------

_CALIBRATION: TypeAdapter[Calibration] = TypeAdapter(Calibration)


def save_calibration(calibration: Calibration, path: Path) -> None:
    """Write a calibration as JSON."""
    path.write_bytes(_CALIBRATION.dump_json(calibration, indent=1) + b"\n")


def load_calibration(path: Path) -> Calibration:
    """Read a calibration; raises BadInput naming the file and what is wrong with it."""
    try:
        return _CALIBRATION.validate_python(json.loads(path.read_text("utf-8")))
    except OSError as error:
        raise BadInput(f"can't be read: {error.strerror}", subject=str(path)) from error
    except (ValueError, ValidationError) as error:
        raise BadInput(
            "this is no calibration", subject=str(path), remedy="Write it with `workcell camera calibrate`."
        ) from error


def empty_tray(path: Path) -> Path | None:
    """Where the picture of the empty tray lies that belongs to a calibration; raises as that does."""
    tray = load_calibration(path).tray
    return path.parent / tray.empty if tray is not None and tray.empty else None


# --- checks --------------------------------------------------------------------------------------------


def _boards_in(files: Sequence[Path], board: Board) -> tuple[list[tuple[Path, SeenBoard]], tuple[int, int]]:
    seen: list[tuple[Path, SeenBoard]] = []
    size: tuple[int, int] | None = None
    for path in files:
        image = load(path)
        size = size or (image.shape[1], image.shape[0])
        _check_size(path, (image.shape[1], image.shape[0]), size)
        found = find_board(image, board)
        if found is not None:
            seen.append((path, found))
    if len(seen) < LEAST_PICTURES or size is None:
        raise BadInput(
            f"the board is seen in {len(seen)} of {len(files)} pictures; {LEAST_PICTURES} are needed",
            subject="calibration",
            remedy="Check columns, rows and sharpness; " + _ANOTHER_WAY[0].lower() + _ANOTHER_WAY[1:],
        )
    return seen, size


def _check_size(path: Path, size: tuple[int, int], wanted: tuple[int, int]) -> None:
    if size != wanted:
        raise BadInput(
            f"is {size[0]} x {size[1]} pixels, the others are {wanted[0]} x {wanted[1]}", subject=str(path),
            remedy="Take all pictures with one camera and one setting.",
        )  # fmt: skip


def _check_coverage(seen: Sequence[SeenBoard], size: tuple[int, int]) -> None:
    hull = cv2.convexHull(np.concatenate([each.in_picture for each in seen]).astype(np.float32))
    covered = cv2.contourArea(hull) / (size[0] * size[1])
    if covered < _LEAST_COVERED:
        raise BadInput(
            f"the board only ever lies in {covered:.0%} of the picture", subject="calibration",
            remedy=_ANOTHER_WAY,
        )  # fmt: skip


def _tilted(turns: Sequence[Corners]) -> float:
    """The largest angle in degrees between two of the boards."""
    normals = np.array([cv2.Rodrigues(turn)[0][:, 2] for turn in turns])
    return float(np.degrees(np.arccos(np.clip(normals @ normals.T, -1, 1))).max())


def _report(path: Path, seen: SeenBoard, rms_px: float, shift: Corners, focal: float) -> PictureReport:
    distance = float(np.linalg.norm(shift))
    return PictureReport(str(path), len(seen.ids), round(rms_px, 3), round(rms_px * distance / focal, 4))


def _squared_up(places: dict[int, Points]) -> dict[int, Points]:
    """Places with the first marker's top left at (0, 0) and x along its top side."""
    first = places[min(places)]
    along = first[1] - first[0]
    along = along / np.hypot(*along)
    across = first[3] - first[0]
    down = np.array([-along[1], along[0]])
    if down @ across < 0:
        down = -down
    frame = np.array([along, down])
    return {n: (quad - first[0]) @ frame.T for n, quad in places.items()}


def _listed(places: dict[int, Points]) -> dict[int, list[tuple[float, float]]]:
    return {
        n: [(round(float(x), 4), round(float(y), 4)) for x, y in quad] for n, quad in sorted(places.items())
    }
