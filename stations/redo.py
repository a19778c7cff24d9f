"""A copy whose marks are redone: what it carries already, and what may be done to that."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from stations import rfid
from stations.station import Bench
from workcell.kernel.ports import TagReader
from workcell.kernel.profile import TagPolicy


def rewriting(policy: TagPolicy) -> TagPolicy:
    """The policy for a tag that is inside already: one whose number was given up may be written over."""
    return policy.model_copy(update={"not_blank": "overwrite"}) if policy.not_blank == "refuse" else policy


async def own_tag(bench: Bench) -> str:
    """UID of the one tag in the field that is blank or has a number that was given up; else empty."""

    async def read(reader: TagReader) -> Mapping[str, Any]:
        memories = [await reader.read(uid) for uid in await reader.inventory()]
        return {"tags": [{"uid": memory.uid, "pii": rfid.pii(memory)} for memory in memories]}

    tags = (await bench.read_tags(read))["tags"]
    own = [tag["uid"] for tag in tags if not tag["pii"] or await bench.is_voided(tag["pii"])]
    return own[0] if len(own) == 1 else ""
