"""Batches: their order lines, the copies counted in, and the one decision that copies of a title share."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from workcell.kernel.errors import BadInput, Refused
from workcell.kernel.model import (
    Decision,
    OrderLine,
    Outcome,
    decision_from_json,
    decision_to_json,
    order_from_json,
    order_to_json,
)
from workcell.site import schema
from workcell.site.database import Database, stamp


@dataclass(frozen=True)
class Batch:
    """A shipment being worked through.  ``closed_at`` is empty while it is open."""

    id: str
    line_id: str
    kind: str
    profile: str
    opened_at: str
    closed_at: str = ""


@dataclass(frozen=True)
class Counts:
    """Copies of one order line that left the line, by outcome."""

    catalogued: int = 0
    review: int = 0
    rejected: int = 0
    missing: int = 0


class Batches:
    """The batches of the site store."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def open(
        self,
        batch_id: str,
        line_id: str,
        profile: str,
        orders: Iterable[OrderLine],
        at: datetime,
        *,
        kind: str = "new",
    ) -> Batch:
        """Begin a batch with its order lines; opening the same one again gives it as it stands."""
        lines = [
            {"batch_id": batch_id, "line": order.line, "position": position, "data": order_to_json(order)}
            for position, order in enumerate(orders)
        ]

        def begin(tx: sa.Connection) -> Batch:
            if not tx.execute(sa.select(schema.batches.c.id).where(schema.batches.c.id == batch_id)).first():
                tx.execute(
                    schema.batches.insert().values(
                        id=batch_id, line_id=line_id, kind=kind, profile=profile, opened_at=stamp(at)
                    )
                )
                if lines:
                    tx.execute(schema.order_lines.insert(), lines)
            return _batch(tx, batch_id)

        return self._database.change(begin)

    def close(self, batch_id: str, at: datetime) -> Batch:
        """End a batch; ending it again changes nothing."""
        with self._database.write() as tx:
            if not _batch(tx, batch_id).closed_at:
                here = schema.batches.c.id == batch_id
                tx.execute(schema.batches.update().where(here).values(closed_at=stamp(at)))
            return _batch(tx, batch_id)

    def get(self, batch_id: str) -> Batch:
        """The batch; raises BadInput when there is none of that id."""
        with self._database.read() as tx:
            return _batch(tx, batch_id)

    def all(self) -> list[Batch]:
        """All batches, oldest first."""
        table = schema.batches
        with self._database.read() as tx:
            rows = tx.execute(sa.select(table).order_by(table.c.opened_at, table.c.id)).all()
        return [Batch(**row._mapping) for row in rows]

    def orders(self, batch_id: str) -> list[OrderLine]:
        """The order lines of a batch, in their order."""
        table = schema.order_lines
        query = sa.select(table.c.data).where(table.c.batch_id == batch_id).order_by(table.c.position)
        with self._database.read() as tx:
            return [order_from_json(data) for data in tx.execute(query).scalars()]

    def take_copy(self, batch_id: str, book_id: str, heading: str, at: datetime) -> int:
        """Which copy of ``heading`` (an order line or a title key) this book is, counted from 1.

        The lowest free one; a book that asks again gets the same.
        """

        def take(tx: sa.Connection) -> int:
            table = schema.copies
            _batch(tx, batch_id, lock=True)
            mine = tx.execute(
                sa.select(table.c.heading, table.c.ordinal).where(
                    table.c.batch_id == batch_id, table.c.book_id == book_id
                )
            ).one_or_none()
            if mine is not None and mine.heading == heading:
                return int(mine.ordinal)
            if mine is not None:
                raise Refused(
                    f"it is counted under {mine.heading} already",
                    subject=book_id,
                    remedy="Give that copy back first.",
                )
            used = set(
                tx.execute(
                    sa.select(table.c.ordinal).where(table.c.batch_id == batch_id, table.c.heading == heading)
                ).scalars()
            )
            ordinal = next(number for number in range(1, len(used) + 2) if number not in used)
            tx.execute(
                table.insert().values(
                    batch_id=batch_id, book_id=book_id, heading=heading, ordinal=ordinal, at=stamp(at)
                )
            )
            return ordinal

        return self._database.change(take)

    def give_copy_back(self, batch_id: str, book_id: str) -> None:
        """The book left unmarked: the next copy of its title takes its turn."""
        table = schema.copies
        with self._database.write() as tx:
            tx.execute(table.delete().where(table.c.batch_id == batch_id, table.c.book_id == book_id))

    def count(self, batch_id: str, book_id: str, order_line: str, outcome: Outcome, at: datetime) -> None:
        """A copy left the line; counted once, its last outcome stands."""
        table = schema.received
        here = sa.and_(table.c.batch_id == batch_id, table.c.book_id == book_id)
        values = {"order_line": order_line, "outcome": outcome.value, "at": stamp(at)}

        def keep(tx: sa.Connection) -> None:
            if tx.execute(sa.select(table.c.book_id).where(here)).first():
                tx.execute(table.update().where(here).values(**values))
            else:
                tx.execute(table.insert().values(batch_id=batch_id, book_id=book_id, **values))

        self._database.change(keep)

    def counts(self, batch_id: str) -> dict[str, Counts]:
        """Copies by order line ("" = not ordered) and outcome."""
        table = schema.received
        query = (
            sa.select(table.c.order_line, table.c.outcome, sa.func.count().label("copies"))
            .where(table.c.batch_id == batch_id)
            .group_by(table.c.order_line, table.c.outcome)
        )
        found: dict[str, dict[str, int]] = {}
        with self._database.read() as tx:
            for row in tx.execute(query):
                found.setdefault(row.order_line, {})[row.outcome] = row.copies
        return {line: Counts(**outcomes) for line, outcomes in found.items()}

    def decide_title(
        self, batch_id: str, title_key: str, decision: Decision, at: datetime, *, who: str = "line"
    ) -> Decision:
        """Keep the decision that all copies of a title share, and give the one that stands.

        The first decision of the line stands; a person's replaces it.
        """
        table = schema.title_decisions
        here = sa.and_(table.c.batch_id == batch_id, table.c.title_key == title_key)
        values = {"decision": decision_to_json(decision), "who": who, "at": stamp(at)}

        def keep(tx: sa.Connection) -> Decision:
            row = tx.execute(sa.select(table.c.decision, table.c.who).where(here)).one_or_none()
            if row is None:
                tx.execute(table.insert().values(batch_id=batch_id, title_key=title_key, **values))
                return decision
            if who == "line":
                return decision_from_json(row.decision)
            tx.execute(table.update().where(here).values(**values))
            return decision

        return self._database.change(keep)

    def title_decision(self, batch_id: str, title_key: str) -> Decision | None:
        """The decision that stands for a title in a batch."""
        table = schema.title_decisions
        query = sa.select(table.c.decision).where(
            table.c.batch_id == batch_id, table.c.title_key == title_key
        )
        with self._database.read() as tx:
            data = tx.execute(query).scalar_one_or_none()
        return decision_from_json(data) if data is not None else None


def _batch(tx: sa.Connection, batch_id: str, *, lock: bool = False) -> Batch:
    query = sa.select(schema.batches).where(schema.batches.c.id == batch_id)
    row = tx.execute(query.with_for_update() if lock else query).one_or_none()
    if row is None:
        raise BadInput("there is no such batch", subject=batch_id, remedy="Open the batch first.")
    return Batch(**row._mapping)
