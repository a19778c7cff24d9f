"""What is in view of a camera at a moment: a frozen picture of matter, for whoever renders it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from workcell.twin.box import Title


@dataclass(frozen=True)
class SeenLabel:
    """A label on the face in view: its print, lower left corner in mm on the upright face, and turns."""

    bitmap: NDArray[np.uint8]
    barcode: str
    spine_label: bool
    width_mm: float
    height_mm: float
    x_mm: float
    y_mm: float
    turns: int


@dataclass(frozen=True)
class SeenStamp:
    """A stamp on the face in view: its centre in mm on the upright face, and turns."""

    x_mm: float
    y_mm: float
    turns: int
    smeared: bool = False


@dataclass(frozen=True)
class View:
    """One face of a book in view: ``face`` is a surface name, a printed page or "edge".

    ``turns`` and ``skew_deg`` are clockwise as the camera sees them.  ``torn`` is the seed of a tear across
    the bars of the back cover, None when they are whole.
    """

    book: str
    title: Title
    face: str
    width_mm: float
    height_mm: float
    turns: int
    skew_deg: float
    dx_mm: float
    dy_mm: float
    labels: tuple[SeenLabel, ...]
    stamps: tuple[SeenStamp, ...]
    torn: int | None

    def shifted(self, x_mm: float) -> View:
        """The same view with its labels moved to the right, for a face that shows more on its left."""
        return replace(self, labels=tuple(replace(label, x_mm=label.x_mm + x_mm) for label in self.labels))


@dataclass(frozen=True)
class Scene:
    """What a camera sees: a view of a book, or the empty tray (None).

    ``station`` and ``role`` say where the camera stands; ``seed`` makes the noise of this very frame.
    """

    camera: str
    station: str
    role: str
    view: View | None
    seed: int


@dataclass(frozen=True)
class Still:
    """An encoded picture."""

    data: bytes
    media_type: str


Render = Callable[[Scene], Still]
"""Makes the picture of a scene."""
