"""The decoders: zxing-cpp, zbar and OpenCV on one prepared picture, their answers in one form.

A symbol of UPC-A is an EAN-13 that begins with 0 (ISO/IEC 15420): it is always told as UPCA with twelve
digits, whichever decoder read it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import zxingcpp
from pyzbar import pyzbar

from vision.bars import detector
from vision.geometry import Matrix, mapped, rectangle_at
from vision.photo import Pixels
from vision.votes import Reading
from workcell.kernel.evidence import Point

RETAIL = [zxingcpp.EAN13, zxingcpp.EAN8, zxingcpp.UPCA, zxingcpp.UPCE]
CODES = [zxingcpp.Code128, zxingcpp.Code39, zxingcpp.Codabar, zxingcpp.QRCode, zxingcpp.DataMatrix]

_FORMATS = {
    zxingcpp.EAN13: "EAN13",
    zxingcpp.EAN8: "EAN8",
    zxingcpp.UPCA: "UPCA",
    zxingcpp.UPCE: "UPCE",
    zxingcpp.Code39: "CODE39",
    zxingcpp.Code39Std: "CODE39",
    zxingcpp.Code39Ext: "CODE39",
    zxingcpp.Code128: "CODE128",
    zxingcpp.Codabar: "CODABAR",
    zxingcpp.DataMatrix: "DATAMATRIX",
    zxingcpp.QRCode: "QR",
    zxingcpp.QRCodeModel1: "QR",
    zxingcpp.QRCodeModel2: "QR",
}
# Other symbologies of zbar are left alone: its QR reader can abort the whole process.
_ZBAR_SYMBOLS = [
    pyzbar.ZBarSymbol.EAN13,
    pyzbar.ZBarSymbol.UPCE,
    pyzbar.ZBarSymbol.EAN5,
    pyzbar.ZBarSymbol.EAN2,
]
_ZBAR_TURN = {"UP": 0, "RIGHT": 1, "DOWN": 2, "LEFT": 3}


def zxing_readings(
    image: Pixels, matrix: Matrix, voter: str, formats: Sequence[zxingcpp.BarcodeFormat]
) -> Iterator[Reading]:
    """Everything that zxing-cpp reads, in the coordinates of the original picture."""
    found = zxingcpp.read_barcodes(
        image, formats=list(formats), ean_add_on_symbol=zxingcpp.EanAddOnSymbol.Read
    )
    for symbol in found:
        name = _FORMATS.get(symbol.format)
        if name is None or not symbol.text:
            continue
        # With a complete add-on the text carries its digits; ``extra`` alone may hold a partial one.
        text, addon = _split_addon(symbol.text, name)
        text, name = _as_upc(text, name)
        at = symbol.position
        corners = [
            (float(p.x), float(p.y)) for p in (at.top_left, at.top_right, at.bottom_right, at.bottom_left)
        ]
        yield Reading(text, name, mapped(corners, matrix), voter, addon)


def zbar_readings(image: Pixels, matrix: Matrix, voter: str) -> Iterator[Reading]:
    """Every EAN-13 and UPC-E that zbar reads, in the coordinates of the original picture."""
    symbols = pyzbar.decode(image, symbols=_ZBAR_SYMBOLS)
    addons = [s for s in symbols if s.type in ("EAN5", "EAN2")]
    for symbol in symbols:
        if symbol.type not in ("EAN13", "UPCE"):
            continue
        text, name = _as_upc(symbol.data.decode("ascii"), symbol.type)
        polygon = mapped(_zbar_corners(symbol), matrix)
        addon = addons[0].data.decode("ascii") if len(addons) == 1 else None
        yield Reading(text, name, polygon, voter, addon)


def opencv_readings(image: Pixels, matrix: Matrix, voter: str) -> Iterator[Reading]:
    """Every EAN-13 that OpenCV's decoder reads, at any angle, in the coordinates of the original picture."""
    _, texts, kinds, quads = detector().detectAndDecodeWithType(image)
    for text, kind, quad in zip(texts or (), kinds or (), quads if quads is not None else (), strict=False):
        if kind == "EAN_13" and len(text) == 13:
            # The corners start at the bottom left of the symbol as it lies, not as it reads.
            bottom_left, top_left, top_right, bottom_right = [(float(x), float(y)) for x, y in quad]
            corners = (top_left, top_right, bottom_right, bottom_left)
            upc, name = _as_upc(text, "EAN13")
            yield Reading(upc, name, mapped(corners, matrix), voter)


def _zbar_corners(symbol: pyzbar.Decoded) -> list[Point]:
    points = [(float(p.x), float(p.y)) for p in symbol.polygon]
    if len(points) < 3:
        x, y, w, h = symbol.rect
        points = [(x, y), (x + w, y), (x + w, y + h), (x, y + h)]
    # zbar tells the quarter in which the symbol stands; the bars tell the rest later.
    return list(rectangle_at(points, 90.0 * _ZBAR_TURN.get(symbol.orientation, 0)))


def _split_addon(text: str, name: str) -> tuple[str, str | None]:
    """Digits of the symbol and of its add-on; zxing spells a UPC-E out as the EAN-13 that it stands for."""
    length = {"EAN13": 13, "UPCA": 12, "EAN8": 8, "UPCE": 13}.get(name)
    if length is None or len(text) < length:
        return text, None
    text, addon = text[:length], text[length:].strip()
    return _as_printed(text, name), addon if len(addon) in (2, 5) else None


def _as_printed(text: str, name: str) -> str:
    """The eight digits of a UPC-E from the thirteen that it stands for (ISO/IEC 15420:2009, 4.3.4)."""
    if name != "UPCE":
        return text
    system, maker, product, check = text[1], text[2:7], text[7:12], text[12]
    if maker[2:] in ("000", "100", "200") and product.startswith("00"):
        short = maker[:2] + product[2:] + maker[2]
    elif maker.endswith("00") and product.startswith("000"):
        short = maker[:3] + product[3:] + "3"
    elif maker.endswith("0") and product.startswith("0000"):
        short = maker[:4] + product[4] + "4"
    else:
        short = maker + product[4]
    return system + short + check


def _as_upc(text: str, name: str) -> tuple[str, str]:
    """A UPC-A is an EAN-13 that begins with 0 (ISO/IEC 15420): told in one way only."""
    return (text[1:], "UPCA") if name == "EAN13" and text.startswith("0") else (text, name)
