"""The contract of LineLink, over every kind of wire."""

from __future__ import annotations

import asyncio
import logging
from contextlib import suppress
from typing import Any

import pytest

from plc import UNKNOWN_BIT
from workcell.kernel.errors import BadInput, ConfigError, DeviceFault, DeviceGone, Doubtful, Refused


def _listen(link: Any) -> list[tuple[str, str, int]]:
    """Every event from now on, as (kind, zone, TrackId)."""
    heard: list[tuple[str, str, int]] = []

    async def hear() -> None:
        async for event in link.events():
            heard.append((event.kind, event.zone, event.track_id))

    heard_by = asyncio.create_task(hear())
    heard_by.add_done_callback(lambda task: task.cancelled() or task.exception())
    return heard


def test_a_book_goes_through_the_line(play: Any) -> None:
    async def scenario(rig: Any) -> None:
        link = await rig.started()
        heard = _listen(link)
        assert (await rig.feed(link, 7)).code == "ok"
        assert (await rig.release(link, "supply", 7)).ok
        measured = await rig.do(link, "posture", "measure")
        assert measured.results == {
            "height_mm10": 2290, "width_mm10": 1520, "thickness_mm10": 240, "weight_g": 480
        }  # fmt: skip
        assert (await rig.release(link, "posture", 7)).ok
        view = await link.view()
        assert [zone.track_id for zone in view.zones] == [0, 0, 7]
        assert (await rig.release(link, "sort", 7, destination=3)).ok
        view = await link.wait_view(lambda seen: seen.left == 1, 2.0)
        assert (view.linked, view.state, view.mode, view.entered) == (True, "Execute", "Production", 1)
        await rig.until(lambda: len(heard) == 7)
        assert [(kind, zone) for kind, zone, _ in heard] == [
            ("arrived", "supply"), ("departed", "supply"), ("arrived", "posture"), ("departed", "posture"),
            ("arrived", "sort"), ("departed", "sort"), ("left", "sort"),
        ]  # fmt: skip
        assert {track_id for *_, track_id in heard} == {7}
        await link.close()

    play(scenario)


def test_many_books_lose_no_event(play: Any) -> None:
    """WC-EV-001: more edges than the ring holds, faster than they are acknowledged."""

    async def scenario(rig: Any) -> None:
        rig.plant.seconds = 0.0
        link = await rig.started()
        heard = _listen(link)
        for track_id in range(1, 9):
            await rig.feed(link, track_id)
            for station in ("supply", "posture"):
                await rig.release(link, station, track_id)
            await rig.release(link, "sort", track_id, destination=1)
        await rig.until(lambda: len(heard) == 8 * 7)
        assert [track_id for kind, _, track_id in heard if kind == "left"] == list(range(1, 9))
        await link.close()

    play(scenario)


def test_refusals_are_told_with_their_reason(play: Any) -> None:
    """WC-HS-002, WC-PM-005, WC-UC-004."""

    async def scenario(rig: Any) -> None:
        link = rig.link()
        await link.open()
        with pytest.raises(Refused, match="does not take this in its present state"):
            await rig.feed(link, 1)
        with pytest.raises(Refused, match="present state"):
            await link.command("unhold")
        for command in ("reset", "start"):
            await link.command(command)
        await rig.feed(link, 1)
        with pytest.raises(Refused, match="interlocked"):
            await rig.feed(link, 2)
        with pytest.raises(BadInput, match="no verb 'measure'"):
            await rig.do(link, "supply", "measure")
        with pytest.raises(BadInput, match="no command 'fly'"):
            await link.command("fly")
        await link.close()

    play(scenario)


def test_a_command_given_twice_acts_once(play: Any) -> None:
    """WC-HS-001."""

    async def scenario(rig: Any) -> None:
        link = await rig.started()
        seq = await link.reserve("supply")
        first = await link.execute("supply", seq, "feed", {"track_id": 1})
        again = await link.execute("supply", seq, "feed", {"track_id": 1})
        assert first == again
        assert rig.plant.acts == ["feed"]
        await link.close()

    play(scenario)


