"""The PackML unit (ANSI/ISA-TR88.00.02): its states, commands and modes as one table.

``transitions`` interprets the table and nothing else: no callback does I/O, and a command that the table
refuses changes nothing.  ``sc`` (state complete) ends an acting state; Execute has none.  Undefined is what a
unit shows before its program has run; only Abort leads out of it.
"""

from __future__ import annotations

from transitions import Machine

STATES = (
    "undefined", "clearing", "stopped", "starting", "idle", "suspended", "execute", "stopping", "aborting",
    "aborted", "holding", "held", "unholding", "suspending", "unsuspending", "resetting", "completing",
    "complete",
)  # fmt: skip
"""In the order of their numbers (Status.StateCurrent 0 to 17)."""

WAIT_STATES = ("stopped", "idle", "held", "suspended", "complete", "aborted")

COMMANDS = (
    "reset", "start", "stop", "hold", "unhold", "suspend", "unsuspend", "abort", "clear", "complete",
)  # fmt: skip
"""In the order of their numbers (Command.CntrlCmd 1 to 10)."""

MODES = ("production", "maintenance", "manual")

TRANSITIONS: tuple[tuple[str, tuple[str, ...], str], ...] = (
    ("clear", ("aborted",), "clearing"),
    ("reset", ("stopped", "complete"), "resetting"),
    ("start", ("idle",), "starting"),
    ("hold", ("execute", "starting", "suspending", "suspended", "unsuspending", "unholding"), "holding"),
    ("unhold", ("held",), "unholding"),
    ("suspend", ("execute",), "suspending"),
    ("unsuspend", ("suspended",), "unsuspending"),
    ("complete", ("execute",), "completing"),
    (
        "stop",
        (
            "starting", "idle", "suspended", "execute", "holding", "held", "unholding", "suspending",
            "unsuspending", "resetting", "completing", "complete",
        ),
        "stopping",
    ),
    ("abort", tuple(state for state in STATES if state not in ("aborting", "aborted")), "aborting"),
    ("sc", ("clearing",), "stopped"),
    ("sc", ("resetting",), "idle"),
    ("sc", ("starting", "unholding", "unsuspending"), "execute"),
    ("sc", ("holding",), "held"),
    ("sc", ("suspending",), "suspended"),
    ("sc", ("completing",), "complete"),
    ("sc", ("stopping",), "stopped"),
    ("sc", ("aborting",), "aborted"),
)  # fmt: skip

TARGETS = {
    "reset": "idle", "start": "execute", "stop": "stopped", "hold": "held", "unhold": "execute",
    "suspend": "suspended", "unsuspend": "execute", "abort": "aborted", "clear": "stopped",
    "complete": "complete",
}  # fmt: skip
"""The state in which a command is done."""

MODE_CHANGE_STATES = ("stopped", "idle", "aborted")
"""Wait states in which the unit changes its mode; every mode has them."""


class Unit:
    """One PackML unit.  ``state`` is its state's name, ``mode`` its mode's."""

    state: str

    def __init__(self, state: str = "stopped", mode: str = "production") -> None:
        self.mode = mode
        self._machine = Machine(
            model=self,
            states=list(STATES),
            transitions=[[trigger, list(sources), target] for trigger, sources, target in TRANSITIONS],
            initial=state,
            queued=True,
            auto_transitions=False,
            send_event=True,
        )

    def may(self, trigger: str) -> bool:
        """Whether the table has ``trigger`` in the present state."""
        return trigger in self._machine.get_triggers(self.state)

    def fire(self, trigger: str) -> bool:
        """Follow ``trigger`` (a command or ``sc``); False, and nothing changed, where the table has none."""
        if not self.may(trigger):
            return False
        getattr(self, trigger)()
        return True

    def change_mode(self, mode: str) -> bool:
        """Change the mode; False, and nothing changed, for a strange mode or outside MODE_CHANGE_STATES."""
        if mode not in MODES or self.state not in MODE_CHANGE_STATES:
            return False
        self.mode = mode
        return True
