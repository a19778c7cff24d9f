"""The fold: what events mean, and which may not be written at all."""

import json

import pytest

from workcell.kernel.errors import BadInput
from workcell.kernel.events import Event
from workcell.line.projection import LineState, fold

BOOK = "b-0001"


def event(type_, body, book_id=BOOK, effect_id="", seq=1):
    return Event(
        seq, "line", "b", book_id, effect_id, type_, 1, "2026-01-05T08:00:00.000+00:00", body, "", ""
    )


OPENED = event("batch.opened", {"counters": {"entered": 3, "left": 2}}, "")
FED = event("book.fed", {"track_id": 5, "fed_as": 5, "zone": "supply"})


def act(kind, key="k", effect_id="e", params=None, to=""):
    return event(
        "effect.intended", {"key": key, "kind": kind, "params": params or {}, "to": to}, effect_id=effect_id
    )


def done(code="ok", effect_id="e"):
    return event("effect.done", {"code": code, "results": {}}, effect_id=effect_id)


def test_a_feed_that_was_done_makes_a_book():
    line = fold([OPENED, act("act:feed", params={"track_id": 9}), done()])
    assert (line.book(BOOK).track_id, line.book(BOOK).fed_as, line.last_track) == (9, 9, 9)


@pytest.mark.parametrize(("code", "doubtful"), [("empty", 0), ("jam", 0), ("aborted", 9), ("lost", 9)])
def test_a_feed_that_brought_nothing_known_makes_none(code, doubtful):
    line = fold([OPENED, act("act:feed", params={"track_id": 9}), done(code)])
    assert line.books == {}
    assert (line.last_track, line.doubtful_feed) == (9, doubtful)


def test_only_a_release_that_was_done_moves_a_book():
    line = fold([OPENED, FED, act("act:release", to="posture"), done("jam")])
    assert line.book(BOOK).zone == "supply"
    line = fold([OPENED, FED, act("act:release", to="posture"), done()])
    assert line.book(BOOK).zone == "posture"


@pytest.mark.parametrize(
    ("end", "marked"), [("done", True), ("doubtful", True), ("never", False), ("", True)]
)
def test_a_mark_counts_as_made_unless_it_surely_was_not(end, marked):
    events = [OPENED, FED, act("act:stamp")]
    if end:
        events.append(event(f"effect.{end}", {"code": "ok", "results": {}}, effect_id="e"))
    assert fold(events).book(BOOK).marked is marked


def test_a_restarted_unit_gives_books_another_track_and_remembers_the_first():
    state = event("line.state", {"state": "Execute", "boot_id": 2}, "")
    located = event("book.located", {"zone": "stamp", "track_id": 1 << 31})
    book = fold([OPENED, FED, state, located]).book(BOOK)
    assert (book.fed_as, book.track_id, book.boot_id, book.zone) == (5, 1 << 31, 2, "stamp")


@pytest.mark.parametrize(
    ("counters", "baseline"),
    [
        ({"entered": 0, "left": 0}, {"entered": -1, "left": 0}),
        ({"entered": 41, "left": 40}, {"entered": 40, "left": 40}),
    ],
)
def test_photo_eyes_that_a_power_up_set_back_count_on_from_the_books_on_record(counters, baseline):
    opened = event("batch.opened", {"batch_id": "b", "counters": {"entered": 40, "left": 40}}, "")
    state = event("line.state", {"state": "Stopped", "boot_id": 2, "counters": counters}, "")
    assert fold([opened, FED, state]).baseline == baseline


def test_the_same_picture_taken_twice_is_seen_once():
    taken = {"name": "x.jpg", "station": "capture", "role": "top", "view": "cover", "use": "evidence"}
    line = fold([
        OPENED, FED, event("image.taken", {"key": "1", **taken}),
        event("image.seen", {"name": "x.jpg", "seen": "x.json"}), event("image.taken", {"key": "2", **taken}),
    ])  # fmt: skip
    assert [image.seen for image in line.book(BOOK).images] == ["x.json", "x.json"]


