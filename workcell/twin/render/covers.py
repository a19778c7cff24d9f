"""Covers and spines: front, back with its bars, spine lettering, the edge of the book block."""

from __future__ import annotations

from collections.abc import Callable

import cv2
import numpy as np
from stdnum import isbn as isbn_numbers

from workcell.twin.box import Title
from workcell.twin.render import symbols
from workcell.twin.render.fonts import is_cjk
from workcell.twin.render.sheet import Colour, Pixels, Sheet, blended, ink_on, rgb
from workcell.twin.surfaces import surface_size

PX_PER_MM = 10.0
_WHITE, _BLACK = (255, 255, 255), (0, 0, 0)
_PAPER_EDGE = (226, 220, 204)
# The white box around the bars: margin to the cover's edge, height of the lines above and below.
_BOX_MARGIN_MM, _LINE_MM, _DIGITS_MM = 8.0, 3.4, 2.9
_SLIP_MM = (72.0, 34.0)
# Room at the foot of the spine that lettering leaves to the spine label.
_SPINE_FOOT_MM = 56.0


def cover(title: Title, face: str) -> Pixels:
    """The face ``face`` ("front", "back", "spine", "edge") at 10 px/mm."""
    width, height = surface_size(title, face)
    sheet = Sheet(width, height, PX_PER_MM, rgb(title.cover.colour))
    return _FACES[face](sheet, title)


def _front(sheet: Sheet, title: Title) -> Pixels:
    words, ground = title.cover, rgb(title.cover.colour)
    if words.plain:
        return sheet.pixels()
    ink = ink_on(ground)
    width = sheet.width_mm - 24
    sheet.box(0, sheet.height_mm * 0.58, sheet.width_mm, sheet.height_mm * 0.2, blended(ground, ink, 0.22))
    sheet.disc(sheet.width_mm * 0.68, sheet.height_mm * 0.68, 17, blended(ground, ink, 0.4))
    y = sheet.column([words.author], 16, 5.6, "sans", ink, left_mm=12, width_mm=width, centred=True)
    size = sheet.fitting([words.title], (13.0, 11.0, 9.0, 7.5, 6.0), "bold", width, sheet.height_mm * 0.26)
    y = sheet.column([words.title], y + 12, size, "bold", ink, left_mm=12, width_mm=width, centred=True)
    sheet.column([words.subtitle], y + 3, 5.4, "sans", ink, left_mm=12, width_mm=width, centred=True)
    foot = sheet.height_mm - 16
    sheet.column([words.publisher], foot, 4.4, "sans", ink, left_mm=12, width_mm=width, centred=True)
    if title.insert:
        sheet.disc(22, sheet.height_mm * 0.68, 13, _WHITE)
        sheet.text(22, sheet.height_mm * 0.68, title.insert, 7.0, "bold", _BLACK, "mm")
    return sheet.pixels()


def _back(sheet: Sheet, title: Title) -> Pixels:
    ink = ink_on(rgb(title.cover.colour))
    width = sheet.width_mm - 24
    sheet.column(title.back_cover, 20, 3.8, "sans", ink, left_mm=12, width_mm=width, leading=1.5)
    if title.isbn is not None:
        _bar_box(sheet, title, title.isbn)
    elif title.back_price:
        sheet.text(sheet.width_mm - 10, sheet.height_mm - 14, title.back_price, 3.8, "sans", ink, "ra")
    if title.slip:
        _slip(sheet, title.slip)
    return sheet.pixels()


def bars_place(title: Title) -> tuple[float, float, float, float]:
    """Where the bars stand on the back cover: x, y of the upper left corner, width and height in mm."""
    modules = symbols.EAN_QUIET_LEFT + 95 + symbols.EAN_QUIET_RIGHT
    if title.addon:
        modules = 11 + 95 + symbols.ADDON_GAP + symbols.addon(title.addon).size + 5
    width = modules * symbols.EAN_MODULE_MM
    width_mm, height_mm = surface_size(title, "back")
    x = width_mm - _BOX_MARGIN_MM - width
    y = height_mm - _BOX_MARGIN_MM - symbols.EAN_BAR_MM - _DIGITS_MM - _LINE_MM - 1.5
    return x, y, width, symbols.EAN_BAR_MM


def _bar_box(sheet: Sheet, title: Title, isbn: str) -> None:
    x, y, width, height = bars_place(title)
    sheet.box(x - 1, y - _LINE_MM - 2, width + 2, height + 2 * _LINE_MM + _DIGITS_MM + 3.5, _WHITE)
    if title.back_isbn_text:
        sheet.text(x + 2, y - 1.2, f"ISBN {isbn_numbers.format(isbn)}", 2.9, "sans", _BLACK, "ls")
    module = symbols.EAN_MODULE_MM
    left = x + symbols.EAN_QUIET_LEFT * module
    _draw_bars(sheet, symbols.ean13(isbn), left, y, height)
    # Human-readable digits stand between the guard bars (GS1 General Specifications 4.15).
    for guard in ((0, 3), (45, 50), (92, 95)):
        bits = symbols.ean13(isbn)[guard[0] : guard[1]]
        _draw_bars(sheet, bits, left + guard[0] * module, y + height, 5 * module)
    below = y + height + 0.2
    sheet.text(left - 2 * module, below, isbn[0], _DIGITS_MM, "mono", _BLACK, "ra")
    for first, digits in ((3, isbn[1:7]), (50, isbn[7:])):
        for place, digit in enumerate(digits):
            at = left + (first + 7 * place + 3.5) * module
            sheet.text(at, below, digit, _DIGITS_MM, "mono", _BLACK, "ma")
    if title.addon:
        _draw_addon(sheet, title.addon, left + (95 + symbols.ADDON_GAP) * module, y, height)
    if title.back_price:
        price_y = below + _DIGITS_MM + 0.6
        sheet.text(x + width / 2, price_y, title.back_price, _LINE_MM, "sans", _BLACK, "ma")


