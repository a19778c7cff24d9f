"""A number and its labels as they stand, and what may follow what."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Literal

from workcell.kernel.profile import Surface

NumberKind = Literal["item", "accession"]


class NumberState(StrEnum):
    """Where a number, or one label with it, stands."""

    RESERVED = "reserved"
    PRINTED = "printed"
    APPLIED = "applied"
    VERIFIED = "verified"
    VOIDED = "voided"


# What may follow what in the life of one label; None is a label that is not printed yet.
LABEL_STEPS: dict[NumberState | None, frozenset[NumberState]] = {
    None: frozenset({NumberState.PRINTED}),
    NumberState.PRINTED: frozenset({NumberState.APPLIED, NumberState.VOIDED}),
    NumberState.APPLIED: frozenset({NumberState.VERIFIED, NumberState.VOIDED}),
    NumberState.VERIFIED: frozenset({NumberState.VOIDED}),
    NumberState.VOIDED: frozenset({NumberState.PRINTED}),
}


@dataclass(frozen=True)
class NumberOwner:
    """Who asks for a number.  Asking again with the same effect (or book, without one) gives the same."""

    line_id: str
    batch_id: str
    book_id: str
    effect_id: str = ""

    @property
    def claim(self) -> str:
        """What the number is tied to."""
        return f"{self.line_id}/{self.effect_id or self.book_id}"


@dataclass(frozen=True)
class NumberLine:
    """A number as it stands."""

    kind: NumberKind
    number: str
    state: NumberState
    line_id: str
    batch_id: str
    book_id: str
    reason: str
    changed_at: str


@dataclass
class RangeSummary:
    """How far a range is used: the first and last serial given, and how many numbers are in which state."""

    kind: NumberKind
    name: str
    first: int
    last: int
    states: dict[NumberState, int] = field(default_factory=dict)


@dataclass(frozen=True)
class LabelLine:
    """A label that carries a number.  ``attempt`` rises with each reprint after a voided one."""

    surface: Surface
    copy: int
    attempt: int
    state: NumberState
    reason: str


@dataclass(frozen=True)
class LedgerLine:
    """One thing that happened; ``surface`` is empty where it happened to the number itself."""

    kind: NumberKind
    number: str
    surface: str
    copy: int
    attempt: int
    state: NumberState
    at: str
    reason: str
