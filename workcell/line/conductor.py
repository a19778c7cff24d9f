"""The conductor: one task a station, one writer of the journal, and the line's PackML state.

It moves nothing by itself: unit commands go to the PLC (or the operator), recognition to other processes,
numbers and cases to the site store.  Everything it knows of the line is the fold of its own events.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Collection, Iterator, Mapping
from contextlib import suppress
from dataclasses import asdict
from typing import Any, TypeVar

from stations import STATIONS
from stations.station import Leaving, Use, Way, to_reject, to_review
from workcell.kernel.errors import BadInput, DeviceFault, DeviceGone, Doubtful, Refused, WorkcellError
from workcell.kernel.events import Event, Journal
from workcell.kernel.evidence import Evidence, evidence_from_json
from workcell.kernel.layout import Layout, StationPlace
from workcell.kernel.model import Reason
from workcell.kernel.ports import Clock, Done, Ids, Jobs, LineLink, TrackEvent, Worker
from workcell.kernel.profile import Profile
from workcell.line.bench import Visit
from workcell.line.cataloguing import Cataloguing
from workcell.line.devices import Devices
from workcell.line.files import FileStore
from workcell.line.inbox import Inbox, Request
from workcell.line.projection import Book, Effect, LineState

T = TypeVar("T")

_OPERATION = {
    "page_turn": "pages",
    "stamp": "stamp",
    "barcode_label": "barcode_label",
    "spine_label": "spine_label",
    "rfid": "rfid",
}
_INBOX_SECONDS = 0.1
_HOLD_SECONDS = 5.0
_PATIENCE_SECONDS = 1.0
_REFUSED_SECONDS = 0.1


class Line:
    """The line at work: ports, devices and state, shared by the station tasks."""

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
        cataloguing: Cataloguing,
        inbox: Inbox | None = None,
        person: Callable[[str], Awaitable[str]] | None = None,
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
        self.cataloguing = cataloguing
        self._disk = disk
        self._inbox = inbox
        self._person = person
        self._may_act = asyncio.Event()
        self._looks: dict[str, asyncio.Task[None]] = {}
        self._arrived: dict[str, asyncio.Queue[Book]] = {
            place.name: asyncio.Queue() for place in layout.stations
        }
        self._ended = asyncio.Event()
        self._stopping = ""
        self._adrift: set[str] = set()
        self._unplaced: set[str] = set()
        self._placing = asyncio.Lock()
        self._leaving: set[str] = set()
        self._order = asyncio.Lock()
        cataloguing.bind(self)

    # --- events --------------------------------------------------------------------------------------

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

    async def may_mark(self, book_id: str) -> None:
        """Wait until the line executes; raises Doubtful for a book that the unit has lost track of."""
        await self._may_act.wait()
        if book_id in self._adrift:
            raise Doubtful("the unit has lost track of this book", subject=book_id)

    async def command(
        self, book_id: str, key: str, station: str, verb: str, params: Mapping[str, int], *, to: str = ""
    ) -> Done:
        """A unit command; a refused one is given again, ever more slowly, and a person is told."""
        pauses, alarm = _pauses(_REFUSED_SECONDS), f"refused:{station}"
        while True:
            try:
                done = await self._once(book_id, key, station, verb, params, to)
            except Refused as refused:
                pause = next(pauses)
                if pause >= _PATIENCE_SECONDS:
                    await self.alarm(alarm, refused.what, refused.remedy or "See to the unit.", book_id)
                await self._after_refusal(pause)
            else:
                await self.clear_alarm(alarm)
                return done

    async def _once(
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

    async def _after_refusal(self, pause: float) -> None:
        """A refusal comes from a state that the last snapshot did not show yet: look before asking again."""
        await self.clock.sleep(pause)
        await self._see_state()

    async def _jammed(self, station: str, book_id: str) -> None:
        key = f"jam:{station}"
        await self.alarm(key, f"Jam at {station}.", "Clear the book's way, then unhold.", book_id)
        await self._hold_until_mended()
        await self.clear_alarm(key)

    async def _hold_until_mended(self) -> None:
        """Hold the line and wait until a person has let it go on."""
        self._may_act.clear()
        with suppress(Refused, DeviceGone):
            await self.link.command("hold")
        with suppress(TimeoutError):
            await self.link.wait_view(lambda seen: seen.state != "Execute", _HOLD_SECONDS)
        await self._see_state()
        await self._may_act.wait()

    async def mended(self, device: str, attempt: Callable[[], Awaitable[T]]) -> T:
        """The result of ``attempt``; a device that can't holds the line, with an alarm, until it can."""
        while True:
            try:
                return await attempt()
            except (DeviceGone, DeviceFault) as error:
                key = f"device:{device}"
                await self.alarm(key, error.what, error.remedy or "Mend it, then unhold.")
                await self._hold_until_mended()
                await self.clear_alarm(key)

    async def cast_adrift(self, text: str) -> None:
        """Nobody knows any more which book lies where: none of those on the line is marked or released."""
        lost = self.state.in_flight()
        self._adrift.update(book.book_id for book in lost)
        self._unplaced.update(book.book_id for book in lost)
        for book in lost:
            if book.way != "reject":
                await self.cataloguing.set_aside(book, to_reject("POSITION_LOST", text))

    async def alarm(self, key: str, text: str, remedy: str, book_id: str = "") -> None:
        """Raise an alarm once; raising it again while it stands changes nothing."""
        if key not in self.state.alarms:
            await self.write("alarm.raised", {"key": key, "text": text, "remedy": remedy}, book_id)

    async def clear_alarm(self, key: str) -> None:
        """Clear an alarm that stands."""
        if key in self.state.alarms:
            await self.write("alarm.cleared", {"key": key})

    async def store_file(self, data: bytes, suffix: str) -> str:
        """Keep a file; returns its content-addressed name."""
        return await self._disk.run(self.files.put, data, suffix)

    async def person(self, question: str) -> str:
        """The answer of the person at the desk; raises DeviceFault where nobody sits."""
        if self._person is None:
            raise DeviceFault("nobody sits at this line to be asked", subject=question)
        return await self._person(question)

    # --- looking -------------------------------------------------------------------------------------

    def look_later(self, book: Book, uses: Collection[Use]) -> None:
        """Have every picture of ``book`` for these uses looked at in the background, once."""
        for image in book.images:
            if image.use in uses and not image.seen and image.name not in self._looks:
                task = asyncio.get_running_loop().create_task(
                    self._look(book.book_id, image.name, image.view)
                )
                self._looks[image.name] = task

    async def _look(self, book_id: str, name: str, view: str) -> None:
        try:
            seen = await self.jobs.run("look", {"path": str(self.files.path(name)), "view": view})
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
        for image in book.images:
            if image.use in uses and not image.seen:
                await self._looks[image.name]
        return [self.files.read_json(image.seen) for image in book.images if image.use in uses]

    # --- running -------------------------------------------------------------------------------------

    async def run(self) -> None:
        """Drive the open batch to its end, or until the line is stopped."""
        for book in self.state.in_flight():
            await self._arrive(book)
        await self._make_ready()
        if not self._unplaced:
            await self._adopt_strays()
        async with asyncio.TaskGroup() as tasks:
            running = [tasks.create_task(self._watch_events()), tasks.create_task(self._watch_state())]
            if self._inbox is not None:
                running.append(tasks.create_task(self._watch_inbox(self._inbox)))
            running.extend(tasks.create_task(self._station(place)) for place in self.layout.stations[1:])
            running.append(tasks.create_task(self._supply()))
            self._check_end()
            await self._ended.wait()
            await self._drain_looks()
            for task in running:
                task.cancel()

    async def _drain_looks(self) -> None:
        for task in self._looks.values():
            if not task.done() and self._stopping:
                task.cancel()
            else:
                await asyncio.wait([task])

    @property
    def stopped_by(self) -> str:
        """The request that stopped the line before the batch ended, or an empty text."""
        return self._stopping

    async def _make_ready(self) -> None:
        """Bring the unit from any wait state to Execute, as an operator's start does."""
        for _ in range(8):
            view = await self.link.view()
            verb = _TOWARDS_EXECUTE.get(view.state)
            if view.state == "Execute":
                break
            if verb is not None:
                await self.link.command(verb)
            await self.link.wait_view(lambda seen, before=view.state: seen.state != before, 10.0)  # type: ignore[misc]
        await self._see_state()

    async def _see_state(self) -> None:
        """Put a changed state of the unit on record, and open or shut the gate for unit commands."""
        view = await self.link.view()
        changed = (view.state, view.mode, view.linked) != (
            self.state.state,
            self.state.mode,
            self.state.linked,
        )
        if changed:
            body = {"state": view.state, "mode": view.mode, "linked": view.linked, "boot_id": view.boot_id}
            await self.write("line.state", body)
        if view.linked and view.state == "Execute":
            for key in _UNTIL_EXECUTE:
                await self.clear_alarm(key)
            self._may_act.set()
        else:
            self._may_act.clear()

    async def _watch_state(self) -> None:
        while True:
            await self._see_state()
            await self.clock.sleep(_INBOX_SECONDS)

    async def _watch_events(self) -> None:
        async for event in self.link.events():
            await self._on_event(event)

    async def _on_event(self, event: TrackEvent) -> None:
        if event.kind in _LINK_ALARMS:
            await self.alarm(*_LINK_ALARMS[event.kind])
        if event.kind == "rebooted":
            await self.cast_adrift("The PLC was restarted and has lost track of the books.")
        if event.kind in ("lost", "removed", "unknown"):
            await self.write(
                "track.edge", {"kind": event.kind, "zone": event.zone, "track_id": event.track_id}
            )
        book = self.state.by_track(event.track_id)
        if event.kind in _LOST and book is not None:
            code, text = _LOST[event.kind]
            await self.lose(book, code, text.format(zone=event.zone))
        if event.kind == "unknown" and book is None and not self._unplaced:
            await self._adopt_strays()

    async def _watch_inbox(self, inbox: Inbox) -> None:
        while True:
            for request in await self._disk.run(inbox.open_requests):
                answer = await self._answer(request)
                await self._disk.run(inbox.answer, request.id, answer)
            if self._stopping:
                self._ended.set()
            await self.clock.sleep(_INBOX_SECONDS)

    async def _answer(self, request: Request) -> dict[str, Any]:
        """Carry out a person's request; the answer says what the line did or why not."""
        await self.write(
            "request.received", {"id": request.id, "holder": request.holder, "verb": request.verb}
        )
        if self.clock.wall().timestamp() > request.expires:
            return {"ok": False, "text": "the request had expired before the line saw it"}
        try:
            await self._obey(request.verb)
        except (WorkcellError, TimeoutError) as error:
            return {"ok": False, "text": str(error) or "the unit did not follow in time"}
        if request.verb == "stop":
            self._stopping = request.verb
        await self._see_state()
        return {"ok": True, "text": f"{request.verb}: the unit is {self.state.state}"}

    async def _obey(self, verb: str) -> None:
        """A person's word to the line; unhold and clear also start a unit that stands ready."""
        state = (await self.link.view()).state
        if verb == "clear" or (verb == "unhold" and state in ("Stopped", "Idle")):
            if verb == "clear":
                await self.link.command(verb)
            await self._make_ready()
        else:
            await self.link.command(verb)

    # --- stations ------------------------------------------------------------------------------------

    async def _supply(self) -> None:
        """Let the book that lies at the supply go on; then feed, one by one, until the supply is empty."""
        place, queue = self.layout.stations[0], self._arrived[self.layout.stations[0].name]
        while not queue.empty():
            await self._go_on(queue.get_nowait(), place)
        while not self.state.feeding_done:
            await self._may_act.wait()
            book = await self._stray_in(place.name)
            code = "ok" if book is not None else await self._feed(self._next_id(), place.name)
            if code == "empty":
                await self.write("line.feeding_done", {"fed": len(self.state.books)})
            elif code == "ok":
                await self._go_on(book or list(self.state.books.values())[-1], place)
            elif code not in _FEED_AGAIN:
                await self.alarm("supply", f"The supply reports {code}.", "Separate the books, then unhold.")
                await self._hold_until_mended()
                await self.clear_alarm("supply")
        self._check_end()

    def _next_id(self) -> str:
        return f"{self.state.batch_id}-{len(self.state.books) + 1:04d}"

    async def _feed(self, book_id: str, station: str) -> str:
        """The code of one feed; after one that nobody vouches for the zone tells what lies there."""
        params = {"track_id": self.state.last_track + 1}
        try:
            return (await self._once(book_id, f"{station}:feed", station, "feed", params)).code
        except Doubtful:
            return "doubtful"
        except Refused:
            await self._after_refusal(_REFUSED_SECONDS)
            return "refused"

    # --- what nobody announced -----------------------------------------------------------------------

    async def _stray_in(self, zone: str) -> Book | None:
        """What lies in ``zone`` and is no book on record: the one whose feed was doubtful, or a stranger."""
        tracks = {seen.zone: seen.track_id for seen in (await self.link.view()).zones}
        track = tracks.get(zone, 0)
        if not track or self._unplaced or self.state.by_track(track) is not None:
            return None
        book_id = self._next_id()
        fed_as = self.state.last_track if zone == self.layout.stations[0].name else track
        await self.write("book.fed", {"track_id": track, "fed_as": fed_as, "zone": zone}, book_id)
        book = self.state.book(book_id)
        if track & UNKNOWN_TRACK:
            self._adrift.add(book_id)
            await self.cataloguing.set_aside(
                book, to_reject("UNKNOWN_ITEM", f"Nobody fed it: it lay in {zone}.")
            )
        return book

    async def _adopt_strays(self) -> None:
        """Turn out whatever lies on the line, behind the supply, and belongs to no book on record."""
        for place in self.layout.stations[1:]:
            book = await self._stray_in(place.name)
            if book is not None:
                self._arrived[place.name].put_nowait(book)

    async def _place_adrift(self) -> None:
        """Give what the unit has found to the books that it had lost track of, from the exit back.

        No book overtakes another: the foremost book lies foremost, in its zone or one further.
        """
        view = await self.link.view()
        found = {seen.zone: seen.track_id for seen in view.zones if seen.track_id & UNKNOWN_TRACK}
        out = view.left - self.state.baseline["left"] - self.state.gone_out()
        names = [place.name for place in self.layout.stations]
        for book in [book for book in self.state.in_flight() if book.book_id in self._unplaced]:
            here = names.index(book.zone) if book.zone in names else len(names)
            zone = next((name for name in reversed(names[here : here + 2]) if name in found), "")
            if zone:
                await self.write("book.located", {"zone": zone, "track_id": found.pop(zone)}, book.book_id)
            elif out > 0 and here >= len(names) - 1:
                out -= 1
                await self.write("book.located", {"zone": self._last_way(book)}, book.book_id)
            else:
                await self.lose(
                    book, "POSITION_UNKNOWN", "The restarted unit has found nothing at its place."
                )
            self._unplaced.discard(book.book_id)
        await self._adopt_strays()

    def _last_way(self, book: Book) -> str:
        """The bin into which a book was let go last."""
        ways = [
            str(effect.body["to"])
            for effect in book.steps.values()
            if effect.body.get("to", "").startswith(_BIN)
        ]
        return ways[-1] if ways else f"{_BIN}{self.profile.reject_bin}"

    async def _station(self, place: StationPlace) -> None:
        """Serve one zone: take the book that arrives, work on it, let it go on."""
        queue = self._arrived[place.name]
        while True:
            book = await queue.get()
            if place.name not in book.done_stations:
                await self._work(book, place, Visit(self, book, place))
            await self._go_on(book, place)

    async def _work(self, book: Book, place: StationPlace, visit: Visit) -> None:
        started = self.clock.now()
        passed = book.way != "on" or not self._switched_on(place.name)
        leaving = Leaving()
        if not passed:
            try:
                leaving = await STATIONS[place.name].process(visit)
            except (Doubtful, DeviceFault, Refused, BadInput) as error:
                leaving = to_review(error.code.replace("WC-", ""), str(error))
        body = {
            "station": place.name, "way": leaving.way.value, "passed": passed,
            "seconds": round(self.clock.now() - started, 3), "computing": round(visit.computing, 3),
        }  # fmt: skip
        if leaving.way is not Way.ON and book.way == "on":
            await self.cataloguing.set_aside(book, leaving)
        if book.in_flight:
            await self.write("station.left", body, book.book_id)

    def _switched_on(self, station: str) -> bool:
        operation = _OPERATION.get(station)
        return operation is None or bool(getattr(self.profile.operations, operation))

    async def _go_on(self, book: Book, place: StationPlace) -> None:
        """Let the book go on to the next zone or into its bin."""
        visit, pauses = Visit(self, book, place), _pauses(_REFUSED_SECONDS)
        while book.in_flight and book.zone == place.name:
            to = self._next(book, place)
            guarded = place.name in _GUARDED and book.way == "on"
            code = await visit.release(to, self._destination(to), visit.noted_guard() if guarded else None)
            if code == "guard_changed":
                await self.cataloguing.set_aside(book, _REACHED)
            elif code != "ok":
                await self.clock.sleep(next(pauses))  # the unit's photo-eyes need some scans to contradict it
                await self._find(book, place.name, to)
        if book.in_flight:
            await self._arrive(book)

    async def _arrive(self, book: Book) -> None:
        """The book is in its next zone, or in its bin and thereby off the line."""
        if book.zone.startswith(_BIN):
            await self._leave(book, _OUTCOME[book.way], book.zone.removeprefix(_BIN))
        else:
            self._arrived[book.zone].put_nowait(book)

    async def _find(self, book: Book, here: str, to: str) -> None:
        """Ask the unit's tracking, once it runs again, for a book whose release did not end well."""
        await self._see_state()
        await self._may_act.wait()
        if not book.in_flight:
            return
        async with self._placing:
            if book.book_id in self._unplaced:
                await self._place_adrift()
                return
        zones = {zone.zone: zone.track_id for zone in (await self.link.view()).zones}
        for zone in (here, to):
            if zones.get(zone, 0) == book.track_id:
                await self.write("book.located", {"zone": zone}, book.book_id)
                return
        await self.lose(book, "POSITION_UNKNOWN", f"Neither {here} nor {to} reports this book.")

    def _next(self, book: Book, place: StationPlace) -> str:
        names = [station.name for station in self.layout.stations]
        if place.name == names[-1]:
            return f"{_BIN}{self._bin(book)}"
        return names[names.index(place.name) + 1]

    def _destination(self, to: str) -> int:
        return self.layout.bins[to.removeprefix(_BIN)] if to.startswith(_BIN) else 0

    def _bin(self, book: Book) -> str:
        if book.way == "on" and book.marks is not None:
            return str(book.marks["bin"])
        return self.profile.reject_bin if book.way == "reject" else self.profile.review_bin

    async def _leave(self, book: Book, outcome: str, bin_: str, *reasons: Reason) -> None:
        if book.book_id in self._leaving:
            return
        self._leaving.add(book.book_id)
        if outcome == "catalogued":
            await self.cataloguing.delivered(book)
        else:
            why = [reason.code for reason in reasons] + [reason["code"] for reason in book.reasons]
            await self.cataloguing.void(book, why[0])
        body = {"outcome": outcome, "bin": bin_, "reasons": [asdict(reason) for reason in reasons]}
        await self.write("book.left", body, book.book_id)
        self._check_end()

    async def lose(self, book: Book, code: str, text: str) -> None:
        """A book is nowhere: it leaves as missing, and a person is told."""
        if book.book_id in self._leaving:
            return
        await self.alarm(
            f"missing:{book.book_id}", f"{book.book_id} is missing.", "Search the line.", book.book_id
        )
        await self._leave(book, "missing", "", Reason(code, text))

    def _check_end(self) -> None:
        if self.state.feeding_done and not self.state.in_flight():
            self._ended.set()


