"""The host's side of one wire to a PLC: requests one at a time, heartbeats, and proof of freshness.

Freshness is proved by the header of every status block: signature, block id, a beat that never goes back, and
one of our own stamps echoed (WC-FR-001..003).
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import cast

from plc.codec import Span
from plc.handshake import next_seq
from plc.manifest import Manifest
from plc.modbus import (
    Framer,
    ModbusClient,
    Patience,
    Request,
    read_request,
    read_write_request,
    write_request,
)
from plc.pacing import Pace
from plc.tagmap import TagMap, Value, Version
from workcell.kernel.errors import ConfigError, DeviceFault, DeviceGone, Refused
from workcell.kernel.ports import Clock, Connect, Ids

HEARTBEAT_SECONDS = 0.1
_STALE_SECONDS = 1.0
_CLAIM_SECONDS = 3.0
_STAMPS_KEPT = 32
_OWNER_LIMIT = 0x7FFF_FFFF
_HALF = 0x8000
_ECHO_SCANS = 5
_ECHO_SECONDS = 0.2
_PULSE_SINCE = 0x0102


class Unfresh(Exception):
    """A block that can't be believed: not ours, from before, or out of order.  The text says why."""


class _Unanswered(Exception):
    """A request that is not repeated got no valid answer."""


@dataclass
class Heart:
    """What the host writes all the time: token, heartbeat, stamp, and the newest event that it has read."""

    token: int
    stamp: int
    heartbeat: int = 0
    event_ack: int = 0
    due: float = 0.0

    def values(self) -> dict[str, int]:
        """Fields of the line's command block."""
        return {
            "owner": self.token,
            "heartbeat": self.heartbeat,
            "stamp": self.stamp,
            "event_ack": self.event_ack,
        }


