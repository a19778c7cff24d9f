"""The link to the PLC: its manifest lies beside the layout, and the two agree before anything moves."""

import shutil
from pathlib import Path

import pytest

from workcell.kernel.clock import WallClock
from workcell.kernel.drivers import Drivers, Surroundings
from workcell.kernel.errors import ConfigError
from workcell.kernel.ids import SystemIds
from workcell.kernel.layout import load_layout
from workcell.kernel.worker import InlineWorker
from workcell.line.devices import open_link

LAYOUT = Path(__file__).resolve().parents[3] / "examples" / "layouts" / "full-line.toml"
MANIFEST = """schema = "plc/1"
vendor = "acme"
model = "short line"
stations = [{stations}]
bins = {bins}
"""


@pytest.fixture
def link(tmp_path):
    """Opens the link of a full line whose manifest, beside the layout, names ``stations`` and ``bins``."""
    text = LAYOUT.read_text("utf-8").replace("# manifest =", "manifest =")
    (tmp_path / LAYOUT.name).write_text(text, "utf-8")
    names = [place.name for place in load_layout(LAYOUT).stations]

    def open_(without="", bins=9):
        stations = ", ".join(f'"{name}"' for name in names if name != without)
        (tmp_path / "vendor.toml").write_text(MANIFEST.format(stations=stations, bins=bins), "utf-8")
        around = Surroundings(WallClock(), InlineWorker(), SystemIds(), print)
        return open_link(load_layout(tmp_path / LAYOUT.name), around, None, 0, Drivers([]))

    return open_


def test_a_manifest_is_found_beside_its_layout(link, tmp_path, monkeypatch):
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    monkeypatch.chdir(elsewhere)
    assert link()


def test_a_manifest_that_is_not_there_is_named_with_its_key(tmp_path):
    layout = tmp_path / "line.toml"
    shutil.copy(LAYOUT, layout)
    layout.write_text(layout.read_text("utf-8").replace("# manifest =", "manifest ="), "utf-8")
    with pytest.raises(ConfigError, match=r"plc\.manifest.*vendor\.toml"):
        load_layout(layout)


def test_a_station_that_the_plc_does_not_have_is_refused_before_a_book_is_fed(link):
    with pytest.raises(ConfigError, match="no station stamp") as error:
        link(without="stamp")
    assert "vendor.toml" in error.value.subject


def test_a_bin_that_the_plc_does_not_have_is_refused_before_a_book_is_fed(link):
    with pytest.raises(ConfigError, match=r"bins 1 to 2; the layout has .* beyond"):
        link(bins=2)
