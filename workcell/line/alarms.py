"""The alarms of a line by kind: what each means and what a person does (ANSI/ISA-18.2-2016, clauses 5 to 11).

An alarm's key is ``KIND`` or ``KIND:SUBJECT``.  What needs no action of a person is an event and not here.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Priority(StrEnum):
    """How soon a person must act: at once (the line stands), soon, or before the batch is closed."""

    HIGH = "high"
    MEDIUM = "medium"
    LOW = "low"


@dataclass(frozen=True)
class AlarmKind:
    """One kind of alarm.  ``id`` is its number for SCADA; ``holds`` says that the line stands with it."""

    id: int
    priority: Priority
    cause: str
    consequence: str
    response: str
    holds: bool


KINDS = {
    "jam": AlarmKind(
        100, Priority.HIGH, "A book did not move, or a gripper did not finish.", "The line is held.",
        "Clear the book's way, then unhold.", True,
    ),
    "supply": AlarmKind(
        400, Priority.HIGH, "The supply reports trouble, such as two books at once.", "The line is held.",
        "Separate the books, then unhold.", True,
    ),
    "device": AlarmKind(
        500, Priority.HIGH, "A camera, printer or reader can't, or does not answer.", "The line is held.",
        "Mend what it names, then unhold.", True,
    ),
    "link": AlarmKind(
        600, Priority.HIGH, "The PLC does not answer.", "The PLC holds the line by itself.",
        "Check its power and cable, then unhold.", True,
    ),
    "reboot": AlarmKind(
        700, Priority.HIGH, "The PLC was restarted and has lost track of the books.",
        "The books on the line go to reject; nothing is marked.",
        "Look that one book lies in a zone, then unhold.", True,
    ),
    "refused": AlarmKind(
        800, Priority.MEDIUM, "A unit goes on refusing a command.", "Its book waits, and those behind it.",
        "See what the unit asks for on its own panel.", False,
    ),
    "missing": AlarmKind(
        200, Priority.MEDIUM, "A book is nowhere that it could be.",
        "It leaves the batch as missing; its number is void.", "Search the line.", False,
    ),
    "misplaced": AlarmKind(
        300, Priority.MEDIUM, "A book came out while nobody watched, and its release does not hold any more.",
        "It lies among others, counted as rejected; its number is void.", "Take it out of that bin.", False,
    ),
    "counts": AlarmKind(
        900, Priority.MEDIUM, "Photo-eyes and journal count different books at the close.",
        "The batch does not close even.", "Search the line for the difference.", False,
    ),
}  # fmt: skip
"""Every kind of alarm; the reference page is compared with this table."""

_UNKNOWN = AlarmKind(0, Priority.MEDIUM, "", "", "", False)


OUTLIVES_HOST = ("missing", "misplaced")
"""Kinds that stand until a person has found the book, whoever runs the line."""


def kind_of(key: str) -> str:
    """The kind of an alarm by its key."""
    return key.partition(":")[0]


def about(key: str) -> AlarmKind:
    """What is known of an alarm by its key; of a kind from another version nothing but medium priority."""
    return KINDS.get(kind_of(key), _UNKNOWN)


def comes_from(key: str, first: str) -> bool:
    """Whether an alarm is the consequence of another that stands: commands refused by a line that stands."""
    return kind_of(key) == "refused" and about(first).holds
