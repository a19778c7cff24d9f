"""`workcell review`: the cases that need a person, and the person's answers."""

from __future__ import annotations

import getpass
from typing import Annotated, Any

import typer
from rich.table import Table

from workcell.cli.options import Json, Store
from workcell.cli.output import console, paper, print_json
from workcell.cli.site_store import site_of
from workcell.kernel.clock import WallClock
from workcell.kernel.model import decision_to_json
from workcell.site import Answer, AnswerKind, Case, check_answer

app = typer.Typer(help="Cases that need a person.", no_args_is_help=True)


@app.callback()
def review() -> None:
    """Cases that need a person."""


@app.command("list")
def list_cases(store: Store = None, json: Json = False) -> None:
    """The open cases, oldest first."""
    with site_of(store) as site:
        cases = site.cases.list("open")
    if json:
        print_json([_as_json(case) for case in cases])
        return
    table = Table("case", "about", "copies", "title", "why", box=None, pad_edge=False, header_style="bold")
    for case in cases:
        why = "; ".join(reason.text for reason in case.reasons)
        table.add_row(case.id, case.kind.value, str(len(case.book_ids)), _title(case), why)
    paper.print(table)


@app.command()
def show(case: Annotated[str, typer.Argument()], store: Store = None, json: Json = False) -> None:
    """One case: reasons, what was seen, candidates with their scores."""
    with site_of(store) as site:
        found = site.cases.get(case)
    if json:
        print_json(_as_json(found))
        return
    paper.print(f"[bold]{found.id}[/] {_title(found)} ({found.state}); copies: {', '.join(found.book_ids)}")
    for reason in found.reasons:
        paper.print(f"  {reason.code}: {reason.text}", markup=False)
    for candidate in found.decision.candidates if found.decision else ():
        paper.print(f"  {candidate.score:.2f}  {candidate.source}  {candidate.record_id}", markup=False)
        for name, field in candidate.fields.items():
            paper.print(f"        {name:<12} {field.verdict:<9} {field.seen} | {field.record}", markup=False)


@app.command()
def decide(
    case: Annotated[str, typer.Argument()],
    answer: Annotated[AnswerKind, typer.Argument(help="What shall be done.")],
    record: Annotated[str, typer.Option(help="For use_record: the record's id.")] = "",
    source: Annotated[str, typer.Option(help="For use_record: catalogue, vendor …")] = "catalogue",
    comment: Annotated[str, typer.Option()] = "",
    store: Store = None,
) -> None:
    """Answer a case; feeding the book again continues it with this answer."""
    given = Answer(answer, record, source if record else "", comment)
    with site_of(store) as site:
        check_answer(site.cases.get(case), given)
        decided = site.cases.decide(case, given, getpass.getuser(), WallClock().wall())
    console.print(f"{decided.id} is decided: {answer.value}. Feed the book again to go on with it.")


@app.command()
def reopen(case: Annotated[str, typer.Argument()], store: Store = None) -> None:
    """Take an answer back, so that another can be given."""
    with site_of(store) as site:
        site.cases.reopen(case)
    console.print(f"{case} is open again.")


def _title(case: Case) -> str:
    field = case.evidence.get("fields", {}).get("title")
    return str(field["value"]) if isinstance(field, dict) else case.title_key


def _as_json(case: Case) -> dict[str, Any]:
    return {
        "id": case.id, "kind": case.kind.value, "batch": case.batch_id, "state": case.state,
        "title": _title(case),
        "books": list(case.book_ids), "slip": case.slip,
        "reasons": [{"code": reason.code, "text": reason.text} for reason in case.reasons],
        "decision": decision_to_json(case.decision) if case.decision else None,
    }  # fmt: skip
