"""Where a tool and a camera meet a book that lies in any of eight postures."""

from __future__ import annotations

from typing import Any

import pytest

from workcell.twin import Box
from workcell.twin.matter import Book, Lie, Opening
from workcell.twin.surfaces import (
    from_above,
    from_below,
    from_the_side,
    onto_face,
    open_page,
    reached,
    signed16,
    turned_over,
)


def _book(up: Any = "back", turns: int = 0, opening: Opening | None = None) -> Book:
    return Book("copy-0001", "t", "posture", Lie(up, turns, 1.5, 2.0, 3.0), opening=opening)


def test_turning_over_twice_changes_nothing() -> None:
    for up in ("front", "back"):
        for turns in range(4):
            lie = _book(up, turns).lie
            assert turned_over(turned_over(lie)) == lie


@pytest.mark.parametrize("turns", range(4))
def test_the_under_camera_sees_what_turning_over_would_bring_up(turns: int) -> None:
    book = _book("front", turns)
    over = Book("copy-0001", "t", "posture", turned_over(book.lie))
    assert from_below(book) == from_above(over)


def test_the_spine_is_seen_in_the_wanted_posture_only() -> None:
    seen = {(up, turns): from_the_side(_book(up, turns)) for up in ("front", "back") for turns in range(4)}
    assert seen.pop(("back", 0)) == ("spine", 0)
    assert seen.pop(("front", 2)) == ("spine", 2)
    assert set(seen.values()) == {("edge", 0)}


def test_a_label_meant_for_the_lower_left_lands_where_the_book_lies() -> None:
    face = (150.0, 200.0)
    assert onto_face((10, 20, 50, 25), face, 0) == (10, 20, 50, 25)
    assert onto_face((10, 20, 50, 25), face, 2) == (90, 155, 50, 25)
    # Turned clockwise by a quarter the face's left edge is at the top of the view, 200 wide and 150 high.
    assert onto_face((10, 20, 50, 25), face, 1) == (105, 10, 25, 50)
    assert onto_face((10, 20, 50, 25), face, 3) == (20, 140, 25, 50)


def test_pages_from_both_ends(box: Box) -> None:
    titles = {title.title_id: title for title in box.titles}
    english, chinese = titles["t-en-1"], titles["t-zh-1"]
    assert [open_page(english, Opening(0, n)) for n in (0, 1, 2)] == [
        "title_page",
        "title_verso",
        "text_page",
    ]
    assert [open_page(english, Opening(1, n)) for n in (0, -1)] == ["last_page", "text_page"]
    assert [open_page(chinese, Opening(1, n)) for n in (0, -1, -2)] == ["colophon", "last_page", "text_page"]


def test_covers_are_reached_closed_and_pages_open(box: Box) -> None:
    title = box.titles[0]
    closed, opened = _book(), _book(opening=Opening(0))
    assert reached(title, closed, "back") == ("back", 0)
    assert reached(title, closed, "title_page") is None
    assert reached(title, opened, "title_page") == ("title_page", 0)
    assert reached(title, opened, "back") is None
    assert reached(title, _book(opening=Opening(1)), "inside_back_cover") == ("inside_back_cover", 0)


def test_a_tool_meets_what_lies_up_whatever_it_was_sent_to(box: Box) -> None:
    assert reached(box.titles[0], _book("front", 2), "back") == ("front", 2)


def test_registers_are_signed() -> None:
    assert (signed16(5), signed16(0xFFFF), signed16(0x8000)) == (5, -1, -32768)
