"""Alarms after ISA-18.2: first-out, acknowledged, shelved for a time; mended where the person sits."""

import ast
import asyncio
import re
from datetime import UTC, datetime
from pathlib import Path

import pytest

from workcell.kernel.clock import VirtualClock, run_virtual
from workcell.kernel.errors import DeviceGone, Refused
from workcell.kernel.events import Event
from workcell.kernel.ids import SeededIds
from workcell.line.alarms import KINDS, about
from workcell.line.inbox import Request
from workcell.line.line import Line
from workcell.line.operator import OperatorLink
from workcell.line.projection import LineState
from workcell.line.tending import listed, tend, unshelve_expired

ROOT = Path(__file__).resolve().parents[3]
START = datetime(2026, 1, 5, 8, tzinfo=UTC)


class Memory:
    """A journal in memory."""

    def __init__(self, clock):
        self.clock, self.events = clock, []

    async def append(self, type_, body, *, book_id="", batch_id="", effect_id=""):
        at = self.clock.wall().isoformat()
        event = Event(len(self.events) + 1, "l", batch_id, book_id, effect_id, type_, 1, at, body, "", "")
        self.events.append(event)
        return event


class Somebody:
    """Sits at the desk; mends when the test says so."""

    def __init__(self):
        self.troubles, self.mended = [], asyncio.Event()

    async def mends(self, trouble):
        self.troubles.append(trouble)
        await self.mended.wait()
        self.mended.clear()


class Desk:
    def __init__(self, attended=False):
        self.clock, self.told, self.somebody = VirtualClock(START), [], Somebody()
        self.link = OperatorLink(self.somebody, self.clock, {})
        self.journal = Memory(self.clock)
        self.line = Line(
            layout=None, profile=None, clock=self.clock, ids=SeededIds(1), journal=self.journal,
            state=LineState(), link=self.link, devices=None, jobs=None, files=None, disk=None,
            mend=self.link.mend if attended else None, tell=self.told.append,
        )  # fmt: skip

    async def ask(self, verb, key, **arguments):
        return await tend(self.line, Request("1", "ana", verb, {"key": key, **arguments}, 0))

    def states(self):
        return {alarm.key: how.value for alarm, how in listed(self.line.state, self.clock.wall())}


def on_desk(story, **options):
    async def run():
        return await story(Desk(**options))

    return run_virtual(run())


def test_an_alarm_is_unacknowledged_then_acknowledged_then_gone():
    async def story(desk):
        await desk.line.alarm("missing:b", "b is missing.", "Search.", "b")
        assert desk.states() == {"missing:b": "unacknowledged"}
        await desk.ask("ack", "missing:b")
        assert desk.states() == {"missing:b": "acknowledged"}
        assert desk.line.state.alarms["missing:b"].acknowledged_by == "ana"
        await desk.line.clear_alarm("missing:b")
        assert desk.states() == {}
        with pytest.raises(Refused):
            await desk.ask("ack", "missing:b")

    on_desk(story)


def test_one_that_went_unseen_waits_for_an_acknowledgement():
    async def story(desk):
        await desk.line.alarm("jam:stamp", "Jam.", "Clear.")
        await desk.line.clear_alarm("jam:stamp")
        assert desk.states() == {"jam:stamp": "returned-unacknowledged"}
        await desk.line.alarm("jam:stamp", "Jam.", "Clear.")
        assert desk.states() == {"jam:stamp": "unacknowledged"}
        await desk.line.clear_alarm("jam:stamp")
        await desk.ask("ack", "all")
        assert desk.states() == {}

    on_desk(story)


def test_what_follows_from_a_standing_alarm_is_on_record_but_only_the_first_is_told():
    async def story(desk):
        await desk.line.alarm("jam:stamp", "Jam.", "Clear.")
        await desk.line.alarm("refused:sort", "Refused.", "Look.")
        await desk.line.alarm("jam:stamp", "Jam.", "Clear.")
        assert desk.told == ["alarm: Jam. Clear."]
        assert desk.states() == {"jam:stamp": "unacknowledged", "refused:sort": "suppressed"}
        assert desk.journal.events[1].body["follows"] == "jam:stamp"
        await desk.line.clear_alarm("jam:stamp")
        assert desk.states()["refused:sort"] == "unacknowledged"

    on_desk(story)


def test_the_most_urgent_stands_first():
    async def story(desk):
        for key in ("counts", "missing:b", "device:cam"):
            await desk.line.alarm(key, "t", "r")
        assert list(desk.states()) == ["device:cam", "counts", "missing:b"]

    on_desk(story)


