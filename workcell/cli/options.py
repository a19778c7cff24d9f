"""Options that several commands share."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated

import typer

from workcell.kernel.errors import BadInput

EXAMPLES = Path(__file__).resolve().parents[2] / "examples"
"""The layouts, profiles and shipments that come with the project."""


def default_store() -> Path:
    """``$WORKCELL_STORE``, else ``workcell-store`` here."""
    return Path(os.environ.get("WORKCELL_STORE", "workcell-store"))


Store = Annotated[
    Path | None,
    typer.Option("--store", help="Where journal, site store and images are kept ($WORKCELL_STORE)."),
]
Json = Annotated[bool, typer.Option("--json", help="One JSON object on standard output.")]
Jsonl = Annotated[bool, typer.Option("--jsonl", help="One JSON object a line on standard output.")]
SafeMode = Annotated[
    bool, typer.Option("--safe-mode", help="Use no driver of another package; see `workcell drivers`.")
]
LineId = Annotated[str | None, typer.Option("--line", help="The line, where the store has several.")]


def line_of(store: Path | None, line_id: str | None) -> Path:
    """The folder of the one line in ``store``, or of ``line_id``; raises BadInput."""
    root = (store or default_store()) / "lines"
    lines = sorted(path for path in root.iterdir() if path.is_dir()) if root.is_dir() else []
    if line_id is not None:
        lines = [path for path in lines if path.name == line_id]
    if len(lines) == 1:
        return lines[0]
    if not lines:
        raise BadInput(
            "no line has run here", subject=str(root.parent), remedy="Give --store DIR of its store."
        )
    names = ", ".join(path.name for path in lines)
    raise BadInput("several lines have run here", subject=str(root.parent), remedy=f"Give --line: {names}.")
