"""What readers can do."""

from __future__ import annotations

from enum import Flag, auto


class Capability(Flag):
    """What a reader can do beside inventory, read, and write of blocks."""

    AFI = auto()
    DSFID = auto()
    LOCK = auto()
    UHF = auto()
