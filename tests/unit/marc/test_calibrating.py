"""What a threshold costs, and which one is suggested."""

import pytest

from marc.calibrating import Judged, calibration, interval, needed_for, suggest

CASES = (
    [Judged(0.99, True)] * 60
    + [Judged(0.9, True)] * 20
    + [Judged(0.88, False)] * 2
    + [Judged(0.3, False)] * 18
)


def test_each_threshold_counts_wrong_accepts_and_the_queue() -> None:
    at = {line.threshold: line for line in calibration(CASES, (0.5, 0.85, 0.9, 0.95))}
    assert (at[0.5].accepted, at[0.5].wrong, at[0.5].queue) == (82, 2, 18)
    assert (at[0.9].accepted, at[0.9].wrong, at[0.9].queue) == (80, 0, 20)
    assert (at[0.95].accepted, at[0.95].queue) == (60, 40)


def test_the_interval_holds_the_share_and_narrows_with_cases() -> None:
    few, many = interval(1, 20), interval(100, 2000)
    assert few[0] < 0.05 < few[1]
    assert many[1] - many[0] < few[1] - few[0]
    assert interval(0, 0) == (0.0, 1.0)


def test_the_lowest_clean_threshold_is_suggested_and_said_to_be_unsure() -> None:
    found = suggest(calibration(CASES), 0.001)
    assert found is not None
    assert found.threshold == 0.9
    assert not found.sure
    assert found.needed == needed_for(0.001) > 3000


def test_enough_cases_make_it_sure() -> None:
    found = suggest(calibration([Judged(0.99, True)] * 4000), 0.001)
    assert found is not None
    assert found.sure


@pytest.mark.parametrize("cases", [[], [Judged(0.999, False)] * 5])
def test_nothing_is_suggested_where_nothing_is_clean(cases: list[Judged]) -> None:
    assert suggest(calibration(cases), 0.001) is None
