"""Gold: how soon, how fresh and how whole; change counters and news."""

from __future__ import annotations

from plc.conformance.checks import Catalogue, expect, ms
from plc.conformance.host import LINE
from plc.conformance.probe import Probe
from plc.handshake import answer_word
from plc.modbus import read_request

_GOLD = Catalogue("gold")
CHECKS = _GOLD.checks
check = _GOLD.check

_COMMANDS = 20
_READS = 100
_SLACK_SECONDS = 0.005
_LARGE = 54_321  # more than the 12 bits that an answer word has for a number
_P95 = 0.95
_WATCH_SECONDS = 5.0


def _p95(values: list[float]) -> float:
    return sorted(values)[min(len(values) - 1, int(_P95 * len(values)))]


# --- timing ----------------------------------------------------------------------------------------------


@check("WC-DR-001", start="any", advice="Give the program a dry run; gold is not reached without one.")
async def _has_dry_run(probe: Probe) -> str:
    """The PLC shows the dry run that its manifest declares, or a person plays its part."""
    shown = bool((await probe.line())["options"] & 1)
    if probe.ask is not None and not probe.manifest.dry_run:
        return "a person plays the matter"
    expect(probe.manifest.dry_run, "the manifest declares no dry run, and nobody is there (--interactive)")
    expect(shown, "the manifest declares a dry run, bit dry_run of options is 0")
    return "dry run"


@check(
    "WC-HS-010", start="stopped", advice="Read the command blocks at the start of every scan, all of them."
)
async def _answer_time(probe: Probe) -> str:
    """A command is answered within two scans of its arrival (95 of 100)."""
    late = [(await probe.order("unhold")).late for _ in range(_COMMANDS)]
    limit = probe.scans(2) + _SLACK_SECONDS
    expect(_p95(late) <= limit, f"p95 {ms(_p95(late))} unanswered, {ms(limit)} allowed")
    return f"p95 unanswered for {ms(_p95(late))} at most"


@check("WC-FR-005", start="any", advice="Set scan_ms to the longest scan of your program.")
async def _scan_time(probe: Probe) -> str:
    """The mean scan is not longer than the manifest says by more than a quarter."""
    begun, first = probe.clock.now(), (await probe.line())["beat"]
    await probe.clock.sleep(max(2.0, probe.scans(50)))
    scans = ((await probe.line())["beat"] - first) & 0xFFFF
    mean = (probe.clock.now() - begun) / max(1, scans)
    expect(
        mean <= 1.25 * probe.scans(1), f"a scan takes {ms(mean)}, scan_ms is {probe.manifest.timing.scan_ms}"
    )
    return f"mean {ms(mean)}"


@check("WC-LN-001", start="any", advice="Answer requests apart from the scan, or set reply_ms as it is.")
async def _reply_time(probe: Probe) -> str:
    """Every request is answered within reply_ms beyond its own transmission."""
    await probe.stop_beating()
    span = probe.codec.hot_span(LINE)
    request, worst = read_request(span.address, span.count), 0.0
    for _ in range(_READS):
        begun = probe.clock.now()
        await probe.talk.run(request, retries=0)
        worst = max(worst, probe.clock.now() - begun)
    probe.start_beating()
    return f"longest of {_READS}: {ms(worst)}"


@check("WC-RG-005", start="stopped", advice="Copy the command registers once, at the start of the scan.")
async def _whole_writes(probe: Probe) -> str:
    """The registers of one write take effect together."""
    await probe.stop_beating()
    heart = probe.talk.heart
    heart.heartbeat = heart.stamp  # both go up by one a write
    await probe.talk.beat_heart()
    await probe.wait_scans(3)
    for _ in range(_READS):
        await probe.talk.beat_heart()
        line = await probe.line()
        await probe.clock.sleep(0.003)  # a write at every moment of the scan
        apart = line["heartbeat_echo"] != line["stamp_echo"]
        expect(not apart, f"heartbeat {line['heartbeat_echo']} and stamp {line['stamp_echo']} of two writes")
    probe.start_beating()
    return f"{_READS} writes"


@check("WC-FR-006", start="execute", advice="Count a block's counter up in the scan that changes the block.")
async def _change_counters(probe: Probe) -> str:
    """The change counters of the hot block move when their blocks change, and only then."""
    before = await probe.line()
    await probe.clock.sleep(0.3)
    quiet = await probe.line()
    names = ("line_change", "station_change", "zone_change")
    moved = [name for name in names if quiet[name] != before[name]]
    expect(not moved, f"{', '.join(moved)} moved while nothing changed")
    await probe.give(probe.stations[0], "release", **probe.params_of_release(probe.stations[0], 7))
    await probe.wait_scans(3)
    after = await probe.line()
    moved_by = (after["station_change"] - quiet["station_change"]) & 0xFFFF
    expect(moved_by == 1, f"station_change moved by {moved_by} at one answer")
    if not probe.has_matter:
        return "station_change"
    await probe.feed()
    full = await probe.line()
    moved_by = (full["zone_change"] - after["zone_change"]) & 0xFFFF
    expect(0 < moved_by <= 3, f"zone_change moved by {moved_by} at a feed, which changes its zone twice")
    expect(full["line_change"] != after["line_change"], "line_change did not move when entered went up")
    return "line, station, zone"


@check(
    "WC-FR-007",
    start="execute",
    advice="Compare words 5 to 15 of the line block with those of the last scan.",
)
async def _news(probe: Probe) -> str:
    """News moves when the hot words of the line change, and only then."""
    before = await probe.read("pulse")
    await probe.clock.sleep(0.3)
    quiet = await probe.read("pulse")
    expect(quiet["news"] == before["news"], "news moved while nothing changed")
    for command in ("unhold", "suspend" if "suspend" not in probe.manifest.left_out else "hold"):
        await probe.order(command)
        after = await probe.read("pulse")
        expect(after["news"] != quiet["news"], f"news did not move at the answer to {command}")
        await probe.wait_scans(3)
        quiet = await probe.read("pulse")
    return "quiet and moved"


@check(
    "WC-HS-011",
    start="execute",
    advice="Write the answers into pulse behind the handshakes, in the same scan.",
)
async def _answers_in_pulse(probe: Probe) -> str:
    """Pulse shows each answer as its handshake does."""
    await probe.order("unhold", seq=_LARGE)
    station = probe.stations[-1]
    for number in (1, 4095, 4096, _LARGE):
        await probe.give_raw(station, 0, (), seq=number)
        await probe.wait_scans(3)
        line, hand = await probe.line(), await probe.hand(station)
        pulse, entry = await probe.read("pulse"), await probe.entry("pulse", station)
        for unit, shown, theirs in (("line", pulse, line), (station, entry, hand)):
            wanted = answer_word(theirs["ack_seq"], theirs["ack_code"])
            expect(shown["answer"] == wanted, f"{unit}: answer is {shown['answer']:#06x}, not {wanted:#06x}")
    return f"line, {station}"


@check(
    "WC-FR-002",
    start="any",
    advice="Count the beat up in every scan, also where the program waits; 65535 → 0.",
)
async def _beat_throughout(probe: Probe) -> str:
    """The beat has never gone back or stood still while all this was asked."""
    deadline = probe.clock.now() + _WATCH_SECONDS
    while probe.clock.now() < deadline and not probe.watch.wrong:
        for block in ("line", "zones", "stations"):
            await probe.read(block)
        await probe.wait_scans(1)
    expect(not probe.watch.wrong, probe.watch.wrong)
    return f"{probe.watch.heard} readings"
