"""Why the line stood: for each time outside Execute what came first (first-out).

An alarm or a person's request counts from a little before the unit left Execute: the unit is held after its
alarm was raised, and its state is seen with the next poll.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import groupby

from workcell.kernel.events import Event
from workcell.line.alarms import about, kind_of
from workcell.line.timeline import UNATTENDED
from workcell.site import Span, Stop

_BEFORE = timedelta(seconds=5)
_STOPPING = ("hold", "stop", "abort")


@dataclass(frozen=True)
class _Cause:
    """Something that can stop a line, from ``at`` to ``until`` (open where it stands)."""

    at: datetime
    reason: str
    subject: str = ""
    text: str = ""
    book_id: str = ""
    until: datetime | None = None


def stops_of(spans: Sequence[Span], events: Sequence[Event]) -> tuple[Stop, ...]:
    """The stops of a batch from the line's spans and its events."""
    causes, stops = list(_causes(events)), []
    runs = [(executes, list(run)) for executes, run in groupby(spans, lambda span: span.state == "Execute")]
    ended = spans[0].since if spans else None
    for place, (executes, run) in enumerate(runs):
        since, until = run[0].since, run[-1].until
        if not executes:
            cause = _first(causes, max(since - _BEFORE, ended or since), since, until)
            cause = cause or _without_cause(run, first=place == 0, last=place == len(runs) - 1)
            stops.append(Stop(cause.reason, cause.subject, cause.text, since, until, cause.book_id))
            ended = until
    return tuple(stops)


def _first(causes: Iterable[_Cause], soonest: datetime, since: datetime, until: datetime) -> _Cause | None:
    """The first of what began about then; else the oldest of what stood."""
    began = [cause for cause in causes if soonest <= cause.at <= until]
    stood = [
        cause for cause in causes if cause.at < soonest and (cause.until is None or cause.until >= since)
    ]
    standing = [cause for cause in stood if about(cause.reason).holds]
    return min(began, key=lambda cause: cause.at, default=None) or min(
        standing, key=lambda cause: cause.at, default=None
    )


def _without_cause(run: Sequence[Span], *, first: bool, last: bool) -> _Cause:
    """A stop for which nobody raised an alarm and nobody asked."""
    since = run[0].since
    if all(span.state == UNATTENDED for span in run):
        return _Cause(since, "unattended")
    if first:
        return _Cause(since, "startup")
    return _Cause(since, "closing" if last else "unit")


def _causes(events: Sequence[Event]) -> Iterator[_Cause]:
    cleared = [(event.body["key"], datetime.fromisoformat(event.at)) for event in events if _clears(event)]
    for event in events:
        at = datetime.fromisoformat(event.at)
        if event.type == "alarm.raised":
            key = event.body["key"]
            ends = [then for name, then in cleared if name == key and then >= at]
            until = min(ends, default=None)
            subject = key.partition(":")[2]
            yield _Cause(at, kind_of(key), subject, event.body["text"], event.book_id, until)
        if event.type == "request.received" and event.body["verb"] in _STOPPING:
            yield _Cause(at, f"request:{event.body['verb']}", event.body["holder"], until=at)


def _clears(event: Event) -> bool:
    return event.type == "alarm.cleared"
