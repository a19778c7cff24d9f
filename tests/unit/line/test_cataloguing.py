"""From evidence to decision to marks: policy, cases, surplus, locations, siblings, and the ledger."""

import tomllib
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace

import cv2
import numpy as np
import pytest

from stations.station import Leaving, Way, to_review
from workcell.kernel.errors import DeviceFault, Refused
from workcell.kernel.events import Event
from workcell.kernel.evidence import Barcode, Evidence, Face, FieldValue, ImageEvidence, evidence_to_json
from workcell.kernel.model import (
    Candidate,
    Decision,
    DecisionKind,
    OrderLine,
    Reason,
    decision_to_json,
    marks_from_json,
)
from workcell.kernel.profile import NumberRange, Profile
from workcell.kernel.worker import InlineWorker
from workcell.line import recognition
from workcell.line.cataloguing import Cataloguing
from workcell.line.files import FileStore
from workcell.line.policy import all_auto
from workcell.line.projection import LineState
from workcell.site import Answer, AnswerKind, Site, write_number

NOW = datetime(2026, 1, 5, 9, 0, tzinfo=UTC)
EXAMPLES = Path(__file__).resolve().parents[3] / "examples"
ORDER = OrderLine("10", title="Never let me go", copies=2)
COPY = Decision(DecisionKind.COPY, "V1", 0.97, 0.85, source="vendor", order_line="10")


class FakeLine:
    """What cataloguing needs of a line: state, events, jobs, clock, files."""

    def __init__(self, profile, folder, jobs):
        self.profile = profile
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
        return Evidence()


class FakeJobs:
    """Matching and preparing as a test wants them."""

    def __init__(self):
        self.decision = COPY
        self.title_key = "never let me go"
        self.prepared = {
            "record": {"leader": "00000nam a2200000   4500", "fields": []},
            "call_number": "823.914 ISH",
            "class": "823.914",
            "pattern": "",
            "problems": [],
        }
        self.locations = []
        self.broken = False

    async def run(self, kind, request):
        if self.broken:
            raise DeviceFault("the recognition process died", subject=kind)
        if kind == "match":
            return {"decision": decision_to_json(self.decision), "title_key": self.title_key}
        if kind == "same_cover":
            return recognition.same_cover(request)
        self.locations.append(request["location"])
        return self.prepared


class Desk:
    """A line with its cataloguing and its site store, ready for books."""

    def __init__(self, folder, changes):
        data = tomllib.loads((EXAMPLES / "profiles" / "en.toml").read_text("utf-8"))
        profile = Profile.model_validate({**data, **changes})
        if "autonomy" not in changes:
            profile = profile.model_copy(update={"autonomy": all_auto()})
        self.jobs = FakeJobs()
        self.site = Site.open("sqlite://")
        self.line = FakeLine(profile, folder, self.jobs)
        self.orders = [ORDER, OrderLine("20", copies=9, distribution={"EAST": 1, "MAIN": 1})]
        self.cataloguing = Cataloguing(
            self.line, self.site, InlineWorker(), self.orders, {}, EXAMPLES / "profiles" / "en.toml"
        )
        self.track = 0

    async def open(self):
        await self.line.write("batch.opened", {"batch_id": "b", "counters": {"entered": 0, "left": 0}})
        await self.cataloguing.open_batch()
        return self

    async def book(self, evidence=None):
        """Feed a book and settle it; gives the book and how it leaves."""
        book = await self.fed()
        return book, await self.cataloguing.settle(book, evidence or Evidence())

    async def fed(self):
        """Feed a book."""
        self.track += 1
        name = f"b-{self.track:04d}"
        await self.line.write(
            "book.fed", {"track_id": self.track, "fed_as": self.track, "zone": "identify"}, name
        )
        return self.line.state.book(name)

    def marks(self, book):
        return marks_from_json(book.marks)


@pytest.fixture
async def desk(tmp_path):
    return await Desk(tmp_path, {}).open()


def codes(leaving):
    return [reason.code for reason in leaving.reasons]


def slip(text):
    """Evidence with that slip in view."""
    code = Barcode(text, "CODE128", confidence=0.99, accepted=True)
    return Evidence(images=(ImageEvidence("x.jpg", "", Face.BACK_COVER, barcodes=(code,)),))


# --- decision --------------------------------------------------------------------------------------------


async def test_a_settled_book_has_record_numbers_and_a_place(desk):
    book, leaving = await desk.book()
    marks = desk.marks(book)
    assert leaving.way is Way.ON
    assert (marks.location, marks.bin, marks.call_number) == ("MAIN", "main", "823.914 ISH")
    assert marks.tag_elements[1] == marks.barcode
    assert [line.state for line in desk.site.numbers.of_book(book.book_id)] == ["reserved", "reserved"]


