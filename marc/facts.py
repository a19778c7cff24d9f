"""One view of a record, whatever its format: what matching, deciding and call numbers need to know of it."""

from __future__ import annotations

import re
from dataclasses import dataclass

_ELECTRONIC = re.compile(r"e-?book|electronic|online|epub|pdf|kindle|电子|网络", re.IGNORECASE)


def is_electronic(qualifier: str) -> bool:
    """Whether an ISBN's qualifier names an online or electronic form."""
    return _ELECTRONIC.search(qualifier) is not None


@dataclass(frozen=True)
class RecordIsbn:
    """One number of a record: ISBN-13 form (``""`` when its check digit is wrong), as written, qualifier.

    ``cancelled`` marks 020/010 $z: wrong on the book, of another format, or cancelled.
    """

    isbn13: str
    written: str
    qualifier: str = ""
    cancelled: bool = False

    @property
    def electronic(self) -> bool:
        """Whether the qualifier names an online or electronic form."""
        return is_electronic(self.qualifier)


@dataclass(frozen=True)
class ClassNumber:
    """A class number by scheme (LCC, DDC, NLM, CLC, LOCAL) with the book number that stands beside it."""

    scheme: str
    number: str
    book_number: str = ""
    edition: str = ""


@dataclass(frozen=True)
class Holding:
    """One item or holding on a record: every location code it carries, barcodes, call number, volume."""

    locations: tuple[str, ...]
    barcodes: tuple[str, ...] = ()
    call_number: str = ""
    volume: str = ""

    def at(self, location: str) -> bool:
        """Whether it stands at this location."""
        return location in self.locations


@dataclass(frozen=True)
class OrderData:
    """Order data in a record (9XX of vendors, 092 of Chinese suppliers): what was asked for."""

    copies: str = ""
    price: str = ""
    location: str = ""
    fund: str = ""
    number: str = ""


@dataclass(frozen=True)
class RecordFacts:
    """What a record says, in plain values; empty where it says nothing.

    ``titles`` are further forms (parallel, cover, uniform, 880, romanised), ``publishers`` all forms and
    all publishers.  ``years`` are all plausible years of publication, imprint first.  ``encoding_level`` is
    leader/17.  ``unified_number`` is the 统一书号 (CNMARC 091), which Chinese books had before ISBNs.
    """

    record_id: str
    flavour: str
    isbns: tuple[RecordIsbn, ...] = ()
    unified_number: str = ""
    title: str = ""
    subtitle: str = ""
    titles: tuple[str, ...] = ()
    volume: str = ""
    volume_title: str = ""
    responsibility: str = ""
    names: tuple[str, ...] = ()
    main_entry: str = ""
    edition: str = ""
    place: str = ""
    publisher: str = ""
    publishers: tuple[str, ...] = ()
    year: int | None = None
    years: tuple[int, ...] = ()
    extent: str = ""
    pages: int | None = None
    pieces: int = 1
    height_cm: float | None = None
    series: tuple[str, ...] = ()
    language: str = ""
    classes: tuple[ClassNumber, ...] = ()
    encoding_level: str = " "
    cip: bool = False
    carrier_electronic: bool = False
    accompanying: str = ""
    items: tuple[Holding, ...] = ()
    order: OrderData | None = None

    def isbn(self, isbn13: str) -> RecordIsbn | None:
        """The record's entry for this ISBN-13, valid ones before cancelled ones, or None."""
        held = [entry for entry in self.isbns if entry.isbn13 == isbn13]
        return min(held, key=lambda entry: entry.cancelled, default=None)

    def class_in(self, scheme: str) -> ClassNumber | None:
        """The first class number of this scheme, or None."""
        return next((entry for entry in self.classes if entry.scheme == scheme), None)

    @property
    def full_title(self) -> str:
        """Title and subtitle in one."""
        return f"{self.title} {self.subtitle}".strip()
