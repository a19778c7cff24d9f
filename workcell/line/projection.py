"""What the events say: the line and every book, rebuilt by folding the journal.

``LineState.apply`` is the only place that turns an event into state; the conductor, `status`, the report and
recovery all read the same fold.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from datetime import datetime
from typing import Any

from workcell.kernel.errors import BadInput
from workcell.kernel.events import Event
from workcell.line.life import FINAL, STATION_TRIGGER, BookLife

SUPPLY = "supply"
"""The zone in which a book comes onto the line."""


@dataclass
class Effect:
    """A physical act: ``end`` is "" while unknown, then done, failed, never or doubtful."""

    effect_id: str
    key: str
    kind: str
    body: Mapping[str, Any]
    end: str = ""
    result: Mapping[str, Any] = field(default_factory=dict)


@dataclass
class Image:
    """An image of the book, for a use (``stations.station.Use``); ``seen`` names what was seen on it."""

    name: str
    station: str
    role: str
    view: str
    use: str
    seen: str = ""


@dataclass
class Book:
    """One physical copy on the line, as the events tell it.

    ``fed_as`` is the TrackId under which it came onto the line, ``track_id`` the one it travels under now,
    given in the unit's life ``boot_id``: a unit that was restarted gives it another.
    """

    book_id: str
    fed_as: int
    track_id: int
    boot_id: int | None = None
    zone: str = SUPPLY
    life: BookLife = field(default_factory=BookLife)
    way: str = "on"
    reasons: list[dict[str, str]] = field(default_factory=list)
    steps: dict[str, Effect] = field(default_factory=dict)
    notes: dict[str, Mapping[str, Any]] = field(default_factory=dict)
    images: list[Image] = field(default_factory=list)
    done_stations: list[str] = field(default_factory=list)
    station_seconds: dict[str, float] = field(default_factory=dict)
    computing_seconds: dict[str, float] = field(default_factory=dict)
    evidence: str = ""
    thorough: bool = False
    decision: Mapping[str, Any] | None = None
    title_key: str = ""
    record: str = ""
    marks: Mapping[str, Any] | None = None
    tag: Mapping[str, Any] | None = None
    labels: list[Mapping[str, Any]] = field(default_factory=list)
    proofs: list[Mapping[str, Any]] = field(default_factory=list)
    case_id: str = ""
    order_line: str = ""
    bin: str = ""
    outcome: str = ""
    left_at: str = ""

    @property
    def measured(self) -> Mapping[str, Any]:
        """What the posture station measured."""
        return self.notes.get("book.measured", {})

    @property
    def marked(self) -> bool:
        """Whether anything irreversible was begun on this copy."""
        return any(
            effect.kind in _MARKING and effect.end not in ("never", "failed") for effect in self._all()
        )

    def _all(self) -> Iterable[Effect]:
        return self.steps.values()

    @property
    def in_flight(self) -> bool:
        """Whether the book is still on the line."""
        return not self.outcome

    def shed(self) -> None:
        """Let go of what the books still on the line do not ask of one that has left."""
        self.steps, self.images, self.labels, self.proofs, self.reasons = {}, [], [], [], []
        self.done_stations, self.station_seconds, self.computing_seconds = [], {}, {}
        self.decision = self.tag = None
        self.notes = {key: self.notes[key] for key in _ASKED_LATER if key in self.notes}


_ASKED_LATER = ("spot_check",)
"""Notes of a book that has left which later ones ask for: how many were drawn for the sample."""

_MARKING = frozenset({"print", "act:stamp", "act:apply", "act:place_tag", "tag"})


@dataclass
class Alarm:
    """A condition that a person must act on; ``follows`` names the standing alarm that it came from."""

    key: str
    text: str
    remedy: str
    since: str
    book_id: str = ""
    acknowledged_at: str = ""
    acknowledged_by: str = ""
    follows: str = ""


@dataclass(frozen=True)
class Shelf:
    """An alarm is not told until then."""

    until: datetime
    holder: str
    reason: str


_WHOLE_BEHIND = 50
"""So many of the books that left last stay whole: more than a line holds, so that nobody works on them."""


_CARRIED = (
    "state", "mode", "linked", "boot_id", "batches", "last_track", "doubtful_feed", "baseline",
    "pages_expired",
)  # fmt: skip
"""Plain values of a line that outlive a batch."""


class LineState:
    """The fold of a line's events.

    With ``keeps_past`` it tells the whole of the last batch, as a report needs it.  Without it the events
    themselves are not kept, and a book that left a while ago keeps only what those behind it ask: so a line
    can run all day.
    """

    def __init__(self, *, keeps_past: bool = True) -> None:
        self.keeps_past = keeps_past
        self.seq = 0
        self.line_id = ""
        self.state = "Undefined"
        self.mode = ""
        self.linked = False
        self.batch_id = ""
        self.batch: Mapping[str, Any] = {}
        self.batches = 0
        self.batch_open = False
        self.batch_opened_at = ""
        self.before = ("Undefined", "")
        self.batch_closed_at = ""
        self.feeding_done = False
        self.handed_over = False
        self.books: dict[str, Book] = {}
        self.alarms: dict[str, Alarm] = {}
        self.returned: dict[str, Alarm] = {}
        self.shelf: dict[str, Shelf] = {}
        self.open_effects: dict[str, tuple[str, Effect]] = {}
        self.last_track = 0
        self.doubtful_feed = 0
        self.boot_id: int | None = None
        self.pages_expired = 0
        self.history: list[Event] = []
        self._on_line: dict[str, None] = {}
        self._left_last: list[str] = []
        self.baseline: Mapping[str, int] = {"entered": 0, "left": 0}

    def apply(self, event: Event) -> None:
        """Fold one event in; events of types without a meaning here are history only.

        The first may be the opening of a batch, which tells what came before it.
        """
        if not self.seq and event.type == "batch.opened":
            self._take_over(event.body.get("carried", {}))
        self.seq = event.seq
        self.line_id = event.line_id
        handler = _HANDLERS.get(event.type)
        if handler is not None:
            handler(self, event)
        if self.keeps_past and event.batch_id == self.batch_id:
            self.history.append(event)

    def carried(self) -> dict[str, Any]:
        """What outlives a batch, for the event that opens the next; with it nobody reads what came before."""
        return {
            **{name: getattr(self, name) for name in _CARRIED},
            "alarms": [asdict(alarm) for alarm in self.alarms.values()],
            "shelf": {
                key: [shelf.until.isoformat(), shelf.holder, shelf.reason]
                for key, shelf in self.shelf.items()
            },
            "open_effects": [[book_id, asdict(effect)] for book_id, effect in self.open_effects.values()],
        }

    def _take_over(self, carried: Mapping[str, Any]) -> None:
        for name in _CARRIED:
            setattr(self, name, carried.get(name, getattr(self, name)))
        self.alarms = {told["key"]: Alarm(**told) for told in carried.get("alarms", [])}
        self.shelf = {
            key: Shelf(datetime.fromisoformat(until), holder, reason)
            for key, (until, holder, reason) in carried.get("shelf", {}).items()
        }
        self.open_effects = {
            told["effect_id"]: (book_id, Effect(**told)) for book_id, told in carried.get("open_effects", [])
        }

    def check(self, type_: str, body: Mapping[str, Any], book_id: str) -> None:
        """Raise ValueError for an event that the life of its book has no place for; nothing is changed."""
        book = self.books.get(book_id)
        trigger = _trigger(book, type_, body) if book is not None else ""
        if book is not None and trigger and not book.life.may(trigger):
            raise ValueError(f"{book_id} is {book.life.state} and can't {trigger}")

    def book(self, book_id: str) -> Book:
        """The book; KeyError when there is none."""
        return self.books[book_id]

    def in_flight(self) -> list[Book]:
        """Books on the line, oldest first."""
        return [self.books[book_id] for book_id in self._on_line]

    def by_track(self, track_id: int) -> Book | None:
        """The book in flight that travels under ``track_id``."""
        return next((book for book in self.in_flight() if book.track_id == track_id), None)

    def enter(self, book: Book) -> None:
        """A book is on the line from now on."""
        self.books[book.book_id] = book
        self._on_line[book.book_id] = None

    def leave(self, book_id: str) -> None:
        """A book is on the line no more."""
        self._on_line.pop(book_id, None)
        if self.keeps_past:
            return
        self._left_last.append(book_id)
        if len(self._left_last) > _WHOLE_BEHIND:
            self.books[self._left_last.pop(0)].shed()

    def forget_books(self) -> None:
        """A new batch begins without books."""
        self.books, self._on_line, self._left_last = {}, {}, []

    def gone_out(self) -> int:
        """Books on record that went past the photo-eye at the exit."""
        return sum(book.outcome not in ("", "missing") for book in self.books.values())

    def count_on(self, counters: Mapping[str, int]) -> None:
        """Take the photo-eyes' ``counters`` after a power-up, which sets them to 0 in a unit that keeps none.

        From there on they count what is still to come.
        """
        if counters and not any(counters.values()):
            self.baseline = {"entered": -len(self.books), "left": -self.gone_out()}

    def counts(self) -> dict[str, int]:
        """Books by outcome, and those fed and on the line."""
        tally = {"fed": len(self.books), "on_line": len(self.in_flight())}
        for outcome in FINAL:
            tally[outcome] = sum(book.outcome == outcome for book in self.books.values())
        return tally


def _batch_opened(line: LineState, event: Event) -> None:
    line.batch_id, line.batch, line.batch_open = event.batch_id, event.body, True
    line.batches += 1
    line.forget_books()
    line.history, line.feeding_done, line.returned = [], False, {}
    line.before = (line.state if line.linked else "Undefined", line.mode)
    line.batch_opened_at, line.batch_closed_at, line.handed_over = event.at, "", False
    line.baseline = event.body.get("counters", line.baseline)


def _batch_closed(line: LineState, event: Event) -> None:
    line.batch_open, line.batch_closed_at = False, event.at


def _handed_over(line: LineState, event: Event) -> None:
    line.handed_over = True


def _line_state(line: LineState, event: Event) -> None:
    line.state, line.mode = event.body["state"], event.body.get("mode", line.mode)
    line.linked = event.body.get("linked", line.linked)
    line.boot_id = event.body.get("boot_id", line.boot_id)
    line.count_on(event.body.get("counters", {}))


def _intended(line: LineState, event: Event) -> None:
    effect = Effect(event.effect_id, event.body["key"], event.body["kind"], event.body)
    line.open_effects[event.effect_id] = (event.book_id, effect)
    if effect.kind == "act:feed":
        line.last_track = max(line.last_track, event.body["params"]["track_id"])
    book = line.books.get(event.book_id)
    if book is not None:
        book.steps[effect.key] = effect


def _ended(line: LineState, event: Event) -> None:
    book_id, effect = line.open_effects.pop(event.effect_id)
    effect.end, effect.result = event.type.removeprefix("effect."), event.body
    if effect.kind == "act:feed":
        _feed_ended(line, book_id, effect)
    if effect.kind == "act:release" and effect.result.get("code") == "ok":
        line.books[book_id].zone = effect.body["to"]


def _feed_ended(line: LineState, book_id: str, effect: Effect) -> None:
    track_id, code = effect.body["params"]["track_id"], effect.result.get("code")
    if code == "ok":
        line.enter(Book(book_id, track_id, track_id, line.boot_id))
        line.books[book_id].steps[effect.key] = effect
    elif effect.end != "never" and code not in _NOTHING_FED:
        line.doubtful_feed = track_id


_NOTHING_FED = ("empty", "jam")
"""After these the supply zone surely holds nothing."""


def _fed(line: LineState, event: Event) -> None:
    body = event.body
    line.enter(Book(event.book_id, body["fed_as"], body["track_id"], line.boot_id, body["zone"]))


def _image_taken(line: LineState, event: Event) -> None:
    body, book = event.body, line.books[event.book_id]
    seen = next((image.seen for image in book.images if image.name == body["name"]), "")
    book.images.append(Image(body["name"], body["station"], body["role"], body["view"], body["use"], seen))
    book.notes[body["key"]] = body


def _image_seen(line: LineState, event: Event) -> None:
    for image in line.books[event.book_id].images:
        if image.name == event.body["name"]:
            image.seen = event.body["seen"]


def _noted(line: LineState, event: Event) -> None:
    line.books[event.book_id].notes[event.body["key"]] = event.body


def _measured(line: LineState, event: Event) -> None:
    line.books[event.book_id].notes["book.measured"] = event.body


def _evidence(line: LineState, event: Event) -> None:
    book = line.books[event.book_id]
    book.evidence, book.thorough = event.body["name"], event.body["thorough"]


def _decided(line: LineState, event: Event) -> None:
    book = line.books[event.book_id]
    book.decision, book.title_key = event.body["decision"], event.body["title_key"]
    book.case_id = event.body.get("case_id", book.case_id)
    book.order_line = event.body.get("order_line", book.order_line)
    book.record = event.body.get("record", book.record)


def _marks(line: LineState, event: Event) -> None:
    line.books[event.book_id].marks = event.body


def _label(line: LineState, event: Event) -> None:
    line.books[event.book_id].labels.append(event.body)


def _tag(line: LineState, event: Event) -> None:
    line.books[event.book_id].tag = event.body


def _proof(line: LineState, event: Event) -> None:
    line.books[event.book_id].proofs.append(event.body)


def _station_left(line: LineState, event: Event) -> None:
    book, body = line.books[event.book_id], event.body
    station = body["station"]
    book.done_stations.append(station)
    book.station_seconds[station] = body["seconds"]
    book.computing_seconds[station] = body["computing"]
    _advance(book, event)


def _located(line: LineState, event: Event) -> None:
    book = line.books[event.book_id]
    book.zone = event.body["zone"]
    if "track_id" in event.body:
        book.track_id, book.boot_id = event.body["track_id"], line.boot_id


def _diverted(line: LineState, event: Event) -> None:
    book = line.books[event.book_id]
    _advance(book, event)
    book.way = event.body["way"]
    book.reasons.extend(event.body["reasons"])
    book.case_id = event.body.get("case_id", book.case_id)


def _left(line: LineState, event: Event) -> None:
    book, body = line.books[event.book_id], event.body
    book.outcome, book.bin, book.left_at, book.zone = body["outcome"], body.get("bin", ""), event.at, ""
    book.reasons.extend(body.get("reasons", []))
    book.case_id = body.get("case_id", book.case_id)
    _advance(book, event)
    book.life.forget()
    line.leave(event.book_id)


def _advance(book: Book, event: Event) -> None:
    trigger = _trigger(book, event.type, event.body)
    if trigger:
        book.life.advance(trigger)


def _trigger(book: Book, type_: str, body: Mapping[str, Any]) -> str:
    """The step in the book's life that an event of this type is; empty where it is none."""
    if type_ == "book.left":
        return _LAST_TRIGGER[body["outcome"]]
    if book.way != "on" or book.outcome:
        return ""
    if type_ == "book.diverted":
        return "quarantine" if body["marked"] else "divert"
    if type_ == "station.left" and body["way"] == "on" and not body.get("passed"):
        return STATION_TRIGGER.get(body["station"], "")
    return ""


