"""种次号: the running number of a title within its class."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa

from workcell.site import schema
from workcell.site.database import Database, stamp, take_next


class Sequences:
    """Running numbers by scheme and class, frozen for each title."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def next(self, scheme: str, class_: str, title_key: str, at: datetime, *, shelved: int = 0) -> int:
        """The title's number in its class: the one it has, else the highest plus one.

        ``shelved`` is the highest number that the catalogue shows in that class.  A number once given to a
        title stays its own, for its spine labels carry it.
        """
        return self._database.change(
            lambda tx: (
                _held(tx, scheme, class_, title_key) or _give(tx, scheme, class_, title_key, at, shelved)
            )
        )


def _held(tx: sa.Connection, scheme: str, class_: str, title_key: str) -> int | None:
    table = schema.book_numbers
    query = sa.select(table.c.number).where(
        table.c.scheme == scheme, table.c["class"] == class_, table.c.title_key == title_key
    )
    return tx.execute(query).scalar_one_or_none()


def _give(tx: sa.Connection, scheme: str, class_: str, title_key: str, at: datetime, shelved: int) -> int:
    number = take_next(tx, f"class:{scheme}:{class_}", shelved + 1)
    values = {"scheme": scheme, "class": class_, "number": number, "title_key": title_key, "at": stamp(at)}
    tx.execute(schema.book_numbers.insert().values(values))
    return number
