"""What lines and desks share: batches, title decisions, cases, registers, journals, audit, 种次号."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest

from workcell.kernel.errors import BadInput, Refused
from workcell.kernel.events import GENESIS, Event, event_hash
from workcell.kernel.model import Candidate, Decision, DecisionKind, OrderLine, Outcome, Reason
from workcell.site import Answer, AnswerKind, CaseKind, Way, check_answer, offered, rule, schema

ORDERS = [OrderLine("10", "9780306406157", "Gardens", copies=3, price=Decimal("24.50")), OrderLine("2")]
FOUND = Decision(
    DecisionKind.COPY,
    "v1",
    0.9,
    0.85,
    candidates=(Candidate("v1", "vendor", 0.9), Candidate("c7", "catalogue", 0.7)),
)
UNSURE = Decision(DecisionKind.REVIEW, None, 0.4, 0.85, (Reason("AMBIGUOUS", "Two records fit."),))


@pytest.fixture
def open_batch(site, noon):
    site.batches.open("B1", "line-1", "en", ORDERS, noon)
    return "B1"


# --- batches ---------------------------------------------------------------------------------------------


def test_order_lines_come_back_in_their_order(site, open_batch, noon):
    site.batches.open(open_batch, "line-1", "en", [], noon)
    assert list(site.batches.orders(open_batch)) == ORDERS


def test_a_batch_is_closed_once(site, open_batch, noon):
    first = site.batches.close(open_batch, noon)
    assert site.batches.close(open_batch, noon + timedelta(hours=1)) == first
    with pytest.raises(BadInput, match="no such batch"):
        site.batches.get("other")


def test_copies_are_counted_in_turn_and_places_are_given_back(site, open_batch, noon):
    take = lambda book, heading="10": site.batches.take_copy(open_batch, book, heading, noon)  # noqa: E731
    assert [take("b1"), take("b2"), take("b1"), take("b3"), take("x", "2")] == [1, 2, 1, 3, 1]
    site.batches.give_copy_back(open_batch, "b2")
    assert [take("b4"), take("b2")] == [2, 4]
    with pytest.raises(Refused, match="counted under 10"):
        take("b1", "2")


def test_a_copy_is_counted_once_with_its_last_outcome(site, open_batch, noon):
    site.batches.count(open_batch, "b1", "10", Outcome.REVIEW, noon)
    site.batches.count(open_batch, "b1", "10", Outcome.CATALOGUED, noon)
    site.batches.count(open_batch, "b2", "10", Outcome.REJECTED, noon)
    site.batches.count(open_batch, "b3", "", Outcome.REVIEW, noon)
    counts = site.batches.counts(open_batch)
    assert (counts["10"].catalogued, counts["10"].review, counts["10"].rejected) == (1, 0, 1)
    assert counts[""].review == 1


def test_copies_of_a_title_share_the_first_decision_until_a_person_decides(site, open_batch, noon):
    decide = site.batches.decide_title
    assert site.batches.title_decision(open_batch, "gardens") is None
    assert decide(open_batch, "gardens", FOUND, noon) == FOUND
    assert decide(open_batch, "gardens", UNSURE, noon) == FOUND
    assert decide(open_batch, "gardens", UNSURE, noon, who="ann") == UNSURE
    assert site.batches.title_decision(open_batch, "gardens") == UNSURE


# --- 种次号 -----------------------------------------------------------------------------------------------


def test_a_title_keeps_its_number_in_the_class(site, noon):
    number = site.sequences.next
    assert [number("CLC", "TP312", "a", noon), number("CLC", "TP312", "b", noon)] == [1, 2]
    assert number("CLC", "TP312", "a", noon) == 1
    assert number("CLC", "I247", "a", noon) == 1
    assert number("CLC", "TP312", "c", noon, shelved=57) == 58
    assert number("CLC", "TP312", "d", noon, shelved=3) == 59


# --- cases -----------------------------------------------------------------------------------------------


def open_case(site, noon, book="b1", kind=CaseKind.TITLE, decision=UNSURE, title="gardens"):
    reasons = (Reason("AMBIGUOUS", "Two records fit."),)
    return site.cases.open(
        kind,
        "B1",
        book,
        noon,
        title_key=title,
        reasons=reasons,
        evidence={"schema": "evidence/1"},
        decision=decision,
    )


def test_copies_of_a_title_share_one_case(site, noon):
    first = open_case(site, noon, "b1")
    assert open_case(site, noon, "b2").id == first.id
    assert open_case(site, noon, "b1").book_ids == ("b1", "b2")
    assert open_case(site, noon, "b3", title="tides").id != first.id
    assert (first.slip, first.decision, first.evidence) == ("", UNSURE, {"schema": "evidence/1"})


def test_untitled_copies_have_a_case_each(site, noon):
    assert open_case(site, noon, "b1", title="").id != open_case(site, noon, "b2", title="").id


def test_a_case_about_one_copy_has_a_slip_that_leads_back_to_it(site, noon):
    case = open_case(site, noon, kind=CaseKind.COPY)
    assert case.slip == f"WC-{case.id}"
    assert site.cases.by_slip(case.slip) == case
    assert site.cases.by_slip("") is None


def test_a_decided_case_holds_for_further_copies(site, noon):
    case = open_case(site, noon, decision=FOUND)
    decided = site.cases.decide(case.id, Answer(AnswerKind.AGREE), "ann", noon)
    assert (decided.state, decided.who) == ("decided", "ann")
    assert open_case(site, noon, "b9").state == "decided"
    assert site.cases.answered("gardens") == site.cases.get(case.id)
    assert site.cases.answered("tides") is None
    assert site.cases.answered("") is None


def test_an_untitled_copy_is_compared_with_the_last_decided_ones_alone(site, noon, monkeypatch):
    monkeypatch.setattr("workcell.site.cases._LAST_UNTITLED", 2)
    for number in range(4):
        case = open_case(site, noon, f"b{number}", title="", kind=CaseKind.COPY)
        if number:
            decided_at = noon + timedelta(days=number)
            site.cases.decide(case.id, Answer(AnswerKind.KEEP_ASIDE), "ann", decided_at)
    assert [case.book_ids for case in site.cases.untitled()] == [("b3",), ("b2",)]


def test_a_copy_in_trouble_again_gets_a_new_case(site, noon):
    first = open_case(site, noon, kind=CaseKind.MARKS)
    assert open_case(site, noon, kind=CaseKind.MARKS).id == first.id
    site.cases.decide(first.id, Answer(AnswerKind.REDO_MARKS), "ann", noon)
    second = open_case(site, noon, kind=CaseKind.MARKS)
    assert (second.state, second.id != first.id) == ("open", True)
    assert site.cases.answered("gardens", first.slip).id == first.id


def test_an_answer_stands_until_the_case_is_reopened(site, noon):
    case = open_case(site, noon, decision=FOUND)
    agree, keep = Answer(AnswerKind.AGREE), Answer(AnswerKind.KEEP_ASIDE)
    site.cases.decide(case.id, agree, "ann", noon)
    site.cases.decide(case.id, agree, "bob", noon)
    with pytest.raises(Refused, match="ann has already decided it"):
        site.cases.decide(case.id, keep, "bob", noon)
    site.cases.reopen(case.id)
    assert site.cases.decide(case.id, keep, "bob", noon).who == "bob"


def test_an_answer_without_its_record_is_refused(site, noon):
    case = open_case(site, noon, decision=FOUND)
    with pytest.raises(BadInput, match="names no record"):
        site.cases.decide(case.id, Answer(AnswerKind.USE_RECORD), "ann", noon)
    with pytest.raises(BadInput, match="no such case"):
        site.cases.get("R99999")


def test_cases_are_listed_by_state_and_batch(site, noon):
    first, second = open_case(site, noon), open_case(site, noon, title="tides")
    site.cases.decide(second.id, Answer(AnswerKind.NEW_RECORD), "ann", noon)
    assert [case.id for case in site.cases.list("open")] == [first.id]
    assert len(site.cases.list(batch_id="B1")) == 2
    assert not site.cases.list("open", "B2")
    assert site.cases.of_title("B1", "tides").id == second.id


@pytest.mark.parametrize(
    ("kind", "decision", "answers"),
    [
        (CaseKind.TITLE, FOUND, "agree use_record new_record give_back keep_aside"),
        (CaseKind.TITLE, UNSURE, "new_record give_back keep_aside"),
        (CaseKind.COPY, None, "agree give_back keep_aside"),
        (CaseKind.MARKS, FOUND, "redo_marks give_back keep_aside"),
    ],
)
def test_only_answers_that_can_be_carried_out_are_offered(site, noon, kind, decision, answers):
    assert " ".join(offered(open_case(site, noon, kind=kind, decision=decision))) == answers


def answered(site, noon, answer, kind=CaseKind.TITLE, decision=FOUND):
    case = open_case(site, noon, kind=kind, decision=decision)
    return site.cases.decide(case.id, answer, "ann", noon)


def test_agreeing_means_the_proposal(site, noon):
    assert rule(answered(site, noon, Answer(AnswerKind.AGREE))).decision == FOUND


def test_a_chosen_record_on_file_gets_the_copy(site, noon):
    ruling = rule(answered(site, noon, Answer(AnswerKind.USE_RECORD, "c7", comment="same text")))
    assert (ruling.way, ruling.decision.decision, ruling.decision.source) == (
        Way.MARK,
        "existing",
        "catalogue",
    )
    assert ruling.decision.score == 0.7
    assert "same text" in ruling.decision.reasons[0].text


def test_a_chosen_record_from_outside_is_copied(site, noon):
    assert rule(answered(site, noon, Answer(AnswerKind.USE_RECORD, "v1"))).decision.decision == "copy"
    volume = Answer(AnswerKind.USE_RECORD, "v1", decision=DecisionKind.VOLUME)
    assert rule(replace(open_case(site, noon, decision=FOUND), answer=volume)).decision.decision == "volume"


def test_a_new_record_is_a_draft_that_a_person_let_through(site, noon):
    ruling = rule(answered(site, noon, Answer(AnswerKind.NEW_RECORD), decision=UNSURE))
    assert (ruling.way, ruling.decision.decision, ruling.decision.record_id) == (Way.MARK, "draft", None)


@pytest.mark.parametrize(
    ("kind", "answer", "way"),
    [
        (CaseKind.TITLE, AnswerKind.GIVE_BACK, Way.RETURN),
        (CaseKind.TITLE, AnswerKind.KEEP_ASIDE, Way.ASIDE),
        (CaseKind.MARKS, AnswerKind.REDO_MARKS, Way.REDO),
        (CaseKind.COPY, AnswerKind.AGREE, Way.MARK),
    ],
)
def test_every_answer_has_its_way(site, noon, kind, answer, way):
    assert rule(answered(site, noon, Answer(answer), kind)).way is way


def test_what_is_not_offered_is_refused(site, noon):
    case = open_case(site, noon)
    with pytest.raises(Refused, match="nobody has decided"):
        rule(case)
    with pytest.raises(Refused, match="Answer one of: new_record"):
        check_answer(case, Answer(AnswerKind.AGREE))


# --- register --------------------------------------------------------------------------------------------


def test_a_register_line_is_cancelled_by_a_line_and_never_deleted(site, noon):
    entry = site.register.enter("B1", "b1", "R1", {"title": "Gardens"}, noon)
    assert site.register.enter("B1", "b1", "R1", {"title": "Gardens"}, noon) == entry
    cancelled = site.register.cancel("R1", "returned", noon)
    assert site.register.cancel("R1", "again", noon) == cancelled
    assert [(line.cancels, line.reason) for line in site.register.lines("B1")] == [
        (None, ""),
        (entry.id, "returned"),
    ]
    with pytest.raises(BadInput, match="was cancelled"):
        site.register.enter("B1", "b1", "R1", {}, noon)


def test_an_accession_number_stands_for_one_copy(site, noon):
    site.register.enter("B1", "b1", "R1", {}, noon)
    with pytest.raises(BadInput, match="stands for b1"):
        site.register.enter("B1", "b2", "R1", {}, noon)
    with pytest.raises(BadInput, match="not in the register"):
        site.register.cancel("R2", "why", noon)


# --- journals --------------------------------------------------------------------------------------------


def chain(count, line="line-1", book="b1", before=GENESIS):
    events = []
    for seq in range(1, count + 1):
        facts = (line, "B1", book, "", "book.seen", 1, "2026-03-02T12:00:00+00:00", {"n": seq})
        events.append(Event(seq, *facts, before, event_hash(before, seq, *facts)))
        before = events[-1].hash
    return events


def test_events_are_forwarded_as_often_as_one_likes_and_kept_once(site):
    events = chain(5)
    assert site.journal.forward(events[:3]) == 3
    assert site.journal.forward(events) == 2
    assert site.journal.last("line-1") == 5
    assert site.journal.last("line-2") == 0
    assert site.journal.of_book("B1", "b1") == events


def test_lines_do_not_mix(site):
    site.journal.forward(chain(2))
    assert site.journal.forward(chain(3, "line-2", "b2")) == 3


def test_a_second_journal_under_one_line_id_is_refused_whole(site):
    site.journal.forward(chain(2))
    with pytest.raises(Refused, match="another event stands under this number"):
        site.journal.forward(chain(4, book="other"))
    with pytest.raises(Refused, match="does not follow the last one"):
        site.journal.forward(chain(4)[3:])
    assert site.journal.last("line-1") == 2


# --- audit -----------------------------------------------------------------------------------------------


def test_the_audit_list_shows_where_it_was_changed(site, noon):
    for n in range(3):
        site.audit.write("ann", "case.decided", f"R{n}", noon, {"answer": "agree"})
    assert site.audit.broken_at() is None
    with site._database.write() as tx:
        tx.execute(schema.audit.update().where(schema.audit.c.id == 2).values(who="bob"))
    assert site.audit.broken_at() == 2
