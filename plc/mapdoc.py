"""The tag map for people and programs: a page of Markdown, a CSV for vendors' tools, and JSON."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from plc.manifest import Manifest
from plc.tagmap import FieldSpec, TagMap

_COLUMNS = (
    "region", "address", "modicon", "words", "block", "entry", "field", "type", "count", "unit", "enum",
    "bits", "low", "high", "direction", "text",
)  # fmt: skip
_DIRECTION = {"status": "PLC to host", "command": "host to PLC"}
_MODICON = 400_001


@dataclass(frozen=True)
class Register:
    """One field at its address: 0-based for one manifest's bases, and as 4xxxxx."""

    region: str
    address: int
    block: str
    entry: str
    spec: FieldSpec

    @property
    def modicon(self) -> int:
        """The address as vendors' manuals write it."""
        return _MODICON + self.address

    def row(self) -> tuple[object, ...]:
        """Give the line of the CSV."""
        spec = self.spec
        bits = " ".join(f"{bit}={name}" for name, bit in spec.bits.items())
        return (
            self.region, self.address, self.modicon, spec.words, self.block, self.entry, spec.name, spec.type,
            spec.count, spec.unit, spec.enum or "", bits, *spec.limits, _DIRECTION[self.region], spec.text,
        )  # fmt: skip


def registers(tagmap: TagMap, manifest: Manifest) -> Iterator[Register]:
    """Every field of the map, by block; entries by the name of their station or by their number."""
    bases = {"status": manifest.base.status, "command": manifest.base.command}
    for name, block in tagmap.blocks.items():
        at = bases[block.region] + block.offset
        for entry, fields in (("", tagmap.block_fields(name)), *_entries(tagmap, name)):
            for spec in fields:
                yield Register(block.region, at, name, entry, spec)
                at += spec.words


def _entries(tagmap: TagMap, name: str) -> Iterator[tuple[str, Sequence[FieldSpec]]]:
    entries = tagmap.blocks[name].entries
    if entries is not None:
        names = list(tagmap.enumerations[entries.each]) if entries.each else []
        for index in range(tagmap.entry_count(name)):
            yield names[index] if names else str(index + 1), entries.fields


def as_csv(tagmap: TagMap, manifest: Manifest) -> str:
    """Every field as a line of CSV with a header."""
    text = io.StringIO()
    table = csv.writer(text, lineterminator="\n")
    table.writerow(_COLUMNS)
    table.writerows(register.row() for register in registers(tagmap, manifest))
    return text.getvalue()


def as_json(tagmap: TagMap, manifest: Manifest) -> dict[str, Any]:
    """Give the whole map, and every field at its address."""
    return {
        "version": str(tagmap.version),
        "signature": tagmap.signature,
        "word_order": manifest.word_order,
        "registers": [
            dict(zip(_COLUMNS, register.row(), strict=True)) for register in registers(tagmap, manifest)
        ],
        "enumerations": tagmap.enumerations,
        "verbs": {name: verb.model_dump() for name, verb in tagmap.verbs.items()},
        "alarms": {name: alarm.model_dump() for name, alarm in tagmap.alarms.items()},
    }


# --- Markdown --------------------------------------------------------------------------------------------


def as_markdown(tagmap: TagMap, manifest: Manifest) -> str:
    """Give the reference page: blocks with every field, enumerations, verbs, alarms."""
    parts = [
        f"# The tag map {tagmap.version}\n",
        f"Signature {tagmap.signature} ({tagmap.signature:#06x}), header word map_version "
        f"{tagmap.version.word} ({tagmap.version.word:#06x}). Addresses are 0-based holding registers with "
        f"status at {manifest.base.status} and command at {manifest.base.command}; "
        "4xxxxx = address + 400001. "
        "A u32 takes two registers. The rules are in [the contract](plc-contract.md); "
        "`workcell plc map --format csv --manifest vendor.toml` gives your own addresses.\n",
        *(_block(tagmap, manifest, name) for name in tagmap.blocks),
        "## Enumerations\n",
        *(_enumeration(name, values) for name, values in tagmap.enumerations.items()),
        _verbs(tagmap),
        _alarms(tagmap),
    ]
    return "\n".join(parts)


