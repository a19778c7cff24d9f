"""Rework of a released copy: its marks, register and item, and going on after it broke off."""

from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace

import pymarc
import pytest

from label_print import NotReady
from stations import rfid
from workcell.kernel.errors import BadInput, ConfigError, DeviceFault, DeviceGone, Refused
from workcell.kernel.number_ranges import write_number
from workcell.kernel.ports import PrinterStatus, TagMemory
from workcell.kernel.profile import NumberRange, Surface, load_profile
from workcell.line.relabel import Workplace
from workcell.line.rework import Rework
from workcell.site import Delivery, NumberOwner, Redo, Site

NOW = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
PROFILE = load_profile(Path(__file__).resolve().parents[3] / "examples" / "profiles" / "en.toml")
UID = "E004010000000001"
BACK = Surface.BACK


class Person:
    """Scans the label that was printed last, says yes, or answers as a test wants."""

    def __init__(self):
        self.answers = []
        self.told_of = []
        self.asked_of = []

    async def told(self, text):
        self.told_of.append(text)

    async def asked(self, question):
        self.asked_of.append(question)
        if self.answers:
            return self.answers.pop(0)
        if not question.startswith("Scan"):
            return "yes"
        return next(text for text in reversed(self.told_of) if "put " in text).split("put ")[1].split()[0]


class Printer:
    """A printer that is out of paper before a job, or in its midst, when a test says so."""

    def __init__(self, name="labels"):
        self.name = name
        self.jobs = []
        self.ready = True
        self.fails_after_sending = False

    async def status(self):
        return PrinterStatus(self.ready, problems=() if self.ready else ("paper_out",))

    async def print(self, job):
        if not self.ready:
            raise NotReady("paper out", subject=self.name)
        self.jobs.append(job)
        if self.fails_after_sending:
            raise DeviceFault("ribbon out", subject=self.name)


