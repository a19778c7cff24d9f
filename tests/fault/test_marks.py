"""A sample of the planted wrong marks of `script/campaign marks`: every kind once or more."""

from collections import Counter

import pytest
from marks import case

from workcell.twin.faults import MARK_FAULTS


@pytest.fixture(scope="module")
def seen():
    """Batches of either language in turn until every kind was planted once; one copy in eight is good."""
    total, planted, seed = Counter(), 0, 0
    while planted < len(MARK_FAULTS):
        result = case(seed, books=16, first=planted, good_every=8)
        assert result["broken"] == []
        total += result["seen"]
        planted, seed = planted + result["planted"], seed + 1
    return total


@pytest.mark.parametrize("kind", MARK_FAULTS)
def test_a_planted_wrong_mark_is_caught(kind, seen):
    assert seen[f"caught {kind}"] == seen[f"planted {kind}"] >= 1


def test_no_good_book_is_refused(seen):
    assert seen["good"] >= 4
    assert seen["good refused"] == 0
