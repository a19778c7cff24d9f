"""Bars that no decoder reads, fitted: right or nothing."""

import cv2
import numpy as np
import pytest

from vision import ean
from vision.barbands import read_bands
from vision.barcodes import read_barcodes
from vision.barfit import fit_row, placed
from vision.bars import bar_fields

BOOK = "9780306406157"


def _row(text, module, blur, noise=3.0):
    """Brightness along a symbol with quiet zones of twelve modules; ``blur`` in modules."""
    bits = np.array([[float(b) for b in "0" * 12 + ean.ean13_modules(text) + "0" * 12]])
    fine = cv2.GaussianBlur(np.repeat(bits, 16, axis=1), (0, 0), 16 * blur)
    row = cv2.resize(fine, (round(bits.size * module), 1), interpolation=cv2.INTER_AREA)[0]
    grain = np.random.default_rng(5).normal(0, noise, row.size)
    return (215 - 170 * row + grain).astype(np.float32)


@pytest.mark.parametrize("text", [BOOK, "4006381333931", "0036000291452", "1920095015002"])
@pytest.mark.parametrize(("module", "blur"), [(4, 0.4), (4, 1.3), (1.3, 0.5), (2, 1.0)])
def test_a_blurred_row_is_fitted(text, module, blur):
    row = _row(text, module, blur)
    fit = fit_row(row, placed(row, [(12.6 * module, 106.7 * module)]))
    assert fit.text == text and fit.lead > 0.3
    assert fit.place.start == pytest.approx(12 * module, abs=module)


def test_a_row_on_its_head_is_fitted():
    row = _row(BOOK, 3, 0.8)[::-1].copy()
    fit = fit_row(row, placed(row, [(36, 321)]))
    assert fit.text == BOOK and fit.place.module < 0


def test_what_says_nothing_leads_by_nothing():
    noise = np.random.default_rng(2).normal(128, 40, 480).astype(np.float32)
    assert fit_row(noise, placed(noise, [(48, 428)])).lead < 0.2


def test_the_digits_of_a_row_covered_by_a_finger_are_not_made_up():
    row = _row(BOOK, 3, 0.5)
    row[120:200] = 90
    fit = fit_row(row, placed(row, [(36, 321)]))
    assert fit.text == BOOK or fit.lead < 0.3


@pytest.mark.parametrize("angle", [0, 90, 195])
def test_fields_of_blurred_bars_are_found_and_read_at_any_angle(draw_cover, turn, angle):
    cover = cv2.GaussianBlur(turn(draw_cover(BOOK, module=4), angle), (0, 0), 5)
    grey = cv2.cvtColor(cover, cv2.COLOR_BGR2GRAY)
    reads = [read for field in bar_fields(grey) if (read := read_bands(grey, field)) is not None]
    assert [read.text for read in reads] == [BOOK]
    (x0, y0), (x1, y1) = reads[0].polygon[:2]
    assert abs((np.degrees(np.arctan2(y1 - y0, x1 - x0)) - angle + 180) % 360 - 180) < 8


def test_what_decoders_can_not_read_is_accepted_from_bands_that_share_no_pixels(draw_cover):
    cover = cv2.GaussianBlur(draw_cover(BOOK, module=4), (0, 0), 5)
    (code, *_) = read_barcodes(cover)
    assert (code.text, code.accepted) == (BOOK, True)
    assert code.votes == ("bands/even", "bands/odd")


def test_an_even_picture_has_no_fields():
    assert bar_fields(np.full((900, 700), 140, np.uint8)) == []
