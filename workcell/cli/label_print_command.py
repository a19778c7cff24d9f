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
from workcell.cli.options import Json, Store, default_store
from workcell.cli.output import paper, print_json, print_line
from workcell.kernel.clock import WallClock
from workcell.kernel.errors import BadInput, ConfigError
from workcell.kernel.ports import Printer
from workcell.kernel.profile import Surface, load_profile
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
    reprint: Annotated[
        bool, typer.Option("--reprint", help="Void the labels that stand, and print them again.")
    ] = False,
    reason: Annotated[str, typer.Option(help="Why they are printed again; stands in the ledger.")] = "",
    no_ledger: Annotated[
        bool, typer.Option("--no-ledger", help="Print what the ledger does not know; it is not touched.")
    ] = False,
    surface: Annotated[
        Surface | None, typer.Option(help="Where the labels go; by profile or ledger without.")
    ] = None,
    profile: Annotated[
        Path | None, typer.Option("--profile", "-p", help="profile.toml, for the places of several labels.")
    ] = None,
    store: Store = None,
    json: Json = False,
) -> None:
    """Print labels one after another; what was sent is never sent again by itself.

    An item number that is printed goes from reserved to printed in the ledger of the store; one whose label
    is out already is refused, unless --reprint voids that label first. The same command goes on after an
    interruption, at the first label that is not known to be out. Where the printer can't tell, look, and say
    --came-out or --not-out. Without a store there is no ledger, and --record FILE keeps the run.
    """
    if reprint and not reason.strip():
        raise ConfigError("a label is voided with a reason", subject="--reason", remedy="Say why.")
    jobs = [Job(path.name, _job(path, language)) for path in files]

    def run(held: RunRecord) -> int:
        async def act(device: Printer) -> int:
            told = PrintRun(device, WallClock(), held, patience=wait, tell=print_line)
            return await told.print(jobs, came_out)

        return _with_printer(printer, language, act)

    folder = store or default_store()
    if no_ledger or (store is None and not (folder / "site.sqlite").exists()):
        why = "--no-ledger" if no_ledger else f"there is no store {folder}; --store names one"
        printed, told = run(RunRecord(record, jobs)), None
        print_line(f"The ledger of numbers is not touched: {why}.")
    else:
        from workcell.cli.label_ledger import print_on_record  # the site store takes its time to be imported

        where = load_profile(profile) if profile else None
        printed, told = print_on_record(
            folder, files, jobs, run, replaces=reason if reprint else "", surface=surface, profile=where,
            record=record,
        )  # fmt: skip
    if json:
        print_json({"labels": len(jobs), "printed": printed, "ledger": told})


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
