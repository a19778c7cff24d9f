"""From the line's events to the plain result that report, registers and records are made from."""

from __future__ import annotations

import io
import json
from collections import Counter
from collections.abc import Sequence
from datetime import datetime
from typing import Any

import pymarc

import marc
from workcell.kernel.evidence import Evidence, evidence_from_json
from workcell.kernel.layout import Layout
from workcell.kernel.model import (
    OrderLine,
    Outcome,
    Proof,
    Reason,
    decision_from_json,
    marks_from_json,
)
from workcell.kernel.profile import Profile, Surface
from workcell.line.files import FileStore
from workcell.line.projection import SUPPLY, Book, LineState
from workcell.line.stops import stops_of
from workcell.line.timeline import Timeline
from workcell.site import (
    AlarmResult,
    BatchResult,
    BookResult,
    ImageResult,
    InvoiceLine,
    LabelResult,
    Pace,
    Site,
    SpineResult,
    TagResult,
    Times,
    UnitTimes,
    VoidedNumber,
)

_SAME = 0.99


def assemble(
    state: LineState,
    files: FileStore,
    site: Site,
    layout: Layout,
    profile: Profile,
    orders: Sequence[OrderLine],
    invoice: Sequence[InvoiceLine] | None,
    speed: float,
) -> BatchResult:
    """Everything about the closed batch that the line's events, files and the site store tell."""
    by_line = {order.line: order for order in orders}
    started = datetime.fromisoformat(state.batch_opened_at)
    ended = datetime.fromisoformat(state.batch_closed_at)
    books = [_book(state, book, files, site, profile, by_line, started) for book in state.books.values()]
    return BatchResult(
        batch_id=state.batch_id,
        line_id=state.line_id,
        profile=profile,
        started_at=started,
        seconds=(ended - started).total_seconds(),
        pace=_pace(state, layout, speed),
        books=tuple(books),
        orders=tuple(orders),
        invoice=None if invoice is None else tuple(invoice),
        cases=tuple(site.cases.list(batch_id=state.batch_id)),
        voided=tuple(
            VoidedNumber(line.kind, line.number, line.reason, line.changed_at, line.book_id)
            for line in site.numbers.of_batch(state.batch_id)
            if line.state == "voided"
        ),
        spot_checks=tuple(site.spot_checks.all()),
        alarms=tuple(_alarms(state)),
        boxes_emptied=state.feeding_done and not state.batch.get("partial"),
        notes=_notes(state),
        times=_times(state, layout, speed),
    )


def _pace(state: LineState, layout: Layout, speed: float) -> Pace:
    """What the layout's own times allow, and what they allow with the computing that books stood still for.

    The batch was bound by computing when some station's cycle, computing included, is longer than the
    slowest cycle of the layout.
    """
    limit = layout.limit_per_hour(speed)
    cycles = [place.seconds / speed + _computing(state, place.name) for place in layout.stations]
    if not layout.plc.endpoint or not max(cycles):
        return Pace(limit)
    allowed = 3600.0 / max(cycles)
    return Pace(limit, allowed, allowed < limit * _SAME)


def _times(state: LineState, layout: Layout, speed: float) -> Times:
    """State and mode times of the line and its stations, and why the line stood."""
    timeline = Timeline((place.name for place in layout.stations), *state.before)
    for event in state.history:
        timeline.apply(event)
    spans = timeline.spans("")
    visits = Counter(name for book in state.books.values() for name in {*book.done_stations, SUPPLY})
    return Times(
        UnitTimes("", spans, sum(book.outcome != "missing" for book in state.books.values())),
        tuple(UnitTimes(name, timeline.spans(name), visits[name]) for name in timeline.stations),
        stops_of(spans, state.history),
        max((place.seconds for place in layout.stations), default=0.0) / speed,
    )


def _computing(state: LineState, station: str) -> float:
    """Mean seconds that a worked-on book stood at ``station`` for computing."""
    seconds = [book.computing_seconds.get(station, 0.0) for book in state.books.values()]
    worked = [each for each in seconds if each]
    return sum(worked) / len(worked) if worked else 0.0


