"""The line journal: append-only, hash-chained, synced before anybody acts on it.

One SQLite file a line (WAL, synchronous=FULL).  One writer: an exclusive lock on the file beside it, which
the kernel gives back when the process dies, and a fencing token that rises at every lease, so that a writer
that lost its lease can't append.
"""

from __future__ import annotations

import fcntl
import json
import os
import sqlite3
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from workcell.kernel.errors import BadInput, Refused, StorageFull
from workcell.kernel.events import GENESIS, Event, event_hash
from workcell.kernel.ports import Clock, Worker

_SCHEMA = """
CREATE TABLE IF NOT EXISTS events (
    seq INTEGER PRIMARY KEY, line_id TEXT NOT NULL, batch_id TEXT NOT NULL, book_id TEXT NOT NULL,
    effect_id TEXT NOT NULL, type TEXT NOT NULL, version INTEGER NOT NULL, at TEXT NOT NULL,
    body TEXT NOT NULL, prev_hash TEXT NOT NULL, hash TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS lease (line_id TEXT PRIMARY KEY, fence INTEGER NOT NULL);
CREATE TRIGGER IF NOT EXISTS events_stay BEFORE UPDATE ON events
    BEGIN SELECT RAISE(ABORT, 'append only'); END;
CREATE TRIGGER IF NOT EXISTS events_last BEFORE DELETE ON events
    BEGIN SELECT RAISE(ABORT, 'append only'); END;
CREATE INDEX IF NOT EXISTS openings ON events (seq) WHERE type = 'batch.opened';
"""
_LAST_OPENING = "SELECT * FROM events WHERE type = 'batch.opened' ORDER BY seq DESC LIMIT 1"


class LineJournal:
    """The one writer of a line's events."""

    def __init__(self, folder: Path, line_id: str, clock: Clock, worker: Worker) -> None:
        """Take the lease of ``line_id`` in ``folder``; raises Refused while another process holds it."""
        folder.mkdir(parents=True, exist_ok=True)
        self.line_id = line_id
        self._clock = clock
        self._worker = worker
        self._lock = _lock(folder / "conductor.lock", line_id)
        self._db = sqlite3.connect(journal_path(folder), isolation_level=None, check_same_thread=False)
        try:
            self._db.execute("PRAGMA journal_mode=WAL")
            self._db.execute("PRAGMA synchronous=FULL")
            self._db.executescript(_SCHEMA)
            self._fence = self._take_fence()
            last = self._db.execute("SELECT seq, hash FROM events ORDER BY seq DESC LIMIT 1").fetchone()
        except sqlite3.Error as error:
            raise _storage(error, folder) from error
        self._folder = folder
        self._seq: int = last[0] if last else 0
        self._hash: str = last[1] if last else GENESIS

    def _take_fence(self) -> int:
        with self._db:
            self._db.execute(
                "INSERT INTO lease VALUES (?, 1) ON CONFLICT (line_id) DO UPDATE SET fence = fence + 1",
                (self.line_id,),
            )
        row = self._db.execute("SELECT fence FROM lease WHERE line_id = ?", (self.line_id,)).fetchone()
        return int(row[0])

    async def append(
        self,
        type_: str,
        body: Mapping[str, Any],
        *,
        book_id: str = "",
        batch_id: str = "",
        effect_id: str = "",
    ) -> Event:
        """Write one event; returns when it is synced.  Raises StorageFull, or Refused when fenced off."""
        return await self._worker.run(self._append, type_, dict(body), book_id, batch_id, effect_id)

    def _append(self, type_: str, body: dict[str, Any], book_id: str, batch_id: str, effect_id: str) -> Event:
        seq, at = self._seq + 1, self._clock.wall().isoformat(timespec="milliseconds")
        digest = event_hash(
            self._hash, seq, self.line_id, batch_id, book_id, effect_id, type_, 1, at, body
        )  # fmt: skip
        event = Event(seq, self.line_id, batch_id, book_id, effect_id, type_, 1, at, body, self._hash, digest)
        text = json.dumps(body, ensure_ascii=False, separators=(",", ":"))
        try:
            self._db.execute("BEGIN IMMEDIATE")
            try:
                self._check_fence()
                self._db.execute(
                    "INSERT INTO events VALUES (?,?,?,?,?,?,?,?,?,?,?)",
                    (seq, self.line_id, batch_id, book_id, effect_id, type_, 1, at, text, self._hash, digest),
                )
                self._db.execute("COMMIT")
            except BaseException:
                if self._db.in_transaction:
                    self._db.execute("ROLLBACK")
                raise
        except sqlite3.Error as error:
            raise _storage(error, self._folder) from error
        self._seq, self._hash = seq, digest
        return event

    def _check_fence(self) -> None:
        row = self._db.execute("SELECT fence FROM lease WHERE line_id = ?", (self.line_id,)).fetchone()
        if row is None or row[0] != self._fence:
            raise Refused("another conductor has taken this line", subject=self.line_id)

    async def close(self) -> None:
        """Give the lease back."""
        await self._worker.close()
        self._db.close()
        os.close(self._lock)


