"""The world: matter that stays where it is, marks that land where they are put, and its memory."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from workcell.kernel.errors import ConfigError
from workcell.kernel.layout import Layout
from workcell.twin import Box, PlantedMark, World, pack
from workcell.twin.matter import Lie, Opening

NUMBER = "31940000010003"
OTHER = "31940000010011"

AWorld = Callable[..., Any]


def _events(hand: Any, place: int = 0) -> list[str]:
    return [event["kind"] for event in hand.world.truth()["books"][place]["events"]]


def test_books_are_fed_in_order_into_an_empty_zone(a_world: AWorld) -> None:
    hand = a_world("t-en-1", "t-zh-1")
    assert hand.feed(7).name == "copy-0001"
    assert hand.world.feed(8) == "interlock"
    hand.carry(hand.world.book_in("supply"), "posture")
    assert hand.feed(8).track_id == 8
    hand.carry(hand.world.book_in("posture"), "sort")
    hand.carry(hand.world.book_in("supply"), "posture")
    assert hand.world.feed(9) == "empty"


def test_the_photo_eyes_count_what_enters_and_what_leaves(a_world: AWorld) -> None:
    hand = a_world("t-en-1", "t-zh-1")
    hand.place("sort")
    assert (hand.world.entered(), hand.world.left()) == (1, 0)
    assert hand.world.move("sort", "bin:4") == "ok"
    assert (hand.world.entered(), hand.world.left()) == (1, 1)
    assert not hand.world.at_rest()
    assert hand.world.truth()["books"][0]["bin"] == "main"


def test_a_zone_holds_one_book(a_world: AWorld) -> None:
    hand = a_world("t-en-1", "t-zh-1")
    hand.place("posture")
    hand.feed(2)
    assert hand.world.move("supply", "posture") == "interlock"
    assert hand.world.move("capture", "page_turn") == "no_book"


def test_books_lie_in_every_posture(layout: Layout, box: Box) -> None:
    lies = [book.lie for book in World(layout, pack(box, 80, 1), seed=1).books()]
    assert {(lie.up, lie.turns) for lie in lies} == {(up, n) for up in ("front", "back") for n in range(4)}
    assert max(abs(lie.skew_deg) for lie in lies) <= 4


def test_an_applied_label_says_what_can_be_read_on_it(a_world: AWorld) -> None:
    hand = a_world("t-en-1")
    hand.place("barcode_label")
    assert hand.world.apply_label("barcode_label", "back", 12, 150) == "no_label"
    assert hand.label(NUMBER) == "ok"
    assert hand.world.truth()["books"][0]["labels"] == [{"barcode": NUMBER, "place": "back"}]


def test_a_spine_label_is_kept_apart(a_world: AWorld) -> None:
    hand = a_world("t-en-1")
    hand.place("spine_label")
    assert hand.spine_label() == "ok"
    book = hand.world.truth()["books"][0]
    assert book["labels"] == []
    assert book["spine_labels"] == [{"file": "labels/label-0001.png", "place": "spine"}]


def test_on_a_book_that_lies_wrong_the_label_lands_on_the_other_cover_upside_down(a_world: AWorld) -> None:
    hand = a_world("t-en-1")
    book = hand.place("barcode_label", lie=Lie("front", 2, 0.0, 0.0, 0.0))
    assert hand.label(NUMBER) == "ok"
    applied = book.labels[0]
    assert (applied.surface, applied.turns) == ("front", 2)
    assert applied.x_mm == pytest.approx(152 - 12 - applied.label.width_mm)


def test_a_label_beside_the_book_does_not_stick(a_world: AWorld) -> None:
    hand = a_world("t-thin")
    book = hand.place("barcode_label")
    assert hand.label(NUMBER, y=180.0) == "ok"
    assert book.labels[0].fallen
    assert hand.world.truth()["books"][0]["labels"] == []
    assert "label_missed" in _events(hand)


def test_marks_on_pages_need_the_book_open(a_world: AWorld) -> None:
    hand = a_world("t-en-1")
    book = hand.place("stamp")
    assert hand.world.stamp("stamp", "title_page", 75, 60) == "interlock"
    hand.world.hold_open(book, Opening(0))
    assert hand.world.stamp("stamp", "title_page", 75, 60) == "ok"
    assert hand.world.truth()["books"][0]["stamps"] == ["title_page"]
    hand.carry(book, "barcode_label")
    assert book.opening is None


def test_a_label_that_was_not_taken_falls_down_when_the_next_comes(a_world: AWorld) -> None:
    hand = a_world("t-en-1")
    hand.place("barcode_label")
    hand.world.label_printed("barcode", np.full((200, 400), 255, np.uint8), 203)
    assert hand.world.label_waiting("barcode")
    assert hand.label(NUMBER) == "ok"
    assert not hand.world.label_waiting("barcode")
    assert [label["barcode"] for label in hand.world.truth()["books"][0]["labels"]] == [NUMBER]


def test_the_reader_hears_the_tag_in_its_zone(a_world: AWorld) -> None:
    hand = a_world("t-en-1", "t-zh-1")
    book = hand.place("rfid")
    assert hand.world.tags_in_field("tag") == []
    tag = hand.tag(book)
    assert hand.world.tags_in_field("tag") == [tag]
    assert tag.uid.startswith("E004")
    assert hand.world.place_tag("rfid") == "interlock"
    hand.carry(book, "verify")
    assert hand.world.tags_in_field("tag") == []
    assert hand.world.tags_in_field("verify-tag") == [tag]


def test_tags_never_share_a_uid(a_world: AWorld) -> None:
    hand = a_world("t-en-1", "t-zh-1")
    uids = set()
    for track_id in (1, 2):
        book = hand.place("rfid", track_id)
        uids.add(hand.tag(book).uid)
        hand.carry(book, "sort")
        hand.world.move("sort", "bin:4")
    assert len(uids) == 2


@pytest.mark.parametrize(
    ("kind", "left"),
    [("foreign_label", 1), ("label_fell", 0)],
)
def test_the_planted_mark_is_wrong_on_one_book(a_world: AWorld, kind: str, left: int) -> None:
    hand = a_world("t-en-1", "t-zh-1", planted=PlantedMark(kind, at=2))
    for track_id, number in ((1, NUMBER), (2, OTHER)):
        book = hand.place("barcode_label", track_id)
        assert hand.label(number) == "ok"
        hand.carry(book, "sort")
        hand.world.move("sort", "bin:4")
    first, second = hand.world.truth()["books"]
    assert first["labels"] == [{"barcode": NUMBER, "place": "back"}]
    assert len(second["labels"]) == left
    assert all(label["barcode"].startswith("39999") for label in second["labels"])
    planted = [event for event in second["events"] if event["kind"] == "planted"]
    assert len(planted) == 1
    assert (planted[0]["what"], planted[0]["printed"]) == (kind, OTHER)


def test_a_jam_lets_go_after_its_tries_or_when_a_person_clears_it(a_world: AWorld) -> None:
    hand = a_world("t-en-1", faults={"jam": {"zone": "capture", "tries": 2}})
    hand.place("capture")
    assert [hand.world.move("capture", "page_turn") for _ in range(3)] == ["jam", "jam", "ok"]
    cleared = a_world("t-en-1", faults={"jam": {"zone": "capture", "tries": 9}})
    cleared.place("capture")
    assert cleared.world.move("capture", "page_turn") == "jam"
    cleared.world.clear_jam("capture")
    assert cleared.world.move("capture", "page_turn") == "ok"
    assert cleared.world.guard_count() == 1


def test_a_loose_label_falls_at_the_next_transfer(a_world: AWorld) -> None:
    hand = a_world("t-en-1", faults={"label_falls": True})
    book = hand.place("barcode_label")
    hand.label(NUMBER)
    assert len(hand.world.truth()["books"][0]["labels"]) == 1
    hand.carry(book, "spine_label")
    assert hand.world.truth()["books"][0]["labels"] == []
    assert "label_fell" in _events(hand)


def test_a_book_turns_on_its_way_to_capture(a_world: AWorld) -> None:
    hand = a_world("t-en-1", faults={"upside_down": True})
    book = hand.place("posture")
    hand.carry(book, "capture")
    assert (book.lie.up, book.lie.turns) == ("back", 2)
    assert "upside_down" in _events(hand)


def test_a_weak_tag_loses_writes(a_world: AWorld) -> None:
    hand = a_world("t-en-1", faults={"weak_tag": 2})
    assert hand.tag(hand.place("rfid")).write_fails == 2


def test_a_neighbours_tag_is_heard_by_the_reader_behind(a_world: AWorld) -> None:
    hand = a_world("t-en-1", "t-zh-1", faults={"neighbour_tag": True})
    ahead = hand.place("rfid", 1)
    tag = hand.tag(ahead)
    hand.carry(ahead, "verify")
    mine = hand.tag(hand.place("rfid", 2))
    assert hand.world.tags_in_field("tag") == [mine, tag]
    assert "neighbour_tag" in _events(hand)


def test_a_person_takes_a_book(a_world: AWorld) -> None:
    hand = a_world("t-en-1")
    hand.place("rfid")
    assert hand.world.take_book("rfid") == "copy-0001"
    assert hand.world.take_book("rfid") == ""
    assert hand.world.guard_count() == 2
    assert (hand.world.entered(), hand.world.left(), hand.world.at_rest()) == (1, 0, True)
    assert hand.world.truth()["books"][0]["place"] == "taken"


def test_the_world_survives_a_restart(a_world: AWorld, tmp_path: Path) -> None:
    hand = a_world("t-en-1", "t-zh-1", state=tmp_path)
    book = hand.place("barcode_label", 11)
    hand.label(NUMBER)
    hand.carry(book, "rfid")
    tag = hand.tag(book)
    tag.memory[0:4] = b"\x11\x02\x03\x04"
    tag.afi = 7
    tag.locked.add(3)
    hand.world.label_printed("spine", np.full((304, 200), 255, np.uint8), 203)
    hand.world.reach_in()
    hand.world.settle_tags()
    before = hand.world.truth()

    again = a_world("t-en-1", "t-zh-1", state=tmp_path)
    assert again.world.truth() == before
    assert again.world.label_waiting("spine")
    found = again.world.book_in("rfid")
    assert found is not None and found.track_id == 11
    assert np.array_equal(again.world.bitmap(found.labels[0].label), hand.world.bitmap(book.labels[0].label))
    assert again.world.tags_in_field("tag")[0] == tag


def test_a_torn_last_line_is_dropped(a_world: AWorld, tmp_path: Path) -> None:
    hand = a_world("t-en-1", state=tmp_path)
    hand.place("posture")
    before = hand.world.truth()
    hand.world.close()
    with (tmp_path / "world.jsonl").open("a", encoding="utf-8") as file:
        file.write('{"book:copy-0001": {"na')
    assert a_world("t-en-1", state=tmp_path).world.truth() == before


def test_another_batch_is_not_laid_over_a_kept_world(a_world: AWorld, tmp_path: Path) -> None:
    a_world("t-en-1", state=tmp_path).world.close()
    with pytest.raises(ConfigError, match="another batch"):
        a_world("t-zh-1", state=tmp_path)


def test_truth_is_written_whole(a_world: AWorld, tmp_path: Path) -> None:
    hand = a_world("t-thin", state=tmp_path)
    assert hand.world.write_truth() == tmp_path / "truth.json"
    kept = json.loads((tmp_path / "truth.json").read_text("utf-8"))
    assert kept == hand.world.truth()
    assert kept["books"][0]["condition"] == "damaged"
    with pytest.raises(ConfigError, match="not kept"):
        a_world("t-thin").world.write_truth()
