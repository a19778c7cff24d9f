"""What each station asks of its bench, and where it lets the book go."""

import tomllib
from dataclasses import replace
from pathlib import Path

import pytest

from stations import STATIONS, rfid
from stations.station import Way
from workcell.kernel.errors import BadInput, DeviceFault

NUMBER = "33194000010001"
EXAMPLES = Path(__file__).resolve().parents[3] / "examples"
BACK, FRONT, UNSURE = "back_cover", "front_cover", "unsure"


_UNSEEN = "not looked at: no camera sees it"


def seen(face, rotation=0):
    return {"file": "x.jpg", "sha256": "", "face": face, "rotation": rotation, "barcodes": [], "lines": []}


def reasons(leaving):
    return [reason.code for reason in leaving.reasons]


# --- posture ---------------------------------------------------------------------------------------------

MEASURED = {"height_mm10": 2290, "width_mm10": 1520, "thickness_mm10": 241, "weight_g": 480}


async def test_posture_measures_and_turns_the_back_cover_up_and_upright(bench):
    at = bench("posture")
    at.results["measure"] = MEASURED
    at.jobs = [seen(FRONT), seen(BACK, 270), seen(BACK)]
    leaving = await STATIONS["posture"].process(at)
    assert leaving.way is Way.ON
    assert [verb for verb in at.verbs() if verb not in ("picture", "glance")] == [
        "measure", "flip", "rotate", "align",
    ]  # fmt: skip
    assert ("rotate", {"quarters": 3}) in at.calls
    assert at.notes["book.measured"] == {
        "height_mm": 229.0, "width_mm": 152.0, "thickness_mm": 24.1, "weight_g": 480.0,
    }  # fmt: skip


async def test_a_pamphlet_goes_to_a_person_untouched(bench):
    at = bench("posture")
    at.results["measure"] = {**MEASURED, "thickness_mm10": 22}
    leaving = await STATIONS["posture"].process(at)
    assert (leaving.way, reasons(leaving)) == (Way.REVIEW, ["TOO_THIN"])
    assert at.verbs() == ["measure"]


async def test_a_book_that_could_not_be_measured_is_not_called_thin(bench):
    at = bench("posture")
    at.codes["measure"] = "no_book"
    leaving = await STATIONS["posture"].process(at)
    assert reasons(leaving) == ["NOT_MEASURED"]


async def test_a_face_that_nobody_can_tell_goes_to_a_person(bench):
    at = bench("posture")
    at.results["measure"] = MEASURED
    at.jobs = [seen(UNSURE), DeviceFault("recognition died"), seen(UNSURE), seen(UNSURE), seen(UNSURE)]
    leaving = await STATIONS["posture"].process(at)
    assert (leaving.way, reasons(leaving)) == (Way.REVIEW, ["POSTURE_UNSURE"])
    assert "align" not in at.verbs()


async def test_measuring_can_be_switched_off(bench):
    at = bench("posture", operations={"measure": False})
    at.jobs = [seen(BACK)]
    assert (await STATIONS["posture"].process(at)).way is Way.ON
    assert "measure" not in at.verbs()


# --- pictures --------------------------------------------------------------------------------------------


async def test_capture_takes_every_camera_of_the_layout_while_the_book_is_held(bench):
    at = bench("capture")
    await STATIONS["capture"].process(at)
    assert at.verbs()[0] == "hold"
    assert [call["role"] for verb, call in at.calls if verb == "picture"] == ["top", "under", "spine"]


async def test_capture_at_a_desk_takes_all_photographs_of_the_book(bench):
    at = bench("capture", layout="desk")
    at.results["hold"] = {"photos": 3}
    await STATIONS["capture"].process(at)
    assert [call["view"] for verb, call in at.calls if verb == "picture"] == ["0", "1", "2"]


async def test_page_turn_photographs_both_ends_and_closes_the_book(bench):
    at = bench("page_turn")
    assert (await STATIONS["page_turn"].process(at)).way is Way.ON
    assert [verb for verb in at.verbs() if verb != "picture"] == ["open", "turn", "open", "turn", "close"]
    assert at.verbs().count("picture") == 4
    assert ("turn", {"leaves": 0xFFFF}) in at.calls


async def test_identify_settles_on_the_evidence(bench):
    at = bench("identify")
    assert (await STATIONS["identify"].process(at)) is at.settled
    assert at.calls == [("settle", {"evidence": "evidence"})]


# --- stamp and labels ------------------------------------------------------------------------------------


