"""The batch report: what a librarian asks first, first."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from workcell.kernel.layout import STATIONS
from workcell.kernel.model import Outcome
from workcell.site.agreement import agreement
from workcell.site.counts import Tally, tally
from workcell.site.pages import render
from workcell.site.passport import BookView, book_view
from workcell.site.performance import performance_of
from workcell.site.receiving import ReceivedCopy, Reconciliation, TitleLine, reconcile
from workcell.site.registers import summary_register
from workcell.site.result import BatchResult, BookResult
from workcell.site.spot_checks import SpotCheck, error_rate
from workcell.site.tables import money
from workcell.site.words import Words, words_of


@dataclass(frozen=True)
class StationTime:
    """Cycle times of one station, in seconds; ``share`` is the mean against the slowest station's."""

    station: str
    books: int
    mean: float
    longest: float
    share: float


def report_html(result: BatchResult, reconciliation: Reconciliation, out: Path) -> str:
    """The report page; passports, cases and pictures are links into the output folder ``out``."""
    words = words_of(result.profile.language)
    views = [book_view(result, book, out, "") for book in result.books]
    shown = _shown(views)
    counts = tally(result)
    return render(
        "report.html.j2",
        result.profile.language,
        result=result,
        headline=headline(result, reconciliation),
        counts=counts,
        performance=performance_of(result, counts.fed - counts.missing, counts.catalogued, words),
        close=_closing(counts, words),
        views=views,
        waiting=[view for view in views if view.book.outcome is Outcome.REVIEW],
        exceptions=[view for view in views if view.book.outcome is not Outcome.CATALOGUED],
        shown=shown,
        refused=_refused(views),
        stations=station_times(result.books),
        agreement=agreement(result.cases),
        spot_check=spot_check_view(result),
        reconciliation=reconciliation,
        claims=[(line, claim(line, result, words)) for line in reconciliation.disagreeing],
        amount=lambda value: money(value, result.profile.registers.decimals),
        summary=summary_register(result, reconciliation)
        if "summary" in result.profile.registers.kinds
        else [],
        infinity=float("inf"),
    )


@dataclass(frozen=True)
class SpotCheckView:
    """The sample in words: the rate so far, and each checked copy with its finding and its likes."""

    rate: str
    copies: tuple[tuple[str, str, str, str], ...]


def spot_check_view(result: BatchResult) -> SpotCheckView | None:
    """What the report says of the spot check; None where nothing was ever sampled."""
    if not result.spot_checks:
        return None
    words, rate = words_of(result.profile.language), error_rate(result.spot_checks)
    low, high = rate.bounds
    sentence = words["spot_check_rate"].format(
        wrong=rate.wrong, checked=rate.checked, waiting=rate.waiting,
        share=f"{rate.share:.2%}", low=f"{low:.2%}", high=f"{high:.2%}",
    )  # fmt: skip
    here = [check for check in result.spot_checks if check.batch_id == result.batch_id]
    copies = tuple(
        (
            check.barcode, words[f"spot_check_{check.verdict or 'waiting'}"], check.text,
            ", ".join(decided_alike(check, result.books)) if check.verdict == "wrong" else "",
        )
        for check in here
    )  # fmt: skip
    return SpotCheckView(sentence, copies)


def decided_alike(check: SpotCheck, books: Sequence[BookResult]) -> list[str]:
    """Numbers of the batch's released copies with the same decision on a record of the same source."""
    return [
        book.marks.barcode
        for book in books
        if book.outcome is Outcome.CATALOGUED and book.marks is not None and book.decision is not None
        and book.marks.barcode != check.barcode
        and (book.decision.decision.value, book.decision.source)
        == (check.about.get("decision"), check.about.get("source"))
    ]  # fmt: skip


def reconcile_result(result: BatchResult) -> Reconciliation:
    """Order, invoice and the copies of a batch, side by side."""
    return reconcile(
        result.orders,
        result.invoice,
        [_received(book) for book in result.books],
        boxes_emptied=result.boxes_emptied,
    )


