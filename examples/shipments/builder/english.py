"""All files of the English shipment."""

from __future__ import annotations

from pathlib import Path

from builder import english_pages, files, marc21
from builder.facts import EnglishShipment, EnglishTitle, load
from builder.numbers import item_barcode


def build(folder: Path) -> dict[str, bytes]:
    """Generate the files of the shipment whose titles.toml stands in ``folder``, by name."""
    shipment = load(folder / "titles.toml", EnglishShipment)
    terms = shipment.shipment
    titles = shipment.title
    billed = [title for title in titles if files.invoiced(title)]
    return {
        "orders.csv": files.table(
            files.ORDER_COLUMNS, [_order(shipment, title) for title in titles if title.ordered]
        ),
        "invoice.csv": files.table(
            files.INVOICE_COLUMNS,
            [files.invoice_row(title, terms.currency, terms.discount, _name(title)) for title in billed],
        ),
        "catalogue.mrc": _catalogue(shipment),
        "vendor.mrc": b"".join(marc21.vendor_record(shipment, title) for title in titles if title.vendor),
        "box.json": files.box(
            files.box_entry(title, english_pages.faces(shipment, title)) for title in titles if title.in_box
        ),
    }


def _name(title: EnglishTitle) -> str:
    printed = english_pages.printed_case(title.title)
    return f"{printed} ({title.volume_printed})" if title.volume_printed else printed


def _order(shipment: EnglishShipment, title: EnglishTitle) -> dict[str, str]:
    facts = {
        "title": english_pages.printed_case(title.title),
        "author": title.creator.name,
        "publisher": title.publisher_name or shipment.publishers[title.publisher].name,
        "year": str(title.year),
        "record_id": marc21.catalogue_id(title) if title.catalogue == "order" else "",
    }
    return files.order_row(title, shipment.shipment.currency, facts)


def _catalogue(shipment: EnglishShipment) -> bytes:
    on_file = [*shipment.on_file, *(title for title in shipment.title if title.catalogue)]
    serials = iter(range(1, 1000))
    records = []
    for title in on_file:
        barcodes = [item_barcode(shipment.shipment.institution, next(serials)) for _ in title.items]
        records.append(marc21.catalogue_record(shipment, title, barcodes))
    return b"".join(records)
