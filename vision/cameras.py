"""Cameras: HTTP stills, photographs in folders, and devices that OpenCV opens.

A frame that was taken before it was asked for, or that carries another book's TrackId, is refused: it would
be a picture of some other book.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from pathlib import Path

import cv2
import httpx

from workcell.kernel.errors import BadInput, DeviceFault, DeviceGone
from workcell.kernel.ports import Clock, Frame, Worker

_SECONDS = 10.0
_CLOCK_SKEW = timedelta(milliseconds=50)
_RETAKES = 2


class HttpCamera:
    """Stills by ``GET {base}/cameras/{name}/still?track_id=N&view=V``.

    The answer carries ``X-Frame-Number`` (rising), ``X-Captured-At`` (ISO 8601) and ``X-Track-Id``.
    """

    def __init__(self, name: str, base: str, clock: Clock, client: httpx.AsyncClient | None = None) -> None:
        self.name = name
        self._clock = clock
        self._client = client or httpx.AsyncClient(base_url=base, timeout=_SECONDS, trust_env=False)
        self._last = -1

    async def take(self, track_id: int, view: str) -> Frame:
        """A frame of this moment; a stale one is asked for again, then DeviceFault."""
        for _ in range(1 + _RETAKES):
            asked = self._clock.wall()
            frame = await self._still(track_id, view)
            fresh = frame.number > self._last and frame.captured_at >= asked - _CLOCK_SKEW
            if fresh and frame.track_id == track_id:
                self._last = frame.number
                return frame
        raise DeviceFault(
            "answers with stale pictures",
            subject=self.name,
            remedy="Restart the camera; its pictures are refused.",
        )

    async def _still(self, track_id: int, view: str) -> Frame:
        try:
            answer = await self._client.get(
                f"/cameras/{self.name}/still", params={"track_id": track_id, "view": view}
            )
            answer.raise_for_status()
            headers = answer.headers
            return Frame(
                answer.content,
                headers["content-type"],
                int(headers["x-frame-number"]),
                int(headers["x-track-id"]),
                datetime.fromisoformat(headers["x-captured-at"]),
            )
        except httpx.HTTPError as error:
            text = str(error) or type(error).__name__
            raise DeviceGone(
                f"no picture ({text})", subject=self.name, remedy="Check power and network."
            ) from error
        except (KeyError, ValueError) as error:
            raise DeviceFault(
                f"answers without a proper {error}",
                subject=self.name,
                remedy="It is not a camera of this contract.",
            ) from error

    async def close(self) -> None:
        """Close the connection."""
        await self._client.aclose()


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
            raise DeviceFault(f"can't be read ({error.strerror})", subject=str(path)) from error
        self._number += 1
        kind = "image/png" if path.suffix.lower() == ".png" else "image/jpeg"
        return Frame(data, kind, self._number, track_id, self._clock.wall())

    async def close(self) -> None:
        """Nothing to close."""


class OpenCvCamera:
    """A camera that OpenCV opens: a device number ("0") or a stream's address."""

    def __init__(self, name: str, source: str, clock: Clock, worker: Worker) -> None:
        self.name = name
        self._source: int | str = int(source) if source.isdigit() else source
        self._clock = clock
        self._worker = worker
        self._capture: cv2.VideoCapture | None = None
        self._number = 0

    async def take(self, track_id: int, view: str) -> Frame:
        """A frame of this moment: frames that the driver had buffered are thrown away first."""
        data = await self._worker.run(self._grab)
        self._number += 1
        return Frame(data, "image/png", self._number, track_id, self._clock.wall())

    def _grab(self) -> bytes:
        if self._capture is None:
            self._capture = cv2.VideoCapture(self._source)
        if not self._capture.isOpened():
            self._capture = None
            raise DeviceGone(
                "can't be opened", subject=f"camera {self._source}", remedy="Check cable and rights."
            )
        self._capture.set(cv2.CAP_PROP_BUFFERSIZE, 1)
        for _ in range(3):
            self._capture.grab()
        ok, image = self._capture.retrieve()
        if not ok:
            raise DeviceFault(
                "gives no picture", subject=f"camera {self._source}", remedy="Unplug it and try again."
            )
        return bytes(cv2.imencode(".png", image)[1])

    async def close(self) -> None:
        """Give the device back."""
        if self._capture is not None:
            await self._worker.run(self._capture.release)
            self._capture = None


_PHOTOS = frozenset({".jpg", ".jpeg", ".png", ".webp", ".tif", ".tiff", ".bmp"})


def photos_in(folder: Path) -> list[Path]:
    """The photographs directly in ``folder``, by name."""
    return sorted(path for path in folder.iterdir() if path.suffix.lower() in _PHOTOS)


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
