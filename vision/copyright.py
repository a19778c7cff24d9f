"""The copyright page, colophon or 版权页: CIP data first, then what the publisher prints around it.

Nothing is guessed: a field is given only where a label, a pattern of the trade, or a CIP area says so.
"""

from __future__ import annotations

from collections.abc import Sequence

from vision.cip_british import read_british_block
from vision.cip_china import read_chinese_cip
from vision.cip_lc import read_lc_cip
from vision.cip_taiwan import read_taiwanese_cip
from vision.colophon import read_colophon
from vision.isbn import isbn_fields
from vision.money import find_price
from vision.printing import read_printing_history
from vision.reading import PageLine
from workcell.kernel.evidence import Fields

PAGE = "copyright_page"

_CIP_READERS = (read_chinese_cip, read_taiwanese_cip, read_lc_cip, read_british_block)
_THE_BOOK_ITSELF = ("year", "edition")
"""CIP data are older than a Chinese book: its colophon knows better."""


def read_copyright_page(lines: Sequence[PageLine]) -> Fields:
    """All fields of a copyright page; the CIP block wins over what stands around it, except for 版次."""
    around = read_printing_history(lines, PAGE) | read_colophon(lines, PAGE)
    cip = next((found for read in _CIP_READERS if (found := read(lines, PAGE))), {})
    fields = around | cip
    if "cip_number" in cip:
        fields |= {name: around[name] for name in _THE_BOOK_ITSELF if name in around}
    isbns = isbn_fields([line.as_evidence() for line in lines], PAGE)
    if isbns:
        fields["isbn"] = isbns
    price = find_price(lines, PAGE)
    if price is not None and "price" not in fields:
        fields["price"] = price
    return fields
