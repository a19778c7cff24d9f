"""What an independent decoder reads on a label bitmap: zxing-cpp, not the product's cascade."""

from __future__ import annotations

import cv2
import numpy as np
import zxingcpp
from numpy.typing import NDArray

_FORMATS = (zxingcpp.BarcodeFormat.Codabar, zxingcpp.BarcodeFormat.Code39, zxingcpp.BarcodeFormat.Code128)
# Codabar's start and stop characters are no part of the number.
_START_STOP = "ABCDabcd"
_DOTS_OF_WHITE = 40


def read_barcode(bitmap: NDArray[np.uint8]) -> str:
    """The number in the bars, or "" when there is none (or more than one).

    ``bitmap`` is height × width, 0 black to 255 white, one pixel a printer's dot.
    """
    edge = _DOTS_OF_WHITE
    framed = cv2.copyMakeBorder(bitmap, edge, edge, edge, edge, cv2.BORDER_CONSTANT, value=(255,))
    enlarged = cv2.resize(framed, None, fx=2, fy=2, interpolation=cv2.INTER_NEAREST)
    found = {_number(code) for code in zxingcpp.read_barcodes(enlarged, formats=_FORMATS)}
    return found.pop() if len(found) == 1 else ""


def _number(code: zxingcpp.Barcode) -> str:
    text = str(code.text)
    return text.strip(_START_STOP) if code.format == zxingcpp.BarcodeFormat.Codabar else text
