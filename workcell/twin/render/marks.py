"""Marks put on a face after it was printed: labels, the collection stamp, a tear across the bars."""

from __future__ import annotations

from functools import lru_cache

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from workcell.twin.render.covers import bars_place
from workcell.twin.render.fonts import font_for, is_cjk
from workcell.twin.render.sheet import Pixels
from workcell.twin.scene import SeenLabel, SeenStamp, View

STAMP_RADIUS_MM = 19.0
_RED_BGR = np.array((48, 40, 196), np.float32)
_STAMP_PX_PER_MM = 10.0
_SLID_MM = 8.0


def put_labels(face: Pixels, view: View, px_per_mm: float) -> None:
    """Stick the labels of ``view`` onto ``face`` in place."""
    for label in view.labels:
        _put_label(face, label, px_per_mm)


def _put_label(face: Pixels, label: SeenLabel, px_per_mm: float) -> None:
    turned = np.ascontiguousarray(np.rot90(label.bitmap, -label.turns))
    across = label.turns % 2 == 1
    width = (label.height_mm if across else label.width_mm) * px_per_mm
    height = (label.width_mm if across else label.height_mm) * px_per_mm
    left = label.x_mm * px_per_mm
    top = face.shape[0] - label.y_mm * px_per_mm - height
    # Pressed on by machine, so nearly straight; the angle belongs to the label, not to the picture.
    angle = np.deg2rad((sum(label.barcode.encode()) % 9 - 4) * 0.2)
    cos, sin = np.cos(angle), np.sin(angle)
    scale_x, scale_y = width / turned.shape[1], height / turned.shape[0]
    centre = np.array([left + width / 2, top + height / 2])
    matrix = np.array([[cos * scale_x, -sin * scale_y], [sin * scale_x, cos * scale_y]])
    shift = centre - matrix @ np.array([turned.shape[1] / 2, turned.shape[0] / 2])
    paper = cv2.cvtColor(cv2.convertScaleAbs(turned, alpha=0.86, beta=30), cv2.COLOR_GRAY2BGR)
    cv2.warpAffine(
        paper, np.hstack([matrix, shift[:, np.newaxis]]), (face.shape[1], face.shape[0]), dst=face,
        flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_TRANSPARENT,
    )  # fmt: skip


def put_stamps(face: Pixels, stamps: tuple[SeenStamp, ...], library: str, px_per_mm: float) -> None:
    """Print the collection stamp of ``library`` onto ``face`` in place; red ink lets the print show."""
    for stamp in stamps:
        ink = np.rot90(_stamp_ink(library), -stamp.turns)
        if stamp.smeared:
            ink = _smeared(ink)
        size = round(2 * STAMP_RADIUS_MM * px_per_mm)
        ink = cv2.resize(np.ascontiguousarray(ink), (size, size), interpolation=cv2.INTER_AREA)
        left = round(stamp.x_mm * px_per_mm - size / 2)
        top = round(face.shape[0] - stamp.y_mm * px_per_mm - size / 2)
        _print_ink(face, ink, left, top)


def _smeared(ink: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """The ink of a stroke that slid: drawn out along one side, and run."""
    long = round(_SLID_MM * _STAMP_PX_PER_MM)
    slid = cv2.blur(ink, (long, 1))
    return np.asarray(cv2.GaussianBlur(slid, (0, 0), _STAMP_PX_PER_MM), np.uint8)


def _print_ink(face: Pixels, ink: NDArray[np.uint8], left: int, top: int) -> None:
    x0, y0 = max(left, 0), max(top, 0)
    x1, y1 = min(left + ink.shape[1], face.shape[1]), min(top + ink.shape[0], face.shape[0])
    if x0 >= x1 or y0 >= y1:
        return
    cover = ink[y0 - top : y1 - top, x0 - left : x1 - left, np.newaxis].astype(np.float32) / 255
    ground = face[y0:y1, x0:x1].astype(np.float32)
    face[y0:y1, x0:x1] = (ground * (1 - cover) + ground * (_RED_BGR / 255) * cover).astype(np.uint8)


@lru_cache(maxsize=4)
def _stamp_ink(library: str) -> NDArray[np.uint8]:
    """Ink cover 0–255: two rings, the library's name along the upper arc, a star in the middle."""
    size = round(2 * STAMP_RADIUS_MM * _STAMP_PX_PER_MM)
    image = Image.new("L", (size, size), 0)
    pen = ImageDraw.Draw(image)
    for inset, width in ((4, 12), (26, 4)):
        pen.ellipse([inset, inset, size - inset, size - inset], outline=255, width=width)
    points = np.arange(10) * np.pi / 5
    reach = size * np.where(np.arange(10) % 2, 0.05, 0.125)
    star = np.stack([size / 2 + reach * np.sin(points), size / 2 - reach * np.cos(points)], axis=1)
    pen.polygon([(float(x), float(y)) for x, y in star], fill=255)
    _letter_arc(image, library, size)
    uneven = np.random.default_rng(7).integers(150, 255, (16, 16)).astype(np.uint8)
    pressure = cv2.resize(uneven, (size, size), interpolation=cv2.INTER_CUBIC)
    return np.asarray(cv2.multiply(np.array(image, np.uint8), pressure, scale=1 / 255), np.uint8)


def _letter_arc(image: Image.Image, library: str, size: int) -> None:
    letter_px = round(size * (0.13 if is_cjk(library) else 0.1))
    face = font_for("bold", letter_px, library)
    radius = size / 2 - 34 - letter_px / 2
    steps = [max(face.getlength(letter), letter_px * 0.35) * 1.1 / radius for letter in library]
    squeeze = min(1.0, np.deg2rad(300) / max(sum(steps), 0.01))
    angle = -sum(steps) * squeeze / 2
    for letter, step in zip(library, steps, strict=True):
        angle += step * squeeze / 2
        tile = Image.new("L", (2 * letter_px, 2 * letter_px), 0)
        ImageDraw.Draw(tile).text((letter_px, letter_px), letter, fill=255, font=face, anchor="mm")
        tile = tile.rotate(-np.rad2deg(angle), resample=Image.Resampling.BICUBIC)
        x = size / 2 + radius * np.sin(angle) - letter_px
        y = size / 2 - radius * np.cos(angle) - letter_px
        image.paste(255, (round(x), round(y)), tile)
        angle += step * squeeze / 2


def tear_bars(face: Pixels, view: View, px_per_mm: float) -> None:
    """Tear the paper across the bars from corner to corner, so that every row of bars is cut."""
    if view.torn is None or view.title.isbn is None:
        return
    x, y, width, height = bars_place(view.title)
    draw = np.random.default_rng(view.torn)
    steps = np.linspace(0.0, 1.0, 12)
    middle = x + width * (0.15 + 0.5 * steps) + draw.normal(0, 0.8, steps.size)
    down = y - 4 + (height + 10) * steps
    half = 4.0 + draw.uniform(0, 1.5, steps.size)
    left = np.stack([middle - half, down], axis=1)
    right = np.stack([middle + half, down], axis=1)[::-1]
    outline = (np.concatenate([left, right]) * px_per_mm).round().astype(np.int32)
    cv2.fillPoly(face, [outline], (206, 214, 218), lineType=cv2.LINE_AA)
