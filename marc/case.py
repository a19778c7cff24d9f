"""Everything that a decision about a book is made from."""

from __future__ import annotations

from dataclasses import dataclass

from marc.catalogue import Catalogue
from marc.facts import RecordFacts
from marc.matching import Match
from marc.orders import OrderMatch
from marc.seen import full_title
from workcell.kernel.evidence import Evidence
from workcell.kernel.model import OrderLine
from workcell.kernel.profile import Profile

OWN_SOURCES = ("order", "catalogue")
"""Sources whose records are the library's own."""


@dataclass(frozen=True)
class Source:
    """A named catalogue ("order", "catalogue", "vendor" …); the profile says which comes first."""

    name: str
    catalogue: Catalogue


@dataclass(frozen=True)
class Considered:
    """A record that was looked at: where it came from, what it says, how it compares."""

    source: str
    record_id: str
    facts: RecordFacts
    match: Match


@dataclass(frozen=True)
class Case:
    """Everything that a decision is made from."""

    evidence: Evidence
    considered: tuple[Considered, ...]
    order: OrderMatch | None
    ordered: bool
    profile: Profile

    @property
    def line(self) -> OrderLine | None:
        """The order line that the book may be counted against."""
        return self.order.line if self.order and self.order.holds else None

    @property
    def threshold(self) -> float:
        """The score from which a record counts as this book."""
        return self.profile.records.threshold

    @property
    def title(self) -> str:
        """Title and subtitle as seen."""
        return full_title(self.evidence)
