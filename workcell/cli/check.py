"""`workcell check`: the copies in the check bin, a person's verdicts, and the error rate."""

from __future__ import annotations

import getpass
from dataclasses import asdict
from enum import StrEnum
from typing import Annotated, Any

import typer
from rich.table import Table

from workcell.cli.options import Json, Store
from workcell.cli.output import paper, print_json, print_line
from workcell.cli.site_store import site_of
from workcell.kernel.clock import WallClock
from workcell.site.spot_checks import ErrorRate, error_rate

app = typer.Typer(help="Spot checks of released copies.", no_args_is_help=True)


class Found(StrEnum):
    """What a person found when looking at a copy."""

    RIGHT = "right"
    WRONG = "wrong"


@app.callback()
def check() -> None:
    """Spot checks of released copies."""


@app.command("list")
def list_checks(
    every: Annotated[bool, typer.Option("--all", help="Those that were looked at too.")] = False,
    store: Store = None,
    json: Json = False,
) -> None:
    """The copies in the check bin that nobody has looked at yet, and the error rate so far."""
    with site_of(store) as site:
        checks = site.spot_checks.all()
    shown = [each for each in checks if every or not each.verdict]
    if json:
        print_json({"checks": [asdict(each) for each in shown], "rate": _rate(error_rate(checks))})
        return
    table = Table("number", "call number", "batch", "found", "text", box=None, pad_edge=False)
    for each in shown:
        table.add_row(
            each.barcode, str(each.about.get("call_number", "")), each.batch_id, each.verdict, each.text
        )
    paper.print(table)
    print_line(_in_words(error_rate(checks)))


@app.command()
def verdict(
    barcode: Annotated[str, typer.Argument(help="The number on the copy.")],
    found: Annotated[Found, typer.Argument(help="What looking at it came to.")],
    text: Annotated[str, typer.Option(help="For wrong: what is wrong.")] = "",
    store: Store = None,
    json: Json = False,
) -> None:
    """Say what you found on a copy of the check bin; an error lists the copies that were decided alike."""
    with site_of(store) as site:
        site.spot_checks.judge(barcode, found.value, text, getpass.getuser(), WallClock().wall())
        rate = error_rate(site.spot_checks.all())
        similar = site.spot_checks.similar(barcode) if found is Found.WRONG else []
    if json:
        print_json({"barcode": barcode, "verdict": found.value, "rate": _rate(rate), "similar": similar})
        return
    print_line(_in_words(rate))
    if similar:
        print_line("Decided alike, look at these too:")
        for copy in similar:
            paper.print(f"  {copy['barcode']}  {copy['title']}", markup=False)
    if found is Found.WRONG:
        print_line(f"Mend it with `workcell rework {barcode}`, or in the library system.")


def _rate(rate: ErrorRate) -> dict[str, Any]:
    low, high = rate.bounds
    return {
        "checked": rate.checked, "wrong": rate.wrong, "waiting": rate.waiting,
        "share": round(rate.share, 5), "low": round(low, 5), "high": round(high, 5),
    }  # fmt: skip


def _in_words(rate: ErrorRate) -> str:
    low, high = rate.bounds
    return (
        f"{rate.wrong} wrong of {rate.checked} looked at: {rate.share:.2%} "
        f"({low:.2%} to {high:.2%}, 95 %); {rate.waiting} wait."
    )
