"""The local catalogue: records of one or more sources, found again by ISBN, by id and by their words.

This module knows what a catalogue gives; its engine knows how it is kept, ``catalogue_importing`` how records
come in, ``catalogue_words`` how words find them.  One process imports while others read.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from types import TracebackType

from pymarc import Record

from marc import catalogue_importing as importing
from marc import catalogue_words as words_index
from marc import isbn as isbns
from marc import text
from marc.catalogue_engines import open_store
from marc.catalogue_importing import BadRecord, ImportReport, Told
from marc.catalogue_sidecar import Sidecar
from marc.facts import RecordFacts
from marc.reading import read_record
from marc.record_facts import record_facts

__all__ = ["BadRecord", "Catalogue", "Hit", "ImportReport", "Stats", "is_catalogue"]


_DATABASE = b"SQLite format 3\x00"


@dataclass(frozen=True)
class Hit:
    """A record found: its number in the catalogue (``id``), source, own id, and how well words matched.

    ``cancelled``: the ISBN asked for stands in 020/010 $z (wrong, cancelled, or of another format).
    """

    id: int
    source: str
    record_id: str
    score: float = 1.0
    cancelled: bool = False


@dataclass(frozen=True)
class Stats:
    """What a catalogue holds: records by source, ISBN keys, barcodes, different words, the word index."""

    sources: dict[str, int]
    isbns: int
    barcodes: int
    words: int
    sidecar: str

    @property
    def records(self) -> int:
        """All records."""
        return sum(self.sources.values())


def is_catalogue(path: Path) -> bool:
    """Whether this file is a database (then it must be a catalogue) rather than records."""
    try:
        with path.open("rb") as file:
            return file.read(len(_DATABASE)) == _DATABASE
    except OSError:
        return False


class Catalogue:
    """A catalogue: a file, or a PostgreSQL database (``postgresql://…``) that several lines share.

    ``writable`` opens it for import, creating it; else it is read-only.  Raises BadInput for what is no
    catalogue.
    """

    def __init__(self, where: Path | str, *, writable: bool = False) -> None:
        self.path = where
        self._store = open_store(where, writable=writable)
        self._sidecar = Sidecar.beside(where)

    @classmethod
    def open(cls, where: Path | str) -> Catalogue:
        """The catalogue for import, made when it is not there yet."""
        return cls(where, writable=True)

    def __enter__(self) -> Catalogue:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Let go of the file."""
        self._store.close()

    def import_files(
        self, paths: Iterable[Path], source: str, told: Told = importing.silent, *, processes: int = 2
    ) -> ImportReport:
        """Bring files in; the same record again changes nothing, a changed one replaces its earlier self.

        A record is known by (source, its 001), or by its own content where it has no 001.  Where several
        records of one import share a 001, all are kept, the later ones as ``001~2`` and so on.  Batches of
        records are transactions: an import of the same files that was broken off goes on where it stopped.
        ``told`` hears of the progress; of two ``processes`` the second reads large files.
        """
        report = importing.run(self._store, tuple(paths), source, told, processes)
        self._sidecar.refresh(self._store)
        return report

    def import_records(self, records: Iterable[Record], source: str) -> list[Hit]:
        """Bring record objects in, as answered by a remote target; gives them as they stand now, in order.

        Records that can't be kept (too long for ISO 2709) are left out.
        """
        return [Hit(*found) for found in importing.put_records(self._store, records, source)]

    def make_sidecar(self) -> bool:
        """Make the tantivy index whatever the size; False where that package is not installed."""
        return self._sidecar.refresh(self._store, force=True)

    def answered(self, question: str, since: datetime) -> int | None:
        """How many records this question has brought since then; None when it was not asked."""
        return self._store.answered(question, since.timestamp())

    def note_answer(self, question: str, at: datetime, records: int) -> None:
        """Put on record that this question brought so many records."""
        self._store.note_answer(question, at.timestamp(), records)

    def by_isbn(self, number: str, source: str = "") -> list[Hit]:
        """Records with this ISBN (ten or thirteen digits, valid or as misprinted).

        Records that have it as a cancelled one (020/010 $z) come last and say so; else in order of import.
        """
        key = isbns.normalise(number) or isbns.compact(number)
        found = self._store.by_isbn(key, source) if key else []
        return [Hit(row.id, row.source, row.record_id, cancelled=row.cancelled) for row in found]

    def by_id(self, record_id: str, source: str = "") -> list[Hit]:
        """Records whose 001 is this, one for each source that has it."""
        return [Hit(row.id, row.source, row.record_id) for row in self._store.by_id(record_id, source)]

    def search(self, words: str, source: str = "", limit: int = 20) -> list[Hit]:
        """Records that share rare words with the text, best first; bears recognition errors in some words."""
        counts = self._store.counts()
        query = words_index.read_query(text.tokens(words), self._store, sum(counts.values()))
        pool = words_index.pool_size(limit, one_of_several_sources=bool(source) and len(counts) > 1)
        numbers = self._sidecar.shortlist(query, self._store, pool)
        if numbers is None:
            numbers = words_index.shortlist(query, self._store, pool)
        judged = words_index.judge(query, self._store.worded(numbers, source))
        return [Hit(found.id, found.source, found.record_id, score) for found, score in judged[:limit]]

    def record(self, id: int) -> Record:
        """The record with this number; raises BadInput when there is none."""
        return read_record(self._store.data(id))

    def data(self, id: int) -> bytes:
        """The record with this number as UTF-8 ISO 2709; raises BadInput when there is none."""
        return self._store.data(id)

    def facts(self, id: int) -> RecordFacts:
        """The view of the record with this number; raises BadInput when there is none."""
        return record_facts(self.record(id))

    def ids(self, source: str = "") -> Iterator[int]:
        """Numbers of all records, or those of one source, in order of import."""
        return self._store.all_ids(source)

    def barcode_exists(self, number: str) -> bool:
        """Whether an item on file carries this barcode."""
        return self._store.has_barcode(number)

    def count(self, source: str = "") -> int:
        """How many records there are."""
        counts = self._store.counts()
        return counts.get(source, 0) if source else sum(counts.values())

    def stats(self) -> Stats:
        """What the catalogue holds; counting takes a moment in a large one."""
        keys = self._store.keys()
        return Stats(
            self._store.counts(), keys["isbns"], keys["barcodes"], keys["words"],
            self._sidecar.state(self._store),
        )  # fmt: skip
