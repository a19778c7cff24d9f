"""Sort: the book leaves into its bin, by a guarded release."""

from __future__ import annotations

from typing import ClassVar

from stations.station import ON, Bench, Leaving


class Sort:
    """Nothing is done to the book here; the conductor's release carries the bin and the guard count."""

    name: ClassVar[str] = "sort"

    async def process(self, bench: Bench) -> Leaving:
        """Straight on."""
        return ON
