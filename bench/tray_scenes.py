"""Scenes of a camera over a tray, rendered: the board at many angles, the empty tray, a book lying on it.

The camera's lens bends straight lines; it stands off the tray's middle and a little askew; pictures have
shading, blur and noise.  Lengths are in mm, the plane's z points away from the camera.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from vision.board import DEFAULT_BOARD, Board, board_pixels, marker_pixels

TRAY_MM = (420, 330)
_MARKER_MM, _EDGE_MM, _FIELD_MM = 30, 12, 5
_PX_PER_MM = 4
_TRAY_BGR = (70, 66, 60)
_PAPER_BGR = (205, 225, 232)


@dataclass(frozen=True)
class Camera:
    """A camera as built: what a calibration has to find out."""

    size: tuple[int, int] = (2000, 1500)
    focal: float = 2300.0
    off: tuple[float, float] = (14.0, -9.0)
    bend: tuple[float, ...] = (-0.09, 0.05, 0.0004, -0.0003, 0.0)

    @property
    def matrix(self) -> NDArray[np.float64]:
        """The camera matrix in pixels."""
        w, h = self.size
        x, y = w / 2 + self.off[0], h / 2 + self.off[1]
        return np.array([[self.focal, 0, x], [0, self.focal, y], [0, 0, 1.0]])


@dataclass(frozen=True)
class Stand:
    """How a plane lies before the camera: tilts and turn in degrees, its origin's place in mm."""

    tilt: tuple[float, float]
    turn: float
    shift: tuple[float, float, float]

    @property
    def rotation(self) -> NDArray[np.float64]:
        """From the plane's axes to the camera's."""
        angles = np.deg2rad([*self.tilt, self.turn])
        x, y, z = (cv2.Rodrigues(np.eye(3)[axis] * angles[axis])[0] for axis in range(3))
        return np.asarray(x @ y @ z)


@dataclass(frozen=True)
class Flat:
    """A flat picture in the scene: its corners in mm, N x 3, clockwise from its upper left."""

    texture: NDArray[np.uint8]
    corners: NDArray[np.float64]


@dataclass(frozen=True)
class Lie:
    """A book on the tray: its measures and the place of its middle in mm, its clockwise turn in degrees."""

    width: float
    height: float
    thickness: float
    middle: tuple[float, float] = (TRAY_MM[0] / 2, TRAY_MM[1] / 2)
    turn: float = 0.0


class Studio:
    """Takes the pictures; the noise is the seed's."""

    def __init__(self, camera: Camera, seed: int) -> None:
        self.camera = camera
        self._draw = np.random.default_rng(seed)
        w, h = camera.size
        grid = np.stack(np.meshgrid(np.arange(w), np.arange(h)), axis=-1).reshape(-1, 1, 2)
        matrix, bend = camera.matrix, np.array(camera.bend)
        straight = cv2.undistortPoints(grid.astype(np.float32), matrix, bend, P=matrix)
        self._straight = straight.reshape(h, w, 2).astype(np.float32)
        y, x = np.mgrid[-1 : 1 : h * 1j, -1 : 1 : w * 1j]
        self._shade = (1 - 0.10 * (x**2 + y**2)).astype(np.float32)[..., np.newaxis]

    def picture(
        self, stand: Stand, flats: Sequence[Flat], noise: float = 2.0, blur: float = 0.8
    ) -> NDArray[np.uint8]:
        """What the camera sees of ``flats``, the later over the earlier."""
        w, h = self.camera.size
        scene = np.full((h, w, 3), _TRAY_BGR, np.float32)
        for flat in flats:
            self._lay(scene, stand, flat)
        bent = cv2.remap(
            scene,
            self._straight[..., 0],
            self._straight[..., 1],
            cv2.INTER_LINEAR,
            borderMode=cv2.BORDER_REPLICATE,
        )
        soft = cv2.GaussianBlur(bent, (0, 0), blur) * self._shade
        grain = self._draw.standard_normal(soft.shape, np.float32) * noise
        return np.clip(soft + grain, 0, 255).astype(np.uint8)

    def _lay(self, scene: NDArray[np.float32], stand: Stand, flat: Flat) -> None:
        seen = (flat.corners @ stand.rotation.T + np.array(stand.shift)) @ self.camera.matrix.T
        corners = seen[:, :2] / seen[:, 2:]
        if _sense(corners) < 0:
            return  # seen from behind
        h, w = flat.texture.shape[:2]
        spots = np.array([[0, 0], [w, 0], [w, h], [0, h]]) - 0.5  # a pixel's place is its middle
        matrix = cv2.getPerspectiveTransform(spots.astype(np.float32), corners.astype(np.float32))
        size = (scene.shape[1], scene.shape[0])
        laid = cv2.warpPerspective(
            flat.texture, matrix, size, flags=cv2.INTER_AREA, borderMode=cv2.BORDER_REPLICATE
        )
        scene += (laid - scene) * self._covered(corners)[..., np.newaxis]

    def _covered(self, corners: NDArray[np.float64]) -> NDArray[np.float32]:
        """The share of each pixel inside a convex quadrilateral (drawing functions make it too large)."""
        w, h = self.camera.size
        x, y = np.arange(w, dtype=np.float32), np.arange(h, dtype=np.float32)[:, np.newaxis]
        ways = np.roll(corners, -1, axis=0) - corners
        share = np.ones((h, w), np.float32)
        for (x0, y0), (dx, dy) in zip(corners, ways, strict=True):
            inwards = np.array([-dy, dx]) / np.hypot(dx, dy)
            depth = (x - np.float32(x0)) * np.float32(inwards[0]) + (y - np.float32(y0)) * np.float32(
                inwards[1]
            )
            np.minimum(share, depth + np.float32(0.5), out=share)
        return np.clip(share, 0, 1, out=share)


