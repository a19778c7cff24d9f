"""`workcell status`: where the line and its books are."""

from __future__ import annotations

from typing import Any

from workcell.cli.options import Json, LineId, Store, line_of
from workcell.cli.output import paper, print_json
from workcell.cli.progress import picture
from workcell.kernel.layout import STATIONS
from workcell.line.journal import read_last_batch
from workcell.line.projection import LineState, fold


def status(store: Store = None, line: LineId = None, json: Json = False) -> None:
    """Show the line, its books, counts and alarms, from its journal."""
    state = fold(read_last_batch(line_of(store, line)))
    if json:
        print_json(as_json(state))
    else:
        paper.print(picture(state, STATIONS))


def as_json(state: LineState) -> dict[str, Any]:
    """The contract's shape of ``status --json``."""
    return {
        "line_id": state.line_id,
        "state": state.state,
        "mode": state.mode,
        "linked": state.linked,
        "batch": state.batch_id,
        "batch_open": state.batch_open,
        "books": [
            {"book": book.book_id, "zone": book.zone, "state": book.life.state} for book in state.in_flight()
        ],
        "alarms": [
            {
                "key": alarm.key,
                "text": alarm.text,
                "remedy": alarm.remedy,
                "since": alarm.since,
                "book": alarm.book_id,
            }
            for alarm in state.alarms.values()
        ],
        "counts": state.counts(),
    }
