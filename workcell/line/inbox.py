"""Requests to a running line: written by console and command line, answered by the conductor.

A request is ``{id, holder, verb, arguments, expires}``; the conductor looks every 100 ms and writes its
answer beside it.  The inbox is a file of its own, so that the journal keeps one writer.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

_SCHEMA = """
CREATE TABLE IF NOT EXISTS requests (
    id TEXT PRIMARY KEY, holder TEXT NOT NULL, verb TEXT NOT NULL, arguments TEXT NOT NULL,
    expires REAL NOT NULL, answer TEXT);
"""

ALARM_VERBS = ("ack", "shelve", "unshelve")
VERBS = ("hold", "unhold", "stop", "abort", "clear", *ALARM_VERBS)


@dataclass(frozen=True)
class Request:
    """One request; ``expires`` is a POSIX time after which it is refused unread."""

    id: str
    holder: str
    verb: str
    arguments: Mapping[str, Any]
    expires: float


class Inbox:
    """The request box of one line's folder."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._path = folder / "inbox.sqlite"
        db = self._open()
        db.executescript(_SCHEMA)
        db.close()

    def _open(self) -> sqlite3.Connection:
        db = sqlite3.connect(self._path, timeout=5.0)
        db.execute("PRAGMA journal_mode=WAL")
        return db

    def put(self, request: Request) -> None:
        """Write a request down."""
        db = self._open()
        with db:
            db.execute(
                "INSERT INTO requests VALUES (?,?,?,?,?,NULL)",
                (
                    request.id,
                    request.holder,
                    request.verb,
                    json.dumps(dict(request.arguments)),
                    request.expires,
                ),
            )
        db.close()

    def open_requests(self) -> list[Request]:
        """Requests without an answer, oldest first."""
        db = self._open()
        rows = db.execute(
            "SELECT id, holder, verb, arguments, expires FROM requests WHERE answer IS NULL ORDER BY rowid"
        ).fetchall()
        db.close()
        return [Request(row[0], row[1], row[2], json.loads(row[3]), row[4]) for row in rows]

    def answer(self, request_id: str, answer: Mapping[str, Any]) -> None:
        """Write the answer to a request."""
        db = self._open()
        with db:
            db.execute("UPDATE requests SET answer = ? WHERE id = ?", (json.dumps(dict(answer)), request_id))
        db.close()

    def answer_to(self, request_id: str) -> dict[str, Any] | None:
        """The answer, or None while there is none."""
        db = self._open()
        row = db.execute("SELECT answer FROM requests WHERE id = ?", (request_id,)).fetchone()
        db.close()
        return json.loads(row[0]) if row and row[0] else None
