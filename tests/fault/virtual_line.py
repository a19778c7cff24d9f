"""A whole line on virtual time whose conductor can be killed and started again.

The twin (world, soft PLC, printers, readers, cameras) outlives the conductor, as the machines of a real line
do.  A conductor dies at an event that it is about to append, right after it appended one, or at a moment; its
wires go dead without a word.  The next one starts from journal and site store alone.
"""

from __future__ import annotations

import asyncio
import contextlib
import functools
import importlib.util
import json
import shutil
import sys
import tempfile
from collections import Counter
from collections.abc import Awaitable, Callable, Coroutine, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TypeVar

import httpx

import label_print
import plc
import vision
from stations import rfid
from workcell.kernel.clock import VirtualClock, run_virtual
from workcell.kernel.ids import SeededIds
from workcell.kernel.layout import load_layout
from workcell.kernel.profile import load_profile
from workcell.kernel.streams import memory_connect
from workcell.kernel.worker import InlineWorker
from workcell.line.cataloguing import Cataloguing
from workcell.line.conductor import Conductor
from workcell.line.devices import Devices
from workcell.line.files import FileStore
from workcell.line.inbox import Request
from workcell.line.journal import LineJournal, line_folder, read_events, read_last_batch, verify_chain
from workcell.line.line import Line
from workcell.line.policy import all_auto
from workcell.line.projection import fold
from workcell.line.running import Plan, conduct, fill_sources, hand_over
from workcell.site import Site, load_orders
from workcell.twin.box import load_box
from workcell.twin.cameras import CameraServer
from workcell.twin.plant import TwinPlant
from workcell.twin.printer import ZplPrinter
from workcell.twin.serve import Run, build_world
from workcell.twin.stored import stored_still
from workcell.twin.stored_jobs import StoredJobs
from workcell.twin.tag_reader import FeigReader

T = TypeVar("T")

ROOT = Path(__file__).resolve().parents[2]
EXAMPLES = ROOT / "examples"
EPOCH = datetime(2026, 1, 5, 8, 0, tzinfo=UTC)
SPEED = 5.0
PATIENCE = 900.0
"""Virtual seconds after which a batch counts as stuck."""


_NEEDS_A_PERSON = {"Held": "unhold", "Stopped": "unhold", "Aborted": "clear"}


class Killed(BaseException):
    """What a dead conductor's code gets from its journal; nothing may catch it."""


@dataclass(frozen=True)
class Death:
    """Before the ``event``-th append of this life (or the first of ``type``), or right after it.

    ``after_seconds`` kills at a moment instead.
    """

    event: int = 0
    written: bool = False
    after_seconds: float = 0.0
    type: str = ""


class MortalJournal:
    """The line journal of a conductor that will die."""

    def __init__(self, journal: LineJournal, death: Death | None) -> None:
        self._journal = journal
        self._death = death
        self.appended = 0
        self.events: list[Any] = []
        self.dead = asyncio.Event()

    async def append(self, type_: str, body: Any, **names: str) -> Any:
        if self.dead.is_set():
            raise Killed
        self.appended += 1
        due = self._death is not None and (self._death.event == self.appended or self._death.type == type_)
        if due and not self._death.written:
            self.die()
        event = await self._journal.append(type_, body, **names)
        self.events.append(event)
        if due:
            self.die()
        return event

    def die(self) -> None:
        self.dead.set()
        raise Killed

    async def close(self) -> None:
        await self._journal.close()


class Requests:
    """The inbox of a line, in memory."""

    def __init__(self) -> None:
        self._open: list[Request] = []
        self.answers: dict[str, dict[str, Any]] = {}

    def put(self, verb: str) -> str:
        name = f"request-{len(self._open) + len(self.answers)}"
        self._open.append(Request(name, "operator", verb, {}, float("inf")))
        return name

    def open_requests(self) -> list[Request]:
        return list(self._open)

    def answer(self, request_id: str, answer: dict[str, Any]) -> None:
        self._open = [request for request in self._open if request.id != request_id]
        self.answers[request_id] = answer


@functools.cache
def _prepared(shipment: str) -> Path:
    """Record indexes and an empty site store, made once."""
    folder = Path(tempfile.mkdtemp(prefix="workcell-fault-"))
    files = EXAMPLES / "shipments" / shipment
    fill_sources(folder, {"catalogue": (files / "catalogue.mrc",), "vendor": (files / "vendor.mrc",)})
    Site.open(f"sqlite:///{folder / 'site.sqlite'}").close()
    return folder


@contextlib.contextmanager
def prepared_shipments() -> Iterator[None]:
    """Take away what ``_prepared`` has made, at the end."""
    yield
    for shipment in ("en", "zh"):
        if _prepared.cache_info().currsize:
            shutil.rmtree(_prepared(shipment), ignore_errors=True)
    _prepared.cache_clear()


