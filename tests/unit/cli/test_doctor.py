"""`workcell doctor` lists what is needed and what may be left out, with the command that mends it."""

import importlib.metadata
import json

import pytest

from label_print import fonts
from workcell.cli import doctor
from workcell.kernel.errors import ConfigError


@pytest.fixture
def without(monkeypatch):
    """Let packages seem to be missing, or to be there in another version."""
    installed = importlib.metadata.version

    def lie(versions):
        def version(name):
            if name not in versions:
                return installed(name)
            if versions[name] is None:
                raise importlib.metadata.PackageNotFoundError(name)
            return versions[name]

        monkeypatch.setattr(importlib.metadata, "version", version)

    return lie


def findings(told):
    return {finding["what"]: finding for finding in json.loads(told)["findings"]}


def test_every_declared_package_is_looked_for(workcell):
    told = findings(workcell("doctor", "--json")[1])
    assert {"reportlab", "pymarc", "csan", "tesserocr", "sllurp", "psycopg", "asyncua"} <= set(told)
    assert "pytest" not in told
    assert {"Latin label font", "Chinese label font", "Unihan (unicode-data)", "YAZ"} <= set(told)


def test_a_missing_package_is_an_error_with_its_remedy(workcell, without):
    without({"reportlab": None})
    code, told, _ = workcell("doctor", "--json")
    assert (code, json.loads(told)["ok"]) == (1, False)
    assert findings(told)["reportlab"]["found"] == "not installed"
    assert findings(told)["reportlab"]["mend"] == "script/bootstrap"


def test_a_package_too_old_is_an_error_that_names_both_versions(workcell, without):
    without({"pymarc": "4.2.0"})
    code, told, _ = workcell("doctor", "--json")
    assert code == 1
    assert findings(told)["pymarc"]["found"] == "4.2.0; <6,>=5.2 is needed"


def test_a_missing_extra_is_told_with_its_use_and_is_no_error(workcell, without, monkeypatch):
    monkeypatch.setattr(doctor, "_fonts", list)
    without({"sllurp": None})
    told = findings(workcell("doctor", "--json")[1])
    assert told["sllurp"]["mend"] == "pip install 'cataloguing-workcell[uhf]'"
    assert (told["sllurp"]["needed"], told["sllurp"]["used_for"]) == (False, "UHF tag readers (LLRP)")
    shown = workcell("doctor")[1]
    assert "–" in shown
    assert "pip install 'cataloguing-workcell[uhf]'" in " ".join(shown.split())


def test_a_missing_label_font_is_told_with_the_package_that_brings_it(workcell, monkeypatch):
    def none(text, size):
        raise ConfigError("no font for Chinese labels is installed", remedy="Run: apt-get install X")

    monkeypatch.setattr(doctor, "font_for", none)
    code, told, _ = workcell("doctor", "--json")
    assert code == 1
    assert findings(told)["Chinese label font"]["mend"] == "Run: apt-get install X"


def test_each_script_names_a_package_or_the_font_that_a_template_asks_for(monkeypatch):
    monkeypatch.setattr(fonts, "_fc_list", lambda pattern: [])
    monkeypatch.setattr(fonts, "_load", fonts._load.__wrapped__)
    monkeypatch.setattr(fonts, "_font_file", fonts._font_file.__wrapped__)
    with pytest.raises(ConfigError, match="apt-get install fonts-dejavu-core"):
        fonts.font_for("A", 20)
    with pytest.raises(ConfigError, match="apt-get install fonts-wqy-microhei"):
        fonts.font_for("书", 20)
    with pytest.raises(ConfigError, match=r'"Bookish Sans".*fc-list'):
        fonts.font_for("A", 20, "Bookish Sans")
