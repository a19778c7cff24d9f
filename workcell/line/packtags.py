"""The line and each station as PackML units: PackTags from the fold of the line's events (ISA-TR88.00.02).

Status and Admin only: nothing here commands.  Speeds are books a minute, times seconds.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from workcell.kernel.layout import Layout
from workcell.line.alarms import about
from workcell.line.projection import SUPPLY, Alarm, LineState
from workcell.line.stops import stops_of
from workcell.line.timeline import Timeline

STATES = (
    "Undefined", "Clearing", "Stopped", "Starting", "Idle", "Suspended", "Execute", "Stopping", "Aborting",
    "Aborted", "Holding", "Held", "Unholding", "Suspending", "Unsuspending", "Resetting", "Completing",
    "Complete",
)  # fmt: skip
"""PackML states; their place is their number."""

MODES = ("Undefined", "Production", "Maintenance", "Manual")
"""PackML unit modes; their place is their number."""

ALARM_SLOTS = 8
_PACE_OVER = timedelta(minutes=10)


@dataclass(frozen=True)
class Unit:
    """The tags of one unit by path, such as ``Status.StateCurrent``."""

    name: str
    tags: Mapping[str, Any]


def units_of(state: LineState, timeline: Timeline, layout: Layout, now: datetime) -> list[Unit]:
    """The line first, then its stations in order."""
    speed = float(state.batch.get("speed", 1.0))
    return [
        Unit(name, _unit(name, state, timeline, _design(name, layout, speed), now))
        for name in ("", *timeline.stations)
    ]


def _unit(name: str, state: LineState, timeline: Timeline, design: float, now: datetime) -> dict[str, Any]:
    current, mode, interlock = timeline.current(name)
    until = timeline.closed or now
    spans = timeline.spans(name, until)
    opened = timeline.opened or until
    tags: dict[str, Any] = {
        "Status.UnitModeCurrent": _number(MODES, mode),
        "Status.StateCurrent": _number(STATES, current),
        "Status.StateCurrentName": current,
        "Status.MachSpeed": design,
        "Status.CurMachSpeed": _pace(name, state, until),
        "Status.EquipmentInterlock.Starved": interlock == "starved",
        "Status.EquipmentInterlock.Blocked": interlock == "blocked",
        "Admin.MachDesignSpeed": design,
        "Admin.AccTimeSinceReset": _whole(until - opened),
        "Admin.StateCurrentTime": _whole(spans[-1].length if spans else timedelta()),
        "Admin.StateCumulativeTime": _cumulative(STATES, ((span.state, span.length) for span in spans)),
        "Admin.ModeCumulativeTime": _cumulative(
            MODES, ((span.mode or MODES[0], span.length) for span in spans)
        ),
    }
    return (
        tags
        | _counts(name, state)
        | _alarms(name, state)
        | (_line(state, timeline, until) if not name else {})
    )


def _cumulative(names: tuple[str, ...], parts: Iterable[tuple[str, timedelta]]) -> list[int]:
    """Whole seconds by the number of a name, in one pass; what has no number counts as 0, not known."""
    sums = [timedelta()] * len(names)
    for name, length in parts:
        sums[_number(names, name)] += length
    return [_whole(length) for length in sums]


def _line(state: LineState, timeline: Timeline, until: datetime) -> dict[str, Any]:
    """What only the line has: why it stands, its batch, and how old all this is."""
    executes = state.state == "Execute" and state.linked
    stops = () if executes else stops_of(timeline.spans("", until), state.history)
    reason, text = (stops[-1].reason, stops[-1].text) if stops else ("", "")
    return {
        "Admin.StopReason.ID": about(reason).id,
        "Admin.StopReason.Value": reason,
        "Admin.StopReason.Message": text,
        "Status.Linked": state.linked,
        "Status.Batch": state.batch_id,
        "Status.BatchOpen": state.batch_open,
    }


def _counts(name: str, state: LineState) -> dict[str, int]:
    """Books that came, left, and left otherwise than ready; a station counts those that it is done with."""
    books = list(state.books.values())
    if name and name != SUPPLY:
        done = [book for book in books if name in book.done_stations]
        return {
            "Admin.ProdConsumedCount": len(done) + sum(b.zone == name and b not in done for b in books),
            "Admin.ProdProcessedCount": len(done),
            "Admin.ProdDefectiveCount": sum(book.way != "on" for book in done),
        }
    left = books if name else [book for book in books if book.outcome not in ("", "missing")]
    return {
        "Admin.ProdConsumedCount": len(books),
        "Admin.ProdProcessedCount": len(left),
        "Admin.ProdDefectiveCount": 0 if name else sum(book.outcome != "catalogued" for book in left),
    }


def _alarms(name: str, state: LineState) -> dict[str, Any]:
    """The first alarms that stand, oldest first; a station has those that name it."""
    standing = [a for a in state.alarms.values() if not name or a.key.partition(":")[2] == name]
    tags: dict[str, Any] = {"Admin.AlarmCount": len(standing)}
    for slot in range(ALARM_SLOTS):
        alarm = standing[slot] if slot < len(standing) else None
        tags |= {f"Admin.Alarm[{slot}].{tag}": value for tag, value in _alarm(alarm).items()}
    return tags


def _alarm(alarm: Alarm | None) -> dict[str, Any]:
    if alarm is None:
        return {
            "Trigger": False,
            "ID": 0,
            "Value": "",
            "Message": "",
            "Category": "",
            "DateTime": "",
            "AckDateTime": "",
        }
    kind = about(alarm.key)
    return {
        "Trigger": True,
        "ID": kind.id,
        "Value": alarm.key,
        "Message": f"{alarm.text} {alarm.remedy}".strip(),
        "Category": kind.priority.value,
        "DateTime": alarm.since,
        "AckDateTime": alarm.acknowledged_at,
    }


def _pace(name: str, state: LineState, until: datetime) -> float:
    """Books a minute that left the line within the last ten; a station has no pace of its own."""
    if name:
        return 0.0
    left = [datetime.fromisoformat(book.left_at) for book in state.books.values() if book.left_at]
    return sum(until - at <= _PACE_OVER for at in left) / (_PACE_OVER.total_seconds() / 60)


def _design(name: str, layout: Layout, speed: float) -> float:
    place = layout.station(name) if name else None
    seconds = place.seconds if place else max((place.seconds for place in layout.stations), default=0.0)
    return 60.0 * speed / seconds if seconds else 0.0


def _number(names: tuple[str, ...], name: str) -> int:
    return names.index(name) if name in names else 0


def _whole(length: timedelta) -> int:
    return int(length.total_seconds())
