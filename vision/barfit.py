"""EAN-13 bars too blurred, too small or too noisy for decoders, read by fitting.

Decoders look for edges; blur over a module leaves none.  Here the brightness along the bars is compared with
what each number would look like under that blur.  The blur of neighbouring digits into each other is part of
the comparison, so that the best number of all is found by dynamic programming over pairs of digits, with the
parities of the left half and the check digit as constraints.  A number counts only when the second best fits
clearly worse.

Encoding: ISO/IEC 15420:2009, 4.3.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cache
from itertools import product
from typing import cast

import cv2
import numpy as np
import numpy.typing as npt

from vision import ean

Row = npt.NDArray[np.float32]
"""Brightness along a line, or darkness at the samples of a symbol (or several, row by row)."""

_PER_MODULE = 2
"""Samples: blur leaves no finer detail."""

_MARGIN = 3
"""Quiet modules on either side that are part of the comparison."""

_SAMPLES = (ean.MODULES + 2 * _MARGIN) * _PER_MODULE
_BLURS = (0.35, 0.55, 0.75, 0.95, 1.2, 1.5)
"""Standard deviations in modules."""

_WIDE = (1.5, (-1.0, -0.5, 0.0, 0.5, 1.0))
_ROUGH_BLURS = (2, 4)
_MEAN_DARK = 0.49
"""Share of dark modules in a usual EAN-13."""


@dataclass(frozen=True)
class Place:
    """Where a symbol lies in a row: its ends and the bulge of its middle in pixels, and its blur's number.

    ``start`` is greater than ``end`` when the symbol stands on its head.
    """

    start: float
    end: float
    bulge: float = 0.0
    blur: int = 3

    @property
    def module(self) -> float:
        """Width of a module in pixels, negative on its head."""
        return (self.end - self.start) / ean.MODULES


@dataclass(frozen=True)
class Fit:
    """What fits a row of bars best.

    ``misfit`` is the root mean square difference (1 is black to white); ``lead`` by how much the second best
    number fits worse, as a share of the squared misfit.
    """

    text: str
    misfit: float
    lead: float
    place: Place


def fit_row(row: Row, place: Place) -> Fit:
    """The number that fits a row of brightness best, its ends within half a module of ``place``."""
    for reach in (0.5, 0.2):
        place = _better_place(row, _around(place, reach), _blurs_near(place.blur))
    dark = _dark(row, [place])[0]
    text, best, step = "", 0.0, None
    for _ in range(3):
        step = _Paths(dark, place.blur)
        text, best = step.best()
        dark = _levelled(dark, _template(text, place.blur))
    step = _Paths(dark, place.blur)
    text, best = step.best()
    second = step.second(text)
    return Fit(text, (best / _SAMPLES) ** 0.5, (second - best) / max(best, 1e-9), place)


def placed(row: Row, ends: Sequence[tuple[float, float]]) -> Place | None:
    """The best of some rough places, both ways round; None where there is none."""
    rough = [Place(a, b) for start, end in ends for a, b in ((start, end), (end, start))]
    if not rough:
        return None
    return _better_place(row, [near for place in rough for near in _around(place, *_WIDE)], _ROUGH_BLURS)


def moved(row: Row, place: Place) -> Place:
    """The best place that begins and ends within one and a half modules of another."""
    return _better_place(row, _around(place, *_WIDE), _blurs_near(place.blur))


def _around(place: Place, reach: float, steps: Sequence[float] = (-1.0, 0.0, 1.0)) -> list[Place]:
    """Places whose ends and bulge differ by up to ``reach`` modules."""
    unit = reach * place.module
    return [
        replace(place, start=place.start + a * unit, end=place.end + b * unit, bulge=place.bulge + c * unit)
        for a, b, c in product(steps, steps, (-1.0, 0.0, 1.0))
    ]


def _better_place(row: Row, places: Sequence[Place], blurs: Sequence[int]) -> Place:
    dark = _dark(row, places)
    costs = np.stack([_free_cost(dark, blur) for blur in blurs])
    blur, place = np.unravel_index(int(costs.argmin()), costs.shape)
    return replace(places[int(place)], blur=blurs[int(blur)])


def _blurs_near(blur: int) -> Sequence[int]:
    return [b for b in (blur - 1, blur, blur + 1) if 0 <= b < len(_BLURS)]


def _dark(row: Row, places: Sequence[Place]) -> Row:
    """Darkness (0 white, 1 black) at the samples of each place: places x samples."""
    share = ((np.arange(_SAMPLES) + 0.5) / _PER_MODULE - _MARGIN) / ean.MODULES
    start, end, bulge = np.array([(p.start, p.end, p.bulge) for p in places]).T[:, :, None]
    xs = start + (end - start) * share + bulge * 4 * share * (1 - share)
    light = np.interp(xs.ravel(), np.arange(row.size), row).reshape(xs.shape)
    quiet = _PER_MODULE * (_MARGIN - 1)
    left, right = light[:, :quiet].mean(axis=1), light[:, -quiet:].mean(axis=1)
    white = left[:, None] + (right - left)[:, None] * np.clip(share, 0, 1)
    dark = 1 - light / np.maximum(white, 1)
    inner = dark[:, _MARGIN * _PER_MODULE : -_MARGIN * _PER_MODULE].mean(axis=1)
    return cast(Row, (dark * (_MEAN_DARK / np.maximum(inner, 0.02))[:, None]).astype(np.float32))


def _levelled(dark: Row, template: Row) -> Row:
    """Darkness rescaled so that it agrees best with a template, contrast and light changing linearly."""
    ramp = np.linspace(-1, 1, _SAMPLES, dtype=np.float32)
    parts = np.stack([template, template * ramp, np.ones_like(ramp), ramp], axis=1)
    weights = cv2.solve(parts, dark[:, np.newaxis], flags=cv2.DECOMP_QR)[1].ravel()
    gain = np.maximum(weights[0] + weights[1] * ramp, 0.2)
    return cast(Row, ((dark - weights[2] - weights[3] * ramp) / gain).astype(np.float32))


# --- templates -----------------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Window:
    """Part of a symbol from the middle of a digit to the middle of the next, for each pair of digits."""

    first: int
    last: int
    looks: Row
    energy: Row
    shape: tuple[int, ...]

    def costs(self, dark: Row) -> Row:
        """Squared distance of each row of ``dark`` to each look, less what all looks share."""
        part = np.ascontiguousarray(dark[:, self.first : self.last])
        # OpenCV's product stays in this thread; these are too small to be shared out.
        near = cv2.gemm(part, self.looks, -2.0, None, 0.0, flags=cv2.GEMM_2_T)
        return cast(Row, (near + self.energy).reshape(len(dark), *self.shape))


def _blurred(bits: str, blur: float) -> Row:
    """Samples of modules; beyond the ends it is half dark."""
    pad = [0.5] * 8
    row = np.repeat(np.array([*pad, *map(float, bits), *pad]), _PER_MODULE)[np.newaxis]
    soft = cv2.GaussianBlur(row, (0, 0), blur * _PER_MODULE, borderType=cv2.BORDER_REPLICATE)[0]
    return cast(Row, soft[8 * _PER_MODULE : -8 * _PER_MODULE].astype(np.float32))


def _template(text: str, blur: int) -> Row:
    quiet = "0" * (_MARGIN + 8)
    whole = _blurred(quiet + ean.ean13_modules(text) + quiet, _BLURS[blur])
    return whole[8 * _PER_MODULE : -8 * _PER_MODULE]


@cache
def _windows(blur: int) -> tuple[_Window, ...]:
    """Thirteen windows: start to first digit, five left pairs, the middle, five right pairs, to the end."""
    quiet, half = "0" * (_MARGIN + 8), 7 * _PER_MODULE // 2
    left, right = ean.LEFT, ean.RIGHT
    head = [quiet + ean.LEFT_GUARD + d for d in left]
    middle = [a + ean.MIDDLE_GUARD + b for a, b in product(left, right)]
    tail = [d + ean.RIGHT_GUARD + quiet for d in right]
    from_head = (_MARGIN + 3) * _PER_MODULE + half
    from_middle = from_head + 35 * _PER_MODULE
    from_right = from_middle + 12 * _PER_MODULE
    step = 7 * _PER_MODULE
    sigma = _BLURS[blur]

    def window(first: int, parts: list[str], cut: slice, shape: tuple[int, ...]) -> _Window:
        looks = np.stack([_blurred(bits, sigma)[cut] for bits in parts])
        return _Window(first, first + looks.shape[1], looks, (looks**2).sum(axis=1), shape)

    pairs_left = [a + b for a, b in product(left, left)]
    pairs_right = [a + b for a, b in product(right, right)]
    inner = slice(half, -half)
    return (
        window(0, head, slice(8 * _PER_MODULE, -half), (20,)),
        *(window(from_head + i * step, pairs_left, inner, (20, 20)) for i in range(5)),
        window(from_middle, middle, inner, (20, 10)),
        *(window(from_right + i * step, pairs_right, inner, (10, 10)) for i in range(5)),
        window(from_right + 5 * step, tail, slice(half, -8 * _PER_MODULE), (10,)),
    )


# --- the best number -----------------------------------------------------------------------------------


def _free_cost(dark: Row, blur: int) -> Row:
    """Misfit of the best digits for each row, parities and check digit left aside: good enough to place."""
    head, *pairs, tail = _windows(blur)
    reached = head.costs(dark)
    for window in pairs:
        reached = (reached[:, :, None] + window.costs(dark)).min(axis=1)
    energy = (dark**2).sum(axis=1)
    return cast(Row, ((reached + tail.costs(dark)).min(axis=1) + energy) / energy)


_WEIGHTS = (3, 1) * 6
"""Of the twelve digits in bars for the check digit; the first digit counts once (ISO/IEC 15420, annex A)."""

_B = np.array([[10 * (p == "B") for p in parities] for parities in ean.FIRST_DIGIT])
_DIGITS = np.arange(10)
_SUMS = (_DIGITS[:, None] - np.array(_WEIGHTS)[:, None, None] * _DIGITS) % 10
"""For each digit in bars: the sum before, by sum after and digit."""


class _Paths:
    """All ways to spell a number over one row: states are first digit x sum modulo ten x digit."""

    def __init__(self, dark: Row, blur: int) -> None:
        head, *pairs, tail = (window.costs(dark[np.newaxis])[0] for window in _windows(blur))
        self._energy = float((dark**2).sum())
        self._head = head[_B[:, :1] + _DIGITS]
        self._tail = tail
        self._steps = [_by_first_digit(pair, at) for at, pair in enumerate(pairs, start=1)]

    def best(self) -> tuple[str, float]:
        """The best number and its squared misfit."""
        reached, history = self._begun(), []
        for at, step in enumerate(self._steps, start=1):
            ways = reached[..., None] + step[:, None]
            history.append(ways.argmin(axis=2))
            reached = _summed(ways.min(axis=2), at)
        ends = reached[:, 0] + self._tail
        first, last = np.unravel_index(int(ends.argmin()), ends.shape)
        total, spelt = 0, [int(last)]
        for at in range(11, 0, -1):
            total = int(_SUMS[at, total, spelt[0]])
            spelt.insert(0, int(history[at - 1][first, total, spelt[0]]))
        return f"{first}{''.join(map(str, spelt))}", float(ends.min()) + self._energy

    def second(self, text: str) -> float:
        """The squared misfit of the best number that is not ``text``: each digit forbidden in turn."""
        digits = [int(d) for d in text]
        reached = np.repeat(self._begun()[np.newaxis], 13, axis=0)
        reached[0, digits[0]] = reached[1, :, :, digits[1]] = np.inf
        for at, step in enumerate(self._steps, start=1):
            reached = _summed((reached[..., None] + step[None, :, None]).min(axis=3), at)
            reached[at + 1, :, :, digits[at + 1]] = np.inf
        return float((reached[:, :, 0] + self._tail).min()) + self._energy

    def _begun(self) -> Row:
        reached = np.full((10, 10, 10), np.inf, dtype=np.float32)
        first, digit = np.meshgrid(_DIGITS, _DIGITS, indexing="ij")
        reached[first, (first + _WEIGHTS[0] * digit) % 10, digit] = self._head
        return reached


def _by_first_digit(pair: Row, at: int) -> Row:
    """Costs of digit ``at`` - 1 and digit ``at`` in bars, for each first digit and so its parities."""
    before = (_B[:, at - 1, None, None] if at <= 6 else 0) + _DIGITS[:, None]
    after = (_B[:, at, None, None] if at <= 5 else 0) + _DIGITS
    return np.broadcast_to(pair[before, after], (10, 10, 10))


def _summed(reached: Row, at: int) -> Row:
    """States (… x sum x digit) with digit ``at`` added to the sum."""
    summed: Row = reached[..., _SUMS[at], _DIGITS]
    return summed
