"""Whole pictures, drawn here, through load, posture, OCR and fields."""

import cv2
import numpy as np
import pytest

from vision import find_stamp, glance, identify, look
from vision.fingerprint import fingerprint, hamming
from workcell.kernel.errors import BadInput
from workcell.kernel.evidence import Face

BOOK = "9780306406157"

TITLE_PAGE = [
    ("How Forests Think", 84, 240, None),
    ("Toward an Anthropology beyond the Human", 40, 350, None),
    ("Eduardo Kohn", 44, 520, None),
    ("University of California Press", 36, 1330, None),
    ("Berkeley", 34, 1380, None),
    ("2013", 34, 1425, None),
]
COPYRIGHT_PAGE = [
    (text, 26, 300 + 42 * n, 90)
    for n, text in enumerate(
        [
            "All rights reserved. No part of this book may be reproduced in any form.",
            "Library of Congress Cataloging-in-Publication Data",
            "Names: Kohn, Eduardo, author.",
            "Title: How forests think : toward an anthropology beyond the human /",
            "Eduardo Kohn.",
            "Description: First edition. | Berkeley : University of California Press, 2013.",
            "Identifiers: LCCN 2013003750 | ISBN 978-0-306-40615-7 (hardcover : alk. paper)",
            "Classification: LCC F2230.2.K4 .K64 2013 | DDC 986.6--dc23",
        ]
    )
]
CHINESE_PAGE = [
    (text, 30, 260 + 48 * n, 90)
    for n, text in enumerate(
        [
            "图书在版编目（CIP）数据",
            "Netty权威指南/李林锋著.—北京：电子工业出版社，2014.6",
            "ISBN 978-7-121-23343-2",
            "Ⅰ.①N…Ⅱ.①李…Ⅲ.①JAVA语言－程序设计Ⅳ.①TP312-62",
            "中国版本图书馆CIP数据核字（2014）第114646号",
            "责任编辑：张立红",
            "定价：79.00元",
        ]
    )
]
LAST_PAGE = [
    (f"and the road went down to the water, as it had on day {n}.", 30, 120 + 50 * n, 100) for n in range(20)
]
LAST_PAGE.append(("321", 30, 1420, None))


@pytest.fixture(scope="module")
def pictures(draw_cover, draw_page, turn):
    return {
        "back": turn(draw_cover(BOOK, addon="52495", isbn="ISBN 978-0-306-40615-7", price="US $24.95"), 3),
        "title": draw_page(TITLE_PAGE),
        "copyright": turn(draw_page(COPYRIGHT_PAGE), 2),
        "last": draw_page(LAST_PAGE),
    }


def test_a_back_cover(pictures, save):
    seen = look(save(pictures["back"]))
    assert (seen.face, seen.rotation) == (Face.BACK_COVER, 0)
    assert 1 < seen.skew_deg < 5
    assert seen.fields["isbn"][0].normalised == BOOK
    assert seen.fields["price"].normalised == "USD 24.95"


@pytest.mark.parametrize("turned", [90, 180, 270])
def test_a_glance_tells_how_the_back_cover_lies(pictures, save, turn, turned):
    seen = glance(save(turn(pictures["back"], turned)))
    assert (seen.face, seen.rotation) == (Face.BACK_COVER, (360 - turned) % 360)


@pytest.mark.parametrize("turned", [0, 90, 180, 270])
def test_text_alone_tells_how_a_page_lies(pictures, save, turn, turned):
    seen = look(save(turn(pictures["title"], turned)), view="page")
    assert (seen.face, seen.rotation) == (Face.TITLE_PAGE, (360 - turned) % 360)
    assert seen.fields["title"].value == "How Forests Think"


def test_a_copyright_page_lies_askew(pictures, save):
    seen = look(save(pictures["copyright"]))
    assert seen.face is Face.COPYRIGHT_PAGE
    assert seen.fields["lccn"].value == "2013003750"
    box = seen.fields["title"].box
    height, width = pictures["copyright"].shape[:2]
    assert 0 <= box[0] < box[0] + box[2] <= width and 0.2 * height < box[1] < 0.5 * height


def test_a_chinese_copyright_page(draw_page, save):
    seen = look(save(draw_page(CHINESE_PAGE)), view="page")
    assert seen.face is Face.COPYRIGHT_PAGE
    assert seen.fields["title"].value == "Netty权威指南"
    assert seen.fields["class"][0].value == "TP312-62"
    assert seen.fields["cip_number"].normalised == "2014114646"
    assert seen.fields["price"].normalised == "CNY 79.00"


def test_the_last_page_gives_the_extent(pictures, save):
    seen = look(save(pictures["last"]), view="page")
    assert (seen.face, seen.fields["pages"].value) == (Face.OTHER, "321")


def test_images_of_one_book_become_one_evidence(pictures, save):
    evidence = identify([save(image, f"{name}.jpg") for name, image in pictures.items()])
    assert (evidence.isbn.value, evidence.isbn.accepted) == (BOOK, True)
    assert {"barcode:back_cover", "text:copyright_page"} <= set(evidence.isbn.sources)
    assert (evidence.text("title"), evidence.one("title").page) == ("How Forests Think", "title_page")
    assert (evidence.text("year"), evidence.text("pages")) == ("2013", "321")
    assert evidence.text("language") == "eng"


def test_an_empty_tray_is_unsure_and_says_why(draw_page, save):
    tray = draw_page([])[:60]
    seen = look(save(tray))
    assert seen.face is Face.UNSURE and seen.fields == {}
    assert any("which way is up" in problem for problem in seen.problems)


def test_what_is_no_image_is_named(tmp_path):
    path = tmp_path / "notes.txt"
    path.write_text("a note")
    with pytest.raises(BadInput, match=r"notes\.txt"):
        look(path)
    with pytest.raises(BadInput, match=r"notes\.txt"):
        find_stamp(path)


def test_a_fingerprint_knows_a_face_again(pictures):
    cover, page = pictures["back"], pictures["title"]
    darker = (cover * 0.8).astype(cover.dtype)
    assert hamming(fingerprint(cover, 0), fingerprint(darker, 0)) <= 4
    assert hamming(fingerprint(cover, 0), fingerprint(page, 0)) > 12


def test_a_neighbours_barcode_in_the_tray_is_left_out(draw_cover, draw_symbol, tmp_path):
    """The empty tray tells where the book lies; what lies beside it is another book's."""
    cover = draw_cover(BOOK)
    height, width = cover.shape[:2]
    tray = np.full((height + 500, width + 900, 3), 25, np.uint8)
    cv2.imwrite(str(tmp_path / "empty.png"), tray)
    tray[250 : 250 + height, 100 : 100 + width] = cover
    beside = draw_symbol("9787121233432", 3)
    tray[400 : 400 + beside.shape[0], width + 300 : width + 300 + beside.shape[1]] = beside[..., np.newaxis]
    cv2.imwrite(str(tmp_path / "both.png"), tray)
    alone = glance(tmp_path / "both.png", bars_only=True)
    assert {code.text for code in alone.barcodes} == {BOOK, "9787121233432"}
    told = look(tmp_path / "both.png", view="cover", empty=tmp_path / "empty.png")
    assert [code.text for code in told.barcodes] == [BOOK]
    assert told.face is Face.BACK_COVER