@pytest.mark.parametrize(
    ("type_", "body"),
    [
        ("book.left", {"outcome": "catalogued"}),
        ("book.left", {"outcome": "review"}),
        ("station.left", {"station": "stamp", "way": "on"}),
    ],
)
def test_an_event_that_a_books_life_has_no_place_for_may_not_be_written(type_, body):
    line = fold([OPENED, FED])
    with pytest.raises(ValueError, match="can't"):
        line.check(type_, body, BOOK)
    line.check("book.left", {"outcome": "missing"}, BOOK)


def test_a_station_that_ends_after_its_book_was_turned_out_changes_nothing():
    diverted = event("book.diverted", {"way": "reject", "reasons": [], "marked": True})
    line = fold([OPENED, FED, diverted])
    left = {"station": "rfid", "way": "on", "seconds": 1.0, "computing": 0.0}
    line.check("station.left", left, BOOK)
    line.apply(event("station.left", left))
    assert line.book(BOOK).life.state == "quarantined"


def test_a_journal_of_another_version_is_named_by_its_event():
    with pytest.raises(BadInput, match=r"event 7 \(image\.seen\)"):
        fold([OPENED, event("image.seen", {"name": "x"}, "nobody", seq=7)])


def test_a_new_batch_starts_with_no_books():
    line = fold([OPENED, FED, event("batch.closed", {}, ""), event("batch.handed_over", {}, "")])
    assert line.handed_over
    line.apply(OPENED)
    assert (line.books, line.handed_over, line.batches) == ({}, False, 2)
    assert isinstance(line, LineState)


def _left(number):
    book, effect = f"b-{number:04d}", f"e{number}"
    return [
        event("book.fed", {"track_id": number, "fed_as": number, "zone": "supply"}, book),
        event("effect.intended", {"key": "k", "kind": "print"}, book, effect),
        event("effect.done", {}, book, effect),
        event("step.noted", {"key": "spot_check", "picked": True}, book),
        event("book.diverted", {"way": "review", "reasons": [], "marked": True}, book),
        event("book.left", {"outcome": "review", "bin": "review"}, book),
    ]


def test_a_running_line_lets_go_of_books_that_left_long_ago():
    events = [OPENED, *(each for number in range(1, 101) for each in _left(number))]
    lean, whole = fold(events, keeps_past=False), fold(events)
    assert (lean.counts(), lean.in_flight()) == (whole.counts(), [])
    assert not lean.history
    assert not lean.book("b-0001").steps
    assert lean.book("b-0001").notes == {"spot_check": {"key": "spot_check", "picked": True}}
    assert lean.book("b-0100").steps.keys() == whole.book("b-0001").steps.keys() == {"k"}


_EARLIER = [
    event("line.state", {"state": "Execute", "mode": "production", "linked": True, "boot_id": 7}, ""),
    OPENED,
    event("alarm.raised", {"key": "device:printer", "text": "No ribbon.", "remedy": "Put one in."}, ""),
    event("alarm.acknowledged", {"key": "device:printer", "holder": "Ada"}, ""),
    event("alarm.raised", {"key": "hold:PASS", "text": "Held.", "remedy": "", "follows": "device:printer"}),
    event(
        "alarm.shelved",
        {"key": "counts", "holder": "Ada", "until": "2026-01-05T10:00:00+00:00", "reason": "known"}, "",
    ),
    act("act:feed", params={"track_id": 9}),
    done("lost"),
    act("print", effect_id="without-end"),
    event("pages.expired", {"up_to": 1, "files": 2}, ""),
    event("batch.closed", {}, ""),
]  # fmt: skip


def test_the_opening_of_a_batch_tells_all_that_outlives_the_one_before():
    opening = event("batch.opened", {"counters": {}, "carried": fold(_EARLIER).carried()}, "", seq=20)
    told = json.loads(json.dumps(opening.body))  # as the journal keeps it
    later = [event(opening.type, told, "", seq=20), event("alarm.cleared", {"key": "hold:PASS"}, "", seq=21)]
    assert vars(fold(later)) == vars(fold([*_EARLIER, *later]))
    whole = fold(later)
    assert (whole.state, whole.boot_id, whole.batches, whole.last_track) == ("Execute", 7, 2, 9)
    assert (whole.doubtful_feed, whole.pages_expired) == (9, 1)
    assert whole.alarms.keys() == {"device:printer"} and whole.shelf.keys() == {"counts"}
    assert whole.open_effects.keys() == {"without-end"}
