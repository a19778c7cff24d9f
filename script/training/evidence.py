"""The model for a book's evidence and a record: trained and judged on evidence made from records."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import numpy as np
from scipy.optimize import minimize

from marc import text
from marc.evidence_features import FEATURES, FIELDS, feature_values, looks
from marc.facts import RecordFacts
from marc.matching import ceiling
from marc.reading import read_records
from marc.record_facts import record_facts
from training import fitting, perturbing
from training.perturbing import Book
from workcell.kernel.evidence import Evidence

_LIKENESS = (0.0, 0.3, 0.45, 0.6, 0.7, 0.8, 0.84, 0.88, 0.92, 0.97, 1.0)
_STEPS = (-1.0, 0.0, 0.5, 1.0)
KNOTS: dict[str, tuple[float, tuple[float, ...]]] = {
    "isbn": (0.5, (-1.0, 0.0, 0.5, 0.75, 1.0)), "title": (0.84, _LIKENESS), "subtitle": (0.7, _LIKENESS),
    "names": (0.6, _LIKENESS), "edition": (0.5, _STEPS), "volume": (0.5, _STEPS),
    "place": (0.6, (0.0, 0.45, 0.6, 0.8, 1.0)), "publisher": (0.6, (0.0, 0.3, 0.45, 0.6, 0.75, 0.9, 1.0)),
    "year": (-0.5, (-10.0, -5.0, -3.0, -2.0, -1.0, -0.5, 0.0)), "binding": (0.0, (-1.0, 0.0, 1.0)),
    "carrier": (0.0, (-1.0, 0.0, 1.0)), "pages": (-0.03, (-1.0, -0.2, -0.1, -0.06, -0.03, -0.01, 0.0)),
    "height": (-1.5, (-10.0, -4.0, -2.0, -1.5, -1.0, 0.0)), "series": (0.6, (0.0, 0.4, 0.6, 0.8, 1.0)),
    "language": (0.0, (-1.0, 0.0, 1.0)),
}  # fmt: skip
"""For each field the value that says nothing, and the knots of its curve."""

_PULL = 1.0


@dataclass(frozen=True)
class Table:
    """Comparisons as numbers: a row each, NaN where a field is silent; what kind of pair each row is."""

    values: np.ndarray
    sure: np.ndarray
    ceilings: np.ndarray
    labels: np.ndarray
    groups: np.ndarray
    kinds: list[str]


# --- making pairs ----------------------------------------------------------------------------------------


def load(files: Sequence[Path], rng: random.Random) -> list[Book]:
    """Printed monographs of all files; records in Chinese are few, so they come eight times."""
    found: list[RecordFacts] = []
    for path in files:
        for result in read_records(path):
            if result.record is not None and str(result.record.leader)[6:8] in ("am", "tm"):
                facts = record_facts(result.record)
                found += [facts] * (8 if text.has_han(facts.title) else 1)
    return perturbing.books(iter(found), rng)


def pairs(
    books: Sequence[Book], rng: random.Random
) -> Iterator[tuple[Book, Evidence, RecordFacts, bool, str]]:
    """For every book: its own record by one hand or another, and those that could be taken for it."""
    by_word = _by_rare_word(books)
    for book in books:
        seen = perturbing.evidence(book.facts, rng)
        yield book, seen, perturbing.other_hand(book.facts, rng), True, "own record"
        if rng.random() < 0.25:
            again = perturbing.later_printing(book.facts, seen, rng)
            yield book, again, book.facts, True, "later printing"
        for make in rng.sample(perturbing.OTHERS, 2):
            yield book, seen, make(book.facts, rng), False, make.__name__.replace("_", " ")
        other = _neighbour(book, books, by_word, rng)
        if other is not None:
            yield book, seen, other.facts, False, "neighbour by title"
        stranger = rng.choice(books).facts
        if rng.random() < 0.8:
            yield book, seen, perturbing.number_reused(book.facts, stranger), False, "number reused"
        if rng.random() < 0.4:
            yield book, seen, perturbing.same_title(book.facts, stranger, rng), False, "same title"
        if rng.random() < 0.15:
            yield book, seen, perturbing.online(book.facts), False, "online edition"
        yield book, seen, stranger, False, "any other record"


def _by_rare_word(books: Sequence[Book]) -> dict[str, list[int]]:
    places: dict[str, list[int]] = {}
    for number, book in enumerate(books):
        for word in set(text.tokens(f"{book.facts.title} {' '.join(book.facts.names[:1])}")):
            places.setdefault(word, []).append(number)
    return places


def _neighbour(
    book: Book, books: Sequence[Book], by_word: dict[str, list[int]], rng: random.Random
) -> Book | None:
    """A record of another work that shares a rare word of title or name, as the catalogue's search gives."""
    words = sorted(set(text.tokens(f"{book.facts.title} {' '.join(book.facts.names[:1])}")),
                   key=lambda word: len(by_word[word]))  # fmt: skip
    for word in words[:4]:
        others = [n for n in by_word[word][:200] if books[n].work != book.work]
        if others:
            return books[rng.choice(others)]
    return None


