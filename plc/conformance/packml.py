"""Bronze: the walk through the states of PackML, what each state refuses, and modes."""

from __future__ import annotations

from typing import Any

from plc.conformance.checks import Catalogue, expect, ms
from plc.conformance.host import LINE
from plc.conformance.probe import Probe
from plc.packml import COMMANDS, MODE_CHANGE_STATES, TRANSITIONS, WAIT_STATES

_BRONZE = Catalogue("bronze")
CHECKS = _BRONZE.checks
check = _BRONZE.check

_ACTING = {command: acting for command, _, acting in TRANSITIONS if command in COMMANDS}
_WALK = (
    ("reset", "idle"), ("start", "execute"), ("hold", "held"), ("unhold", "execute"),
    ("suspend", "suspended"), ("unsuspend", "execute"), ("complete", "complete"), ("reset", "idle"),
    ("start", "execute"), ("stop", "stopped"), ("reset", "idle"), ("stop", "stopped"),
    ("reset", "idle"), ("start", "execute"), ("hold", "held"), ("stop", "stopped"),
    ("abort", "aborted"), ("clear", "stopped"), ("reset", "idle"), ("start", "execute"),
    ("abort", "aborted"), ("clear", "stopped"),
)  # fmt: skip


@check(
    "WC-PM-001", "WC-PM-003", start="stopped",
    advice="Follow the table of states; set DoneSeq and DoneCode when the state is reached.",
)  # fmt: skip
async def _walk(probe: Probe) -> str:
    """Every command leads from every wait state to its state, and is done there."""
    longest = 0.0
    for command, state in _without(_WALK, probe.manifest.left_out):
        begun = probe.clock.now()
        number = await probe.next_seq(LINE)
        await probe.write_line({"cntrl_cmd": probe.map.number("command", command), "cmd_seq": number})
        _expect_acting(probe, command, number, await probe.hand_at_first(LINE, number))
        code = await probe.end(LINE, number)
        now = await probe.state()
        expect((now, code) == (state, "ok"), f"{command} ended {code} in {now}, not ok in {state}")
        longest = max(longest, probe.clock.now() - begun)
    return f"longest {ms(longest)}"


def _expect_acting(probe: Probe, command: str, number: int, line: dict[str, Any]) -> None:
    """A line that has answered and is not done is in the acting state of the command."""
    code, state = probe.map.name("ack", line["ack_code"]), probe.map.name("state", line["state"])
    expect(code == "accepted", f"{command} was answered {code}")
    acting = _ACTING[command]
    waits = line["done_seq"] == number or state == acting
    expect(waits, f"{command} shows {state} between its answer and its end, not {acting}")


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
    """The mode changes in Stopped, Idle and Aborted, not in Execute or Held."""
    production = probe.map.number("mode", "production")
    for state in MODE_CHANGE_STATES:
        await probe.bring(state)
        answer = await probe.order_raw({"unit_mode": production})
        expect(answer.code == "accepted", f"mode production in {state} was answered {answer.code}")
        code = await probe.end(LINE, answer.seq, 2.0)
        expect(code == "ok", f"the mode change in {state} ended {code}")
    for state in ("execute", "held"):
        await probe.bring(state)
        manual = await probe.order_raw({"unit_mode": probe.map.number("mode", "manual")})
        expect(manual.code == "wrong_state", f"mode manual in {state} was answered {manual.code}")
        expect((await probe.line())["mode"] == production, f"the mode changed in {state}")
    return f"{len(MODE_CHANGE_STATES)} states take it, 2 refuse it"
