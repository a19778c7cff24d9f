"""Labels put on by hand: printed once, put in the place of the old ones, and read back.

A label that may be out is never sent again by itself: the printer is asked, and where it can't tell, the
person.  So a rework that broke off anywhere goes on without two labels of one number.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import label_print
from label_print import Job, PrintRun, RunRecord
from stations.item_labels import number_of
from stations.verify import YES
from workcell.kernel.errors import Doubtful, Refused
from workcell.kernel.ports import Clock, Printer, TagReader
from workcell.kernel.profile import Profile, Surface
from workcell.line.operator import Person
from workcell.site import NumberOwner, NumberState, Site

_LIVE = (NumberState.PRINTED, NumberState.APPLIED)


@dataclass(frozen=True)
class Workplace:
    """What a rework is done with.

    The person, a printer for item labels and one for spine labels, a reader where there is one, and the
    folder where print runs are on record.
    """

    person: Person
    printer: Printer
    spine_printer: Printer
    reader: TagReader | None
    runs: Path


class Relabelling:
    """Puts labels on one copy at a workplace; every method may be called again."""

    def __init__(self, site: Site, profile: Profile, clock: Clock, at: Workplace) -> None:
        self._numbers = site.numbers
        self._profile = profile
        self._clock = clock
        self._at = at

    async def print_and_put(self, number: str) -> None:
        """Every item label with ``number`` that the profile wants on a copy."""
        for made in label_print.labels_of_a_copy(self._profile.labels, number):
            state = self._state(number, made.surface, made.copy)
            if state is NumberState.VERIFIED:
                continue
            if state not in _LIVE:
                attempt = len(self._lines(number, made.surface, made.copy)) + 1
                name = f"{number}-{made.surface}-{made.copy}-{attempt}"
                await self._print(self._at.printer, name, made.label.zpl())
                self._numbers.printed(number, made.surface, self._clock.wall(), copy=made.copy)
            await self._put(f"put {number} there", made.surface)
            self._numbers.applied(number, made.surface, self._clock.wall(), copy=made.copy)
            scanned = await self._scanned(made.surface)
            self._read_back(number, scanned, made.surface, made.copy)

    async def take_from_roll(self, owner: NumberOwner, taken: Callable[[str], bool]) -> str:
        """The number on the labels of a roll that were put on instead; raises Refused for another one's."""
        number = self._numbers.held_by("item", owner) or ""
        surfaces = [one.surface for one in self._profile.labels.copies]
        for place, surface in enumerate(surfaces):
            copy = surfaces[: place + 1].count(surface)
            if number and self._state(number, surface, copy) is NumberState.VERIFIED:
                continue
            await self._put("put the next one from the roll there", surface)
            scanned = await self._scanned(surface)
            number = self._numbers.assign("item", scanned, owner, self._clock.wall(), taken)
            for step in (self._numbers.printed, self._numbers.applied, self._numbers.verified):
                step(number, surface, self._clock.wall(), copy=copy)
        return number

    async def put_spine_label(self, lines: Sequence[str], values: dict[str, str], name: str) -> None:
        """The spine label with these lines; raises Refused when the person reads otherwise."""
        label = label_print.spine_label_of(self._profile.labels, lines, values)
        await self._print(self._at.spine_printer, name, label.zpl())
        await self._at.person.told("Take the old spine label off; put the new one in its place.")
        words = " / ".join(lines)
        answer = await self._at.person.asked(f"Does the spine label read: {words}? (yes/no)")
        if answer.strip().lower() not in YES:
            raise Refused(
                f"the spine label does not read {words}", remedy="Take it off and run the rework again."
            )

    async def _print(self, printer: Printer, name: str, data: bytes) -> None:
        """Print one job, once for each name; raises NotReady with nothing sent, DeviceFault, DeviceGone."""
        self._at.runs.mkdir(parents=True, exist_ok=True)
        jobs = [Job(name, data)]
        run = PrintRun(printer, self._clock, RunRecord(self._at.runs / f"{name}.jsonl", jobs))
        try:
            await run.print(jobs)
        except Doubtful:
            answer = await self._at.person.asked(f"Did label {name} come out of {printer.name}? (yes/no)")
            await run.print(jobs, answer.strip().lower() in YES)

    async def _put(self, what: str, surface: Surface) -> None:
        await self._at.person.told(f"Take the old label off the {_words(surface)}; {what}.")

    async def _scanned(self, surface: Surface) -> str:
        answer = await self._at.person.asked(f"Scan the label on the {_words(surface)}")
        return number_of(answer, self._profile)

    def _read_back(self, number: str, scanned: str, surface: Surface, copy: int) -> None:
        """The label is verified, or void with what was read on it."""
        now = self._clock.wall()
        if scanned == number:
            self._numbers.verified(number, surface, now, copy=copy)
            return
        self._numbers.void_label(number, surface, f"read back as {scanned or 'nothing'}", now, copy=copy)
        raise Refused(
            f"the label on the {_words(surface)} reads {scanned or 'nothing'}", subject=number,
            remedy="Take it off and run the rework again.",
        )  # fmt: skip

    def _state(self, number: str, surface: Surface, copy: int) -> NumberState | None:
        """Where the latest such label stands."""
        lines = self._lines(number, surface, copy)
        return lines[-1] if lines else None

    def _lines(self, number: str, surface: Surface, copy: int) -> list[NumberState]:
        found = self._numbers.labels(number)
        return [line.state for line in found if (line.surface, line.copy) == (surface, copy)]


def _words(surface: Surface) -> str:
    return surface.value.replace("_", " ")
