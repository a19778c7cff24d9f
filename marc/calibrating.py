"""What a threshold costs: wrong accepts against books that wait for a person, from cases that were judged.

The interval of a share is Wilson's (E. B. Wilson, JASA 22, 1927), 95 %: with few cases it stays wide, and
that is the honest answer.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

THRESHOLDS = (0.5, 0.6, 0.7, 0.75, 0.8, 0.85, 0.9, 0.925, 0.95, 0.97, 0.98, 0.99, 0.995)
_Z = 1.96


@dataclass(frozen=True)
class Judged:
    """A best candidate's score, and whether it was the right record as a person said."""

    score: float
    right: bool


@dataclass(frozen=True)
class AtThreshold:
    """What would have happened at a threshold.

    ``accepted`` books would have gone on alone, ``wrong`` of them with the wrong record; ``queue`` would have
    waited for a person.  ``low`` and ``high`` bound the share of wrong ones among those accepted.
    """

    threshold: float
    accepted: int
    wrong: int
    share: float
    low: float
    high: float
    queue: int


@dataclass(frozen=True)
class Suggestion:
    """A threshold that keeps wrong accepts at the target.

    ``sure`` says that even the interval's upper end does; else the cases are too few to say so, and
    ``needed`` accepted ones without a mistake would be.
    """

    threshold: float
    sure: bool
    needed: int


def calibration(cases: Sequence[Judged], thresholds: Iterable[float] = THRESHOLDS) -> list[AtThreshold]:
    """A line for each threshold, rising."""
    return [_at(cases, threshold) for threshold in sorted(thresholds)]


def suggest(lines: Sequence[AtThreshold], target: float) -> Suggestion | None:
    """The lowest threshold from which on no line has more wrong accepts than ``target``, or None."""
    fitting: list[AtThreshold] = []
    for line in reversed([line for line in lines if line.accepted]):
        if line.share > target:
            break
        fitting.append(line)
    if not fitting:
        return None
    sure = [line for line in fitting if line.high <= target]
    chosen = min(sure or fitting, key=lambda line: line.threshold)
    return Suggestion(chosen.threshold, bool(sure), needed_for(target))


def needed_for(target: float) -> int:
    """So many accepted books without a mistake keep the interval's upper end at the target."""
    return math.ceil(_Z * _Z * (1.0 - target) / target)


def interval(hits: int, of: int) -> tuple[float, float]:
    """Wilson's interval of a share."""
    if not of:
        return 0.0, 1.0
    share, spread = hits / of, _Z * _Z / of
    middle = (share + spread / 2) / (1 + spread)
    half = _Z * math.sqrt(share * (1 - share) / of + spread / (4 * of)) / (1 + spread)
    return max(0.0, middle - half), min(1.0, middle + half)


def _at(cases: Sequence[Judged], threshold: float) -> AtThreshold:
    accepted = [case for case in cases if case.score >= threshold]
    wrong = sum(not case.right for case in accepted)
    low, high = interval(wrong, len(accepted))
    share = wrong / len(accepted) if accepted else 0.0
    queue = len(cases) - len(accepted)
    return AtThreshold(threshold, len(accepted), wrong, round(share, 5), round(low, 5), round(high, 5), queue)
