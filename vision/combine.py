"""Many images of one book made into one body of evidence."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from vision.barcodes import addon_price, is_bookland
from vision.flow import normalise
from vision.looking import look
from workcell.kernel.evidence import (
    LIST_FIELDS,
    SINGLE_FIELDS,
    Evidence,
    Face,
    Fields,
    FieldValue,
    ImageEvidence,
    IsbnEvidence,
    Measured,
)

_NOT_THIS_BOOK = ("ebook", "audio")
_TRANSCRIPTION = (Face.TITLE_PAGE, Face.COPYRIGHT_PAGE, Face.FRONT_COVER, Face.BACK_COVER, Face.OTHER)
_MONEY = (Face.COPYRIGHT_PAGE, Face.BACK_COVER)
_ORDER_OF_PAGES = {"price": _MONEY}
"""Which page wins a field: the title page for all that is transcribed (RDA 2.2.2, GB/T 3792)."""


@dataclass(frozen=True)
class _Channel:
    """One independent showing of an ISBN.  ``firm`` ones were agreed by two readers already."""

    isbn13: str
    source: str
    kind: str = ""
    firm: bool = False


def identify(paths: Sequence[Path], measured: Measured = Measured()) -> Evidence:  # noqa: B008
    """Evidence of one book from images of it; raises BadInput for a file that is not an image."""
    return combine([look(path) for path in paths], measured)


def combine(images: Sequence[ImageEvidence], measured: Measured = Measured()) -> Evidence:  # noqa: B008
    """One book's evidence from its images: the ISBN by agreement, each field from the page that wins it."""
    fields = _merged(images)
    isbn = _elected_isbn(list(_channels(images)))
    return Evidence(images=tuple(images), isbn=isbn, fields=fields, measured=measured)


# --- ISBN ----------------------------------------------------------------------------------------------


def _channels(images: Sequence[ImageEvidence]) -> Iterator[_Channel]:
    for image in images:
        for barcode in image.barcodes:
            if is_bookland(barcode):
                yield _Channel(barcode.text, f"barcode:{image.face.value}", firm=barcode.accepted)
        yield from _printed(image)


def _printed(image: ImageEvidence) -> Iterator[_Channel]:
    """Printed numbers: each place on the page and each engine that read it counts by itself."""
    places: dict[str, int] = defaultdict(int)
    isbns = image.fields.get("isbn")
    for value in isbns if isinstance(isbns, list) else []:
        if not value.normalised:
            continue
        places[value.normalised] += 1
        nth = f"#{places[value.normalised]}" if places[value.normalised] > 1 else ""
        source = f"text:{value.page or image.face.value}{nth}"
        yield _Channel(value.normalised, source, value.qualifier or "")
        if _two_engines(image, value):
            yield _Channel(value.normalised, source.replace("text:", "text2:"), value.qualifier or "")
        if _digits_below_bars(image, value):
            yield _Channel(value.normalised, f"digits:{image.face.value}")


def _two_engines(image: ImageEvidence, value: FieldValue) -> bool:
    return any("+" in line.engine for line in image.lines if line.box == value.box)


def _digits_below_bars(image: ImageEvidence, value: FieldValue) -> bool:
    """Whether another line, the digits under bars that could not be read, shows most of the same number."""
    others = [line.text for line in image.lines if line.box != value.box]
    runs = [run for text in others for run in re.findall(r"\d{9,13}", re.sub(r"[\s\"'”“]", "", text))]
    return any(run in value.normalised and run != value.normalised for run in runs)


def _elected_isbn(channels: Sequence[_Channel]) -> IsbnEvidence | None:
    """The number of this volume: a firm barcode, else the printed one with the most independent showings."""
    by_number: dict[str, list[_Channel]] = defaultdict(list)
    for channel in channels:
        if channel.kind not in _NOT_THIS_BOOK or channel.firm:
            by_number[channel.isbn13].append(channel)
    if not by_number:
        return None
    ranked = sorted(by_number.items(), key=lambda item: _weight(item[1]), reverse=True)
    number, shown = ranked[0]
    rivals = [others for _, others in ranked[1:] if _weight(others) == _weight(shown)]
    sources = tuple(dict.fromkeys(c.source for c in shown))
    agreed = any(c.firm for c in shown) or len(sources) >= 2
    denied = any(_denied(c, channels) for c in shown if c.firm)
    contradicted = any(c.firm for c in shown) and _contradicted(number, channels)
    confidence = 0.4 if rivals or denied else _confidence(shown, contradicted=contradicted)
    return IsbnEvidence(number, sources, confidence, accepted=agreed and not rivals and not denied)


def _weight(channels: Sequence[_Channel]) -> tuple[bool, bool, int]:
    barcode = any(c.source.startswith("barcode") for c in channels)
    return any(c.firm for c in channels), barcode and len(channels) > 1, len({c.source for c in channels})


def _contradicted(number: str, channels: Sequence[_Channel]) -> bool:
    """Whether the book prints numbers of its own, and the barcode's is not among them."""
    printed = {c.isbn13 for c in channels if c.source.startswith("text:") and c.kind not in _NOT_THIS_BOOK}
    return bool(printed) and number not in printed


def _denied(barcode: _Channel, channels: Sequence[_Channel]) -> bool:
    """Whether the very face that shows the barcode prints another number, read twice, and not this one.

    A neighbour's barcode or a sticker does that; a copyright page that lists another binding does not.
    """
    face = barcode.source.partition(":")[2]
    beside: dict[str, int] = defaultdict(int)
    for channel in channels:
        kind, _, place = channel.source.partition(":")
        if kind.startswith("text") and place.partition("#")[0] == face:
            beside[channel.isbn13] += channel.kind not in _NOT_THIS_BOOK
    return barcode.isbn13 not in beside and any(readings >= 2 for readings in beside.values())


