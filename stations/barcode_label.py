"""Barcode label: print the item number and apply it, once for each label that the profile lists.

Labels that were printed elsewhere are only applied: the copy gets the number that is read from them.
"""

from __future__ import annotations

from typing import ClassVar

import label_print
from label_print import BookLabel
from stations.item_labels import item_labels, number_of
from stations.station import ON, Bench, Leaving, Printed, to_review
from stations.surfaces import CAMERA, NUMBER, open_to, tenths
from workcell.kernel.errors import BadInput, Refused
from workcell.kernel.profile import LabelCopy


class BarcodeLabel:
    """Prints and applies; the number's ledger line follows each step."""

    name: ClassVar[str] = "barcode_label"

    async def process(self, bench: Bench) -> Leaving:
        """Every label copy in turn."""
        marks = bench.copy.marks
        if marks is None:
            return to_review("NO_MARKS", "No item number is reserved for this copy.")
        if bench.profile.numbers.preprinted:
            return await self._preprinted(bench)
        values = {"call_number": marks.call_number, "accession": marks.accession, "lines": marks.spine_lines}
        for made in label_print.labels_of_a_copy(bench.profile.labels, marks.barcode, values):
            code = await self._one(bench, marks.barcode, made)
            if code != "ok":
                return _not_applied(made.surface, code)
        return ON

    async def _one(self, bench: Bench, number: str, made: BookLabel) -> str:
        label, surface = made.label, made.surface
        await bench.print(Printed("barcode", number, surface, label.png(), label.zpl(), made.copy))
        code = await _apply(bench, made)
        if code == "ok":
            await bench.number("applied", {"surface": surface, "copy": made.copy})
        return code

    async def _preprinted(self, bench: Bench) -> Leaving:
        """Apply each label of the roll and read it; the first one's number becomes the copy's."""
        copies = bench.profile.labels.copies
        for place, one in enumerate(copies):
            code = await _apply(bench, one)
            if code != "ok":
                return _not_applied(one.surface, code)
            number = await _scanned(bench, one)
            try:
                await bench.assign(number)
            except (BadInput, Refused) as error:
                return to_review("LABEL_REFUSED", f"The label on {one.surface} is of no use: {error}")
            copy = [label.surface for label in copies[: place + 1]].count(one.surface)
            await bench.preprinted(Printed("barcode", number, one.surface, b"", b"", copy))
        return ON


async def _apply(bench: Bench, label: LabelCopy | BookLabel) -> str:
    opened = await open_to(bench, label.surface)
    done = await bench.act(
        "apply", surface=NUMBER[label.surface], x_mm10=tenths(label.x_mm), y_mm10=tenths(label.y_mm)
    )
    if opened:
        await bench.act("close")
    return done.code


async def _scanned(bench: Bench, label: LabelCopy) -> str:
    """The number on the label that was just applied: by this station's camera, or by the person's scanner."""
    role, view = CAMERA[label.surface]
    if role not in bench.place.cameras:
        return number_of(await bench.ask(f"Scan the label on the {label.surface}"), bench.profile)
    picture = await bench.picture(role, view)
    found = await bench.recognise("read_label", {"path": picture.path})
    numbers = {code["text"] for code in item_labels(found["barcodes"], bench.profile)}
    return numbers.pop() if len(numbers) == 1 else ""


def _not_applied(surface: str, code: str) -> Leaving:
    return to_review("LABEL_NOT_APPLIED", f"The label for {surface} was not applied: {code}.")
