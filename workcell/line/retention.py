"""Retention: pictures of text pages go after the profile's days; their hashes stay in the journal.

What a page shows of a copyrighted text is needed until the record is delivered and for a while after it, not
for ever.  Pictures of covers, spines and labels stay: they are the proof.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

from workcell.kernel.events import Event
from workcell.line.files import FileStore

_TEXT_VIEW = "page"


def expire_pages(events: Iterable[Event], files: FileStore, now: datetime, days: int) -> tuple[int, int]:
    """Delete the page pictures of batches that were closed more than ``days`` ago.

    Returns how many went, and the number of the event that closed the last of these batches (0: there was
    none): what came up to it need not be read again.
    """
    pages: dict[str, set[str]] = {}
    expired: set[str] = set()
    up_to = 0
    for event in events:
        if event.type == "image.taken" and event.body["view"] == _TEXT_VIEW:
            pages.setdefault(event.batch_id, set()).add(event.body["name"])
        if event.type == "batch.closed" and now - datetime.fromisoformat(event.at) > timedelta(days=days):
            expired |= pages.pop(event.batch_id, set())
            up_to = event.seq
    kept = set().union(*pages.values()) if pages else set()
    return sum(files.remove(name) for name in sorted(expired - kept)), up_to
