"""Pixels to evidence: barcodes, text, faces and posture, title and CIP pages, applied marks.

``look`` reads one image, ``glance`` only its posture, ``combine`` makes one book of several images, and
``identify`` does all of it from files.  ``read_label``, ``read_spine`` and ``find_stamp`` are for the verify
station.  All are plain functions of files and values; engines are made once per process.
"""

from .photo import load  # isort: skip
from .looking import glance, look  # isort: skip
from .combine import combine, identify  # isort: skip
from .barcodes import read_barcodes  # isort: skip
from .labels import SpineRead, read_label, read_spine  # isort: skip
from .stamp import StampSeen, find_stamp  # isort: skip

__all__ = [
    "load",
    "look",
    "glance",
    "combine",
    "identify",
    "read_barcodes",
    "read_label",
    "read_spine",
    "SpineRead",
    "find_stamp",
    "StampSeen",
]  # noqa: RUF022