async def test_settling_again_after_a_restart_reserves_nothing_more(desk):
    book, _ = await desk.book()
    before = book.marks
    assert (await desk.cataloguing.settle(book, Evidence())).way is Way.ON
    assert book.marks == before
    assert len(desk.site.numbers.of_book(book.book_id)) == 2


async def test_a_review_decision_goes_to_a_person_with_its_reasons(desk):
    reason = Reason("ISBN_OTHER_TITLE", "belongs to another title")
    desk.jobs.decision = replace(COPY, decision=DecisionKind.REVIEW, reasons=(reason,))
    book, leaving = await desk.book()
    assert (leaving.way, codes(leaving)) == (Way.REVIEW, ["ISBN_OTHER_TITLE"])
    assert book.marks is None


async def test_matching_that_fails_is_a_case_and_no_crash(desk):
    desk.jobs.broken = True
    _, leaving = await desk.book()
    assert codes(leaving) == ["MATCH_FAILED"]


async def test_a_damaged_copy_goes_back_whatever_its_record(desk):
    _, leaving = await desk.book(slip("WC-DAMAGED"))
    assert (leaving.way, codes(leaving)) == (Way.REJECT, ["DAMAGED"])


@pytest.mark.parametrize(("autonomy", "code"), [("watch", "WATCH"), ("confirm", "CONFIRM")])
async def test_autonomy_below_auto_asks_a_person_and_reserves_nothing(autonomy, code, tmp_path):
    desk = await Desk(tmp_path, {"autonomy": {"copy_record": autonomy}}).open()
    book, leaving = await desk.book()
    assert (leaving.way, codes(leaving)) == (Way.REVIEW, [code])
    assert desk.site.numbers.of_book(book.book_id) == []


async def test_a_book_without_a_class_is_a_cataloguers(desk):
    desk.jobs.prepared |= {"call_number": "", "class": ""}
    _, leaving = await desk.book()
    assert codes(leaving) == ["NO_CLASS"]


async def test_what_preparing_finds_wrong_goes_to_a_person(desk):
    desk.jobs.prepared |= {"problems": [{"code": "TOO_BRIEF", "text": "no title"}]}
    _, leaving = await desk.book()
    assert codes(leaving) == ["TOO_BRIEF"]


# --- surplus ---------------------------------------------------------------------------------------------


async def test_a_copy_beyond_the_order_is_a_persons_case(desk):
    outcomes = [(await desk.book())[1] for _ in range(3)]
    assert [leaving.way for leaving in outcomes] == [Way.ON, Way.ON, Way.REVIEW]
    assert codes(outcomes[2]) == ["SURPLUS"]
    assert "asks for 2; this is copy 3" in outcomes[2].reasons[0].text


async def test_a_copy_that_is_not_released_gives_its_place_in_the_order_back(desk):
    first, _ = await desk.book()
    await desk.cataloguing.ledger.void(first, "PROOF_FAILED")
    assert [(await desk.book())[1].way for _ in range(2)] == [Way.ON, Way.ON]


async def test_copies_that_a_person_let_through_count_in_the_order_too(desk):
    desk.jobs.decision = replace(COPY, decision=DecisionKind.DRAFT)
    desk.line.profile = desk.line.profile.model_copy(
        update={"autonomy": all_auto().model_copy(update={"draft": "confirm"})}
    )
    desk.cataloguing._profile = desk.line.profile
    await decided(desk, Answer(AnswerKind.AGREE))
    for _ in range(2):
        assert (await desk.book())[1].way is Way.ON
    case = desk.site.cases.list()[0]
    desk.site.cases.reopen(case.id)
    desk.jobs.decision = COPY
    assert codes((await desk.book())[1]) == ["SURPLUS"]


async def test_two_titles_of_one_class_never_get_the_same_author_number(desk):
    """The shelf list knows neither of them yet."""
    desk.jobs.decision = replace(COPY, order_line="20")
    desk.jobs.prepared |= {
        "call_number": "",
        "class": "641.3",
        "pattern": "641.3 {number}",
        "fitted": "K87",
        "heading": "Kurlansky, Mark",
        "notes": [{"code": "CLASS_SUGGESTED", "text": "x"}],
    }
    numbers = {}
    for title in ("salt", "cod", "salt"):
        desk.jobs.title_key = title
        book, _ = await desk.book()
        numbers.setdefault(title, set()).add(desk.marks(book).call_number)
    assert numbers["salt"] == {"641.3 K87"}
    assert len(numbers["cod"]) == 1 and numbers["cod"] != numbers["salt"]
    assert [reason["code"] for reason in book.decision["reasons"]] == ["CLASS_SUGGESTED"]


