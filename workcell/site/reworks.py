"""Reworks of released copies: begun, how far they came, ended.

What is begun and not ended is never forgotten.  They stand in the audit list, so that nothing of them can be
taken back.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import datetime
from typing import Any

from workcell.kernel.errors import Refused
from workcell.site.audit import Audit

_BEGUN, _STEP, _ENDED = "rework.begun", "rework.step", "rework.ended"


@dataclass(frozen=True)
class Redo:
    """What is to be redone on a copy, and why.

    ``renumber``: another number, with its labels and the tag; ``spine``: the spine label, with
    ``call_number`` in place of the old one where it is not empty; ``new_tag``: another tag in place of one
    that is dead or gone.
    """

    reason: str
    renumber: bool = True
    spine: bool = False
    call_number: str = ""
    new_tag: bool = False


@dataclass
class Begun:
    """A rework that is not ended: ``steps`` are those that were taken, oldest first, each with its detail."""

    id: int
    barcode: str
    wanted: Redo
    who: str
    at: str
    steps: list[tuple[str, Mapping[str, Any]]] = field(default_factory=list)

    def taken(self, step: str) -> list[Mapping[str, Any]]:
        """The details of every such step."""
        return [detail for name, detail in self.steps if name == step]


class Reworks:
    """The reworks of the site store, by the number that the copy had before."""

    def __init__(self, audit: Audit) -> None:
        self._audit = audit

    def begin(self, barcode: str, wanted: Redo | None, who: str, at: datetime) -> Begun:
        """Begin a rework, or go on with the one that was broken off; without ``wanted`` only that.

        Raises Refused when there is none to go on with, or when one that wants something else is not ended.
        """
        begun = self.find(barcode)
        if begun is None:
            if wanted is None:
                raise Refused(
                    "no rework of it was broken off", subject=barcode, remedy="Say what is to be redone."
                )
            self._audit.write(who, _BEGUN, barcode, at, asdict(wanted))
            return self._open()[barcode]
        if wanted is not None and wanted != begun.wanted:
            raise Refused(
                f"another rework of it is not ended ({begun.wanted.reason})", subject=barcode,
                remedy=f"End that one first: workcell rework {barcode}.",
            )  # fmt: skip
        return begun

    def take(self, begun: Begun, step: str, who: str, at: datetime, **detail: Any) -> None:
        """Put a step on record."""
        self._audit.write(who, _STEP, begun.barcode, at, {"step": step, **detail})
        begun.steps.append((step, detail))

    def end(self, begun: Begun, who: str, at: datetime, **detail: Any) -> None:
        """The copy is as it should be, and register and outbox know it."""
        self._audit.write(who, _ENDED, begun.barcode, at, detail)

    def find(self, barcode: str) -> Begun | None:
        """The rework of ``barcode`` that is not ended."""
        return self._open().get(barcode)

    def unfinished(self) -> list[Begun]:
        """Every rework that was begun and not ended, oldest first."""
        return list(self._open().values())

    def _open(self) -> dict[str, Begun]:
        begun: dict[str, Begun] = {}
        for line in self._audit.lines():
            if line.action == _BEGUN:
                begun[line.subject] = Begun(line.id, line.subject, Redo(**line.detail), line.who, line.at)
            elif line.action == _STEP and line.subject in begun:
                detail = {name: value for name, value in line.detail.items() if name != "step"}
                begun[line.subject].steps.append((line.detail["step"], detail))
            elif line.action == _ENDED:
                begun.pop(line.subject, None)
        return begun
