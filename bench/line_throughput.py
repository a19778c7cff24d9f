"""The line's throughput against the limit of its layout: books an hour, on real wires and the wall clock.

The layout has known cycle times: supply 2 s, posture 2.5, capture 6, page turning 9, recognition 4 with two
workers, labels 4, RFID 3, stamp 2.5, verify 2, sort 2. They are those of the stations as built: motion,
pictures, both ways of travel, and the PLC's own scans, which are 0.21 s of page turning's 9. The limit is
the smallest over the stations of servers x availability / mean cycle, from the layout alone. Throughput
counts from the 12th exit on. At a time scale of ten the whole plant is ten times as fast, the PLC's scan
and the reader's air time too; the controller and its wires are not.

Seeing is a timed stand-in: a picture and recognition take the layout's times on the clock, recognition on
as many workers as the layout has, and the answer is what the stored pictures say. Everything else is real:
the conductor, its journal (synced at each event), matching and records in worker processes, the soft PLC
behind Modbus TCP, printers on TCP, readers on pseudo-terminals, cameras on HTTP; machines and conductor are
processes of their own. A second run on virtual time, where computing takes no time, tells what waiting for
the PLC alone costs.

Peers in the same run: the same conductor that polls its PLC as a SCADA system does (100 and 250 ms), and a
naive sequential controller that feeds a book when the one before it has left.
"""

from __future__ import annotations

import argparse
import asyncio
import csv
import itertools
import json
import math
import multiprocessing
import os
import shutil
import tempfile
import time
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Any

from workcell.kernel.clock import WallClock
from workcell.kernel.events import Event
from workcell.kernel.layout import Layout, load_layout
from workcell.kernel.ports import Frame
from workcell.kernel.profile import load_profile
from workcell.line import running
from workcell.line.conductor import Conductor
from workcell.line.devices import Devices, open_devices
from workcell.line.jobs import ProcessJobs
from workcell.line.journal import line_folder, read_events
from workcell.twin import TwinPlant, load_box, virtual
from workcell.twin import serve as twin
from workcell.twin.printer import ZplPrinter
from workcell.twin.stored import stored_still
from workcell.twin.stored_jobs import StoredJobs
from workcell.twin.tag_reader import FeigReader

_SPAWN = multiprocessing.get_context("spawn")
EXAMPLES = Path(__file__).resolve().parents[1] / "examples"
SHIPMENT = EXAMPLES / "shipments" / "en"
PROFILE = EXAMPLES / "profiles" / "en.toml"
STEADY_FROM = 12
_STRAIGHT = "Straight through on the vendor's record."
_START_SECONDS = 120
_TRAVEL = 0.3
_PICTURE = 0.1
_PICTURES = 4
_PRINT = 0.8
_RECOGNITION = 4.0
_EVIDENCE_PICTURES = 3
"""Pictures of a book that are looked at behind its back; they share the recognition time."""

_STATIONS: dict[str, tuple[float, dict[str, float], str]] = {
    "supply": (2.0, {"feed": 1.7}, ""),
    "posture": (
        2.5,
        {"measure": 0.4, "flip": 0.3, "rotate": 0.3, "align": 0.2},
        'cameras = { top = "posture-top" }',
    ),
    "capture": (
        6.0,
        {"hold": 5.1},
        'cameras = { top = "capture-top", under = "capture-under", spine = "capture-spine" }',
    ),
    "page_turn": (9.0, {"open": 2.3, "turn": 1.1, "close": 1.2}, 'cameras = { page = "page-turn" }'),
    "identify": (_RECOGNITION, {}, ""),
    "stamp": (2.5, {"open": 0.6, "stamp": 0.7, "close": 0.6}, ""),
    "barcode_label": (4.0, {"apply": 2.4}, 'printer = "barcode"'),
    "spine_label": (4.0, {"apply": 2.4}, 'printer = "spine"'),
    "rfid": (3.0, {"place_tag": 1.2}, 'reader = "tag"'),
    "verify": (
        2.0,
        {"hold": 0.1, "open": 0.2, "close": 0.1},
        'reader = "verify-tag"\n'
        'cameras = { top = "verify-top", under = "verify-under", spine = "verify-spine", '
        'page = "verify-page" }',
    ),
    "sort": (2.0, {"divert": 1.7}, ""),
}
"""Mean cycle, times of unit commands, devices; a cycle is commands, pictures and both ways of travel."""

