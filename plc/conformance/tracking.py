"""Silver, with matter: unit commands, zones, release, track and trace, events, trouble."""

from __future__ import annotations

from typing import Any

from plc.conformance.checks import Catalogue, expect, ms
from plc.conformance.host import LINE
from plc.conformance.probe import NO_COMPARE, NotApplicable, Probe
from plc.handshake import is_newer
from plc.tracking import UNKNOWN_BIT

_SILVER = Catalogue("silver")
CHECKS = _SILVER.checks
check = _SILVER.check

_RING = 16
_WATCH_SECONDS = 0.6
_MEASURES = {"height_mm10": (300, 6000), "width_mm10": (300, 6000), "thickness_mm10": (5, 2000)}


async def _two(probe: Probe) -> tuple[str, str]:
    """The last two stations."""
    await probe.need_matter()
    expect(len(probe.stations) > 1, "a line has two stations at least")
    return probe.stations[-2], probe.stations[-1]


async def _fresh_events(probe: Probe, after: int) -> list[dict[str, Any]]:
    _, entries = await probe.ring()
    fresh = [entry for entry in entries if is_newer(entry["seq"], after)]
    return sorted(fresh, key=lambda entry: (entry["seq"] - after) % 0xFFFF)


async def _head(probe: Probe) -> int:
    """EvSeq of the newest event, all read so far being acknowledged."""
    while True:
        ring, _ = await probe.ring()
        probe.talk.heart.event_ack = ring["head"]
        await probe.talk.beat_heart()
        await probe.wait_scans(3)
        again, _ = await probe.ring()
        if again["head"] == ring["head"] and not again["waiting"]:
            return int(ring["head"])


# --- a book through the line -----------------------------------------------------------------------------


@check(
    "WC-TT-001", "WC-TT-002", "WC-ZN-002", "WC-ZN-006", start="execute",
    advice="Move the TrackId with the book; end release when the photo-eye of the next zone has the book.",
)  # fmt: skip
async def _journey(probe: Probe) -> str:
    """A TrackId goes with its book from zone to zone into the bin."""
    begun = probe.clock.now()
    track_id = await probe.feed()
    for here, following in zip(probe.stations, (*probe.stations[1:], ""), strict=True):
        seen = await probe.entry("zones", here)
        shown = (seen["track_id"], probe.map.name("zone_state", seen["state"]), seen["occupied"])
        expect(shown == (track_id, "occupied", 1), f"{here} shows {shown}, the book is {track_id}")
        code = await probe.release(here, track_id)
        expect(code == "ok", f"release at {here} ended {code}")
        left, state = await probe.zone(here)
        expect((left, state) == (0, "empty"), f"{here} shows {left}, {state} after the book has left")
        if following:
            there = (await probe.zone(following))[0]
            expect(there == track_id, f"{following} shows {there} when release has ended")
    return f"{len(probe.stations)} zones in {probe.clock.now() - begun:.1f} s"


@check(
    "WC-TT-006",
    start="execute",
    advice="Count each book once at the entry's and once at the exit's photo-eye.",
)
async def _counting(probe: Probe) -> str:
    """Entry and exit count each book once."""
    before = await probe.line()
    track_id = await probe.feed()
    entered = await probe.line()
    await probe.carry(track_id, probe.stations[-1])
    between = await probe.line()
    await probe.release(probe.stations[-1], track_id)
    after = await probe.line()
    counts = [
        (line["entered"] - before["entered"], line["left"] - before["left"])
        for line in (entered, between, after)
    ]
    expect(counts == [(1, 0), (1, 0), (1, 1)], f"one book counted as {counts}")
    return "1 in, 1 out"


@check("WC-HS-009", start="execute", advice="Act only when CmdSeq differs from AckSeq, at the stations too.")
async def _once(probe: Probe) -> str:
    """A unit command that is written twice under its number acts once."""
    await probe.need_matter()
    before = (await probe.line())["entered"]
    params = {"track_id": probe.next_track}
    probe.next_track += 1
    answer = await probe.give("supply", "feed", **params)
    expect(await probe.end("supply", answer.seq) == "ok", "feed did not end ok")
    before_again = await probe.hand("supply")
    words = probe.codec.encode_list(probe.map.verbs["feed"].params, params)
    await probe.write_unit("supply", probe.map.verbs["feed"].id, words, answer.seq)
    await probe.clock.sleep(_WATCH_SECONDS)
    entered = (await probe.line())["entered"] - before
    expect(entered == 1, f"{entered} books entered under one number")
    again = await probe.hand("supply")
    expect(again == before_again, f"written again, number {answer.seq} was answered anew: {again}")
    return "1 book"


