"""Silver: the watchdog, restarts of either side, modes, and line commands that overtake one another."""

from __future__ import annotations

from plc.conformance.checks import Catalogue, expect, ms
from plc.conformance.host import FOREIGN, LINE, TOKEN
from plc.conformance.probe import NotApplicable, Probe
from plc.packml import COMMANDS
from plc.tracking import UNKNOWN_BIT

_SILVER = Catalogue("silver")
CHECKS = _SILVER.checks
check = _SILVER.check

_WATCHDOG_SECONDS = 1.0
_HELD_SECONDS = 1.1


# --- watchdog and ownership ------------------------------------------------------------------------------


async def _fall_silent(probe: Probe) -> float:
    """Write no heartbeat any more; when the last one was written."""
    await probe.stop_beating()
    await probe.talk.beat_heart()
    return probe.clock.now()


@check(
    "WC-WD-001", start="execute",
    advice="Count the time since the heartbeat moved; at 1 s go Holding, and be Held within 0.1 s.",
)  # fmt: skip
async def _watchdog(probe: Probe) -> str:
    """A silent host is held between 1.0 s and 1.1 s after its last heartbeat."""
    last = await _fall_silent(probe)
    limit = max(_HELD_SECONDS, _WATCHDOG_SECONDS + probe.scans(3)) + probe.scans(2)
    unheld = 0.0
    while True:
        asked = probe.clock.now()
        state = await probe.state()
        if state == "held":
            break
        unheld = asked - last
        expect(unheld <= limit, f"still {state} {ms(unheld)} after the last heartbeat")
        await probe.clock.sleep(0.004)
    seen = probe.clock.now() - last
    expect(seen >= _WATCHDOG_SECONDS - probe.scans(3), f"held {ms(seen)} after the last heartbeat: too soon")
    await _stopped_for(probe, "host_silent")
    return f"Held between {ms(unheld)} and {ms(seen)} after the last heartbeat"


async def _stopped_for(probe: Probe, cause: str) -> None:
    reason = probe.map.name("stop_reason", (await probe.line())["stop_reason"])
    expect(reason == cause, f"the stop reason is {reason}, not {cause} (WC-AL-004)")


@check("WC-WD-002", start="execute", advice="Leave Held only by a command.")
async def _no_restart(probe: Probe) -> str:
    """Nothing restarts by itself when the host is back."""
    await _fall_silent(probe)
    await probe.until_state("held", 3.0)
    await probe.claim()
    await probe.clock.sleep(1.0)
    state = await probe.state()
    expect(state == "held", f"the line went to {state} when the heartbeat came back")
    await probe.bring("execute")
    return "Held for 1 s; unhold works"


@check("WC-OW-003", start="execute", advice="Give the line up after 1 s of silence, or at once for token 0.")
async def _giving_up(probe: Probe) -> str:
    """Silence ends ownership, registers of a dead host claim nothing, token 0 gives the line up."""
    await _fall_silent(probe)
    await probe.until(probe.line, lambda line: line["owner"] == 0, 3.0, "owner 0 after silence")
    await probe.clock.sleep(0.5)
    expect((await probe.line())["owner"] == 0, "a heartbeat that stands still has claimed the line")
    await probe.claim()
    await probe.bring("execute")
    await probe.stop_beating()
    probe.talk.heart.token = 0
    await probe.talk.beat_heart()
    probe.talk.heart.token = TOKEN
    given_up = probe.clock.now()
    await probe.until(probe.line, lambda line: line["owner"] == 0, 0.6, "owner 0 after token 0")
    await probe.until_state("held", 0.6)
    seen = probe.clock.now() - given_up
    await probe.claim()
    return f"given up and Held in {ms(seen)}"


@check("WC-OW-004", start="execute", advice="While the owner's heartbeat moves, ignore other tokens.")
async def _second_host(probe: Probe) -> str:
    """A second host does not take the line from a living owner."""
    await probe.stop_beating()
    for round_ in range(8):
        probe.talk.heart.token = FOREIGN if round_ % 2 else TOKEN
        await probe.talk.beat_heart()
        await probe.clock.sleep(0.1)
        line = await probe.line()
        owner, echo = line["owner"], line["stamp_echo"]
        expect(owner == TOKEN, f"token {FOREIGN:#010x} took the line: owner reads {owner:#010x}")
        strange = round_ % 2 == 1 and echo == probe.talk.heart.stamp
        expect(not strange, f"stamp {echo} of token {FOREIGN:#010x} is echoed (WC-FR-004)")
    probe.talk.heart.token = TOKEN
    probe.start_beating()
    expect(await probe.state() == "execute", "the line left Execute")
    return "4 foreign heartbeats"


