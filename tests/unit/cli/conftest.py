"""The command line, run in the test's own process."""

import sys

import pytest

from workcell.cli import main


@pytest.fixture
def workcell(monkeypatch, capsys):
    """Run a command line in this process; gives its exit code, standard output and standard error."""
    monkeypatch.setenv("NO_COLOR", "1")
    monkeypatch.setenv("COLUMNS", "160")
    monkeypatch.setenv("WORKCELL_OCR_THREADS", "1")

    def run(*arguments):
        monkeypatch.setattr(sys, "argv", ["workcell", *map(str, arguments)])
        with pytest.raises(SystemExit) as ended:
            main()
        told = capsys.readouterr()
        assert "Traceback" not in told.err
        return ended.value.code or 0, told.out, told.err

    return run