@check("WC-UC-002", start="execute", advice="Put the results in the map's order and units, with DoneSeq.")
async def _results(probe: Probe) -> str:
    """A measured book has measures in the map's units."""
    if not probe.manifest.has("posture", "measure"):
        raise NotApplicable("no posture.measure in the manifest")
    await probe.book_at("posture")
    answer = await probe.give("posture", "measure")
    expect(await probe.end("posture", answer.seq) == "ok", "measure did not end ok")
    words = (await probe.hand("posture"))["results"]
    results = probe.codec.decode_list(probe.map.verbs["measure"].results, words)
    for name, (low, high) in _MEASURES.items():
        expect(low <= results[name] <= high, f"{name} is {results[name]}: {low} to {high} would be a book")
    return ", ".join(f"{name} {value}" for name, value in results.items())


@check("WC-UC-003", start="execute", advice="Accept an act on an empty zone and end it with no_book.")
async def _no_book(probe: Probe) -> str:
    """An act on an empty zone ends with no_book."""
    await probe.need_matter()
    codes = {}
    for station in probe.stations:
        codes[station] = await probe.release(station, 7)
    wrong = {station: code for station, code in codes.items() if code != "no_book"}
    expect(not wrong, f"release on empty zones ended {wrong}")
    return f"{len(codes)} stations"


@check("WC-UC-004", "WC-ZN-003", start="execute", advice="Compare the TrackId; feed into a free zone only.")
async def _wrong_book(probe: Probe) -> str:
    """A feed into an occupied zone is answered 4; a release of another book ends with wrong_book."""
    track_id = await probe.feed()
    again = await probe.give("supply", "feed", track_id=track_id + 1)
    expect(again.code == "interlock", f"feed into an occupied zone was answered {again.code}")
    code = await probe.release("supply", track_id + 1)
    expect(code == "wrong_book", f"release of another book ended {code}")
    expect((await probe.zone("supply"))[0] == track_id, "the book has moved")
    return "4, wrong_book"


@check("WC-UC-005", start="execute", advice="Answer 2 while the station is busy.")
async def _busy(probe: Probe) -> str:
    """A station that is busy answers 2 and goes on with what it does."""
    await probe.need_matter()
    first = await probe.give("supply", "feed", track_id=probe.next_track)
    second = await probe.give("supply", "feed", track_id=probe.next_track + 1)
    expect(second.code == "wrong_state", f"a busy station answered {second.code}")
    code = await probe.end("supply", first.seq)
    seen = (await probe.zone("supply"))[0]
    expect((code, seen) == ("ok", probe.next_track), f"the first feed ended {code}, the zone holds {seen}")
    probe.next_track += 2
    return "2"


# --- zones -----------------------------------------------------------------------------------------------


async def _pair(probe: Probe) -> tuple[str, str, int, int]:
    """Two books in the last two zones: the zones, the book behind, the book in front."""
    behind, front = await _two(probe)
    second = await probe.book_at(front)
    first = await probe.book_at(behind)
    return behind, front, first, second


@check(
    "WC-ZN-001", start="execute", advice="Start a movement only when the next zone is empty and confirmed."
)
async def _accumulation(probe: Probe) -> str:
    """A granted book waits for the next zone to be free, and goes then."""
    behind, front, first, second = await _pair(probe)
    grant = await probe.grant(behind, first)
    await probe.clock.sleep(_WATCH_SECONDS)
    here, there = await probe.zone(behind), await probe.zone(front)
    expect(here == (first, "occupied"), f"{behind} shows {here} while {front} is occupied")
    expect(there == (second, "occupied"), f"{front} shows {there}: a book was sent into it")
    flags = (await probe.hand(behind))["flags"]
    expect(flags & 3 == 3, f"{behind}: flags are {flags:#05b}, not busy and blocked")
    expect(await probe.release(front, second) == "ok", f"release at {front} failed")
    expect(await probe.end(behind, grant.seq) == "ok", "the waiting grant did not end ok")
    return "waited, then moved"


