"""Label printers: ZPL and TSPL over two-way wires, CUPS queues, and a folder."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Final
from urllib.parse import parse_qs, urlsplit

from label_print.cups import CupsPrinter
from label_print.translation import LANGUAGES, said_in
from label_print.tspl import (
    FULL_STATUS_REQUEST,
    STATUS_REQUEST,
    full_status_complete,
    parse_full_status,
    parse_status,
)
from label_print.wire import Exchange, State, WirePrinter
from label_print.zpl import HOST_STATUS_REQUEST, HostStatus, host_status_complete, parse_host_status
from workcell.kernel.errors import BadInput, ConfigError, DeviceFault, DeviceGone
from workcell.kernel.ports import Clock, Connect, Printer, PrinterStatus, Worker
from workcell.kernel.streams import connector
from workcell.kernel.worker import InlineWorker

_WAITS_FOR_TAKING: Final = frozenset({1, 4})  # peel-off and applicator report the waiting label
_PRINT_SECONDS: Final = 30.0


class _Zpl:
    """``~HS``: three strings."""

    async def ask(self, exchange: Exchange) -> State:
        return _zpl_state(parse_host_status(await exchange(HOST_STATUS_REQUEST, host_status_complete)))


def _zpl_state(status: HostStatus) -> State:
    left = status.formats + status.labels_left
    return State(
        status.problems,
        left or int(status.buffer_full),
        status.label_waiting,
        status.print_mode in _WAITS_FOR_TAKING,
    )


class _Tspl:
    """``<ESC>!?``, which every printer answers, then ``<ESC>!S``, which newer ones answer too.

    Only the second tells a label at the peel bar; a printer that leaves it without an answer once is not
    asked again.
    """

    def __init__(self) -> None:
        self._answers_in_full: bool | None = None

    async def ask(self, exchange: Exchange) -> State:
        status = parse_status(await exchange(STATUS_REQUEST, bool))
        problems, printing, waiting = status.problems, status.printing, status.label_waiting
        if self._answers_in_full is not False:
            try:
                full = parse_full_status(await exchange(FULL_STATUS_REQUEST, full_status_complete))
            except DeviceGone:
                if self._answers_in_full:
                    raise
                self._answers_in_full = False
            else:
                self._answers_in_full = True
                problems = tuple(dict.fromkeys((*problems, *full.problems)))
                printing, waiting = printing or full.printing, full.label_waiting
        return State(problems, int(printing), waiting, waits=False)


class ZplPrinter(WirePrinter):
    """A ZPL II printer over TCP 9100 or a serial line; its state by ``~HS``."""

    def __init__(
        self, name: str, connect: Connect, clock: Clock, *, print_seconds: float = _PRINT_SECONDS
    ) -> None:
        super().__init__(name, connect, clock, _Zpl(), print_seconds=print_seconds)


class TsplPrinter(WirePrinter):
    """A TSPL printer over TCP 9100 or a serial line; its state by ``<ESC>!?`` and ``<ESC>!S``.

    A label that comes in ZPL, the line's own language, is said in TSPL for a head of ``dpi``.
    """

    def __init__(
        self,
        name: str,
        connect: Connect,
        clock: Clock,
        *,
        print_seconds: float = _PRINT_SECONDS,
        dpi: int = 203,
    ) -> None:
        super().__init__(name, connect, clock, _Tspl(), print_seconds=print_seconds)
        self._dpi = dpi

    async def print(self, job: bytes) -> None:
        """Send one job, in TSPL or one of our ZPL labels; raises as every printer on a wire."""
        await super().print(said_in("tspl", job, self._dpi))


class FilePrinter:
    """A folder that takes the place of a printer: each job becomes a file ``NAME-0001.zpl``.

    In another ``language`` (tspl, pdf, png) a label that comes in ZPL is said in it, ``dpi`` dots an inch.
    Files are written on ``worker``, or at once where none is given.
    """

    def __init__(
        self,
        name: str,
        folder: Path,
        worker: Worker | None = None,
        *,
        language: str = "zpl",
        dpi: int = 203,
    ) -> None:
        self.name = name
        self._folder = folder
        self._worker = worker or InlineWorker()
        self._language = language
        self._dpi = dpi

    async def status(self) -> PrinterStatus:
        """Always ready: a label that is a file never waits."""
        return PrinterStatus(ready=True)

    async def print(self, job: bytes) -> None:
        """Write the job as the next file; raises DeviceFault when the folder can't be written."""
        await self._worker.run(self._write, job)

    async def wait(self) -> None:
        """A file is there as soon as it is written."""

    async def close(self) -> None:
        """Nothing to give back."""

    def _write(self, job: bytes) -> None:
        if not job:
            raise BadInput("an empty job", subject=self.name, remedy="Render the label first.")
        data = said_in(self._language, job, self._dpi)
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            number = 1 + max((self._number(path) for path in self._folder.glob(f"{self.name}-*")), default=0)
            path = self._folder / f"{self.name}-{number:04d}.{self._language}"
            with path.open("xb") as file:
                file.write(data)
        except OSError as error:
            raise DeviceFault(
                f"the label can't be written ({error.strerror})",
                subject=str(self._folder), remedy="Check the folder and its free space.",
            ) from error  # fmt: skip

    def _number(self, path: Path) -> int:
        digits = path.stem.removeprefix(f"{self.name}-")
        return int(digits) if digits.isdigit() else 0


_ENDPOINTS: Final = "Write tcp://HOST:9100, serial:///dev/ttyUSB0?baud=9600, cups:QUEUE or file:FOLDER."
_ON_A_WIRE: Final = ("zpl", "tspl")


def open_printer(name: str, endpoint: str, language: str, clock: Clock, worker: Worker) -> Printer:
    """A printer by its address; its wire is opened when first used.

    ``tcp://HOST:PORT`` and ``serial:///dev/NAME?baud=N`` speak ``zpl`` or ``tspl``; ``cups:QUEUE`` and
    ``file:FOLDER`` also take ``pdf`` and ``png``, and may name the language themselves
    (``cups:office?language=pdf``).  ``?dpi=300`` tells a head of other than 203 dots an inch to languages
    but ZPL.  Raises ConfigError for another address or language.
    """
    kind, _, rest = endpoint.partition(":")
    asked = {key: values[-1] for key, values in parse_qs(urlsplit(endpoint).query).items()}
    language, dpi = asked.get("language", language), _dpi(asked.get("dpi", "203"), endpoint)
    spoken = _ON_A_WIRE if kind in ("tcp", "serial") else LANGUAGES
    if language not in spoken:
        raise ConfigError(
            f"this printer does not speak {language}", subject=endpoint, remedy=f"Take {_or(spoken)}."
        )
    where = rest.partition("?")[0]
    if kind == "cups" and where:
        return CupsPrinter(name, where, clock, worker, language=language, dpi=dpi)
    if kind == "file" and where:
        return FilePrinter(name, Path(where), worker, language=language, dpi=dpi)
    if kind not in ("tcp", "serial"):
        raise ConfigError("not a printer's address", subject=endpoint, remedy=_ENDPOINTS)
    if language == "zpl":
        return ZplPrinter(name, connector(endpoint), clock)
    return TsplPrinter(name, connector(endpoint), clock, dpi=dpi)


def _dpi(text: str, endpoint: str) -> int:
    if not text.isdecimal() or not 100 <= int(text) <= 1200:
        raise ConfigError("dpi is a number from 100 to 1200", subject=endpoint, remedy="Write ?dpi=300.")
    return int(text)


def _or(words: Sequence[str]) -> str:
    return f"{', '.join(words[:-1])} or {words[-1]}"
