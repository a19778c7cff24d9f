"""The ChArUco board and the tray's four markers: as printed sheets at true scale, and found in pictures."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, cast

import cv2
import numpy as np
import numpy.typing as npt
from PIL import Image, ImageDraw, ImageFont

from vision.photo import Pixels
from workcell.kernel.errors import BadInput, ConfigError

_MARKER_SHARE = 0.75
_PX_PER_MM = 12
"""300 dpi and a little: 12 pixels a millimetre make every whole and half millimetre exact."""
_A4 = (210.0, 297.0)
_RULE_MM = 100
_TRAY_MARKERS = 4
_TEXT_MM = 4

Corners = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Board:
    """A ChArUco board: columns and rows of squares, and a square's side in mm as measured on the print."""

    columns: int
    rows: int
    square_mm: float

    @property
    def marker_mm(self) -> float:
        """Side of the markers in the white squares."""
        return self.square_mm * _MARKER_SHARE


DEFAULT_BOARD = Board(11, 8, 22.0)
"""Fits an A4 sheet laid lengthwise."""


def parse_board(text: str) -> Board:
    """A board written as ``11x8:22`` (columns x rows : square in mm); raises ConfigError."""
    found = re.fullmatch(r"(\d{1,2})x(\d{1,2}):(\d{1,3}(?:\.\d+)?)", text.strip())
    if not found:
        raise ConfigError(f"{text!r} is no board", subject="--board", remedy="Write it as 11x8:22.")
    board = Board(int(found[1]), int(found[2]), float(found[3]))
    if board.columns < 4 or board.rows < 4 or not 2 <= board.square_mm <= 200:
        raise ConfigError(
            f"a board of {text} is too small or too coarse", subject="--board",
            remedy="At least 4x4 squares of 2 to 200 mm.",
        )  # fmt: skip
    return board


@dataclass(frozen=True)
class SeenBoard:
    """Corners of the board in one picture: places on the board in mm (N x 3) and in the picture (N x 2)."""

    on_board: Corners
    in_picture: Corners
    ids: tuple[int, ...]


def find_board(image: Pixels, board: Board) -> SeenBoard | None:
    """The board in a picture (BGR); None when fewer than eight of its inner corners are seen."""
    corners, ids, _, _ = _board_detector(board).detectBoard(cv2.cvtColor(image, cv2.COLOR_BGR2GRAY))
    if ids is None or len(ids) < 8:
        return None
    on_board, in_picture = _cv_board(board).matchImagePoints(corners, ids)
    return SeenBoard(
        on_board.reshape(-1, 3).astype(np.float64),
        in_picture.reshape(-1, 2).astype(np.float64),
        tuple(int(n) for n in ids.ravel()),
    )


def find_tray_markers(image: Pixels) -> dict[int, Corners]:
    """The tray's markers in a picture (BGR): number → four corners in pixels, from its top left."""
    corners, ids, _ = _tray_detector().detectMarkers(cv2.cvtColor(image, cv2.COLOR_BGR2GRAY))
    if ids is None:
        return {}
    return {
        int(n): np.asarray(quad, np.float64).reshape(4, 2)
        for n, quad in zip(np.asarray(ids).ravel(), corners, strict=True)
        if int(n) < _TRAY_MARKERS
    }


# --- sheets --------------------------------------------------------------------------------------------


def draw_board(board: Board) -> Image.Image:
    """The board as a sheet to print at 100 %, with a rule of 100 mm to check the print."""
    square = round(board.square_mm * _PX_PER_MM)
    drawn = board_pixels(board, square)
    sheet, at = _sheet(board.columns * board.square_mm, board.rows * board.square_mm)
    sheet.paste(Image.fromarray(drawn), at)
    below = (at[0], at[1] + drawn.shape[0])
    _caption(sheet, f"ChArUco {board.columns}x{board.rows}:{board.square_mm:g}", below)
    return sheet


