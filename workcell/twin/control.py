"""People and power around the line, for tests: a loopback endpoint beside the cameras.

``POST /twin/reboot-plc``, ``/twin/guard``, ``/twin/jam-clear?zone=Z``, ``/twin/take-book?zone=Z`` and
``/twin/truth``.  Each answers with JSON; ``truth`` writes ``truth.json`` too.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route

from workcell.twin.world import World


def control_routes(world: World, reboot_plc: Callable[[], None]) -> list[BaseRoute]:
    """The routes; ``reboot_plc`` switches the soft PLC off and on."""

    async def reboot(_request: Request) -> Response:
        reboot_plc()
        return JSONResponse({"done": "reboot-plc"})

    async def guard(_request: Request) -> Response:
        world.reach_in()
        return JSONResponse({"guard": world.guard_count()})

    async def truth(_request: Request) -> Response:
        world.settle_tags()
        world.write_truth()
        return JSONResponse(world.truth())

    def clear_jam(zone: str) -> dict[str, Any]:
        world.clear_jam(zone)
        return {"zone": zone, "guard": world.guard_count()}

    def take_book(zone: str) -> dict[str, Any]:
        return {"zone": zone, "book": world.take_book(zone), "guard": world.guard_count()}

    return [
        Route("/twin/reboot-plc", reboot, methods=["POST"]),
        Route("/twin/guard", guard, methods=["POST"]),
        Route("/twin/truth", truth, methods=["POST"]),
        Route("/twin/jam-clear", _at_zone(world, clear_jam), methods=["POST"]),
        Route("/twin/take-book", _at_zone(world, take_book), methods=["POST"]),
    ]


def _at_zone(world: World, act: Callable[[str], dict[str, Any]]) -> Callable[[Request], Any]:
    async def handle(request: Request) -> Response:
        zone = request.query_params.get("zone", "")
        if world.layout.station(zone) is None:
            names = ", ".join(place.name for place in world.layout.stations)
            return JSONResponse({"error": f"no zone {zone!r}; there are: {names}"}, status_code=400)
        return JSONResponse(act(zone))

    return handle
