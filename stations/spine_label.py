"""Spine label: the call number on the spine, or on the cover of a book too thin for it."""

from __future__ import annotations

from typing import ClassVar

import label_print
from stations.station import ON, Bench, Leaving, Printed, to_review
from stations.surfaces import NUMBER, tenths
from workcell.kernel.errors import BadInput
from workcell.kernel.profile import SpineStock, Surface

_COVER_EDGE_MM = 5.0


class SpineLabel:
    """Prints and applies the spine label."""

    name: ClassVar[str] = "spine_label"

    async def process(self, bench: Bench) -> Leaving:
        """Lines come from the marks; what does not fit the stock is a person's case, never cut."""
        marks, stock = bench.copy.marks, bench.profile.labels.spine
        if marks is None or not marks.spine_lines:
            return to_review("NO_CALL_NUMBER", "No call number is reserved for this copy.")
        try:
            label = label_print.spine_label_of(
                bench.profile.labels,
                marks.spine_lines,
                {"call_number": marks.call_number, "accession": marks.accession},
            )
        except BadInput as error:
            return to_review("SPINE_LABEL_TOO_LONG", str(error))
        surface, x_mm, y_mm = place(stock, bench.copy.thickness_mm)
        await bench.print(Printed("spine", marks.call_number, surface, label.png(), label.zpl()))
        done = await bench.act("apply", surface=NUMBER[surface], x_mm10=tenths(x_mm), y_mm10=tenths(y_mm))
        if not done.ok:
            return to_review("SPINE_LABEL_NOT_APPLIED", f"The spine label was not applied: {done.code}.")
        return ON


def place(stock: SpineStock, thickness_mm: float | None) -> tuple[Surface, float, float]:
    """Surface and position (mm) of the spine label for a book of this thickness.

    It stands in the middle of the spine; a label wider than the spine wraps around it.  On a book too thin
    for that it goes to the cover's lower corner by the spine.
    """
    if thickness_mm is not None and thickness_mm < stock.min_thickness_mm:
        return stock.thin_surface, _COVER_EDGE_MM, stock.bottom_mm
    return Surface.SPINE, max(0.0, ((thickness_mm or 0.0) - stock.width_mm) / 2), stock.bottom_mm
