"""The rows of the ledger: what a transaction of ``numbers.Numbers`` reads and writes."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import sqlalchemy as sa

from workcell.kernel.errors import BadInput, Refused
from workcell.kernel.number_ranges import last_serial, range_name, serial_of, write_number
from workcell.kernel.profile import NumberRange, Surface
from workcell.site import schema
from workcell.site.database import stamp, take_next
from workcell.site.number_model import NumberKind, NumberLine, NumberOwner, NumberState
from workcell.site.rolls import ranges_of_rolls


def held_by(tx: sa.Connection, kind: NumberKind, owner: NumberOwner) -> str | None:
    """The number that the owner has already."""
    table = schema.numbers
    query = sa.select(table.c.number).where(table.c.kind == kind, table.c.claim == owner.claim)
    return tx.execute(query).scalar_one_or_none()


def must_be_free(tx: sa.Connection, kind: NumberKind, number: str, owner: NumberOwner) -> None:
    """Raise Refused unless the number is new, or the owner's own."""
    held = held_by(tx, kind, owner)
    if held is not None and held != number:
        raise Refused(
            f"the copy has {held} already", subject=number, remedy="Void that number, or use its label."
        )
    row = tx.execute(sa.select(schema.numbers).where(*here(kind, number))).one_or_none()
    if row is not None and row.claim != owner.claim:
        whose = f" for {row.book_id}" if row.book_id else ""
        raise Refused(
            f"the number is {row.state}{whose}", subject=number, remedy="Take the label off; use the next."
        )


def give(tx: sa.Connection, kind: NumberKind, range_: NumberRange, owner: NumberOwner, at: datetime) -> str:
    """Give the next free number of the range to ``owner``."""
    number = write_number(range_, _free_serial(tx, kind, range_, range_name(kind, range_)))
    insert(tx, kind, number, range_, owner, at)
    return number


def insert(
    tx: sa.Connection, kind: NumberKind, number: str, range_: NumberRange, owner: NumberOwner, at: datetime
) -> None:
    """A number leaves its range, or its roll, for ``owner``."""
    tx.execute(
        schema.numbers.insert().values(
            kind=kind,
            number=number,
            range=range_name(kind, range_),
            serial=serial_of(range_, number),
            state=NumberState.RESERVED.value,
            line_id=owner.line_id,
            batch_id=owner.batch_id,
            book_id=owner.book_id,
            claim=owner.claim,
            reserved_at=stamp(at),
            changed_at=stamp(at),
        )
    )
    write(tx, kind, number, NumberState.RESERVED, at)


def _free_serial(tx: sa.Connection, kind: NumberKind, range_: NumberRange, name: str) -> int:
    """The next serial that is on no pre-printed roll and whose number no other range has written.

    The ledger's line of that other one explains it.
    """
    last, at_least = last_serial(range_), range_.first
    rolls = [roll for roll in ranges_of_rolls(tx, kind) if range_name(kind, roll) == name]
    while (serial := take_next(tx, f"number:{name}", at_least)) <= last:
        ends = [last_serial(roll) for roll in rolls if roll.first <= serial <= last_serial(roll)]
        if ends:
            at_least = ends[0] + 1
            continue
        number = write_number(range_, serial)
        if tx.execute(sa.select(schema.numbers.c.number).where(*here(kind, number))).first() is None:
            return serial
    raise Refused(
        f"the range of {kind} numbers is used up at {last}",
        subject=name,
        remedy="Give the profile a further range.",
    )


def here(kind: NumberKind, number: str) -> tuple[sa.ColumnElement[bool], sa.ColumnElement[bool]]:
    """The condition that finds one number."""
    return schema.numbers.c.kind == kind, schema.numbers.c.number == number


def number_line(row: Any) -> NumberLine:
    """A row of the numbers as data."""
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


def find_number(tx: sa.Connection, kind: NumberKind, number: str) -> NumberLine:
    """The number, locked; raises BadInput when it never left its range."""
    row = tx.execute(sa.select(schema.numbers).where(*here(kind, number)).with_for_update()).one_or_none()
    if row is None:
        raise BadInput(
            f"no such {kind} number was ever given out here", subject=number, remedy="Check the number."
        )
    return number_line(row)


def last_label(
    tx: sa.Connection, kind: NumberKind, number: str, surface: Surface, copy: int
) -> sa.Row[Any] | None:
    """The latest label of a number at that place, None when none was ever printed."""
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


def state_from_labels(tx: sa.Connection, kind: NumberKind, number: str) -> NumberState:
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


def settle(
    tx: sa.Connection, kind: NumberKind, number: str, state: NumberState, at: datetime, **values: object
) -> None:
    """Bring the number itself up to date."""
    tx.execute(
        schema.numbers.update()
        .where(*here(kind, number))
        .values(state=state.value, changed_at=stamp(at), **values)
    )


def void(tx: sa.Connection, kind: NumberKind, number: str, reason: str, at: datetime) -> None:
    """Void a number and every label of it that is not void yet, each with its line in the ledger."""
    live = tx.execute(
        sa.select(schema.labels).where(
            schema.labels.c.kind == kind,
            schema.labels.c.number == number,
            schema.labels.c.state != NumberState.VOIDED.value,
        )
    ).all()
    for label in live:
        write(tx, kind, number, NumberState.VOIDED, at, reason, label.surface, label.copy, label.attempt)
    tx.execute(
        schema.labels.update()
        .where(
            schema.labels.c.kind == kind,
            schema.labels.c.number == number,
            schema.labels.c.state != NumberState.VOIDED.value,
        )
        .values(state=NumberState.VOIDED.value, reason=reason, changed_at=stamp(at))
    )
    settle(tx, kind, number, NumberState.VOIDED, at, claim=None, reason=reason)
    write(tx, kind, number, NumberState.VOIDED, at, reason)


def write(
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
    """Add a line to the ledger."""
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


def reasoned(reason: str, number: str) -> None:
    """Raise BadInput for voiding without a reason."""
    if not reason.strip():
        raise BadInput("a number is voided with a reason", subject=number, remedy="Say why.")


def refused(subject: str, now: NumberState, to: NumberState) -> Refused:
    """The error for a step that the table of steps does not have."""
    return Refused(
        f"it is {now.value} and can't become {to.value}",
        subject=subject,
        remedy="Void it, and reserve another number." if now is not NumberState.VOIDED else "It stays void.",
    )
