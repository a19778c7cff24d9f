"""Planned trouble: the same for the same seed, one kind a book, nothing without being asked for."""

from __future__ import annotations

import pytest

from workcell.kernel.errors import ConfigError
from workcell.twin import FAULTS, Box, pack, parse_faults, plan_faults, plan_planted_mark


def _plan(box: Box, seed: int) -> list[tuple[str, dict[str, object]]]:
    planned = plan_faults(pack(box, 24, seed), seed, frozenset(FAULTS), box.titles)
    return [(book.title.title_id, dict(book.faults or {})) for book in planned]


def test_every_kind_strikes_one_of_24_books_and_no_book_twice(box: Box) -> None:
    for seed in range(10):
        struck = [faults for _, faults in _plan(box, seed) if faults]
        assert sorted(kind for faults in struck for kind in faults) == sorted(FAULTS)
        assert all(len(faults) == 1 for faults in struck)


def test_the_plan_is_the_same_for_a_seed(box: Box) -> None:
    assert _plan(box, 4) == _plan(box, 4)
    assert _plan(box, 4) != _plan(box, 5)


def test_without_kinds_nothing_is_planned(box: Box) -> None:
    pile = pack(box, 24, 1)
    assert plan_faults(pile, 1, frozenset(), box.titles) == pile


def test_a_wrong_book_is_another_title_and_an_unknown_one_is_in_no_file(box: Box) -> None:
    known = {title.title_id for title in box.titles}
    pile = pack(box, 24, 2)
    planned = plan_faults(pile, 2, frozenset({"wrong_book", "unknown_book"}), box.titles)
    for before, after in zip(pile, planned, strict=True):
        if after.faults and "wrong_book" in after.faults:
            assert after.title.title_id in known - {before.title.title_id}
        if after.faults and "unknown_book" in after.faults:
            assert after.title.title_id not in known


def test_one_wrong_mark_is_planted_for_every_seed_of_a_full_demo() -> None:
    plans = [plan_planted_mark(24, seed) for seed in range(40)]
    assert {plan.kind for plan in plans if plan} == {"foreign_label", "label_fell"}
    assert all(plan is not None and 1 <= plan.at <= 6 for plan in plans)
    assert plan_planted_mark(4, 1) is None


def test_kinds_are_read_from_the_command_line() -> None:
    assert parse_faults("all") == frozenset(FAULTS)
    assert parse_faults("none") == parse_faults("") == frozenset()
    assert parse_faults("jam, weak_tag") == {"jam", "weak_tag"}
    with pytest.raises(ConfigError, match="no such trouble: rain"):
        parse_faults("jam,rain")
