"""From evidence to decision to marks: what the identify station settles, with the site store behind it.

Decisions are made in recognition processes; this module applies policy, opens cases, reserves numbers and
puts all of it on record.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Any

import label_print
import marc
import vision
from stations.station import ON, Leaving, Way
from workcell.kernel.errors import DeviceFault, DeviceGone
from workcell.kernel.evidence import Evidence, Face, evidence_from_json, evidence_to_json
from workcell.kernel.model import (
    Decision,
    DecisionKind,
    Marks,
    OrderLine,
    Reason,
    decision_from_json,
    decision_to_json,
    marks_from_json,
    marks_to_json,
    order_to_json,
)
from workcell.kernel.ports import Worker
from workcell.kernel.profile import Location
from workcell.line.ledger import Ledger, tag_elements
from workcell.line.line import Line
from workcell.line.lookup import Lookup
from workcell.line.policy import may_go_on
from workcell.line.projection import Book
from workcell.site import Case, CaseKind, Site, rule

_MADE_FROM_PAGES = (DecisionKind.DRAFT, DecisionKind.UPGRADE_CIP)
_ABOUT_ONE_COPY = ("SURPLUS",)
"""Reasons whose answer holds for the copy at hand, not for every copy of the title."""

_PAGES = (Face.TITLE_PAGE, Face.COPYRIGHT_PAGE, Face.OTHER, Face.SPINE)
"""Faces that are no cover; what is unsure may be one."""

_TURNED_OUT = {
    "return": (Way.REJECT, "give it back."),
    "aside": (Way.REVIEW, "keep it aside."),
}
_DAMAGED = f"{vision.SLIP_PREFIX}DAMAGED"


class Cataloguing:
    """Settles books for one batch: decisions, cases, marks and ledger."""

    def __init__(
        self,
        line: Line,
        site: Site,
        worker: Worker,
        orders: Sequence[OrderLine],
        sources: Mapping[str, Path | str],
        profile_path: Path,
        lookup: Lookup | None = None,
    ) -> None:
        self._line = line
        self._site = site
        self._worker = worker
        self._profile = line.profile
        self._orders = {order.line: order for order in orders}
        self._lookup = lookup
        asked = lookup.sources if lookup else {}
        self._sources = {name: str(path) for name, path in {**sources, **asked}.items()}
        self._profile_path = str(profile_path)
        self.ledger = Ledger(line, site, worker, self._sources.get("catalogue"))

    async def open_batch(self) -> None:
        """The site store knows the batch and its order lines; saying so again changes nothing."""
        state, now = self._line.state, self._line.clock.wall()
        await self._worker.run(
            self._site.batches.open,
            state.batch_id,
            state.line_id,
            self._profile.name,
            tuple(self._orders.values()),
            now,
        )

    # --- decision ------------------------------------------------------------------------------------

    async def draw(self, book: Book) -> None:
        """Whether a copy that is released goes to the check bin."""
        await self.ledger.draw(book, sum(order.copies for order in self._orders.values()))

    async def settle(self, book: Book, evidence: Evidence) -> Leaving:
        """Decide on the record; reserve marks for a copy that goes on, open a case for one that does not."""
        slip = _slip(evidence)
        if slip == _DAMAGED:
            return Leaving(
                Way.REJECT, (Reason("DAMAGED", "The unpacking slip says that this copy is damaged."),)
            )
        if book.decision is None:
            await self._decide(book, evidence, slip)
        decision, ruled = decision_from_json(book.decision), book.notes.get("ruling")
        if ruled is not None and ruled["way"] in _TURNED_OUT:
            way, text = _TURNED_OUT[ruled["way"]]
            return Leaving(way, (Reason("DECIDED", f"Case {ruled['case_id']}, {ruled['who']}: {text}"),))
        if decision.decision is DecisionKind.REVIEW:
            return Leaving(Way.REVIEW, decision.reasons)
        surplus = await self._surplus(book)
        if ruled is None:
            held_back = may_go_on(decision, self._profile.autonomy) or surplus
            if held_back is not None:
                return Leaving(Way.REVIEW, (held_back, *decision.reasons))
        return await self._mark(book, evidence, decision)

    async def _decide(self, book: Book, evidence: Evidence, slip: str) -> None:
        request = {
            "evidence": evidence_to_json(evidence),
            "sources": self._sources,
            "orders": [order_to_json(order) for order in self._orders.values()],
            "profile": self._profile_path,
        }
        decision, title_key = await self._matched(book, request)
        if self._lookup is not None:
            try:
                if await self._lookup.fetch(evidence, decision):
                    decision, title_key = await self._matched(book, request)
                decision = self._lookup.within_rules(decision)
            except DeviceGone:
                decision = decision_from_json(_unasked())
        case = await self._worker.run(self._site.cases.answered, title_key, slip)
        if case is None and not title_key and not slip:
            case = await self._known_by_cover(book)
        body: dict[str, Any] = {"title_key": title_key, "order_line": decision.order_line}
        if case is not None:
            ruling = rule(case)
            note = {
                "key": "ruling", "case_id": case.id, "who": case.who, "way": ruling.way.value,
                "why": [reason.code for reason in case.reasons],
            }  # fmt: skip
            await self._line.write("step.noted", note, book.book_id)
            if ruling.decision is not None:
                decision = replace(ruling.decision, order_line=decision.order_line)
            body["case_id"] = case.id
        body["decision"] = decision_to_json(decision)
        await self._line.write("decision.made", body, book.book_id)

    async def _known_by_cover(self, book: Book) -> Case | None:
        """The decided case of a copy that nothing but its covers names, and that has lost its slip."""
        cases = {case.id: case for case in await self._worker.run(self._site.cases.untitled)}
        known = {case_id: self._covers_of(case) for case_id, case in cases.items()}
        seen = [str(self._line.files.path(image.name)) for image in book.images if image.view == "cover"]
        if not any(known.values()) or not seen:
            return None
        try:
            found = await self._line.jobs.run("same_cover", {"seen": seen, "known": known})
        except DeviceFault:
            return None
        return cases.get(found["key"])

    def _covers_of(self, case: Case) -> list[str]:
        """The pictures of a case that may show a cover and are still kept."""
        images = evidence_from_json(case.evidence).images if case.evidence else ()
        paths = [self._line.files.path(image.file) for image in images if image.face not in _PAGES]
        return [str(path) for path in paths if path.is_file()]

    async def _matched(self, book: Book, request: Mapping[str, Any]) -> tuple[Decision, str]:
        """The decision on what the sources hold now, and the title's key."""
        try:
            found = await self._line.jobs.run("match", request)
        except DeviceFault as fault:
            return decision_from_json(_unmatched(str(fault))), book.book_id
        return decision_from_json(found["decision"]), found["title_key"]

    async def _surplus(self, book: Book) -> Reason | None:
        """Why a copy beyond what was ordered needs a person; None within the order."""
        order = self._orders.get(book.order_line)
        if order is None:
            return None
        batch, now = self._line.state.batch_id, self._line.clock.wall()
        copy = await self._worker.run(self._site.batches.take_copy, batch, book.book_id, order.line, now)
        if copy <= order.copies:
            return None
        return Reason("SURPLUS", f"Order line {order.line} asks for {order.copies}; this is copy {copy}.")

    # --- marks ---------------------------------------------------------------------------------------

    async def _mark(self, book: Book, evidence: Evidence, decision: Decision) -> Leaving:
        """Record, location, call number and numbers; each is reserved once however often this runs."""
        if book.marks is not None:
            return ON
        if decision.decision in _MADE_FROM_PAGES:
            evidence = await self._line.evidence(book, thorough=True)
        siblings = self._siblings(book)
        location = self._location(book, siblings)
        prepared = await self._line.jobs.run(
            "prepare",
            {
                "evidence": evidence_to_json(evidence),
                "decision": decision_to_json(
                    self._lookup.for_overlay(decision) if self._lookup else decision
                ),
                "sources": self._sources,
                "order": order_to_json(self._orders[book.order_line]) if book.order_line else None,
                "profile": self._profile_path,
                "location": location.code,
                "record_key": book.title_key,
                "on": self._line.clock.wall().date().isoformat(),
            },
        )
        call_number = await self._call_number(book, siblings, location, prepared)
        if not call_number:
            return Leaving(
                Way.REVIEW, (Reason("NO_CLASS", "No class number is known: a cataloguer classifies."),)
            )
        if prepared.get("problems"):
            return Leaving(Way.REVIEW, tuple(Reason(p["code"], p["text"]) for p in prepared["problems"]))
        record = siblings[0].record if siblings else self._line.files.put_json(prepared["record"])
        decided = dict(book.decision or {})
        reasons = [*decided["reasons"]]
        reasons += [note for note in prepared.get("notes", ()) if note not in reasons]
        await self._line.write(
            "decision.made",
            {
                "decision": {**decided, "reasons": reasons}, "title_key": book.title_key,
                "record": record, "order_line": book.order_line,
            },
            book.book_id,
        )  # fmt: skip
        copy = await self._copy_number(book, prepared, evidence.text("volume"))
        marks = await self._reserve(book, location, call_number, copy, evidence)
        await self._line.write("marks.reserved", marks_to_json(marks), book.book_id)
        return ON

    def _siblings(self, book: Book) -> list[Book]:
        """Earlier copies of the same title in this batch that have their marks."""
        return [
            other
            for other in self._line.state.books.values()
            if other is not book and other.title_key == book.title_key and other.marks is not None
        ]

    def _location(self, book: Book, siblings: Sequence[Book]) -> Location:
        """The next location in turn, by the order's distribution or else the profile's copies."""
        order = self._orders.get(book.order_line)
        wanted = dict(order.distribution) if order and order.distribution else {}
        shares = wanted or {place.code: place.copies for place in self._profile.locations}
        for sibling in siblings:
            code = marks_from_json(sibling.marks).location
            if shares.get(code):
                shares[code] -= 1
        for code, left in shares.items():
            if left > 0:
                return self._profile.location(code)
        return self._profile.locations[0]

    async def _call_number(
        self, book: Book, siblings: Sequence[Book], location: Location, prepared: Mapping[str, Any]
    ) -> str:
        """A sibling's call number at the same place, the one on file, or a new one with its book number."""
        for sibling in siblings:
            marks = marks_from_json(sibling.marks)
            if marks.location == location.code:
                return marks.call_number
        if prepared["call_number"]:
            return str(prepared["call_number"])
        if not prepared["class"]:
            return ""
        numbers, now = self._site.sequences, self._line.clock.wall()
        place = (location.call_number.scheme, prepared["class"], book.title_key, now)
        if prepared.get("fitted"):
            free = partial(marc.free_number, prepared["fitted"], prepared["heading"])
            number = marc.from_ordinal(await self._worker.run(numbers.settle, *place, free))
        else:
            following = partial(numbers.next, *place, shelved=prepared.get("shelved", 0))
            number = str(await self._worker.run(following))
        return str(prepared["pattern"]).format(number=number)

    async def _copy_number(self, book: Book, prepared: Mapping[str, Any], volume: str) -> int:
        """The copy's number among all of its volume: on file, in earlier batches, on other lines."""
        title = f"{prepared.get('record_id') or book.title_key} {volume}".strip()
        claim, now = f"{self._line.state.line_id}/{book.book_id}", self._line.clock.wall()
        return await self._worker.run(
            self._site.sequences.copy_number, title, claim, now, prepared.get("copies", 0)
        )

    async def _reserve(
        self, book: Book, location: Location, call_number: str, copy: int, evidence: Evidence
    ) -> Marks:
        barcode, accession = await self.ledger.reserve(book, location)
        volume, year = evidence.text("volume"), evidence.text("year")
        options = label_print.line_options(
            self._profile.labels.spine, location, volume=volume, year=year, copy=copy
        )
        lines = label_print.spine_lines(call_number, location.call_number.scheme, options)
        return Marks(
            barcode, accession, location.code, call_number, tuple(lines),
            tag_elements(self._profile, barcode, location.code), location.bin, copy, volume,
        )  # fmt: skip

    # --- cases ---------------------------------------------------------------------------------------

    async def set_aside(self, book: Book, leaving: Leaving) -> None:
        """A book leaves its way: open or join a case and put the reasons on record."""
        reasons = [{"code": reason.code, "text": reason.text} for reason in leaving.reasons]
        body: dict[str, Any] = {"way": leaving.way.value, "reasons": reasons, "marked": book.marked}
        if leaving.way is Way.REVIEW:
            case = await self._worker.run(self._open_case, book, leaving, self._line.clock.wall())
            body["case_id"] = case.id
        await self._line.write("book.diverted", body, book.book_id)

    def _open_case(self, book: Book, leaving: Leaving, now: datetime) -> Case:
        kind = CaseKind.TITLE
        if book.marked:
            kind = CaseKind.MARKS
        elif not book.title_key or any(reason.code in _ABOUT_ONE_COPY for reason in leaving.reasons):
            kind = CaseKind.COPY
        return self._site.cases.open(
            kind,
            self._line.state.batch_id,
            book.book_id,
            now,
            title_key=book.title_key,
            reasons=leaving.reasons,
            evidence=self._line.files.read_json(book.evidence) if book.evidence else None,
            decision=decision_from_json(book.decision) if book.decision else None,
        )


def _slip(evidence: Evidence) -> str:
    """The code of the slip that lies in the book, if any."""
    for image in evidence.images:
        for code in image.barcodes:
            if code.text.startswith(vision.SLIP_PREFIX) and code.format in ("CODE128", "QR"):
                return code.text
    return ""


def _unasked() -> dict[str, Any]:
    reason = Reason(
        "CATALOGUE_SILENT", "The library's catalogue does not answer: nobody knows what is on file."
    )
    return decision_to_json(Decision(DecisionKind.REVIEW, None, 0.0, 1.0, (reason,)))


def _unmatched(text: str) -> dict[str, Any]:
    reason = Reason("MATCH_FAILED", f"Matching failed: {text}")
    return decision_to_json(Decision(DecisionKind.REVIEW, None, 0.0, 1.0, (reason,)))
