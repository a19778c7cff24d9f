"""Rework of a released copy: its marks are made afresh, and register and library system follow.

Each step may be done again, and what was begun stays on record until it is ended: a rework that was broken
off anywhere is finished by asking for it again.  What the library system has is corrected last: until then
the old number is void and the new one is not known there.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import label_print
import marc
from stations import rfid
from stations.redo import rewriting
from stations.verify import YES
from workcell.kernel.errors import BadInput, ConfigError, Refused
from workcell.kernel.ports import Clock
from workcell.kernel.profile import Profile
from workcell.line.ledger import tag_elements
from workcell.line.relabel import Relabelling, Workplace
from workcell.site import Begun, Delivery, NumberOwner, NumberState, Redo, Site


@dataclass(frozen=True)
class Reworked:
    """A copy after its rework; ``new`` is ``old`` where it keeps its number."""

    old: str
    new: str
    accession: str
    book_id: str
    tag_uid: str = ""
    call_number: str = ""


class Rework:
    """Reworks copies that ``target`` (a library system) has been given; ``who`` stands in the audit list."""

    def __init__(
        self,
        site: Site,
        profile: Profile,
        clock: Clock,
        at: Workplace,
        target: str,
        taken: Callable[[str], bool] = lambda number: False,
        who: str = "",
    ) -> None:
        self._site = site
        self._profile = profile
        self._clock = clock
        self._at = at
        self._target = target
        self._taken = taken
        self._who = who
        self._labels = Relabelling(site, profile, clock, at)

    async def run(self, barcode: str, wanted: Redo | None = None) -> Reworked:
        """Do what is ``wanted``, or without it go on with what was broken off.

        Raises BadInput for a number that no released copy has, ConfigError for what can't be done here,
        Refused when a label or tag does not read as it should, DeviceFault and DeviceGone: look, then ask
        for the rework again.
        """
        parcel = self._site.outbox.with_barcode(barcode, self._target)
        if parcel is None:
            return self._already(barcode)
        if wanted is not None:
            self._must_be_possible(wanted, parcel.delivery)
        begun = self._site.reworks.begin(barcode, wanted, self._who, self._clock.wall())
        old, wanted = parcel.delivery, begun.wanted
        new = await self._renumbered(barcode, old, wanted.reason) if wanted.renumber else barcode
        call_number = wanted.call_number or old.item.get("call_number", "")
        if wanted.spine:
            await self._respine(begun, old, call_number)
        tag = await self._retag(new, old.item, wanted) if wanted.renumber or wanted.new_tag else {}
        corrected = corrected_delivery(old, barcode, new, tag, self._profile, call_number)
        now = self._clock.wall()
        if dict(corrected.item) != dict(old.item):
            text = f"{wanted.reason}: {_change(old.item, corrected.item)}"
            self._site.register.replace(old.item["accession"], corrected.item, text, now)
        self._site.outbox.put(corrected, self._target, now)
        self._site.spot_checks.renumber(barcode, new)
        return self._ended(begun, corrected)

    def _already(self, barcode: str) -> Reworked:
        """The end of a rework that broke off right before it; raises BadInput for a number of no copy."""
        begun = self._site.reworks.find(barcode)
        new = self._site.numbers.held_by("item", self._owner(barcode)) if begun else None
        parcel = self._site.outbox.with_barcode(new, self._target) if new else None
        if begun is None or parcel is None:
            raise BadInput(
                "no released copy has this number", subject=barcode, remedy="Check it with `numbers show`."
            )
        return self._ended(begun, parcel.delivery)

    def _ended(self, begun: Begun, delivery: Delivery) -> Reworked:
        item = delivery.item
        done = Reworked(
            begun.barcode, item["barcode"], item["accession"], item["book"], item["tag_uid"],
            item.get("call_number", ""),
        )  # fmt: skip
        self._site.reworks.end(
            begun, self._who, self._clock.wall(), new=done.new, call_number=done.call_number
        )
        return done

    def _must_be_possible(self, wanted: Redo, old: Delivery) -> None:
        """Said before anything is void."""
        if not (wanted.renumber or wanted.spine or wanted.new_tag):
            raise ConfigError("nothing is to be redone", subject=old.item["barcode"])
        if wanted.spine and not (wanted.call_number or old.item.get("call_number")):
            raise BadInput(
                "the copy has no call number", subject=old.item["barcode"], remedy="Give --call-number."
            )
        if wanted.new_tag and self._at.reader is None:
            raise ConfigError(
                "no RFID reader to write a new tag with", subject="--new-tag",
                remedy="Give a layout whose rfid or verify station has one.",
            )  # fmt: skip

    # --- number and labels ---------------------------------------------------------------------------

    async def _renumbered(self, barcode: str, old: Delivery, reason: str) -> str:
        """A new number on the copy: from the range of its location, or from the roll by being scanned.

        The old one is void as soon as there is a new one.
        """
        owner = replace(self._owner(barcode), batch_id=old.batch_id, book_id=old.item["book"])
        if self._profile.numbers.preprinted and self._profile.operations.barcode_label:
            new = await self._labels.take_from_roll(owner, self._taken)
            self._void(barcode, new, reason)
            return new
        place = self._profile.location(old.item["location"])
        range_ = place.item_numbers or self._profile.numbers.item
        new = self._site.numbers.reserve("item", range_, owner, self._clock.wall(), self._taken)
        self._void(barcode, new, reason)
        if self._profile.operations.barcode_label:
            await self._labels.print_and_put(new)
        return new

    def _owner(self, barcode: str) -> NumberOwner:
        """Who has the new number: the rework of the old one."""
        try:
            line = self._site.numbers.find(barcode).line_id
        except BadInput:
            line = ""
        return NumberOwner(line, "", "", f"rework {barcode}")

    def _void(self, barcode: str, new: str, reason: str) -> None:
        self._site.numbers.void(barcode, f"{reason}; replaced by {new}", self._clock.wall())

    async def _respine(self, begun: Begun, old: Delivery, call_number: str) -> None:
        """The spine label, once; one that reads otherwise is void, and the next run prints another."""
        lines, before = self._spine_lines(old, call_number), self._spine_lines(old)
        if begun.taken("spine"):
            return
        if not begun.taken("spine void"):
            self._take(begun, "spine void", lines=before)
        attempt = len(begun.taken("spine refused")) + 1
        name = f"spine-{old.item['accession']}-{begun.id}-{attempt}"
        values = {"call_number": call_number, "accession": old.item["accession"]}
        try:
            await self._labels.put_spine_label(lines, values, name)
        except Refused:
            self._take(begun, "spine refused", lines=lines)
            raise
        self._take(begun, "spine", lines=lines)

    def _take(self, begun: Begun, step: str, *, lines: Sequence[str]) -> None:
        self._site.reworks.take(begun, step, self._who, self._clock.wall(), lines=list(lines))

    def _spine_lines(self, old: Delivery, call_number: str = "") -> list[str]:
        """The lines of the copy's spine label, with its own call number or with another."""
        item = old.item
        location = self._profile.location(item["location"])
        options = label_print.line_options(
            self._profile.labels.spine,
            location,
            volume=item.get("volume", ""),
            year=str(marc.record_facts(old.record).year or ""),
            copy=int(item.get("copy") or 1),
        )
        text = call_number or item.get("call_number", "")
        return list(label_print.spine_lines(text, location.call_number.scheme, options)) if text else []

    # --- tag -----------------------------------------------------------------------------------------

    async def _retag(self, number: str, item: Mapping[str, str], wanted: Redo) -> Mapping[str, str]:
        """Rewrite the tag that is inside, or write a new one; what the item says of it from now on."""
        uid = "" if wanted.new_tag else item["tag_uid"]
        if not uid and not wanted.new_tag:
            return {}
        elements = tag_elements(self._profile, number, item["location"])
        if self._at.reader is None:
            question = f"Write {number} into tag {uid} with a reader of your own; done? (yes/no)"
            if (await self._at.person.asked(question)).strip().lower() not in YES:
                raise Refused("the tag was not rewritten", subject=uid, remedy="Run the rework again.")
            return {"tag_pii": number}
        if wanted.new_tag:
            await self._at.person.told("Take the old tag out, stick a blank one in its place.")
        await self._at.person.told("Lay the book on the RFID pad.")
        policy = self._profile.tag if wanted.new_tag else rewriting(self._profile.tag)
        report = await rfid.write_tag(
            self._at.reader, elements, policy, expected_uid=uid, is_voided=self._is_voided
        )
        if not report.ok:
            raise Refused(
                f"the tag was not written: {report.text}", subject=uid or number,
                remedy="Run the rework again; when the tag is dead or gone, one with --new-tag follows.",
            )  # fmt: skip
        return {"tag_uid": report.uid, "tag_pii": report.pii, "afi": f"{report.afi:02X}"}

    async def _is_voided(self, number: str) -> bool:
        try:
            return self._site.numbers.find(number).state is NumberState.VOIDED
        except BadInput:
            return False


def corrected_delivery(
    old: Delivery, barcode: str, new: str, tag: Mapping[str, str], profile: Profile, call_number: str = ""
) -> Delivery:
    """The delivery with the new number and call number in item and record.

    ``item_id`` stays, for it is the same item.
    """
    record = copy.deepcopy(old.record)
    item = {**old.item, "barcode": new, **tag}
    if call_number and call_number != old.item.get("call_number", ""):
        record = marc.with_call_number(record, barcode, call_number, profile, item["location"])
        item["call_number"] = call_number
    for held in record.get_fields(profile.records.item_field):
        held.subfields = _replaced(held.subfields, barcode, new)
    return replace(old, record=record, item=item)


def _replaced(subfields: Sequence[Any], barcode: str, new: str) -> list[Any]:
    return [each._replace(value=new) if each.value == barcode else each for each in subfields]


_SAID = {"barcode": "number", "call_number": "call number", "tag_uid": "tag"}


def _change(old: Mapping[str, str], new: Mapping[str, str]) -> str:
    """What takes the place of what, in words."""
    return "; ".join(
        f"{words} {new[name]} takes the place of {old.get(name) or 'none'}"
        for name, words in _SAID.items()
        if new.get(name, "") != old.get(name, "")
    )
