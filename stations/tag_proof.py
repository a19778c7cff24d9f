"""Whether the tag in a copy says all that the profile wants it to say."""

from __future__ import annotations

from collections.abc import Mapping

from stations import rfid
from stations.rfid import ELEMENT_NAMES
from workcell.kernel.errors import BadInput
from workcell.kernel.ports import TagMemory
from workcell.kernel.profile import TagPolicy


def content_apart(memory: TagMemory, elements: Mapping[int, str], policy: TagPolicy) -> tuple[str, str]:
    """What the tag should say and what it says; the two are equal on a tag that was written whole.

    A number alone is not enough: power lost in mid-write leaves a readable number and half of the rest.
    """
    content = rfid.decode_memory(memory)
    try:
        wanted = _wanted(memory, elements, policy)
    except BadInput as error:
        return f"what the profile says ({error})", _said(content.elements)
    seen = {oid: content.elements[oid] for oid in wanted if oid in content.elements}
    findings = [finding.text for finding in content.findings if finding.severity == "error"]
    if content.truncated:
        findings.append("an element is cut off")
    return _said(wanted), "; ".join([_said(seen), *findings])


def _wanted(memory: TagMemory, elements: Mapping[int, str], policy: TagPolicy) -> Mapping[int, str]:
    """The elements of the tag as the write transaction lays it out."""
    image = rfid.encode(
        elements, policy,
        block_size=memory.block_size, capacity=len(memory.data), epc_bytes=memory.epc_bytes,
    )  # fmt: skip
    whole = TagMemory(
        memory.uid, memory.block_size, image.data.ljust(len(memory.data), b"\0"), image.afi, image.dsfid,
        epc_bytes=memory.epc_bytes,
    )  # fmt: skip
    return rfid.decode_memory(whole).elements


def _said(elements: Mapping[int, str]) -> str:
    return ", ".join(f"{ELEMENT_NAMES[oid]} {text}" for oid, text in sorted(elements.items())) or "nothing"
