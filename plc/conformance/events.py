"""Silver, with matter: the acknowledged ring of events."""

from __future__ import annotations

from typing import Any

from plc.conformance.checks import Catalogue, expect
from plc.conformance.host import FOREIGN, TOKEN
from plc.conformance.probe import NO_COMPARE, Probe
from plc.handshake import is_newer

_SILVER = Catalogue("silver")
CHECKS = _SILVER.checks
check = _SILVER.check

_RING = 16
_WATCH_SECONDS = 0.6


async def fresh_events(probe: Probe, after: int) -> list[dict[str, Any]]:
    """Read the events behind EvSeq ``after``, in their order."""
    _, entries = await probe.ring()
    fresh = [entry for entry in entries if is_newer(entry["seq"], after)]
    return sorted(fresh, key=lambda entry: (entry["seq"] - after) % 0xFFFF)


async def newest_event(probe: Probe) -> int:
    """Acknowledge all events so far; EvSeq of the newest."""
    while True:
        ring, _ = await probe.ring()
        probe.talk.heart.event_ack = ring["head"]
        await probe.talk.beat_heart()
        await probe.wait_scans(3)
        again, _ = await probe.ring()
        if again["head"] == ring["head"] and not again["waiting"]:
            return int(ring["head"])


@check("WC-EV-001", "WC-EV-002", start="execute", advice="Overwrite no event that was not acknowledged.")
async def _no_event_lost(probe: Probe) -> str:
    """More events than the ring holds come through in order, and a strange acknowledgement frees nothing."""
    await probe.need_matter()
    head = await newest_event(probe)
    expected: list[tuple[str, int, int]] = []
    while len(expected) <= _RING + 2:
        expected += await _through(probe)
    probe.talk.heart.event_ack = (head + 20_000) % 0xFFFF + 1
    await probe.talk.beat_heart()
    await probe.wait_scans(4)
    ring, _ = await probe.ring()
    expect(ring["waiting"] == len(expected) - _RING, f"{ring['waiting']} events wait, {len(expected)} came")
    await _foreign_ack(probe, int(ring["head"]))
    probe.talk.heart.event_ack = head
    seen: list[tuple[str, int, int]] = []
    while len(seen) < len(expected):
        fresh = await fresh_events(probe, probe.talk.heart.event_ack)
        expect(bool(fresh), f"{len(expected) - len(seen)} events are missing after {seen[-1:]}")
        for event in fresh:
            expect(event["seq"] == probe.talk.heart.event_ack % 0xFFFF + 1, f"EvSeq jumps to {event['seq']}")
            probe.talk.heart.event_ack = event["seq"]
            seen.append((probe.map.name("event_kind", event["kind"]), event["zone"], event["track_id"]))
        await probe.talk.beat_heart()
        await probe.wait_scans(4)
    expect(seen == expected, f"events came as {seen}, expected {expected}")
    return f"{len(seen)} events, 16 at a time"


async def _foreign_ack(probe: Probe, head: int) -> None:
    """Acknowledge everything under another token: nothing may come of it."""
    before, _ = await probe.ring()
    await probe.stop_beating()
    heart = probe.talk.heart
    heart.token, heart.event_ack = FOREIGN, head
    await probe.talk.beat_heart()
    await probe.wait_scans(4)
    heart.token, heart.event_ack = TOKEN, 0
    after, _ = await probe.ring()
    probe.start_beating()
    freed = before["waiting"] - after["waiting"]
    expect(freed == 0, f"another token's acknowledgement freed {freed} places of the ring")


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
    head = await newest_event(probe)
    begun = probe.clock.now()
    track_id = await probe.feed()
    await probe.clock.sleep(_WATCH_SECONDS)
    await probe.release("supply", track_id, NO_COMPARE)
    took = probe.clock.now() - begun
    times = [event["ms"] for event in await fresh_events(probe, head)]
    expect(times == sorted(times), f"times go back: {times}")
    apart = (times[-1] - times[0]) / 1000
    expect(
        0.5 * _WATCH_SECONDS < apart < took + 0.2, f"{apart:.2f} s between events of {took:.2f} s: {times}"
    )
    return f"{apart:.2f} s"