class Conversation:
    """Requests and answers with one PLC, over one wire after another; ``name`` stands in messages."""

    def __init__(
        self,
        clock: Clock,
        ids: Ids,
        tagmap: TagMap,
        manifest: Manifest,
        *,
        name: str,
        framer: Callable[[], Framer],
    ) -> None:
        self.clock = clock
        self.map = tagmap
        self.manifest = manifest
        self.codec = manifest.codec(tagmap)
        self.name = name
        self.patience = Patience(manifest.timing.reply_ms / 1000, manifest.timing.retries)
        self.heart = Heart(token=1 + ids.number(_OWNER_LIMIT), stamp=ids.number(_HALF))
        self.boot = 0
        self.theirs = Version(major=1, minor=0)
        self._tokens: set[str] = set()
        self._framer = framer
        self.numbered = framer().numbered
        """Whether the wire is one whose answers name their requests."""
        self._client: ModbusClient | None = None
        self._wire = asyncio.Lock()
        self._stamps: deque[int] = deque(maxlen=_STAMPS_KEPT)
        self._beat: int | None = None
        self._beat_moved = 0.0

    # --- the wire ----------------------------------------------------------------------------------------

    async def connect(self, connect: Connect) -> None:
        """Open a wire; what earlier ones have echoed counts no more."""
        stream = await connect()
        self._client = ModbusClient(
            stream, self._framer(), self.clock, unit=self.manifest.unit, patience=self.patience
        )
        self._beat = None
        self._stamps.clear()
        self._tokens.clear()

    async def hang_up(self) -> None:
        """Close the wire, if one is open."""
        client, self._client = self._client, None
        if client is not None:
            await client.close()

    @property
    def client(self) -> ModbusClient | None:
        """The client of the open wire."""
        return self._client

    def must_client(self) -> ModbusClient:
        """Give the client of the open wire; raises DeviceGone where there is none."""
        if self._client is None:
            raise DeviceGone("no link", subject=self.name, remedy="Check power, cable, address.")
        return self._client

    def pace(self, poll_seconds: float) -> Pace:
        """Give when to ask on this kind of wire."""
        framer = self._framer()
        return Pace(framer.byte_seconds, framer.silence, self.scans(1), poll_seconds)

    @property
    def has_pulse(self) -> bool:
        """Whether the wire is slow and the PLC has the block for slow wires, which came with map 1.2."""
        return not self.numbered and self.theirs.word >= _PULSE_SINCE

    async def run(self, request: Request, retries: int | None = None) -> tuple[int, ...]:
        """Carry out one request at a time, again after a missing or strange answer."""
        async with self._wire:
            return await self.must_client().run(request, retries)

    async def _once(self, request: Request) -> tuple[int, ...]:
        client = self.must_client()
        try:
            return await self.run(request, retries=0)
        except DeviceGone as error:
            if client.suspect and self._client is client:
                raise _Unanswered from error
            raise

    def scans(self, count: float) -> float:
        """So many of the PLC's scans, in seconds."""
        return count * self.manifest.timing.scan_ms / 1000

    # --- heartbeat and stamp -----------------------------------------------------------------------------

    def next_heartbeat(self) -> tuple[int, list[int]]:
        """Address and registers of the next heartbeat, with a stamp that was not used before."""
        heart = self.heart
        heart.heartbeat, heart.stamp = next_seq(heart.heartbeat), next_seq(heart.stamp)
        heart.due = self.clock.now() + HEARTBEAT_SECONDS
        self._stamps.append(heart.stamp)
        span = self.codec.field_span("line_command", "owner", "event_ack")
        return span.address, self.line_words({})[: span.count]

    def line_words(self, command: Mapping[str, int]) -> list[int]:
        """Registers of the line's command block."""
        return self.codec.encode("line_command", {**self.heart.values(), **command})

    @property
    def heart_is_due(self) -> bool:
        """Whether the next heartbeat should be written."""
        return self.clock.now() >= self.heart.due

    async def beat_heart(self, retries: int | None = None) -> None:
        """Write the next heartbeat."""
        address, values = self.next_heartbeat()
        await self.run(write_request(address, values), retries)

    # --- commands ----------------------------------------------------------------------------------------

    async def write_line_command(self, command: Mapping[str, int]) -> None:
        """Write a command to the line; on a serial line without the words that stand there already."""
        if self.numbered:
            self.next_heartbeat()
            await self.run(write_request(self.codec.span("line_command").address, self.line_words(command)))
            return
        span = self.codec.field_span("line_command", "unit_mode", "cmd_seq")
        await self.run(write_request(span.address, self.line_words(command)[-span.count :]))

    async def write_station_command(self, station: str, command: Mapping[str, Value]) -> None:
        """Write a unit command; on a serial line without the token where it stands there already."""
        slot = self.map.slot(station)
        span = self.codec.entry_span("station_command", slot)
        words = self.codec.encode_entry("station_command", command)
        if not self.numbered and station in self._tokens:
            verb = self.codec.address("station_command", "verb", slot)
            await self.run(write_request(verb, words[verb - span.address :]))
            return
        await self.run(write_request(span.address, words))
        self._tokens.add(station)

    def enter_boot(self, boot: int) -> None:
        """Note the PLC's BootId; at a power-up it has forgotten what stood in its registers."""
        if boot != self.boot:
            self._tokens.clear()
        self.boot = boot

    # --- reading -----------------------------------------------------------------------------------------

    async def read_hot(self, *, joins: bool) -> dict[str, Value]:
        """Read what is polled of the line, with a heartbeat where one is due; ``joins``: in one exchange."""
        span = self.codec.span("line") if self.numbered else self.codec.hot_span("line")
        return self.fresh("line", await self._poll(span, joins=joins))

    async def read_news(self, *, joins: bool) -> Value:
        """Read whether the line's hot words have changed, with a heartbeat where one is due."""
        span = self.codec.field_span("pulse", "signature", "news")
        return self.fresh("pulse", await self._poll(span, joins=joins))["news"]

    async def read_answers(self, last: str | None) -> tuple[Value, list[int]]:
        """Read the news, and the answer words of the line and of the stations up to ``last``."""
        span = self.codec.field_span("pulse", "signature", "answer")
        count = span.count + (0 if last is None else self.map.slot(last) + 1)
        words = await self.run(read_request(span.address, count))
        return self.fresh("pulse", words)["news"], list(words[span.count - 1 :])

    async def _poll(self, span: Span, *, joins: bool) -> tuple[int, ...]:
        if self.heart_is_due:
            if joins and self.manifest.fc23:
                address, values = self.next_heartbeat()
                return await self.run(read_write_request(span.address, span.count, address, values))
            await self.beat_heart()
        return await self.run(read_request(span.address, span.count))

    async def read_line(self, span: Span) -> dict[str, Value]:
        """Read so much of the line's block."""
        return self.fresh("line", await self.run(read_request(span.address, span.count)))

    async def read_block(self, block: str) -> list[int]:
        """Read a whole block, in as many pieces as the PLC needs."""
        words: list[int] = []
        for piece in self.codec.pieces(block, self.manifest.max_block):
            words += await self.run(read_request(piece.address, piece.count))
        self.fresh(block, words)
        return words

    def fresh(self, block: str, words: Sequence[int]) -> dict[str, Value]:
        """Give the block's fixed fields; raises Unfresh unless its header proves it."""
        values = self.codec.decode(block, words)
        beat = cast("int", values["beat"])
        if values["signature"] != self.map.signature or values["block_id"] != self.map.blocks[block].id:
            raise Unfresh(f"another block came instead of {block}")
        if values["stamp_echo"] not in self._stamps:
            raise Unfresh(f"block {block} does not echo our stamp")
        rebooted = block == "line" and values["boot_id"] != self.boot
        if not rebooted and self._beat is not None and (beat - self._beat) & 0xFFFF >= _HALF:
            raise Unfresh(f"block {block} is older than one that came before it")
        if beat != self._beat:
            self._beat, self._beat_moved = beat, self.clock.now()
        elif self.clock.now() - self._beat_moved > _STALE_SECONDS:
            raise DeviceGone("the PLC does not scan", subject=self.name, remedy="Start its program.")
        return values

    # --- beginning, and beginning again ------------------------------------------------------------------

    async def check_identity(self) -> None:
        """Refuse a foreign device, and a map of another major version."""
        span = self.codec.hot_span("line")
        header = self.codec.decode("line", await self.run(read_request(span.address, span.count)))
        if header["signature"] != self.map.signature:
            raise DeviceFault(
                f"no workcell PLC answers at these registers (signature {header['signature']})",
                subject=self.name, remedy="Check base.status in the manifest.",
            )  # fmt: skip
        theirs = Version.of_word(cast("int", header["map_version"]))
        self.theirs = theirs
        if theirs.major != self.map.version.major:
            raise ConfigError(
                f"the PLC has tag map {theirs}, this host {self.map.version}", subject=self.name,
                remedy="Bring both to the same major version.",
            )  # fmt: skip

    async def claim(self) -> None:
        """Write our token until the PLC shows it as the owner; raises Refused where another host owns it."""
        span = self.codec.span("line")
        deadline = self.clock.now() + _CLAIM_SECONDS
        while True:
            await self.beat_heart()
            await self.clock.sleep(self.scans(2))
            line = self.codec.decode("line", await self.run(read_request(span.address, span.count)))
            if line["owner"] == self.heart.token:
                return
            if self.clock.now() >= deadline:
                raise Refused(
                    "another host owns the line", subject=self.name,
                    remedy="Stop the other host; its claim ends one second after its last heartbeat.",
                )  # fmt: skip

    async def resync(self) -> None:
        """Prove that questions and answers belong together: a new stamp must come back.

        No request is repeated inside, so that the answer that carries the stamp is the last one on its way.
        """
        for _ in range(1 + self.patience.retries):
            self.must_client().trust()
            with suppress(_Unanswered):
                if await self._stamp_comes_back():
                    return
        raise DeviceGone("answers do not belong to their questions", subject=self.name)

    async def _stamp_comes_back(self) -> bool:
        span = self.codec.hot_span("line")
        await self._once(write_request(*self.next_heartbeat()))
        deadline = self.clock.now() + self.scans(_ECHO_SCANS) + _ECHO_SECONDS
        while self.clock.now() < deadline:
            values = self.codec.decode("line", await self._once(read_request(span.address, span.count)))
            if self.must_client().suspect:
                return False
            if values["stamp_echo"] == self.heart.stamp:
                return True
            await self.clock.sleep(self.scans(0.5))
        return False
