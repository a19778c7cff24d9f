"""The camera server: HTTP stills of what stands in front of each camera now.

``GET /cameras/{name}/still?track_id=N&view=V`` answers with the picture and the headers ``X-Frame-Number``
(rises by one a frame), ``X-Captured-At`` (ISO 8601, UTC) and ``X-Track-Id`` (echo of the request).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route

from workcell.kernel.ports import Clock, Worker
from workcell.twin.look import camera_places, look
from workcell.twin.scene import Render, Still
from workcell.twin.world import World

_LARGEST_TRACK_ID = 0xFFFF_FFFF


@dataclass(frozen=True)
class _Frame:
    still: Still
    number: int
    track_id: int
    captured_at: datetime

    def response(self) -> Response:
        headers = {
            "X-Frame-Number": str(self.number),
            "X-Captured-At": self.captured_at.isoformat().replace("+00:00", "Z"),
            "X-Track-Id": str(self.track_id),
            "Cache-Control": "no-store",
        }
        return Response(self.still.data, media_type=self.still.media_type, headers=headers)


class CameraServer:
    """All cameras of the line.  ``render`` makes the pictures, on ``worker``."""

    def __init__(self, world: World, render: Render, worker: Worker, clock: Clock, *, seed: int) -> None:
        self._world = world
        self._render = render
        self._worker = worker
        self._clock = clock
        self._seed = seed
        self._places = camera_places(world.layout)
        self._numbers: dict[str, int] = dict.fromkeys(self._places, 0)
        self._last: dict[str, _Frame] = {}

    def app(self, *more: BaseRoute) -> Starlette:
        """The ASGI application, with further routes of its host."""
        return Starlette(routes=[Route("/cameras/{name}/still", self._still), *more])

    async def _still(self, request: Request) -> Response:
        name = request.path_params["name"]
        track_id = request.query_params.get("track_id", "0")
        if name not in self._places:
            return _refused(404, f"no camera {name!r}; there are: {', '.join(self._places)}")
        if not (track_id.isdecimal() and int(track_id) <= _LARGEST_TRACK_ID):
            return _refused(400, f"track_id {track_id!r} is not a number of 32 bits")
        return (await self._take(name, int(track_id))).response()

    async def _take(self, name: str, track_id: int) -> _Frame:
        book = self._world.book_in(self._places[name][0])
        last = self._last.get(name)
        if last is not None and book is not None and self._world.spend(book, "stale_frame"):
            return last
        self._numbers[name] += 1
        number, captured_at = self._numbers[name], self._clock.wall()
        scene = look(self._world, name, number, self._seed)
        still = await self._worker.run(self._render, scene)
        self._last[name] = _Frame(still, number, track_id, captured_at)
        return self._last[name]


def _refused(status: int, text: str) -> Response:
    return JSONResponse({"error": text}, status_code=status)