def test_numbers_are_reserved_once(play: Any) -> None:
    """WC-HS-004: also past 65535."""

    async def scenario(rig: Any) -> None:
        link = await rig.started()
        assert [await link.reserve("supply") for _ in range(3)] == [1, 2, 3]
        link._commands._reserved["supply"] = 65534
        assert [await link.reserve("supply") for _ in range(2)] == [65535, 1]
        await link.close()

    play(scenario)


def test_line_commands_return_in_their_state(play: Any) -> None:
    """WC-PM-003."""

    async def scenario(rig: Any) -> None:
        link = await rig.started()
        for command, state in (
            ("hold", "Held"), ("unhold", "Execute"), ("suspend", "Suspended"), ("unsuspend", "Execute"),
            ("complete", "Complete"), ("reset", "Idle"), ("stop", "Stopped"), ("abort", "Aborted"),
            ("clear", "Stopped"),
        ):  # fmt: skip
            await link.command(command)
            assert (await link.view()).state == state
        await link.set_mode("maintenance")
        with pytest.raises(Refused, match="not in Production"):
            await link.command("reset")
        await link.close()

    play(scenario)


def test_a_later_line_command_overtakes_a_waiting_one(play: Any) -> None:
    """WC-PM-003."""

    async def scenario(rig: Any) -> None:
        rig.plant.seconds = 0.6
        link = await rig.started()
        feeding = asyncio.create_task(rig.feed(link, 1))
        await link.wait_view(lambda seen: any(zone.state == "arriving" for zone in seen.zones), 2.0)
        stopping = asyncio.create_task(link.command("stop"))
        await link.wait_view(lambda seen: seen.state == "Stopping", 2.0)
        await link.command("abort")
        with pytest.raises(Refused, match="overtaken"):
            await stopping
        assert (await feeding).code == "aborted"
        await link.close()

    play(scenario)


def test_a_guarded_release_compares(play: Any) -> None:
    """WC-ZN-004."""

    async def scenario(rig: Any) -> None:
        link = await rig.started()
        await rig.feed(link, 1)
        noted = (await link.view()).guard
        rig.plant.guards += 1
        assert (await rig.release(link, "supply", 1, guard=noted)).code == "guard_changed"
        view = await link.wait_view(lambda seen: seen.guard == 1, 2.0)
        assert (await rig.release(link, "supply", 1, guard=view.guard)).ok
        await link.close()

    play(scenario)


def test_a_wait_ends_in_time(play: Any) -> None:
    async def scenario(rig: Any) -> None:
        link = await rig.started()
        with pytest.raises(TimeoutError):
            await link.wait_view(lambda seen: seen.state == "Aborted", 0.1)
        await link.close()

    play(scenario)


# --- the wire dies ---------------------------------------------------------------------------------------


def test_a_lost_link_holds_the_line_in_time_and_is_told_once(
    play: Any, caplog: pytest.LogCaptureFixture
) -> None:
    """WC-WD-001, WC-WD-002."""
    caplog.set_level(logging.WARNING, logger="plc.link")

    async def scenario(rig: Any) -> None:
        link = await rig.started()
        heard = _listen(link)
        await rig.cut()
        cut_at = rig.clock.now()
        await rig.until(lambda: rig.plc.unit.state == "held", 3.0)
        assert rig.clock.now() - cut_at < 1.1 + 0.05  # what this test itself takes on a busy machine
        await rig.until(lambda: bool(heard))
        assert not (await link.view()).linked
        rig.mend()
        view = await link.wait_view(lambda seen: seen.linked, 5.0)
        assert view.state == "Held"
        await rig.clock.sleep(0.3)
        assert [kind for kind, *_ in heard] == ["link_lost", "link_back"]
        assert rig.plc.unit.state == "held"
        await link.command("unhold")
        await link.close()

    play(scenario)
    messages = [record.message for record in caplog.records]
    assert len([text for text in messages if "link lost" in text]) == 1
    assert len([text for text in messages if "link back" in text]) == 1


