"""The operator as the conveyor: unit commands become words on a screen and a person's key.

A desk runs the same stations as a line.  One book is on the desk at a time: the next is asked for when the
last has been put away.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from typing import Protocol

from workcell.kernel.errors import Refused
from workcell.kernel.ports import Clock, Done, LineView, TrackEvent, ZoneView

_SURFACES = {
    1: "front cover", 2: "back cover", 3: "spine", 4: "title page",
    5: "back of the title page", 6: "inside of the back cover", 7: "edge",
}  # fmt: skip


class Person(Protocol):
    """Who sits at the desk: is told what to do, and answers."""

    async def next_book(self) -> bool:
        """Whether there is another book."""
        ...

    async def told(self, text: str) -> None:
        """Do this; returns when it is done."""
        ...

    async def asked(self, question: str) -> str:
        """The answer as typed or scanned."""
        ...


class DeskPerson(Person, Protocol):
    """A person at a desk, who also sees to what has gone wrong there."""

    async def mends(self, trouble: str) -> None:
        """The desk stands still until this is seen to; returns when it is."""
        ...


class OperatorLink:
    """The LineLink of a desk."""

    def __init__(self, person: DeskPerson, clock: Clock, bins: Mapping[str, int]) -> None:
        self._person = person
        self._clock = clock
        self._bins = {number: name for name, number in bins.items()}
        self._seq = 0
        self._state = "Stopped"
        self._fed = 0
        self._gone = 0
        self.fed = 0
        self._desk_free = asyncio.Event()
        self._desk_free.set()
        self._attention = asyncio.Lock()
        self._zones: tuple[ZoneView, ...] = ()

    def on_desk(self, track_id: int, zone: str) -> None:
        """A book lies on the desk from before a restart."""
        self.fed = track_id
        self._zones = (ZoneView(zone, track_id, "occupied"),)
        self._desk_free.clear()

    async def open(self) -> None:
        """Nothing to connect."""

    async def close(self) -> None:
        """Nothing to let go of."""

    async def reserve(self, station: str) -> int:
        """The next number; a desk has one sequence for all stations."""
        self._seq += 1
        return self._seq

    async def execute(self, station: str, seq: int, verb: str, params: Mapping[str, int]) -> Done:
        """Ask the person to do it."""
        if self._state != "Execute":
            raise Refused(f"the desk is {self._state}", subject=station)
        if verb == "feed":
            return await self._feed(seq, params)
        if verb == "release":
            return await self._release(station, seq, params)
        words = _words(station, verb, params)
        if words:
            async with self._attention:
                await self._person.told(words)
        return Done(seq, "ok")

    async def _feed(self, seq: int, params: Mapping[str, int]) -> Done:
        await self._desk_free.wait()
        async with self._attention:
            if not await self._person.next_book():
                return Done(seq, "empty")
        self._fed += 1
        self.fed = params["track_id"]
        self._desk_free.clear()
        return Done(seq, "ok")

    async def _release(self, station: str, seq: int, params: Mapping[str, int]) -> Done:
        if station == "sort":
            async with self._attention:
                await self._person.told(f"Put the book on: {self._bins.get(params['destination'], '?')}.")
            self._gone += 1
            self._zones = ()
            self._desk_free.set()
        return Done(seq, "ok")

    async def outcome(self, station: str, seq: int) -> Done | None:
        """After a restart the person is asked whether the act was done."""
        question = f"The desk was restarted: was the last act at {station} done? (yes/no)"
        async with self._attention:
            answer = (await self._person.asked(question)).strip().lower()
        return Done(seq, "ok") if answer in ("y", "yes", "是") else None

    async def ask(self, question: str) -> str:
        """A question in the course of the work."""
        async with self._attention:
            return await self._person.asked(question)

    async def mend(self, trouble: str) -> None:
        """A trouble that holds the desk: returns when the person has seen to it."""
        await self._person.mends(trouble)

    async def command(self, name: str) -> None:
        """The desk's own PackML state, without acting states."""
        if name not in _COMMANDS or self._state not in _COMMANDS[name][0]:
            raise Refused(f"{name} is not possible in {self._state}", subject="desk")
        self._state = _COMMANDS[name][1]

    async def view(self) -> LineView:
        """Always linked; photo-eyes are the person's own."""
        return LineView(True, self._state, "Production", 1, self._fed, self._gone, True, 0, self._zones)

    async def wait_view(self, accept: Callable[[LineView], bool], seconds: float) -> LineView:
        """The state changes at once, so one look is enough."""
        view = await self.view()
        if not accept(view):
            raise TimeoutError
        return view

    async def events(self) -> AsyncIterator[TrackEvent]:
        """A desk has no photo-eyes: no event ever comes."""
        await asyncio.Event().wait()
        yield TrackEvent(0, "", "", 0, 0)


_LIVE = ("Idle", "Execute", "Held")
_COMMANDS: dict[str, tuple[tuple[str, ...], str]] = {
    "reset": (("Stopped", "Complete"), "Idle"),
    "start": (("Idle",), "Execute"),
    "hold": (("Execute",), "Held"),
    "unhold": (("Held",), "Execute"),
    "complete": (("Execute",), "Complete"),
    "stop": (_LIVE, "Stopped"),
    "abort": ((*_LIVE, "Stopped", "Complete"), "Aborted"),
    "clear": (("Aborted",), "Stopped"),
}


def _words(station: str, verb: str, params: Mapping[str, int]) -> str:
    """What to tell the person, or nothing where the act has no meaning at a desk."""
    where = _SURFACES.get(params.get("surface", 0), "book")
    left, foot = params.get("x_mm10", 0) / 10, params.get("y_mm10", 0) / 10
    place = f"{left:g} mm from the left, {foot:g} mm from the foot"
    if verb == "stamp":
        return f"Stamp the {where}, {place}."
    if verb == "apply" and station == "spine_label":
        return f"Stick the spine label on the {where}, {params.get('y_mm10', 0) / 10:g} mm from the foot."
    if verb == "apply":
        return f"Stick the barcode label on the {where}, {place}."
    if verb == "place_tag":
        return "Stick a blank tag inside the back cover and lay the book on the RFID pad."
    return ""
