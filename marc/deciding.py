"""What shall be done for a book's record: the decision, with reasons in a librarian's words.

Duplicates are decided for each location: the order's own record is overlaid; a title without a record is
new; a record without items is used; a title that is on file gets a copy at a location or a further copy
there; and one that nobody wants goes to a person.  Thresholds are applied here; how far the machine may go
alone (autonomy) is the line's policy.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from marc import designations, text
from marc.case import OWN_SOURCES, Case, Considered, Source
from marc.catalogue import Catalogue, Hit
from marc.gates import stops
from marc.matching import compare, evidence_isbns, misprinted_isbns
from marc.orders import OrderMatch, find_order
from marc.seen import unified_book_number
from workcell.kernel.evidence import Evidence
from workcell.kernel.model import (
    Candidate,
    Decision,
    DecisionKind,
    FieldComparison,
    OrderLine,
    Reason,
    Verdict,
)
from workcell.kernel.profile import Profile

_THICKEST_PAGE_MM = 0.14
"""Thickness of a book by its last page number: 0.05 for thin paper, 0.11 for a small hardback."""

_NEAR = 0.5
_ELIGIBLE = 0.1
"""A record of an earlier source is taken when it scores at most so much below the best of all."""

_DECISIVE = ("isbn", "title", "names", "year")
_SHOWN = 8


@dataclass(frozen=True)
class Matched:
    """A decision, and the key that all copies of the title share, on this shipment and when fed again."""

    decision: Decision
    title_key: str


def match(
    evidence: Evidence, sources: Sequence[Source], order_lines: Sequence[OrderLine], profile: Profile
) -> Matched:
    """Find the order line, gather and score records from all sources, and decide.

    Raises BadInput when a catalogue is damaged.
    """
    order = find_order(evidence, order_lines)
    decision = decide(evidence, gather(evidence, sources, order), order, bool(order_lines), profile)
    return Matched(decision, title_key(evidence, decision))


def title_key(evidence: Evidence, decision: Decision) -> str:
    """What names the title: the record decided on, else the ISBN, else the words of the title page.

    An ISBN that belongs to another title names nothing.
    """
    if decision.decision not in (DecisionKind.REVIEW, DecisionKind.DRAFT) and decision.record_id:
        return f"record:{decision.source}:{decision.record_id}"
    numbers = [*evidence_isbns(evidence), *misprinted_isbns(evidence)]
    shared = any(reason.code in ("ISBN_OTHER_TITLE", "ORDER_OTHER_TITLE") for reason in decision.reasons)
    volume = designations.parse_volume(evidence.text("volume")).number
    part = f":{volume}" if volume else ""
    if numbers and not shared:
        return f"isbn:{numbers[0]}{part}"
    name = next((text.tight(name.value) for name in evidence.many("names")), "")
    words = text.tight(evidence.text("title"))
    return f"title:{words}:{name}{part}" if words else ""


def gather(evidence: Evidence, sources: Sequence[Source], order: OrderMatch | None) -> list[Considered]:
    """Records by ISBN, by a number misprinted on the book, by the order's record id, and by words, scored."""
    own_record = order.line.record_id if order and order.holds else ""
    found: dict[tuple[str, str], Considered] = {}
    for source in sources:
        for hit in _hits(evidence, source.catalogue, own_record):
            facts = source.catalogue.facts(hit.id)
            name = (
                "order"
                if own_record and hit.record_id == own_record and source.name in OWN_SOURCES
                else source.name
            )
            key = (name, hit.record_id)
            found.setdefault(key, Considered(name, hit.record_id, facts, compare(evidence, facts)))
    return list(found.values())


def decide(
    evidence: Evidence,
    considered: Sequence[Considered],
    order: OrderMatch | None,
    ordered: bool,
    profile: Profile,
) -> Decision:
    """The decision on the records gathered.

    ``order`` is the order line found (also one that is for another title); ``ordered`` says whether the
    shipment has order lines at all: without any, a book that is on none is nothing odd.
    """
    case = Case(evidence, tuple(considered), order, ordered, profile)
    stopped, chosen = stops(case), _choose(case)
    decision = _review(case, chosen, stopped) if stopped else _on_record(case, chosen)
    return replace(
        decision,
        threshold=case.threshold,
        reasons=(*decision.reasons, *_remarks(case)),
        candidates=_shown(case),
        order_line=case.line.line if case.line else "",
    )


