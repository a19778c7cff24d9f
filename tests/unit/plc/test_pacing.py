"""When a PLC is asked: no command waits long for a poll, and an answer is asked for when it can be there."""

from __future__ import annotations

import itertools

import pytest

from plc.modbus import MbapFramer, RtuFramer
from plc.pacing import Pace

SCAN = 0.02


def _pace(baud: int) -> Pace:
    framer = RtuFramer(baud) if baud else MbapFramer()
    return Pace(framer.byte_seconds, framer.silence, SCAN, poll=0.02)


@pytest.mark.parametrize(("baud", "seconds"), [(0, 0.02), (115200, 0.0324), (19200, 0.069)])
def test_a_slow_line_is_free_for_commands_three_quarters_of_the_time(baud: int, seconds: float) -> None:
    assert _pace(baud).between_polls == pytest.approx(seconds, abs=0.0002)


@pytest.mark.parametrize(("baud", "joins"), [(0, True), (115200, True), (19200, False)])
def test_heartbeat_and_poll_are_one_exchange_where_that_is_shorter_than_a_scan(
    baud: int, joins: bool
) -> None:
    assert _pace(baud).joins is joins


@pytest.mark.parametrize("baud", [38400, 115200, 19200])
def test_one_question_reaches_the_plc_when_its_scan_is_all_but_over(baud: int) -> None:
    """Counted from the moment when the command was whole at the PLC; a question takes 8 bytes."""
    pace = _pace(baud)
    exchange = (8 + 5 + 2 * 7) * pace.byte + pace.silence
    asked = []
    now, enough = 0.0, 0.98 * SCAN
    while now < enough - 8 * pace.byte - 1e-9:
        now += pace.wait_for_answer(now, 7)
        asked.append(now)
        now += exchange
    assert asked[-1] + 8 * pace.byte == pytest.approx(enough)
    assert pace.wait_for_answer(now, 7) == 0.0, "a scan that comes late is asked for at once"


def test_on_a_network_answers_are_asked_for_every_few_milliseconds() -> None:
    pace, now = _pace(0), 0.0
    asked = []
    while now < 2 * SCAN:
        now += pace.wait_for_answer(now, 7)
        asked.append(now)
    gaps = [later - sooner for sooner, later in itertools.pairwise(asked)]
    assert min(gaps) >= 0.001 and max(gaps) <= 0.0051
    assert min(abs(moment - SCAN) for moment in asked) < 1e-6
