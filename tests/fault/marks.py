"""Planted wrong marks on the virtual line: one a batch, which must not leave; all others must."""

from __future__ import annotations

import tempfile
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from virtual_line import VirtualLine, on_virtual_time

from workcell.line import recognition
from workcell.site import Site
from workcell.twin.faults import MARK_FAULTS
from workcell.twin.render import Renderer
from workcell.twin.serve import library_of
from workcell.twin.stored import stored_still

_SEEING = frozenset({"read_label", "read_spine", "find_stamp"})


class RealEyes(VirtualLine):
    """A line whose verify station looks at rendered pictures with the real recognition."""

    def __init__(self, folder: Path, **options: Any) -> None:
        super().__init__(folder, **options)
        draw = Renderer(library_of(self._box))
        server = self._transport.app.routes[0].endpoint.__self__
        server._render = lambda scene: draw(scene) if scene.station == "verify" else stored_still(scene)

    def _jobs(self) -> Any:
        jobs = super()._jobs()
        stored = jobs.run

        async def run(kind: str, request: Any) -> Any:
            if kind in _SEEING and not request["path"].endswith(".png"):
                return recognition.JOBS[kind](request)
            return await stored(kind, request)

        jobs.run = run
        return jobs


class Planting:
    """Gives each copy that is about to be marked the next kind of wrong mark; one in ``good_every`` none."""

    def __init__(self, first: int, good_every: int) -> None:
        self._next = first
        self._good_every = good_every
        self.marked = 0
        self.planted: dict[str, str] = {}

    def __call__(self, rig: VirtualLine, event: Any) -> None:
        if event.type != "marks.reserved":
            return
        self.marked += 1
        if self.marked % self._good_every == 1 % self._good_every:
            return
        track = rig.line.state.books[event.book_id].fed_as
        book = next(book for book in rig.world.books() if book.track_id == track)
        self.planted[book.name] = kind = MARK_FAULTS[self._next % len(MARK_FAULTS)]
        book.faults = {kind: self._next + 1}
        self._next += 1


def case(
    seed: int, *, books: int = 8, rendered: bool = False, first: int | None = None, good_every: int = 3
) -> dict[str, Any]:
    """One batch in which marked copies get wrong marks in turn: what was seen, and what broke.

    The first is of kind ``first``, or of one that depends on the seed.
    """
    shipment = ("en", "zh")[seed % 2]
    planting = Planting(seed * _STRIDE if first is None else first, good_every)
    result: dict[str, Any] = {"run": f"marks {seed} {shipment}", "broken": [], "seen": Counter()}

    async def story(rig: VirtualLine) -> None:
        rig.on_event = planting
        summary = await rig.to_the_end()
        result["broken"] += [text for text in rig.broken() if _TWICE not in text]
        result["broken"] += _judged(rig, summary, planting.planted, result["seen"])

    line = RealEyes if rendered else VirtualLine
    with tempfile.TemporaryDirectory(prefix="workcell-marks-") as folder:
        on_virtual_time(
            Path(folder) / "line", story, line=line, books=books, seed=seed % 40 + 1, shipment=shipment
        )
    return {**result, "planted": len(planting.planted)}


_STRIDE = 7
"""About as many kinds as a batch plants, and no divisor of their number."""

_TWICE = "stands on 2 books"
"""A label of another book is what was planted."""


def _judged(
    rig: VirtualLine, summary: dict[str, Any], planted: dict[str, str], seen: Counter[str]
) -> Iterator[str]:
    """What is wrong with the outcomes: a wrong mark that left, a number of it that lives on."""
    truth = {each["track_id"]: each for each in rig.world.truth()["books"]}
    for book, told in zip(rig.line.state.books.values(), summary["books"], strict=True):
        world = truth[book.fed_as]
        kind, codes = planted.get(world["book"], ""), told["reason_codes"]
        if kind in {event["kind"] for event in world["events"]}:
            seen[f"planted {kind}"] += 1
            seen[f"caught {kind}"] += "PROOF_FAILED" in codes and told["outcome"] == "review"
            if "PROOF_FAILED" not in codes or told["outcome"] == "catalogued":
                yield f"{kind} on {told['book']} went to {told['outcome']} for {codes}"
            yield from _alive(rig, told["book"])
        elif "verify" in book.done_stations and book.marks:
            seen["good"] += 1
            if "PROOF_FAILED" in codes:
                seen["good refused"] += 1
                seen[f"refused: {book.reasons[0]['text']}"] += 1


def _alive(rig: VirtualLine, book_id: str) -> list[str]:
    site = Site.open(f"sqlite:///{rig.folder / 'site.sqlite'}")
    try:
        return [
            f"{line.number} of a copy that was held back is {line.state}"
            for line in site.numbers.of_book(book_id)
            if line.state != "voided"
        ]
    finally:
        site.close()
