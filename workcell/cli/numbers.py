"""`workcell numbers`: the ledger of item and accession numbers."""

from __future__ import annotations

import getpass
from dataclasses import asdict
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer
from rich.table import Table

from workcell.cli.options import Json, Store, default_store
from workcell.cli.output import paper, print_json, print_line
from workcell.cli.site_store import site_of
from workcell.kernel.clock import WallClock
from workcell.kernel.errors import BadInput
from workcell.kernel.number_ranges import serial_of, write_number
from workcell.kernel.profile import NumberRange, load_profile
from workcell.site import NumberState, Site
from workcell.site.number_model import NumberLine

app = typer.Typer(help="Item and accession numbers, and their ledger.", no_args_is_help=True)


class Kind(StrEnum):
    """What a number numbers."""

    ITEM = "item"
    ACCESSION = "accession"


KindOption = Annotated[Kind, typer.Option("--kind", help="Item barcodes or accession numbers.")]
_WIDEST = 10_000_000


@app.callback()
def numbers() -> None:
    """Item and accession numbers, and their ledger."""


@app.command("list")
def list_ranges(store: Store = None, json: Json = False) -> None:
    """Every range with how far it is used and how many of its numbers stand where; registered rolls."""
    with site_of(store) as site:
        ranges, rolls = site.numbers.summary(), site.rolls.all()
    if json:
        print_json(
            {
                "ranges": [asdict(each) for each in ranges],
                "rolls": [
                    {"roll": roll.id, "first": roll.first, "last": roll.last, "left": roll.left}
                    for roll in rolls
                ],
            }
        )
        return
    table = Table("range", "serials", *NumberState, box=None, pad_edge=False, header_style="bold")
    for each in ranges:
        counts = (str(each.states.get(state, 0)) for state in NumberState)
        table.add_row(each.name, f"{each.first}–{each.last}", *counts)
    paper.print(table)
    for roll in rolls:
        paper.print(f"roll {roll.id}: {roll.first} to {roll.last}, {roll.left} labels left", markup=False)


@app.command()
def gaps(kind: KindOption = Kind.ITEM, store: Store = None, json: Json = False) -> None:
    """Every number that was given out and stands on no released book, with the reason.

    Numbers that a roll skipped, and of which nobody has told, stand at the end. Exit code 1 when there are
    any.
    """
    with site_of(store) as site:
        lines = site.numbers.not_in_use(kind.value)
        skipped = [number for roll in site.rolls.all(kind.value) for number in site.rolls.skipped(roll)]
    if json:
        print_json({"gaps": [asdict(line) for line in lines], "unexplained": skipped})
    else:
        table = Table("number", "state", "book", "reason", box=None, pad_edge=False, header_style="bold")
        for line in lines:
            table.add_row(line.number, line.state.value, line.book_id, _why(line))
        for number in skipped:
            table.add_row(number, "", "", "skipped on its roll")
        paper.print(table)
    if skipped:
        raise typer.Exit(1)


@app.command()
def show(
    number: Annotated[str, typer.Argument()],
    kind: KindOption = Kind.ITEM,
    store: Store = None,
    json: Json = False,
) -> None:
    """One number: its state, its labels, and all that happened to it."""
    with site_of(store) as site:
        line = site.numbers.find(number, kind.value)
        labels, ledger = site.numbers.labels(number, kind.value), site.numbers.ledger(number, kind.value)
    if json:
        print_json(
            asdict(line)
            | {"labels": [asdict(label) for label in labels]}
            | {"ledger": [asdict(entry) for entry in ledger]}
        )
        return
    paper.print(f"{line.kind} {line.number}: {line.state.value} {_why(line)}".rstrip(), markup=False)
    paper.print(f"  {line.book_id or 'no book'}, batch {line.batch_id or '-'}", markup=False)
    for entry in ledger:
        where = f" label on {entry.surface} {entry.copy}.{entry.attempt}" if entry.surface else ""
        why = f" ({entry.reason})" if entry.reason else ""
        paper.print(f"  {entry.at}  {entry.state.value}{where}{why}", markup=False)


@app.command()
def void(
    number: Annotated[str, typer.Argument()],
    reason: Annotated[str, typer.Option(help="Why; it stands in the ledger for ever.")],
    kind: KindOption = Kind.ITEM,
    store: Store = None,
) -> None:
    """Give up a number that stands on no released book: a lost label, one left on a roll.

    The number of a released copy is given up by `workcell rework`, which also mends the rest.
    """
    now = WallClock().wall()
    with site_of(store) as site:
        if any(number == roll_number for roll_number in _on_rolls(site, number)):
            site.numbers.spoil(kind.value, number, reason, now)
        elif site.numbers.find(number, kind.value).state is NumberState.VERIFIED:
            raise BadInput(
                "it stands on a released copy", subject=number, remedy=f"Use `workcell rework {number}`."
            )
        else:
            site.numbers.void(number, reason, now, kind=kind.value)
    print_line(f"{number} is void: {reason}")


@app.command()
def roll(
    first: Annotated[str, typer.Argument(help="Number on the first label of the roll.")],
    last: Annotated[str, typer.Argument(help="Number on its last label.")],
    profile: Annotated[
        Path, typer.Option("--profile", "-p", help="profile.toml that says how numbers are written.")
    ],
    store: Store = None,
    json: Json = False,
) -> None:
    """Register a roll of pre-printed item labels, so that its numbers can be given out by scanning."""
    range_ = _range(first, last, profile)
    (store or default_store()).mkdir(parents=True, exist_ok=True)
    site = Site.open(f"sqlite:///{(store or default_store()) / 'site.sqlite'}")
    try:
        added = site.rolls.register("item", range_, getpass.getuser(), WallClock().wall())
    finally:
        site.close()
    if json:
        print_json({"roll": added.id, "first": added.first, "last": added.last, "left": added.left})
    else:
        print_line(f"roll {added.id}: {added.first} to {added.last}, {added.left} labels")


def _on_rolls(site: Site, number: str) -> list[str]:
    """The number, when it is on a roll and no copy has it."""
    on_roll = any(serial_of(each.range, number) is not None for each in site.rolls.all())
    try:
        return [number] if on_roll and not site.numbers.find(number).book_id else []
    except BadInput:
        return [number] if on_roll else []


def _range(first: str, last: str, profile: Path) -> NumberRange:
    """The part of one of the profile's ways of writing item numbers that begins and ends with these."""
    read = load_profile(profile)
    ways = [read.numbers.item, *(place.item_numbers for place in read.locations if place.item_numbers)]
    for way in ways:
        whole = way.model_copy(update={"first": 1, "last": 999_999_999})
        ends = [serial_of(whole, number) for number in (first, last)]
        if ends[0] is not None and ends[1] is not None:
            if not 0 <= ends[1] - ends[0] < _WIDEST:
                raise BadInput("the last number is below the first", subject=last, remedy="Swap them.")
            return way.model_copy(update={"first": ends[0], "last": ends[1]})
    example = write_number(ways[0], ways[0].first)
    raise BadInput(
        "not written as the profile writes item numbers", subject=f"{first} to {last}",
        remedy=f"They look like {example}; check the digits and the profile.",
    )  # fmt: skip


def _why(line: NumberLine) -> str:
    return line.reason or {NumberState.VERIFIED: "in use"}.get(line.state, f"{line.state.value} so far")
