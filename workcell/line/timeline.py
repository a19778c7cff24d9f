"""State and mode times of the line and of its stations, folded from the line's events.

The line's own state is what the unit reports (PackML, ISA-TR88.00.02).  A station's follows the line's; while
the line executes it is Execute with a book to work on, and Suspended while starved (no book) or blocked (done
with its book, which waits for its way or travels).
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from workcell.kernel.events import Event
from workcell.site import Span

UNATTENDED = "Unattended"
"""Nobody watched: the time between the last event of a killed conductor and the first of the next."""

NO_LINK = "Undefined"
"""The state of a unit that does not answer (PackML state 0)."""


class Timeline:
    """Times of the batch that was opened last.  Fold events in with ``apply``, in order."""

    def __init__(self, stations: Iterable[str], state: str = NO_LINK, mode: str = "") -> None:
        """``state`` and ``mode`` are the unit's before the first event."""
        self.stations = tuple(stations)
        self.state, self.mode = state, mode
        self.opened: datetime | None = None
        self.closed: datetime | None = None
        self._last: datetime | None = None
        self._zones: dict[str, str] = {}
        self._books: dict[str, str] = {}
        self._acts: dict[str, tuple[str, str]] = {}
        self._now: dict[str, tuple[str, str, str]] = {}
        self._since: dict[str, datetime] = {}
        self._spans: dict[str, list[Span]] = {}

    def apply(self, event: Event) -> None:
        """Fold one event in."""
        at = datetime.fromisoformat(event.at)
        if event.type == "batch.opened":
            self._open(at)
        if event.type == "recovery.started" and self._last is not None and self.opened is not None:
            self._turn(self._last, UNATTENDED)
        handler = _HANDLERS.get(event.type)
        if handler is not None:
            handler(self, event)
            if self.opened is not None and self.closed is None:
                self._turn(at)
        if event.type == "batch.closed":
            self.closed = at
        self._last = at

    def spans(self, unit: str, until: datetime | None = None) -> tuple[Span, ...]:
        """The spans of the line ("") or of a station, from the batch's opening to its close or ``until``.

        They follow each other without a gap.
        """
        end = self.closed or until or self._last
        if self.opened is None or end is None:
            return ()
        known = self._spans[unit]
        if end <= self._since[unit]:
            return tuple(known)
        return (*known, Span(*self._now[unit], self._since[unit], end))

    def current(self, unit: str) -> tuple[str, str, str]:
        """State, mode and interlock ("", starved, blocked) of the line ("") or of a station."""
        return self._seen(unit, self.state)

    def _open(self, at: datetime) -> None:
        self.opened, self.closed = at, None
        self._zones, self._books, self._acts = {}, {}, {}
        units = ("", *self.stations)
        self._now = {unit: self._seen(unit, self.state) for unit in units}
        self._since = dict.fromkeys(units, at)
        self._spans = {unit: [] for unit in units}

    def _turn(self, at: datetime, state: str = "") -> None:
        """Close the spans of all units that stand otherwise from ``at`` on."""
        for unit, then in self._now.items():
            now = self._seen(unit, state or self.state)
            if now != then:
                if at > self._since[unit]:
                    self._spans[unit].append(Span(*then, self._since[unit], at))
                    self._since[unit] = at
                self._now[unit] = now

    def _seen(self, unit: str, state: str) -> tuple[str, str, str]:
        if not unit or state != "Execute":
            return state, self.mode, ""
        work = self._zones.get(unit, "starved")
        return ("Execute", self.mode, "") if work == "works" else ("Suspended", self.mode, work)

    def _line_state(self, event: Event) -> None:
        self.mode = event.body.get("mode", self.mode)
        self.state = event.body["state"] if event.body.get("linked", True) else NO_LINK

    def _intended(self, event: Event) -> None:
        kind = event.body["kind"]
        if kind == "act:feed":
            self._acts[event.effect_id] = event.body["station"], "blocked"
            self._put(event.book_id, event.body["station"], "works")
        if kind == "act:release":
            self._acts[event.effect_id] = event.body["to"], "works"

    def _ended(self, event: Event) -> None:
        if event.effect_id not in self._acts:
            return
        zone, work = self._acts.pop(event.effect_id)
        if event.body.get("code") == "ok":
            self._put(event.book_id, zone, work)
        elif work == "blocked":  # a feed that brought nothing
            self._take_away(event)

    def _station_left(self, event: Event) -> None:
        self._put(event.book_id, event.body["station"], "blocked")

    def _put_where_it_is(self, event: Event) -> None:
        self._put(event.book_id, event.body["zone"], "works")

    def _take_away(self, event: Event) -> None:
        self._put(event.book_id, "", "")

    def _put(self, book_id: str, zone: str, work: str) -> None:
        """The book lies in ``zone`` and in no other; one book lies in a zone."""
        self._zones.pop(self._books.pop(book_id, ""), None)
        if zone in self.stations:
            self._books[book_id] = zone
            self._zones[zone] = work


_HANDLERS = {
    "line.state": Timeline._line_state,
    "recovery.started": lambda timeline, event: None,
    "effect.intended": Timeline._intended,
    "effect.done": Timeline._ended,
    "effect.failed": Timeline._ended,
    "effect.never": Timeline._ended,
    "effect.doubtful": Timeline._ended,
    "book.fed": Timeline._put_where_it_is,
    "book.located": Timeline._put_where_it_is,
    "station.left": Timeline._station_left,
    "book.left": Timeline._take_away,
}
"""The types of events that can change a time; all others pass by."""
