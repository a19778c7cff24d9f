"""Rework of a released copy: number, label, tag, register and item, and going on after it broke off."""

from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace

import pymarc
import pytest

from stations import rfid
from workcell.kernel.errors import BadInput, DeviceFault, Refused
from workcell.kernel.ports import PrinterStatus, TagMemory
from workcell.kernel.profile import Surface, load_profile
from workcell.line.rework import Rework, Workplace
from workcell.site import Delivery, NumberOwner, Site

NOW = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
PROFILE = load_profile(Path(__file__).resolve().parents[3] / "examples" / "profiles" / "en.toml")
UID = "E004010000000001"
BACK = Surface.BACK


class Person:
    """Scans the label that was printed last, or what a test wants."""

    def __init__(self):
        self.scans = []
        self.told_of = []

    async def told(self, text):
        self.told_of.append(text)

    async def asked(self, question):
        return self.scans.pop(0) if self.scans else self.told_of[-1].split("put ")[1].split()[0]


class Printer:
    name = "labels"

    def __init__(self):
        self.jobs = []
        self.ready = True

    async def status(self):
        problems = () if self.ready else ("paper_out",)
        return PrinterStatus(self.ready, problems=problems)

    async def print(self, job):
        self.jobs.append(job)


class Pad:
    """A reader with one tag on it."""

    name = "pad"

    def __init__(self, pii):
        number = int(pii)  # by integer compaction, as the tag station leaves it
        data = number.to_bytes((number.bit_length() + 7) // 8, "big")
        self.memory = bytearray((bytes([0x11, len(data)]) + data).ljust(112, b"\0"))
        self.afi, self.dsfid = 7, 6

    async def inventory(self):
        return [UID]

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
def shop():
    """A site with one released copy, and all that a rework is done with."""
    site = Site.open("sqlite://")
    owner = NumberOwner("twin", "B1", "B1-0001")
    number = site.numbers.reserve("item", PROFILE.numbers.item, owner, NOW)
    for step in (site.numbers.printed, site.numbers.applied, site.numbers.verified):
        step(number, BACK, NOW)
    record = pymarc.Record()
    record.add_field(pymarc.Field("001", data="r1"))
    record.add_field(pymarc.Field("952", pymarc.Indicators(" ", " "), [pymarc.Subfield("p", number)]))
    item = {
        "barcode": number, "accession": "R0000001", "location": "MAIN", "book": "B1-0001", "batch": "B1",
        "tag_uid": UID, "tag_pii": number, "afi": "07", "title": "T",
    }  # fmt: skip
    site.register.enter("B1", "B1-0001", "R0000001", item, NOW)
    site.outbox.put(Delivery(number, "B1", "r1", record, item), "file-drop", NOW)
    made = SimpleNamespace(site=site, number=number, person=Person(), printer=Printer(), pad=Pad(number))

    async def rework(barcode=number, pad=made.pad):
        at = Workplace(made.person, made.printer, pad)
        clock = SimpleNamespace(wall=lambda: NOW)
        return await Rework(site, PROFILE, clock, at, "file-drop").run(barcode, "torn label")

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
    assert cancelling.reason == f"torn label: {done.new} takes the place of {shop.number}"
    assert (standing.accession, standing.data["barcode"]) == ("R0000001", done.new)


async def test_a_label_that_reads_otherwise_stops_the_rework_and_it_goes_on_from_there(shop):
    shop.person.scans = ["33194000099999"]
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
    await shop.rework()
    assert len(shop.printer.jobs) == 1


async def test_a_tag_of_another_book_is_never_written_over(shop):
    with pytest.raises(Refused, match="not rewritten"):
        await shop.rework(pad=Pad("33194000088888"))
    assert delivered(shop).item["barcode"] == shop.number


async def test_without_a_reader_the_person_vouches_for_the_tag(shop):
    shop.person.scans = []
    shop.person.asked = _scan_then("no", shop.person)
    with pytest.raises(Refused, match="tag was not rewritten"):
        await shop.rework(pad=None)
    shop.person.asked = _scan_then("yes", shop.person)
    done = await shop.rework(pad=None)
    assert delivered(shop).item["tag_pii"] == done.new


def _scan_then(answer, person):
    async def asked(question):
        if question.startswith("Scan"):
            return person.told_of[-1].split("put ")[1].split()[0]
        return answer

    return asked


async def test_a_number_that_no_released_copy_has_is_refused(shop):
    with pytest.raises(BadInput, match="no released copy"):
        await shop.rework("33194000077777")


async def test_a_second_rework_follows_the_first(shop):
    first = await shop.rework()
    second = await shop.rework(first.new)
    assert second.new not in (first.new, shop.number)
    assert delivered(shop).item["barcode"] == second.new
    assert len(shop.site.register.lines()) == 5