_SCANS = 1.5
"""Scans in a unit command or way as built: one until the PLC takes it, half a one after its end."""

_AVAILABILITY = 1.0


# --- the layout and what lies in the boxes -----------------------------------------------------------------


def _write_layout(path: Path, case: Case) -> Layout:
    """The layout of a case: motion takes the times as built less the scans that stand in them."""
    scan_ms, poll_ms, speed = case.scan_ms, case.poll_ms, case.speed
    reference = (EXAMPLES / "layouts" / "twin.toml").read_text("utf-8")
    devices = reference[reference.index("[cameras]") :]
    scans = _SCANS * scan_ms * speed / 1000
    stations = "".join(
        f'[[stations]]\nname = "{name}"\nseconds = {seconds}\n{more}\n'
        f"verbs = {{ {', '.join(f'{verb} = {time - scans:.4f}' for verb, time in verbs.items())} }}\n\n"
        for name, (seconds, verbs, more) in _STATIONS.items()
    )
    path.write_text(
        'schema = "layout/1"\nline_id = "reference"\nkind = "line"\n\n'
        f'[plc]\nkind = "modbus"\nendpoint = "twin:plc"\npoll_ms = {poll_ms}\n\n'
        f"[twin]\nseed = 1\njitter = 0.0\ntravel_seconds = {_TRAVEL - scans:.4f}\nscan_ms = {scan_ms}\n\n"
        f"[recognition]\nworkers = 2\n\n{stations}{devices}",
        "utf-8",
    )
    return load_layout(path)


def _limit(layout: Layout, speed: float) -> float:
    """Books an hour: the smallest over the stations of servers x availability / mean cycle."""
    servers = {"identify": layout.recognition.workers}
    return min(
        servers.get(place.name, 1) * _AVAILABILITY * 3600 * speed / place.seconds for place in layout.stations
    )


def _write_shipment(folder: Path, books: int) -> None:
    """A box of books that go straight through, and their orders."""
    box = load_box(SHIPMENT / "box.json")
    chosen = [title for title in box.titles if title.expect == _STRAIGHT]
    copies = math.ceil(books / len(chosen))
    titles = [title.model_copy(update={"copies": copies}) for title in chosen]
    box_file, orders = folder / "box.json", folder / "orders.csv"
    box_file.write_text(
        box.model_copy(update={"titles": tuple(titles)}).model_dump_json(by_alias=True), "utf-8"
    )
    with (SHIPMENT / "orders.csv").open(encoding="utf-8", newline="") as file:
        rows = [row for row in csv.DictReader(file) if row["isbn"] in {title.isbn for title in titles}]
    with orders.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, rows[0])
        writer.writeheader()
        writer.writerows({**row, "copies": copies, "distribution": ""} for row in rows)


# --- the machines ------------------------------------------------------------------------------------------


class _PlantClock(WallClock):
    """The time of the plant, for machines whose times are their own: what a tag takes to be written."""

    def __init__(self, speed: float) -> None:
        self._speed = speed

    async def sleep(self, seconds: float) -> None:
        await super().sleep(seconds / self._speed)


def _serve_twin(case: Case, folder: Path) -> None:
    """`workcell twin serve` with stored pictures: rendering is none of the line's work."""
    twin.Renderer = lambda library: stored_still  # type: ignore[assignment,misc]
    clock = _PlantClock(case.speed)
    twin.FeigReader = lambda world, name, _: FeigReader(world, name, clock)  # type: ignore[assignment,misc]
    twin.serve(
        load_layout(folder / "layout.toml"), folder / "box.json", folder / "twin",
        books=case.books, seed=1, speed=case.speed, faults=False,
    )  # fmt: skip


