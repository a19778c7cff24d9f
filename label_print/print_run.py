"""A run of labels that can be taken up again: each job is on record before it is sent and after it is out.

What was sent and is not known to be out is never sent again by itself: the printer is asked, and where it
can't tell, a person says whether the label came out.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal

from label_print.problems import PROBLEMS, NotReady, remedies_of, words_of
from workcell.kernel.errors import BadInput, DeviceFault, DeviceGone, Doubtful, WorkcellError
from workcell.kernel.ports import Clock, Printer, PrinterStatus

Step = Literal["sent", "unsent", "printed"]

_POLL_SECONDS: Final = 0.5


@dataclass(frozen=True)
class Job:
    """One label to print: a name for people, and the bytes in the printer's language."""

    name: str
    data: bytes


class RunRecord:
    """The record of a run in a file: a line for each step, on the disk before the run goes on.

    Without a file the run lives only as long as the process.
    """

    def __init__(self, path: Path | None, jobs: Sequence[Job]) -> None:
        self._path = path
        self._prints = [hashlib.sha256(job.data).hexdigest() for job in jobs]
        self._steps: dict[int, Step] = {}
        if path is not None and path.exists():
            self._load(path)

    def step(self, number: int) -> Step | None:
        """The last step of job ``number`` (from 0); None when it was never sent."""
        return self._steps.get(number)

    def enter(self, number: int, step: Step) -> None:
        """Put a step on record."""
        self._steps[number] = step
        if self._path is None:
            return
        line = json.dumps({"job": number, "sha256": self._prints[number], "step": step})
        with self._path.open("a", encoding="utf-8") as file:
            file.write(line + "\n")
            file.flush()
            os.fsync(file.fileno())

    def _load(self, path: Path) -> None:
        text = path.read_text("utf-8")
        whole = text[: text.rfind("\n") + 1]  # a line cut by a crash was never acted on
        try:
            for line in whole.splitlines():
                entry = json.loads(line)
                number = int(entry["job"])
                if self._prints[number] != entry["sha256"]:
                    raise IndexError
                self._steps[number] = entry["step"]
        except (IndexError, KeyError, ValueError, TypeError) as error:
            raise BadInput(
                "this is the record of another run", subject=str(path),
                remedy="Give the same labels in the same order, or another record file.",
            ) from error  # fmt: skip
        if len(whole) != len(text):
            path.write_text(whole, "utf-8")


class PrintRun:
    """Prints jobs one after another; ``patience`` is how long a fault or a waiting label is waited for."""

    def __init__(
        self,
        printer: Printer,
        clock: Clock,
        record: RunRecord,
        *,
        patience: float = 0.0,
        tell: Callable[[str], None] = lambda text: None,
    ) -> None:
        self._printer = printer
        self._clock = clock
        self._record = record
        self._patience = patience
        self._tell = tell

    async def print(self, jobs: Sequence[Job], came_out: bool | None = None) -> int:
        """Print what is not printed yet and return how many labels came out now.

        ``came_out`` is a person's word on the one job whose label is in doubt.  Raises NotReady or
        DeviceGone with nothing of the next job sent, Doubtful naming the job that must be looked for.
        """
        printed = 0
        for number, job in enumerate(jobs):
            step = self._record.step(number)
            if step == "sent":
                step, came_out = await self._settle(number, job, came_out), None
                printed += step == "printed"
            if step != "printed":
                await self._one(number, job)
                printed += 1
        return printed

    async def _one(self, number: int, job: Job) -> None:
        await self._ready()
        self._record.enter(number, "sent")
        try:
            await self._printer.print(job.data)
        except (NotReady, DeviceGone):
            self._record.enter(number, "unsent")
            raise
        except DeviceFault as fault:
            await self._go_on(fault)
        self._printed(number, job)

    async def _settle(self, number: int, job: Job, came_out: bool | None) -> Step:
        """What became of a job that was sent before this run was taken up."""
        if came_out is None:
            status = await self._printer.status()
            if not (status.label_waiting or status.labels_left):
                raise Doubtful(
                    "its label may or may not have come out", subject=job.name,
                    remedy="Look at the printer, then go on with --came-out or --not-out.",
                )  # fmt: skip
            await self._wait_out(status)
            came_out = True
        if came_out:
            self._printed(number, job)
            return "printed"
        self._record.enter(number, "unsent")
        return "unsent"

    async def _wait_out(self, status: PrinterStatus) -> None:
        if status.label_waiting:
            return
        try:
            await _wait(self._printer)
        except DeviceFault as fault:
            await self._go_on(fault)

    async def _go_on(self, fault: DeviceFault) -> None:
        """After a fault with the job in the printer: when it is mended, wait for that same job."""
        until = self._clock.now() + self._patience
        told: WorkcellError = fault
        while self._clock.now() < until:
            self._tell(str(told))
            await self._clock.sleep(_POLL_SECONDS)
            try:
                await _wait(self._printer)
            except DeviceFault as error:
                told = error
            else:
                return
        raise told

    async def _ready(self) -> None:
        """Wait until the printer can take a job: mended, idle, the last label taken off."""
        until = self._clock.now() + self._patience
        while not (status := await self._printer.status()).ready and self._clock.now() < until:
            self._tell(_why_not(status))
            await self._clock.sleep(_POLL_SECONDS)

    def _printed(self, number: int, job: Job) -> None:
        self._record.enter(number, "printed")
        self._tell(f"{job.name}: printed")


def _why_not(status: PrinterStatus) -> str:
    if status.problems:
        return f"{words_of(status.problems)}: {remedies_of([p for p in status.problems if p in PROBLEMS])}"
    return "take off the label that waits" if status.label_waiting else "the printer is at work"


async def _wait(printer: Printer) -> None:
    """Wait for the job that the printer holds; every printer of ours can."""
    wait = getattr(printer, "wait", None)
    if wait is not None:
        await wait()
