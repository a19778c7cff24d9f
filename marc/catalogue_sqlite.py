"""The SQLite engine of the catalogue: tables, keys and the word index.  Of marc, only engines know SQL.

Words are kept as space-separated tokens in an FTS5 index without positions (``detail=none``).  Ranking is
never asked of it (with ``detail=none`` it would be wrong): it only gives the records that have a token.  How
many records have one is kept in a table of its own, because the index would have to count them.
"""

from __future__ import annotations

import json
import sqlite3
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path

from marc.catalogue_store import BadEntry, Found, Progress, Row, Run, Worded
from workcell.kernel.errors import BadInput, StorageFull

_SCHEMA = """
CREATE TABLE IF NOT EXISTS sources (
    id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE, records INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS records (
    id INTEGER PRIMARY KEY, source INTEGER NOT NULL, record_id TEXT NOT NULL,
    digest BLOB NOT NULL, seen INTEGER NOT NULL, changed INTEGER NOT NULL, UNIQUE (source, record_id));
CREATE TABLE IF NOT EXISTS bodies (id INTEGER PRIMARY KEY, keys TEXT NOT NULL, data BLOB NOT NULL);
CREATE TABLE IF NOT EXISTS isbns (
    isbn TEXT NOT NULL, record INTEGER NOT NULL, cancelled INTEGER NOT NULL,
    PRIMARY KEY (isbn, record)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS barcodes (
    barcode TEXT NOT NULL, record INTEGER NOT NULL, PRIMARY KEY (barcode, record)) WITHOUT ROWID;
CREATE VIRTUAL TABLE IF NOT EXISTS words USING fts5(tokens, detail=none, columnsize=0, tokenize='ascii');
CREATE TABLE IF NOT EXISTS frequencies (token TEXT PRIMARY KEY, records INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS runs (
    id INTEGER PRIMARY KEY, source TEXT NOT NULL, files TEXT NOT NULL, done INTEGER NOT NULL DEFAULT 0,
    file INTEGER NOT NULL DEFAULT 0, n INTEGER NOT NULL DEFAULT 0, place INTEGER NOT NULL DEFAULT 0,
    new INTEGER NOT NULL DEFAULT 0, changed INTEGER NOT NULL DEFAULT 0, unchanged INTEGER NOT NULL DEFAULT 0);
CREATE TABLE IF NOT EXISTS answers (question TEXT PRIMARY KEY, at REAL NOT NULL, records INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS bad (
    run INTEGER NOT NULL, path TEXT NOT NULL, n INTEGER NOT NULL, place INTEGER NOT NULL,
    problem TEXT NOT NULL, kept INTEGER NOT NULL);
"""
_APPLICATION = 0x57434154  # "WCAT"
_VERSION = 2
_CACHE_KIB = 262_144
_HASH_BYTES = 67_108_864
"""So much of the word index is gathered in memory before it is written."""
_COUNTS = ("new", "changed", "unchanged")


