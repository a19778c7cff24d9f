"""Stills for runs on virtual time: tiny pictures whose bytes say what is in view.

Recognition is replaced there by a reader of these bytes; the same scene always gives the same bytes.
"""

from __future__ import annotations

import json
import zlib
from io import BytesIO
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image, PngImagePlugin

from workcell.twin.scene import Scene, SeenLabel, Still, View

_KEY = "scene"
_DARK = 128
# The faces of evidence/1 for the twin's own names of surfaces and pages.
_FACES = {
    "front": "front_cover",
    "back": "back_cover",
    "spine": "spine",
    "title_page": "title_page",
    "title_verso": "copyright_page",
    "colophon": "copyright_page",
}


def stored_still(scene: Scene) -> Still:
    """A PNG of one pixel that carries the description of ``scene`` as JSON (text chunk "scene")."""
    text = PngImagePlugin.PngInfo()
    text.add_itxt(_KEY, json.dumps(_described(scene), ensure_ascii=False, sort_keys=True))
    data = BytesIO()
    Image.new("L", (1, 1), 0).save(data, "PNG", pnginfo=text)
    return Still(data.getvalue(), "image/png")


def read_stored(data: bytes) -> dict[str, Any]:
    """What ``stored_still`` wrote: camera, and for a book in view the keys of the view, else "face" None.

    ``face`` is a face of evidence/1 and ``page`` the twin's own name ("colophon", "last_page" …);
    ``rotation`` the clockwise turn in degrees that makes it upright; ``isbn`` and ``addon`` what the bars
    in view say; ``labels`` {barcode, place, spine_label, x_mm, y_mm, width_mm, height_mm, rotation, print};
    ``stamps`` {place, x_mm, y_mm, rotation, smeared}.  ``print`` tells one label's print from another's.
    """
    image = Image.open(BytesIO(data))
    return json.loads(str(image.info[_KEY]))  # type: ignore[no-any-return]


def _described(scene: Scene) -> dict[str, Any]:
    view = scene.view
    if view is None:
        return {"camera": scene.camera, "face": None}
    bars = view.face == "back" and view.torn is None
    return {
        "camera": scene.camera,
        "face": _FACES.get(view.face, "other"),
        "page": view.face,
        "rotation": _upright(view.turns),
        "skew_deg": view.skew_deg,
        "title_id": view.title.title_id,
        "copy": view.book,
        "isbn": view.title.isbn if bars else None,
        "addon": view.title.addon if bars else None,
        "slip": view.title.slip if view.face == "back" else None,
        "labels": [_label(view, label) for label in view.labels],
        "stamps": [
            {
                "place": view.face,
                "x_mm": mark.x_mm,
                "y_mm": mark.y_mm,
                "rotation": _upright(mark.turns),
                "smeared": mark.smeared,
            }
            for mark in view.stamps
        ],
    }


def _label(view: View, label: SeenLabel) -> dict[str, Any]:
    return {
        "barcode": label.barcode,
        "place": view.face,
        "spine_label": label.spine_label,
        "x_mm": label.x_mm,
        "y_mm": label.y_mm,
        "width_mm": label.width_mm,
        "height_mm": label.height_mm,
        "rotation": _upright(label.turns),
        "print": print_of(label.bitmap),
    }


def print_of(bitmap: NDArray[np.uint8]) -> str:
    """What tells one label's print from another's: a sum over its dots."""
    return f"{zlib.crc32((bitmap < _DARK).tobytes()):08X}"


def _upright(turns: int) -> int:
    return -turns % 4 * 90
