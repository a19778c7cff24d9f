"""What shall stand in a tag: elements laid out in a data model, by hand or by the policy of a profile."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any, Final

from stations.rfid import cultu, iso28560_2, iso28560_3, iso28560_4
from stations.rfid.content import (
    AFI_ON_LOAN,
    AFI_SECURED,
    CONTENT_PARAMETER,
    OWNER,
    PII,
    TYPE_OF_USAGE,
    TagImage,
)
from stations.rfid.iso28560_2 import Value
from stations.rfid.iso28560_3 import Extension
from stations.rfid.iso28560_4 import UhfImage
from stations.rfid.layout import (
    bank_as_stored,
    head_as_stored,
    image_as_stored,
    memory_as_stored,
    says,
    stored_blocks,
    stored_rows,
    user_as_stored,
)
from workcell.kernel.errors import BadInput
from workcell.kernel.profile import TagPolicy

HF_MODELS: Final = (iso28560_2.MODEL, iso28560_3.MODEL)
UHF_MODELS: Final = (iso28560_4.MODEL, cultu.MODEL)
MODELS: Final = (*HF_MODELS, *UHF_MODELS)

_LOCKED_ELEMENTS: Final = frozenset({1, 3})  # as in the standard's worked example
_WORD: Final = 2


def encode_hf(
    values: Iterable[Value],
    model: str,
    *,
    block_size: int = 4,
    capacity: int | None = None,
    afi: int = AFI_SECURED,
) -> TagImage:
    """Lay out user memory of an ISO 15693 tag of ``capacity`` bytes.

    Raises BadInput when a value does not fit its element, elements are wrong together, the tag is too small
    or ``model`` is not one of ``HF_MODELS``.
    """
    rows = list(values)
    if model == iso28560_2.MODEL:
        image = iso28560_2.encode(rows, block_size=block_size, capacity=capacity)
    elif model == iso28560_3.MODEL:
        image = iso28560_3.encode(_unlocked(rows, model), block_size=block_size, capacity=capacity)
    else:
        raise _unknown(model)
    return TagImage(image.data, block_size, image.dsfid, afi, image.locked)


def encode_uhf(values: Iterable[Value], model: str, *, afi: int | None = None) -> UhfImage:
    """Lay out EPC bank and user memory of a UHF tag; ``afi`` is the standard's own when it is not given.

    The CULTU format has a bit for "on loan" in the place of an AFI.  Raises BadInput as ``encode_hf`` does.
    """
    elements = _unlocked(list(values), model)
    if model == iso28560_4.MODEL:
        return iso28560_4.encode(elements, afi=iso28560_4.AFI if afi is None else afi)
    if model == cultu.MODEL:
        return _cultu(elements, afi)
    raise _unknown(model)


def _cultu(elements: Mapping[int, str], afi: int | None, *, wide: bool = False) -> UhfImage:
    if afi not in (None, AFI_SECURED, AFI_ON_LOAN):
        raise BadInput(
            f"the CULTU format has no AFI {afi:02X}",
            remedy=f"It knows {AFI_SECURED:02X} in the library and {AFI_ON_LOAN:02X} on loan.",
        )
    return cultu.encode(elements, on_loan=afi == AFI_ON_LOAN, wide=wide)


def encode_told(
    values: Iterable[Value],
    model: str,
    told: Mapping[str, Any],
    *,
    block_size: int = 4,
    capacity: int | None = None,
    afi: int | None = None,
) -> TagImage | UhfImage:
    """Lay out a tag from what a decoder told of one: as it was stored, byte for byte.

    ``told`` is the JSON of ``Dump``; its ``layout`` counts only where it still says the same as ``values``
    and nothing shall be locked, the rest of it where it is there.  With an empty one everything is laid out
    anew, as it is where ``capacity`` is too small for the layout.  Raises BadInput.
    """
    rows = list(values)
    layout = (told.get("layout") or []) if told.get("model", model) == model else []
    afi = _told_byte(told.get("afi")) if afi is None else afi
    if model in UHF_MODELS:
        return _uhf_told(rows, model, layout, told, afi)
    afi = AFI_SECURED if afi is None else afi
    texts = {value.oid: value.text for value in rows}
    if layout and model == iso28560_2.MODEL and texts.get(PII) and not any(value.lock for value in rows):
        stored = stored_rows(layout)
        image = image_as_stored(stored, told, block_size, afi)
        if says(stored, texts) and (capacity is None or len(image.data) <= capacity):
            return image
    rows = [value for value in rows if value.text]
    if model != iso28560_3.MODEL:
        return encode_hf(rows, model, block_size=block_size, capacity=capacity, afi=afi)
    return _blocks_told(_unlocked(rows, model), layout, told, block_size, capacity, afi)


def _blocks_told(
    elements: Mapping[int, str],
    layout: Any,
    told: Mapping[str, Any],
    block_size: int,
    capacity: int | None,
    afi: int,
) -> TagImage:
    """A basic block with the extension blocks that the tag had, in their order, and what stood behind."""
    extensions, blocks = _told_extensions(told.get("extensions") or {}), stored_blocks(layout)
    if {block.id: block.payload for block in blocks} != {block.id: block.payload for block in extensions}:
        blocks = extensions  # they were changed
    short = iso28560_3.SHORT_BLOCK if told.get("bytes") == iso28560_3.SHORT_BLOCK else None
    image = iso28560_3.encode(elements, block_size=block_size, capacity=capacity or short, extensions=blocks)
    data = image.data
    if capacity is None:
        data = memory_as_stored(data[: iso28560_3.stored_extensions(data)[1]], told)
    return replace(image, data=data + bytes(-len(data) % block_size), afi=afi)


def _uhf_told(
    rows: list[Value], model: str, layout: Any, told: Mapping[str, Any], afi: int | None
) -> UhfImage:
    if model == cultu.MODEL:
        elements = _unlocked(rows, model)
        wide = told.get("epc_bytes") == cultu.WIDE_EPC
        image = _cultu(elements, afi, wide=wide)
        return head_as_stored(image, told)
    stored = stored_rows(layout)
    rows = [value for value in rows if value.text]
    below = {element.oid for element in stored}
    above = [value for value in rows if value.oid not in below]
    in_user = {value.oid: value.text for value in rows if value.oid in below}
    if stored and {value.oid for value in above} <= {PII, OWNER} and says(stored, in_user):
        image = user_as_stored(encode_uhf(above, model, afi=afi), stored, told)
    else:
        image = encode_uhf(rows, model, afi=afi)
    same_user = bool(image.user) == bool(stored)
    return bank_as_stored(image, told["epc"]) if same_user and told.get("epc") else image


def _told_byte(text: Any) -> int | None:
    try:
        return bytes.fromhex(str(text))[0] if text else None
    except (ValueError, IndexError) as error:
        raise BadInput(f"AFI {text!r} is not two hexadecimal digits", remedy="Write it as in 07.") from error


def _told_extensions(blocks: Any) -> tuple[Extension, ...]:
    try:
        return tuple(Extension(int(id_), bytes.fromhex(data)) for id_, data in blocks.items())
    except (AttributeError, TypeError, ValueError) as error:
        raise BadInput(
            "extensions are not payloads by block id", remedy='Write them as in {"101": "C0FFEE"}.'
        ) from error


def encode(
    elements: Mapping[int, str], policy: TagPolicy, *, block_size: int, capacity: int, epc_bytes: int = 0
) -> TagImage:
    """Lay out a tag as the policy of a profile says.

    ``elements`` are values by OID; those outside the policy are left out, PII is always written, and the
    type of usage comes from the policy.  The tag has ``capacity`` bytes, of which a UHF tag's first
    ``epc_bytes`` are its EPC bank from the PC word on.  Raises BadInput when a value or the tag does not
    allow it.
    """
    wanted = {PII, *policy.elements}
    chosen = {oid: text for oid, text in elements.items() if oid in wanted and text}
    if TYPE_OF_USAGE in wanted:
        chosen[TYPE_OF_USAGE] = policy.type_of_usage
    values = [
        Value(oid, text, lock=policy.lock and oid in _LOCKED_ELEMENTS and policy.model == iso28560_2.MODEL)
        for oid, text in chosen.items()
        if oid != CONTENT_PARAMETER
    ]
    if (policy.model in UHF_MODELS) != bool(epc_bytes):
        kind = "a UHF tag" if epc_bytes else "an ISO 15693 tag"
        raise BadInput(f"{policy.model} does not fit {kind}", remedy="Mend [tag] model of the profile.")
    if policy.model in HF_MODELS:
        return encode_hf(
            values, policy.model, block_size=block_size, capacity=capacity, afi=policy.afi_on_shelf
        )
    image = encode_uhf(values, policy.model, afi=policy.afi_on_shelf)
    return _both_banks(image, capacity, epc_bytes, policy.afi_on_shelf)


def _both_banks(image: UhfImage, capacity: int, epc_bytes: int, afi: int) -> TagImage:
    """EPC bank and user memory in a row: the first word is the PC word, without which a tag has no UII."""
    bank = image.pc.to_bytes(_WORD, "big") + image.uii
    for name, needed, there in (
        ("EPC bank", len(bank), epc_bytes),
        ("user memory", len(image.user), capacity - epc_bytes),
    ):
        if needed > there:
            raise BadInput(
                f"the elements need {needed} bytes of {name} and the tag has {there}",
                remedy="Write fewer elements or use a larger tag.",
            )
    data = bank.ljust(epc_bytes, b"\x00") + image.user
    return TagImage(data, _WORD, image.user[0] if image.user else 0, afi)


def _unlocked(values: list[Value], model: str) -> dict[int, str]:
    locked = [value.oid for value in values if value.lock]
    if locked:
        raise BadInput(
            f"{model} locks no elements of their own (asked for {', '.join(map(str, locked))})",
            remedy="Lock elements of 28560-2 only.",
        )
    if len({value.oid for value in values}) < len(values):
        raise BadInput("an element is named twice", remedy="Name each OID once.")
    return {value.oid: value.text for value in values}


def _unknown(model: str) -> BadInput:
    return BadInput(f"no data model {model!r}", remedy=f"There are: {', '.join(MODELS)}.")
