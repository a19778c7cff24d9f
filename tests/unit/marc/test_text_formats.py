import json
from pathlib import Path

import pytest
from marc_samples import cnmarc, marc21

from marc import fields, line_format, mnemonics, read_records
from marc.marc_json import as_json
from workcell.kernel.errors import BadInput

_LEADER = "00000nam a2200000 i 4500"
ONE = marc21("001 one", '245 10 $aOne {"leader": "not a record"}')
TWO = marc21("001 two", "245 10 $aTwo")


def _read(path: Path, text: str | bytes) -> list:
    path.write_bytes(text.encode("utf-8") if isinstance(text, str) else text)
    return list(read_records(path))


def _content(results) -> list:
    return [fields.content(result.record) for result in results]


@pytest.mark.parametrize(
    "text",
    [
        f"[{as_json(ONE)}, {as_json(TWO)}]",
        f"{as_json(ONE)}\n{as_json(TWO)}\n",
        f"\ufeff{as_json(ONE)}\r\n\r\n{as_json(TWO)}",
        json.dumps([ONE.as_dict(), TWO.as_dict()], indent=2, sort_keys=True),
        f"{json.dumps(ONE.as_dict(), indent=1)}{json.dumps(TWO.as_dict(), indent=1)}",
    ],
)
def test_json_is_read_as_an_array_as_objects_and_as_lines(tmp_path, text: str) -> None:
    assert _content(_read(tmp_path / "some", text)) == [fields.content(ONE), fields.content(TWO)]


@pytest.mark.parametrize(
    ("broken", "reason"),
    [
        ('{"leader":LEADER,"fields":[{"001":"x"}', "not"),
        ('{"leader":LEADER,"fields":[{"001":"x" "y"}]}', "not well-formed"),
        ('{"leader":LEADER,"fields":[]}', "without fields"),
        ('{"leader":7,"fields":[{"001":"x"}]}', "leader is not text"),
        ('{"leader":"00000nam a2200000 i 4500 too long","fields":[{"001":"x"}]}', "24 characters"),
        ('{"leader":LEADER,"fields":[{"24":{"subfields":[]}}]}', "three characters"),
        ('{"leader":LEADER,"fields":[{"245":{"ind1":"12","subfields":[]}}]}', "indicator"),
        ('{"leader":LEADER,"fields":[{"245":{"subfields":[{"ab":"x"}]}}]}', "a code"),
        ('{"leader":LEADER,"fields":[{"245":{"subfields":[{"a":"x","a":"y"}]}}]}', "twice"),
        ('{"leader":LEADER,"fields":[{"245":{"subfields":[{"a":"\\ud800"}]}}]}', "UTF-8"),
        (b'{"leader":LEADER,"fields":[{"001":"caf\xe9"}]}', "e9"),
    ],
)  # fmt: skip
def test_a_broken_json_record_stays_alone(tmp_path, broken: str | bytes, reason: str) -> None:
    head, tail = f"[{as_json(ONE)},\n".encode(), f",\n{as_json(TWO)}]".encode()
    middle = broken.encode() if isinstance(broken, str) else broken
    middle = middle.replace(b"LEADER", f'"{_LEADER}"'.encode())
    one, bad, two = _read(tmp_path / "some.json", head + middle + tail)
    assert _content([one, two]) == [fields.content(ONE), fields.content(TWO)]
    assert (bad.record, bad.n, bad.offset) == (None, 1, len(head))
    assert reason in bad.problem


def test_a_control_field_beyond_009_is_left_out_and_said(tmp_path) -> None:
    xml = (
        f"<collection><record><leader>{_LEADER}</leader><controlfield tag='001'>x</controlfield>"
        "<controlfield tag='FMT'>BK</controlfield></record></collection>"
    )
    data = {"leader": _LEADER, "fields": [{"001": "x"}, {"FMT": "BK"}]}
    for text in (xml, json.dumps(data)):
        (result,) = _read(tmp_path / "some", text)
        assert [field.tag for field in result.record.fields] == ["001"]
        assert "FMT" in result.problem


MRK = r"""=LDR  00714cam\\2200205\a\4500
=001  ocm1
=008  930215s1993\\\\gw\a\\\\\\\\\\000\0\ger\u
=245  14$aDie M{uml}unchner {Oslash}re :$b{dollar}5 {lcub}net{rcub} {bsol} caf{eacute} /$cby A.

=LDR  00714cam\\2200205\a\4500
=001  two
=245  \\$aSecond
"""


def test_the_line_format_is_read_with_its_mnemonics_and_blanks(tmp_path) -> None:
    one, two = _read(tmp_path / "some.txt", MRK.replace("\n", "\r\n"))
    assert (one.problem, two.problem) == ("", "")
    assert str(one.record.leader) == "00714cam  2200205 a 4500"
    assert fields.control(one.record, "008") == "930215s1993    gw a          000 0 ger u"
    assert fields.content(one.record)[2] == (
        "245",
        "14",
        (("a", "Die Münchner Øre :"), ("b", "$5 {net} \\ café /"), ("c", "by A.")),
    )
    assert tuple(two.record["245"].indicators) == (" ", " ")


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("=245  10$aThe {nosuch} name", "nosuch"),
        ("=245  10$aThe { alone", "brace"),
        ("=245  1$aOne indicator", "indicators"),
        ("=245  10$aNo code$", "code"),
        ("wrapped into a second line", "line 2"),
        ("=24  10$aShort tag", "line 2"),
    ],
)
def test_a_broken_record_of_the_line_format_stays_alone(tmp_path, line: str, reason: str) -> None:
    text = line_format.as_lines(ONE)
    bad = f"=LDR  00000nam\\a22000004i\\4500\n{line}\n\n"
    first, second, third = _read(tmp_path / "some.mrk", text + bad + line_format.as_lines(TWO))
    assert _content([first, third]) == [fields.content(ONE), fields.content(TWO)]
    assert (second.record, second.offset) == (None, len(text))
    assert reason in second.problem


def test_the_line_format_in_gb18030_is_told_from_utf8(tmp_path) -> None:
    record = cnmarc(
        "100    $a20210923d2021    em y0chiy0110    ea", "200 1  $a图书馆学基础$f吴慰慈, 董焱编著"
    )
    (result,) = _read(tmp_path / "gb.mrk", line_format.as_lines(record).encode("gb18030"))
    assert (result.encoding, fields.content(result.record)) == ("gb18030", fields.content(record))


def test_every_character_of_text_survives_the_mnemonics() -> None:
    text = "".join(map(chr, range(0x20))) + " {acute}e $a {x1B} \\ {lcub} \x7f\x85\u2028"
    assert mnemonics.expand(mnemonics.contract(text)) == text
    assert not set(mnemonics.contract(text)) & set("$\\\n\r\x1e")


@pytest.mark.parametrize("text", ["[]", "{}", '[{"a": 1}]'])
def test_json_that_holds_no_records_is_refused(tmp_path, text: str) -> None:
    with pytest.raises(BadInput, match="JSON without MARC"):
        _read(tmp_path / "other.json", text)
