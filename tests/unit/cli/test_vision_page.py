"""`workcell vision page`: one line an image, with its face, text and fields."""

import json

import pytest
from PIL import Image, ImageDraw, ImageFont


@pytest.fixture
def page(tmp_path):
    """A copyright page as a PNG file."""
    sheet = Image.new("RGB", (900, 1300), (248, 246, 240))
    pen = ImageDraw.Draw(sheet)
    lines = (
        "First published 2019",
        "All rights reserved.",
        "Printed in Canada",
        "ISBN 978-0-306-40615-7 (pbk.)",
    )
    for number, text in enumerate(lines):
        pen.text((100, 150 + 60 * number), text, fill=(20, 20, 20), font=ImageFont.load_default(34))
    path = tmp_path / "page.png"
    sheet.save(path)
    return path


def test_a_page_gives_its_face_fields_and_lines(workcell, page):
    code, out, _ = workcell("vision", "page", page, "--jsonl")
    (line,) = [json.loads(text) for text in out.splitlines()]
    assert code == 0
    assert {"file", "sha256", "face", "rotation", "skew_deg", "fields", "lines", "ms"} <= set(line)
    assert (line["face"], line["rotation"], line["file"]) == ("copyright_page", 0, str(page))
    assert line["fields"]["year"]["normalised"] == "2019"
    (isbn,) = line["fields"]["isbn"]
    assert (isbn["normalised"], isbn["qualifier"]) == ("9780306406157", "paperback")
    x, y, w, h = isbn["box"]
    assert 80 < x < 110 and 310 < y < 350 and w > 300 and h < 70
    assert set(line["lines"][0]) >= {"text", "confidence", "box"}


def test_what_cannot_be_opened_is_a_line_and_the_others_still_go_out(workcell, page, tmp_path):
    (tmp_path / "notes.png").write_text("no picture")
    code, out, _ = workcell("vision", "page", tmp_path / "notes.png", page, "--jsonl")
    broken, read = [json.loads(text) for text in out.splitlines()]
    assert code == 1
    assert broken == {"file": str(tmp_path / "notes.png"), "error": "this is not an image"}
    assert read["fields"]["year"]["value"] == "2019"


def test_people_get_a_table(workcell, page):
    code, out, _ = workcell("vision", "page", page)
    assert code == 0
    assert "copyright_page (0°)" in out
    assert "978-0-306-40615-7 paperback" in out
