"""What a person does about alarms: acknowledge, shelve for a time, take off the shelf (ANSI/ISA-18.2-2016).

The line's reaction is untouched by all of it: an alarm with which the line stands is mended and unheld.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from enum import StrEnum

from workcell.kernel.errors import Refused
from workcell.line.alarms import KINDS, about, kind_of
from workcell.line.inbox import Request
from workcell.line.line import Line
from workcell.line.projection import Alarm, LineState

LONGEST_SHELF = timedelta(hours=8)
"""One shift: whatever is shelved comes back before the people who shelved it have gone."""

ALL = "all"
"""In place of a key: every alarm that waits for an acknowledgement."""


class AlarmState(StrEnum):
    """The states of ISA-18.2 that an alarm of this line can be in; normal ones are not listed."""

    UNACKNOWLEDGED = "unacknowledged"
    ACKNOWLEDGED = "acknowledged"
    RETURNED = "returned-unacknowledged"
    SHELVED = "shelved"
    SUPPRESSED = "suppressed"


def listed(state: LineState, now: datetime) -> list[tuple[Alarm, AlarmState]]:
    """Every alarm that is not normal: standing ones by priority and age, then returned ones."""
    standing = sorted(state.alarms.values(), key=lambda alarm: (_urgency(alarm), alarm.since))
    found = [(alarm, _state(alarm, state, now)) for alarm in standing]
    return found + [(alarm, AlarmState.RETURNED) for alarm in state.returned.values()]


async def tend(line: Line, request: Request) -> str:
    """Carry out ``ack``, ``shelve`` or ``unshelve``; gives what was done, raises Refused."""
    key = str(request.arguments.get("key", ""))
    if request.verb == "ack":
        return await _acknowledge(line, key, request.holder)
    if request.verb == "unshelve":
        if key not in line.state.shelf:
            raise Refused("is not shelved", subject=key)
        await unshelve(line, key, request.holder)
        return f"{key} is off the shelf"
    return await _shelve(line, key, request)


async def unshelve(line: Line, key: str, who: str) -> None:
    """Take an alarm off the shelf; one that stands is told again."""
    await line.write("alarm.unshelved", {"key": key, "holder": who})
    if key in line.state.alarms:
        line.tell_alarm(line.state.alarms[key])


async def unshelve_expired(line: Line) -> None:
    """Take off the shelf what has lain there for its time."""
    now = line.clock.wall()
    for key, shelf in list(line.state.shelf.items()):
        if shelf.until <= now:
            await unshelve(line, key, "")


async def _acknowledge(line: Line, key: str, holder: str) -> str:
    waiting = [a.key for a in line.state.alarms.values() if not a.acknowledged_at] + list(line.state.returned)
    keys = waiting if key == ALL else [key] if key in waiting else []
    if not keys:
        raise Refused("no such alarm waits for an acknowledgement", subject=key)
    for each in keys:
        await line.write("alarm.acknowledged", {"key": each, "holder": holder})
    return f"acknowledged: {', '.join(keys)}"


async def _shelve(line: Line, key: str, request: Request) -> str:
    if kind_of(key) not in KINDS:
        raise Refused("there is no such alarm", subject=key, remedy=f"There are: {', '.join(KINDS)}.")
    if about(key).holds:
        raise Refused("the line stands with it", subject=key, remedy="Mend the cause, then unhold.")
    lasts = timedelta(minutes=float(request.arguments.get("minutes", 0)))
    if not timedelta() < lasts <= LONGEST_SHELF:
        raise Refused("shelve for some minutes, up to 8 hours", subject=key)
    until = (line.clock.wall() + lasts).isoformat(timespec="seconds")
    reason = str(request.arguments.get("reason", ""))
    body = {"key": key, "holder": request.holder, "until": until, "reason": reason}
    await line.write("alarm.shelved", body)
    return f"{key} is shelved until {until}"


def _state(alarm: Alarm, state: LineState, now: datetime) -> AlarmState:
    shelf = state.shelf.get(alarm.key)
    if shelf is not None and shelf.until > now:
        return AlarmState.SHELVED
    if alarm.follows in state.alarms and not about(alarm.key).holds:
        return AlarmState.SUPPRESSED
    return AlarmState.ACKNOWLEDGED if alarm.acknowledged_at else AlarmState.UNACKNOWLEDGED


def _urgency(alarm: Alarm) -> int:
    return list(type(about(alarm.key).priority)).index(about(alarm.key).priority)
