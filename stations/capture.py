"""Capture: back cover, front cover and spine in one hold between three cameras."""

from __future__ import annotations

from typing import ClassVar

from stations.station import ON, Bench, Leaving, Use

_VIEWS = (
    ("top", "cover", Use.EVIDENCE),
    ("under", "cover", Use.SPARE),
    ("spine", "spine", Use.SPARE),
)


class Capture:
    """Takes the outside of the book, or at a desk all its photographs; recognition goes on behind."""

    name: ClassVar[str] = "capture"

    async def process(self, bench: Bench) -> Leaving:
        """One still from each camera that the layout has; at a desk, every photograph of the book."""
        done = await bench.act("hold")
        for number in range(done.results.get("photos", 0)):
            await bench.picture("photos", str(number), Use.EVIDENCE)
        for role, view, use in _VIEWS:
            if role in bench.place.cameras:
                await bench.picture(role, view, use)
        return ON
