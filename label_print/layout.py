"""Labels as dots: a template with its values, a barcode label, a spine label.

Nothing is ever cut: a text is set as large as its field allows, down to a smallest readable size, and what
does not fit then is an error that names the field and says what would.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from PIL import Image, UnidentifiedImageError

from label_print.label import Label, dots_per_mm
from label_print.matrix import MATRIX_SYMBOLOGIES, matrix_symbol
from label_print.setting import Ink, Room, set_line, set_lines, set_wrapped
from label_print.symbols import Scale, Symbol, scales, symbol_of
from label_print.templates import (
    Align,
    AnyField,
    LinesField,
    PictureField,
    SymbolField,
    Template,
    TextField,
)
from workcell.kernel.errors import BadInput, ConfigError

Values = Mapping[str, str | Sequence[str]]
"""What a label says, by name: texts, and lists of lines."""

_LINE_MM: Final = 3.2  # library line and number beside a symbol
_GAP_MM: Final = 0.5
_SMALLEST_MATRIX_MM: Final = 0.25


@dataclass(frozen=True)
class Stock:
    """The paper: outer size and the margin that stays white, in mm."""

    width_mm: float
    height_mm: float
    margin_mm: float = 1.0


def render(template: Template, values: Values, dpi: int) -> Label:
    """A template with its values as dots.

    Raises BadInput naming the field whose value is missing, can't be encoded or does not fit, ConfigError
    for a template that can't be used.
    """
    per_mm = dots_per_mm(dpi)
    paper: Ink = np.zeros((_dots(template.height_mm, per_mm), _dots(template.width_mm, per_mm)), np.bool_)
    for field in template.fields:
        box = _Box.of(field, per_mm)
        ink = _Drawing(template, field, box, per_mm).ink(values)
        if ink is not None:
            turned = np.rot90(ink, -(field.rotation // 90))
            paper[box.top : box.top + turned.shape[0], box.left : box.left + turned.shape[1]] |= turned
    bitmap = np.where(np.rot90(paper, -(template.rotation // 90)), 0, 255).astype(np.uint8)
    return Label(np.ascontiguousarray(bitmap), dpi, template.colour)


def barcode_label(number: str, symbology: str, library_line: str, stock: Stock, dpi: int) -> Label:
    """Library line on top, the symbol with whole dots a module, the number below it.

    Raises BadInput when the number can't be encoded or the stock is too small for it.
    """
    shown = number if symbology in MATRIX_SYMBOLOGIES else symbol_of(number, symbology).text
    values = {"barcode": number, "shown": shown, "library_line": library_line}
    return render(_barcode_template(stock, symbology, bool(library_line)), values, dpi)


def spine_label(lines: Sequence[str], stock: Stock, dpi: int, align: Align = "left") -> Label:
    """The call number's lines in one type size, as large as they fit.

    Raises BadInput when the smallest readable size is still too large for the stock.
    """
    if not any(line.strip() for line in lines):
        raise BadInput("a spine label needs at least one line", remedy="Give the book a call number.")
    return render(_spine_template(stock, align), {"lines": lines}, dpi)


@lru_cache(maxsize=64)
def _barcode_template(stock: Stock, symbology: str, has_line: bool) -> Template:
    margin, inner = stock.margin_mm, stock.width_mm - 2 * stock.margin_mm
    top = margin + (_LINE_MM + _GAP_MM if has_line else 0)
    bottom = stock.height_mm - margin - _LINE_MM
    line: dict[str, Any] = {
        "kind": "text", "x_mm": margin, "width_mm": inner, "height_mm": _LINE_MM, "align": "centre",
        "largest_mm": _LINE_MM,
    }  # fmt: skip
    symbol = {
        "kind": "symbol", "name": "symbol", "value": "{barcode}", "symbology": symbology,
        "x_mm": 0, "y_mm": top, "width_mm": stock.width_mm, "height_mm": max(bottom - _GAP_MM - top, 0.1),
    }  # fmt: skip
    above = [line | {"name": "library line", "value": "{library_line}", "y_mm": margin}] if has_line else []
    below = line | {"name": "number", "value": "{shown}", "y_mm": bottom}
    return _made("item barcode", stock, [*above, symbol, below])


@lru_cache(maxsize=64)
def _spine_template(stock: Stock, align: Align) -> Template:
    margin = stock.margin_mm
    lines = {
        "kind": "lines", "name": "call number", "x_mm": margin, "y_mm": margin, "align": align,
        "width_mm": stock.width_mm - 2 * margin, "height_mm": stock.height_mm - 2 * margin,
    }  # fmt: skip
    return _made("spine", stock, [lines])


def _made(name: str, stock: Stock, fields: list[dict[str, Any]]) -> Template:
    size = {"width_mm": stock.width_mm, "height_mm": stock.height_mm}
    try:
        return Template.model_validate({"schema": "label/1", "name": name, **size, "fields": fields})
    except ValueError as error:
        raise BadInput(
            f"a label of {stock.width_mm:g} x {stock.height_mm:g} mm is too small for anything",
            remedy="Use larger labels.",
        ) from error


def _dots(mm: float, per_mm: float) -> int:
    return int(mm * per_mm + 1e-6)


@dataclass(frozen=True)
class _Box:
    """A field on the label in dots."""

    left: int
    top: int
    width: int
    height: int

    @classmethod
    def of(cls, field: AnyField, per_mm: float) -> _Box:
        left, top = _dots(field.x_mm, per_mm), _dots(field.y_mm, per_mm)
        right, bottom = (
            _dots(field.x_mm + field.width_mm, per_mm),
            _dots(field.y_mm + field.height_mm, per_mm),
        )
        return cls(left, top, right - left, bottom - top)


@dataclass(frozen=True)
class _Drawing:
    """One field of one label while it is drawn, upright; the label turns it."""

    template: Template
    field: AnyField
    box: _Box
    per_mm: float

    @property
    def size(self) -> tuple[int, int]:
        """Width and height of the field as its content is read."""
        width, height = self.box.width, self.box.height
        return (width, height) if self.field.rotation % 180 == 0 else (height, width)

    def ink(self, values: Values) -> Ink | None:
        """The field's dots; None for an optional field without values."""
        field = self.field
        if isinstance(field, PictureField):
            return self._picture(field)
        if isinstance(field, LinesField):
            lines = self._lines(field, values)
            return self._text(lines, set_lines(lines, self._room(field))) if lines else None
        text = self._filled(field.value, values)
        if not text:
            return None
        if isinstance(field, TextField):
            setter = set_wrapped if field.wrap else set_line
            return self._text([text], setter(text, self._room(field)))
        return self._symbol(field, text, self._filled(field.symbology, values))

    def _room(self, field: TextField | LinesField) -> Room:
        return Room(*self.size, field, self.per_mm)

    def _text(self, lines: Sequence[str], ink: Ink | None) -> Ink:
        field = self.field
        if ink is None and isinstance(field, TextField | LinesField):
            why = f"its letters would be smaller than {field.smallest_mm:g} mm"
            raise self._too_small(" / ".join(lines), why)
        assert ink is not None  # noqa: S101 - narrowed above
        return ink

    def _lines(self, field: LinesField, values: Values) -> list[str]:
        given = values.get(field.value, ())
        lines = [given] if isinstance(given, str) else list(given)
        shown = [line for line in lines if line.strip()]
        if not shown and not field.optional:
            raise self._missing(field.value)
        return shown

    def _filled(self, pattern: str, values: Values) -> str:
        """The pattern with its values; empty for an optional field that lacks one."""
        names = re.findall(r"\{(\w+)\}", pattern)
        texts = {name: _as_text(values.get(name, "")) for name in names}
        empty = [name for name, text in texts.items() if not text]
        if empty and not self.field.optional:
            raise self._missing(empty[0])
        return "" if empty else re.sub(r"\{(\w+)\}", lambda found: texts[found[1]], pattern)

    def _symbol(self, field: SymbolField, text: str, symbology: str) -> Ink:
        if symbology in MATRIX_SYMBOLOGIES:
            return self._matrix(field, text, symbology)
        symbol = symbol_of(text, symbology)
        scale = self._scale(symbol, field)
        width, height = self.size
        if height < _dots(field.lowest_mm, self.per_mm):
            raise self._too_small(text, f"bars would be lower than {field.lowest_mm:g} mm")
        ink: Ink = np.zeros((height, width), np.bool_)
        column = (width - symbol.width_with_quiet(scale)) // 2 + symbol.quiet_dots(scale)[0]
        for place, dots in enumerate(symbol.dots(scale)):
            if place % 2 == 0:
                ink[:, column : column + dots] = True
            column += dots
        return ink

    def _scale(self, symbol: Symbol, field: SymbolField) -> Scale:
        widest = max(1, _dots(field.widest_mm, self.per_mm))
        for scale in scales(symbol, widest):
            if scale[0] < self.per_mm * field.narrowest_mm:
                break
            if symbol.width_with_quiet(scale) <= self.size[0]:
                return scale
        raise self._too_small(
            symbol.text, f"a {symbol.symbology} symbol of {len(symbol.text)} characters is too wide",
            "Use wider labels, a printer with more dots, or Code 128.",
        )  # fmt: skip

    def _matrix(self, field: SymbolField, text: str, symbology: str) -> Ink:
        symbol = matrix_symbol(text, symbology)
        width, height = self.size
        wide, high = symbol.size_with_quiet(1)
        module = min(width // wide, height // high, max(1, _dots(2 * field.widest_mm, self.per_mm)))
        if module < self.per_mm * max(field.narrowest_mm, _SMALLEST_MATRIX_MM):
            raise self._too_small(text, f"a {symbology} symbol of {wide} modules is too large")
        dots = symbol.dots(module)
        ink: Ink = np.zeros((height, width), np.bool_)
        top, left = (height - dots.shape[0]) // 2, (width - dots.shape[1]) // 2
        ink[top : top + dots.shape[0], left : left + dots.shape[1]] = dots
        return ink

    def _picture(self, field: PictureField) -> Ink:
        """The picture as large as it fits, its proportions kept."""
        width, height = self.size
        shown = _picture(field.file)
        factor = min(width / shown.shape[1], height / shown.shape[0])
        size = max(1, int(shown.shape[1] * factor)), max(1, int(shown.shape[0] * factor))
        dots = np.asarray(Image.fromarray(shown).resize(size, Image.Resampling.LANCZOS)) < field.threshold
        ink: Ink = np.zeros((height, width), np.bool_)
        top, left = (height - size[1]) // 2, (width - size[0]) // 2
        ink[top : top + size[1], left : left + size[0]] = dots
        return ink

    def _missing(self, name: str) -> BadInput:
        return BadInput(
            f"field {self.field.name} has no {name}", subject=self.template.name,
            remedy=f"Give {name}, or make the field optional.",
        )  # fmt: skip

    def _too_small(
        self, text: str, why: str, remedy: str = "Use larger labels or shorten the text."
    ) -> BadInput:
        size = f"{self.template.width_mm:g} x {self.template.height_mm:g} mm"
        what = f"field {self.field.name} does not fit a label of {size}: {why}"
        return BadInput(what, subject=text, remedy=remedy)


def _as_text(value: str | Sequence[str]) -> str:
    return " ".join((value if isinstance(value, str) else " ".join(value)).split())


@lru_cache(maxsize=16)
def _picture(file: str) -> NDArray[np.uint8]:
    """A picture in greys on white."""
    try:
        with Image.open(file) as image:
            rgba = image.convert("RGBA")
    except (OSError, UnidentifiedImageError) as error:
        raise ConfigError(
            "the logo can't be read", subject=file, remedy="Save it as PNG, without layers."
        ) from error
    white = Image.new("RGBA", rgba.size, "white")
    return np.asarray(Image.alpha_composite(white, rgba).convert("L"))
