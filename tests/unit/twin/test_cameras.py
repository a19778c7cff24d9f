"""The camera server: headers, refusals, a stale frame."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Any

import httpx

from workcell.kernel.clock import WallClock
from workcell.kernel.worker import InlineWorker
from workcell.twin import read_stored, stored_still
from workcell.twin.cameras import CameraServer
from workcell.twin.control import control_routes


@asynccontextmanager
async def _client(world: Any, reboots: list[str] | None = None) -> AsyncIterator[httpx.AsyncClient]:
    server = CameraServer(world, stored_still, InlineWorker(), WallClock(), seed=1)
    app = server.app(*control_routes(world, lambda: (reboots or []).append("reboot")))
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://twin") as client:
        yield client


async def test_a_still_shows_what_is_there_now_with_its_number_and_time(a_world: Callable[..., Any]) -> None:
    hand = a_world("t-en-1")
    async with _client(hand.world) as client:
        before = datetime.now(UTC)
        empty = await client.get("/cameras/posture-top/still?track_id=4&view=cover")
        hand.place("posture")
        seen = await client.get("/cameras/posture-top/still?track_id=2147483652&view=cover")
    assert (empty.status_code, seen.status_code) == (200, 200)
    assert read_stored(empty.content)["face"] is None
    assert read_stored(seen.content)["face"] == "back_cover"
    assert [int(still.headers["X-Frame-Number"]) for still in (empty, seen)] == [1, 2]
    assert seen.headers["X-Track-Id"] == "2147483652"
    assert seen.headers["X-Captured-At"].endswith("Z")
    assert before <= datetime.fromisoformat(empty.headers["X-Captured-At"]) <= datetime.now(UTC)


async def test_each_camera_counts_for_itself(a_world: Callable[..., Any]) -> None:
    async with _client(a_world("t-en-1").world) as client:
        numbers = [
            (await client.get(f"/cameras/{name}/still")).headers["X-Frame-Number"]
            for name in ("capture-top", "capture-top", "capture-under")
        ]
    assert numbers == ["1", "2", "1"]


async def test_an_unknown_camera_and_a_wrong_track_id_are_refused(a_world: Callable[..., Any]) -> None:
    async with _client(a_world("t-en-1").world) as client:
        assert (await client.get("/cameras/roof/still")).status_code == 404
        for wrong in ("x", "-1", "4294967296"):
            assert (await client.get(f"/cameras/capture-top/still?track_id={wrong}")).status_code == 400


async def test_a_stale_frame_is_repeated_once(a_world: Callable[..., Any]) -> None:
    hand = a_world("t-en-1", faults={"stale_frame": True})
    async with _client(hand.world) as client:
        first = await client.get("/cameras/posture-top/still?track_id=1")
        hand.place("posture", 2)
        stale = await client.get("/cameras/posture-top/still?track_id=2")
        fresh = await client.get("/cameras/posture-top/still?track_id=2")
    assert (stale.content, stale.headers["X-Frame-Number"]) == (first.content, "1")
    assert (fresh.headers["X-Frame-Number"], fresh.headers["X-Track-Id"]) == ("2", "2")
    assert read_stored(fresh.content)["copy"] == "copy-0001"


async def test_people_at_the_line(a_world: Callable[..., Any]) -> None:
    hand, reboots = a_world("t-en-1", faults={"jam": {"zone": "capture", "tries": 5}}), ["-"]
    hand.place("capture")
    async with _client(hand.world, reboots) as client:
        assert (await client.post("/twin/guard")).json() == {"guard": 1}
        assert hand.world.move("capture", "page_turn") == "jam"
        assert (await client.post("/twin/jam-clear?zone=capture")).status_code == 200
        assert hand.world.move("capture", "page_turn") == "ok"
        taken = await client.post("/twin/take-book?zone=page_turn")
        assert taken.json() == {"zone": "page_turn", "book": "copy-0001", "guard": 3}
        assert (await client.post("/twin/take-book?zone=roof")).status_code == 400
        assert (await client.post("/twin/reboot-plc")).status_code == 200
    assert reboots == ["-", "reboot"]
