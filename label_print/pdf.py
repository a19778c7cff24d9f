"""PDF pages of label bitmaps at true scale.

The viewer is told not to scale (PrintScaling None, ISO 32000-1 table 150).
"""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray
from PIL import Image

_POINTS_PER_MM: Final = 72 / 25.4


@dataclass(frozen=True, eq=False)
class Placement:
    """A bitmap on a page: mm from the page's upper left, and its size in mm."""

    bitmap: NDArray[np.uint8]
    x_mm: float
    y_mm: float
    width_mm: float
    height_mm: float


def pdf_pages(size_mm: tuple[float, float], pages: Sequence[Sequence[Placement]]) -> bytes:
    """A document of pages of one size; equal input gives equal bytes."""
    from reportlab.lib.utils import ImageReader  # takes long to load, and only documents need it
    from reportlab.pdfgen.canvas import Canvas

    width, height = (side * _POINTS_PER_MM for side in size_mm)
    out = io.BytesIO()
    canvas = Canvas(out, pagesize=(width, height), invariant=1, pageCompression=1)
    canvas.setViewerPreference("PrintScaling", "None")
    for placed in pages:
        for one in placed:
            x, foot = one.x_mm * _POINTS_PER_MM, height - (one.y_mm + one.height_mm) * _POINTS_PER_MM
            image = ImageReader(Image.fromarray(one.bitmap))
            canvas.drawImage(image, x, foot, one.width_mm * _POINTS_PER_MM, one.height_mm * _POINTS_PER_MM)
        canvas.showPage()
    canvas.save()
    return out.getvalue()