async def test_a_running_number_goes_on_from_the_shelf(desk):
    desk.jobs.prepared |= {"call_number": "", "class": "I247", "pattern": "I247/{number}", "shelved": 41}
    book, _ = await desk.book()
    assert desk.marks(book).call_number == "I247/42"


# --- cases -----------------------------------------------------------------------------------------------


async def decided(desk, answer):
    """A book of the title is set aside, and its case answered so; gives the case."""
    book, leaving = await desk.book()
    await desk.cataloguing.set_aside(book, leaving if leaving.way is not Way.ON else to_review("X", "x"))
    await desk.cataloguing.ledger.void(book, "X")
    case = desk.site.cases.get(book.case_id)
    return desk.site.cases.decide(case.id, answer, "anna", NOW)


@pytest.mark.parametrize(
    ("answer", "way"), [(AnswerKind.GIVE_BACK, Way.REJECT), (AnswerKind.KEEP_ASIDE, Way.REVIEW)]
)
async def test_a_copy_whose_case_says_so_is_turned_out_with_the_persons_name(answer, way, desk):
    case = await decided(desk, Answer(answer))
    book, leaving = await desk.book()
    assert (leaving.way, codes(leaving)) == (way, ["DECIDED"])
    assert case.id in leaving.reasons[0].text
    assert "anna" in leaving.reasons[0].text
    assert book.marks is None
    assert book.case_id == case.id


async def test_an_agreed_proposal_goes_on_although_the_profile_asks_a_person(tmp_path):
    desk = await Desk(tmp_path, {"autonomy": {"draft": "confirm"}}).open()
    desk.jobs.decision = replace(COPY, decision=DecisionKind.DRAFT, record_id=None, source="")
    await decided(desk, Answer(AnswerKind.AGREE))
    book, leaving = await desk.book()
    assert leaving.way is Way.ON
    assert book.marks is not None


async def test_a_chosen_record_is_used_by_every_copy_of_the_title(desk):
    candidate = Candidate("C7", "catalogue", 0.7)
    desk.jobs.decision = replace(COPY, decision=DecisionKind.REVIEW, candidates=(candidate,))
    await decided(desk, Answer(AnswerKind.USE_RECORD, "C7", "catalogue"))
    for _ in range(2):
        book, leaving = await desk.book()
        assert leaving.way is Way.ON
        assert (book.decision["record_id"], book.decision["decision"]) == ("C7", "existing")


async def test_copies_of_a_title_share_one_case(desk):
    desk.jobs.decision = replace(COPY, decision=DecisionKind.REVIEW, reasons=(Reason("X", "x"),))
    for _ in range(3):
        await desk.cataloguing.set_aside(*(await desk.book()))
    [case] = desk.site.cases.list()
    assert len(case.book_ids) == 3
    assert case.slip == ""


async def test_a_case_about_marks_is_one_copys_and_its_slip_brings_it_back(desk):
    book, _ = await desk.book()
    await desk.line.write(
        "effect.intended",
        {"key": "stamp:1", "kind": "act:stamp", "station": "stamp", "seq": 1},
        book.book_id,
        "e",
    )
    await desk.line.write("effect.done", {"code": "ok", "results": {}}, book.book_id, "e")
    await desk.cataloguing.set_aside(book, to_review("PROOF_FAILED", "no label"))
    await desk.cataloguing.ledger.void(book, "PROOF_FAILED")
    case = desk.site.cases.decide(book.case_id, Answer(AnswerKind.REDO_MARKS), "anna", NOW)
    assert case.slip == f"WC-{case.id}"
    again, leaving = await desk.book(slip(case.slip))
    assert leaving.way is Way.ON
    assert again.case_id == case.id
    assert desk.marks(again).barcode != desk.marks(book).barcode
    assert {line.state for line in desk.site.numbers.of_book(book.book_id)} == {"voided"}


