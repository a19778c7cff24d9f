"""Slips: paper with a code that a person has put on a book (damaged, a case about this copy)."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import cv2
import zxingcpp

from vision.bars import sharpened
from vision.decoders import zxing_readings
from vision.geometry import scale_matrix
from vision.photo import load
from vision.votes import Reading, tallied
from workcell.kernel.evidence import Barcode

SLIP_PREFIX = "WC-"
"""What every slip's code begins with."""

_FORMATS = (zxingcpp.Code128, zxingcpp.QRCode)
_LONGEST_SIDE = 2000


def read_slips(path: Path) -> tuple[Barcode, ...]:
    """The slips in a picture, Code 128 or QR; two preparations must agree.

    A slip is large print, so two passes at moderate size are enough.  Raises BadInput when the file is not an
    image.
    """
    grey = cv2.cvtColor(load(path), cv2.COLOR_BGR2GRAY)
    scale = min(1.0, _LONGEST_SIDE / max(grey.shape))
    small = cv2.resize(grey, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    readings: list[Reading] = []
    for voter, image in (("zxing/plain", small), ("zxing/sharp", sharpened(small))):
        readings += zxing_readings(image, scale_matrix(scale), voter, _FORMATS)
    return _accepted_slips(tallied(readings))


def _accepted_slips(found: Sequence[Barcode]) -> tuple[Barcode, ...]:
    return tuple(code for code in found if code.accepted and code.text.startswith(SLIP_PREFIX))
