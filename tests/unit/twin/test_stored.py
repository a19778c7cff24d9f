"""Stored stills: the same scene, the same bytes, and what is in view can be read from them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from workcell.twin import look, read_stored, stored_still
from workcell.twin.matter import Lie, Opening


def _seen(hand: Any, camera: str, frame: int = 1) -> dict[str, Any]:
    return read_stored(stored_still(look(hand.world, camera, frame, 1)).data)


def test_the_same_scene_gives_the_same_bytes(a_world: Callable[..., Any]) -> None:
    hand = a_world("t-en-1")
    hand.place("posture")
    stills = [stored_still(look(hand.world, "posture-top", frame, 1)) for frame in (1, 2)]
    assert stills[0] == stills[1]
    assert stills[0].media_type == "image/png"


def test_faces_rotations_and_numbers(a_world: Callable[..., Any]) -> None:
    hand = a_world("t-en-1")
    hand.place("posture", lie=Lie("back", 1, 1.5, 0.0, 0.0))
    seen = _seen(hand, "posture-top")
    assert (seen["face"], seen["rotation"], seen["isbn"], seen["addon"]) == (
        "back_cover", 270, "9780300000085", "52495",
    )  # fmt: skip
    assert (seen["title_id"], seen["copy"]) == ("t-en-1", "copy-0001")


def test_an_empty_zone(a_world: Callable[..., Any]) -> None:
    assert _seen(a_world("t-en-1"), "capture-top") == {"camera": "capture-top", "face": None}


def test_a_torn_barcode_says_nothing(a_world: Callable[..., Any]) -> None:
    hand = a_world("t-en-1", faults={"unreadable_barcode": 5})
    hand.place("capture")
    assert _seen(hand, "capture-top")["isbn"] is None


def test_pages_and_marks(a_world: Callable[..., Any]) -> None:
    hand = a_world("t-zh-1")
    book = hand.place("stamp")
    hand.world.hold_open(book, Opening(0))
    hand.world.stamp("stamp", "title_page", 75, 60)
    hand.carry(book, "barcode_label")
    hand.label("31940000010003")
    hand.carry(book, "spine_label")
    hand.spine_label()
    hand.carry(book, "verify")
    assert [label["barcode"] for label in _seen(hand, "verify-top")["labels"]] == ["31940000010003"]
    assert _seen(hand, "verify-spine")["labels"][0]["spine_label"]
    hand.world.hold_open(book, Opening(0))
    page = _seen(hand, "verify-page")
    assert (page["face"], page["page"], page["stamps"][0]["x_mm"]) == ("title_page", "title_page", 75)
    hand.world.hold_open(book, Opening(1))
    assert _seen(hand, "verify-page")["page"] == "colophon"
