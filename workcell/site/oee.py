"""What a batch's time was spent on: state and mode times, stops by reason, and OEE from them.

OEE = availability x performance x quality, after ISO 22400-2:2014 (clause 9) on the states of PackML:

- availability: time in Execute / planned time.  Planned is all the time of the batch in mode Production in
  which a conductor was at the line.
- performance: ideal cycle x books that left / time in Execute.  The ideal cycle is that of the layout's
  slowest station; a desk has none.
- quality: books that are ready for the shelf / books that left.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

_PLANNED_MODE = "Production"
_NOT_PLANNED = "Unattended"
_NONE = timedelta()


@dataclass(frozen=True)
class Span:
    """A time that a unit spent in one state and mode; ``interlock`` is "", starved or blocked."""

    state: str
    mode: str
    interlock: str
    since: datetime
    until: datetime

    @property
    def length(self) -> timedelta:
        """How long it lasted."""
        return self.until - self.since

    @property
    def kind(self) -> str:
        """The interlock where there is one, else the state: what a chart shows."""
        return self.interlock or self.state


@dataclass(frozen=True)
class Stop:
    """A time outside Execute.  ``reason`` is what came first (first-out), such as jam or request:hold."""

    reason: str
    subject: str
    text: str
    since: datetime
    until: datetime
    book_id: str = ""

    @property
    def length(self) -> timedelta:
        """How long it lasted."""
        return self.until - self.since


@dataclass(frozen=True)
class UnitTimes:
    """The spans of the line (no name) or of a station over a batch, without a gap between them."""

    name: str
    spans: tuple[Span, ...]
    processed: int = 0

    def total(self, kind: str) -> timedelta:
        """The time of one kind."""
        return self.totals().get(kind, _NONE)

    def totals(self) -> dict[str, timedelta]:
        """Time by kind, longest first."""
        return _sums((span.kind, span.length) for span in self.spans)

    def modes(self) -> dict[str, timedelta]:
        """Time by mode, longest first; the unattended time has none."""
        return _sums(
            (span.mode or "Undefined", span.length) for span in self.spans if span.state != _NOT_PLANNED
        )


@dataclass(frozen=True)
class Times:
    """The times of a batch: the line, its stations, its stops, and the ideal cycle in seconds (0 = none)."""

    line: UnitTimes
    stations: tuple[UnitTimes, ...] = ()
    stops: tuple[Stop, ...] = ()
    ideal_cycle: float = 0.0

    def stops_by_reason(self) -> list[tuple[str, int, timedelta]]:
        """Reason, number of stops and their time, the costliest first."""
        number = Counter(stop.reason for stop in self.stops)
        return [
            (reason, number[reason], spent)
            for reason, spent in _sums((stop.reason, stop.length) for stop in self.stops).items()
        ]


@dataclass(frozen=True)
class Oee:
    """OEE and its three factors; None where a factor has nothing to stand on."""

    planned: timedelta
    executing: timedelta
    total: int
    good: int
    availability: float | None = None
    performance: float | None = None
    quality: float | None = None
    oee: float | None = None


def oee_of(times: Times, total: int, good: int) -> Oee:
    """OEE of a batch of which ``total`` books left the line, ``good`` of them ready for the shelf."""
    planned = sum(
        (s.length for s in times.line.spans if s.mode == _PLANNED_MODE and s.state != _NOT_PLANNED), _NONE
    )
    executing = sum(
        (s.length for s in times.line.spans if s.mode == _PLANNED_MODE and s.state == "Execute"), _NONE
    )
    availability = executing / planned if planned else None
    performance = times.ideal_cycle * total / executing.total_seconds() if executing else None
    if not times.ideal_cycle:
        performance = None
    quality = good / total if total else None
    whole = None
    if availability is not None and performance is not None and quality is not None:
        whole = availability * performance * quality
    return Oee(planned, executing, total, good, availability, performance, quality, whole)


def times_json(times: Times, total: int, good: int) -> dict[str, Any]:
    """The keys ``oee``, ``times``, ``stops`` and ``stations`` of ``batch.json``; times in seconds."""
    found = oee_of(times, total, good)
    return {
        "oee": {
            "oee": _rounded(found.oee),
            "availability": _rounded(found.availability),
            "performance": _rounded(found.performance),
            "quality": _rounded(found.quality),
            "planned_seconds": _seconds(found.planned),
            "execute_seconds": _seconds(found.executing),
            "ideal_cycle_seconds": times.ideal_cycle or None,
            "total": total,
            "good": good,
        },
        "times": {
            "states": {kind: _seconds(spent) for kind, spent in times.line.totals().items()},
            "modes": {mode: _seconds(spent) for mode, spent in times.line.modes().items()},
        },
        "stops": [
            {
                "at": stop.since.isoformat(),
                "seconds": _seconds(stop.length),
                "reason": stop.reason,
                "subject": stop.subject or None,
                "text": stop.text or None,
                "book": stop.book_id or None,
            }
            for stop in times.stops
        ],
        "stations": {
            unit.name: {
                "processed": unit.processed,
                "states": {kind: _seconds(spent) for kind, spent in unit.totals().items()},
            }
            for unit in times.stations
        },
    }


def _sums(parts: Any) -> dict[str, timedelta]:
    sums: dict[str, timedelta] = {}
    for name, length in parts:
        sums[name] = sums.get(name, _NONE) + length
    return dict(sorted(sums.items(), key=lambda item: -item[1]))


def _seconds(length: timedelta) -> float:
    return round(length.total_seconds(), 3)


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 4)
