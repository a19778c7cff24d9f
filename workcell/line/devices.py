"""Devices from the layout: each named place becomes a driver on its wire, ours or another maker's.

An endpoint ``twin:NAME`` is looked up in the ``ports.json`` that the twin publishes in its state folder.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

import label_print
import marc
import plc
import vision
from stations import rfid
from workcell.kernel.drivers import Drivers, LinkSurroundings, Surroundings
from workcell.kernel.errors import ConfigError, DeviceGone
from workcell.kernel.ids import SystemIds
from workcell.kernel.layout import Layout, PrinterPlace, ReaderPlace
from workcell.kernel.ports import Camera, Clock, LineLink, Printer, TagReader, Worker
from workcell.kernel.streams import baud_of, connector


@dataclass(frozen=True)
class Devices:
    """Every device of a line by its name in the layout."""

    cameras: dict[str, Camera] = field(default_factory=dict)
    printers: dict[str, Printer] = field(default_factory=dict)
    readers: dict[str, TagReader] = field(default_factory=dict)

    async def close(self) -> None:
        """Let go of every wire."""
        devices: list[Camera | Printer | TagReader] = [*self.cameras.values(), *self.printers.values()]
        for device in [*devices, *self.readers.values()]:
            await device.close()


def open_devices(
    layout: Layout,
    clock: Clock,
    disk: Worker,
    twin_state: Path | None,
    folder: Path,
    tell: Callable[[str], None] = lambda text: None,
    drivers: Drivers | None = None,
) -> Devices:
    """Drivers for all devices of ``layout``; wires are opened when first used.

    Folders that the layout names without a root lie below ``folder``; ``tell`` hears what a person must know
    of a device; kinds that are not ours are looked up in ``drivers`` (those installed).  Raises ConfigError
    for a device that nobody can drive, also for the engine that recognition processes will ask for.
    """
    ports, drivers = _ports(twin_state), drivers or Drivers.installed()
    around = Surroundings(clock, disk, SystemIds(), tell)
    if (
        layout.recognition.engine not in OURS["ocr"]
    ):  # recognition processes open it; here it is only looked for
        drivers.find("ocr", layout.recognition.engine, OURS["ocr"])
    return Devices(
        {
            name: vision.open_camera(place.kind, name, _resolve(place.endpoint, ports), around, drivers)
            for name, place in layout.cameras.items()
        },
        {
            name: _printer(name, _at(place, ports), around, drivers, folder)
            for name, place in layout.printers.items()
        },
        {
            name: _reader(name, _at(place, ports), around, drivers)
            for name, place in layout.readers.items()
            if place.kind != "none"
        },
    )


def open_link(
    layout: Layout, around: Surroundings, twin_state: Path | None, last_boot_id: int, drivers: Drivers
) -> LineLink:
    """The link to the line's PLC, by another maker's driver for a kind not ours.

    Either gets the manifest that the layout names (else the soft PLC's) and the last BootId on record.
    """
    endpoint = _resolve(layout.plc.endpoint, _ports(twin_state))
    path, poll_seconds = layout.plc.manifest, layout.plc.poll_ms / 1000
    manifest = plc.load_manifest(Path(path)) if path else plc.default_manifest()
    _check_manifest(layout, manifest, path)
    if layout.plc.kind != "modbus":
        driver = drivers.find("link", layout.plc.kind, OURS["link"])
        given = LinkSurroundings(
            around.clock, around.worker, around.ids, around.tell, manifest, last_boot_id, poll_seconds
        )
        theirs: LineLink = driver.open(layout.line_id, endpoint, given)
        return theirs
    return plc.PlcLink(
        connector(endpoint),
        clock=around.clock,
        ids=around.ids,
        manifest=manifest,
        poll_seconds=poll_seconds,
        name=endpoint,
        rtu=endpoint.startswith("serial:"),
        baud=baud_of(endpoint),
        last_boot_id=last_boot_id,
    )


def _check_manifest(layout: Layout, manifest: plc.Manifest, path: str) -> None:
    """Raise ConfigError where the layout has stations or bins that the PLC does not have."""
    remedy = "Name the vendor's manifest under [plc] of the layout, or mend one of the two."
    subject = path or "the manifest of the soft PLC"
    names = [place.name for place in layout.stations]
    missing = [name for name in names if name not in manifest.stations]
    if missing:
        raise ConfigError(f"the PLC has no station {', '.join(missing)}", subject=subject, remedy=remedy)
    beyond = [name for name, number in layout.bins.items() if number > manifest.bins]
    if beyond:
        raise ConfigError(
            f"the PLC has bins 1 to {manifest.bins}; the layout has {', '.join(beyond)} beyond",
            subject=subject, remedy=remedy,
        )  # fmt: skip


def _ports(twin_state: Path | None) -> dict[str, str]:
    if twin_state is None:
        return {}
    path = twin_state / "ports.json"
    try:
        ports: dict[str, str] = json.loads(path.read_text("utf-8"))
    except (OSError, ValueError) as error:
        raise DeviceGone(
            "the twin has published no ports", subject=str(path), remedy="Start it: workcell twin serve."
        ) from error
    return ports


def _resolve(endpoint: str, ports: dict[str, str]) -> str:
    if not endpoint.startswith("twin:"):
        return endpoint
    name = endpoint.removeprefix("twin:")
    if name not in ports:
        raise ConfigError(
            f"the twin has no device {name!r}",
            subject=endpoint,
            remedy="Give --twin STATE of a running twin.",
        )
    return ports[name]


P = TypeVar("P", PrinterPlace, ReaderPlace)


def _at(place: P, ports: dict[str, str]) -> P:
    """The place with its endpoint resolved."""
    return place.model_copy(update={"endpoint": _resolve(place.endpoint, ports)})


def _printer(name: str, place: PrinterPlace, around: Surroundings, drivers: Drivers, folder: Path) -> Printer:
    opener = _PRINTERS.get(place.kind)
    if opener is not None:
        return opener(name, place.endpoint, around, folder)
    theirs: Printer = drivers.find("printer", place.kind, _PRINTERS).open(name, place.endpoint, around)
    return theirs


_PRINTERS: dict[str, Callable[[str, str, Surroundings, Path], Printer]] = {
    "zpl": lambda name, endpoint, around, folder: _open(name, endpoint, "zpl", around),
    "tspl": lambda name, endpoint, around, folder: _open(name, endpoint, "tspl", around),
    "cups": lambda name, endpoint, around, folder: _open(name, f"cups:{endpoint}", "zpl", around),
    "file": lambda name, endpoint, around, folder: _open(name, f"file:{folder / endpoint}", "zpl", around),
}


def _open(name: str, endpoint: str, language: str, around: Surroundings) -> Printer:
    return label_print.open_printer(name, endpoint, language, around.clock, around.worker)


def _reader(name: str, place: ReaderPlace, around: Surroundings, drivers: Drivers) -> TagReader:
    if place.kind == "feig":
        return rfid.FeigReader(name, connector(place.endpoint), around.clock, address=place.address)
    if place.kind in rfid.READER_KINDS:
        return rfid.READER_KINDS[place.kind](name, connector(place.endpoint), around.clock)
    theirs: TagReader = drivers.find("reader", place.kind, OURS["reader"]).open(name, place.endpoint, around)
    return theirs


OURS: Mapping[str, tuple[str, ...]] = {
    "camera": vision.camera_kinds(),
    "printer": tuple(_PRINTERS),
    "reader": tuple(rfid.READER_KINDS),
    "link": ("modbus", "operator"),
    "ocr": ("rapidocr",),
    "source": marc.PROTOCOLS,
}
"""The kinds of devices, engines and sources that need no other package."""
