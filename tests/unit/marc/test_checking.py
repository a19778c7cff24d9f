import json
from pathlib import Path

import pytest
from marc_samples import SHARED, cnmarc, marc21, shared

from marc import quality, read_records, schema, to_iso2709, to_marcxml, validate
from marc.checking import check_file, originals
from workcell.kernel.errors import BadInput

FULL = (
    "001 full1",
    "008 200115t20202019enka     b    001 0 eng d",
    "020    $a9780306406157$qhardback",
    "040    $aXX$beng$erda$cXX",
    "050  4 $aQA76$b.A1 2020",
    "082 04 $a005.1$223",
    "100 1  $aAuthor, Ann,$eauthor.",
    "245 14 $aThe title :$bmore /$cAnn Author.",
    "264  1 $aLondon :$bHouse,$c2020.",
    "264  4 $c©2019",
    "300    $a294 pages :$billustrations ;$c24 cm",
    "336    $atext$btxt$2rdacontent",
    "337    $aunmediated$bn$2rdamedia",
    "338    $avolume$bnc$2rdacarrier",
    "490 1  $aSeries ;$v4",
    "504    $aIncludes bibliographical references and index.",
    "650  0 $aComputers.",
    "700 1  $aOther, Otto.",
    "830  0 $aSeries ;$v4.",
)
CODED = "100    $a20210923d2021    em y0chiy50      ea"
CHINESE = (
    CODED,
    "010    $a978-7-5013-0001-3$dCNY39.00",
    "101 0  $achi",
    "102    $aCN$b110000",
    "105    $ay   z   000yy",
    "200 1  $a图书馆学基础$9tu shu guan xue ji chu$f吴慰慈, 董焱编著",
    "210    $a北京$c国家图书馆出版社$d2021",
    "215    $a263页$c图$d26cm",
    "606 0  $a图书馆学$x高等学校$j教材",
    "690    $aG250$v5",
    "701  0 $a吴慰慈$9wu wei ci$4编著",
    "801  0 $aCN$bNLC$c20210923",
)


def _codes(record, severity: str = "") -> list[tuple[str, str]]:
    return [(f.tag, f.code) for f in validate(record) if severity in ("", f.severity)]


def _with(*changed: str, without: str = "") -> object:
    tags = {line[:3] for line in changed} | {without}
    kept = [line for line in FULL if line[:3] not in tags]
    return marc21(*sorted([*kept, *changed], key=lambda line: line[:3]))


def test_full_records_of_both_formats_have_no_findings() -> None:
    assert validate(marc21(*FULL)) == []
    assert validate(cnmarc(*CHINESE)) == []


@pytest.mark.parametrize(
    ("line", "finding"),
    [
        ("245 14 $aThe title /$cA.$cB.", ("245", "SUBFIELD_REPEATED")),
        ("245 14 $aThe title /$cA.$y2020", ("245", "UNKNOWN_SUBFIELD")),
        ("245 34 $aThe title /$cA.", ("245", "INDICATOR")),
        ("253    $aOnce", ("253", "UNKNOWN_FIELD")),
        ("245 10 $aThe title /$cA.", ("245", "NON_FILING")),
        ("245 15 $aThe title /$cA.", ("245", "NON_FILING")),
        ("245 04 $aThe title /$cA.", ("245", "TITLE_ENTRY")),
        ("245 14 $aThe title /", ("245", "ENDS_IN_SLASH")),
        ("020    $a9780306406158", ("020", "ISBN")),
        ("264  1 $aLondon :$bHouse,$c2011.", ("264", "DATE_DIFFERS")),
        ("041 0  $afre", ("041", "LANGUAGE_DIFFERS")),
        ("041 1  $aeng", ("041", "TRANSLATION")),
        ("650  7 $aComputers.", ("650", "SOURCE_MISSING")),
        ("084    $aG250", ("084", "SOURCE_MISSING")),
        ("300    $a294 pages ;$c24 cm", ("300", "ILLUSTRATIONS")),
        ("300    $c24 cm", ("300", "NO_EXTENT")),
        ("880 14 $6245-01$aНазвание", ("880", "LINK")),
        ("700 1  $6880-02$aOther, Otto.", ("700", "LINK")),
        ("776    $iOnline version:", ("776", "LINK_EMPTY")),
        ("856 40 $uwww.example.org", ("856", "ADDRESS")),
        ("006 short", ("006", "CODED_LENGTH")),
        ("006 m     o  Q        ", ("006", "CODED_VALUE")),
        ("006 !     o  d        ", ("006", "CODED_VALUE")),
        ("007 tx", ("007", "CODED_VALUE")),
        ("007 ta0", ("007", "CODED_LENGTH")),
        ("008 201315t20202019enka     b    001 0 eng d", ("008", "CODED_VALUE")),
        ("008 200115t20202019enka     b    001 9 eng d", ("008", "CODED_VALUE")),
        ("008 200115t2020    enka     b    001 0 eng d", ("008", "DATES")),
        ("008 200115s20202019enka     b    001 0 eng d", ("008", "DATES")),
        ("008 200115t20202019enk      b    001 0 eng d", ("008", "ILLUSTRATIONS")),
        ("008 200115t20202019enka          001 0 eng d", ("008", "BIBLIOGRAPHY")),
    ],
)  # fmt: skip
def test_each_fault_of_a_marc21_record_is_the_one_that_is_found(line: str, finding) -> None:
    assert finding in _codes(_with(line))


