#!/usr/bin/env python3
"""Which way up a page or a back cover lies: this project beside Tesseract's orientation detection.

Run with the project's Python: ``.venv/bin/python bench/posture.py``.  Pages in English, Chinese and European
languages and back covers with a barcode are drawn from the seed, laid in all four turns and a little askew.
"""

from __future__ import annotations

import argparse
import random
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import pytesseract
import zxingcpp
from numpy.typing import NDArray

sys.path.insert(0, str(Path(__file__).parent))

import pages

import vision
from vision.geometry import turned
from vision.looking import NO_WAY_UP
from vision.ocr import default_engine
from vision.page import flatten
from vision.photo import load
from vision.reading import skim

TURNS = (0, 90, 180, 270)
_TRAY = (52, 50, 48)


@dataclass(frozen=True)
class Case:
    """A picture and the clockwise turn that makes it upright."""

    path: Path
    turn: int
    kind: str


def main() -> None:
    """Ask every method about every picture and print the table."""
    options = _options()
    vision.prepare()
    with tempfile.TemporaryDirectory() as folder:
        cases = [*_text_pages(Path(folder), options), *_back_covers(Path(folder), options)]
        print("| pictures | method | right | wrong | none | ms, median | p95 |")
        print("|---|---|---|---|---|---|---|")
        for kind in ("text pages", "back covers"):
            of_kind = [case for case in cases if case.kind == kind]
            for name, method in _METHODS.items():
                _print(kind, name, of_kind, method)


def _print(kind: str, name: str, cases: list[Case], method: Callable[[Path], int | None]) -> None:
    answers, times = [], []
    for case in cases:
        started = time.perf_counter()
        answers.append(method(case.path))
        times.append((time.perf_counter() - started) * 1000)
    right = sum(answer == case.turn for answer, case in zip(answers, cases, strict=True))
    none = answers.count(None)
    wrong = len(cases) - right - none
    p50, p95 = np.percentile(times, [50, 95])
    print(
        f"| {len(cases)} {kind} | {name} | {right} | {wrong} | {none} | {p50:.0f} | {p95:.0f} |", flush=True
    )


# --- methods -------------------------------------------------------------------------------------------


def _glance(path: Path) -> int | None:
    """What the posture station does: bars, then text, and which cover it is."""
    seen = vision.glance(path)
    return None if NO_WAY_UP in seen.problems else seen.rotation


def _way_up(path: Path) -> int | None:
    """The text alone."""
    upright = skim(flatten(load(path)), default_engine()).upright
    return upright.rotation if upright else None


def _tesseract(path: Path) -> int | None:
    try:
        found = pytesseract.image_to_osd(str(path), output_type=pytesseract.Output.DICT)
    except pytesseract.TesseractError:
        return None
    return int(found["rotate"]) % 360


_METHODS: dict[str, Callable[[Path], int | None]] = {
    "this project, as the station looks": _glance,
    "this project, text alone": _way_up,
    "Tesseract OSD": _tesseract,
}


# --- pictures ------------------------------------------------------------------------------------------


def _text_pages(folder: Path, options: argparse.Namespace) -> Iterator[Case]:
    rng = random.Random(options.seed)
    for n in range(options.pages):
        sheet = pages.KINDS[n % len(pages.KINDS)](rng)
        page = pages.degrade(pages.draw(sheet, rng), n % 3, rng)
        for turn in TURNS:
            yield _laid(folder / f"page-{n}-{turn}.jpg", page, turn, rng.uniform(-6, 6), "text pages")


def _back_covers(folder: Path, options: argparse.Namespace) -> Iterator[Case]:
    rng = random.Random(options.seed + 1)
    for n in range(options.covers):
        cover = _back_cover(rng)
        for turn in TURNS:
            yield _laid(folder / f"cover-{n}-{turn}.jpg", cover, turn, rng.uniform(-6, 6), "back covers")


def _laid(path: Path, page: NDArray[np.uint8], turn: int, skew: float, kind: str) -> Case:
    """The page on the tray, so turned that ``turn`` clockwise makes it upright, and askew."""
    lying = turned(page, (360 - turn) % 360)  # type: ignore[arg-type]
    h, w = lying.shape[:2]
    matrix = cv2.getRotationMatrix2D((w / 2, h / 2), -skew, 1)
    rim = round(0.14 * max(h, w))
    matrix[:, 2] += rim
    picture = cv2.warpAffine(lying, matrix, (w + 2 * rim, h + 2 * rim), borderValue=_TRAY)
    cv2.imwrite(str(path), picture, [cv2.IMWRITE_JPEG_QUALITY, 85])
    return Case(path, turn, kind)


def _back_cover(rng: random.Random) -> NDArray[np.uint8]:
    colour = [rng.randrange(30, 220) for _ in range(3)]
    cover = np.full((1900, 1300, 3), colour, np.uint8)
    for line in range(rng.randrange(6, 14)):
        words = "A book about rivers, forests and those who live along them"[: rng.randrange(30, 58)]
        ink = (245, 245, 245) if sum(colour) < 380 else (20, 20, 20)
        cv2.putText(cover, words, (120, 200 + 60 * line), cv2.FONT_HERSHEY_DUPLEX, 1.1, ink, 2, cv2.LINE_AA)
    isbn = pages.isbn13(f"978{rng.randrange(10**9):09d}")
    bars = np.array(zxingcpp.write_barcode_to_image(zxingcpp.create_barcode(isbn, zxingcpp.EAN13), scale=4))
    h, w = bars.shape
    cover[1820 - h : 1820, 1220 - w : 1220] = bars[:, :, np.newaxis]
    return cover


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pages", type=int, default=38, help="text pages, each in four turns")
    parser.add_argument("--covers", type=int, default=25, help="back covers, each in four turns")
    parser.add_argument("--seed", type=int, default=1)
    return parser.parse_args()


if __name__ == "__main__":
    main()
