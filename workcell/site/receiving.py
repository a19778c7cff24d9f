"""Receiving: what was ordered, what the supplier says it sent, what came, and how the three agree.

Copies and money close title by title: supplied = accepted + returned + short; what came beyond the supplied
copies is surplus.  Money is list value (码洋) and the amount after the supplier's discount (实洋).
"""

from __future__ import annotations

import csv
import difflib
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any, Literal, cast

from marc.isbn import normalise
from workcell.kernel.errors import ConfigError
from workcell.kernel.model import OrderLine

# --- files -----------------------------------------------------------------------------------------------

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


# --- reconciliation --------------------------------------------------------------------------------------

Fate = Literal["accepted", "waiting", "returned", "missing"]


@dataclass(frozen=True)
class ReceivedCopy:
    """One copy that was counted in.  ``order_line`` is empty when no order wanted it.

    ``waiting`` copies are with a person, ``missing`` ones were lost on the way through; both were received,
    and count as accepted until somebody returns them.
    """

    book_id: str
    fate: Fate
    order_line: str = ""
    isbn: str = ""
    title: str = ""


@dataclass(frozen=True)
class TitleLine:
    """One title of the shipment: copies at every step, and where order and invoice differ.

    ``supplied`` is the invoice's count, or the order's where there is no invoice.  Always
    ``supplied = accepted + returned + short`` (+ ``awaited`` while boxes are unopened) and
    ``received = accepted + returned + surplus``.
    """

    order: OrderLine | None
    invoice: tuple[InvoiceLine, ...]
    title: str
    isbn: str
    ordered: int
    supplied: int
    received: int
    accepted: int
    waiting: int
    returned: int
    short: int
    awaited: int
    surplus: int

    @property
    def list_price(self) -> Decimal | None:
        """The unit price that counts: the invoice's, else the order's."""
        billed = next((line.unit_price for line in self.invoice if line.unit_price is not None), None)
        return billed if billed is not None else (self.order.price if self.order else None)

    @property
    def currency(self) -> str:
        """The currency of ``list_price``."""
        billed = next((line.currency for line in self.invoice if line.currency), "")
        return billed or (self.order.currency if self.order else "")

    @property
    def price_difference(self) -> Decimal | None:
        """Invoice price less order price of one copy; None where they agree or one of them is not known."""
        ordered = self.order.price if self.order else None
        billed = next((line.unit_price for line in self.invoice if line.unit_price is not None), None)
        if ordered is None or billed is None or ordered == billed:
            return None
        return billed - ordered

    @property
    def problems(self) -> tuple[str, ...]:
        """What doesn't agree, as stable words; a title whose boxes are still closed is not judged yet."""
        if self.awaited and not self.received:
            return ()
        known = bool(self.order or self.title or self.isbn)
        facts = {
            "unidentified": not known,
            "not_ordered": known and self.order is None,
            "not_invoiced": known and self.supplied == 0 and self.received > 0,
            "short": self.short > 0,
            "surplus": self.surplus > 0 and self.supplied > 0,
            "returned": self.returned > 0,
            "copies": self.order is not None and bool(self.invoice) and self.supplied != self.ordered,
            "price": self.price_difference is not None,
        }
        return tuple(name for name, holds in facts.items() if holds)


@dataclass(frozen=True)
class Money:
    """Amounts of one currency: list value (码洋) and what is paid after the discount (实洋)."""

    currency: str
    supplied: Decimal = Decimal(0)
    accepted: Decimal = Decimal(0)
    returned: Decimal = Decimal(0)
    short: Decimal = Decimal(0)
    surplus: Decimal = Decimal(0)
    payable: Decimal = Decimal(0)


@dataclass(frozen=True)
class Reconciliation:
    """Order, invoice and received copies side by side."""

    lines: tuple[TitleLine, ...]
    money: tuple[Money, ...]
    has_invoice: bool

    @property
    def disagreeing(self) -> tuple[TitleLine, ...]:
        """The titles that somebody must write to the supplier about."""
        return tuple(line for line in self.lines if line.problems)

    @property
    def agrees(self) -> bool:
        """Whether nothing is to be claimed, returned or asked."""
        return not self.disagreeing

    def total(self, column: str) -> int:
        """Copies of a column of ``TitleLine``, over all titles."""
        return sum(getattr(line, column) for line in self.lines)


