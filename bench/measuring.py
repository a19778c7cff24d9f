#!/usr/bin/env python3
"""Height in whole centimetres from one picture: this project beside plain OpenCV, on rendered scenes.

Run with the project's Python: ``.venv/bin/python bench/measuring.py --books 400``.  Needs nothing but the
project; scenes are rendered from the seed.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

sys.path.insert(0, str(Path(__file__).parent))

from tray_scenes import (
    Camera,
    Lie,
    Studio,
    board_flat,
    board_stands,
    book_flats,
    over_the_tray,
    random_lie,
    tray_flat,
)

from vision.board import DEFAULT_BOARD, find_tray_markers
from vision.calibration import Calibration, calibrate, with_tray
from vision.measuring import centimetres, find_tray, measure, near_boundary
from vision.outline import find_outline, side_lengths

Picture = NDArray[np.uint8]
THICKNESS_ERROR_MM = 0.2
"""Standard deviation of the PLC's gauge, which reports tenths."""


def main() -> None:
    """Measure every book by every method and print the table."""
    options = _options()
    draw = np.random.default_rng(options.seed)
    results: dict[str, list[tuple[float, float | None, float]]] = {name: [] for name in _METHODS}
    for setup in range(options.setups):
        scene = _Setup(setup, draw)
        for book in range(options.books // options.setups):
            lie = random_lie(draw)
            picture = scene.studio.picture(
                scene.stand,
                [tray_flat(), *book_flats(lie, book)],
                float(draw.uniform(1, 4)),
                float(draw.uniform(0.6, 1.3)),
            )
            for name, method in _METHODS.items():
                started = time.perf_counter()
                height = method(scene, picture, lie, draw)
                results[name].append((lie.height, height, (time.perf_counter() - started) * 1000))
        print(f"setup {setup + 1} of {options.setups}", file=sys.stderr)
    _print(results)


class _Setup:
    """One camera, built and mounted with its own errors, calibrated from its own pictures."""

    def __init__(self, seed: int, draw: np.random.Generator) -> None:
        self.camera = Camera(
            focal=float(draw.uniform(2150, 2450)),
            off=(float(draw.uniform(-20, 20)), float(draw.uniform(-20, 20))),
            bend=(float(draw.uniform(-0.15, 0.05)), float(draw.uniform(-0.03, 0.06)), 0.0004, -0.0003, 0.0),
        )
        self.studio = Studio(self.camera, seed)
        self.stand = over_the_tray(
            (float(draw.uniform(-4, 4)), float(draw.uniform(-4, 4))),
            float(draw.uniform(-3, 3)),
            float(draw.uniform(610, 670)),
        )
        with tempfile.TemporaryDirectory() as folder:
            self.calibration = self._calibrated(Path(folder), seed)
        self.empty = self.studio.picture(self.stand, [tray_flat()])

    def _calibrated(self, folder: Path, seed: int) -> Calibration:
        files = []
        for n, stand in enumerate(board_stands(14, seed + 100)):
            files.append(_kept(folder / f"{n}.png", self.studio.picture(stand, [board_flat()])))
        tray = self.studio.picture(self.stand, [tray_flat(), board_flat(at=(89, 77))])
        return with_tray(calibrate(files, DEFAULT_BOARD), _kept(folder / "tray.png", tray))


def _kept(path: Path, picture: Picture) -> Path:
    cv2.imwrite(str(path), picture)
    return path


# --- methods -------------------------------------------------------------------------------------------


def _as_built(scene: _Setup, picture: Picture, lie: Lie, draw: np.random.Generator) -> float | None:
    return _with_thickness(scene, picture, lie.thickness + float(draw.normal(0, THICKNESS_ERROR_MM)))


def _poor_gauge(scene: _Setup, picture: Picture, lie: Lie, draw: np.random.Generator) -> float | None:
    return _with_thickness(scene, picture, lie.thickness + float(draw.uniform(-2, 2)))


def _no_thickness(scene: _Setup, picture: Picture, lie: Lie, draw: np.random.Generator) -> float | None:
    return _with_thickness(scene, picture, 0.0)


def _with_thickness(scene: _Setup, picture: Picture, thickness: float) -> float | None:
    size = measure(picture, scene.calibration, max(thickness, 0.0), scene.empty).size
    return size.height_mm if size else None


def _plain_opencv(scene: _Setup, picture: Picture, lie: Lie, draw: np.random.Generator) -> float | None:
    """Difference, Otsu's threshold, smallest rectangle, and millimetres by the markers' homography."""
    grey = cv2.absdiff(picture, scene.empty).max(axis=2)
    _, mask = cv2.threshold(cv2.GaussianBlur(grey, (5, 5), 0), 0, 255, cv2.THRESH_OTSU)
    contours, _ = cv2.findContours(mask, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    tray, seen = scene.calibration.tray, find_tray_markers(picture)
    if not contours or tray is None or not seen:
        return None
    box = cv2.boxPoints(cv2.minAreaRect(max(contours, key=cv2.contourArea)))
    places = np.concatenate([np.asarray(tray.markers[n]) for n in seen])
    matrix, _ = cv2.findHomography(np.concatenate(list(seen.values())), places)
    on_tray = cv2.perspectiveTransform(box.reshape(-1, 1, 2).astype(np.float64), matrix).reshape(-1, 2)
    return max(side_lengths([(float(x), float(y)) for x, y in on_tray]))


def _side_fits_only(scene: _Setup, picture: Picture, lie: Lie, draw: np.random.Generator) -> float | None:
    """The fitted outline, its pixels turned to millimetres by the scale at the tray's middle."""
    outline, (pose, _) = find_outline(picture, scene.empty), find_tray(picture, scene.calibration)
    if outline is None or pose is None:
        return None
    return max(side_lengths(outline.corners)) * abs(float(pose.camera[2])) / scene.calibration.matrix[0][0]


_METHODS: dict[str, Callable[[_Setup, Picture, Lie, np.random.Generator], float | None]] = {
    "this project, thickness ± 0.2 mm": _as_built,
    "this project, thickness ± 2 mm": _poor_gauge,
    "this project, thickness ignored": _no_thickness,
    "fitted sides, one scale": _side_fits_only,
    "OpenCV: minAreaRect, homography": _plain_opencv,
}


# --- the table -----------------------------------------------------------------------------------------


def _print(results: dict[str, list[tuple[float, float | None, float]]]) -> None:
    print("| method | right cm % | flagged % | right cm, unflagged % | error mm, mean | worst | none | ms |")
    print("|---|---|---|---|---|---|---|---|")
    for name, rows in results.items():
        given = [(true, got) for true, got, _ in rows if got is not None]
        right = [centimetres(got) == centimetres(true) for true, got in given]
        flagged = [near_boundary(got) for _, got in given]
        clear = [ok for ok, flag in zip(right, flagged, strict=True) if not flag]
        errors = [abs(got - true) for true, got in given]
        print(
            f"| {name} | {np.mean(right):.1%} | {np.mean(flagged):.1%} | {np.mean(clear):.1%} "
            f"| {np.mean(errors):.3f} | {np.max(errors):.2f} | {len(rows) - len(given)} "
            f"| {np.median([ms for *_, ms in rows]):.0f} |"
        )


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--books", type=int, default=400, help="how many books, over all set-ups")
    parser.add_argument("--setups", type=int, default=8, help="how many cameras, each built and mounted anew")
    parser.add_argument("--seed", type=int, default=1)
    return parser.parse_args()


if __name__ == "__main__":
    main()
