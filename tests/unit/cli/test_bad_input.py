"""Every bad input gets one clear line with file, key and remedy, the right exit code, and no traceback."""

import json
import sqlite3
from pathlib import Path

import pytest

EXAMPLES = Path(__file__).resolve().parents[3] / "examples"
LAYOUT = EXAMPLES / "layouts" / "twin.toml"
DESK = EXAMPLES / "layouts" / "desk.toml"
PROFILE = EXAMPLES / "profiles" / "en.toml"
DONE, FAILED, USAGE, REFUSED, GONE = range(5)


@pytest.fixture
def running(workcell, tmp_path):
    """`workcell run` below ``tmp_path``, with some arguments replaced."""

    def run(*more, **replaced):
        arguments = {
            "layout": LAYOUT,
            "profile": PROFILE,
            "out": tmp_path / "out",
            "store": tmp_path / "store",
        }
        words = [f"--{name}={value}" for name, value in {**arguments, **replaced}.items()]
        return workcell("run", *words, *more)

    return run


def one_line(err, *words):
    """The error is one line and has all these words."""
    assert len(err.strip().splitlines()) == 1, err
    for word in words:
        assert str(word) in err


# --- layouts and profiles --------------------------------------------------------------------------------


def test_a_layout_with_an_unknown_key_names_file_key_and_remedy(running, tmp_path):
    path = tmp_path / "layout.toml"
    path.write_text(
        LAYOUT.read_text("utf-8").replace('kind = "line"', 'kind = "line"\nspeling = 1', 1), "utf-8"
    )
    code, _, err = running(layout=path)
    assert code == USAGE
    one_line(err, path, "speling", "unknown key", "Known keys here")


def test_a_layout_with_an_unknown_key_in_a_table_names_the_table(running, tmp_path):
    path = tmp_path / "layout.toml"
    path.write_text(LAYOUT.read_text("utf-8").replace("poll_ms = 20", "pol_ms = 20"), "utf-8")
    code, _, err = running(layout=path)
    assert code == USAGE
    one_line(err, path, "plc.pol_ms", "unknown key")


@pytest.mark.parametrize(
    "endpoint", ["pty?baud=fast", "tcp://127.0.0.1:99999", "serial:///dev/x?baud=0", "x"]
)
def test_an_endpoint_that_nobody_can_serve_at_is_refused(workcell, endpoint):
    code, _, err = workcell("plc", "serve", "--endpoint", endpoint)
    assert code == USAGE
    one_line(err, endpoint, "not an endpoint")


def test_a_line_that_has_a_folder_for_a_camera_is_refused(running, tmp_path):
    path = tmp_path / "layout.toml"
    camera = LAYOUT.read_text("utf-8").split("[cameras]\n")[1].split(" = ")[0]
    text = LAYOUT.read_text("utf-8").replace('kind = "http"', 'kind = "folder"')
    path.write_text(text, "utf-8")
    code, _, err = running(layout=path)
    assert code == USAGE
    one_line(err, path, camera, "a line takes pictures")


def test_a_profile_without_a_table_names_it(running, tmp_path):
    path = tmp_path / "profile.toml"
    path.write_text('schema = "profile/1"\nname = "x"\n', "utf-8")
    code, _, err = running(profile=path)
    assert code == USAGE
    one_line(err, path, "agency", "field required")


def test_a_profile_that_is_no_toml_names_the_line(workcell, tmp_path):
    path = tmp_path / "profile.toml"
    path.write_text("schema = \n", "utf-8")
    code, _, err = workcell("profile", "check", path)
    assert code == USAGE
    one_line(err, path, "line 1", "Mend that line")


def test_a_bin_that_the_line_does_not_have_is_named_before_anything_runs(running, tmp_path):
    path = tmp_path / "profile.toml"
    path.write_text(PROFILE.read_text("utf-8").replace('bin = "branch"', 'bin = "attic"'), "utf-8")
    code, _, err = running(profile=path)
    assert code == USAGE
    one_line(err, path, "attic", "[bins]")


@pytest.mark.parametrize("option", ["layout", "profile", "orders", "catalog", "vendor", "invoice"])
def test_a_file_that_is_not_there_is_named(option, running, tmp_path):
    path = tmp_path / "nothing.here"
    code, _, err = running(**{option: path})
    assert code in (FAILED, USAGE)
    one_line(err, path, "no such file")


# --- records and photographs -----------------------------------------------------------------------------


def test_a_corrupt_catalogue_keeps_its_good_records_and_lists_the_bad_ones_with_their_offset(
    running, tmp_path
):
    good = (EXAMPLES / "shipments" / "en" / "catalogue.mrc").read_bytes()
    first = good[: int(good[:5])]
    path = tmp_path / "catalogue.mrc"
    path.write_bytes(first + b"this is no record at all\x1d" + good[len(first) :])
    code, _, err = running(catalog=path)
    assert code == USAGE  # nobody told it where the twin is
    listed = [line for line in err.splitlines() if str(path) in line]
    assert len(listed) == 1
    assert f"at byte {len(first)}" in listed[0]
    assert "left out" in listed[0]
    db = sqlite3.connect(tmp_path / "store" / "sources" / "catalogue.sqlite")
    kept = db.execute("SELECT count(*) FROM records").fetchone()[0]
    db.close()
    assert kept == good.count(b"\x1d")


