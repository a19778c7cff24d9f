"""The local catalogue beside its peers: importing, ISBNs, and words that OCR has misread.

    python bench/catalogue.py                  20,000 records, for every day
    python bench/catalogue.py --full           1,000,000 records, 10,000,000 ISBN keys

Peers take part where they are installed, and the table says where they are not: Zebra (Debian idzebra-2.0),
PostgreSQL with pg_trgm.  ``--peers N`` bounds the records that peers get, for they are slow to load.
"""

from __future__ import annotations

import argparse
import json
import random
import resource
import sqlite3
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "tests")]

import postgres  # noqa: E402 - stands in tests/
import zebra  # noqa: E402
from catalogue_records import Title, isbn13, iso2709, noisy, titles  # noqa: E402

import marc  # noqa: E402
from marc import catalogue_words, text  # noqa: E402
from workcell.kernel.clock import WallClock  # noqa: E402

_QUERIES = 1_000
_NOISE = (0.05, 0.10)
_SEED = 20261120
Search = Callable[[str], Sequence[str]]


@dataclass
class Row:
    """One line of the table."""

    name: str
    records: int
    build_s: float | None = None
    rate: float | None = None
    cpu_rate: float | None = None
    megabytes: float | None = None
    isbn_us: tuple[float, float] | None = None
    isbn_cpu_us: tuple[float, float] | None = None
    recall: dict[str, float] | None = None
    query_ms: tuple[float, float] | None = None
    cpu_ms: tuple[float, float] | None = None
    note: str = ""


def main() -> None:
    """Measure and print."""
    wanted = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    wanted.add_argument("--records", type=int, default=20_000)
    wanted.add_argument("--full", action="store_true", help="1,000,000 records and 10,000,000 ISBN keys")
    wanted.add_argument("--keys", type=int, default=0, help="ISBN keys in all (default: one a record)")
    wanted.add_argument("--peers", type=int, default=20_000, help="records that peers get at most")
    wanted.add_argument("--queries", type=int, default=_QUERIES)
    wanted.add_argument("--folder", type=Path, help="where to work (default: a temporary folder)")
    wanted.add_argument("--json", type=Path, help="also write the figures here")
    options = wanted.parse_args()
    count, keys = (1_000_000, 10_000_000) if options.full else (options.records, options.keys)
    with tempfile.TemporaryDirectory(dir=options.folder, prefix="bench-") as folder:
        work = Path(folder)
        made = list(titles(count, _SEED))
        _write(work / "all.mrc", made)
        rows = _ours(work, made, keys, options.queries)
        few = made[: options.peers]
        _write(work / "few.mrc", few)
        rows += [_postgres_ours(work, few, options.queries), _pg_trgm(work, few, options.queries)]
        rows += [_zebra(work, few, options.queries)]
    _print(rows)
    if options.json:
        options.json.write_text(json.dumps([vars(row) for row in rows], indent=1), "utf-8")


# --- ours ------------------------------------------------------------------------------------------------


def _ours(work: Path, made: list[Title], keys: int, queries: int) -> list[Row]:
    where = work / "catalogue.sqlite"
    row = Row("catalogue (SQLite)", len(made))
    before = _cpu()
    with marc.Catalogue.open(where) as catalogue:
        catalogue._sidecar.remove()
        began = time.perf_counter()
        _without_sidecar(catalogue, [work / "all.mrc"])
        row.build_s = time.perf_counter() - began
    row.rate, row.cpu_rate = len(made) / row.build_s, 2 * len(made) / (_cpu() - before)
    row.megabytes = where.stat().st_size / 1e6
    if keys > len(made):
        _more_keys(where, keys - len(made))
        row.note = f"{keys:,} ISBN keys"
    with marc.Catalogue(where) as catalogue:
        row.isbn_us, row.isbn_cpu_us = _isbns(made, lambda isbn: _with_isbn(catalogue, isbn))
        row.recall, row.query_ms, row.cpu_ms = _words(made, lambda words: _ids(catalogue, words), queries)
        rows = [row, _plain(catalogue, made, queries)]
        began = time.perf_counter()
        if catalogue.make_sidecar():
            with_index = Row("catalogue with tantivy", len(made), note="built from the catalogue")
            with_index.build_s = time.perf_counter() - began
            with_index.megabytes = sum(p.stat().st_size for p in Path(f"{where}.words").iterdir()) / 1e6
            with_index.recall, with_index.query_ms, with_index.cpu_ms = _words(
                made, lambda words: _ids(catalogue, words), queries
            )
            rows.append(with_index)
        else:
            rows.append(Row("catalogue with tantivy", 0, note="not installed"))
    return rows