def _table(head: Sequence[str], rows: Iterator[Sequence[object]] | Sequence[Sequence[object]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    cells = [[str(cell).replace("|", "\\|") for cell in line] for line in lines]
    return "".join("| " + " | ".join(line) + " |\n" for line in cells)


def _block(tagmap: TagMap, manifest: Manifest, name: str) -> str:
    block = tagmap.blocks[name]
    codec = manifest.codec(tagmap)
    span = codec.span(name)
    text = [
        f"## Block {name}\n",
        f"Id {block.id}, {_DIRECTION[block.region]}, registers {span.address} to "
        f"{span.address + span.count - 1} ({span.count} words). {block.text}.\n",
    ]
    rows = []
    for spec in tagmap.block_fields(name):
        at = codec.address(name, spec.name)
        rows.append((at, f"{at - span.address}", f"`{spec.name}`", *_what(spec)))
    if rows:
        text.append(_table(("address", "offset", "field", "type", "values", "meaning"), rows))
    if block.entries is not None:
        text.append(_entry_table(tagmap, manifest, name))
    return "\n".join(text)


def _entry_table(tagmap: TagMap, manifest: Manifest, name: str) -> str:
    codec, entries = manifest.codec(tagmap), tagmap.blocks[name].entries
    count, size = tagmap.entry_count(name), codec.entry_span(name, 0).count
    first = codec.entry_span(name, 0).address
    fields = entries.fields if entries else ()
    rows = [(codec.address(name, spec.name, 0) - first, f"`{spec.name}`", *_what(spec)) for spec in fields]
    each = (
        f"one for each {entries.each}, in the order of its number" if entries and entries.each else "in turn"
    )
    head = (
        f"{count} entries of {size} words, {each}. Entry n (0 to {count - 1}) begins at {first} + {size} n.\n"
    )
    return head + "\n" + _table(("offset", "field", "type", "values", "meaning"), rows)


def _what(spec: FieldSpec) -> tuple[str, str, str]:
    kind = spec.type if spec.count == 1 else f"{spec.type} × {spec.count}"
    low, high = spec.limits
    values = f"{low} to {high}" if spec.range else ""
    if spec.enum:
        values = f"enumeration {spec.enum}"
    if spec.bits:
        values = ", ".join(f"bit {bit} {name}" for name, bit in spec.bits.items())
    if spec.unit:
        values = f"{values}; {spec.unit}" if values else spec.unit
    return kind, values, spec.text


def _enumeration(name: str, values: dict[str, int]) -> str:
    listed = ", ".join(f"{number} {value}" for value, number in values.items())
    return f"- **{name}**: {listed}"


def _verbs(tagmap: TagMap) -> str:
    rows = []
    for name, verb in tagmap.verbs.items():
        stations = "all" if verb.stations == "all" else ", ".join(verb.stations)
        params = "; ".join(_parameter(spec) for spec in verb.params)
        results = "; ".join(_parameter(spec) for spec in verb.results)
        rows.append((verb.id, f"`{name}`", stations, verb.text, params, results, ", ".join(verb.codes)))
    head = ("id", "verb", "stations", "meaning", "parameter words in order", "result words", "own codes")
    common = "Every verb may also end with ok, no_book, jam, interlock or aborted.\n"
    return f"\n## Unit commands\n\n{common}\n{_table(head, rows)}"


def _parameter(spec: FieldSpec) -> str:
    low, high = spec.limits
    limits = f"enumeration {spec.enum}" if spec.enum else f"{low} to {high}"
    unit = f" in {spec.unit}" if spec.unit else ""
    return f"`{spec.name}` {spec.type}, {limits}{unit}: {spec.text}"


def _alarms(tagmap: TagMap) -> str:
    rows = [
        (alarm.id, f"`{name}`", alarm.priority, alarm.cause, alarm.consequence, alarm.response)
        for name, alarm in tagmap.alarms.items()
    ]
    head = ("id", "alarm", "priority", "cause", "consequence", "response")
    text = "The word in `alarms` is the id plus the number of the zone; 0 is the line.\n"
    return f"## Alarms\n\n{text}\n{_table(head, rows)}"
