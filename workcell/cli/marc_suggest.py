"""`workcell marc suggest` and `marc shelve`: classes from the catalogue, and its shelf list."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

import marc
from marc import suggesting
from marc.shelf_list import ShelfList
from workcell.cli.marc_match import read_evidence
from workcell.cli.options import Json
from workcell.cli.output import paper, print_json, print_line

_DEFAULT = Path("catalogue.sqlite")
Own = Annotated[Path, typer.Option("--catalog", help="The library's own catalogue.")]
Scheme = Annotated[str, typer.Option(help="DDC, LCC, NLM or CLC.")]


def suggest(
    evidence: Annotated[Path, typer.Option(help="Evidence of one book, as `identify --json` prints it.")],
    catalog: Own = _DEFAULT,
    scheme: Scheme = "DDC",
    train: Annotated[bool, typer.Option("--train", help="Train anew, for a catalogue that grew.")] = False,
    json: Json = False,
) -> None:
    """Suggest class numbers by shelf neighbours and a model of the catalogue, with confidence.

    The model is trained and calibrated when there is none yet, and kept beside the catalogue.
    """
    seen = read_evidence(evidence)
    with marc.Catalogue(catalog) as held:
        path = suggesting.beside(catalog, scheme)
        if train or not path.is_file():
            suggesting.save(suggesting.train(held, scheme), path)
            print_line(f"{path}: trained")
        model = suggesting.load(path)
        found = suggesting.suggest(model, seen, held)
    if json:
        print_json({"scheme": scheme, "suggestions": [asdict(one) for one in found]})
        return
    for one in found:
        paper.print(f"[bold]{one.class_number}[/]  {one.confidence:.2f}")
        for near in one.neighbours[:5]:
            paper.print(f"    {near.class_number}  {near.title}  ({near.record_id})", markup=False)


def shelve(catalog: Own = _DEFAULT, json: Json = False) -> None:
    """Make the shelf list: the book numbers in each class, among which new ones are fitted."""
    with marc.Catalogue(catalog) as held, ShelfList.of(held) as shelf:
        numbers = shelf.count()
    if json:
        print_json({"book_numbers": numbers})
    else:
        print_line(f"{numbers} book numbers on the shelf")
