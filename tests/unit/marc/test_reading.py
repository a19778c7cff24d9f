import gzip
from pathlib import Path

import pytest
from marc_samples import SHARED, cnmarc, marc21, shared
from pymarc import Record

from marc import fields, flavour, read_records, to_iso2709, to_marcxml
from marc.writing import write_marcxml
from workcell.kernel.errors import BadInput


def _read(path: Path, data: bytes) -> list:
    path.write_bytes(data)
    return list(read_records(path))


def _encoded(record: Record, encoding: str, coding: str) -> bytes:
    """The record's bytes in another encoding, lengths made right."""
    directory, area = b"", b""
    for field in record.fields:
        if field.control_field:
            data = (field.data or "").encode(encoding)
        else:
            data = "".join(field.indicators).encode()
            data += b"".join(b"\x1f" + p.code.encode() + p.value.encode(encoding) for p in field.subfields)
        data += b"\x1e"
        directory += f"{field.tag}{len(data):04d}{len(area):05d}".encode()
        area += data
    base = 24 + len(directory) + 1
    leader = str(record.leader)
    head = f"{base + len(area) + 1:05d}{leader[5:9]}{coding}22{base:05d}{leader[17:]}".encode()
    return head + directory + b"\x1e" + area + b"\x1d"


CHINESE = cnmarc(
    "100    $a20210923d2021    em y0chiy50      ea",
    "101 0  $achi",
    "200 1  $a图书馆学基础$f吴慰慈, 董焱编著",
    "210    $a北京$c国家图书馆出版社$d2021",
    "330    $a本书系统论述图书馆学的基本理论问题。",
)


@pytest.mark.parametrize("name", ["utf-8", "gb18030"])
def test_cnmarc_with_a_blank_leader_09_is_never_read_as_marc8(tmp_path, name: str) -> None:
    (result,) = _read(tmp_path / "cn.mrc", _encoded(CHINESE, name, " "))
    assert (result.problem, result.encoding) == ("", name)
    assert fields.content(result.record) == fields.content(CHINESE)


def test_big5_is_told_from_gb18030(tmp_path) -> None:
    record = marc21(
        "008 250304s2019    ch            000 0 chi d",
        "245 10 $a傾城之戀 :$b張愛玲短篇小說集",
        "264  1 $a臺北市 :$b皇冠文化出版有限公司,$c2010.",
        "520    $a本書收錄作者早期的短篇小說，內容以上海與香港兩地為背景。",
    )
    (result,) = _read(tmp_path / "big5.mrc", _encoded(record, "big5", " "))
    assert (result.problem, result.encoding) == ("", "big5")
    assert fields.content(result.record) == fields.content(record)


def test_a_few_gbk_characters_that_happen_to_be_valid_utf8_are_read_as_chinese(tmp_path) -> None:
    record = cnmarc("100    $a20210923d2021    em y0chiy50      ea", "200 1  $a诗史")
    data = _encoded(record, "gb18030", " ")
    data.decode("utf-8")  # valid by accident: that is the trap
    (result,) = _read(tmp_path / "gbk.mrc", data)
    assert fields.first(result.record, "200", "a") == "诗史"


def test_cyrillic_in_a_code_page_is_refused_rather_than_guessed(tmp_path) -> None:
    record = marc21("008 250304s2019    ru            000 0 rus d", "245 10 $aСудьбы разведчиков")
    (result,) = _read(tmp_path / "cp1251.mrc", _encoded(record, "cp1251", " "))
    assert result.record is None
    assert "language is rus" in result.problem


def test_latin1_declared_as_utf8_is_refused(tmp_path) -> None:
    record = marc21("245 10 $aLa société")
    (result,) = _read(tmp_path / "latin1.mrc", _encoded(record, "latin-1", "a"))
    assert result.record is None
    assert "e9" in result.problem


def test_marc8_with_diacritics_and_greek_is_decoded() -> None:
    from marc import marc8

    assert marc8.decode(b"La soci\xe2et\xe2e") == "La société"
    assert marc8.decode(b"\x1bgabc\x1bs") == "αβγ"
    with pytest.raises(marc8.NotMarc8):
        marc8.decode(b"\xff")
    with pytest.raises(marc8.NotMarc8):
        marc8.decode(b"soci\xe2")


def test_marc8_agrees_with_pymarc_on_real_records() -> None:
    from pymarc.marc8 import marc8_to_unicode

    from marc import marc8

    path = shared("hostile/indexdata__yaz__test_marc-files_marc8.marc")
    parts = [part[1:].split(b"\x1e")[0] for part in path.read_bytes().split(b"\x1f")[1:]]
    escaped = [part for part in parts if b"\x1b" in part]
    assert escaped
    assert [marc8.decode(part) for part in parts] == [marc8_to_unicode(part) for part in parts]


