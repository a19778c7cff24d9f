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


def case(seed: int, *, books: int = 8, rendered: bool = False) -> dict[str, Any]:
    """One batch in which every second book gets a wrong mark: what was seen, and what broke."""
    shipment = ("en", "zh")[seed % 2]
    result: dict[str, Any] = {"run": f"marks {seed} {shipment}", "broken": [], "seen": Counter()}

    async def story(rig: VirtualLine) -> None:
        planted = {}
        for place, book in enumerate(list(rig.world.books())[1::2]):
            planted[book.name] = kind = MARK_FAULTS[(seed * (books // 2) + place) % len(MARK_FAULTS)]
            book.faults = {kind: True}
        summary = await rig.to_the_end()
        result["broken"] += [text for text in rig.broken() if _TWICE not in text]
        result["broken"] += _judged(rig, summary, planted, result["seen"])

    line = RealEyes if rendered else VirtualLine
    with tempfile.TemporaryDirectory(prefix="workcell-marks-") as folder:
        on_virtual_time(
            Path(folder) / "line", story, line=line, books=books, seed=seed % 40 + 1, shipment=shipment
        )
    return result


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
        events = {event["kind"] for event in world["events"]}
        if kind in events or (kind == "label_falls" and "label_fell" in events):
            seen[f"struck {kind}"] += 1
            seen["caught"] += "PROOF_FAILED" in codes and told["outcome"] == "review"
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
