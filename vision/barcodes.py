"""Barcodes on books: a cascade of readers that vote.

One decoder on one picture is not believed: a check digit and a registered prefix do not catch every
misread.  Each *reader* is a decoder on one preparation of the picture; readers are asked from cheap to
dear until two agree on a book's EAN-13.  What is accepted is told in ``votes``.

EAN/UPC: ISO/IEC 15420; add-on of five digits: the Bookland price, see ``addon_price``.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import cast

import cv2
import zxingcpp

from vision.addon import read_addon
from vision.barbands import BandsRead, read_bands
from vision.bars import SEARCH_SIDE, bar_fields, bar_quads, sharpened, upright_crop
from vision.decoders import CODES, RETAIL, opencv_readings, zbar_readings, zxing_readings
from vision.geometry import Matrix, centre, direction, full_height, rectangle_at, scale_matrix
from vision.photo import Pixels
from vision.votes import Reading, is_bookland, standing, tallied, voted_addon
from workcell.kernel.evidence import Barcode

__all__ = ["addon_price", "is_bookland", "read_barcodes"]

_FINE_SIDE = 1600
_PAST_LAST_BAR = 10
_ADDON_REACH = 2.6
_LEAST_COHERENCE = 0.5


@dataclass
class _Scene:
    """One picture under examination, with the preparations made so far and the votes cast."""

    grey: Pixels
    readings: list[Reading] = field(default_factory=list)
    _made: dict[str, tuple[Pixels, Matrix]] = field(default_factory=dict)

    def prepared(self, name: str) -> tuple[Pixels, Matrix]:
        if name not in self._made:
            self._made[name] = _PREPARATIONS[name](self)
        return self._made[name]


Reader = Callable[[_Scene], Iterator[Reading]]


def read_barcodes(image: Pixels) -> tuple[Barcode, ...]:
    """All symbols on a picture of a book (BGR or grey), the book's own EAN-13 first.

    Stops as soon as a 978/979 number has two votes and nothing else seen so far lacks one; readings with
    fewer are returned with ``accepted=False``.  Books that lie beside show their own numbers: of several, the
    one nearest to the middle of the picture comes first, and the caller decides; what the picture's edge cuts
    off is not accepted beside a whole symbol.  Polygons are in pixels of
    ``image``.
    """
    scene = _Scene(_grey(image))
    for asked, reader in enumerate(_CASCADE, start=1):
        scene.readings.extend(reader(scene))
        if _settled(tallied(scene.readings), asked):
            break
    scene.readings.extend(_addon_votes(scene))
    barcodes = [_straightened(barcode, scene) for barcode in tallied(scene.readings)]
    height, width = scene.grey.shape
    return _own_book_first(barcodes, (width, height))


def addon_price(addon: str | None) -> tuple[str, Decimal] | None:
    """Currency and price that a five-digit add-on means, None where it means none.

    5xxxx is US dollars, 6xxxx Canadian, 0xxxx and 1xxxx pounds sterling, 3xxxx Australian and 4xxxx New
    Zealand dollars; 90000 says "no price", 9xxxx are a shop's own, 59999 means 100 dollars or more
    (BISG, "Machine-readable coding guidelines for the US book industry").
    """
    if addon is None or len(addon) != 5 or addon == "59999":
        return None
    currency = {"5": "USD", "6": "CAD", "0": "GBP", "1": "GBP", "3": "AUD", "4": "NZD"}.get(addon[0])
    if currency is None or addon[1:] == "0000":
        return None
    return currency, Decimal(addon[1:]) / 100


# --- readers -------------------------------------------------------------------------------------------


def _zxing(preparation: str, voter: str, formats: Sequence[zxingcpp.BarcodeFormat]) -> Reader:
    def read(scene: _Scene) -> Iterator[Reading]:
        image, matrix = scene.prepared(preparation)
        yield from zxing_readings(image, matrix, voter, formats)

    return read


def _zbar(preparation: str, voter: str) -> Reader:
    def read(scene: _Scene) -> Iterator[Reading]:
        image, matrix = scene.prepared(preparation)
        yield from zbar_readings(image, matrix, voter)

    return read


def _opencv(scene: _Scene) -> Iterator[Reading]:
    """OpenCV's own decoder, on the symbols that its detector found at any angle."""
    yield from opencv_readings(*scene.prepared("search"), "opencv/small")


def _crops(scene: _Scene) -> Iterator[Reading]:
    """Symbols found at any angle, cut upright out of the full picture and read by both decoders."""
    for quad in bar_quads(scene.grey)[:4]:
        crop, matrix = upright_crop(scene.grey, quad)
        sharp = sharpened(crop, sigma=3.0)
        yield from zxing_readings(crop, matrix, "zxing/crop", RETAIL + CODES)
        yield from zxing_readings(sharp, matrix, "zxing/crop+sharp", RETAIL + CODES)
        yield from zbar_readings(sharp, matrix, "zbar/crop+sharp")


