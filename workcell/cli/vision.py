"""`workcell vision …`: what the readers of pixels see, image by image."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import typer
from pydantic import TypeAdapter
from rich.table import Table

import vision as eyes
from workcell.cli.images import images_below
from workcell.cli.options import Jsonl
from workcell.cli.output import paper, print_json_line
from workcell.kernel.clock import WallClock
from workcell.kernel.errors import BadInput
from workcell.kernel.evidence import Barcode

app = typer.Typer(help="What is seen on images.", no_args_is_help=True)

_BARCODES = TypeAdapter(tuple[Barcode, ...])


@app.callback()
def vision() -> None:
    """What is seen on images."""


@dataclass(frozen=True)
class Seen:
    """One image's symbols, or why it could not be opened; ``ms`` is the reading of the decoded image."""

    file: str
    ms: float = 0.0
    barcodes: tuple[Barcode, ...] = ()
    error: str = ""

    def as_json(self) -> dict[str, Any]:
        """The line of the stream; only accepted symbols are among its barcodes."""
        if self.error:
            return {"file": self.file, "error": self.error}
        found = _BARCODES.dump_python(self.barcodes, mode="json")
        return {"file": self.file, "ms": round(self.ms, 1), "barcodes": found}


@app.command()
def barcodes(
    paths: Annotated[list[Path], typer.Argument(help="Images, or folders of them (with subfolders).")],
    jsonl: Jsonl = False,
) -> None:
    """Read the barcodes on images: text, format, add-on, where, and which readers agreed.

    Only symbols on which two readers agreed are listed. ms is the time of reading, without opening and
    decoding the file. Polygons are in pixels of the image turned as its EXIF orientation says, clockwise from
    the symbol's own top left. A file that can't be opened gives a line with its error; the others still go
    out, and the command ends with 1.
    """
    images = []
    for file in images_below(paths):
        images.append(_read(file))
        if jsonl:
            print_json_line(images[-1].as_json())
    if not jsonl:
        _print(images)
    if any(image.error for image in images):
        raise typer.Exit(1)


def _read(file: Path) -> Seen:
    clock = WallClock()
    try:
        picture = eyes.load(file)
    except BadInput as error:
        return Seen(str(file), error=error.what)
    start = clock.now()
    found = tuple(code for code in eyes.read_barcodes(picture) if code.accepted)
    return Seen(str(file), (clock.now() - start) * 1000, found)


def _print(images: list[Seen]) -> None:
    table = Table("image", "text", "format", "add-on", "turn", "votes", "ms", box=None, pad_edge=False,
                  header_style="bold")  # fmt: skip
    for image in images:
        name, ms = Path(image.file).name, f"{image.ms:.0f}"
        if image.error:
            table.add_row(name, image.error)
        elif not image.barcodes:
            table.add_row(name, "-", "", "", "", "", ms)
        for code in image.barcodes:
            table.add_row(name, code.text, code.format, code.addon or "", f"{code.orientation:.0f}°",
                          str(len(code.votes)), ms)  # fmt: skip
    paper.print(table)
