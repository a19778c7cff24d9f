"""Review: what a person's answer means for the books that wait, and the folder that shows the case."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from workcell.kernel.errors import Refused
from workcell.kernel.model import Decision, DecisionKind, Reason, decision_to_json
from workcell.site.cases import Answer, AnswerKind, Case, CaseKind


class Way(StrEnum):
    """Where a copy goes once its case is decided and it is fed again."""

    MARK = "mark"
    REDO = "redo"
    RETURN = "return"
    ASIDE = "aside"


@dataclass(frozen=True)
class Ruling:
    """What an answer means.  ``decision`` None with ``MARK`` leaves the record to the line's own rules."""

    way: Way
    decision: Decision | None = None


# What may be answered to which kind of case, in the order in which it is offered.
ANSWERS: dict[CaseKind, tuple[AnswerKind, ...]] = {
    CaseKind.TITLE: (
        AnswerKind.AGREE,
        AnswerKind.USE_RECORD,
        AnswerKind.NEW_RECORD,
        AnswerKind.GIVE_BACK,
        AnswerKind.KEEP_ASIDE,
    ),
    CaseKind.COPY: (AnswerKind.AGREE, AnswerKind.GIVE_BACK, AnswerKind.KEEP_ASIDE),
    CaseKind.MARKS: (AnswerKind.REDO_MARKS, AnswerKind.GIVE_BACK, AnswerKind.KEEP_ASIDE),
}

_WAYS = {
    AnswerKind.AGREE: Way.MARK,
    AnswerKind.USE_RECORD: Way.MARK,
    AnswerKind.NEW_RECORD: Way.MARK,
    AnswerKind.GIVE_BACK: Way.RETURN,
    AnswerKind.REDO_MARKS: Way.REDO,
    AnswerKind.KEEP_ASIDE: Way.ASIDE,
}

_ON_FILE = ("order", "catalogue")


def offered(case: Case) -> tuple[AnswerKind, ...]:
    """What can be answered to a case: agreeing needs a proposal, choosing needs a candidate."""
    proposal = case.decision is not None and case.decision.decision is not DecisionKind.REVIEW
    candidates = case.decision is not None and bool(case.decision.candidates)
    needs = {
        AnswerKind.AGREE: proposal or case.kind is CaseKind.COPY,
        AnswerKind.USE_RECORD: candidates,
    }
    return tuple(answer for answer in ANSWERS[case.kind] if needs.get(answer, True))


def rule(case: Case) -> Ruling:
    """What the answer of a decided case means; raises Refused for an open case or an answer not offered."""
    if case.answer is None:
        raise Refused("nobody has decided it yet", subject=case.id, remedy="Decide the case first.")
    check_answer(case, case.answer)
    way = _WAYS[case.answer.kind]
    if case.answer.kind is AnswerKind.USE_RECORD:
        return Ruling(way, _chosen(case, case.answer))
    if case.answer.kind is AnswerKind.NEW_RECORD:
        return Ruling(way, _by_person(case, DecisionKind.DRAFT, None, ""))
    keeps_proposal = way in (Way.MARK, Way.REDO) and case.decision is not None
    if keeps_proposal and case.decision and case.decision.decision is not DecisionKind.REVIEW:
        return Ruling(way, case.decision)
    return Ruling(way)


def check_answer(case: Case, answer: Answer) -> None:
    """Raise Refused when ``answer`` is none of those that the case offers."""
    allowed = offered(case)
    if answer.kind not in allowed:
        raise Refused(
            f"{answer.kind.value} can't be answered to it",
            subject=case.id,
            remedy=f"Answer one of: {', '.join(kind.value for kind in allowed)}.",
        )


def case_to_json(case: Case) -> dict[str, Any]:
    """The content of ``case.json``."""
    return {
        "schema": "case/1",
        "case": case.id,
        "kind": case.kind.value,
        "batch": case.batch_id,
        "title_key": case.title_key,
        "books": list(case.book_ids),
        "state": case.state,
        "reasons": [{"code": reason.code, "text": reason.text} for reason in case.reasons],
        "answers": [kind.value for kind in offered(case)],
        "decision": decision_to_json(case.decision) if case.decision else None,
        "evidence": case.evidence,
        "slip": case.slip or None,
        "opened_at": case.opened_at,
        "answer": _answer(case.answer) if case.answer else None,
        "who": case.who or None,
        "decided_at": case.decided_at or None,
    }


def _answer(answer: Answer) -> dict[str, Any]:
    return {
        "kind": answer.kind.value,
        "record_id": answer.record_id or None,
        "source": answer.source or None,
        "decision": answer.decision.value if answer.decision else None,
        "comment": answer.comment or None,
    }


def _chosen(case: Case, answer: Answer) -> Decision:
    found = next(
        (
            candidate
            for candidate in (case.decision.candidates if case.decision else ())
            if candidate.record_id == answer.record_id and answer.source in ("", candidate.source)
        ),
        None,
    )
    source = answer.source or (found.source if found else "")
    kind = answer.decision or (DecisionKind.EXISTING if source in _ON_FILE else DecisionKind.COPY)
    return _by_person(case, kind, answer.record_id, source, found.score if found else 0.0)


def _by_person(
    case: Case, kind: DecisionKind, record_id: str | None, source: str, score: float = 0.0
) -> Decision:
    before = case.decision
    comment = f": {case.answer.comment}" if case.answer and case.answer.comment else ""
    return Decision(
        decision=kind,
        record_id=record_id,
        score=score,
        threshold=before.threshold if before else 0.0,
        reasons=(Reason("BY_PERSON", f"{case.who} decided case {case.id}{comment}"),),
        candidates=before.candidates if before else (),
        source=source,
        order_line=before.order_line if before else "",
    )