async def test_a_stamp_on_the_title_page_opens_and_closes_the_book(bench):
    at = bench("stamp")
    assert (await STATIONS["stamp"].process(at)).way is Way.ON
    assert at.calls == [
        ("open", {"end": 0}), ("stamp", {"surface": 4, "x_mm10": 750, "y_mm10": 600}), ("close", {}),
    ]  # fmt: skip


async def test_a_stamp_that_failed_closes_the_book_and_sends_it_to_a_person(bench):
    at = bench("stamp")
    at.codes["stamp"] = "interlock"
    leaving = await STATIONS["stamp"].process(at)
    assert reasons(leaving) == ["STAMP_FAILED"]
    assert at.verbs()[-1] == "close"


async def test_each_label_of_the_profile_is_printed_applied_and_put_in_the_ledger(bench):
    copies = [
        {"surface": "title_verso", "x_mm": 10, "y_mm": 20},
        {"surface": "back", "x_mm": 12, "y_mm": 150},
        {"surface": "back", "x_mm": 70, "y_mm": 150},
    ]
    at = bench("barcode_label", labels={"copies": copies})
    assert (await STATIONS["barcode_label"].process(at)).way is Way.ON
    assert [(label.surface, label.copy, label.text) for label in at.printed] == [
        ("title_verso", 1, NUMBER), ("back", 1, NUMBER), ("back", 2, NUMBER),
    ]  # fmt: skip
    assert at.verbs() == [
        "print", "open", "turn", "apply", "close", "applied", "print", "apply", "applied", "print", "apply",
        "applied",
    ]  # fmt: skip
    assert [detail for verb, detail in at.calls if verb == "applied"][-1] == {"surface": "back", "copy": 2}


async def test_a_label_that_was_not_applied_is_not_called_applied(bench):
    at = bench("barcode_label")
    at.codes["apply"] = "no_label"
    leaving = await STATIONS["barcode_label"].process(at)
    assert reasons(leaving) == ["LABEL_NOT_APPLIED"]
    assert "applied" not in at.verbs()


async def test_the_spine_label_of_a_thin_book_goes_on_the_cover(bench):
    at = bench("spine_label")
    at.copy = replace(at.copy, thickness_mm=6.0)
    assert (await STATIONS["spine_label"].process(at)).way is Way.ON
    applied = next(params for verb, params in at.calls if verb == "apply")
    assert applied["surface"] == 1


async def test_a_call_number_that_does_not_fit_is_never_cut(bench):
    at = bench("spine_label")
    at.copy = replace(at.copy, marks=replace(at.copy.marks, spine_lines=("823.914" * 30,) * 20))
    leaving = await STATIONS["spine_label"].process(at)
    assert reasons(leaving) == ["SPINE_LABEL_TOO_LONG"]
    assert at.printed == []


@pytest.mark.parametrize("station", ["barcode_label", "spine_label", "rfid", "verify"])
async def test_no_marking_station_touches_a_book_without_marks(station, bench):
    at = bench(station)
    at.copy = replace(at.copy, marks=None)
    leaving = await STATIONS[station].process(at)
    assert leaving.way is Way.REVIEW
    assert at.calls == []


async def test_sort_does_nothing_to_the_book(bench):
    at = bench("sort")
    assert (await STATIONS["sort"].process(at)).way is Way.ON
    assert at.calls == []


# --- tag -------------------------------------------------------------------------------------------------


async def test_a_tag_that_was_not_placed_is_not_written(bench):
    at = bench("rfid")
    at.codes["place_tag"] = "interlock"
    assert reasons(await STATIONS["rfid"].process(at)) == ["TAG_NOT_PLACED"]


async def test_two_tags_in_the_field_are_a_persons_case(bench, fake_reader, fake_tag):
    at = bench("rfid")
    at.reader = fake_reader(fake_tag(), fake_tag("E004010000000002"))
    leaving = await STATIONS["rfid"].process(at)
    assert reasons(leaving) == ["TAG_NOT_WRITTEN"]
    assert "2 tags" in leaving.reasons[0].text
    assert "tag.written" not in at.notes


# --- marks that are redone -----------------------------------------------------------------------------


@pytest.fixture
def redoing(bench, fake_reader, fake_tag):
    """A bench at the tag station with a copy whose number was given up; its tag still says the old one."""
    at = bench("rfid")
    at.copy = replace(at.copy, redo_of=frozenset({"PROOF_FAILED"}))
    at.voided = {"33194000010019"}
    at.reader = WritableReader(fake_tag(pii="33194000010019"))
    return at


