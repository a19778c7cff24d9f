"""Labels as dots: a barcode label and a spine label, fitted to their stock.

Nothing is ever cut: a text is set as large as its field allows, down to a smallest readable size, and what
does not fit then is an error that says what would.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Literal

import numpy as np
from PIL import Image, ImageDraw

from label_print.fonts import font_for
from label_print.label import Bitmap, Label, dots_per_mm
from label_print.symbols import Scale, Symbol, scales, symbol_of
from workcell.kernel.errors import BadInput

Align = Literal["left", "centre"]

_WHITE: Final = 255
_SMALLEST_TEXT_MM: Final = 1.9  # type size; capitals of 1.4 mm, still read by eye and by OCR
_LINE_MM: Final = 3.2  # library line and number beside a symbol
_GAP_MM: Final = 0.5
_SMALLEST_BARS_MM: Final = 5.0
_WIDEST_MODULE_MM: Final = 0.5
_NARROWEST_MODULE_MM: Final = 0.19  # below it hand scanners of a circulation desk begin to fail
_SPINE_LARGEST_MM: Final = 6.4
_LEADING: Final = 1.12  # distance of base lines in type sizes


@dataclass(frozen=True)
class Stock:
    """The paper: outer size and the margin that stays white, in mm."""

    width_mm: float
    height_mm: float
    margin_mm: float = 1.0


def barcode_label(number: str, symbology: str, library_line: str, stock: Stock, dpi: int) -> Label:
    """Library line on top, the symbol with whole dots a module, the number below it.

    Raises BadInput when the number can't be encoded or the stock is too small for it.
    """
    symbol = symbol_of(number, symbology)
    canvas = _Canvas(stock, dpi)
    scale = _scale_for(symbol, canvas, number)
    line = canvas.dots(_LINE_MM)
    gap = canvas.dots(_GAP_MM)
    top = canvas.margin
    if library_line:
        canvas.text(library_line, top, line, "centre")
        top += line + gap
    bottom = canvas.height - canvas.margin - line
    if bottom - gap - top < canvas.dots(_SMALLEST_BARS_MM):
        raise _too_small(number, f"bars would be lower than {_SMALLEST_BARS_MM:g} mm", stock)
    canvas.symbol(symbol, scale, top, bottom - gap)
    canvas.text(symbol.text, bottom, line, "centre")
    return canvas.label()


def spine_label(lines: Sequence[str], stock: Stock, dpi: int, align: Align = "left") -> Label:
    """The call number's lines in one type size, as large as they fit.

    Raises BadInput when the smallest readable size is still too large for the stock.
    """
    shown = [line for line in lines if line.strip()]
    if not shown:
        raise BadInput("a spine label needs at least one line", remedy="Give the book a call number.")
    canvas = _Canvas(stock, dpi)
    size = _spine_size(shown, canvas)
    if size is None:
        raise _too_small(" / ".join(shown), f"lines would be smaller than {_SMALLEST_TEXT_MM:g} mm", stock)
    pitch = round(size * _LEADING)
    top = (canvas.height - pitch * len(shown)) // 2
    for place, line in enumerate(shown):
        canvas.line(line, size, top + place * pitch, align)
    return canvas.label()


def _spine_size(lines: Sequence[str], canvas: _Canvas) -> int | None:
    room = canvas.height - 2 * canvas.margin
    for size in range(canvas.dots(_SPINE_LARGEST_MM), canvas.dots(_SMALLEST_TEXT_MM) - 1, -1):
        if round(size * _LEADING) * len(lines) <= room and all(canvas.fits(line, size) for line in lines):
            return size
    return None


def _scale_for(symbol: Symbol, canvas: _Canvas, number: str) -> Scale:
    widest = max(1, canvas.dots(_WIDEST_MODULE_MM))
    for scale in scales(symbol, widest):
        if scale[0] < canvas.dots_per_mm * _NARROWEST_MODULE_MM:
            break
        if symbol.width_with_quiet(scale) <= canvas.width:
            return scale
    raise _too_small(
        number, f"a {symbol.symbology} symbol of {len(number)} characters is too wide", canvas.stock,
        "Use wider labels, a printer with more dots, or Code 128.",
    )  # fmt: skip


def _too_small(
    what: str, why: str, stock: Stock, remedy: str = "Use larger labels or shorten the text."
) -> BadInput:
    size = f"{stock.width_mm:g} x {stock.height_mm:g} mm"
    return BadInput(f"does not fit a label of {size}: {why}", subject=what, remedy=remedy)


class _Canvas:
    """The dots of a label while it is being drawn."""

    def __init__(self, stock: Stock, dpi: int) -> None:
        self.stock = stock
        self.dpi = dpi
        self.dots_per_mm = dots_per_mm(dpi)
        self.width = self.dots(stock.width_mm)
        self.height = self.dots(stock.height_mm)
        self.margin = self.dots(stock.margin_mm)
        self._bitmap: Bitmap = np.full((self.height, self.width), _WHITE, dtype=np.uint8)

    def dots(self, mm: float) -> int:
        return int(mm * self.dots_per_mm + 1e-6)

    def label(self) -> Label:
        return Label(self._bitmap, self.dpi)

    def fits(self, text: str, size: int) -> bool:
        return int(_ink(text, size).shape[1]) <= self.width - 2 * self.margin

    def symbol(self, symbol: Symbol, scale: Scale, top: int, bottom: int) -> None:
        """Draw the bars centred between their quiet zones."""
        left, _ = symbol.quiet_dots(scale)
        column = (self.width - symbol.width_with_quiet(scale)) // 2 + left
        black = True
        for dots in symbol.dots(scale):
            if black:
                self._bitmap[top:bottom, column : column + dots] = 0
            column += dots
            black = not black

    def text(self, text: str, top: int, height: int, align: Align) -> None:
        """Draw one line as large as a field of the label's width and ``height`` dots allows."""
        for size in range(height, self.dots(_SMALLEST_TEXT_MM) - 1, -1):
            if self.fits(text, size):
                self.line(text, size, top + (height - size) // 2, align)
                return
        raise _too_small(text, f"its letters would be smaller than {_SMALLEST_TEXT_MM:g} mm", self.stock)

    def line(self, text: str, size: int, top: int, align: Align) -> None:
        """Draw one line whose type size of ``size`` dots begins at ``top``."""
        ink = _ink(text, size)
        height, width = ink.shape
        left = self.margin if align == "left" else (self.width - width) // 2
        room = self._bitmap[max(top, 0) : top + height, left : left + width]
        np.minimum(room, ink[: room.shape[0]], out=room)


def _ink(text: str, size: int) -> Bitmap:
    """One line of text as dots, without white at its sides; its height is that of a line."""
    font = font_for(text, size)
    left, _, right, _ = font.getbbox(text, mode="1")
    image = Image.new("1", (max(1, round(right - left)), round(size * _LEADING)), 1)
    draw = ImageDraw.Draw(image)
    ascent, descent = font.getmetrics()
    shift = (size * _LEADING - (ascent + descent)) / 2
    draw.text((-left, round(shift)), text, font=font, fill=0)
    return np.asarray(image.convert("L"), dtype=np.uint8)
