"""The end of a batch in a few lines, and its exit code."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from rich.table import Table

from workcell.cli.output import console


def exit_code(summary: Mapping[str, Any]) -> int:
    """0 only when the counts close and every released book was proven."""
    out = summary["catalogued"] + summary["review"] + summary["rejected"]
    closed = summary["books_fed"] == out + summary["lost"] and summary["lost"] == 0
    proven = summary["proofs_failed"] == 0 and not summary["duplicates_of_barcode"]
    return 0 if closed and proven else 1


def print_summary(summary: Mapping[str, Any], out: Path) -> None:
    """Counts, pace, exceptions with reasons, and the paths of what was made."""
    console.print()
    console.print(
        f"[bold]{summary['books_fed']} fed[/]: [green]{summary['catalogued']} ready[/], "
        f"[yellow]{summary['review']} need you[/], {summary['rejected']} returned, {summary['lost']} missing"
    )
    if summary["spot_check"]:
        console.print(
            f"{summary['spot_check']} of the ready ones wait for the spot check: workcell check list"
        )
    ratio = summary["overhead_ratio"]
    pace = f"{summary['books_per_hour']:.0f} books an hour"
    console.print(
        f"{summary['seconds']:.0f} s, {pace}" + (f", {ratio:.0%} of what the layout allows" if ratio else "")
    )
    exceptions = [book for book in summary["books"] if book["outcome"] != "catalogued"]
    if exceptions:
        table = Table("book", "outcome", "bin", "why", box=None, pad_edge=False, header_style="bold")
        for book in exceptions:
            table.add_row(book["book"], book["outcome"], book["bin"] or "", str(book["reason"] or ""))
        console.print(table)
    for name in (
        "report.html",
        "records.mrc",
        "items.csv",
        "register.csv",
        "labels",
        "passports",
        "batch.json",
    ):
        if (out / name).exists():
            console.print(f"  {out / name}", soft_wrap=True)
