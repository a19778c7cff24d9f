"""Rolls of labels that were printed elsewhere: registered once, their numbers are given by being scanned."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

import sqlalchemy as sa

from workcell.kernel.errors import BadInput, Refused
from workcell.kernel.number_ranges import last_serial, range_name, serial_of, write_number
from workcell.kernel.profile import NumberRange
from workcell.site import schema
from workcell.site.database import Database, stamp


@dataclass(frozen=True)
class Roll:
    """A registered roll: ``used`` of its numbers are in the ledger, ``furthest`` is the last of these."""

    id: int
    kind: str
    range: NumberRange
    who: str
    at: str
    used: int = 0
    furthest: int = 0

    @property
    def first(self) -> str:
        """The number on its first label."""
        return write_number(self.range, self.range.first)

    @property
    def last(self) -> str:
        """The number on its last label."""
        return write_number(self.range, last_serial(self.range))

    @property
    def left(self) -> int:
        """Labels on it that no scan has told of."""
        return last_serial(self.range) - self.range.first + 1 - self.used


class Rolls:
    """The rolls of the site store."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def register(self, kind: Literal["item"], range_: NumberRange, who: str, at: datetime) -> Roll:
        """Register a roll; the same roll again gives the one that is there.

        Raises Refused when it overlaps another roll, or numbers that were given out otherwise.
        """

        def add(tx: sa.Connection) -> int:
            for roll in _rolls(tx, kind):
                if roll.range == range_:
                    return roll.id
                if range_name(kind, roll.range) == range_name(kind, range_) and _overlap(roll.range, range_):
                    raise Refused(
                        f"it overlaps roll {roll.id} ({roll.first} to {roll.last})",
                        subject=write_number(range_, range_.first),
                        remedy="Check the first and last number on the roll.",
                    )
            given = _used(tx, kind, range_)
            if given:
                raise Refused(
                    f"{len(given)} of its numbers were given out already, {given[0].number} the first",
                    subject=write_number(range_, range_.first),
                    remedy="Check the first and last number on the roll.",
                )
            values = {"kind": kind, "range": range_.model_dump(), "who": who, "at": stamp(at)}
            return int(tx.execute(schema.rolls.insert().values(**values)).inserted_primary_key[0])  # type: ignore[index]

        number = self._database.change(add)
        return next(roll for roll in self.all(kind) if roll.id == number)

    def all(self, kind: str = "item") -> list[Roll]:
        """The rolls in the order of their registration."""
        with self._database.read() as tx:
            return [_with_use(tx, roll) for roll in _rolls(tx, kind)]

    def skipped(self, roll: Roll) -> list[str]:
        """Numbers of the roll before the furthest scanned one of which nobody has told: spoilt or in use?"""
        with self._database.read() as tx:
            seen = {row.serial for row in _used(tx, roll.kind, roll.range)}
        serials = range(roll.range.first, roll.furthest)
        return [write_number(roll.range, serial) for serial in serials if serial not in seen]


def roll_of(tx: sa.Connection, kind: str, number: str) -> NumberRange:
    """The range of the roll that ``number`` is on; raises BadInput when it is on none."""
    for roll in _rolls(tx, kind):
        if serial_of(roll.range, number) is not None:
            return roll.range
    raise BadInput(
        "the number is on no registered roll", subject=number,
        remedy="Scan again, or register the roll with `workcell numbers roll`.",
    )  # fmt: skip


def ranges_of_rolls(tx: sa.Connection, kind: str) -> list[NumberRange]:
    """What the registered rolls hold: no such number is ever printed."""
    return [roll.range for roll in _rolls(tx, kind)]


def _rolls(tx: sa.Connection, kind: str) -> Iterator[Roll]:
    table = schema.rolls
    for row in tx.execute(sa.select(table).where(table.c.kind == kind).order_by(table.c.id)).all():
        yield Roll(row.id, row.kind, NumberRange.model_validate(row.range), row.who, row.at)


def _overlap(one: NumberRange, other: NumberRange) -> bool:
    return one.first <= last_serial(other) and other.first <= last_serial(one)


def _used(tx: sa.Connection, kind: str, range_: NumberRange) -> Sequence[Any]:
    table = schema.numbers
    query = (
        sa.select(table.c.number, table.c.serial)
        .where(
            table.c.kind == kind,
            table.c.range == range_name(kind, range_),
            table.c.serial.between(range_.first, last_serial(range_)),
        )
        .order_by(table.c.serial)
    )
    return tx.execute(query).all()


def _with_use(tx: sa.Connection, roll: Roll) -> Roll:
    used = _used(tx, roll.kind, roll.range)
    furthest = used[-1].serial if used else 0
    return Roll(roll.id, roll.kind, roll.range, roll.who, roll.at, len(used), furthest)
