"""PackTags of a line and its stations, from the fold of its events."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

from workcell.kernel.events import Event
from workcell.kernel.layout import load_layout
from workcell.line.packtags import MODES, STATES, units_of
from workcell.line.projection import LineState
from workcell.line.timeline import Timeline

LAYOUT = load_layout(Path(__file__).resolve().parents[3] / "examples" / "layouts" / "twin.toml")
START = datetime(2026, 1, 5, 8, tzinfo=UTC)
RUN = {"state": "Execute", "mode": "Production", "linked": True, "boot_id": 1}
FEED = {"key": "f", "kind": "act:feed", "station": "supply", "params": {"track_id": 1}}


def shown(events, now):
    state, timeline = LineState(), Timeline(place.name for place in LAYOUT.stations)
    for number, (seconds, type_, body, *names) in enumerate(events, 1):
        at = (START + timedelta(seconds=seconds)).isoformat()
        book_id, effect_id = (*names, "", "")[:2]
        event = Event(number, "l", "b", book_id, effect_id, type_, 1, at, body, "", "")
        state.apply(event)
        timeline.apply(event)
    return {
        unit.name: unit.tags for unit in units_of(state, timeline, LAYOUT, START + timedelta(seconds=now))
    }


def test_before_any_event_all_is_unknown_and_nought():
    units = shown([], 0)
    assert list(units) == ["", *(place.name for place in LAYOUT.stations)]
    assert units[""]["Status.StateCurrent"] == 0
    assert sum(units["stamp"]["Admin.StateCumulativeTime"]) == 0


def test_times_go_on_between_events_and_stand_after_the_close():
    events = [(0, "batch.opened", {"batch_id": "b"}), (10, "line.state", RUN)]
    line = shown(events, 60)[""]
    assert line["Admin.StateCumulativeTime"][STATES.index("Execute")] == 50
    assert line["Admin.ModeCumulativeTime"][MODES.index("Production")] == 50
    assert (line["Admin.StateCurrentTime"], line["Admin.AccTimeSinceReset"]) == (50, 60)
    events += [(70, "batch.closed", {}), (71, "line.state", {**RUN, "state": "Complete"})]
    line = shown(events, 500)[""]
    assert (line["Status.StateCurrentName"], line["Admin.AccTimeSinceReset"]) == ("Complete", 70)


def test_books_are_counted_in_and_out_and_the_defective_ones_among_them():
    events = [(0, "batch.opened", {"batch_id": "b"}), (0, "line.state", RUN)]
    for number, outcome in enumerate(("", "rejected", "missing", ""), 1):
        book = f"b-{number}"
        events += [
            (number, "effect.intended", FEED, book, f"e{number}"),
            (number, "effect.done", {"code": "ok", "results": {}}, book, f"e{number}"),
        ]
        if outcome == "rejected":
            events.append((number, "book.diverted", {"way": "reject", "reasons": [], "marked": False}, book))
        if outcome:
            events.append((number, "book.left", {"outcome": outcome}, book))
    line = shown(events, 30)[""]
    assert [line[f"Admin.Prod{name}Count"] for name in ("Consumed", "Processed", "Defective")] == [4, 1, 1]
    assert line["Status.CurMachSpeed"] > 0


def test_more_alarms_than_slots_are_counted_and_the_oldest_shown():
    events = [(0, "batch.opened", {"batch_id": "b"})]
    for number in range(12):
        body = {"key": f"missing:b{number}", "text": f"b{number}", "remedy": ""}
        events.append((number, "alarm.raised", body))
    line = shown(events, 30)[""]
    assert line["Admin.AlarmCount"] == 12
    assert [line[f"Admin.Alarm[{slot}].Message"] for slot in (0, 7)] == ["b0", "b7"]
    assert (line["Admin.Alarm[0].ID"], line["Admin.Alarm[0].Category"]) == (200, "medium")
