"""`workcell label print` and `label status`: labels to a printer, and what keeps it from printing."""

from __future__ import annotations

import asyncio
import io
from collections.abc import Awaitable, Callable, Sequence
from enum import StrEnum
from pathlib import Path
from typing import Annotated, TypeVar

import numpy as np
import typer
from PIL import Image, UnidentifiedImageError

import label_print
from label_print import PROBLEMS, Job, Label, PrintRun, RunRecord
from workcell.cli.options import Json
from workcell.cli.output import paper, print_json, print_line
from workcell.kernel.clock import WallClock
from workcell.kernel.errors import BadInput
from workcell.kernel.ports import Printer
from workcell.kernel.worker import ThreadWorker

T = TypeVar("T")


class Language(StrEnum):
    """What the printer speaks."""

    ZPL = "zpl"
    TSPL = "tspl"
    PDF = "pdf"


Endpoint = Annotated[
    str,
    typer.Option(
        "--printer", help="tcp://HOST:9100, serial:///dev/ttyUSB0?baud=9600, cups:QUEUE or file:FOLDER."
    ),
]
Speaks = Annotated[Language, typer.Option("--language", help="What the printer speaks; pdf for CUPS only.")]


def print_labels(
    files: Annotated[
        list[Path], typer.Argument(help="Labels: jobs in the printer's language, or PNG files.")
    ],
    printer: Endpoint,
    language: Speaks = Language.ZPL,
    record: Annotated[
        Path | None, typer.Option(help="Where the run is on record, to take it up again.")
    ] = None,
    wait: Annotated[float, typer.Option(min=0, help="Seconds to wait for a fault to be mended.")] = 0.0,
    came_out: Annotated[
        bool | None, typer.Option("--came-out/--not-out", help="What became of the label in doubt.")
    ] = None,
    json: Json = False,
) -> None:
    """Print labels one after another; what was sent is never sent again by itself.

    With --record the same command goes on after an interruption, at the first label that is not known to be
    out. Where the printer can't tell, look, and say --came-out or --not-out.
    """
    jobs = [Job(path.name, _job(path, language)) for path in files]
    held = RunRecord(record, jobs)

    async def run(device: Printer) -> int:
        told = PrintRun(device, WallClock(), held, patience=wait, tell=print_line)
        return await told.print(jobs, came_out)

    printed = _with_printer(printer, language, run)
    if json:
        print_json({"labels": len(jobs), "printed": printed})


def status(printer: Endpoint, language: Speaks = Language.ZPL, json: Json = False) -> None:
    """Tell whether a printer is ready, and what to do when it is not; exit 1 then, 4 when it is silent."""
    seen = _with_printer(printer, language, lambda device: device.status())
    problems = [{"problem": word, "remedy": PROBLEMS[word]} for word in seen.problems]
    if json:
        print_json({"ready": seen.ready, "problems": problems, "label_waiting": seen.label_waiting,
                    "labels_left": seen.labels_left})  # fmt: skip
    else:
        for line in _told(seen.ready, problems, seen.label_waiting, seen.labels_left):
            paper.print(line, markup=False)
    raise typer.Exit(0 if seen.ready else 1)


def _told(ready: bool, problems: Sequence[dict[str, str]], waiting: bool, left: int) -> list[str]:
    lines = [f"{entry['problem'].replace('_', ' ')}: {entry['remedy']}" for entry in problems]
    if waiting:
        lines.append("a label waits: Take it off.")
    if left:
        lines.append(f"labels still to print: {left}")
    return ["ready"] if ready else lines


def _with_printer(endpoint: str, language: Language, act: Callable[[Printer], Awaitable[T]]) -> T:
    """Open the printer, act, and give its wire back."""

    async def run() -> T:
        worker = ThreadWorker("printer")
        device = label_print.open_printer("label", endpoint, language, WallClock(), worker)
        try:
            return await act(device)
        finally:
            await device.close()
            await worker.close()

    return asyncio.run(run())


def _job(path: Path, language: Language) -> bytes:
    """The bytes of a label file; a PNG becomes a job in the printer's language."""
    data = path.read_bytes()
    if path.suffix.lower() != ".png":
        return data
    label = _label(path, data)
    return {Language.ZPL: label.zpl, Language.TSPL: label.tspl, Language.PDF: label.pdf}[language]()


def _label(path: Path, data: bytes) -> Label:
    """A label from its PNG; its resolution stands in the file."""
    try:
        with Image.open(io.BytesIO(data)) as image:
            dpi = round(float(image.info["dpi"][0]))
            bitmap = np.asarray(image.convert("L"))
    except (UnidentifiedImageError, KeyError, OSError) as error:
        raise BadInput(
            "not a label's PNG with its resolution",
            subject=str(path),
            remedy="Render it: workcell label render.",
        ) from error
    return Label(np.where(bitmap < 128, 0, 255).astype(np.uint8), dpi)