_LAST_TRIGGER = {"catalogued": "catalogue", "review": "set_aside", "rejected": "reject", "missing": "lose"}


def _alarm_raised(line: LineState, event: Event) -> None:
    body = event.body
    line.returned.pop(body["key"], None)
    line.alarms[body["key"]] = Alarm(
        body["key"], body["text"], body["remedy"], event.at, event.book_id, follows=body.get("follows", "")
    )


def _alarm_cleared(line: LineState, event: Event) -> None:
    alarm = line.alarms.pop(event.body["key"], None)
    if alarm is not None and not alarm.acknowledged_at and not alarm.follows:
        line.returned[alarm.key] = alarm


def _alarm_acknowledged(line: LineState, event: Event) -> None:
    line.returned.pop(event.body["key"], None)
    alarm = line.alarms.get(event.body["key"])
    if alarm is not None:
        alarm.acknowledged_at, alarm.acknowledged_by = event.at, event.body["holder"]


def _alarm_shelved(line: LineState, event: Event) -> None:
    body = event.body
    until = datetime.fromisoformat(body["until"])
    line.shelf[body["key"]] = Shelf(until, body["holder"], body["reason"])


def _alarm_unshelved(line: LineState, event: Event) -> None:
    line.shelf.pop(event.body["key"], None)


