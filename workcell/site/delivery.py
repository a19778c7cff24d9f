"""Delivery: a record with one item in it, handed to the library system.

``FileDrop`` is the library system that is always there: a folder from which any system can load.
"""

from __future__ import annotations

import copy
import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any, Literal, Protocol

import pymarc

from marc import WriteReport, record_facts, write_iso2709, write_marcxml
from marc.fields import control
from workcell.kernel.errors import BadInput
from workcell.kernel.model import DecisionKind
from workcell.kernel.profile import Profile
from workcell.site.atomic import file_name, put, put_json
from workcell.site.bib import bib_of
from workcell.site.result import BookResult
from workcell.site.tables import csv_text, money

ITEM_COLUMNS = (
    "barcode", "accession", "record_id", "isbn", "title", "author", "volume", "copy", "location",
    "item_type", "call_number", "price", "currency", "source", "fund", "order_line", "batch", "tag_uid",
    "tag_pii", "afi", "bin", "book",
)  # fmt: skip


@dataclass(frozen=True)
class Delivery:
    """One item and its record.  ``item_id`` makes it idempotent; ``item`` has the columns of items.csv.

    ``suppressed`` says that the public catalogue must not show the record until a cataloguer signs it.
    """

    item_id: str
    batch_id: str
    record_id: str
    record: pymarc.Record
    item: Mapping[str, str]
    suppressed: bool = False

    def to_json(self) -> dict[str, Any]:
        """Plain JSON data; the record as MARC-in-JSON."""
        return {
            "item_id": self.item_id,
            "batch_id": self.batch_id,
            "record_id": self.record_id,
            "record": self.record.as_dict(),
            "item": dict(self.item),
            "suppressed": self.suppressed,
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Delivery:
        """Load what ``to_json`` made."""
        return cls(
            data["item_id"],
            data["batch_id"],
            data["record_id"],
            next(iter(pymarc.JSONReader(json.dumps([data["record"]])))),
            data["item"],
            data["suppressed"],
        )


def delivery_of(book: BookResult, profile: Profile, batch_id: str, price: Decimal | None) -> Delivery:
    """A copy's delivery; ``price`` is what the register shows.  A drafted record is delivered suppressed.

    Raises BadInput for a copy without record or marks.
    """
    if book.record is None or book.marks is None:
        raise BadInput("a copy without record or marks can't be delivered", subject=book.book_id)
    marks, order, tag = book.marks, book.order_line, book.tag
    bib = bib_of(book.record)
    item = {
        "barcode": marks.barcode,
        "accession": marks.accession,
        "record_id": bib.record_id,
        "isbn": _isbn(book, book.record, bib.isbn),
        "title": bib.title,
        "author": bib.author,
        "volume": marks.volume,
        "copy": str(marks.copy),
        "location": marks.location,
        "item_type": profile.location(marks.location).item_type,
        "call_number": marks.call_number,
        "price": money(price, profile.registers.decimals),
        "currency": book.currency or (order.currency if order else ""),
        "source": order.source if order else "",
        "fund": order.fund if order else "",
        "order_line": order.line if order else "",
        "batch": batch_id,
        "tag_uid": tag.uid if tag else "",
        "tag_pii": tag.pii if tag else "",
        "afi": f"{tag.afi:02X}" if tag else "",
        "bin": book.bin,
        "book": book.book_id,
    }
    drafted = book.decision is not None and book.decision.decision is DecisionKind.DRAFT
    record_id = bib.record_id or (book.decision.record_id if book.decision else None) or book.title_key
    return Delivery(marks.barcode or marks.accession, batch_id, record_id, book.record, item, drafted)


def _isbn(book: BookResult, record: pymarc.Record, first: str) -> str:
    """The ISBN seen on the copy when it is the record's; else the record's own, which a person chose."""
    seen = book.evidence.isbn.value if book.evidence.isbn else ""
    known = {isbn.isbn13 for isbn in record_facts(record).isbns}
    return seen if seen in known or not first else first


class LibrarySystem(Protocol):
    """A library system that takes items.

    ``deliver`` must give the same end when it is called again with the same item: the outbox sends at least
    once.  It returns the far side's answer as plain JSON data; raises DeviceGone when the system can't be
    reached (tried again later) and BadInput or Refused when it will not take this item.
    """

    name: str

    def deliver(self, delivery: Delivery) -> dict[str, Any]:
        """Take one item; the answer is kept in the outbox."""
        ...


class FileDrop:
    """A folder for each batch: every delivery is kept as a file, ``publish`` makes the load files from them.

    A batch is loaded on its own, so that neither the library system nor ``publish`` takes longer the more was
    delivered before.  items.csv is written last: a batch that has none is still to be published.
    """

    name = "file-drop"

    def __init__(self, folder: Path, format: Literal["marc21", "cnmarc"], item_field: str) -> None:
        self._folder = folder
        self._format: Literal["marc21", "cnmarc"] = format
        self._item_field = item_field

    def deliver(self, delivery: Delivery) -> dict[str, Any]:
        """Keep the delivery under its item's identifier; the same again gives the same file."""
        if not delivery.item_id:
            raise BadInput("a delivery without an item identifier", subject=delivery.record_id)
        folder = self._folder / file_name(delivery.batch_id)
        path = folder / "items" / f"{file_name(delivery.item_id)}.json"
        text = json.dumps(delivery.to_json(), ensure_ascii=False, sort_keys=True)
        (folder / "items.csv").unlink(missing_ok=True)
        put(path, text)
        return {"file": path.name, "sha256": hashlib.sha256(text.encode("utf-8")).hexdigest()}

    def publish(self) -> None:
        """Write records.mrc, records.xml and items.csv of each batch of which something has come since."""
        for items in sorted(self._folder.glob("*/items")):
            if not (items.parent / "items.csv").exists():
                found = [
                    Delivery.from_json(json.loads(path.read_text("utf-8")))
                    for path in sorted(items.glob("*.json"))
                ]
                write_load_files(items.parent, found, self._format, self._item_field)


def write_load_files(
    folder: Path, deliveries: Sequence[Delivery], format: Literal["marc21", "cnmarc"], item_field: str
) -> WriteReport:
    """Write records.mrc and records.xml (a record a title, with all items), then items.csv (a line a copy).

    suppressed.json lists the records that the public catalogue must not show yet, where there are any.
    """
    records = title_records(deliveries, item_field)
    folder.mkdir(parents=True, exist_ok=True)
    report = write_iso2709(records, folder / "records.mrc", format)
    write_marcxml(records, folder / "records.xml", format)
    suppressed = sorted({delivery.record_id for delivery in deliveries if delivery.suppressed})
    if suppressed:
        put_json(folder / "suppressed.json", suppressed)
    else:
        (folder / "suppressed.json").unlink(missing_ok=True)
    put(folder / "items.csv", csv_text(ITEM_COLUMNS, (delivery.item for delivery in deliveries)))
    return report


def title_records(deliveries: Iterable[Delivery], item_field: str) -> list[pymarc.Record]:
    """One record a title, in the order of first delivery, with the item fields of all its copies."""
    titles: dict[str, pymarc.Record] = {}
    for place, delivery in enumerate(deliveries):
        key = control(delivery.record, "001").strip() or delivery.record_id or f"#{place}"
        title = titles.get(key)
        if title is None:
            titles[key] = copy.deepcopy(delivery.record)
            continue
        present = {str(field) for field in title.get_fields(item_field)}
        for field in delivery.record.get_fields(item_field):
            if str(field) not in present:
                title.add_ordered_field(copy.deepcopy(field))
    return list(titles.values())
