"""The copyright page, colophon or 版权页: CIP data first, then what the publisher prints around it.

Nothing is guessed: a field is given only where a label, a pattern of the trade, or a CIP area says so.
"""

from __future__ import annotations

import re
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

_MARKS = tuple(
    re.compile(words, re.IGNORECASE)
    for words in (
        r"©|\(c\) ?(?:19|20)\d{2}|copyright",
        r"all rights reserved|tous droits|todos los derechos|alle rechte|tutti i diritti|版[权權]所有",
        r"first published|published by|dépôt légal|depósito legal|legal deposit",
        r"printed (?:and bound )?in|imprimé en|impreso en|gedruckt in|stampato in|druck und bindung",
        r"titre original|título original|originaltitel|titolo originale",
        r"primera edición|auflage|édition originale|prima edizione|第[1-9一二三]版|初版|版次",
        r"次印刷|印\s*次|[一二三]刷|印\s*[张数]|开\s*本|字\s*数",
        r"统一书号|新华书店|[书書]\s*号|出版(?:者|发行)|[发發]行人|責任編輯|责任编辑|定\s*[价價]",
    )
)
_LEAST_MARKS = 3


def is_copyright_text(lines: Sequence[PageLine]) -> bool:
    """Whether a page says so much of rights, printing and editions that it can be nothing else."""
    text = "\n".join(line.text for line in lines)
    return sum(bool(mark.search(text)) for mark in _MARKS) >= _LEAST_MARKS


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
