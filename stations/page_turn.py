"""Page turning: title page, its verso, and the last pages."""

from __future__ import annotations

from typing import ClassVar

from stations.station import ON, Bench, Leaving, Use

FRONT, BACK = 0, 1
_BACKWARD_ONE_LEAF = 0xFFFF  # -1 as a UINT16 in two's complement


class PageTurn:
    """Opens from the front (title page, verso) and from the back (colophon, last numbered page)."""

    name: ClassVar[str] = "page_turn"

    async def process(self, bench: Bench) -> Leaving:
        """Four pages; the image, not the position, says later which page it is.

        The last pages tell the extent, which only a record without one asks for.
        """
        await bench.act("open", end=FRONT)
        await bench.picture("page", "page", Use.EVIDENCE)
        await bench.act("turn", leaves=1)
        await bench.picture("page", "page", Use.EVIDENCE)
        await bench.act("open", end=BACK)
        await bench.picture("page", "page", Use.SPARE)
        await bench.act("turn", leaves=_BACKWARD_ONE_LEAF)
        await bench.picture("page", "page", Use.SPARE)
        await bench.act("close")
        return ON
