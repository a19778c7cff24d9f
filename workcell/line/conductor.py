"""The conductor: one task a station, and what each event, request and edge of tracking means for the books.

It moves nothing by itself: unit commands go to the PLC (or the operator), recognition to other processes,
numbers and cases to the site store.  Everything it knows of the line is the fold of its own events.
"""

from __future__ import annotations

import asyncio
from dataclasses import asdict
from typing import Any

from stations import STATIONS
from stations.station import Leaving, Way, to_reject, to_review
from workcell.kernel.errors import BadInput, DeviceFault, Doubtful, Refused, WorkcellError
from workcell.kernel.layout import StationPlace
from workcell.kernel.model import Reason
from workcell.kernel.ports import TrackEvent
from workcell.line.bench import Visit
from workcell.line.cataloguing import Cataloguing
from workcell.line.inbox import ALARM_VERBS, Inbox, Request
from workcell.line.ledger import is_picked
from workcell.line.line import Line, pauses
from workcell.line.projection import Book
from workcell.line.tending import tend, unshelve_expired

UNKNOWN_TRACK = 1 << 31
"""The bit that a unit sets in the TrackId of an item that it does not know."""

_OPERATION = {
    "page_turn": "pages",
    "stamp": "stamp",
    "barcode_label": "barcode_label",
    "spine_label": "spine_label",
    "rfid": "rfid",
}
_INBOX_SECONDS = 0.1
_BIN = "bin:"
_GUARDED = ("verify", "sort")
_REACHED = to_review("GUARD_REACHED", "Somebody reached into the line between proof and release.")
_OUTCOME = {"on": "catalogued", "review": "review", "reject": "rejected"}
_LINK_ALARMS = {
    "link_lost": ("link", "No link to the PLC.", "Check its power and cable; the line is held."),
    "rebooted": ("reboot", "The PLC was restarted.", "Look that one book lies in a zone, then unhold."),
}
_LOST = {
    "lost": ("LOST", "Did not arrive at {zone}."),
    "removed": ("TAKEN", "Was taken out of {zone}."),
}
_RESTARTED = "The PLC was restarted and has lost track of the books."
_STAYED = ("no_book", "wrong_book", "guard_changed", "withdrawn")
"""A release that ended so has moved no book."""

_FEED_AGAIN = ("jam", "doubtful", "refused")


