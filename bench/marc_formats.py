#!/usr/bin/env python3
"""Reading, recovering and checking records: this project beside pymarc and yaz-marcdump, in one run.

Run with the project's Python: ``.venv/bin/python bench/marc_formats.py --records 10000``.  Records are made
from the seed; ``--file`` takes an ISO 2709 file (also gzipped) instead.  yaz-marcdump takes part when it is
installed.
"""

from __future__ import annotations

import argparse
import contextlib
import gzip
import io
import logging
import random
import re
import resource
import shutil
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Callable, Iterable
from pathlib import Path

import numpy as np
import pymarc

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(Path(__file__).parent), str(ROOT / "tests" / "unit" / "marc")]

from catalogue_records import titles  # noqa: E402
from marc_mutations import broken_pieces  # noqa: E402

from marc.checking import check_file  # noqa: E402
from marc.fields import control_field, data_field  # noqa: E402
from marc.reading import read_records  # noqa: E402
from marc.slicing import slice_records  # noqa: E402
from marc.writing import to_iso2709  # noqa: E402

_INDEXED = ("001", "010", "020", "035", "100", "245", "250", "260", "264", "300", "490", "700")
_YAZ = shutil.which("yaz-marcdump")


def main() -> None:
    """Time each reader on the same file, then let each recover what another run has broken."""
    options = _options()
    records = _given(options.file) if options.file else list(_made(options.records, options.seed))
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "records.mrc"
        path.write_bytes(b"".join(records))
        _speeds(path, len(records), options.rounds)
        _recovery(path, records[:10_000], options.share, options.seed)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--records", type=int, default=10_000, help="how many records to make")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--share", type=float, default=0.05, help="share of records that are broken")
    parser.add_argument("--rounds", type=int, default=3, help="the best of so many rounds counts")
    parser.add_argument("--file", type=Path, help="an ISO 2709 file in the place of made records")
    return parser.parse_args()


# --- records ---------------------------------------------------------------------------------------------


def _given(path: Path) -> list[bytes]:
    """The sound records of a file."""
    data = path.read_bytes()
    with tempfile.NamedTemporaryFile() as plain:
        plain.write(gzip.decompress(data) if data[:2] == b"\x1f\x8b" else data)
        plain.flush()
        results = read_records(Path(plain.name))
        return [result.data for result in results if result.record is not None and not result.problem]


def _made(count: int, seed: int) -> Iterable[bytes]:
    draw = random.Random(seed)
    for title in titles(count, seed):
        record = pymarc.Record()
        record.leader = pymarc.Leader("00000nam a2200000 i 4500")
        language, place = ("chi", "cc ") if title.chinese else ("eng", "nyu")
        year = draw.randint(1950, 2026)
        record.fields = [
            control_field("001", f"made{title.n}"),
            control_field("005", "20260101120000.0"),
            control_field("008", f"260101s{year}    {place}a          001 0 {language} d"),
            data_field("020", "  ", [("a", title.isbn), ("q", "paperback")]),
            data_field("040", "  ", [("a", "XX"), ("b", "eng"), ("e", "rda"), ("c", "XX")]),
            data_field("082", "04", [("a", f"{draw.randint(100, 999)}.{draw.randint(1, 99)}"), ("2", "23")]),
            data_field("100", "1 ", [("a", title.author)]),
            data_field("245", "10", [("a", f"{title.title} /"), ("c", title.author)]),
            data_field("264", " 1", [("a", "New York :"), ("b", "Made Up Books,"), ("c", f"{year}.")]),
            data_field("300", "  ", [("a", f"{draw.randint(80, 900)} pages :"), ("b", "illustrations ;"),
                                     ("c", f"{draw.randint(18, 32)} cm")]),
            data_field("336", "  ", [("a", "text"), ("b", "txt"), ("2", "rdacontent")]),
            data_field("337", "  ", [("a", "unmediated"), ("b", "n"), ("2", "rdamedia")]),
            data_field("338", "  ", [("a", "volume"), ("b", "nc"), ("2", "rdacarrier")]),
            data_field("500", "  ", [("a", f"Made for measuring; {title.title} was never printed.")]),
            *[data_field("650", " 0", [("a", f"Subject {draw.randint(1, 900)}"), ("x", "History.")])
              for _ in range(draw.randint(1, 5))],
        ]  # fmt: skip
        yield to_iso2709(record, "marc21")


# --- speed -----------------------------------------------------------------------------------------------