def journal_path(folder: Path) -> Path:
    """The journal's file in a line's folder."""
    return folder / "journal.sqlite"


def line_folder(store: Path, line_id: str) -> Path:
    """Where a line keeps its journal, inbox and lock below a store."""
    return store / "lines" / line_id


def read_events(folder: Path, after: int = 0) -> Iterator[Event]:
    """The events after sequence number ``after``, read-only; nothing when there is no journal yet."""
    yield from _events(folder, "SELECT * FROM events WHERE seq > ? ORDER BY seq", after)


def read_book(folder: Path, book_id: str) -> Iterator[Event]:
    """The events of one book."""
    yield from _events(folder, "SELECT * FROM events WHERE book_id = ? ORDER BY seq", book_id)


def read_type(folder: Path, type_: str) -> Iterator[Event]:
    """The events of one type."""
    yield from _events(folder, "SELECT * FROM events WHERE type = ? ORDER BY seq", type_)


def _events(folder: Path, query: str, *values: object) -> Iterator[Event]:
    path = journal_path(folder)
    if not path.exists():
        return
    db = sqlite3.connect(f"file:{path}?mode=ro", uri=True)
    try:
        if not db.execute("SELECT 1 FROM sqlite_master WHERE name = 'events'").fetchone():
            return  # the conductor is just making it
        for row in db.execute(query, values):
            yield _event(row)
    except sqlite3.Error as error:
        raise BadInput(f"can't be read ({error})", subject=str(path), remedy="Check the file.") from error
    finally:
        db.close()


def _event(row: tuple[Any, ...]) -> Event:
    seq, line_id, batch_id, book_id, effect_id, type_, version, at, body, prev_hash, digest = row
    return Event(
        seq, line_id, batch_id, book_id, effect_id, type_, version, at, json.loads(body), prev_hash, digest
    )


def read_last_batch(folder: Path) -> Iterator[Event]:
    """The events from the opening of the last batch on, which tells what came before.

    So a line that has worked for years begins its next batch as fast as a new one.  All of its events where
    there was no batch yet, or where the last was opened by a version that did not tell.
    """
    opening = next(_events(folder, _LAST_OPENING), None)
    yield from read_events(folder, after=opening.seq - 1 if opening and "carried" in opening.body else 0)


def verify_chain(folder: Path) -> int:
    """Recompute every hash; returns the number of events.  Raises BadInput naming the first that differs."""
    previous, count = GENESIS, 0
    for event in read_events(folder):
        expected = event_hash(
            previous, event.seq, event.line_id, event.batch_id, event.book_id,
            event.effect_id, event.type, event.version, event.at, event.body,
        )  # fmt: skip
        if event.prev_hash != previous or event.hash != expected:
            raise BadInput(
                f"event {event.seq} does not match its hash", subject=str(journal_path(folder)),
                remedy="The journal was changed by hand; restore it from a copy.",
            )  # fmt: skip
        previous, count = event.hash, count + 1
    return count


def _lock(path: Path, line_id: str) -> int:
    handle = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        os.close(handle)
        raise Refused(
            f"line {line_id!r} is already run by another conductor", subject=str(path),
            remedy="Stop that one first, or give this layout another line_id.",
        ) from error  # fmt: skip
    return handle


def _storage(error: sqlite3.Error, folder: Path) -> Exception:
    if "full" in str(error):
        return StorageFull(
            "the disk is full", subject=str(folder), remedy="Make room; the line holds and nothing is lost."
        )
    return StorageFull(
        f"the journal can't be written ({error})",
        subject=str(folder),
        remedy="Check the disk and its rights.",
    )
