"""Reading back what was applied: the barcode label, and the text of the spine label."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import cast

import cv2
import numpy as np
import zxingcpp

from vision.bars import bar_quads, sharpened, upright_crop
from vision.decoders import zxing_readings
from vision.geometry import Matrix, box_of, corners_of, cut_upright, scale_matrix
from vision.ocr import Quad, RapidOcr, Recognised, default_engine, second_engine
from vision.page import Page
from vision.photo import Pixels, load
from vision.reading import read_all_ways
from vision.votes import Reading, tallied
from workcell.kernel.evidence import Barcode, Box, Rotation

_FORMATS = [zxingcpp.Codabar, zxingcpp.Code39, zxingcpp.Code128, zxingcpp.DataMatrix, zxingcpp.QRCode]
_MATRIX = ("DATAMATRIX", "QR")
_TILTS = (-22.5, 22.5, 45.0, -45.0)
"""zxing reads along rows and columns with some slack; these tilts bring every angle within it."""

_CODABAR_ENDS = "ABCD"
_FULL_SIDE, _SMALL_SIDE = 3000, 1400
_Prepared = Iterator[tuple[str, Pixels, Matrix]]


def read_label(path: Path) -> tuple[Barcode, ...]:
    """Library barcodes on a picture (Codabar, Code 39, Code 128, DataMatrix, QR) at any angle.

    Each preparation of the picture is a vote; two agreeing ones make a reading accepted.  Two labels with one
    number at different places are two results.  Codabar is given without its start and stop characters.
    Matrix symbols alone do not end the search: publishers print them on covers too.
    Raises BadInput when the file is not an image.
    """
    grey = cv2.cvtColor(load(path), cv2.COLOR_BGR2GRAY)
    readings: list[Reading] = []
    for stage in (_sizes, _cut_symbols, _tilted):
        for voter, image, matrix in stage(grey):
            readings += map(_without_ends, zxing_readings(image, matrix, voter, _FORMATS))
        found = tallied(readings)
        if all(code.accepted for code in found) and any(code.format not in _MATRIX for code in found):
            break
    return tallied(readings)


def _sizes(grey: Pixels) -> _Prepared:
    """The whole picture: labels are small, so nearly at full size, and smaller against noise."""
    for side in (_FULL_SIDE, _SMALL_SIDE):
        scale = min(side / max(grey.shape), 2.0)
        how = cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC
        image = cv2.resize(grey, None, fx=scale, fy=scale, interpolation=how)
        yield f"zxing/{side}", image, scale_matrix(scale)
        yield f"zxing/sharp-{side}", sharpened(image), scale_matrix(scale)


def _cut_symbols(grey: Pixels) -> _Prepared:
    """Everything that looks like bars, cut out upright and enlarged."""
    for quad in bar_quads(grey):
        crop, back = upright_crop(grey, quad, reach=1.35)
        yield "zxing/crop", crop, back
        yield "zxing/crop-sharp", sharpened(crop, sigma=3.0), back
        yield "zxing/crop-smoothed", _smoothed_along_bars(crop), back


def _tilted(grey: Pixels) -> _Prepared:
    if not bar_quads(grey):
        return
    height, width = grey.shape
    size = float(np.hypot(width, height))
    for tilt in _TILTS:
        image, back = cut_upright(grey, (width / 2, height / 2), tilt, (size, size), min(2000 / size, 2.0))
        yield f"zxing/tilt{tilt:g}", image, back
        yield f"zxing/tilt{tilt:g}-sharp", sharpened(image), back


def _smoothed_along_bars(image: Pixels) -> Pixels:
    """Average along standing bars and cut to black and white: mends printing at few dots a module."""
    soft = cv2.blur(image, (1, 15))  # crops are enlarged
    _, binary = cv2.threshold(soft, 0, 255, cv2.THRESH_BINARY + cv2.THRESH_OTSU)
    return cast(Pixels, binary)


def _without_ends(reading: Reading) -> Reading:
    text = reading.text
    if reading.format != "CODABAR" or len(text) < 3 or text[0].upper() not in _CODABAR_ENDS:
        return reading
    return Reading(text[1:-1], reading.format, reading.polygon, reading.voter, reading.addon)


# --- spine label ---------------------------------------------------------------------------------------

_CONFUSED = ("0OoDQ", "1Il|i", "5Ss", "8B", "2Zz", ".,·", "-–—－", "(（", ")）", ":：")
"""Characters that recognisers mix up in call numbers; a mix-up counts almost, not fully, as agreement."""

_LOST = ".,·"
"""Dots too small for the recogniser at label size."""

_ROW_GAP, _SMALLEST_ROW = 0.008, 0.03
"""Rows are parted by this share of the label's height without ink, and are at least this high."""

_WIDEST_CHARACTER = 1.1
"""Width over height of a character, with the blank beside it."""

_MOST_LINES, _MOST_LINES_MORE = 30, 3
_CONFUSION_COST, _LOST_MARK_COST = 0.1, 0.2


