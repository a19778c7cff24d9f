"""Which engine keeps a catalogue: SQLite for a path, PostgreSQL for a ``postgresql://`` address."""

from __future__ import annotations

from pathlib import Path

from marc.catalogue_sqlite import SqliteStore
from marc.catalogue_store import Store

_POSTGRES = ("postgresql://", "postgresql+psycopg://")


def is_database_address(where: Path | str) -> bool:
    """Whether this names a shared database rather than a file."""
    return str(where).startswith(_POSTGRES)


def open_store(where: Path | str, *, writable: bool) -> Store:
    """The catalogue's store; raises BadInput when there is none or it is something else."""
    if is_database_address(where):
        from marc.catalogue_postgres import PostgresStore

        return PostgresStore(str(where), writable=writable)
    return SqliteStore(Path(where), writable=writable)
