"""The one door to the site's database: connections, transactions, migrations, and what a refusal means.

SQLite on one machine (WAL, synchronous=FULL, a write transaction takes its lock at once); another database
is another URL.  This is the only module of the site that knows a dialect.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TypeVar

import sqlalchemy as sa
from alembic import command
from alembic.config import Config
from sqlalchemy.pool import StaticPool

from workcell.kernel.errors import BadInput, ConfigError, StorageFull
from workcell.site import schema

_MIGRATIONS = Path(__file__).with_name("migrations")
_BUSY_SECONDS = 20.0

T = TypeVar("T")


class Database:
    """A migrated database.  Transactions are short; every method may be called from any thread."""

    def __init__(self, engine: sa.Engine) -> None:
        self._engine = engine
        self._name = engine.url.render_as_string(hide_password=True)

    @classmethod
    def open(cls, url: str) -> Database:
        """Connect to ``url`` and bring its tables up to date.

        Raises ConfigError when the text is not a database URL or its driver is missing, StorageFull when the
        database can't be opened or written.
        """
        database = cls(_engine(url))
        database._migrate()
        return database

    @contextmanager
    def write(self) -> Iterator[sa.Connection]:
        """A transaction that may change things; committed at its end, rolled back on any error."""
        with self._understood(), self._engine.connect() as tx:
            tx.execution_options(workcell_write=True)
            with tx.begin():
                yield tx

    def change(self, work: Callable[[sa.Connection], T]) -> T:
        """Do ``work`` in a write transaction; once more when another process came between.

        SQLite lets one writer in at a time; elsewhere two may find "nothing there yet" together, and the
        second one's insert fails: its second look finds what the first one made.
        """
        try:
            with self.write() as tx:
                return work(tx)
        except sa.exc.IntegrityError:
            with self.write() as tx:
                return work(tx)

    @contextmanager
    def read(self) -> Iterator[sa.Connection]:
        """A transaction that sees one consistent state."""
        with self._understood(), self._engine.connect() as tx, tx.begin():
            yield tx

    def close(self) -> None:
        """Give the connections back."""
        self._engine.dispose()

    def _migrate(self) -> None:
        config = Config()
        config.set_main_option("script_location", str(_MIGRATIONS).replace("%", "%%"))
        with self.write() as tx:
            config.attributes["connection"] = tx
            command.upgrade(config, "head")

    @contextmanager
    def _understood(self) -> Iterator[None]:
        try:
            yield
        except _OURS:
            raise
        except sa.exc.DatabaseError as error:
            raise _refusal(str(error.orig), self._name) from error


# Errors that say that a statement was wrong or came second, not that the database would not.
_OURS = (
    sa.exc.IntegrityError,
    sa.exc.ProgrammingError,
    sa.exc.DataError,
    sa.exc.NotSupportedError,
)

# What databases say, in lower case, against what it means for a person.
_REFUSALS = (
    ("disk is full", "the disk is full", "Make room; the line goes on from where it held."),
    ("no space left", "the disk is full", "Make room; the line goes on from where it held."),
    ("locked", "another program keeps the site store locked", "Close it, or wait and try again."),
    ("readonly", "the site store can't be written", "Check the permissions of the file and its folder."),
    ("read-only", "the site store can't be written", "Check the permissions of the file and its folder."),
    ("unable to open", "the site store can't be opened", "Check that the folder exists and can be written."),
    ("malformed", "the site store is damaged", "Restore it from its last copy."),
    ("not a database", "the file is no site store", "Check the path."),
)


def _refusal(said: str, name: str) -> StorageFull:
    for words, what, remedy in _REFUSALS:
        if words in said.lower():
            return StorageFull(what, subject=name, remedy=remedy)
    return StorageFull(f"the site store refused ({said})", subject=name, remedy="Check the database.")


def _engine(url: str) -> sa.Engine:
    try:
        parsed = sa.make_url(url)
        engine = sa.create_engine(parsed, **_options(parsed))
    except (sa.exc.ArgumentError, sa.exc.NoSuchModuleError, ModuleNotFoundError) as error:
        raise ConfigError(
            f"not a database that can be reached from here ({error})",
            subject=url,
            remedy="Write sqlite:///FOLDER/site.db, or a PostgreSQL URL; that needs "
            "pip install 'cataloguing-workcell[postgres]'.",
        ) from error
    if engine.dialect.name == "sqlite":
        sa.event.listen(engine, "connect", _prepare_sqlite)
        sa.event.listen(engine, "begin", _begin_sqlite)
    return engine


def _options(url: sa.URL) -> dict[str, Any]:
    """What SQLite needs beyond its URL: patience with other writers, and one connection to a memory."""
    if url.get_backend_name() != "sqlite":
        return {}
    arguments: dict[str, Any] = {} if "timeout" in url.query else {"timeout": _BUSY_SECONDS}
    if url.database in (None, "", ":memory:"):
        return {"poolclass": StaticPool, "connect_args": {"check_same_thread": False} | arguments}
    return {"connect_args": arguments}


def _prepare_sqlite(connection: Any, _: Any) -> None:
    # Transactions are begun by _begin_sqlite: the driver's own would take their write lock too late.
    connection.isolation_level = None
    cursor = connection.cursor()
    for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON"):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _begin_sqlite(tx: sa.Connection) -> None:
    writing = tx.get_execution_options().get("workcell_write", False)
    tx.exec_driver_sql("BEGIN IMMEDIATE" if writing else "BEGIN")


def take_next(tx: sa.Connection, counter: str, at_least: int = 1) -> int:
    """The next value of ``counter``, which no other caller gets, in any process.

    Values rise; the first one is ``at_least``, and a later, higher ``at_least`` jumps ahead.  The one
    place that numbers come from; used inside ``Database.change``, for two may make a counter at once.
    """
    table = schema.counters
    here = table.c.name == counter
    last = tx.execute(sa.select(table.c.last).where(here).with_for_update()).scalar_one_or_none()
    if last is None:
        tx.execute(table.insert().values(name=counter, last=at_least - 1))
        last = at_least - 1
    value = max(int(last) + 1, at_least)
    tx.execute(table.update().where(here).values(last=value))
    return value


def stamp(at: datetime) -> str:
    """A moment as it is kept: ISO 8601 in UTC, sortable as text.  Raises BadInput without a time zone."""
    if at.tzinfo is None:
        raise BadInput("a time without its zone", subject=at.isoformat(), remedy="Give it in UTC.")
    return at.astimezone(UTC).isoformat(timespec="microseconds")