class WritableReader:
    """A field in which tags can be written."""

    name = "pad"

    def __init__(self, *tags):
        self.tags = {tag.uid: tag for tag in tags}

    async def inventory(self):
        return list(self.tags)

    async def read(self, uid):
        return self.tags[uid]

    async def write_blocks(self, uid, first, blocks):
        data = bytearray(self.tags[uid].data)
        for place, block in enumerate(blocks, first):
            data[4 * place : 4 * place + 4] = block
        self.tags[uid] = replace(self.tags[uid], data=bytes(data))

    async def write_afi(self, uid, afi):
        self.tags[uid] = replace(self.tags[uid], afi=afi)

    async def write_dsfid(self, uid, dsfid):
        self.tags[uid] = replace(self.tags[uid], dsfid=dsfid)


async def test_the_tag_inside_a_copy_that_is_marked_afresh_is_rewritten_and_no_second_one_placed(redoing):
    leaving = await STATIONS["rfid"].process(redoing)
    assert (leaving.way, redoing.verbs()) == (Way.ON, [])
    assert redoing.notes["tag.written"]["pii"] == NUMBER
    (memory,) = redoing.reader.tags.values()
    assert rfid.pii(memory) == NUMBER


async def test_a_copy_marked_afresh_whose_tag_was_taken_out_gets_one(redoing, fake_tag):
    redoing.reader.tags = {}
    leaving = await STATIONS["rfid"].process(redoing)
    assert (redoing.verbs(), reasons(leaving)) == (["place_tag"], ["TAG_NOT_WRITTEN"])  # none was placed


async def test_a_tag_whose_number_lives_is_not_taken_for_the_copys_own(redoing, fake_tag):
    redoing.reader = WritableReader(fake_tag(pii="33194000088881"))
    redoing.codes["place_tag"] = "interlock"
    assert reasons(await STATIONS["rfid"].process(redoing)) == ["TAG_NOT_PLACED"]
    assert rfid.pii(redoing.reader.tags[fake_tag().uid]) == "33194000088881"


@pytest.mark.parametrize(("why", "strokes"), [("PROOF_FAILED", 0), ("STAMP_NOT_PROVEN", 1)])
async def test_a_copy_marked_afresh_is_stamped_again_only_for_its_stamp(why, strokes, bench):
    at = bench("stamp")
    at.copy = replace(at.copy, redo_of=frozenset({why}))
    assert (await STATIONS["stamp"].process(at)).way is Way.ON
    assert at.verbs().count("stamp") == strokes


# --- pre-printed labels ----------------------------------------------------------------------------------


@pytest.fixture
def rolled(bench):
    """A desk whose labels come from a roll."""
    data = tomllib.loads((EXAMPLES / "profiles" / "en.toml").read_text("utf-8"))
    at = bench("barcode_label", layout="desk", numbers={**data["numbers"], "preprinted": True})
    at.copy = replace(at.copy, marks=replace(at.copy.marks, barcode=""))
    return at


async def test_a_label_from_a_roll_gives_the_copy_its_number_by_being_scanned(rolled):
    rolled.answers = [f" {NUMBER} "]
    assert (await STATIONS["barcode_label"].process(rolled)).way is Way.ON
    assert [verb for verb in rolled.verbs() if verb != "apply"] == ["ask", "assign", "preprinted"]
    assert rolled.assigned == [NUMBER]
    assert rolled.printed == []


async def test_a_label_of_no_roll_goes_to_a_person(rolled):
    rolled.answers = ["33194000077777"]
    rolled.refuses = BadInput("the number is on no registered roll")
    assert reasons(await STATIONS["barcode_label"].process(rolled)) == ["LABEL_REFUSED"]


# --- verify ----------------------------------------------------------------------------------------------


def at(x_mm, y_mm, width_mm, height_mm):
    return {"x_mm": x_mm, "y_mm": y_mm, "width_mm": width_mm, "height_mm": height_mm}


BARS, LETTERING = at(15.1, 155.0, 44.0, 15.2), at(None, 15.0, None, 30.0)


def item(text, format_="CODABAR", accepted=True, orientation=2.0, place=BARS):
    return {
        "text": text, "format": format_, "accepted": accepted, "orientation": orientation, "place": place,
    }  # fmt: skip


def lettering(rotation=0, place=LETTERING, holds=True):
    return {"lines": ["823.914", "ISH"], "holds": holds, "rotation": rotation, "place": place}


def stamp(place=(74.0, 61.0), **seen):
    return {"present": True, "legible": True, "upright": True, "place_mm": place, **seen}


