"""`workcell identify`: what do these images of one book show?"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.table import Table

import vision
from workcell.cli.options import Json
from workcell.cli.output import paper, print_json
from workcell.kernel.errors import BadInput
from workcell.kernel.evidence import Evidence, evidence_to_json

SUFFIXES = {".jpg", ".jpeg", ".png", ".webp", ".tif", ".tiff", ".bmp"}
"""Endings of files that are taken for images in a folder."""


def identify(
    images: Annotated[list[Path], typer.Argument(help="Images of one book, or folders of them.")],
    json: Json = False,
) -> None:
    """Read the images as one book: ISBN, title, names, publisher, year, class and where each was seen."""
    evidence = vision.identify(image_files(images))
    if json:
        print_json(evidence_to_json(evidence))
    else:
        _print(evidence)
    if evidence.isbn is None and evidence.one("title") is None:
        raise typer.Exit(1)


def image_files(paths: list[Path]) -> list[Path]:
    """The images named, and those in the folders named, sorted; raises BadInput when there is none."""
    found: list[Path] = []
    for path in paths:
        if path.is_dir():
            found.extend(sorted(file for file in path.iterdir() if file.suffix.lower() in SUFFIXES))
        elif path.exists():
            found.append(path)
        else:
            raise BadInput("no such file", subject=str(path), remedy="Check the path.")
    if not found:
        raise BadInput("no image found", subject=", ".join(map(str, paths)), remedy="Give JPEG or PNG files.")
    return found


def _print(evidence: Evidence) -> None:
    table = Table("field", "value", "confidence", "page", box=None, pad_edge=False, header_style="bold")
    if evidence.isbn is not None:
        state = "accepted" if evidence.isbn.accepted else "not accepted"
        table.add_row("isbn", f"{evidence.isbn.value} ({state})", f"{evidence.isbn.confidence:.2f}",
                      ", ".join(evidence.isbn.sources))  # fmt: skip
    for name, found in evidence.fields.items():
        for value in found if isinstance(found, list) else [found]:
            table.add_row(name, value.value, f"{value.confidence:.2f}", value.page)
    for image in evidence.images:
        table.add_row(
            "image", f"{image.face} ({image.rotation}°)", f"{image.face_confidence:.2f}", image.file
        )
    paper.print(table)
