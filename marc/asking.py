"""Asking remote targets for a book's records: question by question, from the cache where it knows the answer.

What a target answers is kept in a catalogue of its own, in which matching then looks as in any other source.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from marc import target_yazclient, target_zoom
from marc.catalogue import Catalogue
from marc.target_answers import Answer, Connection, gone
from marc.target_driver import DriverConnection
from marc.target_queries import Wanted, questions
from marc.target_zoom import ZoomConnection
from marc.targets import Target
from workcell.kernel.drivers import Drivers
from workcell.kernel.ports import Clock


@dataclass(frozen=True)
class Fetched:
    """What asking came to: how many records, by which question, and whether the cache knew it."""

    records: int = 0
    step: str = ""
    cached: bool = False


@dataclass
class Breaker:
    """Spares a target that fails: after ``failures`` in a row it is not asked for ``rest_s``.

    Then one question tries it again.
    """

    failures: int
    rest_s: float
    failed_in_a_row: int = 0
    rests_until: float = 0.0

    @property
    def open(self) -> bool:
        """Whether the target is known to fail."""
        return self.failed_in_a_row >= self.failures

    def may_ask(self, now: float) -> bool:
        """Whether the target may be asked at this moment (monotonic seconds)."""
        return not self.open or now >= self.rests_until

    def succeeded(self) -> bool:
        """An answer came; gives whether the target has just recovered."""
        recovered, self.failed_in_a_row = self.open, 0
        return recovered

    def failed(self, now: float) -> bool:
        """No answer came; gives whether the target has just been given up for a while."""
        was_open = self.open
        self.failed_in_a_row += 1
        self.rests_until = now + self.rest_s
        return self.open and not was_open


def connect(target: Target, clock: Clock, drivers: Drivers | None = None) -> Connection:
    """The way to a target; nothing is sent before the first question.

    Raises DeviceGone where neither the YAZ library nor ``yaz-client`` is installed for Z39.50, ConfigError
    where the target's driver is not among ``drivers`` (those installed) or can't be used.
    """
    if target.kind == "driver":
        return DriverConnection(target, clock, drivers or Drivers.installed())
    if target.kind == "sru":
        from marc.target_sru import SruConnection  # httpx takes its time, and few processes ask over SRU

        return SruConnection(target, clock)
    if target_zoom.available():
        return ZoomConnection(target, clock.now)
    if target_yazclient.available():
        return target_yazclient.YazClientConnection(target)
    raise gone(target, "neither libyaz5 nor yaz-client is installed")


def ask(target: Target, wanted: Wanted, connection: Connection) -> tuple[str, Answer]:
    """The first question that finds records, by its step, and its answer; ``("", …)`` when none does.

    Raises DeviceGone and DeviceFault as ``Connection.ask`` does.
    """
    for question in questions(wanted, target):
        answer = connection.ask(question)
        if answer.records:
            return question.step, answer
    return "", Answer(0)


def fetch(target: Target, wanted: Wanted, connection: Connection, cache: Catalogue, at: datetime) -> Fetched:
    """Bring what a target has for a book into its cache; ``at`` is the present moment.

    Raises DeviceGone and DeviceFault as ``Connection.ask`` does; what came before is kept.
    """
    fresh = at - timedelta(days=target.cache_days)
    for question in questions(wanted, target):
        known = cache.answered(question.key, fresh)
        if known is None:
            answer = connection.ask(question)
            found, cached = len(cache.import_records(answer.records, target.name)), False
            cache.note_answer(question.key, at, found)
        else:
            found, cached = known, True
        if found:
            return Fetched(found, question.step, cached)
    return Fetched()
