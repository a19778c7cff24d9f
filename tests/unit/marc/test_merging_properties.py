"""What no overlay may ever do, over records made at random."""

from collections import Counter
from datetime import date

from hypothesis import given, settings
from hypothesis import strategies as st
from marc_samples import cnmarc, evidence, marc21, profile

from marc import fill_gaps, house_rules, overlay, record_facts
from marc.fields import content, copy_record, first, values
from marc.levels import fullness
from marc.transcribing import transcribe

WHEN = date(2026, 5, 4)
_WORDS = st.text(alphabet="abcde 中文", min_size=1, max_size=8).map(str.strip).filter(bool)
_LEVELS = st.sampled_from([" ", "1", "5", "7", "3", "8", "u"])


def _lines(tags: list[str]) -> st.SearchStrategy[list[str]]:
    """Field lines with these tags, in any number."""
    line = st.builds("{}    $a{}$p{}".format, st.sampled_from(tags), _WORDS, st.integers(1, 99).map(str))
    return st.lists(line, max_size=8)


_ANY = _lines(["020", "500", "520", "590", "650", "700", "905", "949", "952", "960", "990"])


@st.composite
def _marc21(draw, number: str):
    return marc21(f"001 {number}", "245 10 $aA title.", *draw(_ANY), level=draw(_LEVELS))


@st.composite
def _cnmarc(draw, number: str):
    lines = draw(_lines(["010", "300", "330", "606", "701", "905", "995", "990"]))
    return cnmarc(f"001 {number}", "200 1  $a题名", *lines, level=draw(st.sampled_from([" ", "1", "2", "3"])))


def _held(record, tags: tuple[str, ...]) -> Counter:
    return Counter(repr(field) for field in content(record) if field[0].startswith(tags))


@settings(max_examples=60)
@given(_marc21("ours"), _marc21("theirs"))
def test_overlay_keeps_every_item_order_and_protected_field_and_takes_none_of_theirs(ours, theirs) -> None:
    made = overlay(ours, house_rules(theirs, profile("en"), WHEN), profile("en"))
    assert first(made, "001", "") == "" and record_facts(made).record_id == "ours"
    for tag in ("852", "905", "949", "952", "995", "590", "990"):
        if tag in ("952", "905", "949") or _held(ours, (tag,)):
            assert _held(made, (tag,)) == _held(ours, (tag,))


@settings(max_examples=60)
@given(_cnmarc("ours"), _cnmarc("theirs"))
def test_overlay_keeps_the_copies_of_a_chinese_library(ours, theirs) -> None:
    library = profile("zh")
    made = overlay(ours, house_rules(theirs, library, WHEN), library)
    assert _held(made, ("905", "995")) == _held(ours, ("905", "995"))
    assert record_facts(made).items == record_facts(ours).items


@settings(max_examples=60)
@given(_marc21("ours"), _marc21("theirs"))
def test_a_record_never_becomes_less_full(ours, theirs) -> None:
    before = fullness(ours)
    made = overlay(ours, theirs, profile("en"))
    assert fullness(made) >= before
    if fullness(theirs) < before:
        assert _held(made, ("",)) >= _held(ours, ("",))


@settings(max_examples=60)
@given(_marc21("ours"), _marc21("theirs"))
def test_filling_gaps_adds_and_takes_nothing_away(ours, theirs) -> None:
    made = fill_gaps(ours, theirs)
    assert _held(made, ("",)) >= _held(ours, ("",))
    assert str(made.leader) == str(ours.leader)


@settings(max_examples=60)
@given(_marc21("ours"), _marc21("theirs"))
def test_overlaying_twice_is_overlaying_once(ours, theirs) -> None:
    once = overlay(ours, theirs, profile("en"))
    assert _held(overlay(once, theirs, profile("en")), ("",)) == _held(once, ("",))


@settings(max_examples=60)
@given(_marc21("ours"), _marc21("theirs"))
def test_the_records_given_are_left_as_they_are(ours, theirs) -> None:
    before = content(copy_record(ours)), content(copy_record(theirs))
    overlay(ours, theirs, profile("en"))
    house_rules(theirs, profile("en"), WHEN)
    transcribe(theirs, evidence(title="A TITLE", subtitle="more", year="2020"))
    assert (content(ours), content(theirs)) == before


def test_the_han_form_of_a_protected_field_stays_linked_to_it() -> None:
    ours = marc21("001 ours", "245 10 $6880-01$aA.", "590    $6880-02$aBi ji.",
                  "880 10 $6245-01/(B$a甲.", "880    $6590-02/(B$a笔记.", level="5")  # fmt: skip
    theirs = marc21("245 10 $6880-01$aA.", "250    $6880-02$aDi 2 ban.", "880 10 $6245-01/(B$a甲.",
                    "880    $6250-02/(B$a第2版.")  # fmt: skip
    made = overlay(ours, theirs, profile("en"))
    assert values(made, "590", "6") == ["880-03"]
    assert values(made, "880", "6") == ["245-01/(B", "250-02/(B", "590-03/(B"]


# --- order of truth ----------------------------------------------------------------------------------------

PAGE = evidence(
    title="The Underland", subtitle="A Deep Time Journey", responsibility="Robert Macfarlane", year="2019",
    height=241.0, language="eng",
)  # fmt: skip


def test_the_printed_page_beats_a_vendors_capitals_gaps_and_planned_date() -> None:
    vendor = marc21("008 180304s2018    nyu           000 0 eng d", "245 10 $aTHE UNDERLAND.",
                    "264  1 $aNew York :$bNorton,$c2018.", "300    $a488 pages", level="3")  # fmt: skip
    made = transcribe(vendor, PAGE)
    assert str(made["245"]) == "=245  14$aThe Underland :$bA Deep Time Journey /$cRobert Macfarlane."
    assert made["264"]["c"] == "2019."
    assert made["008"].data[6:11] == "s2019"
    assert str(made["300"]) == "=300  \\\\$a488 pages ;$c25 cm"


def test_a_full_record_keeps_its_date_and_another_title_is_left_alone() -> None:
    full = marc21("245 10 $aOverland.", "264  1 $aNew York :$bNorton,$c2018.", "300    $a488 pages ;$c24 cm")
    assert content(transcribe(full, PAGE)) == content(full)


def test_a_letter_that_differs_may_be_the_readers_mistake() -> None:
    vendor = marc21("245 14 $aThe Underlamd /$cRobert Macfarlane.", level="3")
    assert transcribe(vendor, PAGE)["245"]["a"] == "The Underlamd /"


def test_a_chinese_vendors_record_gets_subtitle_and_statement() -> None:
    vendor = cnmarc("200 1  $a长安的荔枝", "210    $a长沙$c湖南文艺出版社$d2021", "215    $a222页", level="3")
    seen = evidence(title="长安的荔枝", responsibility="马伯庸著", year="2022.10", height=205.0)
    made = transcribe(vendor, seen)
    assert str(made["200"]) == "=200  1\\$a长安的荔枝$f马伯庸著"
    assert made["210"]["d"] == "2022"
    assert str(made["215"]) == "=215  \\\\$a222页$d21cm"
