"""`workcell label print` and the ledger: a number is printed once, and again only as a reprint."""

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest

from label_print import FilePrinter, barcode_label, labels_of_a_copy, spine_label
from label_print.layout import Stock
from workcell.cli.label_ledger import LabelLedger
from workcell.kernel.errors import DeviceFault
from workcell.kernel.profile import Surface, load_profile
from workcell.site import NumberOwner, Site

NOW = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
PROFILES = Path(__file__).resolve().parents[3] / "examples" / "profiles"
PROFILE = load_profile(PROFILES / "en.toml")
BACK = Surface.BACK


@pytest.fixture
def site(tmp_path):
    (tmp_path / "store").mkdir()
    opened = Site.open(f"sqlite:///{tmp_path / 'store' / 'site.sqlite'}")
    yield opened
    opened.close()


@pytest.fixture
def label(site, tmp_path):
    """Reserve a number and render its label; gives the number and the file."""

    def made(name):
        number = site.numbers.reserve("item", PROFILE.numbers.item, NumberOwner("desk", "B", name), NOW)
        (one,) = labels_of_a_copy(PROFILE.labels, number)
        path = tmp_path / f"{name}.png"
        path.write_bytes(one.label.png())
        return number, path

    return made


@pytest.fixture
def print_(workcell, tmp_path, site):
    """Print files into a folder; gives the exit code, the JSON and what was said."""

    def call(*arguments, store=True):
        where = ("--store", tmp_path / "store") if store else ()
        to = ("--printer", f"file:{tmp_path / 'out'}", "--json", *where)
        code, out, err = workcell("label", "print", *arguments, *to)
        return code, json.loads(out) if out else None, " ".join(err.split())

    call.out = tmp_path / "out"
    return call


def states(site, number):
    return [(line.attempt, line.state.value) for line in site.numbers.labels(number)]


def test_a_reserved_number_is_printed_once(print_, label, site):
    number, png = label("a")
    code, told, _ = print_(png)
    assert (code, told) == (
        0, {"labels": 1, "printed": 1, "ledger": [{"number": number, "surface": "back", "copy": 1}]},
    )  # fmt: skip
    assert site.numbers.find(number).state == "printed"
    code, _, err = print_(png)
    assert code == 3
    assert f"{number}: its label on the back is printed already" in err
    assert "--reprint" in err
    assert len(list(print_.out.iterdir())) == 1


@pytest.mark.parametrize("steps", [("printed",), ("printed", "applied"), ("printed", "applied", "verified")])
def test_a_reprint_voids_its_predecessor_with_the_reason(steps, print_, label, site):
    number, png = label("a")
    for step in steps:
        getattr(site.numbers, step)(number, BACK, NOW)
    assert print_(png)[0] == 3
    code, _, err = print_(png, "--reprint")
    assert code == 2
    assert "--reason" in err
    assert print_(png, "--reprint", "--reason", "smeared")[0] == 0
    assert states(site, number) == [(1, "voided"), (2, "printed")]
    assert site.numbers.labels(number)[0].reason == "smeared"


def test_a_void_number_is_never_printed_again(print_, label, site):
    number, png = label("a")
    site.numbers.void(number, "lost", NOW)
    code, _, err = print_(png, "--reprint", "--reason", "found again")
    assert code == 3
    assert "void for ever" in err
    assert not print_.out.exists()


def test_what_the_ledger_does_not_know_is_printed_only_when_told_so(print_, tmp_path, site):
    png = tmp_path / "x.png"
    png.write_bytes(barcode_label("TEST-1", "code128", "", Stock(50, 25), 203).png())
    code, _, err = print_(png)
    assert code == 1
    assert "no such item number was ever given out here" in err
    assert "--no-ledger prints what the ledger does not know" in err
    code, told, err = print_(png, "--no-ledger")
    assert (code, told["ledger"]) == (0, None)
    assert "The ledger of numbers is not touched: --no-ledger" in err


def test_without_a_store_it_says_that_no_ledger_is_touched(print_, label, site, tmp_path, monkeypatch):
    monkeypatch.setenv("WORKCELL_STORE", str(tmp_path / "elsewhere"))
    number, png = label("a")
    code, _, err = print_(png, store=False)
    assert code == 0
    assert f"The ledger of numbers is not touched: there is no store {tmp_path / 'elsewhere'}" in err
    assert site.numbers.find(number).state == "reserved"