def autonomy_kind(decision: Decision) -> str:
    """The key of the profile's [autonomy] table that governs this decision; ``""`` for a review."""
    if decision.decision is DecisionKind.REVIEW:
        return ""
    if decision.source == "order" and decision.decision in (DecisionKind.EXISTING, DecisionKind.COPY):
        return "order_record"
    return "copy_record" if decision.decision is DecisionKind.COPY else decision.decision.value


# --- choosing a record -----------------------------------------------------------------------------------


def _choose(case: Case) -> Considered | None:
    """The record that is this book: of those that score high enough, the first source's, the best there."""
    fitting = [entry for entry in case.considered if entry.match.score >= case.threshold]
    if not fitting:
        return None
    own = next(
        (entry for entry in case.considered if entry.source == "order" and _speaks_not_against(entry)), None
    )
    if own:
        return own
    best = max(entry.match.score for entry in fitting)
    eligible = [entry for entry in fitting if entry.match.score >= best - _ELIGIBLE]
    return min(eligible, key=lambda entry: (_priority(case, entry.source), -entry.match.score))


def _speaks_not_against(own: Considered) -> bool:
    """Whether the order's own record, brief as it is, may be this book once another record surely is.

    Passing it over would make a second record of one title.
    """
    return all(own.match.verdict(name) is not Verdict.DIFFER for name in ("isbn", "title", "volume"))


def _priority(case: Case, source: str) -> int:
    order = case.profile.records.sources
    return order.index(source) if source in order else len(order)


def _rivals(case: Case, chosen: Considered) -> list[Considered]:
    """Other records of the same source that fit about as well."""
    return [
        entry
        for entry in case.considered
        if entry.source == chosen.source
        and entry.record_id != chosen.record_id
        and entry.match.score >= max(case.threshold, chosen.match.score - case.profile.records.margin)
    ]


def _on_record(case: Case, chosen: Considered | None) -> Decision:
    if chosen is None:
        return _without_record(case)
    rivals = _rivals(case, chosen)
    if rivals:
        named = ", ".join(entry.record_id for entry in (chosen, *rivals[:3]))
        said = f"{1 + len(rivals)} {chosen.source} records fit about equally well: {named}."
        return _review(case, chosen, [Reason("AMBIGUOUS", said)])
    volume = _volume_question(case, chosen)
    if volume and volume.code != "VOLUME_OF_SET":
        return _review(case, chosen, [volume])
    reasons = _duplicate_reasons(case, chosen)
    if any(reason.code == "NOT_WANTED_HERE" for reason in reasons):
        return _review(case, chosen, reasons)
    kind = _kind(chosen, volume)
    if kind is DecisionKind.UPGRADE_CIP:
        reasons = [*reasons, _cip_reason(chosen)]
    return Decision(
        kind,
        chosen.record_id,
        chosen.match.score,
        case.threshold,
        tuple([*reasons, volume] if volume else reasons),
        source=chosen.source,
    )


def _kind(chosen: Considered, volume: Reason | None) -> DecisionKind:
    if volume:
        return DecisionKind.VOLUME
    if chosen.source == "order":
        return DecisionKind.EXISTING
    if chosen.facts.cip:
        return DecisionKind.UPGRADE_CIP
    return DecisionKind.EXISTING if chosen.source in OWN_SOURCES else DecisionKind.COPY


def _cip_reason(chosen: Considered) -> Reason:
    return Reason(
        "CIP_RECORD",
        f"The {chosen.source} record was made before publication: extent, dates and level are completed "
        "from the book.",
    )


