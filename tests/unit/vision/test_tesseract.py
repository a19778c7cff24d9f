"""Tesseract as library and as command: the same answers by one protocol."""

import importlib.util

import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageFont

from vision.tesseract import TesseractCommand, TesseractLibrary, open_tesseract
from workcell.kernel.errors import ConfigError

_ENGINES = [
    TesseractCommand,
    pytest.param(
        TesseractLibrary,
        marks=pytest.mark.skipif(
            importlib.util.find_spec("tesserocr") is None, reason="tesserocr is not installed"
        ),
    ),
]


@pytest.fixture
def line() -> np.ndarray:
    picture = Image.new("RGB", (620, 56), "white")
    ImageDraw.Draw(picture).text(
        (10, 8), "ISBN 978-0-306-40615-7", fill="black", font=ImageFont.load_default(36)
    )
    return np.asarray(picture)


@pytest.mark.parametrize("engine", _ENGINES)
def test_a_line_is_read_and_an_empty_one_is_not(engine, line):
    read, empty = engine(("eng",)).read([line, np.full((48, 200, 3), 255, np.uint8)])
    assert read.text == "ISBN 978-0-306-40615-7"
    assert read.confidence > 0.7
    assert empty.confidence < 0.5


@pytest.mark.parametrize("engine", _ENGINES)
def test_a_language_without_data_is_refused(engine):
    with pytest.raises(ConfigError, match="none of the languages"):
        engine(("xxx",))


def test_either_kind_of_line_has_an_engine():
    assert all(open_tesseract(chinese=chinese) for chinese in (False, True))
