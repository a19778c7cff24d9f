"""ISO 28560-2 (GB/T 35660.2): data elements on ISO 15693 tags with DSFID 06, coded after ISO/IEC 15962.

An element is: precursor (bit 7 padding follows, bits 6-4 compaction, bits 3-0 OID) · one more byte with
OID - 15 when the low nibble is F · a count of padding bytes when bit 7 is set · length (EBV-8) · data ·
padding zeros.  A precursor of 00 ends the data, 80 is a filler.

Decoding never raises: whatever the memory holds, the elements that can be read whole come back with
findings about the rest.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Final

from stations.rfid.compaction import Compaction, best_scheme, compact, expand
from stations.rfid.content import (
    CONTENT_PARAMETER,
    CONTROL,
    ELEMENT_NAMES,
    MEDIA_FORMAT_OTHER,
    OWNER,
    PII,
    TYPE_OF_USAGE,
    Finding,
    TagContent,
    TagImage,
)
from stations.rfid.isil import compact_isil, expand_isil
from workcell.kernel.errors import BadInput

DSFID: Final = 0x06
MODEL: Final = "28560-2"

_END: Final = 0x00
_FILLER: Final = 0x80
_PADDED: Final = 0x80
_EXTENDED: Final = 0x0F
_LARGEST_OID: Final = 15 + 0xFF
_FIRST_IN_INDEX: Final = 3  # bit 7 of the content parameter's first byte stands for OID 3
_FIRST_PRINTED: Final = 0x20  # below stand no characters, so a byte there is a number
_GTIN, _GTIN_BYTES = 13, 6
_COMPACTIONS: Final = tuple(Compaction)
_ISIL_ELEMENTS: Final = frozenset({OWNER, 11})
_BYTE_ELEMENTS: Final = frozenset({TYPE_OF_USAGE, MEDIA_FORMAT_OTHER})


@dataclass(frozen=True)
class Value:
    """An element to write.  ``compaction`` forces a scheme; ``lock`` puts it into locked blocks."""

    oid: int
    text: str
    lock: bool = False
    compaction: Compaction | None = None


@dataclass(frozen=True)
class Stored:
    """An element as it lies in memory.

    ``padding`` are the bytes behind the data; None when the element has no count of them (one byte less).
    ``fillers`` counts the filler bytes before the precursor.
    """

    oid: int
    compaction: Compaction
    data: bytes
    padding: bytes | None = None
    fillers: int = 0
    lock: bool = False
    offset: int = 0

    def to_bytes(self) -> bytes:
        """The element's bytes with fillers and padding."""
        low = min(self.oid, _EXTENDED)
        out = bytearray([_FILLER] * self.fillers)
        out.append((0 if self.padding is None else _PADDED) | self.compaction << 4 | low)
        if low == _EXTENDED:
            out.append(self.oid - _EXTENDED)
        if self.padding is not None:
            out.append(len(self.padding))
        return bytes(out) + ebv8(len(self.data)) + self.data + (self.padding or b"")


# --- encoding --------------------------------------------------------------------------------------------


def encode(
    values: Mapping[int, str] | Iterable[Value], *, block_size: int = 4, capacity: int | None = None
) -> TagImage:
    """Lay out a new tag: PII, content parameter, the unlocked elements by OID, the locked ones by OID.

    ``values`` are texts by OID, or ``Value`` rows; the content parameter is made here.  Locked runs begin
    and end at block borders.  ``capacity`` is the tag's memory in bytes.  Raises BadInput when there is no
    PII, a value can't be coded, an OID is named twice, or the tag is too small.
    """
    rows = [Value(oid, text) for oid, text in values.items()] if isinstance(values, Mapping) else list(values)
    stored = _aligned(_in_order(rows), block_size)
    data = b"".join(element.to_bytes() for element in stored)
    if capacity is not None and len(data) > capacity:
        raise BadInput(
            f"the elements need {len(data)} bytes and the tag has {capacity}",
            remedy="Write fewer elements or use a larger tag.",
        )
    locked = _locked_blocks(stored, block_size)
    return TagImage(data + bytes(-len(data) % block_size), block_size, DSFID, locked=locked)


def encode_without_pii(values: Mapping[int, str]) -> bytes:
    """Content parameter and elements alone, for memory whose PII stands elsewhere (ISO 28560-4)."""
    return join(_behind_pii({oid: Value(oid, text) for oid, text in values.items()}))


def join(stored: Iterable[Stored]) -> bytes:
    """The bytes of elements as they were stored: what ``split`` took apart."""
    return b"".join(element.to_bytes() for element in stored)


def _in_order(rows: list[Value]) -> list[Stored]:
    texts = {row.oid: row for row in rows if row.oid != CONTENT_PARAMETER}
    if len(texts) < sum(row.oid != CONTENT_PARAMETER for row in rows):
        raise BadInput("an element is named twice", remedy="Name each OID once.")
    if PII not in texts or not texts[PII].text:
        raise BadInput("there is no primary item identifier (element 1)", remedy="Give element 1.")
    if CONTROL.search(texts[PII].text):
        raise BadInput(f"item number {texts[PII].text!r} has control characters", remedy="Leave them out.")
    return [_stored(texts.pop(PII)), *_behind_pii(texts)]


