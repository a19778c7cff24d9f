"""The SQLite engine of the catalogue: tables, keys and the word index.  No other module of marc knows SQL.

Words are kept as space-separated tokens in an FTS5 index without positions (``detail=none``) and without a
copy of the text; ranking is never asked of it (with ``detail=none`` it would be wrong), it only gives the
records that have a token.  How many records have one comes from the index's own vocabulary.
"""

from __future__ import annotations

import math
import sqlite3
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from workcell.kernel.errors import BadInput, StorageFull

_SCHEMA = """
CREATE TABLE IF NOT EXISTS records (
    id INTEGER PRIMARY KEY, source TEXT NOT NULL, record_id TEXT NOT NULL,
    digest TEXT NOT NULL, tokens TEXT NOT NULL, data BLOB NOT NULL, UNIQUE (source, record_id));
CREATE INDEX IF NOT EXISTS records_by_id ON records (record_id);
CREATE TABLE IF NOT EXISTS isbns (
    isbn TEXT NOT NULL, record INTEGER NOT NULL, PRIMARY KEY (isbn, record)) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS isbns_of_record ON isbns (record);
CREATE TABLE IF NOT EXISTS barcodes (
    barcode TEXT NOT NULL, record INTEGER NOT NULL, PRIMARY KEY (barcode, record)) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS barcodes_of_record ON barcodes (record);
CREATE VIRTUAL TABLE IF NOT EXISTS words USING fts5(
    tokens, content='', detail=none, tokenize="unicode61 remove_diacritics 0");
CREATE VIRTUAL TABLE IF NOT EXISTS vocabulary USING fts5vocab(words, 'row');
"""
_APPLICATION = 0x57434154  # "WCAT"
_VERSION = 1


@dataclass(frozen=True)
class Row:
    """A record as it is kept; ``isbns`` are search keys, ``tokens`` without repetition."""

    source: str
    record_id: str
    digest: str
    data: bytes
    isbns: tuple[str, ...]
    barcodes: tuple[str, ...]
    tokens: tuple[str, ...]


Found = tuple[int, str, str]
"""Number, source, record id."""


