"""A day of the line on virtual time, and what its process holds in memory hour by hour.

The very same conductor, drivers and emulators run batch after batch with one store, each handed over, or one
batch that does not end.  Memory is looked at once a simulated hour: when the batch under way has ended, or in
the middle of the one that goes on.

Three things must not grow: blocks in use of Python's allocator, megabytes in use of the C library's, and the
resident size, which also shows a peak within each batch that is higher than in the one before.
"""

from __future__ import annotations

import asyncio
import csv
import ctypes
import gc
import os
import shutil
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from workcell.kernel.clock import VirtualClock, run_virtual
from workcell.kernel.layout import load_layout
from workcell.kernel.profile import load_profile
from workcell.line.files import FileStore
from workcell.line.journal import line_folder, read_events, read_last_batch
from workcell.line.projection import fold
from workcell.line.running import Plan, hand_over
from workcell.site import Site, load_orders
from workcell.twin.box import load_box
from workcell.twin.virtual import EPOCH, VirtualRun, conduct_virtually

ROOT = Path(__file__).resolve().parents[2]
EXAMPLES = ROOT / "examples"
WARM_HOURS = 2.0
_MOST_GROWTH = {"blocks": 2000.0, "native": 0.2, "rss": 0.5}
"""So much an hour is noise: a day of it is 2 MB of Python's, 5 MB of the C library's, 12 MB resident."""

_SLOWER = {"poll_ms = 20": "poll_ms = 200", "scan_ms = 20": "scan_ms = 50"}
"""A day of 20 ms would compute for hours, and what a scan leaves behind does not hang on its length."""


@dataclass
class Look:
    """What the process holds at one moment of the simulated day; ``native`` and ``rss`` in MB.

    ``objects`` are those that the collector tracks, ``blocks`` all pieces in use by Python's allocator,
    ``native`` what is in use of the C library's.
    """

    hour: float
    batches: int
    objects: int
    blocks: int
    native: float
    rss: float


Tell = Callable[[Look], None]


@dataclass
class Day:
    """A day as it was seen."""

    name: str
    tell: Tell
    looks: list[Look] = field(default_factory=list)
    outcomes: Counter[str] = field(default_factory=Counter)
    batches: int = 0
    processor: float = 0.0

    def add(self, look: Look) -> None:
        """One more look."""
        self.looks.append(look)
        self.tell(look)

    def growth(self, of: str) -> float:
        """Least squares' growth an hour of one of a look's figures after the warm-up."""
        looks = [look for look in self.looks if look.hour >= WARM_HOURS] or self.looks
        if len(looks) < 2:
            return 0.0
        return float(np.polyfit([look.hour for look in looks], [getattr(look, of) for look in looks], 1)[0])


class _Watch:
    """Looks at the process once in so many hours of the day."""

    def __init__(self, day: Day, clock: VirtualClock, every_hours: float) -> None:
        self._day = day
        self._clock = clock
        self._every = every_hours
        self._next = every_hours

    def look(self) -> None:
        """Look, if the hour is over."""
        hour = self._clock.now() / 3600
        if hour < self._next:
            return
        self._next += self._every
        gc.collect()
        objects = len(gc.get_objects())
        self._day.add(Look(hour, self._day.batches, objects, sys.getallocatedblocks(), _native(), _rss()))

    async def hourly(self) -> None:
        """Look whatever goes on."""
        while True:
            self.look()
            await self._clock.sleep(1)


def batch_after_batch(
    hours: float, books: int, tell: Tell = lambda look: None, every_hours: float = 1.0
) -> Day:
    """Batches of ``books`` books, one after the other, until ``hours`` are over; ``tell`` hears each look."""
    day = Day(f"batches of {books} books", tell)
    with tempfile.TemporaryDirectory(prefix="workcell-day-") as name:
        run_virtual(_batches(day, Path(name), hours, books, every_hours))
    return day


def one_batch(books: int, tell: Tell = lambda look: None, every_hours: float = 1.0) -> Day:
    """One batch of so many books; ``tell`` hears each look."""
    day = Day(f"one batch of {books} books", tell)
    with tempfile.TemporaryDirectory(prefix="workcell-day-") as name:
        run_virtual(_one(day, Path(name), books, every_hours))
    return day


def report(hours: float, books: int) -> dict[str, Any]:
    """A day of batches as `script/campaign` tells it: every look, and what memory has grown an hour."""
    day = batch_after_batch(hours, books, _print)
    growth = {of: round(day.growth(of), 3) for of in ("objects", "blocks", "native", "rss")}
    print(f"{day.name}, growth an hour after the warm-up: {growth}")
    return {
        "run": day.name,
        "broken": [
            f"{of} grow by {growth[of]} an hour" for of, most in _MOST_GROWTH.items() if growth[of] > most
        ],
        "seen": day.outcomes + Counter(batches=day.batches),
        "figures": [
            {
                "growth_an_hour": growth, "processor_seconds": round(day.processor),
                "looks": [asdict(look) for look in day.looks],
            }
        ],
    }  # fmt: skip


