"""Barcodes on books: a cascade of readers that vote.

One decoder on one picture is not believed: a check digit and a registered prefix do not catch every
misread.  Each *reader* is a decoder on one preparation of the picture; readers are asked from cheap to
dear until two agree on a book's EAN-13.  ``accepted`` means that two readers agreed and that no reading
of equal standing claims the same bars.

EAN/UPC: ISO/IEC 15420; add-on of five digits: the Bookland price, see ``addon_price``.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from functools import cache
from typing import cast

import cv2
import numpy as np
import zxingcpp
from pyzbar import pyzbar

from vision.addon import read_addon
from vision.geometry import (
    Matrix,
    box_of,
    centre,
    cut_upright,
    direction,
    mapped,
    overlap,
    rectangle_at,
    scale_matrix,
)
from vision.photo import Pixels
from workcell.kernel.evidence import Barcode, Box, Point

_EAN_MODULES = 95
_NEEDED_VOTES = 2
_SEARCH_SIDE = 1000
"""Long side in pixels at which a cover is searched: bars of a book at arm's length stay above 1.5 pixels
a module, and the camera's noise averages out."""

_FINE_SIDE = 1600
_CHEAP_READERS = 6
_SHARED_DIGITS = 6
_PAST_LAST_BAR = 10
_ADDON_REACH = 2.6
_LEAST_COHERENCE = 0.5
_Key = tuple[str, str, int]
"""Format, text, and the number of the symbol among those of equal text."""

_RETAIL = [zxingcpp.EAN13, zxingcpp.EAN8, zxingcpp.UPCA, zxingcpp.UPCE]
_CODES = [zxingcpp.Code128, zxingcpp.Code39, zxingcpp.Codabar, zxingcpp.QRCode, zxingcpp.DataMatrix]

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
_ZBAR_SYMBOLS = [pyzbar.ZBarSymbol.EAN13, pyzbar.ZBarSymbol.EAN5, pyzbar.ZBarSymbol.EAN2]
_ZBAR_TURN = {"UP": 0, "RIGHT": 1, "DOWN": 2, "LEFT": 3}


@dataclass(frozen=True)
class Reading:
    """What one reader saw: a vote.  ``polygon`` runs clockwise from the symbol's own top left."""

    text: str
    format: str
    polygon: tuple[Point, ...]
    voter: str
    addon: str | None = None


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

    Stops as soon as a 978/979 number has two votes; readings with fewer are returned with
    ``accepted=False``.  Takes about 30 ms for a clear 12-megapixel photograph and under 600 ms for one that
    can't be read.
    """
    scene = _Scene(_grey(image))
    for asked, reader in enumerate(_CASCADE, start=1):
        scene.readings.extend(reader(scene))
        if _settled(tallied(scene.readings), asked):
            break
    scene.readings.extend(_addon_votes(scene))
    barcodes = [_straightened(barcode, scene) for barcode in tallied(scene.readings)]
    height, width = scene.grey.shape
    return _own_book_first(barcodes, (width / 2, height / 2))


def is_bookland(barcode: Barcode) -> bool:
    """Whether a symbol carries an ISBN (EAN-13 with prefix 978, or 979 without the music block 979-0)."""
    return barcode.format == "EAN13" and _is_isbn(barcode.text)


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


def tallied(readings: Sequence[Reading]) -> tuple[Barcode, ...]:
    """Votes counted: one Barcode for each text at each place, book numbers first, then by size."""
    ballots: dict[_Key, list[Reading]] = {}
    for reading in readings:
        ballots.setdefault(_ballot(reading, ballots), []).append(reading)
    counts = {key: len({r.voter for r in votes}) for key, votes in ballots.items()}
    barcodes = [
        _elected(votes, challenged=_challenged(key, ballots, counts)) for key, votes in ballots.items()
    ]
    return tuple(sorted(barcodes, key=_standing, reverse=True))


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


def sharpened(grey: Pixels, sigma: float = 2.0, amount: float = 1.5) -> Pixels:
    """Unsharp mask: gives narrow bars back the contrast that blur took."""
    soft = cv2.GaussianBlur(grey, (0, 0), sigma)
    return cast(Pixels, cv2.addWeighted(grey, 1 + amount, soft, -amount, 0))


# --- readers -------------------------------------------------------------------------------------------


def _zxing(preparation: str, voter: str, formats: Sequence[zxingcpp.BarcodeFormat]) -> Reader:
    def read(scene: _Scene) -> Iterator[Reading]:
        image, matrix = scene.prepared(preparation)
        yield from zxing_readings(image, matrix, voter, formats)

    return read


def _zbar(preparation: str, voter: str) -> Reader:
    def read(scene: _Scene) -> Iterator[Reading]:
        image, matrix = scene.prepared(preparation)
        yield from _zbar_readings(image, matrix, voter)

    return read


def _opencv(scene: _Scene) -> Iterator[Reading]:
    """OpenCV's own decoder, on the symbols that its detector found at any angle."""
    image, matrix = scene.prepared("search")
    _, texts, kinds, quads = _detector().detectAndDecodeWithType(image)
    for text, kind, quad in zip(texts or (), kinds or (), quads if quads is not None else (), strict=False):
        if kind == "EAN_13" and len(text) == 13:
            # The corners start at the bottom left of the symbol as it lies, not as it reads.
            bottom_left, top_left, top_right, bottom_right = [(float(x), float(y)) for x, y in quad]
            corners = (top_left, top_right, bottom_right, bottom_left)
            upc, name = _as_upc(text, "EAN13")
            yield Reading(upc, name, mapped(corners, matrix), "opencv")


