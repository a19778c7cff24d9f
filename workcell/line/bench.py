"""A visit of one book to one station: the bench whose every call is a step on record.

Steps are numbered in the order in which the station makes them and keyed ``station:n``.  A step found on
record returns what it returned then; a step whose effect never happened is done afresh; a doubtful one raises
Doubtful, and the book is quarantined.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import asdict
from typing import Any, TypeVar

from stations.station import Copy, Leaving, Picture, Printed, Use
from workcell.kernel.errors import DeviceFault, DeviceGone, Doubtful
from workcell.kernel.evidence import Evidence
from workcell.kernel.layout import StationPlace
from workcell.kernel.model import Proof, decision_from_json, marks_from_json
from workcell.kernel.ports import Done, Printer, PrinterStatus, TagReader
from workcell.line.cataloguing import Cataloguing
from workcell.line.line import Line
from workcell.line.projection import Book, Effect

T = TypeVar("T")

_REMEDY = {
    "paper_out": "Load label stock, then unhold.",
    "ribbon_out": "Load ribbon, then unhold.",
    "head_open": "Close the print head, then unhold.",
    "paused": "Press the printer's pause key, then unhold.",
}


class Visit:
    """The bench for one book at one station."""

    def __init__(self, line: Line, cataloguing: Cataloguing, book: Book, place: StationPlace) -> None:
        self._line = line
        self._cataloguing = cataloguing
        self._book = book
        self._steps = 0
        self.computing = 0.0
        self.place = place
        self.profile = line.profile

    @property
    def copy(self) -> Copy:
        """The copy as the events tell it now."""
        book = self._book
        return Copy(
            book.book_id,
            book.track_id,
            decision_from_json(book.decision) if book.decision else None,
            marks_from_json(book.marks) if book.marks else None,
            book.measured.get("thickness_mm"),
            _size(book),
            tuple(book.done_stations),
            book.tag["uid"] if book.tag else "",
            redo_of=_redo_of(book),
        )

    # --- steps ---------------------------------------------------------------------------------------

    def _key(self) -> str:
        self._steps += 1
        return f"{self.place.name}:{self._steps}"

    async def _recorded(self, key: str, kind: str) -> Effect | None:
        """The effect on record under ``key``, if it happened; raises Doubtful when nobody can tell."""
        effect = self._book.steps.get(key)
        if effect is None or effect.kind != kind:
            return None
        if not effect.end and kind.startswith("act:"):
            await self._line.settled(self._book, effect)
        if effect.end in ("", "never"):
            return None
        if effect.end == "doubtful":
            raise Doubtful(effect.result.get("text", "the outcome is unknown"), subject=self._book.book_id)
        return effect

    async def _noted(self, key: str, make: Callable[[], Awaitable[Mapping[str, Any]]]) -> Mapping[str, Any]:
        """The observation on record under ``key``, or a fresh one put on record."""
        on_record = self._book.notes.get(key)
        if on_record is None:
            await self._line.write("step.noted", {"key": key, "result": await make()}, self._book.book_id)
            on_record = self._book.notes[key]
        result: Mapping[str, Any] = on_record["result"]
        return result

    async def _effect(
        self,
        key: str,
        kind: str,
        body: Mapping[str, Any],
        act: Callable[[], Awaitable[Mapping[str, Any]]],
    ) -> Mapping[str, Any]:
        """Intent on record, act, end on record."""
        return await self._line.effect(self._book.book_id, key, kind, body, act)

    # --- motion --------------------------------------------------------------------------------------

    async def act(self, verb: str, **params: int) -> Done:
        """A unit command, once; a jam is waited out and the command given again."""
        key = self._key()
        while True:
            recorded = await self._recorded(key, f"act:{verb}")
            if recorded is not None and recorded.result["code"] != "jam":
                done = Done(recorded.body["seq"], recorded.result["code"], recorded.result["results"])
            else:
                done = await self._line.command(self._book.book_id, key, self.place.name, verb, params)
            if done.code == "aborted":
                raise Doubtful(f"{verb} was aborted half-way", subject=self._book.book_id)
            if done.code != "jam":
                return done

    async def release(self, to: str, destination: int, guard: int | None) -> str:
        """Let the book go on; returns the unit's code, or "doubtful".  A jam is waited out.

        Every attempt is a step of its own: one that ended otherwise than "ok" is followed by the next.
        """
        prefix = f"{self.place.name}:release"
        attempts = [effect for key, effect in self._book.steps.items() if key.startswith(prefix)]
        for effect in attempts:
            if (await self._line.settled(self._book, effect)).result.get("code") == "ok":
                return "ok"
        params = {
            "track_id": self._book.track_id,
            "destination": destination,
            "guard": 0xFFFF if guard is None else guard,
        }
        key, code = f"{prefix}#{len(attempts) + 1}", "jam"
        while code == "jam":
            try:
                code = (
                    await self._line.command(
                        self._book.book_id, key, self.place.name, "release", params, to=to
                    )
                ).code
            except Doubtful:
                code = "doubtful"
        return code

    async def ask(self, question: str) -> str:
        """A person's answer at a desk, put on record."""

        async def answer() -> Mapping[str, Any]:
            return {"answer": await self._line.person(question)}

        return str((await self._noted(self._key(), answer))["answer"])

    async def guard(self) -> int:
        """The unit's guard counter."""
        return (await self._line.link.view()).guard

    def noted_guard(self) -> int | None:
        """The guard count that the verify station put on record."""
        noted = self._book.notes.get("guard")
        return noted["count"] if noted else None

    # --- eyes ----------------------------------------------------------------------------------------

    async def picture(self, role: str, view: str = "", use: Use = Use.MOMENT) -> Picture:
        """A still; a camera that does not answer holds the line until a person has mended it."""
        key = self._key()
        if key not in self._book.notes:
            camera = self._line.devices.cameras[self.place.cameras[role]]
            frame = await self._line.mended(camera.name, lambda: camera.take(self._book.track_id, view))
            suffix = "png" if frame.media_type.endswith("png") else "jpg"
            name = await self._line.store_file(frame.data, suffix)
            body: dict[str, Any] = {"key": key, "name": name, "station": self.place.name}
            body |= {"role": role, "view": view}
            body |= {"use": use.value, "frame": frame.number, "taken_at": frame.captured_at.isoformat()}
            await self._line.write("image.taken", body, self._book.book_id)
        name = str(self._book.notes[key]["name"])
        if use is Use.EVIDENCE:
            self._line.look_later(self._book, (use,))
        calibration = self._line.calibration(self.place.name, role)
        return Picture(name, str(self._line.files.path(name)), calibration)

    async def alarm(self, key: str, text: str, remedy: str) -> None:
        """An alarm that holds nothing; raised once while it stands."""
        await self._line.alarm(key, text, remedy)

    async def recognise(self, kind: str, request: Mapping[str, Any]) -> dict[str, Any]:
        """A recognition job; its answer is a step, so that a second run takes the same way."""

        async def run() -> Mapping[str, Any]:
            try:
                return {"answer": await self._computed(self._line.jobs.run(kind, request))}
            except DeviceFault as fault:
                return {"fault": str(fault)}

        result = await self._noted(self._key(), run)
        if "fault" in result:
            raise DeviceFault(result["fault"], subject=self._book.book_id)
        return dict(result["answer"])

    async def evidence(self) -> Evidence:
        """What the evidence pictures show; when it does not name the book, the spare ones too."""
        evidence = await self._computed(self._line.evidence(self._book, thorough=False))
        if evidence.isbn is not None and evidence.isbn.accepted and evidence.one("title"):
            return evidence
        return await self._computed(self._line.evidence(self._book, thorough=True))

    async def _computed(self, work: Awaitable[T]) -> T:
        """Wait for computing, and count how long the book stood for it."""
        started = self._line.clock.now()
        try:
            return await work
        finally:
            self.computing += self._line.clock.now() - started

    # --- marks ---------------------------------------------------------------------------------------

    async def print(self, label: Printed) -> None:
        """Print one label after the printer has said that it can."""
        key = self._key()
        if await self._recorded(key, "print") is None:
            await self._print(key, label)
        if any(made["key"] == key for made in self._book.labels):
            return
        if label.role == "barcode":
            await self.number("printed", {"surface": label.surface, "copy": label.copy})
        body: dict[str, Any] = {"key": key, "role": label.role, "text": label.text}
        body |= {"surface": label.surface, "copy": label.copy}
        body |= {name: self._book.steps[key].body[name] for name in ("png", "job")}
        await self._line.write("label.made", body, self._book.book_id)

    async def _print(self, key: str, label: Printed) -> None:
        printer = self._line.devices.printers[self.place.printer or ""]
        await self._line.may_mark(self._book.book_id)
        await self._line.mended(printer.name, lambda: _ready(printer))
        await self._line.may_mark(self._book.book_id)
        body = {
            "printer": printer.name,
            "station": self.place.name,
            "text": label.text,
            "png": await self._line.store_file(label.png, "png"),
            "job": await self._line.store_file(label.job, "zpl"),
        }

        async def send() -> Mapping[str, Any]:
            try:
                await printer.print(label.job)
            except (DeviceFault, DeviceGone) as error:
                raise Doubtful(f"the printer did not confirm the label ({error})") from error
            return {}

        await self._effect(key, "print", body, send)

    async def write_tag(
        self, write: Callable[[TagReader], Awaitable[Mapping[str, Any]]]
    ) -> Mapping[str, Any]:
        """The tag transaction; safe to run again, so an unfinished one is simply run again."""
        key = self._key()
        recorded = await self._recorded(key, "tag")
        if recorded is not None:
            return recorded.result
        reader = self._line.devices.readers[self.place.reader or ""]
        body = {"reader": reader.name, "station": self.place.name}
        await self._line.may_mark(self._book.book_id)

        async def run() -> Mapping[str, Any]:
            return await self._line.mended(reader.name, lambda: write(reader))

        return await self._effect(key, "tag", body, run)

    async def read_tags(self, read: Callable[[TagReader], Awaitable[Mapping[str, Any]]]) -> Mapping[str, Any]:
        """What the reader sees."""
        reader = self._line.devices.readers[self.place.reader or ""]
        return await self._noted(self._key(), lambda: self._line.mended(reader.name, lambda: read(reader)))

    # --- record --------------------------------------------------------------------------------------

    async def note(self, kind: str, body: Mapping[str, Any]) -> None:
        """Put a fact on record; one that is there stands: it belongs to what was seen with it."""
        if kind in self._book.notes:
            return
        if kind in ("book.measured", "tag.written"):
            await self._line.write(kind, dict(body), self._book.book_id)
        else:
            await self._line.write("step.noted", {"key": kind, **body}, self._book.book_id)

    async def number(self, event: str, detail: Mapping[str, Any]) -> None:
        """Move the copy's item number on in the ledger."""
        await self._cataloguing.ledger.number(self._book, event, detail)

    async def assign(self, number: str) -> None:
        """The copy gets the number of the pre-printed label that was put on it."""
        book = self._book
        if marks_from_json(book.marks).barcode != number:
            await self._cataloguing.ledger.assign(book, number)

    async def preprinted(self, label: Printed) -> None:
        """A pre-printed label is on the copy: it was printed elsewhere, and is put on record as it is."""
        key = self._key()
        if any(made["key"] == key for made in self._book.labels):
            return
        for event in ("printed", "applied"):
            await self.number(event, {"surface": label.surface, "copy": label.copy})
        body = {"key": key, "role": label.role, "text": label.text, "surface": label.surface}
        await self._line.write(
            "label.made", {**body, "copy": label.copy, "png": "", "job": ""}, self._book.book_id
        )

    async def is_voided(self, number: str) -> bool:
        """Whether an item number was given up by this library."""
        return await self._cataloguing.ledger.is_voided(number)

    async def settle(self, evidence: Evidence) -> Leaving:
        """Decide, and reserve the marks of a copy that goes on."""
        return await self._computed(self._cataloguing.settle(self._book, evidence))

    async def prove(self, proofs: Sequence[Proof]) -> None:
        """Put the proofs on record."""
        for proof in proofs:
            await self._line.write("proof.made", asdict(proof), self._book.book_id)


def _size(book: Book) -> tuple[float, float] | None:
    width, height = book.measured.get("width_mm"), book.measured.get("height_mm")
    return (width, height) if width and height else None


def _redo_of(book: Book) -> frozenset[str] | None:
    ruling = book.notes.get("ruling", {})
    return frozenset(ruling.get("why", ())) if ruling.get("way") == "redo" else None


async def _ready(printer: Printer) -> PrinterStatus:
    """The printer's state when it can print; raises DeviceFault with what a person must do."""
    status = await printer.status()
    if status.label_waiting:
        raise DeviceFault(
            "a label waits that belongs to no book", subject=printer.name, remedy="Take it off, then unhold."
        )
    if not status.ready:
        problem = status.problems[0] if status.problems else "not ready"
        raise DeviceFault(problem.replace("_", " "), subject=printer.name, remedy=_REMEDY.get(problem, ""))
    return status
