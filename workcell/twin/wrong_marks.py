"""Wrong marks that every device swears are right, as a table, and how each comes about.

A fault of a book is spent when it strikes, and noted in its truth.  Its parameter seeds what it draws.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal, Protocol

import numpy as np
from numpy.typing import NDArray

from workcell.twin.box import Title
from workcell.twin.matter import AppliedLabel, Book, Label, StampMark, Tag
from workcell.twin.surfaces import surface_size

Mark = Literal["barcode_label", "spine_label", "stamp", "tag"]
"""Which mark is wrong; labels by the station that applies them."""


@dataclass(frozen=True)
class WrongMark:
    """What becomes of a mark instead of what was meant.

    ``away``: it never comes to be, or is gone at verify.  ``another``: it is that of a book before.
    ``again``: a second one comes with it, "beside" it or "elsewhere" on the book.  ``loose``: it falls off at
    the next transfer.  ``turns``: quarter turns.  ``elsewhere``: on another surface.  ``off_mm``: so far
    (least, most) from its place.  ``spot``: at this place on the surface, in shares of width and height.
    ``smeared``: its ink ran.  ``lost``: which part of what was written is gone, "all" or "half".  ``afi``: it
    says this family.
    """

    mark: Mark
    away: bool = False
    another: bool = False
    again: Literal["", "beside", "elsewhere"] = ""
    loose: bool = False
    turns: int = 0
    elsewhere: bool = False
    off_mm: tuple[float, float] | None = None
    spot: tuple[float, float] | None = None
    smeared: bool = False
    lost: Literal["", "all", "half"] = ""
    afi: int | None = None


WRONG_MARKS: Mapping[str, WrongMark] = {
    "label_of_another": WrongMark("barcode_label", another=True),
    "label_stays_away": WrongMark("barcode_label", away=True),
    "label_falls": WrongMark("barcode_label", loose=True),
    "label_doubled": WrongMark("barcode_label", again="beside"),
    "label_doubled_elsewhere": WrongMark("barcode_label", again="elsewhere"),
    "label_upside_down": WrongMark("barcode_label", turns=2),
    "label_on_its_side": WrongMark("barcode_label", turns=1),
    "label_off_its_place": WrongMark("barcode_label", off_mm=(16.0, 45.0)),
    "label_elsewhere": WrongMark("barcode_label", elsewhere=True),
    "spine_label_of_another": WrongMark("spine_label", another=True),
    "spine_label_stays_away": WrongMark("spine_label", away=True),
    "spine_label_falls": WrongMark("spine_label", loose=True),
    "spine_label_upside_down": WrongMark("spine_label", turns=2),
    "spine_label_off_its_place": WrongMark("spine_label", off_mm=(28.0, 70.0)),
    "spine_label_elsewhere": WrongMark("spine_label", elsewhere=True),
    "stamp_stays_away": WrongMark("stamp", away=True),
    "stamp_upside_down": WrongMark("stamp", turns=2),
    "stamp_on_its_side": WrongMark("stamp", turns=1),
    "stamp_off_its_place": WrongMark("stamp", off_mm=(20.0, 45.0)),
    "stamp_over_the_title": WrongMark("stamp", spot=(0.5, 0.8)),
    "stamp_off_the_edge": WrongMark("stamp", spot=(1.0, 0.3)),
    "stamp_elsewhere": WrongMark("stamp", elsewhere=True),
    "stamp_smeared": WrongMark("stamp", smeared=True),
    "tag_of_another": WrongMark("tag", another=True),
    "tag_falls_out": WrongMark("tag", away=True),
    "tag_forgets": WrongMark("tag", lost="all"),
    "tag_half_written": WrongMark("tag", lost="half"),
    "tag_doubled": WrongMark("tag", again="beside"),
    "tag_says_on_loan": WrongMark("tag", afi=0xC2),
}
"""By the name that ``--faults`` knows; each strikes the first mark of its kind that a book gets."""

_OTHER_COVER = {"front": "back", "spine": "back", "edge": "back"}
_OTHER_PAGE = {"title_page": "title_verso", "title_verso": "title_page"}
_GAP_MM = 4.0
_EDGE_MM = 2.0
_DIRECTIONS = [(x, y) for x in (-1, 0, 1) for y in (-1, 0, 1) if (x, y) != (0, 0)]


class Matter(Protocol):
    """The world, as far as other books and their labels go."""

    def books(self) -> Iterator[Book]:
        """All copies in feeding order."""
        ...

    def title(self, book: Book) -> Title:
        """What the copy is a copy of."""
        ...

    def bitmap(self, label: Label) -> NDArray[np.uint8]:
        """What is printed on a label."""
        ...


def wrong_labels(world: Matter, book: Book, applied: AppliedLabel, station: Mark) -> list[AppliedLabel]:
    """What really comes to stick on the book in place of ``applied``."""
    for kind, wrong in _due(book, station):
        other = _label_before(world, book, applied.label) if wrong.another else None
        if wrong.another and other is None:
            continue
        draw = _struck(book, kind)
        changed = replace(
            applied,
            label=other or applied.label,
            turns=(applied.turns + wrong.turns) % 4,
            loose=wrong.loose,
            surface=_other_cover(applied.surface) if wrong.elsewhere else applied.surface,
        )
        size = surface_size(world.title(book), applied.surface)
        if wrong.off_mm:
            extent = (applied.label.width_mm, applied.label.height_mm)
            at = _moved((applied.x_mm, applied.y_mm), extent, size, wrong.off_mm, draw)
            changed = replace(changed, x_mm=at[0], y_mm=at[1])
        return [] if wrong.away else [changed, *_again(wrong, applied)]
    return [applied]


def _again(wrong: WrongMark, applied: AppliedLabel) -> list[AppliedLabel]:
    if wrong.again == "elsewhere":
        return [replace(applied, surface=_other_cover(applied.surface))]
    if wrong.again == "beside":
        height = applied.label.height_mm + _GAP_MM
        below = applied.y_mm - height
        return [replace(applied, y_mm=below if below > 0 else applied.y_mm + height)]
    return []


def _other_cover(surface: str) -> str:
    """Where a label lands that misses its surface: a page that was not opened leaves a cover."""
    return _OTHER_COVER.get(surface, "front")


def wrong_stamp(world: Matter, book: Book, mark: StampMark) -> StampMark | None:
    """The impression that the stroke really leaves, None when it leaves none."""
    for kind, wrong in _due(book, "stamp"):
        draw = _struck(book, kind)
        if wrong.away:
            return None
        width, height = surface_size(world.title(book), mark.surface)
        x, y = mark.x_mm, mark.y_mm
        if wrong.off_mm:
            x, y = _moved((x, y), (0.0, 0.0), (width, height), wrong.off_mm, draw)
        if wrong.spot:
            x, y = wrong.spot[0] * width, wrong.spot[1] * height
        elsewhere = _OTHER_PAGE.get(mark.surface) or _other_cover(mark.surface)
        surface = elsewhere if wrong.elsewhere else mark.surface
        return StampMark(surface, x, y, (mark.turns + wrong.turns) % 4, wrong.smeared)
    return mark


def wrong_tag(world: Matter, book: Book) -> None:
    """What the tag station has left in the book, seen at the next station."""
    if book.tag is None:
        return
    for kind, wrong in _due(book, "tag"):
        written = [other.tag for other in world.books() if other is not book and _is_written(other.tag)]
        if wrong.another and not written:
            continue
        draw = _struck(book, kind)
        if wrong.another and written[-1] is not None:
            book.tag.memory = bytearray(written[-1].memory)
        if wrong.lost:
            _lose(book.tag, wrong.lost == "all", draw)
        if wrong.afi is not None:
            book.tag.afi = wrong.afi
        if wrong.again:
            book.stray_tag = _another_tag(book.tag)
        if wrong.away:
            book.tag = None
        return


def _is_written(tag: Tag | None) -> bool:
    return tag is not None and any(tag.memory)


def _lose(tag: Tag, whole: bool, draw: np.random.Generator) -> None:
    """Blank the memory from one of its written blocks on, as power lost in mid-write does."""
    size = tag.block_size
    written = [at for at in range(0, len(tag.memory), size) if any(tag.memory[at : at + size])]
    if not written:
        return
    start = 0 if whole or len(written) == 1 else int(draw.choice(written[1:]))
    tag.memory[start:] = bytes(len(tag.memory) - start)


def _another_tag(tag: Tag) -> Tag:
    """A blank one off the same roll."""
    serial = (int(tag.uid[8:], 16) + 0x10000) % (1 << 32)
    return Tag(f"{tag.uid[:8]}{serial:08X}", tag.block_size, bytearray(len(tag.memory)))


def _label_before(world: Matter, book: Book, printed: Label) -> Label | None:
    """The latest label of that printer on another book that says something else."""
    labels = [
        applied.label
        for other in world.books() if other is not book
        for applied in other.labels if applied.label.printer == printed.printer
    ]  # fmt: skip
    own = world.bitmap(printed)
    return next((label for label in reversed(labels) if not np.array_equal(world.bitmap(label), own)), None)


def _moved(
    at: tuple[float, float], extent: tuple[float, float], size: tuple[float, float],
    off_mm: tuple[float, float], draw: np.random.Generator,
) -> tuple[float, float]:  # fmt: skip
    """Another place as far away as that along a side or both, on the surface where there is room.

    A label that fills its surface, or goes round it, is off its place only along the other side.
    """
    free = [long + off_mm[0] <= whole - 2 * _EDGE_MM for long, whole in zip(extent, size, strict=True)]
    directions = [(x, y) for x, y in _DIRECTIONS if (free[0] or not x) and (free[1] or not y)]
    order = [directions[n] for n in draw.permutation(len(directions))]
    far = float(draw.uniform(*off_mm))
    places = [(at[0] + x * step, at[1] + y * step) for step in (far, off_mm[0]) for x, y in order]
    on = [place for place in places if _lies_on(place, extent, size, free)]
    return (on or places)[0]


def _lies_on(
    place: tuple[float, float], extent: tuple[float, float], size: tuple[float, float], free: list[bool]
) -> bool:
    return all(
        not checked or (where >= _EDGE_MM and where + long <= whole - _EDGE_MM)
        for where, long, whole, checked in zip(place, extent, size, free, strict=True)
    )


def _due(book: Book, mark: Mark) -> Sequence[tuple[str, WrongMark]]:
    return [
        (kind, wrong) for kind, wrong in WRONG_MARKS.items() if wrong.mark == mark and book.faults.get(kind)
    ]


def _struck(book: Book, kind: str) -> np.random.Generator:
    """Spend and note the fault; gives what it draws from."""
    seed = int(book.faults.pop(kind))
    book.note(kind)
    return np.random.default_rng([seed, zlib.crc32(f"{book.name}/{kind}".encode())])