def _crops(scene: _Scene) -> Iterator[Reading]:
    """Symbols found at any angle, cut upright out of the full picture and read by both decoders."""
    for quad in bar_quads(scene.grey)[:4]:
        crop, matrix = upright_crop(scene.grey, quad)
        sharp = sharpened(crop, sigma=3.0)
        yield from zxing_readings(crop, matrix, "zxing-crop", _RETAIL)
        yield from zxing_readings(sharp, matrix, "zxing-crop-sharp", _RETAIL)
        yield from _zbar_readings(sharp, matrix, "zbar-crop-sharp")


def _zbar_readings(image: Pixels, matrix: Matrix, voter: str) -> Iterator[Reading]:
    symbols = pyzbar.decode(image, symbols=_ZBAR_SYMBOLS)
    addons = [s for s in symbols if s.type in ("EAN5", "EAN2")]
    for symbol in symbols:
        if symbol.type != "EAN13":
            continue
        text, name = _as_upc(symbol.data.decode("ascii"), "EAN13")
        polygon = mapped(_zbar_corners(symbol), matrix)
        addon = addons[0].data.decode("ascii") if len(addons) == 1 else None
        yield Reading(text, name, polygon, voter, addon)


def _zbar_corners(symbol: pyzbar.Decoded) -> list[Point]:
    points = [(float(p.x), float(p.y)) for p in symbol.polygon]
    if len(points) < 3:
        x, y, w, h = symbol.rect
        points = [(x, y), (x + w, y), (x + w, y + h), (x, y + h)]
    # zbar tells the quarter in which the symbol stands; the bars tell the rest later.
    return list(rectangle_at(points, 90.0 * _ZBAR_TURN.get(symbol.orientation, 0)))


# --- preparations --------------------------------------------------------------------------------------


def _plain(scene: _Scene) -> tuple[Pixels, Matrix]:
    return scene.grey, scale_matrix(1.0)


def _scaled(side: int) -> Callable[[_Scene], tuple[Pixels, Matrix]]:
    def prepare(scene: _Scene) -> tuple[Pixels, Matrix]:
        scale = min(side / max(scene.grey.shape), 2.0)
        how = cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC
        return cv2.resize(scene.grey, None, fx=scale, fy=scale, interpolation=how), scale_matrix(scale)

    return prepare


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
    "search": _scaled(_SEARCH_SIDE),
    "search-sharp": _sharp("search"),
    "fine": _scaled(_FINE_SIDE),
    "fine-sharp": _sharp("fine"),
    "fine-levelled": _levelled("fine"),
    "inverted": _inverted("search"),
}

_CASCADE: tuple[Reader, ...] = (
    _zxing("full", "zxing", _RETAIL),
    _zxing("search-sharp", "zxing-sharp", _RETAIL + _CODES),
    _zxing("search", "zxing-small", _RETAIL + _CODES),
    _zbar("search", "zbar"),
    _zbar("search-sharp", "zbar-sharp"),
    _opencv,
    _crops,
    _zxing("fine-sharp", "zxing-fine", _RETAIL),
    _zbar("fine-sharp", "zbar-fine"),
    _zxing("fine-levelled", "zxing-levelled", _RETAIL),
    _zbar("fine-levelled", "zbar-levelled"),
    _zxing("inverted", "zxing-inverted", _RETAIL),
    _zbar("inverted", "zbar-inverted"),
)


# --- upright crops -------------------------------------------------------------------------------------


@cache
def _detector() -> cv2.barcode.BarcodeDetector:
    return cv2.barcode.BarcodeDetector()


def bar_quads(grey: Pixels) -> list[tuple[Point, ...]]:
    """Corners of whatever OpenCV's detector takes for bars, at any angle, at most eight."""
    scale = min(_SEARCH_SIDE / max(grey.shape), 2.0)
    how = cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC
    found, quads = _detector().detectMulti(cv2.resize(grey, None, fx=scale, fy=scale, interpolation=how))
    if not found:
        return []
    return [mapped([(float(x), float(y)) for x, y in quad], scale_matrix(scale)) for quad in quads[:8]]


