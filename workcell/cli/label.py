"""`workcell label …`: spine lines, labels as files, printing and a printer's state."""

from __future__ import annotations

import typer

from workcell.cli import label_print_command, label_render, label_spine

app = typer.Typer(help="Labels: spine lines, rendering, printing.", no_args_is_help=True)


@app.callback()
def label() -> None:
    """Labels: spine lines, rendering, printing."""


app.command("spine")(label_spine.spine)
app.command("render")(label_render.render)
app.command("print")(label_print_command.print_labels)
app.command("status")(label_print_command.status)
