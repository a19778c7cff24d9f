"""The unit restarts, is held or aborted; people take books and reach in: nothing wrong leaves the line."""

import asyncio

import pytest
from virtual_line import Death, on_virtual_time

from plc import PlcLink
from workcell.kernel.errors import DeviceGone
from workcell.kernel.ids import SeededIds
from workcell.kernel.streams import memory_connect

SEED = 8


def _world_of(rig):
    """Everything in the world that a held line must not change."""
    truth = rig.world.truth()["books"]
    return [{key: value for key, value in book.items() if key != "condition"} for book in truth], list(
        rig.printed
    )


# --- the PLC is powered off and on -----------------------------------------------------------------------


@pytest.mark.parametrize("seconds", [0.4, 2.1, 5.5, 6.3, 8.3, 9.1, 10.6])
def test_after_a_restart_of_the_plc_what_was_on_the_line_is_turned_out_unmarked(seconds, tmp_path):
    async def story(rig):
        marked = {}

        def reboot():
            rig.host.plc.reboot()
            marked.update({book.name: (len(book.labels), len(book.stamps), book.tag) for book in on_line()})

        def on_line():
            return [book for book in rig.world.books() if book.place in [z.name for z in rig.layout.stations]]

        rig.at(seconds, reboot)
        summary = await rig.to_the_end()
        assert rig.broken() == []
        assert summary["books_fed"] == 3
        for book in rig.world.books():
            if book.name in marked:
                claim = next(claim for claim in summary["books"] if claim["track_id"] == book.track_id)
                assert claim["outcome"] in ("rejected", "missing")
                assert (len(book.labels), len(book.stamps), book.tag) == marked[book.name]

    on_virtual_time(tmp_path / "line", story, books=3, seed=SEED)


@pytest.mark.parametrize("seconds", [1.1, 6.3, 9.1])
def test_a_restart_of_the_plc_while_nobody_watches_is_noticed(seconds, tmp_path):
    async def story(rig):
        assert not await rig.live(Death(after_seconds=seconds))
        on_line = len(rig.line.state.in_flight())
        rig.host.plc.reboot()
        summary = await rig.to_the_end()
        assert rig.broken() == []
        assert summary["rejected"] + summary["lost"] >= on_line > 0

    on_virtual_time(tmp_path / "line", story, books=3, seed=SEED)


@pytest.mark.parametrize("seconds", [9.9, 12.1, 14.2])
def test_a_book_that_came_out_while_nobody_watched_lies_where_it_was_let_go(seconds, tmp_path):
    """The host dies as a book is on its way to its bin, and the unit is restarted after it has arrived."""

    async def story(rig):
        assert not await rig.live(Death(after_seconds=seconds))
        out = sum(not book.outcome for book in rig.line.state.books.values() if book.zone == "sort")
        await rig.clock.sleep(1.0)
        rig.host.plc.reboot()
        summary = await rig.to_the_end()
        assert rig.broken() == []
        assert (out, summary["lost"]) == (1, 0)
        (misplaced,) = [key for key in rig.line.state.alarms if key.startswith("misplaced:")]
        book = rig.line.state.book(misplaced.partition(":")[2])
        assert (book.outcome, book.bin) == ("rejected", "check")

    on_virtual_time(tmp_path / "line", story, books=3, seed=SEED)


@pytest.mark.parametrize("moment", ["recovery.started", "recovery.finished"])
@pytest.mark.parametrize("seconds", [2.1, 6.3, 9.1])
def test_a_restart_of_the_plc_while_a_new_conductor_finds_its_way_makes_no_book_twice(
    seconds, moment, tmp_path
):
    async def story(rig):
        reboots = []

        def watch(rig, event):
            if event.type == moment and not reboots:
                reboots.append(rig.host.plc.reboot())

        assert not await rig.live(Death(after_seconds=seconds))
        rig.on_event = watch
        summary = await rig.to_the_end()
        assert rig.broken() == []
        assert (summary["books_fed"], len(reboots)) == (3, 1)

    on_virtual_time(tmp_path / "line", story, books=3, seed=SEED)


def test_two_restarts_of_the_plc_and_a_death_between_still_close_the_counts(tmp_path):
    async def story(rig):
        rig.at(3.0, rig.host.plc.reboot)
        assert not await rig.live(Death(after_seconds=6.0))
        rig.at(0.5, rig.host.plc.reboot)
        rig.at(4.0, rig.host.plc.reboot)
        await rig.to_the_end()
        assert rig.broken() == []

    on_virtual_time(tmp_path / "line", story, books=3, seed=SEED)


# --- people ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("zone", "kind"),
    [("capture", "act:hold"), ("page_turn", "act:turn"), ("stamp", "act:stamp"), ("rfid", "tag")],
)
def test_a_book_that_somebody_takes_is_missing_and_the_others_go_on(zone, kind, tmp_path):
    async def story(rig):
        taken = []

        def take(rig, event):
            if event.body.get("kind") == kind and event.body["station"] == zone and not taken:
                taken.append(rig.world.take_book(zone))

        rig.on_event = take
        summary = await rig.to_the_end()
        assert [book.name for book in rig.world.books() if book.place == "taken"] == taken
        assert summary["lost"] == 1
        assert summary["catalogued"] == 2
        assert _without_counts(rig.broken()) == []

    on_virtual_time(tmp_path / "line", story, books=3, seed=SEED)


