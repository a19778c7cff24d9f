"""What a tag says, whatever data model wrote it: values by relative OID, findings, truncation."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Literal

Severity = Literal["error", "warning"]

PII: Final = 1
CONTENT_PARAMETER: Final = 2
OWNER: Final = 3
SET_INFORMATION: Final = 4
TYPE_OF_USAGE: Final = 5
MEDIA_FORMAT_OTHER: Final = 19

AFI_SECURED: Final = 0x07
AFI_ON_LOAN: Final = 0xC2
"""Application family identifiers of library items (ISO 28560-1): in the library, and on loan."""

CONTROL: Final = re.compile(r"[\x00-\x1f\x7f-\x9f]")
"""What no item number has: control characters."""

ELEMENT_NAMES: Final[Mapping[int, str]] = {
    1: "primary item identifier",
    2: "content parameter",
    3: "owner institution (ISIL)",
    4: "set information",
    5: "type of usage",
    6: "shelf location",
    7: "ONIX media format",
    8: "MARC media format",
    9: "supplier identifier",
    10: "order number",
    11: "ILL borrowing institution (ISIL)",
    12: "ILL borrowing transaction number",
    13: "GS1 product identifier",
    14: "alternative unique item identifier",
    15: "local data A",
    16: "local data B",
    17: "title",
    18: "product identifier local",
    19: "media format (other)",
    20: "supply chain stage",
    21: "supplier invoice number",
    22: "alternative item identifier",
    23: "alternative owner institution",
    24: "subsidiary of an owner institution",
    25: "alternative ILL borrowing institution",
    26: "local data C",
}
"""Names of the relative object identifiers under 1 0 15961 8 (ISO 28560-1)."""


@dataclass(frozen=True)
class Finding:
    """Something a tag's memory says wrongly; ``offset`` is the byte it was met at."""

    code: str
    severity: Severity
    text: str
    offset: int | None = None


@dataclass(frozen=True)
class TagContent:
    """A decoded tag.  ``elements`` are the values that could be read whole; the rest is in ``findings``.

    ``model`` is "28560-2", "28560-3", "28560-4", "cultu", "blank" or "unknown"; ``truncated`` says that the
    memory at hand ends inside an element.  ``extensions`` are the payloads of ISO 28560-3 extension blocks by
    block id; ``afi`` is what a UHF tag says of its security, None where the chip keeps it apart.
    """

    model: str
    elements: dict[int, str] = field(default_factory=dict)
    findings: tuple[Finding, ...] = ()
    truncated: bool = False
    extensions: dict[int, bytes] = field(default_factory=dict)
    afi: int | None = None

    @property
    def pii(self) -> str:
        """The item's number, empty when the tag has none."""
        return self.elements.get(PII, "")

    @property
    def sound(self) -> bool:
        """Whether nothing worse than a warning was met."""
        return not self.truncated and all(finding.severity != "error" for finding in self.findings)

    def to_json(self) -> dict[str, Any]:
        """Plain JSON data in the shape of ``workcell tag decode --json``."""
        return {
            "model": self.model,
            "elements": {str(oid): text for oid, text in self.elements.items()},
            "findings": [
                {
                    "code": finding.code, "severity": finding.severity,
                    "text": finding.text, "offset": finding.offset,
                }
                for finding in self.findings
            ],
            "truncated": self.truncated,
            **({"afi": f"{self.afi:02X}"} if self.afi is not None else {}),
            **({"extensions": {str(id_): data.hex().upper() for id_, data in self.extensions.items()}}
               if self.extensions else {}),
        }  # fmt: skip


@dataclass(frozen=True)
class TagImage:
    """User memory as it shall be, from block 0, in whole blocks, with what goes beside it.

    ``locked`` are the blocks to lock when the policy says so.
    """

    data: bytes
    block_size: int
    dsfid: int
    afi: int = AFI_SECURED
    locked: frozenset[int] = frozenset()

    @property
    def blocks(self) -> list[bytes]:
        """The memory cut into blocks."""
        return [self.data[at : at + self.block_size] for at in range(0, len(self.data), self.block_size)]

    @property
    def lock_map(self) -> str:
        """One letter a block: ``l`` to lock, ``.`` to leave open."""
        return "".join("l" if number in self.locked else "." for number in range(len(self.blocks)))

    def to_json(self) -> dict[str, Any]:
        """Plain JSON data in the shape of ``workcell tag encode --json``."""
        return {
            "hex": self.data.hex().upper(),
            "blocks": [block.hex().upper() for block in self.blocks],
            "lock_map": self.lock_map,
            "afi": f"{self.afi:02X}",
            "dsfid": f"{self.dsfid:02X}",
        }
