"""What a batch came to: the plain data from which registers, report, passports and records are made.

The line fills these from its events; nothing here knows how a line works.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from pathlib import Path

import pymarc

from workcell.kernel.events import Event
from workcell.kernel.evidence import Evidence
from workcell.kernel.model import Decision, Marks, OrderLine, Outcome, Proof, Reason
from workcell.kernel.profile import Profile, Surface
from workcell.site.cases import Case
from workcell.site.oee import Times
from workcell.site.order_files import InvoiceLine
from workcell.site.spot_checks import SpotCheck


@dataclass(frozen=True)
class LabelResult:
    """One label with the item barcode: where it went, and the very bitmap and job that were printed."""

    surface: Surface
    barcode: str
    png: bytes = b""
    zpl: bytes = b""


@dataclass(frozen=True)
class SpineResult:
    """The spine label: its lines, bitmap and printer job."""

    lines: tuple[str, ...]
    png: bytes = b""
    zpl: bytes = b""


@dataclass(frozen=True)
class TagResult:
    """What stands in the tag: ``hex`` is the whole user memory, ``elements`` values by relative OID."""

    uid: str
    afi: int
    hex: str
    pii: str
    elements: dict[int, str] = field(default_factory=dict)
    dsfid: int | None = None


@dataclass(frozen=True)
class ImageResult:
    """One picture of a copy.  ``path`` is relative to the output folder and stands below ``images/``.

    ``source`` is where the picture is kept now; ``write_output`` copies it to ``path``.  None when ``path``
    is there already.  ``sha256`` ties it to the image in the evidence.
    """

    role: str
    path: str
    source: Path | None = None
    sha256: str = ""
    station: str = ""


@dataclass(frozen=True)
class BookResult:
    """One physical copy and all that became of it.

    ``record`` is the title's record as it leaves, with this copy's item in it.  Books with one ``set_id``
    are the volumes of a set whose price is the ``price`` of each.  ``voided`` are the numbers that were
    reserved for this copy and given up.  ``seconds`` is cycle time by station; ``left_after`` the seconds
    from the start of the batch to the book's exit.
    """

    book_id: str
    track_id: int
    outcome: Outcome
    reasons: tuple[Reason, ...] = ()
    evidence: Evidence = field(default_factory=Evidence)
    decision: Decision | None = None
    title_key: str = ""
    marks: Marks | None = None
    record: pymarc.Record | None = None
    tag: TagResult | None = None
    labels: tuple[LabelResult, ...] = ()
    spine: SpineResult | None = None
    proofs: tuple[Proof, ...] = ()
    images: tuple[ImageResult, ...] = ()
    events: tuple[Event, ...] = ()
    seconds: dict[str, float] = field(default_factory=dict)
    order_line: OrderLine | None = None
    price: Decimal | None = None
    currency: str = ""
    set_id: str = ""
    bin: str = ""
    case_id: str = ""
    voided: tuple[str, ...] = ()
    left_after: float | None = None


@dataclass(frozen=True)
class VoidedNumber:
    """A number that will never be used, and why; it explains its gap in the registers."""

    kind: str
    number: str
    reason: str
    at: str
    book_id: str = ""


@dataclass(frozen=True)
class AlarmResult:
    """An alarm of the batch; ``cleared_at`` is empty while it stands."""

    at: str
    text: str
    remedy: str = ""
    book_id: str = ""
    cleared_at: str = ""


@dataclass(frozen=True)
class Pace:
    """What the batch's speed is measured by.

    ``limit_per_hour`` is what the layout's own times allow, ``compute_per_hour`` what the measured computing
    time allows (None where it was not measured); ``compute_bound`` says that computing was the narrower one.
    """

    limit_per_hour: float
    compute_per_hour: float | None = None
    compute_bound: bool = False


@dataclass(frozen=True)
class BatchResult:
    """A whole batch.  ``books`` stand in the order in which they were fed.

    ``cases`` are those of this batch, decided ones too; ``spot_checks`` those of all batches.
    ``boxes_emptied`` is False when feeding stopped before the shipment was through: what is not here is then
    still awaited and not short.  ``times`` is None where no unit was watched.
    """

    batch_id: str
    line_id: str
    profile: Profile
    started_at: datetime
    seconds: float
    pace: Pace
    books: tuple[BookResult, ...] = ()
    orders: tuple[OrderLine, ...] = ()
    invoice: tuple[InvoiceLine, ...] | None = None
    cases: tuple[Case, ...] = ()
    voided: tuple[VoidedNumber, ...] = ()
    spot_checks: tuple[SpotCheck, ...] = ()
    alarms: tuple[AlarmResult, ...] = ()
    boxes_emptied: bool = True
    notes: tuple[str, ...] = ()
    times: Times | None = None
