"""Asking a target for an ISBN: our ways to a real Zebra on loopback beside one another.

    python bench/sources.py [--records 2000] [--questions 500]

The peer is ``yaz-client``, Index Data's own program, as scripts use it: a process a question.
"""

from __future__ import annotations

import argparse
import random
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "tests")]

import zebra  # noqa: E402 - stands in tests/
from catalogue_records import iso2709, titles  # noqa: E402

import marc  # noqa: E402
from marc.target_yazclient import YazClientConnection  # noqa: E402
from workcell.kernel.clock import WallClock  # noqa: E402


def main() -> None:
    """Measure and print."""
    wanted = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    wanted.add_argument("--records", type=int, default=2_000)
    wanted.add_argument("--questions", type=int, default=500)
    options = wanted.parse_args()
    if not zebra.installed():
        sys.exit("Zebra is not installed: apt-get install idzebra-2.0 yaz")
    made = list(titles(options.records, 1))
    with tempfile.TemporaryDirectory(prefix="bench-") as folder:
        records = Path(folder) / "all.mrc"
        records.write_bytes(b"".join(iso2709(title) for title in made))
        with zebra.server(Path(folder) / "zebra", records) as address:
            z3950, sru = marc.target_at(f"z3950://{address}"), marc.target_at(f"http://{address}")
            ways = {
                "yaz-client, a process a question": (
                    z3950,
                    YazClientConnection(z3950),
                    options.questions // 10,
                ),
                "Z39.50, libyaz by ctypes": (z3950, marc.connect(z3950, WallClock()), options.questions),
                "SRU, httpx": (sru, marc.connect(sru, WallClock()), options.questions),
            }
            print(f"{'':34}{'questions':>10}{'p50 ms':>10}{'p99 ms':>10}{'peer ÷ p50':>12}")
            peer = 0.0
            for name, (target, connection, count) in ways.items():
                taken = _taken(target, connection, made, max(count, 1))
                middle, last = taken[len(taken) // 2], taken[int(len(taken) * 0.99)]
                peer = peer or middle
                print(f"{name:34}{len(taken):>10}{middle:>10.2f}{last:>10.2f}{peer / middle:>12.1f}")
                connection.close()


def _taken(target, connection, made, count) -> list[float]:
    """Milliseconds of each question, sorted; every answer is checked."""
    draw = random.Random(2)
    marc.ask(target, marc.Wanted(isbns=(made[0].isbn,)), connection)
    taken = []
    for _ in range(count):
        title = draw.choice(made)
        began = time.perf_counter()
        _, answer = marc.ask(target, marc.Wanted(isbns=(title.isbn,)), connection)
        taken.append((time.perf_counter() - began) * 1e3)
        assert marc.record_facts(answer.records[0]).record_id == f"bench{title.n:09d}"
    return sorted(taken)


if __name__ == "__main__":
    main()
