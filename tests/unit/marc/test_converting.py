import gzip
import json
import shutil
import subprocess

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from marc_mutations import break_some
from marc_samples import cnmarc, marc21, raw_records, shared
from pymarc import JSONReader, Leader, MARCReader, Record, parse_xml_to_array

from marc import fields, read_records, to_iso2709
from marc.converting import convert
from marc.fields import flavour
from marc.record_file import FileFormat
from workcell.kernel.errors import BadInput, StorageFull

FORMATS: tuple[FileFormat, ...] = ("iso2709", "marcxml", "json", "mrk")

ODD = (
    marc21("001 odd1", '245 10 $aPrice {5} \\ backslash :$b<b> & "quoted"', "500    $aA tab\tand a\r\nline"),
    marc21("001 odd2", "245 10 $aE\u0301tude, décomposée et composée", "880 10 $6245-01$a练习曲"),
    cnmarc("100    $a20210923d2021    em y0chiy50      ea", "200 1  $a图书馆学基础$f吴慰慈, 董焱编著"),
)


def _records(path, charset: str = "") -> list[Record]:
    results = list(read_records(path, charset))
    assert [result.problem for result in results if result.problem] == []
    return [result.record for result in results]


def _content(records) -> list:
    return [fields.content(record) for record in records]


def _file(path, records) -> None:
    forms = {"unimarc": "cnmarc", "marc21": "marc21"}
    path.write_bytes(b"".join(to_iso2709(record, forms[flavour(record)]) for record in records))


@pytest.mark.parametrize("there", FORMATS)
@pytest.mark.parametrize("back", FORMATS)
def test_fields_are_the_same_through_every_pair_of_formats(tmp_path, there, back) -> None:
    _file(tmp_path / "in.mrc", ODD)
    first = convert([tmp_path / "in.mrc"], there, tmp_path / "there")
    second = convert([tmp_path / "there"], back, tmp_path / "back")
    assert (first.bad, second.bad) == ([], [])
    assert _content(_records(tmp_path / "back")) == _content(ODD)


@pytest.mark.parametrize("name", ["chinese_marc21.mrc", "cnmarc.mrc", "unimarc.mrc", "marc21.mrc.gz"])
def test_real_records_are_the_same_in_every_format(tmp_path, name: str) -> None:
    data = b"".join(raw_records(shared(name))[:250])
    (tmp_path / "in.mrc").write_bytes(data)
    good = [result.record for result in read_records(tmp_path / "in.mrc") if result.record]
    source = tmp_path / "in.mrc"
    for to in FORMATS:
        done = convert([source], to, tmp_path / f"out.{to}")
        assert done.written == len(good)
        assert _content(r.record for r in read_records(tmp_path / f"out.{to}")) == _content(good), to
        source = tmp_path / f"out.{to}"


_TEXT = st.text(
    st.characters(exclude_categories=["Cs"], exclude_characters="\0\x1b\x1d\x1e\x1f"), max_size=30
)
_CODES = st.sampled_from("abcxyz0189")


@given(st.lists(st.tuples(_CODES, _TEXT), min_size=1, max_size=6), _TEXT, st.sampled_from(FORMATS))
@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_text_comes_back_or_is_refused(tmp_path, parts, control: str, to: FileFormat) -> None:
    record = Record()
    record.leader = Leader("00000nam a2200000 i 4500")
    record.fields = [fields.control_field("001", control), fields.data_field("245", "1\\", parts)]
    (tmp_path / "in.json").write_text(record.as_json(), "utf-8")
    done = convert([tmp_path / "in.json"], to, tmp_path / "out")
    if done.written and not done.bad:
        assert _content(_records(tmp_path / "out", "utf-8")) == _content([record])
    else:
        assert done.bad or done.moved


def test_other_libraries_read_what_was_written(tmp_path) -> None:
    _file(tmp_path / "in.mrc", ODD)
    for to in FORMATS:
        convert([tmp_path / "in.mrc"], to, tmp_path / to)
    with (tmp_path / "iso2709").open("rb") as file:
        assert _content(MARCReader(file, force_utf8=True)) == _content(ODD)
    assert _content(parse_xml_to_array(str(tmp_path / "marcxml"), strict=True)) == _content(ODD)
    with (tmp_path / "json").open("rb") as file:
        assert _content(JSONReader(file)) == _content(ODD)


def test_yaz_reads_what_was_written(tmp_path) -> None:
    if not shutil.which("yaz-marcdump"):
        pytest.skip("yaz-marcdump is not installed")
    records = ODD[1:]
    _file(tmp_path / "in.mrc", records)
    convert([tmp_path / "in.mrc"], "iso2709", tmp_path / "iso2709")
    command = ["yaz-marcdump", "-i", "marc", "-o", "marcxml", str(tmp_path / "iso2709")]
    (tmp_path / "yaz.xml").write_bytes(subprocess.run(command, check=True, capture_output=True).stdout)
    assert _content(parse_xml_to_array(str(tmp_path / "yaz.xml"))) == _content(records)