def _without_sidecar(catalogue: marc.Catalogue, files: list[Path]) -> None:
    from marc import catalogue_importing

    catalogue_importing.run(catalogue._store, files, "bench", catalogue_importing.silent, 2)


def _plain(catalogue: marc.Catalogue, made: list[Title], queries: int) -> Row:
    """What guessing at misread words brings: the same search without it."""
    guessed, catalogue_words._GUESSED_WORDS = catalogue_words._GUESSED_WORDS, 0
    row = Row("  the same without guessing", len(made))
    row.recall, row.query_ms, row.cpu_ms = _words(made, lambda words: _ids(catalogue, words), queries)
    catalogue_words._GUESSED_WORDS = guessed
    return row


def _ids(catalogue: marc.Catalogue, words: str) -> list[str]:
    return [hit.record_id for hit in catalogue.search(words, limit=20)]


def _with_isbn(catalogue: marc.Catalogue, isbn: str) -> list[str]:
    return [hit.record_id for hit in catalogue.by_isbn(isbn)]


def _more_keys(where: Path, count: int) -> None:
    """Further ISBN keys of other editions, so that the table has the size that is asked for."""
    with sqlite3.connect(where) as db:
        held = db.execute("SELECT count(*) FROM records").fetchone()[0]
        keys = ((isbn13(500_000_000 + n), 1 + n % held) for n in range(count))
        db.executemany("INSERT OR IGNORE INTO isbns (isbn, record, cancelled) VALUES (?, ?, 0)", keys)
    db.close()


# --- peers -----------------------------------------------------------------------------------------------


def _postgres_ours(work: Path, made: list[Title], queries: int) -> Row:
    row = Row("catalogue (PostgreSQL)", len(made))
    if not postgres.installed():
        return Row(row.name, 0, note="PostgreSQL is not installed")
    with postgres.server(work / "pg1") as address, marc.Catalogue.open(address) as catalogue:
        began = time.perf_counter()
        catalogue.import_files([work / "few.mrc"], "bench")
        row.build_s = time.perf_counter() - began
        row.rate = len(made) / row.build_s
        row.isbn_us, row.isbn_cpu_us = _isbns(made, lambda isbn: _with_isbn(catalogue, isbn))
        row.recall, row.query_ms, row.cpu_ms = _words(made, lambda words: _ids(catalogue, words), queries)
    return row


def _pg_trgm(work: Path, made: list[Title], queries: int) -> Row:
    row = Row("PostgreSQL pg_trgm", len(made))
    if not postgres.installed():
        return Row(row.name, 0, note="PostgreSQL is not installed")
    import psycopg

    with postgres.server(work / "pg2") as address, psycopg.connect(address, autocommit=True) as db:
        try:
            db.execute("CREATE EXTENSION pg_trgm")
        except psycopg.Error:
            return Row(row.name, 0, note="pg_trgm is not installed")
        began = time.perf_counter()
        db.execute("CREATE TABLE t (id text, isbn text PRIMARY KEY, words text)")
        with db.cursor().copy("COPY t FROM STDIN") as copy:
            for title in made:
                copy.write_row((f"bench{title.n:09d}", title.isbn, text.fold(title.words)))
        db.execute("CREATE INDEX ON t USING gin (words gin_trgm_ops)")
        row.build_s = time.perf_counter() - began
        row.rate, row.note = len(made) / row.build_s, "titles only, no records"

        def search(words: str) -> list[str]:
            ask = "SELECT id FROM t WHERE words %% %s ORDER BY similarity(words, %s) DESC LIMIT 20"
            folded = text.fold(words)
            return [found[0] for found in db.execute(ask, (folded, folded))]

        row.isbn_us, row.isbn_cpu_us = _isbns(
            made, lambda isbn: [r[0] for r in db.execute("SELECT id FROM t WHERE isbn = %s", (isbn,))]
        )
        row.recall, row.query_ms, row.cpu_ms = _words(made, search, min(queries, 200))
    return row


def _zebra(work: Path, made: list[Title], queries: int) -> Row:
    row = Row("Zebra", len(made), note="over Z39.50; no word search that bears errors")
    if not zebra.installed():
        return Row(row.name, 0, note="idzebra-2.0 is not installed")
    folder = work / "zebra"
    zebra.prepare(folder, zebra.free_port())
    began = time.perf_counter()
    zebra.index(folder, work / "few.mrc")
    row.build_s = time.perf_counter() - began
    row.rate = len(made) / row.build_s
    row.megabytes = sum(p.stat().st_size for p in (folder / "register").iterdir()) / 1e6
    with zebra.serving(folder) as address:
        target = marc.target_at(f"z3950://{address}")
        connection = marc.connect(target, WallClock())

        def by_isbn(isbn: str) -> list[str]:
            _, answer = marc.ask(target, marc.Wanted(isbns=(isbn,)), connection)
            return [marc.record_facts(record).record_id for record in answer.records]

        def by_words(words: str) -> list[str]:
            _, answer = marc.ask(target, marc.Wanted(words=words), connection)
            return [marc.record_facts(record).record_id for record in answer.records]

        row.isbn_us, row.isbn_cpu_us = _isbns(made[:2000], by_isbn)
        row.recall, row.query_ms, row.cpu_ms = _words(made, by_words, min(queries, 200))
        connection.close()
    return row


