"""From a decision to the record that leaves, with its class and call number at a location."""

from __future__ import annotations

import contextlib
import hashlib
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path

from pymarc import Record

from marc import authorities, callnumbers, shelf_list, suggesting
from marc.case import OWN_SOURCES, Source
from marc.catalogue import Catalogue
from marc.drafting import draft
from marc.facts import ClassNumber, RecordFacts
from marc.fields import flavour
from marc.items import copies_on_file
from marc.merging import fill_gaps, house_rules, overlay
from marc.quality import too_brief
from marc.record_facts import record_facts
from marc.shelf_list import ShelfList
from marc.suggesting import Suggestion
from marc.transcribing import transcribe
from marc.upgrading import upgrade_cip
from marc.validating import errors
from workcell.kernel.errors import BadInput
from workcell.kernel.evidence import Evidence
from workcell.kernel.model import Decision, DecisionKind, OrderLine, Reason
from workcell.kernel.profile import Location, Profile

_FLAVOURS = {"marc21": "marc21", "cnmarc": "unimarc"}


@dataclass(frozen=True)
class Prepared:
    """A record ready to get items.

    ``call_number`` is settled, or empty: then ``pattern`` is one with ``{number}`` where a number of
    ``class_number`` belongs that is given out once: ``fitted`` (for ``heading``), unless another title has it
    by now, or else the next running number.  Both are empty when no class is known.  ``problems`` keep the
    record from leaving.  ``shelved`` is the highest running number that the shelf list has in the class.
    ``notes`` are for a cataloguer to look at; they keep nothing.  ``copies`` is the highest copy number of
    this volume that the library has on file.
    """

    record: Record
    class_number: str = ""
    call_number: str = ""
    pattern: str = ""
    problems: tuple[Reason, ...] = ()
    shelved: int = 0
    fitted: str = ""
    heading: str = ""
    notes: tuple[Reason, ...] = ()
    copies: int = 0


@contextlib.contextmanager
def open_sources(paths: Mapping[str, Path | str]) -> Iterator[tuple[Source, ...]]:
    """Catalogues by source name, opened for reading, in the order given; raises BadInput."""
    with contextlib.ExitStack() as stack:
        yield tuple(Source(name, stack.enter_context(Catalogue(path))) for name, path in paths.items())


def prepare(
    evidence: Evidence,
    decision: Decision,
    sources: Sequence[Source],
    order: OrderLine | None,
    profile: Profile,
    *,
    location: str,
    record_key: str,
    on: date,
) -> Prepared:
    """The record of a decision that is not a review, and its call number at ``location``.

    ``record_key`` names the title; a drafted record gets its number from it.  Raises BadInput when the
    record that was decided on is not there any more.
    """
    record = prepare_record(evidence, decision, sources, profile, record_key=record_key, on=on)
    place = profile.location(location)
    facts = record_facts(record)
    suggestion = _suggestion(facts, evidence, sources, place)
    sure = suggestion is not None and suggestion.confidence >= place.call_number.suggest_from
    if suggestion is not None and sure:
        seen = ClassNumber(place.call_number.scheme, suggestion.class_number)
        facts = replace(facts, classes=(*facts.classes, seen))
    with _shelf_list(sources) as shelf:
        numbers = shelf.numbers if shelf else callnumbers.empty_shelf
        made = callnumbers.plan(facts, evidence, place, profile, numbers)
        shelved = shelf.highest(place.call_number.scheme, made.class_number) if shelf else 0
    settled = made.existing or ("" if callnumbers.NUMBER in made.pattern else made.pattern)
    problems = tuple(_problems(record, profile))
    notes = (*_notes(decision, record, sources), *_told(suggestion, assigned=sure))
    own = decision.source in OWN_SOURCES and decision.record_id is not None
    return Prepared(
        record,
        class_number=made.class_number,
        call_number=settled,
        pattern=made.pattern,
        problems=problems,
        shelved=shelved,
        fitted=made.fitted,
        heading=made.heading,
        notes=notes,
        copies=copies_on_file(record, profile, evidence.text("volume")) if own else 0,
    )


def _suggestion(
    facts: RecordFacts, evidence: Evidence, sources: Sequence[Source], place: Location
) -> Suggestion | None:
    """A class from the own catalogue's model, where one was trained and nothing else gives a class."""
    scheme = place.call_number.scheme
    if callnumbers.class_number(facts, evidence, scheme) is not None:
        return None
    for held in sources:
        path = suggesting.beside(held.catalogue.path, scheme)
        if held.name in OWN_SOURCES and path.is_file():
            found = suggesting.suggest(suggesting.load(path), evidence, held.catalogue)
            return found[0] if found else None
    return None