@pytest.mark.parametrize(
    ("tag", "finding"),
    [
        ("264", ("264", "NO_PUBLICATION")),
        ("300", ("300", "NO_EXTENT")),
        ("338", ("338", "RDA_TYPES")),
        ("830", ("490", "SERIES_TRACED")),
        ("100", ("245", "TITLE_ENTRY")),
    ],
)
def test_each_gap_of_a_marc21_record_is_found(tag: str, finding) -> None:
    assert _codes(_with(without=tag)) == [finding]


@pytest.mark.parametrize(
    ("line", "finding"),
    [
        ("010    $a978-7-5013-0001-4", ("010", "ISBN")),
        ("010    $a10201·45", ("010", "OLD_NUMBER")),
        ("101 1  $achi", ("101", "TRANSLATION")),
        ("101 0  $aChinese", ("101", "LANGUAGE_CODE")),
        ("105    $ay   z   000y", ("105", "CODED_LENGTH")),
        ("105    $a!   z   000yy", ("105", "CODED_VALUE")),
        ("100    $a20211923d2021    em y0chiy50      ea", ("100", "CODED_VALUE")),
        ("200 1  $a图书馆学基础 /$f吴慰慈", ("200", "PUNCTUATION")),
        ("210    $a北京$c国家图书馆出版社$d2011", ("210", "DATE_DIFFERS")),
        ("225 2  $a丛书", ("225", "SERIES_LINK")),
    ],
)
def test_each_fault_of_a_cnmarc_record_is_found(line: str, finding) -> None:
    kept = [each for each in CHINESE if each[:3] != line[:3]]
    assert _codes(cnmarc(*sorted([*kept, line]))) == [finding]


@pytest.mark.parametrize(
    ("tag", "finding"),
    [("215", "NO_EXTENT"), ("801", "NO_SOURCE"), ("101", "NO_LANGUAGE"), ("690", "NO_CLASS"),
     ("701", "NO_ACCESS_POINT"), ("210", "NO_PUBLICATION")],
)  # fmt: skip
def test_each_gap_of_a_cnmarc_record_is_found(tag: str, finding: str) -> None:
    record = cnmarc(*[line for line in CHINESE if line[:3] != tag])
    assert finding in [code for _, code in _codes(record)]


def test_only_what_we_changed_is_shown() -> None:
    before = _with("245 34 $aThe title /$cA.", "020    $a1234567890")
    after = _with("245 34 $aThe title /$cA.", "020    $a1234567890", "650  7 $aComputers.")
    assert [finding.code for finding in validate(after, before)] == ["SOURCE_MISSING"]
    assert validate(before, before) == []


def test_findings_of_a_file_have_their_places_in_every_format(tmp_path: Path) -> None:
    good, bad = marc21(*FULL), _with("245 34 $aThe title /$cA.")
    iso = [to_iso2709(record, "marc21") for record in (good, bad)]
    (tmp_path / "some.mrc").write_bytes(iso[0] + b"broken\x1d" + iso[1])
    checked = list(check_file(tmp_path / "some.mrc"))
    assert [(each.n, each.offset) for each in checked] == [
        (0, 0), (1, len(iso[0])), (2, len(iso[0]) + 7)
    ]  # fmt: skip
    assert [[finding.code for finding in each.findings] for each in checked] == [
        [], ["UNREADABLE"], ["INDICATOR"]
    ]  # fmt: skip
    (tmp_path / "some.xml").write_text(to_marcxml(bad, "marc21"), "utf-8")
    (other,) = check_file(tmp_path / "some.xml")
    assert [finding.code for finding in other.findings] == ["INDICATOR"]


