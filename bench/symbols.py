"""Pictures of book backs with an EAN-13, drawn for the benchmark and spoilt in the ways of real ones."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

from vision import ean

Pixels = npt.NDArray[np.uint8]
_GROUNDS = ((60, 80, 120), (40, 40, 45), (180, 200, 210), (30, 90, 60), (140, 60, 40))


@dataclass(frozen=True)
class Drawn:
    """A picture and what stands on it: the number, its add-on or "", and numbers of other books beside."""

    image: Pixels
    expected: str
    addon: str = ""
    beside: tuple[str, ...] = ()


@dataclass(frozen=True)
class Way:
    """One way of spoiling: pixels a module on a picture 1600 wide, and what is done to the cover."""

    module: float
    spoil: Callable[[Pixels, float, np.random.Generator], Pixels]


def draw(kind: str, rng: np.random.Generator, side: int) -> Drawn:
    """A cover ``side`` pixels wide, spoilt in the way of that name (a key of WAYS)."""
    way = WAYS[kind]
    text, addon = _number(rng), _addon(rng)
    module = way.module * side / 1600
    cover = _cover(text, addon, module, side, rng)
    beside: tuple[str, ...] = ()
    if kind == "neighbour":
        beside = (_number(rng),)
        cover = _with_neighbour(cover, beside[0], module, rng)
    return Drawn(way.spoil(cover, module, rng), text, addon, beside)


def _number(rng: np.random.Generator) -> str:
    body = "978" + "".join(map(str, rng.integers(0, 10, 9)))
    return body + str(-sum(int(d) * (1, 3)[at % 2] for at, d in enumerate(body)) % 10)


def _addon(rng: np.random.Generator) -> str:
    return str(rng.choice(["", "90000", f"5{int(rng.integers(500, 4000)):04d}"]))


def _symbol(text: str, addon: str) -> Pixels:
    """One row of modules with quiet zones, 0 dark and 255 light."""
    bits = (
        "0" * 11 + ean.ean13_modules(text) + ("0" * 9 + ean.addon_modules(addon) if addon else "") + "0" * 9
    )
    return (255 - 255 * np.array([[int(b) for b in bits]])).astype(np.uint8)


def _cover(text: str, addon: str, module: float, side: int, rng: np.random.Generator) -> Pixels:
    """A back cover: coloured ground with some texture, lines of text, a white label with the bars."""
    ground = np.array(_GROUNDS[int(rng.integers(len(_GROUNDS)))])
    height, width = side * 3 // 4, side
    texture = cv2.resize(rng.normal(0, 6, (height // 8, width // 8, 1)).astype(np.float32), (width, height))
    cover = np.clip(ground + texture[:, :, None], 0, 255).astype(np.uint8)
    ink = (235, 235, 235) if ground.mean() < 128 else (30, 30, 30)
    for line in range(6):
        at = (width // 12, height // 10 + line * height // 16)
        cv2.putText(cover, "A book that says what it shows " * 2, at, cv2.FONT_HERSHEY_DUPLEX, side / 1800,
                    ink, max(1, side // 900), cv2.LINE_AA)  # fmt: skip
    bars = _symbol(text, addon)
    size = (round(bars.shape[1] * module), round(65 * module))
    label = cv2.cvtColor(_enlarged(bars, size), cv2.COLOR_GRAY2BGR)
    label = cv2.copyMakeBorder(label, *(round(9 * module),) * 2, 0, 0, cv2.BORDER_CONSTANT, value=(255,) * 3)
    y, x = (height * 11 // 10 - label.shape[0]) // 2, (width - label.shape[1]) // 2
    cover[y : y + label.shape[0], x : x + label.shape[1]] = label
    return cover


def _enlarged(bars: Pixels, size: tuple[int, int]) -> Pixels:
    """Bars at any width of a module: drawn large, then averaged down, as a sensor does."""
    large = np.repeat(np.repeat(bars, 16, axis=1), 4, axis=0)
    return cv2.resize(large, size, interpolation=cv2.INTER_AREA)


def _with_neighbour(cover: Pixels, number: str, module: float, rng: np.random.Generator) -> Pixels:
    """Another book's symbol at the upper edge of the picture."""
    bars = cv2.cvtColor(_enlarged(_symbol(number, ""), (round(115 * module), round(40 * module))),
                        cv2.COLOR_GRAY2BGR)  # fmt: skip
    x = int(rng.integers(0, cover.shape[1] - bars.shape[1]))
    cover[: bars.shape[0], x : x + bars.shape[1]] = bars
    return cover


# --- ways of spoiling ----------------------------------------------------------------------------------


