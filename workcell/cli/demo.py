"""`workcell demo`: a batch on the twin, from boxes to report."""

from __future__ import annotations

import asyncio
import json as jsonlib
import shutil
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Annotated, Any, Literal

import typer
from rich.live import Live

from workcell.cli.control import request
from workcell.cli.options import EXAMPLES
from workcell.cli.output import console
from workcell.cli.progress import Watch, picture
from workcell.cli.summary import exit_code, print_summary
from workcell.kernel.clock import WallClock
from workcell.kernel.errors import BadInput, DeviceGone, WorkcellError
from workcell.kernel.layout import load_layout
from workcell.line.journal import line_folder
from workcell.twin import load_box

_LOOK_SECONDS = 0.2
_OPERATOR_SECONDS = 2.0
_START_SECONDS = 60.0

_clock = WallClock()


def demo(
    books: Annotated[int, typer.Option(min=1, max=500, help="How many books lie in the boxes.")] = 24,
    seed: Annotated[int, typer.Option(min=0, help="Seed of the twin: which books, how they lie.")] = 1,
    speed: Annotated[
        float, typer.Option(min=0.1, max=50, help="Speed of motion; computing is not scaled.")
    ] = 5.0,
    profile: Annotated[Literal["en", "zh"], typer.Option(help="Which library and shipment.")] = "en",
    desk: Annotated[
        bool, typer.Option("--desk", help="The desk, on photographs that the twin renders.")
    ] = False,
    faults: Annotated[bool, typer.Option("--faults", help="Seeded trouble.")] = False,
    out: Annotated[Path | None, typer.Option(help="Output folder; must be new or empty.")] = None,
    json: Annotated[
        Path | None, typer.Option(help="Also write the summary (batch.json) to this file.")
    ] = None,
) -> None:
    """Run a batch on the twin with live progress, and show what came of it."""
    out = _fresh(out or Path("demo-out") / _clock.wall().strftime("%Y%m%d-%H%M%S"))
    if desk:
        from workcell.cli.desk_demo import desk_demo

        summary = desk_demo(profile, books, seed, out)
    else:
        summary = asyncio.run(_on_the_twin(books, seed, speed, profile, faults, out))
    if json is not None:
        json.write_text(jsonlib.dumps(summary, ensure_ascii=False, indent=2), "utf-8")
    print_summary(summary, out)
    raise typer.Exit(exit_code(summary))


def _fresh(out: Path) -> Path:
    if out.exists() and (not out.is_dir() or any(out.iterdir())):
        raise BadInput(
            "is not empty", subject=str(out), remedy="Give --out a new folder; nothing is overwritten."
        )
    out.mkdir(parents=True, exist_ok=True)
    return out


async def _on_the_twin(
    books: int, seed: int, speed: float, profile: str, faults: bool, out: Path
) -> dict[str, Any]:
    layout, shipment = EXAMPLES / "layouts" / "twin.toml", EXAMPLES / "shipments" / profile
    state, store = out / "twin", out / "store"
    twin = [
        "twin", "serve", "--layout", layout, "--state", state, "--box", shipment / "box.json",
        "--books", books, "--seed", seed, "--speed", speed, *(["--faults"] if faults else []),
    ]  # fmt: skip
    run = [
        "run", "--layout", layout, "--profile", EXAMPLES / "profiles" / f"{profile}.toml",
        "--orders", shipment / "orders.csv", "--invoice", shipment / "invoice.csv",
        "--catalog", shipment / "catalogue.mrc", "--vendor", shipment / "vendor.mrc",
        "--store", store, "--out", out, "--twin", state, "--speed", speed, "--auto", "--json",
        *(["--partial"] if _is_partial(shipment, books) else []),
    ]  # fmt: skip
    console.print(
        f"Twin with {books} books (seed {seed}, motion ×{speed:g}); every kind of decision on [bold]auto[/]."
    )
    async with _process(twin, out / "twin.log") as serving:
        await _published(serving, state / "ports.json", out / "twin.log")
        async with _process(run, out / "conductor.log", out / "batch-summary.json") as running:
            await _follow(running, load_layout(layout).line_id, store, layout)
        if running.returncode not in (0, 1) or not (out / "batch.json").exists():
            raise WorkcellError(
                _last_line(out / "conductor.log"), subject="conductor", remedy=f"See {out / 'conductor.log'}."
            )
    shutil.copy(state / "truth.json", out / "truth.json")
    (out / "batch-summary.json").unlink()
    summary: dict[str, Any] = jsonlib.loads((out / "batch.json").read_text("utf-8"))
    return summary


def _is_partial(shipment: Path, books: int) -> bool:
    return books < sum(title.copies for title in load_box(shipment / "box.json").titles)


@asynccontextmanager
async def _process(
    arguments: list[Any], log: Path, output: Path | None = None
) -> AsyncIterator[asyncio.subprocess.Process]:
    """A `workcell` process whose log goes to a file; it is asked to end when the block is left."""
    words = [str(argument) for argument in arguments]
    with log.open("wb") as errors, (output or log.with_suffix(".out")).open("wb") as answers:
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "workcell.cli", *words, stdout=answers, stderr=errors
        )
        try:
            yield process
        finally:
            if process.returncode is None:
                process.send_signal(signal.SIGTERM)
            await process.wait()
    if output is None:
        log.with_suffix(".out").unlink()


async def _published(process: asyncio.subprocess.Process, ports: Path, log: Path) -> None:
    """Wait until the twin has published its ports."""
    deadline = _clock.now() + _START_SECONDS
    while not ports.exists():
        if process.returncode is not None or _clock.now() > deadline:
            raise DeviceGone(_last_line(log), subject="twin", remedy=f"See {log}.")
        await _clock.sleep(_LOOK_SECONDS / 4)


async def _follow(process: asyncio.subprocess.Process, line_id: str, store: Path, layout: Path) -> None:
    """Show the line until its process ends; when it is held for a jam, act as the operator who clears it."""
    folder = line_folder(store, line_id)
    watch = Watch(folder)
    zones = [place.name for place in load_layout(layout).stations]
    held_since: float | None = None
    ended = asyncio.ensure_future(process.wait())
    with Live(console=console, refresh_per_second=5, transient=True) as live:
        while not ended.done():
            for line in watch.look():
                console.print(line, markup=False)
            if console.is_terminal:
                live.update(picture(watch.state, zones))
            held_since = await _operate(watch, folder, held_since)
            await asyncio.wait([ended], timeout=_LOOK_SECONDS)
        for line in watch.look():
            console.print(line, markup=False)


async def _operate(watch: Watch, folder: Path, held_since: float | None) -> float | None:
    """What a person at the line does in a demonstration: clear the way after an alarm, then unhold."""
    if watch.state.state != "Held" or not watch.state.alarms:
        return None
    if held_since is None:
        for alarm in watch.state.alarms.values():
            console.print(f"alarm: {alarm.text} {alarm.remedy}", markup=False)
        return _clock.now()
    if _clock.now() - held_since > _OPERATOR_SECONDS:
        console.print("the demonstration's operator clears it and unholds", markup=False)
        await request(folder, "unhold")
        return None
    return held_since


def _last_line(log: Path) -> str:
    lines = log.read_text("utf-8", errors="replace").strip().splitlines()
    return lines[-1] if lines else "ended without a word"