def test_several_labels_of_one_number_go_where_the_profile_says(print_, label, site):
    number, png = label("a")
    code, _, err = print_(png, png)
    assert code == 1
    assert "2 labels with one number, where 1 go on a book" in err
    code, told, _ = print_(png, png, "--profile", PROFILES / "zh.toml")
    assert code == 0
    assert [(one["surface"], one["copy"]) for one in told["ledger"]] == [("title_page", 1), ("back", 1)]
    code, told, _ = print_(png, "--surface", "title_verso")
    assert [(one["surface"], one["copy"]) for one in told["ledger"]] == [("title_verso", 1)]
    assert {line.surface.value for line in site.numbers.labels(number)} == {
        "title_page",
        "back",
        "title_verso",
    }


def test_a_run_goes_on_at_the_first_label_that_is_not_out(print_, label, site, monkeypatch):
    numbers, files = zip(*(label(name) for name in "abc"), strict=True)
    whole = FilePrinter.print

    async def fails_on_the_second(self, job):
        if list(print_.out.iterdir() if print_.out.exists() else ()):
            raise DeviceFault("ribbon out")
        await whole(self, job)

    monkeypatch.setattr(FilePrinter, "print", fails_on_the_second)
    code, _, err = print_(*files)
    assert code != 0
    assert "ribbon out" in err
    monkeypatch.setattr(FilePrinter, "print", whole)
    assert [site.numbers.find(number).state for number in numbers] == ["printed", "reserved", "reserved"]
    code, _, err = print_(*files)
    assert "b.png: its label may or may not have come out" in err
    assert print_(*files, "--not-out")[1]["printed"] == 2
    assert [site.numbers.find(number).state for number in numbers] == ["printed"] * 3
    assert len(list(print_.out.iterdir())) == 3
    code, _, err = print_(*files)  # a new run of the same labels is no resumption
    assert code == 3


def test_a_crash_between_record_and_ledger_is_made_good(print_, label, site, monkeypatch):
    number, png = label("a")

    def crash(self, job):
        raise DeviceFault("the power went")

    with monkeypatch.context() as broken:
        broken.setattr(LabelLedger, "printed", crash)
        assert print_(png)[0] != 0
    assert site.numbers.find(number).state == "reserved"
    code, told, _ = print_(png)
    assert (code, told["printed"]) == (0, 0)
    assert site.numbers.find(number).state == "printed"
    assert len(list(print_.out.iterdir())) == 1


def test_an_interrupted_reprint_voids_one_label_only(print_, label, site, monkeypatch):
    number, png = label("a")
    assert print_(png)[0] == 0
    again = ("--reprint", "--reason", "torn")
    with monkeypatch.context() as broken:
        broken.setattr(FilePrinter, "print", _jammed)
        assert print_(png, *again)[0] != 0
    assert states(site, number) == [(1, "voided")]
    assert print_(png, *again, "--not-out")[0] == 0
    assert states(site, number) == [(1, "voided"), (2, "printed")]


async def _jammed(self, job):
    raise DeviceFault("paper jam")


def test_zpl_of_ours_is_looked_into_and_other_jobs_are_not(print_, label, site, tmp_path):
    number, _ = label("a")
    (one,) = labels_of_a_copy(PROFILE.labels, number)
    (tmp_path / "a.zpl").write_bytes(one.label.zpl())
    assert print_(tmp_path / "a.zpl")[0] == 0
    assert site.numbers.find(number).state == "printed"
    (tmp_path / "a.tspl").write_bytes(one.label.tspl())
    code, _, err = print_(tmp_path / "a.tspl", "--language", "tspl")
    assert code == 1
    assert "nobody can tell what number is in it" in err


def test_a_spine_label_carries_no_number(print_, tmp_path, site):
    png = tmp_path / "spine.png"
    png.write_bytes(spine_label(("823.914", "I73n"), Stock(25, 38), 203).png())
    assert print_(png)[1] == {"labels": 1, "printed": 1, "ledger": []}


def test_a_check_character_on_the_label_is_no_part_of_the_number(print_, site, tmp_path):
    text = (PROFILES / "en.toml").read_text("utf-8").replace('"codabar" }', '"codabar_mod16" }')
    text = text.replace("width_mm = 50.0", "width_mm = 60.0")
    (tmp_path / "p.toml").write_text(text, "utf-8")
    number = site.numbers.reserve("item", PROFILE.numbers.item, NumberOwner("desk", "B", "b"), NOW)
    (one,) = labels_of_a_copy(load_profile(tmp_path / "p.toml").labels, number)
    (tmp_path / "a.png").write_bytes(one.label.png())
    assert print_(tmp_path / "a.png", "--profile", tmp_path / "p.toml")[0] == 0
    assert site.numbers.find(number).state == "printed"