@dataclass(frozen=True)
class SpineRead:
    """Lines read on a spine label, top to bottom, and how far they agree with those expected (0 to 1).

    ``holds`` is true when nothing differs but marks that recognisers mix up or drop.  ``rotation`` is the
    clockwise turn in degrees that makes the lines upright; ``box`` is round them, in the picture's pixels.
    """

    lines: tuple[str, ...]
    agrees: float
    holds: bool
    rotation: Rotation = 0
    box: Box | None = None


@dataclass(frozen=True)
class _Line:
    """A line as it was read, and its box in the picture."""

    text: str
    box: Box


@dataclass(frozen=True)
class _Lines:
    """One reading of a label: its lines in order, and the turn in which they were read."""

    lines: tuple[_Line, ...]
    rotation: Rotation = 0


def read_spine(path: Path, expected: Sequence[str]) -> SpineRead:
    """Read the label on a spine and compare it with the lines that should be on it.

    Compared without blanks; 1.0 means every character was read as expected, a mix-up of look-alikes costs a
    tenth of a character, a lost dot a fifth, anything else a whole one.  A break or a dot at another place is
    another call number.  Raises BadInput when the file is not an image.
    """
    best = SpineRead((), 0.0, holds=False)
    for lines in _spine_readings(load(path), _longest_line(expected)):
        read = _compared(lines, expected)
        if read.holds:
            return read
        best = max(best, read, key=lambda r: r.agrees)
    return best


def _spine_readings(image: Pixels, longest: float) -> Iterator[_Lines]:
    """Readings of a spine label, the surest first.

    On a white label each row of ink is a line: a lone letter or digit that no text finder would look at is
    read too.  Where that does not do, text is looked for, on the label and then on the whole picture; lines
    longer than ``longest`` times their height are the book's own and not worth the time.
    """
    finder = cast(RapidOcr, _ShortLines(default_engine(), longest))
    cuts = list(_label_cuts(image))
    for cut in cuts:
        rows = _ink_rows(cut.image)
        boxes = [box_of(cut.original(corners_of(box))) for box in rows]
        pictures = [cut.image[y : y + h, x : x + w] for x, y, w, h in rows]
        for engine in (default_engine(), second_engine()):
            if rows and engine is not None:
                read = engine.read(pictures)
                yield _Lines(tuple(_Line(one.text, box) for one, box in zip(read, boxes, strict=True)))
    for view in (*cuts, _whole(image)):
        for text in read_all_ways(view, finder):
            rotation = text.upright.rotation if text.upright else 0
            yield _Lines(tuple(_Line(line.text, line.box) for line in text.lines), rotation)


def _longest_line(expected: Sequence[str]) -> float:
    """Length over height of all that is expected, should it stand on one line."""
    return _WIDEST_CHARACTER * (len(_bare("".join(expected))) + len(expected)) + 1


class _ShortLines:
    """A text engine that finds no line longer than ``longest`` times its height, and not endlessly many."""

    def __init__(self, engine: RapidOcr, longest: float) -> None:
        self._engine = engine
        self._longest = longest
        self.name = engine.name

    def find(self, image: Pixels) -> list[Quad]:
        quads = [quad for quad in self._engine.find(image) if _slenderness(quad) <= self._longest]
        return sorted(quads, key=_shorter_side, reverse=True)[:_MOST_LINES]

    def read(self, lines: Sequence[Pixels]) -> list[Recognised]:
        return self._engine.read(lines)


def _slenderness(quad: Quad) -> float:
    along, across = math.dist(quad[0], quad[1]), math.dist(quad[1], quad[2])
    return max(along, across) / max(min(along, across), 1.0)


def _shorter_side(quad: Quad) -> float:
    return min(math.dist(quad[0], quad[1]), math.dist(quad[1], quad[2]))


