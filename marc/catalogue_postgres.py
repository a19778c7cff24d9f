"""The PostgreSQL engine of the catalogue, for several lines and desks that share one.

Words are a ``tsvector`` made of our own tokens (nothing is stemmed), indexed with GIN; everything else is as
in the SQLite engine.  Readers never wait for an import; two imports wait for each other.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, text
from sqlalchemy.exc import ArgumentError, DBAPIError, NoSuchModuleError

from marc.catalogue_store import BadEntry, Found, Progress, Row, Run, Worded
from workcell.kernel.errors import BadInput, StorageFull

_SCHEMA = (
    "CREATE TABLE IF NOT EXISTS catalogue_sources (id serial PRIMARY KEY, name text NOT NULL UNIQUE, "
    "records bigint NOT NULL)",
    "CREATE TABLE IF NOT EXISTS catalogue_records (id bigserial PRIMARY KEY, source int NOT NULL, "
    "record_id text NOT NULL, digest bytea NOT NULL, seen bigint NOT NULL, changed bigint NOT NULL, "
    "tokens text NOT NULL, words tsvector NOT NULL, data bytea NOT NULL, UNIQUE (source, record_id))",
    "CREATE INDEX IF NOT EXISTS catalogue_words ON catalogue_records USING gin (words)",
    "CREATE TABLE IF NOT EXISTS catalogue_isbns (isbn text NOT NULL, record bigint NOT NULL "
    "REFERENCES catalogue_records ON DELETE CASCADE, cancelled boolean NOT NULL, PRIMARY KEY (isbn, record))",
    "CREATE INDEX IF NOT EXISTS catalogue_isbns_of ON catalogue_isbns (record)",
    "CREATE TABLE IF NOT EXISTS catalogue_barcodes (barcode text NOT NULL, record bigint NOT NULL "
    "REFERENCES catalogue_records ON DELETE CASCADE, PRIMARY KEY (barcode, record))",
    "CREATE INDEX IF NOT EXISTS catalogue_barcodes_of ON catalogue_barcodes (record)",
    "CREATE TABLE IF NOT EXISTS catalogue_frequencies (token text PRIMARY KEY, records bigint NOT NULL)",
    "CREATE TABLE IF NOT EXISTS catalogue_runs (id bigserial PRIMARY KEY, source text NOT NULL, "
    "files text NOT NULL, done boolean NOT NULL DEFAULT false, file int NOT NULL DEFAULT 0, "
    "n bigint NOT NULL DEFAULT 0, place bigint NOT NULL DEFAULT 0, new bigint NOT NULL DEFAULT 0, "
    "changed bigint NOT NULL DEFAULT 0, unchanged bigint NOT NULL DEFAULT 0)",
    "CREATE TABLE IF NOT EXISTS catalogue_bad (id bigserial PRIMARY KEY, run bigint NOT NULL, "
    "path text NOT NULL, n bigint NOT NULL, place bigint NOT NULL, problem text NOT NULL, "
    "kept boolean NOT NULL)",
    "CREATE TABLE IF NOT EXISTS catalogue_answers (question text PRIMARY KEY, at double precision NOT NULL, "
    "records int NOT NULL)",
)
_IMPORT_LOCK = 0x57434154
_COUNTS = ("new", "changed", "unchanged")
_OF_SOURCE = "(:source = '' OR s.name = :source)"
_RECORDS = "catalogue_records r JOIN catalogue_sources s ON s.id = r.source"


class PostgresStore:
    """A catalogue in a PostgreSQL database; needs the extra ``postgres``."""

    def __init__(self, address: str, *, writable: bool) -> None:
        self._engine = _engine(address)
        self._address = self._engine.url.render_as_string(hide_password=True)
        self._open_reader: Connection | None = None
        try:
            with self._engine.begin() as db:
                known = db.execute(text("SELECT to_regclass('catalogue_records')")).scalar()
                if writable and known is None:
                    db.execute(text("SELECT pg_advisory_xact_lock(:n)"), {"n": _IMPORT_LOCK})
                    for statement in _SCHEMA:
                        db.execute(text(statement))
        except DBAPIError as error:
            self.close()
            raise BadInput(
                f"the database can't be opened ({_said(error)})", subject=self._address,
                remedy="Check address, user and that it runs.",
            ) from error  # fmt: skip
        if not writable and known is None:
            self.close()
            raise BadInput(
                "no catalogue in this database", subject=self._address, remedy="Import records into it first."
            )

    def close(self) -> None:
        """Close all connections."""
        if self._open_reader is not None:
            self._open_reader.close()
        self._open_reader = None
        self._engine.dispose()

    # --- importing -----------------------------------------------------------------------------------

    def begin(self, source: str, files: Sequence[str]) -> Run:
        """As ``Store.begin``."""
        about = {"source": source, "files": json.dumps(files)}
        with self._writing() as db:
            db.execute(
                text(
                    "INSERT INTO catalogue_sources (name, records) VALUES (:source, 0) ON CONFLICT DO NOTHING"
                ),
                about,
            )
            row = db.execute(
                text(
                    "SELECT id, file, n, place, new, changed, unchanged FROM catalogue_runs "
                    "WHERE NOT done AND source = :source AND files = :files"
                ),
                about,
            ).one_or_none()
            if row is None:
                insert = "INSERT INTO catalogue_runs (source, files) VALUES (:source, :files) RETURNING id"
                number = int(db.execute(text(insert), about).scalar_one())
                return Run(number, source, Progress(), dict.fromkeys(_COUNTS, 0), [])
            found = db.execute(
                text("SELECT path, n, place, problem, kept FROM catalogue_bad WHERE run = :run ORDER BY id"),
                {"run": row[0]},
            )
            bad = [BadEntry(*each) for each in found]
            return Run(row[0], source, Progress(*row[1:4]), dict(zip(_COUNTS, row[4:], strict=True)), bad)

    def put(self, run: Run, rows: Sequence[Row], bad: Sequence[BadEntry], progress: Progress) -> None:
        """As ``Store.put``."""
        with self._writing() as db:
            counts = _Batch(db, run).put(rows)
            _many(
                db,
                "INSERT INTO catalogue_bad (run, path, n, place, problem, kept) "
                "VALUES (:run, :path, :n, :offset, :problem, :kept)",
                [{"run": run.number, **entry._asdict()} for entry in bad],
            )
            db.execute(
                text(
                    "UPDATE catalogue_runs SET file = :file, n = :n, place = :place, new = new + :new, "
                    "changed = changed + :changed, unchanged = unchanged + :unchanged WHERE id = :run"
                ),
                {
                    "file": progress.file, "n": progress.n, "place": progress.offset, "run": run.number,
                    **counts,
                },
            )  # fmt: skip
        run.progress = progress
        run.bad.extend(bad)
        for kind in _COUNTS:
            run.counts[kind] += counts[kind]

    def finish(self, run: Run) -> None:
        """As ``Store.finish``."""
        with self._writing() as db:
            about = {"run": run.number, "source": run.source}
            for statement in (
                "UPDATE catalogue_runs SET done = true WHERE id = :run",
                "DELETE FROM catalogue_runs WHERE NOT done AND source = :source",
                "DELETE FROM catalogue_bad WHERE run NOT IN (SELECT id FROM catalogue_runs WHERE NOT done)",
            ):
                db.execute(text(statement), about)

    def answered(self, question: str, since: float) -> int | None:
        """As ``Store.answered``."""
        rows = self._all(
            "SELECT records FROM catalogue_answers WHERE question = :question AND at >= :since",
            question=question, since=since,
        )  # fmt: skip
        return int(rows[0][0]) if rows else None

    def note_answer(self, question: str, at: float, records: int) -> None:
        """As ``Store.note_answer``."""
        with self._writing() as db:
            db.execute(
                text(
                    "INSERT INTO catalogue_answers VALUES (:question, :at, :records) "
                    "ON CONFLICT (question) DO UPDATE SET at = :at, records = :records"
                ),
                {"question": question, "at": at, "records": records},
            )

    # --- finding -------------------------------------------------------------------------------------

    def by_isbn(self, key: str, source: str) -> list[Found]:
        """As ``Store.by_isbn``."""
        rows = self._all(
            f"SELECT r.id, s.name, r.record_id, i.cancelled FROM {_RECORDS} "  # noqa: S608 - fixed text
            f"JOIN catalogue_isbns i ON i.record = r.id WHERE i.isbn = :key AND {_OF_SOURCE} "
            "ORDER BY i.cancelled, r.id",
            key=key, source=source,
        )  # fmt: skip
        return [Found(*row) for row in rows]

    def by_id(self, record_id: str, source: str) -> list[Found]:
        """As ``Store.by_id``."""
        rows = self._all(
            f"SELECT r.id, s.name, r.record_id FROM {_RECORDS} "  # noqa: S608 - fixed text
            f"WHERE r.record_id = :record_id AND r.source IN (SELECT id FROM catalogue_sources) "
            f"AND {_OF_SOURCE} ORDER BY r.id",
            record_id=record_id, source=source,
        )  # fmt: skip
        return [Found(*row) for row in rows]

    def frequencies(self, tokens: Sequence[str]) -> dict[str, int]:
        """As ``Store.frequencies``."""
        rows = self._all(
            "SELECT token, records FROM catalogue_frequencies WHERE token = ANY(:tokens) AND records > 0",
            tokens=list(tokens),
        )
        return {token: int(records) for token, records in rows}

    def with_all(self, tokens: Sequence[str], limit: int) -> list[int]:
        """As ``Store.with_all``."""
        rows = self._all(
            "SELECT id FROM catalogue_records WHERE words @@ CAST(:wanted AS tsquery) LIMIT :limit",
            wanted=" & ".join(f"'{token}'" for token in tokens), limit=limit,
        )  # fmt: skip
        return [row[0] for row in rows]

    def worded(self, ids: Sequence[int], source: str) -> list[Worded]:
        """As ``Store.worded``."""
        rows = self._all(
            f"SELECT r.id, s.name, r.record_id, r.tokens FROM {_RECORDS} "  # noqa: S608 - fixed text
            f"WHERE r.id = ANY(:ids) AND {_OF_SOURCE}",
            ids=list(ids), source=source,
        )  # fmt: skip
        return [Worded(*row) for row in rows]

    def changed_since(self, run: int) -> Iterator[tuple[int, str]]:
        """As ``Store.changed_since``."""
        rows = self._all("SELECT id, tokens FROM catalogue_records WHERE changed > :run", run=run)
        return ((row[0], row[1]) for row in rows)

    def last_run(self) -> int:
        """As ``Store.last_run``."""
        return int(self._all("SELECT coalesce(max(id), 0) FROM catalogue_runs WHERE done")[0][0])

    def data(self, id: int) -> bytes:
        """As ``Store.data``."""
        rows = self._all("SELECT data FROM catalogue_records WHERE id = :id", id=id)
        if not rows:
            raise BadInput(
                f"no record {id} in the catalogue", subject=self._address, remedy="Search for it again."
            )
        return bytes(rows[0][0])

    def all_ids(self, source: str) -> Iterator[int]:
        """As ``Store.all_ids``."""
        rows = self._all(
            f"SELECT r.id FROM {_RECORDS} WHERE {_OF_SOURCE} ORDER BY r.id",  # noqa: S608 - fixed text
            source=source,
        )
        return (row[0] for row in rows)

    def has_barcode(self, number: str) -> bool:
        """As ``Store.has_barcode``."""
        return bool(
            self._all("SELECT 1 FROM catalogue_barcodes WHERE barcode = :number LIMIT 1", number=number)
        )

    def counts(self) -> dict[str, int]:
        """As ``Store.counts``."""
        return {
            name: int(n) for name, n in self._all("SELECT name, records FROM catalogue_sources ORDER BY id")
        }

    def keys(self) -> dict[str, int]:
        """As ``Store.keys``."""
        counted = self._all(
            "SELECT (SELECT count(*) FROM catalogue_isbns), (SELECT count(*) FROM catalogue_barcodes), "
            "(SELECT count(*) FROM catalogue_frequencies WHERE records > 0)"
        )[0]
        return dict(zip(("isbns", "barcodes", "words"), map(int, counted), strict=True))

    def _all(self, statement: str, **values: Any) -> Sequence[Any]:
        if self._open_reader is None:
            self._open_reader = self._engine.connect().execution_options(isolation_level="AUTOCOMMIT")
        return self._open_reader.execute(text(statement), values).all()

    @contextmanager
    def _writing(self) -> Iterator[Connection]:
        try:
            with self._engine.begin() as db:
                db.execute(text("SELECT pg_advisory_xact_lock(:n)"), {"n": _IMPORT_LOCK})
                yield db
        except DBAPIError as error:
            raise StorageFull(
                f"the catalogue can't be written ({_said(error)})", subject=self._address,
                remedy="Check the database, then import again.",
            ) from error  # fmt: skip


class _Batch:
    """Rows of one transaction on their way in."""

    def __init__(self, db: Connection, run: Run) -> None:
        self._db = db
        self._run = run.number
        found = db.execute(text("SELECT id FROM catalogue_sources WHERE name = :n"), {"n": run.source})
        self._source = int(found.scalar_one())
        self._known: dict[str, tuple[int, bytes, int]] = {}

    def put(self, rows: Sequence[Row]) -> dict[str, int]:
        """Keep the rows; gives the counts of new, changed and unchanged ones."""
        self._look_up([row.record_id for row in rows])
        fresh: dict[str, Row] = {}
        same: list[int] = []
        replaced: set[int] = set()
        for row in rows:
            name, known = self._place(row)
            if name in fresh or (known and known[1] == row.digest):
                same += [known[0]] if known and name not in fresh else []
                self._known[name] = (known[0] if known else 0, row.digest, self._run)
                continue
            if known:
                replaced.add(known[0])
            fresh[name] = row
            self._known[name] = (known[0] if known else 0, row.digest, self._run)
        repeated = len(rows) - len(fresh) - len(same)
        counted = self._forget(replaced)
        self._write(fresh, counted)
        if same:
            self._db.execute(
                text("UPDATE catalogue_records SET seen = :run WHERE id = ANY(:ids)"),
                {"run": self._run, "ids": same},
            )
        new = len(fresh) - len(replaced)
        self._db.execute(
            text("UPDATE catalogue_sources SET records = records + :new WHERE id = :id"),
            {"new": new, "id": self._source},
        )
        return {"new": new, "changed": len(replaced), "unchanged": len(same) + repeated}

    def _look_up(self, names: Sequence[str]) -> None:
        found = self._db.execute(
            text(
                "SELECT record_id, id, digest, seen FROM catalogue_records "
                "WHERE source = :source AND record_id = ANY(:names)"
            ),
            {"source": self._source, "names": list(names)},
        )
        self._known.update((name, (id, bytes(digest), seen)) for name, id, digest, seen in found)

    def _place(self, row: Row) -> tuple[str, tuple[int, bytes, int] | None]:
        """As in the SQLite engine: a second record of one import with the same number is ``001~2``."""
        name, count = row.record_id, 1
        known = self._known.get(name)
        while known and known[2] == self._run and known[1] != row.digest:
            count += 1
            name = f"{row.record_id}~{count}"
            if name not in self._known:
                self._look_up([name])
            known = self._known.get(name)
        return name, known

    def _forget(self, numbers: set[int]) -> Counter[str]:
        """Take these records out; gives their words, to be counted off."""
        if not numbers:
            return Counter()
        gone = self._db.execute(
            text("DELETE FROM catalogue_records WHERE id = ANY(:ids) RETURNING tokens"),
            {"ids": list(numbers)},
        )
        counted: Counter[str] = Counter()
        for (tokens,) in gone:
            counted.subtract(tokens.split())
        return counted

    def _write(self, fresh: Mapping[str, Row], counted: Counter[str]) -> None:
        kept = {name: self._known[name][0] for name in fresh}
        numbers = iter(self._numbers(sum(not number for number in kept.values())))
        ids = {name: number or next(numbers) for name, number in kept.items()}
        _many(
            self._db,
            "INSERT INTO catalogue_records "
            "(id, source, record_id, digest, seen, changed, tokens, words, data) VALUES "
            "(:id, :source, :name, :digest, :run, :run, :tokens, "
            "array_to_tsvector(string_to_array(:tokens, ' ')), :data)",
            [
                {
                    "id": ids[name], "source": self._source, "name": name, "digest": row.digest,
                    "run": self._run, "tokens": row.tokens, "data": row.data,
                }
                for name, row in fresh.items()
            ],
        )  # fmt: skip
        _many(
            self._db,
            "INSERT INTO catalogue_isbns (isbn, record, cancelled) VALUES (:isbn, :record, :cancelled)",
            [
                {"isbn": key, "record": ids[name], "cancelled": cancelled}
                for name, row in fresh.items()
                for key, cancelled in row.isbns
            ],
        )
        _many(
            self._db,
            "INSERT INTO catalogue_barcodes (barcode, record) VALUES (:barcode, :record)",
            [
                {"barcode": code, "record": ids[name]}
                for name, row in fresh.items()
                for code in dict.fromkeys(row.barcodes)
            ],
        )
        for row in fresh.values():
            counted.update(row.tokens.split())
        _many(
            self._db,
            "INSERT INTO catalogue_frequencies AS f (token, records) VALUES (:token, :records) "
            "ON CONFLICT (token) DO UPDATE SET records = f.records + excluded.records",
            [{"token": token, "records": number} for token, number in sorted(counted.items()) if number],
        )
        for name in fresh:
            self._known[name] = (ids[name], fresh[name].digest, self._run)

    def _numbers(self, count: int) -> list[int]:
        """The next numbers of the catalogue."""
        drawn = self._db.execute(
            text(
                "SELECT nextval(pg_get_serial_sequence('catalogue_records', 'id')) "
                "FROM generate_series(1, :n)"
            ),
            {"n": count},
        )
        return sorted(row[0] for row in drawn)


def _many(db: Connection, statement: str, values: Sequence[Mapping[str, Any]]) -> None:
    if values:
        db.execute(text(statement), list(values))


def _engine(address: str) -> Engine:
    try:
        return create_engine(address.replace("postgresql://", "postgresql+psycopg://", 1))
    except (ArgumentError, NoSuchModuleError) as error:
        raise BadInput("not an address of a database", subject=address, remedy=str(error)) from error
    except ImportError as error:
        raise BadInput(
            "the package psycopg is not installed", subject="postgresql",
            remedy="Run: pip install 'cataloguing-workcell[postgres]'",
        ) from error  # fmt: skip


def _said(error: DBAPIError) -> str:
    return str(error.orig).splitlines()[0] if error.orig else str(error)
