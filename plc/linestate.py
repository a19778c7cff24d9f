"""The line as one PackML unit: its state, why it stopped, its alarms, events and times.

Everything that a scan of the soft PLC shares between its parts; ``now`` is the moment of that scan.
"""

from __future__ import annotations

from plc.packml import MODES, STATES, Unit
from plc.plant import Plant
from plc.tagmap import TagMap
from plc.tracking import EventRing, Zone

_GUARD_CIRCLE = 0xFFFF


class LineState:
    """State of a line from one power-up to the next.  Times are seconds of the scan's clock."""

    def __init__(self, plant: Plant, tagmap: TagMap) -> None:
        self.plant = plant
        self.map = tagmap
        self.unit = Unit("stopped")
        self.ring = EventRing()
        self.alarms: list[int] = []
        self.stop_reason = "none"
        self.now = 0.0
        self.since = 0.0
        self.cumulative = [0.0] * len(STATES)
        self.by_mode = [0.0] * len(MODES)
        self.defective = 0
        self._booted: float | None = None

    def start_scan(self, now: float) -> float:
        """Begin the scan at ``now``; seconds since the one before, booked to state and mode."""
        if self._booted is None:
            self._booted = self.now = self.since = now
        elapsed = now - self.now
        self.cumulative[STATES.index(self.unit.state)] += elapsed
        self.by_mode[MODES.index(self.unit.mode)] += elapsed
        self.now = now
        return elapsed

    @property
    def uptime(self) -> float:
        """Seconds since power-up."""
        return self.now - (self._booted if self._booted is not None else self.now)

    @property
    def in_state(self) -> float:
        """Seconds in the present state."""
        return self.now - self.since

    def guard(self) -> int:
        """Give the latched guard counter, 0 to 65534."""
        return self.plant.guard() % _GUARD_CIRCLE

    def fire(self, trigger: str, reason: str = "") -> bool:
        """Follow a trigger of PackML; False, and nothing changed, where the table has none.

        The first reason since Execute stands, but safety goes before others (WC-AL-004).
        """
        if not self.unit.fire(trigger):
            return False
        self.since = self.now
        if self.unit.state == "execute":
            self.stop_reason = "none"
        elif reason and (self.stop_reason == "none" or reason == "safety"):
            self.stop_reason = reason
        return True

    def event(self, kind: str, zone: Zone, track_id: int) -> None:
        """Note an edge."""
        self.ring.add(kind, zone.number, track_id, int(self.uptime * 1000) & 0xFFFF_FFFF)

    def raise_alarm(self, alarm: str, zone: int) -> None:
        """Let an alarm stand, once."""
        word = self.map.alarms[alarm].id + zone
        if word not in self.alarms:
            self.alarms.append(word)

    def stop_for(self, alarm: str, zone: Zone) -> None:
        """Raise an alarm at a zone, and hold the line for it."""
        self.raise_alarm(alarm, zone.number)
        self.fire("hold", alarm)
