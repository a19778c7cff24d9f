"""Which surface of a book is where: faces under a camera, pages that lie open, and places on them."""

from __future__ import annotations

from workcell.twin.box import Title
from workcell.twin.matter import Book, CoverSide, Lie, Opening

SURFACES = {
    1: "front",
    2: "back",
    3: "spine",
    4: "title_page",
    5: "title_verso",
    6: "inside_back_cover",
    7: "edge",
}
"""The surface numbers of the unit commands."""

_CLOSED = frozenset({"front", "back", "spine", "edge"})
# Pages are cut a little smaller than the covers.
_PAGE_TRIM_MM = 3.0

Rect = tuple[float, float, float, float]
"""x, y, width, height in mm; x and y of the lower left corner."""


def signed16(register: int) -> int:
    """A UINT16 register read as two's complement; a label wider than the spine starts left of it."""
    return register - 0x10000 if register >= 0x8000 else register


def surface_size(title: Title, surface: str) -> tuple[float, float]:
    """Width and height of a surface of the upright book, in mm."""
    if surface in ("spine", "edge"):
        return title.thickness_mm, title.height_mm
    if surface in ("front", "back", "inside_back_cover"):
        return title.width_mm, title.height_mm
    return title.width_mm - _PAGE_TRIM_MM, title.height_mm - _PAGE_TRIM_MM


def open_page(title: Title, opening: Opening) -> str:
    """The printed page that faces the page camera.

    From the front: title page, its verso, then running text.  From the back: the colophon when there is
    one, the last numbered page, then running text.
    """
    pages = ("title_page", "title_verso") if opening.end == 0 else _last_pages(title)
    leaf = opening.leaves if opening.end == 0 else -opening.leaves
    return pages[max(leaf, 0)] if leaf < len(pages) else "text_page"


def _last_pages(title: Title) -> tuple[str, ...]:
    return ("colophon", "last_page") if title.colophon else ("last_page",)


def other_cover(side: CoverSide) -> CoverSide:
    """The cover on the other side."""
    return "back" if side == "front" else "front"


def from_above(book: Book) -> tuple[str, int]:
    """The face that the top camera sees, and its quarter turns clockwise."""
    return book.lie.up, book.lie.turns


def from_below(book: Book) -> tuple[str, int]:
    """The face that lies on the glass, and its quarter turns clockwise as the under camera sees it."""
    return other_cover(book.lie.up), -book.lie.turns % 4


def from_the_side(book: Book) -> tuple[str, int]:
    """What the spine station faces: the spine in the wanted posture, upside down in its mirror posture.

    The station swaps its side for a right-to-left book, so that back cover up and upright shows the spine
    of either kind.
    """
    turned = {("back", 0): 0, ("front", 2): 2}.get((book.lie.up, book.lie.turns))
    return ("edge", 0) if turned is None else ("spine", turned)


def reached(title: Title, book: Book, wanted: str) -> tuple[str, int] | None:
    """The surface that a tool really meets when it is sent to ``wanted``, and that surface's turns.

    The tools know the wanted posture only: "back" is what lies up, "front" what lies down.  None when the
    book is open and should be closed, or closed and should be open.
    """
    if wanted in _CLOSED:
        if book.opening is not None:
            return None
        views = {"back": from_above, "front": from_below, "spine": from_the_side}
        return views[wanted](book) if wanted in views else ("edge", 0)
    if book.opening is None:
        return None
    if wanted == "inside_back_cover" and book.opening.end == 1:
        return wanted, book.lie.turns
    return open_page(title, book.opening), book.lie.turns


def onto_face(rect: Rect, face: tuple[float, float], turns: int) -> Rect:
    """A rectangle seen on a face that is turned clockwise, on the upright face (its width and height)."""
    x, y, width, height = rect
    seen_height = face[1] if turns % 2 == 0 else face[0]
    seen_width = face[0] if turns % 2 == 0 else face[1]
    for _ in range(turns % 4):
        x, y, width, height = seen_height - (y + height), x, height, width
        seen_width, seen_height = seen_height, seen_width
    return x, y, width, height


def turned_over(lie: Lie) -> Lie:
    """How the book lies after it was turned over about the vertical axis of the top camera's picture."""
    return Lie(
        up=other_cover(lie.up),
        turns=-lie.turns % 4,
        skew_deg=-lie.skew_deg,
        dx_mm=-lie.dx_mm,
        dy_mm=lie.dy_mm,
    )