class SqliteStore:
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
        self._tokens_written = False

    def close(self) -> None:
        """Close the file."""
        self._db.close()

    # --- importing -----------------------------------------------------------------------------------

    def begin(self, source: str, files: Sequence[str]) -> Run:
        """As ``Store.begin``."""
        listed = json.dumps(files)
        with self._writing():
            self._db.execute("INSERT OR IGNORE INTO sources (name, records) VALUES (?, 0)", (source,))
            row = self._db.execute(
                "SELECT id, file, n, place, new, changed, unchanged FROM runs "
                "WHERE done = 0 AND source = ? AND files = ?",
                (source, listed),
            ).fetchone()
            if row is None:
                insert = "INSERT INTO runs (source, files) VALUES (?, ?)"
                number = self._db.execute(insert, (source, listed)).lastrowid
                row = (number, 0, 0, 0, 0, 0, 0)
        found = self._db.execute(
            "SELECT path, n, place, problem, kept FROM bad WHERE run = ? ORDER BY rowid", row[:1]
        )
        bad = [BadEntry(path, n, place, problem, bool(kept)) for path, n, place, problem, kept in found]
        counts = dict(zip(_COUNTS, row[4:], strict=True))
        return Run(row[0], source, Progress(*row[1:4]), counts, bad)

    def put(self, run: Run, rows: Sequence[Row], bad: Sequence[BadEntry], progress: Progress) -> None:
        """As ``Store.put``."""
        with self._writing():
            counts = _Batch(self._db, run).put(rows)
            self._db.executemany(
                "INSERT INTO bad (run, path, n, place, problem, kept) VALUES (?, ?, ?, ?, ?, ?)",
                [(run.number, *entry) for entry in bad],
            )
            self._db.execute(
                "UPDATE runs SET file = ?, n = ?, place = ?, new = new + ?, changed = changed + ?, "
                "unchanged = unchanged + ? WHERE id = ?",
                (progress.file, progress.n, progress.offset, *(counts[kind] for kind in _COUNTS), run.number),
            )
        run.progress = progress
        run.bad.extend(bad)
        for kind in _COUNTS:
            run.counts[kind] += counts[kind]

    def finish(self, run: Run) -> None:
        """As ``Store.finish``; earlier imports of the source that were broken off are given up."""
        with self._writing():
            self._db.execute("UPDATE runs SET done = 1 WHERE id = ?", (run.number,))
            self._db.execute("DELETE FROM runs WHERE done = 0 AND source = ?", (run.source,))
            self._db.execute("DELETE FROM bad WHERE run NOT IN (SELECT id FROM runs WHERE done = 0)")

    def answered(self, question: str, since: float) -> int | None:
        """As ``Store.answered``."""
        row = self._db.execute(
            "SELECT records FROM answers WHERE question = ? AND at >= ?", (question, since)
        ).fetchone()
        return int(row[0]) if row else None

    def note_answer(self, question: str, at: float, records: int) -> None:
        """As ``Store.note_answer``."""
        with self._writing():
            self._db.execute("INSERT OR REPLACE INTO answers VALUES (?, ?, ?)", (question, at, records))

    # --- finding -------------------------------------------------------------------------------------

    def by_isbn(self, key: str, source: str) -> list[Found]:
        """Records with this key, cancelled numbers behind the others, each in the order of import."""
        rows = self._db.execute(
            "SELECT r.id, s.name, r.record_id, i.cancelled FROM isbns i JOIN records r ON r.id = i.record "
            "JOIN sources s ON s.id = r.source WHERE i.isbn = ? AND (? = '' OR s.name = ?) "
            "ORDER BY i.cancelled, r.id",
            (key, source, source),
        )
        return [Found(id, name, record_id, bool(cancelled)) for id, name, record_id, cancelled in rows]

    def by_id(self, record_id: str, source: str) -> list[Found]:
        """Records with this id of their own."""
        rows = self._db.execute(
            "SELECT r.id, s.name, r.record_id FROM sources s "
            "JOIN records r ON r.source = s.id AND r.record_id = ? WHERE ? = '' OR s.name = ? ORDER BY r.id",
            (record_id, source, source),
        )
        return [Found(*row) for row in rows]

    def frequencies(self, tokens: Sequence[str]) -> dict[str, int]:
        """As ``Store.frequencies``."""
        rows = self._db.execute(
            "SELECT token, records FROM json_each(?) CROSS JOIN frequencies ON token = value "
            "WHERE records > 0",
            (json.dumps(tokens),),
        )
        return dict(rows.fetchall())

    def with_all(self, tokens: Sequence[str], limit: int) -> list[int]:
        """As ``Store.with_all``."""
        wanted = " AND ".join(f'"{token}"' for token in tokens)
        rows = self._db.execute("SELECT rowid FROM words WHERE words MATCH ? LIMIT ?", (wanted, limit))
        return [row[0] for row in rows]

    def worded(self, ids: Sequence[int], source: str) -> list[Worded]:
        """As ``Store.worded``."""
        rows = self._db.execute(
            "SELECT r.id, s.name, r.record_id, w.c0 FROM json_each(?) CROSS JOIN records r ON r.id = value "
            "JOIN sources s ON s.id = r.source JOIN words_content w ON w.id = r.id "
            "WHERE ? = '' OR s.name = ?",
            (json.dumps(ids), source, source),
        )
        return [Worded(*row) for row in rows]

    def changed_since(self, run: int) -> Iterator[tuple[int, str]]:
        """As ``Store.changed_since``."""
        yield from self._db.execute(
            "SELECT r.id, w.c0 FROM records r JOIN words_content w ON w.id = r.id WHERE r.changed > ?", (run,)
        )

    def last_run(self) -> int:
        """As ``Store.last_run``."""
        return int(self._db.execute("SELECT coalesce(max(id), 0) FROM runs WHERE done = 1").fetchone()[0])

    def data(self, id: int) -> bytes:
        """The record's bytes; raises BadInput."""
        row = self._db.execute("SELECT data FROM bodies WHERE id = ?", (id,)).fetchone()
        if row is None:
            raise BadInput(
                f"no record {id} in the catalogue", subject=str(self._path), remedy="Search for it again."
            )
        return bytes(row[0])

    def all_ids(self, source: str) -> Iterator[int]:
        """Numbers of all records, in order of import."""
        rows = self._db.execute(
            "SELECT r.id FROM records r JOIN sources s ON s.id = r.source "
            "WHERE ? = '' OR s.name = ? ORDER BY r.id",
            (source, source),
        )
        return (row[0] for row in rows)

    def has_barcode(self, number: str) -> bool:
        """Whether a record has an item with it."""
        return self._db.execute("SELECT 1 FROM barcodes WHERE barcode = ?", (number,)).fetchone() is not None

    def counts(self) -> dict[str, int]:
        """As ``Store.counts``."""
        return dict(self._db.execute("SELECT name, records FROM sources ORDER BY id").fetchall())

    def keys(self) -> dict[str, int]:
        """As ``Store.keys``."""
        counted = "SELECT (SELECT count(*) FROM isbns), (SELECT count(*) FROM barcodes), "
        counted += "(SELECT count(*) FROM frequencies WHERE records > 0)"
        return dict(zip(("isbns", "barcodes", "words"), self._db.execute(counted).fetchone(), strict=True))

    def _writing(self) -> _Writing:
        return _Writing(self._db, self._path)


