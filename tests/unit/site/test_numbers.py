"""Numbers: one owner for ever, a ledger line for every step, every gap explained."""

import subprocess
import sys
from pathlib import Path

import pytest

from workcell.kernel.errors import BadInput, Refused
from workcell.kernel.profile import NumberRange, Surface
from workcell.site import NumberOwner, NumberState, write_number

REPOSITORY = Path(__file__).parents[3]
CODABAR = NumberRange(scheme="codabar14", institution="3194", first=1000, last=99_999_999)
PLAIN = NumberRange(scheme="plain", prefix="R", width=7)


def owner(book, effect=""):
    return NumberOwner("line-1", "B1", book, effect)


@pytest.mark.parametrize(("institution", "serial", "number"), [("0234", 178, "3"), ("3191", 105, "3")])
def test_a_codabar_number_has_fourteen_digits(institution, serial, number):
    text = write_number(NumberRange(scheme="codabar14", institution=institution), serial)
    assert (len(text), text[0]) == (14, number)


@pytest.mark.parametrize(("payload", "digit"), [("3023400051786", "1"), ("3319100010586", "4")])
def test_the_check_digit_is_that_of_published_numbers(payload, digit):
    range_ = NumberRange(scheme="codabar14", institution=payload[1:5])
    assert write_number(range_, int(payload[5:])) == payload + digit


def test_a_plain_number_is_prefix_and_padded_serial():
    assert write_number(PLAIN, 42) == "R0000042"


def test_asking_again_gives_the_same_number(site, noon):
    first = site.numbers.reserve("item", CODABAR, owner("b1"), noon)
    assert site.numbers.reserve("item", CODABAR, owner("b1"), noon) == first
    assert site.numbers.reserve("item", CODABAR, owner("b2"), noon) != first
    assert site.numbers.reserve("item", CODABAR, owner("b1", "effect-9"), noon) != first


def test_kinds_have_their_own_numbers(site, noon):
    item = site.numbers.reserve("item", CODABAR, owner("b1"), noon)
    accession = site.numbers.reserve("accession", PLAIN, owner("b1"), noon)
    assert (item, accession) == ("33194000010001", "R0000001")


def test_a_number_of_the_catalogue_is_passed_over_and_explained(site, noon):
    number = site.numbers.reserve("item", CODABAR, owner("b1"), noon, lambda n: n.endswith("1000" + n[-1]))
    assert number == write_number(CODABAR, 1001)
    skipped = site.numbers.find(write_number(CODABAR, 1000))
    assert (skipped.state, skipped.reason) == (NumberState.VOIDED, "stands in the catalogue already")


def test_a_used_up_range_is_refused_and_takes_nothing(site, noon):
    tiny = NumberRange(scheme="plain", prefix="T", width=2, first=1, last=2)
    for book in ("b1", "b2"):
        site.numbers.reserve("item", tiny, owner(book), noon)
    with pytest.raises(Refused, match="used up at 2"):
        site.numbers.reserve("item", tiny, owner("b3"), noon)
    wider = NumberRange(scheme="plain", prefix="T", width=2, first=1, last=9)
    assert site.numbers.reserve("item", wider, owner("b3"), noon) == "T03"


def test_two_ranges_that_write_alike_never_give_one_number_twice(site, noon):
    wide = NumberRange(scheme="plain", prefix="R", width=1)
    narrow = NumberRange(scheme="plain", prefix="R", width=2, first=10)
    assert site.numbers.reserve("item", wide.model_copy(update={"first": 10}), owner("b1"), noon) == "R10"
    assert site.numbers.reserve("item", narrow, owner("b2"), noon) == "R11"


def test_a_label_goes_from_printed_to_verified(site, noon):
    number = site.numbers.reserve("item", CODABAR, owner("b1"), noon)
    for step in (site.numbers.printed, site.numbers.applied, site.numbers.verified):
        step(number, Surface.BACK, noon)
        step(number, Surface.BACK, noon)  # said again after a crash
    assert site.numbers.find(number).state is NumberState.VERIFIED
    assert [line.state for line in site.numbers.ledger(number)] == [
        "reserved",
        "printed",
        "applied",
        "verified",
    ]


def test_a_number_is_verified_when_all_its_labels_are(site, noon):
    number = site.numbers.reserve("item", CODABAR, owner("b1"), noon)
    for surface in (Surface.BACK, Surface.TITLE_PAGE):
        site.numbers.printed(number, surface, noon)
        site.numbers.applied(number, surface, noon)
    site.numbers.verified(number, Surface.BACK, noon)
    assert site.numbers.find(number).state is NumberState.APPLIED
    site.numbers.verified(number, Surface.TITLE_PAGE, noon)
    assert site.numbers.find(number).state is NumberState.VERIFIED


