"""Item and accession numbers: who has them, and the ledger that explains every one.

A number goes reserved → printed → applied → verified, or is voided; a voided one is never used again.  Each
label that carries a number has a life of its own in the ledger.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

import sqlalchemy as sa

from workcell.kernel.errors import Refused
from workcell.kernel.profile import NumberRange, Surface
from workcell.site import number_rows as rows
from workcell.site import schema
from workcell.site.database import Database, stamp
from workcell.site.number_model import (
    LABEL_STEPS,
    LabelLine,
    LedgerLine,
    NumberKind,
    NumberLine,
    NumberOwner,
    NumberState,
    RangeSummary,
)
from workcell.site.rolls import roll_of

_IN_CATALOGUE = "stands in the catalogue already"


class Numbers:
    """The numbers and their ledger in the site store."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def reserve(
        self,
        kind: NumberKind,
        range_: NumberRange,
        owner: NumberOwner,
        at: datetime,
        taken: Callable[[str], bool] = lambda number: False,
    ) -> str:
        """A number for ``owner`` that nobody has or had; the same one when the owner asks again.

        ``taken`` says whether the catalogue has a number already; such a number is voided with that reason
        and the next one is tried.  It is asked inside the transaction, so it must be a quick look-up.
        Raises Refused when the range is used up.
        """

        def give(tx: sa.Connection) -> str:
            held = rows.held_by(tx, kind, owner)
            if held is not None:
                return held
            number = rows.give(tx, kind, range_, owner, at)
            while taken(number):
                rows.void(tx, kind, number, _IN_CATALOGUE, at)
                number = rows.give(tx, kind, range_, owner, at)
            return number

        return self._database.change(give)

    def printed(
        self, number: str, surface: Surface, at: datetime, *, copy: int = 1, kind: NumberKind = "item"
    ) -> None:
        """A label with the number came out of the printer.

        Printing it again needs its first label to be voided; Refused otherwise is what keeps two labels of
        one number apart.
        """
        self._step(kind, number, surface, copy, NumberState.PRINTED, at)

    def assign(
        self,
        kind: NumberKind,
        number: str,
        owner: NumberOwner,
        at: datetime,
        taken: Callable[[str], bool] = lambda number: False,
    ) -> str:
        """Take the number that was read from a pre-printed label for ``owner``; again gives the same.

        Raises BadInput for a number of no registered roll, Refused when the owner has another number, the
        number is or was somebody else's, or the catalogue has it (it is then voided: its label is of no use).
        """

        def take(tx: sa.Connection) -> str:
            rows.must_be_free(tx, kind, number, owner)
            if rows.held_by(tx, kind, owner) == number:
                return ""
            range_ = roll_of(tx, kind, number)
            rows.insert(tx, kind, number, range_, owner, at)
            if not taken(number):
                return ""
            rows.void(tx, kind, number, _IN_CATALOGUE, at)
            return _IN_CATALOGUE

        problem = self._database.change(take)
        if problem:
            raise Refused(problem, subject=number, remedy="Take the label off and use the next one.")
        return number

    def spoil(self, kind: NumberKind, number: str, reason: str, at: datetime) -> None:
        """Void the number of a pre-printed label that no copy has: torn, lost, left on the roll's core."""
        rows.reasoned(reason, number)

        def give_up(tx: sa.Connection) -> None:
            if tx.execute(sa.select(schema.numbers.c.number).where(*rows.here(kind, number))).first() is None:
                rows.insert(tx, kind, number, roll_of(tx, kind, number), NumberOwner("", "", ""), at)
            if rows.find_number(tx, kind, number).state is not NumberState.VOIDED:
                rows.void(tx, kind, number, reason, at)

        self._database.change(give_up)

    def applied(
        self, number: str, surface: Surface, at: datetime, *, copy: int = 1, kind: NumberKind = "item"
    ) -> None:
        """The label was put on the book."""
        self._step(kind, number, surface, copy, NumberState.APPLIED, at)

    def verified(
        self, number: str, surface: Surface, at: datetime, *, copy: int = 1, kind: NumberKind = "item"
    ) -> None:
        """The label was read back on the book and agrees."""
        self._step(kind, number, surface, copy, NumberState.VERIFIED, at)

    def void_label(
        self,
        number: str,
        surface: Surface,
        reason: str,
        at: datetime,
        *,
        copy: int = 1,
        kind: NumberKind = "item",
    ) -> None:
        """One label is destroyed or removed by hand; the number lives on and may be printed again."""
        rows.reasoned(reason, number)
        self._step(kind, number, surface, copy, NumberState.VOIDED, at, reason)

    def entered(self, number: str, at: datetime, *, kind: NumberKind = "accession") -> None:
        """A number without labels is in use: it stands in the register."""
        with self._database.write() as tx:
            line = rows.find_number(tx, kind, number)
            if line.state is NumberState.VERIFIED:
                return
            if line.state is not NumberState.RESERVED:
                raise rows.refused(number, line.state, NumberState.VERIFIED)
            rows.settle(tx, kind, number, NumberState.VERIFIED, at)
            rows.write(tx, kind, number, NumberState.VERIFIED, at)

    def void(self, number: str, reason: str, at: datetime, *, kind: NumberKind = "item") -> None:
        """Give a number up for ever, with all its labels.  Voiding it again changes nothing."""
        rows.reasoned(reason, number)
        with self._database.write() as tx:
            if rows.find_number(tx, kind, number).state is not NumberState.VOIDED:
                rows.void(tx, kind, number, reason, at)

    def held_by(self, kind: NumberKind, owner: NumberOwner) -> str | None:
        """The number that ``owner`` has, None without one."""
        with self._database.read() as tx:
            return rows.held_by(tx, kind, owner)

    def find(self, number: str, kind: NumberKind = "item") -> NumberLine:
        """The number as it stands; raises BadInput when it never left its range."""
        with self._database.read() as tx:
            return rows.find_number(tx, kind, number)

    def labels(self, number: str, kind: NumberKind = "item") -> list[LabelLine]:
        """The labels that carry, or carried, the number."""
        table = schema.labels
        query = (
            sa.select(table)
            .where(table.c.kind == kind, table.c.number == number)
            .order_by(table.c.surface, table.c.copy, table.c.attempt)
        )
        with self._database.read() as tx:
            return [
                LabelLine(Surface(row.surface), row.copy, row.attempt, NumberState(row.state), row.reason)
                for row in tx.execute(query)
            ]

    def of_book(self, book_id: str) -> list[NumberLine]:
        """All numbers that were ever reserved for a copy, voided ones too."""
        return self._lines(schema.numbers.c.book_id == book_id)

    def of_batch(self, batch_id: str) -> list[NumberLine]:
        """All numbers of a batch, in the order of their serials."""
        return self._lines(schema.numbers.c.batch_id == batch_id)

    def not_in_use(self, kind: NumberKind) -> list[NumberLine]:
        """Every number below the next one that stands on no book, with the reason: the gaps, explained."""
        return self._lines(
            sa.and_(schema.numbers.c.kind == kind, schema.numbers.c.state != NumberState.VERIFIED.value)
        )

    def summary(self) -> list[RangeSummary]:
        """Every range that a number was ever given from, with how many stand where."""
        table = schema.numbers
        query = (
            sa.select(
                table.c.kind, table.c.range, table.c.state,
                sa.func.count().label("many"),
                sa.func.min(table.c.serial).label("first"), sa.func.max(table.c.serial).label("last"),
            )
            .group_by(table.c.kind, table.c.range, table.c.state)
            .order_by(table.c.kind, table.c.range)
        )  # fmt: skip
        found: dict[tuple[NumberKind, str], RangeSummary] = {}
        with self._database.read() as tx:
            for row in tx.execute(query):
                here = found.setdefault(
                    (row.kind, row.range), RangeSummary(row.kind, row.range, row.first, row.last)
                )
                here.first, here.last = min(here.first, row.first), max(here.last, row.last)
                here.states[NumberState(row.state)] = row.many
        return list(found.values())

    def ledger(self, number: str, kind: NumberKind = "item") -> list[LedgerLine]:
        """What happened to a number and its labels, oldest first."""
        table = schema.ledger
        query = sa.select(table).where(table.c.kind == kind, table.c.number == number).order_by(table.c.id)
        with self._database.read() as tx:
            return [
                LedgerLine(
                    row.kind,
                    row.number,
                    row.surface,
                    row.copy,
                    row.attempt,
                    NumberState(row.state),
                    row.at,
                    row.reason,
                )
                for row in tx.execute(query)
            ]

    def _step(
        self,
        kind: NumberKind,
        number: str,
        surface: Surface,
        copy: int,
        to: NumberState,
        at: datetime,
        reason: str = "",
    ) -> None:
        with self._database.write() as tx:
            line = rows.find_number(tx, kind, number)
            label = rows.last_label(tx, kind, number, surface, copy)
            now = NumberState(label.state) if label is not None else None
            if now is to and line.state is not NumberState.VOIDED:
                return
            if line.state is NumberState.VOIDED or to not in LABEL_STEPS[now]:
                raise rows.refused(f"{number} on {surface.value}", now or line.state, to)
            attempt = label.attempt if label is not None else 0
            if to is NumberState.PRINTED:
                attempt += 1
                tx.execute(
                    schema.labels.insert().values(
                        kind=kind,
                        number=number,
                        surface=surface.value,
                        copy=copy,
                        attempt=attempt,
                        state=to.value,
                        changed_at=stamp(at),
                    )
                )
            else:
                tx.execute(
                    schema.labels.update()
                    .where(
                        schema.labels.c.kind == kind,
                        schema.labels.c.number == number,
                        schema.labels.c.surface == surface.value,
                        schema.labels.c.copy == copy,
                        schema.labels.c.attempt == attempt,
                    )
                    .values(state=to.value, reason=reason, changed_at=stamp(at))
                )
            rows.write(tx, kind, number, to, at, reason, surface.value, copy, attempt)
            rows.settle(tx, kind, number, rows.state_from_labels(tx, kind, number), at)

    def _lines(self, condition: sa.ColumnElement[bool]) -> list[NumberLine]:
        table = schema.numbers
        query = sa.select(table).where(condition).order_by(table.c.kind, table.c.range, table.c.serial)
        with self._database.read() as tx:
            return [rows.number_line(row) for row in tx.execute(query)]
