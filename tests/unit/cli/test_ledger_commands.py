"""`workcell numbers`, `workcell check` and `workcell rework` on a store of their own."""

import json
from datetime import UTC, datetime
from pathlib import Path

import pymarc
import pytest
from typer.testing import CliRunner

from label_print import FilePrinter, NotReady
from workcell.cli.app import app
from workcell.kernel.errors import BadInput, ConfigError
from workcell.kernel.profile import Surface, load_profile
from workcell.site import Delivery, NumberOwner, Site

NOW = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
PROFILE = Path(__file__).resolve().parents[3] / "examples" / "profiles" / "en.toml"
FIRST, SECOND, LAST = "33194000005001", "33194000005019", "33194000009995"


@pytest.fixture
def run(tmp_path):
    """Runs a command on the store of this test; gives its exit code and standard output."""

    def call(*arguments):
        result = CliRunner().invoke(app, [*arguments, "--store", str(tmp_path)])
        if result.exception and not isinstance(result.exception, SystemExit):
            raise result.exception
        return result.exit_code, result.stdout

    call.store = tmp_path
    return call


def test_a_roll_is_registered_and_its_gaps_are_asked_for(run):
    assert run("numbers", "roll", FIRST, LAST, "--profile", str(PROFILE))[0] == 0
    assert run("numbers", "void", SECOND, "--reason", "torn off the roll")[0] == 0
    code, told = run("numbers", "gaps", "--json")
    assert code == 1
    assert json.loads(told)["unexplained"] == [FIRST]
    assert run("numbers", "void", FIRST, "--reason", "lost")[0] == 0
    code, told = run("numbers", "gaps", "--json")
    gaps = [(gap["number"], gap["reason"]) for gap in json.loads(told)["gaps"]]
    assert (code, gaps) == (0, [(FIRST, "lost"), (SECOND, "torn off the roll")])
    (roll,) = json.loads(run("numbers", "list", "--json")[1])["rolls"]
    assert roll == {"roll": 1, "first": FIRST, "last": LAST, "left": 498}


def test_numbers_that_the_profile_does_not_write_make_no_roll(run):
    with pytest.raises(BadInput, match="not written as the profile"):
        run("numbers", "roll", "12345", "12399", "--profile", str(PROFILE))


@pytest.fixture
def released(run):
    """The number of a released copy, which is in the sample."""
    site = Site.open(f"sqlite:///{run.store / 'site.sqlite'}")
    owner = NumberOwner("twin", "B1", "B1-0001")
    number = site.numbers.reserve("item", load_profile(PROFILE).numbers.item, owner, NOW)
    for step in (site.numbers.printed, site.numbers.applied, site.numbers.verified):
        step(number, Surface.BACK, NOW)
    item = {"barcode": number, "accession": "R1", "location": "MAIN", "book": "B1-0001", "batch": "B1"}
    item |= {"tag_uid": "E004010000000001", "tag_pii": number, "title": "T"}
    record = pymarc.Record()
    record.add_field(pymarc.Field("001", data="r1"))
    site.register.enter("B1", "B1-0001", "R1", item, NOW)
    site.outbox.put(Delivery(number, "B1", "r1", record, item), "file-drop", NOW)
    site.spot_checks.pick(number, "B1", "B1-0001", {"decision": "copy", "source": "vendor"}, NOW)
    site.close()
    return number


def test_a_number_shows_its_labels_and_its_story(run, released):
    told = json.loads(run("numbers", "show", released, "--json")[1])
    assert (told["state"], told["book_id"]) == ("verified", "B1-0001")
    assert [entry["state"] for entry in told["ledger"]] == ["reserved", "printed", "applied", "verified"]


def test_a_released_number_is_not_voided_by_hand(run, released):
    with pytest.raises(BadInput, match="stands on a released copy"):
        run("numbers", "void", released, "--reason", "x")


def test_a_verdict_is_taken_and_the_rate_told(run, released):
    assert [check["barcode"] for check in json.loads(run("check", "list", "--json")[1])["checks"]] == [
        released
    ]
    told = json.loads(run("check", "verdict", released, "wrong", "--text", "torn", "--json")[1])
    assert (told["rate"]["checked"], told["rate"]["wrong"], told["similar"]) == (1, 1, [])
    assert json.loads(run("check", "list", "--json")[1])["checks"] == []


def _delivered(run):
    (items,) = (run.store / "delivery").glob("*/items.csv")
    return items.read_text("utf-8")


def test_a_rework_ends_in_ledger_register_and_load_files(run, released):
    code, told = run("rework", released, "--reason", "torn label", "--unattended", "--json")
    done = json.loads(told)
    assert (code, done["old"]) == (0, released)
    assert json.loads(run("numbers", "show", released, "--json")[1])["state"] == "voided"
    assert json.loads(run("numbers", "show", done["new"], "--json")[1])["state"] == "verified"
    items = _delivered(run)
    assert done["new"] in items
    assert released not in items
    assert list((run.store / "rework" / "labels-to-print").iterdir())


def test_a_rework_that_broke_off_is_listed_and_goes_on_by_its_number_alone(run, released, monkeypatch):
    assert run("rework", "--unfinished") == (0, "")

    async def jammed(self, job):
        raise NotReady("paper jam", subject="labels")

    with monkeypatch.context() as broken:
        broken.setattr(FilePrinter, "print", jammed)
        with pytest.raises(NotReady):
            run("rework", released, "--reason", "torn label", "--unattended")
    code, told = run("rework", "--unfinished", "--json")
    assert code == 1
    assert [each["barcode"] for each in json.loads(told)["unfinished"]] == [released]
    code, told = run("rework", released, "--unattended", "--json")
    assert code == 0
    assert run("rework", "--unfinished")[0] == 0
    assert json.loads(run("numbers", "show", json.loads(told)["new"], "--json")[1])["state"] == "verified"


def test_a_spine_label_alone_with_another_call_number(run, released):
    asked = ("--keep-number", "--call-number", "823.92 I73n", "--reason", "reclassified")
    done = json.loads(run("rework", released, *asked, "--unattended", "--json")[1])
    assert (done["old"], done["new"], done["call_number"]) == (released, released, "823.92 I73n")
    assert "823.92 I73n" in _delivered(run)
    (spine,) = (run.store / "rework" / "labels-to-print").iterdir()
    assert spine.name == "spines-0001.zpl"


def test_a_rework_needs_a_reason_and_something_to_redo(run, released):
    with pytest.raises(ConfigError, match="with a reason"):
        run("rework", released, "--spine", "--unattended")
    with pytest.raises(ConfigError, match="nothing is to be redone"):
        run("rework", released, "--keep-number", "--reason", "x", "--unattended")
