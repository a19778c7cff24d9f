"""What a check is: one question to a PLC about one rule, from which level on it is asked, and what to do.

A check is a coroutine that gets the probe and gives what it measured; it raises Broken where the rule is
broken and NotApplicable where it can't be asked.  Checks run in the order in which they are written, each
from the start that it names: ``any`` (as it is), ``stopped`` or ``execute`` (owned, no book on the line).
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Literal

from plc.conformance.host import Broken
from plc.conformance.probe import Probe

Level = Literal["bronze", "silver", "gold"]
LEVELS: tuple[Level, ...] = ("bronze", "silver", "gold")
Start = Literal["any", "stopped", "execute"]
Question = Callable[[Probe], Awaitable[str]]


@dataclass(frozen=True)
class Check:
    """One question about one rule.  ``advice`` is what a vendor does when it fails."""

    rule: str
    level: Level
    start: Start
    advice: str
    ask: Question
    needed: bool = False
    """Whether nothing else can be asked where this fails."""

    @property
    def title(self) -> str:
        """What is asked, from the docstring."""
        return (self.ask.__doc__ or "").strip().rstrip(".")


class Catalogue:
    """The checks of one file, in their order."""

    def __init__(self, level: Level) -> None:
        self.level = level
        self.checks: list[Check] = []

    def check(
        self, *rules: str, start: Start, advice: str, needed: bool = False
    ) -> Callable[[Question], Question]:
        """Register a check under the rules that it proves."""

        def register(ask: Question) -> Question:
            self.checks += [Check(rule, self.level, start, advice, ask, needed) for rule in rules]
            return ask

        return register


def expect(holds: bool, text: str) -> None:
    """Raise Broken with ``text`` unless it holds."""
    if not holds:
        raise Broken(text)


def ms(seconds: float) -> str:
    """Seconds as milliseconds for a report."""
    return f"{1000 * seconds:.0f} ms"
