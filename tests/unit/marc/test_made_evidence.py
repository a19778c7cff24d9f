"""Evidence made from the sample shipments: the right record is found, those that look like it are not."""

import random
import sys

import pytest
from marc_samples import ROOT, profile

from marc import compare, read_records, record_facts

sys.path.insert(0, str(ROOT / "script"))
from training import perturbing

THRESHOLD = profile().records.threshold


@pytest.fixture(scope="module", params=["en", "zh"])
def books(request) -> list[perturbing.Book]:
    found = read_records(ROOT / "examples" / "shipments" / request.param / "vendor.mrc")
    facts = [record_facts(result.record) for result in found if result.record is not None]
    return perturbing.books(iter(facts), random.Random(1))


def test_most_books_whose_number_and_title_were_read_find_their_record(books) -> None:
    rng, found, tried = random.Random(2), 0, 0
    for book in books * 3:
        seen = perturbing.evidence(book.facts, rng)
        if seen.isbn is not None and seen.one("title") is not None and seen.one("title").confidence > 0.8:
            tried += 1
            found += compare(seen, book.facts).score >= THRESHOLD
    assert tried > 40
    assert found / tried > 0.93


@pytest.mark.parametrize("make", perturbing.OTHERS, ids=lambda make: make.__name__)
def test_a_record_that_looks_like_the_book_is_not_taken_for_it(books, make) -> None:
    rng = random.Random(3)
    taken = [
        book.facts.title
        for book in books
        if compare(perturbing.evidence(book.facts, rng), make(book.facts, rng)).score >= THRESHOLD
    ]
    assert len(taken) <= 1, taken


def test_another_title_under_the_books_number_is_never_taken_for_it(books) -> None:
    rng = random.Random(4)
    for book, other in zip(books, books[7:], strict=False):
        if other.work != book.work:
            record = perturbing.number_reused(book.facts, other.facts)
            assert compare(perturbing.evidence(book.facts, rng), record).score < THRESHOLD
