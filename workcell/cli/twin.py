"""`workcell twin serve`: the whole line, simulated behind the same wires."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from workcell.kernel.errors import ConfigError
from workcell.kernel.layout import load_layout
from workcell.twin.serve import serve as serve_twin

app = typer.Typer(help="The simulated line.", no_args_is_help=True)


@app.callback()
def twin() -> None:
    """The simulated line."""


@app.command()
def serve(
    layout: Annotated[Path, typer.Option(help="layout.toml with a [twin] table.")],
    state: Annotated[Path, typer.Option(help="State folder: the world, ports.json, truth.json.")],
    box: Annotated[
        Path | None, typer.Option(help="box.json: what lies in the boxes (first start only).")
    ] = None,
    books: Annotated[int, typer.Option(min=0, help="How many books.")] = 24,
    seed: Annotated[int | None, typer.Option(help="Seed; the layout's when not given.")] = None,
    speed: Annotated[float, typer.Option(min=0.1, max=100, help="Speed of motion.")] = 1.0,
    faults: Annotated[bool, typer.Option("--faults", help="Seeded trouble.")] = False,
) -> None:
    """Serve all devices of the layout on loopback until SIGTERM; the world outlives a restart."""
    place = load_layout(layout)
    if place.twin is None:
        raise ConfigError(
            "has no [twin] table", subject=str(layout), remedy="Use examples/layouts/twin.toml."
        )
    serve_twin(
        place,
        box,
        state,
        books=books,
        seed=place.twin.seed if seed is None else seed,
        speed=speed,
        faults=faults,
    )
