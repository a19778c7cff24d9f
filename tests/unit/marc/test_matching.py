from dataclasses import replace

import pytest
from marc_samples import cnmarc, evidence, marc21

from marc import compare, record_facts
from workcell.kernel.evidence import Face, FieldValue, ImageEvidence, TextLine
from workcell.kernel.model import Verdict

NORMAN = marc21(
    "020    $a9780465050659$qpaperback",
    "100 1  $aNorman, Donald A.,$eauthor.",
    "245 14 $aThe design of everyday things /$cDon Norman.",
    "250    $aRevised and expanded edition.",
    "264  1 $aNew York :$bBasic Books,$c[2013]",
    "300    $axviii, 347 pages ;$c21 cm",
)
NORMAN_LINES = (
    "020    $a9780465050659$qpaperback",
    "100 1  $aNorman, Donald A.,$eauthor.",
    "245 14 $aThe design of everyday things /$cDon Norman.",
    "250    $aSecond edition.",
    "264  1 $aNew York :$bBasic Books,$c[2013]",
    "300    $axviii, 347 pages ;$c21 cm",
)
SEEN = {
    "isbn": "9780465050659", "title": "The Design of Everyday Things", "names": ("Don Norman",),
    "publisher": "Basic Books", "year": "2013", "edition": "Revised and Expanded Edition", "pages": "347",
}  # fmt: skip


def _score(record, **changes) -> float:
    return compare(evidence(**(SEEN | changes)), record_facts(record)).score


def test_the_same_book_scores_above_any_threshold() -> None:
    assert _score(NORMAN) > 0.99


def test_reading_errors_cost_little() -> None:
    noisy = {"title": "The Desiqn of Everyday Th1ngs", "names": ("D0n Norrnan",), "publisher": "Basic 8ooks"}
    assert _score(NORMAN, **noisy) > 0.95


@pytest.mark.parametrize("title", ["Emotional Design", "Salt", ""])
def test_an_isbn_alone_is_never_enough(title: str) -> None:
    assert _score(NORMAN, title=title) < 0.5


OLD = marc21(*(line for line in NORMAN_LINES if not line.startswith("020")))


def test_where_neither_has_an_isbn_title_year_and_imprint_carry_it() -> None:
    assert _score(OLD, isbn="", edition="Second edition") > 0.85
    assert _score(OLD, isbn="", edition="", names=(), publisher="", year="", pages="") < 0.85


def test_an_isbn_that_the_record_has_and_the_book_did_not_show_keeps_it_below_the_threshold() -> None:
    """Nothing else tells another binding or reprint of the same pages."""
    assert _score(NORMAN, isbn="") < 0.85


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"edition": "4th edition"}, "edition"),
        ({"isbn": "9780262640374"}, "isbn"),
        ({"names": ("Jane Austen",)}, "names"),
        ({"year": "1988"}, "year"),
        ({"pages": "120"}, "pages"),
        ({"language": "fre"}, "language"),
    ],
)
def test_what_differs_is_named_and_pulls_down(change: dict, field: str) -> None:
    record = marc21(*NORMAN_LINES, "008 250304s2013    nyu           000 0 eng d")
    found = compare(evidence(**(SEEN | change)), record_facts(record))
    assert found.fields[field].verdict is Verdict.DIFFER
    assert found.fields[field].weight < 0
    assert found.score < _score(record)


def test_another_volume_never_matches() -> None:
    record = marc21(
        "020    $a9780465050659", "245 10 $aThe design of everyday things.$nVolume 2", "100 1  $aNorman, Don."
    )
    assert _score(record, volume="Volume I", edition="") < 0.5
    assert _score(record, volume="Volume II", edition="") > 0.9


def test_an_electronic_record_is_not_the_printed_book() -> None:
    online = marc21(
        *NORMAN_LINES[1:], "020    $z9780465050659", "008 250304s2013    nyu     o     000 0 eng d"
    )
    assert _score(online, edition="") < _score(NORMAN)
    assert compare(evidence(**SEEN), record_facts(online)).fields["carrier"].verdict is Verdict.DIFFER


