"""Rendered stills: what is printed can be read, marks are where they were put, and light is not perfect."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import cv2
import numpy as np
import pytesseract
import pytest
import zxingcpp
from numpy.typing import NDArray

from workcell.kernel.errors import ConfigError
from workcell.twin import look
from workcell.twin.matter import Lie, Opening
from workcell.twin.render import Renderer, fonts

NUMBER = "31940000010003"
Picture = NDArray[np.uint8]


@pytest.fixture(scope="module")
def render() -> Renderer:
    return Renderer("Riverside Public Library")


def _picture(render: Renderer, hand: Any, camera: str, frame: int = 1) -> Picture:
    still = render(look(hand.world, camera, frame, 1))
    assert still.media_type == "image/jpeg"
    return np.asarray(cv2.imdecode(np.frombuffer(still.data, np.uint8), cv2.IMREAD_COLOR), np.uint8)


def _codes(picture: Picture) -> set[str]:
    found = zxingcpp.read_barcodes(picture, ean_add_on_symbol=zxingcpp.EanAddOnSymbol.Read)
    return {code.text for code in found}


def _words(picture: Picture, language: str = "eng") -> str:
    text = pytesseract.image_to_string(picture, lang=language, config="--psm 6")
    return "".join(text.split())


def _red(picture: Picture) -> NDArray[np.bool_]:
    blue, green, red = (picture[:, :, channel].astype(int) for channel in range(3))
    return (red - green > 60) & (red - blue > 60)


@pytest.mark.parametrize("turns", range(4))
@pytest.mark.parametrize(("title", "isbn"), [("t-en-1", "9780300000085"), ("t-zh-1", "9787121233432")])
def test_the_barcode_is_read_at_every_rotation(
    render: Renderer, a_world: Callable[..., Any], title: str, isbn: str, turns: int
) -> None:
    hand = a_world(title)
    hand.place("capture", lie=Lie("back", turns, 0.3, 0.4, 0.2))
    codes = _codes(_picture(render, hand, "capture-top"))
    assert any(code.startswith(isbn) for code in codes)


def test_the_picture_is_as_large_as_the_book_needs(render: Renderer, a_world: Callable[..., Any]) -> None:
    hand = a_world("t-en-1")
    hand.place("capture")
    height, width = _picture(render, hand, "capture-top").shape[:2]
    assert height == pytest.approx((229 + 28) * 8.5, abs=3)
    assert width == pytest.approx((152 + 28) * 8.5, abs=3)
    empty = a_world("t-en-1")
    assert _picture(render, empty, "capture-top").mean() < 60


def test_an_oversize_book_keeps_the_least_resolution(render: Renderer, a_world: Callable[..., Any]) -> None:
    hand = a_world("t-case")
    hand.place("capture")
    picture = _picture(render, hand, "capture-top")
    assert picture.shape[0] / (320 + 28) == pytest.approx(7.7, rel=0.01)
    assert "9787121233425" in _codes(picture)


@pytest.mark.parametrize("seed", range(8))
def test_a_torn_barcode_can_not_be_read(render: Renderer, a_world: Callable[..., Any], seed: int) -> None:
    hand = a_world("t-en-1", faults={"unreadable_barcode": seed + 1})
    hand.place("capture")
    assert not any(code.startswith("978") for code in _codes(_picture(render, hand, "capture-top")))


def test_a_damage_slip_can_be_scanned(render: Renderer, a_world: Callable[..., Any]) -> None:
    hand = a_world("t-thin")
    hand.place("capture")
    assert _codes(_picture(render, hand, "capture-top")) >= {"WC-DAMAGED"}


def test_the_applied_label_is_read_at_verify_and_nowhere_before(
    render: Renderer, a_world: Callable[..., Any]
) -> None:
    hand = a_world("t-en-1")
    book = hand.place("barcode_label")
    assert hand.label(NUMBER) == "ok"
    hand.carry(book, "verify")
    for frame in range(1, 6):
        codes = _codes(_picture(render, hand, "verify-top", frame))
        assert f"A{NUMBER}B" in codes
    book.labels[0].fallen = True
    assert not any(NUMBER in code for code in _codes(_picture(render, hand, "verify-top")))


def test_a_label_lies_at_its_millimetres(render: Renderer, a_world: Callable[..., Any]) -> None:
    hand = a_world("t-en-1")
    book = hand.place("barcode_label")
    hand.carry(book, "verify")
    before = _picture(render, hand, "verify-top").astype(int)
    hand.world.label_printed("barcode", np.full((200, 400), 255, np.uint8), 203)
    fresh = a_world("t-en-1")
    again = fresh.place("barcode_label")
    fresh.world.label_printed("barcode", np.full((200, 400), 255, np.uint8), 203)
    fresh.world.apply_label("barcode_label", "back", 12, 150)
    fresh.carry(again, "verify")
    changed = np.abs(_picture(render, fresh, "verify-top").astype(int) - before).max(axis=2) > 60
    rows, columns = np.nonzero(changed)
    # 14 mm of tray around the book at 10 px/mm; 229 - 150 - 25 = 54 mm from the head of the book.
    assert np.percentile(columns, 1) / 10 == pytest.approx(14 + 12, abs=2.5)
    assert np.percentile(columns, 99) / 10 == pytest.approx(14 + 62, abs=2.5)
    assert np.percentile(rows, 1) / 10 == pytest.approx(14 + 54, abs=2.5)
    assert np.percentile(rows, 99) / 10 == pytest.approx(14 + 79, abs=2.5)


def test_the_stamp_is_red_and_where_it_was_put(render: Renderer, a_world: Callable[..., Any]) -> None:
    hand = a_world("t-en-1")
    book = hand.place("stamp")
    hand.world.hold_open(book, Opening(0))
    hand.world.stamp("stamp", "title_page", 75, 60)
    hand.carry(book, "verify")
    hand.world.hold_open(book, Opening(0))
    picture = _picture(render, hand, "verify-page")
    rows, columns = np.nonzero(_red(picture))
    assert columns.mean() / 7.2 == pytest.approx(14 + 75, abs=3)
    assert rows.mean() / 7.2 == pytest.approx(14 + 226 - 60, abs=3)
    assert columns.max() - columns.min() == pytest.approx(38 * 7.2, abs=12)


def test_a_spine_label_is_read_on_the_spine(render: Renderer, a_world: Callable[..., Any]) -> None:
    hand = a_world("t-rtl")
    book = hand.place("spine_label")
    bitmap = np.full((304, 200), 255, np.uint8)
    for row, text in enumerate(("387.1", "MAR", "2019")):
        cv2.putText(bitmap, text, (16, 80 + 85 * row), cv2.FONT_HERSHEY_SIMPLEX, 1.6, (0,), 4)
    hand.world.label_printed("spine", bitmap, 203)
    assert hand.world.apply_label("spine_label", "spine", 0.0, 12.7) == "ok"
    hand.carry(book, "verify")
    picture = _picture(render, hand, "verify-spine")
    # The spine is 14 mm, the label 25: it goes round by 11 mm, and the mirrors show as much on either side.
    assert picture.shape[1] == pytest.approx((14 + 22 + 28) * 10, abs=12)
    label = picture[-700:-250]
    assert "387.1" in _words(label)


def test_the_printed_pages_are_read(render: Renderer, a_world: Callable[..., Any]) -> None:
    hand = a_world("t-en-1")
    book = hand.place("page_turn")
    for opening, said in (
        (Opening(0), ("TheQuietHarbour", "EllenMarsh", "SaltmarshPress", "2019")),
        (Opening(0, 1), ("LCCN2018012345", "9780300000085", "387.1")),
        (Opening(1), ("321",)),
    ):
        hand.world.hold_open(book, opening)
        text = _words(_picture(render, hand, "page-turn"))
        assert all(words in text for words in said), text


def test_a_chinese_cip_page_is_read(render: Renderer, a_world: Callable[..., Any]) -> None:
    hand = a_world("t-zh-1")
    book = hand.place("page_turn")
    hand.world.hold_open(book, Opening(0, 1))
    text = _words(_picture(render, hand, "page-turn"), "chi_sim")
    assert "978-7-121-23343-2" in text
    assert "图书在版编目" in text


def test_frames_differ_but_a_frame_is_repeatable(render: Renderer, a_world: Callable[..., Any]) -> None:
    hand = a_world("t-en-1")
    hand.place("capture")
    one, same, other = (render(look(hand.world, "capture-top", frame, 1)).data for frame in (1, 1, 2))
    assert one == same
    assert one != other


def test_the_spine_camera_sees_the_edge_of_a_book_that_lies_wrong(
    render: Renderer, a_world: Callable[..., Any]
) -> None:
    hand = a_world("t-zh-1")
    hand.place("capture", lie=Lie("back", 1, 0.0, 0.0, 0.0))
    assert _red(_picture(render, hand, "capture-spine")).mean() < 0.01
    right = a_world("t-zh-1")
    right.place("capture")
    assert _red(_picture(render, right, "capture-spine")).mean() > 0.1


def test_a_missing_font_names_the_package(monkeypatch: pytest.MonkeyPatch) -> None:
    fonts._font_file.cache_clear()
    monkeypatch.setattr(fonts.shutil, "which", lambda _name: None)
    with pytest.raises(ConfigError, match="apt-get install fontconfig fonts-wqy-microhei"):
        fonts._font_file("cjk")
