"""The tag map as IEC 61131-3 Structured Text: one PROGRAM that compiles as it stands.

The dialect is the part of the second edition that compilers share, the strictest of them (matiec, inside
Beremiz and OpenPLC) included: located variables stand in a VAR section of their own, apart from constants
and plain variables, and each is one register, because a located array has no place in the address tables of
some compilers; registers are UINT, so that counters wrap as the contract says; a body has at least one
statement and no empty one. A 32-bit field is two words in the manifest's order; a field of an entry is
named for the station, or numbered.
Source: IEC 61131-3, 2.4.3.1 (located variables), 2.1.2 (identifiers), 3.3.2 (statements).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence

from plc.manifest import Manifest
from plc.tagmap import EntriesSpec, FieldSpec, TagMap
from workcell.kernel.errors import BadInput

_INDENT = "  "
_AREA = re.compile(r"%[A-Z]{1,2}")
_FIRST = re.compile(rf"(?P<area>{_AREA.pattern})(?P<number>\d+)")
_Place = Callable[[int], str]


def declarations(tagmap: TagMap, manifest: Manifest, *, area: str = "%MW", command_area: str = "") -> str:
    """Give the PROGRAM; its body writes what never changes, the first words of every status block.

    ``area`` is where this PLC keeps its holding registers ("%MW"); ``command_area`` is the location of the
    first command register ("%MW0") where that lies elsewhere.  Raises BadInput for what is neither.
    """
    return "\n".join(
        [
            f"(* Workcell tag map {tagmap.version}: written by `workcell plc map --format st`. *)",
            "PROGRAM WORKCELL_LINE",
            *sections(tagmap, manifest, area=area, command_area=command_area),
            *(_INDENT + line for line in _constant_words(tagmap)),
            "END_PROGRAM",
            "",
        ]
    )


def sections(tagmap: TagMap, manifest: Manifest, *, area: str = "%MW", command_area: str = "") -> list[str]:
    """Give the two VAR sections: constants, and located variables."""
    places = _places_of(manifest, area, command_area)
    located = [_INDENT + line for line in _located(tagmap, manifest, places)]
    constants = [_INDENT + line for line in _constants(tagmap, manifest)]
    return ["VAR CONSTANT", *constants, "END_VAR", "VAR", *located, "END_VAR"]


def _places_of(manifest: Manifest, area: str, command_area: str) -> dict[str, _Place]:
    """How each region writes the location of a register."""
    if not _AREA.fullmatch(area):
        raise BadInput(f"{area!r} is no area of registers", remedy="Write %MW or %QW.")
    command = _FIRST.fullmatch(command_area or f"{area}{manifest.base.command}")
    if command is None:
        raise BadInput(f"{command_area!r} is no register", remedy="Write it with its area: %MW0.")
    name, shift = command["area"], int(command["number"]) - manifest.base.command
    return {"status": lambda at: f"{area}{at}", "command": lambda at: f"{name}{at + shift}"}


def _constant_words(tagmap: TagMap) -> Iterator[str]:
    for name, block in tagmap.blocks.items():
        if block.region == "status":
            yield f"wc_{name}_signature := WC_SIGNATURE;"
            yield f"wc_{name}_map_version := WC_MAP_VERSION;"
            yield f"wc_{name}_block_id := WC_ID_OF_{name.upper()};"


def _constants(tagmap: TagMap, manifest: Manifest) -> Iterator[str]:
    yield _constant("WC_SIGNATURE", tagmap.signature)
    yield _constant("WC_MAP_VERSION", tagmap.version.word)
    yield _constant("WC_SCAN_MS", manifest.timing.scan_ms)
    yield _constant("WC_BINS", manifest.bins)
    for name, block in tagmap.blocks.items():
        yield _constant(f"WC_ID_OF_{name}", block.id)
        if block.entries is not None:
            yield _constant(f"WC_{name}_SIZE", sum(spec.words for spec in block.entries.fields))
            yield from _offsets(f"WC_{name}", block.entries.fields)
    for name, values in tagmap.enumerations.items():
        for value, number in values.items():
            yield _constant(f"WC_{name}_IS_{value}", number)
    for name, verb in tagmap.verbs.items():
        yield _constant(f"WC_VERB_{name}", verb.id)
        yield from _offsets(f"WC_{name}_PARAM", verb.params)
        yield from _offsets(f"WC_{name}_RESULT", verb.results)
    for name, alarm in tagmap.alarms.items():
        yield _constant(f"WC_ALARM_{name}", alarm.id)


def _constant(name: str, value: int) -> str:
    return f"{name.upper()} : UINT := {value};"


def _offsets(prefix: str, fields: Sequence[FieldSpec]) -> Iterator[str]:
    at = 0
    for spec in fields:
        yield _constant(f"{prefix}_AT_{spec.name}", at)
        at += spec.words


def _located(tagmap: TagMap, manifest: Manifest, places: dict[str, _Place]) -> Iterator[str]:
    codec = manifest.codec(tagmap)
    for name, block in tagmap.blocks.items():
        place = places[block.region]
        at = codec.span(name).address
        for spec in tagmap.block_fields(name):
            yield from _registers(f"wc_{name}_{spec.name}", at, spec, manifest, place)
            at += spec.words
        for entry in _entry_names(tagmap, block.entries):
            for spec in block.entries.fields if block.entries else ():
                yield from _registers(f"wc_{name}_{entry}_{spec.name}", at, spec, manifest, place)
                at += spec.words


def _entry_names(tagmap: TagMap, entries: EntriesSpec | None) -> Sequence[str]:
    if entries is None:
        return ()
    if entries.each is None:
        return [str(number) for number in range(entries.count)]
    return sorted(tagmap.enumerations[entries.each], key=tagmap.enumerations[entries.each].__getitem__)


def _registers(name: str, at: int, spec: FieldSpec, manifest: Manifest, place: _Place) -> Iterator[str]:
    words = ("high", "low") if manifest.word_order == "high_first" else ("low", "high")
    ends = [f"_{word}" for word in words] if spec.type == "u32" else [""]
    counted = [name] if spec.count == 1 else [f"{name}_{number}" for number in range(spec.count)]
    kind = "INT" if spec.type == "i16" else "UINT"
    for offset, register in enumerate(one + end for one in counted for end in ends):
        yield f"{register} AT {place(at + offset)} : {kind};"
