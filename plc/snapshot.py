"""What the host knows of the line: the last whole poll, and who waits for a change of it."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import cast

from plc.codec import Codec
from plc.handshake import is_newer
from plc.manifest import Manifest
from plc.tagmap import TagMap, Value
from workcell.kernel.errors import DeviceGone
from workcell.kernel.ports import LineView, TrackEvent, ZoneView

LINE = "line"
_COUNTERS = ("line_change", "station_change", "zone_change", "event_head")
_HEADER = ("signature", "map_version", "block_id", "beat", "stamp_echo")
_RESTLESS = ("beat", "stamp_echo", "heartbeat_echo")


@dataclass
class Read:
    """What one poll has brought; blocks that had not changed are None."""

    hot: dict[str, Value]
    stations: list[int] | None = None
    zones: list[int] | None = None
    ring: list[int] | None = None
    times: list[int] | None = None


@dataclass(frozen=True)
class _Seen:
    """What is known of the line; replaced as a whole, so that no reader sees half a poll."""

    line: Mapping[str, Value] = field(default_factory=dict)
    stations: tuple[Mapping[str, Value], ...] = ()
    zones: tuple[ZoneView, ...] = ()
    times: Mapping[str, Value] = field(default_factory=dict)


class Snapshot:
    """The last poll that could be believed."""

    def __init__(self, tagmap: TagMap, manifest: Manifest, codec: Codec, name: str) -> None:
        self._map = tagmap
        self._manifest = manifest
        self._codec = codec
        self._name = name
        self._seen = _Seen()
        self._counters: dict[str, int] = {}
        self._changed: asyncio.Future[None] | None = None
        self.ring_waiting = 0

    def use(self, read: Read) -> None:
        """Take over what one poll has read, as a whole."""
        before = self._seen
        line = {**before.line, **read.hot}
        self._counters = {name: cast("int", line[name]) for name in _COUNTERS}
        self._seen = _Seen(
            line=line,
            stations=self._stations_of(read.stations) or before.stations,
            zones=self._zones_of(read.zones) or before.zones,
            times=self._codec.decode("times", read.times) if read.times else before.times,
        )
        if read.stations or read.zones or _settled(line) != _settled(before.line):
            self.notify()

    def answer(self, unit: str, seq: int, code: int) -> None:
        """Take over how a command was answered, ahead of what else has changed."""
        answer: dict[str, Value] = {"ack_seq": seq, "ack_code": code}
        seen = self._seen
        if unit == LINE:
            self._seen = replace(seen, line={**seen.line, **answer})
        else:
            slot = self._map.slot(unit)
            stations = list(seen.stations)
            stations[slot] = {**stations[slot], **answer}
            self._seen = replace(seen, stations=tuple(stations))
        self.notify()

    def moved(self, hot: Mapping[str, Value], block: str) -> bool:
        """Whether the block's counter in the hot part is another one than at the last poll."""
        counter = self._map.blocks[block].counter or "line_change"
        return hot[counter] != self._counters.get(counter)

    def _stations_of(self, words: list[int] | None) -> tuple[dict[str, Value], ...]:
        return tuple(self._codec.decode_entries("stations", words)) if words else ()

    def _zones_of(self, words: list[int] | None) -> tuple[ZoneView, ...]:
        if not words:
            return ()
        entries = self._codec.decode_entries("zones", words)
        return tuple(self._zone_of(name, entries[self._map.slot(name)]) for name in self._manifest.stations)

    def _zone_of(self, name: str, entry: Mapping[str, Value]) -> ZoneView:
        state = self._map.name("zone_state", cast("int", entry["state"]))
        return ZoneView(name, cast("int", entry["track_id"]), state)

    def new_events(self, words: list[int], after: int) -> tuple[list[TrackEvent], int]:
        """Give the events of a ring that are newer than EvSeq ``after``, in order, and the newest EvSeq."""
        ring = self._codec.decode("ring", words)
        self.ring_waiting = cast("int", ring["waiting"])
        entries = [cast("dict[str, int]", entry) for entry in self._codec.decode_entries("ring", words)]
        fresh = [entry for entry in entries if is_newer(entry["seq"], after)]
        fresh.sort(key=lambda entry: (entry["seq"] - after) % 0xFFFF)
        return [self._event_of(entry) for entry in fresh], cast("int", ring["head"]) if fresh else after

    def _event_of(self, entry: Mapping[str, int]) -> TrackEvent:
        kind = self._map.name("event_kind", entry["kind"])
        zone = self._map.name("station", entry["zone"])
        return TrackEvent(entry["seq"], kind, zone, entry["track_id"], entry["ms"])

    # --- who asks ----------------------------------------------------------------------------------------

    def hand(self, unit: str) -> Mapping[str, Value]:
        """Give the unit's side of the handshake as last seen; ``line`` is the line itself."""
        return self._seen.line if unit == LINE else self._seen.stations[self._map.slot(unit)]

    def view(self, *, linked: bool) -> LineView:
        """Give the line as last seen; raises DeviceGone before the first poll."""
        line = self._seen.line
        if not line:
            raise DeviceGone("nothing was read yet", subject=self._name, remedy="Open the link.")
        alarms = cast("tuple[int, ...]", line["alarms"])
        return LineView(
            linked=linked,
            state=self._map.name("state", cast("int", line["state"])).capitalize(),
            mode=self._map.name("mode", cast("int", line["mode"])).capitalize(),
            boot_id=cast("int", line["boot_id"]),
            entered=cast("int", line["entered"]),
            left=cast("int", line["left"]),
            safety_ok=bool(cast("int", line["safety"]) & 1),
            zones=self._seen.zones,
            alarms=tuple(alarm for alarm in alarms if alarm),
            guard=cast("int", line["guard"]),
        )

    def times(self) -> Mapping[str, Value]:
        """Give the times block without its header."""
        return {name: value for name, value in self._seen.times.items() if name not in _HEADER}

    # --- who waits ---------------------------------------------------------------------------------------

    def notify(self) -> None:
        """Wake whoever waits for a change."""
        future, self._changed = self._changed, None
        if future is not None and not future.done():
            future.set_result(None)

    async def next_change(self) -> None:
        """Wait for a change."""
        if self._changed is None:
            self._changed = asyncio.get_running_loop().create_future()
        await asyncio.shield(self._changed)  # one waiter's timeout must not wake the others


def _settled(line: Mapping[str, Value]) -> dict[str, Value]:
    return {name: value for name, value in line.items() if name not in _RESTLESS}
