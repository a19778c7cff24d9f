"""The line journal: append-only, chained, one writer."""

import sqlite3

import pytest

from workcell.kernel.clock import WallClock
from workcell.kernel.errors import BadInput, Refused, StorageFull
from workcell.kernel.worker import InlineWorker
from workcell.line.journal import LineJournal, journal_path, read_events, read_last_batch, verify_chain


@pytest.fixture
def journal(tmp_path):
    journal = LineJournal(tmp_path, "line-1", WallClock(), InlineWorker())
    yield journal
    journal._db.close()


async def test_events_come_back_in_order_with_an_unbroken_chain(journal, tmp_path):
    for number in range(5):
        await journal.append("step.noted", {"n": number, "text": "书"}, book_id="b1")
    events = list(read_events(tmp_path))
    assert [event.body["n"] for event in events] == [0, 1, 2, 3, 4]
    assert [event.seq for event in read_events(tmp_path, after=3)] == [4, 5]
    assert verify_chain(tmp_path) == 5


async def test_what_came_before_the_last_batch_is_read_only_where_its_opening_does_not_tell_it(
    journal, tmp_path
):
    assert list(read_last_batch(tmp_path)) == []
    await journal.append("line.state", {})
    await journal.append("batch.opened", {})
    assert [event.seq for event in read_last_batch(tmp_path)] == [1, 2]
    for body in ({"carried": {}}, {"carried": {}}):
        await journal.append("batch.opened", body)
        await journal.append("batch.closed", {})
    assert [event.seq for event in read_last_batch(tmp_path)] == [5, 6]


async def test_an_event_can_be_neither_changed_nor_deleted(journal, tmp_path):
    await journal.append("step.noted", {"n": 1})
    db = sqlite3.connect(journal_path(tmp_path))
    with pytest.raises(sqlite3.IntegrityError, match="append only"):
        db.execute("UPDATE events SET body = '{}'")
    with pytest.raises(sqlite3.IntegrityError, match="append only"):
        db.execute("DELETE FROM events")
    db.close()


async def test_a_forged_event_is_found_by_its_hash(journal, tmp_path):
    await journal.append("step.noted", {"n": 1})
    await journal.append("step.noted", {"n": 2})
    db = sqlite3.connect(journal_path(tmp_path))
    db.execute("DROP TRIGGER events_stay")
    db.execute("""UPDATE events SET body = '{"n":9}' WHERE seq = 1""")
    db.commit()
    db.close()
    with pytest.raises(BadInput, match="event 1"):
        verify_chain(tmp_path)


async def test_a_second_conductor_for_the_same_line_is_refused(journal, tmp_path):
    with pytest.raises(Refused, match="already run by another conductor"):
        LineJournal(tmp_path, "line-1", WallClock(), InlineWorker())


async def test_a_writer_that_lost_its_lease_can_not_append(journal, tmp_path):
    await journal.append("step.noted", {"n": 1})
    db = sqlite3.connect(journal_path(tmp_path))
    db.execute("UPDATE lease SET fence = fence + 1")
    db.commit()
    db.close()
    with pytest.raises(Refused, match="another conductor"):
        await journal.append("step.noted", {"n": 2})
    assert len(list(read_events(tmp_path))) == 1


async def test_a_full_disk_is_named_and_nothing_is_half_written(journal, tmp_path):
    await journal.append("step.noted", {"n": 1})
    pages = journal._db.execute("PRAGMA page_count").fetchone()[0]
    journal._db.execute(f"PRAGMA max_page_count = {pages}")
    with pytest.raises(StorageFull, match="disk is full"):
        for _ in range(50):
            await journal.append("step.noted", {"text": "x" * 4000})
    count = verify_chain(tmp_path)
    journal._db.execute("PRAGMA max_page_count = 100000")
    await journal.append("step.noted", {"n": 2})
    assert verify_chain(tmp_path) == count + 1
