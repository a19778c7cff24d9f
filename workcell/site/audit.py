"""Who did what: an append-only list whose every line seals the one before."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from workcell.kernel.events import GENESIS
from workcell.site import schema
from workcell.site.database import Database, stamp


@dataclass(frozen=True)
class AuditLine:
    """One act of a person or program."""

    id: int
    at: str
    who: str
    action: str
    subject: str
    detail: Mapping[str, Any]
    prev_hash: str
    hash: str


class Audit:
    """The audit list of the site store."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def write(
        self, who: str, action: str, subject: str, at: datetime, detail: Mapping[str, Any] | None = None
    ) -> None:
        """Add a line."""

        def add(tx: sa.Connection) -> None:
            table = schema.audit
            last = tx.execute(
                sa.select(table.c.id, table.c.hash).order_by(table.c.id.desc()).limit(1)
            ).one_or_none()
            line = [
                last.id + 1 if last else 1,
                stamp(at),
                who,
                action,
                subject,
                dict(detail or {}),
                last.hash if last else GENESIS,
            ]
            # The id is given, so that two writers at once can't both follow the same line.
            tx.execute(
                table.insert().values(
                    id=line[0],
                    at=line[1],
                    who=who,
                    action=action,
                    subject=subject,
                    detail=line[5],
                    prev_hash=line[6],
                    hash=_seal(line),
                )
            )

        self._database.change(add)

    def lines(self) -> list[AuditLine]:
        """All lines, oldest first."""
        with self._database.read() as tx:
            rows = tx.execute(sa.select(schema.audit).order_by(schema.audit.c.id)).all()
        return [AuditLine(**row._mapping) for row in rows]

    def broken_at(self) -> int | None:
        """The first line that does not fit its seal or the line before it; None when the list is whole."""
        before = GENESIS
        for number, line in enumerate(self.lines(), start=1):
            sealed = _seal([line.id, line.at, line.who, line.action, line.subject, line.detail, before])
            if line.id != number or line.prev_hash != before or line.hash != sealed:
                return number
            before = line.hash
        return None


def _seal(line: list[Any]) -> str:
    text = json.dumps(line, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode("utf-8")).hexdigest()
