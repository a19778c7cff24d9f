"""What cataloguing makes of remote targets: their records are matched too, within their rules."""

from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace

import pytest

from marc import Target
from stations.station import Way
from workcell.kernel.clock import VirtualClock
from workcell.kernel.errors import DeviceFault
from workcell.kernel.events import Event
from workcell.kernel.evidence import Evidence, FieldValue, IsbnEvidence
from workcell.kernel.model import Candidate, Decision, DecisionKind, decision_from_json, decision_to_json
from workcell.kernel.profile import load_profile
from workcell.kernel.worker import InlineWorker
from workcell.line.cataloguing import Cataloguing
from workcell.line.files import FileStore
from workcell.line.lookup import Lookup
from workcell.line.policy import all_auto
from workcell.line.projection import LineState
from workcell.site import Site

PROFILE = Path(__file__).resolve().parents[3] / "examples" / "profiles" / "en.toml"
NOW = datetime(2026, 1, 5, 9, 0, tzinfo=UTC)
BOOK = Evidence(
    isbn=IsbnEvidence("9780140275018", ("barcode:back_cover",), 1.0, True),
    fields={"title": FieldValue("Cod", confidence=0.9)},
)
DRAFT = Decision(DecisionKind.DRAFT, None, 0.0, 0.85)
REMOTE = Decision(DecisionKind.COPY, "L1", 0.97, 0.85, source="far")
PREPARED = {
    "record": {"leader": "00000nam a2200000   4500", "fields": []}, "call_number": "597.633 KUR",
    "class": "597.633", "pattern": "", "problems": [],
}  # fmt: skip


class _Line:
    """What cataloguing needs of a line."""

    def __init__(self, folder, jobs):
        self.profile = load_profile(PROFILE).model_copy(update={"autonomy": all_auto()})
        self.state = LineState()
        self.files = FileStore(folder)
        self.clock = SimpleNamespace(wall=lambda: NOW, now=lambda: 0.0)
        self.jobs = jobs

    async def write(self, type_, body, book_id="", effect_id=""):
        event = Event(
            self.state.seq + 1, "line", self.state.batch_id or "b", book_id, effect_id, type_, 1,
            NOW.isoformat(), body, "", "",
        )  # fmt: skip
        self.state.apply(event)
        return event

    async def evidence(self, book, *, thorough):
        return BOOK


class _Jobs:
    """Matching: the first decision before the target was asked, the second after it."""

    def __init__(self, *decisions):
        self._decisions = list(decisions)
        self.requests = []

    async def run(self, kind, request):
        self.requests.append((kind, request))
        if kind == "prepare":
            return PREPARED
        return {"decision": decision_to_json(self._decisions.pop(0)), "title_key": "cod"}


class _Answers:
    """A lookup process: so many records each time, or a fault."""

    def __init__(self, *answers):
        self._answers = list(answers)

    async def run(self, kind, request):
        answer = self._answers.pop(0)
        if answer is None:
            raise DeviceFault("no answer")
        return {"records": answer}


async def _settle(folder, jobs, answers, **settings):
    told = []
    target = Target(**{"name": "far", "url": "z3950://127.0.0.1:1/x", **settings})
    lookup = Lookup([target], folder / "t", VirtualClock(NOW), told.append, lambda target: _Answers(*answers))
    line = _Line(folder, jobs)
    cataloguing = Cataloguing(line, Site.open("sqlite://"), InlineWorker(), [], {}, PROFILE, lookup)
    await line.write("batch.opened", {"batch_id": "b", "counters": {"entered": 0, "left": 0}})
    await cataloguing.open_batch()
    await line.write("book.fed", {"track_id": 1, "fed_as": 1, "zone": "identify"}, "b-0001")
    book = line.state.book("b-0001")
    return book, await cataloguing.settle(book, BOOK)


async def test_a_record_of_a_target_is_matched_after_it_was_asked(tmp_path) -> None:
    jobs = _Jobs(DRAFT, REMOTE)
    book, leaving = await _settle(tmp_path, jobs, [2])
    assert leaving.way is Way.ON
    assert decision_from_json(book.decision).record_id == "L1"
    kinds = [kind for kind, _ in jobs.requests]
    assert kinds == ["match", "match", "prepare"]
    assert all(request["sources"]["far"].endswith("far.sqlite") for _, request in jobs.requests)


@pytest.mark.parametrize("answers", [[0], [None]])
async def test_a_target_without_an_answer_changes_nothing(tmp_path, answers) -> None:
    book, leaving = await _settle(tmp_path, _Jobs(DRAFT), answers)
    assert leaving.way is Way.ON
    assert decision_from_json(book.decision).decision is DecisionKind.DRAFT


async def test_a_record_that_may_not_be_republished_is_for_a_person(tmp_path) -> None:
    _, leaving = await _settle(tmp_path, _Jobs(DRAFT, REMOTE), [1], republish=False)
    assert (leaving.way, leaving.reasons[0].code) == (Way.REVIEW, "SOURCE_RULE")


async def test_a_silent_own_catalogue_is_for_a_person(tmp_path) -> None:
    _, leaving = await _settle(tmp_path, _Jobs(REMOTE), [None], name="catalogue")
    assert (leaving.way, leaving.reasons[0].code) == (Way.REVIEW, "CATALOGUE_SILENT")


async def test_a_record_that_may_not_lie_over_the_orders_own_is_not_prepared_from(tmp_path) -> None:
    candidates = (Candidate("L1", "far", 0.99), Candidate("v1", "vendor", 0.9))
    ordered = Decision(DecisionKind.COPY, "o1", 0.9, 0.85, candidates=candidates, source="order")
    jobs = _Jobs(ordered, ordered)
    await _settle(tmp_path, jobs, [1], may=["copy"])
    prepared = jobs.requests[-1][1]["decision"]
    assert [candidate["source"] for candidate in prepared["candidates"]] == ["vendor"]
