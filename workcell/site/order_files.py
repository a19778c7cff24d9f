"""Order lines and invoices as a supplier's or a library system's CSV brings them."""

from __future__ import annotations

import csv
import difflib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any, Literal, cast

from marc.isbn import normalise
from workcell.kernel.errors import ConfigError
from workcell.kernel.model import OrderLine

ORDER_COLUMNS = (
    "line", "isbn", "title", "author", "publisher", "year", "copies", "price", "currency", "binding",
    "source", "record_id", "volume", "fund", "distribution", "note",
)  # fmt: skip
INVOICE_COLUMNS = ("line", "isbn", "title", "copies", "unit_price", "currency", "discount_percent")
_SOURCES = ("purchase", "gift", "exchange", "deposit")


@dataclass(frozen=True)
class InvoiceLine:
    """What the supplier says it sent of one title.  ``unit_price`` is the list price of one copy."""

    line: str
    isbn: str = ""
    title: str = ""
    copies: int = 1
    unit_price: Decimal | None = None
    currency: str = ""
    discount_percent: Decimal = Decimal(0)


def load_orders(path: Path) -> list[OrderLine]:
    """Read order lines from CSV (comma, semicolon or tab; UTF-8 or GB18030; with or without BOM).

    Raises ConfigError naming file, line, column and remedy.
    """
    orders = [_order(row) for row in _rows(path, ORDER_COLUMNS, required=("line", "copies"))]
    _refuse_repeated(path, [order.line for order in orders])
    return orders


def load_invoice(path: Path) -> list[InvoiceLine]:
    """Read the supplier's invoice or packing list from CSV, as ``load_orders`` does."""
    return [_invoice_line(row) for row in _rows(path, INVOICE_COLUMNS, required=("copies",))]


@dataclass(frozen=True)
class _Row:
    """One line of a table file, which knows where it stands."""

    path: Path
    number: int
    cells: dict[str, str]

    def text(self, column: str) -> str:
        return self.cells.get(column, "").strip()

    def parsed(self, column: str, parse: Callable[[str], Any], default: Any, wanted: str) -> Any:
        """The cell through ``parse``, or ``default`` where it is empty."""
        text = self.text(column)
        if not text:
            return default
        try:
            return parse(text)
        except (ValueError, InvalidOperation) as error:
            raise self.problem(column, f"{text!r} is not {wanted}", f"Write {wanted} there.") from error

    def problem(self, column: str, what: str, remedy: str) -> ConfigError:
        return ConfigError(
            f"line {self.number}, column {column}: {what}", subject=str(self.path), remedy=remedy
        )


def _order(row: _Row) -> OrderLine:
    order = OrderLine(
        line=row.text("line"),
        isbn=_isbn(row.text("isbn")),
        title=row.text("title"),
        author=row.text("author"),
        publisher=row.text("publisher"),
        year=row.text("year"),
        copies=row.parsed("copies", _copies, 1, "a whole number such as 3"),
        price=row.parsed("price", _money, None, "an amount such as 39.00"),
        currency=row.parsed("currency", _currency, "", "a currency code such as USD or CNY"),
        binding=row.text("binding"),
        source=row.parsed("source", _source, "purchase", f"one of {', '.join(_SOURCES)}"),
        record_id=row.text("record_id"),
        volume=row.text("volume"),
        fund=row.text("fund"),
        distribution=row.parsed(
            "distribution", _distribution, {}, "copies by location such as MAIN=2;EAST=1"
        ),
        note=row.text("note"),
    )
    _check_order(row, order)
    return order


def _check_order(row: _Row, order: OrderLine) -> None:
    if not order.line:
        raise row.problem("line", "the order line has no number", "Number every line.")
    if not (order.isbn or order.title):
        raise row.problem("isbn", "neither ISBN nor title is given", "Give at least one of them.")
    if order.price is not None and not order.currency:
        raise row.problem("currency", "a price without a currency", "Add its code, such as USD or CNY.")
    spread = sum(order.distribution.values())
    if order.distribution and spread != order.copies:
        raise row.problem(
            "distribution", f"places {spread} copies, {order.copies} are ordered", "Make the two agree."
        )


def _invoice_line(row: _Row) -> InvoiceLine:
    line = InvoiceLine(
        line=row.text("line"),
        isbn=_isbn(row.text("isbn")),
        title=row.text("title"),
        copies=row.parsed("copies", _copies, 1, "a whole number such as 3"),
        unit_price=row.parsed("unit_price", _money, None, "an amount such as 39.00"),
        currency=row.parsed("currency", _currency, "", "a currency code such as USD or CNY"),
        discount_percent=row.parsed("discount_percent", _percent, Decimal(0), "a number from 0 to 100"),
    )
    if not (line.line or line.isbn or line.title):
        raise row.problem("isbn", "neither order line, ISBN nor title is given", "Give at least one of them.")
    return line


