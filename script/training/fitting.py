"""Fitting a model of ``marc.scoring``: curves, monotone trees, calibration, intervals."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GroupKFold


@dataclass(frozen=True)
class Recipe:
    """How a model is fitted.  ``monotone`` gives each feature's direction (1, -1, 0 free)."""

    features: tuple[str, ...]
    monotone: tuple[int, ...]
    trees: int = 150
    leaves: int = 12
    learning_rate: float = 0.08
    knots: int = 20
    strength: float = 2.0
    curves_share: float = 0.5


@dataclass(frozen=True)
class Fitted:
    """A fitted model before calibration, in the shape of the file."""

    curves: list[dict[str, Any]]
    trees: list[list[Any]]
    intercept: float

    def log_odds(self, table: np.ndarray) -> np.ndarray:
        """Log-odds of each row (before calibration), as the package computes them."""
        from marc import scoring

        model = scoring.from_json("fitted", self.as_json(1.0, 0.0, {}, {}))
        return np.array([model.log_odds([None if np.isnan(v) else float(v) for v in row]) for row in table])

    def as_json(self, scale: float, shift: float, thresholds: dict[str, float],
                provenance: dict[str, Any], features: Sequence[str] = ()) -> dict[str, Any]:  # fmt: skip
        """The content of a model file."""
        return {
            "provenance": provenance, "features": list(features), "thresholds": thresholds,
            "intercept": _short(self.intercept), "scale": _short(scale), "shift": _short(shift),
            "curves": self.curves, "trees": self.trees,
        }  # fmt: skip


def fit(table: np.ndarray, labels: np.ndarray, recipe: Recipe, weights: np.ndarray | None = None) -> Fitted:
    """Fit curves and trees, each with its share of the log-odds."""
    curves, intercept = _curves(table, labels, recipe, weights)
    share = recipe.curves_share
    for curve in curves:
        curve["y"] = [_short(share * height) for height in curve["y"]]
        curve["missing"] = _short(share * curve["missing"])
    if share == 1.0 or not recipe.trees:
        return Fitted(curves, [], intercept)
    boosted = HistGradientBoostingClassifier(
        max_iter=recipe.trees, learning_rate=recipe.learning_rate, max_leaf_nodes=recipe.leaves,
        min_samples_leaf=10, l2_regularization=3, monotonic_cst=list(recipe.monotone), random_state=0,
    ).fit(table, labels, sample_weight=weights)  # fmt: skip
    rest = 1.0 - share
    trees = [_tree(predictor[0].nodes, rest) for predictor in boosted._predictors]
    baseline = float(np.ravel(boosted._baseline_prediction)[0])
    return Fitted(curves, trees, share * intercept + rest * baseline)


def _curves(
    table: np.ndarray, labels: np.ndarray, recipe: Recipe, weights: np.ndarray | None
) -> tuple[list[dict[str, Any]], float]:
    places, columns, shape = [], [], []
    for number in range(table.shape[1]):
        column = table[:, number]
        known = column[~np.isnan(column)]
        knots, levels = _knots(known, recipe.knots)
        level = np.interp(column, knots, levels)
        middle = float(np.nanmean(level)) if len(known) else 0.0
        columns.append(np.where(np.isnan(level), middle, level))
        missing = np.isnan(column)
        places.append((knots, levels, middle, bool(missing.any())))
        shape.append(len(columns) - 1)
        if missing.any():
            columns.append(missing.astype(float))
    model = LogisticRegression(C=recipe.strength, max_iter=4000)
    model.fit(np.column_stack(columns), labels, sample_weight=weights)
    coefficients = model.coef_[0]
    curves = []
    for (knots, levels, middle, has_missing), at in zip(places, shape, strict=True):
        slope = float(coefficients[at])
        extra = float(coefficients[at + 1]) if has_missing else 0.0
        curves.append({
            "x": [_short(float(x), 9) for x in knots], "y": [slope * float(u) for u in levels],
            "missing": slope * middle + extra,
        })  # fmt: skip
    return curves, float(model.intercept_[0])


