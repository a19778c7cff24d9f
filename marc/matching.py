"""Is this record this book?  A calibrated probability that explains itself field by field.

Each field adds its weight to a sum of log-odds: a positive one where evidence and record agree, a negative
one where they differ, nothing where either is silent.  What the camera is unsure of weighs less.  The weights
are curves trained by ``script/train-matching evidence`` on evidence made from records the way cameras and
recognition spoil it (``evidence_match.json``, with its provenance); likeness only ever speaks for a record.

An ISBN alone never makes a match: publishers reuse, misprint and share them, so without an agreeing title
the score stays below every threshold that a profile may set.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from marc import scoring
from marc.evidence_features import FIELDS, Look, feature_values, looks
from marc.facts import RecordFacts
from marc.seen import (
    evidence_isbns,
    misprinted_isbns,
    short_title_fits,
    title_likeness,
    title_verdict,
    titles_alike,
)
from workcell.kernel.evidence import Evidence
from workcell.kernel.model import FieldComparison, Verdict

__all__ = [
    "Match",
    "ceiling",
    "compare",
    "evidence_isbns",
    "misprinted_isbns",
    "short_title_fits",
    "title_likeness",
    "title_verdict",
    "titles_alike",
]

_MODEL = "evidence_match"
_WITHOUT_TITLE = 0.45
"""Ceiling of the score when the title is missing on either side or differs: below any allowed threshold."""

_DOUBTED = 0.8
"""Ceiling where a reprint, another binding or another edition can't be told from this one.

Under the same ISBN that is where two telling fields differ, and where the record names an edition that the
book did not show and the year does not confirm.  Where no ISBN agrees it is where one telling field differs,
where the year is not the same, and where the record has an ISBN that could not be read on the book.
"""
_TELLING = ("names", "edition", "publisher", "year", "pages")


@dataclass(frozen=True)
class Match:
    """The score of one record with its explanation, in the order in which a cataloguer would look."""

    score: float
    fields: dict[str, FieldComparison]

    def verdict(self, name: str) -> Verdict:
        """The verdict on a field; MISSING when it was not compared."""
        held = self.fields.get(name)
        return held.verdict if held else Verdict.MISSING


def compare(evidence: Evidence, facts: RecordFacts) -> Match:
    """Score a record against a book's evidence."""
    found, model = looks(evidence, facts), scoring.load(_MODEL)
    parts = model.parts(feature_values(found))
    weights = {name: parts[at] + parts[at + len(FIELDS)] for at, name in enumerate(FIELDS)}
    fields = {
        name: FieldComparison(look.seen, look.record, look.verdict, round(weights[name] * look.sure, 3))
        for name, look in found.items()
    }
    odds = model.scale * model.intercept + model.shift + sum(field.weight for field in fields.values())
    return Match(round(min(scoring.probability(odds), ceiling(found)), 4), fields)


def ceiling(found: Mapping[str, Look]) -> float:
    """What no sum of other agreements lifts a score above."""
    verdicts = {name: look.verdict for name, look in found.items()}
    if verdicts.get("title", Verdict.MISSING) in (Verdict.MISSING, Verdict.DIFFER):
        return _WITHOUT_TITLE
    differing = sum(verdicts.get(name) is Verdict.DIFFER for name in _TELLING)
    number = found.get("isbn")
    if number is not None and number.verdict is Verdict.AGREE:
        return _DOUBTED if differing > 1 or _edition_open(found) else 1.0
    unread = number is not None and number.verdict is Verdict.MISSING and bool(number.record)
    if unread or differing or verdicts.get("year") is not Verdict.AGREE:
        return _DOUBTED
    return 1.0


def _edition_open(found: Mapping[str, Look]) -> bool:
    """Whether the record names an edition, the book shows none, and no year says that it is the one."""
    edition, year = found.get("edition"), found.get("year")
    unseen = edition is not None and edition.verdict is Verdict.DOUBTFUL and not edition.seen
    return unseen and (year is None or year.verdict is not Verdict.AGREE)
