"""The host's link to a line's PLC: one poller, commands by sequence number, nothing ever guessed.

The poller alone reads; it writes the heartbeat, watches freshness, and after trouble reconnects and asks
BootId, AckSeq and DoneSeq before anything else.  ``execute`` and ``command`` write one command block and then
wait for what the poller sees, so that a command whose fate is unknown is asked by its number.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import suppress
from typing import cast

from plc.commands import Commands
from plc.conversation import Conversation, Unfresh
from plc.manifest import Manifest, default_manifest
from plc.modbus import MbapFramer, RtuFramer
from plc.snapshot import Read, Snapshot
from plc.tagmap import TagMap, Value, builtin_tagmap
from workcell.kernel.errors import DeviceFault, DeviceGone, Refused
from workcell.kernel.ports import Clock, Connect, Done, Ids, LineView, TrackEvent

log = logging.getLogger(__name__)

_PASSING_SECONDS = 3.0
_FIRST_PAUSE = 0.1
_LONGEST_PAUSE = 2.0
_LONGEST_AWAY = 0.3
_CHANGED = ("stations", "zones", "ring")


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
        self._name = name
        self._map = tagmap or builtin_tagmap()
        manifest = manifest or default_manifest()
        framer = (lambda: RtuFramer(baud)) if rtu else MbapFramer
        self._talk = Conversation(clock, ids, self._map, manifest, name=name, framer=framer)
        self._snapshot = Snapshot(self._map, manifest, self._talk.codec, name)
        self._commands = Commands(self._talk, self._snapshot, self, last_boot_id)
        self._pace = self._talk.pace(poll_seconds)
        self._give_up_seconds = give_up_seconds
        self._poller: asyncio.Task[None] | None = None
        self._wake = asyncio.Event()
        self._linked = False
        self._opened = False
        self._fatal: Exception | None = None
        self._slow_due = 0.0
        self._news: Value | None = None
        self._heard_news: Value | None = None
        self._looked = self._written = 0.0
        self._events: asyncio.Queue[TrackEvent | None] = asyncio.Queue()

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
        if self._talk.client is not None and self._linked:
            self._talk.heart.token = 0
            with suppress(DeviceGone, DeviceFault):
                await self._talk.beat_heart(retries=0)
                await self._clock.sleep(self._talk.scans(2))  # a scan must see it before another host writes
        await self._hang_up()
        self._linked = False
        self._snapshot.notify()
        self._events.put_nowait(None)

    async def _hang_up(self) -> None:
        await self._talk.hang_up()

    async def _establish(self) -> None:
        await self._talk.connect(self._connect)
        try:
            await self._talk.check_identity()
            await self._talk.claim()
            await self._talk.resync()
            self._news = self._heard_news = None
            await self._poll(everything=True)
            if not self._opened:
                await self._let_old_events_pass()
        except BaseException:
            await self._hang_up()
            raise
        if self._opened:
            self._tell("link_back")
        self._linked = self._opened = True
        self._snapshot.notify()

    async def _let_old_events_pass(self) -> None:
        """Acknowledge what happened before ``open``, also what still waits for room in the ring."""
        deadline = self._clock.now() + _PASSING_SECONDS
        while self._snapshot.ring_waiting and self._clock.now() < deadline:
            await self._talk.beat_heart()
            await self._clock.sleep(self._talk.scans(2))
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
            self._snapshot.notify()

    async def _poll_or_recover(self) -> None:
        try:
            if self._only_answers_matter():
                await self._poll_answers()
            else:
                await self._poll()
        except (DeviceGone, DeviceFault) as error:
            await self._recover(error)

    async def _pause(self, due: float) -> float:
        """Wait for the next poll, less long while a command waits for its answer; when that poll was due."""
        following = due + self._pace.between_polls
        while True:
            due = self._next_due(following)
            try:
                async with self._clock.timeout(max(0.0, due - self._clock.now())):
                    await self._wake.wait()
            except TimeoutError:
                return due
            self._wake.clear()

    def _next_due(self, following: float) -> float:
        now = self._clock.now()
        if not self._commands.unanswered:
            return max(following, now)
        if self._commands.being_written:
            return now + _LONGEST_AWAY
        return now + self._pace.wait_for_answer(now - self._written, self._answer_words())

    def _answer_words(self) -> int:
        """Registers in which the answers stand that are waited for."""
        if not self._talk.has_pulse:
            return self._talk.codec.hot_span("line").count
        last = self._commands.last_unanswered
        return self._talk.codec.hot_span("pulse").count + (0 if last is None else self._map.slot(last) + 1)

    async def _recover(self, error: Exception) -> None:
        """Say once that the link is lost, try until it is back, and say that once."""
        self._linked = False
        log.warning("%s: link lost (%s)", self._name, error)
        self._tell("link_lost")
        self._snapshot.notify()
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
        for _ in range(1 + self._talk.patience.retries):
            try:
                if self._talk.must_client().suspect:
                    await self._talk.resync()
                    self._news = self._heard_news = None
                if not await self._beat_alone(everything):
                    return
                news = await self._read_news()
                seen = await self._read_changed(everything) if self._is_news(news, everything) else None
                if not self._talk.must_client().suspect:
                    self._use_unless_overtaken(seen, news)
                    return
                problem = "answers came late or broken"
            except Unfresh as error:
                problem = str(error)
                self._talk.must_client().suspect = True
        raise DeviceGone(f"nothing fresh is read ({problem})", subject=self._name)

    async def _beat_alone(self, everything: bool) -> bool:
        """Write a heartbeat that is due and no part of a read; False where a command goes first now."""
        if self._talk.has_pulse and not self._pace.joins and self._talk.heart_is_due:
            await self._talk.beat_heart()
        return everything or not self._only_answers_matter()

    async def _read_news(self) -> Value | None:
        """Read whether anything has changed, unless an answer has just told; None where the wire is quick."""
        heard, self._heard_news = self._heard_news, None
        if heard is None and self._talk.has_pulse:
            return await self._talk.read_news(joins=self._pace.joins)
        return heard

    def _is_news(self, news: Value | None, everything: bool) -> bool:
        """Whether the line must be read; on a slow wire only what has changed is, and all of it at times."""
        return everything or news is None or news != self._news or self._clock.now() >= self._slow_due

    def _only_answers_matter(self) -> bool:
        """Whether on a slow wire everything else may wait until a command is answered."""
        return (
            self._commands.unanswered
            and self._talk.has_pulse
            and self._clock.now() < self._looked + _LONGEST_AWAY
        )

    async def _poll_answers(self) -> None:
        """Look for the answers that are waited for; any doubt about them is left to the next whole poll."""
        if self._talk.must_client().suspect:
            self._looked = 0.0
            return
        if self._commands.being_written:
            return
        try:
            news, words = await self._talk.read_answers(self._commands.last_unanswered)
        except Unfresh:
            self._looked = 0.0
            return
        if not self._talk.must_client().suspect:
            self._heard_news = news
            self._commands.take_answers(words)

    async def _read_changed(self, everything: bool) -> Read | None:
        """Read the hot part, then the blocks whose counters have moved; None where a command goes first."""
        talk, moved = self._talk, self._snapshot.moved
        hot = await talk.read_hot(joins=self._pace.joins)
        read = Read(hot)
        everything = everything or hot["boot_id"] != talk.boot
        if not talk.numbered and (everything or moved(hot, "line")):
            read.hot = await talk.read_line(talk.codec.span("line"))
        for block in _CHANGED:
            if everything or moved(hot, block):
                if self._only_answers_matter():
                    return None
                setattr(read, block, await talk.read_block(block))
        if everything or (self._clock.now() >= self._slow_due and not self._commands.unanswered):
            read.times = await talk.read_block("times")
            self._slow_due = self._clock.now() + self._pace.between_slow(len(read.times))
        return read

    def _use_unless_overtaken(self, seen: Read | None, news: Value | None) -> None:
        """Take a poll over; one that was broken off for a command is made again, as if it had not been."""
        if seen is None and self._is_news(news, everything=False):
            return
        self._news, self._looked = news, self._clock.now()
        if seen is not None:
            self._use(seen)

    def _use(self, read: Read) -> None:
        boot = cast("int", read.hot["boot_id"])
        if boot != self._talk.boot and self._commands.enter_boot(boot):
            self._talk.heart.event_ack = 0
            self._tell("rebooted")
        if read.ring:
            self._take_events(read.ring)
        self._snapshot.use(read)

    def _take_events(self, words: list[int]) -> None:
        heart = self._talk.heart
        fresh, newest = self._snapshot.new_events(words, heart.event_ack)
        if self._opened:
            for event in fresh:
                self._events.put_nowait(event)
        if fresh:
            heart.event_ack, heart.due = newest, 0.0

    # --- what the commands need of the poller ------------------------------------------------------------

    @property
    def linked(self) -> bool:
        """Whether the last poll was answered."""
        return self._linked

    async def until_linked(self) -> None:
        """Wait for the link; raises DeviceGone when it does not come back in time."""
        if self._linked:
            return
        try:
            async with self._clock.timeout(self._give_up_seconds):
                while not self._linked:
                    if self._fatal is not None or self._poller is None:
                        raise DeviceGone(f"no link ({self._fatal or 'not open'})", subject=self._name)
                    await self._snapshot.next_change()
        except TimeoutError as error:
            raise DeviceGone(
                f"no link for {self._give_up_seconds:.0f} s", subject=self._name,
                remedy="Check power, cable, address.",
            ) from error  # fmt: skip

    async def drop_wire(self) -> None:
        """Give up a wire on which nothing is answered; the poller opens another one."""
        self._linked = False
        await self._hang_up()

    def command_written(self) -> None:
        """A command stands in the PLC: look for its answer."""
        client = self._talk.client
        self._written = client.delivered if client else self._clock.now()
        self._wake.set()

    # --- commands ----------------------------------------------------------------------------------------

    async def reserve(self, station: str) -> int:
        """Give the next number for a command to ``station``: newer than any seen or given."""
        return await self._commands.reserve(station)

    async def execute(self, station: str, seq: int, verb: str, params: Mapping[str, int]) -> Done:
        """Carry out a unit command once and wait for its end.

        Raises BadInput for a verb or parameters that the station does not have, Refused when the unit does
        not accept or took a grant back before the book moved, DeviceGone when the link died and did not come
        back in time, Doubtful when the PLC was powered up meanwhile or answered a later command.
        """
        return await self._commands.execute(station, seq, verb, params)

    async def outcome(self, station: str, seq: int) -> Done | None:
        """Give the end of a command that was given earlier, perhaps before this host was started.

        None when the unit never saw it, refused it, or took the grant back: nothing was done.  Waits for a
        running one.  Raises Doubtful when the PLC was powered up since, or when a later command has taken
        its place.
        """
        return await self._commands.outcome(station, seq)

    async def command(self, name: str) -> None:
        """Give a PackML command; returns when the unit has reached its state.

        Raises BadInput for a strange name, Refused when the unit refuses it or is brought elsewhere.
        """
        number = self._map.number("command", name)
        await self._commands.line_command({"cntrl_cmd": number}, name)

    async def set_mode(self, mode: str) -> None:
        """Change the unit mode; raises Refused outside Stopped, Idle and Aborted."""
        await self._commands.line_command({"unit_mode": self._map.number("mode", mode)}, mode)

    # --- what is seen ------------------------------------------------------------------------------------

    async def view(self) -> LineView:
        """Give the last snapshot; ``linked`` says whether it is alive."""
        return self._snapshot.view(linked=self._linked)

    def times(self) -> Mapping[str, Value]:
        """PackML times (0.1 s) and counters, at most a second or so old; empty before the link is open."""
        return self._snapshot.times()

    async def wait_view(self, accept: Callable[[LineView], bool], seconds: float) -> LineView:
        """Give the first snapshot that ``accept`` takes; raises TimeoutError."""
        async with self._clock.timeout(seconds):
            while not accept(view := await self.view()):
                await self._snapshot.next_change()
        return view

    async def events(self) -> AsyncIterator[TrackEvent]:
        """Every edge since ``open``, each once; for one reader.  Ends when the link is closed."""
        while (event := await self._events.get()) is not None:
            yield event