def _behind_pii(rows: Mapping[int, Value]) -> list[Stored]:
    others = [_stored(rows[oid]) for oid in sorted(rows)]
    index = [Stored(CONTENT_PARAMETER, Compaction.APPLICATION, _index_of(rows))] if others else []
    return [
        *index,
        *(element for element in others if not element.lock),
        *(element for element in others if element.lock),
    ]


def _stored(value: Value) -> Stored:
    if not 1 <= value.oid <= _LARGEST_OID:
        raise BadInput(f"there is no element {value.oid}", remedy=f"Elements are 1 to {max(ELEMENT_NAMES)}.")
    scheme, data = _coded(value)
    return Stored(value.oid, scheme, data, lock=value.lock)


def _coded(value: Value) -> tuple[Compaction, bytes]:
    own = value.compaction in (None, Compaction.APPLICATION)
    if own and value.oid in _BYTE_ELEMENTS and (byte := _byte(value)) is not None:
        return Compaction.APPLICATION, byte
    if own and value.oid in _ISIL_ELEMENTS:
        try:
            return Compaction.APPLICATION, compact_isil(value.text)
        except ValueError as error:
            if value.compaction is not None:
                raise BadInput(str(error), subject=value.text) from error
    scheme = value.compaction if value.compaction is not None else best_scheme(value.text)
    return scheme, compact(value.text, scheme)


def _byte(value: Value) -> bytes | None:
    """Type of usage as its two hexadecimal digits, the other media format as its number."""
    try:
        number = int(value.text, 16 if value.oid == TYPE_OF_USAGE else 10)
    except ValueError:
        return None
    return bytes([number]) if 0 <= number <= 0xFF else None


def _index_of(oids: Iterable[int]) -> bytes:
    """The content parameter: one bit an OID from 3 on, trailing zero bytes left out."""
    index = 0
    for oid in oids:
        index |= 1 << (511 - (oid - _FIRST_IN_INDEX))
    return index.to_bytes(64, "big").rstrip(b"\x00")


def _aligned(stored: list[Stored], block_size: int) -> list[Stored]:
    """Pad the last element before each change between open and locked, and the last locked one."""
    aligned: list[Stored] = []
    length = 0
    followers = [element.lock for element in stored[1:]] + [False]
    for element, follower_locked in zip(stored, followers, strict=True):
        end = length + len(element.to_bytes())
        missing = -end % block_size if element.lock != follower_locked else 0
        if missing:  # the count byte is itself one byte of alignment
            element = replace(element, padding=bytes(missing - 1))
        length = end + missing
        aligned.append(element)
    return aligned


