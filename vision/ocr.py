"""Text recognition behind one protocol: RapidOCR by default, Tesseract as the second opinion.

Finding lines and reading them are two steps, so that a page is searched once, turned by what its longest
lines say, and read from the full picture's pixels.  Engines hold models: make one per process.
"""

from __future__ import annotations

import math
import os
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, Protocol, cast

import cv2
import numpy as np

from vision.photo import Pixels
from workcell.kernel.evidence import Point

Quad = tuple[Point, Point, Point, Point]
"""Corners of a text line, clockwise from its own top left."""

_SEARCH_SIDE = 1100
"""Long side in pixels at which lines are looked for: the best accuracy for its time (reference figures)."""

_LINE_HEIGHT = 64
"""Height in pixels of a line handed to a recogniser; the model scales to 48."""

_LEAST_CONFIDENCE = 0.5


@dataclass(frozen=True)
class Recognised:
    """One line's text with the engine's own confidence, 0 to 1."""

    text: str
    confidence: float


class OcrEngine(Protocol):
    """Anything that reads cut-out, upright text lines."""

    @property
    def name(self) -> str:
        """Short name that is kept as the source of a line."""
        ...

    def read(self, lines: Sequence[Pixels]) -> list[Recognised]:
        """One result for each line image, in order; an empty text where nothing was read."""
        ...


class TextFinder(Protocol):
    """Anything that finds text lines on a picture."""

    def find(self, image: Pixels, side: int = ...) -> list[Quad]:
        """Quads of text lines as they lie: the longer side may stand upright, and the text upside down."""
        ...


class RapidOcr:
    """PP-OCR models on ONNX Runtime as bundled with rapidocr: English, Simplified and Traditional Chinese.

    ``threads`` bounds the processor use of one inference; several processes with one thread each give more
    pages a minute than one process with many.
    """

    name = "rapidocr"

    def __init__(self, threads: int = 1) -> None:
        from rapidocr import RapidOCR  # its import alone takes a second

        self._engine: Any = RapidOCR(
            params={
                "Global.use_cls": False,
                "Global.log_level": "error",
                "Global.max_side_len": 4096,
                # Lines of different lengths in one batch are padded to the longest: a third of the time.
                "Rec.rec_batch_num": 1,
                "Det.limit_type": "max",
                "Det.limit_side_len": _SEARCH_SIDE,
                "EngineConfig.onnxruntime.intra_op_num_threads": threads,
                "EngineConfig.onnxruntime.inter_op_num_threads": 1,
            }
        )

    def find(self, image: Pixels, side: int = _SEARCH_SIDE) -> list[Quad]:
        """Text lines on a picture of any size, in its coordinates; looked for at ``side`` pixels."""
        scale = min(side / max(image.shape[:2]), 2.0)
        small = _resized(coloured(image), scale)
        found = self._engine(small, use_det=True, use_cls=False, use_rec=False)
        if found.boxes is None:
            return []
        return [_quad(corners / scale) for corners in found.boxes]

    def read(self, lines: Sequence[Pixels]) -> list[Recognised]:
        """Recognise upright line images."""
        if not lines:
            return []
        result = self._engine.recognize_txt([coloured(line) for line in lines])
        return [Recognised(t.strip(), float(c)) for t, c in zip(result.txts, result.scores, strict=True)]


@cache
def default_engine() -> RapidOcr:
    """Give this process's engine, with the threads that WORKCELL_OCR_THREADS allows (1).

    It is RapidOCR, or finds lines by it and has them read by the driver that WORKCELL_OCR_ENGINE names, which
    gets WORKCELL_OCR_ENDPOINT.  Raises ConfigError when there is no such driver.
    """
    reader = os.environ.get("WORKCELL_OCR_ENGINE") or RapidOcr.name
    if reader == RapidOcr.name:
        return RapidOcr(_allowed_threads())
    from vision.driven_ocr import open_driven  # here, as it builds on this module

    return open_driven(reader, os.environ.get("WORKCELL_OCR_ENDPOINT", ""), _allowed_threads())


@cache
def second_engine(*, chinese: bool = True) -> OcrEngine | None:
    """Give this process's Tesseract for lines with or without Chinese; None where it is not installed."""
    from vision.tesseract import open_tesseract  # here, as it builds on this module

    return open_tesseract(chinese=chinese)


def prepare() -> None:
    """Load this process's models now and not with the first page."""
    default_engine().read([np.full((48, 320, 3), 255, np.uint8)])
    for chinese in (False, True):
        second_engine(chinese=chinese)


def line_image(image: Pixels, quad: Quad) -> Pixels:
    """Cut a text line out of a picture and lay it upright, _LINE_HEIGHT pixels high or less."""
    a, b, c, d = quad
    w = max(round(max(math.dist(a, b), math.dist(d, c))), 4)
    h = max(round(max(math.dist(a, d), math.dist(b, c))), 4)
    target = np.array([[0, 0], [w, 0], [w, h], [0, h]], dtype=np.float32)
    homography = cv2.getPerspectiveTransform(np.array(quad, dtype=np.float32), target)
    flat = cv2.warpPerspective(
        image, homography, (w, h), flags=cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE
    )
    return flat if h <= _LINE_HEIGHT else _resized(flat, _LINE_HEIGHT / h)


def is_legible(recognised: Recognised) -> bool:
    """Whether a reading is more than noise."""
    return bool(recognised.text) and recognised.confidence >= _LEAST_CONFIDENCE


def _resized(image: Pixels, scale: float) -> Pixels:
    if abs(scale - 1) < 0.02:
        return image
    how = cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC
    return cast(Pixels, cv2.resize(image, None, fx=scale, fy=scale, interpolation=how))


def coloured(image: Pixels) -> Pixels:
    """The picture with three channels."""
    return image if image.ndim == 3 else cast(Pixels, cv2.cvtColor(image, cv2.COLOR_GRAY2BGR))


def _quad(corners: np.ndarray[Any, Any]) -> Quad:
    a, b, c, d = [(float(x), float(y)) for x, y in corners]
    return (a, b, c, d)


def _allowed_threads() -> int:
    """Threads for one inference: workers keep one each, a lone reader may have the processor."""
    said = os.environ.get("WORKCELL_OCR_THREADS", "1")
    return max(1, int(said)) if said.isdecimal() else 1