# --- restarts --------------------------------------------------------------------------------------------


@check(
    "WC-HS-005", start="stopped", advice="Keep the handshake in the PLC; a new connection changes nothing."
)
async def _host_restart(probe: Probe) -> str:
    """AckSeq, DoneSeq and BootId survive a restart of the host."""
    kept = ("boot_id", "ack_seq", "ack_code", "done_seq", "done_code", "state")
    before = await probe.line()
    hand = await probe.hand(probe.stations[0])
    await probe.stop_beating()
    await probe.talk.hang_up()
    await probe.clock.sleep(1.5)
    await probe.open()
    await probe.wait_scans(3)
    after = await probe.line()
    for name in kept:
        expect(before[name] == after[name], f"{name} was {before[name]} and is {after[name]}")
    again = await probe.hand(probe.stations[0])
    expect(hand == again, f"{probe.stations[0]} was {hand} and is {again}")
    await probe.claim()
    return "1.5 s without a host"


@check(
    "WC-BT-002", "WC-BT-004", start="execute",
    advice="At power-up: another BootId, Stopped, all command registers and sequence numbers 0.",
)  # fmt: skip
async def _plc_restart(probe: Probe) -> str:
    """After power-up BootId is another, the line is Stopped, and no old command is obeyed."""
    left_lying = await _leave_a_book(probe)
    before, boot = await probe.restart_plc()
    expect(boot != 0, "BootId is 0 after the power-up")
    await probe.wait_scans(5)
    line = await probe.line()
    state = probe.map.name("state", line["state"])
    expect(state == "stopped", f"after power-up the line is {state}")
    expect(line["owner"] == 0, "after power-up the line has an owner")
    for unit in (LINE, *probe.stations):
        hand = await probe.hand(unit)
        numbers = (hand["ack_seq"], hand["done_seq"])
        expect(numbers == (0, 0), f"{unit}: AckSeq, DoneSeq are {numbers} after power-up")
    if left_lying:
        await _forgotten(probe, left_lying)
    await probe.claim()
    await probe.bring("idle")
    return f"BootId {before} → {boot}"


async def _leave_a_book(probe: Probe) -> int:
    """A book that lies in the first zone at power-up; 0 where there can be none."""
    if "supply" not in probe.stations or not probe.has_matter:
        return 0
    return await probe.feed()


async def _forgotten(probe: Probe, track_id: int) -> None:
    """What lay in a zone at power-up is an unknown item, the first of this boot, and so is its event."""
    seen, _ = await probe.until(
        lambda: probe.zone("supply"), lambda zone: zone[0] != 0, 2.0, "a TrackId for what lies in supply"
    )
    expect(seen == UNKNOWN_BIT + 1, f"supply shows {seen:#010x} after power-up: the book was {track_id:#x}")
    ring, entries = await probe.ring()
    expect(ring["head"] == 1, f"the newest event after power-up is {ring['head']}, not 1")
    expect([entry["seq"] for entry in entries] == [1], f"the ring holds {entries} after power-up")


# --- modes, and commands that overtake -------------------------------------------------------------------


@check(
    "WC-MD-002", "WC-MD-003", start="stopped", advice="In Maintenance and Manual answer 6 to every command."
)
async def _manual(probe: Probe) -> str:
    """In Manual every host command is answered 6, and only the switch at the machine leads back."""
    probe.need_stimuli()
    answer = await probe.order_raw({"unit_mode": probe.map.number("mode", "manual")})
    expect(answer.code == "accepted", f"mode manual in Stopped was answered {answer.code}")
    await probe.end(LINE, answer.seq, 2.0)
    found = []
    asked = [{"cntrl_cmd": 1 + number} for number in range(len(COMMANDS))]
    for fields in (*asked, {"unit_mode": 1}):
        found.append((await probe.order_raw(fields)).code)
    found.append((await probe.give_raw(probe.stations[0], 1, (0, 1, 0, 0xFFFF))).code)
    await probe.play("production")
    production = probe.map.number("mode", "production")
    await probe.until(probe.line, lambda line: line["mode"] == production, 5.0, "mode Production")
    expect(set(found) == {"wrong_mode"}, f"commands in Manual were answered {', '.join(found)}")
    return "every command, mode, release answered 6"


