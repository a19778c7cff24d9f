"""Text set in a field: the largest type size that fits, on one line, on given lines, or wrapped.

Nothing is cut: a size fits only when all ink lies inside the field.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from label_print.fonts import font_for, is_cjk
from label_print.templates import Lettering

Ink = NDArray[np.bool_]
"""Height by width, true where printed."""

_LEADING: Final = 1.12  # distance of base lines in type sizes
_NO_LINE_BEGIN: Final = frozenset("、。，．；：？！）》」』】〉”’,.;:?!)]}%")


@dataclass(frozen=True)
class Room:
    """A field in dots, and how its text is set."""

    width: int
    height: int
    rules: Lettering
    dots_per_mm: float

    @property
    def sizes(self) -> range:
        """Type sizes in dots, largest first."""
        largest = min(int(self.rules.largest_mm * self.dots_per_mm + 1e-6), self.height)
        return range(largest, max(1, int(self.rules.smallest_mm * self.dots_per_mm + 1e-6)) - 1, -1)


def set_line(text: str, room: Room) -> Ink | None:
    """One line; None when its smallest size is too large."""
    for size in room.sizes:
        if _width(text, size, room.rules.font) <= room.width:
            ink = _one_line(text, size, room)
            if ink is not None:
                return ink
    return None


def set_lines(lines: Sequence[str], room: Room) -> Ink | None:
    """Lines in one size; None when the smallest is too large."""
    return _set_block(lambda size: lines, room)


def set_wrapped(text: str, room: Room) -> Ink | None:
    """A text broken at spaces and between Chinese characters; None when it can't be set."""
    return _set_block(lambda size: _wrapped(text, size, room), room)


def _set_block(lines_at: Callable[[int], Sequence[str] | None], room: Room) -> Ink | None:
    for size in room.sizes:
        lines = lines_at(size)
        if lines is None or round(size * _LEADING) * len(lines) > room.height:
            continue
        if all(_width(line, size, room.rules.font) <= room.width for line in lines):
            ink = _block(lines, size, room)
            if ink is not None:
                return ink
    return None


def _block(lines: Sequence[str], size: int, room: Room) -> Ink | None:
    pitch = round(size * _LEADING)
    free = room.height - pitch * len(lines)
    top = {"top": 0, "middle": free // 2, "bottom": free}[room.rules.valign]
    paper: Ink = np.zeros((room.height, room.width), dtype=np.bool_)
    for place, line in enumerate(lines):
        ink, above = _drawn(line, size, room.rules.font)
        first = top + place * pitch + round(pitch * 0.8) - above
        if first < 0 or first + ink.shape[0] > room.height:
            return None
        _lay(paper, ink, first, room)
    return paper


def _one_line(text: str, size: int, room: Room) -> Ink | None:
    ink, above = _drawn(text, size, room.rules.font)
    if ink.shape[0] > room.height:
        return None
    capital = _drawn("H", size, room.rules.font)[1]
    base = {"top": above, "middle": (room.height + capital) // 2, "bottom": room.height}[room.rules.valign]
    first = min(max(0, base - above), room.height - ink.shape[0])
    paper: Ink = np.zeros((room.height, room.width), dtype=np.bool_)
    _lay(paper, ink, first, room)
    return paper


def _lay(paper: Ink, ink: Ink, top: int, room: Room) -> None:
    free = room.width - ink.shape[1]
    left = {"left": 0, "centre": free // 2, "right": free}[room.rules.align]
    paper[top : top + ink.shape[0], left : left + ink.shape[1]] |= ink


def _width(text: str, size: int, pattern: str) -> int:
    left, _, right, _ = font_for(text, size, pattern).getbbox(text, mode="1", anchor="ls")
    return max(1, round(right - left))


@lru_cache(maxsize=256)
def _drawn(text: str, size: int, pattern: str) -> tuple[Ink, int]:
    """The ink of one line without white around it, and how far it rises above the base line."""
    font = font_for(text, size, pattern)
    left, top, right, bottom = (round(edge) for edge in font.getbbox(text, mode="1", anchor="ls"))
    image = Image.new("1", (max(1, right - left), max(1, bottom - top)), 1)
    ImageDraw.Draw(image).text((-left, -top), text, font=font, fill=0, anchor="ls")
    ink = ~np.asarray(image, dtype=np.bool_)
    rows, columns = np.flatnonzero(ink.any(axis=1)), np.flatnonzero(ink.any(axis=0))
    if not rows.size:
        return ink, -top
    return ink[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1], -top - int(rows[0])


_TOKEN: Final = re.compile(r"\s+|[^\s]")


def _wrapped(text: str, size: int, room: Room) -> list[str] | None:
    """Lines no wider than the room; None when one word is wider."""
    lines = [""]
    for space, word in _words(text):
        joined = lines[-1] + space + word if lines[-1] else word
        if _width(joined, size, room.rules.font) <= room.width:
            lines[-1] = joined
        elif _width(word, size, room.rules.font) <= room.width:
            lines.append(word)
        else:
            return None
    return lines


def _words(text: str) -> list[tuple[str, str]]:
    """What may stand on a line of its own, each with the space before it."""
    words: list[tuple[str, str]] = []
    space = ""
    for token in _TOKEN.findall(text):
        if token.isspace():
            space = " "
        elif words and not space and not _may_break(words[-1][1][-1], token):
            words[-1] = (words[-1][0], words[-1][1] + token)
        else:
            words.append((space, token))
            space = ""
    return words


def _may_break(before: str, after: str) -> bool:
    """Whether a line may end between two characters without a space."""
    return (
        (is_cjk(before) or is_cjk(after)) and after not in _NO_LINE_BEGIN and before not in "（《「『【〈“‘"
    )
