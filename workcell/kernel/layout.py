"""The layout: what stands where, on which wires.

``layout.toml`` names the line, its stations in order, the devices with their endpoints and times, and the
bins.  The twin, a desk and a full line differ in this file only.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, model_validator

from workcell.kernel.tables import FileBeside, Table, load_toml

STATIONS = (
    "supply", "posture", "capture", "page_turn", "identify", "stamp",
    "barcode_label", "spine_label", "rfid", "verify", "sort",
)  # fmt: skip


class StationPlace(Table):
    """A station's place on the line, its devices by name, and its times in seconds.

    ``seconds`` is the station's whole cycle as built, used for the throughput limit; ``verbs`` gives the
    time of each unit command (the twin moves at these times, scaled by ``--speed``).
    """

    name: Literal[
        "supply", "posture", "capture", "page_turn", "identify", "stamp",
        "barcode_label", "spine_label", "rfid", "verify", "sort",
    ]  # fmt: skip
    cameras: dict[str, str] = Field(default_factory=dict)
    printer: str | None = None
    reader: str | None = None
    seconds: Annotated[float, Field(ge=0)] = 0.0
    verbs: dict[str, float] = Field(default_factory=dict)


class CameraPlace(Table):
    """A camera: ``http``, ``opencv``, ``watch``, ``phone``, ``folder`` (photographs), or a vendor's kind.

    ``calibration`` is the file that `workcell camera calibrate` wrote for it, for measuring.
    """

    kind: Annotated[str, Field(min_length=1)]
    endpoint: str
    calibration: FileBeside = ""


class PrinterPlace(Table):
    """A label printer: ``zpl`` or ``tspl``, a ``cups`` queue, ``file`` for a folder, or a vendor's kind."""

    kind: Annotated[str, Field(min_length=1)]
    endpoint: str


class ReaderPlace(Table):
    """An RFID reader: ``feig`` at an endpoint, a vendor's kind, or ``none`` where tags are not written."""

    kind: Annotated[str, Field(min_length=1)]
    endpoint: str = ""
    address: int = 0xFF


class PlcPlace(Table):
    """Who moves: a PLC at an endpoint (``modbus``, with its manifest), ``operator``, or a vendor's kind."""

    kind: Annotated[str, Field(min_length=1)]
    endpoint: str = ""
    manifest: FileBeside = ""
    poll_ms: Annotated[int, Field(ge=5, le=1000)] = 20


class Recognition(Table):
    """Recognition processes: how many, after how many jobs each is replaced, and who reads their lines.

    ``engine`` is ``rapidocr`` or a vendor's, which gets ``endpoint``.
    """

    workers: Annotated[int, Field(ge=1, le=32)] = 2
    recycle_after: Annotated[int, Field(ge=1)] = 500
    seconds: Annotated[float, Field(gt=0)] = 60.0
    engine: Annotated[str, Field(min_length=1)] = "rapidocr"
    endpoint: str = ""


class TwinPlace(Table):
    """How the twin is built: the seed of its jitter and how much times vary (share of the mean)."""

    seed: int = 1
    jitter: Annotated[float, Field(ge=0, le=0.5)] = 0.05
    travel_seconds: Annotated[float, Field(ge=0)] = 0.6
    scan_ms: Annotated[int, Field(ge=1, le=200)] = 20


class Layout(Table):
    """A line, whole.  Endpoints may be ``twin:NAME``: the port that the twin published in ports.json."""

    schema_: Literal["layout/1"] = Field(alias="schema")
    line_id: Annotated[str, Field(pattern=r"^[A-Za-z0-9_-]{1,32}$")]
    kind: Literal["line", "desk"]
    stations: Annotated[tuple[StationPlace, ...], Field(min_length=1)]
    plc: PlcPlace
    cameras: dict[str, CameraPlace] = Field(default_factory=dict)
    printers: dict[str, PrinterPlace] = Field(default_factory=dict)
    readers: dict[str, ReaderPlace] = Field(default_factory=dict)
    bins: dict[str, Annotated[int, Field(ge=1, le=255)]] = Field(default_factory=dict)
    recognition: Recognition = Recognition()
    twin: TwinPlace | None = None

    @model_validator(mode="after")
    def _devices_exist(self) -> Layout:
        names = [place.name for place in self.stations]
        if len(set(names)) != len(names):
            raise ValueError("a station is named twice")
        if [name for name in STATIONS if name in names] != names:
            raise ValueError(f"stations must stand in this order: {', '.join(STATIONS)}")
        photographs = [name for name, camera in self.cameras.items() if camera.kind == "folder"]
        if self.kind == "line" and photographs:
            raise ValueError(
                f"camera {photographs[0]!r} is a folder, which only a desk has; a line takes pictures"
            )
        for place in self.stations:
            for camera in place.cameras.values():
                if camera not in self.cameras:
                    raise ValueError(
                        f"station {place.name} names camera {camera!r}, which is not in [cameras]"
                    )
            if place.printer and place.printer not in self.printers:
                raise ValueError(f"station {place.name} names printer {place.printer!r}, not in [printers]")
            if place.reader and place.reader not in self.readers:
                raise ValueError(f"station {place.name} names reader {place.reader!r}, not in [readers]")
        return self

    def station(self, name: str) -> StationPlace | None:
        """The place of station ``name``, or None where the line has none."""
        return next((place for place in self.stations if place.name == name), None)

    def limit_per_hour(self, speed: float = 1.0) -> float:
        """Books an hour that the slowest station allows, from the layout's own times alone."""
        slowest = max((place.seconds for place in self.stations), default=0.0)
        return 3600.0 * speed / slowest if slowest else float("inf")


def load_layout(path: Path) -> Layout:
    """Read and validate a layout; raises ConfigError naming file, key and remedy."""
    return load_toml(path, Layout)