def _pages_expired(line: LineState, event: Event) -> None:
    line.pages_expired = event.body["up_to"]


def _feeding_done(line: LineState, event: Event) -> None:
    line.feeding_done = True


_HANDLERS = {
    "batch.opened": _batch_opened,
    "batch.closed": _batch_closed,
    "batch.handed_over": _handed_over,
    "line.state": _line_state,
    "line.feeding_done": _feeding_done,
    "pages.expired": _pages_expired,
    "effect.intended": _intended,
    "effect.done": _ended,
    "effect.failed": _ended,
    "effect.never": _ended,
    "effect.doubtful": _ended,
    "book.fed": _fed,
    "image.taken": _image_taken,
    "image.seen": _image_seen,
    "step.noted": _noted,
    "book.measured": _measured,
    "evidence.found": _evidence,
    "decision.made": _decided,
    "marks.reserved": _marks,
    "label.made": _label,
    "tag.written": _tag,
    "proof.made": _proof,
    "station.left": _station_left,
    "book.located": _located,
    "book.diverted": _diverted,
    "book.left": _left,
    "alarm.raised": _alarm_raised,
    "alarm.cleared": _alarm_cleared,
    "alarm.acknowledged": _alarm_acknowledged,
    "alarm.shelved": _alarm_shelved,
    "alarm.unshelved": _alarm_unshelved,
}


def fold(events: Iterable[Event], *, keeps_past: bool = True) -> LineState:
    """The state after ``events``; ``keeps_past`` as in LineState."""
    line = LineState(keeps_past=keeps_past)
    for event in events:
        try:
            line.apply(event)
        except (KeyError, TypeError, ValueError) as error:
            raise BadInput(
                f"event {event.seq} ({event.type}) can't be understood: {error}",
                subject=event.line_id,
                remedy="The journal was written by another version; finish its batch with that one.",
            ) from error
    return line
