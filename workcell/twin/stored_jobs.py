"""Recognition from stored evidence, for runs on virtual time: what the pictures' bytes say, as evidence.

Record matching and drafting are the real ones; only seeing is replaced.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any

import label_print
from workcell.kernel.evidence import Barcode, Face, Fields, FieldValue, ImageEvidence, image_to_json
from workcell.kernel.profile import Labels
from workcell.line import recognition
from workcell.twin.box import Box, Title
from workcell.twin.stored import print_of, read_stored

_CONFIDENCE = 0.98
_MARGIN_MM = 1.0


class StoredJobs:
    """The Jobs port without recognition: every job runs at once, in order."""

    def __init__(self, box: Box, labels: Labels) -> None:
        """``labels`` are those of the profile: they say how the lines on a spine label are printed."""
        self._titles = {title.title_id: title for title in box.titles}
        self._labels = labels
        self._seeing: dict[str, Callable[[Path, Mapping[str, Any]], dict[str, Any]]] = {
            "glance": self._look,
            "look": self._look,
            "read_label": _read_label,
            "read_spine": self._read_spine,
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

    def _read_spine(self, path: Path, request: Mapping[str, Any]) -> dict[str, Any]:
        """The spine label in view: its words hold when it is printed as the expected lines are."""
        labels = read_stored(path.read_bytes()).get("labels", [])
        spines = [label for label in labels if label["spine_label"]]
        wanted = _printed(tuple(request["expected"]), self._labels)
        right = [label for label in spines if label["print"] == wanted]
        if not right:
            return {"lines": ["other words"] if spines else [], "holds": False, "rotation": 0, "place": None}
        (label, *_) = right
        return {
            "lines": list(request["expected"]), "holds": True, "rotation": label["rotation"],
            "place": _place(label, request),
        }  # fmt: skip


@lru_cache(maxsize=200)
def _printed(lines: tuple[str, ...], labels: Labels) -> str:
    return print_of(label_print.spine_label_of(labels, lines).bitmap)


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


def _read_label(path: Path, request: Mapping[str, Any]) -> dict[str, Any]:
    labels = read_stored(path.read_bytes()).get("labels", [])
    return {
        "barcodes": [
            {
                "text": label["barcode"],
                "format": "CODABAR",
                "accepted": True,
                "orientation": -label["rotation"] % 360,
                "place": _place(label, request),
            }
            for label in labels
            if not label["spine_label"] and label["barcode"]
        ]
    }


def _place(label: Mapping[str, Any], request: Mapping[str, Any]) -> dict[str, Any] | None:
    """Where the print stands that a label carries within its margins; told where the copy was measured."""
    size = request.get("size_mm")
    if not size:
        return None
    width, height = label["width_mm"] - 2 * _MARGIN_MM, label["height_mm"] - 2 * _MARGIN_MM
    on_spine = size[0] is None
    return {
        "x_mm": None if on_spine else label["x_mm"] + _MARGIN_MM, "y_mm": label["y_mm"] + _MARGIN_MM,
        "width_mm": None if on_spine else width, "height_mm": height,
    }  # fmt: skip


def _find_stamp(path: Path, request: Mapping[str, Any]) -> dict[str, Any]:
    """The stamp that is nearest to where it should be."""
    stamps = read_stored(path.read_bytes()).get("stamps", [])
    if not stamps:
        return {"present": False, "legible": False, "box": None, "confidence": 0.0}
    x, y = request["near_mm"]
    mark = min(stamps, key=lambda mark: math.hypot(mark["x_mm"] - x, mark["y_mm"] - y))
    return {
        "present": True, "legible": not mark["smeared"], "upright": mark["rotation"] == 0, "box": None,
        "confidence": _CONFIDENCE,
        "place_mm": [mark["x_mm"], mark["y_mm"]] if request.get("size_mm") else None,
    }  # fmt: skip


def _same_cover(request: Mapping[str, Any]) -> dict[str, Any]:
    """The one known book whose pictures show a face that is seen."""
    seen = {_face(path) for path in request["seen"]}
    same = [key for key, paths in request["known"].items() if seen & {_face(path) for path in paths}]
    return {"key": same[0] if len(same) == 1 else ""}


def _face(path: str) -> tuple[Any, Any]:
    scene = read_stored(Path(path).read_bytes())
    return scene["title_id"], scene["face"]
