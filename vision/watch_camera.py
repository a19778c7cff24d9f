"""A folder into which a camera or a phone's app drops its photographs."""

from __future__ import annotations

import warnings
from pathlib import Path

from PIL import Image

from vision.photo import MAX_PIXELS
from vision.photographs import media_type, photos_in
from workcell.kernel.errors import DeviceFault, DeviceGone
from workcell.kernel.ports import Clock, Frame, Worker

_POLL_SECONDS = 0.2
_SECONDS = 120.0


class WatchCamera:
    """Waits for the next photograph in ``folder``; what lay there before it was asked for is never taken.

    A file counts once it is whole: as long as before at the next look, and an image to its last byte.
    """

    def __init__(
        self, name: str, folder: Path, clock: Clock, worker: Worker, seconds: float = _SECONDS
    ) -> None:
        self.name = name
        self._folder = folder
        self._clock = clock
        self._worker = worker
        self._seconds = seconds
        self._number = 0

    async def take(self, track_id: int, view: str) -> Frame:
        """The next photograph that comes.

        Raises DeviceGone when the folder is not there, DeviceFault when none came in time or it is no image.
        """
        before = await self._worker.run(self._sizes)
        seen: dict[Path, int] = {}
        deadline = self._clock.now() + self._seconds
        while self._clock.now() < deadline:
            await self._clock.sleep(_POLL_SECONDS)
            sizes = await self._worker.run(self._sizes)
            for path, size in sizes.items():
                if path not in before and size and seen.get(path) == size:
                    data = await self._worker.run(_whole_image, path)
                    if data:
                        self._number += 1
                        return Frame(data, media_type(path), self._number, track_id, self._clock.wall())
            seen = sizes
        raise self._nothing_came([path for path in seen if path not in before])

    async def close(self) -> None:
        """Nothing to close."""

    def _sizes(self) -> dict[Path, int]:
        try:
            return {path: _size(path) for path in photos_in(self._folder)}
        except OSError as error:
            raise DeviceGone(
                f"the folder can't be read ({error.strerror})", subject=f"{self.name} ({self._folder})",
                remedy="Mount or make it.",
            ) from error  # fmt: skip

    def _nothing_came(self, new: list[Path]) -> DeviceFault:
        if new:
            return DeviceFault(
                "this is no whole image", subject=str(new[0]), remedy="Take the photograph again."
            )
        return DeviceFault(
            f"no photograph came in {self._seconds:g} s", subject=f"{self.name} ({self._folder})",
            remedy="Take one, and see that it reaches the folder.",
        )  # fmt: skip


def _size(path: Path) -> int:
    """Bytes of a file, 0 when it has been moved meanwhile."""
    try:
        return path.stat().st_size
    except FileNotFoundError:
        return 0


def _whole_image(path: Path) -> bytes:
    """The bytes of ``path``, empty when they are no whole image (yet)."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            with Image.open(path) as image:
                if image.width * image.height > MAX_PIXELS:
                    return b""
                image.load()
        return path.read_bytes()
    except (OSError, SyntaxError, ValueError, Image.DecompressionBombError):
        return b""
