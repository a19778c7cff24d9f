"""A batch from its files to its output folder: open everything, run or resume, write what came of it."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import label_print
import marc
from workcell.kernel.clock import WallClock, run_wall
from workcell.kernel.drivers import Drivers, Surroundings
from workcell.kernel.errors import DeviceGone, Refused
from workcell.kernel.ids import SystemIds
from workcell.kernel.layout import Layout, load_layout
from workcell.kernel.model import OrderLine
from workcell.kernel.ports import LineLink
from workcell.kernel.profile import Profile, load_profile
from workcell.kernel.worker import ThreadWorker
from workcell.line.assemble import assemble
from workcell.line.before_start import check_before_start
from workcell.line.cataloguing import Cataloguing
from workcell.line.conductor import Conductor
from workcell.line.desk import desk_devices, group_photos, with_camera
from workcell.line.devices import open_devices, open_link
from workcell.line.files import FileStore
from workcell.line.inbox import Inbox
from workcell.line.jobs import ProcessJobs
from workcell.line.journal import LineJournal, line_folder, read_events, read_last_batch
from workcell.line.line import Line
from workcell.line.lookup import Lookup
from workcell.line.operator import DeskPerson
from workcell.line.policy import all_auto
from workcell.line.projection import LineState, fold
from workcell.line.recovery import recover
from workcell.line.retention import expire_pages
from workcell.site import (
    Case,
    FileDrop,
    Site,
    deliveries_of,
    load_invoice,
    load_orders,
    work_outbox,
    write_output,
)

_COMPLETE_SECONDS = 2.0
_SLIP_STOCK, _SLIP_DPI = label_print.Stock(50.0, 25.0), 203


@dataclass(frozen=True)
class Plan:
    """What `workcell run` was asked for.

    ``sources`` are record files by source name, in no order.  ``partial`` says that the boxes hold more than
    this batch: what does not come is awaited, not short.  ``safe_mode`` uses no driver of another package.
    ``tell`` hears what a person should know meanwhile: alarms, and records that can't be used.
    """

    layout: Path
    profile: Path
    orders: tuple[Path, ...]
    store: Path
    out: Path
    sources: dict[str, tuple[Path, ...]]
    invoice: Path | None = None
    twin: Path | None = None
    resume: bool = False
    auto: bool = False
    speed: float = 1.0
    partial: bool = False
    desk: Desk | None = None
    targets: tuple[marc.Target, ...] = ()
    shared: str = ""
    safe_mode: bool = False
    tell: Callable[[str], None] = lambda text: None


@dataclass(frozen=True)
class Desk:
    """What a desk has in place of a line: the person, and photographs or a camera's device number."""

    person: Callable[[LineState, FileStore], DeskPerson]
    photos: Path | None = None
    camera: str | None = None


@dataclass(frozen=True)
class Ended:
    """How a run ended: the summary as in ``batch.json``, or the request that stopped it before its end."""

    summary: dict[str, Any] | None
    stopped_by: str = ""


def run_batch(plan: Plan) -> Ended:
    """Run or resume a batch on a line; raises WorkcellError."""
    return run_wall(_run(plan))


