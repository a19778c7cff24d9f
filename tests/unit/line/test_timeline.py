"""State and mode times: whatever happens, they sum to the batch's time, and each stop has one reason."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from workcell.kernel.events import Event
from workcell.line.packtags import STATES
from workcell.line.stops import stops_of
from workcell.line.timeline import NO_LINK, UNATTENDED, Timeline
from workcell.site import Times, UnitTimes
from workcell.site.oee import oee_of, times_json

START = datetime(2026, 1, 5, 8, tzinfo=UTC)
STATIONS = ("supply", "stamp", "sort")
BOOK = "b-1-0001"


class Story:
    """Events at seconds after the batch was opened."""

    def __init__(self):
        self.events = []
        self(0, "batch.opened", batch_id="b-1")

    def __call__(self, seconds, type_, *, book_id="", effect_id="", **body):
        at = (START + timedelta(seconds=seconds)).isoformat()
        self.events.append(
            Event(len(self.events) + 1, "l", "b-1", book_id, effect_id, type_, 1, at, body, "", "")
        )

    def state(self, seconds, state, mode="Production", linked=True):
        self(seconds, "line.state", state=state, mode=mode, linked=linked)

    def act(self, seconds, done, verb, station, code="ok", book_id=BOOK, **body):
        effect = f"e{len(self.events)}"
        self(seconds, "effect.intended", book_id=book_id, effect_id=effect, kind=f"act:{verb}",
             station=station, **body)  # fmt: skip
        self(done, "effect.done", book_id=book_id, effect_id=effect, code=code)

    def told(self):
        timeline = Timeline(STATIONS, "Idle", "Production")
        for event in self.events:
            timeline.apply(event)
        return timeline

    def shares(self, unit):
        return [(s.kind, s.length.total_seconds()) for s in self.told().spans(unit)]

    def stops(self):
        return [
            (s.reason, s.subject, s.length.total_seconds())
            for s in stops_of(self.told().spans(""), self.events)
        ]


def test_a_station_works_waits_for_a_book_or_waits_to_be_rid_of_it():
    story = Story()
    story.state(1, "Execute")
    story.act(2, 4, "feed", "supply", params={"track_id": 1})
    story.act(5, 7, "release", "supply", to="stamp")
    story(10, "station.left", book_id=BOOK, station="stamp")
    story.act(10, 13, "release", "stamp", to="sort")
    story(14, "station.left", book_id=BOOK, station="sort")
    story.act(15, 16, "release", "sort", to="bin:main")
    story(16, "book.left", book_id=BOOK, outcome="catalogued")
    story(20, "batch.closed")
    assert story.shares("supply") == [
        ("Idle", 1), ("starved", 1), ("Execute", 2), ("blocked", 3), ("starved", 13),
    ]  # fmt: skip
    assert story.shares("stamp") == [
        ("Idle", 1), ("starved", 6), ("Execute", 3), ("blocked", 3), ("starved", 7),
    ]  # fmt: skip
    assert story.shares("") == [("Idle", 1), ("Execute", 19)]


def test_a_feed_that_brings_nothing_and_a_book_that_is_lost_leave_the_zone_starved():
    story = Story()
    story.state(0, "Execute")
    story.act(1, 3, "feed", "supply", code="empty")
    story(4, "book.fed", book_id=BOOK, zone="stamp", track_id=1, fed_as=1)
    story(6, "book.left", book_id=BOOK, outcome="missing")
    story(9, "batch.closed")
    assert story.shares("supply") == [("starved", 1), ("Execute", 2), ("starved", 6)]
    assert story.shares("stamp") == [("starved", 4), ("Execute", 2), ("starved", 3)]


def test_stations_are_held_with_the_line_and_nobody_knows_the_state_without_a_link():
    story = Story()
    story.state(0, "Execute")
    story(2, "book.fed", book_id=BOOK, zone="stamp", track_id=1, fed_as=1)
    story.state(3, "Held")
    story.state(5, "Held", linked=False)
    story.state(6, "Execute")
    story(8, "batch.closed")
    assert story.shares("stamp") == [
        ("starved", 2), ("Execute", 1), ("Held", 2), (NO_LINK, 1), ("Execute", 2),
    ]  # fmt: skip


def test_the_time_without_a_conductor_is_nobodys_and_not_planned():
    story = Story()
    story.state(0, "Execute")
    story(10, "step.noted", book_id=BOOK)
    story(70, "recovery.started")
    story(100, "batch.closed")
    assert story.shares("") == [("Execute", 10), (UNATTENDED, 60), ("Execute", 30)]
    times = Times(UnitTimes("", story.told().spans("")), ideal_cycle=4.0)
    oee = oee_of(times, total=8, good=6)
    assert (oee.planned, oee.availability) == (timedelta(seconds=40), 1.0)
    assert (oee.performance, oee.quality, oee.oee) == (0.8, 0.75, pytest.approx(0.6))
    assert story.stops() == [(UNATTENDED.lower(), "", 60)]


def test_the_first_cause_is_the_reason_and_what_follows_belongs_to_the_same_stop():
    story = Story()
    story.state(1, "Execute")
    story(20, "alarm.raised", key="jam:stamp", text="Jam at stamp.", remedy="")
    story.state(20.1, "Holding")
    story(21, "alarm.raised", key="device:cam", text="No answer.", remedy="")
    story.state(22, "Held")
    story(30, "alarm.cleared", key="jam:stamp")
    story(30, "alarm.cleared", key="device:cam")
    story.state(30, "Execute")
    story(40, "request.received", verb="hold", holder="ana")
    story.state(40.1, "Held")
    story.state(50, "Execute")
    story.state(60, "Held")
    story.state(61, "Execute")
    story.state(70, "Complete")
    story(75, "batch.closed")
    assert story.stops() == [
        ("startup", "", 1),
        ("jam", "stamp", 9.9),
        ("request:hold", "ana", 9.9),
        ("unit", "", 1),
        ("closing", "", 5),
    ]


def test_an_old_alarm_that_holds_nothing_is_no_reason():
    story = Story()
    story.state(0, "Execute")
    story(1, "alarm.raised", key="missing:b", text="b is missing.", remedy="")
    story.state(60, "Held")
    story.state(70, "Execute")
    story(80, "batch.closed")
    assert story.stops() == [("unit", "", 10)]


def test_maintenance_is_no_planned_time():
    story = Story()
    story.state(0, "Execute")
    story.state(10, "Stopped", mode="Maintenance")
    story.state(30, "Execute")
    story(40, "batch.closed")
    line = UnitTimes("", story.told().spans(""))
    assert oee_of(Times(line, ideal_cycle=1.0), 10, 10).availability == 1.0
    assert {mode: spent.total_seconds() for mode, spent in line.modes().items()} == {
        "Production": 20.0,
        "Maintenance": 20.0,
    }


def test_without_an_ideal_cycle_or_books_a_factor_is_unknown_and_not_nought():
    story = Story()
    story(5, "batch.closed")
    found = times_json(Times(UnitTimes("", story.told().spans(""))), 0, 0)["oee"]
    assert (found["availability"], found["performance"], found["quality"], found["oee"]) == (
        0,
        None,
        None,
        None,
    )


_SECONDS = st.floats(0, 30).map(lambda seconds: round(seconds, 3))
_EVENT = st.one_of(
    st.tuples(
        st.just("state"), st.sampled_from(STATES), st.sampled_from(["Production", "Manual"]), st.booleans()
    ),
    st.tuples(st.just("fed"), st.sampled_from(STATIONS), st.integers(1, 4)),
    st.tuples(st.just("left"), st.sampled_from(STATIONS), st.integers(1, 4)),
    st.tuples(st.just("gone"), st.integers(1, 4)),
    st.tuples(
        st.just("release"),
        st.sampled_from(STATIONS),
        st.sampled_from([*STATIONS, "bin:x"]),
        st.integers(1, 4),
    ),
    st.tuples(st.just("alarm"), st.sampled_from(["jam:stamp", "link", "missing:b"])),
    st.tuples(st.just("restart")),
)


def _tell(story, at, event):
    kind, *rest = event
    match kind:
        case "state":
            story.state(at, *rest)
        case "fed":
            story(at, "book.fed", book_id=f"b{rest[1]}", zone=rest[0])
        case "left":
            story(at, "station.left", book_id=f"b{rest[1]}", station=rest[0])
        case "gone":
            story(at, "book.left", book_id=f"b{rest[0]}", outcome="missing")
        case "release":
            story.act(at, at, "release", rest[0], to=rest[1], book_id=f"b{rest[2]}")
        case "alarm":
            story(at, "alarm.raised", key=rest[0], text="", remedy="")
        case "restart":
            story(at, "recovery.started")


@settings(max_examples=200, deadline=None)
@given(st.lists(st.tuples(_SECONDS, _EVENT), max_size=40), _SECONDS)
def test_the_times_of_every_unit_sum_to_the_batchs_duration_without_a_gap(happenings, rest):
    story, at = Story(), 0.0
    for pause, event in happenings:
        at += pause
        _tell(story, at, event)
    story(at + rest, "batch.closed")
    timeline = story.told()
    duration = timeline.closed - timeline.opened
    for unit in ("", *STATIONS):
        spans = timeline.spans(unit)
        assert sum((span.length for span in spans), timedelta()) == duration
        assert all(a.until == b.since for a, b in pairwise(spans))
        assert all(span.length > timedelta() for span in spans)
    line = timeline.spans("")
    stops = stops_of(line, story.events)
    executing = sum((span.length for span in line if span.state == "Execute"), timedelta())
    assert executing + sum((stop.length for stop in stops), timedelta()) == duration
    assert all(stop.reason for stop in stops)
