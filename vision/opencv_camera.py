"""Cameras that OpenCV opens: a device number or path (V4L2), or a stream's address (RTSP, MJPEG)."""

from __future__ import annotations

import cv2

from workcell.kernel.errors import DeviceFault, DeviceGone
from workcell.kernel.ports import Clock, Frame, Worker

_TIMEOUT_MS = 8000
_LIVE_SECONDS = 0.008
"""A frame that had to be waited for this long was not lying in the driver's buffer."""
_MOST_BUFFERED = 8


class OpenCvCamera:
    """A camera that OpenCV opens; pictures come as PNG.

    A device stays open between pictures, and what its driver had buffered is thrown away.  A stream is opened
    afresh for every picture: what it sent meanwhile is old.
    """

    def __init__(self, name: str, source: str, clock: Clock, worker: Worker) -> None:
        self.name = name
        self._source: int | str = int(source) if source.isdigit() else source
        self._is_stream = "://" in source
        self._clock = clock
        self._worker = worker
        self._capture: cv2.VideoCapture | None = None
        self._number = 0

    async def take(self, track_id: int, view: str) -> Frame:
        """A frame of this moment; DeviceGone when it can't be opened, DeviceFault without a picture."""
        data = await self._worker.run(self._picture)
        self._number += 1
        return Frame(data, "image/png", self._number, track_id, self._clock.wall())

    async def close(self) -> None:
        """Give the device back."""
        await self._worker.run(self._release)

    def _picture(self) -> bytes:
        capture = self._opened()
        try:
            self._skip_buffered(capture)
            ok, image = capture.retrieve()
        except cv2.error:
            ok = False
        if not ok:
            self._release()
            raise DeviceFault("gives no picture", subject=self._subject, remedy="Unplug it and try again.")
        if self._is_stream:
            self._release()
        return bytes(cv2.imencode(".png", image)[1])

    def _opened(self) -> cv2.VideoCapture:
        if self._capture is None:
            self._capture = self._open()
        if not self._capture.isOpened():
            self._release()
            raise DeviceGone("can't be opened", subject=self._subject, remedy="Check cable and rights.")
        return self._capture

    def _open(self) -> cv2.VideoCapture:
        if not self._is_stream:
            capture = cv2.VideoCapture(self._source)
            capture.set(cv2.CAP_PROP_BUFFERSIZE, 1)
            return capture
        limits = [
            cv2.CAP_PROP_OPEN_TIMEOUT_MSEC, _TIMEOUT_MS,
            cv2.CAP_PROP_READ_TIMEOUT_MSEC, _TIMEOUT_MS,
        ]  # fmt: skip
        return cv2.VideoCapture(self._source, cv2.CAP_FFMPEG, limits)

    def _skip_buffered(self, capture: cv2.VideoCapture) -> None:
        """Grab until a frame had to be waited for; on a stream just opened the first is of this moment."""
        for _ in range(1 if self._is_stream else _MOST_BUFFERED):
            asked = self._clock.now()
            if not capture.grab() or self._clock.now() - asked >= _LIVE_SECONDS:
                return

    def _release(self) -> None:
        if self._capture is not None:
            self._capture.release()
            self._capture = None

    @property
    def _subject(self) -> str:
        return f"camera {self.name} ({self._source})"
