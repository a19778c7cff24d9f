"""The model for two records: trained and judged on labelled pairs, cluster by cluster."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np

from marc.reading import read_records
from marc.record_features import NAMES, features
from marc.record_view import record_view
from training import fitting

FEW_FALSE = 0.002
_FALLING = (
    "unmatched", "unlike", "words_apart", "numbers_apart", "figures_apart", "edition_numbers", "coded_first",
    "coded_nearest", "imprint_first", "imprint_nearest", "years_differ", "year_latest", "pages_apart",
    "pages_difference", "leaves_nearest", "pieces", "height",
)  # fmt: skip
_FREE = ("title_words", "part_said", "main_said", "edition_said", "series_said", "latest_year", "illustrated")


def recipe() -> fitting.Recipe:
    """How the model is fitted: likeness may only speak for one book, distance only against."""
    return fitting.Recipe(NAMES, tuple(_direction(name) for name in NAMES))


def _direction(name: str) -> int:
    if name in _FREE:
        return 0
    return -1 if name.endswith(_FALLING) else 1


def load(folder: Path) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Features, labels and clusters of a folder with a.mrc(.gz), b.mrc(.gz) and labels.csv (pair,same)."""
    views = [[record_view(result.record) for result in read_records(_file(folder, side))] for side in "ab"]
    with (folder / "labels.csv").open(encoding="utf-8", newline="") as file:
        labels = {int(row["pair"]): int(row["same"]) for row in csv.DictReader(file)}
    chosen = sorted(labels)
    pairs = [(views[0][n], views[1][n]) for n in chosen]
    table = np.array([_row(features(*pair)) for pair in pairs])
    names = [(one.facts.record_id, other.facts.record_id) for one, other in pairs]
    return table, np.array([labels[n] for n in chosen]), fitting.clusters(names)


def _file(folder: Path, side: str) -> Path:
    return next(path for path in sorted(folder.glob(f"{side}.*")) if path.suffix in (".mrc", ".gz", ".xml"))


def _row(values: list[float | None]) -> list[float]:
    return [np.nan if value is None else value for value in values]


def train(folder: Path, target: Path, provenance: str) -> None:
    """Fit on all pairs, judge by folds of whole clusters, write the model and print the report."""
    table, labels, groups = load(folder)
    odds = fitting.out_of_fold(table, labels, groups, recipe(), seeds=(0, 1, 2))
    scale, shift = fitting.calibrate(odds.ravel(), np.tile(labels, len(odds)))
    unseen = fitting.probability(scale * odds + shift)
    few_false = float(np.mean([cut(row, labels) for row in unseen]))
    thresholds = {"accuracy": _most_accurate(unseen, labels), "few_false": round(few_false, 4)}
    report = _report(unseen, labels, thresholds, groups)
    model = fitting.fit(table, labels, recipe())
    told = {"data": provenance, "command": "script/train-matching pairs", "pairs": len(labels),
            "clusters": int(groups.max()) + 1, "unseen": report}  # fmt: skip
    fitting.save(target, model.as_json(scale, shift, thresholds, told, NAMES))
    for name, value in report.items():
        print(f"{name:28} {value}")


def cut(probabilities: np.ndarray, labels: np.ndarray) -> float:
    """The least score with at most two false in a thousand different pairs above it."""
    false = np.sort(probabilities[labels == 0])[::-1]
    return float(np.nextafter(false[int(FEW_FALSE * len(false))], 1.0))


def _most_accurate(unseen: np.ndarray, labels: np.ndarray) -> float:
    """The threshold, of a coarse grid around one half, with the fewest mistakes on unseen pairs."""
    grid = [round(0.4 + 0.05 * step, 2) for step in range(5)]
    return max(grid, key=lambda cut: float(((unseen >= cut) == labels).mean()))


def _report(
    unseen: np.ndarray, labels: np.ndarray, thresholds: dict[str, float], groups: np.ndarray
) -> dict[str, object]:
    """Figures on pairs of clusters that the judging model had not seen; mean over the seeds of the folds."""
    said = unseen >= thresholds["accuracy"]
    cuts = [cut(row, labels) for row in unseen]
    recalls = [float((row[labels == 1] >= cut).mean()) for row, cut in zip(unseen, cuts, strict=True)]
    right, same = int(np.mean((said == labels).sum(axis=1))), int((labels == 1).sum())
    found = int(np.mean(said[:, labels == 1].sum(axis=1)))
    false = int(np.mean(said[:, labels == 0].sum(axis=1)))
    return {
        "accuracy": _share(right, len(labels)),
        "recall": _share(found, same),
        "false positives": _share(false, len(labels) - same),
        "recall at 0.2 % false": _share(round(float(np.mean(recalls)) * same), same),
        "recall at 0.2 % by seed": [round(value, 4) for value in recalls],
        "recall at 0.2 %, resampled": _resampled(unseen[0], labels, groups),
        "brier": round(fitting.brier(unseen.ravel(), np.tile(labels, len(unseen))), 5),
        "calibration": [
            [round(value, 3) for value in row]
            for row in fitting.reliability(unseen.ravel(), np.tile(labels, len(unseen)))
        ],
    }


def _share(hits: int, of: int) -> list[float]:
    low, high = fitting.interval(hits, of)
    return [round(hits / of, 4), round(low, 4), round(high, 4)]


def _resampled(probabilities: np.ndarray, labels: np.ndarray, groups: np.ndarray) -> list[float]:
    """95 % interval of the recall at 0.2 % false, by drawing whole clusters again 400 times."""
    rng, number = np.random.default_rng(0), int(groups.max()) + 1
    found = []
    for _ in range(400):
        times = np.bincount(rng.integers(0, number, number), minlength=number)[groups]
        p, y = np.repeat(probabilities, times), np.repeat(labels, times)
        found.append(float((p[y == 1] >= cut(p, y)).mean()))
    return [round(float(value), 4) for value in np.quantile(found, (0.025, 0.975))]
