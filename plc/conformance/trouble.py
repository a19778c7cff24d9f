"""Silver, with matter: what nobody announced, what does not arrive, what is taken away, and abort."""

from __future__ import annotations

from plc.conformance.checks import Catalogue, expect, ms
from plc.conformance.events import fresh_events, newest_event
from plc.conformance.host import LINE
from plc.conformance.probe import Probe
from plc.tracking import UNKNOWN_BIT

_SILVER = Catalogue("silver")
CHECKS = _SILVER.checks
check = _SILVER.check


@check("WC-TT-003", start="execute", advice="Name an item that nobody announced: bit 31 set, event unknown.")
async def _unknown(probe: Probe) -> str:
    """An item that nobody announced gets an unknown TrackId and an event."""
    probe.need_stimuli()
    _, last = await probe.last_two()
    head = await newest_event(probe)
    await probe.play("item", last)
    track_id, _ = await probe.until(
        lambda: probe.zone(last), lambda zone: zone[0] != 0, 3.0, f"a TrackId in {last}"
    )
    expect(bool(track_id & UNKNOWN_BIT), f"the item is called {track_id:#010x}: bit 31 is not set")
    events = await fresh_events(probe, head)
    kinds = [(probe.map.name("event_kind", event["kind"]), event["track_id"]) for event in events]
    expect(("unknown", track_id) in kinds, f"no event unknown: {kinds}")
    expect(await probe.release(last, track_id) == "ok", "it can't be released under that TrackId")
    await probe.play("item", last)
    another, _ = await probe.until(
        lambda: probe.zone(last), lambda zone: zone[0] != 0, 3.0, f"a TrackId for a second item in {last}"
    )
    expect(another == track_id + 1, f"the item after {track_id:#010x} is called {another:#010x}")
    expect(await probe.release(last, another) == "ok", "the second item can't be released under its TrackId")
    return f"{track_id:#010x}, {another:#010x}"


@check(
    "WC-TT-004", start="execute", advice="After 1.5 times the travel time without arrival: lost, alarm, Held."
)
async def _lost(probe: Probe) -> str:
    """A book that does not arrive ends its release with lost, raises an alarm and holds the line."""
    probe.need_stimuli()
    behind, last = await probe.last_two()
    track_id = await probe.book_at(behind)
    head = await newest_event(probe)
    begun = probe.clock.now()
    await probe.play("lose", behind)
    code = await probe.release(behind, track_id)
    seen = probe.clock.now() - begun
    expect(code == "lost", f"the release ended {code}, not lost")
    await _held_for(probe, "lost", last)
    expect(
        (await probe.zone(last))[1] == "unconfirmed", f"{last} is {await probe.zone(last)}, not unconfirmed"
    )
    events = [probe.map.name("event_kind", event["kind"]) for event in await fresh_events(probe, head)]
    expect("lost" in events, f"no event lost: {events}")
    await _confirm(probe, last)
    return f"lost after {ms(seen)}"


@check(
    "WC-TT-005",
    start="execute",
    advice="A book that leaves its zone unasked in Execute: removed, alarm, Held.",
)
async def _removed(probe: Probe) -> str:
    """A book that is taken away raises the event removed and the alarm lost."""
    probe.need_stimuli()
    _, last = await probe.last_two()
    await probe.book_at(last)
    head = await newest_event(probe)
    await probe.play("remove", last)
    await _held_for(probe, "lost", last)
    events = [probe.map.name("event_kind", event["kind"]) for event in await fresh_events(probe, head)]
    expect("removed" in events, f"no event removed: {events}")
    zone = await probe.zone(last)
    expect(zone == (0, "unconfirmed"), f"{last} shows {zone}, not 0 and unconfirmed")
    await _confirm(probe, last)
    return "removed, Held, unconfirmed"


async def _held_for(probe: Probe, alarm: str, zone: str) -> None:
    await probe.until_state("held", 5.0)
    line = await probe.line()
    word = probe.map.alarms[alarm].id + probe.map.number("station", zone)
    expect(line["alarms"][0] == word, f"the first alarm is {line['alarms'][0]}, not {word}")
    reason = probe.map.name("stop_reason", line["stop_reason"])
    expect(reason == alarm, f"the stop reason is {reason}, not {alarm}")


async def _confirm(probe: Probe, zone: str) -> None:
    await probe.bring("execute")
    await probe.wait_scans(3)
    line, state = await probe.line(), (await probe.zone(zone))[1]
    expect(line["alarm_count"] == 0, f"{line['alarm_count']} alarms stand after unhold (WC-AL-002)")
    expect(state == "empty", f"{zone} is {state} after unhold (WC-AL-002)")


@check(
    "WC-SF-003", start="execute",
    advice="On an abort end acts with aborted, grants with withdrawn, and make every book unconfirmed.",
)  # fmt: skip
async def _aborted(probe: Probe) -> str:
    """An abort breaks acts off and leaves every book unconfirmed."""
    behind, front, first, second = await probe.pair()
    waiting = await probe.grant(behind, first)
    moving = await probe.grant(front, second)
    abort = await probe.order("abort")
    expect(await probe.end(LINE, abort.seq, 2.0) == "ok", "abort did not end ok")
    codes = (await probe.end(front, moving.seq, 2.0), await probe.end(behind, waiting.seq, 2.0))
    expect(codes == ("aborted", "withdrawn"), f"the move ended {codes[0]}, the grant {codes[1]}")
    states = [(await probe.zone(station))[1] for station in (behind, front)]
    expect(states == ["unconfirmed"] * 2, f"the zones are {states}")
    await probe.bring("execute")
    return "aborted, withdrawn, unconfirmed"
