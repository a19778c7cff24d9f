"""`workcell catalog`: import, search, get, stats, export, and every bad input in one clear line."""

import json
import sys

import pytest

from marc import read_records
from workcell.cli import main
from workcell.cli.options import EXAMPLES

EN = EXAMPLES / "shipments" / "en" / "catalogue.mrc"
ZH = EXAMPLES / "shipments" / "zh" / "catalogue.mrc"


@pytest.fixture
def catalog(monkeypatch, capsys, tmp_path):
    """Run `workcell catalog …` on a catalogue of its own; gives exit code, output and messages."""

    def run(*arguments, where=None):
        words = [
            "workcell",
            "catalog",
            *map(str, arguments),
            "--catalog",
            str(where or tmp_path / "c.sqlite"),
        ]
        monkeypatch.setattr(sys, "argv", words)
        monkeypatch.setenv("COLUMNS", "160")
        with pytest.raises(SystemExit) as ended:
            main()
        told = capsys.readouterr()
        assert "Traceback" not in told.err
        return ended.value.code or 0, told.out, told.err

    return run


def test_records_go_in_are_found_and_come_out_again(catalog, tmp_path) -> None:
    code, out, _ = catalog("import", EN, ZH, "--json")
    counts = json.loads(out)
    assert (code, counts["new"], counts["bad"]) == (0, 34, [])
    assert json.loads(catalog("import", EN, ZH, "--json")[1])["unchanged"] == 34
    code, out, _ = catalog("search", "the craft of researck", "--json")
    (hit,) = json.loads(out)["hits"]
    assert (code, hit["title"]) == (0, "The craft of research")
    code, out, _ = catalog("get", "--isbn", hit["isbns"][0], "--json")
    assert json.loads(out)["records"][0]["id"] == hit["id"]
    assert "245" in catalog("get", "--id", hit["id"])[1]
    assert json.loads(catalog("stats", "--json")[1])["sources"] == {"catalogue": 34}
    assert catalog("export", tmp_path / "all.mrc")[0] == 0
    assert len(list(read_records(tmp_path / "all.mrc"))) == 34
    assert (tmp_path / "all.mrc").read_bytes() == EN.read_bytes() + ZH.read_bytes()


def test_sources_are_kept_apart(catalog, tmp_path) -> None:
    catalog("import", EN, "--source", "catalogue")
    catalog("import", ZH, "--source", "vendor")
    assert json.loads(catalog("stats", "--json")[1])["sources"] == {"catalogue": 17, "vendor": 17}
    isbn = json.loads(catalog("search", "research", "--json")[1])["hits"][0]["isbns"][0]
    assert catalog("get", "--isbn", isbn, "--source", "vendor")[0] == 1
    catalog("export", tmp_path / "vendor.xml", "--source", "vendor")
    assert len(list(read_records(tmp_path / "vendor.xml"))) == 17


def test_bad_records_are_listed_and_good_ones_kept(catalog, tmp_path) -> None:
    path = tmp_path / "some.mrc"
    data = EN.read_bytes()
    path.write_bytes(data[: int(data[:5])] + b"00050nam  broken\x1d" + data[int(data[:5]) :])
    code, out, err = catalog("import", path, "--json")
    report = json.loads(out)
    assert (code, report["new"]) == (1, 17)
    assert [(bad["n"], bad["offset"], bad["kept"]) for bad in report["bad"]] == [(1, int(data[:5]), False)]
    assert f"record 1 at byte {int(data[:5])} left out" in err


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (("search", "x"), 1, "no such catalogue"),
        (("import", "none.mrc"), 1, "no such file"),
        (("get",), 2, "--isbn or --id"),
        (("get", "--isbn", "1", "--id", "2"), 2, "--isbn or --id"),
        (("search", "x", "--target", "k10plus"), 1, "no such target"),
        (("search", "x", "--target", "z3950://"), 2, "url must be"),
        (("search", "x", "--target", "z3950://here:99999/x"), 2, "below 65536"),
        (("export", "all.doc"), 1, "no such catalogue"),
    ],
)
def test_bad_input_is_one_clear_line(catalog, arguments, code, said) -> None:
    ended, _, err = catalog(*arguments)
    assert ended == code
    assert said in " ".join(err.split())


def test_a_target_can_not_be_imported_into(catalog) -> None:
    code, _, err = catalog("import", EN, where="z3950://127.0.0.1:1/x")
    assert (code, "can only be searched" in " ".join(err.split())) == (1, True)


def test_an_unknown_format_is_refused_and_nothing_written(catalog, tmp_path) -> None:
    catalog("import", EN)
    assert catalog("export", tmp_path / "all.doc")[0] == 1
    assert not (tmp_path / "all.doc").exists()
