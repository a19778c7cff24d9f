"""Printed pages: title page, its verso, colophon, last numbered page, running text.

Only the lines of ``box.json`` are printed; a line that is too wide is broken, nothing is added.
"""

from __future__ import annotations

from collections.abc import Callable

from workcell.twin.box import Title
from workcell.twin.render.sheet import Pixels, Sheet
from workcell.twin.surfaces import surface_size

PX_PER_MM = 8.0
_PAPER = (244, 240, 230)
_INK = (28, 26, 26)
_TEXT_SIZES = (3.1, 2.9, 2.7, 2.5, 2.3, 2.1)


def page(title: Title, name: str) -> Pixels:
    """The page ``name`` at 8 px/mm."""
    width, height = surface_size(title, name)
    sheet = Sheet(width, height, PX_PER_MM, _PAPER)
    _PAGES[name](sheet, title)
    return sheet.pixels()


def _title_page(sheet: Sheet, title: Title) -> None:
    text, margin = title.title_page, min(16.0, sheet.width_mm * 0.1)
    width = sheet.width_mm - 2 * margin

    def centred(lines: tuple[str | None, ...], top: float, size: float) -> float:
        shown = [line for line in lines if line]
        return sheet.column(
            shown, top, size, "serif", _INK, left_mm=margin, width_mm=width, centred=True, leading=1.32
        )

    unit = sheet.height_mm / 229.0
    centred((text.series,), 12 * unit, 3.6)
    size = sheet.fitting([text.title], (9.0, 8.0, 7.0, 6.0, 5.2), "serif", width, 26 * unit + 8)
    y = centred((text.title,), 36 * unit, size) + 2 * unit
    y = centred((text.subtitle,), y, 4.8) + 2 * unit
    y = centred((text.original_title,), y, 3.7)
    y = centred((text.volume,), y + unit, 5.2) + 5 * unit
    y = centred(text.responsibility, y, 4.4) + 4 * unit
    centred((text.edition,), y, 3.9)
    imprint = (text.publisher, text.place, text.year)
    centred(imprint, sheet.height_mm - 16 * unit - 5.4 * sum(bool(line) for line in imprint), 4.0)


def _solid_lines(sheet: Sheet, lines: tuple[str, ...], top: float, foot: float) -> None:
    margin = min(15.0, sheet.width_mm * 0.1)
    width, height = sheet.width_mm - 2 * margin, sheet.height_mm - top - foot
    size = sheet.fitting(lines, _TEXT_SIZES, "serif", width, height)
    sheet.column(lines, top, size, "serif", _INK, left_mm=margin, width_mm=width)


def _title_verso(sheet: Sheet, title: Title) -> None:
    _solid_lines(sheet, title.copyright_page, sheet.height_mm * 0.09, 14.0)


def _colophon(sheet: Sheet, title: Title) -> None:
    _solid_lines(sheet, title.colophon or (), sheet.height_mm * 0.28, 14.0)


def _text_page(sheet: Sheet, title: Title) -> None:
    _solid_lines(sheet, title.last_page_text, 18.0, 24.0)


def _last_page(sheet: Sheet, title: Title) -> None:
    _text_page(sheet, title)
    if title.last_page_number is not None:
        foot = sheet.height_mm - 14.0
        sheet.text(sheet.width_mm / 2, foot, str(title.last_page_number), 3.6, "serif", _INK, "ma")


_PAGES: dict[str, Callable[[Sheet, Title], None]] = {
    "title_page": _title_page,
    "title_verso": _title_verso,
    "colophon": _colophon,
    "last_page": _last_page,
    "text_page": _text_page,
}
