"""Which data model a tag's memory follows, and its content."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from stations.rfid import cultu, iso28560_2, iso28560_3, iso28560_4
from stations.rfid.content import Finding, TagContent, TagImage
from workcell.kernel.errors import BadInput
from workcell.kernel.ports import TagMemory
from workcell.kernel.profile import TagPolicy

_FACTORY_EPC: Final = 0xE2  # first byte of the identifiers that chips leave the factory with
_LOCKED_ELEMENTS: Final = frozenset({1, 3})  # as in the standard's worked example


def decode(memory: bytes, dsfid: int | None = None) -> TagContent:
    """Read user memory of an ISO 15693 tag.

    A basic block with a right check sum is ISO 28560-3 and readable elements with an item number are
    ISO 28560-2, whatever the DSFID says, because many real tags carry none; where neither is certain the
    DSFID decides, and without it the shape of the first bytes.  Never raises.
    """
    if not any(memory):
        return TagContent("blank")
    fixed = iso28560_3.decode(memory)
    if fixed.sound:
        return fixed
    elements = iso28560_2.decode(memory)
    if elements.sound and elements.pii:
        return elements
    if dsfid == iso28560_3.DSFID or (dsfid != iso28560_2.DSFID and _looks_fixed(memory, fixed)):
        return fixed
    if dsfid == iso28560_2.DSFID or elements.elements:
        return elements
    unknown = Finding("unknown_model", "error", "the memory follows no data model known here")
    return TagContent("unknown", {}, (unknown,))


def _looks_fixed(memory: bytes, content: TagContent) -> bool:
    """Version 1, one part at least, a printable number: a basic block with a wrong check sum."""
    head = memory[0]
    return (
        len(memory) >= 19
        and (head & 0xF0 == 0x10 or head & 0x0F == 0x01)
        and memory[1] in range(1, 100)
        and len(content.pii) >= 4
        and content.pii.isascii()
        and content.pii.isprintable()
    )


def encode(elements: Mapping[int, str], policy: TagPolicy, *, block_size: int, capacity: int) -> TagImage:
    """Lay out a tag as the policy of a profile says.

    ``elements`` are values by OID; those outside the policy are left out, PII is always written, and the
    type of usage comes from the policy.  Raises BadInput when a value or the tag does not allow it.
    """
    wanted = {1, *policy.elements}
    chosen = {oid: text for oid, text in elements.items() if oid in wanted and oid != 2 and text}
    if 5 in wanted:
        chosen[5] = policy.type_of_usage
    if policy.model == iso28560_3.MODEL:
        image = iso28560_3.encode(chosen, block_size=block_size, capacity=capacity)
    elif policy.model == iso28560_2.MODEL:
        values = [
            iso28560_2.Value(oid, text, lock=policy.lock and oid in _LOCKED_ELEMENTS)
            for oid, text in chosen.items()
        ]
        image = iso28560_2.encode(values, block_size=block_size, capacity=capacity)
    else:
        raise BadInput(f"no data model {policy.model!r}", remedy="There are: 28560-2, 28560-3.")
    return TagImage(image.data, block_size, image.dsfid, policy.afi_on_shelf, image.locked)


def pii(memory: TagMemory) -> str:
    """The item number that a tag holds, empty when there is none to be read."""
    return decode(memory.data, memory.dsfid).pii


def decode_uhf(epc_bank: bytes, user: bytes = b"") -> TagContent:
    """Read a UHF tag: its EPC bank from the PC word on, and user memory.

    A PC word that says ISO is ISO 28560-4; one that says EPC with a factory's E2… is blank; any other is
    the CULTU format.  Never raises.
    """
    control = iso28560_4.ProtocolControl.parse(int.from_bytes(epc_bank[:2], "big"))
    if not any(epc_bank[2:]) or (not control.iso and epc_bank[2] == _FACTORY_EPC):
        return TagContent("blank")
    return iso28560_4.decode(epc_bank, user) if control.iso else cultu.decode(epc_bank, user)
