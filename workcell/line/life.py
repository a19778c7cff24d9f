"""The life of a book: a table of states and triggers, walked by a `transitions` machine.

An operation that the profile switches off leaves its state out; a book that needs a person leaves the path
before the marks (``diverted``) or after the first of them (``quarantined``).
"""

from __future__ import annotations

from typing import Any

from transitions import Machine

_UNMARKED = ("fed", "oriented", "captured", "opened", "decided")
_MARKED = ("stamped", "barcode_labelled", "spine_labelled", "tagged", "verified")
_LIVE = (*_UNMARKED, *_MARKED, "diverted", "quarantined")

FINAL = ("catalogued", "review", "rejected", "missing")
STATES = (*_LIVE, *FINAL)

TABLE: tuple[tuple[str, tuple[str, ...], str], ...] = (
    ("orient", ("fed",), "oriented"),
    ("capture", ("fed", "oriented"), "captured"),
    ("open_pages", ("captured",), "opened"),
    ("decide", ("captured", "opened"), "decided"),
    ("stamp", ("decided",), "stamped"),
    ("label_barcode", ("decided", "stamped"), "barcode_labelled"),
    ("label_spine", ("decided", "stamped", "barcode_labelled"), "spine_labelled"),
    ("tag", ("decided", "stamped", "barcode_labelled", "spine_labelled"), "tagged"),
    ("verify", ("decided", "stamped", "barcode_labelled", "spine_labelled", "tagged"), "verified"),
    ("divert", _UNMARKED, "diverted"),
    ("quarantine", (*_UNMARKED, *_MARKED), "quarantined"),
    ("catalogue", ("verified",), "catalogued"),
    ("set_aside", ("diverted", "quarantined"), "review"),
    ("reject", ("diverted", "quarantined"), "rejected"),
    ("lose", _LIVE, "missing"),
)

STATION_TRIGGER = {
    "posture": "orient",
    "capture": "capture",
    "page_turn": "open_pages",
    "identify": "decide",
    "stamp": "stamp",
    "barcode_label": "label_barcode",
    "spine_label": "label_spine",
    "rfid": "tag",
    "verify": "verify",
}

_machine = Machine(
    model=None,
    states=list(STATES),
    transitions=[
        {"trigger": trigger, "source": list(source), "dest": dest} for trigger, source, dest in TABLE
    ],
    initial="fed",
    queued=True,
    auto_transitions=False,
    send_event=True,
)


class BookLife:
    """One book's place in the table."""

    state: str
    trigger: Any

    def __init__(self) -> None:
        _machine.add_model(self)

    def may(self, trigger: str) -> bool:
        """Whether the table has ``trigger`` here."""
        return any(name == trigger and self.state in sources for name, sources, _ in TABLE)

    def advance(self, trigger: str) -> str:
        """Pull ``trigger``; returns the new state.  Raises ValueError where the table has no such step."""
        if not self.may(trigger):
            raise ValueError(f"a book in state {self.state} can't {trigger}")
        self.trigger(trigger)
        return self.state

    def forget(self) -> None:
        """Take the book off the shared machine when its story is over, and keep nothing but its state.

        The machine has given it 48 bound triggers, each of which holds the book in turn.
        """
        _machine.remove_model(self)
        self.__dict__ = {"state": self.state}
