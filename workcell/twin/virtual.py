"""A whole batch on virtual time: the very same conductor, drivers and emulators, without a socket or a wait.

Wires are in memory, the camera server is called in process, and recognition comes from stored evidence.  One
seed gives one history.
"""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import httpx

import label_print
import plc
import vision
from stations import rfid
from workcell.kernel.clock import VirtualClock, run_virtual
from workcell.kernel.events import Event
from workcell.kernel.ids import SeededIds
from workcell.kernel.layout import load_layout
from workcell.kernel.profile import load_profile
from workcell.kernel.streams import memory_connect
from workcell.kernel.worker import InlineWorker
from workcell.line.cataloguing import Cataloguing
from workcell.line.conductor import Conductor
from workcell.line.devices import Devices
from workcell.line.files import FileStore
from workcell.line.journal import LineJournal, line_folder, read_events, read_last_batch
from workcell.line.line import Line
from workcell.line.policy import all_auto
from workcell.line.projection import fold
from workcell.line.running import Plan, conduct, fill_sources
from workcell.site import Site, load_orders
from workcell.twin.box import load_box
from workcell.twin.cameras import CameraServer
from workcell.twin.plant import TwinPlant
from workcell.twin.printer import ZplPrinter
from workcell.twin.serve import Run, build_world, ended
from workcell.twin.stored import stored_still
from workcell.twin.stored_jobs import StoredJobs
from workcell.twin.tag_reader import FeigReader
from workcell.twin.world import World

EPOCH = datetime(2026, 1, 5, 8, 0, tzinfo=UTC)
_SCAN_MS = 20
_SITE_URL = "http://twin"


@dataclass(frozen=True)
class VirtualRun:
    """What a batch on virtual time is made of; ``world`` is a folder in which the twin keeps its world."""

    layout: Path
    profile: Path
    shipment: Path
    books: int
    seed: int
    world: Path | None = None


def run_batch_virtually(plan: VirtualRun, folder: Path) -> list[Event]:
    """Run one batch with its store in ``folder``; returns the line's history."""
    run_virtual(conduct_virtually(plan, folder, VirtualClock(EPOCH)))
    return list(read_events(line_folder(folder, load_layout(plan.layout).line_id)))


async def conduct_virtually(plan: VirtualRun, folder: Path, clock: VirtualClock) -> None:
    """Conduct the next batch of the line whose store is ``folder``, on fresh machines, on virtual time."""
    layout, ids = load_layout(plan.layout), SeededIds(plan.seed)
    profile = load_profile(plan.profile).model_copy(update={"autonomy": all_auto()})
    box = load_box(plan.shipment / "box.json")
    world = build_world(layout, box, plan.world, Run(plan.books, plan.seed))
    orders = load_orders(plan.shipment / "orders.csv")
    sources = fill_sources(
        folder,
        {"catalogue": (plan.shipment / "catalogue.mrc",), "vendor": (plan.shipment / "vendor.mrc",)},
    )
    disk = InlineWorker()
    async with AsyncExitStack() as stack:
        stack.callback(world.close)
        site = Site.open(f"sqlite:///{folder / 'site.sqlite'}")
        stack.callback(site.close)
        journal = LineJournal(line_folder(folder, layout.line_id), layout.line_id, clock, InlineWorker())
        stack.push_async_callback(journal.close)
        plant = TwinPlant(world, layout, seed=plan.seed, speed=1.0)
        names = [place.name for place in layout.stations]
        scan_ms = layout.twin.scan_ms if layout.twin else _SCAN_MS
        host = plc.PlcHost(plc.SoftPlc(plant, plc.builtin_tagmap(), names), clock, scan_ms=scan_ms)
        scanning = asyncio.get_running_loop().create_task(host.run())
        stack.push_async_callback(ended, scanning)
        state = fold(read_last_batch(line_folder(folder, layout.line_id)), keeps_past=False)
        link = plc.PlcLink(
            memory_connect(host.serve), clock, ids, poll_seconds=layout.plc.poll_ms / 1000,
            last_boot_id=state.boot_id or 0,
        )  # fmt: skip
        line = Line(
            layout=layout,
            profile=profile,
            clock=clock,
            ids=ids,
            journal=journal,
            state=state,
            link=link,
            devices=_devices(world, clock, plan.seed),
            jobs=StoredJobs(box, profile.labels),
            files=FileStore(folder / "files"),
            disk=disk,
        )
        stack.push_async_callback(line.devices.close)
        stack.push_async_callback(link.close)
        cataloguing = Cataloguing(line, site, disk, orders, sources, plan.profile)
        await conduct(Conductor(line, cataloguing), orders, _plan(plan, folder))


def _plan(plan: VirtualRun, folder: Path) -> Plan:
    return Plan(
        layout=plan.layout,
        profile=plan.profile,
        orders=(plan.shipment / "orders.csv",),
        store=folder,
        out=folder / "out",
        sources={},
        auto=True,
    )


def _devices(world: World, clock: VirtualClock, seed: int) -> Devices:
    """The real drivers on in-memory wires to the twin's emulators."""
    server = CameraServer(world, stored_still, InlineWorker(), clock, seed=seed)
    transport = httpx.ASGITransport(app=server.app())
    return Devices(
        {
            name: vision.HttpCamera(
                name, _SITE_URL, clock, httpx.AsyncClient(transport=transport, base_url=_SITE_URL)
            )
            for name in world.layout.cameras
        },
        {
            name: label_print.ZplPrinter(name, memory_connect(ZplPrinter(world, name, clock).serve), clock)
            for name in world.layout.printers
        },
        {
            name: rfid.FeigReader(name, memory_connect(FeigReader(world, name, clock).serve), clock)
            for name in world.layout.readers
        },
    )
