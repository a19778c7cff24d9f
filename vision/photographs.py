"""Photographs already taken, in folders: those of a batch, and a camera that hands them out."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from workcell.kernel.errors import BadInput, DeviceFault
from workcell.kernel.ports import Clock, Frame, Worker

_MEDIA_TYPES = {
    ".jpg": "image/jpeg", ".jpeg": "image/jpeg", ".png": "image/png", ".webp": "image/webp",
    ".tif": "image/tiff", ".tiff": "image/tiff", ".bmp": "image/bmp",
}  # fmt: skip


class PhotoCamera:
    """Photographs already taken: ``books[n]`` are those of the n-th book, ``view`` the photograph's index.

    ``first_track`` is the TrackId of the first book.
    """

    def __init__(
        self, name: str, books: Sequence[Sequence[Path]], clock: Clock, worker: Worker, first_track: int = 1
    ) -> None:
        self.name = name
        self._books = books
        self._clock = clock
        self._worker = worker
        self._first_track = first_track
        self._number = 0

    async def take(self, track_id: int, view: str) -> Frame:
        """The photograph ``view`` of the book ``track_id``; raises DeviceFault when it can't be read."""
        path = self._books[track_id - self._first_track][int(view)]
        try:
            data = await self._worker.run(path.read_bytes)
        except OSError as error:
            raise DeviceFault(
                f"can't be read ({error.strerror})", subject=str(path), remedy="Put the photograph back."
            ) from error
        self._number += 1
        return Frame(data, media_type(path), self._number, track_id, self._clock.wall())

    async def close(self) -> None:
        """Nothing to close."""


def media_type(path: Path) -> str:
    """The media type of a photograph by its name's end."""
    return _MEDIA_TYPES.get(path.suffix.lower(), "image/jpeg")


def photos_in(folder: Path) -> list[Path]:
    """The photographs directly in ``folder``, by name."""
    return sorted(path for path in folder.iterdir() if path.suffix.lower() in _MEDIA_TYPES)


def folders_of_books(folder: Path) -> list[list[Path]] | None:
    """One list of photographs for each subfolder, or None when ``folder`` has no subfolder with photographs.

    Raises BadInput when there is no photograph at all, or photographs lie beside the books' folders.
    """
    if not folder.is_dir():
        raise BadInput("no such folder", subject=str(folder), remedy="Give the folder of the photographs.")
    books = [photos for sub in sorted(folder.iterdir()) if sub.is_dir() and (photos := photos_in(sub))]
    loose = photos_in(folder)
    if books and loose:
        raise BadInput(
            f"{loose[0].name} lies beside the books' folders", subject=str(folder),
            remedy="Put it into its book's folder, or all photographs into one folder.",
        )  # fmt: skip
    if not books and not loose:
        raise BadInput("no photograph found", subject=str(folder), remedy="JPEG, PNG, WebP, TIFF or BMP.")
    return books or None
