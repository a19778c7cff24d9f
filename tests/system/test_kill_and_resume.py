"""The conductor dies by SIGKILL at random moments; no book is lost and no number doubled."""

import random
import signal
import sqlite3
import subprocess
import time
from contextlib import closing

import pytest
import truth_checker
from processes import Batch

from workcell.line.journal import journal_path, line_folder, read_events, verify_chain

KILLS = 20
MOST_EVENTS_A_LIFE = 50


@pytest.mark.timeout(600)
def test_twenty_kills_lose_no_book_and_double_no_barcode(tmp_path):
    draw = random.Random(2026)
    with Batch(tmp_path, books=6, seed=4, speed=12) as batch:
        folder = line_folder(batch.store, "twin")
        kills = 0
        conductor = batch.conduct()
        while kills < KILLS and _killed_in_time(conductor, folder, draw):
            kills += 1
            conductor = batch.conduct(*(["--resume"] if _opened(folder) else []))
        assert conductor.wait(300) in (0, 1), batch.log()[-3000:]
        while kills < KILLS:  # the batch was through before the last kill: the rest hits the handing over
            conductor = batch.conduct("--resume")
            time.sleep(draw.uniform(0.5, 3.0))
            conductor.send_signal(signal.SIGKILL)
            conductor.wait()
            kills += 1
        if not (batch.out / "batch.json").exists():
            assert batch.conduct("--resume").wait(120) in (0, 1), batch.log()[-3000:]
    summary = batch.summary()
    assert summary["books_fed"] == 6
    assert summary["catalogued"] + summary["review"] + summary["rejected"] == 6
    assert summary["lost"] == 0
    assert summary["duplicates_of_barcode"] == summary["proofs_failed"] == 0
    assert truth_checker.check(batch.out) == []
    assert verify_chain(folder) > 200


def _opened(folder):
    return any(event.type == "batch.opened" for event in read_events(folder))


def _written(folder):
    """The number of the last event in the journal."""
    if not journal_path(folder).exists():
        return 0
    with closing(sqlite3.connect(f"file:{journal_path(folder)}?mode=ro", uri=True)) as db:
        try:
            return db.execute("SELECT max(seq) FROM events").fetchone()[0] or 0
        except sqlite3.OperationalError:  # the conductor is just making it
            return 0


def _killed_in_time(conductor, folder, draw):
    """Kill the conductor some events into its life; False when it came to its end before."""
    target = _written(folder) + draw.randrange(1, MOST_EVENTS_A_LIFE)
    while conductor.poll() is None and _written(folder) < target:
        time.sleep(0.02)
    try:
        conductor.wait(draw.uniform(0.0, 0.2))
    except subprocess.TimeoutExpired:
        conductor.send_signal(signal.SIGKILL)
        conductor.wait()
        return True
    return False
