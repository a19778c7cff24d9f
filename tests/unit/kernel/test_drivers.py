"""Drivers of other makers: what is installed is found, what is broken is listed and hurts nobody."""

import json
import os
import shutil
import subprocess
import sys
from importlib.metadata import EntryPoint
from pathlib import Path
from types import SimpleNamespace

import pytest

from marc import Target
from plc import load_manifest
from workcell.kernel.clock import WallClock
from workcell.kernel.drivers import API, KINDS, Driver, Drivers, Surroundings
from workcell.kernel.errors import ConfigError
from workcell.kernel.ids import SystemIds
from workcell.kernel.layout import Layout
from workcell.kernel.worker import InlineWorker
from workcell.line.devices import OURS, open_devices, open_link
from workcell.line.lookup import Lookup

ROOT = Path(__file__).resolve().parents[3]
MANIFEST = ROOT / "examples" / "vendor" / "vendor.toml"
EXAMPLE = ROOT / "examples" / "vendor-driver"
GOOD = Driver(API, lambda name, endpoint, around: SimpleNamespace(name=name), "good", met_hardware=True)


class Point:
    """An entry point whose load gives or raises what the test wants."""

    def __init__(self, name, leads_to):
        self.name, self.value, self._leads_to = name, f"{name}:IT", leads_to
        self.loads = 0

    def load(self):
        self.loads += 1
        if isinstance(self._leads_to, BaseException):
            raise self._leads_to
        return self._leads_to


def listed(*points, **options):
    return {each.model: (each.state, each.reason) for each in Drivers(points, **options).listing()}


def test_whatever_an_outside_driver_does_it_is_listed_with_the_reason():
    found = listed(
        Point("camera.good", GOOD),
        Point("camera.raises", RuntimeError("no licence")),
        Point("camera.exits", SystemExit(3)),
        Point("camera.gone", ModuleNotFoundError("No module named 'acme'")),
        Point("camera.old", Driver(API - 1, GOOD.open)),
        Point("camera.new", Driver(API + 1, GOOD.open)),
        Point("camera.function", lambda: None),
        Point("telepathy.mind", GOOD),
    )
    assert found["good"] == ("ok", "")
    assert found["raises"] == ("broken", "RuntimeError: no licence")
    assert found["exits"] == ("broken", "SystemExit: 3")
    assert "No module named 'acme'" in found["gone"][1]
    assert found["old"] == ("incompatible", f"written for driver API {API - 1}, this is API {API}")
    assert found["new"][0] == "incompatible"
    assert found["function"][0] == "broken" and "function" in found["function"][1]
    assert found["mind"][0] == "unknown" and all(kind in found["mind"][1] for kind in KINDS)


def test_safe_mode_imports_nothing():
    point = Point("camera.acme", GOOD)
    drivers = Drivers([point], safe_mode=True)
    assert drivers.listing()[0].state == "skipped"
    with pytest.raises(ConfigError, match="safe mode"):
        drivers.find("camera", "acme")
    assert point.loads == 0


def test_two_packages_with_one_model_are_both_named_and_neither_is_used():
    first, second = Point("camera.acme", GOOD), Point("camera.acme", GOOD)
    second.value = "other:IT"
    drivers = Drivers([first, second])
    assert [each.state for each in drivers.listing()] == ["doubled", "doubled"]
    with pytest.raises(ConfigError, match="other:IT"):
        drivers.find("camera", "acme")


def test_only_the_driver_that_is_asked_for_is_imported():
    good, broken = Point("camera.good", GOOD), Point("camera.broken", RuntimeError())
    Drivers([good, broken]).find("camera", "good")
    assert (good.loads, broken.loads) == (1, 0)


def test_a_broken_driver_is_refused_with_its_reason_and_its_package():
    with pytest.raises(ConfigError, match="no licence") as error:
        Drivers([Point("printer.p", RuntimeError("no licence"))]).find("printer", "p")
    assert "workcell drivers" in error.value.remedy


def _layout(**devices):
    return Layout.model_validate(
        {
            "schema": "layout/1", "line_id": "l", "kind": "line", "stations": [{"name": "supply"}],
            "plc": {"kind": "modbus", "endpoint": "tcp://192.0.2.1:502"}, **devices,
        }
    )  # fmt: skip


@pytest.mark.parametrize(
    "table, kind", [("cameras", "camera"), ("printers", "printer"), ("readers", "reader")]
)
def test_every_table_of_a_layout_takes_a_vendors_kind_and_says_which_there_are(table, kind):
    layout = _layout(**{table: {"one": {"kind": "acme", "endpoint": "tcp://192.0.2.2:9"}}})
    with pytest.raises(ConfigError, match="acme") as error:
        open_devices(layout, WallClock(), InlineWorker(), None, Path(), drivers=Drivers([]))
    assert OURS[kind][0] in error.value.remedy
    drivers = Drivers([Point(f"{kind}.acme", GOOD)])
    devices = open_devices(layout, WallClock(), InlineWorker(), None, Path(), drivers=drivers)
    assert "one" in getattr(devices, table)


