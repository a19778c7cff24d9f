"""A CUPS queue as a printer, where nothing better reaches the device.

A queue hides the label: it tells that a job was handed over, not that it hangs at the printer.  What the
queue knows of the printer (paper, cover, stopped) is passed on.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess  # lp and lpstat are run with fixed arguments
from typing import Final

from label_print.problems import NotReady, remedies_of, words_of
from label_print.translation import said_in
from workcell.kernel.errors import ConfigError, DeviceFault, DeviceGone, Doubtful
from workcell.kernel.ports import Clock, PrinterStatus, Worker

_PROGRAM_SECONDS: Final = 20.0
_PRINT_SECONDS: Final = 120.0
_POLL_SECONDS: Final = 0.5

_DOCUMENTS: Final = ("pdf", "png")

_REASONS: Final = (
    ("media-empty", "paper_out"), ("media-needed", "paper_out"), ("media-jam", "paper_jam"),
    ("marker-supply-empty", "ribbon_out"), ("cover-open", "cover_open"), ("door-open", "cover_open"),
    ("paused", "paused"),
)  # fmt: skip
"""Keywords of printer-state-reasons (RFC 8011, 5.4.12) that stop printing, as our words."""


class CupsPrinter:
    """A queue by its name.

    ZPL and TSPL go through untouched, to a printer that speaks them; pdf and png are documents that CUPS
    renders for whatever hangs there.  A label that comes in ZPL is said in ``language``, with ``dpi`` dots an
    inch.
    """

    def __init__(
        self, name: str, queue: str, clock: Clock, worker: Worker, *, language: str = "zpl", dpi: int = 203
    ) -> None:
        self.name = name
        self._queue = queue
        self._clock = clock
        self._worker = worker
        self._language = language
        self._dpi = dpi
        self._options = ("-o", "print-scaling=none") if language in _DOCUMENTS else ("-o", "raw")
        self._request = ""

    async def status(self) -> PrinterStatus:
        """What the queue tells; raises DeviceGone when there is no such queue or no CUPS."""
        told = await self._run("lpstat", "-l", "-p", self._queue)
        if told.returncode != 0:
            raise DeviceGone(
                f"no queue {self._queue}: {_said(told)}", subject=self.name,
                remedy="See `lpstat -e` for the queues, and whether CUPS runs.",
            )  # fmt: skip
        problems = _problems(told.stdout.decode("utf-8", "replace"))
        waiting = len(await self._waiting())
        return PrinterStatus(not problems and not waiting, problems, labels_left=waiting)

    async def print(self, job: bytes) -> None:
        """Hand one job to the queue and return when the queue has passed it on.

        Raises NotReady with nothing sent while the queue is stopped, DeviceGone without it, DeviceFault when
        it refuses the job, Doubtful when the job does not leave the queue.
        """
        problems = (await self.status()).problems
        if problems:
            raise NotReady(
                words_of(problems), subject=self.name, remedy=f"{remedies_of(problems)} Nothing was sent."
            )
        data = said_in(self._language, job, self._dpi)
        told = await self._run("lp", "-d", self._queue, *self._options, "-t", self.name, "-", data=data)
        found = re.search(rb"request id is (\S+)", told.stdout)
        if told.returncode != 0 or found is None:
            raise DeviceFault(
                f"the queue refused the job: {_said(told)}", subject=self.name, remedy="See `lpstat -t`."
            )
        self._request = found[1].decode("utf-8", "replace")
        await self.wait()

    async def wait(self) -> None:
        """Wait until the job handed over last has left the queue; sends nothing."""
        sent = self._clock.now()
        while self._request and self._request in await self._waiting():
            problems = (await self.status()).problems
            if problems:
                raise DeviceFault(
                    words_of(problems), subject=self.name,
                    remedy=f"{remedies_of(problems)} The job stays in the queue and goes on then.",
                )  # fmt: skip
            if self._clock.now() - sent > _PRINT_SECONDS:
                raise Doubtful(
                    f"job {self._request} does not leave the queue", subject=self.name,
                    remedy="Look at the printer and at `lpstat -t`; cancel the job before printing anew.",
                )  # fmt: skip
            await self._clock.sleep(_POLL_SECONDS)

    async def close(self) -> None:
        """Nothing to give back."""

    async def _waiting(self) -> list[str]:
        told = await self._run("lpstat", "-o", self._queue)
        lines = told.stdout.decode("utf-8", "replace").splitlines()
        return [line.split()[0] for line in lines if line.split()]

    async def _run(
        self, program: str, *arguments: str, data: bytes = b""
    ) -> subprocess.CompletedProcess[bytes]:
        path = shutil.which(program)
        if path is None:
            raise ConfigError(
                "CUPS is not installed", subject=program, remedy="Run: sudo apt-get install cups-client"
            )
        try:
            return await self._worker.run(_call, [path, *arguments], data)
        except subprocess.TimeoutExpired as error:
            raise DeviceGone(
                f"{program} does not answer", subject=self.name, remedy="Check that CUPS runs."
            ) from error


def _call(command: list[str], data: bytes) -> subprocess.CompletedProcess[bytes]:
    environment = {**os.environ, "LC_ALL": "C"}
    return subprocess.run(
        command, input=data, capture_output=True, timeout=_PROGRAM_SECONDS, check=False, env=environment
    )


def _problems(told: str) -> tuple[str, ...]:
    """Problems in the long status of a queue: its alerts, and that it is stopped."""
    alerts = " ".join(re.findall(r"Alerts: (.*)", told))
    found = [word for reason, word in _REASONS if reason in alerts]
    if re.search(r"^printer \S+ disabled", told, re.MULTILINE) and "paused" not in found:
        found.append("paused")
    return tuple(dict.fromkeys(found))


def _said(told: subprocess.CompletedProcess[bytes]) -> str:
    return " ".join(told.stderr.decode("utf-8", "replace").split()) or f"exit code {told.returncode}"