@pytest.fixture
def verifying(bench, fake_reader, fake_tag):
    """A bench at which everything is as it should be; a test makes one thing wrong."""
    at = bench("verify")
    at.copy = replace(at.copy, tag_uid=fake_tag().uid)
    at.reader = fake_reader(fake_tag())
    bare = {"barcodes": []}
    at.answers_by_job = {
        "read_label": [{"barcodes": [item(NUMBER), item("9780571258093", "EAN13")]}, bare, bare, bare],
        "read_spine": [lettering()],
        "find_stamp": [stamp()],
    }  # fmt: skip

    async def recognise(kind, request):
        at.calls.append((kind, dict(request)))
        return at.answers_by_job[kind].pop(0)

    at.recognise = recognise
    return at


async def test_a_book_on_which_all_agrees_is_released_with_its_guard_count(verifying):
    leaving = await STATIONS["verify"].process(verifying)
    assert (leaving.way, reasons(leaving)) == (Way.ON, [])
    assert all(proof.holds for proof in verifying.proofs)
    assert verifying.notes["guard"] == {"count": 7}
    assert verifying.verbs()[-1] == "verified"


@pytest.mark.parametrize(
    ("job", "answer", "text"),
    [
        ("read_label", {"barcodes": []}, "seen none"),
        ("read_label", {"barcodes": [item("33194000099999")]}, "seen 33194000099999"),
        ("read_label", {"barcodes": [item(NUMBER), item(NUMBER)]}, f"seen {NUMBER}, {NUMBER}"),
        ("read_label", {"barcodes": [item(NUMBER, accepted=False)]}, "seen none"),
        ("read_spine", {"lines": ["823.914", "ISA"], "holds": False}, "seen 823.914 / ISA"),
        ("find_stamp", {"present": False, "legible": False}, "seen no stamp"),
        ("find_stamp", stamp(legible=False), "illegible stamp"),
        ("find_stamp", stamp(upright=False), "stamp not upright"),
        ("read_label", {"barcodes": [item(NUMBER, orientation=178.0)]}, f"seen {NUMBER} upside down"),
        ("read_label", {"barcodes": [item(NUMBER, orientation=-91.0)]}, f"seen {NUMBER} on its side"),
        ("read_label", {"barcodes": [item(NUMBER, place=at(15, 120, 44, 15))]}, "seen 15 to 59 × 120 to 135"),
        ("read_label", {"barcodes": [item(NUMBER, place=None)]}, "edges were not found"),
        ("read_spine", lettering(rotation=180), "seen 823.914 / ISH upside down"),
        ("read_spine", lettering(place=at(None, 45.0, None, 30.0)), "seen 45 to 75 mm"),
        ("find_stamp", stamp(place=(74.0, 84.0)), "seen 74 × 84 mm"),
        ("find_stamp", stamp(place=None), "edges were not found"),
    ],
)
async def test_one_wrong_thing_keeps_the_book(job, answer, text, verifying):
    verifying.answers_by_job[job][0] = answer
    leaving = await STATIONS["verify"].process(verifying)
    about_stamp = ["STAMP_NOT_PROVEN"] if job == "find_stamp" else []
    assert (leaving.way, reasons(leaving)) == (Way.REVIEW, ["PROOF_FAILED", *about_stamp])
    assert text in leaving.reasons[0].text
    assert "verified" not in verifying.verbs()


async def test_where_the_copy_was_not_measured_the_proof_says_that_places_are_not_told(verifying):
    verifying.copy = replace(verifying.copy, size_mm=None)
    verifying.answers_by_job["find_stamp"] = [stamp(place=None)]
    assert (await STATIONS["verify"].process(verifying)).way is Way.ON
    untold = [proof.what for proof in verifying.proofs if "not measured" in proof.seen]
    assert untold == ["label place on back", "spine label place", "stamp place on title_page"]


async def test_a_tolerance_of_0_leaves_a_place_unproven(bench, verifying):
    spots = [{"surface": "title_page", "x_mm": 75, "y_mm": 60, "tolerance_mm": 0}]
    verifying.profile = bench("verify", stamps=spots).profile
    verifying.answers_by_job["find_stamp"] = [stamp(place=(20.0, 200.0))]
    assert (await STATIONS["verify"].process(verifying)).way is Way.ON
    (proof,) = [proof for proof in verifying.proofs if proof.what == "stamp place on title_page"]
    assert (proof.holds, proof.seen) == (True, "not asked for")


async def test_a_stamp_that_no_camera_sees_is_a_proof_that_says_so(bench, verifying):
    spots = [{"surface": "edge", "x_mm": 12, "y_mm": 60}]
    verifying.profile = bench("verify", stamps=spots).profile
    assert (await STATIONS["verify"].process(verifying)).way is Way.ON
    (proof,) = [proof for proof in verifying.proofs if proof.what == "stamp on edge"]
    assert (proof.holds, proof.seen) == (True, _UNSEEN)