def _ink_rows(label: Pixels) -> list[tuple[int, int, int, int]]:
    """Boxes of the rows of dark print on a white label, top to bottom, each with some white round it."""
    grey = cv2.cvtColor(label, cv2.COLOR_BGR2GRAY)
    height, width = grey.shape
    _, ink = cv2.threshold(grey, 0, 255, cv2.THRESH_BINARY_INV + cv2.THRESH_OTSU)
    ink = _without_edges(ink)
    filled = np.flatnonzero(ink.any(axis=1))
    if not filled.size:
        return []
    runs = np.split(filled, np.flatnonzero(np.diff(filled) > _ROW_GAP * height) + 1)
    rows = []
    for run in runs:
        top, bottom = int(run[0]), int(run[-1]) + 1
        columns = np.flatnonzero(ink[top:bottom].any(axis=0))
        pad = max(4, (bottom - top) // 3)
        if bottom - top < _SMALLEST_ROW * height:
            continue
        left, right = max(0, int(columns[0]) - pad), min(width, int(columns[-1]) + 1 + pad)
        head, foot = max(0, top - pad), min(height, bottom + pad)
        rows.append((left, head, right - left, foot - head))
    return rows


def _without_edges(ink: Pixels) -> Pixels:
    """Ink without what touches the picture's edge: the book beside the label."""
    framed = cv2.copyMakeBorder(ink, 1, 1, 1, 1, cv2.BORDER_CONSTANT, value=255)
    cv2.floodFill(framed, None, (0, 0), 0)
    return cast(Pixels, framed[1:-1, 1:-1])


def _whole(image: Pixels) -> Page:
    return Page(image, scale_matrix(1.0), None)


def _label_cuts(image: Pixels) -> Iterator[Page]:
    """White rectangles on the picture, laid upright, the largest first."""
    scale = 800 / max(image.shape[:2])
    small = cv2.resize(image, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    hsv = cv2.cvtColor(small, cv2.COLOR_BGR2HSV)
    bright = float(np.percentile(hsv[:, :, 2], 99))
    white = ((hsv[:, :, 1] < 60) & (hsv[:, :, 2] > 0.75 * bright)).astype(np.uint8) * 255
    closed = cv2.morphologyEx(white, cv2.MORPH_CLOSE, np.ones((13, 13), np.uint8))
    opened = cv2.morphologyEx(closed, cv2.MORPH_OPEN, np.ones((9, 9), np.uint8))
    contours, _ = cv2.findContours(opened, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_SIMPLE)
    for contour in sorted(contours, key=cv2.contourArea, reverse=True)[:2]:
        (cx, cy), (w, h), angle = cv2.minAreaRect(contour)
        if w * h < 0.001 * small.shape[0] * small.shape[1] or cv2.contourArea(contour) < 0.7 * w * h:
            continue
        while abs(angle) > 45:  # OpenCV 4 gives 0 to 90 degrees, OpenCV 5 −90 to 0
            angle, w, h = angle - math.copysign(90, angle), h, w
        middle, size = (cx / scale, cy / scale), (w / scale, h / scale)
        cut, back = cut_upright(image, middle, angle, size, min(3.0, 700 / max(size)))
        yield Page(cut, back, None)


def _compared(read: _Lines, expected: Sequence[str]) -> SpineRead:
    """The run of lines that comes nearest to the expected ones."""
    wanted, lines = _bare("".join(expected)), read.lines
    most = len(expected) + _MOST_LINES_MORE
    runs = [lines[i:j] for i in range(len(lines)) for j in range(i + 1, min(len(lines), i + most) + 1)]
    best = min(runs, key=lambda run: _distance(_joined(run), wanted), default=())
    seen = _joined(best)
    longer = max(len(seen), len(wanted), 1)
    distance = _distance(seen, wanted)
    return SpineRead(
        tuple(line.text for line in best),
        round(max(0.0, 1 - sum(distance) / longer), 3),
        holds=bool(seen) and distance[0] == 0 and _breaks_alike(best, expected) and _dots_alike(seen, wanted),
        rotation=read.rotation,
        box=box_of([corner for line in best for corner in corners_of(line.box)]) if best else None,
    )


def _breaks_alike(lines: Sequence[_Line], expected: Sequence[str]) -> bool:
    """Whether as many lines as expected break where they should: I247.5 | 71 is not I247.57 | 1.

    Where a reader has parted or joined lines, their breaks say nothing.
    """
    wanted = [bare for bare in map(_bare, expected) if bare]
    if len(lines) != len(wanted):
        return True
    pairs = zip(lines, wanted, strict=True)
    return all(_distance(_bare(line.text), want)[0] == 0 for line, want in pairs)


def _dots_alike(seen: str, wanted: str) -> bool:
    """Whether no dot has moved: QA767.3 is not QA76.73.  A dot lost, or a speck too many, has not."""
    there, due = _dots(seen), _dots(wanted)
    return there <= due or due <= there


def _dots(text: str) -> set[int]:
    """After how many other characters the dots of a call number stand."""
    marks = [character in _LOST for character in text]
    return {at - sum(marks[:at]) for at, mark in enumerate(marks) if mark}


def _joined(lines: Sequence[_Line]) -> str:
    return _bare("".join(line.text for line in lines))


def _bare(text: str) -> str:
    return "".join(text.split())


def _distance(seen: str, wanted: str) -> tuple[float, float]:
    """Edit distance as (real differences, cost of look-alikes and lost marks); compared in this order."""
    row = [(0.0, 0.0)]
    for b in wanted:
        row.append(_plus(row[-1], _single(b)))
    for a in seen:
        above, row = row, [_plus(row[0], _single(a))]
        for j, b in enumerate(wanted, start=1):
            ways = (
                _plus(above[j], _single(a)),
                _plus(row[-1], _single(b)),
                _plus(above[j - 1], _pair(a, b)),
            )
            row.append(min(ways))
    return row[-1]


def _plus(a: tuple[float, float], b: tuple[float, float]) -> tuple[float, float]:
    return (a[0] + b[0], a[1] + b[1])


def _single(character: str) -> tuple[float, float]:
    """Cost of a character too many or too few."""
    return (0.0, _LOST_MARK_COST) if character in _LOST else (1.0, 0.0)


def _pair(a: str, b: str) -> tuple[float, float]:
    if a == b:
        return (0.0, 0.0)
    alike = any(a in group and b in group for group in _CONFUSED)
    return (0.0, _CONFUSION_COST) if alike else (1.0, 0.0)