UNKNOWN_TRACK = 1 << 31
"""The bit that a unit sets in the TrackId of an item that it does not know."""

_BIN = "bin:"
_GUARDED = ("verify", "sort")
_REACHED = to_review("GUARD_REACHED", "Somebody reached into the line between proof and release.")
_OUTCOME = {"on": "catalogued", "review": "review", "reject": "rejected"}
_TOWARDS_EXECUTE = {
    "Stopped": "reset",
    "Complete": "reset",
    "Idle": "start",
    "Held": "unhold",
    "Suspended": "unsuspend",
    "Aborted": "clear",
}
_LINK_ALARMS = {
    "link_lost": ("link", "No link to the PLC.", "Check its power and cable; the line is held."),
    "rebooted": ("reboot", "The PLC was restarted.", "Look that one book lies in a zone, then unhold."),
}
_UNTIL_EXECUTE = ("link", "reboot")
_LOST = {
    "lost": ("LOST", "Did not arrive at {zone}."),
    "removed": ("TAKEN", "Was taken out of {zone}."),
}
_FEED_AGAIN = ("jam", "doubtful", "refused")


def _pauses(first: float) -> Iterator[float]:
    """Ever longer pauses, in seconds."""
    while True:
        yield first
        first = min(2 * first, _PATIENCE_SECONDS)
