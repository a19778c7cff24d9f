"""What an engine of the catalogue keeps and answers; ``catalogue_sqlite`` and ``catalogue_postgres`` are two.

Engines know no MARC: they keep keys, words and bytes, give them back, and count.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple, Protocol


class Row(NamedTuple):
    """A record as it is kept.  ``record_id`` is never empty; ``tokens`` are separated by spaces."""

    record_id: str
    digest: bytes
    isbns: tuple[tuple[str, bool], ...]
    barcodes: tuple[str, ...]
    tokens: str
    data: bytes


class Found(NamedTuple):
    """A record's number in the catalogue, its source and own id, and whether its key was a cancelled one."""

    id: int
    source: str
    record_id: str
    cancelled: bool = False


class Worded(NamedTuple):
    """A record with its words."""

    id: int
    source: str
    record_id: str
    tokens: str


class BadEntry(NamedTuple):
    """A stretch of a file with a problem; ``kept`` when its record went in all the same."""

    path: str
    n: int
    offset: int
    problem: str
    kept: bool


@dataclass(frozen=True)
class Progress:
    """How far an import has come.

    ``file`` is the place of the file at work among the run's files; ``n`` records and ``offset`` bytes of it
    are done.
    """

    file: int = 0
    n: int = 0
    offset: int = 0


@dataclass
class Run:
    """An import on record: its number, how far it came, counts and bad entries so far."""

    number: int
    source: str
    progress: Progress
    counts: dict[str, int]
    bad: list[BadEntry]


class Store(Protocol):
    """One catalogue.  Errors: BadInput for what is no catalogue, StorageFull when it can't be written."""

    def begin(self, source: str, files: Sequence[str]) -> Run:
        """Begin an import of these files (named by path, size and time), or go on with a broken-off one."""
        ...

    def put(self, run: Run, rows: Sequence[Row], bad: Sequence[BadEntry], progress: Progress) -> None:
        """Keep rows, bad entries and progress in one transaction; ``run`` is brought up to date."""
        ...

    def finish(self, run: Run) -> None:
        """The import is complete."""
        ...

    def answered(self, question: str, since: float) -> int | None:
        """How many records a question brought since then (seconds of the epoch); None if it was not asked."""
        ...

    def note_answer(self, question: str, at: float, records: int) -> None:
        """Put on record that a question to a target brought so many records."""
        ...

    def by_isbn(self, key: str, source: str) -> list[Found]:
        """Records with this key, those that have it as a cancelled number last; ``""`` asks every source."""
        ...

    def by_id(self, record_id: str, source: str) -> list[Found]:
        """Records with this number of their own."""
        ...

    def frequencies(self, tokens: Sequence[str]) -> dict[str, int]:
        """In how many records each token stands; a token that stands in none is left out."""
        ...

    def with_all(self, tokens: Sequence[str], limit: int) -> list[int]:
        """Numbers of records that have all these tokens."""
        ...

    def worded(self, ids: Sequence[int], source: str) -> list[Worded]:
        """These records with their words, in any order."""
        ...

    def changed_since(self, run: int) -> Iterator[tuple[int, str]]:
        """Number and tokens of every record that an import after ``run`` made or changed."""
        ...

    def last_run(self) -> int:
        """The number of the last import that is complete; 0 when there was none."""
        ...

    def data(self, id: int) -> bytes:
        """A record's bytes; raises BadInput when there is none with this number."""
        ...

    def all_ids(self, source: str) -> Iterator[int]:
        """Numbers of all records, in the order of import."""
        ...

    def has_barcode(self, number: str) -> bool:
        """Whether a record has an item with this barcode."""
        ...

    def counts(self) -> dict[str, int]:
        """Records by source."""
        ...

    def keys(self) -> dict[str, int]:
        """How many ISBN keys, barcodes and words there are."""
        ...

    def close(self) -> None:
        """Let go of what is open."""
        ...
