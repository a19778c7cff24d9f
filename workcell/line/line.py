"""The line at work: its ports, devices and state, and the few ways in which anything is done to them.

Events are written in one order for journal and state; an effect has its intent before and its end after; a
device that can't holds the line until a person has mended it; pictures are looked at in the background.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Collection, Iterator, Mapping
from contextlib import suppress
from functools import partial
from typing import Any, TypeVar

from stations.station import Use
from workcell.kernel.errors import DeviceFault, DeviceGone, Doubtful, Refused
from workcell.kernel.events import Event, Journal
from workcell.kernel.evidence import Evidence, evidence_from_json
from workcell.kernel.layout import Layout
from workcell.kernel.ports import Clock, Done, Ids, Jobs, LineLink, Worker
from workcell.kernel.profile import Profile
from workcell.line.alarms import about, comes_from
from workcell.line.devices import Devices
from workcell.line.files import FileStore
from workcell.line.projection import Alarm, Book, Effect, Image, LineState

T = TypeVar("T")

_HOLD_SECONDS = 5.0
_FOLLOW_SECONDS = 10.0
_PATIENCE_SECONDS = 1.0
_REFUSED_SECONDS = 0.1
_TOWARDS_EXECUTE = {
    "Stopped": "reset",
    "Complete": "reset",
    "Idle": "start",
    "Held": "unhold",
    "Suspended": "unsuspend",
    "Aborted": "clear",
}
_UNTIL_EXECUTE = ("link", "reboot")


class Line:
    """What conductor, visits and recovery share.

    ``adrift`` are the books that the unit has lost track of: nothing is done to them any more.  ``tell``
    hears what a person should know at once.  ``person`` answers questions and ``mend`` returns when somebody
    has seen to a trouble, where somebody sits at the line.
    """

    def __init__(
        self,
        *,
        layout: Layout,
        profile: Profile,
        clock: Clock,
        ids: Ids,
        journal: Journal,
        state: LineState,
        link: LineLink,
        devices: Devices,
        jobs: Jobs,
        files: FileStore,
        disk: Worker,
        person: Callable[[str], Awaitable[str]] | None = None,
        mend: Callable[[str], Awaitable[None]] | None = None,
        tell: Callable[[str], None] = lambda text: None,
    ) -> None:
        self.layout = layout
        self.profile = profile
        self.clock = clock
        self.ids = ids
        self.journal = journal
        self.state = state
        self.link = link
        self.devices = devices
        self.jobs = jobs
        self.files = files
        self.disk = disk
        self.adrift: set[str] = set()
        self._person = person
        self._mend = mend
        self._tell = tell
        self._may_act = asyncio.Event()
        self._looks: dict[tuple[str, str], asyncio.Task[None]] = {}
        self._order = asyncio.Lock()

    async def write(
        self, type_: str, body: Mapping[str, Any], book_id: str = "", effect_id: str = ""
    ) -> Event:
        """Append an event and fold it in, in one order for journal and state."""
        async with self._order:
            self.state.check(type_, body, book_id)
            batch = body["batch_id"] if type_ == "batch.opened" else self.state.batch_id
            event = await self.journal.append(
                type_, body, book_id=book_id, batch_id=batch, effect_id=effect_id
            )
            self.state.apply(event)
            return event

    async def effect(
        self,
        book_id: str,
        key: str,
        kind: str,
        body: Mapping[str, Any],
        act: Callable[[], Awaitable[Mapping[str, Any]]],
    ) -> Mapping[str, Any]:
        """Intent before, end after.  Refused means that nothing happened; Doubtful that nobody knows."""
        effect_id = self.ids.token()
        await self.write("effect.intended", {"key": key, "kind": kind, **body}, book_id, effect_id)
        try:
            result = await act()
        except Refused as refused:
            await self.write("effect.never", {"text": str(refused)}, book_id, effect_id)
            raise
        except (Doubtful, DeviceGone) as doubt:
            await self.write("effect.doubtful", {"text": str(doubt)}, book_id, effect_id)
            raise Doubtful(str(doubt), subject=book_id) from doubt
        await self.write("effect.done", result, book_id, effect_id)
        return result

    async def executing(self) -> None:
        """Wait until the unit executes."""
        await self._may_act.wait()

    async def may_mark(self, book_id: str) -> None:
        """Wait until the line executes; raises Doubtful for a book that the unit has lost track of."""
        await self._may_act.wait()
        if book_id in self.adrift:
            raise Doubtful("the unit has lost track of this book", subject=book_id)

    async def command(
        self, book_id: str, key: str, station: str, verb: str, params: Mapping[str, int], *, to: str = ""
    ) -> Done:
        """A unit command; a refused one is given again, ever more slowly, and a person is told."""
        waits, alarm = pauses(), f"refused:{station}"
        while True:
            try:
                done = await self.once(book_id, key, station, verb, params, to)
            except Refused as refused:
                pause = next(waits)
                if pause >= _PATIENCE_SECONDS:
                    await self.alarm(alarm, refused.what, refused.remedy or "See to the unit.", book_id)
                await self.after_refusal(pause)
            else:
                await self.clear_alarm(alarm)
                return done

    async def once(
        self, book_id: str, key: str, station: str, verb: str, params: Mapping[str, int], to: str = ""
    ) -> Done:
        """One try of a unit command with its intent, once the line executes; a jam is waited out."""
        await self._may_act.wait()
        if verb != "release":
            await self.may_mark(book_id)
        seq = await self.link.reserve(station)
        body = {"station": station, "seq": seq, "verb": verb, "params": dict(params), "to": to}

        async def act() -> Mapping[str, Any]:
            done = await self.link.execute(station, seq, verb, params)
            return {"code": done.code, "results": dict(done.results)}

        result = await self.effect(book_id, key, f"act:{verb}", body, act)
        if result["code"] == "jam":
            await self._jammed(station, book_id)
        return Done(seq, result["code"], result["results"])

    async def ask_unit(self, effect: Effect) -> tuple[str, dict[str, Any]]:
        """How a unit command ended, as the unit tells: the end's name and the body of its event."""
        try:
            done = await self.link.outcome(effect.body["station"], effect.body["seq"])
        except (Doubtful, DeviceGone) as doubt:
            return "doubtful", {"text": str(doubt)}
        if done is None:
            return "never", {"text": "the unit never saw the command"}
        return "done", {"code": done.code, "results": dict(done.results)}

    async def settled(self, book: Book, effect: Effect) -> Effect:
        """The effect with its end: one from before a restart is asked for."""
        if not effect.end:
            end, body = await self.ask_unit(effect)
            await self.write(f"effect.{end}", body, book.book_id, effect.effect_id)
        return effect

    async def after_refusal(self, pause: float = _REFUSED_SECONDS) -> None:
        """A refusal comes from a state that the last snapshot did not show yet: look before asking again."""
        await self.clock.sleep(pause)
        await self.see_state()

    async def _jammed(self, station: str, book_id: str) -> None:
        key = f"jam:{station}"
        await self.alarm(key, f"Jam at {station}.", "Clear the book's way, then unhold.", book_id)
        await self.hold_until_mended(key)
        await self.clear_alarm(key)

    async def hold_until_mended(self, key: str) -> None:
        """Hold the line for an alarm, and wait until a person has let it go on: here, or by a request."""
        self._may_act.clear()
        with suppress(Refused, DeviceGone):
            await self.link.command("hold")
        with suppress(TimeoutError):
            await self.link.wait_view(lambda seen: seen.state != "Execute", _HOLD_SECONDS)
        await self.see_state()
        if self._mend is None:
            await self._may_act.wait()
        else:
            await self._mended_here(self.state.alarms[key], self._mend)

    async def _mended_here(self, alarm: Alarm, mend: Callable[[str], Awaitable[None]]) -> None:
        """Let the line go on when the person at the desk says so, or when a request has done it before."""
        said = asyncio.ensure_future(mend(f"{alarm.text} {alarm.remedy}".strip()))
        asked = asyncio.ensure_future(self._may_act.wait())
        try:
            await asyncio.wait((said, asked), return_when=asyncio.FIRST_COMPLETED)
            if said.done():
                said.result()
                with suppress(Refused):
                    await self.link.command("unhold")
                await self.see_state()
        finally:
            said.cancel()
            asked.cancel()
        await self._may_act.wait()

    async def mended(self, device: str, attempt: Callable[[], Awaitable[T]]) -> T:
        """The result of ``attempt``; a device that can't holds the line, with an alarm, until it can."""
        while True:
            try:
                return await attempt()
            except (DeviceGone, DeviceFault) as error:
                key = f"device:{device}"
                await self.alarm(key, error.what, error.remedy or "Mend it, then unhold.")
                await self.hold_until_mended(key)
                await self.clear_alarm(key)

    async def alarm(self, key: str, text: str, remedy: str, book_id: str = "") -> None:
        """Raise an alarm once; raising it again while it stands changes nothing.

        What comes from an alarm that stands is on record as following it, and only the first is told.
        """
        if key not in self.state.alarms:
            body = {"key": key, "text": text, "remedy": remedy, "priority": about(key).priority.value}
            first = next((each for each in self.state.alarms if comes_from(key, each)), "")
            await self.write("alarm.raised", body | ({"follows": first} if first else {}), book_id)
            self.tell_alarm(self.state.alarms[key])

    def tell_alarm(self, alarm: Alarm) -> None:
        """Tell a person, unless the alarm is shelved or follows another that was told."""
        if alarm.key not in self.state.shelf and not alarm.follows:
            self._tell(f"alarm: {alarm.text} {alarm.remedy}")

    async def clear_alarm(self, key: str) -> None:
        """Clear an alarm that stands."""
        if key in self.state.alarms:
            await self.write("alarm.cleared", {"key": key})

    async def store_file(self, data: bytes, suffix: str) -> str:
        """Keep a file; returns its content-addressed name."""
        return await self.disk.run(self.files.put, data, suffix)

    async def person(self, question: str) -> str:
        """The answer of the person at the desk; raises DeviceFault where nobody sits."""
        if self._person is None:
            raise DeviceFault("nobody sits at this line to be asked", subject=question)
        return await self._person(question)

    def calibration(self, station: str, role: str) -> str:
        """The calibration file of the camera that has this role at a station; empty where it has none."""
        place = self.layout.station(station)
        camera = self.layout.cameras.get(place.cameras.get(role, "")) if place else None
        return camera.calibration if camera else ""

    def look_later(self, book: Book, uses: Collection[Use]) -> None:
        """Have every picture of ``book`` for these uses looked at in the background, once."""
        for image in book.images:
            key = book.book_id, image.name
            if image.use in uses and not image.seen and key not in self._looks:
                task = asyncio.get_running_loop().create_task(self._look(book.book_id, image))
                self._looks[key] = task
                task.add_done_callback(partial(self._looked, key))

    def _looked(self, key: tuple[str, str], task: asyncio.Task[None]) -> None:
        """Let go of a look that is on record; one that has failed is kept for whoever waits for it."""
        if not task.cancelled() and task.exception() is None:
            del self._looks[key]

    async def _look(self, book_id: str, image: Image) -> None:
        name = image.name
        request = {"path": str(self.files.path(name)), "view": image.view}
        request["calibration"] = self.calibration(image.station, image.role)
        try:
            seen = await self.jobs.run("look", request)
        except DeviceFault as fault:
            seen = {
                "file": name, "sha256": name.split(".")[0], "face": "unsure",
                "problems": [str(fault)],
            }  # fmt: skip
        await self.write("image.seen", {"name": name, "seen": self.files.put_json(seen)}, book_id)

    async def evidence(self, book: Book, *, thorough: bool) -> Evidence:
        """Evidence from the pictures of ``book``; thorough evidence also from the spare ones."""
        if not book.evidence or (thorough and not book.thorough):
            uses = (Use.EVIDENCE, Use.SPARE) if thorough else (Use.EVIDENCE,)
            request = {"images": await self._seen(book, uses), "measured": dict(book.measured)}
            name = self.files.put_json(await self.jobs.run("combine", request))
            await self.write("evidence.found", {"name": name, "thorough": thorough}, book.book_id)
        return evidence_from_json(self.files.read_json(book.evidence))

    async def _seen(self, book: Book, uses: Collection[Use]) -> list[dict[str, Any]]:
        """What was seen on each picture for these uses, in the order in which they were taken."""
        self.look_later(book, uses)
        under_way = [
            self._looks.get((book.book_id, image.name)) for image in book.images if image.use in uses
        ]
        for look in under_way:
            if look is not None:
                await look
        return [self.files.read_json(image.seen) for image in book.images if image.use in uses]

    async def finish_looks(self, *, give_up: bool) -> None:
        """Wait for the looks under way; with ``give_up`` break them off, to be done again after a restart."""
        for task in list(self._looks.values()):
            if give_up:
                task.cancel()
            await asyncio.wait([task])

    async def make_ready(self) -> None:
        """Bring the unit from any wait state to Execute, as an operator's start does.

        Raises Refused when the unit goes on refusing, DeviceFault when it does not follow.
        """
        for last_try in (False,) * 8 + (True,):
            await self.see_state()
            view = await self.link.view()
            verb = _TOWARDS_EXECUTE.get(view.state)
            if view.state == "Execute":
                break
            if verb is not None:
                try:
                    await self.link.command(verb)
                except Refused:  # it was brought elsewhere meanwhile, or stands interlocked
                    if last_try:
                        raise
                    await self.clock.sleep(_REFUSED_SECONDS)
                    continue
            await self._until_state_leaves(view.state)
        await self.see_state()

    async def _until_state_leaves(self, state: str) -> None:
        try:
            await self.link.wait_view(lambda seen: seen.state != state, _FOLLOW_SECONDS)
        except TimeoutError as error:
            raise DeviceFault(
                f"the unit stays {state}", subject="PLC", remedy="See what its own panel asks for."
            ) from error

    async def see_state(self) -> None:
        """Put a changed state of the unit on record, and open or shut the gate for unit commands."""
        view = await self.link.view()
        known = self.state
        if (view.state, view.mode, view.linked, view.boot_id) != (
            known.state, known.mode, known.linked, known.boot_id,
        ):  # fmt: skip
            body = {"state": view.state, "mode": view.mode, "linked": view.linked, "boot_id": view.boot_id}
            if view.boot_id != known.boot_id:
                body["counters"] = {"entered": view.entered, "left": view.left}
            await self.write("line.state", body)
        if view.linked and view.state == "Execute":
            for key in _UNTIL_EXECUTE:
                await self.clear_alarm(key)
            self._may_act.set()
        else:
            self._may_act.clear()


def pauses() -> Iterator[float]:
    """Ever longer pauses between tries, in seconds."""
    pause = _REFUSED_SECONDS
    while True:
        yield pause
        pause = min(2 * pause, _PATIENCE_SECONDS)
