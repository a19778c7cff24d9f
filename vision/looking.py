"""One image looked at: posture only (``glance``) or everything it says (``look``)."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Literal

import numpy as np

from vision.barcodes import is_bookland, read_barcodes
from vision.copyright import is_copyright_text, read_copyright_page
from vision.cover import read_front_cover, read_spine_face
from vision.extent import read_page_number
from vision.faces import judge_face
from vision.fingerprint import fingerprint
from vision.flow import normalise
from vision.geometry import centre, cut_upright, direction
from vision.isbn import find_isbns, isbn_fields
from vision.money import find_price
from vision.ocr import Recognised, default_engine, line_image, second_engine
from vision.outline import find_outline, inside
from vision.page import Page, flatten
from vision.photo import Photo, Pixels, load, open_photo
from vision.posture import Upright, upright_by_barcode
from vision.quality import judge
from vision.reading import PageLine, PageText, read_page, skim
from vision.titlepage import read_title_page
from workcell.kernel.evidence import (
    Barcode,
    Face,
    Fields,
    ImageEvidence,
)

View = Literal["", "page", "cover", "spine"]
Purpose = Literal["identify", "transcribe"]

NO_WAY_UP = "no text or barcode tells which way is up"
"""The problem of a face whose turn can't be told."""

_CHINESE = re.compile(r"[\u3400-\u9fff]")
_DOUBTFUL_FACES = (Face.UNSURE, Face.BACK_COVER)
_NO_TEXT = PageText((), None)


def look(
    path: Path, *, view: View = "", purpose: Purpose = "identify", empty: Path | None = None
) -> ImageEvidence:
    """Everything that one image says about a book.

    ``empty`` is the same camera's picture of the empty tray: with it, symbols that don't lie on the book are
    a neighbour's, and left out.

    ``view`` is what the camera can see: ``page`` an open page, ``cover`` a closed book, ``spine``, or empty.
    ``purpose`` "identify" reads only the surroundings of a back cover's barcode once the barcode is certain;
    "transcribe" always reads all text.  Raises BadInput when the file is not an image.
    """
    photo = open_photo(path)
    barcodes = () if view in ("page", "spine") else _barcodes_on_book(photo.pixels, empty)
    certain = _book_number(barcodes)
    if certain is not None and purpose == "identify":
        return _back_cover(photo, barcodes, certain)
    return _whole_face(photo, barcodes, certain, view)


def glance(path: Path, *, bars_only: bool = False, empty: Path | None = None) -> ImageEvidence:
    """Which cover lies up and how it is turned, without reading it; raises BadInput as ``look`` does.

    ``bars_only`` spends no time on text: a face without a book's barcode stays unsure.
    """
    photo = open_photo(path)
    barcodes = _barcodes_on_book(photo.pixels, empty)
    certain = _book_number(barcodes)
    page = flatten(photo.pixels)
    if certain is None and bars_only:
        return _evidence(photo, page, barcodes, Face.UNSURE, 0.0, None)
    if certain is not None:
        return _evidence(
            photo, page, barcodes, Face.BACK_COVER, certain.confidence, upright_by_barcode(certain)
        )
    text = skim(page, default_engine())
    face, sure = judge_face(page, text, barcodes, "cover")
    return _evidence(photo, page, barcodes, face, sure, text.upright)


def _barcodes_on_book(image: Pixels, empty: Path | None) -> tuple[Barcode, ...]:
    """The symbols on the book in hand; where its outline can't be told, all that are in the picture."""
    barcodes = read_barcodes(image)
    outline = find_outline(image, load(empty)) if empty and barcodes else None
    return barcodes if outline is None else tuple(b for b in barcodes if inside(outline, b.polygon))


def _book_number(barcodes: Sequence[Barcode]) -> Barcode | None:
    return next((b for b in barcodes if b.accepted and is_bookland(b)), None)


def _back_cover(photo: Photo, barcodes: tuple[Barcode, ...], symbol: Barcode) -> ImageEvidence:
    """A certain barcode: read only what is printed round it, usually ISBN and price."""
    text = read_page(_surroundings(photo.pixels, symbol), default_engine(), Upright(0, 0.0, 1.0))
    fields = _READERS[Face.BACK_COVER](text)
    upright = upright_by_barcode(symbol)
    page = flatten(photo.pixels)
    return _evidence(
        photo, page, barcodes, Face.BACK_COVER, symbol.confidence, upright, text=text, fields=fields
    )


def _whole_face(
    photo: Photo, barcodes: tuple[Barcode, ...], certain: Barcode | None, view: View
) -> ImageEvidence:
    page = flatten(photo.pixels)
    engine = default_engine()
    text = read_page(page, engine, upright_by_barcode(certain) if certain else None)
    face, sure = judge_face(page, text, barcodes, view)
    if face in _DOUBTFUL_FACES and view != "cover" and not barcodes and is_copyright_text(text.lines):
        face, sure = Face.COPYRIGHT_PAGE, 0.5
    text = _second_opinion(text.page or page, text, face, asked_for_isbn=certain is None)
    fields = _READERS.get(face, _read_unsure)(text)
    return _evidence(photo, page, barcodes, face, sure, text.upright, text=text, fields=fields)


