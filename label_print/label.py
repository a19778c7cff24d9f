"""A finished label: its dots, and the forms in which it leaves."""

from __future__ import annotations

import io
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageColor

from label_print.pdf import Placement, pdf_pages
from label_print.tspl import tspl_job
from label_print.zpl import zpl_job

Bitmap = NDArray[np.uint8]
"""Height by width, 0 black and 255 white, one value a printer dot."""

_DOTS_PER_MM: Final = {203: 8.0}


def dots_per_mm(dpi: int) -> float:
    """Dots a millimetre.  A "203 dpi" head has 8 dots/mm exactly; others are what their name says."""
    return _DOTS_PER_MM.get(dpi, dpi / 25.4)


@dataclass(frozen=True, eq=False)
class Label:
    """The dots of one label as it leaves the printer; ``colour`` of its stock shows in previews only."""

    bitmap: Bitmap
    dpi: int
    colour: str = "white"

    @property
    def size_mm(self) -> tuple[float, float]:
        """Width and height in mm."""
        height, width = self.bitmap.shape
        return width / dots_per_mm(self.dpi), height / dots_per_mm(self.dpi)

    def image(self) -> Image.Image:
        """A preview: greys, or colours where the stock is not white."""
        ink = Image.fromarray(self.bitmap)
        if self.colour == "white":
            return ink
        return Image.composite(Image.new("RGB", ink.size, ImageColor.getrgb(self.colour)[:3]),
                               Image.new("RGB", ink.size, "black"), ink)  # fmt: skip

    def png(self) -> bytes:
        """A preview that prints at true size (resolution in the file's metadata)."""
        resolution = dots_per_mm(self.dpi) * 25.4
        out = io.BytesIO()
        self.image().save(out, format="PNG", dpi=(resolution, resolution), optimize=True)
        return out.getvalue()

    def zpl(self, *, copies: int = 1, speed: int | None = None, compact: bool = False) -> bytes:
        """A ZPL II job that prints the label ``copies`` times."""
        return zpl_job(self.bitmap, copies, speed=speed, compact=compact)

    def tspl(self, *, copies: int = 1, speed: int | None = None) -> bytes:
        """A TSPL job that prints the label ``copies`` times."""
        return tspl_job(self.bitmap, dots_per_mm(self.dpi), copies, speed=speed)

    def pdf(self) -> bytes:
        """A page of the label's own size."""
        return pdf_pages(self.size_mm, [[Placement(self.bitmap, 0.0, 0.0, *self.size_mm)]])
