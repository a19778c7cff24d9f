"""Lettering in millimetres on a sheet of pixels."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from workcell.twin.render.fonts import font_for, is_cjk

Colour = tuple[int, int, int]
"""Red, green, blue."""

Pixels = NDArray[np.uint8]
"""Height × width × 3 in OpenCV's order (blue, green, red)."""


class Sheet:
    """A sheet of ``width_mm`` × ``height_mm``; places are mm from its upper left corner."""

    def __init__(self, width_mm: float, height_mm: float, px_per_mm: float, ground: Colour) -> None:
        self.width_mm, self.height_mm, self.px_per_mm = width_mm, height_mm, px_per_mm
        self._image = Image.new("RGB", (self._px(width_mm), self._px(height_mm)), ground)
        self._pen = ImageDraw.Draw(self._image)

    def _px(self, mm: float) -> int:
        return max(1, round(mm * self.px_per_mm))

    def length(self, text: str, size_mm: float, style: str) -> float:
        """Width of a line in mm."""
        return font_for(style, self._px(size_mm), text).getlength(text) / self.px_per_mm

    def text(
        self, x_mm: float, y_mm: float, text: str, size_mm: float, style: str, ink: Colour, anchor: str = "la"
    ) -> None:
        """One line of text; ``size_mm`` is the size of the type, ``anchor`` Pillow's."""
        face = font_for(style, self._px(size_mm), text)
        at = (x_mm * self.px_per_mm, y_mm * self.px_per_mm)
        self._pen.text(at, text, fill=ink, font=face, anchor=anchor)

    def column(
        self, lines: Sequence[str], top_mm: float, size_mm: float, style: str, ink: Colour,
        *, left_mm: float, width_mm: float, centred: bool = False, leading: float = 1.42,
    ) -> float:  # fmt: skip
        """Lines one below the other, broken where they are too wide; gives the place below the last."""
        y = top_mm
        for line in self.broken(lines, size_mm, style, width_mm):
            x = left_mm + width_mm / 2 if centred else left_mm
            self.text(x, y, line, size_mm, style, ink, "ma" if centred else "la")
            y += size_mm * leading
        return y

    def broken(self, lines: Sequence[str], size_mm: float, style: str, width_mm: float) -> list[str]:
        """The lines, each broken where it is wider than ``width_mm``: between words, in Chinese anywhere."""
        return [part for line in lines for part in self._break(line, size_mm, style, width_mm)]

    def _break(self, line: str, size_mm: float, style: str, width_mm: float) -> list[str]:
        if self.length(line, size_mm, style) <= width_mm:
            return [line]
        pieces = list(line) if is_cjk(line) else [f"{word} " for word in line.split(" ")]
        parts, part = [], ""
        for piece in pieces:
            if part and self.length((part + piece).rstrip(), size_mm, style) > width_mm:
                parts.append(part.rstrip())
                part = ""
            part += piece
        return [*parts, part.rstrip()]

    def fitting(
        self, lines: Sequence[str], sizes_mm: Sequence[float], style: str, width_mm: float, height_mm: float,
        leading: float = 1.42,
    ) -> float:  # fmt: skip
        """The first of ``sizes_mm`` at which the broken lines fit into the height, else the last."""
        for size in sizes_mm:
            if len(self.broken(lines, size, style, width_mm)) * size * leading <= height_mm:
                return size
        return sizes_mm[-1]

    def box(self, x_mm: float, y_mm: float, width_mm: float, height_mm: float, fill: Colour) -> None:
        """A filled rectangle."""
        corners = [x_mm, y_mm, x_mm + width_mm, y_mm + height_mm]
        self._pen.rectangle([round(edge * self.px_per_mm) for edge in corners], fill=fill)

    def disc(self, x_mm: float, y_mm: float, radius_mm: float, fill: Colour) -> None:
        """A filled circle around a centre."""
        corners = [x_mm - radius_mm, y_mm - radius_mm, x_mm + radius_mm, y_mm + radius_mm]
        self._pen.ellipse([edge * self.px_per_mm for edge in corners], fill=fill)

    def paste(self, x_mm: float, y_mm: float, grey: NDArray[np.uint8]) -> None:
        """Grey pixels with their upper left corner at a place."""
        self._image.paste(
            Image.fromarray(grey).convert("RGB"), (round(x_mm * self.px_per_mm), round(y_mm * self.px_per_mm))
        )

    def pixels(self) -> Pixels:
        """The sheet as pixels."""
        return np.ascontiguousarray(np.array(self._image)[:, :, ::-1])


def rgb(colour: str) -> Colour:
    """``#rrggbb`` as numbers."""
    return int(colour[1:3], 16), int(colour[3:5], 16), int(colour[5:7], 16)


def ink_on(ground: Colour) -> Colour:
    """Black or white lettering, whichever stands out (ITU-R BT.601 luma)."""
    luma = 0.299 * ground[0] + 0.587 * ground[1] + 0.114 * ground[2]
    return (20, 20, 22) if luma > 140 else (250, 250, 246)


def blended(one: Colour, other: Colour, share: float) -> Colour:
    """``share`` of ``other`` in ``one``."""
    mixed = [round(a * (1 - share) + b * share) for a, b in zip(one, other, strict=True)]
    return mixed[0], mixed[1], mixed[2]