async def _run(plan: Plan) -> Ended:
    layout, profile = load_layout(plan.layout), _profile(plan)
    left_out = check_before_start(layout, profile, plan.profile)
    orders = [order for path in plan.orders for order in load_orders(path)]
    if plan.invoice:
        load_invoice(plan.invoice)  # what is wrong with it is said before a book is fed
    for folder in (plan.store, plan.out):
        folder.mkdir(parents=True, exist_ok=True)
    clock, ids = WallClock(), SystemIds()
    folder = line_folder(plan.store, layout.line_id)
    journal = LineJournal(folder, layout.line_id, clock, ThreadWorker("journal"))
    site_worker, disk = ThreadWorker("site"), ThreadWorker("disk")
    site = Site.open(f"sqlite:///{plan.store / 'site.sqlite'}")
    jobs = ProcessJobs(layout.recognition, clock)
    try:
        state = fold(read_last_batch(folder), keeps_past=False)
        _check_batch(state, plan)
        _check_output(state, plan)
        sources = {**fill_sources(plan.store, plan.sources, plan.tell), **_shared(plan)}
        files = FileStore(plan.store / "files")
        person = mend = None
        drivers = Drivers.installed(safe_mode=plan.safe_mode)
        around = Surroundings(clock, disk, ids, plan.tell)
        link: LineLink
        if plan.desk is None:
            link, devices = (
                open_link(layout, around, plan.twin, state.boot_id or 0, drivers),
                open_devices(layout, clock, disk, plan.twin, plan.out, plan.tell, drivers),
            )
        else:
            sitting = plan.desk.person(state, files)
            books = await group_photos(plan.desk.photos, jobs) if plan.desk.photos else None
            link, devices = desk_devices(
                _with_camera(layout, plan), state, sitting, books, disk, plan.out, plan.tell, drivers
            )
            person, mend = link.ask, link.mend
        line = Line(
            layout=layout, profile=profile, clock=clock, ids=ids, journal=journal, state=state, link=link,
            devices=devices, jobs=jobs, files=files, disk=disk, person=person, mend=mend, tell=plan.tell,
        )  # fmt: skip
        lookup = _lookup(plan, clock, drivers)
        cataloguing = Cataloguing(line, site, site_worker, orders, sources, plan.profile.resolve(), lookup)
        conductor = Conductor(line, cataloguing, Inbox(folder))
        try:
            await _expire_pages(line, folder, profile.retention.images_days)
            if not _waits_for_output(state):
                for remark in left_out:
                    plan.tell(remark)
                await conduct(conductor, orders, plan)
        finally:
            await link.close()
            await devices.close()
            if lookup is not None:
                await lookup.close()
        if conductor.stopped_by:
            return Ended(None, conductor.stopped_by)
        whole = await disk.run(fold, read_last_batch(folder))
        summary = await disk.run(hand_over, plan, layout, profile, orders, whole, files, site)
        await line.write("batch.handed_over", {"out": str(plan.out)})
        await disk.run(_forward, folder, layout.line_id, site)
        return Ended(summary)
    finally:
        await jobs.close()
        await disk.close()
        await site_worker.close()
        site.close()
        await journal.close()


async def _expire_pages(line: Line, folder: Path, days: int) -> None:
    """Delete pictures that were kept long enough; the journal tells how far that has been done."""
    done = line.state.pages_expired
    gone, up_to = await line.disk.run(
        expire_pages, read_events(folder, after=done), line.files, line.clock.wall(), days
    )
    if up_to > done:
        await line.write("pages.expired", {"up_to": up_to, "files": gone})


async def conduct(conductor: Conductor, orders: Sequence[OrderLine], plan: Plan) -> None:
    """Open a batch or go on with the open one, and drive it to its close or until a person stops it."""
    line = conductor.line
    await line.link.open()
    if not line.state.batch_open:
        await open_batch(line, orders, plan)
        await conductor.cataloguing.open_batch()
    else:
        await conductor.cataloguing.open_batch()
        await recover(conductor)
    await conductor.run()
    if not conductor.stopped_by:
        await close_batch(line)


def hand_over(
    plan: Plan,
    layout: Layout,
    profile: Profile,
    orders: Sequence[OrderLine],
    state: LineState,
    files: FileStore,
    site: Site,
) -> dict[str, Any]:
    """Output folder, registers and outbox of the closed batch; each may be done again."""
    invoice = load_invoice(plan.invoice) if plan.invoice else None
    result = assemble(state, files, site, layout, profile, orders, invoice, plan.speed)
    summary = write_output(plan.out, result)
    _write_slips(plan.out, result.cases)
    closed = datetime.fromisoformat(state.batch_closed_at)
    drop = FileDrop(plan.store / "delivery", profile.records.format, profile.records.item_field)
    for delivery in deliveries_of(result):
        item = delivery.item
        site.register.enter(state.batch_id, item["book"], item["accession"], item, closed)
        site.outbox.put(delivery, drop.name, closed)
    while work_outbox(site.outbox, drop, closed).delivered:
        pass
    drop.publish()
    site.batches.close(state.batch_id, closed)
    return summary


def _write_slips(out: Path, cases: Sequence[Case]) -> None:
    """The slip that travels in a copy whose case is about that copy alone, as a label to print."""
    for case in cases:
        if case.slip and case.state == "open":
            slip = label_print.barcode_label(case.slip, "code128", "", _SLIP_STOCK, _SLIP_DPI)
            folder = out / "review" / case.id
            (folder / "slip.png").write_bytes(slip.png())
            (folder / "slip.zpl").write_bytes(slip.zpl())


def _forward(folder: Path, line_id: str, site: Site) -> None:
    """Bring the site's copy of the line's events up to date."""
    site.journal.forward(read_events(folder, after=site.journal.last(line_id)))


async def open_batch(line: Line, orders: Sequence[OrderLine], plan: Plan) -> None:
    """Put a new batch on record, with the photo-eye counters as they stand before it."""
    view = await line.link.view()
    today = line.clock.wall().date().isoformat()
    body = {
        "batch_id": f"{line.layout.line_id}-{today.replace('-', '')}-{line.state.batches + 1:02d}",
        "profile": line.profile.name,
        "order_lines": len(orders),
        "speed": plan.speed,
        "auto": plan.auto,
        "partial": plan.partial,
        "counters": {"entered": view.entered, "left": view.left},
        "carried": line.state.carried(),
    }
    await line.write("batch.opened", body)


