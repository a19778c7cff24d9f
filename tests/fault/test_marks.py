"""A sample of the planted wrong marks of `script/campaign marks`: every kind in either language."""

from collections import Counter

import pytest
from marks import case

from workcell.twin.faults import MARK_FAULTS


@pytest.fixture(scope="module")
def seen():
    """Two batches, one a language, of twenty books: every kind strikes once or more in each."""
    results = [case(seed, books=20) for seed in (0, 1)]
    assert [result["broken"] for result in results] == [[], []]
    return sum((result["seen"] for result in results), Counter())


@pytest.mark.parametrize("kind", MARK_FAULTS)
def test_a_planted_wrong_mark_is_caught(kind, seen):
    assert seen[f"struck {kind}"] >= 1


def test_all_are_caught_and_no_good_book_is_refused(seen):
    struck = sum(count for name, count in seen.items() if name.startswith("struck"))
    assert seen["caught"] == struck >= 14
    assert seen["good"] >= 14
    assert seen["good refused"] == 0
