"""The kit's hand at a PLC: brings the line somewhere, and matter onto it."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass

from plc.conformance.host import LINE, TOKEN, Answer, Broken, Host
from plc.handshake import next_seq
from plc.modbus import write_request
from plc.packml import TARGETS, TRANSITIONS
from workcell.kernel.errors import DeviceFault, DeviceGone

NO_COMPARE = 0xFFFF
BOOT_SECONDS = 30.0
"""How long a PLC may be away when it is powered off and on."""


class NotApplicable(Exception):
    """A rule can't be asked of this PLC; the text says why."""


@dataclass
class Probe(Host):
    """A host with a free hand.  ``fed``: whether a feed has brought a book; None before the first."""

    fed: bool | None = None

    # --- bringing the line somewhere ---------------------------------------------------------------------

    async def claim(self) -> None:
        """Own the line and keep it, whatever token the check before has ended with."""
        self.talk.heart.token = TOKEN
        self.start_beating()
        await self.until(
            self.line, lambda line: line["owner"] == TOKEN, 3.0, "the token of the only host as owner"
        )

    async def bring(self, state: str) -> None:
        """Bring the line to a wait state or Execute by commands."""
        for _ in range(12):
            now = await self.state()
            if now == state:
                return
            command = _way(now, state, self.manifest.left_out)
            if command is None:
                await self.wait_scans(3)
                continue
            answer = await self.order(command)
            if answer.code != "accepted":
                raise Broken(f"{command} in {now} was answered {answer.code}, not accepted")
            await self.end(LINE, answer.seq)
        raise Broken(f"the line can't be brought to {state}: it is {await self.state()}")

    # --- matter ------------------------------------------------------------------------------------------

    @property
    def has_stimuli(self) -> bool:
        """Whether something can be let happen at the machine."""
        return self.manifest.dry_run or self.ask is not None

    @property
    def has_matter(self) -> bool:
        """Whether books can be on the line: played, put there by a person, or fed before."""
        return self.has_stimuli or self.fed is True

    def need_stimuli(self) -> None:
        """Raise NotApplicable where nothing can be let happen at the machine."""
        if not self.has_stimuli:
            raise NotApplicable("needs a dry run (manifest: dry_run = true) or a person (--interactive)")

    async def play(self, kind: str, station: str = "") -> None:
        """Let something happen at the machine: by dry run, or by asking a person."""
        if self.manifest.dry_run:
            await self._stimulate(kind, station)
        elif self.ask is not None:
            await self.ask(_REQUESTS[kind].format(station=station))
        else:
            self.need_stimuli()

    async def _stimulate(self, kind: str, station: str) -> None:
        number = next_seq((await self.line())["stimulus_seq"])
        values = {
            "kind": self.map.number("stimulus", kind),
            "zone": self.map.number("station", station) if station else 0,
            "cmd_seq": number,
        }
        await self.talk.run(
            write_request(self.codec.span("dry_run").address, self.codec.encode("dry_run", values))
        )
        if kind != "restart":
            await self.until(
                self.line, lambda line: line["stimulus_seq"] == number, 2.0, f"stimulus {kind} (WC-DR-002)"
            )

    async def restart_plc(self) -> tuple[int, int]:
        """Have the PLC powered off and on; BootId before and after.  The line is not claimed afterwards."""
        before = (await self.line())["boot_id"]
        await self.stop_beating()
        await self.play("restart")
        deadline = self.clock.now() + BOOT_SECONDS
        while True:
            try:
                if self.talk.client is None:
                    await self.open()
                self.watch.forget()
                if (boot := (await self.line())["boot_id"]) != before:
                    return before, boot
            except (DeviceGone, DeviceFault):
                await self.talk.hang_up()  # a PLC without power drops its connections
            if self.clock.now() > deadline:
                raise Broken(f"BootId is still {before} after the power-up")
            await self.clock.sleep(0.02)

    async def feed(self) -> int:
        """Bring a book into the first zone; its TrackId."""
        await self.need_matter()
        code, track_id = await self._feed()
        if code != "ok":
            raise Broken(f"feed ended with {code}")
        return track_id

    async def _feed(self) -> tuple[str, int]:
        track_id, self.next_track = self.next_track, self.next_track + 1
        return await self.do("supply", "feed", track_id=track_id), track_id

    async def need_matter(self) -> None:
        """Raise NotApplicable where no book can be on the line; if nobody knows, a feed in Execute tells."""
        if "supply" not in self.stations:
            raise NotApplicable("no station supply in the manifest")
        if self.fed is None and not self.has_stimuli:
            code, _ = await self._feed()
            self.fed = code != "empty"
            await self.clear_out()
            await self.bring("execute")
        if self.fed is False and not self.has_stimuli:
            raise NotApplicable("the supply is empty: needs books, or a dry run (manifest: dry_run = true)")

    def params_of_release(self, station: str, track_id: int, guard: int = NO_COMPARE) -> dict[str, int]:
        """Parameters of a release out of ``station``: to bin 1 where it is the last."""
        return {"track_id": track_id, "destination": int(station == self.stations[-1]), "guard": guard}

    async def release(self, station: str, track_id: int, guard: int = NO_COMPARE) -> str:
        """Let a book go on; how it ended."""
        return await self.do(station, "release", **self.params_of_release(station, track_id, guard))

    async def grant(self, station: str, track_id: int, guard: int = NO_COMPARE) -> Answer:
        """Let a book go on, without waiting for it."""
        params = self.params_of_release(station, track_id, guard)
        answer = await self.give(station, "release", **params)
        if answer.code != "accepted":
            raise Broken(f"{station} release was answered {answer.code}, not accepted")
        return answer

    async def carry(self, track_id: int, to: str, start: str = "supply") -> None:
        """Bring a book from ``start`` to a station."""
        for station in self.stations[self.stations.index(start) : self.stations.index(to)]:
            code = await self.release(station, track_id)
            if code != "ok":
                raise Broken(f"release at {station} ended with {code}")

    async def book_at(self, station: str) -> int:
        """Feed a book and bring it to a station; its TrackId."""
        track_id = await self.feed()
        await self.carry(track_id, station)
        return track_id

    async def last_two(self) -> tuple[str, str]:
        """Give the last two stations."""
        await self.need_matter()
        if len(self.stations) < 2:
            raise NotApplicable("needs a line of two stations")
        return self.stations[-2], self.stations[-1]

    async def pair(self) -> tuple[str, str, int, int]:
        """Bring two books into the last two zones: the zones, the book behind, the book in front."""
        behind, front = await self.last_two()
        second = await self.book_at(front)
        first = await self.book_at(behind)
        return behind, front, first, second

    async def clear_out(self) -> None:
        """Leave no book on the line, no alarm and no trip; the line is Stopped, in Production."""
        if self.has_stimuli:
            await self._clear_matter()
        await self.bring("stopped")
        if self.has_matter:
            await self.bring("idle")  # reset confirms what the photo-eyes show
            if not self.has_stimuli:
                await self._send_all_out()
            await self.bring("stopped")

    async def _send_all_out(self) -> None:
        """Release every book on the line into bin 1, the last first."""
        await self.bring("execute")
        for station in reversed(self.stations):
            track_id, _ = await self.zone(station)
            if track_id:
                await self.carry(track_id, self.stations[-1], station)
                await self.release(self.stations[-1], track_id)

    async def _clear_matter(self) -> None:
        line = await self.line()
        if not line["safety"] & 1:
            await self.play("safety_reset")
        await self._leave_acts()
        if line["mode"] != self.map.number("mode", "production"):
            await self.play("production")
        for station in self.stations:
            if (await self.entry("zones", station))["occupied"]:
                await self.play("remove", station)

    async def _leave_acts(self) -> None:
        """Stop what runs, so that nothing moves while zones are cleared."""
        if await self.state() in ("execute", "held", "suspended"):
            await self.bring("stopped")


_REQUESTS = {
    "guard": "Reach into the line once, as if to straighten a book",
    "item": "Put a book into the empty zone of {station}",
    "remove": "Take the book out of the zone of {station}",
    "jam": "Make the next movement at {station} jam (hold the book)",
    "lose": "Catch the next book as it leaves {station} (or enters, at supply), and keep it",
    "empty": "Empty the supply",
    "trip": "Trip safety: press an emergency stop",
    "safety_reset": "Reset safety at the machine",
    "restart": "Switch the PLC off and on",
    "production": "Turn the mode switch at the machine to Production",
}


def _way(state: str, target: str, left_out: tuple[str, ...]) -> str | None:
    """The first command of the shortest way between two wait states (or Execute); None where it is acting."""
    steps = {
        (source, TARGETS[trigger], trigger)
        for trigger, sources, _ in TRANSITIONS
        if trigger in TARGETS and trigger not in left_out
        for source in sources
    }
    first: dict[str, str | None] = {state: None}
    queue = deque([state])
    while queue:
        here = queue.popleft()
        for source, to, trigger in sorted(steps):
            if source == here and to not in first and (trigger != "abort" or target == "aborted"):
                first[to] = first[here] or trigger
                queue.append(to)
    return first.get(target)
