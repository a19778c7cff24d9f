"""A batch at a desk: the same line with a person for a conveyor, on photographs or with one camera."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import vision
from workcell.kernel.clock import WallClock
from workcell.kernel.drivers import Drivers
from workcell.kernel.errors import DeviceFault
from workcell.kernel.layout import CameraPlace, Layout
from workcell.kernel.ports import Camera, Clock, Frame, Jobs, Worker
from workcell.line.devices import Devices, open_devices
from workcell.line.files import FileStore
from workcell.line.operator import DeskPerson, OperatorLink, Person
from workcell.line.projection import Book, LineState

CAMERA_VIEWS = ("back cover", "title page", "back of the title page", "last numbered page")
"""What the person shows to the desk's camera, in this order."""


async def group_photos(folder: Path, jobs: Jobs) -> list[list[Path]]:
    """The photographs of each book: one folder a book, else grouped by the ISBN that they show.

    A photograph on which no ISBN is read is a book of its own: a case for a person is cheap, a page of
    another book in the wrong record is not.
    """
    books = vision.folders_of_books(folder)
    if books is not None:
        return books
    groups: dict[str, list[Path]] = {}
    for photo in vision.photos_in(folder):
        groups.setdefault(await _isbn_on(photo, jobs) or photo.name, []).append(photo)
    return list(groups.values())


async def _isbn_on(photo: Path, jobs: Jobs) -> str:
    try:
        seen = await jobs.run(
            "combine", {"images": [await jobs.run("look", {"path": str(photo)})], "measured": {}}
        )
    except DeviceFault:
        return ""
    isbn = seen.get("isbn")
    return str(isbn["value"]) if isbn and isbn["accepted"] else ""


class PhotosOnFile:
    """The unattended half of a desk: photographs lie there already; ``person`` does the rest."""

    def __init__(self, person: DeskPerson, books: Sequence[Sequence[Path]], fed: int) -> None:
        self._person = person
        self._books = books
        self._next = fed

    async def next_book(self) -> bool:
        """Whether there are photographs of another book."""
        if self._next >= len(self._books):
            return False
        self._next += 1
        return True

    async def told(self, text: str) -> None:
        """Passed on to the person."""
        await self._person.told(text)

    async def asked(self, question: str) -> str:
        """Passed on to the person."""
        return await self._person.asked(question)

    async def mends(self, trouble: str) -> None:
        """Passed on to the person."""
        await self._person.mends(trouble)


class ShownCamera:
    """A camera to which the person shows one page after the other."""

    def __init__(self, camera: Camera, person: Person) -> None:
        self.name = camera.name
        self._camera = camera
        self._person = person

    async def take(self, track_id: int, view: str) -> Frame:
        """Ask for the page, then take it."""
        await self._person.told(f"Show the {CAMERA_VIEWS[int(view)]} to the camera.")
        return await self._camera.take(track_id, view)

    async def close(self) -> None:
        """Close the camera."""
        await self._camera.close()


class DeskLink(OperatorLink):
    """The operator as conveyor, who also knows how many photographs each book has."""

    def __init__(
        self, person: DeskPerson, clock: Clock, bins: dict[str, int], photos: Callable[[int], int]
    ) -> None:
        super().__init__(person, clock, bins)
        self._photos = photos

    async def execute(self, station: str, seq: int, verb: str, params: Any) -> Any:
        """As the operator; "hold" at capture also says how many photographs follow."""
        done = await super().execute(station, seq, verb, params)
        if station == "capture" and verb == "hold":
            return replace(done, results={"photos": self._photos(self.fed)})
        return done


def desk_devices(
    layout: Layout,
    state: LineState,
    person: DeskPerson,
    books: Sequence[Sequence[Path]] | None,
    disk: Worker,
    out: Path,
    tell: Callable[[str], None] = lambda text: None,
    drivers: Drivers | None = None,
) -> tuple[DeskLink, Devices]:
    """Link and devices of a desk: on ``books`` photographed before, or with the layout's camera."""
    clock = WallClock()
    devices = open_devices(layout, clock, disk, None, out, tell, drivers)
    on_desk = state.in_flight()
    fed = len(state.books) if state.batch_open else 0
    first = state.last_track - fed + 1
    camera = devices.cameras.get("photos")
    if books is None:
        shown: dict[str, Camera] = {"photos": ShownCamera(camera, person)} if camera else {}
        link = DeskLink(person, clock, dict(layout.bins), lambda _: len(CAMERA_VIEWS))
        _put_back(link, on_desk)
        return link, replace(devices, cameras=shown)
    on_file = PhotosOnFile(person, books, fed)
    link = DeskLink(on_file, clock, dict(layout.bins), lambda track: len(books[track - first]))
    _put_back(link, on_desk)
    return link, replace(devices, cameras={"photos": vision.PhotoCamera("photos", books, clock, disk, first)})


def _put_back(link: OperatorLink, books: Sequence[Book]) -> None:
    for book in books:
        link.on_desk(book.track_id, book.zone)


def with_camera(layout: Layout, source: str) -> Layout:
    """The layout with the camera ``source`` in place of the folder of photographs."""
    kind, endpoint = vision.kind_of(source)
    cameras = {**layout.cameras, "photos": CameraPlace(kind=kind, endpoint=endpoint)}
    return layout.model_copy(update={"cameras": cameras})


class SimulatedPerson:
    """A person for demonstrations: does what is told, and scans the label that was printed last."""

    def __init__(self, state: LineState, files: FileStore, say: Callable[[str], None]) -> None:
        self._state = state
        self._files = files
        self._say = say

    async def next_book(self) -> bool:
        """The pile never ends by itself."""
        return True

    async def told(self, text: str) -> None:
        """Do it."""
        self._say(text)

    async def asked(self, question: str) -> str:
        """Scan the label of the book on the desk, and say yes to what can't be scanned."""
        if not question.startswith("Scan"):
            return "yes"
        labels = [
            made for book in self._state.in_flight() for made in book.labels if made["role"] == "barcode"
        ]
        if not labels:
            return ""
        scanned = vision.read_label(self._files.path(labels[-1]["png"]))
        return scanned[0].text if scanned else ""

    async def mends(self, trouble: str) -> None:
        """Mend nothing: a simulated hand can't, so the desk stays held until a request lets it go on."""
        self._say(f"can't see to this: {trouble}")
        await asyncio.Event().wait()


class TerminalPerson:
    """The person at the terminal."""

    def __init__(self, worker: Worker, ask: Callable[[str], str]) -> None:
        self._worker = worker
        self._ask = ask

    async def next_book(self) -> bool:
        """Whether there is another book."""
        answer = await self._worker.run(self._ask, "Next book on the desk, then Enter (q to end)")
        return answer.strip().lower() != "q"

    async def told(self, text: str) -> None:
        """Show the instruction and wait for Enter."""
        await self._worker.run(self._ask, f"{text} Then Enter")

    async def asked(self, question: str) -> str:
        """Show the question and take the answer."""
        return await self._worker.run(self._ask, question)

    async def mends(self, trouble: str) -> None:
        """Show the trouble and wait for Enter."""
        await self._worker.run(self._ask, f"{trouble} Enter when it is done")