def table(books: Sequence[Book], rng: random.Random) -> Table:
    """All pairs of the books as numbers; those that turn out to be the same record are left out."""
    rows: list[list[float]] = []
    sure: list[list[float]] = []
    ceilings, labels, works, kinds = [], [], [], []
    for book, seen, facts, same, kind in pairs(books, rng):
        if not same and (facts == book.facts or _alike(book.facts, facts, kind)):
            continue
        found = looks(seen, facts)
        rows.append([np.nan if value is None else value for value in feature_values(found)])
        sure.append([found[name].sure if name in found else 0.0 for name in FIELDS] * 2)
        ceilings.append(ceiling(found))
        labels.append(int(same))
        works.append(
            (book.work, perturbing.work_key(facts)) if kind == "neighbour by title" else (book.work,) * 2
        )
        kinds.append(kind)
    return Table(np.array(rows), np.array(sure), np.array(ceilings), np.array(labels),
                 fitting.clusters([(one, one) for one, _ in works]), kinds)  # fmt: skip


def _alike(own: RecordFacts, other: RecordFacts, kind: str) -> bool:
    """Whether a record of the collection may be one of the same book by another hand."""
    if kind not in ("neighbour by title", "any other record", "number reused"):
        return False
    if kind != "number reused" and {entry.isbn13 for entry in own.isbns} & {e.isbn13 for e in other.isbns}:
        return True
    alike = text.similarity(own.full_title, other.full_title)
    return alike > (0.6 if kind == "number reused" else 0.85)


# --- fitting ---------------------------------------------------------------------------------------------


def _design(data: Table, rows: np.ndarray) -> np.ndarray:
    """Ramps between knots, away from the value that says nothing, times how sure the reading is."""
    columns = [np.ones(len(rows))]
    for place, name in enumerate((*FIELDS, *FIELDS)):
        neutral, knots = KNOTS[name]
        value, sure = data.values[rows, place], data.sure[rows, place]
        known = ~np.isnan(value)
        held, weight = np.where(known, value, neutral), np.where(known, sure, 0.0)
        for low, high in pairwise(knots):
            ramp = np.clip((held - low) / (high - low), 0.0, 1.0)
            columns.append(weight * (ramp if low >= neutral else ramp - 1.0))
    return np.column_stack(columns)


def fit(data: Table, rows: np.ndarray) -> np.ndarray:
    """Coefficients by penalised logistic regression with ramps that only rise.

    More likeness never speaks against a record, and what agrees never does.
    """
    design, labels = _design(data, rows), data.labels[rows]

    def loss(beta: np.ndarray) -> tuple[float, np.ndarray]:
        z = design @ beta
        p = 1.0 / (1.0 + np.exp(-z))
        value = np.logaddexp(0.0, z).sum() - labels @ z + _PULL * (beta[1:] @ beta[1:])
        slope = design.T @ (p - labels) + 2 * _PULL * np.r_[0.0, beta[1:]]
        return float(value), slope

    begin = np.zeros(design.shape[1])
    bounds = [(None, None), *[(0.0, None)] * (len(begin) - 1)]
    return np.asarray(minimize(loss, begin, jac=True, method="L-BFGS-B", bounds=bounds,
                               options={"maxiter": 600}).x)  # fmt: skip


