"""Labels as dots: sizes, fitting, fonts, PNG and ZPL forms."""

import io
import re

import numpy as np
import pytest
from PIL import Image

from label_print import Stock, barcode_label, fonts, parse_host_status, spine_label, zpl_job
from workcell.kernel.errors import BadInput, ConfigError, DeviceFault

SPINE = Stock(25, 38)


def ink(bitmap: np.ndarray) -> tuple[int, int, int, int]:
    """Rows and columns between which something is black."""
    rows, columns = np.nonzero(bitmap == 0)
    return int(rows.min()), int(rows.max()), int(columns.min()), int(columns.max())


@pytest.mark.parametrize(("dpi", "size"), [(203, (400, 200)), (300, (590, 295))])
def test_a_label_has_the_dots_of_its_stock(dpi: int, size: tuple[int, int]) -> None:
    label = barcode_label("30234000517861", "codabar", "Library", Stock(50, 25), dpi)
    assert label.bitmap.shape == size[::-1]
    assert label.bitmap.dtype == np.uint8
    assert set(np.unique(label.bitmap)) == {0, 255}


@pytest.mark.parametrize("lines", [
    ("HE", "8700.7", ".P6", "T44", "1983"), ("I247.5", "1234"), ("QA",),
    ("参考", "TP393.092-53", "H637", "2024", "c.2"), tuple(f"line {number}" for number in range(12)),
])  # fmt: skip
def test_spine_lines_stay_inside_the_margins(lines: tuple[str, ...]) -> None:
    bitmap = spine_label(lines, SPINE, 203).bitmap
    top, bottom, left, right = ink(bitmap)
    assert top >= 8 and left >= 8 and bottom < 304 - 8 and right < 200 - 8


def test_fewer_characters_are_set_larger() -> None:
    heights = [ink(spine_label(lines, SPINE, 203).bitmap) for lines in (("QA76",), ("QA76.73.P98",))]
    assert heights[0][1] - heights[0][0] > heights[1][1] - heights[1][0]


@pytest.mark.parametrize("lines", [("X" * 60,), tuple(str(number) for number in range(40))])
def test_what_does_not_fit_is_an_error_never_cut(lines: tuple[str, ...]) -> None:
    with pytest.raises(BadInput, match="does not fit a label of 25 x 38 mm"):
        spine_label(lines, SPINE, 203)


def test_an_empty_spine_label_is_an_error() -> None:
    with pytest.raises(BadInput, match="at least one line"):
        spine_label(["", " "], SPINE, 203)


@pytest.mark.parametrize(
    ("number", "symbology", "stock", "why"),
    [
        ("1234567890ABCD", "code39", Stock(50, 25), "too wide"),
        ("30234000517861", "codabar", Stock(50, 10), "bars would be lower"),
        ("30234000517861", "codabar", Stock(20, 25), "too wide"),
    ],
)
def test_a_symbol_that_does_not_fit_is_an_error(number: str, symbology: str, stock: Stock, why: str) -> None:
    with pytest.raises(BadInput, match=why):
        barcode_label(number, symbology, "Library", stock, 203)


def test_a_character_without_a_glyph_is_an_error() -> None:
    with pytest.raises(BadInput, match=r"U\+12000"):
        spine_label(["\U00012000"], SPINE, 203)


def test_a_missing_font_names_its_package(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fonts, "_fc_list", lambda pattern: [])
    fonts._font_file.cache_clear()
    with pytest.raises(ConfigError, match="apt-get install fonts-wqy-microhei"):
        fonts._font_file(fonts._CJK)
    fonts._font_file.cache_clear()


def test_a_missing_fontconfig_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fonts.shutil, "which", lambda name: None)
    with pytest.raises(ConfigError, match="apt-get install fontconfig"):
        fonts._fc_list("DejaVu Sans")


@pytest.mark.parametrize("dpi", [203, 300])
def test_a_preview_prints_at_true_size(dpi: int) -> None:
    label = spine_label(["QA76", ".D3"], SPINE, dpi)
    image = Image.open(io.BytesIO(label.png()))
    assert np.array_equal(np.asarray(image.convert("L")), label.bitmap)
    for dots, resolution, mm in zip(image.size, image.info["dpi"], (25, 38), strict=True):
        assert dots / resolution * 25.4 == pytest.approx(mm, abs=0.1)


def test_a_job_is_one_graphic_field_of_the_whole_label() -> None:
    bitmap = np.full((3, 12), 255, np.uint8)
    bitmap[0, :] = 0
    bitmap[2, 11] = 0
    job = zpl_job(bitmap, copies=2).decode()
    assert job.startswith("^XA") and job.endswith("^XZ")
    assert "^PW12^LL3^" in job and "^PQ2," in job
    found = re.search(r"\^GFA,(\d+),(\d+),(\d+),([0-9A-F]+)\^FS", job)
    assert found is not None
    assert found.groups() == ("6", "6", "2", "FFF000000010")


ANSWER = (
    b"\x02030,0,0,0200,002,0,0,0,000,0,0,0\x03\r\n"
    b"\x02000,0,0,0,1,1,6,1,00000003,1,000\x03\r\n\x021234,0\x03\r\n"
)


def test_a_host_status_is_read() -> None:
    status = parse_host_status(ANSWER)
    assert (status.problems, status.label_waiting, status.labels_left) == ((), True, 3)
    assert (status.formats, status.print_mode) == (2, 1)


@pytest.mark.parametrize(
    ("old", "new", "problem"),
    [
        (b"030,0,0", b"030,1,0", "paper_out"),
        (b"030,0,0", b"030,0,1", "paused"),
        (b"000,0,0,0,1", b"000,0,1,0,1", "head_open"),
        (b"000,0,0,0,1", b"000,0,0,1,1", "ribbon_out"),
        (b"000,0,0,0\x03", b"000,0,0,1\x03", "too_hot"),
    ],
)
def test_problems_have_words(old: bytes, new: bytes, problem: str) -> None:
    assert parse_host_status(ANSWER.replace(old, new, 1)).problems == (problem,)


@pytest.mark.parametrize(
    "answer", [b"", ANSWER[:40], b"\x02a\x03\x02b\x03\x02c\x03", ANSWER.replace(b"00000003", b"few")]
)
def test_what_is_no_host_status_is_a_fault(answer: bytes) -> None:
    with pytest.raises(DeviceFault, match="can't be read"):
        parse_host_status(answer)
