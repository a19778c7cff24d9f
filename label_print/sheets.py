"""Sheets of labels: several items on a page, from any position, past the labels that are used already.

A sheet is a TOML file (``schema = "sheet/1"``).  A ruler of known length is printed in a margin, so that a
printer that scales is noticed with a rule before the sheet is used.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from pathlib import Path
from typing import Annotated, Final, Literal

import numpy as np
from pydantic import Field, model_validator

from label_print.label import Label, dots_per_mm
from label_print.pdf import Placement, pdf_pages
from label_print.setting import Room, set_line
from label_print.templates import Lettering, Millimetres, Size
from workcell.kernel.errors import BadInput
from workcell.kernel.tables import Table, load_toml

_RULER_HEIGHT_MM: Final = 3.0
_FROM_EDGE_MM: Final = 4.0  # office printers leave about as much white
_TICK_MM: Final = 10

Count = Annotated[int, Field(ge=1)]


class Sheet(Table):
    """A page of labels in columns and rows; lengths in mm from the page's upper left.

    ``pitch_x_mm`` and ``pitch_y_mm`` go from one label's edge to the next one's; without them labels touch.
    """

    schema_: Literal["sheet/1"] = Field(alias="schema")
    name: str
    page_width_mm: Size = 210.0
    page_height_mm: Size = 297.0
    columns: Count
    rows: Count
    label_width_mm: Size
    label_height_mm: Size
    left_mm: Millimetres
    top_mm: Millimetres
    pitch_x_mm: Size | None = None
    pitch_y_mm: Size | None = None
    ruler_mm: Annotated[int, Field(ge=10, le=200, multiple_of=10)] = 50

    @model_validator(mode="after")
    def _labels_lie_on_the_page(self) -> Sheet:
        right, foot = self._end(self.columns - 1, self.rows - 1)
        if right > self.page_width_mm + 1e-6 or foot > self.page_height_mm + 1e-6:
            raise ValueError(f"the last label ends at {right:g} x {foot:g} mm, off the page")
        return self

    @property
    def labels(self) -> int:
        """Labels on a page."""
        return self.columns * self.rows

    def place(self, position: int) -> tuple[float, float]:
        """Upper left of a label in mm; positions count from 1, along the rows."""
        row, column = divmod(position - 1, self.columns)
        x = self.left_mm + column * (self.pitch_x_mm or self.label_width_mm)
        return x, self.top_mm + row * (self.pitch_y_mm or self.label_height_mm)

    def _end(self, column: int, row: int) -> tuple[float, float]:
        x, y = self.place(row * self.columns + column + 1)
        return x + self.label_width_mm, y + self.label_height_mm

    def ruler_place(self) -> tuple[float, float] | None:
        """Upper left of the ruler in the foot or head margin; None where neither has room."""
        foot = self.page_height_mm - self._end(0, self.rows - 1)[1]
        x = (self.page_width_mm - self.ruler_mm) / 2
        if foot >= _RULER_HEIGHT_MM + _FROM_EDGE_MM:
            return x, self.page_height_mm - _FROM_EDGE_MM - _RULER_HEIGHT_MM
        return (x, _FROM_EDGE_MM) if self.top_mm >= _RULER_HEIGHT_MM + _FROM_EDGE_MM else None


def load_sheet(path: Path) -> Sheet:
    """Read and validate a sheet; raises ConfigError naming file, key and remedy."""
    return load_toml(path, Sheet)


def sheet_pdf(labels: Sequence[Label], sheet: Sheet, start: int = 1, used: Collection[int] = ()) -> bytes:
    """A PDF of as many pages as the labels need.

    ``start`` is the first position of the first page, ``used`` positions of it that are empty already.
    Raises BadInput for a label larger than the sheet's, for positions that the sheet lacks, for no labels.
    """
    size = (sheet.page_width_mm, sheet.page_height_mm)
    return pdf_pages(size, _pages(labels, sheet, start, used))


def sheet_images(
    labels: Sequence[Label], sheet: Sheet, start: int = 1, used: Collection[int] = ()
) -> list[Label]:
    """The pages as bitmaps at the labels' resolution; raises as ``sheet_pdf``."""
    pages = _pages(labels, sheet, start, used)
    dpi = labels[0].dpi
    per_mm = dots_per_mm(dpi)
    images = []
    for placed in pages:
        size = round(sheet.page_height_mm * per_mm), round(sheet.page_width_mm * per_mm)
        page = np.full(size, 255, dtype=np.uint8)
        for one in placed:
            top, left = round(one.y_mm * per_mm), round(one.x_mm * per_mm)
            height, width = one.bitmap.shape
            page[top : top + height, left : left + width] = one.bitmap
        images.append(Label(page, dpi))
    return images


