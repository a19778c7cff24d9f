"""The tag map: what every register means.

``tagmap.yaml`` is the only place where blocks, fields, enumerations, verbs and alarms are written down.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cache
from importlib.resources import files
from itertools import combinations
from pathlib import Path
from typing import Annotated, Literal

import yaml
from pydantic import Field, ValidationError, model_validator

from workcell.kernel.errors import BadInput, ConfigError
from workcell.kernel.tables import Table

Value = int | tuple[int, ...]
WordOrder = Literal["high_first", "low_first"]

MODBUS_READ_LIMIT = 125
"""Registers that one read can carry (Modbus application protocol 1.1b3, 6.3)."""
_HOT_TCP_LIMIT = 60
_HOT_SERIAL_LIMIT = 16
_LIMITS = {"u16": (0, 0xFFFF), "i16": (-0x8000, 0x7FFF), "u32": (0, 0xFFFF_FFFF)}
WIDTH = {"u16": 1, "i16": 1, "u32": 2}


class FieldSpec(Table):
    """One field: type, meaning and allowed range; ``count`` equal fields in a row make an array."""

    name: str
    type: Literal["u16", "i16", "u32"]
    enum: str | None = None
    bits: dict[str, Annotated[int, Field(ge=0, le=15)]] = Field(default_factory=dict)
    unit: str = ""
    range: tuple[int, int] | None = None
    count: Annotated[int, Field(ge=1, le=64)] = 1
    text: str

    @property
    def words(self) -> int:
        """Registers that it takes."""
        return WIDTH[self.type] * self.count

    @property
    def limits(self) -> tuple[int, int]:
        """Smallest and largest value."""
        return self.range or _LIMITS[self.type]


class EntriesSpec(Table):
    """Equal entries in a row: ``count`` of them, or one for each value of the enumeration ``each``."""

    name: str
    each: str | None = None
    count: int = 0
    fields: tuple[FieldSpec, ...]

    @model_validator(mode="after")
    def _some(self) -> EntriesSpec:
        if (self.each is None) != (self.count > 0):
            raise ValueError("entries take either each or count")
        return self


class BlockSpec(Table):
    """A run of registers that is read or written as one."""

    id: Annotated[int, Field(ge=1, le=0xFFFF)]
    region: Literal["status", "command"]
    offset: Annotated[int, Field(ge=0, le=1023)]
    period: Literal["hot", "changed", "slow", "command"]
    hot_words: int = 0
    counter: str = ""
    text: str
    fields: tuple[FieldSpec, ...] = ()
    entries: EntriesSpec | None = None


class VerbSpec(Table):
    """A unit command: where it exists, its parameters, its results and its own result codes."""

    id: Annotated[int, Field(ge=1, le=0xFFFF)]
    stations: Literal["all"] | tuple[str, ...]
    text: str
    params: tuple[FieldSpec, ...] = ()
    results: tuple[FieldSpec, ...] = ()
    codes: tuple[str, ...] = ()


class AlarmSpec(Table):
    """An alarm after ISA-18.2: what it means and what a person does."""

    id: Annotated[int, Field(ge=100, le=65_400, multiple_of=100)]
    priority: Literal["low", "medium", "high"]
    cause: str
    consequence: str
    response: str


class Version(Table):
    """Version of the map."""

    major: Annotated[int, Field(ge=1, le=255)]
    minor: Annotated[int, Field(ge=0, le=255)]

    @property
    def word(self) -> int:
        """As it stands in a header."""
        return self.major * 256 + self.minor

    def __str__(self) -> str:
        """For a person."""
        return f"{self.major}.{self.minor}"

    @classmethod
    def of_word(cls, word: int) -> Version:
        """Give the version in a header word; a PLC that says 0 is reported as 0.x, never as valid."""
        return cls.model_construct(major=word >> 8, minor=word & 0xFF)


class TagMap(Table):
    """The whole map.  Raises ValidationError where it contradicts itself."""

    schema_: Literal["tagmap/1"] = Field(alias="schema")
    version: Version
    signature: Annotated[int, Field(ge=1, le=0xFFFF)]
    enumerations: dict[str, dict[str, int]]
    header: tuple[FieldSpec, ...]
    blocks: dict[str, BlockSpec]
    verbs: dict[str, VerbSpec]
    alarms: dict[str, AlarmSpec]

    @model_validator(mode="after")
    def _consistent(self) -> TagMap:
        for problem in self._problems():
            raise ValueError(problem)
        return self

    def _problems(self) -> Iterator[str]:
        yield from _unknown_enumerations(self)
        yield from _overlaps(self)
        yield from _unreadable_blocks(self)
        yield from _wrong_verbs(self)

    # --- names and numbers -------------------------------------------------------------------------------

    def number(self, enumeration: str, name: str) -> int:
        """Give the number of ``name``; raises BadInput."""
        try:
            return self.enumerations[enumeration][name]
        except KeyError:
            known = ", ".join(self.enumerations.get(enumeration, {}))
            raise BadInput(f"no {enumeration} {name!r}", remedy=f"The map knows: {known}.") from None

    def name(self, enumeration: str, number: int) -> str:
        """Give the name of ``number``; a number that the map does not know is written ``unknown(n)``."""
        return self.names(enumeration).get(number, f"unknown({number})")

    def names(self, enumeration: str) -> dict[int, str]:
        """Names of an enumeration by number."""
        return _inverse(tuple(self.enumerations[enumeration].items()))

    def slot(self, station: str) -> int:
        """Give the entry of ``station`` (and of its zone) in blocks with one entry a station."""
        return self.number("station", station) - 1

    def verb(self, station: str, verb: str) -> VerbSpec:
        """Give the verb ``verb`` of ``station``; raises BadInput when the station has none of that name."""
        self.number("station", station)
        spec = self.verbs.get(verb)
        if spec is None or not self.has_verb(station, spec):
            known = ", ".join(name for name, has in self.verbs.items() if self.has_verb(station, has))
            raise BadInput(f"no verb {verb!r}", subject=station, remedy=f"This station has: {known}.")
        return spec

    def has_verb(self, station: str, verb: VerbSpec) -> bool:
        """Whether ``station`` carries out ``verb``."""
        return verb.stations == "all" or station in verb.stations

    def block_fields(self, block: str) -> tuple[FieldSpec, ...]:
        """Give the fixed fields of a block, the header of a status block included."""
        spec = self.blocks[block]
        return (self.header if spec.region == "status" else ()) + spec.fields

    def entry_count(self, block: str) -> int:
        """How many entries a block has."""
        entries = self.blocks[block].entries
        if entries is None:
            return 0
        return len(self.enumerations[entries.each]) if entries.each else entries.count

    def words(self, block: str) -> int:
        """How many registers a block takes."""
        entries = self.blocks[block].entries
        per_entry = words_of(entries.fields) if entries else 0
        return words_of(self.block_fields(block)) + per_entry * self.entry_count(block)

    def rows(self) -> Iterator[tuple[str, int, str, str, str]]:
        """Every field as (region, offset in it, block, field, type); what the golden test compares."""
        for name, block in self.blocks.items():
            at = block.offset
            for spec in self.block_fields(name):
                yield block.region, at, name, spec.name, _type_text(spec)
                at += spec.words
            for index in range(self.entry_count(name)):
                for spec in block.entries.fields if block.entries else ():
                    yield block.region, at, name, f"{index + 1}.{spec.name}", _type_text(spec)
                    at += spec.words


def _type_text(spec: FieldSpec) -> str:
    meaning = spec.enum or "|".join(f"{name}:{bit}" for name, bit in spec.bits.items())
    return f"{spec.type}[{spec.count}] {meaning} {spec.limits[0]}..{spec.limits[1]} {spec.unit}".strip()


@cache
def _inverse(pairs: tuple[tuple[str, int], ...]) -> dict[int, str]:
    return {number: name for name, number in pairs}


def words_of(fields: Sequence[FieldSpec]) -> int:
    """How many registers the fields take."""
    return sum(spec.words for spec in fields)


# --- what makes a map wrong ------------------------------------------------------------------------------


def _all_fields(tagmap: TagMap) -> Iterator[tuple[str, FieldSpec]]:
    for name, block in tagmap.blocks.items():
        entries = block.entries.fields if block.entries else ()
        for spec in (*tagmap.block_fields(name), *entries):
            yield f"block {name}", spec
    for name, verb in tagmap.verbs.items():
        for spec in (*verb.params, *verb.results):
            yield f"verb {name}", spec


def _unknown_enumerations(tagmap: TagMap) -> Iterator[str]:
    for where, spec in _all_fields(tagmap):
        if spec.enum is not None and spec.enum not in tagmap.enumerations:
            yield f"{where}, field {spec.name}: no enumeration {spec.enum!r}"
    for name, block in tagmap.blocks.items():
        if block.entries and block.entries.each and block.entries.each not in tagmap.enumerations:
            yield f"block {name}: no enumeration {block.entries.each!r}"
    for name, values in tagmap.enumerations.items():
        if len(set(values.values())) != len(values):
            yield f"enumeration {name}: a number is given twice"


def _overlaps(tagmap: TagMap) -> Iterator[str]:
    for (one, a), (two, b) in combinations(tagmap.blocks.items(), 2):
        a_end, b_end = a.offset + tagmap.words(one), b.offset + tagmap.words(two)
        if a.region == b.region and a.offset < b_end and b.offset < a_end:
            yield f"blocks {one} and {two} overlap"
        if a.id == b.id:
            yield f"blocks {one} and {two} have the same id"


def _unreadable_blocks(tagmap: TagMap) -> Iterator[str]:
    lengths: dict[int, str] = {}
    for name, block in tagmap.blocks.items():
        words = tagmap.words(name)
        if block.region == "command":
            last = block.entries.fields[-1] if block.entries else block.fields[-1]
            if last.name != "cmd_seq":
                yield f"block {name}: CmdSeq must come last"
            continue
        if words > MODBUS_READ_LIMIT:
            yield f"block {name}: {words} words are more than one read carries"
        if block.period == "hot" and (words > _HOT_TCP_LIMIT or block.hot_words > _HOT_SERIAL_LIMIT):
            yield f"block {name}: too long to be polled"
        # Equal lengths would let a late serial answer pass for another block's.
        if words in lengths:
            yield f"blocks {lengths[words]} and {name} have the same length"
        lengths[words] = name


def _wrong_verbs(tagmap: TagMap) -> Iterator[str]:
    stations, results = tagmap.enumerations["station"], tagmap.enumerations["result"]
    command, status = tagmap.blocks["station_command"].entries, tagmap.blocks["stations"].entries
    room = {"params": command.fields if command else (), "results": status.fields if status else ()}
    limit = {
        key: next((spec.words for spec in fields if spec.name == key), 0) for key, fields in room.items()
    }
    if len({verb.id for verb in tagmap.verbs.values()}) != len(tagmap.verbs):
        yield "two verbs have the same id"
    for name, verb in tagmap.verbs.items():
        if verb.stations != "all" and (strange := set(verb.stations) - set(stations)):
            yield f"verb {name}: no station {sorted(strange)}"
        if strange := set(verb.codes) - set(results):
            yield f"verb {name}: no result {sorted(strange)}"
        if words_of(verb.params) > limit["params"] or words_of(verb.results) > limit["results"]:
            yield f"verb {name}: its parameters or results do not fit the block"


# --- reading the map -------------------------------------------------------------------------------------


def load_tagmap(path: Path) -> TagMap:
    """Read and validate a map; raises ConfigError naming file, key and problem."""
    try:
        return _parse(path.read_text("utf-8"), str(path))
    except OSError as error:
        raise ConfigError(f"can't be read ({error})", subject=str(path), remedy="Check the path.") from error


@cache
def builtin_tagmap() -> TagMap:
    """Give the map of this release."""
    return _parse(files("plc").joinpath("tagmap.yaml").read_text("utf-8"), "plc/tagmap.yaml")


def _parse(text: str, subject: str) -> TagMap:
    try:
        return TagMap.model_validate(yaml.safe_load(text))
    except yaml.YAMLError as error:
        problem = " ".join(str(error).split())
        raise ConfigError(f"not valid YAML ({problem})", subject=subject, remedy="Mend that line.") from error
    except ValidationError as error:
        first = error.errors()[0]
        key = ".".join(str(part) for part in first["loc"]) or "(whole map)"
        raise ConfigError(f"key {key}: {first['msg']}", subject=subject, remedy="Mend the map.") from error
