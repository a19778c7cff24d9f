"""`workcell desk`: one person, photographs or one camera, label files or a printer."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from workcell.cli.catalogues import Catalogs, TargetsFile, asked_targets, record_files, shared_catalogue
from workcell.cli.options import EXAMPLES, Json, SafeMode, Store, default_store
from workcell.cli.output import console, print_json, print_line
from workcell.cli.summary import exit_code, print_summary
from workcell.kernel.errors import BadInput, ConfigError
from workcell.kernel.worker import ThreadWorker
from workcell.line.desk import SimulatedPerson, TerminalPerson
from workcell.line.files import FileStore
from workcell.line.operator import DeskPerson
from workcell.line.projection import LineState
from workcell.line.running import Desk, Plan, run_batch


def desk(
    out: Annotated[Path, typer.Option(help="Output folder of the batch.")],
    photos: Annotated[
        Path | None, typer.Option(help="Photographs: one folder a book, or all in one folder.")
    ] = None,
    camera: Annotated[
        str | None, typer.Option(help="A camera: 0, rtsp://…, phone:HOST:PORT or watch:FOLDER.")
    ] = None,
    layout: Annotated[Path, typer.Option(help="layout.toml of the desk.")] = EXAMPLES
    / "layouts"
    / "desk.toml",
    profile: Annotated[Path, typer.Option(help="profile.toml.")] = EXAMPLES / "profiles" / "en.toml",
    orders: Annotated[list[Path] | None, typer.Option(help="Order file (CSV); may be repeated.")] = None,
    catalog: Catalogs = None,
    vendor: Annotated[list[Path] | None, typer.Option(help="Vendor's records (MARC).")] = None,
    invoice: Annotated[Path | None, typer.Option(help="The supplier's invoice (CSV).")] = None,
    targets: TargetsFile = None,
    store: Store = None,
    resume: Annotated[bool, typer.Option("--resume", help="Go on with the unfinished batch.")] = False,
    auto: Annotated[bool, typer.Option("--auto", help="Let every kind of decision through.")] = False,
    partial: Annotated[bool, typer.Option("--partial", help="The boxes hold more than this batch.")] = False,
    unattended: Annotated[
        bool,
        typer.Option("--unattended", help="A simulated operator does every manual act and scans the labels."),
    ] = False,
    safe_mode: SafeMode = False,
    json: Json = False,
) -> None:
    """Identify, match, decide and mark the books on a desk, one after the other."""
    if (photos is None) == (camera is None):
        raise ConfigError("give either --photos DIR or --camera N", subject="workcell desk")
    if not unattended and not sys.stdin.isatty():
        raise BadInput(
            "there is no terminal to ask the operator at", remedy="Give --unattended to simulate one."
        )
    ended = run_batch(
        Plan(
            layout=layout, profile=profile, orders=tuple(orders or ()), out=out,
            store=store or default_store(),
            sources={"catalogue": record_files(catalog), "vendor": tuple(vendor or ())}, invoice=invoice,
            targets=asked_targets(catalog, targets), shared=shared_catalogue(catalog),
            resume=resume, auto=auto, partial=partial,
            safe_mode=safe_mode, tell=print_line,
            desk=Desk(_simulated if unattended else _at_terminal, photos, camera),
        )
    )  # fmt: skip
    if ended.summary is None:
        raise typer.Exit(0)
    if json:
        print_json(ended.summary)
    else:
        print_summary(ended.summary, out)
    raise typer.Exit(exit_code(ended.summary))


def _simulated(state: LineState, files: FileStore) -> DeskPerson:
    return SimulatedPerson(
        state, files, lambda text: console.print(f"operator (simulated): {text}", markup=False)
    )


def _at_terminal(state: LineState, files: FileStore) -> DeskPerson:
    return TerminalPerson(ThreadWorker("terminal"), lambda text: console.input(f"[bold]{text}[/]: "))
