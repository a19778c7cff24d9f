"""Devices from the layout: each named place becomes a driver on its wire.

An endpoint ``twin:NAME`` is looked up in the ``ports.json`` that the twin publishes in its state folder.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import label_print
import plc
import vision
from stations import rfid
from workcell.kernel.errors import ConfigError, DeviceGone
from workcell.kernel.ids import SystemIds
from workcell.kernel.layout import Layout, PrinterPlace, ReaderPlace
from workcell.kernel.ports import Camera, Clock, Ids, LineLink, Printer, TagReader, Worker
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
) -> Devices:
    """Drivers for all devices of ``layout``; wires are opened when first used.

    Folders that the layout names without a root lie below ``folder``; ``tell`` hears what a person must know
    of a device.
    """
    ports = _ports(twin_state)
    around = vision.Surroundings(clock, disk, SystemIds(), tell)
    return Devices(
        {
            name: vision.open_camera(place.kind, name, _resolve(place.endpoint, ports), around)
            for name, place in layout.cameras.items()
        },
        {name: _printer(name, place, clock, disk, ports, folder) for name, place in layout.printers.items()},
        {
            name: _reader(name, place, clock, ports)
            for name, place in layout.readers.items()
            if place.kind != "none"
        },
    )


def open_link(layout: Layout, clock: Clock, ids: Ids, twin_state: Path | None, last_boot_id: int) -> LineLink:
    """The link to the line's PLC."""
    endpoint = _resolve(layout.plc.endpoint, _ports(twin_state))
    manifest = Path(layout.plc.manifest) if layout.plc.manifest else None
    return plc.PlcLink(
        connector(endpoint),
        clock=clock,
        ids=ids,
        manifest=plc.load_manifest(manifest) if manifest else plc.default_manifest(),
        poll_seconds=layout.plc.poll_ms / 1000,
        name=endpoint,
        rtu=endpoint.startswith("serial:"),
        baud=baud_of(endpoint),
        last_boot_id=last_boot_id,
    )


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


def _printer(
    name: str, place: PrinterPlace, clock: Clock, disk: Worker, ports: dict[str, str], folder: Path
) -> Printer:
    if place.kind == "zpl":
        return label_print.ZplPrinter(name, connector(_resolve(place.endpoint, ports)), clock)
    return label_print.FilePrinter(name, folder / place.endpoint, disk)


def _reader(name: str, place: ReaderPlace, clock: Clock, ports: dict[str, str]) -> TagReader:
    return rfid.FeigReader(name, connector(_resolve(place.endpoint, ports)), clock, address=place.address)
