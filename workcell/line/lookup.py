"""Asking remote targets while the line runs: one process a target, none of which the line waits for in vain.

Targets of one priority are asked together.  A target that fails is told of once and spared for a while; what
targets answer lies in catalogues of their own, which matching opens like any other source.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import asdict, replace
from itertools import groupby
from pathlib import Path

import marc
from workcell.kernel.drivers import Drivers
from workcell.kernel.errors import DeviceFault, DeviceGone
from workcell.kernel.evidence import Evidence
from workcell.kernel.layout import Recognition
from workcell.kernel.model import Decision, DecisionKind, Reason
from workcell.kernel.ports import Clock, Jobs
from workcell.line.jobs import ProcessJobs

_OWN = marc.OWN_SOURCES
_QUESTIONS = 4
_START_SECONDS = 30.0
_WORTH_ASKING = (DecisionKind.DRAFT, DecisionKind.UPGRADE_CIP)


class Lookup:
    """The remote targets of a line, with their caches below ``folder``."""

    def __init__(
        self,
        targets: Sequence[marc.Target],
        folder: Path,
        clock: Clock,
        tell: Callable[[str], None],
        jobs_for: Callable[[marc.Target], Jobs] | None = None,
        drivers: Drivers | None = None,
    ) -> None:
        """Raises ConfigError where a target's driver is not among ``drivers`` (those installed)."""
        for target in targets:
            if target.driver:
                marc.source_driver(target, drivers or Drivers.installed())
        self._clock = clock
        self._targets = {target.name: target for target in targets}
        self._tell = tell
        start = jobs_for or self._process
        self._jobs = {target.name: start(target) for target in targets}
        self._breakers = {t.name: marc.Breaker(t.failures, t.rest_s) for t in targets}
        self.sources = {target.name: folder / f"{target.name}.sqlite" for target in targets}
        for path in self.sources.values():
            path.parent.mkdir(parents=True, exist_ok=True)
            marc.Catalogue.open(path).close()

    async def fetch(self, evidence: Evidence, decision: Decision) -> bool:
        """Bring what targets have for the book into their caches; gives whether any has anything.

        The library's own catalogue is asked for every book, others where they could better ``decision``.
        Raises DeviceGone when the own catalogue does not answer: nobody knows then what is on file.
        """
        wanted = marc.wanted_of(evidence)
        asked = [t for t in self._targets.values() if t.name in _OWN or worth_asking(decision)]
        ordered = sorted(asked if wanted else [], key=lambda target: target.priority)
        for _, group in groupby(ordered, key=lambda target: target.priority):
            together = list(group)
            found = await asyncio.gather(*(self._ask(target, wanted) for target in together))
            if any(
                target.name in _OWN and number is None for target, number in zip(together, found, strict=True)
            ):
                raise DeviceGone("does not answer", subject="catalogue")
            if any(found):
                return True
        return False

    def within_rules(self, decision: Decision) -> Decision:
        """The decision, or a review where it would take over a record that its target does not give away."""
        target = self._targets.get(decision.source)
        if (
            target is None
            or target.name in _OWN
            or decision.decision is DecisionKind.REVIEW
            or target.allows("copy")
        ):
            return decision
        text = f"The record of {target.title or target.name} may be looked at but not taken over."
        reason = Reason("SOURCE_RULE", text)
        return replace(decision, decision=DecisionKind.REVIEW, reasons=(reason, *decision.reasons))

    def for_overlay(self, decision: Decision) -> Decision:
        """The decision without candidates whose targets do not allow them over the order's own record."""
        kept = [
            candidate
            for candidate in decision.candidates
            if candidate.source not in self._targets or self._targets[candidate.source].allows("overlay")
        ]
        return replace(decision, candidates=tuple(kept))

    async def close(self) -> None:
        """End the lookup processes."""
        for jobs in self._jobs.values():
            await jobs.close()

    async def _ask(self, target: marc.Target, wanted: marc.Wanted) -> int | None:
        """How many records the target has; None when it can't be asked."""
        breaker, name = self._breakers[target.name], target.title or target.name
        if not breaker.may_ask(self._clock.now()):
            return None
        request = {
            "target": target.model_dump_json(),
            "wanted": asdict(wanted),
            "cache": str(self.sources[target.name]),
            "at": self._clock.wall().isoformat(),
        }
        try:
            fetched = await self._jobs[target.name].run("fetch", request)
        except DeviceFault as fault:
            if breaker.failed(self._clock.now()):
                self._tell(f"{name} is not asked for {target.rest_s:g} s: {fault}")
            return None
        if breaker.succeeded():
            self._tell(f"{name} answers again")
        return int(fetched["records"])

    def _process(self, target: marc.Target) -> Jobs:
        seconds = _START_SECONDS + _QUESTIONS * target.timeout_s
        return ProcessJobs(Recognition(workers=1, seconds=seconds), self._clock, "fetching")


def worth_asking(decision: Decision) -> bool:
    """Whether a record from outside could better what the library's own sources came to."""
    if decision.decision is DecisionKind.REVIEW:
        return not any(candidate.score >= decision.threshold for candidate in decision.candidates)
    return decision.decision in _WORTH_ASKING or decision.source == "order"