def test_a_command_outlives_its_wire(play: Any) -> None:
    """WC-HS-006: it ended while nobody looked, and its end is asked by number."""

    async def scenario(rig: Any) -> None:
        rig.plant.seconds = 0.4
        link = await rig.started()
        feeding = asyncio.create_task(rig.feed(link, 1))
        await link.wait_view(lambda seen: seen.zones[0].state == "arriving", 2.0)
        await rig.cut()
        await rig.until(lambda: rig.plant.acts == ["feed"])
        rig.mend()
        assert (await feeding).ok
        assert rig.plant.acts == ["feed"]
        await link.close()

    play(scenario)


def test_a_command_that_never_arrived_is_sent_again_under_its_number(play: Any) -> None:
    """WC-HS-006."""

    async def scenario(rig: Any) -> None:
        link = await rig.started()
        seq = await link.reserve("supply")
        await rig.cut()
        feeding = asyncio.create_task(link.execute("supply", seq, "feed", {"track_id": 1}))
        await rig.clock.sleep(0.05)
        rig.mend()
        done = await feeding
        assert (done.seq, done.code) == (seq, "ok")
        assert rig.plant.acts == ["feed"]
        await link.close()

    play(scenario)


def test_a_link_that_stays_dead_gives_up(play: Any) -> None:
    async def scenario(rig: Any) -> None:
        link = await rig.started(give_up_seconds=0.3)
        await rig.cut()
        with pytest.raises(DeviceGone, match="no link"):
            await rig.feed(link, 1)
        await link.close()

    play(scenario)


def test_a_plc_that_answers_but_does_not_scan_is_a_lost_link(play: Any) -> None:
    """WC-FR-002."""

    async def scenario(rig: Any) -> None:
        link = await rig.started()
        heard = _listen(link)
        rig.scanning.cancel()
        await rig.until(lambda: bool(heard), 5.0)
        assert heard[0][0] == "link_lost"
        rig.scanning = asyncio.create_task(rig.host.run())
        await link.wait_view(lambda seen: seen.linked, 10.0)
        await link.close()
        rig.scanning.cancel()

    play(scenario)


# --- either side starts again ----------------------------------------------------------------------------


def test_a_new_host_asks_what_happened(play: Any, kill: Any) -> None:
    """WC-HS-005, WC-HS-006: what ended, what runs, what was refused, what was never seen."""

    async def scenario(rig: Any) -> None:
        old = await rig.started()
        await rig.feed(old, 1)
        await rig.release(old, "supply", 1)
        measured = await rig.do(old, "posture", "measure")
        rig.plant.seconds = 2.0
        aligning = await old.reserve("posture")
        running = asyncio.create_task(old.execute("posture", aligning, "align", {}))
        await rig.until(lambda: rig.plc.image.read(64 + 5 + 10, 1) == [aligning])
        refused = await old.reserve("sort")
        with pytest.raises(Refused):
            await old.execute("sort", refused, "release", {"track_id": 1, "destination": 0, "guard": 0})
        boot_id = (await old.view()).boot_id
        await kill(old)
        running.cancel()

        new = rig.link(last_boot_id=boot_id)
        await new.open()
        assert (await new.view()).state == "Held"
        ended = await new.outcome("posture", aligning)
        assert (ended.seq, ended.code) == (aligning, "ok")
        assert rig.plant.acts == ["feed", "measure", "align"]
        assert await new.outcome("sort", refused) is None
        assert await new.outcome("supply", 40) is None
        with pytest.raises(Doubtful, match="later one"):
            await new.outcome("posture", measured.seq)
        assert await new.reserve("posture") == aligning + 1
        await new.close()

    play(scenario)


def test_results_are_known_after_a_restart(play: Any, kill: Any) -> None:
    """WC-HS-005."""

    async def scenario(rig: Any) -> None:
        old = await rig.started()
        await rig.feed(old, 1)
        await rig.release(old, "supply", 1)
        measured = await rig.do(old, "posture", "measure")
        await kill(old)
        new = rig.link(last_boot_id=1)
        await new.open()
        assert await new.outcome("posture", measured.seq) == measured
        await new.close()

    play(scenario)


