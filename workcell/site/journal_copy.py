"""The site's copy of the line journals, forwarded as often as it takes and kept once."""

from __future__ import annotations

from collections.abc import Iterable

import sqlalchemy as sa

from workcell.kernel.errors import Refused
from workcell.kernel.events import Event
from workcell.site import schema
from workcell.site.database import Database


class JournalCopy:
    """Line events in the site store, by (line_id, seq)."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def forward(self, events: Iterable[Event]) -> int:
        """Keep ``events``; those that are here already change nothing.  Gives how many were new.

        Raises Refused when the store has another event under the same number, or when an event doesn't
        continue the line's chain: two journals under one line_id, or a gap.
        """
        new = 0
        with self._database.write() as tx:
            for event in events:
                new += _keep(tx, event)
        return new

    def last(self, line_id: str) -> int:
        """The number of the last event here of a line; 0 when there is none."""
        table = schema.line_events
        query = sa.select(sa.func.max(table.c.seq)).where(table.c.line_id == line_id)
        with self._database.read() as tx:
            return tx.execute(query).scalar() or 0

    def of_book(self, batch_id: str, book_id: str) -> list[Event]:
        """A book's story, in its order."""
        table = schema.line_events
        query = (
            sa.select(table)
            .where(table.c.batch_id == batch_id, table.c.book_id == book_id)
            .order_by(table.c.line_id, table.c.seq)
        )
        with self._database.read() as tx:
            return [Event(**row._mapping) for row in tx.execute(query)]


def _keep(tx: sa.Connection, event: Event) -> int:
    table = schema.line_events
    mine = table.c.line_id == event.line_id
    known = tx.execute(sa.select(table.c.hash).where(mine, table.c.seq == event.seq)).scalar_one_or_none()
    if known == event.hash:
        return 0
    if known is not None:
        raise _broken(event, "another event stands under this number")
    before = tx.execute(
        sa.select(table.c.hash).where(mine).order_by(table.c.seq.desc()).limit(1)
    ).scalar_one_or_none()
    if before is not None and before != event.prev_hash:
        raise _broken(event, "the event does not follow the last one that is here")
    tx.execute(
        table.insert().values(
            line_id=event.line_id,
            seq=event.seq,
            batch_id=event.batch_id,
            book_id=event.book_id,
            effect_id=event.effect_id,
            type=event.type,
            version=event.version,
            at=event.at,
            body=dict(event.body),
            prev_hash=event.prev_hash,
            hash=event.hash,
        )
    )
    return 1


def _broken(event: Event, what: str) -> Refused:
    return Refused(
        what,
        subject=f"{event.line_id} event {event.seq}",
        remedy="Give each line an id of its own and forward its journal from the last event that is here.",
    )