def test_a_changed_file_is_compared_with_the_original_by_id(tmp_path: Path) -> None:
    before, after = _with("245 34 $aThe title /$cA."), _with("245 34 $aThe title /$cA.", "020    $a99")
    (tmp_path / "before.mrc").write_bytes(to_iso2709(before, "marc21"))
    (tmp_path / "after.mrc").write_bytes(to_iso2709(after, "marc21"))
    (checked,) = check_file(tmp_path / "after.mrc", originals(tmp_path / "before.mrc"))
    assert [finding.code for finding in checked.findings] == ["ISBN"]


def test_slices_and_records_have_the_same_findings_on_real_files() -> None:
    for name in ("chinese_marc21.mrc", "cnmarc.mrc", "unimarc.mrc"):
        results = {result.n: result for result in read_records(shared(name))}
        for checked in check_file(shared(name)):
            record = results[checked.n].record
            told = [f for f in checked.findings if f.code not in ("UNREADABLE", "DAMAGED")]
            assert told == ([] if record is None else validate(record))


@pytest.mark.timeout(20)
@pytest.mark.parametrize(
    "path", sorted(SHARED.glob("hostile/*")) or [None], ids=lambda p: p.name[:60] if p else "-"
)
def test_hostile_files_are_checked_to_the_end_with_the_readers_verdicts(path: Path | None) -> None:
    if path is None:
        pytest.skip("shared hostile files are not here")
    try:
        expected = [(result.n, result.offset, result.record is None) for result in read_records(path)]
    except BadInput:
        with pytest.raises(BadInput):
            list(check_file(path))
        return
    assert [(each.n, each.offset, each.score is None) for each in check_file(path)] == expected


def test_an_avram_schema_takes_the_place_of_ours(tmp_path: Path) -> None:
    own = {
        "fields": {
            "LDR": {"positions": {"05": {"start": 5, "end": 5, "codes": {"n": {}}}}},
            "001": {"required": True},
            "008": {"positions": {"00-05": {"start": 0, "end": 5, "pattern": "[0-9]{6}"}}},
            "245": {
                "repeatable": False,
                "indicator1": None,
                "indicator2": {"pattern": "[0-9]"},
                "subfields": {"a": {"repeatable": False}},
            },
            "500": {"required": True, "subfields": {"a": {}}},
        }
    }
    (tmp_path / "own.json").write_text(json.dumps(own))
    (tmp_path / "some.mrc").write_bytes(to_iso2709(marc21("245 10 $aTitle$bmore"), "marc21"))
    (checked,) = check_file(tmp_path / "some.mrc", own=schema.from_avram(tmp_path / "own.json"))
    found = {(finding.tag, finding.code) for finding in checked.findings}
    assert {("245", "UNKNOWN_SUBFIELD"), ("245", "INDICATOR"), ("500", "MISSING_FIELD")} <= found
    (tmp_path / "bad.json").write_text('{"fields": {"245": 5}}')
    with pytest.raises(BadInput, match="Avram"):
        schema.from_avram(tmp_path / "bad.json")


def test_a_public_avram_schema_agrees_with_ours_on_real_records(tmp_path: Path) -> None:
    avram = SHARED.parents[1] / "reference" / "avram" / "marc21-bibliographic.json"
    if not avram.exists():
        pytest.skip("the shared Avram schema is not here")
    theirs = schema.from_avram(avram)
    shared_codes = {"INDICATOR", "UNKNOWN_SUBFIELD", "SUBFIELD_REPEATED", "NOT_REPEATABLE"}
    path = shared("chinese_marc21.mrc")
    for mine, other in zip(check_file(path), check_file(path, own=theirs), strict=True):
        here = {(f.tag, f.code) for f in mine.findings if f.code in shared_codes and f.tag != "880"}
        there = {(f.tag, f.code) for f in other.findings if f.code in shared_codes}
        assert here <= there


def test_the_score_counts_what_every_book_has_and_what_is_there() -> None:
    full = quality.score(marc21(*FULL))
    assert (full.value, full.missing) == (100.0, ())
    brief = quality.score(marc21("245 10 $aTitle", level="7"))
    assert 10 < brief.value < 35
    assert brief.missing[:3] == ("020", "264", "1XX or 7XX")
    assert quality.score(_with(without="300")).value == pytest.approx(100 * (1 - 43 / 723), abs=3)
    assert quality.score(_with(without="490")).value == 100.0
    assert quality.score(cnmarc(*CHINESE)).missing == ()


def test_the_gate_says_what_a_brief_record_lacks() -> None:
    assert quality.too_brief(marc21(*FULL), 99.0) == ""
    assert quality.too_brief(marc21("245 10 $aTitle", level="7"), 0.0) == ""
    said = quality.too_brief(marc21("245 10 $aTitle", level="7"), 60.0)
    assert "60 are asked; it lacks 020, 264" in said
