"""The dry run: a line without books, whose photo-eyes and gauges are played, and the trouble it can be told.

It lets a vendor, the conformance kit and a tutorial run a whole line with nothing on it.  What each stimulus
does is written down in docs/reference/plc-contract.md (WC-DR-001..004).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

_PLAYED_MEASURES = {"height_mm10": 2290, "width_mm10": 1520, "thickness_mm10": 240, "weight_g": 480}


class DryPlant:
    """A Plant of counters and flags.  ``act`` and ``move`` are the seconds that everything takes."""

    def __init__(self, act: float = 0.3, move: float = 0.4) -> None:
        self._act_seconds = act
        self._move_seconds = move
        self._zones: set[str] = set()
        self._entered = 0
        self._left = 0
        self._guard = 0
        self._safe = True
        self._jamming: set[str] = set()
        self._losing: set[str] = set()
        self._empty = False
        self._stimuli: dict[str, Callable[[str], None]] = {
            "guard": self._reach_in,
            "item": self._zones.add,
            "remove": self._zones.discard,
            "jam": self._jamming.add,
            "lose": self._losing.add,
            "empty": self._run_empty,
            "trip": self._trip,
            "safety_reset": self._reset_safety,
        }

    # --- stimuli -----------------------------------------------------------------------------------------

    def stimulate(self, kind: str, zone: str) -> None:
        """Play ``kind`` at ``zone``; what is not known does nothing."""
        play = self._stimuli.get(kind)
        if play is not None:
            play(zone)

    def _reach_in(self, zone: str) -> None:
        self._guard += 1

    def _run_empty(self, zone: str) -> None:
        self._empty = True

    def _trip(self, zone: str) -> None:
        self._safe = False

    def _reset_safety(self, zone: str) -> None:
        self._safe = True

    # --- the plant ---------------------------------------------------------------------------------------

    def occupied(self, zone: str) -> bool:
        """Give the played photo-eye."""
        return zone in self._zones

    def move_seconds(self, zone: str, to: str) -> float:
        """Every move takes the same time."""
        return self._move_seconds

    def move(self, zone: str, to: str) -> str:
        """Bring the item on, unless it was told to jam or to get lost."""
        if zone in self._jamming:
            self._jamming.discard(zone)
            return "jam"
        self._zones.discard(zone)
        if to.startswith("bin:"):
            self._left += 1
        elif zone in self._losing:
            self._losing.discard(zone)
        else:
            self._zones.add(to)
        return "ok"

    def act_seconds(self, station: str, verb: str, params: Mapping[str, int]) -> float:
        """Every act takes the same time."""
        return self._act_seconds

    def act(self, station: str, verb: str, params: Mapping[str, int]) -> tuple[str, dict[str, int]]:
        """Do as if; ``measure`` gives played measures."""
        if station in self._jamming:
            self._jamming.discard(station)
            return "jam", {}
        if verb == "feed":
            return self._feed(station), {}
        return "ok", dict(_PLAYED_MEASURES) if verb == "measure" else {}

    def _feed(self, station: str) -> str:
        if self._empty:
            self._empty = False
            return "empty"
        self._entered += 1
        if station in self._losing:
            self._losing.discard(station)
        else:
            self._zones.add(station)
        return "ok"

    def eyes(self) -> tuple[int, int]:
        """Items that entered and left."""
        return self._entered, self._left

    def guard(self) -> int:
        """How often somebody was said to have reached in."""
        return self._guard

    def safety_ok(self) -> bool:
        """Whether no trip was played, or it was reset."""
        return self._safe
