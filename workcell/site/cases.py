"""Review cases: what a person is asked, and kept so that nobody is asked twice."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any, Literal

import sqlalchemy as sa

from workcell.kernel.errors import BadInput, Refused
from workcell.kernel.model import Decision, DecisionKind, Reason, decision_from_json, decision_to_json
from workcell.site import schema
from workcell.site.database import Database, stamp, take_next

_LAST_UNTITLED = 200


class CaseKind(StrEnum):
    """What a case is about: the title (all its copies share it), one copy, or the marks on one copy."""

    TITLE = "title"
    COPY = "copy"
    MARKS = "marks"


class AnswerKind(StrEnum):
    """What a person may answer; what each means is said by ``review.rule``."""

    AGREE = "agree"
    USE_RECORD = "use_record"
    NEW_RECORD = "new_record"
    GIVE_BACK = "give_back"
    REDO_MARKS = "redo_marks"
    KEEP_ASIDE = "keep_aside"


@dataclass(frozen=True)
class Answer:
    """A person's answer.  ``record_id``, ``source`` and ``decision`` belong to ``use_record``."""

    kind: AnswerKind
    record_id: str = ""
    source: str = ""
    comment: str = ""
    decision: DecisionKind | None = None


@dataclass(frozen=True)
class Case:
    """One question to a person, with all that is needed to answer it.

    ``decision`` is what the machine would do or why it would not; ``candidates`` are inside it.  ``evidence``
    is ``evidence/1`` of the copy that opened the case.  ``slip`` is the code on the paper that travels in a
    copy whose case is about that copy alone; it is empty for a title, whose copies are interchangeable.
    """

    id: str
    kind: CaseKind
    batch_id: str
    title_key: str
    book_ids: tuple[str, ...]
    reasons: tuple[Reason, ...]
    evidence: dict[str, Any] = field(default_factory=dict)
    decision: Decision | None = None
    slip: str = ""
    state: Literal["open", "decided"] = "open"
    opened_at: str = ""
    answer: Answer | None = None
    who: str = ""
    decided_at: str = ""


