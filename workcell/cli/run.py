"""`workcell run`: drive a batch on a line."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from workcell.cli.catalogues import Catalogs, TargetsFile, asked_targets, record_files, shared_catalogue
from workcell.cli.options import Json, SafeMode, Store, default_store
from workcell.cli.output import console, print_json, print_line
from workcell.cli.summary import exit_code, print_summary
from workcell.line.running import Plan, run_batch


def run(
    layout: Annotated[Path, typer.Option(help="layout.toml: what stands where, on which wires.")],
    profile: Annotated[Path, typer.Option(help="profile.toml: how this library wants its books done.")],
    out: Annotated[Path, typer.Option(help="Output folder of the batch.")],
    orders: Annotated[list[Path] | None, typer.Option(help="Order file (CSV); may be repeated.")] = None,
    catalog: Catalogs = None,
    vendor: Annotated[
        list[Path] | None, typer.Option(help="Vendor's records (MARC); may be repeated.")
    ] = None,
    invoice: Annotated[Path | None, typer.Option(help="The supplier's invoice (CSV).")] = None,
    targets: TargetsFile = None,
    store: Store = None,
    twin: Annotated[Path | None, typer.Option(help="State folder of the twin whose devices to use.")] = None,
    resume: Annotated[bool, typer.Option("--resume", help="Go on with the unfinished batch.")] = False,
    auto: Annotated[
        bool, typer.Option("--auto", help="Let every kind of decision through (demonstration).")
    ] = False,
    speed: Annotated[float, typer.Option(min=0.1, max=100, help="Speed of the twin's motion.")] = 1.0,
    partial: Annotated[bool, typer.Option("--partial", help="The boxes hold more than this batch.")] = False,
    safe_mode: SafeMode = False,
    json: Json = False,
) -> None:
    """Drive a batch on a line until the supply is empty and every book is out."""
    ended = run_batch(
        Plan(
            layout=layout, profile=profile, orders=tuple(orders or ()), out=out,
            store=store or default_store(),
            sources={"catalogue": record_files(catalog), "vendor": tuple(vendor or ())}, invoice=invoice,
            targets=asked_targets(catalog, targets), shared=shared_catalogue(catalog), twin=twin,
            resume=resume, auto=auto, speed=speed, partial=partial, safe_mode=safe_mode, tell=print_line,
        )
    )  # fmt: skip
    if ended.summary is None:
        console.print(f"The line was stopped ({ended.stopped_by}); `workcell run --resume` goes on.")
        raise typer.Exit(0)
    if json:
        print_json(ended.summary)
    else:
        print_summary(ended.summary, out)
    raise typer.Exit(exit_code(ended.summary))
