"""The part of the report on what the time was spent on: OEE, chart, stops."""

from __future__ import annotations

from dataclasses import dataclass

from markupsafe import Markup

from workcell.site.chart import GROUPS, group_of, time_state_chart
from workcell.site.oee import Oee, Stop, oee_of
from workcell.site.result import BatchResult
from workcell.site.words import Words

_LONGEST = 20


@dataclass(frozen=True)
class StopLine:
    """A stop with its reason in words."""

    reason: str
    stop: Stop
    seconds: float


@dataclass(frozen=True)
class Performance:
    """What the page shows.  ``legend`` are colour groups with their words; ``stops`` the longest ones."""

    oee: Oee
    chart: Markup
    legend: tuple[tuple[str, str], ...]
    stops: tuple[StopLine, ...]
    reasons: tuple[tuple[str, int, float], ...]


def performance_of(result: BatchResult, total: int, good: int, words: Words) -> Performance | None:
    """The part for a batch of which ``total`` books left, ``good`` of them ready; None without times."""
    times = result.times
    if times is None:
        return None
    units = (times.line, *times.stations)
    names = [words["line"], *(words.get(f"station_{unit.name}", unit.name) for unit in times.stations)]
    seen = {group_of(span.kind) for unit in units for span in unit.spans}
    longest = sorted(times.stops, key=lambda stop: -stop.length)[:_LONGEST]
    return Performance(
        oee_of(times, total, good),
        time_state_chart(units, names, words["time_chart"]),
        tuple((group, words[f"time_{group}"]) for group in GROUPS if group in seen),
        tuple(StopLine(_reason(stop.reason, words), stop, stop.length.total_seconds()) for stop in longest),
        tuple(
            (_reason(reason, words), n, spent.total_seconds()) for reason, n, spent in times.stops_by_reason()
        ),
    )


def _reason(reason: str, words: Words) -> str:
    return words.get(f"stop_{reason}", reason)
