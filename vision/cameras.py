"""Cameras by kind: one table, and vendors' own kinds by entry point.

A vendor's package declares ``camera.KIND = "package:factory"`` in the entry point group ``workcell.drivers``;
``factory(name, endpoint, clock, worker)`` gives a Camera.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from importlib.metadata import EntryPoint, entry_points
from pathlib import Path

from vision.checked_camera import CheckedCamera
from vision.http_camera import HttpCamera
from vision.opencv_camera import OpenCvCamera
from vision.phone_camera import PhoneCamera
from vision.photographs import PhotoCamera, photos_in
from vision.watch_camera import WatchCamera
from workcell.kernel.errors import ConfigError
from workcell.kernel.ports import Camera, Clock, Ids, Worker

DRIVERS = "workcell.drivers"
"""Group of the entry points by which others add kinds of devices."""


@dataclass(frozen=True)
class Surroundings:
    """What a camera driver may need besides its name and endpoint.

    ``tell`` hears what a person must know, for example the address of the telephone's page.
    """

    clock: Clock
    worker: Worker
    ids: Ids
    tell: Callable[[str], None]


def open_camera(kind: str, name: str, endpoint: str, around: Surroundings) -> Camera:
    """The camera ``name``; its wire is opened when it is first used.

    Frames of all kinds but "folder", whose photographs were taken long ago, are checked as they come.  Raises
    ConfigError for a kind that nobody knows.
    """
    opener = _KINDS.get(kind) or _by_entry_point(kind)
    camera = opener(name, endpoint, around)
    return camera if kind == "folder" else CheckedCamera(camera, around.clock, around.worker)


def camera_kinds() -> tuple[str, ...]:
    """Every kind that can be opened here, the vendors' last."""
    return (*_KINDS, *sorted(point.name.removeprefix(_PREFIX) for point in _points()))


def kind_of(source: str) -> tuple[str, str]:
    """Kind and endpoint of a camera in one word: ``0``, ``rtsp://…``, ``phone:HOST:PORT``, ``watch:DIR``.

    Anything without a known kind in front is for OpenCV.
    """
    kind, colon, endpoint = source.partition(":")
    return (kind, endpoint) if colon and kind in ("phone", "watch", "opencv") else ("opencv", source)


_PREFIX = "camera."
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


def _points() -> list[EntryPoint]:
    return [point for point in entry_points(group=DRIVERS) if point.name.startswith(_PREFIX)]


def _by_entry_point(kind: str) -> _Opener:
    for point in _points():
        if point.name == _PREFIX + kind:
            factory = point.load()
            return lambda name, endpoint, around: factory(name, endpoint, around.clock, around.worker)
    raise ConfigError(
        f"no driver for cameras of kind {kind!r}", subject="layout",
        remedy=f"There are: {', '.join(camera_kinds())}; another comes with its vendor's package.",
    )  # fmt: skip