def _sense(corners: NDArray[np.float64]) -> float:
    """Positive for corners that go clockwise in the picture."""
    (ax, ay), (bx, by) = corners[1] - corners[0], corners[2] - corners[1]
    return float(ax * by - ay * bx)


def board_flat(board: Board = DEFAULT_BOARD, at: tuple[float, float] = (0.0, 0.0), z: float = 0.0) -> Flat:
    """The board on white paper, the corner of its squares at ``at``."""
    square = 80
    squares = cv2.copyMakeBorder(board_pixels(board, square), 40, 40, 40, 40, cv2.BORDER_CONSTANT, value=255)
    mm = board.square_mm / square
    h, w = squares.shape
    x, y = at[0] - 40 * mm, at[1] - 40 * mm
    return Flat(cv2.cvtColor(squares, cv2.COLOR_GRAY2BGR), _rectangle(x, y, w * mm, h * mm, z))


def board_stands(count: int, seed: int, most_tilt: float = 32.0) -> list[Stand]:
    """The board held at many angles all over the picture."""
    draw = np.random.default_rng(seed)
    spots = [(-215, -160), (-35, -160), (-215, -20), (-35, -20), (-125, -90)]
    return [
        Stand(
            (float(draw.uniform(-most_tilt, most_tilt)), float(draw.uniform(-most_tilt, most_tilt))),
            float(draw.uniform(-12, 12)),
            (*spots[n % 5], float(draw.uniform(480, 620))),
        )
        for n in range(count)
    ]  # fmt: skip


def tray_flat() -> Flat:
    """The tray, a marker on a white field in each corner."""
    w, h = (side * _PX_PER_MM for side in TRAY_MM)
    grain = np.random.default_rng(5).normal(0, 3, (h // 4, w // 4))
    tray = np.clip(np.array(_TRAY_BGR) + cv2.resize(grain, (w, h))[..., np.newaxis], 0, 255).astype(np.uint8)
    side, edge, field = (mm * _PX_PER_MM for mm in (_MARKER_MM, _EDGE_MM, _FIELD_MM))
    for n, (x, y) in enumerate(
        ((edge, edge), (w - edge - side, edge), (edge, h - edge - side), (w - edge - side, h - edge - side))
    ):
        cv2.rectangle(tray, (x - field, y - field), (x + side + field, y + side + field), (240, 240, 240), -1)
        tray[y : y + side, x : x + side] = marker_pixels(n, side)[..., np.newaxis]
    return Flat(tray, _rectangle(0, 0, *TRAY_MM, 0))


def over_the_tray(
    tilt: tuple[float, float] = (1.5, -2.0),
    turn: float = 1.0,
    distance: float = 640.0,
    off: tuple[float, float] = (6.0, -4.0),
) -> Stand:
    """A camera that looks down on the tray, its axis ``off`` the middle."""
    middle = np.array([TRAY_MM[0] / 2 + off[0], TRAY_MM[1] / 2 + off[1], 0])
    x, y, z = np.array([0, 0, distance]) - Stand(tilt, turn, (0, 0, 0)).rotation @ middle
    return Stand(tilt, turn, (float(x), float(y), float(z)))


def book_flats(lie: Lie, seed: int) -> list[Flat]:
    """A book: its four walls of paper, then its cover."""
    draw = np.random.default_rng(seed)
    angle = np.deg2rad(lie.turn)
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    half = np.array([[-1, -1], [1, -1], [1, 1], [-1, 1]]) * (lie.width / 2, lie.height / 2)
    ground = half @ turn.T + lie.middle
    low = np.column_stack([ground, np.zeros(4)])
    top = np.column_stack([ground, np.full(4, -lie.thickness)])
    paper = np.full((8, 8, 3), _PAPER_BGR, np.uint8)
    walls = [Flat(paper, np.array([low[k], low[(k + 1) % 4], top[(k + 1) % 4], top[k]])) for k in range(4)]
    return [*walls, Flat(_cover(lie, draw), top)]


def random_lie(draw: np.random.Generator) -> Lie:
    """A book of ordinary measures, put down within a few centimetres and degrees of the middle."""
    height = float(draw.uniform(170, 255))
    middle = (TRAY_MM[0] / 2 + float(draw.uniform(-20, 20)), TRAY_MM[1] / 2 + float(draw.uniform(-15, 15)))
    return Lie(
        float(height * draw.uniform(0.62, 0.8)),
        height,
        float(draw.uniform(4, 55)),
        middle,
        float(draw.uniform(-4, 4)),
    )


def _cover(lie: Lie, draw: np.random.Generator) -> NDArray[np.uint8]:
    """A colour that is not the tray's, a panel, and bars like lines of print."""
    colour = draw.integers(0, 256, 3)
    if np.abs(colour - 66).max() < 60:
        colour = colour + 90
    h, w = round(lie.height * _PX_PER_MM), round(lie.width * _PX_PER_MM)
    cover = np.full((h, w, 3), colour, np.uint8)
    ink = draw.integers(0, 256, 3).tolist()
    cv2.rectangle(cover, (w // 6, h // 8), (w * 5 // 6, h // 3), ink, -1)
    for n in range(6):
        y = h // 2 + n * h // 16
        cv2.rectangle(
            cover, (w // 6, y), (w // 6 + int(draw.integers(w // 4, w * 2 // 3)), y + h // 60), ink, -1
        )
    return cover


def _rectangle(x: float, y: float, w: float, h: float, z: float) -> NDArray[np.float64]:
    return np.array([[x, y, z], [x + w, y, z], [x + w, y + h, z], [x, y + h, z]], np.float64)
