"""Looking at the world through a camera."""

from __future__ import annotations

import zlib

from workcell.kernel.errors import ConfigError
from workcell.kernel.layout import Layout
from workcell.twin import surfaces
from workcell.twin.box import Title
from workcell.twin.matter import Book
from workcell.twin.scene import Scene, SeenLabel, SeenStamp, View
from workcell.twin.world import World


def camera_places(layout: Layout) -> dict[str, tuple[str, str]]:
    """Station and role ("top", "under", "spine", "page") of each camera of the line."""
    return {camera: (place.name, role) for place in layout.stations for role, camera in place.cameras.items()}


def look(world: World, camera: str, frame: int, seed: int) -> Scene:
    """What ``camera`` sees now; ``frame`` makes the noise differ from picture to picture.

    Raises ConfigError when the line has no such camera.
    """
    places = camera_places(world.layout)
    if camera not in places:
        raise ConfigError("no such camera", subject=camera, remedy=f"The line has: {', '.join(places)}.")
    station, role = places[camera]
    book = world.book_in(station)
    noise = zlib.crc32(f"{seed}/{camera}/{frame}".encode())
    return Scene(camera, station, role, None if book is None else _view(world, book, role), noise)


def _view(world: World, book: Book, role: str) -> View:
    face, turns = _face(world.title(book), book, role)
    width, height = surfaces.surface_size(world.title(book), face)
    mirrored = -1 if role == "under" else 1
    on_side = role in ("spine", "page")
    return View(
        book=book.name,
        title=world.title(book),
        face=face,
        width_mm=width,
        height_mm=height,
        turns=turns,
        skew_deg=book.lie.skew_deg * mirrored,
        dx_mm=0.0 if on_side else book.lie.dx_mm * mirrored,
        dy_mm=0.0 if on_side else book.lie.dy_mm,
        labels=_labels(world, book, face),
        stamps=tuple(SeenStamp(m.x_mm, m.y_mm, m.turns, m.smeared) for m in book.stamps if m.surface == face),
        torn=book.faults.get("unreadable_barcode") if face == "back" else None,
    )


def _face(title: Title, book: Book, role: str) -> tuple[str, int]:
    if role == "page" and book.opening is not None:
        return surfaces.open_page(title, book.opening), book.lie.turns
    sides = {"under": surfaces.from_below, "spine": surfaces.from_the_side}
    return sides.get(role, surfaces.from_above)(book)


def _labels(world: World, book: Book, face: str) -> tuple[SeenLabel, ...]:
    return tuple(
        SeenLabel(
            bitmap=world.bitmap(applied.label),
            barcode=applied.label.barcode,
            spine_label=world.is_spine_label(applied),
            width_mm=applied.label.width_mm,
            height_mm=applied.label.height_mm,
            x_mm=applied.x_mm,
            y_mm=applied.y_mm,
            turns=applied.turns,
        )
        for applied in book.labels
        if applied.surface == face and not applied.fallen
    )