def test_a_grant_does_not_outlive_its_host(play: Any, kill: Any) -> None:
    """WC-WD-003: nothing happened, so the new host grants anew."""

    async def scenario(rig: Any) -> None:
        old = await rig.started()
        for track_id in (1, 2):
            await rig.feed(old, track_id)
            if track_id == 1:
                await rig.release(old, "supply", 1)
        seq = await old.reserve("supply")
        params = {"track_id": 2, "destination": 0, "guard": 0xFFFF}
        waiting = asyncio.create_task(old.execute("supply", seq, "release", params))
        await rig.clock.sleep(0.2)
        boot_id = (await old.view()).boot_id
        await kill(old)
        waiting.cancel()
        new = rig.link(last_boot_id=boot_id)
        await new.open()
        assert await new.outcome("supply", seq) is None
        await new.command("unhold")
        await rig.release(new, "posture", 1)
        assert (await rig.release(new, "supply", 2)).ok
        await new.close()

    play(scenario)


def test_a_stop_takes_a_waiting_grant_back(play: Any) -> None:
    """WC-ZN-005: execute says that nothing happened."""

    async def scenario(rig: Any) -> None:
        link = await rig.started()
        await rig.feed(link, 1)
        await rig.release(link, "supply", 1)
        await rig.feed(link, 2)
        waiting = asyncio.create_task(rig.release(link, "supply", 2))
        await rig.clock.sleep(0.2)
        await link.command("stop")
        with pytest.raises(Refused, match="before the book moved"):
            await waiting
        await link.close()

    play(scenario)


def test_a_rebooted_plc_is_told_and_makes_commands_doubtful(play: Any) -> None:
    """WC-BT-003, WC-TT-003."""

    async def scenario(rig: Any) -> None:
        rig.plant.seconds = 0.3
        link = await rig.started()
        heard = _listen(link)
        done = await rig.feed(link, 1)
        releasing = asyncio.create_task(rig.release(link, "supply", 1))
        await link.wait_view(lambda seen: seen.zones[0].state == "leaving", 2.0)
        rig.plc.reboot()
        with pytest.raises(Doubtful, match="powered up"):
            await releasing
        with pytest.raises(Doubtful, match="forgotten"):
            await link.outcome("supply", done.seq)
        view = await link.wait_view(lambda seen: bool(seen.zones[0].track_id & UNKNOWN_BIT), 2.0)
        assert (view.boot_id, view.state) == (2, "Stopped")
        await rig.until(lambda: ("unknown", "supply", view.zones[0].track_id) in heard)
        assert [kind for kind, *_ in heard].count("rebooted") == 1
        for command in ("reset", "start"):
            await link.command(command)
        assert (await rig.release(link, "supply", view.zones[0].track_id)).ok
        await link.close()

    play(scenario)


def test_a_plc_rebooted_between_two_hosts_makes_commands_doubtful(play: Any, kill: Any) -> None:
    """WC-BT-003: with the boot id on record, and also without it."""

    async def scenario(rig: Any) -> None:
        old = await rig.started()
        done = await rig.feed(old, 1)
        await kill(old)
        rig.plc.reboot()
        for known in (1, 0):
            new = rig.link(last_boot_id=known)
            await new.open()
            with pytest.raises(Doubtful, match="powered up"):
                await new.outcome("supply", done.seq)
            await new.close()

    play(scenario)


# --- who may command -------------------------------------------------------------------------------------


def test_a_second_host_is_refused_and_disturbs_nobody(play: Any) -> None:
    """WC-OW-001, WC-OW-002."""
    if_serial_has_one_master = "a serial line has one master"

    async def scenario(rig: Any) -> None:
        if rig.rtu:
            pytest.skip(if_serial_has_one_master)
        first = await rig.started()
        heard = _listen(first)
        second = rig.link()
        with pytest.raises(Refused, match="another host owns the line"):
            await second.open()
        assert (await rig.feed(first, 1)).ok
        assert heard[:1] in ([], [("arrived", "supply", 1)])
        assert (await first.view()).state == "Execute"
        await first.close()

    play(scenario)


