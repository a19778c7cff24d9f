"""A short fingerprint by which the same face of the same copy is known again."""

from __future__ import annotations

import cv2
import numpy as np

from vision.geometry import turned
from vision.photo import Pixels
from workcell.kernel.evidence import Rotation


def fingerprint(image: Pixels, rotation: Rotation) -> str:
    """64-bit perceptual hash of the upright picture as 16 hexadecimal digits.

    Signs of the lowest 8 x 8 cosine frequencies against their median; light, noise and scale hardly touch
    them.
    """
    grey = cv2.cvtColor(image, cv2.COLOR_BGR2GRAY) if image.ndim == 3 else image
    small = cv2.resize(turned(grey, rotation), (32, 32), interpolation=cv2.INTER_AREA)
    low = cv2.dct(small.astype(np.float32))[:8, :8].flatten()
    bits = low > np.median(low[1:])
    return f"{int(''.join('1' if bit else '0' for bit in bits), 2):016x}"


def hamming(a: str, b: str) -> int:
    """Number of bits in which two fingerprints differ, 0 to 64."""
    return (int(a, 16) ^ int(b, 16)).bit_count()
