"""Recognition processes are supervised: a job that fails or hangs costs one answer, never the line."""

import asyncio

import pytest

from workcell.kernel.clock import WallClock
from workcell.kernel.errors import DeviceFault
from workcell.kernel.layout import Recognition
from workcell.line import worker
from workcell.line.jobs import ProcessJobs


@pytest.fixture
async def jobs():
    pool = ProcessJobs(Recognition(workers=1, recycle_after=2, seconds=30.0), WallClock())
    yield pool
    await pool.close()


async def test_a_job_that_fails_says_why_and_the_next_one_runs(jobs, tmp_path):
    picture = tmp_path / "notes.jpg"
    picture.write_text("no picture")
    with pytest.raises(DeviceFault, match=r"notes\.jpg"):
        await jobs.run("look", {"path": str(picture)})
    with pytest.raises(DeviceFault, match="KeyError"):
        await jobs.run("no such job", {})


async def test_a_killed_process_is_replaced(jobs):
    with pytest.raises(DeviceFault, match="KeyError"):
        await jobs.run("no such job", {})
    process = jobs._idle._queue[0]
    process._process.kill()
    await process._process.wait()
    with pytest.raises(DeviceFault, match="died"):
        await jobs.run("no such job", {})
    with pytest.raises(DeviceFault, match="KeyError"):
        await jobs.run("no such job", {})


async def test_a_job_that_hangs_is_killed_at_its_time_limit():
    pool = ProcessJobs(Recognition(workers=1, seconds=0.01), WallClock())
    with pytest.raises(DeviceFault, match="longer than"):
        await pool.run("no such job", {})
    await pool.close()


async def test_a_process_is_recycled_after_its_number_of_jobs(jobs):
    seen = set()
    for _ in range(4):
        with pytest.raises(DeviceFault):
            await jobs.run("no such job", {})
        seen.add(jobs._idle._queue[0]._process.pid)
    assert len(seen) == 2


def test_an_answer_carries_the_error_in_words():
    def broken(request):
        raise ValueError("no such page")

    assert worker.answer({"kind": "x", "request": {}}, {"x": broken}) == {"error": "ValueError: no such page"}
    assert asyncio.iscoroutinefunction(ProcessJobs.run)
