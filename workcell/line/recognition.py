"""The jobs that recognition processes know: seeing and record matching, as plain JSON in and out."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict, replace
from datetime import date
from functools import lru_cache
from pathlib import Path
from typing import Any

import marc
import vision
from workcell.kernel.evidence import (
    ImageEvidence,
    Measured,
    evidence_from_json,
    evidence_to_json,
    image_from_json,
    image_to_json,
)
from workcell.kernel.model import decision_from_json, decision_to_json, order_from_json
from workcell.kernel.profile import Profile, load_profile

Request = Mapping[str, Any]


def glance(request: Request) -> dict[str, Any]:
    """Posture of the book in one image; by its bars alone where the request says so."""
    seen = vision.glance(
        Path(request["path"]), bars_only=bool(request.get("bars_only")), empty=_empty_tray(request)
    )
    return _named(seen, request)


def look(request: Request) -> dict[str, Any]:
    """Everything that one image shows, and on a cover the slips that a person has put there."""
    path, view = Path(request["path"]), request.get("view", "")
    seen = vision.look(path, view=view, empty=_empty_tray(request))
    slips = vision.read_slips(path) if view in ("", "cover") else ()
    return _named(replace(seen, barcodes=seen.barcodes + slips), request)


def measure_book(request: Request) -> dict[str, Any]:
    """Height and width of the book on a calibrated tray."""
    thickness, calibration = float(request["thickness_mm"]), Path(request["calibration"])
    return vision.measurement_to_json(vision.measure_book(Path(request["path"]), calibration, thickness))


def combine(request: Request) -> dict[str, Any]:
    """Evidence from all images of one book and what was measured."""
    measured = {
        key: value for key, value in request["measured"].items() if key in Measured.__dataclass_fields__
    }
    images = [image_from_json(image) for image in request["images"]]
    return evidence_to_json(vision.combine(images, Measured(**measured)))


def same_cover(request: Request) -> dict[str, Any]:
    """The key of the one known book whose cover is among the pictures seen; empty for none or several."""
    faces: vision.KnownFaces[str] = vision.KnownFaces()
    for key, paths in request["known"].items():
        for path in paths:
            faces.add(key, _cover(path))
    found = {faces.find(_cover(path)) for path in request["seen"]} - {None}
    return {"key": found.pop() if len(found) == 1 else ""}


def read_label(request: Request) -> dict[str, Any]:
    """The item labels on an image, and where each stands on the face whose ``size_mm`` the request gives."""
    path = Path(request["path"])
    codes = vision.read_label(path)
    face = _face(path, request) if codes else None
    places = [asdict(face.place(code.polygon)) if face and code.polygon else None for code in codes]
    return {
        "barcodes": [
            {**asdict(code), "place": place} for code, place in zip(codes, places, strict=True)
        ]
    }  # fmt: skip


def read_spine(request: Request) -> dict[str, Any]:
    """The spine label on an image, against the lines that should stand there."""
    path = Path(request["path"])
    read = vision.read_spine(path, tuple(request["expected"]))
    face = _face(path, request) if read.box else None
    place = asdict(face.place_box(read.box)) if face and read.box else None
    return {"lines": list(read.lines), "holds": read.holds, "rotation": read.rotation, "place": place}


def find_stamp(request: Request) -> dict[str, Any]:
    """The collection stamp on an image, and where it stands on the face."""
    near = tuple(request["near_mm"]) if request.get("near_mm") else None
    seen = vision.find_stamp(Path(request["path"]), _size(request), near)
    return {
        "present": seen.present, "legible": seen.legible, "upright": seen.upright, "box": seen.box,
        "confidence": seen.confidence, "place_mm": seen.place_mm,
    }  # fmt: skip


def _face(path: Path, request: Request) -> vision.FaceInView | None:
    size = _size(request)
    return vision.face_in_view(vision.load(path), *size) if size else None


def _size(request: Request) -> tuple[float | None, float] | None:
    """Width (None on a spine, round which a label may go) and height of the face in view, in mm."""
    size = request.get("size_mm")
    return (size[0], size[1]) if size else None


def match(request: Request) -> dict[str, Any]:
    """The decision on a book's record, and the key that its title's copies share."""
    evidence = evidence_from_json(request["evidence"])
    orders = [order_from_json(order) for order in request["orders"]]
    with marc.open_sources(_paths(request)) as sources:
        matched = marc.match(evidence, sources, orders, _profile(request["profile"]))
    return {"decision": decision_to_json(matched.decision), "title_key": matched.title_key}


def prepare(request: Request) -> dict[str, Any]:
    """The record as it will leave, its class, and the call number where one is settled already.

    ``pattern`` is a call number with ``{number}`` where a running number (种次号) belongs.
    """
    order = request["order"]
    with marc.open_sources(_paths(request)) as sources:
        prepared = marc.prepare(
            evidence_from_json(request["evidence"]),
            decision_from_json(request["decision"]),
            sources,
            order_from_json(order) if order else None,
            _profile(request["profile"]),
            location=request["location"],
            record_key=request["record_key"],
            on=date.fromisoformat(request["on"]),
        )
    return {
        "record": prepared.record.as_dict(),
        "call_number": prepared.call_number,
        "class": prepared.class_number,
        "pattern": prepared.pattern,
        "shelved": prepared.shelved,
        "fitted": prepared.fitted,
        "heading": prepared.heading,
        "problems": [asdict(problem) for problem in prepared.problems],
        "notes": [asdict(note) for note in prepared.notes],
        "copies": prepared.copies,
        "record_id": marc.record_facts(prepared.record).record_id,
    }


def _empty_tray(request: Request) -> Path | None:
    """The picture of the empty tray, where the camera is calibrated with one."""
    calibration = request.get("calibration")
    return vision.empty_tray(Path(calibration)) if calibration else None


def _named(image: ImageEvidence, request: Request) -> dict[str, Any]:
    """The evidence under the image's content-addressed name: where it lies is no part of what it shows."""
    return image_to_json(replace(image, file=Path(request["path"]).name))


def _paths(request: Request) -> dict[str, Path | str]:
    return dict(request["sources"])


@lru_cache(maxsize=500)
def _cover(path: str) -> vision.FaceLook:
    return vision.face_look(vision.load(Path(path)))


@lru_cache(maxsize=8)
def _profile(path: str) -> Profile:
    return load_profile(Path(path))


JOBS: dict[str, Callable[[Request], dict[str, Any]]] = {
    "glance": glance,
    "look": look,
    "measure_book": measure_book,
    "combine": combine,
    "same_cover": same_cover,
    "read_label": read_label,
    "read_spine": read_spine,
    "find_stamp": find_stamp,
    "match": match,
    "prepare": prepare,
}
