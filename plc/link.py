"""The host's link to a line's PLC: one poller, commands by sequence number, nothing ever guessed.

The poller alone reads; it writes the heartbeat, watches freshness, and after trouble reconnects and asks
BootId, AckSeq and DoneSeq before anything else.  ``execute`` and ``command`` write one command block and then
wait for what the poller sees, so that a command whose fate is unknown is asked by its number.
"""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import cast

from plc.handshake import is_newer, next_seq
from plc.manifest import Manifest, default_manifest
from plc.modbus import (
    Framer,
    MbapFramer,
    ModbusClient,
    Patience,
    Request,
    RtuFramer,
    read_request,
    read_write_request,
    write_request,
)
from plc.tagmap import Span, TagMap, Value, VerbSpec, Version, builtin_tagmap
from workcell.kernel.errors import ConfigError, DeviceFault, DeviceGone, Doubtful, Refused
from workcell.kernel.ports import Clock, Connect, Done, Ids, LineView, TrackEvent, ZoneView

log = logging.getLogger(__name__)

HEARTBEAT_SECONDS = 0.1
_SLOW_SECONDS = 1.0
_STALE_SECONDS = 1.0
_CLAIM_SECONDS = 3.0
_FIRST_PAUSE = 0.1
_LONGEST_PAUSE = 2.0
_EAGER_SECONDS = 0.004
_STAMPS_KEPT = 32
_OWNER_LIMIT = 0x7FFF_FFFF
_HALF = 0x8000
_ANSWER_SECONDS = 1.0
_ECHO_SCANS = 5
_ECHO_SECONDS = 0.2
_GIVEN_KEPT = 64
_PARAM_WORDS = 6
_LINE = "line"
_WITHDRAWN = "withdrawn"
_COUNTERS = ("line_change", "station_change", "zone_change", "event_head")
_HEADER = ("signature", "map_version", "block_id", "beat", "stamp_echo")
_RESTLESS = ("beat", "stamp_echo", "heartbeat_echo")

_ACK_TEXT = {
    "wrong_state": ("does not take this in its present state", "See the line's state; start or unhold it."),
    "bad_parameter": ("does not take these parameters", "See the verb's parameters in the contract."),
    "interlock": ("is interlocked", "See that the zone is free and confirmed and that safety is reset."),
    "not_owner": ("belongs to another host", "Only one host may command a line; stop the other one."),
    "wrong_mode": ("is not in Production", "Turn the mode switch at the machine to Production."),
}


class _Unfresh(Exception):
    """A block that can't be believed: not ours, from before, or out of order.  The text says why."""


class _Unanswered(Exception):
    """A request that is not repeated got no valid answer."""


@dataclass
class _Read:
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


