"""Numbers that are given out once: 种次号, fitted Cutter numbers, and the numbers of a title's copies."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime

import sqlalchemy as sa

from workcell.kernel.errors import Refused
from workcell.site import schema
from workcell.site.database import Database, stamp, take_next

_COPIES = "copy"


class Sequences:
    """Book numbers by scheme and class, frozen for each title."""

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

    def copy_number(self, title: str, claim: str, at: datetime, on_file: int = 0) -> int:
        """The number of a copy among those of its title: the one it has, else the highest plus one.

        ``claim`` names the copy, ``on_file`` is the highest number that the catalogue has.  Batches and lines
        count on from each other; a copy that is marked afresh keeps its number.
        """
        return self.next(_COPIES, title, claim, at, shelved=on_file)

    def settle(
        self,
        scheme: str,
        class_: str,
        title_key: str,
        at: datetime,
        choose: Callable[[Sequence[int]], int],
    ) -> int:
        """The title's number in its class: the one it has, else what ``choose`` makes of those given out.

        For numbers that are fitted and not counted (Cutter numbers as ``marc.cutter.ordinal``): ``choose``
        gets the numbers that other titles have in the class and returns a free one.  Reading and giving is
        one transaction.  Raises Refused when it returns one that is taken.
        """

        def change(tx: sa.Connection) -> int:
            held = _held(tx, scheme, class_, title_key)
            if held is not None:
                return held
            given = _given(tx, scheme, class_)
            number = choose(given)
            if number in given:
                raise Refused(
                    f"book number {number} is taken", subject=class_, remedy="Fit another one between."
                )
            _keep(tx, scheme, class_, number, title_key, at)
            return number

        return self._database.change(change)


def _held(tx: sa.Connection, scheme: str, class_: str, title_key: str) -> int | None:
    table = schema.book_numbers
    query = sa.select(table.c.number).where(
        table.c.scheme == scheme, table.c["class"] == class_, table.c.title_key == title_key
    )
    return tx.execute(query).scalar_one_or_none()


def _given(tx: sa.Connection, scheme: str, class_: str) -> list[int]:
    table = schema.book_numbers
    query = sa.select(table.c.number).where(table.c.scheme == scheme, table.c["class"] == class_)
    return [int(number) for number in tx.execute(query.order_by(table.c.number)).scalars()]


def _give(tx: sa.Connection, scheme: str, class_: str, title_key: str, at: datetime, shelved: int) -> int:
    number = take_next(tx, f"class:{scheme}:{class_}", shelved + 1)
    _keep(tx, scheme, class_, number, title_key, at)
    return number


def _keep(tx: sa.Connection, scheme: str, class_: str, number: int, title_key: str, at: datetime) -> None:
    values = {"scheme": scheme, "class": class_, "number": number, "title_key": title_key, "at": stamp(at)}
    tx.execute(schema.book_numbers.insert().values(values))