# --- fields by face ------------------------------------------------------------------------------------


def _read_back_cover(text: PageText) -> Fields:
    return _isbn_and_price(text, Face.BACK_COVER)


def _read_unsure(text: PageText) -> Fields:
    return _isbn_and_price(text, Face.UNSURE)


def _isbn_and_price(text: PageText, face: Face) -> Fields:
    fields: Fields = {}
    isbns = isbn_fields([line.as_evidence() for line in text.lines], face.value)
    if isbns:
        fields["isbn"] = isbns
    price = find_price(text.lines, face.value)
    if price is not None and face is Face.BACK_COVER:
        fields["price"] = price
    return fields


_READERS: dict[Face, Callable[[PageText], Fields]] = {
    Face.BACK_COVER: _read_back_cover,
    Face.FRONT_COVER: lambda text: read_front_cover(text.lines, text.size[1]),
    Face.TITLE_PAGE: lambda text: read_title_page(text.lines, text.size[1]),
    Face.COPYRIGHT_PAGE: lambda text: read_copyright_page(text.lines),
    Face.OTHER: lambda text: read_page_number(text.lines, text.size),
    Face.SPINE: lambda text: read_spine_face(text.lines),
}


# --- second opinion ------------------------------------------------------------------------------------


def _second_opinion(page: Page, text: PageText, face: Face, *, asked_for_isbn: bool) -> PageText:
    """Tesseract on the lines that decide most: ISBNs that no barcode confirms, and doubtful title lines."""
    lines = list(text.lines)
    for at, line in enumerate(lines):
        has_isbn = asked_for_isbn and bool(find_isbns([line.text]))
        doubtful = face is Face.TITLE_PAGE and line.confidence < 0.97 and line.height >= _display_size(lines)
        engine = second_engine(chinese=bool(_CHINESE.search(line.text)))
        if engine is not None and line.quad is not None and (has_isbn or doubtful):
            (other,) = engine.read([line_image(page.image, line.quad)])
            lines[at] = _confirmed(line, other, engine.name)
    return replace(text, lines=tuple(lines))


def _confirmed(line: PageLine, other: Recognised, name: str) -> PageLine:
    """Name both engines where they agree (space-free, or on the ISBN in the line)."""
    first, second = find_isbns([line.text]), find_isbns([other.text])
    agree = (
        {i.isbn13 for i in first} == {i.isbn13 for i in second}
        if first
        else normalise(line.text).replace(" ", "") == normalise(other.text).replace(" ", "")
    )
    if agree and other.text:
        return replace(line, confidence=max(line.confidence, 0.99), engine=f"{line.engine}+{name}")
    if not first and other.confidence > max(line.confidence, 0.9):
        return replace(line, text=other.text, confidence=other.confidence, engine=name)
    return line


def _display_size(lines: Sequence[PageLine]) -> float:
    return 0.8 * max((line.height for line in lines), default=0.0)


# --- evidence ------------------------------------------------------------------------------------------


def _evidence(
    photo: Photo,
    page: Page,
    barcodes: tuple[Barcode, ...],
    face: Face,
    sure: float,
    upright: Upright | None,
    *,
    text: PageText = _NO_TEXT,
    fields: Fields | None = None,
) -> ImageEvidence:
    rotation = upright.rotation if upright else 0
    return ImageEvidence(
        file=str(photo.path),
        sha256=photo.sha256,
        face=face,
        rotation=rotation,
        skew_deg=upright.skew if upright else 0.0,
        face_confidence=sure,
        barcodes=barcodes,
        lines=tuple(line.as_evidence() for line in text.lines),
        fields=fields or {},
        fingerprint=fingerprint(page.image, rotation),
        problems=tuple(_problems(photo.pixels, barcodes, upright, fields or {})),
    )


def _problems(
    image: Pixels, barcodes: Sequence[Barcode], upright: Upright | None, fields: Fields
) -> list[str]:
    """In words, what hindered reading."""
    found = list(judge(image).problems)
    if upright is None:
        found.append(NO_WAY_UP)
    doubtful = [b for b in barcodes if not b.accepted]
    found += [f"barcode {b.text} was read by too few readers ({', '.join(b.votes)})" for b in doubtful]
    isbns = fields.get("isbn")
    for value in isbns if isinstance(isbns, list) else []:
        if not value.normalised:
            found.append(f"printed ISBN {value.value} has a wrong check digit")
    return found


def _surroundings(image: Pixels, symbol: Barcode) -> Page:
    """The part of a back cover where ISBN and price are printed: one symbol's width round the symbol."""
    (x0, y0), (x1, y1) = symbol.polygon[0], symbol.polygon[1]
    width = float(np.hypot(x1 - x0, y1 - y0))
    scale = min(1.0, 900 / (width * 2.6))
    cut, matrix = cut_upright(
        image, centre(symbol.polygon), direction(symbol.polygon), (width * 2.6, width * 2.2), scale
    )
    return Page(cut, matrix, None)
