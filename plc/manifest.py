"""The vendor's manifest: where a PLC keeps the map's registers and what it can do.

Nothing about a vendor is in code: base addresses, word order, limits, stations and timing are data.
"""

from __future__ import annotations

from functools import cache
from importlib.resources import as_file, files
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, model_validator

from plc.codec import Codec
from plc.tagmap import MODBUS_READ_LIMIT, TagMap, WordOrder, builtin_tagmap
from workcell.kernel.layout import STATIONS
from workcell.kernel.tables import Table, load_toml

_REGION_WORDS = 1024
_NEEDED_VERBS = ("feed", "release")


class Bases(Table):
    """First register of each region (0-based), each with room for 1024 registers."""

    status: Annotated[int, Field(ge=0, le=0x10000 - _REGION_WORDS)] = 0
    command: Annotated[int, Field(ge=0, le=0x10000 - _REGION_WORDS)] = 1024

    @model_validator(mode="after")
    def _apart(self) -> Bases:
        if abs(self.status - self.command) < _REGION_WORDS:
            raise ValueError("status and command must be at least 1024 registers apart")
        return self


class Timing(Table):
    """The PLC's scan, how long an answer may take beyond its own transmission, and how often to ask again."""

    scan_ms: Annotated[int, Field(ge=1, le=200)] = 20
    reply_ms: Annotated[int, Field(ge=5, le=5000)] = 250
    retries: Annotated[int, Field(ge=0, le=10)] = 3
    longest_act_s: Annotated[float, Field(ge=0.1, le=600)] = 30.0


class Manifest(Table):
    """One PLC.  ``stations`` are those that exist, in the order in which a book meets them.

    ``without`` names unit commands that are left out ("posture.flip"), ``left_out`` PackML commands;
    ``bins`` is the highest destination at the last station; ``dry_run`` says that the PLC can play matter.
    """

    schema_: Literal["plc/1"] = Field(alias="schema")
    vendor: str
    model: str
    unit: Annotated[int, Field(ge=0, le=255)] = 1
    word_order: WordOrder = "high_first"
    max_block: Annotated[int, Field(ge=16, le=MODBUS_READ_LIMIT)] = MODBUS_READ_LIMIT
    fc23: bool = False
    stations: Annotated[tuple[str, ...], Field(min_length=1)] = STATIONS
    without: tuple[str, ...] = ()
    left_out: tuple[Literal["suspend", "complete"], ...] = ()
    bins: Annotated[int, Field(ge=1, le=255)] = 1
    dry_run: bool = False
    base: Bases = Bases()
    timing: Timing = Timing()

    @model_validator(mode="after")
    def _stations_exist(self) -> Manifest:
        strange = [name for name in self.stations if name not in STATIONS]
        if strange:
            raise ValueError(f"no station {', '.join(strange)}; known are {', '.join(STATIONS)}")
        if [name for name in STATIONS if name in self.stations] != list(self.stations):
            raise ValueError(f"stations must stand once each, in this order: {', '.join(STATIONS)}")
        return self

    @model_validator(mode="after")
    def _without_known(self) -> Manifest:
        for name in self.without:
            station, _, verb = name.partition(".")
            spec = builtin_tagmap().verbs.get(verb)
            if spec is None or station not in STATIONS or not builtin_tagmap().has_verb(station, spec):
                raise ValueError(f'without names no unit command: {name!r}; write "posture.flip"')
            if verb in _NEEDED_VERBS:
                raise ValueError(f"{name!r} can't be left out: no book comes or goes without it")
        return self

    def has(self, station: str, verb: str) -> bool:
        """Whether ``station`` exists and carries out ``verb``."""
        spec = builtin_tagmap().verbs.get(verb)
        known = spec is not None and builtin_tagmap().has_verb(station, spec)
        return known and station in self.stations and f"{station}.{verb}" not in self.without

    def codec(self, tagmap: TagMap) -> Codec:
        """Give the codec for this PLC's registers."""
        return Codec(tagmap, {"status": self.base.status, "command": self.base.command}, self.word_order)


def load_manifest(path: Path) -> Manifest:
    """Read and validate a manifest; raises ConfigError naming file, key and remedy."""
    return load_toml(path, Manifest)


@cache
def default_manifest() -> Manifest:
    """Give the manifest of the soft PLC."""
    with as_file(files("plc").joinpath("softplc.toml")) as path:
        return load_manifest(path)
