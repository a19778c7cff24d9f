"""Pixels to evidence: barcodes, text, faces and posture, title and CIP pages, applied marks.

``look`` reads one image, ``glance`` only its posture, ``combine`` makes one book of several images, and
``identify`` does all of it from files.  ``read_label``, ``read_spine`` and ``find_stamp`` are for the verify
station.  These are plain functions of files and values; engines are made once per process.
"""

from vision.barcodes import read_barcodes
from vision.cameras import HttpCamera, OpenCvCamera, PhotoCamera, folders_of_books, photos_in
from vision.combine import combine, identify
from vision.fingerprint import hamming
from vision.labels import SpineRead, read_label, read_spine
from vision.looking import NO_WAY_UP, Purpose, View, glance, look
from vision.ocr import prepare
from vision.photo import load
from vision.slips import SLIP_PREFIX, read_slips
from vision.stamp import StampSeen, find_stamp

__all__ = [  # noqa: RUF022 - in reading order
    "load",
    "look",
    "glance",
    "prepare",
    "NO_WAY_UP",
    "View",
    "Purpose",
    "combine",
    "identify",
    "read_barcodes",
    "read_label",
    "read_spine",
    "SpineRead",
    "find_stamp",
    "read_slips",
    "SLIP_PREFIX",
    "StampSeen",
    "hamming",
    "HttpCamera",
    "PhotoCamera",
    "OpenCvCamera",
    "photos_in",
    "folders_of_books",
]
