"""Labels as dots: sizes, fitting, fonts, PNG and ZPL forms."""

import io
import re

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from PIL import Image
from zebrafy import ZebrafyZPL

from label_print import PROBLEMS, Stock, barcode_label, fonts, parse_host_status, spine_label, tspl, zpl_job
from label_print.zpl import zpl_bitmap
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


@pytest.mark.parametrize("compact", [False, True])
def test_a_bitmap_larger_than_a_graphic_field_is_several(compact: bool) -> None:
    bitmap = np.full((1800, 1204), 255, np.uint8)
    bitmap[::7, 3::5] = 0
    job = zpl_job(bitmap, compact=compact).decode()
    sizes = [int(size) for size in re.findall(r"\^GFA,(\d+)", job)]
    assert len(sizes) == 3 and max(sizes) <= 99_999 and sum(sizes) == 1800 * 151
    assert re.findall(r"\^FO0,(\d+)", job) == ["0", "662", "1324"]
    drawn = np.vstack([np.asarray(_first([image])) for image in ZebrafyZPL(job).to_images()])
    np.testing.assert_array_equal(drawn[:, :1204] > 0, bitmap > 0)
    if not compact:
        np.testing.assert_array_equal(zpl_bitmap(job.encode()), bitmap)


@pytest.mark.parametrize("compact", [False, True])
@pytest.mark.parametrize("lines", [("HE", "8700.7"), ("参考", "I247.5", "第2册")])
def test_another_s_renderer_draws_the_same_dots(lines: tuple[str, ...], compact: bool) -> None:
    label = spine_label(lines, Stock(24.6, 37.3), 203)
    drawn = ZebrafyZPL(label.zpl(copies=2, speed=4, compact=compact).decode()).to_images()[0]
    image = drawn[0] if isinstance(drawn, tuple) else drawn
    width = label.bitmap.shape[1]
    np.testing.assert_array_equal(np.asarray(image.convert("L"))[:, :width] < 128, label.bitmap < 128)


@settings(max_examples=60, deadline=None)
@given(arrays(np.bool_, st.tuples(st.integers(1, 12), st.integers(1, 900))))
def test_run_lengths_and_plain_digits_are_the_same_picture(ink: np.ndarray) -> None:
    bitmap = np.where(ink, 0, 255).astype(np.uint8)
    bitmap[:, 40:] = bitmap[:, 40:41]
    plain, compact = zpl_job(bitmap), zpl_job(bitmap, compact=True)
    np.testing.assert_array_equal(zpl_bitmap(plain), bitmap)
    pictures = [np.asarray(_first(ZebrafyZPL(job.decode()).to_images())) for job in (plain, compact)]
    np.testing.assert_array_equal(*pictures)


def _first(drawn: list) -> Image.Image:
    return drawn[0][0] if isinstance(drawn[0], tuple) else drawn[0]


@given(st.binary(max_size=120))
def test_no_answer_of_a_printer_is_more_than_a_fault(answer: bytes) -> None:
    for read in (parse_host_status, tspl.parse_status, tspl.parse_full_status):
        try:
            read(answer)
        except DeviceFault as fault:
            assert fault.remedy


@given(st.binary(min_size=4, max_size=4))
def test_every_tspl_status_has_remedies(status: bytes) -> None:
    full = tspl.parse_full_status(b"\x02" + status + b"\x03\r\n")
    short = tspl.parse_status(status[:1])
    assert set(full.problems) | set(short.problems) <= set(PROBLEMS)


@pytest.mark.parametrize(
    ("status", "problems", "printing", "waiting"),
    [
        (b"@@@@", (), False, False), (b"P@@@", (), True, False), (b"L@@@", (), False, True),
        (b"E@@A", ("paper_out",), False, False), (b"E@@D", ("ribbon_out",), False, False),
        (b"E@@`", ("head_open",), False, False), (b"`@@@", ("paused",), False, False),
        (b"E@AB", ("too_hot", "paper_jam"), False, False),
    ],
)  # fmt: skip
def test_a_full_tspl_status_is_read(
    status: bytes, problems: tuple[str, ...], printing: bool, waiting: bool
) -> None:
    seen = tspl.parse_full_status(b"\x02" + status + b"\x03\r\n")
    assert (seen.problems, seen.printing, seen.label_waiting) == (problems, printing, waiting)


def test_a_tspl_job_says_its_size_and_its_white_padding() -> None:
    bitmap = np.full((2, 12), 255, np.uint8)
    bitmap[0, :] = 0
    job = tspl.tspl_job(bitmap, 8.0, 3, speed=4)
    head, _, rest = job.partition(b"BITMAP ")
    assert head == b"SIZE 1.50 mm,0.25 mm\r\nSPEED 4\r\nDIRECTION 0,0\r\nREFERENCE 0,0\r\nCLS\r\n"
    assert rest == b"0,0,2,2,0,\x00\x0f\xff\xff\r\nPRINT 1,3\r\n"


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
