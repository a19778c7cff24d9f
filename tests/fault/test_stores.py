"""Journal and site store refuse: a clear error, a held line, and nothing lost when it goes on."""

import sqlite3

import pytest
from virtual_line import Death, on_virtual_time

from workcell.kernel.errors import Refused, StorageFull

SEED = 8


def first_foreseen(error):
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    return error


def test_a_full_disk_stops_the_conductor_with_a_clear_error_and_the_plc_holds(tmp_path):
    async def story(rig):
        def fill():
            db = rig.line.journal._journal._db
            pages = db.execute("PRAGMA page_count").fetchone()[0]
            db.execute(f"PRAGMA max_page_count = {pages}")

        rig.at(5.0, fill)
        with pytest.raises(BaseExceptionGroup) as caught:
            await rig.live()
        error = first_foreseen(caught.value)
        assert isinstance(error, StorageFull)
        assert "disk is full" in str(error)
        await rig.clock.sleep(3.0)
        assert rig.host.plc.unit.state == "held"
        summary = await rig.to_the_end()
        assert summary["books_fed"] == 2
        assert rig.broken() == []

    on_virtual_time(tmp_path / "line", story, books=2, seed=SEED)


def test_pictures_that_can_not_be_kept_stop_the_conductor_too(tmp_path):
    async def story(rig):
        def fill():
            files, put = rig.line.files, rig.line.files.put

            def refuse(data, suffix):
                if suffix == "json":
                    return put(data, suffix)
                raise StorageFull("an image can't be kept", subject="files", remedy="Make room.")

            files.put = refuse

        rig.at(4.0, fill)
        with pytest.raises(BaseExceptionGroup) as caught:
            await rig.live()
        assert isinstance(first_foreseen(caught.value), StorageFull)
        await rig.to_the_end()
        assert rig.broken() == []

    on_virtual_time(tmp_path / "line", story, books=2, seed=SEED)


def test_a_locked_site_store_is_named_and_the_batch_goes_on_once_it_is_free(tmp_path):
    async def story(rig):
        other = sqlite3.connect(rig.folder / "site.sqlite", isolation_level=None)
        rig.at(4.0, lambda: other.execute("BEGIN IMMEDIATE"))
        with pytest.raises(BaseExceptionGroup) as caught:
            await rig.live()
        error = first_foreseen(caught.value)
        assert isinstance(error, StorageFull)
        assert "locked" in str(error)
        other.execute("ROLLBACK")
        other.close()
        await rig.to_the_end()
        assert rig.broken() == []

    on_virtual_time(tmp_path / "line", story, books=2, seed=SEED)


def test_a_second_conductor_is_refused_and_the_first_goes_on(tmp_path):
    async def story(rig):
        async def second():
            await rig.clock.sleep(5.0)
            first = rig.line
            with pytest.raises(Refused, match="another conductor"):
                await rig.live()
            rig.line = first

        summary = await rig.alongside(second(), rig.to_the_end())
        assert summary["books_fed"] == 2
        assert rig.broken() == []

    on_virtual_time(tmp_path / "line", story, books=2, seed=SEED)


def test_the_journal_read_back_is_the_live_state_at_every_death(tmp_path):
    """The fold of what is on disk equals what the dead conductor had in mind, but for its last event."""
    from virtual_line import told

    from workcell.line.projection import fold

    async def story(rig):
        for place in (40, 30, 30):
            assert not await rig.live(Death(place))
            assert told(fold(rig.events(), keeps_past=False)) == told(rig.line.state)

    on_virtual_time(tmp_path / "line", story, books=2, seed=SEED)
