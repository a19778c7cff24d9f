"""Records as bytes: ISO 2709 in UTF-8, with the leader exactly as given.

pymarc would set leader/09 to "a", which is wrong for CNMARC; hence these few lines.
"""

from __future__ import annotations

from dataclasses import dataclass

_END_OF_RECORD = b"\x1d"
_END_OF_FIELD = b"\x1e"
_DELIMITER = "\x1f"


@dataclass(frozen=True)
class Field:
    """A variable field: a control field has ``data``, any other indicators and subfields (code, value)."""

    tag: str
    indicators: str = ""
    subfields: tuple[tuple[str, str], ...] = ()
    data: str = ""

    def encode(self) -> bytes:
        """Give the bytes of the field with their terminator."""
        body = "".join(_DELIMITER + code + value for code, value in self.subfields)
        return (self.data + self.indicators + body).encode("utf-8") + _END_OF_FIELD


def control(tag: str, data: str) -> Field:
    """Make a control field."""
    return Field(tag, data=data)


def field(tag: str, indicators: str, *subfields: tuple[str, str]) -> Field:
    """Make a data field; subfields without a value are left out, ``_`` stands for a blank indicator."""
    kept = tuple((code, value) for code, value in subfields if value)
    return Field(tag, indicators.replace("_", " "), kept)


def encode(leader: str, fields: list[Field]) -> bytes:
    """Write a whole record: ``leader`` of 24 characters gets its lengths, fields stand in order of tag."""
    ordered = sorted((item for item in fields if item.data or item.subfields), key=lambda item: item.tag)
    directory, body = "", b""
    for item in ordered:
        encoded = item.encode()
        directory += f"{item.tag}{len(encoded):04}{len(body):05}"
        body += encoded
    base = 24 + len(directory) + 1
    head = f"{base + len(body) + 1:05}{leader[5:12]}{base:05}{leader[17:]}"
    return head.encode("ascii") + directory.encode("ascii") + _END_OF_FIELD + body + _END_OF_RECORD
