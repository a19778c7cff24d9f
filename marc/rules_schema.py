"""What a schema can say about a record: fields, indicators, subfields, coded positions, stray characters.

Fields of one shape (tag, indicators, subfield codes) have the same findings, so each shape is judged once.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator

from marc.finding import Finding, error, warning
from marc.piece import is_control
from marc.raw_record import RawRecord, subfield
from marc.schema import ALL, Coded, FieldRule, Schema

_SHAPES_KEPT = 50_000
_CODES = re.compile(rb"\x1f[^\x1e]?|\x1e[^\x1e\x1f]{0,2}")
"""Subfield marks with their codes, and what begins a field: its indicators."""

_STRAY = re.compile(rb"[\x00-\x1d\x7f]|\xef\xbf\xbd|\xc2[\x80-\x87\x8a-\x9f]")
"""Control characters (C1's 88 and 89 frame non-filing text) and the mark of a lost character."""

_CONTROLS = bytes([*range(0x1E), 0x7F])

_MATERIALS = {
    "a": "BK", "t": "BK", "c": "MU", "d": "MU", "i": "MU", "j": "MU", "e": "MP", "f": "MP", "g": "VM",
    "k": "VM", "o": "VM", "r": "VM", "m": "CF", "p": "MX", "s": "CR",
}  # fmt: skip
"""Leader/06 (and 006/00) to the kind of 008/18–34, MARC 21."""

_LENGTHS_OF_007 = {
    "a": {8}, "c": {6, 14}, "d": {6}, "f": {10}, "g": {9}, "h": {10, 13}, "k": {6}, "m": {8, 23}, "o": {2},
    "q": {2}, "r": {11}, "s": {14}, "t": {2}, "v": {9}, "z": {2},
}  # fmt: skip
"""Characters of 007 by category; 007/06–13 and 08–22 may be left off for c, h and m."""

_LENGTHS = {"unimarc": {"100": 36, "105": 13, "106": 1, "110": 11}}
"""Characters of $a of coded data fields; the first keeps a record from leaving."""

_CONTROL = frozenset(f"{number:03d}" for number in range(10))
_Shape = tuple[str, bytes]
"""Tag, and indicators and codes as they stand (none for control fields)."""


class SchemaRules:
    """The findings of one schema; judges fast because it remembers the shapes of fields."""

    def __init__(self, schema: Schema) -> None:
        self._schema = schema
        self._shapes: dict[_Shape, tuple[Finding, ...]] = {}
        self._required = [tag for tag, rule in schema.fields.items() if rule.required]

    def findings(self, record: RawRecord) -> Iterator[Finding]:
        """All findings, in the order of leader, fields, coded fields."""
        yield from self._leader(record)
        yield from self._fields(record)
        yield from self._times(record)
        yield from self._coded_fields(record)

    def _leader(self, record: RawRecord) -> Iterator[Finding]:
        for each in self._schema.leader.wrong(record.leader):
            found = record.leader[each.start : each.stop]
            yield warning("LDR", "LEADER", f"Leader/{_place(each.start, each.stop)} is “{found}”.")
        if not record.leader[6:8].strip():
            yield error("LDR", "LEADER_TYPE", "The leader does not say what kind of record this is (06, 07).")

    def _fields(self, record: RawRecord) -> list[Finding]:
        """Findings of each field by its shape, and those of stray characters, looked for in all at once."""
        found: list[Finding] = []
        known, control = self._shapes, _CONTROL
        text = b"\x1e" + b"\x1e".join([body for _, body in record.fields])
        shapes = b"".join(_CODES.findall(text)).split(b"\x1e")
        for (tag, _), codes in zip(record.fields, shapes[1:], strict=False):
            shape = (tag, b"" if tag in control else codes)
            judged = known.get(shape)
            found += self._judge(shape) if judged is None else judged
        if _has_stray(text):
            found += [each for tag, body in record.fields for each in _stray(tag, body)]
        return found

    def _judge(self, shape: _Shape) -> tuple[Finding, ...]:
        if len(self._shapes) >= _SHAPES_KEPT:
            self._shapes.clear()
        judged = self._shapes[shape] = tuple(self._shape(*shape))
        return judged

    def _shape(self, tag: str, signs: bytes) -> Iterator[Finding]:
        marks, *codes = signs.decode("latin-1").split("\x1f")
        rule = self._schema.fields.get(tag)
        if tag == "880" and codes[:1] == ["6"]:
            rule = None
        elif rule is None and self._schema.local.fullmatch(tag) is None:
            yield warning(tag, "UNKNOWN_FIELD", f"{tag} is no field of the format.")
        if not is_control(tag):
            yield from self._subfields(tag, "".join(codes), rule)
            yield from _indicators(tag, marks, rule)

    def _subfields(self, tag: str, codes: str, rule: FieldRule | None) -> Iterator[Finding]:
        if not codes and (rule is not None or not self._schema.local.fullmatch(tag)):
            yield warning(tag, "EMPTY_FIELD", f"{tag} has no subfield.")
        if rule is None or rule.codes is None:
            return
        for code, times in Counter(codes).items():
            repeatable = rule.codes.get(code, self._schema.anywhere.get(code))
            if repeatable is None:
                yield warning(tag, "UNKNOWN_SUBFIELD", f"{tag} has no subfield ${code}.")
            elif times > 1 and not repeatable:
                yield warning(tag, "SUBFIELD_REPEATED", f"{tag} ${code} stands {times} times; it may once.")

    def _times(self, record: RawRecord) -> Iterator[Finding]:
        fields, vital = self._schema.fields, self._schema.vital
        for tag, bodies in record.by_tag.items():
            if len(bodies) == 1:
                continue
            rule = fields.get(tag)
            if rule is not None and not rule.repeatable:
                told = error if tag in vital else warning
                yield told(tag, "NOT_REPEATABLE", f"{tag} stands {len(bodies)} times; it may stand once.")
        if len(self._schema.main & record.by_tag.keys()) > 1:
            first = min(self._schema.main)[0]
            yield error(f"{first}XX", "TWO_MAIN_ENTRIES", f"There is more than one main entry ({first}XX).")
        for tag in self._required:
            if tag not in record.by_tag:
                yield warning(tag, "MISSING_FIELD", f"There is no {tag}.")

    def _coded_fields(self, record: RawRecord) -> Iterator[Finding]:
        for tag, kinds in self._schema.coded.items():
            for body in record.all(tag):
                yield from self._coded_field(record, tag, body, kinds)
        for body in record.all("006"):
            yield from self._additional(body.decode("utf-8", "replace"))

    def _coded_field(
        self, record: RawRecord, tag: str, body: bytes, kinds: dict[str, Coded] | object
    ) -> Iterator[Finding]:
        text = body.decode("utf-8", "replace") if is_control(tag) else next(subfield(body, "a"), None)
        if text is None:
            return
        wanted = {40} if tag == "008" else _lengths(record.flavour, tag, text)
        if wanted and len(text) not in wanted:
            told = error if tag in ("008", "100") else warning
            said = " or ".join(map(str, sorted(wanted)))
            yield told(tag, "CODED_LENGTH", f"{tag} has {len(text)} characters instead of {said}.")
            return
        coded = self._kind(record, tag, text)
        for each in coded.wrong(text) if coded else ():
            found = text[each.start : each.stop]
            yield warning(tag, "CODED_VALUE", f"{tag}/{_place(each.start, each.stop)} is “{found}”.")

    def _kind(self, record: RawRecord, tag: str, text: str) -> Coded | None:
        kinds = self._schema.coded.get(tag, {})
        kind = material(record.leader) if tag == "008" else text[:1] if tag == "007" else ALL
        return kinds.get(kind) or kinds.get(ALL)

    def _additional(self, text: str) -> Iterator[Finding]:
        """006: 18 characters, 01–17 as 008/18–34 of its material."""
        if len(text) != 18:
            yield warning("006", "CODED_LENGTH", f"006 has {len(text)} characters instead of 18.")
            return
        coded = self._schema.coded.get("008", {}).get(_MATERIALS.get(text[0], ""))
        if coded is None:
            yield warning("006", "CODED_VALUE", f"006/00 is “{text[0]}”.")
            return
        shifted = " " * 17 + text
        for each in coded.positions:
            if 18 <= each.start < 35 and not each.fits(shifted):
                place = _place(each.start - 17, each.stop - 17)
                yield warning("006", "CODED_VALUE", f"006/{place} is “{shifted[each.start : each.stop]}”.")


def material(leader: str) -> str:
    """The kind of 008/18–34 by leader/06–07 (MARC 21, 008)."""
    if leader[6:7] in ("a", "t") and leader[7:8] in ("b", "i", "s"):
        return "CR"
    return _MATERIALS.get(leader[6:7], ALL)


def _indicators(tag: str, marks: str, rule: FieldRule | None) -> Iterator[Finding]:
    if rule is None:
        return
    for place, allowed in enumerate((rule.first, rule.second)):
        mark = marks[place : place + 1]
        if allowed is not None and mark not in allowed:
            said = "first" if place == 0 else "second"
            yield warning(tag, "INDICATOR", f"{tag} has “{mark}” as {said} indicator.")


def _has_stray(text: bytes) -> bool:
    """Whether to look closer: three passes in C are faster than one expression."""
    if b"\xef\xbf\xbd" in text or len(text.translate(None, _CONTROLS)) < len(text):
        return True
    return b"\xc2" in text and _STRAY.search(text) is not None


def _stray(tag: str, body: bytes) -> Iterator[Finding]:
    if b"\xef\xbf\xbd" in body:
        yield warning(tag, "LOST_CHARACTER", f"{tag} has a character that was lost earlier.")
    if any(found != b"\xef\xbf\xbd" for found in _STRAY.findall(body)):
        yield warning(tag, "CONTROL_CHARACTER", f"{tag} has a control character.")


def _lengths(flavour: str, tag: str, text: str) -> set[int]:
    if tag == "007":
        return _LENGTHS_OF_007.get(text[:1], set())
    length = _LENGTHS.get(flavour, {}).get(tag)
    return {length} if length else set()


def _place(start: int, stop: int) -> str:
    return f"{start:02d}" if stop == start + 1 else f"{start:02d}–{stop - 1:02d}"
