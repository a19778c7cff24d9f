"""How the elements of a tag are stored, as plain data, so that it can be written again byte for byte.

An encoder is free in compaction, order, padding and lock alignment; what another encoder chose is lost in a
list of elements and kept here: ``layout`` for ISO 28560-2 elements (also in a UHF tag's user memory) and
for ISO 28560-3 extension blocks, ``epc`` for PC word and UII, ``head`` and ``epc_bytes`` for the EPC of the
Chinese university libraries, ``bytes`` and ``behind`` for the length of (user) memory and what stands in it
behind the end.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any, Final

from stations.rfid import cultu, iso28560_2, iso28560_3, iso28560_4
from stations.rfid.compaction import compaction_named
from stations.rfid.content import CONTENT_PARAMETER, TagContent, TagImage
from stations.rfid.iso28560_2 import Stored
from stations.rfid.iso28560_3 import Extension
from stations.rfid.iso28560_4 import UhfImage
from workcell.kernel.errors import BadInput

_PC_BYTES: Final = 2
_WORDS_AND_AFI: Final = 0xF8FF  # of a PC word
_LARGEST_MEMORY: Final = 0x10000  # bytes; ISO 15693 counts up to 65,536 blocks and chips have some hundred


def kept(content: TagContent, bank: bytes, user: bytes) -> dict[str, Any]:
    """The layout of a decoded tag: ``bank`` is HF memory, or a UHF tag's EPC bank from the PC on."""
    if any(finding.code == "reversed_blocks" for finding in content.findings):
        return {}
    if content.model == iso28560_2.MODEL:
        rows = _rows(bank)
        return {"layout": rows} | _rest(bank, iso28560_2.join(stored_rows(rows)))
    if content.model == iso28560_3.MODEL and not content.truncated:
        blocks, end = iso28560_3.stored_extensions(bank)
        rows = [
            {"block": each.id, "hex": each.payload.hex().upper(), "fillers": each.fillers} for each in blocks
        ]
        return {"layout": rows} | _rest(bank, bank[:end])
    if content.model == iso28560_4.MODEL:
        return _user(user) | ({"epc": bank.hex().upper()} if bank else {})
    if content.model == cultu.MODEL and len(bank) >= 2 + cultu.HEAD_BYTES:
        head = {"head": bank[2 : 2 + cultu.HEAD_BYTES].hex().upper(), "epc_bytes": len(bank) - 2}
        return head | ({"bytes": len(user)} if user else {})
    return {}


def _user(memory: bytes) -> dict[str, Any]:
    """How ISO 28560-2 elements lie behind the DSFID in a UHF tag's user memory."""
    if not memory:
        return {}
    rows = _rows(memory[1:])
    return {"layout": rows} | _rest(memory, memory[:1] + iso28560_2.join(stored_rows(rows)))


def _rest(memory: bytes, told: bytes) -> dict[str, Any]:
    behind = memory[len(told) :].rstrip(b"\0").hex().upper()
    return {"bytes": len(memory)} | ({"behind": behind} if behind else {})


def _rows(memory: bytes) -> list[dict[str, Any]]:
    return [
        {
            "oid": stored.oid, "compaction": stored.compaction.name.lower(), "hex": stored.data.hex().upper(),
            "padding": None if stored.padding is None else stored.padding.hex().upper(),
            "fillers": stored.fillers,
        }
        for stored in iso28560_2.split(memory)[0]
    ]  # fmt: skip


def stored_rows(rows: Iterable[Mapping[str, Any]]) -> list[Stored]:
    """The elements of a ``layout``; raises BadInput when it is none."""
    try:
        return [
            Stored(
                int(row["oid"]),
                compaction_named(str(row["compaction"])),
                bytes.fromhex(row["hex"]),
                None if row.get("padding") is None else bytes.fromhex(row["padding"]),
                int(row.get("fillers", 0)),
            )
            for row in rows
        ]
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise _not_as_given("the layout is") from error


