"""Frames worth reading: exposure, glare, focus."""

import cv2
import numpy as np
import pytest

from vision import quality
from vision.quality import judge, judge_bytes


@pytest.fixture(scope="module")
def page(draw_page):
    lines = [(f"Line {n} of a page in ordinary type", 30, 120 + 60 * n, 120) for n in range(20)]
    return draw_page(lines)


def _lamp(image, strength=220.0, spread=90.0, at=(500, 700)):
    """A lamp's mirror image: a round light that fades out."""
    y, x = np.mgrid[: image.shape[0], : image.shape[1]]
    light = strength * np.exp(-((x - at[0]) ** 2 + (y - at[1]) ** 2) / (2 * spread**2))
    return np.clip(image + light[:, :, np.newaxis] * 1.6, 0, 255).astype(np.uint8)


def test_a_good_page_has_no_problem(page):
    found = judge(page)
    assert found.problems == ()
    assert found.edge_px < 3.5


@pytest.mark.parametrize("size", [600, 1600, 4000])
def test_blur_is_told_at_any_resolution(page, size):
    scaled = cv2.resize(page, None, fx=size / page.shape[0], fy=size / page.shape[0])
    soft = cv2.GaussianBlur(scaled, (0, 0), 3.0 * max(size, 1600) / 1600)
    assert quality.BLURRED in judge(soft).problems


def test_more_blur_is_wider_edges(page):
    widths = [judge(cv2.GaussianBlur(page, (0, 0), sigma)).edge_px for sigma in (0.5, 1.5, 3.0)]
    assert widths == sorted(widths)


def test_noise_does_not_pass_for_sharpness(page):
    noise = np.random.default_rng(4).normal(0, 6, page.shape)
    soft = cv2.GaussianBlur(page, (0, 0), 3.5)
    assert quality.BLURRED in judge(np.clip(soft + noise, 0, 255).astype(np.uint8)).problems


@pytest.mark.parametrize("cover", [(30, 30, 60), (90, 60, 40)])
def test_a_lamp_in_a_glossy_cover_is_glare(cover):
    image = np.full((1400, 1000, 3), cover, np.uint8)
    cv2.putText(image, "A TITLE", (150, 300), 0, 4, (230, 230, 230), 12)
    assert judge(image).glare == 0
    lit = judge(_lamp(image))
    assert quality.GLARE in lit.problems
    assert 0.01 < lit.glare < 0.2


def test_white_print_and_a_white_label_are_no_glare():
    image = np.full((1400, 1000, 3), (60, 40, 30), np.uint8)
    image[200:500, 200:800] = 255
    cv2.circle(image, (500, 900), 160, (255, 255, 255), -1)
    assert judge(cv2.GaussianBlur(image, (0, 0), 1)).problems == ()


def test_a_page_in_uneven_light_is_no_glare(page):
    slope = np.linspace(0.75, 1.08, page.shape[1])[np.newaxis, :, np.newaxis]
    assert quality.GLARE not in judge(np.clip(page * slope, 0, 255).astype(np.uint8)).problems


def test_an_overexposed_page_is_told_from_white_paper(page):
    white = np.clip(page.astype(np.float32) * 1.08, 0, 255).astype(np.uint8)
    washed = np.clip(page[80:-80, 100:-100].astype(np.float32) * 0.35 + 180, 0, 255).astype(np.uint8)
    assert quality.BRIGHT not in judge(white).problems
    assert quality.BRIGHT in judge(washed).problems


def test_dark_frames_and_dark_books_are_told_apart():
    off = np.full((1000, 800, 3), 6, np.uint8)
    book = np.full((1000, 800, 3), 22, np.uint8)
    cv2.putText(book, "Noir", (100, 500), 0, 8, (160, 160, 160), 20)
    assert judge(off).problems == (quality.DARK,)
    assert quality.DARK not in judge(book).problems


def test_a_plain_cover_shows_nothing_to_focus_on():
    noise = np.random.default_rng(2).normal(0, 3, (1200, 900, 3))
    found = judge(np.clip(120 + noise, 0, 255).astype(np.uint8))
    assert found.problems == (quality.EMPTY,)
    assert not found.worth_retaking


def test_the_same_pixels_are_known_again_in_another_encoding(page):
    png = [cv2.imencode(".png", page, [cv2.IMWRITE_PNG_COMPRESSION, level])[1].tobytes() for level in (1, 9)]
    assert png[0] != png[1]
    assert judge_bytes(png[0]).digest == judge_bytes(png[1]).digest
    page_again = page.copy()
    page_again[3, 3] ^= 255
    assert judge(page_again).digest != judge(page).digest


@pytest.mark.parametrize("data", [b"", b"no image", b"\xff\xd8\xff\xe0" + bytes(300)])
def test_what_is_no_image_has_no_quality(data):
    assert judge_bytes(data) is None


@pytest.mark.parametrize("shape", [(1, 1), (50, 1), (1, 4000)])
def test_a_frame_too_small_to_show_anything_has_no_quality(shape):
    assert judge_bytes(cv2.imencode(".png", np.full(shape, 200, np.uint8))[1].tobytes()) is None


def test_a_truncated_frame_has_no_quality(page):
    assert judge_bytes(cv2.imencode(".jpg", page)[1].tobytes()[:9000]) is None
