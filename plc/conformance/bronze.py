"""Bronze: link, header, ownership, handshake, the PackML walk, stop, refusals.  Needs no book."""

from __future__ import annotations

from plc.conformance.checks import Catalogue, expect, ms
from plc.conformance.host import FOREIGN, LINE, TOKEN, Broken
from plc.conformance.probe import Probe
from plc.modbus import ModbusRefusal, Request, read_request, read_write_request, write_request
from plc.packml import COMMANDS, TRANSITIONS, WAIT_STATES
from plc.tagmap import Version

_BRONZE = Catalogue("bronze")
CHECKS = _BRONZE.checks
check = _BRONZE.check

_BEATS = 30
_UNKNOWN_VERB = 999
_WALK = (
    ("reset", "idle"), ("start", "execute"), ("hold", "held"), ("unhold", "execute"),
    ("suspend", "suspended"), ("unsuspend", "execute"), ("complete", "complete"), ("reset", "idle"),
    ("start", "execute"), ("stop", "stopped"), ("reset", "idle"), ("stop", "stopped"),
    ("reset", "idle"), ("start", "execute"), ("hold", "held"), ("stop", "stopped"),
    ("abort", "aborted"), ("clear", "stopped"), ("reset", "idle"), ("start", "execute"),
    ("abort", "aborted"), ("clear", "stopped"),
)  # fmt: skip


# --- registers and headers -------------------------------------------------------------------------------


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
    for name, block in probe.map.blocks.items():
        if block.region == "status":
            head = await probe.read(name)
            seen = (head["signature"], head["block_id"])
            expect(seen == (probe.map.signature, block.id), f"block {name} starts with {seen}")
    return "5 blocks"


@check("WC-BT-001", start="any", advice="Count BootId up in retained memory at power-up; skip 0.")
async def _boot_id(probe: Probe) -> str:
    """BootId is not 0."""
    boot = (await probe.line())["boot_id"]
    expect(boot != 0, "BootId is 0")
    return f"BootId {boot}"


@check("WC-FR-002", start="any", advice="Count the beat up by one at the end of every scan, 65535 → 0.")
async def _beat(probe: Probe) -> str:
    """The beat goes up with the scans and never back."""
    begun, first = probe.clock.now(), (await probe.line())["beat"]
    last = total = 0
    for _ in range(_BEATS):
        await probe.wait_scans(1)
        step = ((await probe.line())["beat"] - first - last) & 0xFFFF
        expect(step < 0x8000, f"the beat went back by {0x10000 - step}")
        last = total = total + step
    seconds = probe.clock.now() - begun
    expect(total > 0, f"the beat did not move in {seconds:.1f} s")
    expected = seconds / probe.scans(1)
    expect(total <= 2 * expected, f"the beat moved {total} in {seconds:.1f} s: more than one a scan")
    return f"scan {ms(seconds / total)}"


# --- ownership -------------------------------------------------------------------------------------------


@check(
    "WC-OW-001", start="any", needed=True,
    advice="While owner is 0, take the token of the line command block as soon as its heartbeat moves.",
)  # fmt: skip
async def _claim(probe: Probe) -> str:
    """The first token with a moving heartbeat owns the line."""
    begun = probe.clock.now()
    await probe.claim()
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


# --- PackML ----------------------------------------------------------------------------------------------


@check(
    "WC-PM-001", "WC-PM-003", start="stopped",
    advice="Follow the table of states; set DoneSeq and DoneCode when the state is reached.",
)  # fmt: skip
async def _walk(probe: Probe) -> str:
    """Every command leads from every wait state to its state, and is done there."""
    longest = 0.0
    for command, state in _without(_WALK, probe.manifest.left_out):
        begun = probe.clock.now()
        answer = await probe.order(command)
        expect(answer.code == "accepted", f"{command} was answered {answer.code}")
        code = await probe.end(LINE, answer.seq)
        now = await probe.state()
        expect((now, code) == (state, "ok"), f"{command} ended {code} in {now}, not ok in {state}")
        longest = max(longest, probe.clock.now() - begun)
    return f"longest {ms(longest)}"


def _without(walk: tuple[tuple[str, str], ...], left_out: tuple[str, ...]) -> list[tuple[str, str]]:
    """The walk without the states that the manifest leaves out."""
    steps, skipping = [], False
    for command, state in walk:
        if command in left_out:
            skipping = True
        if not skipping:
            steps.append((command, state))
        if skipping and state == "execute":
            skipping = False
    return steps


@check("WC-PM-002", start="stopped", advice="Answer 2 and do nothing where the table has no such command.")
async def _refusals(probe: Probe) -> str:
    """A command that the state does not have is answered 2 and changes nothing."""
    asked = 0
    for state in (*WAIT_STATES, "execute"):
        if {"suspended": "suspend"}.get(state, state) in probe.manifest.left_out or (
            state == "complete" and "complete" in probe.manifest.left_out
        ):
            continue
        await probe.bring(state)
        for command in COMMANDS:
            if not any(command == trigger and state in sources for trigger, sources, _ in TRANSITIONS):
                answer = await probe.order(command)
                now = await probe.state()
                expect(answer.code == "wrong_state", f"{command} in {state} was answered {answer.code}")
                expect(now == state, f"{command} in {state} led to {now}")
                asked += 1
    return f"{asked} refusals"


