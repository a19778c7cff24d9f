"""A page read: its lines in order, upright, each with its place on the page and in the picture."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np

from vision.geometry import box_of, mapped, turn_matrix
from vision.ocr import OcrEngine, Quad, RapidOcr, Recognised, is_legible, line_image
from vision.page import Page, uncurled
from vision.photo import Pixels
from vision.posture import Upright, along, lying, upright_by_text, upside_down
from vision.vertical import columns_rotation, is_column
from workcell.kernel.evidence import Box, Point, Rotation, TextLine

_MOST_LINES = 90
_SKIM_SIDES, _SKIMMED_LINES = (736, 1100), 8
_LYING_TURNS: tuple[Rotation, ...] = (0, 180, 90, 270)
_STANDING_TURNS: tuple[Rotation, ...] = (90, 270, 0, 180)
_GAP_WITHIN_LINE = 2.4
"""Blank between two pieces of one line, in line heights: as wide as in "开　本：", narrower than a gutter."""


@dataclass(frozen=True)
class PageLine:
    """A line of text.  ``frame`` is its box on the upright page, in thousandths of the page's longer side."""

    text: str
    confidence: float
    frame: Box
    box: Box
    engine: str = ""
    quad: Quad | None = None

    @property
    def height(self) -> float:
        """Type size, as the height of the line's box, in thousandths of the page's longer side."""
        return self.frame[3]

    @property
    def middle(self) -> Point:
        """Centre of the line on the upright page."""
        x, y, w, h = self.frame
        return (x + w / 2, y + h / 2)

    def as_evidence(self) -> TextLine:
        """The line as it is kept."""
        return TextLine(self.text, round(self.confidence, 3), self.box, self.engine)


@dataclass(frozen=True)
class PageText:
    """All lines of a page, top to bottom; ``size`` is the upright page in the units of ``frame``.

    ``page`` is the picture that was read, laid flat: the one that the lines' quads lie in.
    """

    lines: tuple[PageLine, ...]
    upright: Upright | None
    size: tuple[float, float] = (1000.0, 1000.0)
    page: Page | None = None


def skim(page: Page, engine: RapidOcr) -> PageText:
    """Find and turn the text, and read only its largest lines: enough to tell the covers apart."""
    quads: list[Quad] = []
    upright: Upright | None = None
    for side in _SKIM_SIDES:
        quads = engine.find(page.image, side)
        upright = upright_by_text(page.image, quads, engine)
        if upright is not None:
            break
    largest = sorted(quads, key=_height, reverse=True)[:_SKIMMED_LINES]
    return _read(page, largest, upright, engine)


def read_page(page: Page, engine: RapidOcr, known: Upright | None = None) -> PageText:
    """Find, turn and read the text of a flattened page; ``known`` is its posture where a barcode told it."""
    page = uncurled(page)
    quads = engine.find(page.image)[:_MOST_LINES]
    once = _ReadOnce(engine)
    upright = known or upright_by_text(page.image, quads, once)
    columns = [quad for quad in quads if is_column(quad)]
    if known is None and upright is not None and len(columns) > len(quads) / 2:
        rotation = columns_rotation(page.image, columns, once)
        if rotation is not None:
            return _read_columns(page, quads, rotation, once)
    return _read(page, quads, upright, once)


def read_all_ways(page: Page, engine: RapidOcr) -> Iterator[PageText]:
    """The text for each of the four turns, likely ones first; lines are found once and read in each turn."""
    quads = engine.find(page.image)
    standing = sum(_stands(quad) for quad in quads) > len(quads) / 2
    for rotation in _STANDING_TURNS if standing else _LYING_TURNS:
        yield _read(page, quads, Upright(rotation, 0.0, 1.0), engine)


def _stands(quad: Quad) -> bool:
    return math.dist(quad[1], quad[2]) > math.dist(quad[0], quad[1])


def _read(page: Page, quads: Sequence[Quad], upright: Upright | None, engine: OcrEngine) -> PageText:
    if upright is None:
        return PageText((), None)
    oriented = [along(quad, upright) for quad in quads]
    texts = engine.read([line_image(page.image, quad) for quad in oriented])
    level = _Level(page, upright.rotation, upright.skew)
    pieces = [
        level.line(recognised, quad, engine.name)
        for recognised, quad in zip(texts, oriented, strict=True)
        if is_legible(recognised)
    ]
    return PageText(tuple(rows(pieces)), upright, level.size, page)


