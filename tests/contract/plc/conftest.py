"""One line behind every kind of wire: in memory, also at a serial line's pace, TCP, and a pseudo-terminal."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import pytest

from plc import Manifest, PlcHost, PlcLink, PseudoTerminal, SoftPlc, builtin_tagmap, default_manifest
from workcell.kernel.clock import VirtualClock, WallClock, run_virtual
from workcell.kernel.errors import DeviceGone
from workcell.kernel.ids import SeededIds
from workcell.kernel.ports import ByteStream, Connect, Done
from workcell.kernel.streams import connector, memory_connect, memory_pair

STATIONS = ("supply", "posture", "sort")
_LONGEST_SCENARIO = 90.0  # on either clock: a scenario that waits for ever fails in time


@dataclass
class Plant:
    """Zones that hold at most one book; every act and travel takes ``seconds``."""

    seconds: float = 0.05
    zones: set[str] = field(default_factory=set)
    acts: list[str] = field(default_factory=list)
    guards: int = 0
    entered: int = 0
    left: int = 0
    safe: bool = True

    def occupied(self, zone: str) -> bool:
        return zone in self.zones

    def move_seconds(self, zone: str, to: str) -> float:
        return self.seconds

    def move(self, zone: str, to: str) -> str:
        self.zones.remove(zone)
        if to.startswith("bin:"):
            self.left += 1
        else:
            self.zones.add(to)
        return "ok"

    def act_seconds(self, station: str, verb: str, params: Mapping[str, int]) -> float:
        return self.seconds

    def act(self, station: str, verb: str, params: Mapping[str, int]) -> tuple[str, dict[str, int]]:
        self.acts.append(verb)
        if verb == "feed":
            self.zones.add("supply")
            self.entered += 1
        if verb == "measure":
            return "ok", {"height_mm10": 2290, "width_mm10": 1520, "thickness_mm10": 240, "weight_g": 480}
        return "ok", {}

    def eyes(self) -> tuple[int, int]:
        return self.entered, self.left

    def guard(self) -> int:
        return self.guards

    def safety_ok(self) -> bool:
        return self.safe


_BITS_PER_BYTE = 11


class PacedWire:
    """A serial wire in memory on which every byte takes its time at ``baud``; one task each way."""

    def __init__(self, clock: WallClock, baud: int, serve: Callable[[ByteStream], Awaitable[None]]) -> None:
        self._clock = clock
        self._byte_seconds = _BITS_PER_BYTE / baud
        self._serve = serve
        self._tasks: list[asyncio.Task[None]] = []

    async def connect(self) -> ByteStream:
        near, near_far = memory_pair()
        far, far_near = memory_pair()
        for work in (self._serve(far), self._carry(near_far, far_near), self._carry(far_near, near_far)):
            self._tasks.append(asyncio.ensure_future(work))
        return near

    async def _carry(self, source: ByteStream, target: ByteStream) -> None:
        with suppress(DeviceGone):
            while data := await source.read():
                await self._clock.sleep(len(data) * self._byte_seconds)
                await target.write(data)
        await target.close()


class Rig:
    """A running soft PLC, and links to it over a wire that can be cut."""

    def __init__(self, clock: WallClock, manifest: Manifest, baud: int = 0) -> None:
        self.clock = clock
        self.plant = Plant()
        self.manifest = manifest
        self.rtu = baud > 0
        self.baud = baud or 115200
        self.plc = SoftPlc(self.plant, builtin_tagmap(), STATIONS, manifest=manifest)
        self.host = PlcHost(self.plc, clock, unit=manifest.unit)
        self.scanning: asyncio.Task[None] | None = None
        self.connect_raw: Connect | None = None
        self._open: list[ByteStream] = []
        self._cut = False
        self._links = 0

    async def _connect(self) -> ByteStream:
        if self._cut:
            raise DeviceGone("the wire is cut", subject="rig")
        assert self.connect_raw is not None
        stream = await self.connect_raw()
        self._open.append(stream)
        return stream

    async def cut(self) -> None:
        """Cut the wire: what is open dies, nothing can be opened."""
        self._cut = True
        while self._open:
            await self._open.pop().close()

    def mend(self) -> None:
        self._cut = False

    def link(self, **options: Any) -> PlcLink:
        """A link as a host process would make it: with a token of its own."""
        self._links += 1
        return PlcLink(
            self._connect,
            self.clock,
            SeededIds(self._links),
            manifest=self.manifest,
            rtu=self.rtu,
            baud=self.baud,
            **options,
        )

    async def started(self, **options: Any) -> PlcLink:
        """A link to a line that executes."""
        link = self.link(**options)
        await link.open()
        for command in ("reset", "start"):
            await link.command(command)
        return link

    @staticmethod
    async def do(link: PlcLink, station: str, verb: str, **params: int) -> Done:
        return await link.execute(station, await link.reserve(station), verb, params)

    async def feed(self, link: PlcLink, track_id: int) -> Done:
        return await self.do(link, "supply", "feed", track_id=track_id)

    async def release(self, link: PlcLink, station: str, track_id: int, **params: int) -> Done:
        values = {"destination": 0, "guard": 0xFFFF, **params}
        return await self.do(link, station, "release", track_id=track_id, **values)

    async def until(self, holds: Callable[[], bool], seconds: float = 5.0) -> None:
        """Wait for a fact about the plant or the PLC."""
        async with self.clock.timeout(seconds):
            while not holds():
                await self.clock.sleep(0.002)


async def kill(link: PlcLink) -> None:
    """The host process dies: no farewell, its wire just ends."""
    assert link._poller is not None
    link._poller.cancel()
    with suppress(asyncio.CancelledError):
        await link._poller
    await link._hang_up()


@asynccontextmanager
async def _rig(wire: str, clock: WallClock, manifest: Manifest) -> AsyncIterator[Rig]:
    kind, _, baud = wire.partition(" at ")
    rig = Rig(clock, manifest, int(baud or 0))
    async with AsyncExitStack() as stack:
        rig.scanning = asyncio.create_task(rig.host.run())
        stack.callback(rig.scanning.cancel)
        stack.push_async_callback(rig.host.close)
        if kind == "memory" and not rig.rtu:
            rig.connect_raw = memory_connect(rig.host.serve)
        elif kind == "memory":
            rig.connect_raw = PacedWire(clock, rig.baud, rig.host.serve_rtu).connect
        elif kind == "tcp":
            rig.connect_raw = connector(f"tcp://127.0.0.1:{await rig.host.listen()}")
        else:
            end = PseudoTerminal(clock, rig.baud)
            serving = asyncio.create_task(rig.host.serve_rtu(end))
            stack.push_async_callback(end.close)
            stack.callback(serving.cancel)
            rig.connect_raw = connector(end.endpoint)
        yield rig
        await rig.cut()


Scenario = Callable[[Rig], Awaitable[None]]


WIRES = ["memory", "tcp", "pty at 115200", "memory at 115200", "memory at 19200"]


@pytest.fixture(params=WIRES)
def wire(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def play(wire: str) -> Callable[..., None]:
    """Plays a scenario with a rig on one kind of wire."""

    def run(scenario: Scenario, **changes: Any) -> None:
        manifest = default_manifest().model_copy(update={"stations": STATIONS, **changes})
        virtual = wire.startswith("memory")
        clock = VirtualClock(datetime(2026, 1, 1, tzinfo=UTC)) if virtual else WallClock()

        async def main() -> None:
            async with _rig(wire, clock, manifest) as rig, clock.timeout(_LONGEST_SCENARIO):
                await scenario(rig)

        if virtual:
            run_virtual(main())
        else:
            asyncio.run(main())

    return run


@pytest.fixture
def play_in_memory() -> Callable[..., None]:
    """Plays a scenario in memory on virtual time only."""

    def run(scenario: Scenario, **changes: Any) -> None:
        manifest = default_manifest().model_copy(update={"stations": STATIONS, **changes})

        async def main() -> None:
            clock = VirtualClock(datetime(2026, 1, 1, tzinfo=UTC))
            async with _rig("memory", clock, manifest) as rig, clock.timeout(_LONGEST_SCENARIO):
                await scenario(rig)

        run_virtual(main())

    return run


@pytest.fixture(name="kill")
def _kill() -> Callable[[PlcLink], Awaitable[None]]:
    return kill


class Noise:
    """A serial wire that does to each answer what a test says; requests pass."""

    def __init__(self, clock: WallClock, serve: Callable[[ByteStream], Awaitable[None]], baud: int) -> None:
        self._clock = clock
        self._serve = serve
        self._byte_seconds = _BITS_PER_BYTE / baud if baud else 0.0
        self.treat: Callable[[bytes], list[tuple[float, bytes]]] = lambda answer: [(0.0, answer)]
        self._tasks: list[asyncio.Task[None]] = []

    async def connect(self) -> ByteStream:
        near, near_far = memory_pair()
        far, far_near = memory_pair()
        self._start(self._serve(far))
        self._start(self._pass_requests(near_far, far_near))
        self._start(self._treat_answers(far_near, near_far))
        return near

    def _start(self, work: Awaitable[None]) -> None:
        self._tasks.append(asyncio.ensure_future(work))

    async def _pass_requests(self, source: ByteStream, target: ByteStream) -> None:
        with suppress(DeviceGone):
            while data := await source.read():
                await self._clock.sleep(len(data) * self._byte_seconds)
                await target.write(data)
        await target.close()

    async def _treat_answers(self, source: ByteStream, target: ByteStream) -> None:
        while answer := await source.read():
            for delay, data in self.treat(answer):
                self._start(self._deliver(target, delay, data))

    async def _deliver(self, target: ByteStream, delay: float, data: bytes) -> None:
        await self._clock.sleep(delay + len(data) * self._byte_seconds)
        with suppress(DeviceGone):
            await target.write(data)


@pytest.fixture(params=[0, 115200, 19200], ids=["no pace", "115200", "19200"])
def play_with_noise(request: pytest.FixtureRequest) -> Callable[..., None]:
    """Plays a scenario over a serial wire in memory, whose ``noise`` the test directs."""

    def run(scenario: Callable[[Rig, Noise], Awaitable[None]]) -> None:
        manifest = default_manifest().model_copy(update={"stations": STATIONS})

        async def main() -> None:
            clock = VirtualClock(datetime(2026, 1, 1, tzinfo=UTC))
            async with _rig("memory", clock, manifest) as rig:
                noise = Noise(clock, rig.host.serve_rtu, request.param)
                rig.rtu, rig.connect_raw = True, noise.connect
                rig.baud = request.param or rig.baud
                async with clock.timeout(_LONGEST_SCENARIO):
                    await scenario(rig, noise)

        run_virtual(main())

    return run
