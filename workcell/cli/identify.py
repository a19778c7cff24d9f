"""`workcell identify`: what do these images of one book show?"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.table import Table

import marc
import vision
from workcell.cli.images import image_files
from workcell.cli.marc_match import print_decision
from workcell.cli.options import EXAMPLES, Json
from workcell.cli.output import paper, print_json
from workcell.cli.sources import Catalog, open_catalogues
from workcell.kernel.evidence import Evidence, evidence_to_json
from workcell.kernel.model import Decision, decision_to_json
from workcell.kernel.profile import load_profile
from workcell.site.order_files import load_orders

"""Endings of files that are taken for images in a folder."""


def identify(
    images: Annotated[list[Path], typer.Argument(help="Images of one book, or folders of them.")],
    catalog: Catalog = None,
    orders: Annotated[list[Path] | None, typer.Option(help="Order file (CSV); may be repeated.")] = None,
    profile: Annotated[Path | None, typer.Option(help="profile.toml; the English example if none.")] = None,
    json: Json = False,
) -> None:
    """Read the images as one book: ISBN, title, names, publisher, year, class and where each was seen.

    With --catalog or --orders the records that may be the book's follow, and what would be done (with --json
    beside the evidence, under the keys of `marc match --json`).
    """
    evidence = vision.identify(image_files(images))
    decision = _decide(evidence, catalog, orders, profile) if catalog or orders else None
    if json:
        print_json(evidence_to_json(evidence) | (decision_to_json(decision) if decision else {}))
    else:
        _print(evidence)
        if decision:
            print_decision(decision)
    if evidence.isbn is None and evidence.one("title") is None:
        raise typer.Exit(1)


def _decide(
    evidence: Evidence, catalog: list[str] | None, orders: list[Path] | None, profile: Path | None
) -> Decision:
    rules = load_profile(profile or EXAMPLES / "profiles" / "en.toml")
    lines = [line for path in orders or () for line in load_orders(path)]
    with open_catalogues(catalog, evidence) as sources:
        return marc.match(evidence, sources, lines, rules).decision


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