# --- the conductor -----------------------------------------------------------------------------------------


class _TimedJobs(StoredJobs):
    """Seeing takes the layout's time on the clock and gives the stored evidence; the rest is real."""

    def __init__(self, box: Any, workers: ProcessJobs, count: int, speed: float) -> None:
        super().__init__(box, load_profile(PROFILE).labels)
        self._workers = workers
        self._free = asyncio.Semaphore(count)
        self._seconds = {"look": _RECOGNITION / _EVIDENCE_PICTURES / speed}
        self._short = 0.03 / speed

    async def run(self, kind: str, request: Mapping[str, Any]) -> dict[str, Any]:
        if kind not in self._seeing:
            return await self._workers.run(kind, request)
        async with self._free:
            await asyncio.sleep(self._seconds.get(kind, self._short))
            return await super().run(kind, request)

    async def close(self) -> None:
        await self._workers.close()


class _TimedCamera:
    """The camera behind HTTP; a picture takes the layout's time for exposure, transfer and judging."""

    def __init__(self, camera: Any, seconds: float) -> None:
        self.name = camera.name
        self._camera = camera
        self._seconds = seconds

    async def take(self, track_id: int, view: str) -> Frame:
        ready = asyncio.get_running_loop().create_task(asyncio.sleep(self._seconds))
        frame = await self._camera.take(track_id, view)
        await ready
        return frame

    async def close(self) -> None:
        await self._camera.close()


def _with_timed_cameras(found: Devices, speed: float) -> Devices:
    """The devices; the cameras' drivers without the judging of pictures, which is seeing too."""
    cameras = {
        name: _TimedCamera(getattr(camera, "_camera", camera), _PICTURE / speed)
        for name, camera in found.cameras.items()
    }
    return Devices(cameras, found.printers, found.readers)  # type: ignore[arg-type]


class _Sequential(Conductor):
    """The naive peer: a book is fed when the one before it has left."""

    async def _feed(self, book_id: str, station: str) -> str:
        while self.line.state.in_flight():
            await self.line.clock.sleep(0.02)
        return await super()._feed(book_id, station)


def _conduct(case: Case, folder: Path, answer: Any) -> None:
    box = load_box(folder / "box.json")

    def jobs(rules: Any, clock: Any) -> Any:
        return _TimedJobs(box, ProcessJobs(rules, clock), rules.workers, case.speed)

    def devices(*places: Any, **more: Any) -> Devices:
        return _with_timed_cameras(open_devices(*places, **more), case.speed)

    running.open_devices = devices
    running.ProcessJobs = jobs  # type: ignore[assignment,misc]
    if case.sequential:
        running.Conductor = _Sequential  # type: ignore[misc]
    running.run_batch(
        running.Plan(
            layout=folder / "layout.toml", profile=PROFILE, orders=(folder / "orders.csv",),
            store=folder / "store", out=folder / "out", twin=folder / "twin", auto=True, speed=case.speed,
            sources={"catalogue": (SHIPMENT / "catalogue.mrc",), "vendor": (SHIPMENT / "vendor.mrc",)},
        )
    )  # fmt: skip
    answer.send(time.process_time())


# --- without computing -------------------------------------------------------------------------------------