def _duplicate_reasons(case: Case, chosen: Considered) -> list[Reason]:
    """The duplicate decision, one reason for each location that wants a copy."""
    if chosen.source == "order":
        return [
            Reason(
                "ORDER_RECORD_OVERLAID", f"The order's own record {chosen.record_id} is completed and kept."
            )
        ]
    if chosen.source not in OWN_SOURCES:
        return [
            Reason("NO_RECORD", "The title is not in the catalogue."),
            Reason("COPY_RECORD", f"The {chosen.source} record {chosen.record_id} describes this book."),
        ]
    if not chosen.facts.items:
        return [Reason("RECORD_WITHOUT_ITEMS", f"Record {chosen.record_id} has no copy yet; it is used.")]
    wanted = wanted_locations(case.line, case.profile) if case.line or not case.ordered else []
    if not wanted:
        return [
            Reason("NOT_WANTED_HERE", f"Record {chosen.record_id} has copies, and no location wants another.")
        ]
    return [_at_location(chosen, code) for code in wanted]


def _at_location(chosen: Considered, code: str) -> Reason:
    held = sum(max(1, len(item.barcodes)) for item in chosen.facts.items if item.at(code))
    if held:
        return Reason("FURTHER_COPY", f"{code} has {held} already and gets a further copy.")
    return Reason("ADD_AT_LOCATION", f"On file elsewhere; {code} gets its first copy.")


def wanted_locations(line: OrderLine | None, profile: Profile) -> list[str]:
    """Locations that want a copy: by the order's distribution, else by the profile's, for so many copies."""
    if line and line.distribution:
        return [code for code, copies in line.distribution.items() if copies > 0]
    left = line.copies if line else 1
    wanted = []
    for location in profile.locations:
        if left > 0 and location.copies > 0:
            wanted.append(location.code)
            left -= location.copies
    return wanted


# --- volumes ---------------------------------------------------------------------------------------------


def _volume_question(case: Case, chosen: Considered) -> Reason | None:
    """Which volume this is where the record stands for several, or why that can't be said."""
    said = case.evidence.text("volume")
    seen, facts = designations.parse_volume(said), chosen.facts
    if facts.pieces > 1:
        if _in_one_case(case, facts.pieces):
            whole = f"All {facts.pieces} volumes in one case: take them out and feed them one by one."
            return Reason("WHOLE_SET", whole)
        if seen.number is not None:
            return Reason(
                "VOLUME_OF_SET", f"“{said}” of the {facts.pieces} volumes that the record describes."
            )
        unknown = f"The record describes {facts.pieces} volumes; which one this is could not be read."
        return Reason("VOLUME_UNKNOWN", unknown)
    if seen.number is not None and not facts.volume and str(seen.number) not in facts.full_title:
        return Reason("VOLUME_NOT_IN_RECORD", f"The book says “{said}”, the record names no volume.")
    return None


def _in_one_case(case: Case, volumes: int) -> bool:
    """Much thicker than the pages of one volume make a book; ordered as a whole set, that need not be seen.

    "全三册" behind a price says nothing: it stands in every volume.
    """
    line, thickness = case.line, case.evidence.measured.thickness_mm
    pages = designations.number_of(case.evidence.text("pages"))
    if thickness is not None and pages is not None:
        return thickness > pages * _THICKEST_PAGE_MM
    return line is not None and (
        line.binding == "slipcase" or designations.parse_volume(line.volume).total == volumes
    )


# --- no record -------------------------------------------------------------------------------------------


def _without_record(case: Case) -> Decision:
    best = max(case.considered, key=lambda entry: entry.match.score, default=None)
    by_number = [entry for entry in case.considered if entry.match.verdict("isbn") is Verdict.AGREE]
    best = max(by_number, key=lambda entry: entry.match.score, default=best)
    near = best is not None and (bool(by_number) or best.match.score >= _NEAR)
    if best and near and not _surely_another(case, best):
        close = (
            f"{best.source} record {best.record_id} comes close ({best.match.score:.2f}): {_doubts(best)}."
        )
        return _review(case, best, [Reason("NEAR_MATCH", close)])
    if not _enough_for_a_draft(case.evidence):
        return _review(
            case,
            best,
            [
                Reason("NO_RECORD", "No source has a record of this book."),
                Reason("WEAK_EVIDENCE", "What could be read from the book is too little for a draft."),
            ],
        )
    reasons = [Reason("NO_RECORD", "No source has a record of this book; one is drafted from its pages.")]
    if best and _same_work(best):
        known = f"The title is on file as {best.record_id}, but {_doubts(best)}."
        reasons.append(Reason("OTHER_EDITION", known))
    score = best.match.score if best else 0.0
    return Decision(DecisionKind.DRAFT, None, score, case.threshold, tuple(reasons))