@check("WC-MD-001", start="stopped", advice="Change the mode in Stopped, Idle and Aborted only.")
async def _modes(probe: Probe) -> str:
    """The mode changes in Stopped, not in Execute."""
    production = probe.map.number("mode", "production")
    answer = await probe.order_raw({"unit_mode": production})
    expect(answer.code == "accepted", f"mode production in Stopped was answered {answer.code}")
    code = await probe.end(LINE, answer.seq, 2.0)
    expect(code == "ok", f"the mode change ended {code}")
    await probe.bring("execute")
    manual = await probe.order_raw({"unit_mode": probe.map.number("mode", "manual")})
    expect(manual.code == "wrong_state", f"mode manual in Execute was answered {manual.code}")
    expect((await probe.line())["mode"] == production, "the mode changed in Execute")
    return "changed in Stopped, refused in Execute"


# --- handshake -------------------------------------------------------------------------------------------


@check(
    "WC-HS-001", start="stopped", advice="Act only when CmdSeq differs from AckSeq, and set AckSeq at once."
)
async def _once(probe: Probe) -> str:
    """A number acts once: what is written again under it does nothing."""
    answer = await probe.order("reset")
    await probe.end(LINE, answer.seq)
    expect(await probe.state() == "idle", "reset did not lead to Idle")
    await probe.write_line({"cntrl_cmd": probe.map.number("command", "start"), "cmd_seq": answer.seq})
    await probe.wait_scans(5)
    expect(await probe.state() == "idle", f"number {answer.seq} acted twice: the line left Idle")
    return "written twice, acted once"


@check("WC-HS-002", start="stopped", advice="On a refusal set AckSeq and AckCode and nothing else.")
async def _refused_changes_nothing(probe: Probe) -> str:
    """A refused unit command changes nothing but AckSeq and AckCode."""
    for station in probe.stations:
        before = await probe.hand(station)
        verb = probe.map.verbs["release"].id
        answer = await probe.give_raw(station, verb, (0, 1, 0, 0xFFFF))
        after = await probe.hand(station)
        expect(answer.code != "accepted", f"{station}: release in Stopped was accepted")
        kept = {"ack_seq": 0, "ack_code": 0}
        expect({**before, **kept} == {**after, **kept}, f"{station}: a refusal changed {before} to {after}")
    return f"{len(probe.stations)} stations"


@check("WC-HS-003", start="stopped", advice="Report the end by DoneSeq and DoneCode, apart from the answer.")
async def _done_apart(probe: Probe) -> str:
    """A refused command never ends: DoneSeq stays."""
    before = (await probe.line())["done_seq"]
    answer = await probe.order("unhold")
    await probe.wait_scans(5)
    line = await probe.line()
    expect(answer.code == "wrong_state", f"unhold in Stopped was answered {answer.code}")
    expect(line["done_seq"] == before, f"the refused command {answer.seq} was reported as done")
    return f"DoneSeq stays {before}"


@check(
    "WC-HS-004",
    start="stopped",
    advice="Ignore CmdSeq 0; compare for equality only: 65535 → 1.",
)
async def _numbers(probe: Probe) -> str:
    """Number 0 is never a command, and 1 follows 65535."""
    before = await probe.line()
    await probe.write_line({"cntrl_cmd": probe.map.number("command", "reset"), "cmd_seq": 0})
    await probe.wait_scans(5)
    after = await probe.line()
    expect(after["ack_seq"] == before["ack_seq"] and after["state"] == before["state"], "number 0 was obeyed")
    for seq in (65535, 1, 2):
        answer = await probe.order("unhold", seq=seq)
        expect(answer.code == "wrong_state", f"number {seq} was answered {answer.code}")
    return "0 ignored; 65535, 1, 2 answered"


@check("WC-HS-007", start="stopped", advice="Ask in this order: owner, mode, state, parameters, interlock.")
async def _order_of_refusals(probe: Probe) -> str:
    """The first reason that applies is the answer."""
    station = probe.stations[0]
    found = await probe.give_raw(station, _UNKNOWN_VERB, (), token=FOREIGN)
    expect(found.code == "not_owner", f"foreign token, unknown verb: {found.code}, not not_owner")
    found = await probe.give_raw(station, _UNKNOWN_VERB, ())
    expect(found.code == "wrong_state", f"unknown verb in Stopped: {found.code}, not wrong_state")
    await probe.bring("execute")
    found = await probe.give_raw(station, _UNKNOWN_VERB, ())
    expect(found.code == "bad_parameter", f"unknown verb in Execute: {found.code}, not bad_parameter")
    return "5 before 2 before 3"


