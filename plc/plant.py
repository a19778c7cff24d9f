"""The matter behind a soft PLC: photo-eyes, conveyors and grippers.

The soft PLC knows control and tracking; what is really there, how long it takes and whether it works is the
plant's.  Times are physical seconds.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol


class Plant(Protocol):
    """What a soft PLC senses and moves.  A zone has the name of its station; a bin is ``bin:N``."""

    def occupied(self, zone: str) -> bool:
        """Give the zone's photo-eye."""
        ...

    def move_seconds(self, zone: str, to: str) -> float:
        """How long the book in ``zone`` will travel to ``to``, asked as the movement starts."""
        ...

    def move(self, zone: str, to: str) -> str:
        """At the end of that time: the matter moves.  ``ok``, or ``jam`` when it did not."""
        ...

    def act_seconds(self, station: str, verb: str, params: Mapping[str, int]) -> float:
        """How long the unit command will take, asked as it starts."""
        ...

    def act(self, station: str, verb: str, params: Mapping[str, int]) -> tuple[str, dict[str, int]]:
        """At the end of that time: the act happens.  The result code, and the results by name."""
        ...

    def eyes(self) -> tuple[int, int]:
        """Books that the counting photo-eyes have seen enter at supply and leave at sort."""
        ...

    def guard(self) -> int:
        """How often somebody has reached into the line, latched."""
        ...

    def safety_ok(self) -> bool:
        """Give what the safety system reports."""
        ...
