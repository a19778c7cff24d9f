"""The numbers of the copies on the line: reserved, moved on label by label, voided; the draw of a sample."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from contextlib import nullcontext
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Any

import marc
from workcell.kernel.errors import BadInput
from workcell.kernel.model import Marks, marks_from_json, marks_to_json
from workcell.kernel.ports import Worker
from workcell.kernel.profile import Location, NumberRange, Profile, Surface
from workcell.line.line import Line
from workcell.line.projection import Book
from workcell.site import NumberOwner, NumberState, Site

_MARC_MEDIA_BOOK = "BA"
_ODDS = 1 << 30


class Ledger:
    """One batch's numbers in the site store; saying the same again changes nothing."""

    def __init__(self, line: Line, site: Site, worker: Worker, catalogue: Path | str | None) -> None:
        self._line = line
        self._site = site
        self._worker = worker
        self._catalogue = catalogue
        self._profile = line.profile

    # --- taken ---------------------------------------------------------------------------------------

    async def reserve(self, book: Book, location: Location) -> tuple[str, str]:
        """Item and accession number of a copy; the item number is empty where labels are pre-printed."""
        numbers, now, owner = self._profile.numbers, self._line.clock.wall(), self._owner(book)
        barcode = ""
        if not numbers.preprinted:
            range_ = location.item_numbers or numbers.item
            barcode = await self._worker.run(self._item_number, range_, owner, now)
        accession = await self._worker.run(
            self._site.numbers.reserve, "accession", numbers.accession, owner, now
        )
        return barcode, accession

    async def assign(self, book: Book, number: str) -> None:
        """Give the copy the number that was read from the pre-printed label on it."""
        marks = marks_from_json(book.marks)
        await self._worker.run(self._assign, number, self._owner(book), self._line.clock.wall())
        changed = Marks(
            **{
                **vars(marks),
                "barcode": number,
                "tag_elements": tag_elements(self._profile, number, marks.location),
            }
        )
        await self._line.write("marks.reserved", marks_to_json(changed), book.book_id)

    def _owner(self, book: Book) -> NumberOwner:
        return NumberOwner(self._line.state.line_id, self._line.state.batch_id, book.book_id)

    def _item_number(self, range_: NumberRange, owner: NumberOwner, now: datetime) -> str:
        """A number that neither the ledger nor the catalogue has."""
        with marc.Catalogue(self._catalogue) if self._catalogue else nullcontext() as catalogue:
            taken = catalogue.barcode_exists if catalogue else _never
            return self._site.numbers.reserve("item", range_, owner, now, taken)

    def _assign(self, number: str, owner: NumberOwner, now: datetime) -> None:
        with marc.Catalogue(self._catalogue) if self._catalogue else nullcontext() as catalogue:
            taken = catalogue.barcode_exists if catalogue else _never
            self._site.numbers.assign("item", number, owner, now, taken)

    # --- moved on ------------------------------------------------------------------------------------

    async def number(self, book: Book, event: str, detail: Mapping[str, Any]) -> None:
        """Move the item number on: a label was printed or applied; all its labels are verified."""
        barcode, now = marks_from_json(book.marks).barcode, self._line.clock.wall()
        if event == "verified":
            for label in book.labels:
                if label["role"] == "barcode":
                    await self._step(self._site.numbers.verified, barcode, label, now)
            return
        step = {"printed": self._site.numbers.printed, "applied": self._site.numbers.applied}[event]
        await self._step(step, barcode, detail, now)

    async def _step(
        self, step: Callable[..., None], barcode: str, label: Mapping[str, Any], now: datetime
    ) -> None:
        await self._worker.run(partial(step, copy=label["copy"]), barcode, Surface(label["surface"]), now)

    async def delivered(self, book: Book) -> None:
        """The copy stands in the register: its accession number is in use."""
        marks = marks_from_json(book.marks)
        await self._worker.run(self._site.numbers.entered, marks.accession, self._line.clock.wall())

    # --- given up ------------------------------------------------------------------------------------

    async def is_voided(self, number: str) -> bool:
        """Whether an item number is one of ours that was given up; one that we never gave out is not."""
        return await self._worker.run(self._is_voided, number)

    def _is_voided(self, number: str) -> bool:
        try:
            return self._site.numbers.find(number).state is NumberState.VOIDED
        except BadInput:
            return False

    async def void(self, book: Book, reason: str) -> None:
        """Give up what was taken for a copy that is not released: its numbers and its place in the order."""
        await self._worker.run(self._void, book.book_id, reason, self._line.clock.wall())

    def _void(self, book_id: str, reason: str, now: datetime) -> None:
        self._site.batches.give_copy_back(self._line.state.batch_id, book_id)
        for line in self._site.numbers.of_book(book_id):
            self._site.numbers.void(line.number, reason, now, kind=line.kind)

    # --- spot check ----------------------------------------------------------------------------------

    async def draw(self, book: Book, ordered: int) -> None:
        """Decide, once and on record, whether a copy that is released goes to the check bin.

        Selection sampling (Knuth, TAOCP 2, 3.4.2, algorithm S) while as many copies come as were ordered;
        when feeding has ended, what is still on the line is all that will come.  Beyond the wanted number
        every copy keeps the profile's chance, so that nobody can tell which ones will not be looked at.
        """
        rules = self._profile.spot_check
        if not self._samples() or _asked(book) or book.marks is None:
            return
        seen, picked = self._drawn()
        expected = self._expected(ordered, seen)
        wanted = max(rules.least, math.ceil(rules.share * (seen + expected))) - picked
        chance = max(wanted / expected, rules.share)
        chosen = self._line.ids.number(_ODDS) < chance * _ODDS
        await self._line.write("step.noted", {"key": "spot_check", "picked": chosen}, book.book_id)

    def _samples(self) -> bool:
        """Whether there is a sample, and a bin for it."""
        return self._profile.operations.spot_check and self._profile.spot_check.bin in self._line.layout.bins

    async def sampled(self, book: Book) -> None:
        """A copy of the sample has left: the site knows that it waits for a person."""
        if not is_picked(book):
            return
        decision = book.decision or {}
        about = {
            "decision": decision.get("decision", ""), "source": decision.get("source", ""),
            "title_key": book.title_key, "call_number": marks_from_json(book.marks).call_number,
        }  # fmt: skip
        barcode, batch = marks_from_json(book.marks).barcode, self._line.state.batch_id
        now = self._line.clock.wall()
        await self._worker.run(self._site.spot_checks.pick, barcode, batch, book.book_id, about, now)

    def _drawn(self) -> tuple[int, int]:
        """How many copies were asked so far, and how many of them were picked."""
        notes = [book.notes["spot_check"] for book in self._line.state.books.values() if _asked(book)]
        return len(notes), sum(note["picked"] for note in notes)

    def _expected(self, ordered: int, seen: int) -> int:
        """How many copies, this one included, may still be released."""
        coming = sum(book.way == "on" and not _asked(book) for book in self._line.state.in_flight())
        if self._line.state.feeding_done:
            return max(1, coming)
        return max(1, coming, ordered - seen)


def is_picked(book: Book) -> bool:
    """Whether the copy is in the sample that a person looks at."""
    return bool(book.notes.get("spot_check", {}).get("picked"))


def tag_elements(profile: Profile, barcode: str, location: str) -> dict[int, str]:
    """Values by relative OID (ISO 28560-1): always the PII, and what the profile lists."""
    usage, isil = profile.tag.type_of_usage, profile.agency.isil
    values = {3: isil, 5: usage, 6: location, 8: _MARC_MEDIA_BOOK}
    return {1: barcode} | {oid: values[oid] for oid in profile.tag.elements}


def _asked(book: Book) -> bool:
    return "spot_check" in book.notes


def _never(number: str) -> bool:
    """No catalogue, no number in it."""
    return False