@check("WC-ZN-005", start="execute", advice="Check for Execute in the scan in which a movement starts.")
async def _held(probe: Probe) -> str:
    """No movement starts while held; the grant goes on after unhold; stop withdraws it."""
    behind, front, first, second = await _pair(probe)
    waiting = await probe.grant(behind, first)
    moving = await probe.grant(front, second)
    hold = await probe.order("hold")
    expect(hold.code == "accepted", f"hold was answered {hold.code}")
    expect(await probe.end(front, moving.seq) == "ok", "the move that ran into Held did not end ok")
    await probe.clock.sleep(2 * _WATCH_SECONDS)
    here = await probe.zone(behind)
    expect(here == (first, "occupied"), f"the book at {behind} moved while held: {here}")
    await probe.bring("execute")
    expect(await probe.end(behind, waiting.seq) == "ok", "the grant did not go on after unhold")
    third = await probe.book_at(behind)
    waiting = await probe.grant(behind, third)
    stop = await probe.order("stop")
    code = await probe.end(behind, waiting.seq, 2.0)
    expect(code == "withdrawn", f"the grant ended {code} at stop, not withdrawn")
    expect(await probe.end(LINE, stop.seq) == "ok", "stop did not end ok")
    return "nothing moved while held"


@check("WC-ZN-004", start="execute", advice="Compare the guard counter in the scan that starts the movement.")
async def _guard(probe: Probe) -> str:
    """A release with another guard count than the present one moves nothing."""
    probe.need_stimuli()
    behind, front, first, second = await _pair(probe)
    guard = (await probe.line())["guard"]
    waiting = await probe.grant(behind, first, guard)
    await probe.play("guard")
    await probe.until(probe.line, lambda line: line["guard"] == (guard + 1) % 0xFFFF, 5.0, "guard one up")
    expect(await probe.release(front, second) == "ok", f"release at {front} failed")
    code = await probe.end(behind, waiting.seq)
    expect(code == "guard_changed", f"the release ended {code} after somebody had reached in")
    expect((await probe.zone(behind))[0] == first, "the book has moved")
    code = await probe.release(behind, first, (guard + 1) % 0xFFFF)
    expect(code == "ok", f"the release with the new count ended {code}")
    return "guard_changed, then ok"


@check("WC-ZN-007", start="execute", advice="Latch the guard counter; count up, never reset it.")
async def _latched(probe: Probe) -> str:
    """The guard counter goes up by one for each reaching in, and stays."""
    probe.need_stimuli()
    guard = (await probe.line())["guard"]
    await probe.play("guard")
    await probe.clock.sleep(_WATCH_SECONDS)
    await probe.play("guard")
    await probe.clock.sleep(_WATCH_SECONDS)
    now = (await probe.line())["guard"]
    expect(now == (guard + 2) % 0xFFFF, f"after two times the counter went from {guard} to {now}")
    return f"{guard} → {now}"


@check("WC-WD-003", start="execute", advice="End waiting releases with withdrawn when the owner is gone.")
async def _withdrawn(probe: Probe) -> str:
    """With the owner gone, waiting releases end with withdrawn."""
    behind, _, first, _ = await _pair(probe)
    waiting = await probe.grant(behind, first)
    await probe.stop_beating()
    code = await probe.end(behind, waiting.seq, 3.0)
    expect(code == "withdrawn", f"the grant ended {code}")
    expect((await probe.zone(behind))[0] == first, "the book has moved")
    await probe.claim()
    return "withdrawn"


# --- trouble ---------------------------------------------------------------------------------------------


@check("WC-TT-003", start="execute", advice="Name an item that nobody announced: bit 31 set, event unknown.")
async def _unknown(probe: Probe) -> str:
    """An item that nobody announced gets an unknown TrackId and an event."""
    probe.need_stimuli()
    _, last = await _two(probe)
    head = await _head(probe)
    await probe.play("item", last)
    track_id, _ = await probe.until(
        lambda: probe.zone(last), lambda zone: zone[0] != 0, 3.0, f"a TrackId in {last}"
    )
    expect(bool(track_id & UNKNOWN_BIT), f"the item is called {track_id:#010x}: bit 31 is not set")
    events = await _fresh_events(probe, head)
    kinds = [(probe.map.name("event_kind", event["kind"]), event["track_id"]) for event in events]
    expect(("unknown", track_id) in kinds, f"no event unknown: {kinds}")
    expect(await probe.release(last, track_id) == "ok", "it can't be released under that TrackId")
    return f"{track_id:#010x}"


