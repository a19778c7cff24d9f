"""The figures of a batch: what closed, what repeated, how fast."""

from __future__ import annotations

import math
from collections import Counter
from dataclasses import dataclass
from typing import Any

from workcell.kernel.model import Outcome
from workcell.site.bib import bib_of
from workcell.site.oee import times_json
from workcell.site.result import BatchResult, BookResult

_STEADY_FROM = 12


@dataclass(frozen=True)
class Tally:
    """The counts of a batch.

    ``barcodes`` are the numbers on books that went to the shelves, ``duplicates`` numbers that stand on more
    than one book of the batch, ``proofs_failed`` copies that were released against a failed proof,
    ``spot_check`` those of the ready ones that wait for a person's look.
    ``steady_per_hour`` is None when fewer than two books came out after ``steady_from``.
    """

    fed: int
    catalogued: int
    review: int
    rejected: int
    missing: int
    barcodes: int
    duplicates: int
    proofs_failed: int
    spot_check: int
    books_per_hour: float
    steady_from: int
    steady_per_hour: float | None
    overhead_ratio: float | None


def tally(result: BatchResult) -> Tally:
    """Count a batch."""
    outcomes = Counter(book.outcome for book in result.books)
    ready = [book for book in result.books if book.outcome is Outcome.CATALOGUED]
    steady_from, steady = _steady(result)
    return Tally(
        fed=len(result.books),
        catalogued=outcomes[Outcome.CATALOGUED],
        review=outcomes[Outcome.REVIEW],
        rejected=outcomes[Outcome.REJECTED],
        missing=outcomes[Outcome.MISSING],
        barcodes=len({book.marks.barcode for book in ready if book.marks and book.marks.barcode}),
        duplicates=_duplicates(result),
        proofs_failed=sum(any(not proof.holds for proof in book.proofs) for book in ready),
        spot_check=sum(
            not check.verdict for check in result.spot_checks if check.batch_id == result.batch_id
        ),
        books_per_hour=3600 * len(result.books) / result.seconds if result.seconds > 0 else 0.0,
        steady_from=steady_from,
        steady_per_hour=steady,
        overhead_ratio=None
        if result.pace.compute_bound or steady is None or math.isinf(result.pace.limit_per_hour)
        else steady / result.pace.limit_per_hour,
    )


def batch_json(result: BatchResult) -> dict[str, Any]:
    """The content of ``batch.json``."""
    counts = tally(result)
    return {
        "schema": "batch/1",
        "batch": result.batch_id,
        "line_id": result.line_id,
        "profile": result.profile.name,
        "started_at": result.started_at.isoformat(),
        "books_fed": counts.fed,
        "catalogued": counts.catalogued,
        "review": counts.review,
        "rejected": counts.rejected,
        "lost": counts.missing,
        "barcodes": counts.barcodes,
        "duplicates_of_barcode": counts.duplicates,
        "proofs_failed": counts.proofs_failed,
        "spot_check": counts.spot_check,
        "seconds": round(result.seconds, 3),
        "books_per_hour": round(counts.books_per_hour, 2),
        "steady_from_exit": counts.steady_from,
        "steady_per_hour": _rounded(counts.steady_per_hour, 2),
        "limit_per_hour": _rounded(result.pace.limit_per_hour, 2),
        "compute_per_hour": _rounded(result.pace.compute_per_hour, 2),
        "compute_bound": result.pace.compute_bound,
        "overhead_ratio": _rounded(counts.overhead_ratio, 4),
        "notes": list(result.notes),
        **_times(result, counts),
        "books": [_book_json(book) for book in result.books],
    }


def _times(result: BatchResult, counts: Tally) -> dict[str, Any]:
    """State and mode times, stops and OEE of a watched line; books that are missing did not leave it."""
    if result.times is None:
        return {}
    return times_json(result.times, counts.fed - counts.missing, counts.catalogued)


def _book_json(book: BookResult) -> dict[str, Any]:
    ready = book.outcome is Outcome.CATALOGUED
    marks = book.marks if ready else None
    tag = book.tag if ready else None
    return {
        "book": book.book_id,
        "track_id": book.track_id,
        "isbn": book.evidence.isbn.value if book.evidence.isbn else None,
        "outcome": book.outcome.value,
        "reason": "; ".join(reason.text.rstrip(".。") for reason in book.reasons) or None,
        "reason_codes": [reason.code for reason in book.reasons],
        "record_id": bib_of(book.record).record_id or (book.decision.record_id if book.decision else None),
        "barcode": marks.barcode or None if marks else None,
        "accession": marks.accession or None if marks else None,
        "call_number": marks.call_number or None if marks else None,
        "location": marks.location if marks else None,
        "tag_uid": tag.uid if tag else None,
        "tag_pii": tag.pii if tag else None,
        "bin": book.bin or None,
        "decision": book.decision.decision.value if book.decision else None,
        "order_line": book.order_line.line if book.order_line else None,
        "case": book.case_id or None,
        "voided": list(book.voided),
    }


def _duplicates(result: BatchResult) -> int:
    """How many numbers stand on more than one book, whatever became of the books."""
    carriers = Counter(
        number
        for book in result.books
        for number in {label.barcode for label in book.labels}
        | ({book.marks.barcode} if book.marks and book.marks.barcode else set())
    )
    return sum(books > 1 for books in carriers.values())


def _steady(result: BatchResult) -> tuple[int, float | None]:
    """Books an hour between the 12th exit, when the line is full, and the last.

    A batch too short for that is measured from its first exit.
    """
    exits = sorted(book.left_after for book in result.books if book.left_after is not None)
    first = _STEADY_FROM if len(exits) > _STEADY_FROM else 1
    if len(exits) <= first or exits[-1] <= exits[first - 1]:
        return first, None
    return first, 3600 * (len(exits) - first) / (exits[-1] - exits[first - 1])


def _rounded(value: float | None, digits: int) -> float | None:
    return None if value is None or value == float("inf") else round(value, digits)