def headline(result: BatchResult, reconciliation: Reconciliation) -> str:
    """The batch in one sentence.

    "24 fed, 19 ready, 4 need you, 1 returned; the invoice agrees; 5 of the ready ones wait for the spot
    check".
    """
    words = words_of(result.profile.language)
    counts = tally(result)
    parts = [words["head_fed"].format(counts.fed), words["head_catalogued"].format(counts.catalogued)]
    for name, number in (
        ("review", counts.review),
        ("rejected", counts.rejected),
        ("missing", counts.missing),
    ):
        if number:
            parts.append(_counted(words, f"head_{name}", number))
    differing = len(reconciliation.disagreeing)
    base = "head_" if reconciliation.has_invoice else "head_order_"
    verdict = _counted(words, f"{base}differs", differing) if differing else words[f"{base}agrees"]
    closing = [words["comma"].join(parts), verdict]
    if counts.spot_check:
        closing.append(_counted(words, "head_spot_check", counts.spot_check))
    return words["semicolon"].join(closing)


def claim(line: TitleLine, result: BatchResult, words: Words) -> str:
    """What doesn't agree about a title, in words."""
    difference = line.price_difference or 0
    ordered = line.order.price if line.order else None
    decimals = result.profile.registers.decimals
    amounts: dict[str, tuple[object, ...]] = {
        "short": (line.short,),
        "surplus": (line.surplus,),
        "returned": (line.returned,),
        "copies": (line.ordered, line.supplied),
        "unidentified": (line.received,),
        "price": (
            money(ordered + difference, decimals) if ordered is not None else "",
            money(ordered, decimals),
        ),
    }
    texts = [words[f"problem_{name}"].format(*amounts.get(name, ())) for name in line.problems]
    return words["semicolon"].join(texts)


def station_times(books: Sequence[BookResult]) -> list[StationTime]:
    """Cycle times by station, in the order of the line."""
    names = {name for book in books for name in book.seconds}
    order = [name for name in STATIONS if name in names] + sorted(names - set(STATIONS))
    times = {name: [book.seconds[name] for book in books if name in book.seconds] for name in order}
    slowest = max((sum(found) / len(found) for found in times.values()), default=0.0) or 1.0
    return [
        StationTime(name, len(found), sum(found) / len(found), max(found), sum(found) / len(found) / slowest)
        for name, found in times.items()
    ]


_FATES = {
    Outcome.CATALOGUED: "accepted",
    Outcome.REVIEW: "waiting",
    Outcome.REJECTED: "returned",
    Outcome.MISSING: "missing",
}


def _received(book: BookResult) -> ReceivedCopy:
    isbn = book.evidence.isbn.value if book.evidence.isbn else ""
    line = book.order_line.line if book.order_line else ""
    title = book.evidence.text("title")
    return ReceivedCopy(book.book_id, _FATES[book.outcome], line, isbn, title)  # type: ignore[arg-type]


def _counted(words: Words, name: str, number: int) -> str:
    one = f"{name}_1"
    return words[one if number == 1 and one in words else name].format(number)


def _closing(counts: Tally, words: Words) -> str:
    parts = [
        f"{number} {words[f'outcome_{name}'].lower()}"
        for name, number in (
            ("catalogued", counts.catalogued),
            ("review", counts.review),
            ("rejected", counts.rejected),
            ("missing", counts.missing),
        )
    ]
    return words["counts_close"].format(counts.fed, " + ".join(parts))


def _shown(views: Sequence[BookView]) -> BookView | None:
    """The copy that tells the whole story best: ready, all numbers agreeing, most of its pictures kept."""
    ready = [view for view in views if view.book.outcome is Outcome.CATALOGUED]
    return max(
        ready,
        key=lambda view: (
            view.numbers_agree,
            sum(p.view is not None for p in view.pictures),
            len(view.values),
        ),
        default=None,
    )


def _refused(views: Sequence[BookView]) -> BookView | None:
    """A copy that did not pass: best one whose marks were caught, then a returned one, then one set aside."""
    stopped = [view for view in views if view.book.outcome in (Outcome.REJECTED, Outcome.REVIEW)]
    return max(
        stopped,
        key=lambda view: (bool(view.failed), view.book.outcome is Outcome.REJECTED, len(view.pictures)),
        default=None,
    )