def _curves(beta: np.ndarray) -> list[dict[str, object]]:
    curves, at = [], 1
    for name in (*FIELDS, *FIELDS):
        neutral, knots = KNOTS[name]
        climbed = np.concatenate([[0.0], np.cumsum(beta[at : at + len(knots) - 1])])
        heights = climbed - climbed[knots.index(neutral)]
        curves.append({"x": list(knots), "y": [round(float(h), 4) for h in heights], "missing": 0.0})
        at += len(knots) - 1
    return curves


def unseen(data: Table, seed: int) -> np.ndarray:
    """Log-odds of every row by a model that has not seen its work."""
    from sklearn.model_selection import GroupKFold

    odds = np.zeros(len(data.labels))
    for train, test in GroupKFold(5, shuffle=True, random_state=seed).split(odds, data.labels, data.groups):
        odds[test] = _design(data, test) @ fit(data, train)
    return odds


# --- training and report ---------------------------------------------------------------------------------


def train(files: Sequence[Path], target: Path, provenance: str, seed: int) -> None:
    """Make evidence, judge by folds of whole works, fit on all, write the model and print the report."""
    rng = random.Random(seed)
    books = load(files, rng)
    data = table(books, rng)
    odds = unseen(data, seed)
    scale, shift = fitting.calibrate(odds.reshape(-1, 1), data.labels)
    scores = np.minimum(fitting.probability(scale * odds + shift), data.ceilings)
    report = _report(scores, data)
    beta = fit(data, np.arange(len(data.labels)))
    told = {"data": provenance, "command": "script/train-matching evidence", "books": len(books),
            "pairs": len(data.labels), "works": int(data.groups.max()) + 1, "unseen": report}  # fmt: skip
    fitted = fitting.Fitted(_curves(beta), [], float(beta[0]))
    model = fitted.as_json(scale, shift, {}, told, FEATURES)
    fitting.save(target, model)
    for name, value in report.items():
        print(f"{name:24} {value}")


def _report(scores: np.ndarray, data: Table) -> dict[str, object]:
    labels = data.labels
    by_threshold = []
    for cut in (0.5, 0.7, 0.8, 0.85, 0.9, 0.95, 0.97, 0.98, 0.99, 0.995):
        above = scores >= cut
        wrong = int((above & (labels == 0)).sum())
        low, high = fitting.interval(wrong, int(above.sum()))
        by_threshold.append([cut, round(wrong / max(1, int(above.sum())), 5), round(low, 5), round(high, 5),
                             round(float(above[labels == 1].mean()), 4)])  # fmt: skip
    kinds = sorted(set(data.kinds))
    return {
        "brier": round(fitting.brier(scores, labels), 5),
        "calibration": [[round(v, 3) for v in row] for row in fitting.reliability(scores, labels)],
        "threshold, wrong, coverage": by_threshold,
        "coverage with ISBN read": _with_number(scores, data),
        "above 0.85 by kind": {
            kind: [int(sum(scores[i] >= 0.85 for i in where)), len(where)]
            for kind in kinds
            for where in [[i for i, name in enumerate(data.kinds) if name == kind]]
        },
    }


def _with_number(scores: np.ndarray, data: Table) -> list[list[float]]:
    """Of the own records whose ISBN and title agree with the book's, the share above each threshold."""
    title = data.values[:, FEATURES.index("title with isbn")]
    good = (data.labels == 1) & (title >= 0.84)
    return [[cut, round(float((scores[good] >= cut).mean()), 4)] for cut in (0.85, 0.9, 0.95, 0.98, 0.99)]