def test_a_shelved_alarm_is_not_told_until_its_time_is_over_and_then_again():
    async def story(desk):
        await desk.ask("shelve", "missing:b", minutes=10, reason="searched for")
        await desk.line.alarm("missing:b", "b is missing.", "Search.")
        assert (desk.told, desk.states()) == ([], {"missing:b": "shelved"})
        await desk.clock.sleep(599)
        await unshelve_expired(desk.line)
        assert desk.told == []
        await desk.clock.sleep(1)
        await unshelve_expired(desk.line)
        assert desk.told == ["alarm: b is missing. Search."]
        assert desk.states() == {"missing:b": "unacknowledged"}
        await desk.ask("shelve", "missing:b", minutes=10, reason="again")
        await desk.ask("unshelve", "missing:b")
        assert len(desk.told) == 2

    on_desk(story)


@pytest.mark.parametrize(
    ("verb", "key", "arguments"),
    [
        ("shelve", "jam:stamp", {"minutes": 5}),
        ("shelve", "device:cam", {"minutes": 5}),
        ("shelve", "missing:b", {"minutes": 481}),
        ("shelve", "missing:b", {"minutes": 0}),
        ("shelve", "weather", {"minutes": 5}),
        ("unshelve", "missing:b", {}),
        ("ack", "all", {}),
    ],
)
def test_what_must_not_be_is_refused_and_changes_nothing(verb, key, arguments):
    async def story(desk):
        with pytest.raises(Refused):
            await desk.ask(verb, key, **arguments)
        assert desk.journal.events == []

    on_desk(story)


def _failing_once():
    tries = []

    async def attempt():
        tries.append(1)
        if len(tries) == 1:
            raise DeviceGone("no answer", subject="cam", remedy="Plug it in.")
        return "picture"

    return attempt


async def _executing(desk):
    for command in ("reset", "start"):
        await desk.link.command(command)
    await desk.line.see_state()


def test_the_person_at_the_desk_lets_it_go_on_at_the_same_terminal():
    async def story(desk):
        await _executing(desk)
        work = asyncio.ensure_future(desk.line.mended("cam", _failing_once()))
        while not desk.somebody.troubles:
            await desk.clock.sleep(0.1)
        assert desk.somebody.troubles == ["no answer Plug it in."]
        assert (desk.line.state.state, list(desk.line.state.alarms)) == ("Held", ["device:cam"])
        desk.somebody.mended.set()
        assert await work == "picture"
        assert (desk.line.state.state, desk.line.state.alarms) == ("Execute", {})

    on_desk(story, attended=True)


def test_an_unhold_from_elsewhere_does_not_wait_for_the_person_at_the_desk():
    async def story(desk):
        await _executing(desk)
        work = asyncio.ensure_future(desk.line.mended("cam", _failing_once()))
        while not desk.somebody.troubles:
            await desk.clock.sleep(0.1)
        await desk.link.command("unhold")
        await desk.line.see_state()
        assert await work == "picture"

    on_desk(story, attended=True)


def test_where_nobody_sits_a_request_is_what_lets_it_go_on():
    async def story(desk):
        await _executing(desk)
        work = asyncio.ensure_future(desk.line.mended("cam", _failing_once()))
        await desk.clock.sleep(30)
        assert not work.done() and desk.somebody.troubles == []
        await desk.link.command("unhold")
        await desk.line.see_state()
        assert await work == "picture"

    on_desk(story)


def test_every_kind_of_alarm_has_all_that_a_person_needs_and_stands_on_the_page():
    page = (ROOT / "docs" / "reference" / "errors.md").read_text("utf-8")
    rows = re.findall(r"^\| `(\w+)(?::\w+)?` \| (\d+) \| (\w+) \|", page, re.MULTILINE)
    assert sorted(rows) == sorted((name, str(k.id), k.priority.value) for name, k in KINDS.items())
    assert len({kind.id for kind in KINDS.values()}) == len(KINDS)
    assert all(kind.cause and kind.consequence and kind.response for kind in KINDS.values())


def test_every_alarm_that_the_line_raises_is_of_a_known_kind():
    raised = set()
    for path in (ROOT / "workcell" / "line").glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Call) and getattr(node.func, "attr", "") in (
                "alarm",
                "hold_until_mended",
            ):
                first = node.args[0] if node.args else None
                part = first.values[0] if isinstance(first, ast.JoinedStr) else first
                if isinstance(part, ast.Constant):
                    raised.add(part.value.partition(":")[0])
    assert raised and raised <= set(KINDS)


def test_an_alarm_of_another_version_is_of_medium_priority():
    assert about("weather").priority.value == "medium"