class Conductor:
    """Drives the books of one batch through the stations of a line."""

    def __init__(self, line: Line, cataloguing: Cataloguing, inbox: Inbox | None = None) -> None:
        self.line = line
        self.cataloguing = cataloguing
        self._inbox = inbox
        self._arrived: dict[str, asyncio.Queue[Book]] = {
            place.name: asyncio.Queue() for place in line.layout.stations
        }
        self._ended = asyncio.Event()
        self._stopping = ""
        self._unplaced: set[str] = set()
        self._placing = asyncio.Lock()
        self._leaving: set[str] = set()

    async def cast_adrift(self, boot_id: int, text: str) -> None:
        """Books from before the unit's life ``boot_id`` are known to nobody: none is marked any more."""
        lost = self._from_before(boot_id)
        self.line.adrift.update(book.book_id for book in lost)
        self._unplaced.update(book.book_id for book in lost)
        for book in lost:
            if book.way != "reject":
                await self.cataloguing.set_aside(book, to_reject("POSITION_LOST", text))

    def _from_before(self, boot_id: int) -> list[Book]:
        """Books on the line to which the unit, in its life ``boot_id``, has given no TrackId."""
        return [
            book
            for book in self.line.state.in_flight()
            if book.boot_id != boot_id
            and not book.zone.startswith(_BIN)
            and book.book_id not in self._leaving
        ]

    async def run(self) -> None:
        """Drive the open batch to its end, or until the line is stopped."""
        for book in self.line.state.in_flight():
            await self._arrive(book)
        await self.line.make_ready()
        if not self._unplaced:
            await self._adopt_strays()
        async with asyncio.TaskGroup() as tasks:
            running = [tasks.create_task(self._watch_events()), tasks.create_task(self._watch_state())]
            if self._inbox is not None:
                running.append(tasks.create_task(self._watch_inbox(self._inbox)))
            running.extend(tasks.create_task(self._station(place)) for place in self.line.layout.stations[1:])
            running.append(tasks.create_task(self._supply()))
            self._ended.clear()
            self._check_end()
            await self._ended.wait()
            await self.line.finish_looks(give_up=bool(self._stopping))
            for task in running:
                task.cancel()

    @property
    def stopped_by(self) -> str:
        """The request that stopped the line before the batch ended, or an empty text."""
        return self._stopping

    async def _watch_state(self) -> None:
        while True:
            await self.line.see_state()
            await unshelve_expired(self.line)
            await self.line.clock.sleep(_INBOX_SECONDS)

    async def _watch_events(self) -> None:
        async for event in self.line.link.events():
            await self._on_event(event)

    async def _on_event(self, event: TrackEvent) -> None:
        if event.kind in _LINK_ALARMS:
            await self.line.alarm(*_LINK_ALARMS[event.kind])
        if event.kind == "rebooted":
            await self.cast_adrift((await self.line.link.view()).boot_id, _RESTARTED)
        if event.kind in ("lost", "removed", "unknown"):
            await self.line.write(
                "track.edge", {"kind": event.kind, "zone": event.zone, "track_id": event.track_id}
            )
        book = self.line.state.by_track(event.track_id)
        if event.kind in _LOST and book is not None:
            code, text = _LOST[event.kind]
            await self.lose(book, code, text.format(zone=event.zone))
        if event.kind == "unknown" and book is None and not self._unplaced:
            await self._adopt_strays()

    async def _watch_inbox(self, inbox: Inbox) -> None:
        while True:
            for request in await self.line.disk.run(inbox.open_requests):
                answer = await self._answer(request)
                await self.line.disk.run(inbox.answer, request.id, answer)
            if self._stopping:
                self._ended.set()
            await self.line.clock.sleep(_INBOX_SECONDS)

    async def _answer(self, request: Request) -> dict[str, Any]:
        """Carry out a person's request; the answer says what the line did or why not."""
        await self.line.write(
            "request.received", {"id": request.id, "holder": request.holder, "verb": request.verb}
        )
        if self.line.clock.wall().timestamp() > request.expires:
            return {"ok": False, "text": "the request had expired before the line saw it"}
        try:
            if request.verb in ALARM_VERBS:
                return {"ok": True, "text": await tend(self.line, request)}
            await self._obey(request.verb)
        except WorkcellError as error:
            return {"ok": False, "text": str(error)}
        if request.verb == "stop":
            self._stopping = request.verb
        await self.line.see_state()
        return {"ok": True, "text": f"{request.verb}: the unit is {self.line.state.state}"}

    async def _obey(self, verb: str) -> None:
        """A person's word to the line; unhold and clear also start a unit that stands ready.

        Without a link only a stop is obeyed, by the conductor: the unit holds by itself (WC-WD-001).
        """
        view = await self.line.link.view()
        state = view.state
        if not view.linked:
            if verb != "stop":
                raise Refused(
                    "there is no link to the PLC", subject=verb, remedy="Check power, cable, address."
                )
        elif verb == "clear" or (verb == "unhold" and state in ("Stopped", "Idle")):
            if verb == "clear":
                await self.line.link.command(verb)
            await self.line.make_ready()
        else:
            await self.line.link.command(verb)

    async def _supply(self) -> None:
        """Let the book that lies at the supply go on; then feed, one by one, until the supply is empty."""
        place, queue = self.line.layout.stations[0], self._arrived[self.line.layout.stations[0].name]
        while not queue.empty():
            await self._go_on(queue.get_nowait(), place)
        while not self.line.state.feeding_done:
            await self.line.executing()
            book = await self._stray_in(place.name)
            code = "ok" if book is not None else await self._feed(self._next_id(), place.name)
            if code == "empty":
                await self.line.write("line.feeding_done", {"fed": len(self.line.state.books)})
            elif code == "ok":
                await self._go_on(book or list(self.line.state.books.values())[-1], place)
            elif code not in _FEED_AGAIN:
                await self.line.alarm(
                    "supply", f"The supply reports {code}.", "Separate the books, then unhold."
                )
                await self.line.hold_until_mended("supply")
                await self.line.clear_alarm("supply")
        self._check_end()

    def _next_id(self) -> str:
        return f"{self.line.state.batch_id}-{len(self.line.state.books) + 1:04d}"

    async def _feed(self, book_id: str, station: str) -> str:
        """The code of one feed; after one that nobody vouches for the zone tells what lies there."""
        params = {"track_id": self.line.state.last_track + 1}
        try:
            return (await self.line.once(book_id, f"{station}:feed", station, "feed", params)).code
        except Doubtful:
            return "doubtful"
        except Refused:
            await self.line.after_refusal()
            return "refused"

    async def _stray_in(self, zone: str) -> Book | None:
        """What lies in ``zone`` and is no book on record: the one whose feed was doubtful, or a stranger.

        After a restart of the unit nobody can tell, until each book on record has its place again.
        """
        view = await self.line.link.view()
        track = next((seen.track_id for seen in view.zones if seen.zone == zone), 0)
        if not track or self.line.state.by_track(track) is not None:
            return None
        if self._unplaced or self._from_before(view.boot_id):
            return None
        book_id = self._next_id()
        fed_as = self.line.state.doubtful_feed if zone == self.line.layout.stations[0].name else 0
        await self.line.write(
            "book.fed", {"track_id": track, "fed_as": fed_as or track, "zone": zone}, book_id
        )
        book = self.line.state.book(book_id)
        if track & UNKNOWN_TRACK:
            self.line.adrift.add(book_id)
            await self.cataloguing.set_aside(
                book, to_reject("UNKNOWN_ITEM", f"Nobody fed it: it lay in {zone}.")
            )
        return book

    async def _adopt_strays(self) -> None:
        """Turn out whatever lies on the line, behind the supply, and belongs to no book on record."""
        for place in self.line.layout.stations[1:]:
            book = await self._stray_in(place.name)
            if book is not None:
                self._arrived[place.name].put_nowait(book)

    async def _place_adrift(self) -> None:
        """Give what the unit has found to the books that it had lost track of, from the exit back.

        No book overtakes another: the foremost book lies foremost, in its zone or one further.  Where the
        photo-eye at the exit has counted one more than is on record, a book that was let go is out, and what
        lies in the last zone is the one behind it.
        """
        view = await self.line.link.view()
        found = {seen.zone: seen.track_id for seen in view.zones if seen.track_id & UNKNOWN_TRACK}
        out = view.left - self.line.state.baseline["left"] - self.line.state.gone_out()
        names = [place.name for place in self.line.layout.stations]
        for book in [book for book in self.line.state.in_flight() if book.book_id in self._unplaced]:
            here = names.index(book.zone) if book.zone in names else len(names)
            zone = next((name for name in reversed(names[here : here + 2]) if name in found), "")
            way = self._last_way(book)
            if out > 0 and here >= len(names) - 1 and (way or not zone):
                out -= 1
                await self._came_out(book, way or f"{_BIN}{self._bin(book)}")
            elif zone:
                await self.line.write(
                    "book.located", {"zone": zone, "track_id": found.pop(zone)}, book.book_id
                )
            else:
                await self.lose(
                    book, "POSITION_UNKNOWN", "The restarted unit has found nothing at its place."
                )
            self._unplaced.discard(book.book_id)
        await self._adopt_strays()

    async def _came_out(self, book: Book, way: str) -> None:
        """A book that nobody saw come out lies in the bin into which it was let go, right or not by now."""
        await self.line.write("book.located", {"zone": way}, book.book_id)
        bin_ = way.removeprefix(_BIN)
        if bin_ != self._bin(book):
            text = f"{book.book_id} came out unwatched and lies in bin {bin_}; it is rejected."
            await self.line.alarm(
                f"misplaced:{book.book_id}", text, f"Take it out of bin {bin_}.", book.book_id
            )

    def _last_way(self, book: Book) -> str:
        """The bin into which a book was let go last, or an empty text; not one for which it was not found."""
        ways = [
            str(effect.body["to"])
            for effect in book.steps.values()
            if effect.body.get("to", "").startswith(_BIN)
            and effect.end != "never"
            and effect.result.get("code") not in _STAYED
        ]
        return ways[-1] if ways else ""

    async def _station(self, place: StationPlace) -> None:
        """Serve one zone: take the book that arrives, work on it, let it go on."""
        queue = self._arrived[place.name]
        while True:
            book = await queue.get()
            if place.name not in book.done_stations:
                await self._work(book, place, Visit(self.line, self.cataloguing, book, place))
            await self._go_on(book, place)

    async def _work(self, book: Book, place: StationPlace, visit: Visit) -> None:
        started = self.line.clock.now()
        passed = book.way != "on" or not self._switched_on(place.name)
        leaving = Leaving()
        if not passed:
            try:
                leaving = await STATIONS[place.name].process(visit)
            except (Doubtful, DeviceFault, Refused, BadInput) as error:
                leaving = to_review(error.code.replace("WC-", ""), str(error))
        body = {
            "station": place.name, "way": leaving.way.value, "passed": passed,
            "seconds": round(self.line.clock.now() - started, 3), "computing": round(visit.computing, 3),
        }  # fmt: skip
        if leaving.way is not Way.ON and book.way == "on" and book.in_flight:
            await self.cataloguing.set_aside(book, leaving)
        if book.in_flight:
            await self.line.write("station.left", body, book.book_id)

    def _switched_on(self, station: str) -> bool:
        operation = _OPERATION.get(station)
        return operation is None or bool(getattr(self.line.profile.operations, operation))

    async def _go_on(self, book: Book, place: StationPlace) -> None:
        """Let the book go on to the next zone or into its bin."""
        visit, waits = Visit(self.line, self.cataloguing, book, place), pauses()
        if place is self.line.layout.stations[-1] and book.way == "on" and book.in_flight:
            await self.cataloguing.draw(book)
        while book.in_flight and book.zone == place.name:
            to = self._next(book, place)
            guarded = place.name in _GUARDED and book.way == "on"
            code = await visit.release(to, self._destination(to), visit.noted_guard() if guarded else None)
            if code == "guard_changed":
                await self.cataloguing.set_aside(book, _REACHED)
            elif code != "ok":
                await self.line.clock.sleep(next(waits))  # some scans, until photo-eyes contradict the table
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
        await self.line.see_state()
        await self.line.executing()
        if not book.in_flight:
            return
        async with self._placing:
            if book.book_id in self._unplaced:
                await self._place_adrift()
                return
        if book.zone.startswith(_BIN):  # where another book's search has found it
            return
        zones = {zone.zone: zone.track_id for zone in (await self.line.link.view()).zones}
        for zone in (here, to):
            if zones.get(zone, 0) == book.track_id:
                await self.line.write("book.located", {"zone": zone}, book.book_id)
                return
        await self.lose(book, "POSITION_UNKNOWN", f"Neither {here} nor {to} reports this book.")

    def _next(self, book: Book, place: StationPlace) -> str:
        names = [station.name for station in self.line.layout.stations]
        if place.name == names[-1]:
            return f"{_BIN}{self._bin(book)}"
        return names[names.index(place.name) + 1]

    def _destination(self, to: str) -> int:
        return self.line.layout.bins[to.removeprefix(_BIN)] if to.startswith(_BIN) else 0

    def _bin(self, book: Book) -> str:
        if book.way == "on" and book.marks is not None:
            check = self.line.profile.spot_check
            return check.bin if check is not None and is_picked(book) else str(book.marks["bin"])
        return self.line.profile.reject_bin if book.way == "reject" else self.line.profile.review_bin

    async def _leave(self, book: Book, outcome: str, bin_: str, *reasons: Reason) -> None:
        if book.book_id in self._leaving:
            return
        self._leaving.add(book.book_id)
        if outcome == "catalogued":
            await self.cataloguing.ledger.delivered(book)
            await self.cataloguing.ledger.sampled(book)
        else:
            why = [reason.code for reason in reasons] + [reason["code"] for reason in book.reasons]
            await self.cataloguing.ledger.void(book, why[0])
        body = {"outcome": outcome, "bin": bin_, "reasons": [asdict(reason) for reason in reasons]}
        await self.line.write("book.left", body, book.book_id)
        self._check_end()

    async def lose(self, book: Book, code: str, text: str) -> None:
        """A book is nowhere: it leaves as missing, and a person is told."""
        if book.book_id in self._leaving:
            return
        await self.line.alarm(
            f"missing:{book.book_id}", f"{book.book_id} is missing.", "Search the line.", book.book_id
        )
        await self._leave(book, "missing", "", Reason(code, text))

    def _check_end(self) -> None:
        if self.line.state.feeding_done and not self.line.state.in_flight():
            self._ended.set()
