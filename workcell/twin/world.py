"""The one world of the twin: books, labels, tags and where they are.

It outlives a reboot of its PLC and, by its file in the state folder, a restart of its own process.
Nothing here knows time or control: the plant moves matter, the emulators print and write tags, the cameras
look at it.  All calls come from one event loop.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from workcell.kernel.errors import ConfigError
from workcell.kernel.layout import Layout
from workcell.twin.box import PackedBook, Title
from workcell.twin.faults import PlantedMark
from workcell.twin.keep import Keep, write_atomically
from workcell.twin.matter import (
    AppliedLabel,
    Book,
    CoverSide,
    Label,
    Lie,
    Opening,
    StampMark,
    Tag,
    book_from_json,
    book_to_json,
    label_from_json,
    label_to_json,
)
from workcell.twin.reading import read_barcode
from workcell.twin.render.foreign import foreign_label, foreign_number
from workcell.twin.surfaces import onto_face, reached, surface_size, turned_over
from workcell.twin.wrong_marks import Mark, wrong_labels, wrong_stamp, wrong_tag

Bitmap = NDArray[np.uint8]
"""Height × width, 0 black to 255 white."""

# ICODE SLI size: 28 blocks of 4 bytes (NXP SL2 ICS20).
_BLOCK_SIZE, _BLOCKS = 4, 28
# A label that overhangs a flat surface by more than this was pressed beside the book.
_OVERHANG_MM = 2.0
_MM_PER_INCH = 25.4


class World:
    """Matter.  Codes are those of the unit commands: ok, empty, jam, interlock, no_book, no_label."""

    def __init__(
        self,
        layout: Layout,
        pile: Sequence[PackedBook],
        *,
        seed: int,
        state: Path | None = None,
        planted: PlantedMark | None = None,
    ) -> None:
        """Lay out ``pile``, or find the world again that ``state`` keeps.

        Raises ConfigError when ``state`` keeps the world of another pile or seed.
        """
        self._layout = layout
        self._zones = [place.name for place in layout.stations]
        self._bins = {number: name for name, number in layout.bins.items()}
        self._titles = {book.title.title_id: book.title for book in pile}
        self._folder = state
        self._seed = seed
        self._planted = planted
        self._bitmaps: dict[str, Bitmap] = {}
        self._waiting: dict[str, Label] = {}
        self._guard = 0
        self._counts = {"labels": 0, "tags": 0, "labelled": 0}
        self._floor: list[str] = []
        self._keep = Keep(None if state is None else state / "world.jsonl")
        self._books: dict[str, Book] = {}
        self._by_zone: dict[str, Book] = {}
        self._tags_kept: dict[str, Tag] = {}
        self._origin = {"seed": seed, "books": [[book.name, book.title.title_id] for book in pile]}
        if "origin" in self._keep.values:
            self._restore()
        else:
            self._lay_out(pile)

    # --- what is where -----------------------------------------------------------------------------------

    @property
    def layout(self) -> Layout:
        """The line that this world is built as."""
        return self._layout

    def books(self) -> Iterator[Book]:
        """All copies in feeding order."""
        return iter(self._books.values())

    def title(self, book: Book) -> Title:
        """What the copy is a copy of."""
        return self._titles[book.title_id]

    def book_in(self, zone: str) -> Book | None:
        """The book in a zone, or None."""
        return self._by_zone.get(zone)

    def entered(self) -> int:
        """Books that the photo-eye at supply has counted."""
        return sum(book.place != "pile" for book in self._books.values())

    def left(self) -> int:
        """Books that the photo-eye at sort has counted."""
        return sum(book.place.startswith("bin:") for book in self._books.values())

    def guard_count(self) -> int:
        """How often somebody has reached into the line."""
        return self._guard

    def at_rest(self) -> bool:
        """Whether the pile is used up and no book is on the line."""
        return all(book.place == "taken" or book.place.startswith("bin:") for book in self._books.values())

    # --- posture and pages -------------------------------------------------------------------------------

    def feed(self, track_id: int) -> str:
        """Put the next book of the pile into the supply zone, under ``track_id``."""
        if self.book_in("supply") is not None:
            return "interlock"
        book = next((book for book in self._books.values() if book.place == "pile"), None)
        if book is None:
            return "empty"
        book.track_id = track_id
        self._put(book, "supply")
        book.note("fed", track_id=track_id)
        self._save(book)
        return "ok"

    def move(self, zone: str, to: str) -> str:
        """Carry the book in ``zone`` to the zone or bin ``to``; an open book falls shut on the way."""
        book = self.book_in(zone)
        if book is None:
            return "no_book"
        if self._jams(book, zone):
            return "jam"
        if not to.startswith("bin:") and self.book_in(to) is not None:
            return "interlock"
        book.opening = None
        self._put(book, to)
        self._shake(book, to)
        book.note("moved", to=self._bin_name(to) if to.startswith("bin:") else to)
        self._save(book)
        return "ok"

    def _put(self, book: Book, place: str) -> None:
        self._by_zone.pop(book.place, None)
        book.place = place
        if place in self._zones:
            self._by_zone[place] = book
        elif place.startswith("bin:") and self._folder is not None:
            for applied in book.labels:  # no camera sees it there; whoever asks all the same finds the file
                self._bitmaps.pop(applied.label.name, None)

    def _jams(self, book: Book, zone: str) -> bool:
        jam = book.faults.get("jam")
        if not jam or jam["zone"] != zone or jam["tries"] <= 0:
            return False
        book.faults["jam"] = {**jam, "tries": jam["tries"] - 1}
        book.note("jam", zone=zone)
        self._save(book)
        return True

    def _shake(self, book: Book, to: str) -> None:
        if to == "capture" and book.faults.pop("upside_down", None):
            book.lie = replace(book.lie, turns=(book.lie.turns + 2) % 4)
            book.note("upside_down")
        if to == "verify":
            wrong_tag(self, book)
        for applied in book.labels:
            if applied.loose and not applied.fallen:
                applied.fallen = True
                book.note("label_fell", barcode=applied.label.barcode, place=applied.surface)

    def lie_again(self, book: Book, lie: Lie) -> None:
        """The book now lies like this."""
        book.lie = lie
        self._save(book)

    def turn_over(self, book: Book) -> None:
        """The other cover comes up."""
        self.lie_again(book, turned_over(book.lie))

    def hold_open(self, book: Book, opening: Opening | None) -> None:
        """Open the book there, or close it (None)."""
        book.opening = opening
        self._save(book)

    # --- marks -------------------------------------------------------------------------------------------

    def label_printed(self, printer: str, bitmap: Bitmap, dpi: int) -> None:
        """A label comes out of ``printer`` and waits to be peeled; one that still waited falls down."""
        dropped = self._waiting.pop(printer, None)
        if dropped is not None:
            self._floor.append(dropped.name)
        self._waiting[printer] = self._made(printer, bitmap, dpi)
        self._save()

    def label_waiting(self, printer: str) -> bool:
        """Whether a label waits at the peel position."""
        return printer in self._waiting

    def bitmap(self, label: Label) -> Bitmap:
        """What is printed on a label."""
        if label.name not in self._bitmaps and self._folder is not None:
            data = np.frombuffer((self._label_file(label.name)).read_bytes(), np.uint8)
            self._bitmaps[label.name] = np.asarray(cv2.imdecode(data, cv2.IMREAD_GRAYSCALE), np.uint8)
        return self._bitmaps[label.name]

    def is_spine_label(self, applied: AppliedLabel) -> bool:
        """Whether the spine station's printer made this label."""
        place = self._layout.station("spine_label")
        return place is not None and applied.label.printer == place.printer

    def apply_label(self, station: str, surface: str, x_mm: float, y_mm: float) -> str:
        """Press the label that waits at ``station``'s printer onto the book there.

        x and y are those of the label's lower left corner on ``surface`` in the wanted posture; on a book
        that lies otherwise the label lands where the tool meets it.
        """
        book, place = self.book_in(station), self._layout.station(station)
        printer = place.printer if place else None
        if book is None:
            return "no_book"
        if printer is None or printer not in self._waiting:
            return "no_label"
        met = reached(self.title(book), book, surface)
        if met is None:
            return "interlock"
        label = self._waiting.pop(printer)
        applied = self._pressed(book, label, met, x_mm, y_mm)
        if station == "barcode_label" and self._is_planted_on(book, applied):
            self._plant(book, applied)
            book.labels.append(applied)
        else:
            mark: Mark = "spine_label" if station == "spine_label" else "barcode_label"
            book.labels += wrong_labels(self, book, applied, mark)
        self._save(book)
        return "ok"

    def _pressed(
        self, book: Book, label: Label, met: tuple[str, int], x_mm: float, y_mm: float
    ) -> AppliedLabel:
        surface, turns = met
        size = surface_size(self.title(book), surface)
        x, y, width, height = onto_face((x_mm, y_mm, label.width_mm, label.height_mm), size, turns)
        applied = AppliedLabel(label, surface, x, y, turns=-turns % 4)
        wraps = surface in ("spine", "edge")
        beside = not wraps and (x < -_OVERHANG_MM or x + width > size[0] + _OVERHANG_MM)
        applied.fallen = beside or y < -_OVERHANG_MM or y + height > size[1] + _OVERHANG_MM
        book.note(
            "label_missed" if applied.fallen else "label_applied", barcode=label.barcode, place=surface,
            label=label.name, x_mm=round(x, 1), y_mm=round(y, 1), turns=applied.turns,
        )  # fmt: skip
        return applied

    def _is_planted_on(self, book: Book, applied: AppliedLabel) -> bool:
        """Whether this is the label that the run's one planted wrong mark strikes."""
        if any(other.label.printer == applied.label.printer for other in book.labels):
            return False
        self._counts["labelled"] += 1
        return self._planted is not None and self._planted.at == self._counts["labelled"]

    def _plant(self, book: Book, applied: AppliedLabel) -> None:
        printed = applied.label
        if self._planted and self._planted.kind == "foreign_label":
            number = foreign_number(np.random.default_rng([self._seed, 4]))
            height, width = self.bitmap(printed).shape
            applied.label = self._made("foreign", foreign_label(width, height, number), printed.dpi)
            self._floor.append(printed.name)
        else:
            applied.loose = True
        book.note(
            "planted", what=self._planted.kind if self._planted else "", printed=printed.barcode,
            applied=applied.label.barcode, place=applied.surface,
        )  # fmt: skip

    def _made(self, printer: str, bitmap: Bitmap, dpi: int) -> Label:
        self._counts["labels"] += 1
        height, width = bitmap.shape[:2]
        label = Label(
            name=f"label-{self._counts['labels']:04d}",
            printer=printer,
            barcode=read_barcode(bitmap),
            dpi=dpi,
            width_mm=width / dpi * _MM_PER_INCH,
            height_mm=height / dpi * _MM_PER_INCH,
        )
        self._bitmaps[label.name] = np.array(bitmap, np.uint8)
        if self._folder is not None:
            path = self._label_file(label.name)
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(cv2.imencode(".png", self._bitmaps[label.name])[1].tobytes())
        return label

    def stamp(self, station: str, surface: str, x_mm: float, y_mm: float) -> str:
        """Stamp the book in ``station``; x and y are the centre on ``surface`` in the wanted posture."""
        book = self.book_in(station)
        if book is None:
            return "no_book"
        met = reached(self.title(book), book, surface)
        if met is None:
            return "interlock"
        x, y, _, _ = onto_face((x_mm, y_mm, 0.0, 0.0), surface_size(self.title(book), met[0]), met[1])
        mark = wrong_stamp(self, book, StampMark(met[0], x, y, turns=-met[1] % 4))
        if mark is not None:
            book.stamps.append(mark)
            book.note("stamped", place=met[0], x_mm=round(x, 1), y_mm=round(y, 1))
        self._save(book)
        return "ok"

    def place_tag(self, station: str) -> str:
        """Stick a blank tag inside the back cover; a second one is not stuck over the first."""
        book = self.book_in(station)
        if book is None:
            return "no_book"
        if book.tag is not None:
            return "interlock"
        self._counts["tags"] += 1
        # E0 = ISO 15693, 04 = NXP (ISO/IEC 7816-6 register), 01 = ICODE SLI; then the serial number.
        serial = np.random.default_rng([self._seed, 5]).integers(1 << 32) + self._counts["tags"]
        uid = f"E0040100{int(serial) % (1 << 32):08X}"
        book.tag = Tag(uid, _BLOCK_SIZE, bytearray(_BLOCK_SIZE * _BLOCKS))
        book.tag.write_fails = int(book.faults.get("weak_tag", 0))
        if book.tag.write_fails:
            book.note("weak_tag", writes_lost=book.tag.write_fails)
        book.note("tag_placed", uid=uid)
        self._save(book)
        return "ok"

    def tags_in_field(self, reader: str) -> list[Tag]:
        """The tags that ``reader`` hears: that of the book in its zone, now and then a neighbour's."""
        heard: list[Tag] = []
        for place in self._layout.stations:
            if place.reader != reader:
                continue
            heard += self._tag_in(place.name)
            for ahead in self._zones[self._zones.index(place.name) + 1 :][:1]:
                heard += self._stray_tag(ahead)
        return heard

    def _tag_in(self, zone: str) -> list[Tag]:
        book = self.book_in(zone)
        return [] if book is None else [tag for tag in (book.tag, book.stray_tag) if tag is not None]

    def _stray_tag(self, zone: str) -> list[Tag]:
        book = self.book_in(zone)
        if book is None or book.tag is None or "neighbour_tag" not in book.faults:
            return []
        if book.faults["neighbour_tag"] != zone:
            book.faults["neighbour_tag"] = zone
            book.note("neighbour_tag", heard_from=zone)
            self._save(book)
        return [book.tag]

    def settle_tags(self) -> None:
        """Keep what readers have written into tags since the last call."""
        written = [
            book for book in self._books.values()
            if book.tag is not None and self._tags_kept.get(book.name) != book.tag
        ]  # fmt: skip
        if written:
            self._save(*written)

    def spend(self, book: Book, fault: str) -> bool:
        """Whether a planned trouble strikes now; it strikes once."""
        if not book.faults.pop(fault, None):
            return False
        book.note(fault)
        self._save(book)
        return True

    # --- people ------------------------------------------------------------------------------------------

    def reach_in(self) -> None:
        """Somebody's hand breaks the light curtain."""
        self._guard += 1
        self._save()

    def clear_jam(self, zone: str) -> None:
        """A person frees the book that is stuck in ``zone``."""
        book = self.book_in(zone)
        self._guard += 1
        if book is not None and book.faults.pop("jam", None):
            book.note("jam_cleared", zone=zone)
        self._save(*([book] if book else []))

    def take_book(self, zone: str) -> str:
        """A person takes the book out of ``zone``; its name, or "" where there was none."""
        book = self.book_in(zone)
        self._guard += 1
        if book is not None:
            self._put(book, "taken")
            book.note("taken", zone=zone)
        self._save(*([book] if book else []))
        return book.name if book else ""

    # --- truth -------------------------------------------------------------------------------------------

    def truth(self) -> dict[str, Any]:
        """What really happened to every book, in the shape of ``truth.json``."""
        return {
            "schema": "truth/1",
            "seed": self._seed,
            "guard": self._guard,
            "books": [self._truth_of(book) for book in self._books.values()],
        }

    def _truth_of(self, book: Book) -> dict[str, Any]:
        title = self.title(book)
        on_book = [applied for applied in book.labels if not applied.fallen]
        return {
            "book": book.name,
            "track_id": book.track_id,
            "title_id": book.title_id,
            "isbn": title.isbn,
            "labels": [
                {"barcode": applied.label.barcode, "place": applied.surface}
                for applied in on_book if not self.is_spine_label(applied)
            ],
            "spine_labels": [
                {"file": f"labels/{applied.label.name}.png", "place": applied.surface}
                for applied in on_book if self.is_spine_label(applied)
            ],
            "tag": None if book.tag is None else {
                "uid": book.tag.uid, "afi": book.tag.afi, "hex": bytes(book.tag.memory).hex().upper(),
                "dsfid": book.tag.dsfid, "locked": sorted(book.tag.locked),
            },
            "stamped": bool(book.stamps),
            "stamps": [mark.surface for mark in book.stamps],
            "bin": self._bin_name(book.place) if book.place.startswith("bin:") else None,
            "place": book.place,
            "condition": book.condition,
            "events": book.events,
        }  # fmt: skip

    def write_truth(self) -> Path:
        """Write ``truth.json`` into the state folder and give its path."""
        if self._folder is None:
            raise ConfigError(
                "this world is not kept", subject="truth.json", remedy="Give the twin a state folder."
            )
        path = self._folder / "truth.json"
        write_atomically(path, self.truth())
        return path

    def close(self) -> None:
        """Keep everything and let go of the file."""
        self.settle_tags()
        self._keep.close()

    # --- memory ------------------------------------------------------------------------------------------

    def _bin_name(self, place: str) -> str:
        number = int(place.partition(":")[2])
        return self._bins.get(number, str(number))

    def _label_file(self, name: str) -> Path:
        return (self._folder or Path()) / "labels" / f"{name}.png"

    def _lay_out(self, pile: Sequence[PackedBook]) -> None:
        draw = np.random.default_rng([self._seed, 6])
        for packed in pile:
            faults = dict(packed.faults or {})
            book = Book(packed.name, packed.title.title_id, "pile", _dropped(draw), faults=faults)
            book.condition = "damaged" if packed.title.slip else "sound"
            for kind in ("wrong_book", "unknown_book"):
                if kind in faults:
                    book.note(kind, instead_of=faults.pop(kind))
            if "unreadable_barcode" in faults:
                book.note("unreadable_barcode")
            self._books[packed.name] = book
        self._keep.put({"origin": self._origin})
        self._save(*self._books.values())

    def _restore(self) -> None:
        kept = self._keep.values
        if kept["origin"] != self._origin:
            self._keep.close()
            raise ConfigError(
                "the state folder keeps the world of another batch",
                subject=str(self._folder),
                remedy="Give another --state folder, or the same box, books, seed and faults.",
            )
        for key, body in kept.items():
            if key.startswith("book:"):
                book = book_from_json(body)
                self._books[book.name] = book
                self._put(book, book.place)
                if book.tag is not None:
                    self._tags_kept[book.name] = book.tag.copy()
        line = kept["line"]
        self._guard, self._counts, self._floor = line["guard"], line["counts"], line["floor"]
        self._waiting = {printer: label_from_json(body) for printer, body in line["waiting"].items()}

    def _save(self, *books: Book) -> None:
        changes: dict[str, Any] = {f"book:{book.name}": book_to_json(book) for book in books}
        changes["line"] = {
            "guard": self._guard,
            "counts": self._counts,
            "floor": self._floor,
            "waiting": {printer: label_to_json(label) for printer, label in self._waiting.items()},
        }
        self._keep.put(changes)
        for book in books:
            if book.tag is not None:
                self._tags_kept[book.name] = book.tag.copy()


def _dropped(draw: np.random.Generator) -> Lie:
    """How a book lies in the tray: any quarter turn, either cover up, a few degrees askew."""
    up: CoverSide = "front" if draw.integers(2) else "back"
    return Lie(
        up=up,
        turns=int(draw.integers(4)),
        skew_deg=round(float(draw.uniform(-4.0, 4.0)), 2),
        dx_mm=round(float(draw.uniform(-6.0, 6.0)), 1),
        dy_mm=round(float(draw.uniform(-6.0, 6.0)), 1),
    )
