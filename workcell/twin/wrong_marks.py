"""Wrong marks as they come about: each fault of a book is spent when it strikes, and noted in its truth."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import Protocol

from workcell.twin.matter import AppliedLabel, Book, Label, StampMark, Tag

_GAP_MM = 4.0


class Labels(Protocol):
    """Where the labels of other books are found."""

    def books(self) -> Iterator[Book]:
        """All copies in feeding order."""
        ...


def wrong_labels(world: Labels, book: Book, applied: AppliedLabel) -> list[AppliedLabel]:
    """What really comes to stick on the book in place of ``applied``."""
    if _struck(book, "label_stays_away"):
        return []
    if _struck(book, "label_upside_down"):
        applied.turns = (applied.turns + 2) % 4
    if _struck(book, "label_doubled"):
        height = applied.label.height_mm + _GAP_MM
        below = applied.y_mm - height
        return [applied, replace(applied, y_mm=below if below > 0 else applied.y_mm + height)]
    other = _label_before(world, book, applied.label)
    if other is not None and _struck(book, "label_of_another"):
        applied.label = other
    return [applied]


def wrong_stamp(book: Book, mark: StampMark) -> StampMark | None:
    """The impression that the stroke really leaves, None when it leaves none."""
    if _struck(book, "stamp_stays_away"):
        return None
    turned = _struck(book, "stamp_upside_down")
    return replace(mark, turns=(mark.turns + 2) % 4) if turned else mark


def wrong_tag(book: Book, others: Iterable[Tag | None]) -> None:
    """What the tag station has left in the book, seen at the next station."""
    if book.tag is None:
        return
    if _struck(book, "tag_forgets"):
        book.tag.memory = bytearray(len(book.tag.memory))
    written = [tag for tag in others if tag is not None and any(tag.memory)]
    if written and _struck(book, "tag_of_another"):
        book.tag.memory = bytearray(written[-1].memory)


def _label_before(world: Labels, book: Book, printed: Label) -> Label | None:
    """The latest label of that printer on another book."""
    labels = [
        applied.label
        for other in world.books() if other is not book
        for applied in other.labels if applied.label.printer == printed.printer
    ]  # fmt: skip
    return labels[-1] if labels else None


def _struck(book: Book, fault: str) -> bool:
    if not book.faults.pop(fault, None):
        return False
    book.note(fault)
    return True