def reconcile(
    orders: Iterable[OrderLine],
    invoice: Iterable[InvoiceLine] | None,
    received: Iterable[ReceivedCopy],
    *,
    boxes_emptied: bool = True,
) -> Reconciliation:
    """Close a shipment title by title.

    ``invoice`` None means that the supplier sent none: the order then says what should be here.  While boxes
    are still unopened (``boxes_emptied`` False) copies that are not here are awaited and not short.
    """
    titles = _titles(orders, invoice)
    for copy in received:
        _title_of_copy(titles, copy).copies.append(copy)
    lines = tuple(_close(title, invoice is not None, boxes_emptied) for title in titles)
    kept = tuple(line for line in lines if line.supplied or line.received or line.ordered)
    return Reconciliation(kept, _money_of(kept), invoice is not None)


@dataclass
class _Title:
    order: OrderLine | None
    invoice: list[InvoiceLine] = field(default_factory=list)
    copies: list[ReceivedCopy] = field(default_factory=list)
    isbn: str = ""
    title: str = ""


def _titles(orders: Iterable[OrderLine], invoice: Iterable[InvoiceLine] | None) -> list[_Title]:
    titles = [_Title(order, isbn=order.isbn, title=order.title) for order in orders]
    for billed in invoice or ():
        _title_of_invoice(titles, billed).invoice.append(billed)
    return titles


def _title_of_invoice(titles: list[_Title], billed: InvoiceLine) -> _Title:
    """The order line that an invoice line bills: its number where title or ISBN don't deny it, else ISBN."""
    ordered = [title for title in titles if title.order is not None]
    by_number = [t for t in ordered if billed.line and t.order and t.order.line == billed.line]
    for title in by_number:
        if not billed.isbn or not title.isbn or title.isbn == billed.isbn:
            return title
    same_isbn = [title for title in ordered if billed.isbn and title.isbn == billed.isbn]
    same_title = [title for title in ordered if billed.title and title.title == billed.title]
    exact = [title for title in same_isbn if title in same_title]
    for found in (exact, same_isbn, [] if billed.isbn else same_title):
        if found:
            return found[0]
    titles.append(_Title(None, isbn=billed.isbn, title=billed.title))
    return titles[-1]


def _title_of_copy(titles: list[_Title], copy: ReceivedCopy) -> _Title:
    for title in titles:
        if copy.order_line and title.order is not None and title.order.line == copy.order_line:
            return title
    for title in titles:
        if title.order is None and (title.isbn, title.title) == (copy.isbn, copy.title):
            return title
    for title in titles:
        if title.order is None and copy.isbn and title.isbn == copy.isbn:
            return title
    titles.append(_Title(None, isbn=copy.isbn, title=copy.title))
    return titles[-1]


def _close(title: _Title, has_invoice: bool, boxes_emptied: bool) -> TitleLine:
    ordered = title.order.copies if title.order else 0
    supplied = sum(billed.copies for billed in title.invoice) if has_invoice else ordered
    kept = sum(copy.fate != "returned" for copy in title.copies)
    accepted = min(kept, supplied)
    returned = min(len(title.copies) - kept, supplied - accepted)
    absent = supplied - accepted - returned
    return TitleLine(
        order=title.order,
        invoice=tuple(title.invoice),
        title=title.title,
        isbn=title.isbn,
        ordered=ordered,
        supplied=supplied,
        received=len(title.copies),
        accepted=accepted,
        waiting=sum(copy.fate == "waiting" for copy in title.copies),
        returned=returned,
        short=absent if boxes_emptied else 0,
        awaited=0 if boxes_emptied else absent,
        surplus=len(title.copies) - accepted - returned,
    )


def _money_of(lines: Sequence[TitleLine]) -> tuple[Money, ...]:
    found: dict[str, dict[str, Decimal]] = {}
    for line in lines:
        price = line.list_price
        if price is None:
            continue
        sums = found.setdefault(line.currency, {})
        for column in ("supplied", "accepted", "returned", "short", "surplus"):
            sums[column] = sums.get(column, Decimal(0)) + price * getattr(line, column)
        sums["payable"] = sums.get("payable", Decimal(0)) + _payable(line, price)
    return tuple(Money(currency, **sums) for currency, sums in sorted(found.items()))


def _payable(line: TitleLine, price: Decimal) -> Decimal:
    discount = line.invoice[0].discount_percent if line.invoice else Decimal(0)
    return price * line.accepted * (100 - discount) / 100