def _without_counts(findings):
    return [text for text in findings if "counts do not close" not in text]


def test_a_hand_between_proof_and_release_sends_the_book_to_review(tmp_path):
    async def story(rig):
        reached = []

        def watch(rig, event):
            if event.type == "proof.made" and not reached:
                reached.append(event.book_id)
                rig.world.reach_in()

        rig.on_event = watch
        summary = await rig.to_the_end()
        claims = {book["book"]: book for book in summary["books"]}
        assert claims[reached[0]]["outcome"] == "review"
        assert "reached into the line" in claims[reached[0]]["reason"]
        assert rig.broken() == []

    on_virtual_time(tmp_path / "line", story, books=2, seed=SEED)


def test_a_hand_while_the_conductor_was_dead_counts_too(tmp_path):
    """The pictures of the proof are from before the death, so the guard count must be of then as well."""

    async def story(rig):
        assert not await rig.live(Death(type="proof.made"))
        rig.world.reach_in()
        summary = await rig.to_the_end()
        assert [book["outcome"] for book in summary["books"]] == ["review", "catalogued"]
        assert rig.broken() == []

    on_virtual_time(tmp_path / "line", story, books=2, seed=SEED)


# --- held, aborted, jammed, silent -----------------------------------------------------------------------


@pytest.mark.parametrize("seconds", [2.4, 6.1, 8.0, 9.6])
def test_nothing_moves_and_nothing_is_marked_while_held(seconds, tmp_path):
    async def story(rig):
        async def person():
            await rig.clock.sleep(seconds)
            rig.requests.put("hold")
            await rig.until(lambda: rig.line.state.state == "Held")
            await rig.clock.sleep(4.0)  # the longest act under way has ended
            before = _world_of(rig)
            await rig.clock.sleep(8.0)
            assert _world_of(rig) == before
            rig.requests.put("unhold")

        summary = await rig.alongside(person(), rig.to_the_end())
        assert summary["catalogued"] == 2
        assert rig.broken() == []

    on_virtual_time(tmp_path / "line", story, books=2, seed=SEED)


def test_after_an_abort_and_a_clear_no_book_whose_act_was_cut_is_released(tmp_path):
    async def story(rig):
        async def person():
            await rig.clock.sleep(6.4)
            rig.requests.put("abort")
            await rig.until(lambda: rig.line.state.state == "Aborted")
            await rig.clock.sleep(1.0)
            rig.requests.put("clear")

        summary = await rig.alongside(person(), rig.to_the_end())
        cut = {
            event.book_id
            for event in rig.events()
            if event.type == "effect.done" and event.body.get("code") == "aborted"
        }
        assert cut
        assert all(book["outcome"] != "catalogued" or book["book"] not in cut for book in summary["books"])
        assert rig.broken() == []

    on_virtual_time(tmp_path / "line", story, books=3, seed=SEED)


def test_a_stopped_line_goes_on_where_it_stood(tmp_path):
    async def story(rig):
        rig.at(5.0, lambda: rig.requests.put("stop"))
        assert await rig.live()
        assert rig.conductor.stopped_by == "stop"
        assert rig.line.state.batch_open
        summary = await rig.to_the_end()
        assert summary["catalogued"] == 2
        assert rig.broken() == []

    on_virtual_time(tmp_path / "line", story, books=2, seed=SEED)


def test_without_a_link_only_a_stop_is_obeyed_and_the_rest_is_told_why(tmp_path):
    async def story(rig):
        wires, cut = [], asyncio.Event()

        async def connect():
            if cut.is_set():
                raise DeviceGone("the cable is out", subject="PLC")
            wires.append(await memory_connect(rig.host.serve)())
            return wires[-1]

        async def pull_the_cable_and_ask():
            await rig.clock.sleep(5.0)
            cut.set()
            await wires[-1].close()
            await rig.clock.sleep(2.0)
            refused = rig.requests.put("unhold")
            await rig.until(lambda: refused in rig.requests.answers)
            assert not rig.requests.answers[refused]["ok"]
            assert "no link to the PLC" in rig.requests.answers[refused]["text"]
            rig.requests.put("stop")

        link = PlcLink(connect, rig.clock, SeededIds(SEED))
        assert await rig.alongside(pull_the_cable_and_ask(), rig.live(link_of=lambda _: link))
        assert rig.conductor.stopped_by == "stop"
        await link.close()
        summary = await rig.to_the_end()
        assert summary["catalogued"] == 2
        assert rig.broken() == []

    on_virtual_time(tmp_path / "line", story, books=2, seed=SEED)


def test_a_jam_is_one_alarm_and_the_book_goes_on(tmp_path):
    async def story(rig):
        summary = await rig.to_the_end()
        jams = [event for event in rig.events() if event.type == "alarm.raised"]
        assert {event.body["key"].split(":")[0] for event in jams} == {"jam"}
        assert summary["books_fed"] == 3
        assert rig.broken() == []

    on_virtual_time(tmp_path / "line", story, books=3, seed=SEED, faults=frozenset({"jam"}))


def test_a_silent_conductor_is_a_held_line(tmp_path):
    async def story(rig):
        assert not await rig.live(Death(after_seconds=6.0))
        await rig.clock.sleep(3.0)
        assert rig.host.plc.unit.state == "held"
        before = _world_of(rig)
        await rig.clock.sleep(10.0)
        assert _world_of(rig) == before

    on_virtual_time(tmp_path / "line", story, books=3, seed=SEED)
