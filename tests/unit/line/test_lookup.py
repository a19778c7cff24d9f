"""Asking targets for a book: in order of priority, sparing those that fail, within their rules."""

from datetime import UTC, datetime

import pytest

from marc import Target
from workcell.kernel.clock import VirtualClock, run_virtual
from workcell.kernel.errors import DeviceFault, DeviceGone
from workcell.kernel.evidence import Evidence, FieldValue, IsbnEvidence
from workcell.kernel.model import Candidate, Decision, DecisionKind
from workcell.line.lookup import Lookup, worth_asking

BOOK = Evidence(
    isbn=IsbnEvidence("9780140275018", ("barcode:back_cover",), 1.0, True),
    fields={"title": FieldValue("Cod", confidence=0.9)},
)
DRAFT = Decision(DecisionKind.DRAFT, None, 0.0, 0.85)
KNOWN = Decision(DecisionKind.EXISTING, "a1", 0.99, 0.85, source="catalogue")


class _Wire:
    """Stands in for a lookup process: answers from a list, each a number of records or an error."""

    def __init__(self, name, answers, log):
        self._name, self._answers, self._log = name, list(answers), log

    async def run(self, kind, request):
        self._log.append(self._name)
        answer = self._answers.pop(0)
        if answer is None:
            raise DeviceFault("DeviceGone: no answer within 8 s")
        return {"records": answer, "step": "isbn", "cached": False}

    async def close(self):
        self._log.append(f"{self._name} closed")


def _lookup(tmp_path, answers, **rules):
    """A lookup of the targets named; gives it, the log of who was asked, and what was told."""
    log, told = [], []
    targets = [
        Target(name=name, url="z3950://127.0.0.1:1/x", failures=2, rest_s=60, **rules.get(name, {}))
        for name in answers
    ]
    clock = VirtualClock(datetime(2026, 11, 20, tzinfo=UTC))
    lookup = Lookup(
        targets, tmp_path, clock, told.append, lambda target: _Wire(target.name, answers[target.name], log)
    )
    return lookup, log, told, clock


def test_targets_are_asked_in_order_of_priority_until_one_has_something(tmp_path) -> None:
    rules = {"late": {"priority": 90}, "early": {"priority": 10}, "too": {"priority": 10}}
    lookup, log, _, _ = _lookup(tmp_path, {"late": [7], "early": [0, 0], "too": [0, 2]}, **rules)

    async def ask():
        return [await lookup.fetch(BOOK, DRAFT), await lookup.fetch(BOOK, DRAFT)]

    assert run_virtual(ask()) == [True, True]
    assert log == ["early", "too", "late", "early", "too"]


def test_a_target_that_fails_is_told_of_once_and_spared_until_it_has_rested(tmp_path) -> None:
    lookup, log, told, clock = _lookup(tmp_path, {"far": [None, None, None, 1, 1]})

    async def ask():
        for _ in range(4):
            assert not await lookup.fetch(BOOK, DRAFT)
        await clock.sleep(61)
        assert not await lookup.fetch(BOOK, DRAFT)
        await clock.sleep(61)
        assert await lookup.fetch(BOOK, DRAFT)
        assert await lookup.fetch(BOOK, DRAFT)

    run_virtual(ask())
    assert log == ["far"] * 5
    assert [text.split(":")[0] for text in told] == ["far is not asked for 60 s", "far answers again"]


def test_others_are_asked_only_where_they_could_better_the_decision(tmp_path) -> None:
    lookup, log, _, _ = _lookup(tmp_path, {"far": [1]})
    assert not run_virtual(lookup.fetch(BOOK, KNOWN))
    assert not run_virtual(lookup.fetch(Evidence(), DRAFT))
    assert log == []


def test_the_own_catalogue_is_asked_for_every_book_and_its_silence_is_an_error(tmp_path) -> None:
    lookup, log, _, _ = _lookup(tmp_path, {"catalogue": [0, None], "far": [3]})
    assert not run_virtual(lookup.fetch(BOOK, KNOWN))
    assert log == ["catalogue"]
    with pytest.raises(DeviceGone):
        run_virtual(lookup.fetch(BOOK, DRAFT))


@pytest.mark.parametrize(
    ("decision", "worth"),
    [
        (DRAFT, True),
        (KNOWN, False),
        (Decision(DecisionKind.COPY, "v", 0.9, 0.85, source="vendor"), False),
        (Decision(DecisionKind.COPY, "o", 0.9, 0.85, source="order"), True),
        (Decision(DecisionKind.UPGRADE_CIP, "v", 0.9, 0.85, source="vendor"), True),
        (Decision(DecisionKind.REVIEW, None, 0.2, 0.85, candidates=(Candidate("c", "vendor", 0.2),)), True),
        (Decision(DecisionKind.REVIEW, "c", 0.9, 0.85, candidates=(Candidate("c", "vendor", 0.9),)), False),
    ],
)
def test_a_settled_decision_is_not_worth_asking_for(decision, worth) -> None:
    assert worth_asking(decision) is worth


def test_a_record_that_may_not_be_taken_over_goes_to_a_person(tmp_path) -> None:
    lookup, _, _, _ = _lookup(
        tmp_path, {"far": [], "near": []}, far={"republish": False}, near={"may": ["overlay"]}
    )
    for name in ("far", "near"):
        ruled = lookup.within_rules(Decision(DecisionKind.COPY, "r1", 0.97, 0.85, source=name))
        assert ruled.decision is DecisionKind.REVIEW
        assert (ruled.record_id, ruled.reasons[0].code) == ("r1", "SOURCE_RULE")
    assert lookup.within_rules(KNOWN) is KNOWN
    candidates = tuple(Candidate("r", name, 0.9) for name in ("far", "near", "vendor"))
    kept = lookup.for_overlay(
        Decision(DecisionKind.COPY, "o", 0.9, 0.85, candidates=candidates, source="order")
    )
    assert [candidate.source for candidate in kept.candidates] == ["near", "vendor"]


def test_processes_end_with_the_lookup(tmp_path) -> None:
    lookup, log, _, _ = _lookup(tmp_path, {"far": []})
    run_virtual(lookup.close())
    assert log == ["far closed"]
