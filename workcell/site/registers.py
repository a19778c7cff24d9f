"""The registers at the close of a batch: a line a copy, and the sums by class and location."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Literal

from workcell.kernel.model import Outcome
from workcell.kernel.profile import Profile
from workcell.site.bib import bib_of
from workcell.site.receiving import Reconciliation
from workcell.site.result import BatchResult, BookResult, VoidedNumber
from workcell.site.tables import csv_text, money, round_money
from workcell.site.words import Words, words_of


@dataclass(frozen=True)
class RegisterLine:
    """A line of the individual register (个别登记); of a voided number only the number and the remark."""

    number: int
    accession: str
    barcode: str
    title: str = ""
    author: str = ""
    publisher: str = ""
    year: str = ""
    price: Decimal | None = None
    currency: str = ""
    binding: str = ""
    source: str = ""
    location: str = ""
    call_number: str = ""
    remarks: str = ""


def individual_register(result: BatchResult) -> list[RegisterLine]:
    """A line for every copy that went to the shelves and for every number that was given up."""
    words = words_of(result.profile.language)
    prices = register_prices(result.books, result.profile)
    entries: list[RegisterLine] = []
    for book in _kept(result.books):
        entries.append(_entry(book, result.profile, prices.get(book.book_id), words))
    entries += [_void(number, words) for number in result.voided]
    entries.sort(key=lambda line: (line.accession or line.barcode, line.barcode))
    return [_numbered(line, number) for number, line in enumerate(entries, start=1)]


def register_csv(result: BatchResult) -> str:
    """The individual register as a table, headed in the profile's language."""
    words = words_of(result.profile.language)
    columns = [words[f"register_{name}"] for name in _COLUMNS]
    date = result.started_at.date().isoformat()
    rows = (
        dict(zip(columns, _cells(line, result.batch_id, date, result.profile), strict=True))
        for line in individual_register(result)
    )
    return csv_text(columns, rows)


_COLUMNS = (
    "batch", "number", "date", "accession", "barcode", "title", "author", "publisher", "year", "price",
    "currency", "binding", "source", "location", "call_number", "remarks",
)  # fmt: skip


def _cells(line: RegisterLine, batch_id: str, date: str, profile: Profile) -> list[str]:
    cells = [
        batch_id, str(line.number), date, line.accession, line.barcode, line.title, line.author,
        line.publisher, line.year, money(line.price, profile.registers.decimals), line.currency,
        line.binding, line.source, line.location, line.call_number, line.remarks,
    ]  # fmt: skip
    return [_plain(cell) for cell in cells]


def _plain(cell: str) -> str:
    """A cell that a spreadsheet would take for a formula gets an apostrophe: people open this file."""
    return f"'{cell}" if cell[:1] in ("=", "+", "@", "\t", "\r") else cell


def register_prices(books: Iterable[BookResult], profile: Profile) -> dict[str, Decimal]:
    """The price of each copy as the register shows it, by book.

    Volumes of one set share the set's price to the last coin, or the first bears it all, by profile.
    """
    prices: dict[str, Decimal] = {}
    sets: dict[str, list[BookResult]] = defaultdict(list)
    for book in _kept(books):
        if book.price is not None and book.set_id:
            sets[book.set_id].append(book)
        elif book.price is not None:
            prices[book.book_id] = book.price
    for volumes in sets.values():
        price = volumes[0].price or Decimal(0)
        shares = share_price(price, len(volumes), profile.registers.decimals, profile.registers.set_price)
        prices |= {book.book_id: share for book, share in zip(volumes, shares, strict=True)}
    return prices


def share_price(
    price: Decimal, volumes: int, decimals: int, rule: Literal["shared", "first_volume"]
) -> list[Decimal]:
    """The price of a set over its volumes; the parts always add up to ``price``."""
    if rule == "first_volume":
        return [price] + [Decimal(0)] * (volumes - 1)
    share = round_money(price / volumes, decimals)
    return [price - share * (volumes - 1)] + [share] * (volumes - 1)


def _kept(books: Iterable[BookResult]) -> Iterator[BookResult]:
    return (book for book in books if book.outcome is Outcome.CATALOGUED)


def _entry(book: BookResult, profile: Profile, price: Decimal | None, words: Words) -> RegisterLine:
    bib = bib_of(book.record)
    order, marks = book.order_line, book.marks
    return RegisterLine(
        number=0,
        accession=marks.accession if marks else "",
        barcode=marks.barcode if marks else "",
        title=bib.title or book.evidence.text("title"),
        author=bib.author,
        publisher=bib.publisher,
        year=bib.year,
        price=price,
        currency=book.currency or (order.currency if order else ""),
        binding=order.binding if order else "",
        source=words[f"source_{order.source}"] if order else "",
        location=marks.location if marks else "",
        call_number=marks.call_number if marks else "",
        remarks=_remarks(book, words),
    )


def _remarks(book: BookResult, words: Words) -> str:
    volume = book.marks.volume if book.marks else ""
    notes = [words["register_volume"].format(volume)] if volume else []
    if book.voided:
        notes.append(words["register_replaces"].format(", ".join(book.voided)))
    return "; ".join(notes)