# --- measuring -------------------------------------------------------------------------------------------


_Pair = tuple[float, float]


def _isbns(made: list[Title], find: Callable[[str], Sequence[str]]) -> tuple[_Pair, _Pair]:
    """Microseconds, median and 99th percentile; and those of this process's processor time."""
    draw = random.Random(_SEED + 1)
    taken: list[float] = []
    busy: list[float] = []
    for title in draw.sample(made, min(2000, len(made))):
        began, worked = time.perf_counter(), time.process_time()
        found = find(title.isbn)
        taken.append((time.perf_counter() - began) * 1e6)
        busy.append((time.process_time() - worked) * 1e6)
        assert f"bench{title.n:09d}" in found
    return _quantiles(taken), _quantiles(busy)


def _words(
    made: list[Title], search: Search, queries: int
) -> tuple[dict[str, float], tuple[float, float], tuple[float, float]]:
    """Recall among 20 answers by noise and script; milliseconds, and those of processor time here."""
    recall: dict[str, float] = {}
    taken: list[float] = []
    busy: list[float] = []
    for noise in _NOISE:
        draw = random.Random(_SEED + 2)
        asked = {True: 0, False: 0}
        met = {True: 0, False: 0}
        for title in draw.sample(made, min(queries, len(made))):
            words = noisy(title.words, noise, draw)
            began, worked = time.perf_counter(), time.process_time()
            found = search(words)
            taken.append((time.perf_counter() - began) * 1e3)
            busy.append((time.process_time() - worked) * 1e3)
            asked[title.chinese] += 1
            met[title.chinese] += f"bench{title.n:09d}" in found
        recall[f"{noise:.0%}"] = sum(met.values()) / sum(asked.values())
        recall[f"{noise:.0%} zh"] = met[True] / max(1, asked[True])
    return recall, _quantiles(taken), _quantiles(busy)


def _quantiles(taken: list[float]) -> tuple[float, float]:
    taken.sort()
    return taken[len(taken) // 2], taken[int(len(taken) * 0.99)]


def _cpu() -> float:
    """Seconds of processor time of this process and those that have ended below it."""
    own, below = resource.getrusage(resource.RUSAGE_SELF), resource.getrusage(resource.RUSAGE_CHILDREN)
    return own.ru_utime + own.ru_stime + below.ru_utime + below.ru_stime


def _write(path: Path, made: list[Title]) -> None:
    with path.open("wb") as file:
        for title in made:
            file.write(iso2709(title))


def _print(rows: list[Row]) -> None:
    ours = rows[0]
    head = ("", "records", "build s", "rec/s", "×", "MB", "ISBN p50/p99 µs", "of it processor",
            "recall@20 5 % (zh)", "10 % (zh)", "p50/p99 ms", "of it processor", "")  # fmt: skip
    lines = [head]
    for row in rows:
        ratio = row.rate and ours.rate and f"{row.rate / ours.rate:.2f}"
        recall = row.recall or {}
        lines.append((
            row.name, f"{row.records:,}" if row.records else "–", _cell(row.build_s, "{:.1f}"),
            _cell(row.rate, "{:,.0f}"), str(ratio or "–"), _cell(row.megabytes, "{:.0f}"),
            "{:.0f}/{:.0f}".format(*row.isbn_us) if row.isbn_us else "–",
            "{:.0f}/{:.0f}".format(*row.isbn_cpu_us) if row.isbn_cpu_us else "–",
            "{:.3f} ({:.3f})".format(recall["5%"], recall["5% zh"]) if recall else "–",
            "{:.3f} ({:.3f})".format(recall["10%"], recall["10% zh"]) if recall else "–",
            "{:.1f}/{:.1f}".format(*row.query_ms) if row.query_ms else "–",
            "{:.1f}/{:.1f}".format(*row.cpu_ms) if row.cpu_ms else "–", row.note,
        ))  # fmt: skip
    widths = [max(len(line[place]) for line in lines) for place in range(len(head))]
    for line in lines:
        print("  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip())
    if ours.cpu_rate:
        print(
            f"\nProcessor time of the import alone allows {ours.cpu_rate:,.0f} records/s on two free cores."
        )


def _cell(value: float | None, form: str) -> str:
    return "–" if value is None else form.format(value)


if __name__ == "__main__":
    main()