def _conduct_virtually(case: Case, folder: Path, answer: Any) -> None:
    """The same line on virtual time: computing takes none, what remains is waiting for the PLC."""
    clock, in_memory = _PlantClock(case.speed), virtual._devices

    def devices(*places: Any) -> Devices:
        return _with_timed_cameras(in_memory(*places), case.speed)

    def jobs(box: Any, labels: Any) -> Any:
        return _TimedJobs(box, StoredJobs(box, labels), load_layout(layout).recognition.workers, case.speed)

    layout = folder / "layout.toml"
    virtual._devices, virtual.StoredJobs = devices, jobs  # type: ignore[assignment,misc]
    virtual.TwinPlant = lambda world, layout, *, seed, speed: TwinPlant(
        world, layout, seed=seed, speed=case.speed
    )  # type: ignore[assignment,misc]
    virtual.ZplPrinter = partial(ZplPrinter, print_seconds=_PRINT / case.speed)  # type: ignore[assignment,misc]
    virtual.FeigReader = lambda world, name, _: FeigReader(world, name, clock)  # type: ignore[assignment,misc]
    for name in ("catalogue.mrc", "vendor.mrc"):
        shutil.copy(SHIPMENT / name, folder)
    (folder / "store").mkdir()
    virtual.run_batch_virtually(
        virtual.VirtualRun(layout, PROFILE, folder, case.books, 1, folder / "twin"), folder / "store"
    )
    answer.send(time.process_time())


# --- one run -----------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Case:
    """One way to run the line."""

    name: str
    speed: float
    books: int
    scan_ms: int = 20
    poll_ms: int = 20
    sequential: bool = False
    virtual: bool = False


def _measure(case: Case, folder: Path) -> dict[str, Any]:
    folder.mkdir()
    layout = _write_layout(folder / "layout.toml", case)
    _write_shipment(folder, case.books)
    processor = _run_virtually(case, folder) if case.virtual else _run(case, folder)
    events = list(read_events(line_folder(folder / "store", layout.line_id)))
    return {
        **asdict(case), **_steady(events, _limit(layout, case.speed)), **_gaps(events, layout, case.speed),
        "straight": sum(event.body.get("outcome") == "catalogued" for event in events),
        "processor": processor, "load": os.getloadavg()[0],
    }  # fmt: skip


def _run_virtually(case: Case, folder: Path) -> float:
    near, far = _SPAWN.Pipe()
    process = _SPAWN.Process(target=_conduct_virtually, args=(case, folder, far))
    process.start()
    far.close()
    spent = float(near.recv())
    process.join()
    return spent


def _run(case: Case, folder: Path) -> float:
    """Machines and conductor in processes of their own; the conductor's processor time."""
    machines = _SPAWN.Process(target=_serve_twin, args=(case, folder))
    machines.start()
    try:
        _wait_for(folder / "twin" / "ports.json", machines)
        near, far = _SPAWN.Pipe()
        conductor = _SPAWN.Process(target=_conduct, args=(case, folder, far))
        conductor.start()
        far.close()
        longest = _START_SECONDS + 2 * case.books * 3600 / _limit(
            load_layout(folder / "layout.toml"), case.speed
        )
        if not case.sequential and not near.poll(longest):
            conductor.terminate()
            raise SystemExit("the line stands: was the link lost on a busy machine?")
        processor = near.recv()
        conductor.join()
    finally:
        machines.terminate()
        machines.join()
    return float(processor)


def _wait_for(path: Path, process: Any) -> None:
    while not path.exists():
        if not process.is_alive():
            raise SystemExit("the twin has ended")
        time.sleep(0.05)


def _steady(events: Sequence[Event], limit: float) -> dict[str, float]:
    """Books an hour from the 12th exit on."""
    exits = [datetime.fromisoformat(event.at) for event in events if event.type == "book.left"][
        STEADY_FROM - 1 :
    ]
    achieved = 3600 * (len(exits) - 1) / (exits[-1] - exits[0]).total_seconds()
    return {"limit": limit, "achieved": achieved, "ratio": achieved / limit}


