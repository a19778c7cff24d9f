"""Spot checks: released copies that a person looks at, and the error rate that follows from the verdicts."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

import sqlalchemy as sa

from marc.calibrating import interval
from workcell.kernel.errors import BadInput, Refused
from workcell.site import schema
from workcell.site.database import Database, stamp

Verdict = Literal["right", "wrong"]

LIKE = ("decision", "source")
"""What makes two decisions similar: the same kind of decision on a record of the same source."""


@dataclass(frozen=True)
class SpotCheck:
    """One sampled copy.  ``about``: decision, source, title_key, call_number; ``verdict`` comes later."""

    barcode: str
    batch_id: str
    book_id: str
    about: Mapping[str, Any]
    picked_at: str
    verdict: Verdict | Literal[""] = ""
    text: str = ""
    who: str = ""
    checked_at: str = ""


@dataclass(frozen=True)
class ErrorRate:
    """Errors among the copies looked at, with the 95 % interval of their share (Wilson)."""

    checked: int
    wrong: int
    waiting: int

    @property
    def share(self) -> float:
        """Errors a copy; 0.0 while none was looked at."""
        return self.wrong / self.checked if self.checked else 0.0

    @property
    def bounds(self) -> tuple[float, float]:
        """Lower and upper end of the interval."""
        return interval(self.wrong, self.checked)


class SpotChecks:
    """The spot checks of the site store."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def pick(
        self, barcode: str, batch_id: str, book_id: str, about: Mapping[str, Any], at: datetime
    ) -> SpotCheck:
        """A copy was sent to the check bin; saying so again changes nothing."""

        def keep(tx: sa.Connection) -> SpotCheck:
            found = _find(tx, barcode)
            if found is not None:
                return found
            tx.execute(
                schema.spot_checks.insert().values(
                    barcode=barcode,
                    batch_id=batch_id,
                    book_id=book_id,
                    about=dict(about),
                    picked_at=stamp(at),
                )
            )
            return _get(tx, barcode)

        return self._database.change(keep)

    def judge(self, barcode: str, verdict: Verdict, text: str, who: str, at: datetime) -> SpotCheck:
        """Keep a person's verdict; the same again changes nothing.

        Raises BadInput for a copy that is not in the sample or an error without a word on it, Refused when
        another verdict stands.
        """
        if verdict == "wrong" and not text.strip():
            raise BadInput("an error without a word on it", subject=barcode, remedy="Say what is wrong.")
        with self._database.write() as tx:
            check = _get(tx, barcode)
            if check.verdict == verdict:
                return check
            if check.verdict:
                raise Refused(f"{check.who} has found it {check.verdict} already", subject=barcode)
            tx.execute(
                schema.spot_checks.update()
                .where(schema.spot_checks.c.barcode == barcode)
                .values(verdict=verdict, text=text, who=who, checked_at=stamp(at))
            )
            return _get(tx, barcode)

    def renumber(self, old: str, new: str) -> None:
        """A copy of the sample has another number; a number that is not in the sample changes nothing."""
        table = schema.spot_checks
        with self._database.write() as tx:
            tx.execute(table.update().where(table.c.barcode == old).values(barcode=new))

    def all(self, batch_id: str | None = None) -> list[SpotCheck]:
        """The sample, or a batch's part of it, in the order in which it was drawn."""
        query = sa.select(schema.spot_checks).order_by(schema.spot_checks.c.picked_at)
        if batch_id is not None:
            query = query.where(schema.spot_checks.c.batch_id == batch_id)
        with self._database.read() as tx:
            return [SpotCheck(**row._mapping) for row in tx.execute(query)]

    def similar(self, barcode: str, limit: int = 50) -> list[dict[str, str]]:
        """Delivered copies that were decided as this one: same title first, then same kind and source.

        Each has barcode, book, batch and title.
        """
        with self._database.read() as tx:
            check = _get(tx, barcode)
            found = [copy for copy in _decided(tx) if _alike(copy, check) and copy["barcode"] != barcode]
        found.sort(key=lambda copy: copy["title_key"] != check.about.get("title_key"))
        return [{name: copy[name] for name in _SHOWN} for copy in found[:limit]]


_SHOWN = ("barcode", "book", "batch", "title")


def error_rate(checks: Iterable[SpotCheck]) -> ErrorRate:
    """What the verdicts so far come to."""
    verdicts = [check.verdict for check in checks]
    wrong, right = verdicts.count("wrong"), verdicts.count("right")
    return ErrorRate(wrong + right, wrong, verdicts.count(""))


def _decided(tx: sa.Connection) -> list[dict[str, str]]:
    """Every delivered copy with its decision, as the events that lines have forwarded tell."""
    events, outbox = schema.line_events, schema.outbox
    decisions = {}
    made = sa.select(events).where(events.c.type == "decision.made").order_by(events.c.seq)
    for row in tx.execute(made):
        decisions[row.batch_id, row.book_id] = row.body
    copies = []
    for row in tx.execute(sa.select(outbox.c.payload).order_by(outbox.c.put_at, outbox.c.item_id)):
        item = row.payload["item"]
        body = decisions.get((item["batch"], item["book"]))
        if body is not None:
            decision = body["decision"]
            copies.append(
                {name: item[name] for name in _SHOWN}
                | {"decision": decision["decision"], "source": decision.get("source", "")}
                | {"title_key": body["title_key"]}
            )
    return copies


def _alike(copy: Mapping[str, str], check: SpotCheck) -> bool:
    return all(copy[name] == check.about.get(name) for name in LIKE)


def _find(tx: sa.Connection, barcode: str) -> SpotCheck | None:
    query = sa.select(schema.spot_checks).where(schema.spot_checks.c.barcode == barcode)
    row = tx.execute(query.with_for_update()).one_or_none()
    return SpotCheck(**row._mapping) if row else None


def _get(tx: sa.Connection, barcode: str) -> SpotCheck:
    found = _find(tx, barcode)
    if found is None:
        raise BadInput(
            "no copy in the check bin has this number", subject=barcode,
            remedy="See `workcell check list`.",
        )  # fmt: skip
    return found