async def close_batch(line: Line) -> None:
    """Compare the photo-eyes with the books on record, and close the batch."""
    await line.see_state()  # a power-up that set the counters back is on record before they are compared
    view = await line.link.view()
    counts = line.state.counts()
    entered = view.entered - line.state.baseline["entered"]
    left = view.left - line.state.baseline["left"]
    agree = entered == counts["fed"] and left == counts["fed"] - counts["missing"]
    if not agree:
        text = f"Photo-eyes counted {entered} in and {left} out; the journal has {counts['fed']} books."
        await line.alarm("counts", text, "Search the line for the difference.")
    await line.write("batch.closed", {"counts": counts, "entered": entered, "left": left, "agree": agree})
    with suppress(Refused, DeviceGone):  # a unit that is held or aborted is an operator's; the books are out
        await line.link.command("complete")
        with suppress(TimeoutError):
            await line.link.wait_view(lambda seen: seen.state == "Complete", _COMPLETE_SECONDS)
        await line.see_state()


def fill_sources(
    store: Path, files: dict[str, tuple[Path, ...]], tell: Callable[[str], None] = lambda text: None
) -> dict[str, Path | str]:
    """Index the record files of each source below ``store``; a catalogue is used where it is.

    Good records are kept whatever stands beside them; ``tell`` hears of every bad one and where it is.  The
    library's own files get their shelf list; that of a catalogue is made by `workcell marc shelve`.
    """
    indexed: dict[str, Path | str] = {}
    for name, paths in files.items():
        if not paths:
            continue
        if len(paths) == 1 and marc.is_catalogue(paths[0]):
            indexed[name] = paths[0].resolve()
            continue
        index = store / "sources" / f"{name}.sqlite"
        index.parent.mkdir(parents=True, exist_ok=True)
        with marc.Catalogue.open(index) as catalogue:
            report = catalogue.import_files(paths, name)
            if name in marc.OWN_SOURCES:
                marc.ShelfList.of(catalogue).close()
        for bad in report.bad:
            fate = "mended" if bad.kept else "left out"
            tell(f"{bad.path}: record {bad.n} at byte {bad.offset} is {fate}: {bad.problem}")
        indexed[name] = index
    return indexed


def _shared(plan: Plan) -> dict[str, Path | str]:
    """The library's own catalogue where it stands in a database."""
    if not plan.shared:
        return {}
    marc.Catalogue(plan.shared).close()  # what is wrong with it is said before a book is fed
    return {"catalogue": plan.shared}


def _lookup(plan: Plan, clock: WallClock, drivers: Drivers) -> Lookup | None:
    """The remote targets of the plan, their caches beside the indexed sources."""
    if not plan.targets:
        return None
    return Lookup(plan.targets, plan.store / "sources" / "targets", clock, plan.tell, drivers=drivers)


def _profile(plan: Plan) -> Profile:
    profile = load_profile(plan.profile)
    return profile.model_copy(update={"autonomy": all_auto()}) if plan.auto else profile


def _with_camera(layout: Layout, plan: Plan) -> Layout:
    if plan.desk is None or plan.desk.camera is None:
        return layout
    return with_camera(layout, plan.desk.camera)


def _check_batch(state: LineState, plan: Plan) -> None:
    if state.batch_open and not plan.resume:
        raise Refused(
            f"batch {state.batch_id} is not finished", subject=state.line_id,
            remedy="Give --resume to go on with it.",
        )  # fmt: skip
    if _waits_for_output(state) and not plan.resume:
        raise Refused(
            f"the output of batch {state.batch_id} was not written", subject=state.line_id,
            remedy="Give --resume to write it.",
        )  # fmt: skip
    if plan.resume and not (state.batch_open or _waits_for_output(state)):
        raise Refused("there is no unfinished batch to resume", subject=state.line_id or str(plan.store))


def _waits_for_output(state: LineState) -> bool:
    return bool(state.batch_id) and not state.batch_open and not state.handed_over


def _check_output(state: LineState, plan: Plan) -> None:
    """An output folder belongs to one batch: another one's is never written over."""
    path = plan.out / "batch.json"
    if not path.exists():
        return
    held = json.loads(path.read_text("utf-8")).get("batch", "")
    if not plan.resume or held != state.batch_id:
        raise Refused(
            f"holds the output of batch {held}", subject=str(plan.out), remedy="Give --out another folder."
        )
