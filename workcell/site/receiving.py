"""Receiving: what was ordered, what the supplier says it sent, what came, and how the three agree.

Copies and money close title by title: supplied = accepted + returned + short; what came beyond the supplied
copies is surplus.  Money is list value (码洋) and the amount after the supplier's discount (实洋).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Literal

from workcell.kernel.model import OrderLine
from workcell.site.order_files import InvoiceLine

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
