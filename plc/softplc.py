"""The soft PLC: control and tracking of the line over a Plant, one ``scan`` at a time.

It keeps no clock and does no I/O: its host calls ``scan(now)`` at the PLC's cycle and lets the wire read and
write ``image``.  All state changes happen in ``scan``.  The rules are those of
docs/reference/plc-contract.md, whose ids stand beside the code that keeps them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import cast

from plc.handshake import Handshake
from plc.image import Image
from plc.manifest import Manifest, default_manifest
from plc.packml import MODES, STATES, TARGETS, WAIT_STATES, Unit
from plc.plant import Plant
from plc.tagmap import TagMap, Value, VerbSpec
from plc.tracking import UNKNOWN_BIT, EventRing, Zone
from workcell.kernel.errors import BadInput, ConfigError

WATCHDOG_SECONDS = 1.0
_HOLDING_SECONDS = 0.04
_ROUNDING = 1e-6  # of added scan times
_LOST_FACTOR = 1.5
_LONGEST_SCAN = 0.1  # one scan that came late must not look like a silent host
_DISPUTE_SCANS = 3  # a photo-eye must contradict the table this often before it is believed
_SLOW_SECONDS = 1.0
_NO_COMPARE = 0xFFFF
_TENTHS = 10
_GUARD_CIRCLE = 0xFFFF
_OPERATOR_CONFIRMS = ("unhold", "clear", "reset")
_NEEDS_SAFETY = ("clear", "reset", "start", "unhold", "unsuspend")
_RETIRES_GRANTS = ("stop", "complete", "abort")


@dataclass
class _Task:
    """A command that a station carries out.

    ``phase``: "waiting" (granted, the way is not free), "acting", "moving", "arriving" (the matter has moved,
    the photo-eye of ``zone`` has not seen it yet).  Times are those of the scan.
    """

    seq: int
    verb: str
    params: Mapping[str, int]
    phase: str
    started: float
    ends: float
    track_id: int = 0
    zone: Zone | None = None
    to: str = ""

    def progress(self, now: float) -> int:
        """Per cent of its time."""
        if self.phase == "waiting":
            return 0
        whole = self.ends - self.started
        return 100 if whole <= 0 else max(0, min(100, int(100 * (now - self.started) / whole)))


@dataclass
class _Station:
    """A station: its place, its zone, its handshake, and what it is at."""

    name: str
    slot: int
    zone: Zone
    following: Zone | None
    hand: Handshake = field(default_factory=Handshake)
    task: _Task | None = None
    ran_empty: bool = False


class SoftPlc:
    """A line's PLC.  ``stations`` are those that exist, in the order in which a book meets them."""

    def __init__(
        self,
        plant: Plant,
        tagmap: TagMap,
        stations: Sequence[str],
        *,
        manifest: Manifest | None = None,
        boot_id: int = 1,
    ) -> None:
        manifest = manifest or default_manifest()
        if not stations:
            raise ConfigError("a line needs a station", subject="soft PLC", remedy="Name its stations.")
        self._plant = plant
        self._map = tagmap
        self._names = tuple(stations)
        self.image = Image(manifest.codec(tagmap), manifest.base)
        self._codec = self.image.codec
        self._command_span = self._codec.span("line_command")
        self._verbs = {verb.id: (name, verb) for name, verb in tagmap.verbs.items()}
        self._commands = {number: name for name, number in tagmap.enumerations["command"].items()}
        self._power_up(boot_id)

    def _power_up(self, boot_id: int) -> None:
        self.boot_id = boot_id
        self.unit = Unit("stopped")
        self.image.reset()
        self._ring = EventRing()
        self._stations = self._build_stations()
        self._by_zone = {station.zone.name: station for station in self._stations}
        self._line = Handshake()
        self._pending = ""
        self._alarms: list[int] = []
        self._stop_reason = "none"
        self._owner = 0
        self._heartbeat = 0
        self._stamp = 0
        self._silent = 0.0
        self._beat = 0
        self._unknown = 0
        self._booted: float | None = None
        self._before = 0.0
        self._now = 0.0
        self._state_since = 0.0
        self._eyes_at_boot = self._plant.eyes()
        self._cumulative = [0.0] * len(STATES)
        self._published: dict[str, object] = {}
        self._counters = {"zone_change": 0, "station_change": 0, "line_change": 0}
        self._slow_due = 0.0

    def _build_stations(self) -> list[_Station]:
        zones = [Zone(name, self._map.number("station", name)) for name in self._names]
        return [
            _Station(zone.name, self._map.slot(zone.name), zone, following)
            for zone, following in zip(zones, [*zones[1:], None], strict=True)
        ]

    def reboot(self) -> None:
        """Power off and on: registers, sequence numbers, TrackIds are lost, matter stays (WC-BT-002)."""
        self._power_up(self.boot_id % 0xFFFF + 1)

    def local_mode(self, mode: str) -> bool:
        """Turn the mode switch at the machine; False where the state forbids it (WC-MD-003)."""
        return self.unit.change_mode(mode)

    # --- one scan ----------------------------------------------------------------------------------------

    def scan(self, now: float) -> None:
        """One cycle at ``now``, monotonic seconds."""
        elapsed = self._start_scan(now)
        self._complete_state()
        self._watch_safety()
        self._take_line_commands(elapsed)
        for station in self._stations:
            self._take_command(station)
        for station in self._stations:
            self._advance(station)
        self._watch_zones()
        self._publish()

    def _start_scan(self, now: float) -> float:
        if self._booted is None:
            self._booted = self._before = self._state_since = now
        elapsed = now - self._before
        self._cumulative[STATES.index(self.unit.state)] += elapsed
        self._before = self._now = now
        self._beat = (self._beat + 1) & 0xFFFF
        return elapsed

    def _uptime(self) -> float:
        return self._now - (self._booted if self._booted is not None else self._now)

    # --- PackML ------------------------------------------------------------------------------------------

    def _fire(self, trigger: str, reason: str = "") -> bool:
        if not self.unit.fire(trigger):
            return False
        self._state_since = self._now
        if reason and (self._stop_reason == "none" or reason == "safety"):
            self._stop_reason = reason
        if self.unit.state == "aborting":
            self._abort_tasks()
        return True

    def _complete_state(self) -> None:
        if self._state_is_complete():
            self._fire("sc")
            if self.unit.state == "execute":
                self._stop_reason = "none"
        if self._pending and self.unit.state in (*WAIT_STATES, "execute"):
            code = "ok" if self.unit.state == TARGETS[self._pending] else "aborted"
            self._line.finish(self._line.ack_seq, code)
            self._pending = ""

    def _state_is_complete(self) -> bool:
        """WC-PM-004: what an acting state waits for; Holding is bounded so that it ends in time."""
        running = any(station.task and station.task.phase != "waiting" for station in self._stations)
        if self.unit.state == "holding":
            return not running or self._now - self._state_since >= _HOLDING_SECONDS
        if self.unit.state in ("stopping", "completing", "suspending"):
            return not running
        return True

    def _watch_safety(self) -> None:
        """WC-SF-002: a trip arrives as Abort."""
        if not self._plant.safety_ok():
            self._fire("abort", "safety")
            self._raise_alarm("safety", 0)

    # --- the owner, and commands to the line -------------------------------------------------------------

    def _take_line_commands(self, elapsed: float) -> None:
        command = cast(
            "dict[str, int]", self._codec.decode("line_command", self.image.get(self._command_span))
        )
        self._watch_owner(command, elapsed)
        if command["owner"] == self._owner:
            self._stamp = command["stamp"]
            self._ring.acknowledge(command["event_ack"])
        if self._line.is_new(command["cmd_seq"]):
            self._line.answer(command["cmd_seq"], self._obey(command))

    def _watch_owner(self, command: Mapping[str, int], elapsed: float) -> None:
        """WC-OW-001..003 and WC-WD-001..003: who may write, and what happens when the writer falls silent."""
        token, changed = command["owner"], command["heartbeat"] != self._heartbeat
        if changed and token and self._owner in (0, token):
            self._owner, self._heartbeat, self._silent = token, command["heartbeat"], 0.0
        elif self._owner:
            self._silent += min(elapsed, _LONGEST_SCAN)
            if self._silent >= WATCHDOG_SECONDS - _ROUNDING or token == 0:
                self._lose_host(command["heartbeat"])

    def _lose_host(self, heartbeat: int) -> None:
        self._owner, self._heartbeat = 0, heartbeat
        self._withdraw_grants()
        self._fire("hold", "host_silent")

    def _obey(self, command: Mapping[str, int]) -> str:
        """Carry out a line command; its ack code."""
        name, mode = self._commands.get(command["cntrl_cmd"], ""), command["unit_mode"]
        if command["owner"] != self._owner or not self._owner:
            return "not_owner"
        if self.unit.mode != "production":
            return "wrong_mode"
        if name == "none" and 1 <= mode <= len(MODES):
            return self._obey_mode(MODES[mode - 1], command["cmd_seq"])
        if name in ("", "none") or mode:
            return "bad_parameter"
        return self._obey_state(name)

    def _obey_mode(self, mode: str, seq: int) -> str:
        if not self.unit.change_mode(mode):
            return "wrong_state"
        self._pending = ""
        self._line.finish(seq, "ok")
        return "accepted"

    def _obey_state(self, name: str) -> str:
        if not self.unit.may(name):
            return "wrong_state"
        if name in _NEEDS_SAFETY and not self._plant.safety_ok():
            return "interlock"
        self._fire(name, "" if name in _NEEDS_SAFETY else "command")
        self._pending = name
        if name in _RETIRES_GRANTS:
            self._withdraw_grants()
        if name in _OPERATOR_CONFIRMS:
            self._confirm()
        return "accepted"

    # --- commands to a station ---------------------------------------------------------------------------

    def _take_command(self, station: _Station) -> None:
        seq = self.image.word(self._codec.address("station_command", "cmd_seq", station.slot))
        if not station.hand.is_new(seq):
            return
        words = self.image.get(self._codec.entry_span("station_command", station.slot))
        command = self._codec.decode_entry("station_command", words)
        station.hand.answer(seq, self._begin(station, seq, command))

    def _begin(self, station: _Station, seq: int, command: Mapping[str, object]) -> str:
        """Start a unit command; its ack code.  The order of the questions is WC-HS-007."""
        if command["owner"] != self._owner or not self._owner:
            return "not_owner"
        if self.unit.mode != "production":
            return "wrong_mode"
        if self.unit.state != "execute" or station.task is not None:
            return "wrong_state"
        name, verb = self._verbs.get(cast("int", command["verb"]), ("", None))
        if verb is None or not self._map.has_verb(station.name, verb):
            return "bad_parameter"
        params = self._params(verb, cast("tuple[int, ...]", command["params"]))
        if params is None:
            return "bad_parameter"
        if name == "release":
            return self._begin_release(station, seq, params)
        if name == "feed":
            return self._begin_feed(station, seq, params)
        return self._begin_act(station, seq, name, params)

    def _params(self, verb: VerbSpec, words: Sequence[int]) -> dict[str, int] | None:
        try:
            return self._codec.decode_list(verb.params, words)
        except BadInput:
            return None

    def _begin_release(self, station: _Station, seq: int, params: Mapping[str, int]) -> str:
        if (station.following is None) != (params["destination"] > 0):
            return "bad_parameter"
        zone = station.zone
        if zone.state == "unconfirmed":
            return "interlock"
        if zone.track_id == 0:
            station.hand.finish(seq, "no_book")
        elif zone.track_id != params["track_id"]:
            station.hand.finish(seq, "wrong_book")
        else:
            to = station.following.name if station.following else f"bin:{params['destination']}"
            task = _Task(seq, "release", params, "waiting", self._now, self._now, zone.track_id, to=to)
            task.zone = station.following
            station.task = task
        return "accepted"

    def _begin_feed(self, station: _Station, seq: int, params: Mapping[str, int]) -> str:
        if not station.zone.free:
            return "interlock"
        self._begin_timed(station, seq, "feed", params)
        if station.task:
            station.task.track_id, station.task.zone = params["track_id"], station.zone
        station.zone.become("arriving", self._now)
        return "accepted"

    def _begin_act(self, station: _Station, seq: int, verb: str, params: Mapping[str, int]) -> str:
        if station.zone.state == "unconfirmed":
            return "interlock"
        if station.zone.track_id == 0:
            station.hand.finish(seq, "no_book")
        else:
            self._begin_timed(station, seq, verb, params)
        return "accepted"

    def _begin_timed(self, station: _Station, seq: int, verb: str, params: Mapping[str, int]) -> None:
        ends = self._now + self._plant.act_seconds(station.name, verb, params)
        station.task = _Task(seq, verb, params, "acting", self._now, ends)

    # --- what a station does -----------------------------------------------------------------------------

    def _advance(self, station: _Station) -> None:
        task = station.task
        if task is None:
            return
        if task.phase == "waiting":
            self._try_to_move(station, task)
        elif task.phase == "arriving":
            self._watch_arrival(station, task)
        elif self._now >= task.ends:
            self._end_move(station, task) if task.phase == "moving" else self._end_act(station, task)

    def _try_to_move(self, station: _Station, task: _Task) -> None:
        """WC-ZN-001..004: a movement starts in Execute only, into a free zone, with the guard as expected."""
        if self.unit.state != "execute" or (task.zone is not None and not task.zone.free):
            return
        if task.params["guard"] not in (_NO_COMPARE, self._guard()):
            self._finish(station, task, "guard_changed")
            return
        task.phase, task.started = "moving", self._now
        task.ends = self._now + self._plant.move_seconds(station.name, task.to)
        station.zone.become("leaving", self._now)
        if task.zone is not None:
            task.zone.become("arriving", self._now)

    def _guard(self) -> int:
        return self._plant.guard() % _GUARD_CIRCLE

    def _end_move(self, station: _Station, task: _Task) -> None:
        code = self._plant.move(station.name, task.to)
        if code != "ok":
            station.zone.become("occupied", self._now)
            if task.zone is not None:
                task.zone.become("empty", self._now)
            self._jam(station, task) if code == "jam" else self._finish(station, task, code)
            return
        station.zone.clear(self._now)
        self._event("departed", station.zone, task.track_id)
        if task.zone is None:
            self._event("left", station.zone, task.track_id)
            self._finish(station, task, "ok")
        else:
            self._expect_arrival(station, task)

    def _end_act(self, station: _Station, task: _Task) -> None:
        code, results = self._plant.act(station.name, task.verb, task.params)
        if task.verb == "feed":
            self._end_feed(station, task, code)
        elif code == "jam":
            self._jam(station, task)
        else:
            self._finish(station, task, code, results)

    def _end_feed(self, station: _Station, task: _Task, code: str) -> None:
        station.ran_empty = code == "empty"
        if code == "ok":
            self._expect_arrival(station, task)
            return
        station.zone.become("empty", self._now)
        self._jam(station, task) if code == "jam" else self._finish(station, task, code)

    def _expect_arrival(self, station: _Station, task: _Task) -> None:
        task.phase = "arriving"
        task.ends = task.started + _LOST_FACTOR * (task.ends - task.started)
        self._watch_arrival(station, task)

    def _watch_arrival(self, station: _Station, task: _Task) -> None:
        """WC-TT-004: no arrival within 1.5 times the travel time is Lost."""
        zone = task.zone or station.zone
        if self._plant.occupied(zone.name):
            zone.occupied = True
            zone.take(task.track_id, self._now)
            self._event("arrived", zone, task.track_id)
            self._finish(station, task, "ok")
        elif self._now >= task.ends:
            zone.become("unconfirmed", self._now)
            self._event("lost", zone, task.track_id)
            self._finish(station, task, "lost")
            self._stop_for("lost", zone)

    def _jam(self, station: _Station, task: _Task) -> None:
        """WC-AL-001: one jam, one alarm."""
        self._event("jam", station.zone, station.zone.track_id)
        self._finish(station, task, "jam")
        self._stop_for("jam", station.zone)

    def _finish(
        self, station: _Station, task: _Task, code: str, results: Mapping[str, int] | None = None
    ) -> None:
        station.hand.finish(task.seq, code, results)
        self._results_of(station, task.verb, results)
        station.task = None

    def _results_of(self, station: _Station, verb: str, results: Mapping[str, int] | None) -> None:
        fields = self._map.verbs[verb].results
        words = self._codec.encode_list(fields, results) if results else ()
        station.hand.results = {str(index): word for index, word in enumerate(words)}

    # --- taking back -------------------------------------------------------------------------------------

    def _withdraw_grants(self) -> None:
        """WC-ZN-005: a book that was granted and has not started to move stays where it is."""
        for station in self._stations:
            if station.task and station.task.phase == "waiting":
                self._finish(station, station.task, "withdrawn")

    def _abort_tasks(self) -> None:
        """WC-SF-003: nothing goes on, and no book's position is taken for granted."""
        self._withdraw_grants()
        for station in self._stations:
            if station.task:
                self._abort_task(station, station.task)
        for station in self._stations:
            zone = station.zone
            if zone.track_id or zone.state != "empty":
                zone.become("unconfirmed", self._now)

    def _abort_task(self, station: _Station, task: _Task) -> None:
        if task.phase == "arriving" and task.zone is not None:
            task.zone.track_id = task.track_id
        self._finish(station, task, "aborted")

    # --- zones -------------------------------------------------------------------------------------------

    def _watch_zones(self) -> None:
        """WC-TT-003, WC-TT-005: photo-eyes against the table."""
        for station in self._stations:
            zone = station.zone
            zone.occupied = self._plant.occupied(zone.name)
            contradicted = zone.occupied != bool(zone.track_id) and zone.state in ("empty", "occupied")
            if contradicted and (station.task is None or station.task.phase == "waiting"):
                zone.disputed += 1
                if zone.disputed >= _DISPUTE_SCANS:
                    self._settle(station)
            else:
                zone.disputed = 0

    def _settle(self, station: _Station) -> None:
        if station.zone.occupied:
            self._name_unknown(station.zone)
        elif self.unit.state == "execute":
            self._drop(station)
            station.zone.become("unconfirmed", self._now)
            self._stop_for("lost", station.zone)

    def _name_unknown(self, zone: Zone) -> None:
        self._unknown += 1
        zone.take(UNKNOWN_BIT | self._unknown, self._now)
        self._event("unknown", zone, zone.track_id)

    def _drop(self, station: _Station) -> None:
        self._event("removed", station.zone, station.zone.track_id)
        station.zone.clear(self._now)
        if station.task and station.task.phase == "waiting":
            self._finish(station, station.task, "no_book")

    def _confirm(self) -> None:
        """WC-AL-002: the operator's command says that what the photo-eyes show is right."""
        self._alarms.clear()
        for station in self._stations:
            if station.task is None or station.task.phase == "waiting":
                self._confirm_zone(station)

    def _confirm_zone(self, station: _Station) -> None:
        zone = station.zone
        if zone.state == "arriving":
            return
        zone.occupied = self._plant.occupied(zone.name)
        if zone.track_id and not zone.occupied:
            self._drop(station)
        elif zone.track_id:
            zone.become("occupied", self._now)
        elif zone.occupied:
            self._name_unknown(zone)
        else:
            zone.clear(self._now)

    # --- events and alarms -------------------------------------------------------------------------------

    def _event(self, kind: str, zone: Zone, track_id: int) -> None:
        self._ring.add(kind, zone.number, track_id, int(self._uptime() * 1000) & 0xFFFF_FFFF)

    def _stop_for(self, alarm: str, zone: Zone) -> None:
        self._raise_alarm(alarm, zone.number)
        self._fire("hold", alarm)

    def _raise_alarm(self, alarm: str, zone: int) -> None:
        word = self._map.alarms[alarm].id + zone
        if word not in self._alarms:
            self._alarms.append(word)

    # --- what the host sees ------------------------------------------------------------------------------

    def _publish(self) -> None:
        self._ring_to_image()
        self._stations_to_image()
        self._zones_to_image()
        self._times_to_image()
        self._line_to_image()
        self.image.beat(self._beat, self._stamp)

    def _is_change(self, key: str, value: object) -> bool:
        if self._published.get(key) == value:
            return False
        self._published[key] = value
        return True

    def _count(self, counter: str) -> None:
        self._counters[counter] = (self._counters[counter] + 1) & 0xFFFF

    def _ring_to_image(self) -> None:
        if not (self._ring.publish() or self._is_change("waiting", self._ring.waiting)):
            return
        self.image.put("ring", {"head": self._ring.head, "waiting": self._ring.waiting})
        for index, event in enumerate(self._ring.entries):
            if event and self._is_change(f"event{index}", event):
                kind = self._map.number("event_kind", event.kind)
                values = {"seq": event.seq, "kind": kind, "zone": event.zone}
                self.image.put_entry("ring", index, {**values, "track_id": event.track_id, "ms": event.ms})

    def _stations_to_image(self) -> None:
        changed = False
        for station in self._stations:
            hand, task = station.hand, station.task
            flags = self._flags(station)
            shown = (
                hand.ack_seq,
                hand.ack_code,
                hand.done_seq,
                hand.done_code,
                flags,
                *hand.results.values(),
            )
            if self._is_change(station.name, shown):
                changed = True
                results = (*hand.results.values(), 0, 0, 0, 0)[:4]
                self.image.put_entry(
                    "stations", station.slot,
                    {
                        "ack_seq": hand.ack_seq,
                        "ack_code": self._map.number("ack", hand.ack_code),
                        "done_seq": hand.done_seq,
                        "done_code": self._map.number("result", hand.done_code),
                        "flags": flags,
                        "results": results,
                    },
                )  # fmt: skip
            progress = task.progress(self._now) if task else 0
            if self._is_change(f"progress {station.name}", progress):
                self.image.put_entry("stations", station.slot, {"progress": progress})
        if changed:
            self._count("station_change")

    def _flags(self, station: _Station) -> int:
        busy = station.task is not None
        blocked = station.task is not None and station.task.phase == "waiting"
        starved = not busy and station.zone.track_id == 0 and self.unit.state == "execute"
        if station is self._stations[0]:
            starved = station.ran_empty
        return busy | blocked << 1 | starved << 2

    def _zones_to_image(self) -> None:
        changed = False
        for station in self._stations:
            zone = station.zone
            age = min(0xFFFF, int((self._now - zone.since) * _TENTHS))
            if self._is_change(f"zone {zone.name}", (zone.track_id, zone.state, zone.occupied)):
                changed = True
                state = self._map.number("zone_state", zone.state)
                values = {"track_id": zone.track_id, "occupied": int(zone.occupied), "state": state}
                self.image.put_entry("zones", station.slot, values)
            if self._is_change(f"age {zone.name}", age):
                self.image.put_entry("zones", station.slot, {"age": age})
        if changed:
            self._count("zone_change")

    def _times_to_image(self) -> None:
        if self._now < self._slow_due:
            return
        self._slow_due = self._now + _SLOW_SECONDS
        entered, left = self._plant.eyes()
        self.image.put(
            "times",
            {
                "since_reset": int(self._uptime() * _TENTHS),
                "state_time": int((self._now - self._state_since) * _TENTHS),
                "cumulative": tuple(int(seconds * _TENTHS) for seconds in self._cumulative),
                "consumed": entered - self._eyes_at_boot[0],
                "processed": left - self._eyes_at_boot[1],
            },
        )

    def _line_to_image(self) -> None:
        entered, left = self._plant.eyes()
        cold: dict[str, Value] = {
            "done_code": self._map.number("result", self._line.done_code),
            "owner": self._owner,
            "entered": entered,
            "left": left,
            "guard": self._guard(),
            "stop_reason": self._map.number("stop_reason", self._stop_reason),
            "alarm_count": len(self._alarms),
            "alarms": (*self._alarms, 0, 0, 0, 0)[:4],
        }
        if self._is_change("line", cold):
            self._count("line_change")
            self.image.put("line", cold)
        safe = self._plant.safety_ok()
        self.image.put(
            "line",
            {
                "boot_id": self.boot_id,
                "state": STATES.index(self.unit.state),
                "mode": MODES.index(self.unit.mode) + 1,
                "ack_seq": self._line.ack_seq,
                "ack_code": self._map.number("ack", self._line.ack_code),
                "done_seq": self._line.done_seq,
                "safety": safe | (self.unit.state == "aborted" and not safe) << 1,
                "event_head": self._ring.head,
                "heartbeat_echo": self._heartbeat,
                **self._counters,
            },
        )
