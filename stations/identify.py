"""Identify: all that was seen becomes evidence, the evidence a decision, the decision marks."""

from __future__ import annotations

from typing import ClassVar

from stations.station import Bench, Leaving


class Identify:
    """A compute zone: waits for recognition, then settles what the book is."""

    name: ClassVar[str] = "identify"

    async def process(self, bench: Bench) -> Leaving:
        """Gather the evidence and settle."""
        return await bench.settle(await bench.evidence())
