"""Labels: symbols, call-number lines, layout, printer languages and printers."""

from label_print.callnumber import LineOptions, LocalRules, Scheme, spine_lines
from label_print.label import Label
from label_print.layout import Stock, barcode_label, spine_label
from label_print.printers import FilePrinter, ZplPrinter
from label_print.sortkeys import sort_key
from label_print.symbols import (
    SYMBOLOGIES,
    code39_check_character,
    ean13_check_digit,
    is_library_number,
    library_check_digit,
)
from label_print.zpl import HostStatus, parse_host_status, zpl_job

__all__ = [  # noqa: RUF022 - in reading order
    "spine_lines", "sort_key", "Scheme", "LineOptions", "LocalRules",
    "barcode_label", "spine_label", "Stock", "Label",
    "SYMBOLOGIES", "is_library_number", "library_check_digit", "code39_check_character", "ean13_check_digit",
    "ZplPrinter", "FilePrinter", "zpl_job", "HostStatus", "parse_host_status",
]  # fmt: skip