def _read_columns(page: Page, quads: Sequence[Quad], rotation: Rotation, engine: OcrEngine) -> PageText:
    """A page of columns, right to left: frames as if the columns were lines from top to bottom."""
    upright = Upright(rotation, 0.0, 0.9)
    oriented = [
        (lying(quad) if rotation == 0 else upside_down(lying(quad)))
        if is_column(quad)
        else along(quad, upright)
        for quad in quads
    ]
    texts = engine.read([line_image(page.image, quad) for quad in oriented])
    level = _Level(page, rotation, 0.0)
    pieces = [
        level.column(recognised, quad, engine.name)
        for recognised, quad in zip(texts, oriented, strict=True)
        if is_legible(recognised)
    ]
    return PageText(tuple(rows(pieces)), upright, (level.size[1], level.size[0]), page)


def _height(quad: Quad) -> float:
    return min(math.dist(quad[0], quad[1]), math.dist(quad[1], quad[2]))


def rows(pieces: Sequence[PageLine]) -> list[PageLine]:
    """Pieces joined to lines and put in reading order (top to bottom, left to right)."""
    lines: list[PageLine] = []
    for piece in sorted(pieces, key=lambda p: (p.frame[0], p.frame[1])):
        left = next((i for i, line in enumerate(lines) if _continues(line, piece)), None)
        if left is None:
            lines.append(piece)
        else:
            lines[left] = _joined(lines[left], piece)
    return sorted(lines, key=lambda line: line.middle[1])


def _continues(line: PageLine, piece: PageLine) -> bool:
    taller = max(line.height, piece.height)
    gap = piece.frame[0] - (line.frame[0] + line.frame[2])
    level = abs(line.middle[1] - piece.middle[1]) < 0.45 * min(line.height, piece.height)
    alike = min(line.height, piece.height) > 0.6 * taller
    return level and alike and -0.6 * taller < gap < _GAP_WITHIN_LINE * taller


def _joined(left: PageLine, right: PageLine) -> PageLine:
    weight = len(left.text) + len(right.text)
    confidence = (left.confidence * len(left.text) + right.confidence * len(right.text)) / max(weight, 1)
    return replace(
        left,
        text=f"{left.text} {right.text}",
        confidence=confidence,
        frame=_around(left.frame, right.frame),
        box=_around(left.box, right.box),
        quad=None,
    )


def _around(a: Box, b: Box) -> Box:
    x, y = min(a[0], b[0]), min(a[1], b[1])
    return (x, y, max(a[0] + a[2], b[0] + b[2]) - x, max(a[1] + a[3], b[1] + b[3]) - y)


def _level_frame(corners: Sequence[Point]) -> Box:
    """The box that a line would have if it lay level: what is left of its slope must not make it taller."""
    a, b, c, d = corners
    w = (math.dist(a, b) + math.dist(d, c)) / 2
    h = (math.dist(a, d) + math.dist(b, c)) / 2
    x, y = sum(p[0] for p in corners) / 4, sum(p[1] for p in corners) / 4
    return (x - w / 2, y - h / 2, w, h)


class _ReadOnce:
    """An engine that recognises no line of a page twice: the longest ones were read to tell the way up."""

    def __init__(self, engine: OcrEngine) -> None:
        self._engine = engine
        self._known: dict[bytes, Recognised] = {}
        self.name = engine.name

    def read(self, lines: Sequence[Pixels]) -> list[Recognised]:
        keys = [line.tobytes() for line in lines]
        new = [at for at, key in enumerate(keys) if key not in self._known]
        for at, recognised in zip(new, self._engine.read([lines[at] for at in new]), strict=True):
            self._known[keys[at]] = recognised
        return [self._known[key] for key in keys]


class _Level:
    """Coordinates of the upright page, without its skew, in thousandths of its longer side."""

    def __init__(self, page: Page, rotation: Rotation, skew: float) -> None:
        height, width = page.image.shape[:2]
        self._page = page
        turn = np.linalg.inv(turn_matrix((width, height), rotation))
        radians = np.radians(-skew)
        deskew = np.array(
            [[np.cos(radians), -np.sin(radians), 0], [np.sin(radians), np.cos(radians), 0], [0, 0, 1]]
        )
        unit = 1000 / max(width, height)
        self._matrix = np.diag([unit, unit, 1]) @ deskew @ turn
        w, h = (width, height) if rotation in (0, 180) else (height, width)
        self.size = (w * unit, h * unit)

    def line(self, recognised: Recognised, quad: Quad, engine: str) -> PageLine:
        x, y, w, h = box_of(self._page.original(quad))
        return PageLine(
            text=recognised.text,
            confidence=recognised.confidence,
            frame=_level_frame(mapped(quad, self._matrix)),
            box=(round(x, 1), round(y, 1), round(w, 1), round(h, 1)),
            engine=engine,
            quad=quad,
        )

    def column(self, recognised: Recognised, quad: Quad, engine: str) -> PageLine:
        """A column as a line: its place from the right is its place from the top."""
        x, y, w, h = box_of(mapped(quad, self._matrix))
        frame = (y, self.size[0] - (x + w), h, w)
        return replace(self.line(recognised, quad, engine), frame=frame, quad=None)
