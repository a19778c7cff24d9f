"""How often people decide as the machine would have."""

from dataclasses import replace
from datetime import UTC, datetime

from workcell.kernel.model import Candidate, Decision, DecisionKind, Reason
from workcell.site import Answer, AnswerKind, Case, CaseKind, Site, write_output
from workcell.site.agreement import agreement, judged

NOW = datetime(2026, 5, 4, 9, 0, tzinfo=UTC)


def _decided(
    site: Site, number: int, decision: Decision, answer: Answer, kind: CaseKind = CaseKind.TITLE
) -> None:
    case = site.cases.open(
        kind,
        "B1",
        f"b{number}",
        NOW,
        title_key=f"isbn:{number}",
        reasons=(Reason("WATCH", ""),),
        decision=decision,
    )
    site.cases.decide(case.id, answer, "ann", NOW)


def _copy(record_id: str = "v1", score: float = 0.97) -> Decision:
    candidates = (Candidate(record_id, "vendor", score), Candidate("v9", "vendor", 0.2))
    return Decision(DecisionKind.COPY, record_id, score, 0.85, candidates=candidates, source="vendor")


def test_agreement_is_counted_by_kind_of_decision_and_names_the_cases_that_differ() -> None:
    site = Site.open("sqlite://")
    _decided(site, 1, _copy(), Answer(AnswerKind.AGREE))
    _decided(site, 2, _copy(), Answer(AnswerKind.USE_RECORD, "v1", "vendor"))
    _decided(site, 3, _copy(), Answer(AnswerKind.USE_RECORD, "v9", "vendor"))
    _decided(site, 4, Decision(DecisionKind.DRAFT, None, 0.1, 0.85), Answer(AnswerKind.NEW_RECORD))
    _decided(site, 5, _copy(), Answer(AnswerKind.GIVE_BACK))
    _decided(site, 6, _copy(), Answer(AnswerKind.AGREE), CaseKind.COPY)
    found = {kind.kind: kind for kind in agreement(site.cases.list("decided"))}
    assert (found["copy_record"].agreed, found["copy_record"].cases) == (2, 3)
    assert len(found["copy_record"].differing) == 1
    assert found["copy_record"].low < 2 / 3 < found["copy_record"].high
    assert (found["draft"].agreed, found["draft"].cases) == (1, 1)


def test_a_chosen_record_judges_the_best_candidate() -> None:
    site = Site.open("sqlite://")
    unsure = Decision(DecisionKind.REVIEW, None, 0.7, 0.85, candidates=(Candidate("v1", "vendor", 0.7),))
    _decided(site, 1, _copy(), Answer(AnswerKind.AGREE))
    _decided(site, 2, unsure, Answer(AnswerKind.USE_RECORD, "v1", "vendor"))
    _decided(site, 3, unsure, Answer(AnswerKind.NEW_RECORD))
    _decided(site, 4, unsure, Answer(AnswerKind.GIVE_BACK))
    assert [(case.score, case.right) for case in judged(site.cases.list("decided"))] == [
        (0.97, True), (0.7, True), (0.7, False),
    ]  # fmt: skip


def test_the_report_shows_the_agreement_of_the_batch(english_batch, tmp_path) -> None:
    def case(number: int, answer: Answer) -> Case:
        name = f"R{number:05}"
        return Case(
            name, CaseKind.TITLE, "B1", name, (), (), decision=_copy(), state="decided", answer=answer
        )

    chosen = Answer(AnswerKind.USE_RECORD, "v9", "vendor")
    out = tmp_path / "out"
    write_output(out, replace(english_batch, cases=(case(1, Answer(AnswerKind.AGREE)), case(2, chosen))))
    report = (out / "report.html").read_text("utf-8")
    assert "Decided as the machine would have" in report
    assert '<td class="n">2</td><td class="n">1</td><td>R00002</td>' in report
