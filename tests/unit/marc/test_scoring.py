"""Models as they are scored: curves, trees, and what the package's own models promise."""

from itertools import pairwise

import pytest

from marc import scoring
from marc.evidence_features import FEATURES
from marc.record_features import NAMES
from marc.scoring import Curve, Trees


def test_a_curve_runs_straight_between_its_knots_and_level_outside() -> None:
    curve = Curve((0.0, 1.0, 2.0), (-1.0, 1.0, 5.0), 0.25)
    assert [curve(value) for value in (-3.0, 0.0, 0.5, 1.5, 2.0, 9.0)] == [-1.0, -1.0, 0.0, 3.0, 5.0, 5.0]
    assert curve(None) == 0.25


def test_a_tree_sends_what_is_missing_where_it_was_told() -> None:
    trees = Trees((([0, 0.5, 1, 1, 2], -2.0, [1, 3.0, 0, 3, 4], 1.0, 4.0),))
    assert trees([0.4, 0.0]) == -2.0
    assert trees([None, 0.0]) == -2.0
    assert trees([0.6, 3.0]) == 1.0
    assert trees([0.6, None]) == 4.0


def test_probability_and_log_odds_undo_each_other() -> None:
    for share in (0.001, 0.2, 0.5, 0.97):
        assert scoring.probability(scoring.log_odds(share)) == pytest.approx(share)
    assert scoring.probability(1e6) <= 1.0


def test_in_the_model_for_a_book_likeness_never_speaks_against_a_record() -> None:
    model = scoring.load("evidence_match")
    assert model.features == FEATURES
    for name, curve in zip(model.features, model.curves, strict=True):
        assert all(low <= high for low, high in pairwise(curve.heights)), name
        assert curve.missing == 0.0, name
        assert curve.heights[0] <= 0.0 <= curve.heights[-1], name


def test_each_model_says_what_it_was_trained_on_and_how_it_did_on_what_it_had_not_seen() -> None:
    for name, features in (("evidence_match", FEATURES), ("record_pairs", NAMES)):
        model = scoring.load(name)
        assert model.features == features
        assert model.provenance["data"]
        assert model.provenance["unseen"]["brier"] < 0.05
