"""Item and accession numbers: how they are written, who has them, and the ledger that explains every one.

A number goes reserved → printed → applied → verified, or is voided; a voided one is never used again.  Each
label that carries a number has a life of its own in the ledger.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, Literal

import sqlalchemy as sa
from stdnum import luhn

from workcell.kernel.errors import BadInput, Refused
from workcell.kernel.profile import NumberRange, Surface
from workcell.site import schema
from workcell.site.database import Database, stamp, take_next

NumberKind = Literal["item", "accession"]


class NumberState(StrEnum):
    """Where a number, or one label with it, stands."""

    RESERVED = "reserved"
    PRINTED = "printed"
    APPLIED = "applied"
    VERIFIED = "verified"
    VOIDED = "voided"


# What may follow what in the life of one label; None is a label that is not printed yet.
_LABEL_STEPS: dict[NumberState | None, frozenset[NumberState]] = {
    None: frozenset({NumberState.PRINTED}),
    NumberState.PRINTED: frozenset({NumberState.APPLIED, NumberState.VOIDED}),
    NumberState.APPLIED: frozenset({NumberState.VERIFIED, NumberState.VOIDED}),
    NumberState.VERIFIED: frozenset({NumberState.VOIDED}),
    NumberState.VOIDED: frozenset({NumberState.PRINTED}),
}


@dataclass(frozen=True)
class NumberOwner:
    """Who asks for a number.  Asking again with the same effect (or book, without one) gives the same."""

    line_id: str
    batch_id: str
    book_id: str
    effect_id: str = ""

    @property
    def claim(self) -> str:
        """What the number is tied to."""
        return f"{self.line_id}/{self.effect_id or self.book_id}"


@dataclass(frozen=True)
class NumberLine:
    """A number as it stands."""

    kind: NumberKind
    number: str
    state: NumberState
    line_id: str
    batch_id: str
    book_id: str
    reason: str
    changed_at: str


@dataclass(frozen=True)
class LabelLine:
    """A label that carries a number.  ``attempt`` rises with each reprint after a voided one."""

    surface: Surface
    copy: int
    attempt: int
    state: NumberState
    reason: str


@dataclass(frozen=True)
class LedgerLine:
    """One thing that happened; ``surface`` is empty where it happened to the number itself."""

    kind: NumberKind
    number: str
    surface: str
    copy: int
    attempt: int
    state: NumberState
    at: str
    reason: str


def write_number(range_: NumberRange, serial: int) -> str:
    """A serial as the number on the label.

    "codabar14" is type, institution, eight-digit serial and the mod-10 check digit (digits at odd positions
    doubled, less 9 above 9), as usual on North American library barcodes; "plain" is prefix and padded
    serial.
    """
    if range_.scheme == "plain":
        return f"{range_.prefix}{serial:0{range_.width}d}"
    payload = f"{range_.item_type_digit}{range_.institution}{serial:08d}"
    return payload + str(luhn.calc_check_digit(payload))


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
            held = tx.execute(
                sa.select(schema.numbers.c.number).where(
                    schema.numbers.c.kind == kind, schema.numbers.c.claim == owner.claim
                )
            ).scalar_one_or_none()
            if held is not None:
                return str(held)
            number = _give(tx, kind, range_, owner, at)
            while taken(number):
                _void(tx, kind, number, "stands in the catalogue already", at)
                number = _give(tx, kind, range_, owner, at)
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
        _reasoned(reason, number)
        self._step(kind, number, surface, copy, NumberState.VOIDED, at, reason)

    def entered(self, number: str, at: datetime, *, kind: NumberKind = "accession") -> None:
        """A number without labels is in use: it stands in the register."""
        with self._database.write() as tx:
            line = _number(tx, kind, number)
            if line.state is NumberState.VERIFIED:
                return
            if line.state is not NumberState.RESERVED:
                raise _refused(number, line.state, NumberState.VERIFIED)
            _settle(tx, kind, number, NumberState.VERIFIED, at)
            _write(tx, kind, number, NumberState.VERIFIED, at)

    def void(self, number: str, reason: str, at: datetime, *, kind: NumberKind = "item") -> None:
        """Give a number up for ever, with all its labels.  Voiding it again changes nothing."""
        _reasoned(reason, number)
        with self._database.write() as tx:
            if _number(tx, kind, number).state is not NumberState.VOIDED:
                _void(tx, kind, number, reason, at)

    def find(self, number: str, kind: NumberKind = "item") -> NumberLine:
        """The number as it stands; raises BadInput when it never left its range."""
        with self._database.read() as tx:
            return _number(tx, kind, number)

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
            line = _number(tx, kind, number)
            label = _last_label(tx, kind, number, surface, copy)
            now = NumberState(label.state) if label is not None else None
            if now is to and line.state is not NumberState.VOIDED:
                return
            if line.state is NumberState.VOIDED or to not in _LABEL_STEPS[now]:
                raise _refused(f"{number} on {surface.value}", now or line.state, to)
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
            _write(tx, kind, number, to, at, reason, surface.value, copy, attempt)
            _settle(tx, kind, number, _from_labels(tx, kind, number), at)

    def _lines(self, condition: sa.ColumnElement[bool]) -> list[NumberLine]:
        table = schema.numbers
        query = sa.select(table).where(condition).order_by(table.c.kind, table.c.range, table.c.serial)
        with self._database.read() as tx:
            return [_line(row) for row in tx.execute(query)]


def _give(tx: sa.Connection, kind: NumberKind, range_: NumberRange, owner: NumberOwner, at: datetime) -> str:
    name = _range_name(kind, range_)
    serial = _free_serial(tx, kind, range_, name)
    number = write_number(range_, serial)
    tx.execute(
        schema.numbers.insert().values(
            kind=kind,
            number=number,
            range=name,
            serial=serial,
            state=NumberState.RESERVED.value,
            line_id=owner.line_id,
            batch_id=owner.batch_id,
            book_id=owner.book_id,
            claim=owner.claim,
            reserved_at=stamp(at),
            changed_at=stamp(at),
        )
    )
    _write(tx, kind, number, NumberState.RESERVED, at)
    return number


def _free_serial(tx: sa.Connection, kind: NumberKind, range_: NumberRange, name: str) -> int:
    """The next serial whose number no other range has written (their line in the ledger explains it)."""
    last = min(range_.last, 99_999_999) if range_.scheme == "codabar14" else range_.last
    while (serial := take_next(tx, f"number:{name}", range_.first)) <= last:
        number = write_number(range_, serial)
        if tx.execute(sa.select(schema.numbers.c.number).where(*_here(kind, number))).first() is None:
            return serial
    raise Refused(
        f"the range of {kind} numbers is used up at {last}",
        subject=name,
        remedy="Give the profile a further range.",
    )


def _range_name(kind: NumberKind, range_: NumberRange) -> str:
    if range_.scheme == "plain":
        return f"{kind}:plain:{range_.prefix}:{range_.width}"
    return f"{kind}:codabar14:{range_.item_type_digit}{range_.institution}"


def _here(kind: NumberKind, number: str) -> tuple[sa.ColumnElement[bool], sa.ColumnElement[bool]]:
    return schema.numbers.c.kind == kind, schema.numbers.c.number == number


def _line(row: Any) -> NumberLine:
    return NumberLine(
        row.kind,
        row.number,
        NumberState(row.state),
        row.line_id,
        row.batch_id,
        row.book_id,
        row.reason,
        row.changed_at,
    )


def _number(tx: sa.Connection, kind: NumberKind, number: str) -> NumberLine:
    row = tx.execute(sa.select(schema.numbers).where(*_here(kind, number)).with_for_update()).one_or_none()
    if row is None:
        raise BadInput(
            f"no such {kind} number was ever given out here", subject=number, remedy="Check the number."
        )
    return _line(row)


def _last_label(
    tx: sa.Connection, kind: NumberKind, number: str, surface: Surface, copy: int
) -> sa.Row[Any] | None:
    table = schema.labels
    return tx.execute(
        sa.select(table)
        .where(
            table.c.kind == kind,
            table.c.number == number,
            table.c.surface == surface.value,
            table.c.copy == copy,
        )
        .order_by(table.c.attempt.desc())
        .limit(1)
    ).one_or_none()


def _from_labels(tx: sa.Connection, kind: NumberKind, number: str) -> NumberState:
    """The state of a number from its labels: verified when all that live are, else the furthest of them."""
    states = set(
        tx.execute(
            sa.select(schema.labels.c.state).where(
                schema.labels.c.kind == kind,
                schema.labels.c.number == number,
                schema.labels.c.state != NumberState.VOIDED.value,
            )
        ).scalars()
    )
    if states == {NumberState.VERIFIED.value}:
        return NumberState.VERIFIED
    if states & {NumberState.APPLIED.value, NumberState.VERIFIED.value}:
        return NumberState.APPLIED
    return NumberState.PRINTED if states else NumberState.RESERVED


def _settle(
    tx: sa.Connection, kind: NumberKind, number: str, state: NumberState, at: datetime, **values: object
) -> None:
    tx.execute(
        schema.numbers.update()
        .where(*_here(kind, number))
        .values(state=state.value, changed_at=stamp(at), **values)
    )


def _void(tx: sa.Connection, kind: NumberKind, number: str, reason: str, at: datetime) -> None:
    live = tx.execute(
        sa.select(schema.labels).where(
            schema.labels.c.kind == kind,
            schema.labels.c.number == number,
            schema.labels.c.state != NumberState.VOIDED.value,
        )
    ).all()
    for label in live:
        _write(tx, kind, number, NumberState.VOIDED, at, reason, label.surface, label.copy, label.attempt)
    tx.execute(
        schema.labels.update()
        .where(
            schema.labels.c.kind == kind,
            schema.labels.c.number == number,
            schema.labels.c.state != NumberState.VOIDED.value,
        )
        .values(state=NumberState.VOIDED.value, reason=reason, changed_at=stamp(at))
    )
    _settle(tx, kind, number, NumberState.VOIDED, at, claim=None, reason=reason)
    _write(tx, kind, number, NumberState.VOIDED, at, reason)


def _write(
    tx: sa.Connection,
    kind: NumberKind,
    number: str,
    state: NumberState,
    at: datetime,
    reason: str = "",
    surface: str = "",
    copy: int = 0,
    attempt: int = 0,
) -> None:
    tx.execute(
        schema.ledger.insert().values(
            kind=kind,
            number=number,
            surface=surface,
            copy=copy,
            attempt=attempt,
            state=state.value,
            at=stamp(at),
            reason=reason,
        )
    )


def _reasoned(reason: str, number: str) -> None:
    if not reason.strip():
        raise BadInput("a number is voided with a reason", subject=number, remedy="Say why.")


def _refused(subject: str, now: NumberState, to: NumberState) -> Refused:
    return Refused(
        f"it is {now.value} and can't become {to.value}",
        subject=subject,
        remedy="Void it, and reserve another number." if now is not NumberState.VOIDED else "It stays void.",
    )