def _clean(cover: Pixels, module: float, rng: np.random.Generator) -> Pixels:
    return _grainy(cover, 3, rng)


def _grainy(cover: Pixels, sigma: float, rng: np.random.Generator) -> Pixels:
    return np.clip(cover + rng.normal(0, sigma, cover.shape), 0, 255).astype(np.uint8)


def turned(cover: Pixels, degrees: float) -> Pixels:
    """Turned clockwise about the middle; the corners of the picture are lost."""
    height, width = cover.shape[:2]
    matrix = cv2.getRotationMatrix2D((width / 2, height / 2), -degrees, 1)
    return cv2.warpAffine(cover, matrix, (width, height), flags=cv2.INTER_AREA, borderMode=cv2.BORDER_REFLECT)


def _turned(cover: Pixels, module: float, rng: np.random.Generator) -> Pixels:
    return _grainy(turned(cover, float(rng.uniform(0, 360))), 3, rng)


def _tilted(cover: Pixels, module: float, rng: np.random.Generator) -> Pixels:
    """Seen from the side: the far edge a quarter to a half shorter."""
    height, width = cover.shape[:2]
    shrink = float(rng.uniform(0.12, 0.25)) * height
    corners = np.array([[0, 0], [width, 0], [width, height], [0, height]], np.float32)
    far = corners + np.array([[0, shrink], [0, 0], [0, 0], [0, -shrink]], np.float32)
    return _turned(cv2.warpPerspective(cover, cv2.getPerspectiveTransform(corners, far), (width, height)),
                   module, rng)  # fmt: skip


def _curved(cover: Pixels, module: float, rng: np.random.Generator) -> Pixels:
    """Bent round a cylinder that stands along the bars, as a soft cover bends."""
    height, width = cover.shape[:2]
    radius = width * float(rng.uniform(0.42, 0.6))
    across = np.linspace(-0.95, 0.95, width) * min(1.0, radius / (width / 2))
    xs = np.arcsin(np.clip(across * (width / 2) / radius, -1, 1)) * radius + width / 2
    map_x = np.repeat(xs[None].astype(np.float32), height, axis=0)
    map_y = np.repeat(np.arange(height, dtype=np.float32)[:, None], width, axis=1)
    return _grainy(cv2.remap(cover, map_x, map_y, cv2.INTER_AREA, borderMode=cv2.BORDER_REFLECT), 3, rng)


def _blurred(cover: Pixels, module: float, rng: np.random.Generator) -> Pixels:
    """Out of focus by about a module, in light as a lens does it."""
    light = (cover / 255.0) ** 2.2
    soft = cv2.GaussianBlur(light, (0, 0), module * float(rng.uniform(0.6, 1.2)))
    return _grainy((255 * soft ** (1 / 2.2)).astype(np.uint8), 3, rng)


def _moved(cover: Pixels, module: float, rng: np.random.Generator) -> Pixels:
    """Moved while the shutter was open, by one to two modules along the bars' row."""
    length = max(3, round(module * float(rng.uniform(1.0, 2.0))))
    return _grainy(cv2.blur(cover, (length, 1)), 3, rng)


def _dim(cover: Pixels, module: float, rng: np.random.Generator) -> Pixels:
    return _grainy((cover * 0.35).astype(np.uint8), 12, rng)


def _glaring(cover: Pixels, module: float, rng: np.random.Generator) -> Pixels:
    """A stripe of light over part of the bars' height."""
    height, width = cover.shape[:2]
    stripe = np.zeros((height, width), np.float32)
    y = height * float(rng.uniform(0.45, 0.65))
    cv2.line(stripe, (0, int(y)), (width, int(y + height * rng.uniform(-0.1, 0.1))), 1.0, round(22 * module))
    stripe = cv2.GaussianBlur(stripe, (0, 0), 6 * module)[:, :, None]
    return _grainy((cover * (1 - stripe) + 255 * stripe).astype(np.uint8), 3, rng)


def _inverted(cover: Pixels, module: float, rng: np.random.Generator) -> Pixels:
    return _grainy(255 - cover, 3, rng)


WAYS = {
    "clean": Way(3.0, _clean),
    "turned": Way(3.0, _turned),
    "tilted": Way(3.0, _tilted),
    "curved": Way(3.5, _curved),
    "blurred": Way(3.0, _blurred),
    "moved": Way(3.0, _moved),
    "low resolution": Way(1.25, _clean),
    "small, turned": Way(1.6, _turned),
    "dim, noisy": Way(2.5, _dim),
    "glare": Way(3.0, _glaring),
    "inverted": Way(3.0, _inverted),
    "neighbour": Way(3.0, _turned),
}
