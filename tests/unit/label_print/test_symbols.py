"""Symbols: check digits, and what two independent decoders read from our bars."""

import numpy as np
import pytest
import zxingcpp
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image
from pyzbar import pyzbar

from label_print import (
    Stock,
    barcode_label,
    code39_check_character,
    ean13_check_digit,
    is_library_number,
    library_check_digit,
)
from label_print.symbols import codabar, code128, scales, symbol_of
from workcell.kernel.errors import BadInput

STOCK = Stock(50, 25)
CASES = [
    ("codabar", "30234000517861", "A30234000517861B"),
    ("code39", "A0012345", "A0012345"),
    ("code39_mod43", "A0012345", "A0012345P"),
    ("code128", "30234000517861", "30234000517861"),
    ("code128", "WC-DAMAGED", "WC-DAMAGED"),
    ("ean13", "9787020002207", "9787020002207"),
]


@pytest.mark.parametrize(("number", "digit"), [("3023400051786", "1"), ("3319100010586", "4")])
def test_library_check_digits(number: str, digit: str) -> None:
    assert library_check_digit(number) == digit
    assert is_library_number(number + digit)
    assert not is_library_number(number + str((int(digit) + 1) % 10))


@pytest.mark.parametrize("text", ["", "30234", "40234000517861", "3023400051786x", "３0234000517861"])
def test_what_is_no_library_number(text: str) -> None:
    assert not is_library_number(text)


@given(st.text("0123456789", min_size=12, max_size=12), st.integers(0, 12), st.integers(1, 9))
def test_a_wrong_digit_is_noticed(serial: str, place: int, by: int) -> None:
    number = "3" + serial
    changed = number[:place] + str((int(number[place]) + by) % 10) + number[place + 1 :]
    assert library_check_digit(number) != library_check_digit(changed)


def test_other_check_characters() -> None:
    assert code39_check_character("A0012345") == "P"
    assert ean13_check_digit("978702000220") == "7"


@pytest.mark.parametrize(
    ("symbology", "text", "problem"),
    [
        ("codabar", "30A", "no character 'A'"),
        ("codabar", "", "empty text"),
        ("code39", "abc", "no character 'a'"),
        ("code128", "中", "no character '中'"),
        ("ean13", "9787020002208", "not an EAN-13"),
        ("qr", "1", "no symbology 'qr'"),
    ],
)
def test_what_can_not_be_encoded_is_said(symbology: str, text: str, problem: str) -> None:
    with pytest.raises(BadInput, match=problem):
        symbol_of(text, symbology)


def bars(symbology: str, text: str, module: int = 2) -> np.ndarray:
    """A symbol alone, in its quiet zones, 60 dots high."""
    symbol = symbol_of(text, symbology)
    scale = next(scales(symbol, module))
    row = np.concatenate(
        [np.full(dots, 0 if place % 2 == 0 else 255) for place, dots in enumerate(symbol.dots(scale))]
    )
    left, right = symbol.quiet_dots(scale)
    return np.tile(np.pad(row, (left, right), constant_values=255), (60, 1)).astype(np.uint8)


@settings(max_examples=60, deadline=None)
@given(st.text([chr(c) for c in range(1, 128)], min_size=1, max_size=24))
def test_code_128_carries_any_ascii_text(text: str) -> None:
    read = zxingcpp.read_barcodes(bars("code128", text), formats=zxingcpp.BarcodeFormat.Code128)
    assert [result.bytes.decode() for result in read] == [text]


@pytest.mark.parametrize(
    ("text", "characters"),
    [("1234", 2), ("12345", 4), ("AB1234", 5), ("A123456B", 7), ("ab\x01cd", 6), ("\x01\x02a\x03", 5)],
)
def test_code_128_is_as_short_as_can_be(text: str, characters: int) -> None:
    start_check_stop = 6 + 6 + 7
    assert len(code128(text).elements) == start_check_stop + 6 * characters


@settings(max_examples=30, deadline=None)
@given(st.text("0123456789-$:/.+", min_size=2, max_size=16))
def test_codabar_carries_its_characters(text: str) -> None:
    read = zxingcpp.read_barcodes(bars("codabar", text), formats=zxingcpp.BarcodeFormat.Codabar)
    assert [result.text.strip("ABCD") for result in read] == [text]


def test_every_bar_of_a_class_is_equally_wide() -> None:
    symbol = codabar("30234000517861")
    assert set(symbol.dots((2, 5))) == {2, 5}
    assert all(2.25 <= wide / narrow <= 3 for narrow, wide in scales(symbol, 4) if narrow > 1)


# --- decoded from whole labels ---------------------------------------------------------------------------


def decoded(picture: np.ndarray) -> tuple[set[str], set[str]]:
    """What zxing-cpp and zbar read."""
    return (
        {result.text for result in zxingcpp.read_barcodes(picture)},
        {result.data.decode() for result in pyzbar.decode(Image.fromarray(picture))},
    )


def printed(bitmap: np.ndarray, growth: float, pixels_a_dot: float) -> np.ndarray:
    """A label as printed with bars ``growth`` dots wider and photographed at so many pixels a dot."""
    fine = 8
    ink = np.kron(bitmap < 128, np.ones((1, fine), bool))
    shift = round(abs(growth) / 2 * fine)
    grown = ink.copy()
    for step in range(1, shift + 1):
        for turned in (np.roll(ink, step, axis=1), np.roll(ink, -step, axis=1)):
            grown = grown | turned if growth > 0 else grown & turned
    paper = np.where(grown, 30, 225).astype(np.uint8)
    paper = np.pad(paper, ((30, 30), (30 * fine, 30 * fine)), constant_values=225)
    height, width = paper.shape
    size = (round(width / fine * pixels_a_dot), round(height * pixels_a_dot))
    return np.asarray(Image.fromarray(paper).resize(size, Image.Resampling.BOX))


@pytest.mark.parametrize("dpi", [203, 300])
@pytest.mark.parametrize(("symbology", "number", "read"), CASES)
def test_labels_are_read_by_both_decoders(symbology: str, number: str, read: str, dpi: int) -> None:
    label = barcode_label(number, symbology, "Riverside Public Library", STOCK, dpi)
    for growth in (-0.45, 0.0, 0.45):
        zxing, zbar = decoded(printed(label.bitmap, growth, 2.0))
        assert zxing == zbar == {read}, f"growth {growth}"


@pytest.mark.parametrize("dpi", [203, 300])
@pytest.mark.parametrize(("symbology", "number", "read"), CASES)
def test_labels_are_read_at_one_pixel_a_dot(symbology: str, number: str, read: str, dpi: int) -> None:
    label = barcode_label(number, symbology, "", STOCK, dpi)
    for growth in (-0.45, 0.0, 0.45):
        zxing, zbar = decoded(printed(label.bitmap, growth, 1.0))
        assert read in zxing & zbar, f"growth {growth}: zxing {zxing}, zbar {zbar}"