def _bands(scene: _Scene) -> Iterator[Reading]:
    """Bars that no decoder reads, fitted; bands that share no pixels are two readers."""
    for corners in bar_fields(scene.grey):
        found = read_bands(scene.grey, corners)
        if found is not None:
            for voter in _band_voters(found):
                yield Reading(found.text, "EAN13", found.polygon, voter)
            return


def _band_voters(found: BandsRead) -> list[str]:
    if not found.sure:
        return ["bands/all"]
    return sorted({"bands/odd" if number % 2 else "bands/even" for number in found.bands})


# --- preparations --------------------------------------------------------------------------------------


def _search(scene: _Scene) -> tuple[Pixels, Matrix]:
    """Reduced in two steps: the larger one is needed next, and is most of the work."""
    scale = min(SEARCH_SIDE / max(scene.grey.shape), 2.0)
    if scale > SEARCH_SIDE / _FINE_SIDE:
        return _resized(scene.grey, scale)
    larger, matrix = scene.prepared("fine")
    image, back = _resized(larger, SEARCH_SIDE / _FINE_SIDE)
    return image, matrix @ back


def _plain(scene: _Scene) -> tuple[Pixels, Matrix]:
    return scene.grey, scale_matrix(1.0)


def _fine(scene: _Scene) -> tuple[Pixels, Matrix]:
    return _resized(scene.grey, min(_FINE_SIDE / max(scene.grey.shape), 2.0))


def _resized(image: Pixels, scale: float) -> tuple[Pixels, Matrix]:
    how = cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC
    return cv2.resize(image, None, fx=scale, fy=scale, interpolation=how), scale_matrix(scale)


def _sharp(base: str) -> Callable[[_Scene], tuple[Pixels, Matrix]]:
    def prepare(scene: _Scene) -> tuple[Pixels, Matrix]:
        image, matrix = scene.prepared(base)
        return sharpened(image), matrix

    return prepare


def _levelled(base: str) -> Callable[[_Scene], tuple[Pixels, Matrix]]:
    def prepare(scene: _Scene) -> tuple[Pixels, Matrix]:
        image, matrix = scene.prepared(base)
        return cv2.createCLAHE(clipLimit=4.0, tileGridSize=(8, 8)).apply(image), matrix

    return prepare


def _inverted(base: str) -> Callable[[_Scene], tuple[Pixels, Matrix]]:
    def prepare(scene: _Scene) -> tuple[Pixels, Matrix]:
        image, matrix = scene.prepared(base)
        return cast(Pixels, cv2.bitwise_not(image)), matrix

    return prepare


_PREPARATIONS: dict[str, Callable[[_Scene], tuple[Pixels, Matrix]]] = {
    "full": _plain,
    "search": _search,
    "search-sharp": _sharp("search"),
    "fine": _fine,
    "fine-sharp": _sharp("fine"),
    "fine-levelled": _levelled("fine"),
    "inverted": _inverted("search"),
}

_CASCADE: tuple[Reader, ...] = (
    _zxing("full", "zxing/full", RETAIL),
    _zxing("search-sharp", "zxing/small+sharp", RETAIL + CODES),
    _zxing("fine", "zxing/medium", RETAIL + CODES),
    _zbar("search", "zbar/small"),
    _zbar("search-sharp", "zbar/small+sharp"),
    _zxing("search", "zxing/small", RETAIL + CODES),
    _opencv,
    _zxing("fine-sharp", "zxing/medium+sharp", RETAIL + CODES),
    _crops,
    _zbar("fine-sharp", "zbar/medium+sharp"),
    _zxing("fine-levelled", "zxing/medium+levelled", RETAIL),
    _zbar("fine-levelled", "zbar/medium+levelled"),
    _zxing("inverted", "zxing/small+inverted", RETAIL),
    _zbar("inverted", "zbar/small+inverted"),
    _bands,
)
"""Cheap readers first.  ``votes`` tells which of them are independent."""

_CHEAP_READERS = 6


# --- posture of a symbol -------------------------------------------------------------------------------


