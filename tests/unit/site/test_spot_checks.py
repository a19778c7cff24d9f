"""Spot checks: verdicts, the running error rate, and which decisions were alike."""

from dataclasses import replace

import pymarc
import pytest

from workcell.kernel.errors import BadInput, Refused
from workcell.kernel.events import GENESIS, Event, event_hash
from workcell.site import Delivery
from workcell.site.counts import batch_json
from workcell.site.report import decided_alike, headline, reconcile_result, spot_check_view
from workcell.site.spot_checks import SpotCheck, error_rate

ABOUT = {"decision": "copy", "source": "vendor", "title_key": "t1", "call_number": "823 X"}


def pick(site, noon, *barcodes):
    for barcode in barcodes:
        site.spot_checks.pick(barcode, "b", f"book-{barcode}", ABOUT, noon)


def test_a_verdict_is_kept_and_the_rate_runs_with_its_interval(site, noon):
    pick(site, noon, "1", "2", "3", "1")
    site.spot_checks.judge("1", "right", "", "anna", noon)
    site.spot_checks.judge("2", "wrong", "spine label of another book", "anna", noon)
    rate = error_rate(site.spot_checks.all())
    assert (rate.checked, rate.wrong, rate.waiting, rate.share) == (2, 1, 1, 0.5)
    low, high = rate.bounds
    assert (round(low, 4), round(high, 4)) == (0.0945, 0.9055)  # Wilson, 1 of 2


def test_nothing_checked_says_nothing_of_the_rate():
    rate = error_rate([])
    assert (rate.share, rate.bounds) == (0.0, (0.0, 1.0))


def test_an_error_needs_words_and_a_verdict_stands(site, noon):
    pick(site, noon, "1")
    with pytest.raises(BadInput, match="without a word"):
        site.spot_checks.judge("1", "wrong", " ", "anna", noon)
    site.spot_checks.judge("1", "right", "", "anna", noon)
    site.spot_checks.judge("1", "right", "", "bert", noon)
    with pytest.raises(Refused, match="anna has found it right"):
        site.spot_checks.judge("1", "wrong", "x", "bert", noon)
    with pytest.raises(BadInput, match="no copy in the check bin"):
        site.spot_checks.judge("9", "right", "", "anna", noon)


def decided(seq, book, source, title, prev):
    body = {"decision": {"decision": "copy", "source": source}, "title_key": title}
    fields = (seq, "line", "b", book, "", "decision.made", 1, "2026-03-02T12:00:00+00:00", body)
    return Event(*fields, prev, event_hash(prev, *fields))


def test_an_error_lists_the_copies_that_were_decided_alike_same_title_first(site, noon, deliveries_like):
    events, prev = [], GENESIS
    for seq, (book, source, title) in enumerate(
        (
            ("book-1", "vendor", "t1"),
            ("b2", "vendor", "t2"),
            ("b3", "catalogue", "t3"),
            ("b4", "vendor", "t1"),
        ),
        start=1,
    ):
        events.append(decided(seq, book, source, title, prev))
        prev = events[-1].hash
    site.journal.forward(events)
    for number, book in (("1", "book-1"), ("2", "b2"), ("3", "b3"), ("4", "b4")):
        site.outbox.put(deliveries_like(number, book), "file-drop", noon)
    pick(site, noon, "1")
    assert [copy["barcode"] for copy in site.spot_checks.similar("1")] == ["4", "2"]


@pytest.fixture
def deliveries_like():
    def make(number, book):
        item = {"barcode": number, "book": book, "batch": "b", "title": f"Title {number}"}
        return Delivery(number, "b", "r", pymarc.Record(), item)

    return make


def test_without_a_sample_the_report_says_nothing(batch):
    assert spot_check_view(batch) is None


def test_the_report_shows_the_rate_and_what_was_decided_as_the_wrong_one(english_batch):
    released = [book for book in english_batch.books if book.outcome == "catalogued"]
    one = released[0]
    about = {"decision": one.decision.decision.value, "source": one.decision.source}
    wrong = SpotCheck(
        one.marks.barcode, english_batch.batch_id, one.book_id, about, "", "wrong", "torn", "anna"
    )
    result = replace(english_batch, spot_checks=(wrong,))
    likes = [
        book.marks.barcode for book in released[1:]
        if (book.decision.decision, book.decision.source) == (one.decision.decision, one.decision.source)
    ]  # fmt: skip
    assert decided_alike(wrong, result.books) == likes
    view = spot_check_view(result)
    assert view.rate.startswith("1 wrong of 1 looked at so far: 100.00%")
    assert view.copies == ((one.marks.barcode, "wrong", "torn", ", ".join(likes)),)


def test_copies_that_wait_for_a_look_are_ready_and_counted_apart(english_batch):
    released = [book for book in english_batch.books if book.outcome == "catalogued"]
    waiting, seen = (
        SpotCheck(book.marks.barcode, english_batch.batch_id, book.book_id, ABOUT, "", verdict)
        for book, verdict in zip(released[:2], ("", "right"), strict=True)
    )
    other = replace(waiting, barcode="9", batch_id="another")
    result = replace(english_batch, spot_checks=(waiting, seen, other))
    figures = batch_json(result)
    assert (figures["catalogued"], figures["spot_check"]) == (len(released), 1)
    sentence = headline(result, reconcile_result(result))
    assert f"{len(released)} ready, " in sentence
    assert sentence.endswith("; 1 of the ready ones waits for the spot check")
    assert "spot check" not in headline(english_batch, reconcile_result(english_batch))
