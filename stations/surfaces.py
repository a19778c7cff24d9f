"""Surfaces as the PLC numbers them, and which of them need the book held open."""

from __future__ import annotations

from stations.station import Bench
from workcell.kernel.profile import Surface

NUMBER = {
    Surface.FRONT: 1,
    Surface.BACK: 2,
    Surface.SPINE: 3,
    Surface.TITLE_PAGE: 4,
    Surface.TITLE_VERSO: 5,
    Surface.INSIDE_BACK_COVER: 6,
    Surface.EDGE: 7,
}

_OPENING = {
    Surface.TITLE_PAGE: (("open", {"end": 0}),),
    Surface.TITLE_VERSO: (("open", {"end": 0}), ("turn", {"leaves": 1})),
    Surface.INSIDE_BACK_COVER: (("open", {"end": 1}),),
}


CAMERA = {
    Surface.BACK: ("top", "cover"),
    Surface.FRONT: ("under", "cover"),
    Surface.SPINE: ("spine", "spine"),
    Surface.TITLE_PAGE: ("page", "page"),
    Surface.TITLE_VERSO: ("page", "page"),
    Surface.INSIDE_BACK_COVER: ("page", "page"),
}
"""Which camera sees a surface, and what it should see."""


async def open_to(bench: Bench, surface: Surface) -> bool:
    """Open the book at ``surface``; returns whether it must be closed again."""
    for verb, params in _OPENING.get(surface, ()):
        await bench.act(verb, **params)
    return surface in _OPENING


def tenths(mm: float) -> int:
    """Millimetres as the PLC's scaled integer (tenths of a millimetre)."""
    return round(mm * 10)
