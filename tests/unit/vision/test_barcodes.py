from decimal import Decimal

import cv2
import numpy as np
import pytest

from vision.addon import read_addon
from vision.barcodes import addon_price, is_bookland, read_barcodes
from vision.votes import Reading, tallied

BOOK = "9780306406157"


@pytest.mark.parametrize("angle", [0, 90, 180, 270, 8, 22, 37, 45, 60, 130, 200, 301])
def test_a_book_number_is_read_at_any_angle(draw_cover, turn, angle):
    (code, *_) = read_barcodes(turn(draw_cover(BOOK), angle))
    assert (code.text, code.format, code.accepted) == (BOOK, "EAN13", True)
    assert len(code.votes) >= 2
    assert abs((code.orientation - angle + 180) % 360 - 180) < 6


def test_the_polygon_starts_at_the_symbols_own_top_left(draw_cover, turn):
    cover = turn(draw_cover(BOOK), 180)
    (code, *_) = read_barcodes(cover)
    top_left, top_right, bottom_right, bottom_left = code.polygon
    # The book stands on its head: its left is on the right of the picture, its top at the bottom.
    assert top_left[0] > top_right[0] and bottom_left[0] > bottom_right[0]
    assert top_left[1] > bottom_left[1]


@pytest.mark.parametrize("blur", [1.5, 2.5])
def test_blur_below_a_module_does_not_hide_it(draw_cover, blur):
    (code, *_) = read_barcodes(cv2.GaussianBlur(draw_cover(BOOK, module=4), (0, 0), blur))
    assert code.text == BOOK and code.accepted


def test_light_bars_on_dark_are_read(draw_symbol):
    (code, *_) = read_barcodes(
        cv2.copyMakeBorder(255 - draw_symbol(BOOK), 60, 60, 60, 60, cv2.BORDER_CONSTANT)
    )
    assert code.text == BOOK


@pytest.mark.parametrize("angle", [0, 90, 12])
def test_the_price_add_on_is_read(draw_cover, turn, angle):
    (code, *_) = read_barcodes(turn(draw_cover(BOOK, addon="52495"), angle))
    assert (code.text, code.addon) == (BOOK, "52495")


def test_an_add_on_that_lies_at_an_angle_of_its_own_is_read(draw_cover):
    cover = draw_cover(BOOK, addon="51999", module=4)
    split, lean = 250 + 4 * (11 + 95 + 3), 0.08
    shear = np.array([[1, lean, -lean * 830], [0, 1, 0]], dtype=float)
    leaning = cv2.warpAffine(cover, shear, (cover.shape[1], cover.shape[0]), borderValue=(255, 255, 255))
    cover[:, split:] = leaning[:, split:]
    (code, *_) = read_barcodes(cover)
    assert (code.text, code.addon) == (BOOK, "51999")


def test_strips_of_an_add_on_are_checked_by_their_parity(draw_symbol):
    bars = cv2.resize(
        draw_symbol(BOOK, 1, "52495")[:, 106:], None, fx=7, fy=4, interpolation=cv2.INTER_NEAREST
    )
    assert read_addon(bars, sharpening=0.0) == "52495"
    # Two digits exchanged by shifting bars can't keep their parity.
    spoilt = bars.copy()
    spoilt[:, 40 * 7 :] = 255 - spoilt[:, 40 * 7 :]
    assert read_addon(spoilt, sharpening=0.0) is None


@pytest.mark.parametrize(
    ("addon", "price"),
    [
        ("52495", ("USD", Decimal("24.95"))),
        ("61999", ("CAD", Decimal("19.99"))),
        ("00799", ("GBP", Decimal("7.99"))),
        ("90000", None),
        ("59999", None),
        ("50000", None),
        ("05", None),
        (None, None),
    ],
)
def test_what_an_add_on_means(addon, price):
    assert addon_price(addon) == price


@pytest.mark.parametrize(("text", "book"), [(BOOK, True), ("9791032300824", True), ("9790060115615", False),
                                            ("4006381333931", False)])  # fmt: skip
def test_book_numbers_are_told_from_music_and_goods(draw_cover, text, book):
    (code, *_) = read_barcodes(draw_cover(text))
    assert code.text == text
    assert is_bookland(code) is book


def test_a_leading_zero_is_a_upc(draw_cover):
    (code, *_) = read_barcodes(draw_cover("0036000291452"))
    assert (code.text, code.format) == ("036000291452", "UPCA")


def test_of_two_books_the_one_in_the_middle_comes_first(draw_cover):
    middle, neighbour = draw_cover(BOOK), draw_cover("9787121233432")
    codes = read_barcodes(np.vstack([np.full_like(middle[:700], 120), middle, neighbour]))
    assert [(c.text, c.accepted) for c in codes] == [(BOOK, True), ("9787121233432", True)]


def test_a_symbol_at_the_pictures_edge_is_not_accepted_beside_a_whole_one(draw_cover):
    whole, below = draw_cover(BOOK), draw_cover("9787121233432")
    codes = read_barcodes(np.vstack([whole, below[:760]]))
    assert {c.text: c.accepted for c in codes} == {BOOK: True, "9787121233432": False}
    (alone, *_) = read_barcodes(below[:760])
    assert (alone.text, alone.accepted) == ("9787121233432", True)


def test_noise_and_stripes_are_no_barcodes():
    rng = np.random.default_rng(3)
    stripes = np.repeat(rng.integers(0, 2, (1, 400)) * 255, 500, axis=0).astype(np.uint8)
    for picture in (rng.integers(0, 255, (700, 700), dtype=np.uint8), cv2.resize(stripes, (1200, 500))):
        assert not [c for c in read_barcodes(picture) if c.accepted]


def _vote(text, voter, x=0.0, fmt="EAN13"):
    return Reading(text, fmt, ((x, 0), (x + 200, 0), (x + 200, 100), (x, 100)), voter)


def test_one_reader_is_not_believed():
    (code,) = tallied([_vote(BOOK, "zxing"), _vote(BOOK, "zxing")])
    assert code.votes == ("zxing",) and not code.accepted


def test_one_decoder_on_one_size_is_one_vote_however_sharpened():
    (code,) = tallied([_vote(BOOK, "zxing/small"), _vote(BOOK, "zxing/small+sharp")])
    assert not code.accepted
    (code,) = tallied([_vote(BOOK, "zxing/small"), _vote(BOOK, "zxing/full")])
    assert code.accepted


def test_two_texts_for_the_same_bars_are_settled_by_a_lead_of_two_votes():
    wrong = "9780301346618"
    votes = [_vote(BOOK, "zxing"), _vote(BOOK, "zbar")]
    contradicted = [*votes, _vote(wrong, "opencv")]
    assert not any(c.accepted for c in tallied(contradicted))
    settled = [*contradicted, _vote(BOOK, "bands")]
    assert {c.text: c.accepted for c in tallied(settled)} == {BOOK: True, wrong: False}
    tie = [*votes, _vote(wrong, "opencv"), _vote(wrong, "bands")]
    assert not any(c.accepted for c in tallied(tie))


def test_two_labels_of_one_number_are_two():
    votes = [_vote("A1", v, x, "CODE128") for v in ("a", "b") for x in (0.0, 900.0)]
    assert [c.accepted for c in tallied(votes)] == [True, True]
