"""Evidence: what was measured and seen, each value with its source, confidence and place in an image.

The JSON form is ``evidence/1`` and equals what ``workcell identify --json`` prints.  A box is
``(x, y, w, h)`` in pixels after EXIF orientation; ``rotation`` is the clockwise turn in degrees that makes
the face upright; a barcode's polygon runs clockwise from the symbol's own top left.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Literal

from pydantic import TypeAdapter

Box = tuple[float, float, float, float]
Point = tuple[float, float]
Rotation = Literal[0, 90, 180, 270]


class Face(StrEnum):
    """Which side of the book an image shows."""

    FRONT_COVER = "front_cover"
    BACK_COVER = "back_cover"
    SPINE = "spine"
    TITLE_PAGE = "title_page"
    COPYRIGHT_PAGE = "copyright_page"
    OTHER = "other"
    UNSURE = "unsure"


@dataclass(frozen=True)
class Barcode:
    """One symbol.  ``votes`` names the readers that agreed; only an accepted reading may be acted on."""

    text: str
    format: str
    polygon: tuple[Point, ...] = ()
    orientation: float = 0.0
    addon: str | None = None
    votes: tuple[str, ...] = ()
    confidence: float = 0.0
    accepted: bool = False


@dataclass(frozen=True)
class TextLine:
    """A recognised line in reading order."""

    text: str
    confidence: float
    box: Box
    engine: str = ""


@dataclass(frozen=True)
class FieldValue:
    """A bibliographic value as transcribed (``value``) and as compared (``normalised``).

    ``role`` belongs to names (author, editor, translator …), ``scheme`` to class (lcc, ddc, clc),
    ``qualifier`` to isbn (hardcover, ebook, set …).
    """

    value: str
    normalised: str = ""
    confidence: float = 0.0
    page: str = ""
    box: Box | None = None
    role: str | None = None
    scheme: str | None = None
    qualifier: str | None = None


SINGLE_FIELDS = (
    "title", "subtitle", "responsibility", "edition", "printing", "place", "publisher", "year",
    "volume", "cip_number", "lccn", "price", "pages", "language",
)  # fmt: skip
LIST_FIELDS = ("names", "isbn", "series", "class", "subjects")

Fields = dict[str, FieldValue | list[FieldValue]]


@dataclass(frozen=True)
class ImageEvidence:
    """What one image shows.  ``fields`` are the values read on this page alone.

    ``fingerprint`` recognises the same face of the same copy when it is fed again (64-bit perceptual hash
    in hexadecimal of the upright book).  ``problems`` says in words what hindered reading.
    """

    file: str
    sha256: str
    face: Face
    rotation: Rotation = 0
    skew_deg: float = 0.0
    face_confidence: float = 0.0
    barcodes: tuple[Barcode, ...] = ()
    lines: tuple[TextLine, ...] = ()
    fields: Fields = field(default_factory=dict)
    fingerprint: str = ""
    problems: tuple[str, ...] = ()


@dataclass(frozen=True)
class IsbnEvidence:
    """The book's ISBN-13 with every channel that showed it, for example ``barcode:back_cover``."""

    value: str
    sources: tuple[str, ...]
    confidence: float
    accepted: bool


@dataclass(frozen=True)
class Measured:
    """Outer dimensions and weight; None where nothing measured it."""

    height_mm: float | None = None
    width_mm: float | None = None
    thickness_mm: float | None = None
    weight_g: float | None = None


@dataclass(frozen=True)
class Evidence:
    """All that is known of one physical copy."""

    schema: Literal["evidence/1"] = "evidence/1"
    images: tuple[ImageEvidence, ...] = ()
    isbn: IsbnEvidence | None = None
    fields: Fields = field(default_factory=dict)
    measured: Measured = Measured()

    def one(self, name: str) -> FieldValue | None:
        """The single field ``name``, or None."""
        found = self.fields.get(name)
        return found if isinstance(found, FieldValue) else None

    def many(self, name: str) -> list[FieldValue]:
        """The list field ``name``, empty when nothing was seen."""
        found = self.fields.get(name)
        return found if isinstance(found, list) else []

    def text(self, name: str) -> str:
        """The transcribed value of a single field, or an empty string."""
        found = self.one(name)
        return found.value if found else ""


_EVIDENCE: TypeAdapter[Evidence] = TypeAdapter(Evidence)
_IMAGE: TypeAdapter[ImageEvidence] = TypeAdapter(ImageEvidence)


def evidence_to_json(evidence: Evidence) -> dict[str, Any]:
    """Plain JSON data in the shape of the contract."""
    return _EVIDENCE.dump_python(evidence, mode="json")  # type: ignore[no-any-return]


def evidence_from_json(data: object) -> Evidence:
    """Validate and load; raises pydantic's ValidationError with the path of the wrong value."""
    return _EVIDENCE.validate_python(data)


def image_to_json(image: ImageEvidence) -> dict[str, Any]:
    """Plain JSON data for one image."""
    return _IMAGE.dump_python(image, mode="json")  # type: ignore[no-any-return]


def image_from_json(data: object) -> ImageEvidence:
    """Validate and load one image's evidence."""
    return _IMAGE.validate_python(data)
