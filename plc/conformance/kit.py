"""The conformance kit: asks a PLC every question of a level, in order, and says how each rule fared."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Literal

from plc.conformance import (
    alarms,
    events,
    handshake,
    noise,
    packml,
    registers,
    restarts,
    timing,
    tracking,
    trouble,
)
from plc.conformance.checks import LEVELS, Check, Level, Question
from plc.conformance.host import Ask, Broken
from plc.conformance.probe import BOOT_SECONDS, NotApplicable, Probe
from plc.manifest import Manifest
from plc.modbus import Framer, MbapFramer, RtuFramer
from plc.tagmap import TagMap, builtin_tagmap
from workcell.kernel.errors import BadInput, DeviceFault, DeviceGone
from workcell.kernel.ports import Clock, Connect, Ids

_FILES = (registers, packml, handshake, restarts, tracking, trouble, events, alarms, noise, timing)
CHECKS: tuple[Check, ...] = tuple(check for file in _FILES for check in file.CHECKS)
Verdict = Literal["pass", "fail", "n/a"]
_LONGEST_CHECK = 300.0
_REOPEN_SECONDS = 0.5
_LONGEST_WITH_A_PERSON = 3600.0


@dataclass(frozen=True)
class Finding:
    """How one rule fared.  ``measured`` is what was seen, ``text`` what was asked, or what to do."""

    id: str
    level: Level
    verdict: Verdict
    measured: str
    text: str


@dataclass(frozen=True)
class Report:
    """What the kit found at one PLC."""

    level: Level
    vendor: str
    model: str
    endpoint: str
    map_version: str
    rules: tuple[Finding, ...]

    @property
    def passed(self) -> bool:
        """Whether no rule failed and some passed."""
        verdicts = {rule.verdict for rule in self.rules}
        return "fail" not in verdicts and "pass" in verdicts

    def count(self, verdict: Verdict) -> int:
        """How many rules fared so."""
        return sum(rule.verdict == verdict for rule in self.rules)


class Kit:
    """Runs checks against one PLC; ``told`` hears each finding as it is made."""

    def __init__(
        self,
        connect: Connect,
        clock: Clock,
        ids: Ids,
        manifest: Manifest,
        *,
        endpoint: str = "",
        baud: int | None = None,
        tagmap: TagMap | None = None,
        ask: Ask | None = None,
        told: Callable[[Finding], None] = lambda finding: None,
    ) -> None:
        """``baud`` is that of a serial line, None for TCP."""
        self._endpoint = endpoint
        self._manifest = manifest
        self._map = tagmap or builtin_tagmap()
        self._told = told
        framer: Callable[[], Framer] = MbapFramer if baud is None else lambda: RtuFramer(baud)
        self._probe = Probe(connect, clock, ids, self._map, manifest, framer, ask)
        self._clock = clock
        self._there = True
        self._longest = _LONGEST_WITH_A_PERSON if ask else _LONGEST_CHECK

    async def run(self, level: Level, only: Sequence[str] = ()) -> Report:
        """Ask everything up to ``level``, or ``only`` these rules; raises DeviceGone when nobody answers."""
        wanted = [check for check in CHECKS if LEVELS.index(check.level) <= LEVELS.index(level)]
        chosen = [check for check in wanted if check.needed or not only or check.rule in only]
        await self._probe.open()
        try:
            findings = await self._ask_all(chosen)
        finally:
            with suppress(Broken, DeviceGone, DeviceFault):
                await self._probe.close()
        if only:
            findings = [finding for finding in findings if finding.id in only]
        return Report(
            level, self._manifest.vendor, self._manifest.model, self._endpoint, str(self._map.version),
            tuple(findings),
        )  # fmt: skip

    async def _ask_all(self, checks: Sequence[Check]) -> list[Finding]:
        findings: list[Finding] = []
        answered: dict[Question, Finding] = {}  # a check that proves two rules is asked once
        ended = ""
        for check in checks:
            twin = answered.get(check.ask)
            if ended:
                finding = Finding(check.rule, check.level, "n/a", "", f"not asked, {ended}")
            elif twin is not None:
                finding = Finding(check.rule, check.level, twin.verdict, twin.measured, twin.text)
            else:
                finding = await self._ask(check)
            if not ended and not self._there:
                ended = f"the PLC has not come back since {check.rule}"
            elif not ended and check.needed and finding.verdict == "fail":
                ended = f"{check.rule} failed"
            answered[check.ask] = finding
            findings.append(finding)
            self._told(finding)
        return findings

    async def _ask(self, check: Check) -> Finding:
        def found(verdict: Verdict, measured: str, text: str) -> Finding:
            return Finding(check.rule, check.level, verdict, measured, text)

        try:
            async with self._clock.timeout(self._longest):
                await self._prepare(check)
                return found("pass", await check.ask(self._probe), check.title)
        except NotApplicable as reason:
            return found("n/a", "", f"{check.title}: {reason}")
        except (Broken, BadInput) as broken:
            return found("fail", str(broken), check.advice)
        except (DeviceGone, DeviceFault) as error:
            await self._reopen()
            return found("fail", str(error), check.advice)
        except TimeoutError:
            return found("fail", f"no end within {self._longest:g} s", check.advice)

    async def _prepare(self, check: Check) -> None:
        """Bring the line to where the check starts from."""
        if check.start == "any":
            return
        await self._probe.claim()
        await self._probe.clear_out()
        if check.start == "execute":
            await self._probe.bring("execute")

    async def _reopen(self) -> None:
        """Come back to a PLC that has gone, within the time that a power-up may take."""
        await self._probe.stop_beating()
        deadline = self._clock.now() + BOOT_SECONDS
        while True:
            with suppress(DeviceGone, DeviceFault):
                await self._probe.talk.hang_up()
                await self._probe.open()
                await self._probe.line()
                return
            if self._clock.now() > deadline:
                self._there = False
                return
            await self._clock.sleep(_REOPEN_SECONDS)
