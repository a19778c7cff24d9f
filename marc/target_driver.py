"""A target that is asked by another maker's driver: its bytes become records here, like everybody's."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from marc.target_answers import Answer, answer_of
from marc.target_queries import Question
from marc.targets import Target
from workcell.kernel.drivers import Driver, Drivers, SourceSurroundings, Surroundings
from workcell.kernel.errors import DeviceFault, DeviceGone
from workcell.kernel.ports import Clock, RecordSource

PROTOCOLS = ("sru", "z3950")
"""What targets are asked by without a driver."""


def source_driver(target: Target, drivers: Drivers) -> Driver:
    """The driver that the target names; raises ConfigError that says why there is none."""
    return drivers.find("source", target.driver, PROTOCOLS)


class DriverConnection:
    """A Connection over a RecordSource; more records than asked for are left where they are."""

    def __init__(self, target: Target, clock: Clock, drivers: Drivers) -> None:
        self._target = target
        driver = source_driver(target, drivers)
        with _blamed(target):
            self._source: RecordSource = driver.open(target.name, target.url, _around(target, clock))

    def ask(self, question: Question) -> Answer:
        """The answer; raises DeviceGone and DeviceFault, also for what its driver trips over."""
        with _blamed(self._target):
            total, pieces = self._source.find([(term.index, term.values) for term in question.terms])
            return answer_of(int(total), list(pieces)[: self._target.limit], self._target)

    def close(self) -> None:
        """Let go of the source."""
        self._source.close()


@contextmanager
def _blamed(target: Target) -> Iterator[None]:
    """What another's code raises that is no device's error is that device's fault all the same."""
    try:
        yield
    except (DeviceGone, DeviceFault):
        raise
    except Exception as error:
        what = f"the driver {target.driver} failed ({type(error).__name__}: {error})"
        raise DeviceFault(what, subject=target.url, remedy="Ask its maker; others are asked.") from error


def _around(target: Target, clock: Clock) -> SourceSurroundings:
    around = Surroundings.in_a_process(clock)
    return SourceSurroundings(
        around.clock, around.worker, around.ids, around.tell,
        target.timeout_s, target.limit, target.user, target.password,
    )  # fmt: skip
