"""Bronze: registers and functions, headers, beat and stamp, whose the line is."""

from __future__ import annotations

from math import gcd

from plc.conformance.checks import Catalogue, expect, ms
from plc.conformance.host import LINE, TOKEN, Broken
from plc.conformance.probe import Probe
from plc.modbus import ModbusRefusal, Request, read_request, read_write_request, write_request
from plc.tagmap import Version

_BRONZE = Catalogue("bronze")
CHECKS = _BRONZE.checks
check = _BRONZE.check

_BEATS = 30


@check(
    "WC-RG-003", start="any", needed=True,
    advice="Put the line block at base.status, 0-based; look for an address that is off by one.",
)  # fmt: skip
async def _signature(probe: Probe) -> str:
    """The signature stands at the base address of the status region."""
    span = probe.codec.hot_span(LINE)
    signature = (await probe.words(span))[0]
    expect(signature == probe.map.signature, f"register {span.address} holds {signature:#06x}, not 0x5743")
    return f"0x5743 at register {span.address}"


@check("WC-RG-006", start="any", needed=True, advice="Generate your declarations from this release's map.")
async def _version(probe: Probe) -> str:
    """The map has the major version of this kit."""
    theirs = Version.of_word((await probe.line())["map_version"])
    ours = probe.map.version
    expect(theirs.major == ours.major, f"the PLC has tag map {theirs}, this kit {ours}")
    return f"map {theirs}, kit {ours}"


@check(
    "WC-FR-001", start="any",
    advice="Write signature, version, block id, beat and stamp echo into every status block each scan.",
)  # fmt: skip
async def _headers(probe: Probe) -> str:
    """Every status block starts with the header."""
    version, asked = (await probe.line())["map_version"], 0
    for name, block in probe.map.blocks.items():
        if block.region == "status":
            head = await probe.read(name)
            seen = (head["signature"], head["map_version"], head["block_id"])
            wanted = (probe.map.signature, version, block.id)
            expect(seen == wanted, f"block {name} starts with {seen}, not {wanted}")
            asked += 1
    return f"{asked} blocks"


@check("WC-BT-001", start="any", advice="Count BootId up in retained memory at power-up; skip 0.")
async def _boot_id(probe: Probe) -> str:
    """BootId is not 0."""
    boot = (await probe.line())["boot_id"]
    expect(boot != 0, "BootId is 0")
    return f"BootId {boot}"


@check("WC-FR-002", start="any", advice="Count the beat up by one at the end of every scan, 65535 → 0.")
async def _beat(probe: Probe) -> str:
    """The beat goes up with the scans and never back."""
    begun, last = probe.clock.now(), (await probe.line())["beat"]
    total = common = 0
    for number in range(_BEATS):
        await probe.wait_scans(1 + number % 3 / 3)
        now = (await probe.line())["beat"]
        step, last = (now - last) & 0xFFFF, now
        expect(step < 0x8000, f"the beat went back by {0x10000 - step}")
        total, common = total + step, gcd(common, step)
    seconds = probe.clock.now() - begun
    expect(total > 0, f"the beat did not move in {seconds:.1f} s")
    expect(common == 1, f"the beat goes up by {common}, not by one")
    return f"scan {ms(seconds / total)}"


@check(
    "WC-OW-001", start="any", needed=True,
    advice="While owner is 0, take the token of the line block (at base.command) when its heartbeat moves.",
)  # fmt: skip
async def _claim(probe: Probe) -> str:
    """The first token with a moving heartbeat owns the line."""
    begun = probe.clock.now()
    try:
        await probe.claim()
    except Broken as broken:
        first = probe.codec.span("line_command").address
        raise Broken(
            f"{TOKEN:#010x} was written to register {first} with a moving heartbeat; {broken}"
        ) from broken
    return ms(probe.clock.now() - begun)


@check("WC-FR-004", start="any", advice="Copy the owner's stamp into every header in the scan that reads it.")
async def _stamp(probe: Probe) -> str:
    """The owner's stamp is echoed within two scans."""
    worst = 0.0
    await probe.stop_beating()
    for _ in range(5):
        await probe.talk.beat_heart()
        written = probe.clock.now()
        while True:
            asked = probe.clock.now()
            if (await probe.line())["stamp_echo"] == probe.talk.heart.stamp:
                break
            worst = max(worst, asked - written)
            expect(worst < 1.0, "the stamp is not echoed")
            await probe.clock.sleep(0.002)
    for name, block in probe.map.blocks.items():
        if block.region == "status":
            echo, stamp = (await probe.read(name))["stamp_echo"], probe.talk.heart.stamp
            expect(echo == stamp, f"block {name} echoes stamp {echo}, not {stamp}")
    probe.start_beating()
    expect(worst <= probe.scans(3), f"echoed after {ms(worst)}")
    return f"at most {ms(worst)} unseen"


@check(
    "WC-RG-001", start="stopped",
    advice="Serve functions 3, 6 and 16 on holding registers; set fc23 in the manifest as it is.",
)  # fmt: skip
async def _functions(probe: Probe) -> str:
    """Functions 3, 6 and 16 work, and 23 where the manifest says so."""
    unused = probe.codec.entry_span("station_command", probe.map.slot(probe.stations[0])).address + 3
    single = Request(bytes((6, unused >> 8, unused & 0xFF, 0x12, 0x34)), 5, bytes((6,)))
    used = [("6", single), ("16", write_request(unused, [0x1234])), ("3", read_request(unused, 1))]
    if probe.manifest.fc23:
        used.append(("23", read_write_request(unused, 1, unused, [0x1234])))
    for name, request in used:
        try:
            words = await probe.talk.run(request)
        except ModbusRefusal as refusal:
            raise Broken(f"function {name}: {refusal.what}") from refusal
        expect(not words or words[0] == 0x1234, f"function {name} gives {words}, 0x1234 was written")
    return "functions " + ", ".join(name for name, _ in used)


@check("WC-RG-002", start="stopped", advice="Compare word_order in the manifest with what your PLC does.")
async def _word_order(probe: Probe) -> str:
    """32-bit values have the manifest's word order."""
    owner = (await probe.line())["owner"]
    expect(owner == TOKEN, f"owner reads {owner:#010x}, {TOKEN:#010x} was written")
    before = (await probe.read("times"))["since_reset"]
    await probe.clock.sleep(2.5)
    grown = (await probe.read("times"))["since_reset"] - before
    expect(5 <= grown <= 60, f"since_reset grew by {grown} tenths in 2.5 s: are its words swapped?")
    return f"{grown / 10:.1f} s in 2.5 s"


@check(
    "WC-RG-004", start="stopped", advice="Write every status register anew each scan, or refuse the write."
)
async def _read_only(probe: Probe) -> str:
    """A write to a status register has no effect."""
    before = await probe.line()
    address = probe.codec.address(LINE, "boot_id")
    refused = "overwritten by the next scan"
    try:
        await probe.talk.run(write_request(address, [before["boot_id"] ^ 0x5555]))
    except ModbusRefusal:
        refused = "answered with an exception"
    await probe.wait_scans(3)
    expect(
        (await probe.line())["boot_id"] == before["boot_id"], "a status register keeps what the host wrote"
    )
    return refused


@check("WC-SF-001", start="stopped", advice="Show SafetyOk as bit 0 of safety.")
async def _safety_shown(probe: Probe) -> str:
    """The safety word is shown: SafetyOk on a machine that is ready."""
    safety = (await probe.line())["safety"]
    expect(bool(safety & 1), f"safety is {safety:#06b}: reset safety at the machine, or show SafetyOk")
    return f"{safety:#06b}"
