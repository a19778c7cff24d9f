"""`workcell marc convert` and `workcell marc validate`: files of records by hand."""

import json
import re
import sys
from pathlib import Path

import pytest

from marc import read_records
from workcell.cli import main

ROOT = Path(__file__).resolve().parents[3]
VENDOR = ROOT / "examples" / "shipments" / "en" / "vendor.mrc"
CHINESE = ROOT / "examples" / "shipments" / "zh" / "vendor.mrc"


@pytest.fixture
def marc(monkeypatch, capsys):
    def run(*arguments):
        monkeypatch.setattr(sys, "argv", ["workcell", "marc", *map(str, arguments)])
        with pytest.raises(SystemExit) as ended:
            main()
        return ended.value.code or 0, capsys.readouterr()

    return run


def test_good_records_are_converted_and_bad_ones_listed(marc, tmp_path):
    data = VENDOR.read_bytes()
    first = int(data[:5])
    (tmp_path / "some.mrc").write_bytes(data[:first] + b"rubbish\x1d" + data[first:])
    code, told = marc(
        "convert", tmp_path / "some.mrc", CHINESE, "--to", "json", "-o", tmp_path / "o.json", "--json"
    )
    said = json.loads(told.out)
    assert code == 1
    assert (said["records"], said["written"]) == (40 + 1 + 39, 40 + 39)
    (bad,) = said["bad"]
    assert (bad["n"], bad["offset"], bad["kept"]) == (1, first, False)
    assert len(list(read_records(tmp_path / "o.json"))) == 79


def test_a_sound_file_is_converted_with_exit_0_and_a_line_for_people(marc, tmp_path):
    code, told = marc("convert", VENDOR, "--to", "mrk", "-o", tmp_path / "out.mrk")
    assert (code, told.out) == (0, "")
    assert "40 records read, 40 written" in told.err
    code, told = marc("convert", tmp_path / "out.mrk", "--to", "iso2709", "-o", tmp_path / "back.mrc")
    assert code == 0
    assert (tmp_path / "back.mrc").read_bytes() == VENDOR.read_bytes()


def test_a_charset_nobody_knows_is_one_line(marc, tmp_path):
    code, told = marc("convert", VENDOR, "--to", "mrk", "-o", tmp_path / "o", "--to-charset", "ebcdic")
    assert code == 1
    assert len(told.err.strip().splitlines()) == 1
    assert "utf-8, marc-8" in told.err


def test_findings_have_the_shape_of_the_contract(marc, tmp_path):
    (tmp_path / "bad.mrc").write_bytes(VENDOR.read_bytes().replace(b"\x1e10\x1fa", b"\x1e70\x1fa"))
    code, told = marc("validate", tmp_path / "bad.mrc", "--json")
    said = json.loads(told.out)
    assert said["records"] == 40
    assert {"n", "offset", "tag", "severity", "code", "text"} <= set(said["findings"][0])
    assert "INDICATOR" in said["summary"]["codes"]
    assert code == (1 if said["summary"]["error"] else 0)


def test_an_error_ends_with_1_and_a_warning_with_0(marc, tmp_path):
    assert marc("validate", VENDOR)[0] == 0
    (tmp_path / "broken.mrc").write_bytes(VENDOR.read_bytes()[:-40])
    code, told = marc("validate", tmp_path / "broken.mrc", "--severity", "error")
    assert code == 1
    assert "UNREADABLE" in told.err


def test_only_what_we_changed_is_shown(marc, tmp_path):
    (tmp_path / "after.mrc").write_bytes(VENDOR.read_bytes().replace(b"\x1e10\x1fa", b"\x1e70\x1fa"))
    _, told = marc("validate", tmp_path / "after.mrc", "--original", VENDOR, "--json")
    said = json.loads(told.out)
    assert {finding["code"] for finding in said["findings"]} == {"INDICATOR"}


def test_records_below_the_profiles_gate_are_counted(marc, tmp_path):
    text = (ROOT / "examples" / "profiles" / "en.toml").read_text("utf-8")
    gated = re.sub(r"^\[records\]$", "[records]\nminimum_score = 99.9", text, flags=re.MULTILINE)
    (tmp_path / "gated.toml").write_text(gated, "utf-8")
    _, told = marc("validate", VENDOR, "--profile", tmp_path / "gated.toml", "--json")
    score = json.loads(told.out)["summary"]["score"]
    assert score["gate"] == 99.9
    assert 0 < score["below_gate"] < 40
