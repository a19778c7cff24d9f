"""Worlds of a small box for the tests of the twin."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest

from workcell.kernel.layout import Layout, load_layout
from workcell.twin import Box, PackedBook, World, load_box
from workcell.twin.faults import PlantedMark
from workcell.twin.matter import Book, Lie, Tag
from workcell.twin.render.foreign import foreign_label

REPOSITORY = Path(__file__).resolve().parents[3]
BOX_FILE = Path(__file__).with_name("box.json")
WANTED = Lie("back", 0, 0.0, 0.0, 0.0)
ZONES = (
    "supply", "posture", "capture", "page_turn", "identify", "stamp",
    "barcode_label", "spine_label", "rfid", "verify", "sort",
)  # fmt: skip


@pytest.fixture(scope="session")
def layout() -> Layout:
    return load_layout(REPOSITORY / "examples" / "layouts" / "twin.toml")


@pytest.fixture(scope="session")
def box() -> Box:
    return load_box(BOX_FILE)


class Hand:
    """Carries books through a world as a PLC would, without time."""

    def __init__(self, world: World) -> None:
        self.world = world

    def feed(self, track_id: int = 1) -> Book:
        assert self.world.feed(track_id) == "ok"
        book = self.world.book_in("supply")
        assert book is not None
        return book

    def carry(self, book: Book, to: str) -> None:
        while book.place != to:
            following = ZONES[ZONES.index(book.place) + 1]
            assert self.world.move(book.place, following) == "ok"

    def place(self, to: str, track_id: int = 1, lie: Lie = WANTED) -> Book:
        book = self.feed(track_id)
        self.carry(book, to)
        self.world.lie_again(book, lie)
        return book

    def label(self, number: str, surface: str = "back", x: float = 12.0, y: float = 150.0) -> str:
        self.world.label_printed("barcode", foreign_label(400, 200, number), 203)
        return self.world.apply_label("barcode_label", surface, x, y)

    def spine_label(self, x: float = 0.0) -> str:
        self.world.label_printed("spine", np.full((304, 200), 255, np.uint8), 203)
        return self.world.apply_label("spine_label", "spine", x, 12.7)

    def tag(self, book: Book) -> Tag:
        assert self.world.place_tag("rfid") == "ok"
        assert book.tag is not None
        return book.tag


@pytest.fixture
def a_world(layout: Layout, box: Box) -> Iterator[Callable[..., Hand]]:
    """Builds a world of the titles given by id, in that order."""
    worlds: list[World] = []

    def build(
        *title_ids: str,
        state: Path | None = None,
        planted: PlantedMark | None = None,
        faults: dict[str, object] | None = None,
        seed: int = 1,
    ) -> Hand:
        titles = {title.title_id: title for title in box.titles}
        pile = [
            PackedBook(f"copy-{place:04d}", titles[name], faults=dict(faults or {}))
            for place, name in enumerate(title_ids, start=1)
        ]
        worlds.append(World(layout, pile, seed=seed, state=state, planted=planted))
        return Hand(worlds[-1])

    yield build
    for world in worlds:
        world.close()
