"""Barcode label: print the item number and apply it, once for each label that the profile lists."""

from __future__ import annotations

from typing import ClassVar

import label_print
from stations.station import ON, Bench, Leaving, Printed, to_review
from stations.surfaces import NUMBER, open_to, tenths
from workcell.kernel.profile import LabelCopy, Surface


class BarcodeLabel:
    """Prints and applies; the number's ledger line follows each step."""

    name: ClassVar[str] = "barcode_label"

    async def process(self, bench: Bench) -> Leaving:
        """Every label copy in turn."""
        marks = bench.copy.marks
        if marks is None:
            return to_review("NO_MARKS", "No item number is reserved for this copy.")
        placed: list[Surface] = []
        for label_copy in bench.profile.labels.copies:
            placed.append(label_copy.surface)
            code = await self._one(bench, marks.barcode, label_copy, placed.count(label_copy.surface))
            if code != "ok":
                return to_review(
                    "LABEL_NOT_APPLIED", f"The label for {label_copy.surface} was not applied: {code}."
                )
        return ON

    async def _one(self, bench: Bench, number: str, label_copy: LabelCopy, copy: int) -> str:
        rules = bench.profile.labels
        label = label_print.barcode_label(
            number,
            label_copy.symbology,
            label_copy.text or rules.library_line,
            label_print.Stock(rules.width_mm, rules.height_mm),
            rules.dpi,
        )
        surface = label_copy.surface
        await bench.print(Printed("barcode", number, surface, label.png(), label.zpl(), copy))
        opened = await open_to(bench, surface)
        done = await bench.act(
            "apply", surface=NUMBER[surface], x_mm10=tenths(label_copy.x_mm), y_mm10=tenths(label_copy.y_mm)
        )
        if opened:
            await bench.act("close")
        if done.ok:
            await bench.number("applied", {"surface": surface, "copy": copy})
        return done.code
