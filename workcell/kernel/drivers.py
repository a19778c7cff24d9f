"""Drivers of other makers, found by entry point in the group ``workcell.drivers``.

A package declares ``KIND.MODEL = "package.module:NAME"``, where ``NAME`` is a ``Driver``.  Nothing outside is
imported before a layout names it or a person asks for the list, so that a broken package hurts only those who
use it.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from importlib.metadata import EntryPoint, entry_points
from typing import Any

from workcell.kernel.errors import ConfigError
from workcell.kernel.ids import SystemIds
from workcell.kernel.ports import Clock, Ids, Worker
from workcell.kernel.worker import InlineWorker

GROUP = "workcell.drivers"
"""The group of the entry points."""

API = 1
"""Number of what ``Driver.open`` is called with and must give; it rises when an old driver would break."""

KINDS = ("camera", "printer", "reader", "link", "ocr", "source")
"""What a driver can be for: ``[cameras]``, ``[printers]``, ``[readers]``, ``[plc]`` and ``[recognition]`` of
a layout, and the targets of a ``targets.toml``."""


@dataclass(frozen=True)
class Surroundings:
    """What a driver may need besides its name and endpoint.

    ``tell`` hears what a person must know, for example the address of the telephone's page.
    """

    clock: Clock
    worker: Worker
    ids: Ids
    tell: Callable[[str], None]

    @staticmethod
    def in_a_process(clock: Clock) -> Surroundings:
        """Those of a driver that lives in a process of its own (``ocr``, ``source``) and tells its log."""
        return Surroundings(clock, InlineWorker(), SystemIds(), lambda text: print(text, file=sys.stderr))


@dataclass(frozen=True)
class LinkSurroundings(Surroundings):
    """What a link is given besides: what the layout says of the PLC, and what the journal knows of it.

    ``manifest`` is a ``plc.Manifest``.  ``last_boot_id`` is the BootId of the last connection, 0 for none:
    a PLC that comes with another has been restarted since, and the link says so.
    """

    manifest: Any
    last_boot_id: int
    poll_seconds: float


@dataclass(frozen=True)
class SourceSurroundings(Surroundings):
    """What a record source is given besides, from its target.

    ``timeout_s`` is the time that a whole answer may take, ``limit`` how many records are wanted at most.
    """

    timeout_s: float
    limit: int
    user: str
    password: str


@dataclass(frozen=True)
class Driver:
    """What an entry point leads to.

    ``api`` is the number this driver was written for, a literal and never ``drivers.API`` itself.
    ``open(name, endpoint, around)`` gives the device, behind the protocol of its kind in ``kernel.ports``;
    the wire is opened when it is first used.  ``around`` is Surroundings; for a link LinkSurroundings, for a
    record source SourceSurroundings.  ``met_hardware`` says whether it ever drove a real device.
    """

    api: int
    open: Callable[[str, str, Any], Any]
    text: str = ""
    met_hardware: bool = False


@dataclass(frozen=True)
class Listed:
    """One entry point as found: ``state`` is ok, broken, incompatible, unknown, doubled or skipped."""

    kind: str
    model: str
    package: str
    state: str
    reason: str = ""
    text: str = ""
    met_hardware: bool = False


class Drivers:
    """The drivers that other packages bring."""

    def __init__(self, points: Iterable[EntryPoint], *, safe_mode: bool = False) -> None:
        self._points = sorted(points, key=lambda point: (point.name, _package(point)))
        self._safe_mode = safe_mode

    @classmethod
    def installed(cls, *, safe_mode: bool = False) -> Drivers:
        """Those of this environment; in safe mode none of them is imported."""
        return cls(entry_points(group=GROUP), safe_mode=safe_mode)

    def models(self, kind: str) -> tuple[str, ...]:
        """Every model that is announced for ``kind``."""
        return tuple(dict.fromkeys(_model(point) for point in self._points if _kind(point) == kind))

    def find(self, kind: str, model: str, known: Iterable[str] = ()) -> Driver:
        """The driver for ``model``; raises ConfigError that says why there is none.

        ``known`` are the models that need no package, named where ``model`` is not known at all.
        """
        points = [point for point in self._points if (_kind(point), _model(point)) == (kind, model)]
        if not points:
            there_are = ", ".join((*known, *self.models(kind)))
            raise ConfigError(
                f"there is no {kind} driver {model!r}", subject="layout",
                remedy=f"There are: {there_are}; another comes with its vendor's package.",
            )  # fmt: skip
        listed, driver = self._look(points[0])
        if driver is None:
            raise ConfigError(
                f"the {kind} driver {model!r} can't be used: {listed.reason}", subject=listed.package,
                remedy="`workcell drivers` lists all; ask its maker, or name another in the layout.",
            )  # fmt: skip
        return driver

    def listing(self) -> list[Listed]:
        """Every driver with what stands against it; imports each once, and survives what that does."""
        return [self._look(point)[0] for point in self._points]

    def _look(self, point: EntryPoint) -> tuple[Listed, Driver | None]:
        """The entry point as found, and its driver where it can be used."""
        state, reason, driver = self._judge(point)
        text, met = (driver.text, driver.met_hardware) if driver else ("", False)
        listed = Listed(_kind(point), _model(point), _package(point), state, reason, text, met)
        return listed, driver if state == "ok" else None

    def _judge(self, point: EntryPoint) -> tuple[str, str, Driver | None]:
        if _kind(point) not in KINDS:
            return "unknown", f"no such kind of driver; there are: {', '.join(KINDS)}", None
        others = [other for other in self._points if other.name == point.name and other is not point]
        if others:
            return "doubled", f"{' and '.join(_package(other) for other in others)} bring it too", None
        if self._safe_mode:
            return "skipped", "safe mode uses no outside driver", None
        try:
            driver = point.load()
        except (Exception, SystemExit) as error:  # whatever another's module does at its import
            return "broken", f"{type(error).__name__}: {error}".strip().rstrip(":"), None
        return _fit(driver)


def _fit(driver: object) -> tuple[str, str, Driver | None]:
    if not isinstance(driver, Driver):
        return "broken", f"the entry point leads to a {type(driver).__name__}, not to a Driver", None
    if driver.api != API:
        reason = f"written for driver API {driver.api}, this is API {API}"
        return "incompatible", reason, driver
    if not callable(driver.open):
        return "broken", "its `open` can't be called", driver
    return "ok", "", driver


def _kind(point: EntryPoint) -> str:
    return point.name.partition(".")[0]


def _model(point: EntryPoint) -> str:
    return point.name.partition(".")[2]


def _package(point: EntryPoint) -> str:
    dist = getattr(point, "dist", None)
    return f"{dist.name} {dist.version}" if dist is not None else point.value
