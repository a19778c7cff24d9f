"""Symbols: check digits, and what two independent decoders read from our bars."""

import numpy as np
import pytest
import zxingcpp
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image
from pyzbar import pyzbar

from label_print import (
    CHECK_DIGITS,
    Stock,
    barcode_label,
    code39_check_character,
    ean13_check_digit,
    is_library_number,
    library_check_digit,
)
from label_print.matrix import matrix_symbol
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
    ("codabar_mod16", "3023400051786", "A30234000517868B"),
    ("qr", "I247.5/1234", "I247.5/1234"),
    ("datamatrix", "30234000517861", "30234000517861"),
]
READERS = {"datamatrix": 1}
"""Two decoders read each symbology; zbar knows no Data Matrix, whose encoder (zint) is not its reader's."""


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


def test_codabar_takes_start_and_stop_from_the_text() -> None:
    assert codabar("C30234000517861D").elements == codabar("30234000517861", "C", "D").elements
    label = barcode_label("C30234000517861D", "codabar", "", STOCK, 203)
    assert decoded(printed(label.bitmap, 0.0, 2.0))[0] == {"C30234000517861D"}
    with pytest.raises(BadInput, match="no character 'A'"):
        codabar("3A4B")


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


def printed(bitmap: np.ndarray, growth: float, pixels_a_dot: float, phase: float = 0.0) -> np.ndarray:
    """A label as printed with bars ``growth`` dots wider and photographed at so many pixels a dot.

    ``phase`` is where in a pixel the dots begin.
    """
    fine = 8
    ink = np.kron(bitmap < 128, np.ones((1, fine), bool))
    shift = round(abs(growth) / 2 * fine)
    grown = ink.copy()
    for step in range(1, shift + 1):
        for turned in (np.roll(ink, step, axis=1), np.roll(ink, -step, axis=1)):
            grown = grown | turned if growth > 0 else grown & turned
    paper = np.where(grown, 30, 225).astype(np.uint8)
    shift = round(phase * fine / pixels_a_dot)
    sides = (30 * fine + shift, 31 * fine - shift)
    paper = np.pad(paper, ((30, 30), sides), constant_values=225)
    height, width = paper.shape
    size = (round(width / fine * pixels_a_dot), round(height * pixels_a_dot))
    return np.asarray(Image.fromarray(paper).resize(size, Image.Resampling.BOX))


@pytest.mark.parametrize("dpi", [203, 300])
@pytest.mark.parametrize(("symbology", "number", "read"), CASES)
def test_labels_are_read_by_both_decoders(symbology: str, number: str, read: str, dpi: int) -> None:
    label = barcode_label(number, symbology, "Riverside Public Library", STOCK, dpi)
    for growth in (-0.45, 0.0, 0.45):
        readings = decoded(printed(label.bitmap, growth, 2.0))[: READERS.get(symbology, 2)]
        assert all(seen == {read} for seen in readings), f"growth {growth}: {readings}"


@pytest.mark.parametrize("dpi", [203, 300])
@pytest.mark.parametrize(("symbology", "number", "read"), CASES)
def test_labels_are_read_at_one_pixel_a_dot(symbology: str, number: str, read: str, dpi: int) -> None:
    label = barcode_label(number, symbology, "", STOCK, dpi)
    for growth in (-0.45, 0.0, 0.45):
        for phase in (0.0, 0.5):
            readings = decoded(printed(label.bitmap, growth, 1.0, phase))[: READERS.get(symbology, 2)]
            assert all(read in seen for seen in readings), f"growth {growth}, phase {phase}: {readings}"


def test_quiet_zones_stay_white() -> None:
    for symbology, number, _ in CASES[:6]:
        label = barcode_label(number, symbology, "", STOCK, 203)
        bars = label.bitmap[40] == 0
        runs = np.diff(np.flatnonzero(np.diff(bars)))
        free = min(int(np.argmax(bars)), int(np.argmax(bars[::-1])))
        assert free >= (7 if symbology == "ean13" else 10) * runs.min()


# --- check digits ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("scheme", "payload", "check"),
    [
        ("mod10", "3023400051786", "1"),
        ("mod10", "7992739871", "3"),  # ISO/IEC 7812 example
        ("mod10_weighted", "978702000220", "7"),
        ("mod11", "0317847", "1"),  # ISSN 0317-8471
        ("mod11", "020161622", "X"),  # ISBN 0-201-61622-X
        ("mod11_wrapped", "12345678", "5"),
        ("mod16", "30234000517861", "7"),
        ("mod43", "A0012345", "P"),
    ],
)
def test_check_digits_by_name(scheme: str, payload: str, check: str) -> None:
    assert CHECK_DIGITS[scheme](payload) == check


@pytest.mark.parametrize("scheme", ["mod10", "mod10_weighted", "mod11", "mod11_wrapped"])
@pytest.mark.parametrize("payload", ["", "12a", "１２"])
def test_a_check_digit_needs_digits(scheme: str, payload: str) -> None:
    with pytest.raises(BadInput, match="made from digits"):
        CHECK_DIGITS[scheme](payload)


@given(st.text("0123456789", min_size=4, max_size=9), st.data())
def test_modulus_11_notices_a_wrong_digit_and_a_swap(number: str, data: st.DataObject) -> None:
    check = CHECK_DIGITS["mod11"]
    place = data.draw(st.integers(0, len(number) - 2))
    swapped = number[:place] + number[place + 1] + number[place] + number[place + 2 :]
    assert check(swapped) != check(number) or swapped == number


@given(st.text("0123456789-$:/.+", min_size=1, max_size=20))
def test_codabar_with_its_check_character_sums_to_a_multiple_of_16(text: str) -> None:
    order = "0123456789-$:/.+ABCD"
    whole = "A" + text + CHECK_DIGITS["mod16"](text) + "B"
    assert sum(order.index(character) for character in whole) % 16 == 0


@pytest.mark.parametrize("symbology", ["qr", "datamatrix"])
@pytest.mark.parametrize("text", ["中文图书 I247.5/12", "a" * 60])
def test_matrix_symbols_carry_any_text(symbology: str, text: str) -> None:
    label = barcode_label(text, symbology, "", Stock(120, 70), 300)
    assert text in decoded(printed(label.bitmap, 0.0, 1.0))[0]


@pytest.mark.parametrize("symbology", ["qr", "datamatrix"])
@pytest.mark.parametrize(("text", "problem"), [("", "empty text"), ("x" * 5000, "can't carry")])
def test_what_no_matrix_symbol_carries_is_said(symbology: str, text: str, problem: str) -> None:
    with pytest.raises(BadInput, match=problem):
        matrix_symbol(text, symbology)
