"""Covers spoilt in the ways of photographs: the right number, or none."""

import cv2
import numpy as np
import pytest
import zxingcpp

from vision import read_barcodes
from vision.barcodes import is_bookland

BOOK, OTHER = "9780306406157", "9787121233432"


def _accepted(image):
    return {code.text: code for code in read_barcodes(image) if code.accepted}


def _label(text, kind, scale, height=0):
    code = zxingcpp.create_barcode(text, kind)
    drawn = np.array(zxingcpp.write_barcode_to_image(code, scale=scale, add_quiet_zones=True))
    drawn = cv2.resize(drawn, (drawn.shape[1], height)) if height else drawn
    return cv2.copyMakeBorder(drawn, 30, 30, 30, 30, cv2.BORDER_CONSTANT, value=255)


def _on_a_table(*labels):
    """Labels below each other on a grey ground (BGR)."""
    width = max(label.shape[1] for label in labels) + 200
    table = np.full((sum(label.shape[0] + 120 for label in labels) + 200, width), 110, np.uint8)
    y = 120
    for label in labels:
        table[y : y + label.shape[0], 100 : 100 + label.shape[1]] = label
        y += label.shape[0] + 120
    return cv2.cvtColor(table, cv2.COLOR_GRAY2BGR)


@pytest.mark.parametrize(
    ("name", "text", "kind", "shown"),
    [
        ("EAN13", "4006381333931", zxingcpp.EAN13, "4006381333931"),
        ("EAN13", "9771234567003", zxingcpp.EAN13, "9771234567003"),
        ("EAN8", "96385074", zxingcpp.EAN8, "96385074"),
        ("UPCA", "036000291452", zxingcpp.UPCA, "036000291452"),
        ("UPCE", "01234565", zxingcpp.UPCE, "01234565"),
        ("CODE39", "LIB-30112", zxingcpp.Code39, "LIB-30112"),
        ("CODE128", "Lib 30112-7", zxingcpp.Code128, "Lib 30112-7"),
        ("CODABAR", "A30112040001231B", zxingcpp.Codabar, "A30112040001231B"),
        ("DATAMATRIX", "30112040001231", zxingcpp.DataMatrix, "30112040001231"),
        ("QR", "https://example.org/30112", zxingcpp.QRCode, "https://example.org/30112"),
    ],
)
def test_every_format_is_read_and_named(name, text, kind, shown):
    flat = name in ("DATAMATRIX", "QR")
    codes = _accepted(_on_a_table(_label(text, kind, 6 if flat else 3, 0 if flat else 160)))
    assert shown in codes
    assert codes[shown].format == name
    assert not is_bookland(codes[shown])
    assert len(codes[shown].polygon) == 4


def test_a_qr_code_beside_the_book_number_is_listed_too():
    book = _label(BOOK, zxingcpp.EAN13, 3, 200)
    codes = _accepted(_on_a_table(book, _label("https://example.org/b", zxingcpp.QRCode, 6)))
    assert {code.format for code in codes.values()} == {"EAN13", "QR"}


def test_the_second_row_of_a_japanese_book_is_read_and_told_apart():
    rows = _on_a_table(_label("9784101010014", zxingcpp.EAN13, 3, 160),
                       _label("1920193005509", zxingcpp.EAN13, 3, 160))  # fmt: skip
    first, second = (code for code in read_barcodes(rows) if code.accepted)
    assert (first.text, is_bookland(first)) == ("9784101010014", True)
    assert (second.text, is_bookland(second)) == ("1920193005509", False)


@pytest.mark.parametrize("angle", range(3, 360, 24))
def test_a_small_symbol_is_read_at_any_angle(draw_cover, turn, angle):
    cover = cv2.resize(draw_cover(BOOK, module=4), None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA)
    assert set(_accepted(turn(cover, angle))) == {BOOK}


def test_a_tilted_book_is_read(draw_cover):
    cover = draw_cover(BOOK, module=4)
    h, w = cover.shape[:2]
    corners = np.array([[0, 0], [w, 0], [w, h], [0, h]], np.float32)
    far = corners + np.array([[0, 0.2 * h], [0, 0], [0, 0], [0, -0.2 * h]], np.float32)
    tilted = cv2.warpPerspective(cover, cv2.getPerspectiveTransform(corners, far), (w, h))
    assert set(_accepted(tilted)) == {BOOK}


def test_a_curved_cover_is_read(draw_cover):
    cover = draw_cover(BOOK, module=4)
    h, w = cover.shape[:2]
    across = np.arcsin(np.linspace(-0.9, 0.9, w)) / np.arcsin(0.9) * w / 2 + w / 2
    xs = np.repeat(across[None].astype(np.float32), h, axis=0)
    ys = np.repeat(np.arange(h, dtype=np.float32)[:, None], w, axis=1)
    assert set(_accepted(cv2.remap(cover, xs, ys, cv2.INTER_LINEAR))) == {BOOK}


def test_glare_over_part_of_the_height_is_read(draw_cover):
    cover = draw_cover(BOOK, module=3)
    cv2.line(cover, (0, 760), (cover.shape[1], 800), (255, 255, 255), 60)
    assert set(_accepted(cover)) == {BOOK}


def test_noise_does_not_make_numbers(draw_cover):
    rng = np.random.default_rng(4)
    for sigma in (30, 60, 90):
        cover = draw_cover(BOOK, module=3)
        noisy = np.clip(cover * 0.5 + rng.normal(0, sigma, cover.shape), 0, 255).astype(np.uint8)
        assert set(_accepted(noisy)) <= {BOOK}


def test_too_little_resolution_gives_nothing_rather_than_something_else(draw_cover):
    for width in (150, 190, 240, 300):
        cover = draw_cover(BOOK, module=4)
        small = cv2.resize(cover, (width, width * cover.shape[0] // cover.shape[1]),
                           interpolation=cv2.INTER_AREA)  # fmt: skip
        assert set(_accepted(small)) <= {BOOK}


def test_two_books_side_by_side_are_both_listed(draw_cover):
    codes = _accepted(np.hstack([draw_cover(BOOK), draw_cover(OTHER)]))
    assert set(codes) == {BOOK, OTHER}
    assert all(len(code.votes) >= 2 for code in codes.values())


def test_bars_of_two_numbers_laid_over_each_other_are_neither(draw_cover):
    mixed = cv2.addWeighted(draw_cover(BOOK), 0.5, draw_cover(OTHER), 0.5, 0)
    assert _accepted(mixed) == {}
