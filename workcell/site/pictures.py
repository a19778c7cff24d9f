"""Pictures in pages: each upright, with what was read framed, and crops of single values.

A crop is a window on the picture itself (an SVG view box), so nothing is copied and no detail is lost.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from PIL import Image, UnidentifiedImageError

from workcell.kernel.evidence import Box, Evidence, FieldValue, ImageEvidence
from workcell.site.result import ImageResult

_EXIF_ORIENTATION = 0x0112
_CROP_MARGIN = 0.35


@dataclass(frozen=True)
class View:
    """An upright window on a picture: ``box`` is x, y, width, height in upright pixels."""

    href: str
    width: int
    height: int
    turn: str
    box: tuple[float, float, float, float]


@dataclass(frozen=True)
class Picture:
    """A picture of a copy with the frames of what was read on it.  ``view`` is None when it is gone."""

    role: str
    station: str
    face: str
    view: View | None
    frames: tuple[Box, ...] = ()
    outlines: tuple[str, ...] = ()
    problems: tuple[str, ...] = ()


@dataclass(frozen=True)
class Seen:
    """A value as a row of the evidence table."""

    name: str
    value: str
    note: str
    confidence: float
    page: str
    crop: View | None


def pictures_of(images: Iterable[ImageResult], evidence: Evidence, out: Path, root: str) -> list[Picture]:
    """The pictures of a copy.  ``root`` leads from the page to the output folder (``../`` or empty)."""
    found = [_picture(image, _evidence_of(image, evidence), evidence, out, root) for image in images]
    return sorted(found, key=lambda picture: picture.face == "")


def values_seen(images: Iterable[ImageResult], evidence: Evidence, out: Path, root: str) -> list[Seen]:
    """All values of the evidence, one a row, each with its crop where its place is known."""
    shown = list(images)
    rows = []
    for name, found in evidence.fields.items():
        for value in found if isinstance(found, list) else [found]:
            image, seen = _page_of(value, shown, evidence)
            crop = None
            if image is not None and seen is not None and value.box is not None:
                crop = _crop(image, seen, value.box, out, root)
            note = value.role or value.scheme or value.qualifier or ""
            face = seen.face.value if seen else value.page
            rows.append(Seen(name, value.value, note, value.confidence, face, crop))
    return rows


def _picture(
    image: ImageResult, seen: ImageEvidence | None, evidence: Evidence, out: Path, root: str
) -> Picture:
    size = _size(out / image.path)
    role = image.role.removeprefix(image.station).strip()
    if size is None:
        return Picture(role, image.station, seen.face.value if seen else "", None)
    rotation = seen.rotation if seen else 0
    width, height = _turned(size, rotation)
    view = View(root + image.path, *size, _turn(size, rotation), (0, 0, width, height))
    if seen is None:
        return Picture(role, image.station, "", view)
    boxes = [value.box for value in _values(evidence) if value.box and _is_page(value, seen)]
    return Picture(
        role,
        image.station,
        seen.face.value,
        view,
        frames=tuple(boxes),
        outlines=tuple(
            " ".join(f"{x:g},{y:g}" for x, y in barcode.polygon)
            for barcode in seen.barcodes
            if barcode.polygon
        ),
        problems=seen.problems,
    )


def _crop(image: ImageResult, seen: ImageEvidence, box: Box, out: Path, root: str) -> View | None:
    size = _size(out / image.path)
    if size is None:
        return None
    x, y, w, h = _upright(box, size, seen.rotation)
    margin = _CROP_MARGIN * min(w, h)
    window = (x - margin, y - margin, w + 2 * margin, h + 2 * margin)
    return View(root + image.path, *size, _turn(size, seen.rotation), window)


def _size(path: Path) -> tuple[int, int] | None:
    """Width and height after EXIF orientation; None when the file is gone or is no image."""
    try:
        with Image.open(path) as image:
            lying = image.getexif().get(_EXIF_ORIENTATION, 1) >= 5
            return (image.height, image.width) if lying else (image.width, image.height)
    except (OSError, UnidentifiedImageError, Image.DecompressionBombError):
        return None


def _turned(size: tuple[int, int], rotation: int) -> tuple[int, int]:
    return size if rotation in (0, 180) else (size[1], size[0])


def _turn(size: tuple[int, int], rotation: int) -> str:
    """The SVG transform that turns a picture of ``size`` clockwise by ``rotation`` degrees into place."""
    width, height = size
    shift = {
        0: "",
        90: f"translate({height} 0) ",
        180: f"translate({width} {height}) ",
        270: f"translate(0 {width}) ",
    }
    return f"{shift[rotation]}rotate({rotation})" if rotation else ""


def _upright(box: Box, size: tuple[int, int], rotation: int) -> Box:
    """A box of the picture as taken, in the upright picture."""
    x, y, w, h = box
    width, height = size
    boxes: dict[int, Box] = {
        0: box,
        90: (height - y - h, x, h, w),
        180: (width - x - w, height - y - h, w, h),
        270: (y, width - x - w, h, w),
    }
    return boxes[rotation]


def _evidence_of(image: ImageResult, evidence: Evidence) -> ImageEvidence | None:
    name = Path(image.path).name
    for seen in evidence.images:
        if (image.sha256 and seen.sha256 == image.sha256) or Path(seen.file).name == name:
            return seen
    return None


def _page_of(
    value: FieldValue, images: list[ImageResult], evidence: Evidence
) -> tuple[ImageResult | None, ImageEvidence | None]:
    for image in images:
        seen = _evidence_of(image, evidence)
        if seen is not None and _is_page(value, seen):
            return image, seen
    return None, None


def _is_page(value: FieldValue, seen: ImageEvidence) -> bool:
    """Whether a value was read on this picture; its page is named by file, hash or face."""
    return bool(value.page) and value.page in (seen.file, Path(seen.file).name, seen.sha256, seen.face.value)


def _values(evidence: Evidence) -> Iterable[FieldValue]:
    for found in evidence.fields.values():
        yield from found if isinstance(found, list) else [found]