def _copies(text: str) -> int:
    if not (text.isascii() and text.isdigit() and int(text) <= 100_000):
        raise ValueError(text)
    return int(text)


def _money(text: str) -> Decimal:
    amount = Decimal(text)
    if not amount.is_finite() or amount < 0:
        raise ValueError(text)
    return amount


def _percent(text: str) -> Decimal:
    share = Decimal(text.removesuffix("%"))
    if not share.is_finite() or not 0 <= share <= 100:
        raise ValueError(text)
    return share


def _currency(text: str) -> str:
    if not (len(text) == 3 and text.isascii() and text.isalpha()):
        raise ValueError(text)
    return text.upper()


def _source(text: str) -> Literal["purchase", "gift", "exchange", "deposit"]:
    if text not in _SOURCES:
        raise ValueError(text)
    return cast('Literal["purchase", "gift", "exchange", "deposit"]', text)


def _distribution(text: str) -> dict[str, int]:
    places: dict[str, int] = {}
    for part in filter(None, (part.strip() for part in text.split(";"))):
        code, _, copies = part.partition("=")
        if not code.strip() or code.strip() in places:
            raise ValueError(text)
        places[code.strip()] = _copies(copies.strip())
    return places


def _isbn(text: str) -> str:
    """An ISBN as thirteen digits; anything else (统一书号, a misprinted number) as it stands."""
    return normalise(text) or text


def _rows(path: Path, columns: Sequence[str], required: Sequence[str]) -> Iterator[_Row]:
    lines = _read_text(path).splitlines(keepends=True)
    reader = csv.reader(lines, delimiter=_delimiter(lines), strict=True)
    try:
        header = [name.strip().lower() for name in next(reader, [])]
        _check_header(path, header, columns, required)
        for cells in reader:
            if not any(cell.strip() for cell in cells):
                continue
            if len(cells) > len(header):
                raise ConfigError(
                    f"line {reader.line_num}: {len(cells)} cells, but the header has {len(header)}",
                    subject=str(path),
                    remedy="Put a cell that contains the separator in double quotes.",
                )
            yield _Row(path, reader.line_num, dict(zip(header, cells, strict=False)))
    except csv.Error as error:
        raise ConfigError(
            f"line {reader.line_num}: not a table ({error})",
            subject=str(path),
            remedy="Save the sheet as CSV again.",
        ) from error


def _read_text(path: Path) -> str:
    try:
        data = path.read_bytes()
    except FileNotFoundError as error:
        raise ConfigError("no such file", subject=str(path), remedy="Check the path.") from error
    except OSError as error:
        raise ConfigError(f"can't be read ({error.strerror})", subject=str(path)) from error
    for encoding in ("utf-8-sig", "gb18030"):
        try:
            return data.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise ConfigError("neither UTF-8 nor GB18030 text", subject=str(path), remedy="Save it as UTF-8.")


def _delimiter(lines: Sequence[str]) -> str:
    header = lines[0] if lines else ""
    return max(",;\t", key=header.count)


def _check_header(path: Path, header: Sequence[str], columns: Sequence[str], required: Sequence[str]) -> None:
    if not header:
        raise ConfigError("the file is empty", subject=str(path), remedy=_KNOWN.format(", ".join(columns)))
    for name in header:
        if name not in columns:
            near = difflib.get_close_matches(name, columns, n=1)
            hint = f"Did you mean {near[0]}?" if near else _KNOWN.format(", ".join(columns))
            raise ConfigError(f"line 1: unknown column {name!r}", subject=str(path), remedy=hint)
        if header.count(name) > 1:
            raise ConfigError(f"line 1: column {name} stands twice", subject=str(path), remedy="Remove one.")
    for name in required:
        if name not in header:
            raise ConfigError(
                f"line 1: column {name} is missing",
                subject=str(path),
                remedy=_KNOWN.format(", ".join(columns)),
            )


_KNOWN = "Known columns: {}."


def _refuse_repeated(path: Path, names: Sequence[str]) -> None:
    seen: set[str] = set()
    for name in names:
        if name in seen:
            raise ConfigError(
                f"order line {name} stands twice", subject=str(path), remedy="Give each line its own number."
            )
        seen.add(name)
