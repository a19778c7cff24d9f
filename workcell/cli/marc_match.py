"""`workcell marc match`: which record is this book, and what shall be done?"""

from __future__ import annotations

import json as _json
from pathlib import Path
from typing import Annotated, Any

import typer
from pydantic import ValidationError
from rich.table import Table

import marc
from workcell.cli.options import EXAMPLES, Json
from workcell.cli.output import paper, print_json
from workcell.cli.sources import Catalog, open_catalogues
from workcell.kernel.errors import BadInput
from workcell.kernel.evidence import Evidence, evidence_from_json
from workcell.kernel.model import Decision, decision_to_json
from workcell.kernel.profile import load_profile
from workcell.site.order_files import load_orders

_ALIKE = {"agree": "green", "differ": "red", "doubtful": "yellow", "missing": "dim"}


def match(
    evidence: Annotated[Path, typer.Option(help="Evidence of one book, as `identify --json` prints it.")],
    catalog: Catalog = None,
    orders: Annotated[list[Path] | None, typer.Option(help="Order file (CSV); may be repeated.")] = None,
    profile: Annotated[Path | None, typer.Option(help="profile.toml; the English example if none.")] = None,
    json: Json = False,
) -> None:
    """Find the record of a book by its evidence: candidates, scores, explanation field by field, decision."""
    rules = load_profile(profile or EXAMPLES / "profiles" / "en.toml")
    lines = [line for path in orders or () for line in load_orders(path)]
    seen = read_evidence(evidence)
    with open_catalogues(catalog, seen) as sources:
        decision = marc.match(seen, sources, lines, rules).decision
    if json:
        print_json(decision_to_json(decision))
    else:
        print_decision(decision)


def read_evidence(path: Path) -> Evidence:
    """Evidence of one book from a JSON file; raises BadInput naming the wrong value."""
    return evidence_of(read_json(path), str(path))


def read_json(path: Path) -> Any:
    """The value in a JSON file; raises BadInput."""
    try:
        return _json.loads(path.read_text("utf-8"))
    except FileNotFoundError as error:
        raise BadInput("no such file", subject=str(path), remedy="Check the path.") from error
    except ValueError as error:
        raise BadInput(f"is not JSON ({error})", subject=str(path), remedy="Write it again.") from error


def evidence_of(data: object, subject: str) -> Evidence:
    """Evidence from JSON data; raises BadInput naming the wrong value."""
    try:
        return evidence_from_json(data)
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(map(str, first["loc"])) or "the file"
        raise BadInput(
            f"{where}: {first['msg']}", subject=subject, remedy="Give what `workcell identify --json` prints."
        ) from error


def print_decision(decision: Decision) -> None:
    """Decision, reasons and each candidate field by field, for people."""
    paper.print(f"[bold]{decision.decision.value}[/]  {decision.record_id or ''}  {decision.score:.3f}")
    for reason in decision.reasons:
        paper.print(f"  {reason.code}: {reason.text}", markup=False)
    for candidate in decision.candidates:
        paper.print(f"\n{candidate.source} {candidate.record_id}  {candidate.score:.3f}", markup=False)
        table = Table("field", "book", "record", "", "weight", box=None, pad_edge=False, header_style="dim")
        for name, field in candidate.fields.items():
            colour = _ALIKE[field.verdict.value]
            table.add_row(name, field.seen, field.record, f"[{colour}]{field.verdict.value}[/]",
                          f"{field.weight:+.2f}")  # fmt: skip
        paper.print(table)
