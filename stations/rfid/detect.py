"""Which data model a tag's memory follows, and its content.  Nothing here raises, whatever the bytes are."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Any, Final

from stations.rfid import cultu, iso28560_2, iso28560_3, iso28560_4
from stations.rfid.content import AFI_ON_LOAN, AFI_SECURED, CONTENT_PARAMETER, PII, Finding, TagContent
from stations.rfid.layout import kept
from workcell.kernel.ports import TagMemory

_FACTORY_EPC: Final = 0xE2  # first byte of the identifiers that chips leave the factory with
_ROW: Final = 4  # bytes of most chips' blocks, which some vendors' readers turn round
_GS1_HEADERS: Final = range(0x2C, 0x40)  # of the binary EPCs of the GS1 Tag Data Standard, from GDTI-96 on
_CRC_BYTES, _PC_BYTES = 2, 2
_CULTU_WORDS: Final = (6, 8)
_SHORTEST_NUMBER: Final = 4
_LONGEST_NUMBER: Final = 32
_LAST_RESERVED: Final = 31  # the highest OID that ISO 28560-1 names or keeps for itself
_WRONG: Final = frozenset({"bad_data", "bad_oid"})
_LIKELY_NUMBER: Final = re.compile(r"[0-9A-Za-z][0-9A-Za-z ./:_-]{0,31}")
_BAD_EPC_CRC: Final = Finding("bad_epc_crc", "warning", "the CRC before the PC word is wrong", 0)
_REVERSED: Final = Finding("reversed_blocks", "warning", "the bytes of each block lie reversed")


def decode(memory: bytes, dsfid: int | None = None, block_size: int = _ROW) -> TagContent:
    """Read user memory of an ISO 15693 tag.

    A basic block with a right check sum is ISO 28560-3 and readable elements with an item number are
    ISO 28560-2, whatever the DSFID says, because many real tags carry none; then the same with each block
    turned round, as some vendors' readers store them.  Where nothing is certain the DSFID decides, and
    without it the shape of the first bytes.
    """
    if not any(memory):
        return TagContent("blank")
    fixed = iso28560_3.decode(memory, block_size)
    elements = _elements(memory, block_size)
    is_item = elements.content.sound and bool(elements.content.pii)
    if _check_sum_holds(fixed) and (_looks_fixed(fixed) or not is_item):
        return fixed
    if elements.indexed or (is_item and not (elements.may_be_chance and _is_damaged_block(fixed))):
        return elements.content
    if dsfid == iso28560_3.DSFID or (dsfid != iso28560_2.DSFID and _looks_fixed(fixed)):
        return fixed
    begun = bool(elements.content.elements) or _breaks_off_in_number(elements.content, memory)
    if begun or dsfid == iso28560_2.DSFID:
        return elements.content
    unknown = Finding("unknown_model", "error", "the memory follows no data model known here")
    return TagContent("unknown", {}, (unknown,))


@dataclass(frozen=True)
class _Reading:
    """Memory read as ISO 28560-2 elements, and how well they hold together."""

    content: TagContent
    indexed: bool  # the content parameter names what is there: nothing else is as telling
    likely: bool  # the item number is one as libraries give
    bare: bool  # nothing stands behind the end, where makers leave marks of their own

    @classmethod
    def of(cls, memory: bytes) -> _Reading:
        content = iso28560_2.decode(memory)
        stored = iso28560_2.split(memory)[0]
        behind = memory[len(iso28560_2.join(stored)) :]
        numbers = [element for element in stored if element.oid == PII]
        likely = _LIKELY_NUMBER.fullmatch(content.pii) is not None and iso28560_2.is_tight(numbers[0])
        cut = content.truncated or not behind
        return cls(content, _is_indexed(content, cut=cut), likely, cut or not any(behind))

    @property
    def rank(self) -> tuple[bool, bool, bool, int]:
        """What to compare readings by: the higher one is believed."""
        broken = [finding for finding in self.content.findings if finding.code != "truncated"]
        errors = any(finding.severity == "error" for finding in broken)
        if errors or not self.content.pii:
            return (False, False, False, 0)
        return (self.indexed, self.likely, not broken, 1 + self.bare + (not self.content.truncated))

    @property
    def may_be_chance(self) -> bool:
        """Whether a damaged basic block can read like this: all but one good number or an agreeing index."""
        alone = len(self.content.elements) == 1 and self.likely and self.bare and not self.content.findings
        return not self.indexed and not alone


def _elements(memory: bytes, block_size: int) -> _Reading:
    """ISO 28560-2 elements, the bytes of each block or of each four turned where that reads better."""
    plain = _Reading.of(memory)
    if plain.indexed:
        return plain
    sizes = dict.fromkeys((block_size, _ROW))
    turned = max((_Reading.of(iso28560_3.turned(memory, size)) for size in sizes), key=lambda it: it.rank)
    if turned.rank <= plain.rank or not (turned.indexed or turned.likely):
        return plain
    return replace(turned, content=replace(turned.content, findings=(_REVERSED, *turned.content.findings)))


def _is_indexed(content: TagContent, *, cut: bool) -> bool:
    """Whether an item number and a content parameter are there that names what follows.

    Where the memory may be ``cut`` off it names more, and the two come first as the standard has them.
    """
    index = content.elements.get(CONTENT_PARAMETER)
    if index is None or not content.pii or any(finding.code in _WRONG for finding in content.findings):
        return False
    named = {int(oid) for oid in index.split(",") if oid}
    if not named or max(named) > _LAST_RESERVED:
        return False
    there = set(content.elements) - {PII, CONTENT_PARAMETER}
    begun = there < named and list(content.elements)[:2] == [PII, CONTENT_PARAMETER]
    return there == named or (cut and begun)


def _breaks_off_in_number(content: TagContent, memory: bytes) -> bool:
    """Whether the memory ends inside its first element, an item number of a length that numbers have."""
    return content.truncated and iso28560_2.length_of_number(memory) in range(1, _LONGEST_NUMBER + 1)


def _check_sum_holds(content: TagContent) -> bool:
    return not content.truncated and all(finding.code != "bad_crc" for finding in content.findings)


def _looks_fixed(content: TagContent) -> bool:
    """Whether a basic block, damaged or not whole, says what basic blocks say: a printable number, version 1.

    ISO 28560-2 memory begins with a byte whose low nibble is 1 as well; therefore the two part numbers must
    make sense where the version's nibbles are swapped.
    """
    pii = content.pii
    codes = {finding.code for finding in content.findings}
    swapped_wrongly = {"swapped_nibbles", "ordinal_above_parts"} <= codes
    printable = len(pii) >= _SHORTEST_NUMBER and pii.isascii() and pii.isprintable()
    return (printable or "pii_in_extension" in codes) and "bad_version" not in codes and not swapped_wrongly


def _is_damaged_block(content: TagContent) -> bool:
    """Whether it says what basic blocks say, with part numbers that go together."""
    codes = {finding.code for finding in content.findings}
    return _looks_fixed(content) and not codes & {"ordinal_above_parts", "swapped_nibbles"}


def decode_memory(memory: TagMemory) -> TagContent:
    """Read what a reader fetched: user memory of an ISO 15693 tag, or both banks of a UHF tag."""
    if memory.epc_bytes:
        return decode_uhf(memory.data[: memory.epc_bytes], memory.data[memory.epc_bytes :])
    return decode(memory.data, memory.dsfid)


def pii(memory: TagMemory) -> str:
    """The item number that a tag holds, empty when there is none to be read."""
    return decode_memory(memory).pii


# --- UHF -------------------------------------------------------------------------------------------------


def decode_uhf(epc_bank: bytes, user: bytes = b"") -> TagContent:
    """Read a UHF tag: its EPC bank from the PC word on or from the CRC on, and user memory.

    A PC word that says ISO is ISO 28560-4; one that says EPC with a factory's E2… is blank; any other is
    the CULTU format.
    """
    bank = epc_bank[_CRC_BYTES:] if _crc_of_bank_holds(epc_bank) else epc_bank
    control = _control(bank)
    epc = bank[_PC_BYTES : _PC_BYTES + control.words * 2]
    if not any(epc) or (not control.iso and epc[0] == _FACTORY_EPC):
        return TagContent("blank")
    if control.iso:
        return iso28560_4.decode(bank, user)
    content = cultu.decode(bank, user)
    if epc[0] in _GS1_HEADERS and not content.pii:
        goods = Finding("unknown_model", "error", "the EPC is of goods (GS1), not of a library's item", 2)
        return TagContent("unknown", {}, (goods,))
    return content


def _control(bank: bytes) -> iso28560_4.ProtocolControl:
    return iso28560_4.ProtocolControl.parse(int.from_bytes(bank[:_PC_BYTES].ljust(_PC_BYTES, b"\0"), "big"))


def _crc_of_bank_holds(bank: bytes) -> bool:
    """Whether the memory begins with the CRC that a Gen2 chip keeps over PC word and EPC."""
    length = _bank_length(bank[_CRC_BYTES:])
    behind = bank[_CRC_BYTES : _CRC_BYTES + length]
    return (
        _control(behind).words > 0
        and len(behind) == length
        and iso28560_4.epc_crc(behind) == int.from_bytes(bank[:_CRC_BYTES], "big")
    )


def _bank_length(bank: bytes) -> int:
    return _PC_BYTES + 2 * _control(bank).words


def _is_epc_bank(bank: bytes) -> bool:
    """Whether PC word and length go together as in one of the formats read here.

    Without a CRC to prove it an ISO tag must be of a library: noise would pass too often.
    """
    control, length = _control(bank), _bank_length(bank)
    if control.extended or not _PC_BYTES < length <= len(bank):
        return False
    if control.iso:
        return control.afi in (AFI_SECURED, AFI_ON_LOAN)
    return control.afi == 0 and control.words in _CULTU_WORDS


# --- anything --------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Dump:
    """A dump told apart: its content, and how that is stored (see ``layout``)."""

    content: TagContent
    layout: dict[str, Any] = field(default_factory=dict)

    def to_json(self) -> dict[str, Any]:
        """Plain JSON data in the shape of ``workcell tag decode --json``."""
        return self.content.to_json() | self.layout


def decode_dump(*banks: bytes, dsfid: int | None = None, block_size: int = _ROW) -> Dump:
    """Read a dump of which nothing is known.

    One memory: ISO 15693 user memory, or an EPC bank with or without its CRC and with or without user memory
    behind it, or UHF user memory alone.  Two: an EPC bank and user memory, or one memory in two pieces.
    """
    whole = b"".join(banks)
    first = banks[0] if len(banks) == 2 else whole
    if _crc_of_bank_holds(first):
        return _uhf_dump(first[_CRC_BYTES:], banks)
    content = decode(whole, dsfid, block_size)
    plain = Dump(content, kept(content, whole, b""))
    certain = content.sound and bool(content.pii)
    if _is_indexed(content, cut=content.truncated) or (certain and _is_plain_number(content)):
        return plain
    for found in _uhf_guesses(first, banks):
        if found.content.model == "blank" or (found.content.sound and found.content.pii):
            return found
    user = iso28560_4.decode_user(whole)
    if not certain and len(user.elements) > 1 and not user.findings and not user.truncated:
        return Dump(user, kept(user, b"", whole))
    bare = iso28560_4.decode_identifier(whole) if content.model == "unknown" else None
    return Dump(bare) if bare is not None else plain


def _uhf_guesses(first: bytes, banks: tuple[bytes, ...]) -> Iterator[Dump]:
    """The dump as an EPC bank: from the PC word on, and behind a CRC that is wrong or was never filled in."""
    noise = _is_rest_of_bank(first, banks) and any(first[_bank_length(first) :])
    if _is_epc_bank(first) and not noise:  # without a CRC, an identifier before other data is chance
        yield _uhf_dump(first, banks)
    behind = first[_CRC_BYTES:]
    if _is_epc_bank(behind) and len(behind) == _bank_length(behind):
        found = _uhf_dump(behind, banks)
        content = replace(found.content, findings=(_BAD_EPC_CRC, *found.content.findings))
        yield replace(found, content=content)


def _uhf_dump(bank: bytes, banks: tuple[bytes, ...]) -> Dump:
    length = _bank_length(bank)
    user = banks[1] if len(banks) == 2 else bank[length:]
    if _is_rest_of_bank(bank, banks):
        user = b""
    content = decode_uhf(bank[:length], user)
    return Dump(content, kept(content, bank[:length], user))


def _is_rest_of_bank(bank: bytes, banks: tuple[bytes, ...]) -> bool:
    """Whether what stands behind the identifier is the rest of a longer EPC bank, and no user memory."""
    behind = bank[_bank_length(bank) :]
    return len(banks) == 1 and _control(bank).iso and behind[:1] != bytes([iso28560_2.DSFID])


def _is_plain_number(content: TagContent) -> bool:
    """Whether the item number comes first and is one as libraries give; always so in a basic block."""
    first = next(iter(content.elements)) == PII
    return content.model != iso28560_2.MODEL or (first and _LIKELY_NUMBER.fullmatch(content.pii) is not None)