def _book(
    state: LineState,
    book: Book,
    files: FileStore,
    site: Site,
    profile: Profile,
    orders: dict[str, OrderLine],
    started: datetime,
) -> BookResult:
    marks = marks_from_json(book.marks) if book.marks else None
    order = orders.get(book.order_line)
    return BookResult(
        book_id=book.book_id,
        track_id=book.fed_as,
        outcome=Outcome(book.outcome or "missing"),
        reasons=tuple(Reason(reason["code"], reason["text"]) for reason in book.reasons),
        evidence=evidence_from_json(files.read_json(book.evidence)) if book.evidence else Evidence(),
        decision=decision_from_json(book.decision) if book.decision else None,
        title_key=book.title_key,
        marks=marks,
        record=_record(book, files, profile, order, state.batch_opened_at),
        tag=_tag(book),
        labels=tuple(_label(made, files) for made in book.labels if made["role"] == "barcode"),
        spine=_spine(book, files),
        proofs=tuple(
            Proof(proof["what"], proof["expected"], proof["seen"], proof["holds"], proof.get("image", ""))
            for proof in book.proofs
        ),
        images=tuple(_images(book, files)),
        events=tuple(event for event in state.history if event.book_id == book.book_id),
        seconds=dict(book.station_seconds),
        order_line=order,
        price=order.price if order else None,
        currency=order.currency if order else "",
        bin=book.bin,
        case_id=book.case_id,
        voided=tuple(line.number for line in site.numbers.of_book(book.book_id) if line.state == "voided"),
        left_after=(datetime.fromisoformat(book.left_at) - started).total_seconds() if book.left_at else None,
    )


def _record(
    book: Book, files: FileStore, profile: Profile, order: OrderLine | None, opened_at: str
) -> pymarc.Record | None:
    """The title's record with this copy's item in it."""
    if not book.record or not book.marks or book.outcome != "catalogued":
        return None
    record = read_record(files.read_json(book.record))
    marks = marks_from_json(book.marks)
    return marc.add_item(
        record, marks, profile, price=order.price if order else None,
        currency=order.currency if order else "", on=datetime.fromisoformat(opened_at).date(),
    )  # fmt: skip


def read_record(data: Any) -> pymarc.Record:
    """A record from MARC-in-JSON data."""
    records: list[pymarc.Record] = list(pymarc.JSONReader(io.StringIO(json.dumps([data]))))  # type: ignore[arg-type]
    return records[0]


def _tag(book: Book) -> TagResult | None:
    if book.tag is None:
        return None
    tag = book.tag
    elements = {int(oid): str(value) for oid, value in tag["elements"].items()}
    return TagResult(tag["uid"], tag["afi"], tag["hex"], tag["pii"], elements, tag.get("dsfid"))


def _label(made: Any, files: FileStore) -> LabelResult:
    return LabelResult(
        Surface(made["surface"]),
        made["text"],
        *(files.read(made[name]) if made[name] else b"" for name in ("png", "job")),
    )


def _spine(book: Book, files: FileStore) -> SpineResult | None:
    for made in book.labels:
        if made["role"] == "spine" and book.marks:
            lines = tuple(book.marks["spine_lines"])
            return SpineResult(lines, files.read(made["png"]), files.read(made["job"]))
    return None


def _images(book: Book, files: FileStore) -> list[ImageResult]:
    return [
        ImageResult(
            f"{image.station} {image.role}",
            f"images/{image.name}",
            files.path(image.name),
            image.name.split(".")[0],
            image.station,
        )
        for image in book.images
    ]


def _alarms(state: LineState) -> list[AlarmResult]:
    cleared = {event.body["key"]: event.at for event in state.history if event.type == "alarm.cleared"}
    return [
        AlarmResult(
            event.at,
            event.body["text"],
            event.body["remedy"],
            event.book_id,
            cleared.get(event.body["key"], ""),
        )
        for event in state.history
        if event.type == "alarm.raised"
    ]


def _notes(state: LineState) -> tuple[str, ...]:
    if state.batch.get("auto"):
        return ("auto",)
    return ()
