"""Extension blocks of ISO 28560-3: which elements each holds, and how.

Fields stand one after the other, each ended by a zero byte; one that is empty is the zero byte alone.  The
media format is one byte before them.  The order of the fields is that of TH Wildau's implementations
(BibliothekTHWildau/ISO28560), the only public ones met; a payload that does not read like that is the
library's own and is given as it is.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from stations.rfid.content import CONTROL, MEDIA_FORMAT_OTHER

LIBRARY: Final = 1
TITLE: Final = 4
FIELDS: Final[Mapping[int, tuple[int, ...]]] = {
    LIBRARY: (22, 23),
    2: (9, 18, 10, 21, 13, 20),
    3: (6, 8, 7, 24),
    TITLE: (17,),
    5: (11, 12, 25),
}
"""OIDs by block id, in the order of the fields."""

HELD: Final = frozenset({MEDIA_FORMAT_OTHER}.union(*FIELDS.values()))
_END: Final = b"\x00"
_LARGEST_MEDIA_FORMAT: Final = 6
_DIGITS: Final = range(0x30, 0x3A)  # some software writes the media format as a field of text


def elements_of(id_: int, payload: bytes) -> dict[int, str] | None:
    """The elements in a block's payload; None when it does not read as the fields of such a block."""
    if id_ not in FIELDS:
        return None
    elements: dict[int, str] = {}
    if id_ == LIBRARY and payload:
        media, payload = _media_format(payload)
        if media > _LARGEST_MEDIA_FORMAT:
            return None
        elements = {MEDIA_FORMAT_OTHER: str(media)} if media else {}
    texts = [_text(field) for field in payload.rstrip(_END).split(_END)]
    if len(texts) > len(FIELDS[id_]) or any(map(CONTROL.search, texts)):
        return None
    return elements | {oid: text for oid, text in zip(FIELDS[id_], texts, strict=False) if text}


def payload_of(id_: int, elements: Mapping[int, str]) -> bytes:
    """The payload of a block with those of the elements that it holds; empty when there is none of them."""
    texts = [elements.get(oid, "") for oid in FIELDS[id_]]
    while texts and not texts[-1]:
        texts.pop()
    if id_ == TITLE:
        return texts[0].encode("utf-8") if texts else b""
    fields = b"".join(text.encode("utf-8") + _END for text in texts)
    media = int(elements.get(MEDIA_FORMAT_OTHER) or 0) if id_ == LIBRARY else 0
    if id_ == LIBRARY and (fields or media):
        return bytes([media]) + fields
    return fields


def _text(field: bytes) -> str:
    try:
        return field.decode("utf-8")
    except UnicodeDecodeError:
        return field.decode("latin-1")


def _media_format(payload: bytes) -> tuple[int, bytes]:
    first = payload[0]
    if first in _DIGITS and payload[1:2] == _END:
        return first - _DIGITS.start, payload[2:]
    return (first - _DIGITS.start if first in _DIGITS else first), payload[1:]