class Pad:
    """A reader with one tag on it."""

    name = "pad"

    def __init__(self, pii):
        number = int(pii)  # by integer compaction, as the tag station leaves it
        data = number.to_bytes((number.bit_length() + 7) // 8, "big")
        self.memory = bytearray((bytes([0x11, len(data)]) + data).ljust(112, b"\0"))
        self.afi, self.dsfid = 7, 6
        self.uids = [UID]

    async def inventory(self):
        return self.uids

    async def read(self, uid):
        return TagMemory(uid, 4, bytes(self.memory), self.afi, self.dsfid)

    async def write_blocks(self, uid, first, blocks):
        for place, block in enumerate(blocks, first):
            self.memory[4 * place : 4 * place + 4] = block

    async def write_afi(self, uid, afi):
        self.afi = afi

    async def write_dsfid(self, uid, dsfid):
        self.dsfid = dsfid


@pytest.fixture
def shop(tmp_path):
    """A site with one released copy, and all that a rework is done with."""
    site = Site.open("sqlite://")
    owner = NumberOwner("twin", "B1", "B1-0001")
    number = site.numbers.reserve("item", PROFILE.numbers.item, owner, NOW)
    for step in (site.numbers.printed, site.numbers.applied, site.numbers.verified):
        step(number, BACK, NOW)
    record = pymarc.Record()
    record.add_field(pymarc.Field("001", data="r1"))
    parts = [("a", "MAIN"), ("o", "823.914 I73n"), ("p", number)]
    subfields = [pymarc.Subfield(code, value) for code, value in parts]
    record.add_field(pymarc.Field("952", pymarc.Indicators(" ", " "), subfields))
    item = {
        "barcode": number, "accession": "R0000001", "location": "MAIN", "book": "B1-0001", "batch": "B1",
        "tag_uid": UID, "tag_pii": number, "afi": "07", "title": "T", "call_number": "823.914 I73n",
        "volume": "", "copy": "1",
    }  # fmt: skip
    site.register.enter("B1", "B1-0001", "R0000001", item, NOW)
    site.outbox.put(Delivery(number, "B1", "r1", record, item), "file-drop", NOW)
    made = SimpleNamespace(
        site=site, number=number, person=Person(), printer=Printer(), spines=Printer("spines"),
        pad=Pad(number), profile=PROFILE,
    )  # fmt: skip

    async def rework(barcode=number, pad="its own", again=False, **redo):
        reader = made.pad if pad == "its own" else pad
        at = Workplace(made.person, made.printer, made.spines, reader, tmp_path / "runs")
        clock = SimpleNamespace(wall=lambda: NOW, now=lambda: 0.0)
        work = Rework(site, made.profile, clock, at, "file-drop", who="anna")
        return await work.run(barcode, None if again else Redo(redo.pop("reason", "torn label"), **redo))

    made.rework = rework
    yield made
    site.close()


def delivered(shop):
    return shop.site.outbox.get(shop.number, "file-drop").delivery


async def test_a_rework_voids_relabels_rewrites_and_corrects(shop):
    done = await shop.rework()
    numbers = shop.site.numbers
    assert numbers.find(shop.number).state == "voided"
    assert numbers.find(shop.number).reason == f"torn label; replaced by {done.new}"
    assert numbers.find(done.new).state == "verified"
    assert rfid.pii(await shop.pad.read(UID)) == done.new
    assert delivered(shop).item["barcode"] == delivered(shop).item["tag_pii"] == done.new
    assert delivered(shop).record["952"]["p"] == done.new
    assert shop.site.outbox.get(shop.number, "file-drop").state == "waiting"


async def test_the_register_keeps_the_old_line_and_cancels_it(shop):
    done = await shop.rework()
    first, cancelling, standing = shop.site.register.lines()
    assert (cancelling.cancels, standing.cancels) == (first.id, None)
    assert cancelling.reason == f"torn label: number {done.new} takes the place of {shop.number}"
    assert (standing.accession, standing.data["barcode"]) == ("R0000001", done.new)


async def test_a_label_that_reads_otherwise_stops_the_rework_and_it_goes_on_from_there(shop):
    shop.person.answers = ["33194000099999"]
    with pytest.raises(Refused, match="reads 33194000099999"):
        await shop.rework()
    assert delivered(shop).item["barcode"] == shop.number
    done = await shop.rework()
    labels = shop.site.numbers.labels(done.new)
    assert [(label.attempt, label.state) for label in labels] == [(1, "voided"), (2, "verified")]
    assert labels[0].reason == "read back as 33194000099999"
    assert len(shop.site.numbers.of_book("B1-0001")) == 2


async def test_a_printer_that_is_not_ready_leaves_nothing_half_printed(shop):
    shop.printer.ready = False
    with pytest.raises(DeviceFault, match="paper out"):
        await shop.rework()
    shop.printer.ready = True
    await shop.rework(again=True)
    assert len(shop.printer.jobs) == 1


@pytest.mark.parametrize(("came_out", "jobs"), [("yes", 1), ("no", 2)])
async def test_a_label_that_may_be_out_is_asked_for_and_never_sent_again_by_itself(came_out, jobs, shop):
    shop.printer.fails_after_sending = True
    with pytest.raises(DeviceFault, match="ribbon out"):
        await shop.rework()
    shop.printer.fails_after_sending = False
    shop.person.answers = [came_out]
    done = await shop.rework(again=True)
    assert "come out of labels?" in shop.person.asked_of[0]
    assert len(shop.printer.jobs) == jobs
    assert [label.attempt for label in shop.site.numbers.labels(done.new)] == [1]


async def test_a_label_that_is_out_is_not_printed_again_after_the_power_went(shop):
    async def dies(question):
        raise DeviceGone("the power went")

    asked, shop.person.asked = shop.person.asked, dies
    with pytest.raises(DeviceGone):
        await shop.rework()
    shop.person.asked = asked
    done = await shop.rework(again=True)
    assert len(shop.printer.jobs) == 1
    assert shop.site.numbers.find(done.new).state == "verified"


async def test_a_tag_of_another_book_is_never_written_over(shop):
    with pytest.raises(Refused, match="not written"):
        await shop.rework(pad=Pad("33194000088888"))
    assert delivered(shop).item["barcode"] == shop.number


async def test_without_a_reader_the_person_vouches_for_the_tag(shop):
    shop.person.asked = _scan_then("no", shop.person)
    with pytest.raises(Refused, match="tag was not rewritten"):
        await shop.rework(pad=None)
    shop.person.asked = _scan_then("yes", shop.person)
    done = await shop.rework(pad=None, again=True)
    assert delivered(shop).item["tag_pii"] == done.new


def _scan_then(answer, person):
    async def asked(question):
        if question.startswith("Scan"):
            return person.told_of[-1].split("put ")[1].split()[0]
        return answer

    return asked


async def test_a_tag_that_is_gone_stops_the_rework_and_a_new_one_may_follow(shop):
    shop.pad.uids = []
    with pytest.raises(Refused, match="tag was not written") as refused:
        await shop.rework()
    assert "--new-tag" in refused.value.remedy
    assert shop.site.reworks.find(shop.number)
    shop.pad.uids = [UID]
    done = await shop.rework(again=True)
    shop.pad = Pad("0")
    shop.pad.memory[:], shop.pad.uids = bytes(112), ["E004010000000009"]
    again = await shop.rework(done.new, reason="dead tag", renumber=False, new_tag=True)
    assert (again.new, again.tag_uid) == (done.new, "E004010000000009")
    assert rfid.pii(await shop.pad.read("E004010000000009")) == done.new
    assert delivered(shop).item["tag_uid"] == "E004010000000009"
    assert shop.site.register.lines()[-2].reason == (
        f"dead tag: tag E004010000000009 takes the place of {UID}"
    )  # fmt: skip


async def test_a_new_tag_needs_a_reader_and_nothing_is_begun_without(shop):
    with pytest.raises(ConfigError, match="no RFID reader"):
        await shop.rework(pad=None, new_tag=True)
    assert shop.site.reworks.unfinished() == []
    assert shop.site.numbers.find(shop.number).state == "verified"


async def test_another_call_number_gets_a_spine_label_and_stands_in_item_record_and_register(shop):
    done = await shop.rework(spine=True, call_number="823.92 I73n", reason="reclassified")
    assert len(shop.spines.jobs) == 1
    assert "Does the spine label read: 823.92 / I73n?" in shop.person.asked_of[1]
    assert done.call_number == delivered(shop).item["call_number"] == "823.92 I73n"
    assert (delivered(shop).record["952"]["o"], delivered(shop).record["952"]["p"]) == (
        "823.92 I73n",
        done.new,
    )
    assert shop.site.register.lines()[-1].data["call_number"] == "823.92 I73n"
    assert "call number 823.92 I73n takes the place of 823.914 I73n" in shop.site.register.lines()[-2].reason
    (void,) = [line for line in shop.site.audit.lines() if line.detail.get("step") == "spine void"]
    assert (void.detail["lines"], void.who) == (["823.914", "I73n"], "anna")


async def test_a_spine_label_alone_leaves_number_labels_and_tag(shop):
    done = await shop.rework(renumber=False, spine=True, reason="fell off")
    assert (done.new, shop.printer.jobs, len(shop.spines.jobs)) == (shop.number, [], 1)
    assert shop.site.numbers.find(shop.number).state == "verified"
    assert rfid.pii(await shop.pad.read(UID)) == shop.number
    assert len(shop.site.register.lines()) == 1  # nothing that it tells has changed
    await shop.rework(renumber=False, spine=True, reason="fell off again")
    assert len(shop.spines.jobs) == 2


async def test_a_spine_label_that_reads_otherwise_is_printed_anew_and_one_that_is_right_is_not(shop):
    shop.person.answers = ["no"]
    with pytest.raises(Refused, match="does not read"):
        await shop.rework(renumber=False, spine=True)
    shop.pad.uids = []
    begun = shop.site.reworks.find(shop.number)
    assert [name for name, _ in begun.steps] == ["spine void", "spine refused"]
    await shop.rework(again=True)
    assert len(shop.spines.jobs) == 2


async def test_what_was_done_is_not_done_again_after_the_tag_failed(shop):
    shop.pad.uids = []
    with pytest.raises(Refused, match="tag"):
        await shop.rework(spine=True)
    shop.pad.uids = [UID]
    await shop.rework(again=True)
    assert (len(shop.printer.jobs), len(shop.spines.jobs)) == (1, 1)


async def test_a_copy_without_call_number_gets_no_spine_label(shop):
    parcel = shop.site.outbox.get(shop.number, "file-drop").delivery
    bare = {**parcel.item, "call_number": ""}
    shop.site.outbox.put(Delivery(shop.number, "B1", "r1", parcel.record, bare), "file-drop", NOW)
    with pytest.raises(BadInput, match="no call number"):
        await shop.rework(spine=True)
    assert shop.site.numbers.find(shop.number).state == "verified"


# --- pre-printed rolls -----------------------------------------------------------------------------------


@pytest.fixture
def rolled(shop):
    """The shop with a roll of pre-printed labels; gives the number on its n-th label."""
    numbers = PROFILE.numbers.model_copy(update={"preprinted": True})
    shop.profile = PROFILE.model_copy(update={"numbers": numbers})
    range_ = NumberRange(scheme="codabar14", institution="3194", first=500, last=509)
    shop.site.rolls.register("item", range_, "anna", NOW)
    shop.label = lambda nth: write_number(range_, 499 + nth)
    return shop


async def test_with_rolls_the_new_number_is_that_of_the_label_that_was_scanned(rolled):
    rolled.person.answers = [rolled.label(3)]
    done = await rolled.rework()
    assert done.new == rolled.label(3)
    assert rolled.printer.jobs == []
    assert rolled.site.numbers.find(done.new).state == "verified"
    assert rolled.site.numbers.find(rolled.number).reason == f"torn label; replaced by {done.new}"
    assert rfid.pii(await rolled.pad.read(UID)) == done.new


async def test_a_label_of_no_roll_leaves_the_old_number_alive(rolled):
    rolled.person.answers = ["33194000099994"]
    with pytest.raises(BadInput, match="no registered roll"):
        await rolled.rework()
    assert rolled.site.numbers.find(rolled.number).state == "verified"
    rolled.person.answers = [rolled.label(1)]
    assert (await rolled.rework(again=True)).new == rolled.label(1)


async def test_a_pair_from_rolls_carries_one_number_and_goes_on_with_it(rolled):
    (one,) = PROFILE.labels.copies
    pair = (one, one.model_copy(update={"surface": Surface.TITLE_PAGE}))
    labels = PROFILE.labels.model_copy(update={"copies": pair})
    rolled.profile = rolled.profile.model_copy(update={"labels": labels})
    rolled.person.answers = [rolled.label(1), rolled.label(2)]
    with pytest.raises(Refused, match=f"has {rolled.label(1)} already"):
        await rolled.rework()
    rolled.person.answers = [rolled.label(1)]
    done = await rolled.rework(again=True)
    states = [(line.surface.value, line.state) for line in rolled.site.numbers.labels(done.new)]
    assert states == [("back", "verified"), ("title_page", "verified")]


# --- begun and ended -------------------------------------------------------------------------------------


async def test_what_is_begun_stays_on_record_until_it_is_ended(shop):
    shop.printer.ready = False
    with pytest.raises(DeviceFault):
        await shop.rework(spine=True)
    (begun,) = shop.site.reworks.unfinished()
    assert (begun.barcode, begun.wanted.reason, begun.who) == (shop.number, "torn label", "anna")
    with pytest.raises(Refused, match="another rework of it is not ended"):
        await shop.rework(reason="something else")
    shop.printer.ready = True
    await shop.rework(again=True)
    assert len(shop.spines.jobs) == 1  # as it was asked for when it was begun
    assert shop.site.reworks.unfinished() == []


async def test_there_is_nothing_to_go_on_with_where_nothing_was_begun(shop):
    with pytest.raises(Refused, match="no rework of it was broken off"):
        await shop.rework(again=True)


async def test_a_crash_right_before_the_end_is_ended_by_asking_again(shop, monkeypatch):
    def crash(*arguments, **detail):
        raise DeviceGone("the power went")

    with monkeypatch.context() as broken:
        broken.setattr(shop.site.reworks, "end", crash)
        with pytest.raises(DeviceGone):
            await shop.rework()
    done = await shop.rework(again=True)
    assert done.new == delivered(shop).item["barcode"]
    assert shop.site.reworks.unfinished() == []
    assert len(shop.printer.jobs) == 1


async def test_a_number_that_no_released_copy_has_is_refused(shop):
    with pytest.raises(BadInput, match="no released copy"):
        await shop.rework("33194000077777")


async def test_a_copy_of_the_sample_stays_in_it_under_its_new_number(shop):
    shop.site.spot_checks.pick(shop.number, "B1", "B1-0001", {"decision": "copy", "source": "vendor"}, NOW)
    shop.site.spot_checks.judge(shop.number, "wrong", "torn label", "bo", NOW)
    done = await shop.rework()
    (check,) = shop.site.spot_checks.all()
    assert (check.barcode, check.verdict) == (done.new, "wrong")


async def test_a_second_rework_follows_the_first(shop):
    first = await shop.rework()
    second = await shop.rework(first.new)
    assert second.new not in (first.new, shop.number)
    assert delivered(shop).item["barcode"] == second.new
    assert len(shop.site.register.lines()) == 5
