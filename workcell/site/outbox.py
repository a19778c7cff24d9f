"""The outbox: what must reach the library system is written down first and sent until it is answered.

At least once, idempotent by the item's identifier, the far side's answer kept.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal

import sqlalchemy as sa

from workcell.kernel.errors import BadInput, DeviceGone, WorkcellError
from workcell.site import schema
from workcell.site.database import Database, stamp
from workcell.site.delivery import Delivery, LibrarySystem

_FIRST_PAUSE = timedelta(seconds=5)
_LONGEST_PAUSE = timedelta(hours=1)


@dataclass(frozen=True)
class Parcel:
    """One delivery in the outbox.  ``answer`` is what the far side said when it took it."""

    item_id: str
    target: str
    batch_id: str
    payload: Mapping[str, Any]
    state: Literal["waiting", "delivered", "refused"]
    tries: int
    due_at: str
    answer: Mapping[str, Any] | None
    problem: str
    put_at: str
    done_at: str

    @property
    def delivery(self) -> Delivery:
        """The payload, loaded."""
        return Delivery.from_json(self.payload)


class Outbox:
    """The outbox of the site store."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def put(self, delivery: Delivery, target: str, at: datetime) -> Parcel:
        """Write a delivery down.  The same item again with the same content changes nothing.

        Other content for an item that was delivered is a correction and goes out as a new delivery.
        """
        payload = delivery.to_json()

        def keep(tx: sa.Connection) -> Parcel:
            parcel = _find(tx, delivery.item_id, target)
            fresh = {"payload": payload, "state": "waiting", "tries": 0, "due_at": stamp(at), "problem": ""}
            if parcel is None:
                tx.execute(
                    schema.outbox.insert().values(
                        item_id=delivery.item_id,
                        target=target,
                        batch_id=delivery.batch_id,
                        put_at=stamp(at),
                        **fresh,
                    )
                )
            elif parcel.payload != payload:
                _update(tx, delivery.item_id, target, **fresh, done_at="", put_at=stamp(at))
            return _get(tx, delivery.item_id, target)

        return self._database.change(keep)

    def due(self, target: str, at: datetime, limit: int = 100) -> list[Parcel]:
        """Deliveries whose time has come, longest waiting first."""
        table = schema.outbox
        query = (
            sa.select(table)
            .where(table.c.target == target, table.c.state == "waiting", table.c.due_at <= stamp(at))
            .order_by(table.c.due_at, table.c.put_at, table.c.item_id)
            .limit(limit)
        )
        with self._database.read() as tx:
            return [Parcel(**row._mapping) for row in tx.execute(query)]

    def delivered(self, parcel: Parcel, answer: Mapping[str, Any], at: datetime) -> Parcel:
        """The far side took it, and said ``answer``."""
        return self._end(parcel, "delivered", at, answer=dict(answer), problem="")

    def refused(self, parcel: Parcel, problem: str, at: datetime) -> Parcel:
        """The far side will not take it as it is; a person must look."""
        return self._end(parcel, "refused", at, problem=problem)

    def postponed(self, parcel: Parcel, problem: str, at: datetime) -> Parcel:
        """The far side could not be reached; tried again after a pause that doubles up to an hour."""
        pause = min(_FIRST_PAUSE * 2 ** min(parcel.tries, 12), _LONGEST_PAUSE)
        with self._database.write() as tx:
            _update_same(tx, parcel, tries=parcel.tries + 1, due_at=stamp(at + pause), problem=problem)
            return _get(tx, parcel.item_id, parcel.target)

    def get(self, item_id: str, target: str) -> Parcel:
        """One delivery; raises BadInput when it was never put."""
        with self._database.read() as tx:
            return _get(tx, item_id, target)

    def with_barcode(self, barcode: str, target: str) -> Parcel | None:
        """The delivery of the item that has this barcode now, None when there is none."""
        table = schema.outbox
        not_reworked = table.c.item_id == barcode  # a rework that gives another number keeps the identifier
        with self._database.read() as tx:
            for where in (not_reworked, sa.not_(not_reworked)):
                for row in tx.execute(sa.select(table).where(table.c.target == target, where)):
                    if row.payload["item"]["barcode"] == barcode:
                        return Parcel(**row._mapping)
        return None

    def of_batch(self, batch_id: str) -> list[Parcel]:
        """The deliveries of a batch by item."""
        table = schema.outbox
        query = sa.select(table).where(table.c.batch_id == batch_id).order_by(table.c.item_id, table.c.target)
        with self._database.read() as tx:
            return [Parcel(**row._mapping) for row in tx.execute(query)]

    def _end(self, parcel: Parcel, state: str, at: datetime, **values: object) -> Parcel:
        with self._database.write() as tx:
            _update_same(tx, parcel, state=state, tries=parcel.tries + 1, done_at=stamp(at), **values)
            return _get(tx, parcel.item_id, parcel.target)


@dataclass(frozen=True)
class Round:
    """What one round of the outbox came to."""

    delivered: int = 0
    postponed: int = 0
    refused: int = 0


def work_outbox(outbox: Outbox, system: LibrarySystem, at: datetime, limit: int = 100) -> Round:
    """Send what is due to ``system``; call it again at leisure, and after every crash.

    A far side that is gone postpones the rest of the round; one that refuses an item stops that item alone.
    """
    delivered = refused = 0
    parcels = outbox.due(system.name, at, limit)
    for place, parcel in enumerate(parcels):
        try:
            answer = system.deliver(parcel.delivery)
        except DeviceGone as error:
            for waiting in parcels[place:]:
                outbox.postponed(waiting, str(error), at)
            return Round(delivered, len(parcels) - place, refused)
        except WorkcellError as error:
            outbox.refused(parcel, str(error), at)
            refused += 1
        else:
            outbox.delivered(parcel, answer, at)
            delivered += 1
    return Round(delivered, 0, refused)


def _here(item_id: str, target: str) -> sa.ColumnElement[bool]:
    return sa.and_(schema.outbox.c.item_id == item_id, schema.outbox.c.target == target)


def _find(tx: sa.Connection, item_id: str, target: str) -> Parcel | None:
    row = tx.execute(sa.select(schema.outbox).where(_here(item_id, target)).with_for_update()).one_or_none()
    return Parcel(**row._mapping) if row else None


def _get(tx: sa.Connection, item_id: str, target: str) -> Parcel:
    parcel = _find(tx, item_id, target)
    if parcel is None:
        raise BadInput("there is no such delivery", subject=f"{item_id} to {target}")
    return parcel


def _update(tx: sa.Connection, item_id: str, target: str, **values: object) -> None:
    tx.execute(schema.outbox.update().where(_here(item_id, target)).values(**values))


def _update_same(tx: sa.Connection, parcel: Parcel, **values: object) -> None:
    """Note the end of a try, unless a correction has taken the parcel's place meanwhile."""
    unchanged = _get(tx, parcel.item_id, parcel.target).put_at == parcel.put_at
    if unchanged:
        _update(tx, parcel.item_id, parcel.target, **values)
