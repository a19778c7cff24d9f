"""Bronze: sequence numbers, whose command counts, and which is refused with what.  Moves nothing."""

from __future__ import annotations

from plc.conformance.checks import Catalogue, expect
from plc.conformance.host import FOREIGN, LINE, TOKEN
from plc.conformance.probe import Probe
from plc.modbus import write_request

_BRONZE = Catalogue("bronze")
CHECKS = _BRONZE.checks
check = _BRONZE.check

_UNKNOWN_VERB = 999


@check(
    "WC-HS-001", start="stopped", advice="Act only when CmdSeq differs from AckSeq, and set AckSeq at once."
)
async def _once(probe: Probe) -> str:
    """A number acts once: what is written again under it does nothing."""
    refused, answer = await probe.order("unhold"), await probe.order("reset")
    codes = (refused.code, answer.code)
    wanted = ("wrong_state", "accepted")
    expect(
        codes == wanted, f"unhold and reset were answered {codes}: set AckCode in the scan that sets AckSeq"
    )
    await probe.end(LINE, answer.seq)
    expect(await probe.state() == "idle", "reset did not lead to Idle")
    await probe.write_line({"cntrl_cmd": probe.map.number("command", "start"), "cmd_seq": answer.seq})
    await probe.wait_scans(5)
    expect(await probe.state() == "idle", f"number {answer.seq} acted twice: the line left Idle")
    if not probe.talk.numbered:
        await _without_the_words_in_front(probe)
    return "written twice, acted once"


async def _without_the_words_in_front(probe: Probe) -> None:
    """On a serial line a host leaves out owner, heartbeat, stamp and event_ack, which stand there already."""
    number = await probe.next_seq(LINE)
    address = probe.codec.address("line_command", "unit_mode")
    await probe.talk.run(write_request(address, [0, probe.map.number("command", "stop"), number]))
    answer = await probe.answer(LINE, number)
    text = f"stop, written from unit_mode on (register {address}), was answered {answer.code}"
    expect(answer.code == "accepted", text)


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
        unit = await probe.give_raw(probe.stations[0], probe.map.verbs["release"].id, (), seq=seq)
        expect(unit.code == "wrong_state", f"{probe.stations[0]}: number {seq} was answered {unit.code}")
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
        await _rest_is_not_read(probe, station)
    return f"{asked} refusals"


async def _rest_is_not_read(probe: Probe, station: str) -> None:
    """A release of a book that is not there, with something in the words behind its parameters."""
    release = probe.map.verbs["release"]
    words = probe.codec.encode_list(release.params, probe.params_of_release(station, probe.next_track))
    answer = await probe.give_raw(station, release.id, (*words, 0xFFFF, 0xFFFF))
    text = f"{station}: a release with 65535 in the words behind its parameters was answered {answer.code}"
    expect(answer.code in ("accepted", "interlock"), text)


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
        for block in ("stations", "zones", "pulse"):
            entry = await probe.entry(block, station)
            text = f"{station} is not in the manifest, but its entry in {block} is {entry}"
            expect(not any(_flat(entry)), text)
    return f"{len(missing)} stations"


def _flat(entry: dict[str, object]) -> list[object]:
    return [one for value in entry.values() for one in (value if isinstance(value, tuple) else (value,))]