def _told(suggestion: Suggestion | None, *, assigned: bool) -> tuple[Reason, ...]:
    """A suggested class as a note, with what speaks for it."""
    if suggestion is None:
        return ()
    near = "; ".join(f"{one.class_number} {one.title}" for one in suggestion.neighbours[:3])
    text = f"Class {suggestion.class_number} is suggested ({suggestion.confidence:.2f})"
    text = f"{text}; near it on the shelf: {near}." if near else f"{text}."
    return (Reason("CLASS_ASSIGNED", text) if assigned else Reason("CLASS_SUGGESTED", text),)


def _notes(decision: Decision, record: Record, sources: Sequence[Source]) -> tuple[Reason, ...]:
    """What a cataloguer should look at in the headings of a drafted record."""
    if decision.decision is not DecisionKind.DRAFT:
        return ()
    for held in sources:
        path = authorities.beside(held.catalogue.path)
        if held.name in OWN_SOURCES and path.is_file():
            with authorities.Authorities(path) as file:
                return tuple(authorities.check_headings(record, file, held.catalogue))
    return ()


@contextlib.contextmanager
def _shelf_list(sources: Sequence[Source]) -> Iterator[ShelfList | None]:
    """The shelf list of the library's own catalogue, where one was made (`workcell marc shelve`)."""
    for held in sources:
        if held.name in OWN_SOURCES and shelf_list.beside(held.catalogue).is_file():
            with ShelfList(shelf_list.beside(held.catalogue)) as found:
                yield found
            return
    yield None


def prepare_record(
    evidence: Evidence,
    decision: Decision,
    sources: Sequence[Source],
    profile: Profile,
    *,
    record_key: str,
    on: date,
) -> Record:
    """The record that a decision asks for: kept, overlaid, taken over, upgraded or drafted."""
    if decision.decision is DecisionKind.REVIEW:
        raise BadInput(
            "no record can be prepared for a book that a person decides on", remedy="Decide its case."
        )
    if decision.decision is DecisionKind.DRAFT or decision.record_id is None:
        return draft(evidence, profile, on, record_number(record_key))
    held = _find(decision.source, decision.record_id, sources)
    own = decision.source in OWN_SOURCES
    record = held if own else transcribe(house_rules(held, profile, on), evidence)
    if decision.source == "order":
        record = _completed(record, evidence, decision, sources, profile, on)
    if decision.decision is DecisionKind.UPGRADE_CIP or (
        record_facts(record).cip and not record_facts(record).items
    ):
        record = upgrade_cip(record, evidence, profile, on)
    return record


def record_number(record_key: str) -> str:
    """A control number for a drafted record, the same for the same title."""
    digits = re.search(r"97[89][0-9]{10}", record_key)
    return f"wc{digits.group() if digits else hashlib.sha256(record_key.encode()).hexdigest()[:12]}"


def _completed(
    on_file: Record,
    evidence: Evidence,
    decision: Decision,
    sources: Sequence[Source],
    profile: Profile,
    on: date,
) -> Record:
    """The order's own record, overlaid by the best record from outside; else completed from the pages."""
    outside = [
        candidate
        for candidate in decision.candidates
        if candidate.source not in OWN_SOURCES and candidate.score >= decision.threshold
    ]
    if outside:
        best = max(outside, key=lambda candidate: candidate.score)
        incoming = _find(best.source, best.record_id, sources)
        if flavour(incoming) == flavour(on_file):
            return overlay(on_file, house_rules(incoming, profile, on), profile)
    if _FLAVOURS[profile.records.format] != flavour(on_file) or not evidence.text("title"):
        return on_file
    return fill_gaps(on_file, draft(evidence, profile, on))


def _find(source: str, record_id: str, sources: Sequence[Source]) -> Record:
    """The record in its source; the order's own record is looked for among the library's."""
    names = OWN_SOURCES if source in OWN_SOURCES else (source,)
    for held in sources:
        if held.name in names:
            for hit in held.catalogue.by_id(record_id):
                return held.catalogue.record(hit.id)
    raise BadInput(
        f"record {record_id} is not in source {source!r}",
        subject=record_id,
        remedy="Import the source again, then feed the book again.",
    )


def _problems(record: Record, profile: Profile) -> list[Reason]:
    found = [Reason("RECORD_INVALID", f"{finding.text}") for finding in errors(record)]
    if flavour(record) != _FLAVOURS[profile.records.format]:
        kind = "CNMARC" if flavour(record) == "unimarc" else "MARC 21"
        found.append(
            Reason("RECORD_FORMAT", f"The record is {kind}; this library keeps {profile.records.format}.")
        )
    if said := too_brief(record, profile.records.minimum_score):
        found.append(Reason("RECORD_BRIEF", said))
    return found
