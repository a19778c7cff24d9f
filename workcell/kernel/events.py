"""Line events: one envelope, hash-chained."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

GENESIS = "0" * 64


@dataclass(frozen=True)
class Event:
    """One fact about the line; ``at`` is ISO 8601 in UTC, ``hash`` covers everything before it.

    ``effect_id`` ties an effect's intent to its end.
    """

    seq: int
    line_id: str
    batch_id: str
    book_id: str
    effect_id: str
    type: str
    version: int
    at: str
    body: Mapping[str, Any]
    prev_hash: str
    hash: str


def event_hash(
    prev_hash: str, seq: int, line_id: str, batch_id: str, book_id: str,
    effect_id: str, type_: str, version: int, at: str, body: Mapping[str, Any],
) -> str:  # fmt: skip
    """SHA-256 over the canonical JSON of an event and the hash of the one before."""
    text = json.dumps(
        [prev_hash, seq, line_id, batch_id, book_id, effect_id, type_, version, at, body],
        ensure_ascii=False, sort_keys=True, separators=(",", ":"),
    )  # fmt: skip
    return hashlib.sha256(text.encode("utf-8")).hexdigest()


class Journal(Protocol):
    """The line's append-only memory.  ``append`` returns when the event is synced to disk."""

    async def append(
        self,
        type_: str,
        body: Mapping[str, Any],
        *,
        book_id: str = "",
        batch_id: str = "",
        effect_id: str = "",
    ) -> Event: ...
