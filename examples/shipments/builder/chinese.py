"""All files of the Chinese shipment."""

from __future__ import annotations

from pathlib import Path

from builder import chinese_pages, cnmarc, files
from builder.facts import ChineseShipment, ChineseTitle, load
from builder.numbers import item_barcode


def build(folder: Path) -> dict[str, bytes]:
    """Generate the files of the shipment whose titles.toml stands in ``folder``, by name."""
    shipment = load(folder / "titles.toml", ChineseShipment)
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
        "vendor.mrc": b"".join(cnmarc.vendor_record(shipment, title) for title in titles if title.vendor),
        "box.json": files.box(
            files.box_entry(title, chinese_pages.faces(shipment, title)) for title in titles if title.in_box
        ),
    }


def _name(title: ChineseTitle) -> str:
    return (
        f"{title.title}（{title.volume_printed}）"
        if title.pieces > 1 and title.volume != "全三册"
        else title.title
    )


def _order(shipment: ChineseShipment, title: ChineseTitle) -> dict[str, str]:
    publisher = shipment.publishers[title.publisher]
    facts = {
        "title": title.title,
        "author": title.people[0].name,
        "publisher": publisher.name,
        "year": str(title.year),
        "record_id": cnmarc.catalogue_id(title) if title.catalogue == "order" else "",
    }
    return files.order_row(title, shipment.shipment.currency, facts)


def _catalogue(shipment: ChineseShipment) -> bytes:
    on_file = [*shipment.on_file, *(title for title in shipment.title if title.catalogue)]
    serials = iter(range(1, 1000))
    records = []
    for title in on_file:
        barcodes = [item_barcode(shipment.shipment.institution, next(serials)) for _ in title.items]
        records.append(cnmarc.catalogue_record(shipment, title, barcodes))
    return b"".join(records)