def test_steps_can_not_be_left_out(site, noon):
    number = site.numbers.reserve("item", CODABAR, owner("b1"), noon)
    with pytest.raises(Refused, match="reserved and can't become applied"):
        site.numbers.applied(number, Surface.BACK, noon)
    site.numbers.printed(number, Surface.BACK, noon)
    with pytest.raises(Refused, match="printed and can't become verified"):
        site.numbers.verified(number, Surface.BACK, noon)


def test_a_second_print_needs_the_first_label_voided(site, noon):
    number = site.numbers.reserve("item", CODABAR, owner("b1"), noon)
    site.numbers.printed(number, Surface.BACK, noon)
    site.numbers.applied(number, Surface.BACK, noon)
    with pytest.raises(Refused, match="applied and can't become printed"):
        site.numbers.printed(number, Surface.BACK, noon)
    site.numbers.void_label(number, Surface.BACK, "torn", noon)
    site.numbers.printed(number, Surface.BACK, noon)
    assert [(label.attempt, label.state) for label in site.numbers.labels(number)] == [
        (1, NumberState.VOIDED),
        (2, NumberState.PRINTED),
    ]
    assert site.numbers.find(number).state is NumberState.PRINTED


def test_a_voided_number_is_dead_with_its_labels(site, noon):
    number = site.numbers.reserve("item", CODABAR, owner("b1"), noon)
    site.numbers.printed(number, Surface.BACK, noon)
    site.numbers.void(number, "doubtful after a crash", noon)
    site.numbers.void(number, "said again", noon)
    assert site.numbers.find(number).reason == "doubtful after a crash"
    assert site.numbers.labels(number)[0].state is NumberState.VOIDED
    with pytest.raises(Refused, match="voided"):
        site.numbers.applied(number, Surface.BACK, noon)
    with pytest.raises(Refused, match="voided"):
        site.numbers.printed(number, Surface.FRONT, noon)
    assert site.numbers.reserve("item", CODABAR, owner("b1"), noon) != number


def test_every_number_not_in_use_is_explained(site, noon):
    numbers = [site.numbers.reserve("accession", PLAIN, owner(f"b{n}"), noon) for n in range(3)]
    site.numbers.entered(numbers[0], noon)
    site.numbers.entered(numbers[0], noon)
    site.numbers.void(numbers[1], "damaged label", noon, kind="accession")
    assert [(line.number, line.state, line.reason) for line in site.numbers.not_in_use("accession")] == [
        (numbers[1], "voided", "damaged label"),
        (numbers[2], "reserved", ""),
    ]


def test_a_number_is_not_voided_without_a_reason(site, noon):
    number = site.numbers.reserve("item", CODABAR, owner("b1"), noon)
    with pytest.raises(BadInput, match="with a reason"):
        site.numbers.void(number, " ", noon)


def test_an_unknown_number_is_named(site, noon):
    with pytest.raises(BadInput, match="31234567890123: no such item number"):
        site.numbers.printed("31234567890123", Surface.BACK, noon)


def test_a_labelled_number_is_not_entered_by_hand(site, noon):
    number = site.numbers.reserve("item", CODABAR, owner("b1"), noon)
    site.numbers.printed(number, Surface.BACK, noon)
    with pytest.raises(Refused):
        site.numbers.entered(number, noon, kind="item")


def test_numbers_are_found_by_book_and_batch(site, noon):
    number = site.numbers.reserve("item", CODABAR, owner("b1"), noon)
    site.numbers.reserve("accession", PLAIN, owner("b1"), noon)
    site.numbers.reserve("item", CODABAR, owner("b2"), noon)
    assert [line.kind for line in site.numbers.of_book("b1")] == ["accession", "item"]
    assert len(site.numbers.of_batch("B1")) == 3
    assert site.numbers.of_book("b1")[1].number == number


RESERVE = """
import sys
from datetime import UTC, datetime
from workcell.kernel.profile import NumberRange
from workcell.site import NumberOwner, Site
url, line = sys.argv[1:]
site, at = Site.open(url), datetime(2026, 3, 2, tzinfo=UTC)
items = NumberRange(scheme="codabar14", institution="3194")
for book in range(40):
    print(site.numbers.reserve("item", items, NumberOwner(line, "B", f"b{book}"), at), end=" ")
    print(site.sequences.next("CLC", "TP312", f"{line}-{book}", at))
"""


def test_four_processes_never_get_the_same_number(tmp_path):
    url = f"sqlite:///{tmp_path / 'site.db'}"
    processes = [
        subprocess.Popen(
            [sys.executable, "-c", RESERVE, url, f"line-{n}"],
            cwd=REPOSITORY,
            stdout=subprocess.PIPE,
            text=True,
        )
        for n in range(4)
    ]
    rows = [row.split() for process in processes for row in process.communicate(timeout=60)[0].splitlines()]
    assert [process.returncode for process in processes] == [0] * 4
    assert len({number for number, _ in rows}) == 160
    assert sorted(int(sequence) for _, sequence in rows) == list(range(1, 161))
    assert sorted(int(number[5:13]) for number, _ in rows) == list(range(1, 161))
