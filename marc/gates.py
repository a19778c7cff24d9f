"""What sends a book to a person whatever the records say: a pamphlet, another title's ISBN, a disc inside."""

from __future__ import annotations

import re
from collections.abc import Callable

from marc import isbn
from marc.case import Case, Considered
from marc.seen import evidence_isbns
from workcell.kernel.evidence import Evidence
from workcell.kernel.model import Reason, Verdict

_THINNEST_MM = 3.0
_INSERT = re.compile(
    r"[附含赠配].{0,4}(?:光盘|光碟|CD|DVD|磁带)|\b(?:CD|DVD)(?:-ROMs?|s)?\s+(?:is\s+)?(?:included|enclosed|inside)"
    r"|\b(?:with|includes?|accompanying|plus)\s+(?:an?\s+|free\s+)?(?:audio\s+|companion\s+)?(?:CD|DVD)\b",
    re.IGNORECASE,
)
_ACCOMPANYING = re.compile(r"\bCDs?\b|\bDVDs?\b|\bdis[ck]s?\b|CD-ROM|光盘|光碟|磁带|cassette", re.IGNORECASE)


def stops(case: Case) -> list[Reason]:
    """The reasons for which a person decides on this book whatever the records say."""
    return [reason for gate in _GATES if (reason := gate(case)) is not None]


def _nothing_seen(case: Case) -> Reason | None:
    if evidence_isbns(case.evidence) or case.evidence.text("title"):
        return None
    return Reason("WEAK_EVIDENCE", "Neither a title nor an ISBN could be read.")


def _pamphlet(case: Case) -> Reason | None:
    thickness = case.evidence.measured.thickness_mm
    if thickness is None or thickness >= _THINNEST_MM:
        return None
    return Reason("PAMPHLET", f"Only {thickness:.1f} mm thick: a pamphlet, to be prepared by hand.")


def _order_of_another_title(case: Case) -> Reason | None:
    if case.order is None or case.order.holds:
        return None
    line = case.order.line
    return Reason(
        "ORDER_OTHER_TITLE",
        f"Order line {line.line} has this ISBN but is for “{line.title}”; "
        f"the title page reads “{case.title}”.",
    )


def _not_ordered(case: Case) -> Reason | None:
    if not case.ordered or case.order is not None:
        return None
    return Reason("NOT_ORDERED", "No order line of this shipment has this ISBN or title.")


def _isbn_of_another_title(case: Case) -> Reason | None:
    """The barcode's ISBN leads to records, and all of them are of another title."""
    for number in _barcode_isbns(case.evidence):
        held = [entry for entry in case.considered if _names(entry, number)]
        others = [entry for entry in held if entry.match.verdict("title") is Verdict.DIFFER]
        if others and len(others) == len(held):
            other = others[0]
            return Reason(
                "ISBN_OTHER_TITLE",
                f"ISBN {number} belongs to “{other.facts.full_title}” ({other.source} record "
                f"{other.record_id}); the title page reads “{case.title}”.",
            )
    return None


def _names(entry: Considered, number: str) -> bool:
    held = entry.facts.isbn(number)
    return held is not None and not held.cancelled


def _barcode_isbns(evidence: Evidence) -> list[str]:
    """The book's own ISBN and those in its barcodes, not those that are only listed in a CIP block."""
    found = [evidence.isbn.value] if evidence.isbn else []
    found += [code.text for image in evidence.images for code in image.barcodes if code.accepted]
    return list(dict.fromkeys(number for number in map(isbn.normalise, found) if number))


def _accompanying(case: Case) -> Reason | None:
    best = max(case.considered, key=lambda entry: entry.match.score, default=None)
    held = best.facts.accompanying if best and best.match.score >= case.threshold else ""
    note = case.line.note if case.line and _ACCOMPANYING.search(case.line.note) else ""
    printed = next((line for line in _lines(case.evidence) if _INSERT.search(line)), "")
    said = held or note or printed
    if not said:
        return None
    return Reason(
        "ACCOMPANYING_MATERIAL", f"Comes with other material ({said}): check that it is there, label it too."
    )


def _lines(evidence: Evidence) -> list[str]:
    return [line.text for image in evidence.images for line in image.lines]


_GATES: tuple[Callable[[Case], Reason | None], ...] = (
    _nothing_seen,
    _pamphlet,
    _order_of_another_title,
    _not_ordered,
    _isbn_of_another_title,
    _accompanying,
)