@check(
    "WC-HS-008", start="stopped", advice="Answer 3 to a line command with no command and no mode, or both."
)
async def _neither_nor_both(probe: Probe) -> str:
    """A line command that asks for nothing, for two things, or for a strange one is answered 3."""
    production = probe.map.number("mode", "production")
    reset = probe.map.number("command", "reset")
    for fields in ({}, {"cntrl_cmd": reset, "unit_mode": production}):
        answer = await probe.order_raw(fields)
        expect(answer.code == "bad_parameter", f"{fields} was answered {answer.code}, not bad_parameter")
    expect(await probe.state() == "stopped", "such a command was obeyed")
    return "both answered 3"


@check("WC-OW-002", start="stopped", advice="Compare the owner field of every command block with the owner.")
async def _foreign_commands(probe: Probe) -> str:
    """A command without the owner's token is answered 5 and not obeyed."""
    await probe.stop_beating()  # the next heartbeat of the owner overwrites the foreign token
    answer = await probe.order("reset", owner=FOREIGN)
    probe.start_beating()
    expect(answer.code == "not_owner", f"a foreign reset was answered {answer.code}")
    expect(await probe.state() == "stopped", "a foreign reset was obeyed")
    unit = await probe.give(probe.stations[0], "release", token=FOREIGN, track_id=1, destination=0, guard=0)
    expect(unit.code == "not_owner", f"a foreign release was answered {unit.code}")
    expect((await probe.line())["owner"] == TOKEN, "the owner changed")
    return "line and station"


# --- unit commands ---------------------------------------------------------------------------------------


@check("WC-PM-005", start="stopped", advice="Answer 2 to every unit command outside Execute.")
async def _only_in_execute(probe: Probe) -> str:
    """Unit commands are refused outside Execute."""
    station = probe.stations[0]
    for state in ("stopped", "idle", "held", "aborted"):
        await probe.bring(state)
        answer = await probe.give_raw(station, probe.map.verbs["release"].id, (0, 1, 0, 0xFFFF))
        expect(answer.code == "wrong_state", f"release in {state} was answered {answer.code}")
    return "4 states"


@check("WC-UC-001", start="execute", advice="Check verb, station and the ranges of the parameters; answer 3.")
async def _verbs(probe: Probe) -> str:
    """Strange verbs, verbs of other stations and parameters out of range are answered 3."""
    asked = 0
    for station in probe.stations:
        strange = [(_UNKNOWN_VERB, ()), *_not_its_own(probe, station), *_out_of_range(probe, station)]
        for verb, params in strange:
            answer = await probe.give_raw(station, verb, params)
            text = f"{station}: verb {verb} with {params} was answered {answer.code}, not bad_parameter"
            expect(answer.code == "bad_parameter", text)
            asked += 1
    return f"{asked} refusals"


def _not_its_own(probe: Probe, station: str) -> list[tuple[int, tuple[int, ...]]]:
    verbs = [(name, spec) for name, spec in probe.map.verbs.items() if not probe.manifest.has(station, name)]
    return [(spec.id, (0, 1)) for _, spec in verbs[:2]]


def _out_of_range(probe: Probe, station: str) -> list[tuple[int, tuple[int, ...]]]:
    """Words of commands whose parameters are out of range; a destination belongs to the last station only."""
    high = probe.manifest.word_order == "high_first"
    zero, unknown, one = (0, 0), (0x8000, 1) if high else (1, 0x8000), (0, 1) if high else (1, 0)
    wrong_way = 0 if station == probe.stations[-1] else 7
    strange: list[tuple[str, tuple[int, ...]]] = [
        ("release", (*zero, 1 - bool(wrong_way), 0xFFFF)),
        ("release", (*one, wrong_way, 0xFFFF)),
        ("feed", zero),
        ("feed", unknown),
        ("rotate", (4,)),
        ("stamp", (99, 0, 0)),
        ("apply", (0, 0, 0)),
        ("open", (2,)),
        ("turn", (21,)),
    ]
    return [(probe.map.verbs[verb].id, words) for verb, words in strange if probe.manifest.has(station, verb)]


@check("WC-UC-006", start="execute", advice="Leave the entries of stations that you do not have at 0.")
async def _missing_stations(probe: Probe) -> str:
    """Entries of stations that do not exist stay 0 and answer nothing."""
    missing = [name for name in probe.map.enumerations["station"] if name not in probe.stations]
    for station in missing:
        await probe.write_unit(station, _UNKNOWN_VERB, (), 1)
    await probe.wait_scans(4)
    for station in missing:
        entry = await probe.hand(station)
        expect(not any(_flat(entry)), f"{station} is not in the manifest, but its entry is {entry}")
    return f"{len(missing)} stations"


def _flat(entry: dict[str, object]) -> list[object]:
    return [one for value in entry.values() for one in (value if isinstance(value, tuple) else (value,))]