def _draw_addon(sheet: Sheet, digits: str, left: float, top: float, height: float) -> None:
    modules = symbols.addon(digits)
    _draw_bars(sheet, modules, left, top + _DIGITS_MM + 0.6, height - _DIGITS_MM - 0.6)
    for place, digit in enumerate(digits):
        at = left + (4 + 9 * place + 3.5) * symbols.EAN_MODULE_MM
        sheet.text(at, top, digit, _DIGITS_MM, "mono", _BLACK, "ma")


def _draw_bars(sheet: Sheet, modules: symbols.Modules, x: float, y: float, height: float) -> None:
    width_px = round(modules.size * symbols.EAN_MODULE_MM * sheet.px_per_mm)
    sheet.paste(x, y, symbols.bars(modules, width_px, round(height * sheet.px_per_mm)))


def _slip(sheet: Sheet, text: str) -> None:
    width, height = _SLIP_MM
    x, y = max(2.0, sheet.width_mm - width - 6), 5.0
    sheet.box(x, y, width, height, (252, 250, 240))
    modules = symbols.code128(text)
    wide = modules.size * symbols.EAN_MODULE_MM
    _draw_bars(sheet, modules, x + (width - wide) / 2, y + 6, 16)
    sheet.text(x + width / 2, y + 25, text, 5.0, "mono", _BLACK, "ma")


def _spine(sheet: Sheet, title: Title) -> Pixels:
    words, ground = title.cover, rgb(title.cover.colour)
    size = min(0.5 * title.thickness_mm, 7.0)
    if words.plain or size < 2.4:
        return sheet.pixels()
    lettering = _downwards if is_cjk(words.title) else _sideways
    return lettering(sheet, title, size, ink_on(ground))


def _sideways(sheet: Sheet, title: Title, size: float, ink: Colour) -> Pixels:
    """English spines read from head to foot: lettered along the length, then turned clockwise."""
    along = Sheet(sheet.height_mm, sheet.width_mm, PX_PER_MM, rgb(title.cover.colour))
    middle, room = sheet.width_mm / 2, sheet.height_mm - _SPINE_FOOT_MM - 8
    words = [text for text in (title.cover.author, title.cover.title) if text]
    while size > 2.2 and sum(along.length(text, size, "bold") + 5 for text in words) > room:
        size *= 0.93
    x = 8.0
    for text in words:
        along.text(x, middle, text, size, "bold", ink, "lm")
        x += along.length(text, size, "bold") + 5
    publisher = min(size, 3.4)
    along.text(sheet.height_mm - 2, middle, title.cover.publisher, publisher, "sans", ink, "rm")
    return np.ascontiguousarray(np.rot90(along.pixels(), -1))


def _downwards(sheet: Sheet, title: Title, size: float, ink: Colour) -> Pixels:
    """Chinese spines: upright characters from head to foot."""
    words, room = title.cover, sheet.height_mm - _SPINE_FOOT_MM - 8
    count = len(words.title) + len(words.author) + 2
    size = max(2.4, min(size, room / (1.12 * count)))
    y = 8.0
    for text in (words.title, " ", words.author):
        for character in text:
            sheet.text(sheet.width_mm / 2, y, character, size, "bold", ink, "ma")
            y += 1.12 * size
    small = min(size, 3.4)
    y = sheet.height_mm - 2 - 1.1 * small * len(words.publisher)
    for character in words.publisher:
        sheet.text(sheet.width_mm / 2, y, character, small, "sans", ink, "ma")
        y += 1.1 * small
    return sheet.pixels()


def _edge(sheet: Sheet, _title: Title) -> Pixels:
    height, width = sheet.pixels().shape[:2]
    # Leaves show as fine light lines of uneven grey.
    leaves = (np.arange(width) * 7919 % 31).astype(np.int16) - 15
    row = np.clip(np.array(_PAPER_EDGE[::-1], np.int16) + leaves[:, np.newaxis], 0, 255).astype(np.uint8)
    return np.asarray(cv2.resize(row[np.newaxis], (width, height), interpolation=cv2.INTER_NEAREST), np.uint8)


_FACES: dict[str, Callable[[Sheet, Title], Pixels]] = {
    "front": _front,
    "back": _back,
    "spine": _spine,
    "edge": _edge,
}
