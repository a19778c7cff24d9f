"""The pages on the catalogue and on targets: their console blocks are run in order, their output compared."""

import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from workcell.cli import main

ROOT = Path(__file__).resolve().parents[3]
sys.path.insert(0, str(ROOT / "tests"))

import zebra  # noqa: E402 - stands beside the test folders

TUTORIAL = ROOT / "docs" / "tutorials" / "load-your-catalogue.md"
HOW_TO = ROOT / "docs" / "how-to" / "connect-a-z3950-target.md"
_BLOCK = re.compile(r"```(console|toml)\n(.*?)```", re.DOTALL)
_SHOWN_SERVER = "library.example:9999/Books"


def _blocks(page, address=_SHOWN_SERVER):
    """Commands with what the page shows of their output, and files, in order."""
    for language, body in _BLOCK.findall(page.read_text("utf-8").replace(_SHOWN_SERVER, address)):
        if language == "toml":
            yield None, body
            continue
        for command in body.split("$ ")[1:]:
            line, _, output = command.partition("\n")
            yield line, output


@pytest.fixture
def run(monkeypatch, capsys, tmp_path):
    """Run a command line in a folder with the examples; gives exit code and all that was printed."""
    (tmp_path / "examples").symlink_to(ROOT / "examples")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "120")

    def run(line):
        if not line.startswith("workcell "):
            return subprocess.run(line, shell=True, check=False).returncode, ""
        monkeypatch.setattr(sys, "argv", shlex.split(line))
        with pytest.raises(SystemExit) as ended:
            main()
        told = capsys.readouterr()
        return ended.value.code or 0, told.err + told.out

    return run


def _compare(shown, printed):
    rest = iter(printed.splitlines())
    for line in shown.splitlines():
        if line.strip() not in ("", "…"):
            assert any(candidate.startswith(line.rstrip()) for candidate in rest), f"not printed: {line}"


def test_the_tutorial_does_what_it_shows(run) -> None:
    ended = []
    for line, shown in _blocks(TUTORIAL):
        code, printed = run(line)
        _compare(shown, printed)
        ended.append(code)
    assert ended.count(1) == 1
    assert len(ended) >= 9


def test_the_how_to_does_what_it_shows_with_a_real_target(run, tmp_path) -> None:
    if not zebra.installed():
        pytest.skip("Zebra is not installed (script/bootstrap test)")
    records = ROOT / "examples" / "shipments" / "en" / "catalogue.mrc"
    with zebra.server(tmp_path / "zebra", records) as address:
        for line, shown in _blocks(HOW_TO, address):
            if line is None:
                (tmp_path / "targets.toml").write_text(shown, "utf-8")
                continue
            code, printed = run(line)
            assert code == 0, printed
            _compare(shown, printed)
    assert (tmp_path / "found.mrc").stat().st_size > 1000
