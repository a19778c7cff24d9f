"""What a soft PLC shows: every status block, written once a scan."""

from __future__ import annotations

from plc.handshake import Handshake, answer_word
from plc.image import Image
from plc.linestate import LineState
from plc.ownership import Ownership
from plc.packml import MODES, STATES
from plc.stationwork import Station, StationWork
from plc.tagmap import Value

_SLOW_SECONDS = 1.0
_TENTHS = 10


class Publisher:
    """Writes a line's state into its image; the counters move when what they stand for has changed."""

    def __init__(self, image: Image, line: LineState, owner: Ownership, stations: StationWork) -> None:
        self._image = image
        self._line = line
        self._owner = owner
        self._stations = stations
        self._map = line.map
        self._published: dict[str, object] = {}
        self._counters = {"zone_change": 0, "station_change": 0, "line_change": 0}
        self._news = 0
        self._slow_due = 0.0
        self._beat = 0
        self._eyes_at_boot = line.plant.eyes()

    @property
    def beat(self) -> int:
        """The PLC's beat."""
        return self._beat

    def publish(self, boot_id: int, hand: Handshake, stimulus_seq: int | None) -> None:
        """Show everything as of this scan; ``stimulus_seq`` is None where there is no dry run."""
        self._beat = (self._beat + 1) & 0xFFFF
        self._show_ring()
        self._show_stations()
        self._show_zones()
        self._show_times()
        self._show_line(boot_id, hand, stimulus_seq)
        self._image.beat(self._beat, self._owner.stamp)

    def _is_change(self, key: str, value: object) -> bool:
        if self._published.get(key) == value:
            return False
        self._published[key] = value
        return True

    def _count(self, counter: str) -> None:
        self._counters[counter] = (self._counters[counter] + 1) & 0xFFFF

    def _show_ring(self) -> None:
        ring = self._line.ring
        if not (ring.publish() or self._is_change("waiting", ring.waiting)):
            return
        self._image.put("ring", {"head": ring.head, "waiting": ring.waiting})
        for index, event in enumerate(ring.entries):
            if event and self._is_change(f"event{index}", event):
                kind = self._map.number("event_kind", event.kind)
                values = {"seq": event.seq, "kind": kind, "zone": event.zone}
                self._image.put_entry("ring", index, {**values, "track_id": event.track_id, "ms": event.ms})

    def _show_stations(self) -> None:
        changed = [self._show_station(station) for station in self._stations]
        if any(changed):
            self._count("station_change")

    def _show_station(self, station: Station) -> bool:
        hand, task = station.hand, station.task
        shown: dict[str, Value] = {
            "ack_seq": hand.ack_seq,
            "ack_code": self._map.number("ack", hand.ack_code),
            "done_seq": hand.done_seq,
            "done_code": self._map.number("result", hand.done_code),
            "flags": self._flags(station),
            "results": (*hand.results, 0, 0, 0, 0)[:4],
        }
        changed = self._is_change(station.name, shown)
        if changed:
            self._image.put_entry("stations", station.slot, shown)
        progress = task.progress(self._line.now) if task else 0
        if self._is_change(f"progress {station.name}", progress):
            self._image.put_entry("stations", station.slot, {"progress": progress})
        return changed

    def _flags(self, station: Station) -> int:
        busy = station.task is not None
        blocked = station.task is not None and station.task.phase == "waiting"
        starved = not busy and station.zone.track_id == 0 and self._line.unit.state == "execute"
        if station is self._stations[0]:
            starved = station.ran_empty
        return busy | blocked << 1 | starved << 2

    def _show_zones(self) -> None:
        changed = [self._show_zone(station) for station in self._stations]
        if any(changed):
            self._count("zone_change")

    def _show_zone(self, station: Station) -> bool:
        zone = station.zone
        age = min(0xFFFF, int((self._line.now - zone.since) * _TENTHS))
        state = self._map.number("zone_state", zone.state)
        shown = {"track_id": zone.track_id, "occupied": int(zone.occupied), "state": state}
        changed = self._is_change(f"zone {zone.name}", shown)
        if changed:
            self._image.put_entry("zones", station.slot, shown)
        if self._is_change(f"age {zone.name}", age):
            self._image.put_entry("zones", station.slot, {"age": age})
        return changed

    def _show_times(self) -> None:
        line = self._line
        if line.now < self._slow_due:
            return
        self._slow_due = line.now + _SLOW_SECONDS
        entered, left = line.plant.eyes()
        self._image.put(
            "times",
            {
                "since_reset": int(line.uptime * _TENTHS),
                "state_time": int(line.in_state * _TENTHS),
                "cumulative": tuple(int(seconds * _TENTHS) for seconds in line.cumulative),
                "consumed": entered - self._eyes_at_boot[0],
                "processed": left - self._eyes_at_boot[1],
                "defective": line.defective,
                "mode_cumulative": tuple(int(seconds * _TENTHS) for seconds in line.by_mode),
            },
        )

    def _show_line(self, boot_id: int, hand: Handshake, stimulus_seq: int | None) -> None:
        line = self._line
        entered, left = line.plant.eyes()
        cold: dict[str, Value] = {
            "done_code": self._map.number("result", hand.done_code),
            "owner": self._owner.token,
            "entered": entered,
            "left": left,
            "guard": line.guard(),
            "stop_reason": self._map.number("stop_reason", line.stop_reason),
            "alarm_count": len(line.alarms),
            "alarms": (*line.alarms, 0, 0, 0, 0)[:4],
            "options": int(stimulus_seq is not None),
            "stimulus_seq": stimulus_seq or 0,
        }
        if self._is_change("line", cold):
            self._count("line_change")
            self._image.put("line", cold)
        safe = line.plant.safety_ok()
        hot: dict[str, Value] = {
            "boot_id": boot_id,
            "state": STATES.index(line.unit.state),
            "mode": MODES.index(line.unit.mode) + 1,
            "ack_seq": hand.ack_seq,
            "ack_code": self._map.number("ack", hand.ack_code),
            "done_seq": hand.done_seq,
            "safety": safe | (line.unit.state == "aborted" and not safe) << 1,
            "event_head": line.ring.head,
            **self._counters,
        }
        self._image.put("line", {**hot, "heartbeat_echo": self._owner.heartbeat})
        self._show_pulse(hot, hand)

    def _show_pulse(self, hot: dict[str, Value], hand: Handshake) -> None:
        """WC-FR-007 and WC-HS-011, for lines on which the rest takes long."""
        if self._is_change("hot", hot):
            self._news = (self._news + 1) & 0xFFFF
        self._image.put("pulse", {"news": self._news, "answer": self._answer(hand)})
        for station in self._stations:
            self._image.put_entry("pulse", station.slot, {"answer": self._answer(station.hand)})

    def _answer(self, hand: Handshake) -> int:
        return answer_word(hand.ack_seq, self._map.number("ack", hand.ack_code))