@check(
    "WC-PM-004", start="execute",
    advice="Let Stopping wait until no act runs; bound Holding to 40 ms and let the act end in Held.",
)  # fmt: skip
async def _waiting_for_acts(probe: Probe) -> str:
    """Stopping waits for a running act; Holding does not, and the act ends in Held."""
    await probe.need_matter()
    feeding = await probe.give("supply", "feed", track_id=probe.next_track)
    expect(feeding.code == "accepted", f"feed was answered {feeding.code}")
    hold = await probe.order("hold")
    begun = probe.clock.now()
    expect(hold.code == "accepted", f"hold was answered {hold.code}")
    await probe.until_state("held", 0.04 + probe.scans(4) + 0.1)
    held = probe.clock.now() - begun
    code = await probe.end("supply", feeding.seq)
    expect(code == "ok", f"the feed that ran into Held ended {code}")
    await probe.clear_out()
    await probe.bring("execute")
    feeding = await probe.give("supply", "feed", track_id=probe.next_track + 1)
    probe.next_track += 2
    stop = await probe.order("stop")
    await probe.until_state("stopped")
    done = (await probe.hand("supply"))["done_seq"]
    expect(done == feeding.seq, "the line was Stopped while a feed was running")
    expect(await probe.end("supply", feeding.seq) == "ok", "stop broke the feed off")
    expect(await probe.end(LINE, stop.seq) == "ok", "stop did not end ok")
    return f"Held in {ms(held)}; Stopped after the act"


@check("WC-PM-006", start="execute", advice="Keep the number of the command that waits apart from AckSeq.")
async def _overtaking(probe: Probe) -> str:
    """A refused command leaves the waiting one alone; an accepted one ends it with aborted."""
    await probe.need_matter()
    feeding = await probe.give("supply", "feed", track_id=probe.next_track)
    probe.next_track += 1
    stop = await probe.order("stop")
    refused = await probe.order("unhold")
    expect(refused.code == "wrong_state", f"unhold in Stopping was answered {refused.code}")
    expect(await probe.end("supply", feeding.seq) == "ok", "stop broke the feed off")
    expect(await probe.end(LINE, stop.seq) == "ok", "stop did not end ok under its own number")
    overtaken = await _overtake(probe)
    return f"stop {stop.seq} done after {refused.seq} was refused{overtaken}"


async def _overtake(probe: Probe) -> str:
    """Let stop overtake a suspend or complete that waits for a feed; what there is to tell of it."""
    waits = next((name for name in ("suspend", "complete") if name not in probe.manifest.left_out), "")
    if not waits:
        return ""
    await probe.clear_out()
    await probe.bring("execute")
    feeding = await probe.give("supply", "feed", track_id=probe.next_track)
    probe.next_track += 1
    first = await probe.order(waits)
    stop = await probe.order("stop")
    expect(stop.code == "accepted", f"stop after {waits} was answered {stop.code}")
    line = await probe.line()
    ended = (line["done_seq"], probe.map.name("result", line["done_code"]))
    expect(ended == (first.seq, "aborted"), f"{waits} {first.seq}, overtaken by stop, is not done: {ended}")
    expect(await probe.end("supply", feeding.seq) == "ok", "stop broke the feed off")
    expect(await probe.end(LINE, stop.seq) == "ok", "the stop that overtook did not end ok")
    return f"; {waits} {first.seq} aborted by stop"


@check("WC-PM-003", start="execute", advice="Where the state that is reached is another: DoneCode aborted.")
async def _brought_elsewhere(probe: Probe) -> str:
    """A line command whose state is not reached, because the line was held, is done with aborted."""
    probe.need_stimuli()
    if "suspend" in probe.manifest.left_out:
        raise NotApplicable("suspend is left out")
    track_id = await probe.feed()
    await probe.play("jam", "supply")
    grant = await probe.grant("supply", track_id)
    suspend = await probe.order("suspend")
    expect(await probe.end("supply", grant.seq) == "jam", "the release did not jam")
    await probe.until_state("held", 2.0)
    code = await probe.end(LINE, suspend.seq, 2.0)
    expect(code == "aborted", f"the suspend that a jam brought to Held is done with {code}")
    return "suspend, brought to Held by a jam: aborted"
