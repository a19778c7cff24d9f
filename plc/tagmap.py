"""The tag map: what every register means, and the one codec between registers and values by name.

``tagmap.yaml`` is the only place where blocks, fields, enumerations, verbs and alarms are written down.  A
``Codec`` joins the map with a vendor's base addresses and word order; nothing else computes an address.
Values are plain integers; a field with ``count`` above 1 is a tuple of them.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from importlib.resources import files
from itertools import combinations
from pathlib import Path
from typing import Annotated, Any, Literal

import yaml
from pydantic import Field, ValidationError, model_validator

from workcell.kernel.errors import BadInput, ConfigError
from workcell.kernel.profile import Table

Value = int | tuple[int, ...]
WordOrder = Literal["high_first", "low_first"]

MODBUS_READ_LIMIT = 125
"""Registers that one read can carry (Modbus application protocol 1.1b3, 6.3)."""
_HOT_TCP_LIMIT = 60
_HOT_SERIAL_LIMIT = 16
_LIMITS = {"u16": (0, 0xFFFF), "i16": (-0x8000, 0x7FFF), "u32": (0, 0xFFFF_FFFF)}
_WIDTH = {"u16": 1, "i16": 1, "u32": 2}


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
        return _WIDTH[self.type] * self.count

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
        return _names(self, enumeration).get(number, f"unknown({number})")

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
        per_entry = _words(entries.fields) if entries else 0
        return _words(self.block_fields(block)) + per_entry * self.entry_count(block)

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


def _names(tagmap: TagMap, enumeration: str) -> dict[int, str]:
    return _inverse(tuple(tagmap.enumerations[enumeration].items()))


def _words(fields: Sequence[FieldSpec]) -> int:
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
        if _words(verb.params) > limit["params"] or _words(verb.results) > limit["results"]:
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


# --- the codec -------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Span:
    """A run of registers: 0-based address and count."""

    address: int
    count: int


@dataclass(frozen=True)
class _Slot:
    """Where one field stands inside its run of fields."""

    name: str
    at: int
    type: str
    count: int


@dataclass(frozen=True)
class _Layout:
    """A block with everything that reading and writing it needs, computed once."""

    span: Span
    fixed: tuple[_Slot, ...]
    entry: tuple[_Slot, ...]
    fixed_words: int
    entry_words: int
    entries: int
    fixed_by_name: Mapping[str, _Slot] = field(repr=False)
    entry_by_name: Mapping[str, _Slot] = field(repr=False)


def _slots(fields: Sequence[FieldSpec]) -> tuple[_Slot, ...]:
    slots, at = [], 0
    for spec in fields:
        slots.append(_Slot(spec.name, at, spec.type, spec.count))
        at += spec.words
    return tuple(slots)


class Codec:
    """Registers ↔ values by name, for one vendor's base addresses and word order."""

    def __init__(self, tagmap: TagMap, bases: Mapping[str, int], word_order: WordOrder) -> None:
        self.tagmap = tagmap
        self._low_first = word_order == "low_first"
        self._layouts = {name: self._layout(name, bases) for name in tagmap.blocks}

    def _layout(self, name: str, bases: Mapping[str, int]) -> _Layout:
        block = self.tagmap.blocks[name]
        fixed, entry = self.tagmap.block_fields(name), block.entries.fields if block.entries else ()
        fixed_slots, entry_slots = _slots(fixed), _slots(entry)
        return _Layout(
            span=Span(bases[block.region] + block.offset, self.tagmap.words(name)),
            fixed=fixed_slots,
            entry=entry_slots,
            fixed_words=_words(fixed),
            entry_words=_words(entry),
            entries=self.tagmap.entry_count(name),
            fixed_by_name={slot.name: slot for slot in fixed_slots},
            entry_by_name={slot.name: slot for slot in entry_slots},
        )

    # --- addresses ---------------------------------------------------------------------------------------

    def span(self, block: str) -> Span:
        """Give the whole block."""
        return self._layouts[block].span

    def hot_span(self, block: str) -> Span:
        """Give the part of a hot block that a serial host polls."""
        return Span(self.span(block).address, self.tagmap.blocks[block].hot_words)

    def entry_span(self, block: str, index: int) -> Span:
        """One entry of a block."""
        layout = self._layouts[block]
        start = layout.span.address + layout.fixed_words + index * layout.entry_words
        return Span(start, layout.entry_words)

    def field_span(self, block: str, first: str, last: str) -> Span:
        """Give the fixed fields from ``first`` to ``last``, both included."""
        layout = self._layouts[block]
        start, end = layout.fixed_by_name[first], layout.fixed_by_name[last]
        stop = end.at + _WIDTH[end.type] * end.count
        return Span(layout.span.address + start.at, stop - start.at)

    def address(self, block: str, name: str, index: int | None = None) -> int:
        """Give the first register of a fixed field, or of a field of entry ``index``."""
        layout = self._layouts[block]
        if index is None:
            return layout.span.address + layout.fixed_by_name[name].at
        return self.entry_span(block, index).address + layout.entry_by_name[name].at

    def pieces(self, block: str, limit: int) -> tuple[Span, ...]:
        """The block in reads of at most ``limit`` (16 or more) registers; no value and no entry is cut."""
        layout = self._layouts[block]
        pieces, start, last = [], 0, 0
        for end in (*_value_ends(layout), layout.span.count):
            if end - start > limit:
                pieces.append(Span(layout.span.address + start, last - start))
                start = last
            last = end
        return (*pieces, Span(layout.span.address + start, last - start))

    # --- values ------------------------------------------------------------------------------------------

    def decode(self, block: str, words: Sequence[int]) -> dict[str, Value]:
        """Give the fixed fields of a block, or those that a shorter run of ``words`` holds."""
        slots = self._layouts[block].fixed
        return {slot.name: self._get(slot, words) for slot in slots if _end(slot) <= len(words)}

    def decode_entries(self, block: str, words: Sequence[int]) -> list[dict[str, Value]]:
        """Every entry of a block."""
        layout = self._layouts[block]
        starts = range(layout.fixed_words, layout.span.count, layout.entry_words)
        return [self.decode_entry(block, words[start : start + layout.entry_words]) for start in starts]

    def decode_entry(self, block: str, words: Sequence[int]) -> dict[str, Value]:
        """One entry of a block."""
        return {slot.name: self._get(slot, words) for slot in self._layouts[block].entry}

    def encode(self, block: str, values: Mapping[str, Value]) -> list[int]:
        """Give the registers of a block's fixed fields; what is not named is 0.  Raises BadInput by range."""
        return self._encode(self.tagmap.block_fields(block), self._layouts[block].fixed, values)

    def encode_entry(self, block: str, values: Mapping[str, Value]) -> list[int]:
        """Give the registers of one entry; what is not named is 0.  Raises BadInput by range."""
        entries = self.tagmap.blocks[block].entries
        return self._encode(entries.fields if entries else (), self._layouts[block].entry, values)

    def encode_list(self, fields: Sequence[FieldSpec], values: Mapping[str, int]) -> tuple[int, ...]:
        """Parameters or results of a verb as registers, in order.

        A signed value may be given as it is, or as the UINT16 of its two's complement.  Raises BadInput where
        a name is missing or strange, or a value is out of its range or enumeration.
        """
        strange = set(values) ^ {spec.name for spec in fields}
        if strange:
            wanted = ", ".join(spec.name for spec in fields) or "none"
            raise BadInput(f"wrong parameters ({', '.join(sorted(strange))})", remedy=f"It takes: {wanted}.")
        signed = {spec.name: _signed(spec, values[spec.name]) for spec in fields}
        return tuple(self._encode(fields, _slots(fields), signed))

    def decode_list(self, fields: Sequence[FieldSpec], words: Sequence[int]) -> dict[str, int]:
        """Parameters or results of a verb from registers; raises BadInput by range and enumeration."""
        values: dict[str, int] = {}
        for spec, slot in zip(fields, _slots(fields), strict=True):
            value = self._get(slot, words)
            self._check(spec, value)
            values[spec.name] = value if isinstance(value, int) else value[0]
        return values

    def _encode(
        self, fields: Sequence[FieldSpec], slots: Sequence[_Slot], values: Mapping[str, Value]
    ) -> list[int]:
        words = [0] * _words(fields)
        for spec, slot in zip(fields, slots, strict=True):
            value = values.get(spec.name)
            if value is not None:
                self._check(spec, value)
                self._put(slot, words, value)
        return words

    def _check(self, spec: FieldSpec, value: Value) -> None:
        low, high = spec.limits
        for one in (value,) if isinstance(value, int) else value:
            if not low <= one <= high:
                raise BadInput(f"{one} is not within {low} to {high}", subject=spec.name)
            if spec.enum and one not in _names(self.tagmap, spec.enum):
                raise BadInput(f"{one} is not a {spec.enum}", subject=spec.name)

    def put(self, block: str, words: list[int], base: int, values: Mapping[str, Value]) -> None:
        """Write fixed fields into an image that starts at register ``base``; the values are not checked."""
        layout = self._layouts[block]
        start = layout.span.address - base
        for name, value in values.items():
            self._put(layout.fixed_by_name[name], words, value, start)

    def put_entry(
        self, block: str, index: int, words: list[int], base: int, values: Mapping[str, Value]
    ) -> None:
        """Write fields of one entry into an image that starts at register ``base``; unchecked."""
        start = self.entry_span(block, index).address - base
        by_name = self._layouts[block].entry_by_name
        for name, value in values.items():
            self._put(by_name[name], words, value, start)

    def _get(self, slot: _Slot, words: Sequence[int]) -> Value:
        if slot.type == "u32":
            values = tuple(self._long(words, slot.at + 2 * n) for n in range(slot.count))
        elif slot.type == "i16":
            values = tuple(word - ((word & 0x8000) << 1) for word in words[slot.at : slot.at + slot.count])
        else:
            values = tuple(words[slot.at : slot.at + slot.count])
        return values[0] if slot.count == 1 else values

    def _long(self, words: Sequence[int], at: int) -> int:
        first, second = words[at], words[at + 1]
        return (second << 16 | first) if self._low_first else (first << 16 | second)

    def _put(self, slot: _Slot, words: list[int], value: Value, start: int = 0) -> None:
        at = start + slot.at
        for one in (value,) if isinstance(value, int) else value:
            if slot.type == "u32":
                high, low = one >> 16 & 0xFFFF, one & 0xFFFF
                words[at : at + 2] = (low, high) if self._low_first else (high, low)
                at += 2
            else:
                words[at] = one & 0xFFFF
                at += 1


def _signed(spec: FieldSpec, value: int) -> int:
    return value - 0x10000 if spec.type == "i16" and 0x8000 <= value <= 0xFFFF else value


def _value_ends(layout: _Layout) -> Iterator[int]:
    """Where a block may be cut: after each fixed value and after each entry."""
    for slot in layout.fixed:
        for number in range(slot.count):
            yield slot.at + _WIDTH[slot.type] * (number + 1)
    for index in range(layout.entries):
        yield layout.fixed_words + layout.entry_words * (index + 1)


def _end(slot: _Slot) -> int:
    return slot.at + _WIDTH[slot.type] * slot.count


def header_values(tagmap: TagMap, block: str) -> dict[str, Any]:
    """Give the constant part of a status block's header."""
    return {
        "signature": tagmap.signature,
        "map_version": tagmap.version.word,
        "block_id": tagmap.blocks[block].id,
    }
