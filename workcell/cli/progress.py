"""The line as a picture in the terminal, read from its journal while the conductor writes it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from rich.console import Group, RenderableType
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from workcell.line.journal import read_events
from workcell.line.projection import LineState

_COLOUR = {"catalogued": "green", "review": "yellow", "rejected": "magenta", "missing": "red"}


class Watch:
    """Follows one line's journal; ``news`` are the books that have left since the last look."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.state = LineState()

    def look(self) -> list[str]:
        """Fold in what is new; returns a line of text for each book that has left."""
        news = []
        for event in read_events(self._folder, after=self.state.seq):
            self.state.apply(event)
            if event.type == "book.left":
                book = self.state.book(event.book_id)
                why = "; ".join(reason["code"] for reason in book.reasons)
                news.append(f"{book.book_id}  {book.outcome:<10}  {book.bin:<7} {why}".rstrip())
        return news


def picture(state: LineState, zones: Sequence[str]) -> RenderableType:
    """Zones with their books, counts and alarms."""
    books = {book.zone: book for book in state.in_flight()}
    line = Table.grid(expand=False, padding=(0, 1))
    line.add_column(style="dim", no_wrap=True)
    line.add_column(no_wrap=True)
    line.add_column(no_wrap=True)
    line.add_column(overflow="fold")
    for zone in zones:
        book = books.get(zone)
        if book is None:
            line.add_row(zone, "·", "", "")
            continue
        way = Text(book.life.state, style="green" if book.way == "on" else "yellow")
        note = "; ".join(reason["code"] for reason in book.reasons) or (book.marks or {}).get(
            "call_number", ""
        )
        line.add_row(zone, f"■ {book.book_id[-4:]}", way, note)
    counts = state.counts()
    tally = Text.assemble(
        f"{counts['fed']} fed   ",
        *[
            part
            for outcome, colour in _COLOUR.items()
            for part in ((f"{counts[outcome]}", f"bold {colour}"), f" {outcome}   ")
        ],
        f"{counts['on_line']} on the line",
    )
    alarms = [Text(f"! {alarm.text} {alarm.remedy}", style="bold yellow") for alarm in state.alarms.values()]
    title = f"line {state.line_id or '…'} · {state.state} · batch {state.batch_id or '…'}"
    return Panel(Group(line, Text(), tally, *alarms), title=title, title_align="left", expand=False)
