"""How records come into a catalogue: read and given keys in one process, kept by another, batch by batch.

Every batch is one transaction with the import's progress, so that an import that was broken off goes on where
it stopped, and says in the end what was wrong in its first part too.
"""

from __future__ import annotations

import contextlib
import multiprocessing
import signal
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Executor, Future, ProcessPoolExecutor
from dataclasses import dataclass, field
from itertools import islice
from mmap import mmap
from pathlib import Path

from pymarc import Record

from marc import framing, record_file
from marc.catalogue_entries import (
    Entry,
    RawFrame,
    entries_of_frames,
    entries_of_results,
    entry_of_record,
)
from marc.catalogue_store import BadEntry, Found, Progress, Row, Run, Store
from marc.reading import read_records
from workcell.kernel.errors import BadInput

_BATCH = 20_000
_WORTH_A_PROCESS = 24_000_000
"""Bytes of files from which on a second process saves time."""
_AHEAD = 1
"""So many batches wait while one is kept."""


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
    """Counts of one import.  ``bad`` lists every record with a problem; ``kept`` ones are counted too.

    ``resumed_at`` is the record of the first unfinished file at which a broken-off import went on.
    """

    new: int = 0
    changed: int = 0
    unchanged: int = 0
    bad: list[BadRecord] = field(default_factory=list)
    resumed_at: int = 0


Told = Callable[[Path, int, int, int], None]
"""Hears of progress: file, records of it that are done, bytes done, bytes of the whole file."""


def silent(path: Path, n: int, offset: int, size: int) -> None:
    """Tells nobody."""


def run(store: Store, paths: Sequence[Path], source: str, told: Told, processes: int) -> ImportReport:
    """Import files into a store; raises BadInput before anything is kept when one of them can't be read."""
    for path in paths:
        with record_file.mapped(path) as buffer:
            record_file.format_of(buffer, path)
    work = store.begin(source, [_named(path) for path in paths])
    begun = work.progress
    with _second_process(paths, processes) as pool:
        for place, path in enumerate(paths):
            if place >= begun.file:
                start = begun if place == begun.file else Progress(place)
                _import_file(store, work, path, start, told, pool)
    store.finish(work)
    bad = [BadRecord(Path(b.path), b.n, b.offset, b.problem, b.kept) for b in work.bad]
    return ImportReport(**work.counts, bad=bad, resumed_at=begun.n)


def put_records(store: Store, records: Iterable[Record], source: str) -> list[Found]:
    """Keep record objects; gives where each stands now."""
    rows = []
    for record in records:
        with contextlib.suppress(BadInput):
            entry = entry_of_record(record)
            rows.append(_row(entry, entry.data or b""))
    work = store.begin(source, [])
    store.put(work, rows, [], work.progress)
    store.finish(work)
    names = dict.fromkeys(row.record_id for row in rows)
    return [found for name in names for found in store.by_id(name, source)]


def _import_file(
    store: Store, work: Run, path: Path, start: Progress, told: Told, pool: Executor | None
) -> None:
    with record_file.mapped(path) as buffer:
        told(path, start.n, start.offset, len(buffer))
        if record_file.format_of(buffer, path) == "iso2709":
            batches = _sliced_batches(buffer, start, pool)
        else:
            batches = _read_batches(path, start)
        for entries, originals in batches:
            rows, bad = [], []
            for entry, original in zip(entries, originals, strict=True):
                if entry.problem:
                    bad.append(
                        BadEntry(str(path), entry.n, entry.offset, entry.problem, entry.keys is not None)
                    )
                if entry.keys is not None:
                    rows.append(_row(entry, entry.data if entry.data is not None else original))
            end = entries[-1].offset + len(originals[-1])
            progress = Progress(start.file, entries[-1].n + 1, end)
            store.put(work, rows, bad, progress)
            told(path, progress.n, min(end, len(buffer)), len(buffer))


_Batch = tuple[Sequence[Entry], Sequence[bytes]]


def _sliced_batches(buffer: bytes | mmap, start: Progress, pool: Executor | None) -> Iterator[_Batch]:
    """Batches of an ISO 2709 file; a second process, once it has started, is a batch ahead."""
    awake = pool.submit(_nothing) if pool else None
    waiting: list[tuple[Future[list[Entry]], Sequence[RawFrame]]] = []
    for first, batch in _frames(buffer, start):
        if pool is None or awake is None or not awake.done():
            yield entries_of_frames(batch, first), [data for _, data, _ in batch]
            continue
        waiting.append((pool.submit(entries_of_frames, batch, first), batch))
        if len(waiting) > _AHEAD:
            yield _ready(*waiting.pop(0))
    for future, batch in waiting:
        yield _ready(future, batch)


def _nothing() -> None:
    """Done as soon as the second process runs."""


def _ready(future: Future[list[Entry]], batch: Sequence[RawFrame]) -> _Batch:
    return future.result(), [data for _, data, _ in batch]


def _frames(buffer: bytes | mmap, start: Progress) -> Iterator[tuple[int, Sequence[RawFrame]]]:
    frames = islice(framing.frames(buffer), start.n, None)
    n = start.n
    while batch := [(f.offset, f.data, f.problem) for f in islice(frames, _BATCH)]:
        yield n, batch
        n += len(batch)


def _read_batches(path: Path, start: Progress) -> Iterator[_Batch]:
    """Batches of a file of another format; a resumed one is read again from its start, which is quick."""
    entries = entries_of_results(islice(read_records(path), start.n, None))
    while batch := list(islice(entries, _BATCH)):
        yield batch, [b""] * len(batch)


def _row(entry: Entry, data: bytes) -> Row:
    keys = entry.keys
    if keys is None:
        raise ValueError("a bad entry has no row")
    name = keys.record_id or f"content:{entry.digest.hex()[:16]}"
    return Row(name, entry.digest, keys.isbns, keys.barcodes, keys.tokens, data)


def _named(path: Path) -> str:
    """A file as it is known again when its import goes on: path, size and time of change."""
    about = path.stat()
    return f"{path.resolve()}|{about.st_size}|{about.st_mtime_ns}"


@contextlib.contextmanager
def _second_process(paths: Sequence[Path], processes: int) -> Iterator[Executor | None]:
    if processes < 2 or sum(path.stat().st_size for path in paths) < _WORTH_A_PROCESS:
        yield None
        return
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(1, mp_context=context, initializer=_leave_interrupts_to_the_first) as pool:
        yield pool


def _leave_interrupts_to_the_first() -> None:
    """An interrupted import is ended by the process that keeps the records, between two batches."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
