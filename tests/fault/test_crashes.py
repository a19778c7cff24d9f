"""The conductor dies at any event, and the next one loses no book and doubles no mark."""

import pytest
from virtual_line import Death, on_virtual_time, told

from workcell.line.projection import fold

BOOKS = 2
SEED = 8
"""A pile of two books that both go to the shelves, so that every kind of event comes."""


def kind_of(event):
    """What is special about an event: its type, and of an effect what it does."""
    return event.type, event.body.get("kind", "")


@pytest.fixture(scope="module")
def whole_batch(tmp_path_factory):
    """A batch without any trouble."""
    rig = on_virtual_time(tmp_path_factory.mktemp("whole") / "line", _whole, books=BOOKS, seed=SEED)
    return rig.events()


async def _whole(rig):
    summary = await rig.to_the_end()
    assert summary["catalogued"] == BOOKS
    assert rig.broken() == []


def _first_of_each(events):
    """Where each kind of event comes first; an effect's end is told apart by what ended."""
    meant, places = {}, {}
    for place, event in enumerate(events, start=1):
        if event.type == "effect.intended":
            meant[event.effect_id] = event.body["kind"]
        kind = meant.get(event.effect_id, event.body.get("key", "") if event.type == "step.noted" else "")
        places.setdefault((event.type, kind), place)
    return places


MOMENTS = [
    *[("effect.intended", kind, True) for kind in (
        "act:feed", "act:measure", "act:flip", "act:hold", "act:turn", "act:stamp", "act:place_tag",
        "act:apply", "act:release", "print", "tag",
    )],
    *[("effect.done", kind, False) for kind in (
        "act:feed", "act:measure", "act:stamp", "act:place_tag", "act:apply", "act:release", "print", "tag",
    )],
    *[(type_, "", False) for type_ in (
        "image.taken", "evidence.found", "decision.made", "marks.reserved", "label.made", "tag.written",
        "proof.made", "book.left", "line.feeding_done", "batch.closed",
    )],
    *[(type_, "", True) for type_ in ("batch.opened", "marks.reserved", "label.made", "book.left")],
]  # fmt: skip


@pytest.mark.parametrize(("type_", "kind", "written"), MOMENTS)
def test_a_death_at_this_moment_costs_no_book_and_doubles_nothing(
    type_, kind, written, whole_batch, tmp_path
):
    place = _first_of_each(whole_batch)[type_, kind]

    async def story(rig):
        summary = await rig.to_the_end(Death(place, written))
        assert summary["books_fed"] == BOOKS
        assert summary["catalogued"] + summary["review"] == BOOKS
        assert rig.broken() == []

    on_virtual_time(tmp_path / "line", story, books=BOOKS, seed=SEED)


@pytest.mark.parametrize("seconds", [4.3, 7.9, 9.35])
def test_three_deaths_in_a_row_are_no_worse_than_one(seconds, tmp_path):
    async def story(rig):
        deaths = [Death(after_seconds=pause) for pause in (seconds, 2.0, 0.8)]
        summary = await rig.to_the_end(*deaths)
        assert summary["catalogued"] + summary["review"] == summary["books_fed"] == BOOKS
        assert rig.broken() == []

    on_virtual_time(tmp_path / "line", story, books=BOOKS, seed=SEED)


@pytest.mark.parametrize("place", [60, 101, 133, 171])
def test_recovering_twice_equals_once(place, tmp_path):
    async def story(rig):
        assert not await rig.live(Death(place, written=True))
        told_after = []
        for _ in range(2):
            assert not await rig.live(Death(type="recovery.finished", written=True))
            told_after.append(_books(rig))
        assert told_after[0] == told_after[1]
        assert await rig.live()
        rig.handed_over()
        assert rig.broken() == []

    on_virtual_time(tmp_path / "line", story, books=BOOKS, seed=SEED)


def _books(rig):
    plain = told(fold(rig.events(), keeps_past=False))
    return {name: plain[name] for name in ("books", "open_effects", "alarms", "last_track", "batch_id")}


def test_the_conductor_goes_on_where_only_the_close_was_missing(whole_batch, tmp_path):
    """Every book is out, the batch is not closed yet."""
    place = _first_of_each(whole_batch)["batch.closed", ""]

    async def story(rig):
        assert not await rig.live(Death(place))
        fed = len(rig.line.state.books)
        assert await rig.live()
        assert len(rig.line.state.books) == fed == BOOKS

    on_virtual_time(tmp_path / "line", story, books=BOOKS, seed=SEED)


def test_a_book_whose_label_may_have_been_printed_is_not_released(whole_batch, tmp_path):
    """Dead between the intent to print and the job: nobody can tell, so the number is voided."""
    place = _first_of_each(whole_batch)["effect.intended", "print"]

    async def story(rig):
        summary = await rig.to_the_end(Death(place, written=True))
        doubtful = [book for book in summary["books"] if book["outcome"] == "review"]
        assert len(doubtful) == 1
        assert "no label waits" in doubtful[0]["reason"]
        assert rig.broken() == []

    on_virtual_time(tmp_path / "line", story, books=BOOKS, seed=SEED)