def says(stored: Iterable[Stored], elements: Mapping[int, str]) -> bool:
    """Whether stored elements hold exactly these, so that writing them as they were changes nothing."""
    try:
        texts = {element.oid: iso28560_2.text_of(element) for element in stored}
    except ValueError:
        return False
    texts.pop(CONTENT_PARAMETER, None)
    return texts == {oid: text for oid, text in elements.items() if oid != CONTENT_PARAMETER}


def image_as_stored(stored: Iterable[Stored], told: Mapping[str, Any], block_size: int, afi: int) -> TagImage:
    """ISO 15693 memory with elements as they were stored, and what stood behind them."""
    data = memory_as_stored(iso28560_2.join(stored), told)
    return TagImage(data + bytes(-len(data) % block_size), block_size, iso28560_2.DSFID, afi)


def memory_as_stored(data: bytes, told: Mapping[str, Any]) -> bytes:
    """Data with what stood behind them, as long as the memory was; raises BadInput."""
    try:
        behind, length = bytes.fromhex(told.get("behind") or ""), int(told.get("bytes") or 0)
    except (TypeError, ValueError) as error:
        raise _not_as_given("bytes and behind are") from error
    if not 0 <= length <= _LARGEST_MEMORY:
        raise _not_as_given("bytes is")
    return (data + behind).ljust(length, b"\0")


def stored_blocks(rows: Iterable[Mapping[str, Any]]) -> tuple[Extension, ...]:
    """The extension blocks of a ``layout``; raises BadInput when it is none."""
    try:
        return tuple(
            Extension(int(row["block"]), bytes.fromhex(row["hex"]), int(row.get("fillers", 0)))
            for row in rows
        )
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise _not_as_given("the layout is") from error


def _not_as_given(what: str) -> BadInput:
    return BadInput(f"{what} not as `tag decode` gives it", remedy="Leave it out, or take it unchanged.")


def user_as_stored(image: UhfImage, stored: Iterable[Stored], told: Mapping[str, Any]) -> UhfImage:
    """A UHF image whose user memory holds elements as they were stored."""
    user = memory_as_stored(bytes([iso28560_2.DSFID]) + iso28560_2.join(stored), told)
    return replace(image, pc=image.pc | iso28560_4.USER_MEMORY, user=user + bytes(len(user) % 2))


def bank_as_stored(image: UhfImage, bank: str) -> UhfImage:
    """A UHF image with PC word and UII as they were, if that UII says the same; raises BadInput.

    An encoder is free to escape digits or not; the PC word may tell of user memory that is not at hand.
    """
    try:
        data = bytes.fromhex(bank)
        if len(data) < _PC_BYTES or iso28560_4.urn40_text(data[_PC_BYTES:]) != iso28560_4.urn40_text(
            image.uii
        ):
            return image
    except (TypeError, ValueError) as error:
        raise _not_as_given("epc is") from error
    flags = int.from_bytes(data[:_PC_BYTES], "big") & ~_WORDS_AND_AFI
    return replace(
        image, pc=image.pc & 0xFF | flags | (len(data) - _PC_BYTES) // 2 << 11, uii=data[_PC_BYTES:]
    )


def head_as_stored(image: UhfImage, told: Mapping[str, Any]) -> UhfImage:
    """A CULTU image with head and length as they were; raises BadInput when the head is not four bytes."""
    head = str(told.get("head") or "")
    if image.user:
        image = replace(image, user=memory_as_stored(image.user, {"bytes": told.get("bytes")}))
    if not head:
        return image
    try:
        data = bytes.fromhex(head)
    except ValueError as error:
        raise BadInput(f"head {head!r} is not hexadecimal", remedy="Leave it out.") from error
    if len(data) != cultu.HEAD_BYTES:
        raise BadInput(f"head {head!r} is not {cultu.HEAD_BYTES} bytes", remedy="Leave it out.")
    security = bytes([data[0] & 0x7F | image.uii[0] & 0x80])
    return replace(image, uii=security + data[1:] + image.uii[cultu.HEAD_BYTES :])