def cover(seed):
    """A cover with shapes and no words, and the same from a camera a little askew."""
    draw = np.random.default_rng(seed)
    picture = np.full((900, 600, 3), 40, np.uint8)
    for x, y, size in draw.integers((0, 0, 10), (500, 800, 120), (60, 3)):
        colour = tuple(map(int, draw.integers(60, 255, 3)))
        cv2.rectangle(picture, (int(x), int(y)), (int(x + size), int(y + size // 2)), colour, -1)
    askew = cv2.warpAffine(picture, cv2.getRotationMatrix2D((300, 450), 3, 0.97), (600, 900))
    return picture, askew


async def photographed(desk, book, picture):
    """Put a picture of a cover on record; gives evidence that shows it and names nothing."""
    name = desk.line.files.put(cv2.imencode(".png", picture)[1].tobytes(), "png")
    body = {"key": name, "name": name, "station": "capture", "role": "top", "view": "cover"}
    await desk.line.write("image.taken", {**body, "use": "evidence"}, book.book_id)
    book.evidence = desk.line.files.put_json(
        evidence_to_json(Evidence(images=(ImageEvidence(name, "0" * 64, Face.UNSURE),)))
    )


async def test_a_copy_that_nothing_names_is_known_again_by_its_cover(desk):
    """Its slip got lost; another cover of the same kind is not taken for it."""
    desk.jobs.title_key = ""
    desk.jobs.decision = replace(COPY, decision=DecisionKind.REVIEW, reasons=(Reason("WEAK_EVIDENCE", "x"),))
    known, again = cover(1)
    book, _ = await desk.book()
    await photographed(desk, book, known)
    await desk.cataloguing.set_aside(book, to_review("WEAK_EVIDENCE", "x"))
    case = desk.site.cases.decide(book.case_id, Answer(AnswerKind.GIVE_BACK), "anna", NOW)
    for picture, case_id in ((again, case.id), (cover(2)[1], "")):
        fed = await desk.fed()
        await photographed(desk, fed, picture)
        await desk.cataloguing.settle(fed, Evidence())
        assert fed.case_id == case_id


async def test_a_rejected_book_opens_no_case(desk):
    book, _ = await desk.book()
    await desk.cataloguing.set_aside(book, Leaving(Way.REJECT, (Reason("DAMAGED", "x"),)))
    assert desk.site.cases.list() == []
    assert book.way == "reject"


# --- marks -----------------------------------------------------------------------------------------------


async def test_without_a_distribution_the_profiles_copies_are_served_in_turn(desk):
    desk.jobs.decision = replace(COPY, order_line="")
    places = [desk.marks((await desk.book())[0]).location for _ in range(4)]
    assert places == ["MAIN", "MAIN", "EAST", "MAIN"]


async def test_the_orders_distribution_goes_first(desk):
    desk.jobs.decision = replace(COPY, order_line="20")
    places = [desk.marks((await desk.book())[0]).location for _ in range(2)]
    assert sorted(places) == ["EAST", "MAIN"]
    assert places[0] == "EAST"


async def test_siblings_share_record_and_call_number_and_count_their_copies(desk):
    first, _ = await desk.book()
    desk.jobs.prepared |= {"call_number": "999 OTHER", "record": {"leader": "x" * 24, "fields": []}}
    second, _ = await desk.book()
    assert desk.marks(second).call_number == desk.marks(first).call_number
    assert second.record == first.record
    assert (desk.marks(first).copy, desk.marks(second).copy) == (1, 2)


async def test_copies_count_on_from_the_catalogue_and_from_earlier_batches(desk):
    desk.jobs.decision = replace(COPY, order_line="")
    desk.jobs.prepared |= {"copies": 2, "record_id": "r1"}
    copies = [desk.marks((await desk.book())[0]).copy for _ in range(2)]
    assert copies == [3, 4]
    await desk.line.write("batch.closed", {"counts": {}, "entered": 2, "left": 2, "agree": True})
    await desk.line.write("batch.opened", {"batch_id": "c", "counters": {"entered": 0, "left": 0}})
    await desk.cataloguing.open_batch()
    desk.track, desk.jobs.title_key = 10, "the same title, matched otherwise"
    assert desk.marks((await desk.book())[0]).copy == 5
    desk.jobs.prepared |= {"record_id": "r2"}
    assert desk.marks((await desk.book())[0]).copy == 3


async def test_copies_of_another_line_are_counted_and_a_copy_keeps_its_number(desk):
    desk.jobs.prepared |= {"record_id": "r1"}
    book, _ = await desk.book()
    number = desk.site.sequences.copy_number("r1", "line-2/x-0001", desk.line.clock.wall())
    again = desk.site.sequences.copy_number("r1", "line-2/x-0001", desk.line.clock.wall())
    assert (desk.marks(book).copy, number, again) == (1, 2, 2)
    assert desk.marks((await desk.book())[0]).copy == 3


async def test_volumes_of_a_set_are_counted_by_themselves(desk):
    desk.jobs.decision = replace(COPY, order_line="")
    desk.jobs.prepared |= {"record_id": "r1"}
    for volume, copy in (("v. 1", 1), ("v. 2", 1), ("v. 1", 2)):
        book, _ = await desk.book(Evidence(fields={"volume": FieldValue(volume, volume, 1.0)}))
        assert desk.marks(book).copy == copy


async def test_a_running_number_within_the_class_is_given_once_a_title(tmp_path):
    scheme = {"scheme": "CLC", "book_number": "sequence"}
    location = {"code": "ZW", "name": "Books", "call_number": scheme, "copies": 5, "bin": "main"}
    desk = await Desk(tmp_path, {"locations": [location]}).open()
    desk.jobs.decision = replace(COPY, order_line="")
    desk.jobs.prepared |= {"call_number": "", "class": "I561.45", "pattern": "I561.45/{number}"}
    first, _ = await desk.book()
    second, _ = await desk.book()
    desk.jobs.title_key = "another"
    third, _ = await desk.book()
    numbers = [desk.marks(book).call_number for book in (first, second, third)]
    assert numbers == ["I561.45/1", "I561.45/1", "I561.45/2"]


# --- ledger ----------------------------------------------------------------------------------------------


async def test_numbers_that_were_reserved_but_never_put_on_record_are_voided_too(desk):
    """Dead between the reservation and its event: the book is lost, its numbers are explained."""
    write = desk.line.write

    async def die_at_marks(type_, *rest):
        if type_ == "marks.reserved":
            raise RuntimeError("killed")
        return await write(type_, *rest)

    desk.line.write = die_at_marks
    with pytest.raises(RuntimeError):
        await desk.book()
    desk.line.write = write
    book = desk.line.state.book("b-0001")
    assert book.marks is None
    await desk.cataloguing.ledger.void(book, "NOT_FOUND")
    assert [line.state for line in desk.site.numbers.of_book("b-0001")] == ["voided", "voided"]


async def test_the_ledger_follows_each_label_of_a_number(desk):
    book, _ = await desk.book()
    barcode = desk.marks(book).barcode
    for copy in (1, 2):
        label = {"key": f"k{copy}", "role": "barcode", "text": barcode, "surface": "back", "copy": copy}
        await desk.cataloguing.ledger.number(book, "printed", label)
        await desk.line.write("label.made", label, book.book_id)
        await desk.cataloguing.ledger.number(book, "applied", label)
    await desk.cataloguing.ledger.number(book, "verified", {})
    await desk.cataloguing.ledger.number(book, "verified", {})
    assert [(line.copy, line.state) for line in desk.site.numbers.labels(barcode)] == [
        (1, "verified"), (2, "verified"),
    ]  # fmt: skip


# --- ranges of branches, labels from rolls ---------------------------------------------------------------


def numbers_of(**changes):
    data = tomllib.loads((EXAMPLES / "profiles" / "en.toml").read_text("utf-8"))
    return {"numbers": {**data["numbers"], **changes}}


async def test_a_branch_with_numbers_of_its_own_gives_them_to_its_copies(tmp_path):
    data = tomllib.loads((EXAMPLES / "profiles" / "en.toml").read_text("utf-8"))
    own = {"scheme": "plain", "prefix": "EA", "width": 6, "first": 1}
    locations = [{**place, "item_numbers": own} for place in data["locations"]]
    label = {"surface": "back", "x_mm": 12.0, "y_mm": 150.0, "symbology": "code39"}
    labels = {**data["labels"], "copies": [label]}
    desk = await Desk(tmp_path, {"locations": locations, "labels": labels}).open()
    book, leaving = await desk.book()
    assert leaving.way is Way.ON
    assert desk.marks(book).barcode == "EA000001"


async def test_with_labels_from_a_roll_a_copy_has_no_number_until_one_was_scanned(tmp_path):
    desk = await Desk(tmp_path, numbers_of(preprinted=True)).open()
    book, leaving = await desk.book()
    assert (leaving.way, desk.marks(book).barcode) == (Way.ON, "")
    assert desk.marks(book).accession
    range_ = NumberRange(scheme="codabar14", institution="3194", first=500, last=509)
    desk.site.rolls.register("item", range_, "anna", NOW)
    number = write_number(range_, 503)
    await desk.cataloguing.ledger.assign(book, number)
    assert desk.marks(book).barcode == desk.marks(book).tag_elements[1] == number
    for event in ("printed", "applied"):
        await desk.cataloguing.ledger.number(book, event, {"surface": "back", "copy": 1})
    assert desk.site.numbers.find(number).state == "applied"
    other, _ = await desk.book()
    with pytest.raises(Refused, match="applied for"):
        await desk.cataloguing.ledger.assign(other, number)
