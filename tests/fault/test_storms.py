"""A sample of the storms that `script/campaign storms` runs by the hundred."""

import pytest
from storms import storm


@pytest.mark.parametrize("seed", [2, 7, 11, 23, 31, 46, 58, 74])
def test_no_storm_breaks_an_invariant(seed):
    assert storm(seed, books=3)["broken"] == []


def test_the_book_behind_one_that_came_out_unwatched_is_not_taken_for_it():
    """Host and unit go away as one book leaves the last zone and the next comes into it."""
    assert storm(2180, books=4)["broken"] == []
