"""What the stations of a soft PLC do: take unit commands, act, move books on, and watch their zones.

The rules are those of docs/reference/plc-contract.md, whose ids stand beside the code that keeps them.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import cast

from plc.handshake import Handshake
from plc.image import Image
from plc.linestate import LineState
from plc.manifest import Manifest
from plc.ownership import Ownership
from plc.tagmap import VerbSpec
from plc.tracking import UNKNOWN_BIT, Zone
from workcell.kernel.errors import BadInput

_LOST_FACTOR = 1.5
_DISPUTE_SCANS = 3  # a photo-eye must contradict the table this often before it is believed
_NO_COMPARE = 0xFFFF
_DEFECTS = ("jam", "lost")


@dataclass
class Task:
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
class Station:
    """A station: its place, its zone, its handshake, and what it is at."""

    name: str
    slot: int
    zone: Zone
    following: Zone | None
    hand: Handshake = field(default_factory=Handshake)
    task: Task | None = None
    ran_empty: bool = False


class StationWork:
    """All stations of a line, in the order in which a book meets them."""

    def __init__(
        self,
        line: LineState,
        owner: Ownership,
        image: Image,
        names: Sequence[str],
        manifest: Manifest,
    ) -> None:
        self._without = manifest.without
        self._bins = manifest.bins
        self._line = line
        self._owner = owner
        self._image = image
        self._codec = image.codec
        self._verbs = {verb.id: (name, verb) for name, verb in line.map.verbs.items()}
        zones = [Zone(name, line.map.number("station", name)) for name in names]
        self._stations = [
            Station(zone.name, line.map.slot(zone.name), zone, following)
            for zone, following in zip(zones, [*zones[1:], None], strict=True)
        ]
        self._unknown = 0

    def __iter__(self) -> Iterator[Station]:
        return iter(self._stations)

    def __getitem__(self, index: int) -> Station:
        return self._stations[index]

    @property
    def running(self) -> bool:
        """Whether anything moves or acts."""
        return any(station.task and station.task.phase != "waiting" for station in self._stations)

    def scan(self) -> None:
        """Take new commands, go on with running ones, and compare the photo-eyes with the table."""
        for station in self._stations:
            self._take_command(station)
        for station in self._stations:
            self._advance(station)
        self._watch_zones()

    # --- commands to a station ---------------------------------------------------------------------------

    def _take_command(self, station: Station) -> None:
        seq = self._image.word(self._codec.address("station_command", "cmd_seq", station.slot))
        if not station.hand.is_new(seq):
            return
        words = self._image.get(self._codec.entry_span("station_command", station.slot))
        command = self._codec.decode_entry("station_command", words)
        station.hand.answer(seq, self._begin(station, seq, command))

    def _begin(self, station: Station, seq: int, command: Mapping[str, object]) -> str:
        """Start a unit command; its ack code.  The order of the questions is WC-HS-007."""
        if not self._owner.owns(cast("int", command["owner"])):
            return "not_owner"
        if self._line.unit.mode != "production":
            return "wrong_mode"
        if self._line.unit.state != "execute" or station.task is not None:
            return "wrong_state"
        name, verb = self._verbs.get(cast("int", command["verb"]), ("", None))
        if verb is None or not self._has(station.name, name, verb):
            return "bad_parameter"
        params = self._params(verb, cast("tuple[int, ...]", command["params"]))
        if params is None:
            return "bad_parameter"
        if name == "release":
            return self._begin_release(station, seq, params)
        if name == "feed":
            return self._begin_feed(station, seq, params)
        return self._begin_act(station, seq, name, params)

    def _has(self, station: str, name: str, verb: VerbSpec) -> bool:
        return self._line.map.has_verb(station, verb) and f"{station}.{name}" not in self._without

    def _params(self, verb: VerbSpec, words: Sequence[int]) -> dict[str, int] | None:
        try:
            return self._codec.decode_list(verb.params, words)
        except BadInput:
            return None

    def _begin_release(self, station: Station, seq: int, params: Mapping[str, int]) -> str:
        bins = range(1) if station.following else range(1, self._bins + 1)
        if params["destination"] not in bins:
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
            task = Task(
                seq, "release", params, "waiting", self._line.now, self._line.now, zone.track_id, to=to
            )
            task.zone = station.following
            station.task = task
        return "accepted"

    def _begin_feed(self, station: Station, seq: int, params: Mapping[str, int]) -> str:
        if not station.zone.free:
            return "interlock"
        self._begin_timed(station, seq, "feed", params)
        if station.task:
            station.task.track_id, station.task.zone = params["track_id"], station.zone
        station.zone.become("arriving", self._line.now)
        return "accepted"

    def _begin_act(self, station: Station, seq: int, verb: str, params: Mapping[str, int]) -> str:
        if station.zone.state == "unconfirmed":
            return "interlock"
        if station.zone.track_id == 0:
            station.hand.finish(seq, "no_book")
        else:
            self._begin_timed(station, seq, verb, params)
        return "accepted"

    def _begin_timed(self, station: Station, seq: int, verb: str, params: Mapping[str, int]) -> None:
        ends = self._line.now + self._line.plant.act_seconds(station.name, verb, params)
        station.task = Task(seq, verb, params, "acting", self._line.now, ends)

    # --- what a station does -----------------------------------------------------------------------------

    def _advance(self, station: Station) -> None:
        task = station.task
        if task is None:
            return
        if task.phase == "waiting":
            self._try_to_move(station, task)
        elif task.phase == "arriving":
            self._watch_arrival(station, task)
        elif self._line.now >= task.ends:
            self._end_move(station, task) if task.phase == "moving" else self._end_act(station, task)

    def _try_to_move(self, station: Station, task: Task) -> None:
        """WC-ZN-001..004: a movement starts in Execute only, into a free zone, with the guard as expected."""
        if self._line.unit.state != "execute" or (task.zone is not None and not task.zone.free):
            return
        if task.params["guard"] not in (_NO_COMPARE, self._line.guard()):
            self._finish(station, task, "guard_changed")
            return
        task.phase, task.started = "moving", self._line.now
        task.ends = self._line.now + self._line.plant.move_seconds(station.name, task.to)
        station.zone.become("leaving", self._line.now)
        if task.zone is not None:
            task.zone.become("arriving", self._line.now)

    def _end_move(self, station: Station, task: Task) -> None:
        code = self._line.plant.move(station.name, task.to)
        if code != "ok":
            station.zone.become("occupied", self._line.now)
            if task.zone is not None:
                task.zone.become("empty", self._line.now)
            self._jam(station, task) if code == "jam" else self._finish(station, task, code)
            return
        station.zone.clear(self._line.now)
        self._line.event("departed", station.zone, task.track_id)
        if task.zone is None:
            self._line.event("left", station.zone, task.track_id)
            self._finish(station, task, "ok")
        else:
            self._expect_arrival(station, task)

    def _end_act(self, station: Station, task: Task) -> None:
        code, results = self._line.plant.act(station.name, task.verb, task.params)
        if task.verb == "feed":
            self._end_feed(station, task, code)
        elif code == "jam":
            self._jam(station, task)
        else:
            self._finish(station, task, code, results)

    def _end_feed(self, station: Station, task: Task, code: str) -> None:
        station.ran_empty = code == "empty"
        if code == "ok":
            self._expect_arrival(station, task)
            return
        station.zone.become("empty", self._line.now)
        self._jam(station, task) if code == "jam" else self._finish(station, task, code)

    def _expect_arrival(self, station: Station, task: Task) -> None:
        task.phase = "arriving"
        task.ends = task.started + _LOST_FACTOR * (task.ends - task.started)
        self._watch_arrival(station, task)

    def _watch_arrival(self, station: Station, task: Task) -> None:
        """WC-TT-004: no arrival within 1.5 times the travel time is Lost."""
        zone = task.zone or station.zone
        if self._line.plant.occupied(zone.name):
            zone.occupied = True
            zone.take(task.track_id, self._line.now)
            self._line.event("arrived", zone, task.track_id)
            self._finish(station, task, "ok")
        elif self._line.now >= task.ends:
            zone.become("unconfirmed", self._line.now)
            self._line.event("lost", zone, task.track_id)
            self._finish(station, task, "lost")
            self._line.stop_for("lost", zone)

    def _jam(self, station: Station, task: Task) -> None:
        """WC-AL-001: one jam, one alarm."""
        self._line.event("jam", station.zone, station.zone.track_id)
        self._finish(station, task, "jam")
        self._line.stop_for("jam", station.zone)

    def _finish(
        self, station: Station, task: Task, code: str, results: Mapping[str, int] | None = None
    ) -> None:
        fields = self._line.map.verbs[task.verb].results
        words = self._codec.encode_list(fields, results) if results else ()
        self._line.defective += code in _DEFECTS
        station.hand.finish(task.seq, code, words)
        station.task = None

    # --- taking back -------------------------------------------------------------------------------------

    def withdraw_grants(self) -> None:
        """WC-ZN-005: a book that was granted and has not started to move stays where it is."""
        for station in self._stations:
            if station.task and station.task.phase == "waiting":
                self._finish(station, station.task, "withdrawn")

    def abort(self) -> None:
        """WC-SF-003: nothing goes on, and no book's position is taken for granted."""
        self.withdraw_grants()
        for station in self._stations:
            if station.task:
                self._abort_task(station, station.task)
        for station in self._stations:
            zone = station.zone
            if zone.track_id or zone.state != "empty":
                zone.become("unconfirmed", self._line.now)

    def _abort_task(self, station: Station, task: Task) -> None:
        if task.phase == "arriving" and task.zone is not None:
            task.zone.track_id = task.track_id
        self._finish(station, task, "aborted")

    # --- zones -------------------------------------------------------------------------------------------

    def _watch_zones(self) -> None:
        """WC-TT-003, WC-TT-005: photo-eyes against the table."""
        for station in self._stations:
            zone = station.zone
            zone.occupied = self._line.plant.occupied(zone.name)
            contradicted = zone.occupied != bool(zone.track_id) and zone.state in ("empty", "occupied")
            if contradicted and (station.task is None or station.task.phase == "waiting"):
                zone.disputed += 1
                if zone.disputed >= _DISPUTE_SCANS:
                    self._settle(station)
            else:
                zone.disputed = 0

    def _settle(self, station: Station) -> None:
        if station.zone.occupied:
            self._name_unknown(station.zone)
        elif self._line.unit.state == "execute":
            self._drop(station)
            station.zone.become("unconfirmed", self._line.now)
            self._line.stop_for("lost", station.zone)

    def _name_unknown(self, zone: Zone) -> None:
        self._unknown += 1
        zone.take(UNKNOWN_BIT | self._unknown, self._line.now)
        self._line.event("unknown", zone, zone.track_id)

    def _drop(self, station: Station) -> None:
        self._line.event("removed", station.zone, station.zone.track_id)
        station.zone.clear(self._line.now)
        if station.task and station.task.phase == "waiting":
            self._finish(station, station.task, "no_book")

    def confirm(self) -> None:
        """WC-AL-002: the operator's command says that what the photo-eyes show is right."""
        self._line.alarms.clear()
        for station in self._stations:
            if station.task is None or station.task.phase == "waiting":
                self._confirm_zone(station)

    def _confirm_zone(self, station: Station) -> None:
        zone = station.zone
        if zone.state == "arriving":
            return
        zone.occupied = self._line.plant.occupied(zone.name)
        if zone.track_id and not zone.occupied:
            self._drop(station)
        elif zone.track_id:
            zone.become("occupied", self._line.now)
        elif zone.occupied:
            self._name_unknown(zone)
        else:
            zone.clear(self._line.now)
