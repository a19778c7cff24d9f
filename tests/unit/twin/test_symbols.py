"""Our bars against an independent decoder and an independent encoder."""

from __future__ import annotations

import numpy as np
import pytest
import zxingcpp

from workcell.twin.reading import read_barcode
from workcell.twin.render import symbols
from workcell.twin.render.foreign import foreign_label, foreign_number


def _read(modules: symbols.Modules) -> list[str]:
    image = np.pad(symbols.bars(modules, modules.size * 3, 60), 45, constant_values=255)
    codes = zxingcpp.read_barcodes(image, ean_add_on_symbol=zxingcpp.EanAddOnSymbol.Read)
    return [code.text for code in codes]


@pytest.mark.parametrize(
    "digits", ["9780300000085", "9787121233432", "4006381333931", "0012345678905", "9791234567896"]
)
def test_an_ean13_is_read_back(digits: str) -> None:
    assert _read(symbols.ean13(digits)) in ([digits], [digits[1:]])


@pytest.mark.parametrize("extra", ["52495", "90000", "00000", "07", "13", "42", "99"])
def test_an_addon_is_read_back(extra: str) -> None:
    gap = np.zeros(symbols.ADDON_GAP, np.uint8)
    modules = np.concatenate([symbols.ean13("9780300000085"), gap, symbols.addon(extra)])
    assert _read(modules) == [f"9780300000085{extra}"]


def test_code128_is_read_back() -> None:
    printable = "".join(chr(code) for code in range(32, 127))
    for text in ("WC-DAMAGED", printable[:48], printable[48:]):
        assert _read(symbols.code128(text)) == [text]


def test_codabar_is_read_back() -> None:
    for number in ("39999000000017", "0123456789"):
        dots = symbols.codabar(number, 2, 5)
        assert read_barcode(symbols.bars(dots, dots.size, 60)) == number


def test_a_module_is_as_wide_as_the_standard_says() -> None:
    modules = symbols.EAN_QUIET_LEFT + 95 + symbols.EAN_QUIET_RIGHT
    assert modules * symbols.EAN_MODULE_MM == pytest.approx(37.29)


def test_a_foreign_label_is_another_librarys_number_with_its_check_digit() -> None:
    number = foreign_number(np.random.default_rng(3))
    assert number.startswith("39999")
    assert len(number) == 14
    doubled = [int(d) * (2 if place % 2 == 0 else 1) for place, d in enumerate(number[:-1])]
    assert (sum(v - 9 if v > 9 else v for v in doubled) + int(number[-1])) % 10 == 0
    assert read_barcode(foreign_label(400, 200, number)) == number


def test_no_bars_and_two_symbols_are_no_number() -> None:
    assert read_barcode(np.full((200, 400), 255, np.uint8)) == ""
    two = np.vstack([foreign_label(400, 200, "39999000000017"), foreign_label(400, 200, "39999000000025")])
    assert read_barcode(two) == ""
