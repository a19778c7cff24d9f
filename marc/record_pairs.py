"""Do two records describe the same book?  A calibrated probability with a verdict on every field.

The model is the mean of two: monotone boosted trees, and an additive one whose curves can be read.  It was
trained by ``script/train-matching pairs``; what on, and how it did on clusters of records that it had not
seen, stands in its file (``provenance``) and in docs/explanation/how-a-book-finds-its-record.md.

The labelled pairs had no identifiers, so those are added by hand-set log-odds: a shared number speaks for one
book, two different ISBNs speak against it, and neither decides alone.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from pymarc import Record

from marc import scoring
from marc.fields import values
from marc.record_features import NAMES, Feature, features
from marc.record_view import RecordView, record_view
from workcell.kernel.model import Verdict

_MODEL = "record_pairs"
_SHARED_NUMBER = 2.0
_OTHER_ISBN = -1.5
_ANOTHER = 0.2
_PAGES_APART = 0.025
_SAME_PART = 0.9


@dataclass(frozen=True)
class PairField:
    """One field of both records and how it compares; values as they stand, joined by semicolons."""

    a: str
    b: str
    verdict: Verdict


@dataclass(frozen=True)
class RecordMatch:
    """Probability that two records describe the same book, and the verdicts that a person can check."""

    score: float
    fields: dict[str, PairField]

    def same(self, threshold: float | None = None) -> bool:
        """Whether the score reaches the threshold; the model's own when none is given."""
        return self.score >= (default_threshold() if threshold is None else threshold)


def compare_records(one: Record, other: Record) -> RecordMatch:
    """Score two records; the order of the two makes no difference to the score."""
    return compare_views(record_view(one), record_view(other), _identifiers(one), _identifiers(other))


def default_threshold(purpose: Literal["accuracy", "few_false"] = "accuracy") -> float:
    """The score from which records count as the same.

    ``accuracy`` makes the fewest mistakes of both kinds; ``few_false`` takes at most two in a thousand
    different pairs for the same.
    """
    return scoring.load(_MODEL).thresholds[purpose]


def compare_views(
    one: RecordView, other: RecordView, numbers: frozenset[str], others: frozenset[str]
) -> RecordMatch:
    """Score two views, each with its record's identifiers."""
    measured = features(one, other)
    odds = scoring.load(_MODEL).log_odds(measured) + _by_identifiers(one, other, numbers & others)
    by_name = dict(zip(NAMES, measured, strict=True))
    fields = {name: look(one, other, by_name) for name, look in _LOOKS.items()}
    score = min(scoring.probability(odds), _ceiling(by_name))
    return RecordMatch(round(score, 5), fields)


def _ceiling(measured: dict[str, Feature]) -> float:
    """What no sum of agreements lifts a score above: another edition, another part.

    In the labelled pairs not one of those that this holds down was the same book; there were too few of them
    for the model to learn it.
    """

    def known(name: str) -> float:
        return measured[name] or 0.0

    pages = known("pages_apart")
    other_edition = known("edition_numbers") > 0 and known("years_differ") > 1 and pages > _PAGES_APART
    one_part = measured["part_said"] == 1.0 and pages > _PAGES_APART
    likeness = measured["part_ratio"]
    other_part = likeness is not None and likeness < _SAME_PART
    return _ANOTHER if other_edition or one_part or other_part else 1.0


def _by_identifiers(one: RecordView, other: RecordView, shared: frozenset[str]) -> float:
    left, right = (_isbns(side) for side in (one, other))
    if shared or left & right:
        return _SHARED_NUMBER
    return _OTHER_ISBN if left and right else 0.0


def _isbns(view: RecordView) -> set[str]:
    return {entry.isbn13 for entry in view.facts.isbns if entry.isbn13 and not entry.cancelled}


def _identifiers(record: Record) -> frozenset[str]:
    """LCCN and numbers of other systems (010 $a, 035 $a); in UNIMARC 010 is the ISBN, so only 035."""
    unimarc = bool(record.get_fields("200")) and not record.get_fields("245")
    lccn = [] if unimarc else values(record, "010", "a")
    return frozenset(re.sub(r"\s+", "", number) for number in [*lccn, *values(record, "035", "a")])


# --- verdicts --------------------------------------------------------------------------------------------

_Look = Callable[[RecordView, RecordView, dict[str, Feature]], PairField]


def _by(name: str, agree: float, doubtful: float, shown: Callable[[RecordView], str]) -> _Look:
    """A look at a feature that grows with likeness; below both limits the field differs."""

    def look(one: RecordView, other: RecordView, measured: dict[str, Feature]) -> PairField:
        likeness = measured[name]
        return PairField(shown(one), shown(other), _verdict(likeness, agree, doubtful))

    return look


def _verdict(likeness: Feature, agree: float, doubtful: float) -> Verdict:
    if likeness is None:
        return Verdict.MISSING
    if likeness >= agree:
        return Verdict.AGREE
    return Verdict.DOUBTFUL if likeness >= doubtful else Verdict.DIFFER


def _apart(name: str, agree: float, doubtful: float, shown: Callable[[RecordView], str]) -> _Look:
    """A look at a feature that grows with distance."""

    def look(one: RecordView, other: RecordView, measured: dict[str, Feature]) -> PairField:
        distance = measured[name]
        verdict = _verdict(None if distance is None else -distance, -agree, -doubtful)
        return PairField(shown(one), shown(other), verdict)

    return look


def _isbn_look(one: RecordView, other: RecordView, measured: dict[str, Feature]) -> PairField:
    left, right = (_isbns(side) for side in (one, other))
    verdict = Verdict.MISSING
    if left and right:
        verdict = Verdict.AGREE if left & right else Verdict.DIFFER
    return PairField("; ".join(sorted(left)), "; ".join(sorted(right)), verdict)


_LOOKS: dict[str, _Look] = {
    "isbn": _isbn_look,
    "title": _by("title_sorted", 0.9, 0.7, lambda view: view.facts.full_title),
    "part": _by("part_ratio", 0.9, 0.7, lambda view: view.part),
    "names": _by("names_best", 0.8, 0.6, lambda view: "; ".join(view.facts.names[:3])),
    "responsibility": _by("responsibility_set", 0.8, 0.5, lambda view: view.facts.responsibility),
    "edition": _apart("edition_numbers", 0.0, 0.0, lambda view: view.facts.edition),
    "place": _by("place_best", 0.85, 0.6, lambda view: view.facts.place),
    "publisher": _by("publisher_core", 0.99, 0.5, lambda view: "; ".join(view.facts.publishers[:2])),
    "year": _apart("years_differ", 0.0, 1.0, lambda view: "; ".join(map(str, view.facts.years))),
    "pages": _apart("pages_apart", 0.01, 0.05, lambda view: view.facts.extent),
    "height": _apart("height", 1.0, 2.0, lambda view: _height(view)),
    "series": _by("series_best", 0.8, 0.5, lambda view: "; ".join(view.facts.series[:2])),
    "language": _by("language", 1.0, 1.0, lambda view: view.language),
}


def _height(view: RecordView) -> str:
    return "" if view.facts.height_cm is None else f"{view.facts.height_cm:g} cm"