@pytest.mark.parametrize(
    ("to", "charset"),
    [("iso2709", "gb18030"), ("iso2709", "marc-8"), ("iso2709", "big5"), ("mrk", "gb18030"), ("mrk", "big5")],
)
def test_another_charset_is_written_and_read_back(tmp_path, to, charset: str) -> None:
    record = marc21(
        "008 250304s2019    ch            000 0 chi d",
        "245 10 $aQing cheng zhi lian :$bduan pian",
        "880 10 $6245-01/$1$a傾城之戀 :$b張愛玲短篇小說集",
    )
    _file(tmp_path / "in.mrc", [record])
    done = convert([tmp_path / "in.mrc"], to, tmp_path / "out", to_charset=charset)
    assert (done.written, done.bad, done.warnings) == (1, [], [])
    (told,) = _records(tmp_path / "out", charset)
    assert fields.content(told) == fields.content(record)
    (found,) = read_records(tmp_path / "out")
    assert (found.encoding, found.problem) == (charset, "")
    assert fields.content(found.record) == fields.content(record)


def test_marc8_output_is_what_pymarc_reads(tmp_path) -> None:
    record = marc21(
        "245 10 $aLa société à l'été :$bÅngström, Dvořák, Łódź, þing",
        "246    $aВойна и мир",
        "500    $aαβγ και ελληνικά, H₂O, עברית, 图书館",
    )
    _file(tmp_path / "in.mrc", [record])
    convert([tmp_path / "in.mrc"], "iso2709", tmp_path / "out", to_charset="marc-8")
    with (tmp_path / "out").open("rb") as file:
        (back,) = MARCReader(file)
    assert fields.content(back) == fields.content(record)


def test_latin_text_is_written_as_mrk_in_marc8(tmp_path) -> None:
    record = marc21("245 10 $aLa société {fermée}")
    _file(tmp_path / "in.mrc", [record])
    assert convert([tmp_path / "in.mrc"], "mrk", tmp_path / "out", to_charset="marc-8").warnings == []
    assert _content(_records(tmp_path / "out")) == _content([record])


def test_what_a_charset_lacks_goes_beside_with_a_warning(tmp_path) -> None:
    _file(tmp_path / "in.mrc", [marc21("001 a", "245 10 $aPlain"), marc21("001 b", "245 10 $a😀 book")])
    done = convert([tmp_path / "in.mrc"], "iso2709", tmp_path / "out.mrc", to_charset="marc-8")
    assert (done.written, done.moved, done.bad) == (1, 1, [])
    assert "245" in done.warnings[0]
    assert fields.first(_records(done.beside)[0], "245", "a") == "😀 book"


def test_good_records_are_kept_and_bad_ones_listed_with_place_and_reason(tmp_path) -> None:
    records = [to_iso2709(marc21(f"001 id{n}", f"245 10 $aTitle {n}"), "marc21") for n in range(400)]
    file, broken, healthy = break_some(records, 0.05, np.random.default_rng(3))
    (tmp_path / "in.mrc").write_bytes(file)
    done = convert([tmp_path / "in.mrc"], "json", tmp_path / "out.json")
    ids = {fields.control(record, "001") for record in _records(tmp_path / "out.json")}
    assert {f"id{n}" for n in healthy} <= ids
    assert len(done.bad) >= len(broken)
    for bad in done.bad:
        assert bad.reason
        assert bad.file.endswith("in.mrc")
        assert 0 <= bad.offset < len(file)


def test_control_characters_lost_to_xml_are_a_finding_and_survive_elsewhere(tmp_path) -> None:
    _file(tmp_path / "in.mrc", [marc21("245 10 $aOne\x05two")])
    done = convert([tmp_path / "in.mrc"], "marcxml", tmp_path / "out.xml")
    (bad,) = done.bad
    assert bad.kept
    assert "control characters left out of 245" in bad.reason
    for to in ("json", "mrk"):
        assert convert([tmp_path / "in.mrc"], to, tmp_path / f"out.{to}").bad == []
        assert fields.first(_records(tmp_path / f"out.{to}")[0], "245", "a") == "One\x05two"


def test_a_failed_conversion_leaves_nothing_behind(tmp_path) -> None:
    _file(tmp_path / "in.mrc", ODD)
    (tmp_path / "other.txt").write_text("no records here")
    with pytest.raises(BadInput, match=r"other\.txt"):
        convert([tmp_path / "in.mrc", tmp_path / "other.txt"], "json", tmp_path / "out.json")
    with pytest.raises(StorageFull):
        convert([tmp_path / "in.mrc"], "json", tmp_path / "no" / "out.json")
    with pytest.raises(BadInput, match="no charset"):
        convert([tmp_path / "in.mrc"], "mrk", tmp_path / "out.mrk", to_charset="klingon")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["in.mrc", "other.txt"]


def test_gzipped_input_of_every_format_is_read(tmp_path) -> None:
    _file(tmp_path / "in.mrc", ODD)
    for to in FORMATS:
        convert([tmp_path / "in.mrc"], to, tmp_path / to)
        (tmp_path / f"{to}.gz").write_bytes(gzip.compress((tmp_path / to).read_bytes()))
        assert _content(_records(tmp_path / f"{to}.gz")) == _content(ODD)


def test_the_json_output_is_one_array_of_pymarcs_shape(tmp_path) -> None:
    _file(tmp_path / "in.mrc", ODD[:1])
    convert([tmp_path / "in.mrc"], "json", tmp_path / "out.json")
    (made,) = json.loads((tmp_path / "out.json").read_text("utf-8"))
    assert made["fields"] == json.loads(ODD[0].as_json())["fields"]
