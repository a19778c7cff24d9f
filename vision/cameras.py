"""Cameras by kind: one table, and vendors' own kinds by entry point (``workcell.kernel.drivers``)."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from vision.checked_camera import CheckedCamera
from vision.http_camera import HttpCamera
from vision.opencv_camera import OpenCvCamera
from vision.phone_camera import PhoneCamera
from vision.photographs import PhotoCamera, photos_in
from vision.watch_camera import WatchCamera
from workcell.kernel.drivers import Drivers, Surroundings
from workcell.kernel.ports import Camera


def open_camera(
    kind: str, name: str, endpoint: str, around: Surroundings, drivers: Drivers | None = None
) -> Camera:
    """The camera ``name``; its wire is opened when it is first used.

    Frames of all kinds but "folder", whose photographs were taken long ago, are checked as they come.  A kind
    that is not ours is looked up in ``drivers`` (those installed); raises ConfigError for one that nobody
    knows.
    """
    opener = _KINDS.get(kind) or (drivers or Drivers.installed()).find("camera", kind, _KINDS).open
    camera = opener(name, endpoint, around)
    return camera if kind == "folder" else CheckedCamera(camera, around.clock, around.worker)


def camera_kinds() -> tuple[str, ...]:
    """The kinds that need no other package."""
    return tuple(_KINDS)


def kind_of(source: str) -> tuple[str, str]:
    """Kind and endpoint of a camera in one word: ``0``, ``rtsp://…``, ``phone:HOST:PORT``, ``watch:DIR``.

    Anything without a known kind in front is for OpenCV.
    """
    kind, colon, endpoint = source.partition(":")
    return (kind, endpoint) if colon and kind in ("phone", "watch", "opencv") else ("opencv", source)


_Opener = Callable[[str, str, Surroundings], Camera]


def _photographs(name: str, endpoint: str, around: Surroundings) -> Camera:
    folder = Path(endpoint)
    return PhotoCamera(name, [photos_in(folder)] if folder.is_dir() else [], around.clock, around.worker)


_KINDS: dict[str, _Opener] = {
    "http": lambda name, endpoint, around: HttpCamera(name, endpoint, around.clock),
    "folder": _photographs,
    "opencv": lambda name, endpoint, around: OpenCvCamera(name, endpoint, around.clock, around.worker),
    "watch": lambda name, endpoint, around: WatchCamera(name, Path(endpoint), around.clock, around.worker),
    "phone": lambda name, endpoint, around: PhoneCamera(
        name, endpoint, around.clock, around.worker, around.ids.token(), around.tell
    ),
}