class VirtualLine:
    """The machines, the stores, and one conductor after the other.  Use inside ``run_virtual``."""

    def __init__(
        self,
        folder: Path,
        *,
        books: int = 3,
        seed: int = 1,
        shipment: str = "en",
        faults: frozenset[str] = frozenset(),
        change_profile: Callable[[Any], Any] = lambda profile: profile,
    ) -> None:
        self.folder = folder
        self.layout = load_layout(EXAMPLES / "layouts" / "twin.toml")
        self._profile_path = EXAMPLES / "profiles" / f"{shipment}.toml"
        profile = load_profile(self._profile_path).model_copy(update={"autonomy": all_auto()})
        self.profile = change_profile(profile)
        files = EXAMPLES / "shipments" / shipment
        self._box = load_box(files / "box.json")
        self._orders = load_orders(files / "orders.csv")
        self._seed = seed
        self._lives = 0
        self._prepared = _prepared(shipment)
        folder.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(self._prepared / "site.sqlite", folder / "site.sqlite")
        self.plan = Plan(
            layout=EXAMPLES / "layouts" / "twin.toml", profile=self._profile_path,
            orders=(files / "orders.csv",), store=folder, out=folder / "out", sources={}, auto=True,
        )  # fmt: skip
        self.clock = VirtualClock(EPOCH)
        self.world = build_world(self.layout, self._box, None, Run(books, seed, faults))
        self.world._planted = None
        self.printed: list[tuple[str, str]] = []
        self._count_prints()
        plant = TwinPlant(self.world, self.layout, seed=seed, speed=SPEED)
        names = [place.name for place in self.layout.stations]
        self.host = plc.PlcHost(plc.SoftPlc(plant, plc.builtin_tagmap(), names), self.clock)
        self.printers = {
            name: ZplPrinter(self.world, name, self.clock, print_seconds=0.8 / SPEED)
            for name in self.layout.printers
        }
        self.readers = {name: FeigReader(self.world, name, self.clock) for name in self.layout.readers}
        server = CameraServer(self.world, stored_still, InlineWorker(), self.clock, seed=seed)
        self._transport = httpx.ASGITransport(app=server.app())
        self.requests = Requests()
        self.line: Line | None = None
        self.impatient = False
        self.operator: Callable[[VirtualLine], None] = tidy_up
        self.on_event: Callable[[VirtualLine, Any], None] | None = None

    def _count_prints(self) -> None:
        out_of_printer = self.world.label_printed

        def note(printer: str, bitmap: Any, dpi: int) -> None:
            out_of_printer(printer, bitmap, dpi)
            self.printed.append((printer, self.world._waiting[printer].barcode))

        self.world.label_printed = note  # type: ignore[method-assign]

    @property
    def journal_folder(self) -> Path:
        return line_folder(self.folder, self.layout.line_id)

    @contextlib.asynccontextmanager
    async def powered(self):
        """The machines run."""
        scanning = asyncio.get_running_loop().create_task(self.host.run())
        try:
            yield self
        finally:
            scanning.cancel()

    # --- one conductor ---------------------------------------------------------------------------------

    async def live(self, death: Death | None = None, *, link_of: Any = None) -> bool:
        """One conductor from start to end; False when it died.  Raises TimeoutError when it is stuck."""
        self._lives += 1
        ids = SeededIds(self._seed * 1000 + self._lives)
        state = fold(read_last_batch(self.journal_folder), keeps_past=False)
        if self.line is not None and state.batch_id and not state.batch_open:
            self.line.state = state  # only the output was missing
            return True
        journal = MortalJournal(
            LineJournal(self.journal_folder, self.layout.line_id, self.clock, InlineWorker()), death
        )
        link = plc.PlcLink(memory_connect(self.host.serve), self.clock, ids, last_boot_id=state.boot_id or 0)
        site = Site.open(f"sqlite:///{self.folder / 'site.sqlite'}?timeout=0.1")
        sources = {name: self._prepared / "sources" / f"{name}.sqlite" for name in ("catalogue", "vendor")}
        disk = InlineWorker()
        line = Line(
            layout=self.layout, profile=self.profile, clock=self.clock, ids=ids, journal=journal, state=state,
            link=link_of(link) if link_of else link, devices=self._devices(), jobs=self._jobs(),
            files=FileStore(self.folder / "files"), disk=disk,
        )  # fmt: skip
        cataloguing = Cataloguing(line, site, disk, self._orders, sources, self._profile_path)
        conductor = Conductor(line, cataloguing, self.requests)
        self.line, self.conductor = line, conductor
        loop = asyncio.get_running_loop()
        running = loop.create_task(conduct(conductor, self._orders, self.plan))
        dying = loop.create_task(self._die(journal, death))
        helping = loop.create_task(self._operate())
        watching = loop.create_task(self._watch(journal))
        try:
            await asyncio.wait({running, dying}, timeout=PATIENCE, return_when=asyncio.FIRST_COMPLETED)
            if journal.dead.is_set():
                return False
            if not running.done():
                raise TimeoutError(f"stuck: {self.where()}")
            running.result()
            return True
        finally:
            for task in (running, dying, helping, watching, *line._looks.values()):
                task.cancel()
            await asyncio.wait({running, dying, helping, watching, *line._looks.values()})
            for task in (running, dying, helping, watching, *line._looks.values()):
                if not task.cancelled():
                    task.exception()
            await _cut(link)
            await line.devices.close()
            site.close()
            await journal.close()

    def at(self, seconds: float, act: Callable[[], Any]) -> None:
        """Let something happen in so many seconds from now."""
        asyncio.get_running_loop().call_later(seconds, act)

    async def alongside(self, person: Coroutine[Any, Any, None], story: Coroutine[Any, Any, T]) -> T:
        """The story, while a person does something; gives what the story gives."""
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(person)
            told = tasks.create_task(story)
        return told.result()

    async def until(self, condition: Callable[[], Any], seconds: float = 60.0) -> None:
        """Wait until ``condition`` holds."""
        async with self.clock.timeout(seconds):
            while not condition():
                await self.clock.sleep(0.02)

    async def _die(self, journal: MortalJournal, death: Death | None) -> None:
        if death is not None and death.after_seconds:
            await self.clock.sleep(death.after_seconds)
            journal.dead.set()
        await journal.dead.wait()

    async def _operate(self) -> None:
        while True:
            await self.clock.sleep(0.7)
            wanted = self.impatient or self.line.state.alarms
            if wanted and self.line.state.state in _NEEDS_A_PERSON:
                self.operator(self)
                self.requests.put(_NEEDS_A_PERSON[self.line.state.state])
                await self.clock.sleep(1.5)

    async def _watch(self, journal: MortalJournal) -> None:
        while True:
            await self.clock.sleep(0.01)
            events, journal.events = journal.events, []
            for event in events:
                if self.on_event is not None:
                    self.on_event(self, event)

    def _jobs(self) -> StoredJobs:
        jobs = StoredJobs(self._box, self.profile.labels)
        jobs._titles.update(self.world._titles)  # those too that no file of the shipment knows
        return jobs

    def _devices(self) -> Devices:
        def client() -> httpx.AsyncClient:
            return httpx.AsyncClient(transport=self._transport, base_url="http://twin")

        return Devices(
            {
                name: vision.HttpCamera(name, "http://twin", self.clock, client())
                for name in self.layout.cameras
            },
            {
                name: label_print.ZplPrinter(name, memory_connect(printer.serve), self.clock)
                for name, printer in self.printers.items()
            },
            {
                name: rfid.FeigReader(name, memory_connect(reader.serve), self.clock)
                for name, reader in self.readers.items()
            },
        )  # fmt: skip

    async def to_the_end(self, *deaths: Death) -> dict[str, Any]:
        """Die those deaths one after the other, then run to the end and hand over; gives batch.json."""
        for death in deaths:
            if await self.live(death):
                break
        else:
            assert await self.live()
        return self.handed_over()

    # --- what came of it -------------------------------------------------------------------------------

    def events(self) -> list[Any]:
        return list(read_events(self.journal_folder))

    def where(self) -> str:
        state = self.line.state
        books = [(book.book_id[-4:], book.zone, book.life.state, book.way) for book in state.in_flight()]
        zones = [
            (station.zone.name, station.zone.track_id, station.zone.state)
            for station in self.host.plc._stations
            if station.zone.track_id or station.zone.state != "empty"
        ]
        alarms = {key: alarm.text for key, alarm in state.alarms.items()}
        return f"{state.state} books {books} PLC {self.host.plc.unit.state} {zones} alarms {alarms}"

    def handed_over(self) -> dict[str, Any]:
        """The output folder, with truth.json beside it."""
        state = fold(read_last_batch(self.journal_folder))
        site = Site.open(f"sqlite:///{self.folder / 'site.sqlite'}")
        try:
            files = FileStore(self.folder / "files")
            summary = hand_over(self.plan, self.layout, self.profile, self._orders, state, files, site)
        finally:
            site.close()
        (self.plan.out / "truth.json").write_text(json.dumps(self.world.truth()), "utf-8")
        return summary

    def broken(self) -> list[str]:
        """Every invariant that does not hold after the batch has ended and was handed over."""
        return [
            *_checker().check(self.plan.out),
            *self._history_wrong(),
            *self._effects_wrong(),
            *self._numbers_wrong(),
        ]

    def _history_wrong(self) -> Iterator[str]:
        events = self.events()
        if verify_chain(self.journal_folder) != len(events):
            yield "the chain does not cover every event"
        state = fold(events, keeps_past=False)
        if state.batch_open:
            yield "the batch is still open"
        if state.in_flight():
            yield f"{len(state.in_flight())} books are still on the line"
        if told(state) != told(self.line.state):
            yield "the journal read back tells another story than the live state"
        closed = [event.body for event in events if event.type == "batch.closed"]
        if [body["agree"] for body in closed] != [True]:
            yield f"the counts do not close: {closed}"

    def _effects_wrong(self) -> Iterator[str]:
        """Whatever happened in the world has its intent, and happened no more often than intended."""
        events, meant = self.events(), Counter()
        tracks = {}
        for event in events:
            if event.type == "effect.intended":
                meant[event.book_id, event.body["kind"]] += 1
                if event.body["kind"] == "act:feed":
                    tracks[event.body["params"]["track_id"]] = event.book_id
        done = Counter(
            event.effect_id
            for event in events
            if event.type.startswith("effect.") and event.type != "effect.intended"
        )
        for effect_id, ends in done.items():
            if ends > 1:
                yield f"effect {effect_id} has {ends} ends"
        for truth in self.world.truth()["books"]:
            book = tracks.get(truth["track_id"], "")
            happened = Counter(note["kind"] for note in truth["events"])
            for note, kind in (
                ("stamped", "act:stamp"),
                ("tag_placed", "act:place_tag"),
                ("label_applied", "act:apply"),
            ):
                if happened[note] > meant[book, kind]:
                    yield f"{truth['book']}: {note} {happened[note]} times, intended {meant[book, kind]}"
            if len(truth["stamps"]) > len(self.profile.stamps):
                yield f"{truth['book']} was stamped {len(truth['stamps'])} times"
        prints = sum(count for (_, kind), count in meant.items() if kind == "print")
        if len(self.printed) > prints:
            yield f"{len(self.printed)} labels came out, {prints} were intended"
        copies = len(self.profile.labels.copies)
        for number, times in Counter(text for _, text in self.printed if text).items():
            if times > copies:
                yield f"{number} was printed {times} times"

    def _numbers_wrong(self) -> Iterator[str]:
        """Each number that was ever given out is in use or voided with a reason."""
        books = self.line.state.books.values()
        used = {book.marks["barcode"] for book in books if book.outcome == "catalogued"}
        used |= {book.marks["accession"] for book in books if book.outcome == "catalogued"}
        site = Site.open(f"sqlite:///{self.folder / 'site.sqlite'}")
        try:
            lines = site.numbers.of_batch(self.line.state.batch_id)
        finally:
            site.close()
        for line in lines:
            wanted = "verified" if line.number in used else "voided"
            if line.state != wanted:
                yield f"{line.kind} number {line.number} is {line.state}, not {wanted}"