def test_an_ocr_engine_that_recognition_will_ask_for_is_looked_for_before_a_book_is_fed():
    layout = _layout(recognition={"engine": "acme"})
    point = Point("ocr.acme", GOOD)
    for drivers in (Drivers([]), Drivers([point], safe_mode=True)):
        with pytest.raises(ConfigError, match="acme") as error:
            open_devices(layout, WallClock(), InlineWorker(), None, Path(), drivers=drivers)
    assert "layout" in error.value.remedy
    open_devices(layout, WallClock(), InlineWorker(), None, Path(), drivers=Drivers([point]))
    assert point.loads == 1


def test_a_record_source_that_targets_name_is_looked_for_before_a_book_is_fed(tmp_path):
    target = Target(name="union", url="http://192.0.2.9/", driver="acme")
    point = Point("source.acme", GOOD)
    for drivers in (Drivers([]), Drivers([point], safe_mode=True)):
        with pytest.raises(ConfigError, match="acme"):
            Lookup([target], tmp_path, WallClock(), print, drivers=drivers)
    assert "union" in Lookup([target], tmp_path, WallClock(), print, drivers=Drivers([point])).sources


def test_a_link_is_given_the_manifest_and_the_boot_id_on_record():
    given = {}

    def open_(name, endpoint, around):
        given.update(name=name, endpoint=endpoint, around=around)
        return "link"

    plc = {"kind": "acme", "endpoint": "tcp://192.0.2.1:1", "manifest": str(MANIFEST), "poll_ms": 50}
    drivers = Drivers([Point("link.acme", Driver(API, open_))])
    clock, ids = WallClock(), SystemIds()
    around = Surroundings(clock, InlineWorker(), ids, print)
    link = open_link(_layout(plc=plc), around, None, 4711, drivers)
    assert (link, given["name"], given["endpoint"]) == ("link", "l", "tcp://192.0.2.1:1")
    assert given["around"].manifest == load_manifest(MANIFEST)
    assert (given["around"].last_boot_id, given["around"].poll_seconds) == (4711, 0.05)
    assert given["around"].clock is clock


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    """The example package, installed into a folder of its own, and one beside it that is broken."""
    target = tmp_path_factory.mktemp("installed") / "site"
    shutil.copytree(EXAMPLE, target, ignore=shutil.ignore_patterns("__pycache__", "*.egg-info", "build"))
    build = (
        "import setuptools; setuptools.setup()"  # as an editable install does: metadata beside the package
    )
    subprocess.run([sys.executable, "-c", build, "egg_info"], cwd=target, check=True, capture_output=True)
    meta = target / "brittle-1.0.dist-info"
    meta.mkdir()
    (meta / "METADATA").write_text("Metadata-Version: 2.1\nName: brittle\nVersion: 1.0\n")
    (meta / "entry_points.txt").write_text("[workcell.drivers]\nprinter.brittle = brittle.driver:PRINTER\n")
    return target


def _python(site, *arguments):
    environment = {**os.environ, "PYTHONPATH": f"{site}{os.pathsep}{ROOT}"}
    return subprocess.run(
        [sys.executable, *arguments],
        env=environment,
        cwd=site.parent,
        capture_output=True,
        text=True,
        check=False,
    )


def test_the_example_package_is_seen_once_it_is_installed_and_a_broken_one_beside_it_does_no_harm(site):
    told = _python(site, "-m", "workcell.cli", "drivers", "--json")
    assert told.returncode == 0, told.stderr
    found = {each["model"]: each for each in json.loads(told.stdout)["drivers"]}
    for model, kind in (("acme-still", "camera"), ("acme-union", "source"), ("acme-lettering", "ocr")):
        acme = found[model]
        assert (acme["kind"], acme["state"], acme["package"], acme["ours"]) == (
            kind, "ok", "acme-workcell 1.0.0", False,
        )  # fmt: skip
    assert found["brittle"]["state"] == "broken" and "brittle" in found["brittle"]["reason"]
    assert found["zpl"]["ours"]


def test_the_examples_own_tests_pass_against_the_installed_package(site):
    ran = _python(site, "-m", "pytest", "-q", "-p", "no:cacheprovider", "--rootdir", str(EXAMPLE),
                  "-c", str(EXAMPLE / "pyproject.toml"), str(EXAMPLE / "tests"))  # fmt: skip
    assert ran.returncode == 0, ran.stdout + ran.stderr


def test_a_real_entry_point_that_leads_nowhere_is_listed():
    point = EntryPoint("camera.ghost", "no.such.module:CAMERA", "workcell.drivers")
    assert "no" in listed(point)["ghost"][1]
