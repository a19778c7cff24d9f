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


def expire_pages(events: Iterable[Event], files: FileStore, now: datetime, days: int) -> int:
    """Delete the page pictures of batches that were closed more than ``days`` ago; returns how many went."""
    pages: dict[str, set[str]] = {}
    expired: set[str] = set()
    for event in events:
        if event.type == "image.taken" and event.body["view"] == _TEXT_VIEW:
            pages.setdefault(event.batch_id, set()).add(event.body["name"])
        if event.type == "batch.closed" and now - datetime.fromisoformat(event.at) > timedelta(days=days):
            expired |= pages.pop(event.batch_id, set())
    kept = set().union(*pages.values()) if pages else set()
    return sum(files.remove(name) for name in sorted(expired - kept))
