"""Pre-printed rolls, reprints, and the ledger's summary."""

import pytest

from workcell.kernel.errors import BadInput, Refused
from workcell.kernel.number_ranges import serial_of
from workcell.kernel.profile import NumberRange, Surface
from workcell.site import NumberOwner, write_number

ROLL = NumberRange(scheme="codabar14", institution="3194", first=500, last=503)
FIRST, SECOND, THIRD, LAST = (write_number(ROLL, serial) for serial in range(500, 504))


def owner(book):
    return NumberOwner("line", "b", book)


@pytest.fixture
def roll(site, noon):
    return site.rolls.register("item", ROLL, "anna", noon)


def test_a_number_is_read_back_only_with_its_check_digit():
    assert serial_of(ROLL, FIRST) == 500
    assert serial_of(ROLL, FIRST[:-1] + str((int(FIRST[-1]) + 1) % 10)) is None
    assert serial_of(ROLL, FIRST[:-1]) is None
    assert serial_of(ROLL, write_number(ROLL, 504)) is None
    plain = NumberRange(scheme="plain", prefix="EA", width=5, first=1)
    assert (serial_of(plain, "EA00042"), serial_of(plain, "EA42"), serial_of(plain, "WE00042")) == (
        42, None, None,
    )  # fmt: skip


def test_a_scanned_number_of_the_roll_is_the_copys_from_then_on(site, noon, roll):
    for _ in range(2):
        assert site.numbers.assign("item", SECOND, owner("b-1"), noon) == SECOND
    site.numbers.printed(SECOND, Surface.BACK, noon)
    site.numbers.applied(SECOND, Surface.BACK, noon)
    site.numbers.verified(SECOND, Surface.BACK, noon)
    assert site.numbers.find(SECOND).state == "verified"
    (roll,) = site.rolls.all()
    assert (roll.used, roll.left, site.rolls.skipped(roll)) == (1, 3, [FIRST])


def test_a_label_of_another_copy_or_of_no_roll_is_refused(site, noon, roll):
    site.numbers.assign("item", FIRST, owner("b-1"), noon)
    with pytest.raises(Refused, match="reserved for b-1"):
        site.numbers.assign("item", FIRST, owner("b-2"), noon)
    with pytest.raises(Refused, match=f"has {FIRST} already"):
        site.numbers.assign("item", SECOND, owner("b-1"), noon)
    with pytest.raises(BadInput, match="on no registered roll"):
        site.numbers.assign("item", write_number(ROLL, 504), owner("b-3"), noon)


def test_a_number_that_the_catalogue_has_is_voided_and_explained(site, noon, roll):
    with pytest.raises(Refused, match="stands in the catalogue"):
        site.numbers.assign("item", FIRST, owner("b-1"), noon, taken=lambda number: True)
    assert site.numbers.find(FIRST).reason == "stands in the catalogue already"
    assert site.numbers.assign("item", SECOND, owner("b-1"), noon) == SECOND


def test_a_spoilt_label_is_explained_and_never_given(site, noon, roll):
    site.numbers.assign("item", LAST, owner("b-1"), noon)
    site.numbers.spoil("item", FIRST, "torn off", noon)
    (roll,) = site.rolls.all()
    assert site.rolls.skipped(roll) == [SECOND, THIRD]
    with pytest.raises(Refused, match="voided"):
        site.numbers.assign("item", FIRST, owner("b-2"), noon)


def test_a_roll_is_registered_once_and_overlaps_nothing(site, noon, roll):
    assert site.rolls.register("item", ROLL, "bert", noon) == roll
    with pytest.raises(Refused, match="overlaps roll 1"):
        site.rolls.register("item", ROLL.model_copy(update={"first": 503, "last": 600}), "anna", noon)
    given = ROLL.model_copy(update={"first": 1000, "last": 2000})
    site.numbers.reserve("item", given, owner("b-9"), noon)
    with pytest.raises(Refused, match="given out already"):
        site.rolls.register("item", given, "anna", noon)


def test_numbers_of_a_roll_are_passed_over_by_the_counter(site, noon, roll):
    site.numbers.assign("item", FIRST, owner("b-1"), noon)
    wide = ROLL.model_copy(update={"last": 9999})
    assert site.numbers.reserve("item", wide, owner("b-2"), noon) == write_number(ROLL, 504)


def test_a_label_is_printed_again_only_when_the_one_before_is_void(site, noon):
    number = site.numbers.reserve("item", ROLL, owner("b-1"), noon)
    site.numbers.printed(number, Surface.BACK, noon)
    site.numbers.applied(number, Surface.BACK, noon)
    with pytest.raises(Refused):
        site.numbers.printed(number, Surface.BACK, noon)
    site.numbers.void_label(number, Surface.BACK, "smeared", noon)
    site.numbers.printed(number, Surface.BACK, noon)
    labels = site.numbers.labels(number)
    assert [(label.state, label.reason) for label in labels] == [("voided", "smeared"), ("printed", "")]


def test_the_summary_counts_every_state_of_every_range(site, noon, roll):
    site.numbers.assign("item", FIRST, owner("b-1"), noon)
    site.numbers.spoil("item", THIRD, "torn", noon)
    (summary,) = site.numbers.summary()
    assert (summary.first, summary.last) == (500, 502)
    assert {state.value: count for state, count in summary.states.items()} == {"reserved": 1, "voided": 1}
