"""Do two records describe the same book: scores, verdicts, and how it does on labelled pairs."""

import csv

import pytest
from marc_samples import cnmarc, marc21, shared
from pymarc import Record

from marc import read_records
from marc.record_pairs import compare_records, default_threshold
from workcell.kernel.model import Verdict

_VIGIL = (
    "008 890208s1965    nyu           000 0 eng d", "100 1  $aBhaduri, Satinatha,$d1906-1965.",
    "245 14 $aThe vigil /$ctranslated by Lila Ray.",
    "260    $aNew York :$bAsia Publishing House,$c1965.", "300    $axii, 212 p. ;$c23 cm.",
)  # fmt: skip
_OTHER_HAND = (
    "008 850513s1965    nyu           000 0 eng d", "100 1  $aBhāduṛī, Satīnātha.", "245 14 $aThe vigil.",
    "260    $aNew York,$bAsia Pub. House$c[1965]", "300    $a212 p.$c24 cm.",
)  # fmt: skip


def _without(lines: tuple[str, ...], tag: str, *more: str) -> Record:
    return marc21(*(line for line in lines if not line.startswith(tag)), *more)


def test_two_hands_cataloguing_one_book_make_the_same() -> None:
    found = compare_records(marc21(*_VIGIL), marc21(*_OTHER_HAND))
    assert found.same()
    assert found.same(default_threshold("few_false"))
    assert found.fields["title"].verdict is Verdict.AGREE
    assert found.fields["year"].verdict is Verdict.AGREE


@pytest.mark.parametrize(
    ("tag", "line", "field"),
    [
        ("245", "245 14 $aThe silence of rivers.", "title"),
        ("300", "300    $a380 p. ;$c30 cm.", "pages"),
    ],
)
def test_what_differs_is_named_and_lowers_the_score(tag: str, line: str, field: str) -> None:
    same = compare_records(marc21(*_VIGIL), marc21(*_OTHER_HAND))
    found = compare_records(marc21(*_VIGIL), _without(_OTHER_HAND, tag, line))
    assert found.fields[field].verdict is Verdict.DIFFER
    assert found.score < same.score


def test_another_author_and_title_of_the_same_year_are_another_book() -> None:
    other = marc21(
        "008 851126s1965    nyu           000 0 eng d", "100 1  $aSanthanam, K.",
        "245 10 $aTransition in India, and other essays", "260    $aNew York,$bAsia Pub. House$c1965.",
        "300    $a292 p.$c22 cm.",
    )  # fmt: skip
    assert not compare_records(marc21(*_VIGIL), other).same()


def test_the_score_does_not_depend_on_which_record_comes_first() -> None:
    one, other = marc21(*_VIGIL), marc21(*_OTHER_HAND)
    assert compare_records(one, other).score == compare_records(other, one).score


def test_a_shared_isbn_speaks_for_one_book_and_two_speak_against() -> None:
    def score(one: str, other: str) -> float:
        return compare_records(marc21(*_VIGIL, one), marc21(*_OTHER_HAND, other)).score

    shared_number, other_number = "020    $a9780140275018", "020    $a9780142001615"
    assert score(shared_number, other_number) < score(shared_number, shared_number)


def test_records_of_two_formats_are_compared() -> None:
    one = cnmarc(
        "200 1  $a三体$f刘慈欣著",
        "701  0 $a刘慈欣",
        "210    $a重庆$c重庆出版社$d2008",
        "215    $a302页$d23cm",
    )
    other = marc21(
        "100 1  $a刘慈欣.",
        "245 10 $a三体 /$c刘慈欣著.",
        "260    $a重庆 :$b重庆出版社,$c2008.",
        "300    $a302页 ;$c23 cm.",
    )
    assert compare_records(one, other).same()


def test_labelled_pairs_are_told_apart() -> None:
    """The model has seen these pairs: this holds it to the package's own code, not to its promise."""
    folder = shared("pairs")
    with (folder / "labels.csv").open(encoding="utf-8", newline="") as file:
        labels = [row["same"] == "1" for row in csv.DictReader(file)][:400]
    sides = [read_records(folder / f"{side}.mrc.gz") for side in "ab"]
    said = [
        compare_records(one.record, other.record).same()
        for one, other, _ in zip(*sides, labels, strict=False)
        if one.record and other.record
    ]
    right = sum(here == truth for here, truth in zip(said, labels, strict=True))
    assert right / len(labels) > 0.98


@pytest.mark.parametrize("more", [("245 14 $aThe vigil.$nVolume 2",), ("250    $aThird edition.",)])
def test_another_volume_or_edition_is_another_book_however_alike(more: tuple[str, ...]) -> None:
    tags = {line[:3] for line in more} | {"300", "260"}
    rest = [line for line in _VIGIL if line[:3] not in tags and not line.startswith("008")]
    imprint = "260    $aNew York :$bAsia Publishing House,$c1971."
    extent, coded = "300    $axii, 260 p. ;$c23 cm.", "008 890208s1971    nyu           000 0 eng d"
    other = marc21(coded, *rest, *more, imprint, extent)
    assert not compare_records(marc21(*_VIGIL), other).same()
