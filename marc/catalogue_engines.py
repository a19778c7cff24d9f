"""Which engine keeps a catalogue."""

from __future__ import annotations

from pathlib import Path

from marc.catalogue_sqlite import SqliteStore
from marc.catalogue_store import Store


def open_store(where: Path | str, *, writable: bool) -> Store:
    """The catalogue's store; raises BadInput when there is none or it is something else."""
    return SqliteStore(Path(where), writable=writable)
