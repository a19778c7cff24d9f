"""Sheets: every label at its place, true to scale, past the used ones; the ruler has its length."""

from pathlib import Path

import numpy as np
import pypdfium2
import pytest
import zxingcpp

from label_print import Sheet, Stock, barcode_label, load_sheet, sheet_images, sheet_pdf, spine_label
from workcell.kernel.errors import BadInput

EXAMPLES = Path(__file__).resolve().parents[3] / "examples" / "labels"
NUMBERS = [f"R{number:05d}" for number in range(60)]
A4 = load_sheet(EXAMPLES / "sheet-a4-4x10.toml")


def labels(count: int, dpi: int = 203) -> list:
    return [barcode_label(number, "code128", "", Stock(50, 22), dpi) for number in NUMBERS[:count]]


def page(pdf: bytes, number: int, dpi: float) -> np.ndarray:
    """A page as a printer of that resolution draws it."""
    document = pypdfium2.PdfDocument(pdf)
    return document[number].render(scale=dpi / 72, grayscale=True).to_numpy().squeeze()


def places(picture: np.ndarray, sheet: Sheet, dpi: float) -> dict[int, str]:
    """What is read at each position of the sheet."""
    found = {}
    for result in zxingcpp.read_barcodes(picture):
        corners = result.position
        x = (corners.top_left.x + corners.bottom_right.x) / 2 / dpi * 25.4 - sheet.left_mm
        y = (corners.top_left.y + corners.bottom_right.y) / 2 / dpi * 25.4 - sheet.top_mm
        column = int(x // (sheet.pitch_x_mm or sheet.label_width_mm))
        row = int(y // (sheet.pitch_y_mm or sheet.label_height_mm))
        found[row * sheet.columns + column + 1] = result.text
    return found


def test_labels_stand_in_their_places_past_the_used_ones() -> None:
    pdf = sheet_pdf(labels(4), A4, start=3, used={4, 6})
    assert places(page(pdf, 0, 200), A4, 200) == dict(zip((3, 5, 7, 8), NUMBERS, strict=False))


def test_a_sheet_goes_on_on_further_pages() -> None:
    pdf = sheet_pdf(labels(50), A4, start=31)
    assert len(pypdfium2.PdfDocument(pdf)) == 2
    assert places(page(pdf, 0, 200), A4, 200) == dict(zip(range(31, 41), NUMBERS, strict=False))
    assert places(page(pdf, 1, 200), A4, 200) == dict(zip(range(1, 41), NUMBERS[10:], strict=False))


def test_a_first_page_that_is_used_up_is_left_out() -> None:
    pdf = sheet_pdf(labels(2), A4, start=40, used={40})
    assert len(pypdfium2.PdfDocument(pdf)) == 1
    assert set(places(page(pdf, 0, 200), A4, 200)) == {1, 2}


def test_the_page_is_true_to_scale_and_tells_so() -> None:
    pdf = sheet_pdf(labels(1), A4)
    document = pypdfium2.PdfDocument(pdf)
    assert [side / 72 * 25.4 for side in document[0].get_size()] == pytest.approx([210, 297], abs=0.01)
    assert b"/PrintScaling /None" in pdf
    picture = page(pdf, 0, 508)  # 20 pixels a mm
    foot = picture[(297 - 7) * 20 :] < 128
    columns = np.flatnonzero(foot[-90:].any(axis=0))
    assert (columns.max() - columns.min() + 1) / 20 == pytest.approx(50, abs=0.15)
    assert sheet_pdf(labels(1), A4) == pdf


def test_the_dots_of_a_label_are_kept() -> None:
    label = labels(1)[0]
    picture = page(label.pdf(), 0, 2032)  # ten pixels a dot, seen at the middle of each
    height, width = label.bitmap.shape
    dots = picture[5 : 10 * height : 10, 5 : 10 * width : 10]
    np.testing.assert_array_equal(dots < 128, label.bitmap < 128)


def test_a_sheet_without_room_for_a_ruler_has_it_on_a_page_of_its_own() -> None:
    full = A4.model_copy(update={"top_mm": 0.0, "label_height_mm": 29.7})
    pdf = sheet_pdf(labels(1), full)
    assert len(pypdfium2.PdfDocument(pdf)) == 2
    assert (page(pdf, 1, 100) < 128).any()


def test_a_preview_shows_what_the_document_prints() -> None:
    images = sheet_images(labels(2), A4, start=5)
    assert [image.size_mm for image in images] == [pytest.approx((210, 297), abs=0.1)]
    assert set(places(images[0].bitmap, A4, 203.2)) == {5, 6}


def test_spine_labels_go_on_their_sheet() -> None:
    sheet = load_sheet(EXAMPLES / "sheet-letter-7x6.toml")
    spines = [spine_label(["QA76", f".B{number}"], Stock(25, 38), 300) for number in range(43)]
    assert len(pypdfium2.PdfDocument(sheet_pdf(spines, sheet))) == 2


@pytest.mark.parametrize(
    ("start", "used", "problem"), [(41, (), "no position 41"), (1, (0,), "no position 0")]
)
def test_positions_that_are_none_are_said(start: int, used: tuple[int, ...], problem: str) -> None:
    with pytest.raises(BadInput, match=problem):
        sheet_pdf(labels(1), A4, start, used)


def test_what_a_sheet_can_not_take_is_said() -> None:
    with pytest.raises(BadInput, match=r"larger than the sheet's 52\.5 x 25\.4 mm"):
        sheet_pdf([barcode_label("1", "code128", "", Stock(60, 25), 203)], A4)
    with pytest.raises(BadInput, match="without labels"):
        sheet_pdf([], A4)
    with pytest.raises(ValueError, match="off the page"):
        Sheet.model_validate({**A4.model_dump(by_alias=True), "rows": 12})
