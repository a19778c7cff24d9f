"""A plant whose behaviour a test writes down, and a hand at the registers of a soft PLC."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import pytest

from plc import SoftPlc, builtin_tagmap, default_manifest

SCAN = 0.02


class ScriptedPlant:
    """Books as names in zones; ``trouble`` overrides what a verb or a move answers."""

    def __init__(self) -> None:
        self.zones: dict[str, str] = {}
        self.bins: list[str] = []
        self.acts: list[tuple[str, str, dict[str, int]]] = []
        self.trouble: dict[str, str] = {}
        self.vanishing: set[str] = set()
        self.guards = 0
        self.safe = True
        self.entered = self.left = 0
        self.seconds = 0.1

    def occupied(self, zone: str) -> bool:
        return zone in self.zones

    def move_seconds(self, zone: str, to: str) -> float:
        return self.seconds

    def move(self, zone: str, to: str) -> str:
        if zone in self.trouble:
            return self.trouble.pop(zone)
        book = self.zones.pop(zone)
        if to.startswith("bin:"):
            self.bins.append(to)
            self.left += 1
        elif zone not in self.vanishing:
            self.zones[to] = book
        return "ok"

    def act_seconds(self, station: str, verb: str, params: Mapping[str, int]) -> float:
        return self.seconds

    def act(self, station: str, verb: str, params: Mapping[str, int]) -> tuple[str, dict[str, int]]:
        self.acts.append((station, verb, dict(params)))
        code = self.trouble.pop(verb, "ok")
        if verb == "feed" and code == "ok":
            self.zones["supply"] = f"book {params['track_id']}"
            self.entered += 1
        if verb == "measure":
            return code, {"height_mm10": 2290, "width_mm10": 1520, "thickness_mm10": 240, "weight_g": 480}
        return code, {}

    def eyes(self) -> tuple[int, int]:
        return self.entered, self.left

    def guard(self) -> int:
        return self.guards

    def safety_ok(self) -> bool:
        return self.safe


class Hand:
    """A host without a link: it writes command registers and reads status registers of one soft PLC."""

    def __init__(self, stations: Sequence[str], boot_id: int = 1) -> None:
        self.map = builtin_tagmap()
        self.plant = ScriptedPlant()
        self.plc = SoftPlc(self.plant, self.map, stations, boot_id=boot_id)
        self.codec = default_manifest().codec(self.map)
        self.now = 100.0
        self.token = 77
        self.heartbeat = 0
        self.stamp = 1
        self.event_ack = 0
        self.silent = False
        self._seq: dict[str, int] = {}

    def scan(self, seconds: float = SCAN) -> None:
        """Scan for so long, with a heartbeat each scan unless silent."""
        for _ in range(max(1, round(seconds / SCAN))):
            if not self.silent:
                self.beat()
            self.now += SCAN
            self.plc.scan(self.now)

    def beat(self, **others: int) -> None:
        self.heartbeat = self.heartbeat % 65535 + 1
        values = {
            "owner": self.token, "heartbeat": self.heartbeat, "stamp": self.stamp,
            "event_ack": self.event_ack, **others,
        }  # fmt: skip
        span = self.codec.field_span("line_command", "owner", "event_ack")
        self.plc.image.write(span.address, self.codec.encode("line_command", values)[: span.count])

    def line_command(
        self, name: str = "none", *, seq: int | None = None, mode: str = "none", token: int = -1
    ) -> int:
        """Write a line command and scan once; its ack code by name stands in ``line``."""
        seq = self.next("line") if seq is None else seq
        self.heartbeat = self.heartbeat % 65535 + 1
        values = {
            "owner": self.token if token < 0 else token, "heartbeat": self.heartbeat, "stamp": self.stamp,
            "event_ack": self.event_ack, "unit_mode": self.map.number("mode", mode),
            "cntrl_cmd": self.map.number("command", name), "cmd_seq": seq,
        }  # fmt: skip
        self.plc.image.write(
            self.codec.span("line_command").address, self.codec.encode("line_command", values)
        )
        self.now += SCAN
        self.plc.scan(self.now)
        return seq

    def next(self, unit: str) -> int:
        self._seq[unit] = self._seq.get(unit, 0) % 65535 + 1
        return self._seq[unit]

    def give(self, station: str, verb: str, *, seq: int | None = None, token: int = -1, **params: int) -> int:
        """Write a unit command, scan once, and give its number."""
        seq = self.next(station) if seq is None else seq
        spec = self.map.verbs[verb]
        words = self.codec.encode_list(spec.params, params)
        return self.give_words(station, spec.id, words, seq=seq, token=token)

    def give_words(
        self, station: str, verb: int, words: Sequence[int], *, seq: int | None = None, token: int = -1
    ) -> int:
        """The same with raw parameter words."""
        seq = self.next(station) if seq is None else seq
        values = {
            "owner": self.token if token < 0 else token, "verb": verb,
            "params": (*words, *(0,) * (6 - len(words))), "cmd_seq": seq,
        }  # fmt: skip
        slot = self.map.slot(station)
        address = self.codec.entry_span("station_command", slot).address
        self.plc.image.write(address, self.codec.encode_entry("station_command", values))
        self.scan()
        return seq

    def ack(self, station: str) -> str:
        return self.map.name("ack", self.station(station)["ack_code"])

    def done(self, station: str, seq: int) -> str | None:
        """The result code of ``seq``, or None while it has not ended."""
        entry = self.station(station)
        return self.map.name("result", entry["done_code"]) if entry["done_seq"] == seq else None

    def do(self, station: str, verb: str, **params: int) -> str:
        """Give a command and scan until it ends; its result code, or its ack code when refused."""
        seq = self.give(station, verb, **params)
        if self.ack(station) != "accepted":
            return self.ack(station)
        for _ in range(200):
            code = self.done(station, seq)
            if code is not None:
                return code
            self.scan()
        raise AssertionError(f"{station} {verb} did not end")

    def read(self, block: str) -> list[int]:
        span = self.codec.span(block)
        return self.plc.image.read(span.address, span.count)

    @property
    def line(self) -> dict[str, Any]:
        return self.codec.decode("line", self.read("line"))

    @property
    def state(self) -> str:
        return self.map.name("state", self.line["state"])

    @property
    def reason(self) -> str:
        return self.map.name("stop_reason", self.line["stop_reason"])

    @property
    def line_ack(self) -> str:
        return self.map.name("ack", self.line["ack_code"])

    @property
    def alarms(self) -> list[int]:
        return [alarm for alarm in self.line["alarms"] if alarm]

    def station(self, name: str) -> dict[str, Any]:
        return self.codec.decode_entries("stations", self.read("stations"))[self.map.slot(name)]

    def zone(self, name: str) -> tuple[int, str]:
        """TrackId and state."""
        entry: dict[str, Any] = self.codec.decode_entries("zones", self.read("zones"))[self.map.slot(name)]
        return entry["track_id"], self.map.name("zone_state", entry["state"])

    def events(self) -> list[tuple[int, str, str, int]]:
        """What stands in the ring, in order: EvSeq, kind, zone, TrackId."""
        entries: list[dict[str, Any]] = self.codec.decode_entries("ring", self.read("ring"))
        found = [
            (
                e["seq"],
                self.map.name("event_kind", e["kind"]),
                self.map.name("station", e["zone"]),
                e["track_id"],
            )
            for e in entries
            if e["seq"]
        ]
        return sorted(found)

    def start(self) -> None:
        """Own the line and bring it to Execute."""
        self.scan(0.1)
        for command in ("reset", "start"):
            self.line_command(command)
            self.scan(0.1)
        assert self.state == "execute"


STATIONS = ("supply", "posture", "stamp", "sort")


@pytest.fixture
def make_hand() -> Callable[..., Hand]:
    """Makes a soft PLC of four stations with a hand at its registers."""

    def make(stations: Sequence[str] = STATIONS, boot_id: int = 1) -> Hand:
        return Hand(stations, boot_id)

    return make


@pytest.fixture
def hand(make_hand: Callable[..., Hand]) -> Hand:
    """A line that executes, owned by the hand."""
    made: Hand = make_hand()
    made.start()
    return made
