"""A barcode label of another library, for the wrong mark that the twin plants."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from workcell.twin.render.fonts import font_for
from workcell.twin.render.symbols import bars, codabar

_OWNER = "Northfield College Library"
_PREFIX = "39999"
# White dots on either side of the bars: ten narrow elements.
_QUIET = 20


def foreign_number(draw: np.random.Generator) -> str:
    """A 14-digit item number of institution 9999 with its check digit (digits at odd places doubled)."""
    body = _PREFIX + "".join(str(digit) for digit in draw.integers(0, 10, 8))
    doubled = (int(digit) * (2 if place % 2 == 0 else 1) for place, digit in enumerate(body))
    return body + str(-sum(value - 9 if value > 9 else value for value in doubled) % 10)


def foreign_label(width: int, height: int, number: str) -> NDArray[np.uint8]:
    """The label at ``width`` × ``height`` printer's dots: owner, Codabar with whole dots, number."""
    label = Image.new("L", (width, height), 255)
    pen = ImageDraw.Draw(label)
    line = max(12, height // 8)
    dots = codabar(number, 2, 5)
    if dots.size + 2 * _QUIET > width:
        dots = codabar(number, 1, 3)
    symbol = bars(dots, dots.size, height - 4 * line)
    label.paste(Image.fromarray(symbol), ((width - symbol.shape[1]) // 2, 2 * line - line // 2))
    for text, top in ((_OWNER, line // 3), (number, height - 2 * line)):
        pen.text((width / 2, top), text, fill=0, font=font_for("sans", line, text), anchor="ma")
    return np.array(label, np.uint8)
