"""Recognition from stored evidence, for runs on virtual time: what the pictures' bytes say, as evidence.

Record matching and drafting are the real ones; only seeing is replaced.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from workcell.kernel.evidence import Barcode, Face, Fields, FieldValue, ImageEvidence, image_to_json
from workcell.line import recognition
from workcell.twin.box import Box, Title
from workcell.twin.stored import read_stored

_CONFIDENCE = 0.98


class StoredJobs:
    """The Jobs port without recognition: every job runs at once, in order."""

    def __init__(self, box: Box) -> None:
        self._titles = {title.title_id: title for title in box.titles}
        self._seeing: dict[str, Callable[[Path, Mapping[str, Any]], dict[str, Any]]] = {
            "glance": self._look,
            "look": self._look,
            "read_label": _read_label,
            "read_spine": _read_spine,
            "find_stamp": _find_stamp,
        }

    async def run(self, kind: str, request: Mapping[str, Any]) -> dict[str, Any]:
        """Answer from the picture's bytes, or by the real job where it does not see."""
        if kind == "same_cover":
            return _same_cover(request)
        see = self._seeing.get(kind)
        if see is not None:
            return see(Path(request["path"]), request)
        return recognition.JOBS[kind](request)

    async def close(self) -> None:
        """Nothing to end."""

    def _look(self, path: Path, _request: Mapping[str, Any]) -> dict[str, Any]:
        scene = read_stored(path.read_bytes())
        if scene["face"] is None:
            return image_to_json(ImageEvidence(path.name, path.stem, Face.UNSURE))
        title = self._titles[scene["title_id"]]
        return image_to_json(
            ImageEvidence(
                path.name,
                path.stem,
                Face(scene["face"]),
                scene["rotation"],
                face_confidence=_CONFIDENCE,
                barcodes=_barcodes(scene),
                fields=_FIELDS.get(scene["page"], _no_fields)(title),
            )
        )


def _barcodes(scene: Mapping[str, Any]) -> tuple[Barcode, ...]:
    found = []
    if scene["isbn"]:
        found.append(_barcode(scene["isbn"], "EAN13", scene["addon"]))
    if scene["slip"]:
        found.append(_barcode(scene["slip"], "CODE128", None))
    return tuple(found)


def _barcode(text: str, format_: str, addon: str | None) -> Barcode:
    votes = ("stored", "stored twice")
    return Barcode(text, format_, addon=addon, votes=votes, confidence=_CONFIDENCE, accepted=True)


def _value(text: str, page: str, role: str | None = None) -> FieldValue:
    return FieldValue(text, text, _CONFIDENCE, page, role=role)


def _title_page(title: Title) -> Fields:
    page, fields = title.title_page, dict[str, FieldValue | list[FieldValue]]()
    for name in ("title", "subtitle", "edition", "place", "publisher", "year", "volume"):
        text = getattr(page, name)
        if text:
            fields[name] = _value(text, "title_page")
    if page.responsibility:
        fields["responsibility"] = _value(" ; ".join(page.responsibility), "title_page")
        fields["names"] = [_value(name, "title_page", role="author") for name in page.responsibility]
    return fields


def _verso(title: Title) -> Fields:
    text = "\n".join(title.copyright_page)
    isbns = re.findall(r"97[89][-\d ]{10,14}\d", text)
    return {"isbn": [_value(re.sub(r"\D", "", isbn), "copyright_page") for isbn in isbns]} if isbns else {}


def _last_page(title: Title) -> Fields:
    number = title.last_page_number
    return {"pages": _value(str(number), "other")} if number else {}


def _no_fields(_title: Title) -> Fields:
    return {}


_FIELDS: dict[str, Callable[[Title], Fields]] = {
    "title_page": _title_page,
    "title_verso": _verso,
    "last_page": _last_page,
}


def _read_label(path: Path, _request: Mapping[str, Any]) -> dict[str, Any]:
    labels = read_stored(path.read_bytes()).get("labels", [])
    return {
        "barcodes": [
            {
                "text": label["barcode"],
                "format": "CODABAR",
                "accepted": True,
                "orientation": -label["rotation"] % 360,
            }
            for label in labels
            if not label["spine_label"] and label["barcode"]
        ]
    }


def _read_spine(path: Path, request: Mapping[str, Any]) -> dict[str, Any]:
    labels = read_stored(path.read_bytes()).get("labels", [])
    turns = [label["rotation"] for label in labels if label["spine_label"]]
    holds = turns == [0]
    return {"lines": list(request["expected"]) if holds else [], "holds": holds}


def _find_stamp(path: Path, _request: Mapping[str, Any]) -> dict[str, Any]:
    stamps = read_stored(path.read_bytes()).get("stamps", [])
    seen, upright = bool(stamps), all(mark["rotation"] == 0 for mark in stamps)
    return {
        "present": seen, "legible": seen, "upright": upright, "box": None,
        "confidence": _CONFIDENCE if seen else 0.0,
    }  # fmt: skip


def _same_cover(request: Mapping[str, Any]) -> dict[str, Any]:
    """The one known book whose pictures show a face that is seen."""
    seen = {_face(path) for path in request["seen"]}
    same = [key for key, paths in request["known"].items() if seen & {_face(path) for path in paths}]
    return {"key": same[0] if len(same) == 1 else ""}


def _face(path: str) -> tuple[Any, Any]:
    scene = read_stored(Path(path).read_bytes())
    return scene["title_id"], scene["face"]
