"""Commands by sequence number: given once, answered, ended, and asked by their number when in doubt.

A command is written and then waited for in what the poller sees; sending it again is safe, because a number
acts once (WC-HS-001..006).
"""

from __future__ import annotations

from collections import deque
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from typing import Protocol, cast

from plc.conversation import Conversation
from plc.handshake import answer_code, is_newer, next_seq
from plc.modbus import read_request
from plc.snapshot import LINE, Snapshot
from plc.tagmap import Value, VerbSpec
from workcell.kernel.errors import BadInput, DeviceGone, Doubtful, Refused
from workcell.kernel.ports import Done

_ANSWER_SECONDS = 1.0
_GIVEN_KEPT = 64
_PARAM_WORDS = 6
_WITHDRAWN = "withdrawn"

_ACK_TEXT = {
    "wrong_state": ("does not take this in its present state", "See the line's state; start or unhold it."),
    "bad_parameter": ("does not take these parameters", "See the verb's parameters in the contract."),
    "interlock": ("is interlocked", "See that the zone is free and confirmed and that safety is reset."),
    "not_owner": ("belongs to another host", "Only one host may command a line; stop the other one."),
    "wrong_mode": ("is not in Production", "Turn the mode switch at the machine to Production."),
}


class Linked(Protocol):
    """The poller, as the commands see it."""

    @property
    def linked(self) -> bool:
        """Whether the last poll was answered."""
        ...

    async def until_linked(self) -> None:
        """Wait for the link; raises DeviceGone when it does not come back in time."""
        ...

    async def drop_wire(self) -> None:
        """Give up a wire on which nothing is answered."""
        ...

    def command_written(self) -> None:
        """A command stands in the PLC: look for its answer."""
        ...