def told(state: Any) -> dict[str, Any]:
    """The fold as plain data."""
    plain = {
        name: value for name, value in vars(state).items()
        if name not in ("books", "alarms", "open_effects", "history")
    }  # fmt: skip
    plain["books"] = {
        name: {**vars(book), "life": book.life.state, "steps": dict(book.steps)}
        for name, book in state.books.items()
    }
    plain["alarms"] = dict(state.alarms)
    plain["open_effects"] = dict(state.open_effects)
    plain["history"] = list(state.history)
    return json.loads(json.dumps(plain, default=lambda value: vars(value)))


def tidy_up(rig: VirtualLine) -> None:
    """What a person does at a held line: takes off labels that wait for nobody."""
    for name, alarm in rig.line.state.alarms.items():
        if name.startswith("device:") and "waits" in alarm.text:
            rig.world._waiting.pop(name.removeprefix("device:"), None)


async def _cut(link: plc.PlcLink) -> None:
    """The process is gone: no farewell to the PLC."""
    if link._poller is not None:
        link._poller.cancel()
        await asyncio.wait({link._poller})
    await link._hang_up()


@functools.cache
def _checker() -> Any:
    path = ROOT / "tests" / "system" / "truth_checker.py"
    spec = importlib.util.spec_from_file_location("truth_checker_of_faults", path)
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


def on_virtual_time(
    folder: Path,
    story: Callable[[VirtualLine], Awaitable[Any]],
    *,
    line: type[VirtualLine] = VirtualLine,
    **options: Any,
) -> VirtualLine:
    """Run ``story`` with a fresh line below ``folder``; gives the line when it is over."""
    rigs = []

    async def tell() -> None:
        rig = line(folder, **options)
        rigs.append(rig)
        async with rig.powered():
            await story(rig)

    run_virtual(tell())
    return rigs[0]