def _speeds(path: Path, count: int, rounds: int) -> None:
    base = _rate(_pymarc, path, count, rounds)
    rows = [
        ("pymarc, every record", base),
        ("ours, records (framed, checked, decoded)", _rate(_ours, path, count, rounds)),
        (f"ours, slices of {len(_INDEXED)} fields", _rate(_slices, path, count, rounds)),
        ("ours, slices of every field", _rate(_all_slices, path, count, rounds)),
        ("ours, validated and scored", _rate(_validated, path, count, rounds)),
    ]
    if _YAZ:
        rows.append(("yaz-marcdump to JSON (C)", _rate(_yaz, path, count, rounds)))
    size = path.stat().st_size / count
    print(f"\n{count} records of {size:.0f} bytes; by processor time, best of {rounds}\n")
    print(f"{'what':<44}{'records/s':>12}{'x pymarc':>10}")
    for name, rate in rows:
        print(f"{name:<44}{rate:>12,.0f}{rate / base:>10.1f}")


def _rate(read: Callable[[Path], object], path: Path, count: int, rounds: int) -> float:
    best = min(_seconds(read, path) for _ in range(rounds))
    return count / best


def _seconds(read: Callable[[Path], object], path: Path) -> float:
    """Seconds of the processor, its own and its children's: other work on the machine does not count."""
    begin = _used()
    read(path)
    return _used() - begin


def _used() -> float:
    spent = (resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return sum(each.ru_utime + each.ru_stime for each in spent)


def _pymarc(path: Path) -> None:
    with path.open("rb") as file:
        for _ in pymarc.MARCReader(file):
            pass


def _ours(path: Path) -> None:
    for _ in read_records(path):
        pass


def _slices(path: Path) -> None:
    for _ in slice_records(path, _INDEXED):
        pass


def _all_slices(path: Path) -> None:
    for _ in slice_records(path):
        pass


def _validated(path: Path) -> None:
    for _ in check_file(path):
        pass


def _yaz(path: Path) -> None:
    subprocess.run([_YAZ or "", "-o", "json", str(path)], check=False, stdout=subprocess.DEVNULL)


# --- recovery --------------------------------------------------------------------------------------------


def _recovery(path: Path, records: list[bytes], share: float, seed: int) -> None:
    """How many of the healthy records each reader gives back, byte-true, from a file with broken ones."""
    pieces, broken = broken_pieces(records, share, np.random.default_rng(seed))
    healthy = Counter(data for index, data in enumerate(records) if index not in broken)
    path.write_bytes(b"".join(pieces))
    total = sum(healthy.values())
    rows = [
        ("pymarc, permissive", _kept(_by_pymarc(path), healthy)),
        ("split at each 0x1D", _kept(_by_split(path), healthy)),
    ]
    if _YAZ:
        rows.append(("yaz-marcdump", _kept_ids(_by_yaz(path), healthy)))
    rows.append(("ours", _kept(_by_ours(path), healthy)))
    print(f"\n{len(broken)} of {len(records)} records broken in {len(set(broken.values()))} ways\n")
    print(f"{'reader':<24}{'healthy recovered':>20}{'share':>10}")
    for name, kept in rows:
        print(f"{name:<24}{kept:>12} / {total}{kept / total:>10.2%}")
    starts = np.cumsum([0, *map(len, pieces)])
    told = [result.offset for result in read_records(path) if result.problem]
    hit = {int(np.searchsorted(starts, offset, "right")) - 1 for offset in told}
    print(f"\nbroken records reported where they stand: {len(hit & set(broken))} / {len(broken)}")


def _kept(found: Iterable[bytes], healthy: Counter[bytes]) -> int:
    return sum((Counter(found) & healthy).values())


def _by_ours(path: Path) -> Iterable[bytes]:
    return [r.data for r in read_records(path) if r.record is not None and not r.problem]


def _by_split(path: Path) -> Iterable[bytes]:
    """What a script would do: cut at the terminators, keep what pymarc can decode."""
    for piece in path.read_bytes().split(b"\x1d"):
        data = piece.lstrip(b"\r\n") + b"\x1d"
        with contextlib.suppress(Exception), contextlib.redirect_stderr(io.StringIO()):
            pymarc.Record(data=data)
            yield data


def _by_pymarc(path: Path) -> Iterable[bytes]:
    logging.getLogger("pymarc").setLevel(logging.CRITICAL)
    found = []
    with path.open("rb") as file, contextlib.redirect_stderr(io.StringIO()), contextlib.suppress(Exception):
        reader = pymarc.MARCReader(file, permissive=True)
        for record in reader:
            if record is not None:
                found.append(bytes(reader.current_chunk or b""))
    return found


def _by_yaz(path: Path) -> list[bytes]:
    done = subprocess.run([_YAZ or "", "-o", "line", str(path)], check=False, capture_output=True)
    return re.findall(rb"^001 (.*)$", done.stdout, re.MULTILINE)


def _kept_ids(ids: list[bytes], healthy: Counter[bytes]) -> int:
    """yaz-marcdump prints text, not bytes: its records are counted by their 001 (a count in its favour)."""
    wanted = Counter(found.group(1) for data in healthy.elements() if (found := _ID.search(data)))
    return sum((Counter(map(bytes.strip, ids)) & wanted).values())


_ID = re.compile(rb"\x1e([^\x1e\x1f]+)\x1e")

if __name__ == "__main__":
    main()