class _Writing:
    """A transaction; a disk that refuses ends in StorageFull and nothing of it is kept."""

    def __init__(self, db: sqlite3.Connection, path: Path) -> None:
        self._db, self._path = db, path

    def __enter__(self) -> None:
        try:
            self._db.execute("BEGIN IMMEDIATE")
        except sqlite3.OperationalError as error:
            raise self._refused(error) from error

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: object) -> None:
        try:
            self._db.execute("ROLLBACK" if kind else "COMMIT")
        except sqlite3.OperationalError as refused:
            if kind is None:
                raise self._refused(refused) from refused
        if isinstance(error, sqlite3.OperationalError):
            raise self._refused(error) from error

    def _refused(self, error: sqlite3.OperationalError) -> StorageFull:
        return StorageFull(
            f"the catalogue can't be written ({error})",
            subject=str(self._path),
            remedy="Make room, or let the other import end; then import again.",
        )


class _Batch:
    """Rows of one transaction on their way in."""

    def __init__(self, db: sqlite3.Connection, run: Run) -> None:
        self._db = db
        self._run = run.number
        self._source = db.execute("SELECT id FROM sources WHERE name = ?", (run.source,)).fetchone()[0]
        self._next = db.execute("SELECT coalesce(max(id), 0) + 1 FROM records").fetchone()[0]
        self._known: dict[str, tuple[int, bytes, int]] = {}
        self._counted: Counter[str] = Counter()

    def put(self, rows: Sequence[Row]) -> dict[str, int]:
        """Keep the rows; gives the counts of new, changed and unchanged ones."""
        self._look_up([row.record_id for row in rows])
        fresh: list[tuple[int, str, Row]] = []
        same: list[tuple[int]] = []
        changed = 0
        for row in rows:
            name, known = self._place(row)
            if known and known[1] == row.digest:
                same.append((known[0],))
                self._known[name] = (known[0], row.digest, self._run)
                continue
            if known:
                changed += 1
                self._forget(known[0], fresh)
            number = known[0] if known else self._next
            self._next += known is None
            fresh.append((number, name, row))
            self._known[name] = (number, row.digest, self._run)
        self._write(fresh, same)
        self._db.execute(
            "UPDATE sources SET records = records + ? WHERE id = ?", (len(fresh) - changed, self._source)
        )
        return {"new": len(fresh) - changed, "changed": changed, "unchanged": len(same)}

    def _look_up(self, names: Sequence[str]) -> None:
        found = self._db.execute(
            "SELECT r.record_id, r.id, r.digest, r.seen FROM json_each(?) "
            "CROSS JOIN records r ON r.source = ? AND r.record_id = value",
            (json.dumps(names), self._source),
        )
        self._known.update((name, (id, digest, seen)) for name, id, digest, seen in found)

    def _place(self, row: Row) -> tuple[str, tuple[int, bytes, int] | None]:
        """The name under which the row is kept, and what is kept there already.

        A second record of the same import with the same number, but of other content, is ``001~2``.
        """
        name, count = row.record_id, 1
        known = self._known.get(name)
        while known and known[2] == self._run and known[1] != row.digest:
            count += 1
            name = f"{row.record_id}~{count}"
            if name not in self._known:
                self._look_up([name])
            known = self._known.get(name)
        return name, known

    def _forget(self, number: int, fresh: list[tuple[int, str, Row]]) -> None:
        """Take a record's keys and words out before its changed self goes in."""
        self._write([entry for entry in fresh if entry[0] == number], [])
        fresh[:] = [entry for entry in fresh if entry[0] != number]
        keys = self._db.execute("SELECT keys FROM bodies WHERE id = ?", (number,)).fetchone()[0]
        isbns, barcodes = (part.split("\x1f") for part in keys.split("\x1e"))
        tokens = self._db.execute("SELECT c0 FROM words_content WHERE id = ?", (number,)).fetchone()[0]
        self._counted.subtract(tokens.split())
        self._db.executemany("DELETE FROM isbns WHERE isbn = ? AND record = ?", [(k, number) for k in isbns])
        self._db.executemany(
            "DELETE FROM barcodes WHERE barcode = ? AND record = ?", [(k, number) for k in barcodes]
        )
        for table in ("words", "bodies", "records"):
            self._db.execute(f"DELETE FROM {table} WHERE rowid = ?", (number,))  # noqa: S608 - fixed names

    def _write(self, fresh: Sequence[tuple[int, str, Row]], same: Sequence[tuple[int]]) -> None:
        many = self._db.executemany
        many(
            "INSERT INTO records (id, source, record_id, digest, seen, changed) VALUES (?, ?, ?, ?, ?, ?)",
            [(id, self._source, name, row.digest, self._run, self._run) for id, name, row in fresh],
        )
        many(
            "INSERT INTO bodies (id, keys, data) VALUES (?, ?, ?)",
            [(id, _joined_keys(row), row.data) for id, _, row in fresh],
        )
        many(
            "INSERT INTO isbns (isbn, record, cancelled) VALUES (?, ?, ?)",
            sorted((key, id, cancelled) for id, _, row in fresh for key, cancelled in row.isbns),
        )
        many(
            "INSERT INTO barcodes (barcode, record) VALUES (?, ?)",
            sorted((code, id) for id, _, row in fresh for code in row.barcodes),
        )
        many("INSERT INTO words (rowid, tokens) VALUES (?, ?)", [(id, row.tokens) for id, _, row in fresh])
        self._counted.update(" ".join([row.tokens for _, _, row in fresh]).split())
        many(
            "INSERT INTO frequencies (token, records) VALUES (?, ?) "
            "ON CONFLICT (token) DO UPDATE SET records = records + excluded.records",
            sorted((token, number) for token, number in self._counted.items() if number),
        )
        self._counted.clear()
        many(f"UPDATE records SET seen = {int(self._run)} WHERE id = ?", same)  # noqa: S608 - a number


