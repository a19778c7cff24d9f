"""Which face of a book a picture shows: points for what speaks for each, and silence when it is close."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import cv2
import numpy as np

from vision.barcodes import is_bookland
from vision.extent import read_page_number
from vision.isbn import find_isbns
from vision.page import Page
from vision.photo import Pixels
from vision.reading import PageLine, PageText
from workcell.kernel.evidence import Barcode, Face, FieldValue

_LEAST_SCORE = 1.0
_LEAST_LEAD = 0.5
_SPINE_ASPECT = 4.0

_CIP = re.compile(
    r"在版编目|CIP数据|数据核字|Catalog(?:u?ing)?[\s-]*in[\s-]*Publication|Library of Congress|LCCN", re.I
)
_RIGHTS = re.compile(
    r"版权所有|侵权必究|翻印必究|版次|印次|印张|开本|字数|责任编辑|All rights reserved|rights reserved|"
    r"(?:©|\(c\)|copyright)\s*(?:©\s*)?(?:19|20)\d{2}|"
    r"No part of this|Printed (?:and bound )?in|printing|First published",
    re.IGNORECASE,
)  # fmt: skip
_PRICE = re.compile(r"[$£€￥¥]\s?\d+[.,]\d{2}|定价|\d+\.\d{2}\s?元")
_SENTENCE_END = re.compile(r"[。！？]|[a-z]{2}\.(?:\s|$)")
_IMPRINT = re.compile(
    r"出版社|书局|书店|印书馆|\b(?:Press|Publish(?:ers?|ing)|Books|Verlag|Éditions|House|University)\b", re.I
)
_CANDIDATES = {
    "page": (Face.TITLE_PAGE, Face.COPYRIGHT_PAGE, Face.OTHER),
    "cover": (Face.FRONT_COVER, Face.BACK_COVER),
    "spine": (Face.SPINE,),
}


@dataclass(frozen=True)
class Look:
    """What the scoring may know of a picture."""

    barcodes: tuple[Barcode, ...]
    lines: tuple[PageLine, ...]
    text: str
    paper: float
    """Share of the page that is bright and without colour, 0 to 1."""
    aspect: float
    size: tuple[float, float]

    @property
    def largest(self) -> float:
        """Height of the largest line over the (lower) median one."""
        heights = sorted(line.height for line in self.lines)
        return heights[-1] / max(heights[(len(heights) - 1) // 2], 1.0) if heights else 0.0


Rule = tuple[Face, float, Callable[[Look], bool]]

_RULES: tuple[Rule, ...] = (
    (Face.BACK_COVER, 3.0, lambda s: any(b.accepted and is_bookland(b) for b in s.barcodes)),
    (Face.BACK_COVER, 1.5, lambda s: any(is_bookland(b) for b in s.barcodes)),
    (Face.BACK_COVER, 1.0, lambda s: _isbns(s) == 1 and not _is_legal(s)),
    (Face.BACK_COVER, 1.0, lambda s: bool(_PRICE.search(s.text)) and not _RIGHTS.search(s.text)),
    (Face.COPYRIGHT_PAGE, 3.0, lambda s: bool(_CIP.search(s.text))),
    (Face.COPYRIGHT_PAGE, 1.2, lambda s: bool(_RIGHTS.search(s.text))),
    (Face.COPYRIGHT_PAGE, 1.0, lambda s: len({m.group().lower() for m in _RIGHTS.finditer(s.text)}) >= 2),
    (Face.COPYRIGHT_PAGE, 0.6, lambda s: _isbns(s) >= 1 and s.paper > 0.7),
    (Face.TITLE_PAGE, 1.0, lambda s: s.paper > 0.8 and _is_display(s)),
    (Face.TITLE_PAGE, 0.6, lambda s: s.largest > 1.4 and 1 <= len(s.lines) <= 14),
    (Face.TITLE_PAGE, 0.7, lambda s: _publisher_at_foot(s) and _isbns(s) == 0),
    (Face.TITLE_PAGE, -1.5, lambda s: _isbns(s) > 0 or bool(_RIGHTS.search(s.text))),
    (Face.TITLE_PAGE, -1.5, lambda s: _has_page_number(s)),
    (Face.OTHER, 1.6, lambda s: _has_page_number(s) and not _CIP.search(s.text)),
    (Face.OTHER, 1.6, lambda s: _is_running_text(s)),
    (Face.OTHER, 0.6, lambda s: s.paper > 0.8 and s.largest < 1.4 and not _RIGHTS.search(s.text)),
    (Face.FRONT_COVER, 1.2, lambda s: s.paper < 0.5 and 1 <= len(s.lines) <= 20),
    (Face.FRONT_COVER, 1.0, lambda s: s.largest > 1.5 and _is_display(s)),
    (Face.FRONT_COVER, -1.5, lambda s: bool(s.barcodes) or _isbns(s) > 0),
    (Face.FRONT_COVER, -1.5, lambda s: bool(_PRICE.search(s.text)) or _is_blurb(s)),
    (Face.BACK_COVER, 0.8, lambda s: _is_blurb(s) and not _RIGHTS.search(s.text)),
    (Face.SPINE, 2.0, lambda s: s.aspect > _SPINE_ASPECT),
)  # fmt: skip


def judge_face(page: Page, text: PageText, barcodes: Sequence[Barcode], view: str = "") -> tuple[Face, float]:
    """The face with the most points and how far it leads (0 to 1); UNSURE when the lead is small.

    ``view`` limits the choice to what a camera can see: ``page``, ``cover``, ``spine``, or empty for any.
    """
    if view == "spine":
        return Face.SPINE, 1.0
    seen = Look(
        barcodes=tuple(barcodes),
        lines=text.lines,
        text="\n".join(line.text for line in text.lines),
        paper=paper_share(page.image),
        aspect=max(page.image.shape[:2]) / max(min(page.image.shape[:2]), 1) if page.quad else 1.0,
        size=text.size,
    )
    scores = dict.fromkeys(_CANDIDATES.get(view, tuple(Face)[:6]), 0.0)
    for face, points, holds in _RULES:
        if face in scores and holds(seen):
            scores[face] += points
    (best, first), (_, second) = sorted(scores.items(), key=lambda item: -item[1])[:2]
    if first < _LEAST_SCORE or first - second < _LEAST_LEAD:
        return Face.UNSURE, 0.0
    return best, round(min(1.0, (first - second) / 2), 2)


def paper_share(image: Pixels) -> float:
    """Share of pixels that look like paper: little colour, and bright beside the brightest of the picture."""
    small = cv2.resize(image, (96, 96), interpolation=cv2.INTER_AREA)
    hsv = cv2.cvtColor(small, cv2.COLOR_BGR2HSV)
    saturation, value = hsv[:, :, 1], hsv[:, :, 2].astype(np.float32)
    bright = value > max(0.6 * float(np.percentile(value, 95)), 90)
    return float(((saturation < 70) & bright).mean())


def _is_legal(seen: Look) -> bool:
    """Whether words of a copyright page stand on it."""
    return bool(_CIP.search(seen.text) or _RIGHTS.search(seen.text))


def _isbns(seen: Look) -> int:
    return len({found.isbn13 for found in find_isbns([line.text for line in seen.lines]) if found.isbn13})


def _publisher_at_foot(seen: Look) -> bool:
    return any(line.middle[1] > 0.7 * seen.size[1] and _IMPRINT.search(line.text) for line in seen.lines)


def _has_page_number(seen: Look) -> bool:
    """Whether a number stands in the margin; one like a year only below text, as a title page has a year."""
    pages = read_page_number(seen.lines, seen.size).get("pages")
    if not isinstance(pages, FieldValue):
        return False
    return not 1500 <= int(pages.normalised) < 2100 or bool(_SENTENCE_END.search(seen.text))


def _is_display(seen: Look) -> bool:
    """Few short lines of several sizes, set about one axis: a title page or a cover, not text."""
    if not 1 <= len(seen.lines) <= 16:
        return False
    words = sorted(len(line.text.split()) for line in seen.lines)
    tall = max(line.height for line in seen.lines) > 0.03 * max(seen.size)
    return words[len(words) // 2] <= 7 and tall


def _is_blurb(seen: Look) -> bool:
    """Several sentences in one size, with no display type over them; or one that runs over several lines."""
    if len(seen.lines) >= 3 and seen.largest < 1.3 and _SENTENCE_END.search(seen.lines[-1].text):
        return True
    long = [
        line
        for line in seen.lines
        if len(line.text.split()) >= 6 or len(re.findall(r"[\u4e00-\u9fff]", line.text)) >= 12
    ]
    return len(long) >= 2 and seen.largest < 1.5


def _is_running_text(seen: Look) -> bool:
    """Many lines of one size, most of them as wide as the text block."""
    if len(seen.lines) < 10:
        return False
    widest = max(line.frame[2] for line in seen.lines)
    full = sum(line.frame[2] > 0.8 * widest for line in seen.lines)
    return full >= 0.6 * len(seen.lines) and not _RIGHTS.search(seen.text) and not _CIP.search(seen.text)
