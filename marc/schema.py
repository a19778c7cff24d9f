"""What a format allows: fields, indicators, subfields, coded positions; from our own tables or an Avram file.

Our tables (``schemas/*.toml``) are compact; an Avram schema in JSON (format.gbv.de/schema/avram) of anybody's
may stand in for them.  Either becomes the same ``Schema``.
"""

from __future__ import annotations

import functools
import json
import re
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from importlib import resources
from pathlib import Path
from typing import Any

from marc.piece import is_control
from workcell.kernel.errors import BadInput

ALL = "all"
"""The type under which positions stand that do not depend on the type of material."""


@dataclass(frozen=True)
class Position:
    """One coded position or stretch of them: ``[start:stop]``, and the pattern that each stretch matches."""

    start: int
    stop: int
    pattern: str

    def fits(self, text: str) -> bool:
        """Whether the text has an allowed value there."""
        return re.fullmatch(self.pattern, text[self.start : self.stop]) is not None


@dataclass(frozen=True)
class Coded:
    """Positions of one kind of coded field, with one expression that holds when all of them do."""

    positions: tuple[Position, ...]
    whole: re.Pattern[str] = field(compare=False)

    def wrong(self, text: str) -> list[Position]:
        """The positions whose value is none of those allowed."""
        return [] if self.whole.match(text) else [each for each in self.positions if not each.fits(text)]


@dataclass(frozen=True)
class FieldRule:
    """What a field may have; None means anything.  ``codes`` says of each code whether it may be repeated."""

    repeatable: bool
    required: bool = False
    first: frozenset[str] | None = None
    second: frozenset[str] | None = None
    codes: Mapping[str, bool] | None = None


@dataclass(frozen=True)
class Schema:
    """A format.  ``coded`` by tag, then by type; ``main`` tags exclude one another; ``vital`` never twice."""

    fields: Mapping[str, FieldRule]
    leader: Coded
    coded: Mapping[str, Mapping[str, Coded]]
    main: frozenset[str] = frozenset()
    vital: frozenset[str] = frozenset()
    local: re.Pattern[str] = re.compile("9..")
    anywhere: Mapping[str, bool] = field(default_factory=dict)


@functools.cache
def of_flavour(flavour: str) -> Schema:
    """Our schema of ``"marc21"`` or ``"unimarc"``."""
    text = resources.files("marc").joinpath("schemas", f"{flavour}.toml").read_text("utf-8")
    return _from_table(tomllib.loads(text))


def from_avram(path: Path) -> Schema:
    """The schema in an Avram file; raises BadInput."""
    try:
        data = json.loads(path.read_text("utf-8"))
        return _from_avram(data["fields"])
    except FileNotFoundError as error:
        raise BadInput("no such file", subject=str(path), remedy="Check the path.") from error
    except (ValueError, KeyError, TypeError, AttributeError, re.error) as error:
        raise BadInput(
            f"not an Avram schema ({error!r})", subject=str(path), remedy="Give a schema in Avram's JSON."
        ) from error


# --- our tables ------------------------------------------------------------------------------------------


def _from_table(table: dict[str, Any]) -> Schema:
    return Schema(
        fields={tag: _rule(spec) for tags, spec in table["fields"].items() for tag in _tags(tags)},
        leader=_coded(table["leader"]),
        coded=_all_coded(table["positions"]),
        main=frozenset(table["main"]),
        vital=frozenset((*table["main"], *table["vital"])),
        local=re.compile(table["local"]),
        anywhere=_codes(table["anywhere"]),
    )


def _tags(text: str) -> Iterator[str]:
    for part in text.split():
        first, _, last = part.partition("-")
        yield from (f"{tag:03d}" for tag in range(int(first), int(last or first) + 1))


def _rule(spec: str) -> FieldRule:
    times, *rest = spec.split()
    if not rest:
        return FieldRule(times == "many")
    first, second, codes = rest
    known = None if codes == "." else _codes(codes)
    return FieldRule(times == "many", False, _characters(first), _characters(second), known)


def _codes(text: str) -> dict[str, bool]:
    return {
        code: bool(repeated)
        for found in re.finditer(r"(.)(?:-(.))?(\*?)", text)
        for code in _run(found.group(1), found.group(2) or found.group(1))
        for repeated in [found.group(3)]
    }


