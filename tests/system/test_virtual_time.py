"""The very same conductor and drivers on virtual time: one seed, one history."""

import pytest
from processes import EXAMPLES

from workcell.line.journal import line_folder, verify_chain
from workcell.line.projection import fold
from workcell.twin.virtual import VirtualRun, run_batch_virtually


def _run(folder, seed, books=12):
    folder.mkdir()
    plan = VirtualRun(
        EXAMPLES / "layouts" / "twin.toml",
        EXAMPLES / "profiles" / "en.toml",
        EXAMPLES / "shipments" / "en",
        books,
        seed,
    )
    return run_batch_virtually(plan, folder)


@pytest.mark.timeout(300)
def test_a_batch_run_twice_from_one_seed_gives_one_history(tmp_path):
    first, second = _run(tmp_path / "a", 3), _run(tmp_path / "b", 3)
    assert first == second
    assert verify_chain(line_folder(tmp_path / "a", "twin")) == len(first)
    state = fold(first)
    assert state.counts()["fed"] == 12
    assert not state.in_flight()


def test_another_seed_gives_another_history(tmp_path):
    assert _run(tmp_path / "a", 1, 2) != _run(tmp_path / "b", 2, 2)
