"""A host that can do what a host must not, and measures what comes back: wire, registers, commands."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from plc.codec import Span
from plc.conformance.beatwatch import BeatWatch
from plc.conversation import Conversation
from plc.handshake import next_seq
from plc.manifest import Manifest
from plc.modbus import Framer, read_request, write_request
from plc.tagmap import TagMap, Value
from workcell.kernel.errors import DeviceFault, DeviceGone
from workcell.kernel.ports import Clock, Connect, Ids

LINE = "line"
TOKEN = 0x1234_5678
FOREIGN = 0x0BAD_CAFE
_BEAT_SECONDS = 0.1
_ANSWER_SECONDS = 2.0
_NAP_SECONDS = 0.004

Ask = Callable[[str], Awaitable[None]]


class Broken(Exception):
    """A rule is broken; the text says what was seen."""


@dataclass(frozen=True)
class Answer:
    """How a command was answered: its number, the code's name, and the least that it can have taken (s)."""

    seq: int
    code: str
    late: float


@dataclass
class Host:
    """One host with a free hand.  ``ask`` asks a person to do something at the machine; None: nobody is."""

    connect: Connect
    clock: Clock
    ids: Ids
    map: TagMap
    manifest: Manifest
    framer: Callable[[], Framer]
    ask: Ask | None = None
    silent: bool = False
    next_track: int = 0x0001_8000  # both words, and bit 15 of the low one: a swapped order shows
    _beating: asyncio.Task[None] | None = None

    def __post_init__(self) -> None:
        self.talk = Conversation(
            self.clock, self.ids, self.map, self.manifest, name="PLC", framer=self.framer
        )
        self.talk.heart.token = TOKEN
        self.codec = self.talk.codec
        self.watch = BeatWatch(self.talk.scans(1))
        self._pulse = asyncio.Lock()
        self.stations = self.manifest.stations

    # --- life --------------------------------------------------------------------------------------------

    async def open(self) -> None:
        """Open the wire; nothing is written yet."""
        await self.talk.connect(self.connect)

    async def close(self) -> None:
        """Give the line up and close the wire."""
        await self.stop_beating()
        with suppress(DeviceGone, DeviceFault):
            self.talk.heart.token = 0
            await self.talk.beat_heart(retries=0)
        self.talk.heart.token = TOKEN
        await self.talk.hang_up()

    def start_beating(self) -> None:
        """Write a heartbeat every 100 ms from now on."""
        self.silent = False
        if self._beating is None or self._beating.done():
            self._beating = asyncio.get_running_loop().create_task(self._beat())

    async def stop_beating(self) -> None:
        """Write none any more; one that is on its way is answered first."""
        self.silent = True
        beating, self._beating = self._beating, None
        if beating is not None:
            async with self._pulse:
                beating.cancel()
            with suppress(asyncio.CancelledError):
                await beating

    async def _beat(self) -> None:
        while True:
            async with self._pulse:
                with suppress(DeviceGone, DeviceFault):
                    await self.talk.beat_heart()
            await self.clock.sleep(_BEAT_SECONDS)

    def scans(self, count: float) -> float:
        """So many of the PLC's scans, in seconds."""
        return self.talk.scans(count)

    async def wait_scans(self, count: float) -> None:
        """Let so many scans pass."""
        await self.clock.sleep(self.scans(count))

    # --- reading -----------------------------------------------------------------------------------------

    async def words(self, span: Span) -> tuple[int, ...]:
        """Read registers; after trouble on the wire only once questions and answers belong together again."""
        words: list[int] = []
        for piece in self._pieces(span):
            words += await self.talk.run(read_request(piece.address, piece.count))
        if self.talk.must_client().suspect:
            if self.silent:
                self.talk.must_client().trust()
            else:
                await self.talk.resync()
            return await self.words(span)
        return tuple(words)

    def _pieces(self, span: Span) -> list[Span]:
        limit, end = self.manifest.max_block, span.address + span.count
        return [Span(start, min(limit, end - start)) for start in range(span.address, end, limit)]

    async def read(self, block: str) -> dict[str, Any]:
        """Read the fixed fields of a block."""
        asked = self.clock.now()
        fields: dict[str, Any] = self.codec.decode(block, await self.words(self.codec.span(block)))
        if self.map.blocks[block].region == "status":
            self.watch.hear(block, fields["beat"], asked, self.clock.now())
        return fields

    async def line(self) -> dict[str, Any]:
        """Read the line's block."""
        return await self.read(LINE)

    async def state(self) -> str:
        """Read the state's name."""
        return self.map.name("state", (await self.line())["state"])

    async def entry(self, block: str, station: str) -> dict[str, Any]:
        """Read the entry of a station in a block with one entry a station."""
        span = self.codec.entry_span(block, self.map.slot(station))
        return self.codec.decode_entry(block, await self.words(span))

    async def hand(self, unit: str) -> dict[str, Any]:
        """Read the PLC's side of a handshake."""
        return await self.line() if unit == LINE else await self.entry("stations", unit)

    async def zone(self, station: str) -> tuple[int, str]:
        """Read TrackId and state's name of a zone."""
        entry = await self.entry("zones", station)
        return entry["track_id"], self.map.name("zone_state", entry["state"])

    async def ring(self) -> tuple[dict[str, Any], list[dict[str, Any]]]:
        """Read the ring: its fixed fields, and its entries that hold an event."""
        words = await self.words(self.codec.span("ring"))
        entries: list[dict[str, Any]] = self.codec.decode_entries("ring", words)
        return self.codec.decode("ring", words), [entry for entry in entries if entry["seq"]]

    # --- commands ----------------------------------------------------------------------------------------

    async def next_seq(self, unit: str) -> int:
        """Give the number after the last that was answered."""
        return next_seq((await self.hand(unit))["ack_seq"])

    async def order(self, command: str, *, seq: int | None = None, **changes: int) -> Answer:
        """Give a line command by name and wait for its answer; ``changes`` override fields of the block."""
        return await self.order_raw({"cntrl_cmd": self.map.number("command", command), **changes}, seq)

    async def order_raw(self, fields: Mapping[str, int], seq: int | None = None) -> Answer:
        """Give a line command by its fields and wait for its answer."""
        number = await self.next_seq(LINE) if seq is None else seq
        await self.write_line({**fields, "cmd_seq": number})
        return await self.answer(LINE, number)

    async def write_line(self, fields: Mapping[str, int]) -> None:
        """Write the whole command block of the line, with the next heartbeat."""
        self.talk.next_heartbeat()
        words = self.codec.encode("line_command", {**self.talk.heart.values(), **fields})
        await self.talk.run(write_request(self.codec.span("line_command").address, words))

    async def give(
        self, station: str, verb: str, *, seq: int | None = None, token: int = TOKEN, **params: int
    ) -> Answer:
        """Give a unit command and wait for its answer."""
        spec = self.map.verbs[verb]
        words = self.codec.encode_list(spec.params, params)
        return await self.give_raw(station, spec.id, words, seq=seq, token=token)

    async def give_raw(
        self, station: str, verb: int, params: Iterable[int], *, seq: int | None = None, token: int = TOKEN
    ) -> Answer:
        """Give a unit command by its numbers and wait for its answer."""
        number = await self.next_seq(station) if seq is None else seq
        await self.write_unit(station, verb, params, number, token)
        return await self.answer(station, number)

    async def write_unit(
        self, station: str, verb: int, params: Iterable[int], seq: int, token: int = TOKEN
    ) -> None:
        """Write a station's command block."""
        filled = (*params, *(0,) * 6)[:6]
        values: dict[str, Value] = {"owner": token, "verb": verb, "params": filled, "cmd_seq": seq}
        span = self.codec.entry_span("station_command", self.map.slot(station))
        await self.talk.run(write_request(span.address, self.codec.encode_entry("station_command", values)))

    async def answer(self, unit: str, seq: int) -> Answer:
        """Wait for AckSeq = ``seq``; raises Broken where it does not come."""
        written = self.clock.now()
        late = 0.0
        while True:
            asked = self.clock.now()
            hand = await self.hand(unit)
            if hand["ack_seq"] == seq:
                return Answer(seq, self.map.name("ack", hand["ack_code"]), late)
            late = asked - written
            if late > _ANSWER_SECONDS:
                raise Broken(f"{unit}: command {seq} was not answered in {_ANSWER_SECONDS:g} s")
            await self.clock.sleep(_NAP_SECONDS)

    async def end(self, unit: str, seq: int, seconds: float | None = None) -> str:
        """Wait for DoneSeq = ``seq``; the result's name.  Raises Broken where it does not come."""
        return self.map.name("result", (await self.hand_at_end(unit, seq, seconds))["done_code"])

    async def hand_at_end(self, unit: str, seq: int, seconds: float | None = None) -> dict[str, Any]:
        """Wait for DoneSeq = ``seq``; the PLC's side of the handshake as it was first seen so."""
        limit = self.manifest.timing.longest_act_s if seconds is None else seconds
        return await self._hand_when(unit, seq, ("done_seq",), limit, "end")

    async def hand_at_first(self, unit: str, seq: int) -> dict[str, Any]:
        """Wait for ``seq`` in AckSeq or DoneSeq; the PLC's side of the handshake as it was first seen so."""
        return await self._hand_when(unit, seq, ("ack_seq", "done_seq"), _ANSWER_SECONDS, "answer or end")

    async def _hand_when(
        self, unit: str, seq: int, names: tuple[str, ...], seconds: float, what: str
    ) -> dict[str, Any]:
        async def read() -> dict[str, Any]:
            return await self.hand(unit)

        def shown(hand: dict[str, Any]) -> bool:
            return seq in [hand[name] for name in names]

        hand: dict[str, Any] = await self.until(read, shown, seconds, f"{unit}: {what} of command {seq}")
        return hand

    async def do(self, station: str, verb: str, **params: int) -> str:
        """Give a unit command that must be accepted; how it ended."""
        answer = await self.give(station, verb, **params)
        if answer.code != "accepted":
            raise Broken(f"{station} {verb} was answered {answer.code}, not accepted")
        return await self.end(station, answer.seq)

    async def until(
        self,
        read: Callable[[], Awaitable[Any]],
        holds: Callable[[Any], bool],
        seconds: float,
        what: str,
    ) -> Any:
        """Read until it holds; raises Broken naming ``what`` after ``seconds``."""
        deadline = self.clock.now() + seconds
        while True:
            late = self.clock.now() > deadline
            value = await read()
            if holds(value):
                return value
            if late:
                raise Broken(f"{what}: not within {seconds:g} s")
            await self.clock.sleep(_NAP_SECONDS)

    async def until_state(self, state: str, seconds: float | None = None) -> None:
        """Wait for a state."""
        limit = self.manifest.timing.longest_act_s if seconds is None else seconds
        await self.until(self.state, lambda seen: seen == state, limit, f"state {state}")
