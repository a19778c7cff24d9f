"""The matter behind the soft PLC: how long things take, and what becomes of them.

It implements the plant that the soft PLC moves (``plc.plant.Plant``).  Times are those of the layout, with
jitter from a seeded generator, divided by the speed of the run.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace

import numpy as np

from workcell.kernel.layout import Layout
from workcell.twin.matter import Book, Lie, Opening
from workcell.twin.surfaces import SURFACES, signed16
from workcell.twin.world import World

_Result = tuple[str, dict[str, int]]

# Times never vary by more than this many standard deviations, and never below this share of the mean.
_DEVIATIONS, _LEAST_SHARE = 3.0, 0.2
# Gauge errors: standard deviation of a length in mm and of a weight in g.
_GAUGE_MM, _GAUGE_G = 0.15, 1.0
# What the aligning jaws leave.
_ALIGNED_DEG, _ALIGNED_MM = 0.3, 0.5


class TwinPlant:
    """The plant of the twin.  Codes: ok, no_book, no_label, empty, jam, interlock."""

    def __init__(self, world: World, layout: Layout, *, seed: int, speed: float) -> None:
        """``speed`` divides all times of motion; ``seed`` makes jitter and gauge errors."""
        self._world = world
        self._layout = layout
        self._speed = speed
        self._draw = np.random.default_rng([seed, 7])
        self._acts: dict[tuple[str, str], Callable[[str, Mapping[str, int]], _Result]] = {
            ("supply", "feed"): self._feed,
            ("posture", "measure"): self._measure,
            ("posture", "flip"): self._flip,
            ("posture", "rotate"): self._rotate,
            ("posture", "align"): self._align,
            ("capture", "hold"): self._hold,
            ("verify", "hold"): self._hold,
            ("stamp", "stamp"): self._stamp,
            ("barcode_label", "apply"): self._apply,
            ("spine_label", "apply"): self._apply,
            ("rfid", "place_tag"): self._place_tag,
        }
        for station in ("page_turn", "stamp", "barcode_label", "verify"):
            self._acts |= {
                (station, "open"): self._open,
                (station, "turn"): self._turn,
                (station, "close"): self._close,
            }

    # --- what the PLC sees -------------------------------------------------------------------------------

    def occupied(self, zone: str) -> bool:
        """The zone's photo-eye."""
        return self._world.book_in(zone) is not None

    def eyes(self) -> tuple[int, int]:
        """The counting photo-eyes: books in at supply, books out at sort."""
        return self._world.entered(), self._world.left()

    def guard(self) -> int:
        """The latched guard counter."""
        return self._world.guard_count()

    def safety_ok(self) -> bool:
        """Whether the safety circuit is closed; the twin has no emergency stop to press."""
        return True

    # --- how long it takes -------------------------------------------------------------------------------

    def move_seconds(self, zone: str, to: str) -> float:
        """Travel time from ``zone`` to the next zone or to "bin:N"."""
        if to.startswith("bin:"):
            return self._seconds(self._verb_seconds(zone, "divert") or self._travel())
        return self._seconds(self._travel())

    def act_seconds(self, station: str, verb: str, params: Mapping[str, int]) -> float:
        """Time of a unit command; turning takes its time for each leaf."""
        leaves = abs(signed16(params.get("leaves", 1))) if verb == "turn" else 1
        return self._seconds(self._verb_seconds(station, verb) * max(leaves, 1))

    def _travel(self) -> float:
        return self._layout.twin.travel_seconds if self._layout.twin else 0.0

    def _verb_seconds(self, station: str, verb: str) -> float:
        place = self._layout.station(station)
        if place is None:
            return 0.0
        # A station without a time of its own for turning a leaf opens and turns alike.
        return place.verbs.get(verb, place.verbs.get("open", 0.0) if verb == "turn" else 0.0)

    def _seconds(self, mean: float) -> float:
        jitter = self._layout.twin.jitter if self._layout.twin else 0.0
        deviation = float(np.clip(self._draw.normal(), -_DEVIATIONS, _DEVIATIONS))
        return mean * max(_LEAST_SHARE, 1.0 + jitter * deviation) / self._speed

    # --- what becomes of matter --------------------------------------------------------------------------

    def move(self, zone: str, to: str) -> str:
        """The book arrives: "ok", or stays where it is with the code why."""
        return self._world.move(zone, to)

    def act(self, station: str, verb: str, params: Mapping[str, int]) -> _Result:
        """The end of a unit command: its code and results by name; "interlock" for what no unit does."""
        act = self._acts.get((station, verb))
        return act(station, params) if act else ("interlock", {})

    def _feed(self, _station: str, params: Mapping[str, int]) -> _Result:
        return self._world.feed(params["track_id"]), {}

    def _measure(self, station: str, _params: Mapping[str, int]) -> _Result:
        """Lengths along the book's own axes: the gauge tells the closed spine from the three open edges."""
        book = self._world.book_in(station)
        if book is None:
            return "no_book", {}
        title = self._world.title(book)
        return "ok", {
            "height_mm10": self._gauged(title.height_mm, _GAUGE_MM, 10),
            "width_mm10": self._gauged(title.width_mm, _GAUGE_MM, 10),
            "thickness_mm10": self._gauged(title.thickness_mm, _GAUGE_MM, 10),
            "weight_g": self._gauged(title.weight_g, _GAUGE_G, 1),
        }

    def _gauged(self, true: float, deviation: float, per_unit: int) -> int:
        return max(0, round((true + deviation * float(self._draw.normal())) * per_unit))

    def _flip(self, station: str, _params: Mapping[str, int]) -> _Result:
        return self._with_closed(station, self._world.turn_over)

    def _rotate(self, station: str, params: Mapping[str, int]) -> _Result:
        quarters = signed16(params.get("quarters", 0))

        def rotate(book: Book) -> None:
            self._world.lie_again(book, replace(book.lie, turns=(book.lie.turns + quarters) % 4))

        return self._with_closed(station, rotate)

    def _align(self, station: str, _params: Mapping[str, int]) -> _Result:
        def align(book: Book) -> None:
            self._world.lie_again(book, self._aligned(book.lie))

        return self._with_closed(station, align)

    def _aligned(self, lie: Lie) -> Lie:
        rest = np.clip(self._draw.normal(size=3), -2, 2)
        return replace(
            lie,
            skew_deg=round(_ALIGNED_DEG * float(rest[0]), 2),
            dx_mm=round(_ALIGNED_MM * float(rest[1]), 1),
            dy_mm=round(_ALIGNED_MM * float(rest[2]), 1),
        )

    def _with_closed(self, station: str, change: Callable[[Book], None]) -> _Result:
        book = self._world.book_in(station)
        if book is None:
            return "no_book", {}
        change(book)
        return "ok", {}

    def _hold(self, station: str, _params: Mapping[str, int]) -> _Result:
        return ("ok" if self._world.book_in(station) else "no_book"), {}

    def _open(self, station: str, params: Mapping[str, int]) -> _Result:
        """A slipcase can't be opened."""
        book = self._world.book_in(station)
        if book is None:
            return "no_book", {}
        if self._world.title(book).binding == "slipcase":
            return "interlock", {}
        self._world.hold_open(book, Opening(end=params.get("end", 0)))
        return "ok", {}

    def _turn(self, station: str, params: Mapping[str, int]) -> _Result:
        book = self._world.book_in(station)
        if book is None:
            return "no_book", {}
        if book.opening is None:
            return "interlock", {}
        leaves = book.opening.leaves + signed16(params.get("leaves", 0))
        self._world.hold_open(book, replace(book.opening, leaves=leaves))
        return "ok", {}

    def _close(self, station: str, _params: Mapping[str, int]) -> _Result:
        book = self._world.book_in(station)
        if book is None:
            return "no_book", {}
        self._world.hold_open(book, None)
        return "ok", {}

    def _stamp(self, station: str, params: Mapping[str, int]) -> _Result:
        return self._at(params, lambda surface, x, y: self._world.stamp(station, surface, x, y))

    def _apply(self, station: str, params: Mapping[str, int]) -> _Result:
        return self._at(params, lambda surface, x, y: self._world.apply_label(station, surface, x, y))

    def _at(self, params: Mapping[str, int], mark: Callable[[str, float, float], str]) -> _Result:
        surface = SURFACES.get(params.get("surface", 0))
        if surface is None:
            return "interlock", {}
        x, y = (signed16(params.get(name, 0)) / 10 for name in ("x_mm10", "y_mm10"))
        return mark(surface, x, y), {}

    def _place_tag(self, station: str, _params: Mapping[str, int]) -> _Result:
        return self._world.place_tag(station), {}