class PlcLink:
    """LineLink over Modbus: TCP, or serial with ``rtu`` at ``baud``; ``name`` stands in messages.

    ``last_boot_id`` is the BootId that the host wrote down before it stopped (``LineView.boot_id``); with it
    ``outcome`` can tell a command that was never seen from one that a power-up has forgotten.
    """

    def __init__(
        self,
        connect: Connect,
        clock: Clock,
        ids: Ids,
        tagmap: TagMap | None = None,
        manifest: Manifest | None = None,
        *,
        name: str = "PLC",
        poll_seconds: float = 0.02,
        rtu: bool = False,
        baud: int = 115200,
        last_boot_id: int = 0,
        give_up_seconds: float = 15.0,
    ) -> None:
        self._connect = connect
        self._clock = clock
        self._map = tagmap or builtin_tagmap()
        self._manifest = manifest or default_manifest()
        self._codec = self._manifest.codec(self._map)
        self._name = name
        self._poll_seconds = poll_seconds
        self._framer: Callable[[], Framer] = (lambda: RtuFramer(baud)) if rtu else MbapFramer
        self._give_up_seconds = give_up_seconds
        self._accepted = self._map.number("ack", "accepted")
        self._patience = Patience(self._manifest.timing.reply_ms / 1000, self._manifest.timing.retries)
        # who we are, and what the PLC echoes of us
        self._token = 1 + ids.number(_OWNER_LIMIT)
        self._heartbeat = 0
        self._heartbeat_due = 0.0
        self._stamp = ids.number(_HALF)
        self._stamps: deque[int] = deque(maxlen=_STAMPS_KEPT)
        # the wire
        self._client: ModbusClient | None = None
        self._wire = asyncio.Lock()
        self._poller: asyncio.Task[None] | None = None
        self._wake = asyncio.Event()
        self._linked = False
        self._opened = False
        self._fatal: Exception | None = None
        # what was read
        self._seen = _Seen()
        self._changed: asyncio.Future[None] | None = None
        self._counters: dict[str, int] = {}
        self._slow_due = 0.0
        self._beat: int | None = None
        self._beat_moved = 0.0
        self._boot = 0
        self._earlier_boot = last_boot_id
        self._event_ack = 0
        self._ring_waiting = 0
        self._events: asyncio.Queue[TrackEvent | None] = asyncio.Queue()
        # what was asked
        self._reserved: dict[str, int] = {}
        self._given: dict[str, deque[int]] = {}
        self._unanswered = 0

    # --- life --------------------------------------------------------------------------------------------

    async def open(self) -> None:
        """Connect, check signature and version, claim the line and read all of it.

        Raises DeviceGone when nobody answers, DeviceFault when what answers is no workcell PLC, ConfigError
        when its map has another major version, Refused when another host owns the line.
        """
        await self._establish()
        self._poller = asyncio.get_running_loop().create_task(self._poll_forever())

    async def close(self) -> None:
        """Give the line up and close the wire; iterators of ``events`` end."""
        if self._poller is not None:
            self._poller.cancel()
            with suppress(asyncio.CancelledError):
                await self._poller
            self._poller = None
        if self._client is not None and self._linked:
            self._token = 0
            with suppress(DeviceGone, DeviceFault):
                await self._beat_heart(retries=0)
                await self._clock.sleep(self._scans(2))  # a scan must see it before another host writes
        await self._hang_up()
        self._linked = False
        self._notify()
        self._events.put_nowait(None)

    async def _hang_up(self) -> None:
        client, self._client = self._client, None
        if client is not None:
            await client.close()

    async def _establish(self) -> None:
        stream = await self._connect()
        self._client = ModbusClient(
            stream, self._framer(), self._clock, unit=self._manifest.unit, patience=self._patience
        )
        try:
            self._beat = None
            self._stamps.clear()
            await self._check_identity()
            await self._claim()
            await self._resync()
            await self._poll(everything=True)
            if not self._opened:
                await self._let_old_events_pass()
        except BaseException:
            await self._hang_up()
            raise
        if self._opened:
            self._tell("link_back")
        self._linked = self._opened = True
        self._notify()

    async def _check_identity(self) -> None:
        """Refuse a foreign device, and a map of another major version."""
        span = self._codec.hot_span("line")
        header = self._codec.decode("line", await self._run(read_request(span.address, span.count)))
        if header["signature"] != self._map.signature:
            raise DeviceFault(
                f"no workcell PLC answers at these registers (signature {header['signature']})",
                subject=self._name, remedy="Check base.status in the manifest.",
            )  # fmt: skip
        theirs = Version.of_word(cast("int", header["map_version"]))
        if theirs.major != self._map.version.major:
            raise ConfigError(
                f"the PLC has tag map {theirs}, this host {self._map.version}", subject=self._name,
                remedy="Bring both to the same major version.",
            )  # fmt: skip

    async def _claim(self) -> None:
        """Write our token until the PLC shows it as the owner."""
        span = self._codec.span("line")
        deadline = self._clock.now() + _CLAIM_SECONDS
        while True:
            await self._beat_heart()
            await self._clock.sleep(self._scans(2))
            line = self._codec.decode("line", await self._run(read_request(span.address, span.count)))
            if line["owner"] == self._token:
                return
            if self._clock.now() >= deadline:
                raise Refused(
                    "another host owns the line", subject=self._name,
                    remedy="Stop the other host; its claim ends one second after its last heartbeat.",
                )  # fmt: skip

    async def _let_old_events_pass(self) -> None:
        """Acknowledge what happened before ``open``, also what still waits for room in the ring."""
        deadline = self._clock.now() + _CLAIM_SECONDS
        while self._ring_waiting and self._clock.now() < deadline:
            await self._beat_heart()
            await self._clock.sleep(self._scans(2))
            await self._poll()

    # --- the poller --------------------------------------------------------------------------------------

    async def _poll_forever(self) -> None:
        try:
            due = self._clock.now()
            while True:
                await self._poll_or_recover()
                due = await self._pause(due)
        except Exception as error:  # whoever waits must learn that nobody polls any more
            self._linked, self._fatal = False, error
            log.error("%s: the poller has stopped (%s)", self._name, error)
            self._tell("link_lost")
            self._notify()

    async def _poll_or_recover(self) -> None:
        try:
            await self._poll()
        except (DeviceGone, DeviceFault) as error:
            await self._recover(error)

    async def _pause(self, due: float) -> float:
        """Wait for the next poll, less long while a command waits for its answer; when that poll was due."""
        period = min(self._poll_seconds, _EAGER_SECONDS) if self._unanswered else self._poll_seconds
        due = max(due + period, self._clock.now())
        with suppress(TimeoutError):
            async with self._clock.timeout(max(0.0, due - self._clock.now())):
                await self._wake.wait()
        self._wake.clear()
        return due

    async def _recover(self, error: Exception) -> None:
        """Say once that the link is lost, try until it is back, and say that once."""
        self._linked = False
        log.warning("%s: link lost (%s)", self._name, error)
        self._tell("link_lost")
        self._notify()
        await self._hang_up()
        pause = _FIRST_PAUSE
        while not self._linked:
            await self._clock.sleep(pause)
            pause = min(2 * pause, _LONGEST_PAUSE)
            with suppress(DeviceGone, DeviceFault, Refused):
                await self._establish()
        log.warning("%s: link back", self._name)

    def _tell(self, kind: str) -> None:
        self._events.put_nowait(TrackEvent(0, kind, "", 0, 0))

    async def _poll(self, *, everything: bool = False) -> None:
        """One poll; what came is used only when no answer in it was missing, strange or out of order."""
        problem = ""
        for _ in range(1 + self._patience.retries):
            try:
                if self._must_client().suspect:
                    await self._resync()
                seen = await self._read_changed(everything)
                if not self._must_client().suspect:
                    self._use(seen)
                    return
                problem = "answers came late or broken"
            except _Unfresh as error:
                problem = str(error)
                self._must_client().suspect = True
        raise DeviceGone(f"nothing fresh is read ({problem})", subject=self._name)

    async def _read_changed(self, everything: bool) -> _Read:
        """Read the hot part, then the blocks whose counters have moved."""
        hot = await self._read_hot()
        read = _Read(hot)
        everything = everything or hot["boot_id"] != self._boot
        if self._must_client().kind == "rtu" and (everything or self._moved(hot, "line")):
            read.hot = await self._read_line(self._codec.span("line"))
        if everything or self._moved(hot, "stations"):
            read.stations = await self._read_block("stations")
        if everything or self._moved(hot, "zones"):
            read.zones = await self._read_block("zones")
        if everything or self._moved(hot, "ring"):
            read.ring = await self._read_block("ring")
        if everything or self._clock.now() >= self._slow_due:
            self._slow_due = self._clock.now() + _SLOW_SECONDS
            read.times = await self._read_block("times")
        return read

    def _moved(self, hot: Mapping[str, Value], block: str) -> bool:
        counter = self._map.blocks[block].counter or "line_change"
        return hot[counter] != self._counters.get(counter)

    async def _read_hot(self) -> dict[str, Value]:
        codec = self._codec
        span = codec.span("line") if self._must_client().kind == "tcp" else codec.hot_span("line")
        if self._clock.now() < self._heartbeat_due:
            return await self._read_line(span)
        if not self._manifest.fc23:
            await self._beat_heart()
            return await self._read_line(span)
        address, values = self._next_heartbeat()
        words = await self._run(read_write_request(span.address, span.count, address, values))
        return self._fresh("line", words)

    async def _read_line(self, span: Span) -> dict[str, Value]:
        return self._fresh("line", await self._run(read_request(span.address, span.count)))

    async def _read_block(self, block: str) -> list[int]:
        words: list[int] = []
        for piece in self._codec.pieces(block, self._manifest.max_block):
            words += await self._run(read_request(piece.address, piece.count))
        self._fresh(block, words)
        return words

    def _fresh(self, block: str, words: Sequence[int]) -> dict[str, Value]:
        """The block's fixed fields; raises _Unfresh unless its header proves it to be what was asked for."""
        values = self._codec.decode(block, words)
        beat = cast("int", values["beat"])
        if values["signature"] != self._map.signature or values["block_id"] != self._map.blocks[block].id:
            raise _Unfresh(f"another block came instead of {block}")
        if values["stamp_echo"] not in self._stamps:
            raise _Unfresh(f"block {block} does not echo our stamp")
        rebooted = block == "line" and values["boot_id"] != self._boot
        if not rebooted and self._beat is not None and (beat - self._beat) & 0xFFFF >= _HALF:
            raise _Unfresh(f"block {block} is older than one that came before it")
        if beat != self._beat:
            self._beat, self._beat_moved = beat, self._clock.now()
        elif self._clock.now() - self._beat_moved > _STALE_SECONDS:
            raise DeviceGone("the PLC does not scan", subject=self._name, remedy="Start its program.")
        return values

    def _use(self, read: _Read) -> None:
        """Take over what one poll has read, as a whole."""
        boot = cast("int", read.hot["boot_id"])
        if boot != self._boot:
            self._enter_boot(boot)
        before = self._seen
        line = {**before.line, **read.hot}
        self._counters = {name: cast("int", line[name]) for name in _COUNTERS}
        self._seen = _Seen(
            line=line,
            stations=self._stations_of(read.stations) or before.stations,
            zones=self._zones_of(read.zones) or before.zones,
            times=self._codec.decode("times", read.times) if read.times else before.times,
        )
        if read.ring:
            self._take_events(read.ring)
        if read.stations or read.zones or _settled(line) != _settled(before.line):
            self._notify()

    def _stations_of(self, words: list[int] | None) -> tuple[dict[str, Value], ...]:
        return tuple(self._codec.decode_entries("stations", words)) if words else ()

    def _zones_of(self, words: list[int] | None) -> tuple[ZoneView, ...]:
        if not words:
            return ()
        entries = self._codec.decode_entries("zones", words)
        return tuple(
            ZoneView(
                name,
                cast("int", entries[self._map.slot(name)]["track_id"]),
                self._map.name("zone_state", cast("int", entries[self._map.slot(name)]["state"])),
            )
            for name in self._manifest.stations
        )

    def _enter_boot(self, boot: int) -> None:
        """Another BootId: the PLC has forgotten every number that was given before."""
        before = self._boot or self._earlier_boot
        self._boot = boot
        if before and before != boot:
            self._earlier_boot = before
            self._given.clear()
            self._event_ack = 0
            self._tell("rebooted")

    def _take_events(self, words: list[int]) -> None:
        ring = self._codec.decode("ring", words)
        self._ring_waiting = cast("int", ring["waiting"])
        entries = [cast("dict[str, int]", entry) for entry in self._codec.decode_entries("ring", words)]
        fresh = [entry for entry in entries if is_newer(entry["seq"], self._event_ack)]
        fresh.sort(key=lambda entry: (entry["seq"] - self._event_ack) % 0xFFFF)
        if self._opened:
            for entry in fresh:
                self._events.put_nowait(self._track_event(entry))
        if fresh:
            self._event_ack = cast("int", ring["head"])
            self._heartbeat_due = 0.0

    def _track_event(self, entry: Mapping[str, int]) -> TrackEvent:
        kind = self._map.name("event_kind", entry["kind"])
        zone = self._map.name("station", entry["zone"])
        return TrackEvent(entry["seq"], kind, zone, entry["track_id"], entry["ms"])

    # --- heartbeat and stamp -----------------------------------------------------------------------------

    def _next_heartbeat(self) -> tuple[int, list[int]]:
        """Address and registers of the next heartbeat, with a stamp that was not used before."""
        self._heartbeat = next_seq(self._heartbeat)
        self._stamp = next_seq(self._stamp)
        self._stamps.append(self._stamp)
        self._heartbeat_due = self._clock.now() + HEARTBEAT_SECONDS
        span = self._codec.field_span("line_command", "owner", "event_ack")
        return span.address, self._line_words({})[: span.count]

    def _line_words(self, command: Mapping[str, int]) -> list[int]:
        values = {
            "owner": self._token, "heartbeat": self._heartbeat, "stamp": self._stamp,
            "event_ack": self._event_ack,
        }  # fmt: skip
        return self._codec.encode("line_command", {**values, **command})

    async def _beat_heart(self, retries: int | None = None) -> None:
        address, values = self._next_heartbeat()
        await self._run(write_request(address, values), retries)

    async def _resync(self) -> None:
        """Prove that questions and answers belong together: a new stamp must come back.

        No request is repeated inside, so that the answer that carries the stamp is the last one on its way.
        """
        for _ in range(1 + self._patience.retries):
            self._must_client().trust()
            with suppress(_Unanswered):
                if await self._stamp_comes_back():
                    return
        raise DeviceGone("answers do not belong to their questions", subject=self._name)

    async def _stamp_comes_back(self) -> bool:
        span = self._codec.hot_span("line")
        await self._once(write_request(*self._next_heartbeat()))
        deadline = self._clock.now() + self._scans(_ECHO_SCANS) + _ECHO_SECONDS
        while self._clock.now() < deadline:
            values = self._codec.decode("line", await self._once(read_request(span.address, span.count)))
            if self._must_client().suspect:
                return False
            if values["stamp_echo"] == self._stamp:
                return True
            await self._clock.sleep(self._scans(0.5))
        return False

    async def _once(self, request: Request) -> tuple[int, ...]:
        client = self._must_client()
        try:
            return await self._run(request, retries=0)
        except DeviceGone as error:
            if client.suspect and self._client is client:
                raise _Unanswered from error
            raise

    def _scans(self, count: float) -> float:
        """So many of the PLC's scans, in seconds."""
        return count * self._manifest.timing.scan_ms / 1000

    # --- the wire ----------------------------------------------------------------------------------------

    def _must_client(self) -> ModbusClient:
        if self._client is None:
            raise DeviceGone("no link", subject=self._name, remedy="Check power, cable, address.")
        return self._client

    async def _run(self, request: Request, retries: int | None = None) -> tuple[int, ...]:
        async with self._wire:
            return await self._must_client().run(request, retries)

    def _notify(self) -> None:
        future, self._changed = self._changed, None
        if future is not None and not future.done():
            future.set_result(None)

    async def _next_change(self) -> None:
        if self._changed is None:
            self._changed = asyncio.get_running_loop().create_future()
        await asyncio.shield(self._changed)  # one waiter's timeout must not wake the others

    async def _until_linked(self) -> None:
        """Wait for the link; raises DeviceGone when it does not come back in time."""
        if self._linked:
            return
        try:
            async with self._clock.timeout(self._give_up_seconds):
                while not self._linked:
                    if self._fatal is not None or self._poller is None:
                        raise DeviceGone(f"no link ({self._fatal or 'not open'})", subject=self._name)
                    await self._next_change()
        except TimeoutError as error:
            raise DeviceGone(
                f"no link for {self._give_up_seconds:.0f} s", subject=self._name,
                remedy="Check power, cable, address.",
            ) from error  # fmt: skip

    # --- unit commands -----------------------------------------------------------------------------------

    async def reserve(self, station: str) -> int:
        """The next number for a command to ``station``: newer than any that it has seen or we have given."""
        await self._until_linked()
        hand = self._hand(station)
        last = self._reserved.get(station, 0)
        ack = cast("int", hand["ack_seq"])
        seq = next_seq(ack if is_newer(ack, last) else last)
        self._reserved[station] = seq
        self._given.setdefault(station, deque(maxlen=_GIVEN_KEPT)).append(seq)
        return seq

    async def execute(self, station: str, seq: int, verb: str, params: Mapping[str, int]) -> Done:
        """Carry out a unit command once and wait for its end.

        Raises BadInput for a verb or parameters that the station does not have, Refused when the unit does
        not accept or took a grant back before the book moved, DeviceGone when the link died and did not come
        back in time, Doubtful when the PLC was powered up meanwhile or answered a later command.
        """
        spec = self._map.verb(station, verb)
        words = self._codec.encode_list(spec.params, params)
        command: dict[str, Value] = {
            "owner": self._token,
            "verb": spec.id,
            "params": (*words, *(0,) * (_PARAM_WORDS - len(words))),
            "cmd_seq": seq,
        }

        async def send() -> None:
            span = self._codec.entry_span("station_command", self._map.slot(station))
            values = self._codec.encode_entry("station_command", command)
            await self._run(write_request(span.address, values))

        await self._carry_out(station, seq, send)
        done = self._done(station, seq, spec)
        if done.code == _WITHDRAWN:
            raise Refused(
                "the grant was taken back before the book moved", subject=station,
                remedy="Grant it again once the line executes.",
            )  # fmt: skip
        return done

    async def outcome(self, station: str, seq: int) -> Done | None:
        """The end of a command that was given earlier, perhaps before this host was started.

        None when the unit never saw it, refused it, or took the grant back: nothing was done.  Waits for a
        running one.  Raises Doubtful when the PLC was powered up since, or when a later command has taken
        its place.
        """
        await self._until_linked()
        self._same_boot(station, seq)
        hand = self._hand(station)
        if hand["done_seq"] != seq:
            if hand["ack_seq"] == seq and hand["ack_code"] != self._accepted:
                return None
            if is_newer(seq, cast("int", hand["ack_seq"])):
                return None
            await self._await_done(station, seq, self._boot)
        done = self._done(station, seq, await self._verb_given(station, seq))
        return None if done.code == _WITHDRAWN else done

    def _same_boot(self, station: str, seq: int) -> None:
        if seq in self._given.get(station, ()):
            return
        forgotten = self._earlier_boot not in (0, self._boot)
        if forgotten or (not self._earlier_boot and self._hand(station)["ack_seq"] == 0):
            raise Doubtful(
                f"command {seq}: the PLC was powered up and has forgotten it", subject=station,
                remedy="See what happened to the book.",
            )  # fmt: skip

    async def _verb_given(self, station: str, seq: int) -> VerbSpec | None:
        """The verb that still stands in the station's command block, when it is that of ``seq``."""
        span = self._codec.entry_span("station_command", self._map.slot(station))
        words = await self._run(read_request(span.address, span.count))
        command = self._codec.decode_entry("station_command", words)
        given = next((verb for verb in self._map.verbs.values() if verb.id == command["verb"]), None)
        return given if command["cmd_seq"] == seq else None

    def _done(self, station: str, seq: int, verb: VerbSpec | None) -> Done:
        hand = self._hand(station)
        code = self._map.name("result", cast("int", hand["done_code"]))
        fields = verb.results if verb and code == "ok" else ()
        words = cast("tuple[int, ...]", hand["results"])
        return Done(seq, code, self._codec.decode_list(fields, words))

    def _hand(self, station: str) -> Mapping[str, Value]:
        """The unit's side of the handshake as last seen; ``line`` is the line itself."""
        if station == _LINE:
            return self._seen.line
        return self._seen.stations[self._map.slot(station)]

    async def _carry_out(self, unit: str, seq: int, send: Callable[[], Awaitable[None]]) -> None:
        """Send until answered, then wait for the end.  Sending again is safe: a number acts once."""
        await self._until_linked()
        boot = self._boot
        self._unanswered += 1
        try:
            while not self._is_answered(unit, seq, boot):
                await self._send(send)
                await self._await_answer(unit, seq)
        finally:
            self._unanswered -= 1
        self._check_accepted(unit, seq)
        await self._await_done(unit, seq, boot)

    def _is_answered(self, unit: str, seq: int, boot: int) -> bool:
        if self._boot != boot:
            raise Doubtful(
                f"command {seq}: the PLC was powered up meanwhile", subject=unit,
                remedy="See what happened to the book.",
            )  # fmt: skip
        return not is_newer(seq, cast("int", self._hand(unit)["ack_seq"]))

    async def _send(self, send: Callable[[], Awaitable[None]]) -> None:
        await self._until_linked()
        client = self._client
        try:
            await send()
        except DeviceGone:
            if self._client is client:
                self._linked = False
                await self._hang_up()
        self._wake.set()

    async def _await_answer(self, unit: str, seq: int) -> None:
        """Wait for the answer, a while only: another host may have overwritten what we wrote."""
        with suppress(TimeoutError):
            async with self._clock.timeout(_ANSWER_SECONDS):
                while self._linked and is_newer(seq, cast("int", self._hand(unit)["ack_seq"])):
                    await self._next_change()
        await self._until_linked()

    def _check_accepted(self, unit: str, seq: int) -> None:
        hand = self._hand(unit)
        if hand["ack_seq"] == seq and hand["ack_code"] != self._accepted:
            code = self._map.name("ack", cast("int", hand["ack_code"]))
            what, remedy = _ACK_TEXT.get(code, (f"refuses ({code})", ""))
            raise Refused(f"{unit} {what}", subject=self._name, remedy=remedy)

    async def _await_done(self, unit: str, seq: int, boot: int) -> None:
        while not (self._is_answered(unit, seq, boot) and self._hand(unit)["done_seq"] == seq):
            self._check_not_replaced(unit, seq)
            if self._linked:
                await self._next_change()
            else:
                await self._until_linked()

    def _check_not_replaced(self, unit: str, seq: int) -> None:
        """A later command that was accepted means that nobody will report the end of this one."""
        hand = self._hand(unit)
        later = is_newer(cast("int", hand["ack_seq"]), seq)
        if later and hand["ack_code"] == self._accepted:
            raise Doubtful(
                f"command {seq}: a later one has taken its place", subject=unit,
                remedy="See what happened to the book.",
            )  # fmt: skip

    # --- the line ----------------------------------------------------------------------------------------

    async def command(self, name: str) -> None:
        """A PackML command; returns when the unit has reached its state.

        Raises BadInput for a strange name, Refused when the unit refuses it or is brought elsewhere.
        """
        number = self._map.number("command", name)
        await self._line_command({"cntrl_cmd": number}, name)

    async def set_mode(self, mode: str) -> None:
        """Change the unit mode; raises Refused outside Stopped, Idle and Aborted."""
        await self._line_command({"unit_mode": self._map.number("mode", mode)}, mode)

    async def _line_command(self, command: Mapping[str, int], name: str) -> None:
        seq = await self.reserve(_LINE)

        async def send() -> None:
            self._next_heartbeat()
            values = self._line_words({**command, "cmd_seq": seq})
            await self._run(write_request(self._codec.span("line_command").address, values))

        try:
            await self._carry_out(_LINE, seq, send)
        except Doubtful as error:
            raise Refused(f"{name} was overtaken ({error.what})", subject=self._name) from error
        if self._hand(_LINE)["done_code"] != self._map.number("result", "ok"):
            state = self._view().state
            raise Refused(f"{name} was overtaken: the line is {state}", subject=self._name)

    async def view(self) -> LineView:
        """The last snapshot; ``linked`` says whether it is alive."""
        return self._view()

    def _view(self) -> LineView:
        line = self._seen.line
        if not line:
            raise DeviceGone("nothing was read yet", subject=self._name, remedy="Open the link.")
        alarms = cast("tuple[int, ...]", line["alarms"])
        return LineView(
            linked=self._linked,
            state=self._map.name("state", cast("int", line["state"])).capitalize(),
            mode=self._map.name("mode", cast("int", line["mode"])).capitalize(),
            boot_id=self._boot,
            entered=cast("int", line["entered"]),
            left=cast("int", line["left"]),
            safety_ok=bool(cast("int", line["safety"]) & 1),
            zones=self._seen.zones,
            alarms=tuple(alarm for alarm in alarms if alarm),
            guard=cast("int", line["guard"]),
        )

    def times(self) -> Mapping[str, Value]:
        """PackML times (0.1 s) and counters, at most a second or so old; empty before the link is open."""
        return {name: value for name, value in self._seen.times.items() if name not in _HEADER}

    async def wait_view(self, accept: Callable[[LineView], bool], seconds: float) -> LineView:
        """The first snapshot that ``accept`` takes; raises TimeoutError."""
        async with self._clock.timeout(seconds):
            while not accept(view := self._view()):
                await self._next_change()
        return view

    async def events(self) -> AsyncIterator[TrackEvent]:
        """Every edge since ``open``, each once; for one reader.  Ends when the link is closed."""
        while (event := await self._events.get()) is not None:
            yield event


def _settled(line: Mapping[str, Value]) -> dict[str, Value]:
    return {name: value for name, value in line.items() if name not in _RESTLESS}
