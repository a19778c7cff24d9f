"""`workcell passport`: the whole story of one book."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer
from rich.table import Table

from workcell.cli.options import Json, LineId, Store, line_of
from workcell.cli.output import paper, print_json
from workcell.kernel.errors import BadInput
from workcell.kernel.events import Event
from workcell.line.journal import read_book, read_type


def passport(
    book: Annotated[str, typer.Argument(help="The book's id, or its barcode.")],
    store: Store = None,
    line: LineId = None,
    json: Json = False,
) -> None:
    """Every event of one book, in order."""
    folder = line_of(store, line)
    story = list(read_book(folder, book)) or _story_with(folder, book)
    if not story:
        raise BadInput(f"no book {book!r}", subject=str(folder), remedy="See `workcell status` or items.csv.")
    if json:
        print_json({"book": story[0].book_id, "events": [_as_json(event) for event in story]})
        return
    table = Table("seq", "at", "event", "what", box=None, pad_edge=False, header_style="bold")
    for event in story:
        table.add_row(str(event.seq), event.at[11:23], event.type, _short(event))
    paper.print(table)


def _story_with(folder: Path, barcode: str) -> list[Event]:
    """The story of the book that got this barcode."""
    for event in read_type(folder, "marks.reserved"):
        if event.body["barcode"] == barcode:
            return list(read_book(folder, event.book_id))
    return []


def _as_json(event: Event) -> dict[str, Any]:
    return {
        "seq": event.seq, "at": event.at, "type": event.type, "effect_id": event.effect_id,
        "body": event.body, "hash": event.hash,
    }  # fmt: skip


def _short(event: Event) -> str:
    shown = {key: value for key, value in event.body.items() if isinstance(value, str | int | float | bool)}
    return "  ".join(f"{key}={value}" for key, value in list(shown.items())[:6])