def _joined_keys(row: Row) -> str:
    """The keys that must go when the record goes."""
    return "\x1f".join([key for key, _ in row.isbns]) + "\x1e" + "\x1f".join(row.barcodes)


def _create(path: Path) -> sqlite3.Connection:
    db = sqlite3.connect(path, timeout=30.0, isolation_level=None)
    tables = db.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]
    if tables:
        _check(db, path)
    db.execute("PRAGMA journal_mode = WAL")
    db.execute("PRAGMA synchronous = NORMAL")
    db.execute(f"PRAGMA cache_size = -{_CACHE_KIB}")
    db.executescript(f"PRAGMA application_id = {_APPLICATION}; PRAGMA user_version = {_VERSION}; {_SCHEMA}")
    db.execute("INSERT INTO words (words, rank) VALUES ('hashsize', ?)", (_HASH_BYTES,))
    return db


def _open(path: Path) -> sqlite3.Connection:
    if not path.is_file():
        raise BadInput("no such catalogue", subject=str(path), remedy="Import records into it first.")
    db = sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True, timeout=30.0)
    _check(db, path)
    return db


def _check(db: sqlite3.Connection, path: Path) -> None:
    if db.execute("PRAGMA application_id").fetchone()[0] != _APPLICATION:
        raise sqlite3.DatabaseError("another program's database")
    if db.execute("PRAGMA user_version").fetchone()[0] != _VERSION:
        db.close()
        raise BadInput(
            "was made by another version", subject=str(path), remedy="Delete it and import its files again."
        )