class Cases:
    """The cases of the site store."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def open(
        self,
        kind: CaseKind,
        batch_id: str,
        book_id: str,
        at: datetime,
        *,
        title_key: str = "",
        reasons: tuple[Reason, ...] = (),
        evidence: dict[str, Any] | None = None,
        decision: Decision | None = None,
    ) -> Case:
        """Open a case, or join the one that stands.

        A further copy of a title joins the title's open case; asking again for the same copy gives the same
        case.  A copy whose title's case is already decided gets that decided case; a copy whose own case is
        decided gets a new one, for something new has happened to it.
        """

        def join(tx: sa.Connection) -> Case:
            subject, case_id = _standing(tx, kind, batch_id, _subject(kind, title_key, book_id))
            if case_id is None:
                case_id = f"R{take_next(tx, 'case'):05d}"
                tx.execute(
                    schema.cases.insert().values(
                        id=case_id,
                        kind=kind.value,
                        batch_id=batch_id,
                        subject=subject,
                        title_key=title_key,
                        reasons=[{"code": reason.code, "text": reason.text} for reason in reasons],
                        evidence=evidence or {},
                        decision=decision_to_json(decision) if decision else None,
                        slip="" if kind is CaseKind.TITLE else f"WC-{case_id}",
                        state="open",
                        opened_at=stamp(at),
                    )
                )
            _join(tx, case_id, book_id)
            return _load(tx, case_id)

        return self._database.change(join)

    def decide(self, case_id: str, answer: Answer, who: str, at: datetime) -> Case:
        """Keep a person's answer; the same answer again changes nothing.

        Raises Refused when another answer stands already, BadInput when the answer is incomplete.
        """
        if answer.kind is AnswerKind.USE_RECORD and not answer.record_id:
            raise BadInput("the answer names no record", subject=case_id, remedy="Choose a candidate.")
        with self._database.write() as tx:
            case = _load(tx, case_id)
            if case.answer == answer:
                return case
            if case.state == "decided":
                raise Refused(
                    f"{case.who} has already decided it",
                    subject=case_id,
                    remedy="Reopen the case to change the answer.",
                )
            _set(tx, case_id, state="decided", answer=_answer_to_json(answer), who=who, decided_at=stamp(at))
            return _load(tx, case_id)

    def reopen(self, case_id: str) -> Case:
        """Take an answer back, so that another can be given."""
        with self._database.write() as tx:
            _load(tx, case_id)
            _set(tx, case_id, state="open", answer=None, who="", decided_at="")
            return _load(tx, case_id)

    def get(self, case_id: str) -> Case:
        """One case; raises BadInput when there is none of that id."""
        with self._database.read() as tx:
            return _load(tx, case_id)

    def by_slip(self, slip: str) -> Case | None:
        """The case whose slip lies in a copy."""
        return self._last(schema.cases.c.slip == slip) if slip else None

    def answered(self, title_key: str, slip: str = "") -> Case | None:
        """The decided case that holds for a copy fed now: by its slip, else the last one about its title."""
        table = schema.cases
        by_slip = table.c.slip == slip
        by_title = sa.and_(table.c.kind == CaseKind.TITLE.value, table.c.title_key == title_key)
        for known, found in ((slip, by_slip), (title_key, by_title)):
            case = self._last(sa.and_(table.c.state == "decided", found)) if known else None
            if case is not None:
                return case
        return None

    def untitled(self) -> Sequence[Case]:
        """The last decided cases of copies on which neither a title nor an ISBN could be read, latest first.

        Such a copy comes again within days; each more to compare it with is one more to take it for.
        """
        table = schema.cases
        query = (
            sa.select(table.c.id)
            .where(table.c.state == "decided", table.c.kind == CaseKind.COPY.value, table.c.title_key == "")
            .order_by(table.c.decided_at.desc())
            .limit(_LAST_UNTITLED)
        )
        with self._database.read() as tx:
            return [_load(tx, row.id) for row in tx.execute(query).all()]

    def of_title(self, batch_id: str, title_key: str) -> Case | None:
        """The case that the copies of a title share in a batch."""
        subject = _subject(CaseKind.TITLE, title_key, "")
        return self._last(sa.and_(schema.cases.c.batch_id == batch_id, schema.cases.c.subject == subject))

    def list(
        self, state: Literal["open", "decided"] | None = None, batch_id: str | None = None
    ) -> Sequence[Case]:
        """Cases in the order in which they were opened."""
        query = sa.select(schema.cases.c.id).order_by(schema.cases.c.id)
        if state is not None:
            query = query.where(schema.cases.c.state == state)
        if batch_id is not None:
            query = query.where(schema.cases.c.batch_id == batch_id)
        with self._database.read() as tx:
            return [_load(tx, row.id) for row in tx.execute(query).all()]

    def _last(self, condition: sa.ColumnElement[bool]) -> Case | None:
        with self._database.read() as tx:
            query = sa.select(schema.cases.c.id).where(condition)
            row = tx.execute(query.order_by(schema.cases.c.decided_at.desc()).limit(1)).first()
            return _load(tx, row.id) if row else None


def _subject(kind: CaseKind, title_key: str, book_id: str) -> str:
    if kind is CaseKind.TITLE and title_key:
        return f"title {title_key}"
    return f"{kind.value} {book_id}" if kind is not CaseKind.TITLE else f"title of {book_id}"


def _standing(tx: sa.Connection, kind: CaseKind, batch_id: str, subject: str) -> tuple[str, str | None]:
    """The case that stands for ``subject``, else the subject under which to open the next one."""
    again = 1
    name = subject
    while True:
        found = tx.execute(
            sa.select(schema.cases.c.id, schema.cases.c.state).where(
                schema.cases.c.batch_id == batch_id, schema.cases.c.subject == name
            )
        ).one_or_none()
        if found is None or found.state == "open" or kind is CaseKind.TITLE:
            return name, found.id if found else None
        again += 1
        name = f"{subject} ({again})"


def _join(tx: sa.Connection, case_id: str, book_id: str) -> None:
    members = schema.case_books
    here = sa.and_(members.c.case_id == case_id, members.c.book_id == book_id)
    if tx.execute(sa.select(members.c.book_id).where(here)).first() is None:
        position = tx.execute(
            sa.select(sa.func.count()).select_from(members).where(members.c.case_id == case_id)
        ).scalar_one()
        tx.execute(members.insert().values(case_id=case_id, book_id=book_id, position=position))


def _set(tx: sa.Connection, case_id: str, **values: object) -> None:
    tx.execute(schema.cases.update().where(schema.cases.c.id == case_id).values(**values))


def _load(tx: sa.Connection, case_id: str) -> Case:
    row = tx.execute(sa.select(schema.cases).where(schema.cases.c.id == case_id)).one_or_none()
    if row is None:
        raise BadInput("there is no such case", subject=case_id, remedy="List the cases to see their ids.")
    members = tx.execute(
        sa.select(schema.case_books.c.book_id)
        .where(schema.case_books.c.case_id == case_id)
        .order_by(schema.case_books.c.position)
    ).scalars()
    return Case(
        id=row.id,
        kind=CaseKind(row.kind),
        batch_id=row.batch_id,
        title_key=row.title_key,
        book_ids=tuple(members),
        reasons=tuple(Reason(**reason) for reason in row.reasons),
        evidence=row.evidence,
        decision=decision_from_json(row.decision) if row.decision else None,
        slip=row.slip,
        state=row.state,
        opened_at=row.opened_at,
        answer=_answer_from_json(row.answer) if row.answer else None,
        who=row.who,
        decided_at=row.decided_at,
    )


def _answer_to_json(answer: Answer) -> dict[str, str]:
    return {
        "kind": answer.kind.value,
        "record_id": answer.record_id,
        "source": answer.source,
        "decision": answer.decision.value if answer.decision else "",
        "comment": answer.comment,
    }


def _answer_from_json(data: dict[str, str]) -> Answer:
    decision = DecisionKind(data["decision"]) if data["decision"] else None
    return Answer(AnswerKind(data["kind"]), data["record_id"], data["source"], data["comment"], decision)
