"""`workcell vision page`: what single pages, covers and spines say."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.table import Table

import vision as eyes
from workcell.cli.images import images_below
from workcell.cli.options import Jsonl
from workcell.cli.output import paper, print_json_line
from workcell.cli.vision import app
from workcell.kernel.clock import WallClock
from workcell.kernel.errors import BadInput
from workcell.kernel.evidence import ImageEvidence, image_to_json

_KEPT = ("file", "sha256", "face", "rotation", "skew_deg", "fields", "lines")
_MOST_THREADS = 4


@dataclass(frozen=True)
class _Seen:
    """One image's evidence, or why there is none; ``ms`` is from the file to its fields."""

    file: str
    evidence: ImageEvidence | None = None
    ms: float = 0.0
    error: str = ""

    def as_json(self) -> dict[str, Any]:
        if self.evidence is None:
            return {"file": self.file, "error": self.error}
        whole = image_to_json(self.evidence)
        return {key: whole[key] for key in _KEPT} | {"problems": whole["problems"], "ms": round(self.ms, 1)}


@app.command()
def page(
    paths: Annotated[list[Path], typer.Argument(help="Images, or folders of them (with subfolders).")],
    jsonl: Jsonl = False,
) -> None:
    """Read each image by itself: which face it shows, its text, and the fields that stand on it.

    Each image is read as a page, cover or spine of a book of its own; `identify` reads several as one book. A
    field that is not on the page is not in the answer. Boxes are in pixels of the image turned as its EXIF
    orientation says. ms is the time from the file to its fields, without the loading of models. A file that
    can't be opened gives a line with its error; the others still go out, and the command ends with 1.
    """
    # One image at a time: the processor's cores go to its text.
    os.environ.setdefault("WORKCELL_OCR_THREADS", str(min(os.cpu_count() or 1, _MOST_THREADS)))
    files = images_below(paths)
    eyes.prepare()
    seen = []
    for file in files:
        seen.append(_read(file))
        if jsonl:
            print_json_line(seen[-1].as_json())
    if not jsonl:
        _print(seen)
    if any(image.error for image in seen):
        raise typer.Exit(1)


def _read(file: Path) -> _Seen:
    clock = WallClock()
    start = clock.now()
    try:
        evidence = eyes.look(file, purpose="transcribe")
    except BadInput as error:
        return _Seen(str(file), error=error.what)
    return _Seen(str(file), evidence, (clock.now() - start) * 1000)


def _print(images: list[_Seen]) -> None:
    table = Table(
        "image", "field", "value", "confidence", "ms", box=None, pad_edge=False, header_style="bold"
    )
    for image in images:
        name = Path(image.file).name
        if image.evidence is None:
            table.add_row(name, "error", image.error)
            continue
        turn = f"{image.evidence.face} ({image.evidence.rotation}°)"
        table.add_row(name, "face", turn, f"{image.evidence.face_confidence:.2f}", f"{image.ms:.0f}")
        for field, found in image.evidence.fields.items():
            for value in found if isinstance(found, list) else [found]:
                said = " ".join(filter(None, (value.value, value.role or value.scheme or value.qualifier)))
                table.add_row("", field, said, f"{value.confidence:.2f}")
    paper.print(table)
