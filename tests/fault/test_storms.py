"""A sample of the storms that `script/campaign storms` runs by the hundred."""

import pytest
from storms import storm


@pytest.mark.parametrize("seed", [2, 7, 11, 23, 31, 46, 58, 74])
def test_no_storm_breaks_an_invariant(seed):
    assert storm(seed, books=3)["broken"] == []