def _straightened(barcode: Barcode, scene: _Scene) -> Barcode:
    """Lean the polygon as the bars do.

    Decoders follow rows and columns of pixels, so that their own polygon is level even on a skewed symbol.
    The strongest direction of brightness change across the bars is the symbol's own reading direction.
    """
    image, matrix = scene.prepared("search")
    scale = 1 / float(matrix[0, 0])
    x, y = (scale * v for v in centre(barcode.polygon))
    reach = max(0.22 * scale * math.dist(barcode.polygon[0], barcode.polygon[1]), 8.0)
    window = image[max(0, int(y - reach)) : int(y + reach) + 1, max(0, int(x - reach)) : int(x + reach) + 1]
    if min(window.shape) < 8:
        return barcode
    gx, gy = cv2.Sobel(window, cv2.CV_32F, 1, 0), cv2.Sobel(window, cv2.CV_32F, 0, 1)
    xx, yy, xy = float((gx * gx).sum()), float((gy * gy).sum()), float((gx * gy).sum())
    if math.hypot(xx - yy, 2 * xy) < _LEAST_COHERENCE * (xx + yy):
        return barcode
    across = math.degrees(math.atan2(2 * xy, xx - yy)) / 2
    rough = direction(barcode.polygon)
    angle = across if abs((across - rough + 180) % 360 - 180) <= 90 else across + 180
    polygon = rectangle_at(barcode.polygon, angle)
    return replace(barcode, polygon=polygon, orientation=round(direction(polygon), 1))


# --- add-ons -------------------------------------------------------------------------------------------


def _addon_votes(scene: _Scene) -> list[Reading]:
    """More readings of the add-on beside the accepted book number, unless two agree already."""
    best = next((b for b in tallied(scene.readings) if b.accepted and is_bookland(b)), None)
    if best is None or best.addon is not None:
        return []
    votes: list[Reading] = []
    for symbol in (best, _straightened(best, scene)):
        crop, matrix = upright_crop(scene.grey, full_height(symbol.polygon), reach=_ADDON_REACH)
        votes += _addon_in_strips(crop, symbol)
        hinted = votes or any(r.addon for r in scene.readings)
        if hinted and voted_addon([*scene.readings, *votes]) is None:
            votes += _addon_by_decoders(crop, matrix, best)
        if voted_addon([*scene.readings, *votes]) is not None:
            break
    return votes


def _addon_in_strips(crop: Pixels, symbol: Barcode) -> Iterator[Reading]:
    """The add-on alone; the crop has the main symbol in its middle."""
    right = round(crop.shape[1] * (0.5 + 0.5 / _ADDON_REACH)) + _PAST_LAST_BAR
    for name, sharpening in (("plain", 0.0), ("sharp", 2.0)):
        digits = read_addon(crop[:, right:], sharpening=sharpening)
        if digits is not None:
            yield Reading(symbol.text, symbol.format, symbol.polygon, f"strips/{name}", digits)


def _addon_by_decoders(crop: Pixels, matrix: Matrix, symbol: Barcode) -> Iterator[Reading]:
    """Symbol and add-on together."""
    sharp = sharpened(crop, sigma=3.0)
    for name, image in (("crop", crop), ("crop-sharp", sharp), ("crop-small", _halved(sharp))):
        back = matrix @ scale_matrix(image.shape[1] / crop.shape[1])
        for reading in (
            *zxing_readings(image, back, f"zxing/addon-{name}", [zxingcpp.EAN13]),
            *zbar_readings(image, back, f"zbar/addon-{name}"),
        ):
            if reading.text == symbol.text and reading.addon:
                yield reading


def _halved(image: Pixels) -> Pixels:
    return cast(Pixels, cv2.resize(image, None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA))


# --- the end of the cascade ----------------------------------------------------------------------------


def _settled(barcodes: Sequence[Barcode], asked: int) -> bool:
    """Whether a book number has its votes.

    Other symbols, and those that still lack a vote, settle it only once the cheap readers are through.
    """
    accepted = [b for b in barcodes if b.accepted]
    if asked < _CHEAP_READERS:
        return len(accepted) == len(barcodes) and any(map(is_bookland, accepted))
    return any(map(is_bookland, accepted)) or (bool(accepted) and asked > _CHEAP_READERS)


def _own_book_first(barcodes: Sequence[Barcode], size: tuple[int, int]) -> tuple[Barcode, ...]:
    """Accepted book numbers by their distance from the middle of the picture, then the rest as they stand.

    Beside a whole symbol, one that the picture's edge cuts off is of a book that lies outside: not accepted.
    """
    books = [b for b in barcodes if b.accepted and is_bookland(b)]
    whole = [b for b in books if not _cut_off(b, size)]
    outside = [b for b in books if whole and b not in whole]
    middle = (size[0] / 2, size[1] / 2)
    nearest = sorted(whole or books, key=lambda b: math.dist(centre(b.polygon), middle))
    rest = [replace(b, accepted=False) if b in outside else b for b in barcodes if b not in nearest]
    return (*nearest, *sorted(rest, key=standing, reverse=True))


def _cut_off(barcode: Barcode, size: tuple[int, int]) -> bool:
    """Whether a symbol of usual height would reach beyond the picture."""
    return any(not (0 <= x < size[0] and 0 <= y < size[1]) for x, y in full_height(barcode.polygon))


def _grey(image: Pixels) -> Pixels:
    return image if image.ndim == 2 else cast(Pixels, cv2.cvtColor(image, cv2.COLOR_BGR2GRAY))
