"""Marks read back: barcode labels, spine labels, the collection stamp."""

import cv2
import numpy as np
import pytest
import zxingcpp
from PIL import Image, ImageDraw, ImageFont

from vision import face_in_view, find_stamp, read_label, read_spine

ITEM = "30234670790053"


def _label(text, kind):
    symbol = np.array(zxingcpp.write_barcode_to_image(zxingcpp.create_barcode(text, kind), scale=3))
    return cv2.copyMakeBorder(symbol, 30, 30, 40, 40, cv2.BORDER_CONSTANT, value=255)


def _on_cover(*labels):
    cover = np.full((1500, 1100, 3), (110, 80, 60), np.uint8)
    for n, label in enumerate(labels):
        h, w = label.shape
        cover[80 + 700 * n : 80 + 700 * n + h, 120 : 120 + w] = label[:, :, np.newaxis]
    return cover


@pytest.mark.parametrize(
    ("text", "kind", "name"),
    [
        (f"A{ITEM}B", zxingcpp.Codabar, "CODABAR"),
        ("A0012345P", zxingcpp.Code39, "CODE39"),
        ("WC-DAMAGED", zxingcpp.Code128, "CODE128"),
        (ITEM, zxingcpp.DataMatrix, "DATAMATRIX"),
        ("https://example.org/b/1", zxingcpp.QRCode, "QR"),
    ],
)
@pytest.mark.parametrize("angle", [0, 90, 180, 33])
def test_labels_of_every_kind_are_read_at_any_angle(save, turn, text, kind, name, angle):
    picture = turn(_on_cover(_label(text, kind)), angle)
    found = [b for b in read_label(save(picture)) if b.accepted]
    assert [(b.text, b.format) for b in found] == [(ITEM if name == "CODABAR" else text, name)]


def test_two_labels_of_one_number_are_counted(save):
    label = _label(f"A{ITEM}B", zxingcpp.Codabar)
    assert [b.text for b in read_label(save(_on_cover(label, label))) if b.accepted] == [ITEM, ITEM]


def test_a_publishers_qr_code_does_not_hide_a_label_that_is_harder_to_read(save, turn):
    label = turn(_on_cover(_label(f"A{ITEM}B", zxingcpp.Codabar)), 33)
    code = _label("https://example.org/b/1", zxingcpp.QRCode)
    label[-code.shape[0] :, -code.shape[1] :] = code[:, :, np.newaxis]
    assert sorted(b.format for b in read_label(save(label)) if b.accepted) == ["CODABAR", "QR"]


def test_a_face_without_a_label_has_none(save, draw_cover):
    assert not [b for b in read_label(save(draw_cover("9780306406157"))) if b.accepted]


def _spine(lines, turn_by, turn):
    label = Image.new("L", (220, 330), 250)
    draw = ImageDraw.Draw(label)
    for n, line in enumerate(lines):
        draw.text((25, 25 + 70 * n), line, fill=10, font=ImageFont.load_default(44))
    spine = np.full((1500, 340, 3), (80, 60, 120), np.uint8)
    spine[1050:1380, 60:280] = np.asarray(label)[:, :, np.newaxis]
    return turn(spine, turn_by)


@pytest.mark.parametrize("angle", [0, 180, 90])
def test_a_spine_label_is_read_as_it_stands(save, turn, angle):
    lines = ["QA76.73", "C153", "S77", "2013"]
    read = read_spine(save(_spine(lines, angle, turn)), lines)
    assert read.holds and read.agrees > 0.98
    assert read.rotation == -angle % 360
    assert read.box[2] * read.box[3] > 0.3 * 220 * 330


def test_a_wrong_call_number_does_not_hold(save, turn):
    read = read_spine(
        save(_spine(["QA76.73", "C153", "S77", "2013"], 0, turn)), ["QA76.73", "C153", "S78", "2013"]
    )
    assert not read.holds
    assert "S77" in read.lines  # what was read is reported, not what was hoped for


@pytest.mark.parametrize(
    ("lines", "expected"),
    [(["I247.5", "71"], ["I247.57", "1"]), (["QA76.73", "S35"], ["QA767.3", "S35"])],
)
def test_the_same_characters_with_another_break_or_dot_are_another_call_number(save, turn, lines, expected):
    picture = save(_spine(lines, 0, turn))
    assert read_spine(picture, lines).holds
    assert not read_spine(picture, expected).holds


def test_a_bare_spine_does_not_hold(save):
    read = read_spine(save(np.full((1500, 300, 3), (80, 60, 120), np.uint8)), ["QA76"])
    assert (read.lines, read.holds, read.agrees) == ((), False, 0.0)


def _stamp(page, centre, shape="round"):
    ink = Image.fromarray(page[:, :, ::-1].copy())
    draw = ImageDraw.Draw(ink)
    x, y = centre
    edge = (x - 110, y - 110, x + 110, y + 110)
    red = (196, 40, 48)
    if shape == "round":
        draw.ellipse(edge, outline=red, width=7)
    else:
        draw.rectangle((x - 150, y - 60, x + 150, y + 60), outline=red, width=7)
    for n, text in enumerate(("CITY", "LIBRARY")):
        draw.text((x - 62, y - 40 + 42 * n), text, fill=red, font=ImageFont.load_default(32))
    return np.ascontiguousarray(np.asarray(ink)[:, :, ::-1])


