"""Photographs of books as a person at a desk would take them: one folder a book."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path

import numpy as np

from workcell.kernel.layout import Layout
from workcell.twin.box import Box
from workcell.twin.look import look
from workcell.twin.matter import Book, Lie, Opening
from workcell.twin.render import Renderer
from workcell.twin.serve import Run, build_world, library_of
from workcell.twin.world import World

_SKEW_DEG = 4.0
_PHOTOS: tuple[tuple[str, str, str, Opening | None], ...] = (
    ("1-back-cover.jpg", "capture", "capture-top", None),
    ("2-title-page.jpg", "page_turn", "page-turn", Opening(0)),
    ("3-title-verso.jpg", "page_turn", "page-turn", Opening(0, 1)),
    ("4-last-page.jpg", "page_turn", "page-turn", Opening(1)),
    ("5-page-before.jpg", "page_turn", "page-turn", Opening(1, -1)),
)


def photograph(layout: Layout, box: Box, books: int, seed: int, folder: Path) -> None:
    """Take ``books`` books out of the box and photograph each into a subfolder of ``folder``."""
    world = build_world(layout, box, None, Run(books, seed))
    renderer = Renderer(library_of(box))
    draw = np.random.default_rng([seed, 11])
    zones = [place.name for place in layout.stations]
    for number in range(1, books + 1):
        world.feed(number)
        _carry(world, zones, "capture")
        book = world.book_in("capture")
        if book is None:
            return
        target = folder / f"book-{number:03d}"
        target.mkdir(parents=True)
        for name, station, camera, opening in _PHOTOS:
            _carry(world, zones, station)
            _lay(world, book, draw, opening)
            still = renderer(look(world, camera, number, seed))
            (target / name).write_bytes(still.data)
        _carry(world, zones, zones[-1])
        world.move(zones[-1], "bin:1")
    world.close()


def _lay(world: World, book: Book, draw: np.random.Generator, opening: Opening | None) -> None:
    """Back cover up and roughly straight, as a person lays it; then open it."""
    skew = float(draw.uniform(-_SKEW_DEG, _SKEW_DEG))
    world.lie_again(book, Lie("back", 0, skew, float(draw.normal()), float(draw.normal())))
    world.hold_open(book, opening)


def _carry(world: World, zones: Sequence[str], to: str) -> None:
    """Carry the book that is on the way to ``to`` through the zones before it."""
    for here, there in pairwise(zones):
        if world.book_in(to) is not None:
            return
        world.move(here, there)