def _confidence(shown: Sequence[_Channel], *, contradicted: bool) -> float:
    if contradicted:
        return 0.7
    sources = len({c.source for c in shown})
    firm = any(c.firm for c in shown)
    return {(True, 1): 0.97, (False, 1): 0.6}.get((firm, sources), 0.99 if firm else 0.95)


# --- fields --------------------------------------------------------------------------------------------


def _merged(images: Sequence[ImageEvidence]) -> Fields:
    fields: Fields = {}
    for name in SINGLE_FIELDS:
        value = _best_single(name, images)
        if value is not None:
            fields[name] = value
    for name in LIST_FIELDS:
        values = _all_isbns(images) if name == "isbn" else _first_list(name, images)
        if values:
            fields[name] = values
    _confirm_title(fields, images)
    if (price := _addon_price(images)) is not None:
        fields["price"] = _agreed_price(price, fields.get("price"))
    if "language" not in fields and (language := _language(images)):
        fields["language"] = language
    return fields


def _by_page(images: Sequence[ImageEvidence], order: Sequence[Face]) -> Iterator[ImageEvidence]:
    for face in order:
        yield from (image for image in images if image.face is face)


def _best_single(name: str, images: Sequence[ImageEvidence]) -> FieldValue | None:
    """From the page that wins the field; of several such pages the most confident value."""
    for face in _ORDER_OF_PAGES.get(name, _TRANSCRIPTION):
        found = [
            v
            for image in images
            if image.face is face and isinstance(v := image.fields.get(name), FieldValue)
        ]
        if found:
            return max(found, key=lambda v: (len(v.normalised) if name == "pages" else 0, v.confidence))
    return None


def _first_list(name: str, images: Sequence[ImageEvidence]) -> list[FieldValue]:
    for image in _by_page(images, _TRANSCRIPTION):
        values = image.fields.get(name)
        if isinstance(values, list) and values:
            return values
    return []


def _all_isbns(images: Sequence[ImageEvidence]) -> list[FieldValue]:
    """Every printed ISBN once, with its qualifier where any page gives one."""
    seen: dict[str, FieldValue] = {}
    for image in _by_page(images, (*_TRANSCRIPTION, Face.UNSURE)):
        values = image.fields.get("isbn")
        for value in values if isinstance(values, list) else []:
            key = value.normalised or value.value
            if key not in seen or (value.qualifier and not seen[key].qualifier):
                seen[key] = value
    return list(seen.values())


def _confirm_title(fields: Fields, images: Sequence[ImageEvidence]) -> None:
    """A CIP title that is printed on the title page is the title, however its lines are set there.

    CIP data also tell a subtitle from an original title or a motto, which look alike on the page.
    """
    cip = next((i.fields for i in images if i.face is Face.COPYRIGHT_PAGE and "title" in i.fields), {})
    title, subtitle = cip.get("title"), fields.get("subtitle")
    page = _compact(" ".join(line.text for i in images if i.face is Face.TITLE_PAGE for line in i.lines))
    if not isinstance(title, FieldValue) or not page or _compact(title.value) not in page:
        return
    seen = fields.get("title")
    kept = seen if isinstance(seen, FieldValue) and _compact(seen.value) == _compact(title.value) else title
    fields["title"] = replace(kept, page=Face.TITLE_PAGE.value, confidence=max(kept.confidence, 0.99))
    if isinstance(subtitle, FieldValue) and subtitle.page == Face.TITLE_PAGE.value and "subtitle" not in cip:
        del fields["subtitle"]


def _compact(text: str) -> str:
    return normalise(text).replace(" ", "")


def _addon_price(images: Sequence[ImageEvidence]) -> FieldValue | None:
    for image in images:
        for barcode in image.barcodes:
            price = addon_price(barcode.addon) if barcode.accepted else None
            if price is not None and barcode.addon:
                return FieldValue(barcode.addon, f"{price[0]} {price[1]:.2f}", 0.9, Face.BACK_COVER.value)
    return None


def _agreed_price(addon: FieldValue, printed: FieldValue | list[FieldValue] | None) -> FieldValue:
    """The printed price where there is one; surer when the add-on says the same."""
    if not isinstance(printed, FieldValue):
        return addon
    return replace(printed, confidence=0.99) if printed.normalised == addon.normalised else printed


# --- language ------------------------------------------------------------------------------------------

_STOPWORDS = {
    "eng": "the of and in to a is by for with all this",
    "fre": "le la les de des du et en par une est pour",
    "ger": "der die das und von im den mit ist ein zu",
    "spa": "el los las de y en por una del con para",
    "ita": "il gli di e che una per della con nel",
}


def _language(images: Sequence[ImageEvidence]) -> FieldValue | None:
    """ISO 639-2/B code from the script and the commonest words; None when nothing is clear."""
    text = " ".join(line.text for image in images for line in image.lines)
    chinese, letters = len(re.findall(r"[\u4e00-\u9fff]", text)), len(re.findall(r"[^\W\d_]", text))
    if re.search(r"[\u3040-\u30ff]{3}", text) or letters < 30:
        return None
    if chinese > 0.4 * letters:
        return FieldValue("chi", "chi", 0.9)
    words = re.findall(r"[^\W\d_]+", text.lower())
    counts = {code: sum(w in stop.split() for w in words) for code, stop in _STOPWORDS.items()}
    (code, first), (_, second) = sorted(counts.items(), key=lambda item: -item[1])[:2]
    return FieldValue(code, code, 0.8) if first >= 4 and first > 1.5 * second else None
