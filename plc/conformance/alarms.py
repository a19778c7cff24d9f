"""Gold: times and counts, alarms, safety, and what the dry run plays."""

from __future__ import annotations

from plc.conformance.checks import Catalogue, expect, ms
from plc.conformance.events import fresh_events, newest_event
from plc.conformance.host import LINE, Broken
from plc.conformance.probe import Probe
from plc.modbus import write_request

_GOLD = Catalogue("gold")
CHECKS = _GOLD.checks
check = _GOLD.check

_TENTH = 10


@check("WC-TM-001", start="execute", advice="Add each scan's time to the state it ended in; publish at 1 Hz.")
async def _times(probe: Probe) -> str:
    """Times are kept by state and mode and add up to the time since power-up."""
    await probe.clock.sleep(1.2)  # until the block is of this state
    before = await probe.read("times")
    begun = probe.clock.now()
    await probe.clock.sleep(3.0)
    after = await probe.read("times")
    tenths = _TENTH * (probe.clock.now() - begun)
    execute = probe.map.number("state", "execute")
    gained = {
        "since_reset": after["since_reset"] - before["since_reset"],
        "state_time": after["state_time"] - before["state_time"],
        "cumulative[execute]": after["cumulative"][execute] - before["cumulative"][execute],
        "mode_cumulative[production]": after["mode_cumulative"][0] - before["mode_cumulative"][0],
    }
    wrong = {name: value for name, value in gained.items() if abs(value - tenths) > 15}
    expect(not wrong, f"in {tenths:.0f} tenths of Execute these went up by {wrong}")
    total, since = sum(after["cumulative"]), after["since_reset"]
    expect(abs(total - since) <= 30 + since // 100, f"state times add up to {total}, since_reset is {since}")
    await _time_in_a_new_state(probe)
    if probe.has_stimuli:
        await _time_in_manual(probe)
    return f"{gained['cumulative[execute]'] / _TENTH:.1f} s of {tenths / _TENTH:.1f} s"


async def _time_in_a_new_state(probe: Probe) -> None:
    """A state that was just entered has no time yet of the one before."""
    entered = probe.clock.now()
    await probe.bring("held")
    await probe.clock.sleep(1.2)
    held = (await probe.read("times"))["state_time"]
    longest = _TENTH * (probe.clock.now() - entered)
    expect(held <= longest, f"state_time is {held} tenths, {longest:.0f} after the state was entered")


async def _time_in_manual(probe: Probe) -> None:
    """Two seconds in Manual count for Manual, and for no other mode."""
    await probe.bring("stopped")
    before = (await probe.read("times"))["mode_cumulative"]
    answer = await probe.order_raw({"unit_mode": probe.map.number("mode", "manual")})
    await probe.end(LINE, answer.seq, 2.0)
    await probe.clock.sleep(2.0)
    await probe.play("production")
    await probe.clock.sleep(1.2)
    after = (await probe.read("times"))["mode_cumulative"]
    gained = [now - then for now, then in zip(after, before, strict=True)]
    fair = gained[1] == 0 and gained[2] >= 15 and gained[0] <= gained[2] + 5
    expect(fair, f"2 s in Manual counted as {gained} tenths of production, maintenance, manual")


@check("WC-TM-002", start="execute", advice="Count books, not scans: one up a book.")
async def _counts(probe: Probe) -> str:
    """Consumed and processed go up by one a book, defective by one a jam."""
    probe.need_stimuli()
    await probe.clock.sleep(1.2)
    before = await probe.read("times")
    await probe.release(probe.stations[-1], await probe.book_at(probe.stations[-1]))
    await probe.clock.sleep(1.2)
    after = await probe.read("times")
    gained = [after[name] - before[name] for name in ("consumed", "processed", "defective")]
    expect(gained == [1, 1, 0], f"a good book counted as consumed, processed, defective {gained}")
    await _jam(probe)
    await probe.clock.sleep(1.2)
    defective = (await probe.read("times"))["defective"] - after["defective"]
    expect(defective == 1, f"a jam counted as {defective} defective")
    return "1 book, 1 jam"


@check("WC-TT-007", start="execute", advice="Show in age how long the zone has been in its state.")
async def _age(probe: Probe) -> str:
    """The age of a zone is the time in its state, in tenths of a second."""
    station = probe.stations[0]
    before = (await probe.entry("zones", station))["age"]
    begun = probe.clock.now()
    await probe.clock.sleep(1.0)
    gained = (await probe.entry("zones", station))["age"] - before
    tenths = _TENTH * (probe.clock.now() - begun)
    expect(before == 0xFFFF or abs(gained - tenths) <= 3, f"age went up by {gained} in {tenths:.0f} tenths")
    if "supply" in probe.stations and probe.has_matter:
        await probe.feed()
        age = (await probe.entry("zones", "supply"))["age"]
        expect(age <= 5, f"age is {age} tenths when the book has just come: it counts the present state")
    return f"{gained} in {tenths:.0f} tenths"


# --- alarms ----------------------------------------------------------------------------------------------


async def _jam(probe: Probe, *, during_hold: bool = False) -> str:
    """Let a release jam at the first station; where.  ``during_hold``: a command holds the line before."""
    station = probe.stations[0]
    track_id = await probe.feed()
    await probe.play("jam", station)
    grant = await probe.grant(station, track_id)
    if during_hold:
        await probe.order("hold")
    code = await probe.end(station, grant.seq)
    expect(code == "jam", f"a jammed release ended {code}")
    await probe.until_state("held", 2.0)
    return station


@check(
    "WC-AL-001",
    start="execute",
    advice="Raise one alarm for the first cause; what follows from it raises none.",
)
async def _one_alarm(probe: Probe) -> str:
    """One jam is one alarm, and holds the line."""
    probe.need_stimuli()
    head = await newest_event(probe)
    station = await _jam(probe)
    await probe.clock.sleep(1.0)
    line = await probe.line()
    word = probe.map.alarms["jam"].id + probe.map.number("station", station)
    expect(line["alarm_count"] == 1, f"{line['alarm_count']} alarms stand after one jam: {line['alarms']}")
    expect(line["alarms"] == (word, 0, 0, 0), f"the alarms are {line['alarms']}, not {word}")
    await _reason_is(probe, "jam")
    track_id, state = await probe.zone(station)
    expect(
        bool(track_id) and state == "occupied", f"{station} shows {track_id}, {state}: the book stays there"
    )
    for following in probe.stations[1:2]:
        there = await probe.zone(following)
        expect(there == (0, "empty"), f"{following} shows {there} after the jam before it")
    events = [
        (probe.map.name("event_kind", event["kind"]), event["zone"], event["track_id"])
        for event in await fresh_events(probe, head)
    ]
    jam = ("jam", probe.map.number("station", station), track_id)
    expect(jam in events, f"no event {jam}: {events}")
    return f"alarm {word}"


@check("WC-AL-002", start="execute", advice="Let unhold, clear and reset take alarms back and confirm zones.")
async def _confirmed(probe: Probe) -> str:
    """Unhold takes alarms back; the book in its zone can go on."""
    probe.need_stimuli()
    station = await _jam(probe)
    await probe.bring("execute")
    line = await probe.line()
    expect(line["alarm_count"] == 0, f"{line['alarm_count']} alarms stand after unhold")
    expect(line["stop_reason"] == 0, f"the stop reason is {line['stop_reason']} in Execute")
    track_id, state = await probe.zone(station)
    expect(state == "occupied", f"{station} is {state} after unhold")
    expect(await probe.release(station, track_id) == "ok", "the freed book can't be released")
    return "0 alarms"


@check(
    "WC-AL-003", "WC-AL-004", start="execute", advice="Append alarms; safety overrides the stop reason only."
)
async def _first_out(probe: Probe) -> str:
    """Alarms stand in the order in which they came; the first cause of a stop stays, but for safety."""
    probe.need_stimuli()
    station = await _jam(probe, during_hold=True)
    await _reason_is(probe, "command")
    await probe.play("trip")
    await probe.until_state("aborted", 2.0)
    line = await probe.line()
    jam = probe.map.alarms["jam"].id + probe.map.number("station", station)
    expected = (jam, probe.map.alarms["safety"].id, 0, 0)
    expect(line["alarms"] == expected, f"the alarms are {line['alarms']}, not {expected}")
    expect(line["alarm_count"] == 2, f"alarm_count is {line['alarm_count']} while 2 alarms stand")
    await _reason_is(probe, "safety")
    return f"{jam}, {expected[1]}"


async def _reason_is(probe: Probe, cause: str) -> None:
    reason = probe.map.name("stop_reason", (await probe.line())["stop_reason"])
    expect(reason == cause, f"the stop reason is {reason}, not {cause}")


# --- safety ----------------------------------------------------------------------------------------------


@check(
    "WC-SF-002", "WC-SF-004", start="execute", advice="Abort on a trip; answer 4 until a person has reset it."
)
async def _trip(probe: Probe) -> str:
    """A trip aborts at once, and nothing restarts before a person has reset safety."""
    probe.need_stimuli()
    begun = probe.clock.now()
    await probe.play("trip")
    await probe.until_state("aborted", 2.0)
    seen = probe.clock.now() - begun
    answer = await probe.order("clear")
    expect(answer.code == "interlock", f"clear before the reset was answered {answer.code}, not interlock")
    expect(not (await probe.line())["safety"] & 1, "SafetyOk is shown while tripped")
    await probe.play("safety_reset")
    await probe.clock.sleep(0.5)
    expect(await probe.state() == "aborted", "the line restarted by itself after the reset")
    answer = await probe.order("clear")
    expect(answer.code == "accepted", f"clear after the reset was answered {answer.code}")
    return f"Aborted in {ms(seen)}"


@check("WC-UC-007", start="execute", advice="Let progress go from 0 to 100 while the command runs.")
async def _progress(probe: Probe) -> str:
    """Progress never goes back while a command runs."""
    await probe.need_matter()
    answer = await probe.give("supply", "feed", track_id=probe.next_track)
    probe.next_track += 1
    seen = [0]
    while (hand := await probe.hand("supply"))["done_seq"] != answer.seq:
        progress = hand["progress"]
        expect(0 <= progress <= 100, f"progress is {progress}")
        expect(progress >= seen[-1], f"progress went back from {seen[-1]} to {progress}")
        expect(
            hand["flags"] & 1 == 1, f"flags are {hand['flags']:#05b} while a command runs: bit 0 is not set"
        )
        seen.append(progress)
        await probe.clock.sleep(0.01)
    expect(hand["progress"] == 0, f"progress is {hand['progress']} when the command has ended")
    expect(hand["flags"] & 3 == 0, f"flags are {hand['flags']:#05b} when the command has ended")
    return f"{len(seen) - 1} readings, up to {seen[-1]} %"


@check("WC-UC-008", start="execute", advice="End feed with empty when the supply has no book; no alarm.")
async def _empty(probe: Probe) -> str:
    """An empty supply ends feed with empty, and raises no alarm."""
    probe.need_stimuli()
    await probe.need_matter()
    await probe.play("empty")
    code = await probe.do("supply", "feed", track_id=probe.next_track)
    expect(code == "empty", f"feed from an empty supply ended {code}")
    expect(await probe.state() == "execute", "the line left Execute")
    zone = await probe.zone("supply")
    expect(zone == (0, "empty"), f"supply shows {zone} after an empty feed")
    return "empty"


@check(
    "WC-DR-003", start="stopped", advice="Obey a stimulus once, when its number differs from stimulus_seq."
)
async def _stimulus_once(probe: Probe) -> str:
    """A stimulus that is written twice under its number happens once."""
    if not probe.manifest.dry_run:
        return "no dry run"
    before = (await probe.line())["guard"]
    await probe.play("guard")
    words = await probe.words(probe.codec.span("dry_run"))
    await probe.talk.run(write_request(probe.codec.span("dry_run").address, words))
    await probe.wait_scans(4)
    after = (await probe.line())["guard"]
    if (after - before) % 0xFFFF != 1:
        raise Broken(f"the guard counter went from {before} to {after}")
    return "once"
