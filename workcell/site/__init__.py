"""The site: what is shared by its lines and outlives them, and what a batch leaves behind."""

# In reading order.
# isort: off
from workcell.site.store import Site
from workcell.site.number_model import NumberOwner, NumberState
from workcell.kernel.number_ranges import write_number
from workcell.site.cases import Answer, AnswerKind, Case, CaseKind
from workcell.site.review import Ruling, Way, check_answer, offered, rule
from workcell.site.order_files import InvoiceLine, load_invoice, load_orders
from workcell.site.receiving import Reconciliation, reconcile
from workcell.site.reworks import Begun, Redo, Reworks
from workcell.site.delivery import Delivery, FileDrop, LibrarySystem, delivery_of
from workcell.site.outbox import work_outbox
from workcell.site.oee import Oee, Span, Stop, Times, UnitTimes, oee_of
from workcell.site.result import (
    AlarmResult,
    BatchResult,
    BookResult,
    ImageResult,
    LabelResult,
    Pace,
    SpineResult,
    TagResult,
    VoidedNumber,
)
from workcell.site.output import deliveries_of, write_output

__all__ = [  # noqa: RUF022
    "Site",
    "NumberOwner",
    "NumberState",
    "write_number",
    "Case",
    "CaseKind",
    "Answer",
    "AnswerKind",
    "offered",
    "check_answer",
    "rule",
    "Ruling",
    "Way",
    "InvoiceLine",
    "load_orders",
    "load_invoice",
    "reconcile",
    "Reconciliation",
    "Redo",
    "Begun",
    "Reworks",
    "Delivery",
    "delivery_of",
    "LibrarySystem",
    "FileDrop",
    "work_outbox",
    "Times",
    "UnitTimes",
    "Span",
    "Stop",
    "Oee",
    "oee_of",
    "BatchResult",
    "BookResult",
    "ImageResult",
    "LabelResult",
    "SpineResult",
    "TagResult",
    "VoidedNumber",
    "AlarmResult",
    "Pace",
    "write_output",
    "deliveries_of",
]
