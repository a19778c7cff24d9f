"""How the elements of a tag are stored, as plain data, so that it can be written again byte for byte.

An encoder is free in compaction, order, padding and lock alignment; what another encoder chose is lost in a
list of elements and kept here: ``layout`` for ISO 28560-2 elements (also in a UHF tag's user memory),
``head`` for the EPC of the Chinese university libraries.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

from stations.rfid import cultu, iso28560_2, iso28560_4
from stations.rfid.compaction import compaction_named
from stations.rfid.content import CONTENT_PARAMETER, TagContent, TagImage
from stations.rfid.iso28560_2 import Stored
from stations.rfid.iso28560_4 import UhfImage
from workcell.kernel.errors import BadInput


def kept(content: TagContent, bank: bytes, user: bytes) -> dict[str, Any]:
    """The layout of a decoded tag: ``bank`` is HF memory, or a UHF tag's EPC bank from the PC on."""
    if any(finding.code == "reversed_blocks" for finding in content.findings):
        return {}
    if content.model == iso28560_2.MODEL:
        return {"layout": _rows(bank)}
    if content.model == iso28560_4.MODEL and user:
        return {"layout": _rows(user[1:])}
    if content.model == cultu.MODEL and len(bank) >= 6:
        return {"head": bank[2:6].hex().upper()}
    return {}


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
        raise BadInput(
            "the layout is not as `tag decode` gives it", remedy="Leave it out, or take it unchanged."
        ) from error


def says(stored: Iterable[Stored], elements: Mapping[int, str]) -> bool:
    """Whether stored elements hold exactly these, so that writing them as they were changes nothing."""
    try:
        texts = {element.oid: iso28560_2.text_of(element) for element in stored}
    except ValueError:
        return False
    texts.pop(CONTENT_PARAMETER, None)
    return texts == {oid: text for oid, text in elements.items() if oid != CONTENT_PARAMETER}


def image_as_stored(stored: Iterable[Stored], block_size: int, afi: int) -> TagImage:
    """ISO 15693 memory with elements as they were stored."""
    data = iso28560_2.join(stored)
    return TagImage(data + bytes(-len(data) % block_size), block_size, iso28560_2.DSFID, afi)


def user_as_stored(image: UhfImage, stored: Iterable[Stored]) -> UhfImage:
    """A UHF image whose user memory holds elements as they were stored."""
    user = bytes([iso28560_2.DSFID]) + iso28560_2.join(stored)
    return replace(image, pc=image.pc | iso28560_4.USER_MEMORY, user=user + bytes(len(user) % 2))


def head_as_stored(image: UhfImage, head: str) -> UhfImage:
    """A CULTU image with the head that its EPC had; raises BadInput when it is not four bytes."""
    try:
        data = bytes.fromhex(head)
    except ValueError as error:
        raise BadInput(f"head {head!r} is not hexadecimal", remedy="Leave it out.") from error
    if len(data) != cultu.HEAD_BYTES:
        raise BadInput(f"head {head!r} is not {cultu.HEAD_BYTES} bytes", remedy="Leave it out.")
    return replace(image, uii=data + image.uii[cultu.HEAD_BYTES :])
