"""`workcell marc compare`: do the n-th records of two files describe the same book?"""

from __future__ import annotations

from dataclasses import asdict
from itertools import zip_longest
from pathlib import Path
from typing import Annotated, Any

import typer

from marc import read_records
from marc.reading import ReadResult
from marc.record_pairs import compare_records, default_threshold
from workcell.cli.options import Jsonl
from workcell.cli.output import paper, print_json_line, print_line
from workcell.kernel.model import Verdict


def compare(
    one: Annotated[Path, typer.Argument(metavar="A", help="MARC records (.mrc, .mrc.gz, MARCXML).")],
    other: Annotated[Path, typer.Argument(metavar="B", help="As many records of another file.")],
    threshold: Annotated[
        float | None,
        typer.Option(min=0.0, max=1.0, help="Score from which two records are the same; else the model's."),
    ] = None,
    few_false: Annotated[
        bool, typer.Option("--few-false", help="The model's stricter threshold: 0.2 % false at most.")
    ] = False,
    jsonl: Jsonl = False,
) -> None:
    """Compare the n-th record of A with the n-th of B: score, same or not, and a verdict on every field.

    A pair of which one record can't be read gives a line with its error, and the command ends with 1; so it
    does when one file has fewer records.
    """
    limit = default_threshold("few_false" if few_false else "accuracy") if threshold is None else threshold
    failed = 0
    for n, pair in enumerate(zip_longest(read_records(one), read_records(other))):
        line = _compared(n, pair[0], pair[1], limit)
        failed += "error" in line
        if jsonl:
            print_json_line(line)
        else:
            _print(line)
    if failed:
        print_line(f"{failed} pairs could not be compared.")
        raise typer.Exit(1)


def _compared(n: int, one: ReadResult | None, other: ReadResult | None, threshold: float) -> dict[str, Any]:
    for name, side in (("A", one), ("B", other)):
        if side is None or side.record is None:
            said = "has no such record" if side is None else f"can't be read: {side.problem}"
            return {"n": n, "score": 0.0, "same": False, "fields": {}, "error": f"{name} {said}"}
    if one is None or other is None or one.record is None or other.record is None:
        raise AssertionError("both sides were looked at above")
    found = compare_records(one.record, other.record)
    fields = {name: asdict(field) for name, field in found.fields.items()}
    return {"n": n, "score": found.score, "same": found.same(threshold), "fields": fields}


def _print(line: dict[str, Any]) -> None:
    if "error" in line:
        paper.print(f"{line['n']:6}  {line['error']}", markup=False)
        return
    against = [name for name, field in line["fields"].items() if field["verdict"] is Verdict.DIFFER]
    told = f"  differ: {', '.join(against)}" if against else ""
    paper.print(
        f"{line['n']:6}  {line['score']:.4f}  {'same ' if line['same'] else 'other'}{told}", markup=False
    )