def test_marcxml_with_and_without_prefix_and_with_one_broken_record(tmp_path) -> None:
    one, two = marc21("245 10 $aOne & other <things>"), marc21("001 rec2", "245 10 $aTwo")
    xml = to_marcxml(one, "marc21") + "<record><leader>broken</record>" + to_marcxml(two, "marc21")
    plain = _read(tmp_path / "a.xml", f"<collection>{xml}</collection>".encode())
    assert [bool(result.record) for result in plain] == [True, False, True]
    assert plain[1].offset == len("<collection>") + len(to_marcxml(one, "marc21").encode())
    prefixed = xml.replace("<", "<marc:").replace("<marc:/", "</marc:").replace("&lt;marc:", "&lt;")
    again = _read(
        tmp_path / "b.xml", f"<marc:collection xmlns:marc='x'>{prefixed}</marc:collection>".encode()
    )
    assert [result.record is not None for result in again] == [True, False, True]
    assert fields.content(again[0].record) == fields.content(one)


def test_xml_with_entities_of_its_own_is_refused(tmp_path) -> None:
    bomb = (
        b'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a "aaaa">]><collection><record>&a;</record></collection>'
    )
    with pytest.raises(BadInput, match="document type"):
        _read(tmp_path / "bomb.xml", bomb)


@pytest.mark.parametrize("data", [b"", b"\x89PNG\r\n\x1a\nnot marc at all", b"title,author\nCod,Kurlansky\n"])
def test_what_is_no_record_file_is_refused_in_one_line(tmp_path, data: bytes) -> None:
    with pytest.raises(BadInput) as caught:
        _read(tmp_path / "other.bin", data)
    assert "\n" not in str(caught.value)
    assert "other.bin" in str(caught.value)


def test_a_missing_file_and_a_cut_gzip_are_refused(tmp_path) -> None:
    with pytest.raises(BadInput, match="no such file"):
        list(read_records(tmp_path / "nowhere.mrc"))
    with pytest.raises(BadInput, match="can't be read"):
        _read(tmp_path / "cut.mrc.gz", gzip.compress(to_iso2709(CHINESE, "cnmarc") * 500)[:-20])


def test_a_gzipped_file_reads_like_the_plain_one(tmp_path) -> None:
    data = to_iso2709(CHINESE, "cnmarc") * 3
    assert len(_read(tmp_path / "x.gz", gzip.compress(data))) == 3


def test_flavours_are_told_apart_on_real_records() -> None:
    for name, expected in (
        ("cnmarc.mrc", "unimarc"),
        ("unimarc.mrc", "unimarc"),
        ("chinese_marc21.mrc", "marc21"),
    ):
        kinds = {flavour(result.record) for result in read_records(shared(name)) if result.record}
        assert kinds == {expected}, name


@pytest.mark.timeout(20)
@pytest.mark.parametrize(
    "path", sorted(SHARED.glob("hostile/*")) or [None], ids=lambda p: p.name[:60] if p else "-"
)
def test_hostile_files_neither_crash_nor_corrupt_silently(path: Path | None, tmp_path, capsys) -> None:
    if path is None:
        pytest.skip("shared hostile files are not here")
    try:
        results = list(read_records(path))
    except BadInput:
        return
    assert results
    for result in results:
        assert result.record is not None or result.problem
    kept = [result.record for result in results if result.record is not None]
    texts = [str(fields.content(record)) for record in kept]
    lost_here = sum(text.count("\ufffd") for text in texts)
    assert lost_here <= path.read_bytes().count("\ufffd".encode())
    write_marcxml(kept, tmp_path / "out.xml", "marc21")
    assert capsys.readouterr() == ("", "")


def test_latin1_without_a_declaration_is_refused_where_it_would_read_as_marc8(tmp_path) -> None:
    record = marc21(
        "008 250304s2019    fr            000 0 fre d", "245 10 $aRepérage précis des sérums préférés"
    )
    (result,) = _read(tmp_path / "latin1.mrc", _encoded(record, "latin-1", " "))
    assert result.record is None
    assert "Latin-1" in result.problem


def test_escape_sequences_in_a_utf8_record_are_a_finding(tmp_path) -> None:
    record = marc21("245 10 $aTitle \x1b$1!0!\x1b(B")
    (result,) = _read(tmp_path / "mixed.mrc", _encoded(record, "utf-8", "a"))
    assert result.record is not None
    assert "escape" in result.problem


def test_a_gb18030_record_that_says_so_may_have_rare_characters(tmp_path) -> None:
    title = "龘靐齉齾集注与研究文献"
    told = cnmarc("100    $a20210923d2021    em y0chiy0110    ea", f"200 1  $a{title}")
    (result,) = _read(tmp_path / "rare.mrc", _encoded(told, "gb18030", " "))
    assert (result.encoding, fields.first(result.record, "200", "a")) == ("gb18030", title)
    mute = cnmarc("100    $a20210923d2021    em y0chiy      ea", f"200 1  $a{title}")
    (result,) = _read(tmp_path / "mute.mrc", _encoded(mute, "gb18030", " "))
    assert result.record is None
    assert "neither" in result.problem
