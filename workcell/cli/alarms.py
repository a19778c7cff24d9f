"""`workcell alarms`: what needs a person, and what a person says to it."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Annotated, Any

import typer

from workcell.cli.control import request
from workcell.cli.options import Json, LineId, Store, line_of
from workcell.cli.output import console, paper, print_json
from workcell.kernel.clock import WallClock
from workcell.kernel.errors import Refused
from workcell.line.alarms import about
from workcell.line.journal import read_last_batch
from workcell.line.projection import Alarm, LineState, fold
from workcell.line.tending import AlarmState, listed

app = typer.Typer(help="What needs a person, by priority (ISA-18.2).", no_args_is_help=True)

Key = Annotated[str, typer.Argument(help="The alarm's key, such as missing:BOOK.")]


@app.command("list")
def list_(store: Store = None, line: LineId = None, json: Json = False) -> None:
    """List the alarms that stand or wait for an acknowledgement, the most urgent first."""
    state = fold(read_last_batch(line_of(store, line)))
    found = listed(state, WallClock().wall())
    if json:
        print_json({"alarms": [_as_json(alarm, how, state) for alarm, how in found]})
        return
    for alarm, how in found:
        head = f"{about(alarm.key).priority.value}: {alarm.key}, {how.value}, since {alarm.since}"
        said = f"{alarm.text} {alarm.remedy}".strip()
        paper.print(f"{head}\n    {said}", markup=False, highlight=False, soft_wrap=True)
    if not found:
        paper.print("no alarm")


@app.command()
def ack(
    key: Annotated[str, typer.Argument(help="The alarm's key, or all.")],
    store: Store = None,
    line: LineId = None,
    json: Json = False,
) -> None:
    """Say that somebody has seen an alarm and sees to it."""
    _ask("ack", {"key": key}, store, line, json)


@app.command()
def shelve(
    key: Key,
    reason: Annotated[str, typer.Option(help="Why it need not be told; kept on record.")],
    minutes: Annotated[float, typer.Option(min=1, max=480, help="For how long.")] = 60,
    store: Store = None,
    line: LineId = None,
    json: Json = False,
) -> None:
    """Do not tell of an alarm for some time; one with which the line stands can't be shelved."""
    _ask("shelve", {"key": key, "minutes": minutes, "reason": reason}, store, line, json)


@app.command()
def unshelve(key: Key, store: Store = None, line: LineId = None, json: Json = False) -> None:
    """Tell of an alarm again."""
    _ask("unshelve", {"key": key}, store, line, json)


def _ask(verb: str, arguments: dict[str, Any], store: Path | None, line: str | None, json: bool) -> None:
    answer = asyncio.run(request(line_of(store, line), verb, arguments))
    if json:
        print_json(answer)
    if not answer["ok"]:
        raise Refused(answer["text"])
    if not json:
        console.print(answer["text"], markup=False)


def _as_json(alarm: Alarm, how: AlarmState, state: LineState) -> dict[str, Any]:
    kind, shelf = about(alarm.key), state.shelf.get(alarm.key)
    return {
        "key": alarm.key,
        "id": kind.id,
        "priority": kind.priority.value,
        "state": how.value,
        "text": alarm.text,
        "cause": kind.cause,
        "consequence": kind.consequence,
        "response": alarm.remedy or kind.response,
        "since": alarm.since,
        "book": alarm.book_id or None,
        "follows": alarm.follows or None,
        "acknowledged_at": alarm.acknowledged_at or None,
        "acknowledged_by": alarm.acknowledged_by or None,
        "shelved_until": shelf.until.isoformat() if shelf and how is AlarmState.SHELVED else None,
    }
