import pytest
from marc_samples import cnmarc, marc21, shared
from pymarc import MARCReader, Record, parse_xml_to_array

from marc import fields, read_records, to_iso2709, write_iso2709, write_marcxml
from workcell.kernel.errors import BadInput, StorageFull


def _content(records) -> list:
    return [fields.content(record) for record in records]


@pytest.mark.parametrize(
    ("name", "form"), [("chinese_marc21.mrc", "marc21"), ("cnmarc.mrc", "cnmarc"), ("unimarc.mrc", "cnmarc")]
)
def test_real_records_come_back_identical_from_both_forms(tmp_path, name: str, form: str) -> None:
    records = [result.record for result in read_records(shared(name)) if result.record]
    iso = write_iso2709(records, tmp_path / "out.mrc", form)
    xml = write_marcxml(records, tmp_path / "out.xml", form)
    assert (iso.written, xml.written, iso.refused, xml.refused) == (len(records), len(records), [], [])
    with (tmp_path / "out.mrc").open("rb") as file:
        assert _content(MARCReader(file, force_utf8=True)) == _content(records)
    assert _content(parse_xml_to_array(str(tmp_path / "out.xml"), strict=True)) == _content(records)


def test_a_cnmarc_record_keeps_its_own_label() -> None:
    data = to_iso2709(cnmarc("200 1  $a题名$f著者"), "cnmarc")
    assert data[9:10] == b" "
    assert data[20:24] == b"450 "
    assert Record(data=data, force_utf8=True)["200"]["a"] == "题名"


def test_a_marc21_record_says_that_it_is_unicode() -> None:
    data = to_iso2709(marc21("245 10 $aTitle"), "marc21")
    assert (data[9:10], data[20:24]) == (b"a", b"4500")


@pytest.mark.parametrize("long", ["x" * 10_000, "题" * 3_400])
def test_what_iso2709_cannot_hold_goes_to_marcxml_with_a_warning(tmp_path, long: str) -> None:
    short = marc21("245 10 $aShort")
    records = [short, marc21("001 long1", "245 10 $aLong", f"520    $a{long}")]
    report = write_iso2709(records, tmp_path / "out.mrc", "marc21")
    assert (report.written, report.moved) == (1, 1)
    assert "long1" in report.warnings[0]
    (back,) = [result.record for result in read_records(report.beside)]
    assert fields.first(back, "520", "a") == long


def test_a_record_over_99999_bytes_is_moved_too(tmp_path) -> None:
    big = marc21("245 10 $aBig", *[f"500    $a{'n' * 9000}" for _ in range(12)])
    report = write_iso2709([big], tmp_path / "out.mrc", "marc21")
    assert (report.written, report.moved) == (0, 1)


def test_control_characters_leave_xml_with_a_warning_and_line_ends_stay(tmp_path) -> None:
    record = marc21("245 10 $aOne\x05two", "500    $aline\r\nline")
    report = write_marcxml([record], tmp_path / "out.xml", "marc21")
    assert "245" in report.warnings[0]
    (back,) = parse_xml_to_array(str(tmp_path / "out.xml"))
    assert (back["245"]["a"], back["500"]["a"]) == ("Onetwo", "line\r\nline")


def test_a_terminator_in_the_text_never_gets_into_a_file(tmp_path) -> None:
    record = marc21("245 10 $aOne\x1etwo")
    with pytest.raises(BadInput, match="245"):
        to_iso2709(record, "marc21")
    report = write_iso2709([record], tmp_path / "out.mrc", "marc21")
    assert report.written == 0
    assert report.moved + len(report.refused) == 1


def test_a_disk_that_refuses_leaves_no_half_file(tmp_path) -> None:
    with pytest.raises(StorageFull):
        write_iso2709([marc21("245 10 $aOne")], tmp_path / "no" / "out.mrc", "marc21")
    assert list(tmp_path.iterdir()) == []
