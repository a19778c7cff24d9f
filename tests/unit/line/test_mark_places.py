"""Where recognition says that labels and stamps stand: in millimetres, by the face's edges and its size."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

import label_print
from workcell.kernel.profile import LabelCopy, Labels, Surface
from workcell.line import recognition

SIZE_MM = (150.0, 210.0)
PX_PER_MM = 8.0
NUMBER = "33194000010001"
LABELS = Labels(copies=(LabelCopy(surface=Surface.BACK, x_mm=12, y_mm=100),))


def _cover(label: label_print.Label, x_mm: float, y_mm: float) -> Any:
    """A brown cover on a dark tray, with ``label`` so far from the cover's lower left."""
    width, height = (round(side * PX_PER_MM) for side in SIZE_MM)
    cover = np.full((height, width, 3), (60, 110, 140), np.uint8)
    scale = PX_PER_MM / (label.dpi / 25.4)
    paper = cv2.resize(label.bitmap, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    left, foot = round(x_mm * PX_PER_MM), height - round(y_mm * PX_PER_MM)
    cover[foot - paper.shape[0] : foot, left : left + paper.shape[1]] = paper[:, :, np.newaxis]
    return cv2.copyMakeBorder(cover, 90, 70, 100, 60, cv2.BORDER_CONSTANT, value=(44, 40, 38))


@pytest.fixture
def picture(tmp_path: Path) -> Any:
    def save(label: label_print.Label, x_mm: float, y_mm: float) -> str:
        path = tmp_path / "cover.png"
        cv2.imwrite(str(path), _cover(label, x_mm, y_mm))
        return str(path)

    return save


def test_a_barcode_label_is_told_where_it_stands(picture: Any) -> None:
    (made,) = label_print.labels_of_a_copy(LABELS, NUMBER)
    path = picture(made.label, 30, 60)
    (code,) = recognition.read_label({"path": path, "size_mm": SIZE_MM})["barcodes"]
    assert code["text"] == NUMBER
    place = code["place"]
    assert 30 <= place["x_mm"] <= 36 and 60 <= place["y_mm"] <= 67
    assert place["x_mm"] + place["width_mm"] <= 80.5 and place["y_mm"] + place["height_mm"] <= 85.5
    (unmeasured,) = recognition.read_label({"path": path})["barcodes"]
    assert unmeasured["place"] is None


def test_a_spine_label_is_told_where_and_how_it_stands(picture: Any) -> None:
    lines = ["823.914", "ISH"]
    label = label_print.spine_label_of(LABELS, lines)
    read = recognition.read_spine({"path": picture(label, 20, 30), "expected": lines, "size_mm": SIZE_MM})
    assert (read["holds"], read["rotation"]) == (True, 0)
    place = read["place"]
    assert place["x_mm"] >= 18 and place["x_mm"] + place["width_mm"] <= 47
    assert place["y_mm"] >= 28 and place["y_mm"] + place["height_mm"] <= 70
