"""Front covers of made-up series, drawn and photographed from a seed: volumes differ in title or number."""

from __future__ import annotations

import random

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

WIDTH, HEIGHT = 760, 1120
_CANVAS = 1140
_WORDS = (
    "river", "forest", "garden", "winter", "harbour", "stone", "letter",
    "window", "market", "silver", "island", "morning", "shadow", "bridge",
    "mountain", "kitchen", "winter", "library", "signal", "engine", "pattern",
    "compass", "orchard", "lantern", "thunder", "station", "archive",
)  # fmt: skip
_NAMES = ("Ada Bright", "Tomas Rehn", "Mei Lindqvist", "Jonas Abara", "Ruth Calder", "Ivo Santos")


def series(seed: int, volumes: int) -> list[NDArray[np.uint8]]:
    """The covers of one series (BGR): one design; volumes differ by their number, some by their title too."""
    rng = random.Random(seed)
    design, titled = rng.random(), rng.random() < 0.5
    name = f"{rng.choice(_WORDS)} {rng.choice(_WORDS)}".title()
    author = rng.choice(_NAMES)
    return [_cover(seed, design, name, author, volume, titled) for volume in range(1, volumes + 1)]


def _cover(seed: int, design: float, name: str, author: str, volume: int, titled: bool) -> NDArray[np.uint8]:
    rng = random.Random(seed * 7919 + 1)
    ground = tuple(rng.randrange(20, 236) for _ in range(3))
    ink = (250, 248, 240) if sum(ground) < 390 else (20, 20, 24)
    sheet = Image.new("RGB", (WIDTH, HEIGHT), ground)
    pen = ImageDraw.Draw(sheet)
    for _ in range(rng.randrange(6, 26)):
        x, y, s = rng.randrange(WIDTH), rng.randrange(HEIGHT // 3, HEIGHT), rng.randrange(20, 200)
        colour = tuple(rng.randrange(256) for _ in range(3))
        shape = pen.ellipse if design < 0.5 else pen.rectangle
        shape((x, y, x + s, y + s * rng.uniform(0.4, 1.4)), fill=colour)
    pen.text((60, 90), name, font=ImageFont.load_default(72), fill=ink)
    pen.text((60, 190), author, font=ImageFont.load_default(44), fill=ink)
    if titled:
        own = random.Random(seed * 31 + volume)
        pen.text((60, 270), " ".join(own.sample(_WORDS, 3)), font=ImageFont.load_default(40), fill=ink)
    pen.rectangle((60, 1010, 300, 1070), fill=ground)
    pen.text((64, 1012), f"Volume {volume}", font=ImageFont.load_default(44), fill=ink)
    return np.ascontiguousarray(np.asarray(sheet)[:, :, ::-1])


def photograph(cover: NDArray[np.uint8], seed: int) -> NDArray[np.uint8]:
    """The cover on a dark tray, at any turn, with perspective, uneven light, at times glare, and noise."""
    draw = np.random.default_rng(seed)
    h, w = cover.shape[:2]
    turn = np.deg2rad(90 * draw.integers(0, 4) + draw.uniform(-5, 5))
    scale = draw.uniform(0.72, 0.82)
    flat = np.array([[-w, -h], [w, -h], [w, h], [-w, h]], np.float64) / 2
    lying = flat @ np.array([[np.cos(turn), np.sin(turn)], [-np.sin(turn), np.cos(turn)]]) * scale
    lying += draw.uniform(-0.012, 0.012, (4, 2)) * h * scale + _CANVAS / 2
    source = (flat + np.array([w, h]) / 2).astype(np.float32)
    matrix = cv2.getPerspectiveTransform(source, lying.astype(np.float32))
    picture = np.full((_CANVAS, _CANVAS, 3), (46, 44, 42), np.uint8)
    cv2.warpPerspective(
        cover,
        matrix,
        (_CANVAS, _CANVAS),
        dst=picture,
        flags=cv2.INTER_AREA,
        borderMode=cv2.BORDER_TRANSPARENT,
    )
    y, x = np.mgrid[-1 : 1 : _CANVAS * 1j, -1 : 1 : _CANVAS * 1j]
    angle = draw.uniform(0, 2 * np.pi)
    light = draw.uniform(0.8, 1.1) + 0.12 * (x * np.cos(angle) + y * np.sin(angle))
    lit = picture * light[..., np.newaxis]
    if draw.random() < 0.3:
        cx, cy = draw.uniform(-0.5, 0.5, 2)
        lit += (70 * np.exp(-((x - cx) ** 2 + (y - cy) ** 2) / 0.03))[..., np.newaxis]
    soft = cv2.GaussianBlur(lit, (0, 0), float(draw.uniform(0.6, 1.2)))
    return np.clip(soft + draw.normal(0, 3, soft.shape), 0, 255).astype(np.uint8)