def upright_crop(
    grey: Pixels, quad: Sequence[Point], *, module_px: float = 7.0, reach: float = 2.3
) -> tuple[Pixels, Matrix]:
    """The symbol cut out with its bars standing, ``reach`` times as wide, so that an add-on is in it."""
    (cx, cy), (a, b), angle = cv2.minAreaRect(np.array(quad, dtype=np.float32))
    candidates = [(angle, a, b), (angle + 90, b, a)]
    angle, along, across = max(candidates, key=lambda c: _bar_contrast(grey, (cx, cy), c))
    size = (along * reach, min(across * 1.15, along * 2))
    return cut_upright(grey, (cx, cy), angle, size, module_px * _EAN_MODULES / max(along, 1.0))


def _bar_contrast(grey: Pixels, at: Point, side: tuple[float, float, float]) -> float:
    """How strongly brightness changes along a direction at the middle of a symbol."""
    angle, along, _ = side
    turn = np.radians(angle)
    steps = np.linspace(-along / 2, along / 2, 200)
    xs = np.clip(at[0] + steps * np.cos(turn), 0, grey.shape[1] - 1).astype(int)
    ys = np.clip(at[1] + steps * np.sin(turn), 0, grey.shape[0] - 1).astype(int)
    return float(np.abs(np.diff(grey[ys, xs].astype(float))).mean())


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
        crop, matrix = upright_crop(scene.grey, _full_height(symbol.polygon), reach=_ADDON_REACH)
        votes += _addon_in_strips(crop, symbol)
        hinted = votes or any(r.addon for r in scene.readings)
        if hinted and _voted_addon([*scene.readings, *votes]) is None:
            votes += _addon_by_decoders(crop, matrix, best)
        if _voted_addon([*scene.readings, *votes]) is not None:
            break
    return votes


def _addon_in_strips(crop: Pixels, symbol: Barcode) -> Iterator[Reading]:
    """The add-on alone; the crop has the main symbol in its middle."""
    right = round(crop.shape[1] * (0.5 + 0.5 / _ADDON_REACH)) + _PAST_LAST_BAR
    for name, sharpening in (("plain", 0.0), ("sharp", 2.0)):
        digits = read_addon(crop[:, right:], sharpening=sharpening)
        if digits is not None:
            yield Reading(symbol.text, symbol.format, symbol.polygon, f"strips-{name}", digits)


def _addon_by_decoders(crop: Pixels, matrix: Matrix, symbol: Barcode) -> Iterator[Reading]:
    """Symbol and add-on together."""
    sharp = sharpened(crop, sigma=3.0)
    for name, image in (("crop", crop), ("crop-sharp", sharp), ("crop-small", _halved(sharp))):
        back = matrix @ scale_matrix(image.shape[1] / crop.shape[1])
        for reading in (
            *zxing_readings(image, back, f"zxing-addon-{name}", [zxingcpp.EAN13]),
            *_zbar_readings(image, back, f"zbar-addon-{name}"),
        ):
            if reading.text == symbol.text and reading.addon:
                yield reading


def _full_height(polygon: Sequence[Point]) -> list[Point]:
    """The polygon as high as an EAN symbol is: decoders report only the rows that they read."""
    corners = np.array(polygon)
    along = (corners[1] - corners[0] + corners[2] - corners[3]) / 2
    across = np.array([-along[1], along[0]]) * 0.35
    middle = corners.mean(axis=0)
    spread = [middle + sx * along / 2 + sy * across for sx, sy in ((-1, -1), (1, -1), (1, 1), (-1, 1))]
    return [(float(x), float(y)) for x, y in spread]


def _halved(image: Pixels) -> Pixels:
    return cast(Pixels, cv2.resize(image, None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA))


# --- counting ------------------------------------------------------------------------------------------


def _settled(barcodes: Sequence[Barcode], asked: int) -> bool:
    """Whether a book number has its votes; other goods settle it only once the cheap readers are through."""
    accepted = [b for b in barcodes if b.accepted]
    return any(map(is_bookland, accepted)) or (bool(accepted) and asked >= _CHEAP_READERS)


def _own_book_first(barcodes: Sequence[Barcode], middle: Point) -> tuple[Barcode, ...]:
    """Of several book numbers only that of the book in the middle stays accepted.

    A book that lies beside or below shows its own number.  When no symbol is clearly the nearest to the
    middle of the picture, none is accepted.
    """
    books = [b for b in barcodes if b.accepted and is_bookland(b)]
    if len(books) < 2:
        return tuple(barcodes)
    nearest, second, *_ = sorted(books, key=lambda b: math.dist(centre(b.polygon), middle))
    clear = math.dist(centre(nearest.polygon), middle) < 0.75 * math.dist(centre(second.polygon), middle)
    kept = nearest.text if clear else ""
    judged = [replace(b, accepted=False) if b in books and b.text != kept else b for b in barcodes]
    return tuple(sorted(judged, key=_standing, reverse=True))


