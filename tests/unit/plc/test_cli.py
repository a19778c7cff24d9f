"""`workcell plc`: map, check, serve and conform."""

from __future__ import annotations

import csv
import io
import json
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from plc import builtin_tagmap, default_manifest
from workcell.cli.app import app
from workcell.kernel.errors import ConfigError, DeviceGone

ROOT = Path(__file__).parents[3]
VENDOR = ROOT / "examples" / "vendor" / "vendor.toml"


def _run(*words: str) -> Any:
    return CliRunner().invoke(app, ["plc", *words])


def test_the_csv_has_every_register_at_its_address() -> None:
    rows = list(csv.DictReader(io.StringIO(_run("map", "--format", "csv").stdout)))
    codec = default_manifest().codec(builtin_tagmap())
    spans = [codec.span(block) for block in builtin_tagmap().blocks]
    covered = [
        at for row in rows for at in range(int(row["address"]), int(row["address"]) + int(row["words"]))
    ]
    assert sorted(covered) == sorted(
        at for span in spans for at in range(span.address, span.address + span.count)
    )
    owner = next(row for row in rows if (row["block"], row["field"]) == ("line_command", "owner"))
    assert (owner["address"], owner["modicon"], owner["direction"]) == ("1024", "401025", "host to PLC")


def test_addresses_follow_the_manifest(tmp_path: Path) -> None:
    manifest = tmp_path / "vendor.toml"
    manifest.write_text(VENDOR.read_text("utf-8").replace("status = 0", "status = 4000"), "utf-8")
    data = json.loads(_run("map", "--format", "json", "--manifest", str(manifest)).stdout)
    assert data["registers"][0] | {"address": 4000, "field": "signature"} == data["registers"][0]
    assert (data["version"], data["verbs"]["feed"]["id"]) == ("1.2", 2)
    assert "wc_line_signature AT %QW4000 : UINT;" in _run(
        "map", "--format", "st", "--manifest", str(manifest), "--area", "%QW"
    ).stdout  # fmt: skip


def test_the_page_is_written_to_a_file(tmp_path: Path) -> None:
    page = tmp_path / "map.md"
    assert _run("map", "--out", str(page)).exit_code == 0
    text = page.read_text("utf-8")
    for name in builtin_tagmap().blocks:
        assert f"## Block {name}" in text
    assert "| 1 | `release` | all |" in text


def test_a_manifest_is_checked() -> None:
    data = json.loads(_run("check", str(VENDOR), "--json").stdout)
    assert (data["vendor"], data["stations"]) == ("Example Conveyors", ["supply", "sort"])
    assert data["blocks"]["dry_run"] == {"address": 1216, "words": 3}


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        ("fc23 = 3", "key fc23"),
        ('without = ["posture.fly"]', "without names no unit command"),
        ('left_out = ["hold"]', "left_out"),
        ("colour = 1", "key colour: unknown key"),
    ],
)
def test_a_wrong_manifest_names_its_key(tmp_path: Path, change: str, problem: str) -> None:
    manifest = tmp_path / "vendor.toml"
    text = VENDOR.read_text("utf-8").replace("fc23 = false\n", "")
    manifest.write_text(text.replace("[base]", f"{change}\n[base]"), "utf-8")
    result = _run("check", str(manifest))
    assert isinstance(result.exception, ConfigError)
    assert problem in str(result.exception)
    assert str(manifest) in str(result.exception)


def test_an_unknown_rule_and_a_strange_endpoint_are_refused() -> None:
    strange = _run("conform", "--endpoint", "tcp://127.0.0.1:9", "--rule", "no-such-rule")
    assert isinstance(strange.exception, ConfigError)
    assert isinstance(_run("conform", "--endpoint", "pigeon").exception, ConfigError)
    assert isinstance(_run("serve", "--endpoint", "pigeon").exception, ConfigError)


def test_nobody_at_the_endpoint_is_exit_4() -> None:
    result = _run("conform", "--endpoint", "tcp://127.0.0.1:9")
    assert isinstance(result.exception, DeviceGone)
    assert result.exception.exit_code == 4


@pytest.fixture(scope="module", params=["tcp://127.0.0.1", "pty?baud=115200"], ids=["tcp", "pty"])
def served(request: pytest.FixtureRequest) -> Iterator[str]:
    """A soft PLC in a process of its own; its endpoint."""
    words = [sys.executable, "-m", "workcell.cli", "plc", "serve", "--manifest", str(VENDOR)]
    with subprocess.Popen([*words, "--endpoint", request.param], stdout=subprocess.PIPE, cwd=ROOT) as process:
        assert process.stdout is not None
        yield json.loads(process.stdout.readline())["endpoint"]
        process.send_signal(signal.SIGTERM)
        assert process.wait(20) == 0


def test_the_kit_asks_a_served_plc_and_writes_its_reports(served: str, tmp_path: Path) -> None:
    out, page = tmp_path / "report.json", tmp_path / "report.html"
    rules = ("WC-HS-002", "WC-TT-006")
    words = ["conform", "--endpoint", served, "--manifest", str(VENDOR), "--level", "silver"]
    result = _run(
        *words, "--json", str(out), "--html", str(page), *(w for rule in rules for w in ("--rule", rule))
    )
    report = json.loads(out.read_text("utf-8"))
    assert result.exit_code == 0, report
    assert (report["level"], report["passed"]) == ("silver", True)
    assert {rule["id"] for rule in report["rules"]} == set(rules)
    assert {rule["verdict"] for rule in report["rules"]} == {"pass"}
    assert "Example Conveyors EC-2: silver passed" in page.read_text("utf-8")


def test_a_rule_that_fails_is_exit_1(served: str, tmp_path: Path) -> None:
    """The served PLC has two stations only: a manifest that names a third is wrong about it."""
    manifest = tmp_path / "vendor.toml"
    text = VENDOR.read_text("utf-8").replace('"supply", "sort"', '"supply", "stamp", "sort"')
    manifest.write_text(text, "utf-8")
    words = ["conform", "--endpoint", served, "--manifest", str(manifest), "--rule", "WC-HS-002"]
    result = _run(*words, "--json", "-")
    assert result.exit_code == 1
    assert json.loads(result.stdout)["rules"][0]["verdict"] == "fail"
