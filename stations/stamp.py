"""Stamp: the collection stamp on the surfaces that the profile lists."""

from __future__ import annotations

from typing import ClassVar

from stations.station import ON, Bench, Leaving, to_review
from stations.surfaces import NUMBER, open_to, tenths

_ABOUT_THE_STAMP = frozenset({"STAMP_FAILED", "STAMP_NOT_PROVEN"})


class Stamp:
    """Stamps, holding the book open where the surface is a page."""

    name: ClassVar[str] = "stamp"

    async def process(self, bench: Bench) -> Leaving:
        """One stroke a stamp; a stroke that the unit reports as failed sends the book to a person.

        A copy whose marks are redone keeps the stamp that it has, unless the stamp was what was wrong.
        """
        if bench.copy.redo_of is not None and not bench.copy.redo_of & _ABOUT_THE_STAMP:
            return ON
        for stamp in bench.profile.stamps:
            opened = await open_to(bench, stamp.surface)
            done = await bench.act(
                "stamp", surface=NUMBER[stamp.surface], x_mm10=tenths(stamp.x_mm), y_mm10=tenths(stamp.y_mm)
            )
            if opened:
                await bench.act("close")
            if not done.ok:
                return to_review("STAMP_FAILED", f"The stamp unit reported {done.code}.")
        return ON
