"""Label printers: ZPL over a two-way wire, and a folder.

A job is sent once.  The printer is asked for its state before, and then until the label waits to be
applied; whatever happens on the way, nothing is sent a second time by the driver.
"""

from __future__ import annotations

from pathlib import Path
from typing import Final

from label_print.zpl import (
    HOST_STATUS_REQUEST,
    PROBLEMS,
    HostStatus,
    host_status_complete,
    parse_host_status,
)
from workcell.kernel.errors import BadInput, DeviceFault, DeviceGone, Doubtful
from workcell.kernel.ports import ByteStream, Clock, Connect, PrinterStatus, Worker
from workcell.kernel.worker import InlineWorker

_ANSWER_SECONDS: Final = 2.0
_SEND_SECONDS: Final = 20.0
_PRINT_SECONDS: Final = 30.0
_POLL_SECONDS: Final = 0.1
_SETTLE_SECONDS: Final = 0.5
_WAITS_FOR_TAKING: Final = frozenset({1, 4})  # peel-off and applicator report the waiting label

_SILENCE: Final = (
    "Check power and cable; many printers don't answer while paper or ribbon is out or the head is open."
)


class ZplPrinter:
    """A ZPL II printer over TCP 9100 or a serial line."""

    def __init__(
        self, name: str, connect: Connect, clock: Clock, *, print_seconds: float = _PRINT_SECONDS
    ) -> None:
        self.name = name
        self._connect = connect
        self._clock = clock
        self._print_seconds = print_seconds
        self._stream: ByteStream | None = None

    async def status(self) -> PrinterStatus:
        """The printer's state by ``~HS``; raises DeviceGone when it does not answer."""
        return _as_status(await self._ask())

    async def print(self, job: bytes) -> None:
        """Send one job and return when its label waits to be applied.

        Raises DeviceFault, with nothing sent, when the printer is not ready or a label waits already;
        DeviceFault with the job still in the printer when paper or ribbon ends on the way (``wait`` goes on
        with it); DeviceGone, with nothing sent, when there is no answer; Doubtful when the printer falls
        silent after the job went out.
        """
        await self._demand_ready(await self._ask())
        try:
            await self._send(job)
        except DeviceGone as error:
            raise self._doubtful("the wire broke while the job was being sent") from error
        await self.wait()

    async def wait(self) -> None:
        """Wait until the label of a job that was sent earlier can be applied; sends nothing.

        Raises DeviceFault on a fault or when no label comes, Doubtful when the printer is silent.
        """
        sent = self._clock.now()
        while self._clock.now() - sent <= self._print_seconds:
            try:
                status = await self._ask()
            except DeviceGone as error:
                raise self._doubtful("it does not answer since the job was sent") from error
            if status.problems:
                raise self._fault(status, "The job stays in the printer and goes on then.")
            if _is_done(status, self._clock.now() - sent):
                return
            await self._clock.sleep(_POLL_SECONDS)
        raise DeviceFault(
            f"no label after {self._print_seconds:g} s",
            subject=self.name,
            remedy="Look whether the label was printed; the job was sent once.",
        )

    async def close(self) -> None:
        """Give the wire back."""
        stream, self._stream = self._stream, None
        if stream is not None:
            await stream.close()

    async def _demand_ready(self, status: HostStatus) -> None:
        if status.problems:
            raise self._fault(status, "Nothing was sent.")
        if status.label_waiting:
            raise DeviceFault(
                "a label waits that was not asked for", subject=self.name, remedy="Take it off and void it."
            )
        if status.formats or status.labels_left or status.buffer_full:
            raise DeviceFault(
                "it still holds a job",
                subject=self.name,
                remedy="Let it finish, or cancel it at the printer.",
            )

    async def _ask(self) -> HostStatus:
        stream = await self._wire()
        answer = bytearray()
        try:
            async with self._clock.timeout(_ANSWER_SECONDS):
                await stream.write(HOST_STATUS_REQUEST)
                while not host_status_complete(bytes(answer)):
                    chunk = await stream.read()
                    if not chunk:
                        raise self._gone("it closed the connection")
                    answer += chunk
        except (TimeoutError, DeviceGone) as error:
            await self.close()  # a late answer must not be taken for the next one
            if isinstance(error, DeviceGone):
                raise
            raise self._gone(f"no answer within {_ANSWER_SECONDS:g} s") from error
        return parse_host_status(bytes(answer))

    async def _send(self, job: bytes) -> None:
        stream = await self._wire()
        try:
            async with self._clock.timeout(_SEND_SECONDS):
                await stream.write(job)
        except (TimeoutError, DeviceGone) as error:
            await self.close()
            raise self._gone("the job could not be handed over") from error

    async def _wire(self) -> ByteStream:
        if self._stream is None:
            self._stream = await self._connect()
        return self._stream

    def _fault(self, status: HostStatus, then: str) -> DeviceFault:
        words = ", ".join(problem.replace("_", " ") for problem in status.problems)
        remedies = " ".join(PROBLEMS[problem] for problem in status.problems)
        return DeviceFault(words, subject=self.name, remedy=f"{remedies} {then}")

    def _gone(self, what: str) -> DeviceGone:
        return DeviceGone(what, subject=self.name, remedy=_SILENCE)

    def _doubtful(self, what: str) -> Doubtful:
        return Doubtful(
            f"a label may or may not have been printed: {what}",
            subject=self.name,
            remedy="Look at the printer; void the number if a label came out.",
        )


def _as_status(status: HostStatus) -> PrinterStatus:
    busy = status.formats + status.labels_left
    return PrinterStatus(
        ready=not status.problems and not status.label_waiting and not busy,
        problems=status.problems,
        label_waiting=status.label_waiting,
        labels_left=busy,
    )


def _is_done(status: HostStatus, since: float) -> bool:
    """Whether the label is out.

    Printers that peel say so.  The others have it out when nothing is left to print, asked late enough
    that the job was surely taken in: ``~HS`` overtakes the formats before it.
    """
    if status.print_mode in _WAITS_FOR_TAKING:
        return status.label_waiting
    return since >= _SETTLE_SECONDS and not status.formats and not status.labels_left


class FilePrinter:
    """A folder that takes the place of a printer: each job becomes a file ``NAME-0001.zpl``.

    Files are written on ``worker``, or at once where none is given.
    """

    def __init__(self, name: str, folder: Path, worker: Worker | None = None, suffix: str = ".zpl") -> None:
        self.name = name
        self._folder = folder
        self._worker = worker or InlineWorker()
        self._suffix = suffix

    async def status(self) -> PrinterStatus:
        """Always ready: a label that is a file never waits."""
        return PrinterStatus(ready=True)

    async def print(self, job: bytes) -> None:
        """Write the job as the next file; raises DeviceFault when the folder can't be written."""
        await self._worker.run(self._write, job)

    async def close(self) -> None:
        """Nothing to give back."""

    def _write(self, job: bytes) -> None:
        if not job:
            raise BadInput("an empty job", subject=self.name, remedy="Render the label first.")
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            number = 1 + max((self._number(path) for path in self._folder.glob(f"{self.name}-*")), default=0)
            path = self._folder / f"{self.name}-{number:04d}{self._suffix}"
            with path.open("xb") as file:
                file.write(job)
        except OSError as error:
            raise DeviceFault(
                f"the label can't be written ({error.strerror})",
                subject=str(self._folder), remedy="Check the folder and its free space.",
            ) from error  # fmt: skip

    def _number(self, path: Path) -> int:
        digits = path.stem.removeprefix(f"{self.name}-")
        return int(digits) if digits.isdigit() else 0
