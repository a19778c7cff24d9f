"""A finished label: its dots, and the forms in which it leaves."""

from __future__ import annotations

import io
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from label_print.zpl import zpl_job

Bitmap = NDArray[np.uint8]
"""Height by width, 0 black and 255 white, one value a printer dot."""

_DOTS_PER_MM: Final = {203: 8.0}


def dots_per_mm(dpi: int) -> float:
    """Dots a millimetre.  A "203 dpi" head has 8 dots/mm exactly; others are what their name says."""
    return _DOTS_PER_MM.get(dpi, dpi / 25.4)


@dataclass(frozen=True, eq=False)
class Label:
    """The dots of one label, upright."""

    bitmap: Bitmap
    dpi: int

    def png(self) -> bytes:
        """A preview that prints at true size (resolution in the file's metadata)."""
        resolution = dots_per_mm(self.dpi) * 25.4
        out = io.BytesIO()
        Image.fromarray(self.bitmap).save(out, format="PNG", dpi=(resolution, resolution), optimize=True)
        return out.getvalue()

    def zpl(self) -> bytes:
        """A ZPL II job that prints the label once."""
        return zpl_job(self.bitmap)
