"""Tagging: place a blank tag, write it by the profile's policy, and know that it is the only one."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from stations import rfid
from stations.redo import own_tag, rewriting
from stations.station import ON, Bench, Leaving, to_review
from workcell.kernel.ports import TagReader


class Tagging:
    """The write transaction is safe to run again on the same tag."""

    name: ClassVar[str] = "rfid"

    async def process(self, bench: Bench) -> Leaving:
        """Place, write, and put UID and content on record.

        A copy whose marks are redone may have its tag inside: that one is rewritten, for its old number was
        given up, and no second one is placed.
        """
        marks, policy = bench.copy.marks, bench.profile.tag
        if marks is None:
            return to_review("NO_MARKS", "No item number is reserved for this copy.")
        inside = ""
        if bench.copy.redo_of is not None:
            inside = await own_tag(bench)
            policy = rewriting(policy)
        if not inside:
            placed = await bench.act("place_tag")
            if not placed.ok:
                return to_review("TAG_NOT_PLACED", f"The tag unit reported {placed.code}.")

        async def voided(number: str) -> bool:
            return await bench.is_voided(number)

        async def write(reader: TagReader) -> Mapping[str, Any]:
            report = await rfid.write_tag(
                reader, marks.tag_elements, policy, expected_uid=inside, is_voided=voided
            )
            return report.to_json()

        report = await bench.write_tag(write)
        if not report["ok"]:
            return to_review("TAG_NOT_WRITTEN", report["text"])
        await bench.note("tag.written", report)
        return ON