class Store:
    """One catalogue file, in write-ahead mode: readers never wait for the one writer."""

    def __init__(self, path: Path, *, writable: bool) -> None:
        self._path = path
        try:
            self._db = _create(path) if writable else _open(path)
        except sqlite3.DatabaseError as error:
            raise BadInput(
                f"is not a catalogue ({error})",
                subject=str(path),
                remedy="Give another path, or import anew.",
            ) from error

    def close(self) -> None:
        """Close the file."""
        self._db.close()

    def put(self, rows: Iterable[Row]) -> dict[str, int]:
        """Keep rows in one transaction; gives the counts of new, changed and unchanged ones."""
        counts = {"new": 0, "changed": 0, "unchanged": 0}
        try:
            with self._db:
                for row in rows:
                    counts[self._put_one(row)] += 1
        except sqlite3.OperationalError as error:
            raise StorageFull(
                f"the catalogue can't be written ({error})",
                subject=str(self._path),
                remedy="Make room, or let the other import end; then import again.",
            ) from error
        return counts

    def by_isbn(self, key: str, source: str) -> list[Found]:
        """Records with this key."""
        return self._found(
            "SELECT id, source, record_id FROM isbns JOIN records ON id = record "
            "WHERE isbn = ? AND (? = '' OR source = ?) ORDER BY id",
            (key, source, source),
        )

    def by_id(self, record_id: str, source: str) -> list[Found]:
        """Records with this id of their own."""
        return self._found(
            "SELECT id, source, record_id FROM records "
            "WHERE record_id = ? AND (? = '' OR source = ?) ORDER BY id",
            (record_id, source, source),
        )

    def weights(self, tokens: Sequence[str]) -> dict[str, float]:
        """Inverse document frequency of each token that occurs at all."""
        everything = self.count("") + 1
        held = {}
        for token in tokens:
            row = self._db.execute("SELECT doc FROM vocabulary WHERE term = ?", (token,)).fetchone()
            if row:
                held[token] = math.log(1 + everything / row[0])
        return held

    def with_tokens(self, tokens: Sequence[str], source: str, limit: int) -> list[tuple[int, str, str, str]]:
        """Records with any of the tokens, each token's share of the limit in turn, with their own tokens."""
        numbers: dict[int, None] = {}
        for token in tokens:
            room = limit - len(numbers)
            if room <= 0:
                break
            query = "SELECT rowid FROM words WHERE words MATCH ? LIMIT ?"
            numbers.update(dict.fromkeys(row[0] for row in self._db.execute(query, (f'"{token}"', room))))
        rows = []
        for number in numbers:
            row = self._db.execute(
                "SELECT id, source, record_id, tokens FROM records WHERE id = ? AND (? = '' OR source = ?)",
                (number, source, source),
            ).fetchone()
            if row:
                rows.append(row)
        return rows

    def data(self, id: int) -> bytes:
        """The record's bytes; raises BadInput."""
        row = self._db.execute("SELECT data FROM records WHERE id = ?", (id,)).fetchone()
        if row is None:
            raise BadInput(
                f"no record {id} in the catalogue", subject=str(self._path), remedy="Search for it again."
            )
        return bytes(row[0])

    def has_barcode(self, number: str) -> bool:
        """Whether a record has an item with it."""
        return self._db.execute("SELECT 1 FROM barcodes WHERE barcode = ?", (number,)).fetchone() is not None

    def count(self, source: str) -> int:
        """Number of records, of one source or all."""
        query = "SELECT count(*) FROM records WHERE ? = '' OR source = ?"
        return int(self._db.execute(query, (source, source)).fetchone()[0])

    def _found(self, query: str, values: tuple[str, ...]) -> list[Found]:
        return self._db.execute(query, values).fetchall()

    def _put_one(self, row: Row) -> str:
        known = self._db.execute(
            "SELECT id, digest, tokens FROM records WHERE source = ? AND record_id = ?",
            (row.source, row.record_id),
        ).fetchone()
        if known and known[1] == row.digest:
            return "unchanged"
        if known:
            self._forget(known[0], known[2])
        cursor = self._db.execute(
            "INSERT INTO records (id, source, record_id, digest, tokens, data) VALUES (?, ?, ?, ?, ?, ?)",
            (
                known[0] if known else None,
                row.source,
                row.record_id,
                row.digest,
                " ".join(row.tokens),
                row.data,
            ),
        )
        number = cursor.lastrowid
        self._db.executemany("INSERT INTO isbns VALUES (?, ?)", {(key, number) for key in row.isbns})
        self._db.executemany("INSERT INTO barcodes VALUES (?, ?)", {(code, number) for code in row.barcodes})
        self._db.execute("INSERT INTO words (rowid, tokens) VALUES (?, ?)", (number, " ".join(row.tokens)))
        return "changed" if known else "new"

    def _forget(self, number: int, tokens: str) -> None:
        self._db.execute("INSERT INTO words (words, rowid, tokens) VALUES ('delete', ?, ?)", (number, tokens))
        for table, column in (("isbns", "record"), ("barcodes", "record"), ("records", "id")):
            self._db.execute(f"DELETE FROM {table} WHERE {column} = ?", (number,))  # noqa: S608 - both fixed


def _create(path: Path) -> sqlite3.Connection:
    db = sqlite3.connect(path, timeout=30.0)
    held = db.execute("PRAGMA application_id").fetchone()[0]
    tables = db.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]
    if tables and held != _APPLICATION:
        raise sqlite3.DatabaseError("another program's database")
    db.execute("PRAGMA journal_mode = WAL")
    db.execute("PRAGMA synchronous = NORMAL")
    db.executescript(f"PRAGMA application_id = {_APPLICATION}; PRAGMA user_version = {_VERSION}; {_SCHEMA}")
    return db


def _open(path: Path) -> sqlite3.Connection:
    if not path.is_file():
        raise BadInput("no such catalogue", subject=str(path), remedy="Import records into it first.")
    db = sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True, timeout=30.0)
    if db.execute("PRAGMA application_id").fetchone()[0] != _APPLICATION:
        raise sqlite3.DatabaseError("another program's database")
    return db
