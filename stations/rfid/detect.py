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
_CRC_BYTES, _PC_BYTES = 2, 2
_CULTU_WORDS: Final = (6, 8)
_SHORTEST_NUMBER: Final = 4
_INDEXED: Final = 5  # a right content parameter counts more than all else together
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
    is_item = elements.sound and bool(elements.pii)
    if _check_sum_holds(fixed) and (_looks_fixed(fixed) or not is_item):
        return fixed
    if is_item:
        return elements
    if dsfid == iso28560_3.DSFID or (dsfid != iso28560_2.DSFID and _looks_fixed(fixed)):
        return fixed
    if dsfid == iso28560_2.DSFID or elements.elements:
        return elements
    unknown = Finding("unknown_model", "error", "the memory follows no data model known here")
    return TagContent("unknown", {}, (unknown,))


def _elements(memory: bytes, block_size: int) -> TagContent:
    """ISO 28560-2 elements, the blocks turned round where those hold together better."""
    plain = iso28560_2.decode(memory)
    coherence = _coherence(plain, memory)
    if coherence >= _INDEXED:
        return plain
    around = iso28560_3.turned(memory, block_size)
    turned = iso28560_2.decode(around)
    if _coherence(turned, around) <= coherence:
        return plain
    return replace(turned, findings=(_REVERSED, *turned.findings))


def _coherence(content: TagContent, memory: bytes) -> int:
    """How well elements hold together: a right content parameter above all, then a number as numbers are.

    Last, that nothing stands behind their end, where makers leave marks of their own.
    """
    if not (content.sound and content.pii):
        return 0
    index = content.elements.get(CONTENT_PARAMETER)
    if index is not None and all(finding.code != "index_differs" for finding in content.findings):
        return _INDEXED
    stored, _, _ = iso28560_2.split(memory)
    likely = _LIKELY_NUMBER.fullmatch(content.pii)
    return 1 + 2 * bool(likely) + (not any(memory[len(iso28560_2.join(stored)) :]))


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
    return iso28560_4.decode(bank, user) if control.iso else cultu.decode(bank, user)


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
    if certain and (content.model != iso28560_2.MODEL or _begins_with_pii(whole)):
        return plain
    for found in _uhf_guesses(first, banks):
        if found.content.model == "blank" or (found.content.sound and found.content.pii):
            return found
    user = iso28560_4.decode_user(whole)
    if not certain and len(user.elements) > 1 and not user.findings and not user.truncated:
        return Dump(user, kept(user, b"", whole))
    return plain


def _uhf_guesses(first: bytes, banks: tuple[bytes, ...]) -> Iterator[Dump]:
    """The dump as an EPC bank: from the PC word on, and behind a CRC that is wrong or was never filled in."""
    if _is_epc_bank(first):
        yield _uhf_dump(first, banks)
    behind = first[_CRC_BYTES:]
    if _is_epc_bank(behind) and len(behind) == _bank_length(behind):
        found = _uhf_dump(behind, banks)
        content = replace(found.content, findings=(_BAD_EPC_CRC, *found.content.findings))
        yield replace(found, content=content)


def _uhf_dump(bank: bytes, banks: tuple[bytes, ...]) -> Dump:
    length = _bank_length(bank)
    user = banks[1] if len(banks) == 2 else bank[length:]
    if len(banks) == 1 and _control(bank).iso and user[:1] != bytes([iso28560_2.DSFID]):
        user = b""  # the EPC bank is longer than the identifier in it
    content = decode_uhf(bank[:length], user)
    return Dump(content, kept(content, bank[:length], user))


def _begins_with_pii(memory: bytes) -> bool:
    """Whether the first element is the item number; true as well where the blocks lie reversed."""
    stored, _, _ = iso28560_2.split(memory)
    return not stored or stored[0].oid == PII
