"""`workcell rework`: a released copy gets a new number, label and tag content; register and item follow."""

from __future__ import annotations

import asyncio
import getpass
import re
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

import marc
from workcell.cli.options import EXAMPLES, Json, Store, default_store
from workcell.cli.output import console, print_json, print_line
from workcell.cli.site_store import site_of
from workcell.kernel.clock import WallClock
from workcell.kernel.errors import BadInput, ConfigError
from workcell.kernel.layout import Layout, load_layout
from workcell.kernel.profile import Profile, load_profile
from workcell.kernel.worker import ThreadWorker
from workcell.line.desk import TerminalPerson
from workcell.line.devices import Devices, open_devices
from workcell.line.operator import Person
from workcell.line.rework import Rework, Reworked, Workplace
from workcell.site import FileDrop, Site, work_outbox


def rework(
    barcode: Annotated[str, typer.Argument(help="The number on the copy, as the register has it.")],
    reason: Annotated[str, typer.Option(help="Why; it stands in ledger and register.")] = "reworked by hand",
    layout: Annotated[Path, typer.Option(help="layout.toml: whose label printer and RFID pad are used.")] = (
        EXAMPLES / "layouts" / "desk.toml"
    ),
    profile: Annotated[Path, typer.Option(help="profile.toml.")] = EXAMPLES / "profiles" / "en.toml",
    twin: Annotated[Path | None, typer.Option(help="State folder of a twin that serves the layout.")] = None,
    store: Store = None,
    unattended: Annotated[
        bool, typer.Option("--unattended", help="A simulated operator does every manual act.")
    ] = False,
    json: Json = False,
) -> None:
    """Void a released copy's number, relabel it, rewrite its tag, and correct register and library system.

    Run it again after anything that went wrong: what is done is not done twice.
    """
    if not unattended and not sys.stdin.isatty():
        raise BadInput(
            "there is no terminal to ask the operator at", remedy="Give --unattended to simulate one."
        )
    if not reason.strip():
        raise ConfigError("a number is voided with a reason", subject="--reason", remedy="Say why.")
    with site_of(store) as site:
        ways = load_profile(profile)
        done = asyncio.run(_run(site, ways, load_layout(layout), barcode, reason, store, twin, unattended))
    if json:
        print_json(asdict(done))
    else:
        print_line(f"{done.old} is void; {done.new} is on {done.book_id}, in its tag, register and item.")


async def _run(
    site: Site,
    profile: Profile,
    layout: Layout,
    barcode: str,
    reason: str,
    store: Path | None,
    twin: Path | None,
    unattended: bool,
) -> Reworked:
    folder, clock, disk = store or default_store(), WallClock(), ThreadWorker("disk")
    drop = FileDrop(folder / "delivery", profile.records.format, profile.records.item_field)
    person = SimulatedOperator() if unattended else TerminalPerson(ThreadWorker("terminal"), _asked)
    devices = open_devices(layout, clock, disk, twin, folder / "rework", print_line)
    try:
        with _taken(folder) as taken:
            at = _workplace(layout, devices, person)
            done = await Rework(site, profile, clock, at, drop.name, taken).run(barcode, reason)
    finally:
        await devices.close()
        await disk.close()
    now = clock.wall()
    site.audit.write(getpass.getuser(), "rework", barcode, now, {"new": done.new, "reason": reason})
    work_outbox(site.outbox, drop, now)
    drop.publish()
    return done


_PUT = re.compile(r"put (\S+) there")


class SimulatedOperator:
    """Does what is told, and scans the label that was put on last."""

    def __init__(self) -> None:
        self._number = ""

    async def next_book(self) -> bool:
        """There is one book at hand."""
        return False

    async def told(self, text: str) -> None:
        """Do it."""
        put = _PUT.search(text)
        self._number = put[1] if put else self._number
        print_line(f"operator (simulated): {text}")

    async def asked(self, question: str) -> str:
        """The number of the last label where a scan is asked for, else yes."""
        return self._number if question.startswith("Scan") else "yes"


def _workplace(layout: Layout, devices: Devices, person: Person) -> Workplace:
    """Printer of the barcode labels, and the reader of the tag station or of the verify station."""
    labels = layout.station("barcode_label")
    if labels is None or labels.printer is None:
        raise ConfigError(
            "no printer for barcode labels", subject=layout.line_id, remedy="Name one at barcode_label."
        )
    places = [layout.station(name) for name in ("rfid", "verify")]
    readers = [place.reader for place in places if place is not None and place.reader]
    reader = devices.readers[readers[0]] if readers else None
    return Workplace(person, devices.printers[labels.printer], reader)


@contextmanager
def _taken(store: Path) -> Iterator[Callable[[str], bool]]:
    """Whether the catalogue that the store has indexed knows a number."""
    path = store / "sources" / "catalogue.sqlite"
    if not path.exists():
        yield lambda number: False
        return
    with marc.Catalogue(path) as catalogue:
        yield catalogue.barcode_exists


def _asked(text: str) -> str:
    return console.input(f"[bold]{text}[/]: ")
