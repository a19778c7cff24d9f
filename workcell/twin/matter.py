"""The physical things of the world: labels, stamps, tags, and the state of one book.

Lengths are millimetres on the upright surface, measured from its lower left corner; turns are quarter
turns clockwise.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Annotated, Any, Literal

from pydantic import PlainSerializer, PlainValidator, TypeAdapter

CoverSide = Literal["front", "back"]


@dataclass(frozen=True)
class Label:
    """A printed label: ``name`` finds its bitmap, ``barcode`` is what an independent decoder reads on it.

    ``barcode`` is empty when nothing can be read (a spine label).  ``printer`` made it; a planted label
    comes from elsewhere ("foreign").
    """

    name: str
    printer: str
    barcode: str
    dpi: int
    width_mm: float
    height_mm: float


@dataclass
class AppliedLabel:
    """A label on a surface: the label's lower left corner, and how it is turned against the surface."""

    label: Label
    surface: str
    x_mm: float
    y_mm: float
    turns: int = 0
    loose: bool = False
    fallen: bool = False


@dataclass(frozen=True)
class StampMark:
    """The impression of the collection stamp: its centre, and how it is turned against the surface."""

    surface: str
    x_mm: float
    y_mm: float
    turns: int = 0
    smeared: bool = False


_HexBytes = Annotated[
    bytearray,
    PlainValidator(lambda value: bytearray(bytes.fromhex(value))),
    PlainSerializer(lambda value: bytes(value).hex().upper(), return_type=str),
]
_BlockNumbers = Annotated[
    set[int], PlainValidator(set), PlainSerializer(lambda value: sorted(value), return_type=list[int])
]


@dataclass
class Tag:
    """An ISO 15693 tag, the world's own mutable object.

    ``uid`` is upper-case hexadecimal E0…, most significant byte first; ``locked`` holds block numbers.
    ``write_fails`` is how many of the next writes are lost.
    """

    uid: str
    block_size: int
    memory: _HexBytes
    afi: int = 0
    dsfid: int = 0
    locked: _BlockNumbers = field(default_factory=set)
    write_fails: int = 0

    def copy(self) -> Tag:
        """The same tag as it is now, sharing nothing."""
        return replace(self, memory=bytearray(self.memory), locked=set(self.locked))


@dataclass(frozen=True)
class Lie:
    """How a book lies: the cover that is up, quarter turns clockwise as the top camera sees it, and the rest.

    ``skew_deg`` is clockwise beside the quarter turns; ``dx_mm``, ``dy_mm`` are off the zone's middle.
    """

    up: CoverSide
    turns: int
    skew_deg: float
    dx_mm: float
    dy_mm: float


@dataclass(frozen=True)
class Opening:
    """Where a book is held open: ``end`` 0 from the front, 1 from the back; leaves turned since then."""

    end: int
    leaves: int = 0


@dataclass
class Book:
    """The state of one physical copy.

    ``place`` is "pile", a zone's name, "bin:N" or "taken".  ``stray_tag`` is a second one inside.
    ``faults`` are the planned troubles that have not struck yet.
    """

    name: str
    title_id: str
    place: str
    lie: Lie
    track_id: int = 0
    opening: Opening | None = None
    labels: list[AppliedLabel] = field(default_factory=list)
    stamps: list[StampMark] = field(default_factory=list)
    tag: Tag | None = None
    stray_tag: Tag | None = None
    condition: str = "sound"
    faults: dict[str, Any] = field(default_factory=dict)
    events: list[dict[str, Any]] = field(default_factory=list)

    def note(self, kind: str, **facts: Any) -> None:
        """Write down what happened to this copy; ``n`` counts its events from 1."""
        self.events.append({"n": len(self.events) + 1, "kind": kind, **facts})


_BOOK: TypeAdapter[Book] = TypeAdapter(Book)
_LABEL: TypeAdapter[Label] = TypeAdapter(Label)


def book_to_json(book: Book) -> dict[str, Any]:
    """Plain JSON data."""
    return _BOOK.dump_python(book, mode="json")  # type: ignore[no-any-return]


def book_from_json(data: object) -> Book:
    """Validate and load a book's state."""
    return _BOOK.validate_python(data)


def label_to_json(label: Label) -> dict[str, Any]:
    """Plain JSON data."""
    return _LABEL.dump_python(label, mode="json")  # type: ignore[no-any-return]


def label_from_json(data: object) -> Label:
    """Validate and load a label."""
    return _LABEL.validate_python(data)
