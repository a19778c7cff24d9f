"""Delivery: written down first, sent at least once, taken once, the answer kept."""

from dataclasses import replace
from datetime import timedelta

import pymarc
import pytest

from workcell.kernel.errors import BadInput, DeviceGone, Refused
from workcell.site import FileDrop, delivery_of, work_outbox
from workcell.site.outbox import Round


class FarSide:
    """A library system that remembers items, and fails as it is told."""

    name = "far"

    def __init__(self):
        self.items = {}
        self.calls = 0
        self.trouble = {}

    def deliver(self, delivery):
        self.calls += 1
        if self.trouble.get(delivery.item_id):
            raise self.trouble[delivery.item_id]
        self.items[delivery.item_id] = delivery
        return {"id": f"far-{delivery.item_id}"}


@pytest.fixture
def deliveries(batch):
    return [delivery_of(book, batch.profile, "B1", book.price) for book in batch.books[:2]]


def test_a_delivery_survives_the_outbox_whole(site, deliveries, noon):
    parcel = site.outbox.put(deliveries[0], "far", noon)
    again = site.outbox.get(parcel.item_id, "far").delivery
    assert again.record.as_dict() == deliveries[0].record.as_dict()
    assert replace(again, record=deliveries[0].record) == deliveries[0]


def test_what_is_put_is_delivered_once_with_its_answer(site, deliveries, noon):
    far = FarSide()
    for delivery in (*deliveries, *deliveries):
        site.outbox.put(delivery, "far", noon)
    assert work_outbox(site.outbox, far, noon) == Round(delivered=2)
    assert work_outbox(site.outbox, far, noon) == Round()
    parcel = site.outbox.of_batch("B1")[0]
    assert (parcel.state, parcel.answer) == ("delivered", {"id": f"far-{parcel.item_id}"})
    site.outbox.put(deliveries[0], "far", noon)
    assert site.outbox.due("far", noon) == []


def test_a_far_side_that_is_gone_is_tried_again_after_growing_pauses(site, deliveries, noon):
    far = FarSide()
    first = deliveries[0].item_id
    far.trouble[first] = DeviceGone("no connection", subject="far")
    for delivery in deliveries:
        site.outbox.put(delivery, "far", noon)
    assert work_outbox(site.outbox, far, noon) == Round(postponed=2)
    assert far.calls == 1, "nobody knocks twice on a closed door in one round"
    assert work_outbox(site.outbox, far, noon) == Round()
    work_outbox(site.outbox, far, noon + timedelta(seconds=5))
    assert site.outbox.due("far", noon + timedelta(seconds=14)) == []
    far.trouble.clear()
    assert work_outbox(site.outbox, far, noon + timedelta(seconds=15)).delivered == 2


def test_an_item_that_is_refused_stops_alone(site, deliveries, noon):
    far = FarSide()
    far.trouble[deliveries[0].item_id] = Refused("barcode exists", subject="far")
    for delivery in deliveries:
        site.outbox.put(delivery, "far", noon)
    assert work_outbox(site.outbox, far, noon) == Round(delivered=1, refused=1)
    parcel = site.outbox.get(deliveries[0].item_id, "far")
    assert (parcel.state, parcel.problem) == ("refused", "far: barcode exists")


def test_a_corrected_item_goes_out_again(site, deliveries, noon):
    far = FarSide()
    site.outbox.put(deliveries[0], "far", noon)
    work_outbox(site.outbox, far, noon)
    corrected = replace(deliveries[0], item={**deliveries[0].item, "location": "EAST"})
    later = noon + timedelta(minutes=1)
    site.outbox.put(corrected, "far", later)
    assert work_outbox(site.outbox, far, later).delivered == 1
    assert far.items[corrected.item_id].item["location"] == "EAST"


def test_a_correction_made_while_the_old_one_was_under_way_is_not_lost(site, deliveries, noon):
    sent = site.outbox.put(deliveries[0], "far", noon)
    corrected = replace(deliveries[0], item={**deliveries[0].item, "location": "EAST"})
    site.outbox.put(corrected, "far", noon + timedelta(seconds=1))
    site.outbox.delivered(sent, {"id": "old"}, noon + timedelta(seconds=2))
    assert [parcel.state for parcel in site.outbox.due("far", noon + timedelta(minutes=1))] == ["waiting"]


def test_an_unknown_delivery_is_named(site):
    with pytest.raises(BadInput, match="no such delivery"):
        site.outbox.get("x", "far")


def test_the_file_drop_takes_an_item_as_often_as_it_comes(batch, deliveries, tmp_path):
    drop = FileDrop(tmp_path, batch.profile.records.format, batch.profile.records.item_field)
    answers = [drop.deliver(delivery) for delivery in (*deliveries, *deliveries)]
    assert answers[:2] == answers[2:]
    drop.publish()
    folder = tmp_path / deliveries[0].batch_id
    with (folder / "records.mrc").open("rb") as file:
        assert len(list(pymarc.MARCReader(file))) == 2
    assert len((folder / "items.csv").read_text("utf-8").splitlines()) == 3
    with pytest.raises(BadInput, match="without an item identifier"):
        drop.deliver(replace(deliveries[0], item_id=""))


def test_a_batch_is_published_once_and_again_when_something_of_it_comes(batch, deliveries, tmp_path):
    def load_files():
        return {path.parent.name: path.stat().st_mtime_ns for path in tmp_path.glob("*/items.csv")}

    drop = FileDrop(tmp_path, batch.profile.records.format, batch.profile.records.item_field)
    for name in ("first", "second"):
        drop.deliver(replace(deliveries[0], batch_id=name))
    drop.publish()
    before = load_files()
    assert before.keys() == {"first", "second"}
    drop.deliver(replace(deliveries[1], batch_id="second"))
    assert load_files().keys() == {"first"}, "what is there is whole"
    FileDrop(tmp_path, batch.profile.records.format, batch.profile.records.item_field).publish()
    after = load_files()
    assert after["first"] == before["first"]
    assert len((tmp_path / "second" / "items.csv").read_text("utf-8").splitlines()) == 3


def test_a_draft_is_delivered_suppressed(english_batch, tmp_path):
    book = english_batch.books[0]
    draft = replace(book, decision=replace(book.decision, decision=type(book.decision.decision)("draft")))
    delivery = delivery_of(draft, english_batch.profile, "B1", None)
    assert delivery.suppressed
    drop = FileDrop(tmp_path, "marc21", "952")
    drop.deliver(delivery)
    drop.publish()
    kept = tmp_path / "B1" / "suppressed.json"
    assert kept.read_text("utf-8") == '[\n  "rec1"\n]\n'
    drop.deliver(replace(delivery, suppressed=False))
    drop.publish()
    assert not kept.exists(), "signed since"
    with pytest.raises(BadInput, match="without record or marks"):
        delivery_of(replace(book, record=None), english_batch.profile, "B1", None)
