"""Labels: symbols, call-number lines, layout, printer languages and printers."""

from label_print.by_profile import (
    BookLabel,
    check_labels,
    labels_of_a_copy,
    line_options,
    local_rules,
    spine_label_of,
)
from label_print.callnumber import LineOptions, LocalRules, local_rule, spine_lines
from label_print.check_digits import (
    CHECK_DIGITS,
    code39_check_character,
    ean13_check_digit,
    is_library_number,
    library_check_digit,
)
from label_print.cups import CupsPrinter
from label_print.label import Label
from label_print.layout import Stock, barcode_label, render, spine_label
from label_print.matrix import MATRIX_SYMBOLOGIES
from label_print.print_run import Job, PrintRun, RunRecord
from label_print.printers import FilePrinter, TsplPrinter, ZplPrinter, open_printer
from label_print.problems import PROBLEMS, NotReady
from label_print.schemes import Scheme
from label_print.sheets import Sheet, load_sheet, sheet_images, sheet_pdf
from label_print.sortkeys import sort_key
from label_print.symbols import SYMBOLOGIES, symbol_of
from label_print.templates import Template, load_template
from label_print.translation import LANGUAGES, said_in
from label_print.tspl import tspl_job
from label_print.zpl import HostStatus, parse_host_status, zpl_bitmap, zpl_job

__all__ = [  # noqa: RUF022 - in reading order
    "spine_lines", "sort_key", "Scheme", "LineOptions", "LocalRules", "local_rule",
    "SYMBOLOGIES", "MATRIX_SYMBOLOGIES", "symbol_of",
    "CHECK_DIGITS", "is_library_number", "library_check_digit", "code39_check_character", "ean13_check_digit",
    "barcode_label", "spine_label", "Stock", "Label", "Template", "load_template", "render",
    "line_options", "local_rules", "labels_of_a_copy", "check_labels", "spine_label_of", "BookLabel",
    "Sheet", "load_sheet", "sheet_pdf", "sheet_images",
    "LANGUAGES", "said_in", "zpl_job", "zpl_bitmap", "tspl_job", "HostStatus", "parse_host_status",
    "open_printer", "ZplPrinter", "TsplPrinter", "CupsPrinter", "FilePrinter", "PROBLEMS", "NotReady",
    "PrintRun", "RunRecord", "Job",
]  # fmt: skip
