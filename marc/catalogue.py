"""The local catalogue: records of one or more sources, found again by ISBN, by id and by their words.

This module knows what a catalogue gives; ``catalogue_sqlite`` knows how it is kept.  One process imports
while others read.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType

from pymarc import Record

from marc import catalogue_sqlite as engine
from marc import isbn as isbns
from marc import text
from marc.facts import RecordFacts, record_facts
from marc.fields import flavour
from marc.reading import ReadResult, read_record, read_records
from marc.writing import to_iso2709
from workcell.kernel.errors import BadInput

_BATCH = 2_000
_RAREST = 6
"""So many of the rarest words of a query are looked up; the commoner ones only weigh in the scoring."""
_POOL = 400
"""At most so many records are scored for one query."""


@dataclass(frozen=True)
class BadRecord:
    """A record that was not imported (or only after mending), where it stands, and why."""

    path: Path
    n: int
    offset: int
    problem: str
    kept: bool = False


@dataclass(frozen=True)
class ImportReport:
    """Counts of one import.  ``bad`` lists every record with a problem; ``kept`` ones are counted too."""

    new: int = 0
    changed: int = 0
    unchanged: int = 0
    bad: list[BadRecord] = field(default_factory=list)


@dataclass(frozen=True)
class Hit:
    """A record found: its number in the catalogue (``id``), source, own id, and how well words matched."""

    id: int
    source: str
    record_id: str
    score: float = 1.0


class Catalogue:
    """A catalogue file.  ``writable`` opens it for import, creating it; else it is read-only.

    Raises BadInput for a file that is no catalogue.
    """

    def __init__(self, path: Path, *, writable: bool = False) -> None:
        self.path = path
        self._store = engine.Store(path, writable=writable)

    @classmethod
    def open(cls, path: Path) -> Catalogue:
        """The catalogue for import, made when it is not there yet."""
        return cls(path, writable=True)

    def __enter__(self) -> Catalogue:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Let go of the file."""
        self._store.close()

    def import_files(self, paths: Iterable[Path], source: str) -> ImportReport:
        """Bring files in; the same record again changes nothing, a changed one replaces its earlier self.

        A record is known by (source, its 001), or by its own content where it has no 001.  Where several
        records of one import share a 001, all are kept, the later ones as ``001~2`` and so on.  Batches of
        records are transactions: an import that was broken off is simply run again.
        """
        run = _Import(self._store, source)
        for path in paths:
            for result in read_records(path):
                run.take(path, result)
        run.flush()
        return ImportReport(run.counts["new"], run.counts["changed"], run.counts["unchanged"], run.bad)

    def by_isbn(self, number: str, source: str = "") -> list[Hit]:
        """Records with this ISBN (ten or thirteen digits, valid or as misprinted), in order of import."""
        key = isbns.normalise(number) or isbns.compact(number)
        return [Hit(*found) for found in self._store.by_isbn(key, source)] if key else []

    def by_id(self, record_id: str, source: str = "") -> list[Hit]:
        """Records whose 001 is this, one for each source that has it."""
        return [Hit(*found) for found in self._store.by_id(record_id, source)]

    def search(self, words: str, source: str = "", limit: int = 20) -> list[Hit]:
        """Records that share rare words with the text, best first; bears recognition errors in some words."""
        wanted = list(dict.fromkeys(text.tokens(words)))
        weights = self._store.weights(wanted)
        rare = sorted((token for token in wanted if token in weights), key=lambda token: -weights[token])
        pool = self._store.with_tokens(rare[:_RAREST], source, _POOL)
        default = max(weights.values(), default=1.0)
        total = sum(weights.get(token, default) for token in wanted) or 1.0
        hits = [
            Hit(id, origin, record_id, _score(weights, total, set(own.split())))
            for id, origin, record_id, own in pool
        ]
        return sorted(hits, key=lambda hit: (-hit.score, hit.id))[:limit]

    def record(self, id: int) -> Record:
        """The record with this number; raises BadInput when there is none."""
        return read_record(self._store.data(id))

    def facts(self, id: int) -> RecordFacts:
        """The view of the record with this number; raises BadInput when there is none."""
        return record_facts(self.record(id))

    def barcode_exists(self, number: str) -> bool:
        """Whether an item on file carries this barcode."""
        return self._store.has_barcode(number)

    def count(self, source: str = "") -> int:
        """How many records there are."""
        return self._store.count(source)


def _score(weights: dict[str, float], total: float, own: set[str]) -> float:
    """Weight of the shared words over that of the query's, a little less for a record with much else."""
    shared = sum(weight for token, weight in weights.items() if token in own)
    return round(shared / total * (0.9 + 0.1 * min(1.0, len(weights) / max(1, len(own)))), 4)


class _Import:
    """One run of an import: rows waiting for their transaction, the ids already met, the counts."""

    def __init__(self, store: engine.Store, source: str) -> None:
        self.counts = {"new": 0, "changed": 0, "unchanged": 0}
        self.bad: list[BadRecord] = []
        self._store = store
        self._source = source
        self._waiting: list[engine.Row] = []
        self._met: dict[str, list[str]] = {}

    def take(self, path: Path, result: ReadResult) -> None:
        """Put a record in line, and what is wrong with it on the list."""
        if result.problem:
            kept = result.record is not None
            self.bad.append(BadRecord(path, result.n, result.offset, result.problem, kept))
        if result.record is None:
            return
        try:
            data = _as_stored(result, result.record)
        except BadInput as error:
            self.bad.append(BadRecord(path, result.n, result.offset, error.what))
            return
        self._waiting.append(self._row(record_facts(result.record), data))
        if len(self._waiting) >= _BATCH:
            self.flush()

    def flush(self) -> None:
        """Keep what waits, in one transaction."""
        for kind, number in self._store.put(self._waiting).items():
            self.counts[kind] += number
        self._waiting.clear()

    def _row(self, facts: RecordFacts, data: bytes) -> engine.Row:
        digest = hashlib.sha256(data).hexdigest()
        return engine.Row(
            source=self._source,
            record_id=self._key(facts.record_id or f"sha256:{digest[:16]}", digest),
            digest=digest,
            data=data,
            isbns=_isbn_keys(facts),
            barcodes=tuple(code for item in facts.items for code in item.barcodes),
            tokens=tuple(dict.fromkeys(_tokens(facts))),
        )

    def _key(self, record_id: str, digest: str) -> str:
        met = self._met.setdefault(record_id, [])
        if digest not in met:
            met.append(digest)
        place = met.index(digest)
        return f"{record_id}~{place + 1}" if place else record_id


def _as_stored(result: ReadResult, record: Record) -> bytes:
    """UTF-8 ISO 2709 bytes: those of the file where they are that already; raises BadInput."""
    if result.data and result.encoding == "utf-8" and not result.problem:
        return result.data
    return to_iso2709(record, "cnmarc" if flavour(record) == "unimarc" else "marc21")


def _isbn_keys(facts: RecordFacts) -> tuple[str, ...]:
    keys = (entry.isbn13 or isbns.compact(entry.written) for entry in facts.isbns)
    return tuple(dict.fromkeys(key for key in keys if key))


def _tokens(facts: RecordFacts) -> Sequence[str]:
    texts = (facts.title, facts.subtitle, facts.volume_title, *facts.titles[:4], *facts.names[:4])
    return [token for part in texts for token in text.tokens(part)]
