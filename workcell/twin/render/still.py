"""A still of a scene: the printed face, its marks, and the camera that looks at it."""

from __future__ import annotations

from collections import OrderedDict

import cv2

from workcell.twin.box import Title
from workcell.twin.render import covers, marks, optics, pages
from workcell.twin.render.sheet import Pixels, rgb
from workcell.twin.scene import Scene, Still, View

# Pixels per millimetre by station and role; 7.6 is the least at which an EAN-13 reads.
_SCALE = {("verify", "top"): 10.0, ("verify", "spine"): 10.0, ("capture", "spine"): 9.0}
_SCALE_BY_ROLE = {"top": 8.5, "under": 8.5, "spine": 9.0, "page": 7.2}
# A large book is read out at the least scale.
_LARGE_MM2, _LEAST_SCALE = 70_000.0, 7.7
_CACHED_BYTES = 160_000_000
_PAGE_GUTTER_MM = 16.0


class Renderer:
    """Renders scenes as JPEG; printed faces are drawn once per title and kept while there is room."""

    def __init__(self, library: str) -> None:
        """``library`` is the name on the collection stamp."""
        self._library = library
        self._faces: OrderedDict[tuple[str, str], Pixels] = OrderedDict()

    def __call__(self, scene: Scene) -> Still:
        """The picture that the camera of ``scene`` takes."""
        scale = _SCALE.get((scene.station, scene.role), _SCALE_BY_ROLE[scene.role])
        view = scene.view
        if view is None:
            return Still(optics.empty_tray(scale, scene.seed), "image/jpeg")
        if view.width_mm * view.height_mm > _LARGE_MM2:
            scale = _LEAST_SCALE
        face, wrap_mm = self._marked(view)
        placed = optics.Placed(
            width_mm=view.width_mm + 2 * wrap_mm,
            height_mm=view.height_mm,
            turn_deg=90 * view.turns + view.skew_deg,
            dx_mm=view.dx_mm,
            dy_mm=view.dy_mm,
        )
        glossy = view.face in ("front", "back", "spine")
        return Still(optics.photograph(face, placed, scale, glossy, scene.seed), "image/jpeg")

    def _marked(self, view: View) -> tuple[Pixels, float]:
        """The face with its marks, and the mm by which it shows more than its own width on either side."""
        is_cover = view.face in ("front", "back", "spine", "edge")
        px_per_mm = covers.PX_PER_MM if is_cover else pages.PX_PER_MM
        face = self._face(view.title, view.face, is_cover).copy()
        wrap_mm = _wrap(view)
        if wrap_mm:
            face, view = _with_covers_beside(face, view, wrap_mm, px_per_mm)
        if view.face == "back":
            marks.tear_bars(face, view, px_per_mm)
        marks.put_stamps(face, view.stamps, self._library, px_per_mm)
        marks.put_labels(face, view, px_per_mm)
        return face, wrap_mm

    def _face(self, title: Title, name: str, is_cover: bool) -> Pixels:
        key = (title.title_id, name)
        if key not in self._faces:
            drawn = (
                covers.cover(title, name) if is_cover else _in_gutter(pages.page(title, name), title, name)
            )
            self._faces[key] = drawn
            while sum(face.nbytes for face in self._faces.values()) > _CACHED_BYTES:
                self._faces.popitem(last=False)
        self._faces.move_to_end(key)
        return self._faces[key]


def _wrap(view: View) -> float:
    """How far a label goes round the spine onto the covers; the spine camera's side mirrors show it."""
    if view.face != "spine" or not view.labels:
        return 0.0
    return max(0.0, *(max(-label.x_mm, label.x_mm + label.width_mm - view.width_mm) for label in view.labels))


def _with_covers_beside(face: Pixels, view: View, wrap_mm: float, px_per_mm: float) -> tuple[Pixels, View]:
    red, green, blue = rgb(view.title.cover.colour)
    beside = (round(blue * 0.82), round(green * 0.82), round(red * 0.82))
    wide = round(wrap_mm * px_per_mm)
    face = cv2.copyMakeBorder(face, 0, 0, wide, wide, cv2.BORDER_CONSTANT, value=beside)
    return face, view.shifted(wrap_mm)


def _in_gutter(page: Pixels, title: Title, name: str) -> Pixels:
    """The page darkens towards the fold: a recto's is on its left, in a right-to-left book on its right."""
    recto = name in ("title_page", "text_page")
    left = recto == (title.direction == "ltr")
    wide = round(_PAGE_GUTTER_MM * pages.PX_PER_MM)
    strip = page[:, :wide] if left else page[:, ::-1][:, :wide]
    for column in range(wide):
        strip[:, column] = (strip[:, column] * (0.72 + 0.28 * (column / wide) ** 0.6)).astype(page.dtype)
    return page