def _elected(votes: Sequence[Reading], *, challenged: bool) -> Barcode:
    # OpenCV's corners do not tell which way round the symbol reads; with an add-on zxing's take it in.
    first = min(votes, key=lambda r: (r.voter == "opencv", r.addon is not None))
    voters = tuple(dict.fromkeys(r.voter for r in votes))
    return Barcode(
        text=first.text,
        format=first.format,
        polygon=first.polygon,
        orientation=round(direction(first.polygon), 1),
        addon=_voted_addon(votes),
        votes=voters,
        confidence=0.3 if challenged else _confidence(len(voters)),
        accepted=len(voters) >= _NEEDED_VOTES and not challenged,
    )


def _ballot(reading: Reading, ballots: Mapping[_Key, list[Reading]]) -> _Key:
    """Where a reading counts: with equal texts at the same place, else as another symbol of that text."""
    for number in range(len(ballots) + 1):
        key = (reading.format, reading.text, number)
        if key not in ballots or _same_place(ballots[key][0], reading):
            return key
    return (reading.format, reading.text, len(ballots))


def _same_place(a: Reading, b: Reading) -> bool:
    """Whether two readings of one text may be of one symbol: labels are stacked closer than book numbers."""
    width = max(math.dist(a.polygon[0], a.polygon[1]), math.dist(b.polygon[0], b.polygon[1]))
    reach = 0.9 if a.format in ("EAN13", "EAN8", "UPCA", "UPCE") else 0.5
    return math.dist(centre(a.polygon), centre(b.polygon)) < reach * width


def _confidence(votes: int) -> float:
    return {1: 0.5, 2: 0.95}.get(votes, 0.99)


def _voted_addon(votes: Iterable[Reading]) -> str | None:
    """The add-on that at least two readers saw, and more than saw any other."""
    seen = Counter(addon for _, addon in {(r.voter, r.addon) for r in votes if r.addon})
    ranked = seen.most_common(2)
    if not ranked or ranked[0][1] < _NEEDED_VOTES:
        return None
    return ranked[0][0] if len(ranked) == 1 or ranked[0][1] > ranked[1][1] else None


def _challenged(key: _Key, ballots: dict[_Key, list[Reading]], counts: dict[_Key, int]) -> bool:
    """Whether another text with as many votes is claimed for the same bars."""
    return any(
        counts[other] >= counts[key] and _same_bars(ballots[key][0], votes[0])
        for other, votes in ballots.items()
        if other[:2] != key[:2]
    )


def _same_bars(a: Reading, b: Reading) -> bool:
    """Whether two readings can't both be right.

    They lie on each other, or they lie as near as two scans of one symbol do and share many digits, as a
    misread half of a symbol does.
    """
    if overlap(box_of(a.polygon), box_of(b.polygon)) > 0.5:
        return True
    equal = sum(x == y for x, y in zip(a.text, b.text, strict=False))
    return equal >= _SHARED_DIGITS and overlap(_nominal_box(a), _nominal_box(b)) > 0.2


def _nominal_box(reading: Reading) -> Box:
    """The box of a symbol with the height that EAN symbols have; decoders report only the rows they read."""
    return box_of(_full_height(reading.polygon))


def _standing(barcode: Barcode) -> tuple[bool, bool, float]:
    _, _, w, h = box_of(barcode.polygon)
    return (is_bookland(barcode), barcode.accepted, w * h)


def _is_isbn(text: str) -> bool:
    return len(text) == 13 and text.startswith(("978", "979")) and not text.startswith("9790")


def _split_addon(text: str, name: str) -> tuple[str, str | None]:
    length = {"EAN13": 13, "UPCA": 12, "EAN8": 8, "UPCE": 8}.get(name)
    if length is None or len(text) <= length:
        return text, None
    text, addon = text[:length], text[length:].strip()
    return text, addon if len(addon) in (2, 5) else None


def _as_upc(text: str, name: str) -> tuple[str, str]:
    """A UPC-A is an EAN-13 that begins with 0 (ISO/IEC 15420): told in one way only."""
    return (text[1:], "UPCA") if name == "EAN13" and text.startswith("0") else (text, name)


def _grey(image: Pixels) -> Pixels:
    return image if image.ndim == 2 else cast(Pixels, cv2.cvtColor(image, cv2.COLOR_BGR2GRAY))