def test_a_line_that_was_given_up_can_be_owned_at_once(play: Any) -> None:
    """WC-OW-003."""

    async def scenario(rig: Any) -> None:
        first = await rig.started()
        await first.close()
        second = rig.link()
        started = rig.clock.now()
        await second.open()
        assert rig.clock.now() - started < 0.8
        assert (await second.view()).state == "Held"
        await second.close()

    play(scenario)


# --- what does not fit -----------------------------------------------------------------------------------


def test_another_major_version_is_refused_with_both_versions(play: Any) -> None:
    """WC-RG-006."""

    async def scenario(rig: Any) -> None:
        rig.plc.image.put("line", {"map_version": 2 * 256 + 5})
        with pytest.raises(ConfigError, match=r"tag map 2\.5, this host 1\.2"):
            await rig.link().open()

    play(scenario)


def test_a_foreign_device_is_refused(play: Any) -> None:
    async def scenario(rig: Any) -> None:
        rig.plc.image.put("line", {"signature": 1})
        with pytest.raises(DeviceFault, match="no workcell PLC"):
            await rig.link().open()

    play(scenario)


def test_nobody_there_is_device_gone(play: Any) -> None:
    async def scenario(rig: Any) -> None:
        await rig.cut()
        with pytest.raises(DeviceGone):
            await rig.link().open()

    play(scenario)


@pytest.mark.parametrize(
    "changes",
    [{"fc23": False}, {"word_order": "low_first"}, {"max_block": 40}, {"unit": 9}],
    ids=["no function 23", "low word first", "short reads", "unit 9"],
)
def test_a_vendor_may_differ_by_manifest(play_in_memory: Any, changes: dict[str, object]) -> None:
    """WC-RG-001, WC-RG-002, WC-RG-003."""

    async def scenario(rig: Any) -> None:
        link = await rig.started()
        big = 2**31 - 5
        await rig.feed(link, big)
        await rig.release(link, "supply", big)
        assert (await rig.do(link, "posture", "measure")).results["height_mm10"] == 2290
        assert (await link.view()).zones[1].track_id == big
        await link.close()

    play_in_memory(scenario, **changes)


def test_a_unit_command_that_the_vendor_leaves_out_is_not_sent(play_in_memory: Any) -> None:
    """WC-UC-001: the manifest says so, and the host knows it before it asks."""

    async def scenario(rig: Any) -> None:
        link = await rig.started()
        with pytest.raises(BadInput, match=r"posture\.flip: the PLC leaves this unit command out"):
            await rig.do(link, "posture", "flip")
        await link.close()

    play_in_memory(scenario, without=("posture.flip",))


def test_times_are_read_once_a_second(play_in_memory: Any) -> None:
    """WC-TM-001."""

    async def scenario(rig: Any) -> None:
        link = await rig.started()
        await rig.clock.sleep(12.5)
        times = link.times()
        assert times["since_reset"] == pytest.approx(125, abs=25)
        assert times["cumulative"][6] == pytest.approx(125, abs=25)
        await link.close()

    play_in_memory(scenario)


def test_the_iterator_of_events_ends_with_the_link(play_in_memory: Any) -> None:
    async def scenario(rig: Any) -> None:
        link = await rig.started()
        await rig.feed(link, 1)
        await link.close()
        assert [event.kind async for event in link.events()] == ["arrived"]

    play_in_memory(scenario)


def test_events_of_before_are_not_told(play_in_memory: Any, kill: Any) -> None:
    """Every edge since ``open``: also when the ring was full and more waited."""

    async def scenario(rig: Any) -> None:
        rig.plant.seconds = 0.0
        old = await rig.started()
        await kill(old)
        for number in range(40):
            rig.plc._line.event("arrived", rig.plc._stations[0].zone, number)
        new = rig.link(last_boot_id=1)
        await new.open()
        heard = _listen(new)
        await new.command("unhold")
        await rig.feed(new, 77)
        await rig.until(lambda: bool(heard))
        assert heard == [("arrived", "supply", 77)]
        with suppress(DeviceGone):
            await new.close()

    play_in_memory(scenario)
