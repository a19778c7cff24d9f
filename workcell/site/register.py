"""The individual register as it is kept: lines are added, and cancelled by another line, never deleted."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from workcell.kernel.errors import BadInput
from workcell.site import schema
from workcell.site.database import Database, stamp


@dataclass(frozen=True)
class RegisterEntry:
    """One line.  ``cancels`` is the id of the line that it takes back, None for an entry."""

    id: int
    batch_id: str
    book_id: str
    accession: str
    cancels: int | None
    data: Mapping[str, Any]
    reason: str
    at: str


class Register:
    """The register of the site store."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def enter(
        self, batch_id: str, book_id: str, accession: str, data: Mapping[str, Any], at: datetime
    ) -> RegisterEntry:
        """Enter a copy under its accession number; entering it again gives the line that stands.

        Raises BadInput when the number stands for another copy, or was cancelled.
        """

        def add(tx: sa.Connection) -> RegisterEntry:
            standing = _of_accession(tx, accession)
            if standing:
                return _same(standing, book_id)
            return _add(tx, batch_id, book_id, accession, None, data, "", at)

        return self._database.change(add)

    def cancel(self, accession: str, reason: str, at: datetime) -> RegisterEntry:
        """Take a line back by another one that says why; cancelling again gives that line."""

        def add(tx: sa.Connection) -> RegisterEntry:
            standing = _of_accession(tx, accession)
            if not standing:
                raise BadInput("not in the register", subject=accession, remedy="Check the accession number.")
            if standing[-1].cancels is not None:
                return standing[-1]
            entry = standing[-1]
            return _add(tx, entry.batch_id, entry.book_id, accession, entry.id, entry.data, reason, at)

        return self._database.change(add)

    def replace(self, accession: str, data: Mapping[str, Any], reason: str, at: datetime) -> RegisterEntry:
        """Cancel the line that stands, with the reason, and enter the copy anew under the same number.

        Doing so again with the same data changes nothing.  Raises BadInput where no line stands.
        """

        def add(tx: sa.Connection) -> RegisterEntry:
            standing = _of_accession(tx, accession)
            if not standing or standing[-1].cancels is not None:
                raise BadInput(
                    "no line of the register stands", subject=accession, remedy="Check the accession number."
                )
            old = standing[-1]
            if dict(old.data) == dict(data):
                return old
            _add(tx, old.batch_id, old.book_id, accession, old.id, old.data, reason, at)
            return _add(tx, old.batch_id, old.book_id, accession, None, data, reason, at)

        return self._database.change(add)

    def lines(self, batch_id: str | None = None) -> list[RegisterEntry]:
        """The register, or a batch's part of it, in the order of entry."""
        query = sa.select(schema.register).order_by(schema.register.c.id)
        if batch_id is not None:
            query = query.where(schema.register.c.batch_id == batch_id)
        with self._database.read() as tx:
            return [RegisterEntry(**row._mapping) for row in tx.execute(query)]


def _of_accession(tx: sa.Connection, accession: str) -> list[RegisterEntry]:
    table = schema.register
    rows = tx.execute(sa.select(table).where(table.c.accession == accession).order_by(table.c.id)).all()
    return [RegisterEntry(**row._mapping) for row in rows]


def _same(standing: list[RegisterEntry], book_id: str) -> RegisterEntry:
    entry = standing[-1]
    if entry.cancels is not None:
        raise BadInput(
            f"the number was cancelled ({entry.reason})",
            subject=entry.accession,
            remedy="Take another number.",
        )
    if entry.book_id != book_id:
        raise BadInput(
            f"the number stands for {entry.book_id}", subject=entry.accession, remedy="Take another number."
        )
    return entry


def _add(
    tx: sa.Connection,
    batch_id: str,
    book_id: str,
    accession: str,
    cancels: int | None,
    data: Mapping[str, Any],
    reason: str,
    at: datetime,
) -> RegisterEntry:
    values = {
        "batch_id": batch_id,
        "book_id": book_id,
        "accession": accession,
        "cancels": cancels,
        "data": dict(data),
        "reason": reason,
        "at": stamp(at),
    }
    key = tx.execute(schema.register.insert().values(**values)).inserted_primary_key
    assert key is not None  # noqa: S101  an insert of one row has a key
    return RegisterEntry(id=key[0], **values)  # type: ignore[arg-type]
