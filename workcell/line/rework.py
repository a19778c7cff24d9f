"""Rework of a released copy: its number is given up, it gets a new label, its tag and item are corrected.

Each step may be done again, so that a rework that was broken off anywhere is finished by asking for it
again.  What the library system has is corrected last: until then the old number is void and the new one is
not known there.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import label_print
from label_print import BookLabel
from stations import rfid
from stations.redo import rewriting
from workcell.kernel.errors import BadInput, DeviceFault, Refused
from workcell.kernel.ports import Clock, Printer, TagReader
from workcell.kernel.profile import Profile
from workcell.line.ledger import tag_elements
from workcell.line.operator import Person
from workcell.site import Delivery, NumberOwner, NumberState, Site

_YES = frozenset({"y", "yes", "是"})


@dataclass(frozen=True)
class Reworked:
    """A copy after its rework; ``tag_uid`` is empty where it has no tag."""

    old: str
    new: str
    accession: str
    book_id: str
    tag_uid: str = ""


@dataclass(frozen=True)
class Workplace:
    """What a rework is done with: the person, a printer, and a reader where there is one."""

    person: Person
    printer: Printer
    reader: TagReader | None = None


class Rework:
    """Reworks copies that ``target`` (a library system) has been given."""

    def __init__(
        self,
        site: Site,
        profile: Profile,
        clock: Clock,
        at: Workplace,
        target: str,
        taken: Callable[[str], bool] = lambda number: False,
    ) -> None:
        self._site = site
        self._profile = profile
        self._clock = clock
        self._at = at
        self._target = target
        self._taken = taken

    async def run(self, barcode: str, reason: str) -> Reworked:
        """Void, relabel, rewrite the tag, correct register and item; raises BadInput, Refused, DeviceFault.

        Refused when a label or tag does not read as it should: look, then ask for the rework again.
        """
        parcel = self._site.outbox.with_barcode(barcode, self._target)
        if parcel is None:
            raise BadInput(
                "no released copy has this number", subject=barcode, remedy="Check it with `numbers show`."
            )
        old = parcel.delivery
        new = self._renumber(barcode, old, reason)
        await self._relabel(new)
        tag = await self._retag(new, old.item)
        corrected = corrected_delivery(old, barcode, new, tag, self._profile.records.item_field)
        now = self._clock.wall()
        text = f"{reason}: {new} takes the place of {barcode}"
        self._site.register.replace(old.item["accession"], corrected.item, text, now)
        self._site.outbox.put(corrected, self._target, now)
        return Reworked(barcode, new, old.item["accession"], old.item["book"], old.item["tag_uid"])

    def _renumber(self, barcode: str, old: Delivery, reason: str) -> str:
        """A new number from the range of the copy's location; the old one is void from now on."""
        place = self._profile.location(old.item["location"])
        range_ = place.item_numbers or self._profile.numbers.item
        owner = NumberOwner(
            self._site.numbers.find(barcode).line_id, old.batch_id, old.item["book"], f"rework {barcode}"
        )
        now = self._clock.wall()
        new = self._site.numbers.reserve("item", range_, owner, now, self._taken)
        self._site.numbers.void(barcode, f"{reason}; replaced by {new}", now)
        return new

    async def _relabel(self, number: str) -> None:
        """Print each label, have it put on in place of the old one, and read it back."""
        if not self._profile.operations.barcode_label:
            return
        for made in label_print.labels_of_a_copy(self._profile.labels, number):
            if self._state(number, made) is NumberState.VERIFIED:
                continue
            await self._print(number, made)
            await self._at.person.told(f"Take the old label off the {made.surface}; put {number} there.")
            now = self._clock.wall()
            self._site.numbers.applied(number, made.surface, now, copy=made.copy)
            scanned = (await self._at.person.asked(f"Scan the label on the {made.surface}")).strip()
            if scanned != number:
                text = f"read back as {scanned or 'nothing'}"
                self._site.numbers.void_label(number, made.surface, text, now, copy=made.copy)
                raise Refused(
                    f"the label on the {made.surface} reads {scanned or 'nothing'}", subject=number,
                    remedy="Take it off and run the rework again.",
                )  # fmt: skip
            self._site.numbers.verified(number, made.surface, now, copy=made.copy)

    async def _print(self, number: str, made: BookLabel) -> None:
        """A label of an earlier run that nobody has read back is void: this one takes its place."""
        status = await self._at.printer.status()
        if not status.ready:
            raise DeviceFault(
                ", ".join(status.problems).replace("_", " ") or "not ready", subject=self._at.printer.name,
                remedy="Mend it and run the rework again.",
            )  # fmt: skip
        await self._at.printer.print(made.label.zpl())
        why = "printed again by a rework that was broken off"
        self._site.numbers.reprint(number, made.surface, why, self._clock.wall(), copy=made.copy)

    def _state(self, number: str, made: BookLabel) -> NumberState | None:
        """Where the latest such label stands."""
        states = [
            line.state for line in self._site.numbers.labels(number)
            if (line.surface, line.copy) == (made.surface, made.copy)
        ]  # fmt: skip
        return states[-1] if states else None

    async def _retag(self, number: str, item: Mapping[str, str]) -> Mapping[str, str]:
        """Rewrite the tag that is inside; what the item says of it from now on."""
        uid = item["tag_uid"]
        if not uid:
            return {}
        elements = tag_elements(self._profile, number, item["location"])
        if self._at.reader is None:
            question = f"Write {number} into tag {uid} with a reader of your own; done? (yes/no)"
            if (await self._at.person.asked(question)).strip().lower() not in _YES:
                raise Refused("the tag was not rewritten", subject=uid, remedy="Run the rework again.")
            return {"tag_pii": number}
        await self._at.person.told("Lay the book on the RFID pad.")

        async def voided(held: str) -> bool:
            return self._is_voided(held)

        report = await rfid.write_tag(
            self._at.reader, elements, rewriting(self._profile.tag), expected_uid=uid, is_voided=voided
        )
        if not report.ok:
            raise Refused(f"the tag was not rewritten: {report.text}", subject=uid, remedy="Run it again.")
        return {"tag_pii": report.pii, "afi": f"{report.afi:02X}"}

    def _is_voided(self, number: str) -> bool:
        try:
            return self._site.numbers.find(number).state is NumberState.VOIDED
        except BadInput:
            return False


def corrected_delivery(
    old: Delivery, barcode: str, new: str, tag: Mapping[str, str], item_field: str
) -> Delivery:
    """The delivery with the new number in item and record; ``item_id`` stays, for it is the same item."""
    record = copy.deepcopy(old.record)
    for held in record.get_fields(item_field):
        held.subfields = _replaced(held.subfields, barcode, new)
    return replace(old, record=record, item={**old.item, "barcode": new, **tag})


def _replaced(subfields: Sequence[Any], barcode: str, new: str) -> list[Any]:
    return [each._replace(value=new) if each.value == barcode else each for each in subfields]
