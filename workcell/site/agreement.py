"""How often the staff decide as the machine would have: what watching and confirming are for.

Only decided cases about a title count, and of those only answers that judge the record: a book that was given
back or kept aside says nothing of the record.  Copies of a title share one case and count once.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from marc import autonomy_kind
from marc.calibrating import Judged, interval
from workcell.kernel.model import Candidate, DecisionKind
from workcell.site.cases import Answer, AnswerKind, Case, CaseKind


@dataclass(frozen=True)
class Agreement:
    """One kind of decision: cases answered, how many as the machine would have, and which were not.

    ``low`` and ``high`` bound the share of agreement (95 %).
    """

    kind: str
    cases: int
    agreed: int
    low: float
    high: float
    differing: tuple[str, ...] = ()


def agreement(cases: Iterable[Case]) -> list[Agreement]:
    """Agreement for each kind of decision of the profile's [autonomy] table that has answers."""
    by_kind: dict[str, list[tuple[str, bool]]] = {}
    for case in cases:
        agreed = agrees(case)
        if agreed is not None and case.decision is not None:
            by_kind.setdefault(autonomy_kind(case.decision), []).append((case.id, agreed))
    return [_summed(kind, answers) for kind, answers in by_kind.items()]


def agrees(case: Case) -> bool | None:
    """Whether a person answered as the machine would have decided; None where the answer does not say."""
    if case.kind is not CaseKind.TITLE or case.decision is None or case.answer is None:
        return None
    decision, answer = case.decision, case.answer
    if decision.decision is DecisionKind.REVIEW:
        return None
    if answer.kind is AnswerKind.AGREE:
        return True
    if answer.kind is AnswerKind.USE_RECORD:
        same = (answer.record_id, answer.source or decision.source) == (decision.record_id, decision.source)
        return same and answer.decision in (None, decision.decision)
    if answer.kind is AnswerKind.NEW_RECORD:
        return decision.decision is DecisionKind.DRAFT
    return None


def judged(cases: Iterable[Case]) -> list[Judged]:
    """Each answered title's best candidate: its score, and whether it was the record that a person chose."""
    found = []
    for case in cases:
        best, answer = _best(case), case.answer
        truth = _truth(case, answer) if answer is not None else None
        if best is not None and truth is not None:
            found.append(Judged(best.score, best.record_id == truth))
    return found


def _best(case: Case) -> Candidate | None:
    if case.kind is not CaseKind.TITLE or case.decision is None:
        return None
    proposed = [c for c in case.decision.candidates if c.record_id == case.decision.record_id]
    return max(proposed or case.decision.candidates, key=lambda candidate: candidate.score, default=None)


def _truth(case: Case, answer: Answer) -> str | None:
    """The id of the right record, ``""`` when there is none, None when the answer does not say."""
    if answer.kind is AnswerKind.USE_RECORD:
        return answer.record_id
    if answer.kind is AnswerKind.NEW_RECORD:
        return ""
    decided = case.decision is not None and case.decision.decision is not DecisionKind.REVIEW
    if answer.kind is AnswerKind.AGREE and decided and case.decision is not None:
        return case.decision.record_id or ""
    return None


def _summed(kind: str, answers: Sequence[tuple[str, bool]]) -> Agreement:
    agreed = sum(same for _, same in answers)
    low, high = interval(agreed, len(answers))
    differing = tuple(case_id for case_id, same in answers if not same)
    return Agreement(kind, len(answers), agreed, round(low, 4), round(high, 4), differing)
