"""`workcell vision barcodes`: one line an image, and what can't be opened is said."""

import json

import cv2
import numpy as np
import pytest
import zxingcpp
from PIL import Image

BOOK = "9780306406157"


@pytest.fixture
def cover():
    """A grey cover with a book's symbol (BGR), 900 wide and 600 high."""
    symbol = np.array(zxingcpp.write_barcode_to_image(zxingcpp.create_barcode(BOOK, zxingcpp.EAN13), scale=3))
    symbol = cv2.resize(symbol, (symbol.shape[1], 200))
    page = np.full((600, 900), 120, np.uint8)
    page[200 : 200 + symbol.shape[0], 250 : 250 + symbol.shape[1]] = symbol
    return cv2.cvtColor(page, cv2.COLOR_GRAY2BGR)


def _lines(out):
    return [json.loads(line) for line in out.splitlines()]


def test_each_image_of_a_folder_and_below_is_a_line_in_order(workcell, cover, tmp_path):
    (tmp_path / "below").mkdir()
    cv2.imwrite(str(tmp_path / "b.png"), cover)
    cv2.imwrite(str(tmp_path / "below" / "a.png"), np.full((300, 300, 3), 90, np.uint8))
    (tmp_path / "notes.txt").write_text("no image")
    code, out, _ = workcell("vision", "barcodes", tmp_path, "--jsonl")
    first, second = _lines(out)
    assert code == 0
    assert [first["file"], second["file"]] == [str(tmp_path / "b.png"), str(tmp_path / "below" / "a.png")]
    assert second["barcodes"] == []
    (symbol,) = first["barcodes"]
    assert (symbol["text"], symbol["format"], symbol["addon"]) == (BOOK, "EAN13", None)
    assert symbol["accepted"] is True and len(symbol["votes"]) >= 2 and symbol["confidence"] > 0.9
    assert first["ms"] > 0


def test_unopened_files_are_told_and_the_others_still_go_out(workcell, cover, tmp_path):
    cv2.imwrite(str(tmp_path / "good.png"), cover)
    (tmp_path / "bad.jpg").write_bytes(b"not an image")
    code, out, _ = workcell("vision", "barcodes", tmp_path, tmp_path / "missing.jpg", "--jsonl")
    bad, good, missing = _lines(out)
    assert code == 1
    assert bad["error"] and missing["error"] and "barcodes" not in bad
    assert good["barcodes"][0]["text"] == BOOK


def test_polygons_are_in_pixels_of_the_image_as_exif_turns_it(workcell, cover, tmp_path):
    quarter = Image.fromarray(np.rot90(cover, 1))
    exif = Image.Exif()
    exif[0x0112] = 6  # to be turned clockwise by 90 degrees
    quarter.save(tmp_path / "turned.jpg", exif=exif)
    _, out, _ = workcell("vision", "barcodes", tmp_path / "turned.jpg", "--jsonl")
    (symbol,) = _lines(out)[0]["barcodes"]
    (left, top), (right, _), *_ = symbol["polygon"]
    assert abs(symbol["orientation"]) < 2
    assert 250 < left < right < 650 and 180 < top < 420


def test_a_table_for_people_names_the_number(workcell, cover, tmp_path):
    cv2.imwrite(str(tmp_path / "cover.png"), cover)
    code, out, _ = workcell("vision", "barcodes", tmp_path / "cover.png")
    assert code == 0
    assert BOOK in out and "cover.png" in out


def test_a_folder_without_images_is_one_clear_line(workcell, tmp_path):
    code, _, err = workcell("vision", "barcodes", tmp_path, "--jsonl")
    assert code == 1
    assert len(err.strip().splitlines()) == 1 and "no image" in err