def _locked_blocks(stored: list[Stored], block_size: int) -> frozenset[int]:
    blocks: set[int] = set()
    at = 0
    for element in stored:
        length = len(element.to_bytes())
        if element.lock:
            blocks.update(range(at // block_size, (at + length + block_size - 1) // block_size))
        at += length
    return frozenset(blocks)


def ebv8(number: int) -> bytes:
    """An extensible bit vector of 7 bits a byte, the high bit set on all but the last (128 → 81 00)."""
    out = [number & 0x7F]
    while number := number >> 7:
        out.append(number & 0x7F | 0x80)
    return bytes(reversed(out))


# --- decoding --------------------------------------------------------------------------------------------


def decode(memory: bytes) -> TagContent:
    """Read all elements of a tag's user memory; anything wrong becomes a finding."""
    stored, findings, truncated = split(memory)
    elements: dict[int, str] = {}
    for element in stored:
        try:
            text = text_of(element)
        except ValueError as error:
            findings.append(Finding("bad_data", "error", f"{_name(element.oid)}: {error}", element.offset))
            continue
        if element.oid in elements:
            problem = f"{_name(element.oid)} stands twice; the first one counts"
            findings.append(Finding("twice", "warning", problem, element.offset))
            continue
        elements[element.oid] = text
    if not truncated:
        findings += _index_findings(stored, elements)
    return TagContent(MODEL, elements, tuple(findings), truncated)


def split(memory: bytes) -> tuple[list[Stored], list[Finding], bool]:
    """The elements as they are stored, findings, and whether the memory ends inside an element."""
    cursor = _Cursor(memory)
    stored: list[Stored] = []
    findings: list[Finding] = []
    fillers = 0
    while not cursor.at_end:
        start = cursor.at
        if memory[start] == _FILLER:
            cursor.at += 1
            fillers += 1
            continue
        if memory[start] == _END:
            break
        try:
            element, missing = _element(cursor, fillers)
        except EOFError:
            text = "the memory ends inside an element; the complete elements before it count"
            findings.append(Finding("truncated", "error", text, start))
            return stored, findings, True
        if element.oid == 0:
            findings.append(Finding("bad_oid", "error", "an element without an identifier", start))
            continue
        if missing:
            text = f"{_name(element.oid)} declares {missing} padding bytes beyond the end of memory"
            findings.append(Finding("padding_past_end", "warning", text, start))
        if set(element.padding or b"") - {_END, _FILLER}:  # some encoders pad with fillers
            text = f"{_name(element.oid)} is padded with other bytes than zeros"
            findings.append(Finding("padding_not_zero", "warning", text, start))
        stored.append(element)
        fillers = 0
    return stored, findings, False


def length_of_number(memory: bytes) -> int | None:
    """The length that the first element states, if that is an item number; None where it is none."""
    cursor = _Cursor(memory)
    try:
        precursor = cursor.byte()
        if precursor & 0x0F != PII or precursor >> 4 & 7 == Compaction.APPLICATION:
            return None
        cursor.take(1 if precursor & _PADDED else 0)
        return cursor.ebv8()
    except EOFError:
        return None


class _Cursor:
    """A place in memory; reading past the end raises EOFError."""

    def __init__(self, memory: bytes) -> None:
        self._memory = memory
        self.at = 0

    @property
    def at_end(self) -> bool:
        return self.at >= len(self._memory)

    @property
    def rest(self) -> int:
        return len(self._memory) - self.at

    def byte(self) -> int:
        return self.take(1)[0]

    def take(self, count: int) -> bytes:
        if count > self.rest:
            raise EOFError
        self.at += count
        return self._memory[self.at - count : self.at]

    def ebv8(self) -> int:
        number = 0
        while True:
            byte = self.byte()
            number = number << 7 | byte & 0x7F
            if not byte & 0x80:
                return number


def _element(cursor: _Cursor, fillers: int) -> tuple[Stored, int]:
    """The element at the cursor, and how many of its padding bytes the memory lacks."""
    offset = cursor.at
    precursor = cursor.byte()
    oid = precursor & 0x0F
    if oid == _EXTENDED:
        oid += cursor.byte()
    count = cursor.byte() if precursor & _PADDED else 0
    data = cursor.take(cursor.ebv8())
    missing = max(0, count - cursor.rest)
    padding = cursor.take(count - missing)
    element = Stored(
        oid,
        _COMPACTIONS[precursor >> 4 & 7],
        data,
        padding if precursor & _PADDED else None,
        fillers,
        False,
        offset,
    )
    return element, missing


def text_of(element: Stored) -> str:
    """The value of a stored element; raises ValueError when its data can't be of its scheme."""
    if element.oid == CONTENT_PARAMETER:
        return ",".join(map(str, indexed_oids(element.data)))
    if element.oid == TYPE_OF_USAGE and len(element.data) == 1:
        return element.data.hex().upper()  # real tags name any compaction here and mean the byte
    if element.oid == MEDIA_FORMAT_OTHER and len(element.data) == 1 and element.data[0] < _FIRST_PRINTED:
        return str(element.data[0])
    if element.compaction is not Compaction.APPLICATION:
        text = expand(element.data, element.compaction)
        if element.oid == PII and CONTROL.search(text):
            raise ValueError("an item number has no control characters")
        return text
    if element.oid == PII:
        raise ValueError("an item number has no compaction of an application's own")
    if element.oid in _ISIL_ELEMENTS:
        return expand_isil(element.data)
    if element.oid == MEDIA_FORMAT_OTHER and len(element.data) == 1:
        return str(element.data[0])
    if element.oid == _GTIN and 1 < len(element.data) <= _GTIN_BYTES:
        return f"{int.from_bytes(element.data, 'big'):013}"
    return element.data.hex().upper()


def is_tight(element: Stored) -> bool:
    """Whether the data are what the text compacts to in its scheme, without a byte more."""
    try:
        return compact(text_of(element), element.compaction) == element.data
    except (BadInput, ValueError):
        return False


def indexed_oids(data: bytes) -> list[int]:
    """The OIDs that a content parameter names."""
    return [
        _FIRST_IN_INDEX + byte * 8 + bit
        for byte, value in enumerate(data)
        for bit in range(8)
        if value & 0x80 >> bit
    ]


def _index_findings(stored: list[Stored], elements: Mapping[int, str]) -> list[Finding]:
    found = next((element for element in stored if element.oid == CONTENT_PARAMETER), None)
    present = {element.oid for element in stored} - {PII, CONTENT_PARAMETER}
    findings = []
    if stored and not elements.get(PII):
        findings.append(Finding("no_pii", "error", "there is no primary item identifier"))
    if found is not None and set(indexed_oids(found.data)) != present:
        text = f"the content parameter names {elements[CONTENT_PARAMETER] or 'nothing'}, there are " + (
            ",".join(map(str, sorted(present))) or "none"
        )
        findings.append(Finding("index_differs", "warning", text, found.offset))
    return findings


def _name(oid: int) -> str:
    return f"element {oid} ({ELEMENT_NAMES.get(oid, 'reserved')})"