def draw_tray_markers(side_mm: float = 30.0) -> Image.Image:
    """The tray's four markers on one sheet, to be cut out and glued into the tray's corners."""
    side = round(side_mm * _PX_PER_MM)
    gap = round(side * 0.5)
    sheet, at = _sheet(2 * side_mm * 1.5, 2 * side_mm * 1.5)
    for number in range(_TRAY_MARKERS):
        drawn = marker_pixels(number, side)
        x, y = at[0] + number % 2 * (side + gap), at[1] + number // 2 * (side + gap)
        sheet.paste(Image.fromarray(drawn), (x, y))
    _caption(sheet, f"tray markers of {side_mm:g} mm", (at[0], at[1] + 2 * (side + gap)))
    return sheet


def board_pixels(board: Board, square_px: int) -> Pixels:
    """The board's squares alone, grey, ``square_px`` pixels a square."""
    size = (board.columns * square_px, board.rows * square_px)
    return cast(Pixels, _cv_board(board).generateImage(size, marginSize=0, borderBits=1))


def marker_pixels(number: int, side_px: int) -> Pixels:
    """A marker of the tray, grey, without a margin."""
    return cast(Pixels, cv2.aruco.generateImageMarker(_tray_dictionary(), number, side_px))


def save_sheet(sheet: Image.Image, path: Path) -> None:
    """Write a sheet as PNG or PDF at its true size; raises BadInput for another kind of file."""
    dpi = _PX_PER_MM * 25.4
    if path.suffix.lower() == ".pdf":
        sheet.save(path, resolution=dpi)
    elif path.suffix.lower() == ".png":
        sheet.save(path, dpi=(dpi, dpi))
    else:
        raise BadInput("a sheet is a PNG or a PDF", subject=str(path), remedy="End the name in .pdf.")


def _sheet(width_mm: float, height_mm: float) -> tuple[Image.Image, tuple[int, int]]:
    """A white sheet with room for something and its caption, and where to put it; A4 where that fits."""
    need = (width_mm + 16, height_mm + 2 * _TEXT_MM + 24)
    pages = [_A4, _A4[::-1], need]
    page = next(size for size in pages if size[0] >= need[0] and size[1] >= need[1])
    size = (round(page[0] * _PX_PER_MM), round(page[1] * _PX_PER_MM))
    return Image.new("L", size, 255), (
        (size[0] - round(width_mm * _PX_PER_MM)) // 2,
        (size[1] - round((height_mm + 2 * _TEXT_MM + 8) * _PX_PER_MM)) // 2,
    )


def _caption(sheet: Image.Image, text: str, at: tuple[int, int]) -> None:
    draw, font = ImageDraw.Draw(sheet), ImageFont.load_default(_TEXT_MM * _PX_PER_MM)
    x, y = at[0], at[1] + 4 * _PX_PER_MM
    draw.line((x, y, x + _RULE_MM * _PX_PER_MM, y), fill=0, width=3)
    for end in (x, x + _RULE_MM * _PX_PER_MM):
        draw.line((end, y - _PX_PER_MM, end, y + _PX_PER_MM), fill=0, width=3)
    draw.text((x, y + _PX_PER_MM), f"{text}. This line is {_RULE_MM} mm: print at 100 %.", fill=0, font=font)


# --- OpenCV's objects ----------------------------------------------------------------------------------


@lru_cache(maxsize=4)
def _cv_board(board: Board) -> Any:
    dictionary = cv2.aruco.getPredefinedDictionary(cv2.aruco.DICT_5X5_1000)
    return cv2.aruco.CharucoBoard((board.columns, board.rows), board.square_mm, board.marker_mm, dictionary)


@lru_cache(maxsize=4)
def _board_detector(board: Board) -> Any:
    return cv2.aruco.CharucoDetector(_cv_board(board))


def _tray_dictionary() -> Any:
    return cv2.aruco.getPredefinedDictionary(cv2.aruco.DICT_4X4_50)


@lru_cache(maxsize=1)
def _tray_detector() -> Any:
    rules = cv2.aruco.DetectorParameters()
    rules.cornerRefinementMethod = cv2.aruco.CORNER_REFINE_SUBPIX
    return cv2.aruco.ArucoDetector(_tray_dictionary(), rules)
