"""The facts of a shipment: titles.toml, validated."""

from __future__ import annotations

import tomllib
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Any, Literal, TypeVar

from pydantic import AfterValidator

from workcell.kernel.tables import Table


def isbn13(text: str) -> str:
    """Pass a hyphenated ISBN that has 13 digits and a right check digit (ISO 2108); ValueError if not."""
    digits = [int(character) for character in plain(text) if character.isdigit()]
    weighted = sum(digit * (3 if place % 2 else 1) for place, digit in enumerate(digits))
    if len(digits) != 13 or weighted % 10:
        raise ValueError(f"{text} is not an ISBN-13 with a right check digit")
    return text


def plain(isbn: str) -> str:
    """Take the hyphens out of an ISBN."""
    return isbn.replace("-", "")


Isbn = Annotated[str, AfterValidator(isbn13)]


class Order(Table):
    """The order line; a cancelled one wants 0 copies."""

    copies: int = 1
    distribution: str = ""
    fund: str = ""
    source: Literal["purchase", "gift", "exchange", "deposit"] = "purchase"
    note: str = ""


class Invoice(Table):
    """Where the invoice says something else than the order: copies, price."""

    copies: int | None = None
    unit_price: str = ""


class Person(Table):
    """A name as the heading has it, with its role and, when it is Japanese, its characters."""

    name: str
    dates: str = ""
    role: str = "author"
    forename: bool = False
    han: str = ""

    def dates_in(self, year: int) -> str:
        """Give the dates as a page printed in ``year`` could know them."""
        died = self.dates.partition("-")[2]
        return self.dates.partition("-")[0] + "-" if died and int(died) >= year else self.dates


class Publisher(Table):
    """Who published it and where: name, place, code of the country or province, address lines.

    ``editor`` is the editor in charge whom a Chinese book names; ``colophon`` says that the house prints the
    lower half of the copyright page at the end of the book.
    """

    name: str
    place: str
    country: str
    lines: tuple[str, ...] = ()
    editor: str = ""
    colophon: bool = False


class Shipment(Table):
    """What all files of a shipment share."""

    language: Literal["eng", "chi"]
    supplier: str
    supplier_code: str
    agency: str
    country: str
    currency: str
    institution: str
    discount: int