def _knots(known: np.ndarray, number: int) -> tuple[np.ndarray, np.ndarray]:
    """Distinct quantiles and each one's rank between 0 and 1.

    A value that many rows share (identical titles) is a step of its own: it has its mean rank (0 and 1 at the
    ends), and next to it, on either side, the ranks of what is just below and just above.
    """
    if not len(known):
        return np.array([0.0]), np.array([0.0])
    ordered = np.sort(known)
    knots = np.unique([_short(float(x)) for x in np.quantile(known, np.linspace(0, 1, number))])
    low, high = (np.searchsorted(ordered, knots, side) / len(ordered) for side in ("left", "right"))
    middle = (low + high) / 2
    middle[0], middle[-1] = 0.0, 1.0
    near = 0.02 * np.min(np.diff(knots), initial=1.0)
    steps: dict[float, float] = {}
    for place, knot in enumerate(knots):
        shared = high[place] - low[place] > 1.0 / number
        if shared and place > 0:
            steps[float(knot - near)] = float(low[place])
        steps[float(knot)] = float(middle[place])
        if shared and place + 1 < len(knots):
            steps[float(knot + near)] = float(high[place])
    return np.array(list(steps)), np.array(list(steps.values()))


def _tree(nodes: np.ndarray, share: float) -> list[Any]:
    return [
        _short(share * float(node["value"]))
        if node["is_leaf"]
        else [int(node["feature_idx"]), _short(float(node["num_threshold"]), 7),
              int(node["missing_go_to_left"]), int(node["left"]), int(node["right"])]
        for node in nodes
    ]  # fmt: skip


def out_of_fold(
    table: np.ndarray, labels: np.ndarray, groups: np.ndarray, recipe: Recipe, *,
    folds: int = 5, seeds: Sequence[int] = (0,), weights: np.ndarray | None = None,
) -> np.ndarray:  # fmt: skip
    """Log-odds of every row by models that have not seen its cluster; a row of the result for each seed."""
    found = np.zeros((len(seeds), len(labels)))
    for row, seed in enumerate(seeds):
        split = GroupKFold(folds, shuffle=True, random_state=seed).split(table, labels, groups)
        for train, test in split:
            held = None if weights is None else weights[train]
            found[row, test] = fit(table[train], labels[train], recipe, held).log_odds(table[test])
    return found


def calibrate(odds: np.ndarray, labels: np.ndarray, weights: np.ndarray | None = None) -> tuple[float, float]:
    """Scale and shift that make log-odds of unseen rows frequencies (Platt's method)."""
    model = LogisticRegression(C=1e6).fit(odds.reshape(-1, 1), labels, sample_weight=weights)
    return float(model.coef_[0][0]), float(model.intercept_[0])


def probability(odds: np.ndarray) -> np.ndarray:
    """Probabilities of log-odds."""
    return 1.0 / (1.0 + np.exp(-odds))


def interval(hits: int, of: int, z: float = 1.96) -> tuple[float, float]:
    """Wilson's interval of a share (95 %)."""
    if not of:
        return 0.0, 1.0
    share, spread = hits / of, z * z / of
    middle = (share + spread / 2) / (1 + spread)
    half = z * np.sqrt(share * (1 - share) / of + spread / (4 * of)) / (1 + spread)
    return max(0.0, float(middle - half)), min(1.0, float(middle + half))


def brier(probabilities: np.ndarray, labels: np.ndarray) -> float:
    """Mean squared distance of probability and truth."""
    return float(np.mean((probabilities - labels) ** 2))


def reliability(probabilities: np.ndarray, labels: np.ndarray) -> Iterator[tuple[float, float, float, int]]:
    """The calibration curve: from, mean probability, share that is right, count; in tenths."""
    for low in np.arange(0.0, 1.0, 0.1):
        inside = (probabilities >= low) & (probabilities < low + 0.1 + (low > 0.85))
        if inside.any():
            yield (float(low), float(probabilities[inside].mean()), float(labels[inside].mean()),
                   int(inside.sum()))  # fmt: skip


def clusters(pairs: Sequence[tuple[object, object]]) -> np.ndarray:
    """The connected component of each pair: no record of one stands in another."""
    parent: dict[object, object] = {}

    def root(item: object) -> object:
        while parent.setdefault(item, item) != item:
            parent[item] = parent[parent[item]]
            item = parent[item]
        return item

    for left, right in pairs:
        parent[root(left)] = root(right)
    numbers: dict[object, int] = {}
    return np.array([numbers.setdefault(root(left), len(numbers)) for left, _ in pairs])


def save(path: Path, data: dict[str, Any]) -> None:
    """Write a model file: a line a key, small and diffable by parts."""
    lines = [f"{json.dumps(key)}: {json.dumps(value, ensure_ascii=False)}" for key, value in data.items()]
    path.write_text("{\n" + ",\n".join(lines) + "\n}\n", "utf-8")


def _short(value: float, digits: int = 5) -> float:
    return float(f"{value:.{digits}g}")