async def test_a_label_that_no_camera_sees_is_not_proven(bench, verifying):
    labels = verifying.profile.labels.model_dump()
    labels["copies"] = [*labels["copies"], {"surface": "edge", "x_mm": 0, "y_mm": 60}]
    verifying.profile = bench("verify", labels=labels).profile
    assert reasons(await STATIONS["verify"].process(verifying)) == ["PROOF_FAILED"]


@pytest.mark.parametrize(("rotation", "way"), [(270, Way.ON), (90, Way.REVIEW), (0, Way.REVIEW)])
async def test_lettering_along_the_spine_stands_as_its_template_says(rotation, way, bench, verifying):
    labels = verifying.profile.labels.model_dump()
    labels["spine"]["template"] = str(EXAMPLES / "labels" / "spine-along-10x60.toml")
    verifying.profile = bench("verify", labels=labels).profile
    verifying.answers_by_job["read_spine"] = [lettering(rotation)]
    assert (await STATIONS["verify"].process(verifying)).way is way


async def test_two_labels_on_one_surface_each_need_their_own_place(bench, verifying):
    labels = verifying.profile.labels.model_dump()
    labels["copies"] = [*labels["copies"], {"surface": "back", "x_mm": 12, "y_mm": 100}]
    verifying.profile = bench("verify", labels=labels).profile
    pair = [item(NUMBER), item(NUMBER, place=at(15.0, 105.0, 44.0, 15.0))]
    job = verifying.answers_by_job["read_label"]
    job[0] = {"barcodes": pair}
    assert (await STATIONS["verify"].process(verifying)).way is Way.ON


@pytest.mark.parametrize(("foot", "way"), [(761, Way.ON), (1052, Way.REVIEW)])
async def test_bars_higher_than_their_label_are_two_labels(foot, way, verifying):
    corners = [(310, 608), (756, 608), (756, foot), (310, foot)]
    verifying.answers_by_job["read_label"][0] = {"barcodes": [item(NUMBER) | {"polygon": corners}]}
    assert (await STATIONS["verify"].process(verifying)).way is way


async def test_the_slip_in_a_copy_fed_again_is_no_item_label(verifying):
    slip = item("WC-R00003", "CODE128")
    verifying.answers_by_job["read_label"][0] = {"barcodes": [item(NUMBER), slip]}
    assert (await STATIONS["verify"].process(verifying)).way is Way.ON


async def test_a_label_where_none_belongs_keeps_the_book(verifying):
    verifying.answers_by_job["read_label"][1] = {"barcodes": [item(NUMBER)]}
    leaving = await STATIONS["verify"].process(verifying)
    assert reasons(leaving) == ["PROOF_FAILED"]


@pytest.mark.parametrize("case", ["none", "other pii", "other uid", "two", "wrong afi", "half written"])
async def test_any_doubt_about_the_tag_keeps_the_book(case, verifying, fake_reader, fake_tag):
    verifying.reader = {
        "none": fake_reader(),
        "other pii": fake_reader(fake_tag(pii="33194000010019")),
        "other uid": fake_reader(fake_tag("E004010000000009")),
        "two": fake_reader(fake_tag(), fake_tag("E004010000000009")),
        "wrong afi": fake_reader(fake_tag(afi=0xC2)),
        "half written": fake_reader(fake_tag(cut=12)),
    }[case]
    assert reasons(await STATIONS["verify"].process(verifying)) == ["PROOF_FAILED"]


async def test_at_a_desk_without_cameras_the_person_scans_and_confirms(bench):
    at = bench("verify", layout="desk", operations={"rfid": False})
    at.answers = [NUMBER, "yes"]
    assert (await STATIONS["verify"].process(at)).way is Way.ON
    at.answers = ["33194000099999", "no"]
    leaving = await STATIONS["verify"].process(at)
    assert reasons(leaving) == ["PROOF_FAILED"]
    assert [proof.holds for proof in at.proofs] == [False, False, True]
    assert (at.proofs[-1].what, at.proofs[-1].seen) == ("stamp on title_page", _UNSEEN)


async def test_what_is_switched_off_is_not_proven(bench):
    off = dict.fromkeys(("stamp", "barcode_label", "spine_label", "rfid"), False)
    at = bench("verify", operations=off)
    assert (await STATIONS["verify"].process(at)).way is Way.ON
    assert at.proofs == []
