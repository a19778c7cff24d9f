"""Silver: the watchdog, restarts of either side, modes, and line commands that overtake one another."""

from __future__ import annotations

from plc.conformance.checks import Catalogue, expect, ms
from plc.conformance.host import FOREIGN, LINE, TOKEN
from plc.conformance.probe import Probe

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
    return f"Held between {ms(unheld)} and {ms(seen)} after the last heartbeat"


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
        owner = (await probe.line())["owner"]
        expect(owner == TOKEN, f"token {FOREIGN:#010x} took the line: owner reads {owner:#010x}")
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
    await probe.claim()
    await probe.bring("idle")
    return f"BootId {before} → {boot}"


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
    for fields in ({"cntrl_cmd": 1}, {"unit_mode": 1}):
        found.append((await probe.order_raw(fields)).code)
    found.append((await probe.give_raw(probe.stations[0], 1, (0, 1, 0, 0xFFFF))).code)
    await probe.play("production")
    production = probe.map.number("mode", "production")
    await probe.until(probe.line, lambda line: line["mode"] == production, 5.0, "mode Production")
    expect(set(found) == {"wrong_mode"}, f"commands in Manual were answered {', '.join(found)}")
    return "reset, mode, release answered 6"


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
    return f"stop {stop.seq} done after {refused.seq} was refused"