class Commands:
    """All commands of one host to one PLC.  ``earlier_boot`` is the BootId before the present one, or 0."""

    def __init__(self, talk: Conversation, snapshot: Snapshot, poller: Linked, earlier_boot: int) -> None:
        self._talk = talk
        self._clock = talk.clock
        self._map = talk.map
        self._codec = talk.codec
        self._name = talk.name
        self._snapshot = snapshot
        self._poller = poller
        self._earlier_boot = earlier_boot
        self._accepted = self._map.number("ack", "accepted")
        self._reserved: dict[str, int] = {}
        self._given: dict[str, deque[int]] = {}
        self._waiting: list[tuple[str, int]] = []
        self._writing = 0

    @property
    def unanswered(self) -> bool:
        """Whether a command waits for its answer."""
        return bool(self._waiting)

    @property
    def being_written(self) -> bool:
        """Whether a command is on its way, so that nobody needs to look for its answer yet."""
        return self._writing > 0

    @property
    def last_unanswered(self) -> str | None:
        """The last station that has yet to answer; None where only the line has."""
        stations = [unit for unit, _ in self._waiting if unit != LINE]
        return max(stations, key=self._map.slot, default=None)

    def take_answers(self, words: list[int]) -> None:
        """Take the answers that are waited for out of the line's answer word and those of the stations."""
        for unit, seq in self._waiting:
            place = 0 if unit == LINE else 1 + self._map.slot(unit)
            code = answer_code(words[place], seq) if place < len(words) else None
            before = cast("int", self._snapshot.hand(unit)["ack_seq"])
            if code and answer_code(words[place], before) is None:  # else twelve bits do not tell them apart
                self._snapshot.answer(unit, seq, code)

    def enter_boot(self, boot: int) -> bool:
        """Note the PLC's BootId; True where it has forgotten every number that was given before."""
        before = self._talk.boot or self._earlier_boot
        self._talk.enter_boot(boot)
        forgotten = before not in (0, boot)
        if forgotten:
            self._earlier_boot = before
            self._given.clear()
        return forgotten

    # --- unit commands -----------------------------------------------------------------------------------

    async def reserve(self, station: str) -> int:
        """The next number for a command to ``station``: newer than any that it has seen or we have given."""
        await self._poller.until_linked()
        hand = self._snapshot.hand(station)
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
        if f"{station}.{verb}" in self._talk.manifest.without:
            raise BadInput("the PLC leaves this unit command out", subject=f"{station}.{verb}")
        words = self._codec.encode_list(spec.params, params)
        command: dict[str, Value] = {
            "owner": self._talk.heart.token,
            "verb": spec.id,
            "params": (*words, *(0,) * (_PARAM_WORDS - len(words))),
            "cmd_seq": seq,
        }

        async def send() -> None:
            await self._talk.write_station_command(station, command)

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
        await self._poller.until_linked()
        self._same_boot(station, seq)
        hand = self._snapshot.hand(station)
        if hand["done_seq"] != seq:
            if hand["ack_seq"] == seq and hand["ack_code"] != self._accepted:
                return None
            if is_newer(seq, cast("int", hand["ack_seq"])):
                return None
            await self._await_done(station, seq, self._talk.boot)
        done = self._done(station, seq, await self._verb_given(station, seq))
        return None if done.code == _WITHDRAWN else done

    def _same_boot(self, station: str, seq: int) -> None:
        if seq in self._given.get(station, ()):
            return
        forgotten = self._earlier_boot not in (0, self._talk.boot)
        if forgotten or (not self._earlier_boot and self._snapshot.hand(station)["ack_seq"] == 0):
            raise Doubtful(
                f"command {seq}: the PLC was powered up and has forgotten it", subject=station,
                remedy="See what happened to the book.",
            )  # fmt: skip

    async def _verb_given(self, station: str, seq: int) -> VerbSpec | None:
        """The verb that still stands in the station's command block, when it is that of ``seq``."""
        span = self._codec.entry_span("station_command", self._map.slot(station))
        words = await self._talk.run(read_request(span.address, span.count))
        command = self._codec.decode_entry("station_command", words)
        given = next((verb for verb in self._map.verbs.values() if verb.id == command["verb"]), None)
        return given if command["cmd_seq"] == seq else None

    def _done(self, station: str, seq: int, verb: VerbSpec | None) -> Done:
        hand = self._snapshot.hand(station)
        code = self._map.name("result", cast("int", hand["done_code"]))
        fields = verb.results if verb and code == "ok" else ()
        words = cast("tuple[int, ...]", hand["results"])
        return Done(seq, code, self._codec.decode_list(fields, words))

    async def _carry_out(self, unit: str, seq: int, send: Callable[[], Awaitable[None]]) -> None:
        """Send until answered, then wait for the end.  Sending again is safe: a number acts once."""
        await self._poller.until_linked()
        boot = self._talk.boot
        self._waiting.append((unit, seq))
        try:
            while not self._is_answered(unit, seq, boot):
                await self._send(send)
                await self._await_answer(unit, seq)
        finally:
            self._waiting.remove((unit, seq))
        self._check_accepted(unit, seq)
        await self._await_done(unit, seq, boot)

    def _is_answered(self, unit: str, seq: int, boot: int) -> bool:
        if self._talk.boot != boot:
            raise Doubtful(
                f"command {seq}: the PLC was powered up meanwhile", subject=unit,
                remedy="See what happened to the book.",
            )  # fmt: skip
        return not is_newer(seq, cast("int", self._snapshot.hand(unit)["ack_seq"]))

    async def _send(self, send: Callable[[], Awaitable[None]]) -> None:
        await self._poller.until_linked()
        client = self._talk.client
        self._writing += 1
        try:
            await send()
        except DeviceGone:
            if self._talk.client is client:
                await self._poller.drop_wire()
        finally:
            self._writing -= 1
        self._poller.command_written()

    async def _await_answer(self, unit: str, seq: int) -> None:
        """Wait for the answer, a while only: another host may have overwritten what we wrote."""
        with suppress(TimeoutError):
            async with self._clock.timeout(_ANSWER_SECONDS):
                while self._poller.linked and is_newer(
                    seq, cast("int", self._snapshot.hand(unit)["ack_seq"])
                ):
                    await self._snapshot.next_change()
        await self._poller.until_linked()

    def _check_accepted(self, unit: str, seq: int) -> None:
        hand = self._snapshot.hand(unit)
        if hand["ack_seq"] == seq and hand["ack_code"] != self._accepted:
            code = self._map.name("ack", cast("int", hand["ack_code"]))
            what, remedy = _ACK_TEXT.get(code, (f"refuses ({code})", ""))
            raise Refused(f"{unit} {what}", subject=self._name, remedy=remedy)

    async def _await_done(self, unit: str, seq: int, boot: int) -> None:
        while not (self._is_answered(unit, seq, boot) and self._snapshot.hand(unit)["done_seq"] == seq):
            self._check_not_replaced(unit, seq)
            if self._poller.linked:
                await self._snapshot.next_change()
            else:
                await self._poller.until_linked()

    def _check_not_replaced(self, unit: str, seq: int) -> None:
        """A later command that was accepted means that nobody will report the end of this one."""
        hand = self._snapshot.hand(unit)
        later = is_newer(cast("int", hand["ack_seq"]), seq)
        if later and hand["ack_code"] == self._accepted:
            raise Doubtful(
                f"command {seq}: a later one has taken its place", subject=unit,
                remedy="See what happened to the book.",
            )  # fmt: skip

    # --- commands to the line ----------------------------------------------------------------------------

    async def line_command(self, command: Mapping[str, int], name: str) -> None:
        """Carry out a command to the line; raises Refused when it is refused or overtaken."""
        seq = await self.reserve(LINE)

        async def send() -> None:
            await self._talk.write_line_command({**command, "cmd_seq": seq})

        try:
            await self._carry_out(LINE, seq, send)
        except Doubtful as error:
            raise Refused(f"{name} was overtaken ({error.what})", subject=self._name) from error
        if self._snapshot.hand(LINE)["done_code"] != self._map.number("result", "ok"):
            state = self._snapshot.view(linked=True).state
            raise Refused(f"{name} was overtaken: the line is {state}", subject=self._name)
