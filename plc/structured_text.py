"""The tag map as IEC 61131-3 Structured Text: one PROGRAM whose declarations compile as they stand.

Located variables stand in a VAR section of their own, apart from constants and plain variables; registers are
UINT, so that counters wrap as the contract says.  A block's fixed fields are scalars, a 32-bit field is two
words in the manifest's order; the entries of a block are one array, with constants for the size of an entry
and the place of each field in it.  Source: IEC 61131-3, located variables and constants.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from plc.manifest import Manifest
from plc.tagmap import FieldSpec, TagMap

_INDENT = "  "


def declarations(tagmap: TagMap, manifest: Manifest, *, area: str = "%MW") -> str:
    """Give the PROGRAM with an empty body; ``area`` is where this PLC keeps its holding registers."""
    return "\n".join(
        [
            f"(* Workcell tag map {tagmap.version}: written by `workcell plc map --format st`. *)",
            "PROGRAM WORKCELL_LINE",
            *sections(tagmap, manifest, area=area),
            _INDENT + ";",
            "END_PROGRAM",
            "",
        ]
    )


def sections(tagmap: TagMap, manifest: Manifest, *, area: str = "%MW") -> list[str]:
    """Give the two VAR sections: constants, and located variables."""
    located = [_INDENT + line for line in _located(tagmap, manifest, area)]
    constants = [_INDENT + line for line in _constants(tagmap, manifest)]
    return ["VAR CONSTANT", *constants, "END_VAR", "VAR", *located, "END_VAR"]


def _constants(tagmap: TagMap, manifest: Manifest) -> Iterator[str]:
    yield _constant("WC_SIGNATURE", tagmap.signature)
    yield _constant("WC_MAP_VERSION", tagmap.version.word)
    yield _constant("WC_SCAN_MS", manifest.timing.scan_ms)
    for name, block in tagmap.blocks.items():
        yield _constant(f"WC_ID_OF_{name}", block.id)
        if block.entries is not None:
            yield _constant(f"WC_{name}_SIZE", sum(spec.words for spec in block.entries.fields))
            yield from _places(f"WC_{name}", block.entries.fields)
    for name, values in tagmap.enumerations.items():
        for value, number in values.items():
            yield _constant(f"WC_{name}_IS_{value}", number)
    for name, verb in tagmap.verbs.items():
        yield _constant(f"WC_VERB_{name}", verb.id)
        yield from _places(f"WC_{name}_PARAM", verb.params)
        yield from _places(f"WC_{name}_RESULT", verb.results)
    for name, alarm in tagmap.alarms.items():
        yield _constant(f"WC_ALARM_{name}", alarm.id)


def _constant(name: str, value: int) -> str:
    return f"{name.upper()} : UINT := {value};"


def _places(prefix: str, fields: Sequence[FieldSpec]) -> Iterator[str]:
    at = 0
    for spec in fields:
        yield _constant(f"{prefix}_AT_{spec.name}", at)
        at += spec.words


def _located(tagmap: TagMap, manifest: Manifest, area: str) -> Iterator[str]:
    codec = manifest.codec(tagmap)
    for name, block in tagmap.blocks.items():
        for spec in tagmap.block_fields(name):
            yield from _field(f"wc_{name}_{spec.name}", codec.address(name, spec.name), spec, manifest, area)
        if block.entries is not None:
            first = codec.entry_span(name, 0)
            last = first.count * tagmap.entry_count(name) - 1
            yield f"wc_{name} AT {area}{first.address} : ARRAY [0..{last}] OF UINT;"


def _field(name: str, at: int, spec: FieldSpec, manifest: Manifest, area: str) -> Iterator[str]:
    if spec.count > 1:
        yield f"{name} AT {area}{at} : ARRAY [0..{spec.words - 1}] OF UINT;"
    elif spec.type == "u32":
        order = ("high", "low") if manifest.word_order == "high_first" else ("low", "high")
        yield f"{name}_{order[0]} AT {area}{at} : UINT;"
        yield f"{name}_{order[1]} AT {area}{at + 1} : UINT;"
    else:
        yield f"{name} AT {area}{at} : {'INT' if spec.type == 'i16' else 'UINT'};"