def _characters(text: str) -> frozenset[str] | None:
    if text == ".":
        return None
    found = re.findall(r"(.)(?:-(.))?", text)
    return frozenset("".join(_run(one, other or one) for one, other in found).replace("_", " "))


def _run(first: str, last: str) -> str:
    return "".join(map(chr, range(ord(first), ord(last) + 1)))


def _all_coded(table: dict[str, Any]) -> dict[str, dict[str, Coded]]:
    """By tag and type; the positions of ``all`` are part of every type, ``|`` (not coded) fits everywhere."""
    return {
        tag: {kind: _coded({**kinds.get(ALL, {}), **items}, "|") for kind, items in kinds.items()}
        for tag, kinds in table.items()
    }


def _coded(items: Mapping[str, str], fill: str = "") -> Coded:
    positions = []
    for key, allowed in items.items():
        first, _, last = key.partition("-")
        start, stop = int(first), int(last or first) + 1
        characters = "".join(sorted({*(_characters(allowed) or ()), *fill}))
        positions.append(Position(start, stop, f"[{re.escape(characters)}]{{{stop - start}}}"))
    return _compiled(positions)


def _compiled(positions: Iterable[Position]) -> Coded:
    ordered = tuple(sorted(positions, key=lambda each: each.start))
    pieces, at = [], 0
    for each in ordered:
        pieces.append(f".{{{each.start - at}}}(?:{each.pattern})")
        at = each.stop
    return Coded(ordered, re.compile("".join(pieces), re.DOTALL))


# --- Avram -----------------------------------------------------------------------------------------------


def _from_avram(fields: dict[str, Any]) -> Schema:
    leader = fields.get("LDR") or fields.get("LEADER") or {}
    return Schema(
        fields={
            tag: _avram_rule(tag, each) for tag, each in fields.items() if len(tag) == 3 and tag != "LDR"
        },
        leader=_compiled(_avram_positions(leader.get("positions", {}))),
        coded={tag: dict(_avram_types(each)) for tag, each in fields.items() if is_control(tag)},
    )


def _avram_rule(tag: str, each: dict[str, Any]) -> FieldRule:
    repeatable, required = bool(each.get("repeatable")), bool(each.get("required"))
    if is_control(tag) or "subfields" not in each:
        return FieldRule(repeatable, required)
    codes = {code: bool(sub.get("repeatable")) for code, sub in each["subfields"].items() if len(code) == 1}
    whole = len(codes) == len(each["subfields"])
    first, second = (_avram_marks(each, name) for name in ("indicator1", "indicator2"))
    return FieldRule(repeatable, required, first, second, codes if whole else None)


def _avram_marks(each: dict[str, Any], name: str) -> frozenset[str] | None:
    if name in each and each[name] is None:
        return frozenset(" ")
    said = each.get(name) or {}
    if isinstance(said.get("codes"), dict):
        return frozenset(said["codes"])
    if "pattern" in said:
        pattern = re.compile(said["pattern"])
        return frozenset(mark for mark in map(chr, range(0x20, 0x7F)) if pattern.fullmatch(mark))
    return None


def _avram_types(each: dict[str, Any]) -> Iterator[tuple[str, Coded]]:
    common = each.get("positions", {})
    yield ALL, _compiled(_avram_positions(common))
    for kind, said in each.get("types", {}).items():
        yield kind[-2:].lstrip("7"), _compiled(_avram_positions({**common, **said.get("positions", {})}))


def _avram_positions(items: dict[str, Any]) -> Iterator[Position]:
    for each in items.values():
        start = int(each["start"])
        stop = int(each.get("end", start)) + 1
        codes = each.get("codes") or each.get("flags")
        if isinstance(codes, dict):
            width = {len(code) for code in codes}
            if len(width) == 1 and (stop - start) % min(width) == 0:
                choice = "|".join(re.escape(code) for code in codes)
                yield Position(start, stop, f"(?:{choice}){{{(stop - start) // min(width)}}}")
        elif "pattern" in each:
            yield Position(start, stop, f"(?:{each['pattern']})")