@check(
    "WC-TT-004", start="execute", advice="After 1.5 times the travel time without arrival: lost, alarm, Held."
)
async def _lost(probe: Probe) -> str:
    """A book that does not arrive ends its release with lost, raises an alarm and holds the line."""
    probe.need_stimuli()
    behind, last = await _two(probe)
    track_id = await probe.book_at(behind)
    head = await _head(probe)
    begun = probe.clock.now()
    await probe.play("lose", behind)
    code = await probe.release(behind, track_id)
    seen = probe.clock.now() - begun
    expect(code == "lost", f"the release ended {code}, not lost")
    await _held_for(probe, "lost", last)
    expect(
        (await probe.zone(last))[1] == "unconfirmed", f"{last} is {await probe.zone(last)}, not unconfirmed"
    )
    events = [probe.map.name("event_kind", event["kind"]) for event in await _fresh_events(probe, head)]
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
    _, last = await _two(probe)
    await probe.book_at(last)
    head = await _head(probe)
    await probe.play("remove", last)
    await _held_for(probe, "lost", last)
    events = [probe.map.name("event_kind", event["kind"]) for event in await _fresh_events(probe, head)]
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
    behind, front, first, second = await _pair(probe)
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


# --- events ----------------------------------------------------------------------------------------------


@check("WC-EV-001", "WC-EV-002", start="execute", advice="Overwrite no event that was not acknowledged.")
async def _no_event_lost(probe: Probe) -> str:
    """More events than the ring holds come through in order, and a strange acknowledgement frees nothing."""
    await probe.need_matter()
    head = await _head(probe)
    expected: list[tuple[str, int, int]] = []
    while len(expected) <= _RING + 2:
        expected += await _through(probe)
    probe.talk.heart.event_ack = (head + 20_000) % 0xFFFF + 1
    await probe.talk.beat_heart()
    await probe.wait_scans(4)
    ring, _ = await probe.ring()
    expect(ring["waiting"] == len(expected) - _RING, f"{ring['waiting']} events wait, {len(expected)} came")
    probe.talk.heart.event_ack = head
    seen: list[tuple[str, int, int]] = []
    while len(seen) < len(expected):
        fresh = await _fresh_events(probe, probe.talk.heart.event_ack)
        expect(bool(fresh), f"{len(expected) - len(seen)} events are missing after {seen[-1:]}")
        for event in fresh:
            expect(event["seq"] == probe.talk.heart.event_ack % 0xFFFF + 1, f"EvSeq jumps to {event['seq']}")
            probe.talk.heart.event_ack = event["seq"]
            seen.append((probe.map.name("event_kind", event["kind"]), event["zone"], event["track_id"]))
        await probe.talk.beat_heart()
        await probe.wait_scans(4)
    expect(seen == expected, f"events came as {seen}, expected {expected}")
    return f"{len(seen)} events, 16 at a time"


async def _through(probe: Probe) -> list[tuple[str, int, int]]:
    """Bring a book through the line; the events that it must leave."""
    track_id = await probe.feed()
    number = {station: probe.map.number("station", station) for station in probe.stations}
    events = [("arrived", number["supply"], track_id)]
    for here, following in zip(probe.stations, (*probe.stations[1:], ""), strict=True):
        await probe.release(here, track_id)
        events.append(("departed", number[here], track_id))
        events.append(
            ("arrived", number[following], track_id) if following else ("left", number[here], track_id)
        )
    return events


@check("WC-EV-003", start="execute", advice="Stamp each event with milliseconds since power-up.")
async def _event_times(probe: Probe) -> str:
    """Events carry the time since power-up."""
    await probe.need_matter()
    head = await _head(probe)
    begun = probe.clock.now()
    track_id = await probe.feed()
    await probe.clock.sleep(_WATCH_SECONDS)
    await probe.release("supply", track_id, NO_COMPARE)
    took = probe.clock.now() - begun
    times = [event["ms"] for event in await _fresh_events(probe, head)]
    expect(times == sorted(times), f"times go back: {times}")
    apart = (times[-1] - times[0]) / 1000
    expect(
        0.5 * _WATCH_SECONDS < apart < took + 0.2, f"{apart:.2f} s between events of {took:.2f} s: {times}"
    )
    return f"{apart:.2f} s"
