"""Seeded trouble: what goes wrong with which book, planned when the pile is packed.

Every trouble is written into the book's events in ``truth.json`` when it strikes (kind and parameter).
Books lie in the tray at any rotation with either cover up whether or not faults are switched on.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from workcell.kernel.errors import ConfigError
from workcell.twin.box import Cover, PackedBook, Title, TitlePage, ean13_check_digit, with_fault
from workcell.twin.wrong_marks import WRONG_MARKS

# One book in so many gets each kind of trouble, but always at least one.
_BOOKS_PER_FAULT = 24
# A mark is planted from so many books on; a shorter run stays clean.
_BOOKS_FOR_PLANT = 12


@dataclass(frozen=True)
class PlantedMark:
    """The one wrong mark of a run: ``kind`` on the ``at``-th book that gets a barcode label."""

    kind: str
    at: int


def _unreadable(draw: np.random.Generator) -> Any:
    return int(draw.integers(1 << 16))


def _jam(draw: np.random.Generator) -> Any:
    zones = ("capture", "page_turn", "identify", "stamp", "spine_label")
    return {"zone": zones[int(draw.integers(len(zones)))], "tries": int(draw.integers(1, 3))}


def _weak(draw: np.random.Generator) -> Any:
    # Two in three answer to a repeated write; the others never take one.
    return int(draw.choice([1, 2, 1000]))


def _seed(draw: np.random.Generator) -> Any:
    return int(draw.integers(1, 1 << 16))


def _always(_draw: np.random.Generator) -> Any:
    return True


_PARAMETERS: dict[str, Callable[[np.random.Generator], Any]] = {
    "unreadable_barcode": _unreadable,
    "upside_down": _always,
    "jam": _jam,
    "label_falls": _always,
    "weak_tag": _weak,
    "neighbour_tag": _always,
    "stale_frame": _always,
}
_REPLACED = ("wrong_book", "unknown_book")

MARK_FAULTS: tuple[str, ...] = tuple(WRONG_MARKS)
"""Wrong marks that every device swears are right: only what is read back tells."""

_PARAMETERS |= dict.fromkeys([kind for kind in MARK_FAULTS if kind not in _PARAMETERS], _seed)

FAULTS: tuple[str, ...] = (
    "unreadable_barcode", "upside_down", "jam", "label_falls", "weak_tag", "neighbour_tag", "stale_frame",
    *_REPLACED,
)  # fmt: skip
"""All kinds of trouble of ``--faults all``; the other ones of MARK_FAULTS are asked for by name.

``unreadable_barcode``: a tear across the bars.  ``upside_down``: the book turns by half on its way from
posture to capture.  ``jam``: a zone lets go only after some tries.  ``label_falls``: the barcode label
falls off at the next transfer.  ``weak_tag``: so many writes are lost.  ``neighbour_tag``: its tag is still
heard by the reader of the zone behind.  ``stale_frame``: one camera repeats its last frame once.
``wrong_book``: the supplier packed another title of the shipment.  ``unknown_book``: a title that nobody
ordered and no file knows.
"""


def parse_faults(text: str) -> frozenset[str]:
    """Kinds named by ``all``, ``marks``, ``none`` (or nothing) or ``KIND,KIND``; raises ConfigError."""
    named = [part.strip() for part in text.split(",") if part.strip()]
    if named == ["marks"]:
        return frozenset(MARK_FAULTS)
    if named == ["all"]:
        return frozenset(FAULTS)
    if named in ([], ["none"]):
        return frozenset()
    known = dict.fromkeys((*FAULTS, *MARK_FAULTS))
    unknown = sorted(set(named) - set(known))
    if unknown:
        raise ConfigError(
            f"no such trouble: {', '.join(unknown)}",
            subject="--faults",
            remedy=f"Known: {', '.join(known)}.",
        )
    return frozenset(named)


def plan_faults(
    pile: Sequence[PackedBook], seed: int, kinds: frozenset[str], titles: Sequence[Title]
) -> list[PackedBook]:
    """The pile with its planned trouble, the same for the same seed.

    Each kind strikes one book in 24 (at least one), another book for another kind while there are enough.
    ``titles`` are those of the shipment, among which a wrong book is found.
    """
    planned = list(pile)
    draw = np.random.default_rng([seed, 2])
    order = [int(index) for index in draw.permutation(len(planned))]
    # A replaced book takes the place of a filler, so that the showcase stays whole.
    order.sort(key=lambda index: planned[index].title.showcase is not None)
    count = max(1, len(planned) // _BOOKS_PER_FAULT)
    for kind in sorted(kinds, key=(*_REPLACED, *_PARAMETERS).index):
        struck, order = order[:count], order[count:] + order[:count]
        for index in struck:
            planned[index] = _strike(planned[index], kind, draw, titles)
    return planned


def _strike(book: PackedBook, kind: str, draw: np.random.Generator, titles: Sequence[Title]) -> PackedBook:
    if kind == "wrong_book":
        others = [title for title in titles if title.title_id != book.title.title_id]
        if not others:
            return book
        other = others[int(draw.integers(len(others)))]
        return with_fault(replace(book, title=other), kind, book.title.title_id)
    if kind == "unknown_book":
        return with_fault(replace(book, title=_unknown_title(book.title, draw)), kind, book.title.title_id)
    return with_fault(book, kind, _PARAMETERS[kind](draw))


def plan_planted_mark(books: int, seed: int) -> PlantedMark | None:
    """Which wrong mark is planted, and on the how-manieth labelled book; None in a run under 12 books."""
    if books < _BOOKS_FOR_PLANT:
        return None
    draw = np.random.default_rng([seed, 3])
    kind = ("foreign_label", "label_fell")[int(draw.integers(2))]
    return PlantedMark(kind=kind, at=int(draw.integers(1, books // 4 + 1)))


# Titles that no file of a shipment knows: made up, with numbers from ranges of our own choice.
_UNKNOWN = {
    "eng": ("97987", "Lanterns Over the Estuary", "A Chronicle of Small Harbours", "Maud Ellery Finch",
            "Tern & Gannet Press", "Whitby", "First edition", "All rights reserved."),
    "chi": ("97875", "渡口的灯火", "小港纪事", "林雁秋 著", "远帆出版社", "宁波", None, "版权所有 侵权必究"),
}  # fmt: skip


def _unknown_title(instead_of: Title, draw: np.random.Generator) -> Title:
    language = "chi" if instead_of.language == "chi" else "eng"
    prefix, name, subtitle, author, publisher, place, edition, rights = _UNKNOWN[language]
    body = prefix + "".join(str(digit) for digit in draw.integers(0, 10, 7))
    isbn = body + ean13_check_digit(body)
    by = author if language == "chi" else f"by {author}"
    return Title(
        title_id=f"unknown-{isbn}", isbn=isbn, language=language, height_mm=210, width_mm=140,
        thickness_mm=18, weight_g=330,
        cover=Cover(title=name, subtitle=subtitle, author=author, publisher=publisher, colour="#5B3A29"),
        back_cover=(subtitle,),
        title_page=TitlePage(
            title=name, subtitle=subtitle, responsibility=(by,), edition=edition,
            place=place, publisher=publisher, year="2024",
        ),
        copyright_page=(f"© 2024 {author}", publisher, f"ISBN {isbn}", rights),
        last_page_text=(name,), last_page_number=198,
    )  # fmt: skip
