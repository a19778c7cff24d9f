"""The one codec between registers and values by name, for one vendor's base addresses and word order.

Nothing else computes an address.  Values are plain integers; a field with ``count`` above 1 is a tuple of
them.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from plc.tagmap import WIDTH, FieldSpec, TagMap, Value, WordOrder, words_of
from workcell.kernel.errors import BadInput


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
            fixed_words=words_of(fixed),
            entry_words=words_of(entry),
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
        stop = end.at + WIDTH[end.type] * end.count
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
        words = [0] * words_of(fields)
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
            if spec.enum and one not in self.tagmap.names(spec.enum):
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
            yield slot.at + WIDTH[slot.type] * (number + 1)
    for index in range(layout.entries):
        yield layout.fixed_words + layout.entry_words * (index + 1)


def _end(slot: _Slot) -> int:
    return slot.at + WIDTH[slot.type] * slot.count


def header_values(tagmap: TagMap, block: str) -> dict[str, Any]:
    """Give the constant part of a status block's header."""
    return {
        "signature": tagmap.signature,
        "map_version": tagmap.version.word,
        "block_id": tagmap.blocks[block].id,
    }