class Copy(Table):
    """What any title in the boxes or on file has: identity, size, price, order, records, place on the shelf.

    ``size`` is height, width, thickness in mm and weight in g.  The first of ``isbns`` (number, qualifier) is
    the one that the copy bears.  ``items`` are the locations that hold it already, once a copy.
    """

    id: str
    cases: tuple[str, ...] = ()
    showcase: str | None = None
    same_text_as: str = ""
    title: str
    subtitle: str = ""
    publisher: str
    isbns: tuple[tuple[Isbn, str], ...] = ()
    printed_barcode: Isbn | None = None
    barcode: bool = True
    pages: str
    binding: Literal["paperback", "hardback", "pamphlet", "slipcase"] = "paperback"
    direction: Literal["ltr", "rtl"] = "ltr"
    size: tuple[int, int, int, int]
    price: str = ""
    printed_price: str = ""
    colour: str = "#444444"
    plain_cover: bool = False
    blurb: str = ""
    last: str = ""
    colophon: tuple[str, ...] = ()
    volume: str = ""
    volume_printed: str | None = None
    slip: Literal["WC-DAMAGED"] | None = None
    insert: Literal["CD"] | None = None
    copies: int | None = None
    ordered: bool = True
    order: Order = Order()
    invoice: Invoice = Invoice()
    catalogue: Literal["full", "order", ""] = ""
    items: tuple[str, ...] = ()
    vendor: Literal["full", "cip", ""] = ""
    expect: str = "Straight through on the vendor's record."

    @property
    def number(self) -> int:
        """The running number in ``id``; order and invoice lines carry it too."""
        return int(self.id.rpartition("-")[2])

    @property
    def in_box(self) -> int:
        """How many copies lie in the boxes."""
        return self.order.copies if self.copies is None else self.copies

    @property
    def isbn(self) -> str:
        """The copy's own ISBN, hyphenated, or nothing."""
        return self.isbns[0][0] if self.isbns else ""

    @property
    def height_cm(self) -> int:
        """The height in centimetres, rounded up (MARC 300 $c, CNMARC 215 $d)."""
        return -(-self.size[0] // 10)

    @property
    def last_page(self) -> int:
        """The number on the last numbered page."""
        return int(self.pages.split()[-1])


class EnglishTitle(Copy):
    """A title of the English shipment.

    ``title`` is in sentence case as in the record.  A subject is "topic$xsubdivision", with its tag in front
    when it is not 650.  ``cip`` is the style of the copyright page: a Library of Congress card, its labelled
    block, the British note, a control number only, or none.
    """

    title_han: str = ""
    creator: Person
    contributors: tuple[Person, ...] = ()
    by: tuple[str, ...]
    by_han: str = ""
    uniform: str = ""
    original: str | None = None
    translated_from: str = ""
    edition: str = ""
    publisher_name: str = ""
    publisher_han: str = ""
    place_han: str = ""
    year: int
    copyright: int | None = None
    rights: tuple[str, ...] = ()
    history: tuple[str, ...] = ()
    series: str = ""
    other_format: dict[str, str] | None = None
    one_record: bool = False
    lccn: str = ""
    lcc: str
    ddc: str
    subjects: tuple[str, ...]
    extent: str = ""
    ill: str = ""
    bib: bool = False
    index: bool = False
    fiction: bool = False
    biography: Literal["", "a", "b", "d"] = ""
    accompanying: str = ""
    language: str = "eng"
    cip: Literal["card", "labelled", "british", "control", "none"] = "card"
    addon: Literal["price", "90000", ""] = ""


class ChinesePerson(Table):
    """A name as the title page has it, with its pinyin and what the person did.

    A foreign name has a ``nation`` and, where it is inverted in the heading, ``surname`` and ``rest``;
    ``dynasty`` is that of an author of old.
    """

    name: str
    pinyin: str
    role: str = "著"
    nation: str = ""
    dynasty: str = ""
    surname: str = ""
    rest: str = ""
    corporate: bool = False

    @property
    def origin(self) -> str:
        """Nation or dynasty, which stands in brackets before the name."""
        return self.nation or self.dynasty

    @property
    def heading(self) -> str:
        """What the name files under."""
        return self.surname or self.name

    @property
    def heading_pinyin(self) -> str:
        """The pinyin of ``heading``."""
        parts = dict(zip(self.name.split("·"), self.pinyin.split(" · "), strict=True))
        return parts.get(self.surname, self.pinyin)


class ChineseTitle(Copy):
    """A title of the Chinese shipment.

    A subject is "主题$x复分$y地区$z年代$j形式".  ``cip`` is the form of the block on the copyright page:
    GB/T 12451-2001, GB/T 12451-2023, Taiwan's, a book of before CIP, or none.
    """

    pinyin: str
    people: tuple[ChinesePerson, ...]
    edition: str = ""
    year: int
    month: int
    printing: str = ""
    series: str = ""
    unified_number: str = ""
    original: str | None = None
    original_language: str = ""
    clc: str
    class_taiwan: str = ""
    subjects: tuple[str, ...]
    ill: str = ""
    bib: bool = False
    index: bool = False
    fiction: bool = False
    biography: bool = False
    accompanying: str = ""
    set_price: str = ""
    set_pages: int | None = None
    pieces: int = 1
    one_record: bool = False
    cip: Literal["2001", "2023", "taiwan", "early", "none"] = "none"
    cip_number: str = ""
    running: int | None = None
    expect: str = "书商数据齐全，直接通过。"


class ChineseShipment(Table):
    """titles.toml of the Chinese shipment."""

    shipment: Shipment
    publishers: dict[str, Publisher]
    title: tuple[ChineseTitle, ...]
    on_file: tuple[ChineseTitle, ...]


class EnglishShipment(Table):
    """titles.toml of the English shipment."""

    shipment: Shipment
    publishers: dict[str, Publisher]
    title: tuple[EnglishTitle, ...]
    on_file: tuple[EnglishTitle, ...]


ShipmentT = TypeVar("ShipmentT", bound=Table)


def load(path: Path, model: type[ShipmentT]) -> ShipmentT:
    """Read titles.toml; a title with ``same_text_as`` is filled from the one it names."""
    data = tomllib.loads(path.read_text("utf-8"))
    data["title"] = _with_shared_text(data["title"])
    return model.model_validate(data)


_OWN = ("cases", "showcase", "expect", "slip", "catalogue", "items", "copies", "invoice")


def _with_shared_text(titles: list[dict[str, Any]]) -> list[dict[str, Any]]:
    by_id = {title["id"]: title for title in titles}
    return [
        _shared(by_id[title["same_text_as"]]) | title if "same_text_as" in title else title
        for title in titles
    ]


def _shared(title: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in title.items() if key not in _OWN}


def money(text: str) -> Decimal:
    """Read a price; an empty one is nothing."""
    return Decimal(text or "0")
