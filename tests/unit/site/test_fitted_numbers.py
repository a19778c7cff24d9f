from datetime import UTC, datetime

import pytest

from marc.cutter import fitted, from_ordinal, ordinal
from workcell.kernel.errors import Refused
from workcell.site.store import Site

NOW = datetime(2026, 5, 4, tzinfo=UTC)


def test_a_fitted_number_is_given_once_and_stays() -> None:
    site = Site.open("sqlite://")

    def choose(given):
        shelf = [("Kurlansky, Mark", from_ordinal(number)) for number in given]
        return ordinal(fitted("K87", "Kurlansky, Mark", shelf))

    first = site.sequences.settle("LCC", "TX745", "title 1", NOW, choose)
    second = site.sequences.settle("LCC", "TX745", "title 2", NOW, choose)
    again = site.sequences.settle("LCC", "TX745", "title 1", NOW, choose)
    assert from_ordinal(first) == "K87"
    assert first == again < second
    with pytest.raises(Refused, match="taken"):
        site.sequences.settle("LCC", "TX745", "title 3", NOW, lambda given: given[0])
    site.close()
