"""What really comes to be on a book when a mark goes wrong without any device knowing."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from workcell.twin.faults import MARK_FAULTS, parse_faults
from workcell.twin.matter import Opening
from workcell.twin.surfaces import surface_size
from workcell.twin.wrong_marks import WRONG_MARKS

NUMBER, OTHER = "33194000010001", "33194000010019"
AWorld = Callable[..., Any]


def _labelled(a_world: AWorld, kind: str, seed: int = 1) -> Any:
    hand = a_world("t-en-1", faults={kind: seed})
    book = hand.place("barcode_label")
    hand.label(NUMBER, y=100.0)
    return book


def _where(book: Any) -> list[tuple[str, float, float, int]]:
    return [(one.surface, one.x_mm, one.y_mm, one.turns) for one in book.labels]


@pytest.mark.parametrize(
    ("kind", "labels"),
    [
        ("label_stays_away", []),
        ("label_upside_down", [("back", 12.0, 100.0, 2)]),
        ("label_on_its_side", [("back", 12.0, 100.0, 1)]),
        ("label_elsewhere", [("front", 12.0, 100.0, 0)]),
        ("label_doubled_elsewhere", [("back", 12.0, 100.0, 0), ("front", 12.0, 100.0, 0)]),
    ],
)
def test_a_label_sticks_as_its_fault_says(a_world: AWorld, kind: str, labels: list[Any]) -> None:
    book = _labelled(a_world, kind)
    assert _where(book) == labels
    assert [event["kind"] for event in book.events].count(kind) == 1
    assert kind not in book.faults


@pytest.mark.parametrize("seed", range(1, 21))
def test_a_label_off_its_place_is_far_off_and_still_on_the_cover(a_world: AWorld, seed: int) -> None:
    (label,) = _labelled(a_world, "label_off_its_place", seed).labels
    off = max(abs(label.x_mm - 12.0), abs(label.y_mm - 100.0))
    assert 16.0 <= off <= 45.0
    assert 0 <= label.x_mm <= 152 - label.label.width_mm
    assert 0 <= label.y_mm <= 229 - label.label.height_mm


@pytest.mark.parametrize("seed", range(1, 6))
def test_a_label_wider_than_the_spine_is_off_its_place_along_the_spine(a_world: AWorld, seed: int) -> None:
    hand = a_world("t-en-1", faults={"spine_label_off_its_place": seed})
    book = hand.place("spine_label")
    hand.spine_label(x=0.0)
    (label,) = book.labels
    assert label.x_mm == 0.0
    assert abs(label.y_mm - 12.7) >= 28.0


def test_the_label_of_another_book_needs_another_book(a_world: AWorld) -> None:
    hand = a_world("t-en-1", "t-zh-1", faults={"label_of_another": 1})
    first = hand.place("barcode_label", 1)
    hand.label(NUMBER)
    assert [one.label.barcode for one in first.labels] == [NUMBER]
    assert "label_of_another" in first.faults
    hand.carry(first, "sort")
    second = hand.place("barcode_label", 2)
    hand.label(OTHER)
    assert [one.label.barcode for one in second.labels] == [NUMBER]


def _stamped(a_world: AWorld, kind: str, seed: int = 1) -> Any:
    hand = a_world("t-en-1", faults={kind: seed})
    book = hand.place("stamp")
    hand.world.hold_open(book, Opening(0))
    assert hand.world.stamp("stamp", "title_page", 75, 60) == "ok"
    return hand, book


def test_a_stamp_comes_out_as_its_fault_says(a_world: AWorld) -> None:
    assert _stamped(a_world, "stamp_stays_away")[1].stamps == []
    marks = {}
    for kind in ("stamp_upside_down", "stamp_elsewhere", "stamp_smeared", "stamp_off_the_edge"):
        hand, book = _stamped(a_world, kind)
        (marks[kind],) = book.stamps
    assert marks["stamp_upside_down"].turns == 2
    assert marks["stamp_elsewhere"].surface == "title_verso"
    assert marks["stamp_smeared"].smeared
    assert marks["stamp_off_the_edge"].x_mm == surface_size(hand.world.title(book), "title_page")[0]


def _tagged(a_world: AWorld, kind: str) -> Any:
    hand = a_world("t-en-1", faults={kind: 3})
    book = hand.place("rfid")
    hand.tag(book).memory[:20] = bytes(range(1, 21))
    book.tag.afi = 0x07
    hand.carry(book, "verify")
    return hand, book


def test_a_tag_is_left_as_its_fault_says(a_world: AWorld) -> None:
    _, book = _tagged(a_world, "tag_half_written")
    kept = bytes(book.tag.memory).rstrip(b"\0")
    assert kept == bytes(range(1, 1 + len(kept)))
    assert 4 <= len(kept) <= 16
    assert not any(_tagged(a_world, "tag_forgets")[1].tag.memory)
    assert _tagged(a_world, "tag_says_on_loan")[1].tag.afi == 0xC2
    hand, book = _tagged(a_world, "tag_falls_out")
    assert hand.world.tags_in_field("verify-tag") == []
    hand, book = _tagged(a_world, "tag_doubled")
    assert len({tag.uid for tag in hand.world.tags_in_field("verify-tag")}) == 2


def test_every_kind_can_be_asked_for_by_name_and_changes_something() -> None:
    assert parse_faults("marks") == frozenset(MARK_FAULTS)
    assert parse_faults(",".join(WRONG_MARKS)) == frozenset(WRONG_MARKS)
    untouched = {type(wrong)(wrong.mark) for wrong in WRONG_MARKS.values()}
    assert untouched.isdisjoint(WRONG_MARKS.values())
