"""Seeded trouble of all kinds at once on the virtual line: deaths, restarts, hands, thieves, devices."""

from __future__ import annotations

import tempfile
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from virtual_line import Death, VirtualLine, on_virtual_time, tidy_up

from workcell.twin.faults import FAULTS

_KINDS = [kind for kind in FAULTS if kind != "unreadable_barcode"]
"""Torn bars are for real eyes: stored evidence has no other way to the truth checker's ISBN."""

_LONGEST = 14.0
"""Seconds from the start of a conductor in which something may happen to it."""


def run(name: str, deaths: Sequence[Death], **options: Any) -> dict[str, Any]:
    """One batch through those deaths: what was seen and what broke."""

    async def story(rig: VirtualLine) -> None:
        await rig.to_the_end(*deaths)

    return told_of(name, story, **options)


def storm(seed: int, books: int) -> dict[str, Any]:
    """One batch in which everything that can go wrong may go wrong, drawn from ``seed``."""
    draw = np.random.default_rng([seed, 9])
    struck: Counter[str] = Counter()
    faults = frozenset(kind for kind in _KINDS if draw.random() < 0.3)
    deaths = [Death(after_seconds=float(draw.uniform(0.1, _LONGEST))) for _ in range(draw.integers(0, 4))]

    async def story(rig: VirtualLine) -> None:
        rig.operator, rig.impatient = _mend_all, True
        for kind, trouble in _TROUBLES.items():
            while draw.random() < _CHANCE:
                rig.at(float(draw.uniform(0.1, 2 * _LONGEST)), _strike(rig, kind, trouble, draw, struck))
        await rig.to_the_end(*deaths)

    result = told_of(f"storm {seed}", story, books=books, seed=seed % 40 + 1, faults=faults)
    taken = struck["take"] > 0
    result["broken"] = [text for text in result["broken"] if not (taken and "counts do not close" in text)]
    result["seen"].update(struck + Counter(faults) + Counter({"death": len(deaths)}))
    return result


def told_of(name: str, story: Callable[[VirtualLine], Any], **options: Any) -> dict[str, Any]:
    """Run ``story`` on a fresh line and say what broke; an exception is a finding."""
    result: dict[str, Any] = {"run": name, "broken": [], "seen": Counter(), "events": 0}

    async def guarded(rig: VirtualLine) -> None:
        try:
            await story(rig)
            result["broken"] = rig.broken()
        except Exception as error:
            result["broken"] = [f"{type(error).__name__}: {_first(error)}"]
        result["events"] = len(rig.events())
        if rig.line is not None:
            result["seen"].update(book.outcome or "on the line" for book in rig.line.state.books.values())

    with tempfile.TemporaryDirectory(prefix="workcell-storm-") as folder:
        on_virtual_time(Path(folder) / "line", guarded, **options)
    return result


def _first(error: BaseException) -> str:
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    return repr(error)


def _strike(
    rig: VirtualLine, kind: str, trouble: Callable[..., None], draw: Any, struck: Counter[str]
) -> Callable[[], None]:
    zone = str(draw.choice([place.name for place in rig.layout.stations]))
    printer = str(draw.choice(sorted(rig.printers)))

    def now() -> None:
        struck[kind] += 1
        trouble(rig, zone, printer)

    return now


_CHANCE = 0.25
_TROUBLES: dict[str, Callable[[VirtualLine, str, str], None]] = {
    "reboot": lambda rig, zone, printer: rig.host.plc.reboot(),
    "take": lambda rig, zone, printer: rig.world.take_book(zone),
    "reach": lambda rig, zone, printer: rig.world.reach_in(),
    "paper": lambda rig, zone, printer: setattr(rig.printers[printer], "paper_out", True),
    "silent printer": lambda rig, zone, printer: setattr(rig.printers[printer], "silent", True),
    "silent reader": lambda rig, zone, printer: setattr(rig.readers["tag"], "silent", True),
    "lost answers": lambda rig, zone, printer: setattr(rig.readers["tag"], "lost_answers", 2),
    "hold": lambda rig, zone, printer: rig.requests.put("hold"),
    "abort": lambda rig, zone, printer: rig.requests.put("abort"),
}


def _mend_all(rig: VirtualLine) -> None:
    tidy_up(rig)
    for printer in rig.printers.values():
        printer.paper_out = printer.silent = False
    for reader in rig.readers.values():
        reader.silent = False
