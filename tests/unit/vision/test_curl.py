"""Pages bent towards the gutter are laid flat before they are read."""

import cv2
import numpy as np
import pytest

from vision.curl import find_curl

_TEXT = "The quiet orchard stood above the harbour for as long as anyone"
_LINES = [(_TEXT, 30, 200 + 60 * n, 120) for n in range(18)]


def _bent(page: np.ndarray, depth: float) -> np.ndarray:
    h, w = page.shape[:2]
    x, y = np.meshgrid(np.arange(w, dtype=np.float32), np.arange(h, dtype=np.float32))
    sag = (depth * h * (1 - x / w) ** 3).astype(np.float32)
    return cv2.remap(page, x, y + sag, cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE)


@pytest.mark.parametrize("depth", [0.03, 0.05])
def test_a_bent_page_gets_straight_lines(draw_page, depth):
    bent = _bent(draw_page(_LINES, tray=False), depth)
    curl = find_curl(bent)
    assert curl is not None
    assert find_curl(curl.flatten(bent)) is None


def test_a_flat_page_and_an_empty_one_are_left_alone(draw_page):
    assert find_curl(draw_page(_LINES, tray=False)) is None
    assert find_curl(draw_page([], tray=False)) is None


def test_points_of_the_flat_picture_are_found_in_the_bent_one(draw_page):
    bent = _bent(draw_page(_LINES, tray=False), 0.05)
    curl = find_curl(bent)
    assert curl is not None
    flat = curl.flatten(bent)
    row = int(np.argmin(flat[300:340, 150:200].mean(axis=(1, 2)))) + 300
    ((_, y),) = curl.back([(175.0, float(row))])
    assert bent[round(y), 150:200].mean() < bent[:, 150:200].mean()
