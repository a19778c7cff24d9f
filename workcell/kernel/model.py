"""The nouns of the line: order lines, candidates, decisions, marks, proofs, outcomes."""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal
from enum import StrEnum
from typing import Any, Literal

from pydantic import TypeAdapter


@dataclass(frozen=True)
class OrderLine:
    """What the supplier was asked for: one title, so many copies, at such a price.

    ``price`` is the unit price in ``currency`` (ISO 4217).  ``record_id`` names the preliminary record
    that the order made in the catalogue, when there is one.  ``distribution`` maps location codes to
    copies; empty leaves it to the profile.
    """

    line: str
    isbn: str = ""
    title: str = ""
    author: str = ""
    publisher: str = ""
    year: str = ""
    copies: int = 1
    price: Decimal | None = None
    currency: str = ""
    binding: str = ""
    source: Literal["purchase", "gift", "exchange", "deposit"] = "purchase"
    record_id: str = ""
    volume: str = ""
    fund: str = ""
    distribution: dict[str, int] = field(default_factory=dict)
    note: str = ""


class Verdict(StrEnum):
    """How one field of the evidence compares with a record."""

    AGREE = "agree"
    DIFFER = "differ"
    MISSING = "missing"
    DOUBTFUL = "doubtful"


@dataclass(frozen=True)
class FieldComparison:
    """One line of a score's explanation."""

    seen: str
    record: str
    verdict: Verdict
    weight: float


@dataclass(frozen=True)
class Candidate:
    """A record that might be this book.  ``score`` is 0 to 1."""

    record_id: str
    source: str
    score: float
    fields: dict[str, FieldComparison] = field(default_factory=dict)


@dataclass(frozen=True)
class Reason:
    """Why: a stable code and a sentence for a person."""

    code: str
    text: str


class DecisionKind(StrEnum):
    """What shall be done for a book's record."""

    EXISTING = "existing"
    COPY = "copy"
    UPGRADE_CIP = "upgrade_cip"
    DRAFT = "draft"
    VOLUME = "volume"
    REVIEW = "review"


@dataclass(frozen=True)
class Decision:
    """The decision on a book's record, with the candidates it was made from.

    ``source`` is the record source of ``record_id`` ("order", "catalogue", "vendor", a target's name), and
    ``order_line`` the order line that the copy is counted against, empty when it was not ordered.
    """

    decision: DecisionKind
    record_id: str | None
    score: float
    threshold: float
    reasons: tuple[Reason, ...] = ()
    candidates: tuple[Candidate, ...] = ()
    source: str = ""
    order_line: str = ""


@dataclass(frozen=True)
class Marks:
    """What is put on and into a copy.  ``tag_elements`` are values by relative OID (ISO 28560-1)."""

    barcode: str
    accession: str
    location: str
    call_number: str
    spine_lines: tuple[str, ...]
    tag_elements: dict[int, str] = field(default_factory=dict)
    bin: str = ""
    copy: int = 1
    volume: str = ""


@dataclass(frozen=True)
class Proof:
    """One comparison at the verify station: what should be there against what was read."""

    what: str
    expected: str
    seen: str
    holds: bool
    image: str = ""


class Outcome(StrEnum):
    """How a book left the line."""

    CATALOGUED = "catalogued"
    REVIEW = "review"
    REJECTED = "rejected"
    MISSING = "missing"


_DECISION: TypeAdapter[Decision] = TypeAdapter(Decision)
_MARKS: TypeAdapter[Marks] = TypeAdapter(Marks)
_ORDER: TypeAdapter[OrderLine] = TypeAdapter(OrderLine)


def decision_to_json(decision: Decision) -> dict[str, Any]:
    """Plain JSON data in the shape of the contract (``marc match --json``)."""
    return _DECISION.dump_python(decision, mode="json")  # type: ignore[no-any-return]


def decision_from_json(data: object) -> Decision:
    """Validate and load a decision."""
    return _DECISION.validate_python(data)


def marks_to_json(marks: Marks) -> dict[str, Any]:
    """Plain JSON data."""
    return _MARKS.dump_python(marks, mode="json")  # type: ignore[no-any-return]


def marks_from_json(data: object) -> Marks:
    """Validate and load marks."""
    return _MARKS.validate_python(data)


def order_to_json(order: OrderLine) -> dict[str, Any]:
    """Plain JSON data."""
    return _ORDER.dump_python(order, mode="json")  # type: ignore[no-any-return]


def order_from_json(data: object) -> OrderLine:
    """Validate and load an order line."""
    return _ORDER.validate_python(data)
