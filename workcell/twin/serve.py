"""The twin as one process: soft PLC, printers, readers and cameras on loopback, around one world.

Their endpoints stand in ``STATE/ports.json``; the world is kept in STATE, so that a restart goes on with the
same books.  SIGTERM and SIGINT end it: it writes ``STATE/truth.json`` and exits with 0.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import shutil
import signal
from collections.abc import Coroutine, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import uvicorn

from plc import PlcHost, SoftPlc, builtin_tagmap
from workcell.kernel.clock import WallClock, run_wall
from workcell.kernel.errors import ConfigError
from workcell.kernel.layout import Layout
from workcell.kernel.ports import Clock
from workcell.kernel.worker import ThreadWorker
from workcell.twin.box import Box, load_box, pack
from workcell.twin.cameras import CameraServer
from workcell.twin.control import control_routes
from workcell.twin.faults import FAULTS, plan_faults, plan_planted_mark
from workcell.twin.hosting import LOOPBACK, PtyStream, Serve, TcpHost
from workcell.twin.keep import write_atomically
from workcell.twin.plant import TwinPlant
from workcell.twin.printer import ZplPrinter
from workcell.twin.render import Renderer
from workcell.twin.tag_reader import FeigReader
from workcell.twin.world import World

_PRINT_SECONDS = 0.8
_BAUD = 38400
_SETTLE_SECONDS = 0.1
_START_LOOK_SECONDS = 0.01
_LIBRARIES = {"chi": "滨江市图书馆"}
_LIBRARY = "Riverside Public Library"


@dataclass(frozen=True)
class Run:
    """What is packed and how fast it moves.  ``faults`` are kinds of trouble, empty for none."""

    books: int
    seed: int
    faults: frozenset[str] = frozenset()
    speed: float = 1.0


def serve(
    layout: Layout, box: Path | None, state: Path, *, books: int, seed: int, speed: float, faults: bool
) -> None:
    """Serve until SIGTERM.

    The first start in ``state`` packs ``books`` from ``box``.  A later one goes on with the world that is
    kept there; without ``box`` it takes books, seed and faults from there too.  Raises ConfigError when
    there is neither a box nor a world, or when both are there and differ.
    """
    kinds = frozenset(FAULTS) if faults else frozenset[str]()
    run = _remembered(state, speed) if box is None else Run(books, seed, kinds, speed)
    contents = load_box(box or state / "box.json")
    _remember(state, box, run)
    run_wall(_serve(layout, contents, state, run))


def build_world(layout: Layout, box: Box, state: Path | None, run: Run) -> World:
    """Pack the box, plan its trouble, and lay out the world (or find it again in ``state``)."""
    pile = plan_faults(pack(box, run.books, run.seed), run.seed, run.faults, box.titles)
    return World(layout, pile, seed=run.seed, state=state, planted=plan_planted_mark(run.books, run.seed))


def library_of(box: Box) -> str:
    """Give the library whose stamp the line holds: that of the language most titles are in."""
    languages = [title.language for title in box.titles]
    return _LIBRARIES.get(max(sorted(set(languages)), key=languages.count), _LIBRARY)


def _remembered(state: Path, speed: float) -> Run:
    try:
        kept = json.loads((state / "run.json").read_text("utf-8"))
    except (OSError, ValueError) as error:
        raise ConfigError(
            "keeps no world yet", subject=str(state), remedy="Give --box on the first start."
        ) from error
    return Run(kept["books"], kept["seed"], frozenset(kept["faults"]), speed)


def _remember(state: Path, box: Path | None, run: Run) -> None:
    if box is None or (state / "world.jsonl").exists():
        return
    state.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(box, state / "box.json")
    write_atomically(state / "run.json", {"books": run.books, "seed": run.seed, "faults": sorted(run.faults)})


async def _serve(layout: Layout, box: Box, state: Path, run: Run) -> None:
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    # Two cores are enough for line and twin only when a picture takes one.
    cv2.setNumThreads(1)
    world = build_world(layout, box, state, run)
    ports = state / "ports.json"
    ports.unlink(missing_ok=True)
    try:
        async with contextlib.AsyncExitStack() as stack:
            devices = _Devices(world, state, run, stack)
            write_atomically(ports, await devices.start(library_of(box)))
            await stop.wait()
    finally:
        ports.unlink(missing_ok=True)
        world.write_truth()
        world.close()


class _Devices:
    """All devices on their wires, until the stack is closed."""

    def __init__(self, world: World, state: Path, run: Run, stack: contextlib.AsyncExitStack) -> None:
        self._world = world
        self._state = state
        self._run = run
        self._stack = stack
        self._clock = WallClock()

    async def start(self, library: str) -> dict[str, object]:
        """Start them; gives their endpoints in the shape of ports.json."""
        layout, plc = self._world.layout, self._power_up()
        host = PlcHost(plc, self._clock, scan_ms=layout.twin.scan_ms if layout.twin else 20)
        ports: dict[str, object] = {"pid": os.getpid(), "plc": f"tcp://{LOOPBACK}:{await host.listen()}"}
        self._stack.push_async_callback(host.close)
        self._background(host.run())
        for name, printer in layout.printers.items():
            ports[_port_name(printer.endpoint)] = await self._start_printer(name)
        for name, reader in layout.readers.items():
            ports[_port_name(reader.endpoint)] = self._start_reader(name)
        ports["cameras"] = await self._start_cameras(library, plc)
        self._background(self._settle())
        return ports

    def _power_up(self) -> SoftPlc:
        """A soft PLC with a boot id that it never had before: 1 to 65535, and around."""
        plant = TwinPlant(self._world, self._world.layout, seed=self._run.seed, speed=self._run.speed)
        names = [place.name for place in self._world.layout.stations]
        plc = SoftPlc(plant, builtin_tagmap(), names, boot_id=self._last_boot_id() % 0xFFFF + 1)
        self._note_boot_id(plc)
        return plc

    def _reboot(self, plc: SoftPlc) -> None:
        plc.reboot()
        self._note_boot_id(plc)

    def _last_boot_id(self) -> int:
        path = self._state / "plc.json"
        return int(json.loads(path.read_text("utf-8"))["boot_id"]) if path.exists() else 0

    def _note_boot_id(self, plc: SoftPlc) -> None:
        write_atomically(self._state / "plc.json", {"boot_id": plc.boot_id})

    async def _start_printer(self, name: str) -> str:
        printer = ZplPrinter(self._world, name, self._clock, print_seconds=_PRINT_SECONDS / self._run.speed)
        host = TcpHost(printer.serve)
        self._stack.callback(host.close)
        return await host.listen()

    def _start_reader(self, name: str) -> str:
        line = PtyStream(_BAUD)
        self._stack.push_async_callback(line.close)
        self._background(_attended(FeigReader(self._world, name, self._clock).serve, line))
        return line.endpoint

    async def _start_cameras(self, library: str, plc: SoftPlc) -> str:
        worker = ThreadWorker("renderer")
        self._stack.push_async_callback(worker.close)
        server = CameraServer(self._world, Renderer(library), worker, self._clock, seed=self._run.seed)
        app = server.app(*control_routes(self._world, lambda: self._reboot(plc)))
        http = _CameraHttp(
            uvicorn.Config(
                app, host=LOOPBACK, port=0, log_level="warning", lifespan="off", timeout_graceful_shutdown=1
            )
        )
        port = await http.start(self._clock)
        self._stack.push_async_callback(http.stop)
        return f"http://{LOOPBACK}:{port}"

    async def _settle(self) -> None:
        """Keep what readers wrote into tags, and write the truth when the last book has left."""
        told = False
        while True:
            await self._clock.sleep(_SETTLE_SECONDS)
            self._world.settle_tags()
            if self._world.at_rest() and not told:
                self._world.write_truth()
            told = self._world.at_rest()

    def _background(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._stack.push_async_callback(ended, task)


async def _attended(serve: Serve, line: PtyStream) -> None:
    """Serve a line as long as it is there: a host that stops reading in the middle ends no device."""
    while not line.closed:
        await serve(line)


async def ended(task: asyncio.Task[None]) -> None:
    """Cancel ``task`` and wait until it has ended."""
    task.cancel()
    await asyncio.wait((task,))


class _CameraHttp(uvicorn.Server):
    """uvicorn inside this process: the signals are the twin's."""

    _running: asyncio.Task[None]

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Leave the process's signals alone."""
        yield

    async def start(self, clock: Clock) -> int:
        """Listen; gives the port."""
        bound = self.config.bind_socket()
        self._running = asyncio.get_running_loop().create_task(self.serve(sockets=[bound]))
        while not self.started:
            await clock.sleep(_START_LOOK_SECONDS)
        return int(bound.getsockname()[1])

    async def stop(self) -> None:
        """Answer what is under way and end."""
        self.should_exit = True
        await self._running


def _port_name(endpoint: str) -> str:
    return endpoint.removeprefix("twin:")
