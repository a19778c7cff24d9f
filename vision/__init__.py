"""Pixels to evidence: barcodes, text, faces and posture, title and CIP pages, applied marks.

``look`` reads one image, ``glance`` only its posture, ``combine`` makes one book of several images, and
``identify`` does all of it from files.  ``read_label``, ``read_spine`` and ``find_stamp`` are for the verify
station.  These are plain functions of files and values; engines are made once per process.
"""

from vision.barcodes import read_barcodes
from vision.board import draw_board, draw_tray_markers, parse_board, save_sheet
from vision.calibration import (
    Calibration,
    calibrate,
    empty_tray,
    load_calibration,
    save_calibration,
    with_tray,
)
from vision.cameras import camera_kinds, kind_of, open_camera
from vision.checked_camera import CheckedCamera
from vision.combine import combine, identify
from vision.fingerprint import hamming
from vision.http_camera import HttpCamera
from vision.labels import SpineRead, read_label, read_spine
from vision.looking import NO_WAY_UP, Purpose, View, glance, look
from vision.measuring import check_tray, drift, measure_book, measurement_to_json
from vision.ocr import prepare
from vision.opencv_camera import OpenCvCamera
from vision.outline import Outline, find_outline, inside
from vision.phone_camera import PhoneCamera
from vision.photo import load
from vision.photographs import PhotoCamera, folders_of_books, photos_in
from vision.place import FaceInView, PlaceOnFace, face_in_view
from vision.quality import judge
from vision.recognised import FaceLook, KnownFaces, Likeness, compare, face_look
from vision.slips import SLIP_PREFIX, read_slips
from vision.stamp import StampSeen, find_stamp
from vision.watch_camera import WatchCamera

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
    "face_in_view",
    "FaceInView",
    "PlaceOnFace",
    "hamming",
    "face_look",
    "compare",
    "KnownFaces",
    "FaceLook",
    "Likeness",
    "judge",
    "find_outline",
    "inside",
    "Outline",
    "draw_board",
    "draw_tray_markers",
    "parse_board",
    "save_sheet",
    "calibrate",
    "with_tray",
    "save_calibration",
    "load_calibration",
    "empty_tray",
    "Calibration",
    "measure_book",
    "measurement_to_json",
    "check_tray",
    "drift",
    "open_camera",
    "camera_kinds",
    "kind_of",
    "CheckedCamera",
    "HttpCamera",
    "OpenCvCamera",
    "WatchCamera",
    "PhoneCamera",
    "PhotoCamera",
    "photos_in",
    "folders_of_books",
]
