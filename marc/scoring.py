"""Trained models in plain JSON, scored by a few lines of our own: boosted trees and additive curves.

Both take a list of numbers, None where something is not known, and give log-odds.  A model file says in
``provenance`` what it was trained on, by which command, and how it did on what it had not seen.
"""

from __future__ import annotations

import functools
import json
import math
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from importlib import resources
from typing import Any

Value = float | None


@dataclass(frozen=True)
class Curve:
    """One feature's part in the log-odds: heights at knots, straight lines between, level outside.

    ``missing`` is the part of a value that is not known.
    """

    knots: tuple[float, ...]
    heights: tuple[float, ...]
    missing: float

    def __call__(self, value: Value) -> float:
        """The part of this value."""
        if value is None:
            return self.missing
        at = bisect_right(self.knots, value)
        if at == 0:
            return self.heights[0]
        if at == len(self.knots):
            return self.heights[-1]
        left, right = self.knots[at - 1], self.knots[at]
        share = (value - left) / (right - left)
        return self.heights[at - 1] + share * (self.heights[at] - self.heights[at - 1])


@dataclass(frozen=True)
class Trees:
    """Boosted decision trees.

    A tree is a list of nodes: ``[feature, threshold, missing goes left, left, right]``, or a leaf's value.
    """

    trees: tuple[tuple[Any, ...], ...]

    def __call__(self, values: Sequence[Value]) -> float:
        """The sum of the leaves that the values fall into."""
        return math.fsum(_leaf(tree, values) for tree in self.trees)


def _leaf(tree: tuple[Any, ...], values: Sequence[Value]) -> float:
    node = tree[0]
    while isinstance(node, list):
        feature, threshold, missing_left, left, right = node
        value = values[feature]
        goes_left = missing_left if value is None else value <= threshold
        node = tree[left if goes_left else right]
    return float(node)


@dataclass(frozen=True)
class Model:
    """A model file: curves for some features, trees or none, and how both together become a probability.

    The log-odds are ``scale * (intercept + curves + trees) + shift``; scale and shift were fitted on
    predictions for records that the model had not seen, so that a score is a frequency.
    """

    name: str
    features: tuple[str, ...]
    curves: tuple[Curve, ...]
    trees: Trees
    intercept: float
    scale: float
    shift: float
    thresholds: dict[str, float]
    provenance: dict[str, Any]

    def parts(self, values: Sequence[Value]) -> list[float]:
        """Each feature's part of the calibrated log-odds by its curve."""
        return [self.scale * curve(value) for curve, value in zip(self.curves, values, strict=True)]

    def log_odds(self, values: Sequence[Value]) -> float:
        """Calibrated log-odds."""
        curved = sum(curve(value) for curve, value in zip(self.curves, values, strict=True))
        return self.scale * (self.intercept + curved + self.trees(values)) + self.shift


def probability(log_odds: float) -> float:
    """The probability of these log-odds."""
    return 1.0 / (1.0 + math.exp(-max(-60.0, min(60.0, log_odds))))


def log_odds(probability: float) -> float:
    """The log-odds of a probability strictly between 0 and 1."""
    return math.log(probability / (1.0 - probability))


@functools.cache
def load(name: str) -> Model:
    """The model ``marc/<name>.json`` that comes with the package."""
    text = resources.files("marc").joinpath(f"{name}.json").read_text("utf-8")
    return from_json(name, json.loads(text))


def from_json(name: str, data: dict[str, Any]) -> Model:
    """A model from the content of its file."""
    return Model(
        name=name,
        features=tuple(data["features"]),
        curves=tuple(Curve(tuple(c["x"]), tuple(c["y"]), c["missing"]) for c in data["curves"]),
        trees=Trees(tuple(tuple(tree) for tree in data["trees"])),
        intercept=data["intercept"],
        scale=data["scale"],
        shift=data["shift"],
        thresholds=data["thresholds"],
        provenance=data["provenance"],
    )