def _pages(labels: Sequence[Label], sheet: Sheet, start: int, used: Collection[int]) -> list[list[Placement]]:
    if not labels:
        raise BadInput("a sheet without labels", subject=sheet.name, remedy="Give at least one item.")
    _check(labels, sheet, start, used)
    pages: list[list[Placement]] = []
    for label, (page, position) in zip(labels, _positions(sheet, start, used), strict=False):
        if page == len(pages):
            pages.append(_ruler(sheet, label.dpi))
        x, y = sheet.place(position)
        width, height = label.size_mm
        x, y = x + (sheet.label_width_mm - width) / 2, y + (sheet.label_height_mm - height) / 2
        pages[page].append(Placement(label.bitmap, x, y, width, height))
    if sheet.ruler_place() is None:
        middle = ((sheet.page_width_mm - sheet.ruler_mm) / 2, sheet.page_height_mm / 2)
        pages.append([_ruler_at(sheet, labels[0].dpi, middle)])
    return pages


def _positions(sheet: Sheet, start: int, used: Collection[int]) -> Iterator[tuple[int, int]]:
    """Pages and positions that are free, without end."""
    yield from ((0, position) for position in range(start, sheet.labels + 1) if position not in used)
    page = 1 if set(range(start, sheet.labels + 1)) - set(used) else 0
    while True:
        yield from ((page, position) for position in range(1, sheet.labels + 1))
        page += 1


def _check(labels: Sequence[Label], sheet: Sheet, start: int, used: Collection[int]) -> None:
    wrong = [position for position in (start, *used) if not 1 <= position <= sheet.labels]
    if wrong:
        raise BadInput(
            f"there is no position {wrong[0]}", subject=sheet.name,
            remedy=f"Positions go from 1 to {sheet.labels}, along the rows.",
        )  # fmt: skip
    for number, label in enumerate(labels, 1):
        width, height = label.size_mm
        if width > sheet.label_width_mm + 0.05 or height > sheet.label_height_mm + 0.05:
            raise BadInput(
                f"a label of {width:g} x {height:g} mm is larger than the sheet's "
                f"{sheet.label_width_mm:g} x {sheet.label_height_mm:g} mm",
                subject=f"{sheet.name}, item {number}", remedy="Take another template or sheet.",
            )  # fmt: skip


def _ruler(sheet: Sheet, dpi: int) -> list[Placement]:
    place = sheet.ruler_place()
    return [_ruler_at(sheet, dpi, place)] if place else []


def _ruler_at(sheet: Sheet, dpi: int, place: tuple[float, float]) -> Placement:
    """A line of known length with a tick each centimetre and its length in words."""
    per_mm = dots_per_mm(dpi)
    width, height = round(sheet.ruler_mm * per_mm), round(_RULER_HEIGHT_MM * per_mm)
    thick = max(1, round(0.15 * per_mm))
    ink = np.zeros((height, width), np.bool_)
    ink[-thick:, :] = True
    for mm in range(0, sheet.ruler_mm + 1, _TICK_MM):
        at = min(round(mm * per_mm), width - thick)
        ink[height // 2 :, at : at + thick] = True
    rules = Lettering(
        name="ruler", x_mm=0, y_mm=0, width_mm=_TICK_MM, height_mm=2.4, align="centre", smallest_mm=1
    )
    text = set_line(
        f"{sheet.ruler_mm} mm", Room(round(_TICK_MM * per_mm) - 4 * thick, height - 2 * thick, rules, per_mm)
    )
    if text is not None:
        ink[: text.shape[0], 2 * thick : 2 * thick + text.shape[1]] |= text
    bitmap = np.where(ink, 0, 255).astype(np.uint8)
    return Placement(bitmap, *place, sheet.ruler_mm, _RULER_HEIGHT_MM)