def _gaps(events: Sequence[Event], layout: Layout, speed: float) -> dict[str, float]:
    """Milliseconds a book at the slowest station beyond motion and pictures: in its commands, and between."""
    slowest = max(layout.stations, key=lambda place: place.seconds)
    begun: dict[str, Event] = {}
    within: dict[str, list[float]] = defaultdict(list)
    steps: dict[str, list[tuple[datetime, datetime]]] = defaultdict(list)
    for event in events:
        body = event.body
        if event.type == "effect.intended" and body.get("station") == slowest.name:
            begun[event.effect_id] = event
        elif event.type == "effect.done" and event.effect_id in begun:
            start = begun[event.effect_id]
            verb = start.body["verb"]
            times = datetime.fromisoformat(start.at), datetime.fromisoformat(event.at)
            steps[event.book_id].append(times)
            if verb != "release":  # whose end also waits for the way
                took = (times[1] - times[0]).total_seconds() - slowest.verbs[verb] / speed
                within[event.book_id].append(took)
    between = [
        sum((after[0] - before[1]).total_seconds() for before, after in itertools.pairwise(sorted(found)))
        for found in steps.values()
    ]
    commands = [sum(found) for found in within.values()]
    pictures = _PICTURES * _PICTURE / speed
    return {"within_ms": 1000 * _mean(commands), "between_ms": 1000 * (_mean(between) - pictures)}


def _mean(values: Sequence[float]) -> float:
    return sum(values) / len(values)


# --- all of them -------------------------------------------------------------------------------------------

_SCAN_MS = 20
_POLL_MS = {1.0: 20}
_QUICK_POLL_MS = 5
"""A plant at ten times the speed is polled as fast as a layout allows."""


def _cases(args: argparse.Namespace) -> Iterator[Case]:
    for speed in args.scales:
        poll = args.poll_ms or _POLL_MS.get(speed, _QUICK_POLL_MS)
        ours = Case("this project", speed, args.books, max(1, round(_SCAN_MS / speed)), poll)
        yield ours
        yield replace(ours, name="without computing (virtual time)", virtual=True)
        if speed == max(args.scales) and not args.no_peers:
            yield replace(ours, name="polled every 100 ms", poll_ms=100)
            yield replace(ours, name="polled every 250 ms", poll_ms=250)
            few = min(args.books, 2 * STEADY_FROM)
            yield replace(ours, name="one book at a time", books=few, sequential=True)


def main() -> None:
    """Measure and print the table."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--books", type=int, default=60, help="more than 12")
    parser.add_argument("--scales", type=float, nargs="+", default=[1.0, 10.0], help="of the plant's time")
    parser.add_argument("--poll-ms", type=int, default=0, help="poll of the PLC; 20 at scale 1, 5 above")
    parser.add_argument("--no-peers", action="store_true")
    parser.add_argument("--json", type=Path)
    args = parser.parse_args()
    print("Seeing is a timed stand-in: pictures and recognition take the layout's times.\n")
    print("| line | scale | scan ms | poll ms | limit/h | achieved/h | ratio | wanted | ms a book | load |")
    print("|---|---|---|---|---|---|---|---|---|---|", flush=True)
    rows = []
    with tempfile.TemporaryDirectory(prefix="line-throughput-") as folder:
        for number, case in enumerate(_cases(args)):
            rows.append(_measure(case, Path(folder) / str(number)))
            print(_row(rows[-1]), flush=True)
    if args.json:
        args.json.write_text(json.dumps(rows, indent=2), "utf-8")


def _row(found: Mapping[str, Any]) -> str:
    lost = 1000 * 3600 * (1 / found["achieved"] - 1 / found["limit"])
    wanted = _WANTED.get(found["speed"], "") if found["name"] == "this project" else ""
    return (
        f"| {found['name']} | {found['speed']:g} | {found['scan_ms']} | {found['poll_ms']} | "
        f"{found['limit']:.0f} | {found['achieved']:.1f} | {found['ratio']:.3f} | {wanted} | {lost:.0f} | "
        f"{found['load']:.1f} |"
    )


_WANTED = {1.0: 0.99, 10.0: 0.92}


if __name__ == "__main__":
    main()
