"""A label printer on a two-way wire, whatever its language.

A job is sent once.  The printer is asked for its state before, and then until the label waits to be
applied; whatever happens on the way, nothing is sent a second time by the driver.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Final, Protocol

from label_print.problems import NotReady, remedies_of, words_of
from workcell.kernel.errors import DeviceFault, DeviceGone, Doubtful
from workcell.kernel.ports import ByteStream, Clock, Connect, PrinterStatus

_ANSWER_SECONDS: Final = 2.0
_SEND_SECONDS: Final = 20.0
_PRINT_SECONDS: Final = 30.0
_POLL_SECONDS: Final = 0.1
_SETTLE_SECONDS: Final = 0.5

_SILENCE: Final = (
    "Check power and cable; many printers don't answer while paper or ribbon is out or the head is open."
)


@dataclass(frozen=True)
class State:
    """What a printer says of itself; ``labels_left`` counts what it still has to print.

    ``waits`` tells that the printer reports a label that hangs at its peel bar, so that nothing but such a
    label means "printed".
    """

    problems: tuple[str, ...]
    labels_left: int
    label_waiting: bool
    waits: bool


Exchange = Callable[[bytes, Callable[[bytes], bool]], Awaitable[bytes]]
"""Sends a request and returns the answer when it is whole; raises DeviceGone when there is none."""


class Dialect(Protocol):
    """How a printer language asks for the state."""

    async def ask(self, exchange: Exchange) -> State:
        """The state; raises DeviceGone for silence, DeviceFault for an answer that can't be read."""
        ...


class WirePrinter:
    """A printer over TCP 9100 or a serial line."""

    def __init__(
        self,
        name: str,
        connect: Connect,
        clock: Clock,
        dialect: Dialect,
        *,
        print_seconds: float = _PRINT_SECONDS,
    ) -> None:
        self.name = name
        self._connect = connect
        self._clock = clock
        self._dialect = dialect
        self._print_seconds = print_seconds
        self._stream: ByteStream | None = None

    async def status(self) -> PrinterStatus:
        """The printer's state; raises DeviceGone when it does not answer."""
        state = await self._ask()
        ready = not state.problems and not state.label_waiting and not state.labels_left
        return PrinterStatus(ready, state.problems, state.label_waiting, state.labels_left)

    async def print(self, job: bytes) -> None:
        """Send one job and return when its label waits to be applied.

        Raises NotReady (a DeviceFault), with nothing sent, when the printer is not ready or a label waits
        already; DeviceFault with the job still in the printer when paper or ribbon ends on the way (``wait``
        goes on with it); DeviceGone, with nothing sent, when there is no answer; Doubtful when the printer
        falls silent after the job went out.
        """
        self._demand_ready(await self._ask())
        stream = await self._wire()
        try:
            await self._send(stream, job)
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
                state = await self._ask()
            except DeviceGone as error:
                raise self._doubtful("it does not answer since the job was sent") from error
            if state.problems:
                raise DeviceFault(
                    words_of(state.problems), subject=self.name,
                    remedy=f"{remedies_of(state.problems)} The job stays in the printer and goes on then.",
                )  # fmt: skip
            if _is_done(state, self._clock.now() - sent):
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

    def _demand_ready(self, state: State) -> None:
        if state.problems:
            raise NotReady(
                words_of(state.problems), subject=self.name,
                remedy=f"{remedies_of(state.problems)} Nothing was sent.",
            )  # fmt: skip
        if state.label_waiting:
            raise NotReady(
                "a label waits that was not asked for", subject=self.name, remedy="Take it off and void it."
            )
        if state.labels_left:
            raise NotReady(
                "it still holds a job",
                subject=self.name,
                remedy="Let it finish, or cancel it at the printer.",
            )

    async def _ask(self) -> State:
        return await self._dialect.ask(self._exchange)

    async def _exchange(self, request: bytes, complete: Callable[[bytes], bool]) -> bytes:
        stream = await self._wire()
        answer = bytearray()
        try:
            async with self._clock.timeout(_ANSWER_SECONDS):
                await stream.write(request)
                while not complete(bytes(answer)):
                    chunk = await stream.read()
                    if not chunk:
                        raise self._gone("it closed the connection")
                    answer += chunk
        except (TimeoutError, DeviceGone) as error:
            await self.close()  # a late answer must not be taken for the next one
            if isinstance(error, DeviceGone):
                raise
            raise self._gone(f"no answer within {_ANSWER_SECONDS:g} s") from error
        return bytes(answer)

    async def _send(self, stream: ByteStream, job: bytes) -> None:
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

    def _gone(self, what: str) -> DeviceGone:
        return DeviceGone(what, subject=self.name, remedy=_SILENCE)

    def _doubtful(self, what: str) -> Doubtful:
        return Doubtful(
            f"a label may or may not have been printed: {what}",
            subject=self.name,
            remedy="Look at the printer; void the number if a label came out.",
        )


def _is_done(state: State, since: float) -> bool:
    """Whether the label is out.

    Printers that peel say so.  The others have it out when nothing is left to print, asked late enough
    that the job was surely taken in: a status request overtakes the jobs before it.
    """
    if state.waits or state.label_waiting:
        return state.label_waiting
    return since >= _SETTLE_SECONDS and not state.labels_left
