"""Printers, cameras and tags fail: the line holds and says so, or the book goes to a person."""

import pytest
from virtual_line import on_virtual_time, tidy_up

SEED = 8


def alarms(rig):
    return [event.body["text"] for event in rig.events() if event.type == "alarm.raised"]


def at_first(rig, kind, act):
    """Let ``act`` happen when the first effect of this kind is intended."""
    done = []

    def watch(rig, event):
        if event.type == "effect.intended" and event.body["kind"] == kind and not done:
            done.append(event)
            act()

    rig.on_event = watch


# --- printers --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("trouble", ["paper_out", "ribbon_out", "head_open", "paused", "silent"])
def test_a_printer_that_can_not_print_holds_the_line_and_goes_on_without_doubling(trouble, tmp_path):
    async def story(rig):
        setattr(rig.printers["barcode"], trouble, True)

        def mend(rig):
            tidy_up(rig)
            setattr(rig.printers["barcode"], trouble, False)

        rig.operator = mend
        summary = await rig.to_the_end()
        assert len(alarms(rig)) == 1
        assert summary["catalogued"] == 2
        assert rig.printers["barcode"].printed == 2
        assert rig.broken() == []

    on_virtual_time(tmp_path / "line", story, books=2, seed=SEED)


@pytest.mark.parametrize("trouble", ["paper_out", "silent"])
def test_a_printer_that_fails_with_the_job_inside_costs_the_number_not_the_truth(trouble, tmp_path):
    """The label may still come out: its number is voided and the label taken off by hand."""

    async def story(rig):
        printer = rig.printers["barcode"]
        at_first(rig, "print", lambda: setattr(printer, trouble, True))

        def mend(rig):
            setattr(printer, trouble, False)
            tidy_up(rig)

        rig.operator = mend
        summary = await rig.to_the_end()
        assert summary["catalogued"] == 1
        assert summary["review"] == 1
        assert rig.broken() == []

    on_virtual_time(tmp_path / "line", story, books=2, seed=SEED)


def test_a_label_that_waits_for_nobody_is_never_put_on_a_book(tmp_path):
    async def story(rig):
        import numpy as np

        rig.world.label_printed("spine", np.full((300, 200), 255, np.uint8), 203)
        rig.printed.clear()
        summary = await rig.to_the_end()
        assert "belongs to no book" in alarms(rig)[0]
        assert summary["catalogued"] == 2
        assert rig.broken() == []

    on_virtual_time(tmp_path / "line", story, books=2, seed=SEED)


# --- cameras ---------------------------------------------------------------------------------------------


def test_a_stale_picture_is_asked_for_again(tmp_path):
    async def story(rig):
        summary = await rig.to_the_end()
        assert [
            event for book in rig.world.books() for event in book.events if event["kind"] == "stale_frame"
        ]
        assert alarms(rig) == []
        assert summary["catalogued"] == 2
        assert rig.broken() == []

    on_virtual_time(tmp_path / "line", story, books=2, seed=SEED, faults=frozenset({"stale_frame"}))


def test_a_camera_that_only_repeats_itself_holds_the_line(tmp_path):
    async def story(rig):
        stale = [True]

        def spend(book, fault, real=rig.world.spend):
            return (fault == "stale_frame" and stale[0] and book.place == "capture") or real(book, fault)

        rig.world.spend = spend

        def mend(rig):
            stale[0] = False

        rig.operator = mend
        summary = await rig.to_the_end()
        assert len(alarms(rig)) == 1
        assert "stale" in alarms(rig)[0]
        assert summary["catalogued"] == 2
        assert rig.broken() == []

    on_virtual_time(tmp_path / "line", story, books=2, seed=SEED)


# --- tags ------------------------------------------------------------------------------------------------


def test_a_weak_tag_is_written_again_and_one_that_takes_nothing_is_not_released(tmp_path):
    async def story(rig):
        first, second = list(rig.world.books())[:2]
        first.faults["weak_tag"] = 1
        second.faults["weak_tag"] = 10_000
        summary = await rig.to_the_end()
        assert [book["outcome"] for book in summary["books"]] == ["catalogued", "review"]
        assert "does not take" in summary["books"][1]["reason"]
        assert rig.broken() == []

    on_virtual_time(tmp_path / "line", story, books=2, seed=SEED)


def test_with_a_neighbours_tag_in_the_field_nothing_is_released_as_another(tmp_path):
    async def story(rig):
        for book in rig.world.books():
            book.faults["neighbour_tag"] = True
        summary = await rig.to_the_end()
        assert summary["books_fed"] == 3
        assert rig.broken() == []

    on_virtual_time(tmp_path / "line", story, books=3, seed=SEED)


def test_a_silent_reader_holds_the_line(tmp_path):
    async def story(rig):
        rig.readers["tag"].silent = True

        def mend(rig):
            rig.readers["tag"].silent = False

        rig.operator = mend
        summary = await rig.to_the_end()
        assert len(alarms(rig)) == 1
        assert summary["catalogued"] == 2
        assert rig.broken() == []

    on_virtual_time(tmp_path / "line", story, books=2, seed=SEED)


def test_a_label_that_falls_off_is_seen_to_be_missing(tmp_path):
    async def story(rig):
        summary = await rig.to_the_end()
        fallen = [
            event for book in rig.world.books() for event in book.events if event["kind"] == "label_fell"
        ]
        assert len(fallen) == 1
        assert summary["review"] == 1
        assert rig.broken() == []

    on_virtual_time(tmp_path / "line", story, books=2, seed=SEED, faults=frozenset({"label_falls"}))