def _surely_another(case: Case, best: Considered) -> bool:
    """Another ISBN, read for certain, names another edition or binding: no doubt, only a different book."""
    certain = case.evidence.isbn is not None and case.evidence.isbn.accepted
    return certain and best.match.verdict("isbn") is Verdict.DIFFER


def _same_work(best: Considered) -> bool:
    return best.match.verdict("title") is Verdict.AGREE and best.match.verdict("names") is not Verdict.DIFFER


def _enough_for_a_draft(evidence: Evidence) -> bool:
    title = evidence.one("title")
    if title is None or title.confidence < 0.5 or not title.value.strip():
        return False
    certain = evidence.isbn is not None and evidence.isbn.accepted
    return certain or bool(evidence.many("names")) or evidence.one("publisher") is not None


def _doubts(entry: Considered) -> str:
    """The fields that speak against a record, in words."""
    words = {Verdict.DIFFER: "differs", Verdict.DOUBTFUL: "is doubtful"}
    against = [
        f"{name} {words[field.verdict]} (book: {field.seen or 'none'}; record: {field.record or 'none'})"
        for name, field in entry.match.fields.items()
        if field.verdict in words
    ]
    silent = [name for name in _DECISIVE if entry.match.verdict(name) is Verdict.MISSING]
    return "; ".join(against) or f"{', '.join(silent) or 'too much'} could not be compared"


# --- remarks and candidates ------------------------------------------------------------------------------


def _remarks(case: Case) -> list[Reason]:
    """What a person should know, though it decides nothing."""
    remarks = [
        Reason("WRONG_CHECK_DIGIT", f"The ISBN printed on the book, {number}, fails its check digit.")
        for number in misprinted_isbns(case.evidence)
        if case.evidence.isbn is None or not case.evidence.isbn.accepted
    ]
    number = unified_book_number(case.evidence)
    if number and not evidence_isbns(case.evidence):
        remarks.append(Reason("UNIFIED_BOOK_NUMBER", f"Carries 统一书号 {number} and no ISBN."))
    return remarks


def _review(case: Case, chosen: Considered | None, reasons: Sequence[Reason]) -> Decision:
    return Decision(
        DecisionKind.REVIEW,
        chosen.record_id if chosen else None,
        chosen.match.score if chosen else 0.0,
        case.threshold,
        tuple(reasons),
        source=chosen.source if chosen else "",
    )


def _shown(case: Case) -> tuple[Candidate, ...]:
    """The best candidates, and every record that the ISBN led to."""
    ranked = sorted(case.considered, key=lambda entry: (-entry.match.score, _priority(case, entry.source)))
    kept = [
        entry
        for place, entry in enumerate(ranked)
        if place < _SHOWN and (entry.match.score >= 0.02 or entry.match.verdict("isbn") is Verdict.AGREE)
    ]
    return tuple(Candidate(e.record_id, e.source, e.match.score, _explained(e)) for e in kept)


def _explained(entry: Considered) -> dict[str, FieldComparison]:
    return dict(entry.match.fields)


def _hits(evidence: Evidence, catalogue: Catalogue, own_record: str) -> list[Hit]:
    found: dict[int, Hit] = {}
    for number in (*evidence_isbns(evidence), *misprinted_isbns(evidence)):
        found.update((hit.id, hit) for hit in catalogue.by_isbn(number))
    if own_record:
        found.update((hit.id, hit) for hit in catalogue.by_id(own_record))
    names = " ".join(name.value for name in evidence.many("names")[:2])
    words = " ".join((evidence.text("title"), evidence.text("subtitle"), names)).strip()
    if words:
        found.update((hit.id, hit) for hit in catalogue.search(words, limit=10))
    return list(found.values())
