"""Where the profile wants labels and stamps on a copy, and whether what was seen stands there.

Places are told in millimetres by the face's outline in the picture and the copy's measured size.  A copy that
nobody measured, or a tolerance of 0, leaves a place unproven, and the proof says so.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from stations.spine_label import place
from stations.station import Copy
from workcell.kernel.model import Proof
from workcell.kernel.profile import Labels, Stamp, Surface

NOT_MEASURED = "not told: the copy was not measured"
NOT_ASKED = "not asked for"
NO_EDGES = "not told: the face's edges were not found"


@dataclass(frozen=True)
class Area:
    """A rectangle on a surface, in mm from its lower left; without ``across`` any place across it will do."""

    across: tuple[float, float] | None
    up: tuple[float, float]

    def __str__(self) -> str:
        sides = [self.up] if self.across is None else [self.across, self.up]
        return " × ".join(f"{least:.0f} to {most:.0f}" for least, most in sides) + " mm"

    def holds(self, other: Area, slack_mm: float) -> bool:
        """Whether another area lies inside this one, or reaches out by no more than that."""
        if self.across is not None and not (other.across and _within(other.across, self.across, slack_mm)):
            return False
        return _within(other.up, self.up, slack_mm)


def _within(inner: tuple[float, float], outer: tuple[float, float], slack: float) -> bool:
    return inner[0] >= outer[0] - slack and inner[1] <= outer[1] + slack


def size_in_view(copy: Copy, surface: Surface) -> list[float | None] | None:
    """Width and height in mm of the face that shows ``surface``; None for a copy that was not measured.

    A label wider than the spine shows with it on the covers, so that a spine in view has no known width.
    """
    if copy.size_mm is None or not all(copy.size_mm):
        return None
    width, height = copy.size_mm
    return [None if surface is Surface.SPINE else width, height]


def label_areas(rules: Labels, surface: Surface) -> list[Area]:
    """Where item labels belong on a surface."""
    return [
        Area((one.x_mm, one.x_mm + rules.width_mm), (one.y_mm, one.y_mm + rules.height_mm))
        for one in rules.copies
        if one.surface is surface
    ]


def spine_label_area(rules: Labels, thickness_mm: float | None) -> tuple[Surface, Area]:
    """Where the spine label belongs on a copy of that thickness: surface and area."""
    surface, x_mm, y_mm = place(rules.spine, thickness_mm)
    up = (y_mm, y_mm + rules.spine.height_mm)
    return surface, Area(None if surface is Surface.SPINE else (x_mm, x_mm + rules.spine.width_mm), up)


def prove_areas(
    what: str, wanted: Sequence[Area], seen: Sequence[Mapping[str, Any] | None], copy: Copy,
    slack_mm: float, image: str,
) -> Proof:  # fmt: skip
    """Every area has its mark; ``seen`` are places as recognition tells them, None where it could not."""
    expected = ", ".join(map(str, wanted))
    untold = _untold(copy, slack_mm)
    if untold:
        return Proof(what, expected, untold, True, image)
    found = [_area(one) for one in seen if one is not None]
    told = ", ".join([*map(str, found), *[NO_EDGES] * (len(seen) - len(found))])
    placed = all(any(area.holds(one, slack_mm) for one in found) for area in wanted)
    return Proof(what, expected, told or "nothing", placed and len(found) == len(seen), image)


def prove_spot(what: str, stamp: Stamp, seen: Sequence[float] | None, copy: Copy, image: str) -> Proof:
    """The stamp's middle is where the profile wants it, or no further away than its tolerance."""
    expected = f"{stamp.x_mm:.0f} × {stamp.y_mm:.0f} mm, give or take {stamp.tolerance_mm:.0f}"
    untold = _untold(copy, stamp.tolerance_mm)
    if untold or seen is None:
        return Proof(what, expected, untold or NO_EDGES, bool(untold), image)
    away = max(abs(seen[0] - stamp.x_mm), abs(seen[1] - stamp.y_mm))
    return Proof(what, expected, f"{seen[0]:.0f} × {seen[1]:.0f} mm", away <= stamp.tolerance_mm, image)


def _untold(copy: Copy, slack_mm: float) -> str:
    """Why a place is not proven at all; empty when it is."""
    if slack_mm == 0:
        return NOT_ASKED
    return "" if copy.size_mm is not None and all(copy.size_mm) else NOT_MEASURED


def _area(place: Mapping[str, Any]) -> Area:
    up = (place["y_mm"], place["y_mm"] + place["height_mm"])
    if place["x_mm"] is None:
        return Area(None, up)
    return Area((place["x_mm"], place["x_mm"] + place["width_mm"]), up)
