"""Books that come again: known by their covers, and never taken for another volume."""

import importlib.util
import sys
from pathlib import Path

import cv2
import numpy as np
import pytest

from vision.recognised import KnownFaces, compare, face_look

BENCH = Path(__file__).parents[3] / "bench" / "cover_scenes.py"
_spec = importlib.util.spec_from_file_location("cover_scenes", BENCH)
scenes = sys.modules["cover_scenes"] = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(scenes)


@pytest.fixture(scope="module")
def covers():
    """Three volumes of each of four series; the third is never known."""
    return {
        (number, volume): cover
        for number in range(4)
        for volume, cover in enumerate(scenes.series(number, 3), 1)
    }


@pytest.fixture(scope="module")
def known(covers):
    faces = KnownFaces()
    for n, (key, cover) in enumerate(covers.items()):
        if key[1] < 3:
            faces.add(key, face_look(scenes.photograph(cover, n)))
    return faces


def test_covers_come_again_and_are_known_but_for_a_few(covers, known):
    again = {
        key: known.find(face_look(scenes.photograph(cover, 500 + n)))
        for n, (key, cover) in enumerate(covers.items())
        if key[1] < 3
    }
    assert {found for key, found in again.items() if found != key} <= {None}
    assert sum(found == key for key, found in again.items()) >= 0.8 * len(known)


def test_another_volume_of_a_series_is_not_the_one_that_was_seen(covers, known):
    for n, (key, cover) in enumerate(covers.items()):
        if key[1] == 3:
            assert known.find(face_look(scenes.photograph(cover, 900 + n))) is None


def test_only_the_volumes_number_differs_and_that_is_enough(covers):
    one = covers[1, 1]
    other = one.copy()
    other[1005:1075, 60:310] = covers[1, 2][1005:1075, 60:310]
    assert 0 < (one != other).any(axis=2).mean() < 0.01
    likeness = compare(face_look(scenes.photograph(other, 3)), face_look(scenes.photograph(one, 4)))
    assert likeness.inliers > 100
    assert not likeness.same


def test_the_same_cover_under_two_keys_is_no_answer(covers):
    faces = KnownFaces()
    faces.add("copy 1", face_look(scenes.photograph(covers[2, 1], 1)))
    faces.add("copy 2", face_look(scenes.photograph(covers[2, 1], 2)))
    assert faces.find(face_look(scenes.photograph(covers[2, 1], 3))) is None


def test_a_plain_cover_is_like_no_other():
    noise = np.random.default_rng(1)
    plain = [
        face_look(np.clip(noise.normal(120, 3, (1100, 800, 3)), 0, 255).astype(np.uint8)) for _ in range(2)
    ]
    assert not compare(*plain).same


def test_nothing_is_known_at_first(covers):
    assert KnownFaces().find(face_look(covers[0, 1])) is None


def test_a_mirrored_cover_is_another(covers):
    picture = scenes.photograph(covers[3, 1], 8)
    assert not compare(face_look(cv2.flip(picture, 1)), face_look(picture)).same
