"""The database behind the site store: durable, migrated, and plain about what it refuses."""

import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy.dialects import postgresql
from sqlalchemy.schema import CreateIndex, CreateTable

from workcell.kernel.errors import BadInput, ConfigError, StorageFull
from workcell.site import Site, schema
from workcell.site.database import Database, stamp, take_next

REPOSITORY = Path(__file__).parents[3]


@pytest.fixture
def database(tmp_path):
    opened = Database.open(f"sqlite:///{tmp_path / 'site.db'}")
    yield opened
    opened.close()


def test_migrations_build_exactly_the_tables_of_the_schema(database):
    with database.read() as tx:
        assert compare_metadata(MigrationContext.configure(tx), schema.metadata) == []


def test_opening_again_keeps_what_is_there(tmp_path, noon):
    url = f"sqlite:///{tmp_path / 'site.db'}"
    first = Site.open(url)
    first.batches.open("B1", "line", "profile", [], noon)
    first.close()
    second = Site.open(url)
    assert [batch.id for batch in second.batches.all()] == ["B1"]
    second.close()


def test_commits_are_synced_and_foreign_keys_hold(database):
    with database.read() as tx:
        pragmas = {
            name: tx.exec_driver_sql(f"PRAGMA {name}").scalar()
            for name in ("journal_mode", "synchronous", "foreign_keys")
        }
    assert pragmas == {"journal_mode": "wal", "synchronous": 2, "foreign_keys": 1}


def test_tables_can_be_written_for_postgresql():
    dialect = postgresql.dialect()
    for table in schema.metadata.sorted_tables:
        assert str(CreateTable(table).compile(dialect=dialect))
        assert all(str(CreateIndex(index).compile(dialect=dialect)) for index in table.indexes)


def test_a_failing_transaction_leaves_nothing(database):
    with pytest.raises(RuntimeError), database.write() as tx:
        take_next(tx, "case")
        raise RuntimeError("power")
    with database.write() as tx:
        assert take_next(tx, "case") == 1


def test_a_full_disk_is_named(database):
    with database.write() as tx:
        pages = tx.exec_driver_sql("PRAGMA page_count").scalar()
        tx.exec_driver_sql(f"PRAGMA max_page_count={pages + 2}")
    with pytest.raises(StorageFull, match="the disk is full"):
        for n in range(1000):
            with database.write() as tx:
                take_next(tx, f"{n}:" + "x" * 2000)


def test_a_locked_store_is_named(tmp_path):
    path = tmp_path / "site.db"
    database = Database.open(f"sqlite:///{path}?timeout=0.05")
    holder = sqlite3.connect(path, isolation_level=None)
    holder.execute("BEGIN IMMEDIATE")
    with pytest.raises(StorageFull, match="another program keeps the site store locked"), database.write():
        pass
    holder.close()
    database.close()


def test_a_folder_that_is_not_there_is_named(tmp_path):
    with pytest.raises(StorageFull, match=r"can't be opened.*folder exists"):
        Database.open(f"sqlite:///{tmp_path / 'none' / 'site.db'}")


def test_a_file_that_is_no_store_is_named(tmp_path):
    path = tmp_path / "site.db"
    path.write_bytes(b"this is a letter, not a database" * 100)
    with pytest.raises(StorageFull, match="the file is no site store"):
        Database.open(f"sqlite:///{path}")


@pytest.mark.parametrize("url", ["", "no url", "nosuch://host/db"])
def test_a_text_that_is_no_database_url_is_a_configuration_error(url):
    with pytest.raises(ConfigError, match="Write sqlite"):
        Database.open(url)


def test_a_new_store_may_be_opened_by_several_processes_at_once(tmp_path):
    code = "import sys; from workcell.site import Site; Site.open(sys.argv[1]).close()"
    url = f"sqlite:///{tmp_path / 'site.db'}"
    processes = [subprocess.Popen([sys.executable, "-c", code, url], cwd=REPOSITORY) for _ in range(4)]
    assert [process.wait(60) for process in processes] == [0, 0, 0, 0]


def test_a_time_without_zone_is_refused(noon):
    assert stamp(noon) == "2026-03-02T12:00:00.000000+00:00"
    with pytest.raises(BadInput, match="without its zone"):
        stamp(noon.replace(tzinfo=None))


def test_a_counter_jumps_ahead_but_never_back(database):
    with database.write() as tx:
        assert [take_next(tx, "c", n) for n in (5, 1, 9, 2)] == [5, 6, 9, 10]
        assert take_next(tx, "other") == 1


def test_an_insert_that_another_process_made_first_is_tried_again(database):
    looks = []

    def work(tx: sa.Connection) -> int:
        looks.append(1)
        if len(looks) == 1:
            raise sa.exc.IntegrityError("insert", {}, Exception("duplicate"))
        return take_next(tx, "c")

    assert database.change(work) == 1


def test_a_database_without_its_driver_names_the_extra_that_brings_it(monkeypatch):
    monkeypatch.setitem(sys.modules, "psycopg", None)
    with pytest.raises(ConfigError, match=r"pip install 'cataloguing-workcell\[postgres\]'"):
        Database.open("postgresql+psycopg://library/site")
