"""Pages set in columns, from right to left, told from pages that lie on their side."""

from collections.abc import Callable

import cv2
import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageFont

from vision.geometry import scale_matrix
from vision.ocr import default_engine
from vision.page import Page
from vision.reading import PageText, read_page
from vision.titlepage import read_title_page

_COLUMNS = (("王建国著", 44, 900, 300), ("江南旧事三百年", 100, 500, 260), ("上海文艺出版社", 44, 150, 900))


@pytest.fixture(scope="module")
def page() -> np.ndarray:
    """A title page of three columns: author at the right, title, publisher at the left."""
    sheet = Image.new("RGB", (1100, 1500), (246, 244, 238))
    pen = ImageDraw.Draw(sheet)
    for text, size, x, top in _COLUMNS:
        face = _chinese_face(size)
        for number, character in enumerate(text):
            pen.text((x, top + number * size * 1.12), character, font=face, fill=(20, 20, 20))
    return np.ascontiguousarray(np.asarray(sheet)[:, :, ::-1])


def _chinese_face(size: int) -> ImageFont.FreeTypeFont:
    for name in ("wqy-microhei.ttc", "NotoSansCJK-Regular.ttc", "uming.ttc"):
        try:
            return ImageFont.truetype(name, size)
        except OSError:
            continue
    pytest.skip("no Chinese font is installed")


@pytest.fixture(scope="module")
def read() -> Callable[[np.ndarray], PageText]:
    return lambda image: read_page(Page(image, scale_matrix(1.0), None), default_engine())


@pytest.mark.parametrize(("turn", "rotation"), [(None, 0), (cv2.ROTATE_180, 180)])
def test_columns_are_read_from_the_right(page, read, turn, rotation):
    text = read(page if turn is None else cv2.rotate(page, turn))
    assert [line.text.replace(" ", "") for line in text.lines] == [column[0] for column in _COLUMNS]
    assert text.upright is not None
    assert text.upright.rotation == rotation
    fields = read_title_page(text.lines, text.size[1])
    assert fields["title"].value == "江南旧事三百年"
    assert fields["publisher"].value == "上海文艺出版社"
    assert [(name.value, name.role) for name in fields["names"]] == [("王建国", "author")]


def test_a_column_keeps_its_place_in_the_picture(page, read):
    title = read(page).lines[1]
    x, y, w, h = title.box
    assert abs(x - 500) < 30
    assert abs(y - 260) < 40
    assert h > 5 * w


def test_a_page_of_lines_on_its_side_is_not_taken_for_columns(draw_page, read):
    lines = [("图书在版编目（CIP）数据", 40, 200, 100), ("江南旧事／王建国著．—北京：中华书局", 36, 280, 100),
             ("中国版本图书馆CIP数据核字（2014）第114646号", 36, 360, 100)]  # fmt: skip
    side = cv2.rotate(draw_page(lines, tray=False), cv2.ROTATE_90_CLOCKWISE)
    upright = read(side).upright
    assert upright is not None
    assert upright.rotation == 270
