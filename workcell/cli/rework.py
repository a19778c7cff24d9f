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
from workcell.cli.output import console, paper, print_json, print_line
from workcell.cli.site_store import site_of
from workcell.kernel.clock import WallClock
from workcell.kernel.errors import BadInput, ConfigError, WorkcellError
from workcell.kernel.layout import Layout, load_layout
from workcell.kernel.profile import Profile, load_profile
from workcell.kernel.worker import ThreadWorker
from workcell.line.desk import TerminalPerson
from workcell.line.devices import Devices, open_devices
from workcell.line.operator import Person
from workcell.line.relabel import Workplace
from workcell.line.rework import Rework, Reworked
from workcell.site import FileDrop, Redo, Site, work_outbox


def rework(
    barcode: Annotated[str, typer.Argument(help="The number on the copy, as the register has it.")] = "",
    reason: Annotated[str, typer.Option(help="Why; it stands in ledger and register.")] = "",
    spine: Annotated[bool, typer.Option("--spine", help="Print the spine label again too.")] = False,
    call_number: Annotated[
        str, typer.Option("--call-number", help="Another call number, and a spine label with it.")
    ] = "",
    keep_number: Annotated[
        bool, typer.Option("--keep-number", help="Leave number and barcode labels; spine label or tag alone.")
    ] = False,
    new_tag: Annotated[
        bool, typer.Option("--new-tag", help="Write a new tag in place of one that is dead or gone.")
    ] = False,
    unfinished: Annotated[
        bool,
        typer.Option("--unfinished", help="List what was begun and not ended; exit 1 when there is any."),
    ] = False,
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
    """Give a released copy a new number, label and tag content, or a new spine label or tag alone.

    The old number and label are void; register and library system follow. Run it again after anything that
    went wrong: the number is enough then, and what is done is not done twice.
    """
    if unfinished:
        _list_unfinished(store, json)
    if not barcode:
        raise ConfigError("no number", subject="BARCODE", remedy="Give the number on the copy.")
    if not unattended and not sys.stdin.isatty():
        raise BadInput(
            "there is no terminal to ask the operator at", remedy="Give --unattended to simulate one."
        )
    redo = Redo(reason.strip(), not keep_number, spine or bool(call_number), call_number, new_tag)
    with site_of(store) as site:
        asked = None if redo == Redo("") else redo
        if asked is None and site.reworks.find(barcode) is None:
            asked = redo
        if asked is not None and not asked.reason:
            raise ConfigError("a copy is reworked with a reason", subject="--reason", remedy="Say why.")
        ways = load_profile(profile)
        try:
            done = asyncio.run(_run(site, ways, load_layout(layout), barcode, asked, store, twin, unattended))
        except WorkcellError:
            if site.reworks.find(barcode) is not None:
                print_line(f"The rework of {barcode} is not ended. Go on with it: workcell rework {barcode}")
            raise
    if json:
        print_json(asdict(done))
    else:
        print_line(_in_words(done))


def _in_words(done: Reworked) -> str:
    number = f"{done.old} is void; {done.new} is on" if done.new != done.old else f"{done.new} stays on"
    return f"{number} {done.book_id}, call number {done.call_number or 'none'}; register and item say so."


def _list_unfinished(store: Path | None, json: bool) -> None:
    with site_of(store) as site:
        begun = site.reworks.unfinished()
    if json:
        print_json({"unfinished": [asdict(each) for each in begun]})
    for each in begun if not json else ():
        paper.print(f"{each.barcode}: {each.wanted.reason} ({each.who}, {each.at})", markup=False)
    raise typer.Exit(1 if begun else 0)


async def _run(
    site: Site,
    profile: Profile,
    layout: Layout,
    barcode: str,
    redo: Redo | None,
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
            at = _workplace(layout, devices, person, folder / "rework" / "runs")
            work = Rework(site, profile, clock, at, drop.name, taken, getpass.getuser())
            done = await work.run(barcode, redo)
    finally:
        await devices.close()
        await disk.close()
    work_outbox(site.outbox, drop, clock.wall())
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


def _workplace(layout: Layout, devices: Devices, person: Person, runs: Path) -> Workplace:
    """The printers of the label stations, and the reader of the tag station or of the verify station."""
    printers = [_printer_at(layout, name) for name in ("barcode_label", "spine_label")]
    named = [name for name in printers if name]
    if not named:
        raise ConfigError(
            "no label printer", subject=layout.line_id, remedy="Name one at barcode_label or spine_label."
        )
    places = [layout.station(name) for name in ("rfid", "verify")]
    readers = [place.reader for place in places if place is not None and place.reader]
    return Workplace(
        person,
        devices.printers[printers[0] or named[0]],
        devices.printers[printers[1] or named[0]],
        devices.readers.get(readers[0]) if readers else None,
        runs,
    )


def _printer_at(layout: Layout, station: str) -> str:
    place = layout.station(station)
    return place.printer or "" if place is not None else ""


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