def _void(number: VoidedNumber, words: Words) -> RegisterLine:
    item = number.kind == "item"
    return RegisterLine(
        number=0,
        accession="" if item else number.number,
        barcode=number.number if item else "",
        remarks=words["register_void"].format(number.reason),
    )


def _numbered(line: RegisterLine, number: int) -> RegisterLine:
    return RegisterLine(**{**line.__dict__, "number": number})


# --- summary register (总括登记) -------------------------------------------------------------------------


@dataclass(frozen=True)
class SummaryLine:
    """Titles (种), copies (册), list value (码洋) and amount paid (实洋) of one class or location.

    ``group`` is "class", "location" or "total"; ``key`` the class or location code.
    """

    group: Literal["class", "location", "total"]
    key: str
    name: str
    currency: str
    titles: int
    copies: int
    value: Decimal
    paid: Decimal


def summary_register(result: BatchResult, reconciliation: Reconciliation) -> list[SummaryLine]:
    """The batch's sums by main class, by location, and over all, one line a currency."""
    prices = register_prices(result.books, result.profile)
    discounts = _discounts(reconciliation)
    names = {location.code: location.name for location in result.profile.locations}
    groups: dict[tuple[Literal["class", "location", "total"], str, str, str], list[BookResult]] = defaultdict(
        list
    )
    for book in _kept(result.books):
        currency = book.currency or (book.order_line.currency if book.order_line else "")
        main, title = main_class(book, result.profile)
        code = book.marks.location if book.marks else ""
        groups["class", main, title, currency].append(book)
        groups["location", code, names.get(code, code), currency].append(book)
        groups["total", "", "", currency].append(book)
    lines = [
        SummaryLine(
            group,
            key,
            name,
            currency,
            titles=len({book.title_key or book.book_id for book in books}),
            copies=len(books),
            value=sum((prices.get(book.book_id, Decimal(0)) for book in books), Decimal(0)),
            paid=sum((_paid(book, prices, discounts) for book in books), Decimal(0)),
        )
        for (group, key, name, currency), books in groups.items()
    ]
    return sorted(lines, key=lambda line: (_GROUPS.index(line.group), line.key, line.currency))


_GROUPS = ("class", "location", "total")


def summary_csv(result: BatchResult, reconciliation: Reconciliation) -> str:
    """The summary register as a table, headed in the profile's language."""
    words = words_of(result.profile.language)
    decimals = result.profile.registers.decimals
    names = ("batch", "date", "group", "key", "name", "titles", "copies", "value", "paid", "currency")
    columns = [words[f"summary_{name}"] for name in names]
    date = result.started_at.date().isoformat()
    rows = (
        dict(
            zip(
                columns,
                (
                    result.batch_id, date, words[f"summary_{line.group}"], line.key, line.name,
                    str(line.titles), str(line.copies), money(line.value, decimals),
                    money(line.paid, decimals), line.currency,
                ),
                strict=True,
            )
        )
        for line in summary_register(result, reconciliation)
    )  # fmt: skip
    return csv_text(columns, rows)


def main_class(book: BookResult, profile: Profile) -> tuple[str, str]:
    """The main class that a copy counts under, and its name where the scheme's table has one.

    CLC: the letter of the first table (中图法, 22 main classes); DDC: the hundred; LCC and others: the
    first letter.
    """
    if book.marks is None:
        return "", ""
    location = profile.location(book.marks.location)
    text = book.marks.call_number
    for prefix in (location.oversize_prefix, location.call_number.prefix):
        text = text.removeprefix(prefix).lstrip() if prefix else text
    scheme = location.call_number.scheme
    key = f"{text[:1]}00" if scheme == "DDC" and text[:1].isdigit() else text[:1]
    return key, _CLASS_NAMES.get(scheme, {}).get(key, "")


_CLASS_NAMES: Mapping[str, Mapping[str, str]] = {
    "CLC": {
        "A": "马克思主义、列宁主义、毛泽东思想、邓小平理论", "B": "哲学、宗教", "C": "社会科学总论",
        "D": "政治、法律", "E": "军事", "F": "经济", "G": "文化、科学、教育、体育", "H": "语言、文字",
        "I": "文学", "J": "艺术", "K": "历史、地理", "N": "自然科学总论", "O": "数理科学和化学",
        "P": "天文学、地球科学", "Q": "生物科学", "R": "医药、卫生", "S": "农业科学", "T": "工业技术",
        "U": "交通运输", "V": "航空、航天", "X": "环境科学、安全科学", "Z": "综合性图书",
    },
    "DDC": {
        "000": "Computer science, information, general works", "100": "Philosophy and psychology",
        "200": "Religion", "300": "Social sciences", "400": "Language", "500": "Science",
        "600": "Technology", "700": "Arts and recreation", "800": "Literature",
        "900": "History and geography",
    },
}  # fmt: skip


def _discounts(reconciliation: Reconciliation) -> dict[str, Decimal]:
    return {
        line.order.line: line.invoice[0].discount_percent
        for line in reconciliation.lines
        if line.order and line.invoice
    }


def _paid(book: BookResult, prices: Mapping[str, Decimal], discounts: Mapping[str, Decimal]) -> Decimal:
    line = book.order_line.line if book.order_line else ""
    return prices.get(book.book_id, Decimal(0)) * (100 - discounts.get(line, Decimal(0))) / 100
