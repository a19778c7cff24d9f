"""A book's life is the table and nothing else."""

import weakref

import pytest

from workcell.line.life import FINAL, STATES, TABLE, BookLife


def _at(state):
    life = BookLife()
    life.state = state
    return life


@pytest.mark.parametrize("state", STATES)
@pytest.mark.parametrize("trigger", sorted({trigger for trigger, _, _ in TABLE}))
def test_each_trigger_leads_where_the_table_says_or_changes_nothing(state, trigger):
    wanted = next((dest for name, sources, dest in TABLE if name == trigger and state in sources), None)
    life = _at(state)
    if wanted is None:
        with pytest.raises(ValueError, match=f"state {state} can't {trigger}"):
            life.advance(trigger)
        assert life.state == state
    else:
        assert life.advance(trigger) == wanted
    life.forget()


@pytest.mark.parametrize("trigger", ["stamp", "label_barcode", "label_spine", "tag"])
def test_nothing_irreversible_happens_to_a_book_without_a_decision(trigger):
    for state in ("fed", "oriented", "captured", "opened", "diverted"):
        life = _at(state)
        with pytest.raises(ValueError, match="can't"):
            life.advance(trigger)
        life.forget()


def test_no_way_leads_out_of_an_outcome():
    assert not [source for _, sources, _ in TABLE for source in sources if source in FINAL]


def test_only_a_verified_book_is_catalogued():
    assert [sources for trigger, sources, _ in TABLE if trigger == "catalogue"] == [("verified",)]


def test_a_book_whose_story_is_over_is_held_by_nothing():
    life = _at("catalogued")
    life.forget()
    assert (vars(life), life.may("lose")) == ({"state": "catalogued"}, False)
    with pytest.raises(ValueError, match="can't lose"):
        life.advance("lose")
    gone = weakref.ref(life)
    del life
    assert gone() is None