@pytest.mark.parametrize("content", [b"", b"no picture", b"\xff\xd8\xff\xe0 broken"])
def test_identify_says_that_a_file_is_not_an_image(content, workcell, tmp_path):
    path = tmp_path / "photo.jpg"
    path.write_bytes(content)
    code, out, err = workcell("identify", path, "--json")
    assert (code, out) == (FAILED, "")
    one_line(err, path, "Take the photograph again")


def test_identify_names_a_folder_without_images(workcell, tmp_path):
    code, _, err = workcell("identify", tmp_path)
    assert code == FAILED
    one_line(err, tmp_path, "no image found")


@pytest.mark.parametrize("photos", ["nowhere", "empty"])
def test_a_desk_without_photographs_says_so(photos, workcell, tmp_path):
    (tmp_path / "empty").mkdir()
    code, _, err = workcell(
        "desk", "--photos", tmp_path / photos, "--out", tmp_path / "out", "--store", tmp_path / "store",
        "--unattended",
    )  # fmt: skip
    assert code == FAILED
    one_line(err, tmp_path / photos)


def test_a_desk_needs_photographs_or_a_camera(workcell, tmp_path):
    code, _, err = workcell("desk", "--out", tmp_path / "out")
    assert code == USAGE
    one_line(err, "--photos DIR or --camera N")


# --- folders ---------------------------------------------------------------------------------------------


def test_demo_never_writes_over_a_folder_that_is_not_empty(workcell, tmp_path):
    (tmp_path / "precious").write_text("x")
    code, _, err = workcell("demo", "--out", tmp_path)
    assert code == FAILED
    one_line(err, tmp_path, "not empty", "nothing is overwritten")
    assert [path.name for path in tmp_path.iterdir()] == ["precious"]


def test_an_output_folder_that_can_not_be_made_is_named_before_anything_runs(running, tmp_path):
    (tmp_path / "file").write_text("x")
    code, _, err = running(out=tmp_path / "file" / "out")
    assert code == FAILED
    one_line(err, tmp_path / "file" / "out", "Check the path")


def test_a_store_that_can_not_be_made_is_named(running, tmp_path):
    (tmp_path / "file").write_text("x")
    code, _, err = running(store=tmp_path / "file" / "store")
    assert code == FAILED
    one_line(err, tmp_path / "file" / "store")


def test_a_site_store_that_is_none_is_named(running, tmp_path):
    (tmp_path / "store").mkdir()
    (tmp_path / "store" / "site.sqlite").write_text("this is no database, but some text of some length" * 30)
    code, _, err = running()
    assert code == FAILED
    one_line(err, "site.sqlite", "no site store")


# --- devices and lines -----------------------------------------------------------------------------------


def test_a_twin_that_does_not_run_is_a_device_gone(running, tmp_path):
    code, _, err = running(twin=tmp_path)
    assert code == GONE
    one_line(err, tmp_path, "Start it: workcell twin serve")


def test_a_plc_that_does_not_answer_is_a_device_gone(running, tmp_path):
    layout = tmp_path / "layout.toml"
    text = LAYOUT.read_text("utf-8").replace('endpoint = "twin:plc"', 'endpoint = "tcp://127.0.0.1:9"')
    layout.write_text(text, "utf-8")
    ports = {"cameras": "http://127.0.0.1:9"}
    names = ("printer-barcode", "printer-spine", "reader-tag", "reader-verify")
    ports |= dict.fromkeys(names, "tcp://127.0.0.1:9")
    (tmp_path / "ports.json").write_text(json.dumps(ports))
    code, _, err = running(layout=layout, twin=tmp_path)
    assert code == GONE
    one_line(err, "tcp://127.0.0.1:9", "Check power, cable")


@pytest.mark.parametrize(
    "command", [["status"], ["passport", "B1"], ["hold"], ["unhold"], ["stop"], ["clear"]]
)
def test_a_store_without_a_line_is_named(command, workcell, tmp_path):
    code, _, err = workcell(*command, "--store", tmp_path)
    assert code == FAILED
    one_line(err, tmp_path, "no line has run here", "--store DIR")


def test_a_hold_without_a_running_conductor_is_a_device_gone(workcell, tmp_path, monkeypatch):
    monkeypatch.setattr("workcell.cli.control._EXPIRES_SECONDS", 0.2)
    (tmp_path / "lines" / "twin").mkdir(parents=True)
    code, _, err = workcell("hold", "--store", tmp_path)
    assert code == GONE
    one_line(err, "twin", "no conductor answered", "workcell run")


def test_with_several_lines_the_line_must_be_named(workcell, tmp_path):
    for name in ("desk", "twin"):
        (tmp_path / "lines" / name).mkdir(parents=True)
    code, _, err = workcell("status", "--store", tmp_path)
    assert code == FAILED
    one_line(err, "several lines", "desk, twin")


def test_an_unknown_command_is_wrong_usage(workcell):
    code, _, err = workcell("dance")
    assert code == USAGE
    assert "No such command" in err