def test_of_the_numbers_in_a_cip_block_only_the_books_own_counts() -> None:
    other = marc21(
        "020    $a9780399590504$qhardcover", "100 1  $aWestover, Tara.", "245 10 $aEducated :$ba memoir",
        "264  1 $aNew York :$bRandom House,$c[2018]",
    )  # fmt: skip
    seen = evidence(
        isbn="9780399590528", title="Educated", subtitle="A Memoir", names=("Tara Westover",),
        publisher="Random House", isbns=("9780399590528=paperback", "9780399590504=hardcover"),
    )  # fmt: skip
    found = compare(seen, record_facts(other))
    assert found.fields["isbn"].verdict is Verdict.DIFFER
    assert found.score < 0.85


def test_chinese_is_compared_without_spaces_and_through_both_scripts() -> None:
    plain = cnmarc(
        "010    $a978-7-5366-9293-0", "200 1  $a三体$f刘慈欣著", "701  0 $a刘慈欣", "210    $c重庆出版社"
    )
    seen = evidence(isbn="9787536692930", title="三 体", names=("刘 慈欣",), publisher="重庆出版社")
    assert compare(seen, record_facts(plain)).score > 0.99
    paired = marc21(
        "020    $a9787536692930", "100 1  $6880-01$aLiu, Cixin.", "245 10 $6880-02$aSan ti.",
        "880 1  $6100-01/$1$a刘慈欣.", "880 10 $6245-02/$1$a三体.",
    )  # fmt: skip
    assert compare(seen, record_facts(paired)).score > 0.99


def test_one_misread_character_of_a_short_chinese_title_is_doubt_not_difference() -> None:
    record = cnmarc("010    $a978-7-5366-9293-0", "200 1  $a三体$f刘慈欣著", "701  0 $a刘慈欣")
    found = compare(evidence(isbn="9787536692930", title="三休", names=("刘慈欣",)), record_facts(record))
    assert found.fields["title"].verdict is Verdict.DOUBTFUL


def test_what_the_camera_is_unsure_of_weighs_less() -> None:
    seen = evidence(**SEEN)
    faint = replace(seen, fields=seen.fields | {"title": FieldValue(SEEN["title"], "", 0.3, "title_page")})
    sharp, blurred = (compare(e, record_facts(NORMAN)).fields["title"].weight for e in (seen, faint))
    assert 0 < blurred < sharp


@pytest.mark.parametrize("change", [{"year": "2014"}, {"edition": "Third edition"}, {"pages": "500"}])
def test_without_an_isbn_a_telling_difference_keeps_a_record_below_the_threshold(change: dict) -> None:
    assert _score(OLD, **({"isbn": "", "edition": "Second edition"})) > 0.85
    assert _score(OLD, **({"isbn": "", "edition": "Second edition"} | change)) < 0.85


def test_a_unified_book_number_is_as_good_as_an_isbn() -> None:
    held = cnmarc(
        "091    $a10002·53", "200 1  $a傅雷家书$f傅敏编", "701  0 $a傅雷", "210    $c三联书店$d1984"
    )
    other = cnmarc(
        "091    $a10002·99", "200 1  $a傅雷家书$f傅敏编", "701  0 $a傅雷", "210    $c三联书店$d1984"
    )
    printed = TextLine("统一书号：10002 · 53", 0.9, (0, 0, 1, 1))
    seen = replace(
        evidence(title="傅雷家书", names=("傅雷",), publisher="三联书店"),
        images=(ImageEvidence("c.jpg", "0", Face.COPYRIGHT_PAGE, lines=(printed,)),),
    )
    assert compare(seen, record_facts(held)).score > 0.85
    assert compare(seen, record_facts(other)).score < 0.5