@pytest.mark.parametrize("shape", ["round", "rectangular"])
def test_a_stamp_is_seen_where_it_is(save, draw_page, shape):
    page = draw_page([("How Forests Think", 84, 240, None), ("Eduardo Kohn", 44, 520, None)])
    seen = find_stamp(save(_stamp(page, (700, 1200), shape)))
    assert seen.present and seen.legible
    x, y, w, h = seen.box
    assert abs(x + w / 2 - 700) < 15 and abs(y + h / 2 - 1200) < 15


@pytest.mark.parametrize("turns", [0, 1, 2, 3])
def test_the_way_up_of_a_stamp_is_told_by_its_words(save, draw_page, turns):
    page = np.rot90(_stamp(draw_page([], tray=False), (500, 900)), turns)
    seen = find_stamp(save(np.ascontiguousarray(page)))
    assert seen.present
    assert seen.rotation == 90 * turns
    assert seen.upright is (turns == 0)


def _arc_stamp(page, centre, words, span):
    """A round stamp whose words run along its upper arc, over ``span`` degrees."""
    sheet = Image.fromarray(page[:, :, ::-1].copy())
    red, (x, y) = (196, 40, 48), centre
    ImageDraw.Draw(sheet).ellipse((x - 110, y - 110, x + 110, y + 110), outline=red, width=7)
    for angle, letter in zip(np.linspace(-span / 2, span / 2, len(words)), words, strict=True):
        tile = Image.new("L", (60, 60), 0)
        ImageDraw.Draw(tile).text((30, 30), letter, fill=255, font=ImageFont.load_default(30), anchor="mm")
        turn = np.radians(angle)
        place = (round(x + 76 * np.sin(turn)) - 30, round(y - 76 * np.cos(turn)) - 30)
        sheet.paste(red, place, tile.rotate(-angle))
    return np.ascontiguousarray(np.asarray(sheet)[:, :, ::-1])


@pytest.mark.parametrize("turns", [0, 1, 2, 3])
@pytest.mark.parametrize(("words", "span"), [("CITYLIBRARY", 200), ("CITYANDCOUNTYLIBRARY", 290)])
def test_the_way_up_of_lettering_along_an_arc_is_told_by_its_gap(save, draw_page, words, span, turns):
    page = np.rot90(_arc_stamp(draw_page([], tray=False), (500, 900), words, span), turns)
    assert find_stamp(save(np.ascontiguousarray(page))).rotation == 90 * turns


def test_lettering_all_round_does_not_tell_the_way_up(save, draw_page):
    page = _arc_stamp(draw_page([], tray=False), (500, 900), "CITYANDCOUNTYLIBRARYXX", 345)
    assert find_stamp(save(page)).rotation in (None, 0)


# The page is 1000 x 1500 px at 10 px/mm, on a tray that shows 90 px beside it and 70 px above it.
PAGE_MM = (100.0, 150.0)


@pytest.mark.parametrize("askew", [0, 3])
def test_a_stamps_place_is_told_by_the_page_and_its_measured_size(save, draw_page, askew):
    page = _stamp(draw_page([("How Forests Think", 84, 240, None)]), (90 + 700, 70 + 1200))
    turn = cv2.getRotationMatrix2D((590, 820), askew, 0.8)
    page = cv2.warpAffine(page, turn, (1180, 1640), borderValue=(46, 44, 42))
    assert find_stamp(save(page), PAGE_MM).place_mm == pytest.approx((70, 30), abs=2)


def test_without_the_pages_edges_or_its_size_no_place_is_told(save, draw_page):
    page = _stamp(draw_page([], tray=False), (700, 1200))
    assert find_stamp(save(page), PAGE_MM).place_mm is None
    assert find_stamp(save(draw_page([]))).place_mm is None


def test_an_outline_of_another_shape_than_was_measured_gives_no_place(save, draw_page):
    page = _stamp(draw_page([]), (700, 1200))
    assert find_stamp(save(page), (150.0, 150.0)).place_mm is None


def test_of_two_red_marks_the_one_where_the_stamp_belongs_is_the_stamp(save, draw_page):
    page = _stamp(_stamp(draw_page([]), (90 + 250, 70 + 400)), (90 + 700, 70 + 1200))
    for place in ((70.0, 30.0), (25.0, 110.0)):
        assert find_stamp(save(page), PAGE_MM, place).place_mm == pytest.approx(place, abs=2)


@pytest.mark.parametrize("glare", [0, 25])
def test_a_dark_cover_on_a_dark_tray_is_found_by_its_measured_shape(glare):
    tray = np.full((1200, 900, 3), (44, 40, 38), np.float64)
    tray *= np.linspace(0.95, 1.05, 900)[np.newaxis, :, np.newaxis]
    tray[150:1050, 150:750] = (34, 34, 34)
    y, x = np.mgrid[0:1200, 0:900]
    tray += glare * np.exp(-((x - 780) ** 2 + (y - 300) ** 2) / 2 / 150**2)[:, :, np.newaxis]
    picture = np.clip(tray + np.random.default_rng(1).normal(0, 3, tray.shape), 0, 255).astype(np.uint8)
    face = face_in_view(picture, 120.0, 180.0)
    assert face is not None
    assert face.place_box((300, 750, 100, 100)).middle == pytest.approx((40, 50), abs=2)
    assert face_in_view(picture, 180.0, 180.0) is None


def test_a_page_without_a_stamp_has_none(save, draw_page):
    seen = find_stamp(save(draw_page([("How Forests Think", 84, 240, None)])))
    assert (seen.present, seen.box, seen.legible) == (False, None, False)


def test_a_smear_is_not_legible(save, draw_page):
    page = draw_page([("How Forests Think", 84, 240, None)])
    cv2.circle(page, (700, 1200), 100, (60, 50, 190), -1)
    assert not find_stamp(save(page)).legible
