"""The PackML unit against an independent copy of the standard's table."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from plc import COMMANDS, MODES, STATES, WAIT_STATES, Unit, builtin_tagmap

# Written down from the standard's state diagram, state by state, not from plc/packml.py: what each state
# answers to which command, and where an acting state ends.
DIAGRAM = {
    "undefined": {"abort": "aborting"},
    "clearing": {"sc": "stopped", "abort": "aborting"},
    "stopped": {"reset": "resetting", "abort": "aborting"},
    "starting": {"sc": "execute", "hold": "holding", "stop": "stopping", "abort": "aborting"},
    "idle": {"start": "starting", "stop": "stopping", "abort": "aborting"},
    "suspended": {"unsuspend": "unsuspending", "hold": "holding", "stop": "stopping", "abort": "aborting"},
    "execute": {
        "hold": "holding", "suspend": "suspending", "complete": "completing", "stop": "stopping",
        "abort": "aborting",
    },
    "stopping": {"sc": "stopped", "abort": "aborting"},
    "aborting": {"sc": "aborted"},
    "aborted": {"clear": "clearing"},
    "holding": {"sc": "held", "stop": "stopping", "abort": "aborting"},
    "held": {"unhold": "unholding", "stop": "stopping", "abort": "aborting"},
    "unholding": {"sc": "execute", "hold": "holding", "stop": "stopping", "abort": "aborting"},
    "suspending": {"sc": "suspended", "hold": "holding", "stop": "stopping", "abort": "aborting"},
    "unsuspending": {"sc": "execute", "hold": "holding", "stop": "stopping", "abort": "aborting"},
    "resetting": {"sc": "idle", "stop": "stopping", "abort": "aborting"},
    "completing": {"sc": "complete", "stop": "stopping", "abort": "aborting"},
    "complete": {"reset": "resetting", "stop": "stopping", "abort": "aborting"},
}  # fmt: skip


@given(st.sampled_from(sorted(DIAGRAM)), st.lists(st.sampled_from([*COMMANDS, "sc"]), max_size=60))
def test_any_run_of_commands_follows_the_standard(start: str, triggers: list[str]) -> None:
    """WC-PM-001, WC-PM-002: refused commands are answered and change nothing."""
    unit, expected = Unit(start), start
    for trigger in triggers:
        target = DIAGRAM[expected].get(trigger)
        assert unit.may(trigger) == (target is not None)
        assert unit.fire(trigger) == (target is not None)
        expected = target or expected
        assert unit.state == expected


def test_numbers_in_the_map_are_the_standards() -> None:
    """WC-PM-001."""
    tagmap = builtin_tagmap()
    assert tagmap.enumerations["state"] == {name: number for number, name in enumerate(STATES)}
    assert tagmap.enumerations["command"] == {name: number for number, name in enumerate(("none", *COMMANDS))}
    assert tagmap.enumerations["mode"] == {name: number for number, name in enumerate(("none", *MODES))}
    assert len(STATES) == 18


@pytest.mark.parametrize("state", STATES)
@pytest.mark.parametrize("mode", [*MODES, "teach"])
def test_modes_change_in_three_wait_states_only(state: str, mode: str) -> None:
    """WC-MD-001."""
    unit = Unit(state)
    allowed = state in ("stopped", "idle", "aborted") and mode in MODES
    assert unit.change_mode(mode) == allowed
    assert unit.mode == (mode if allowed else "production")
    assert not allowed or state in WAIT_STATES