def _print(look: Look) -> None:
    print(
        f"hour {look.hour:.1f}: {look.batches} batches, {look.objects} objects, {look.blocks} blocks, "
        f"{look.native:.1f} MB native, {look.rss:.1f} MB resident",
        flush=True,
    )


async def _batches(day: Day, folder: Path, hours: float, books: int, every_hours: float) -> None:
    clock, began = VirtualClock(EPOCH), time.process_time()
    watch = _Watch(day, clock, every_hours)
    shipment = _shipment(folder, books)
    while clock.now() < 3600 * hours:
        run = _run_of(folder, shipment, books, day.batches)
        await conduct_virtually(run, folder / "store", clock)
        day.outcomes.update(_hand_over(run, folder))
        day.batches += 1
        watch.look()
    day.processor = time.process_time() - began


async def _one(day: Day, folder: Path, books: int, every_hours: float) -> None:
    clock, began = VirtualClock(EPOCH), time.process_time()
    watch = _Watch(day, clock, every_hours)
    run = _run_of(folder, _shipment(folder, books), books, 0)
    looking = asyncio.get_running_loop().create_task(watch.hourly())
    await conduct_virtually(run, folder / "store", clock)
    looking.cancel()
    day.outcomes.update(_outcomes(folder))
    day.batches, day.processor = 1, time.process_time() - began


def _run_of(folder: Path, shipment: Path, books: int, number: int) -> VirtualRun:
    layout = folder / "layout.toml"
    text = (EXAMPLES / "layouts" / "twin.toml").read_text("utf-8")
    for usual, slower in _SLOWER.items():
        text = text.replace(usual, slower)
    layout.write_text(text, "utf-8")
    (folder / "store").mkdir(exist_ok=True)
    world = folder / "world"
    shutil.rmtree(world, ignore_errors=True)
    return VirtualRun(layout, EXAMPLES / "profiles" / "en.toml", shipment, books, number, world)


def _shipment(folder: Path, books: int) -> Path:
    """The sample shipment with so many copies of each title that ``books`` are as ordered."""
    sample, copy = EXAMPLES / "shipments" / "en", folder / "shipment"
    shutil.copytree(sample, copy)
    box = load_box(sample / "box.json")
    times = -(-books // sum(title.copies for title in box.titles))
    titles = tuple(title.model_copy(update={"copies": title.copies * times}) for title in box.titles)
    box = box.model_copy(update={"titles": titles})
    (copy / "box.json").write_text(box.model_dump_json(by_alias=True), "utf-8")
    with (sample / "orders.csv").open(encoding="utf-8", newline="") as file:
        rows = [
            {**row, "copies": int(row["copies"]) * times, "distribution": ""} for row in csv.DictReader(file)
        ]
    with (copy / "orders.csv").open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, rows[0])
        writer.writeheader()
        writer.writerows(rows)
    return copy


def _hand_over(run: VirtualRun, folder: Path) -> Counter[str]:
    """Write the batch's output as `workcell run` does, and take it away; gives the outcomes."""
    layout, profile, orders = load_layout(run.layout), load_profile(run.profile), run.shipment / "orders.csv"
    plan = Plan(
        layout=run.layout, profile=run.profile, orders=(orders,), store=folder / "store", out=folder / "out",
        sources={}, auto=True,
    )  # fmt: skip
    site = Site.open(f"sqlite:///{folder / 'store' / 'site.sqlite'}")
    state = fold(read_last_batch(line_folder(folder / "store", layout.line_id)))
    try:
        hand_over(
            plan, layout, profile, load_orders(orders), state, FileStore(folder / "store" / "files"), site
        )
    finally:
        site.close()
    shutil.rmtree(folder / "out")
    return Counter(book.outcome for book in state.books.values())


def _outcomes(folder: Path) -> Counter[str]:
    events = read_events(line_folder(folder / "store", "twin"))
    return Counter(event.body["outcome"] for event in events if event.type == "book.left")


class _Mallinfo(ctypes.Structure):
    """What glibc tells of its heap: mallinfo2(3)."""

    _fields_ = tuple(
        (name, ctypes.c_size_t)
        for name in (
            "arena", "ordblks", "smblks", "hblks", "hblkhd", "usmblks", "fsmblks", "uordblks", "fordblks",
            "keepcost",
        )
    )  # fmt: skip


def _native() -> float:
    library = ctypes.CDLL(None)
    library.mallinfo2.restype = _Mallinfo
    told = library.mallinfo2()
    return float(told.uordblks + told.hblkhd) / 1e6


def _rss() -> float:
    pages = int(Path("/proc/self/statm").read_text("ascii").split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 1e6
