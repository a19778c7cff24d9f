"""The files of a shipment: orders.csv, invoice.csv, box.json, and what both libraries' records share."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable, Sequence
from typing import Any

from builder.facts import Copy, plain

ORDER_COLUMNS = (
    "line", "isbn", "title", "author", "publisher", "year", "copies", "price", "currency", "binding",
    "source", "record_id", "volume", "fund", "distribution", "note",
)  # fmt: skip
INVOICE_COLUMNS = ("line", "isbn", "title", "copies", "unit_price", "currency", "discount_percent")


def order_row(title: Copy, currency: str, facts: dict[str, str]) -> dict[str, str]:
    """Write an order line; ``facts`` are what is written differently in each language."""
    gift = title.order.source == "gift"
    return {
        "line": str(title.number),
        "isbn": plain(title.isbn),
        "copies": str(title.order.copies),
        "price": title.price,
        "currency": "" if gift else currency,
        "binding": title.binding,
        "source": title.order.source,
        "volume": title.volume,
        "fund": title.order.fund,
        "distribution": title.order.distribution,
        "note": title.order.note,
        **facts,
    }


def invoice_row(title: Copy, currency: str, discount: int, name: str) -> dict[str, str]:
    """Write an invoice line: what the supplier says it sent, at its price."""
    return {
        "line": str(title.number),
        "isbn": plain(title.isbn),
        "title": name,
        "copies": str(invoiced(title)),
        "unit_price": title.invoice.unit_price or title.price,
        "currency": currency,
        "discount_percent": str(discount),
    }


def invoiced(title: Copy) -> int:
    """How many copies the invoice charges."""
    return title.order.copies if title.invoice.copies is None else title.invoice.copies


def table(columns: Sequence[str], rows: Iterable[dict[str, str]]) -> bytes:
    """Write a CSV file in UTF-8 with a heading line."""
    text = io.StringIO()
    writer = csv.DictWriter(text, columns, lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue().encode("utf-8")


def box_entry(title: Copy, faces: dict[str, Any]) -> dict[str, Any]:
    """One entry of box.json: the physical facts of ``title`` around its printed ``faces``."""
    height, width, thickness, weight = title.size
    return {
        "title_id": title.id,
        "copies": title.in_box,
        "showcase": title.showcase,
        "isbn": plain(title.printed_barcode or title.isbn) if title.barcode and title.isbn else None,
        "addon": faces["addon"] if title.barcode else None,
        "language": faces["language"],
        "direction": title.direction,
        "binding": title.binding,
        "height_mm": height,
        "width_mm": width,
        "thickness_mm": thickness,
        "weight_g": weight,
        "cover": faces["cover"],
        "back_cover": faces["back_cover"],
        "back_price": faces["back_price"],
        "back_isbn_text": title.barcode and bool(title.isbn),
        "title_page": faces["title_page"],
        "copyright_page": faces["copyright_page"],
        "colophon": list(title.colophon) or faces.get("colophon"),
        "last_page_text": faces["last_page_text"],
        "last_page_number": title.last_page,
        "slip": title.slip,
        "insert": title.insert,
        "expect": title.expect,
    }


def box(entries: Iterable[dict[str, Any]]) -> bytes:
    """box.json."""
    content = {"schema": "box/1", "titles": list(entries)}
    return (json.dumps(content, ensure_ascii=False, indent=1) + "\n").encode("utf-8")
