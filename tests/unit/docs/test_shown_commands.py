"""Every command that a page shows exists with its options; marked examples are run and compared.

A fenced block of language ``sh`` holds commands, one of ``console`` commands behind ``$`` with their output.
A mark in a comment right before a console block has it run: "runs" (exit 0), "runs, as shown" (exit 0, and
each line shown begins a line of the output, in this order; "…" stands for anything), "fails with N".
"""

import os
import re
import shlex
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest
import typer

from workcell.cli.app import app

ROOT = Path(__file__).resolve().parents[3]
PAGES = [*sorted(ROOT.glob("README*.md")), *sorted((ROOT / "docs").rglob("*.md"))]
_FENCE = re.compile(r"(?:<!-- (?P<mark>[^>]+) -->\n)?```(?P<language>\w+)\n(?P<body>.*?)```", re.DOTALL)
_SPAN = re.compile(r"`((?:workcell|script/demo|\.venv/bin/workcell) [^`]+)`")
_WORKCELL = ("workcell", ".venv/bin/workcell")


@dataclass(frozen=True)
class Shown:
    """A command line on a page, and what the page shows of its output."""

    page: str
    line: str
    mark: str = ""
    output: tuple[str, ...] = ()


def _commands(body: str) -> list[tuple[str, tuple[str, ...]]]:
    """Commands of a console block with their outputs."""
    found: list[tuple[str, list[str]]] = []
    for line in body.splitlines():
        if line.startswith("$ "):
            found.append((line.removeprefix("$ "), []))
        elif found:
            found[-1][1].append(line)
    return [(line, tuple(output)) for line, output in found]


def _shown() -> list[Shown]:
    shown = []
    for page in PAGES:
        name = str(page.relative_to(ROOT))
        for block in _FENCE.finditer(page.read_text("utf-8")):
            body = block["body"].replace("\\\n", " ")
            if block["language"] == "sh":
                shown += [Shown(name, line) for line in body.splitlines() if line.strip()]
            elif block["language"] == "console":
                shown += [Shown(name, line, block["mark"] or "", output) for line, output in _commands(body)]
    return shown


SHOWN = _shown()
RUN = [example for example in SHOWN if example.mark]


def _words(line: str) -> list[str]:
    """The words of a workcell command, without its name; empty for another program."""
    words = shlex.split(line, comments=True)
    if words and words[0] in _WORKCELL:
        return words[1:]
    return ["demo", *words[1:]] if words and words[0] == "script/demo" else []


def _find(words: list[str]):
    """The command that the words name, and the words behind its name."""
    command = typer.main.get_command(app)
    while getattr(command, "commands", None):
        assert words, "a group of commands does nothing by itself"
        assert words[0] in command.commands, f"there is no command {words[0]!r}"
        command, words = command.commands[words[0]], words[1:]
    return command, words


@pytest.mark.parametrize("shown", SHOWN, ids=lambda shown: f"{shown.page}: {shown.line[:60]}")
def test_a_shown_command_exists_with_its_options(shown):
    words = _words(shown.line)
    if words:
        command, rest = _find(words)
        command.make_context("workcell", list(rest))
    for word in shlex.split(shown.line, comments=True)[:1]:
        if word.startswith("script/"):
            assert (ROOT / word).exists()


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_commands_in_running_text_exist_with_their_options(page):
    text = _FENCE.sub("", page.read_text("utf-8"))
    for span in _SPAN.findall(text):
        command, rest = _find(_words(span))
        known = {name for param in command.params for name in param.opts}
        unknown = [word for word in rest if word.startswith("--") and word not in known]
        assert not unknown, f"{span}: {unknown}"


def test_pages_show_commands_and_some_are_run():
    assert len(SHOWN) > 20
    assert len(RUN) >= 4


@pytest.mark.parametrize("example", RUN, ids=lambda example: example.line[:60])
def test_a_marked_example_does_what_the_page_shows(example):
    done = subprocess.run(
        [sys.executable, "-m", "workcell.cli", *_words(example.line)],
        cwd=ROOT,
        env={**os.environ, "COLUMNS": "160"},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    failing = re.fullmatch(r"fails with (\d+)", example.mark)
    assert failing or example.mark in ("runs", "runs, as shown"), f"no such mark: {example.mark}"
    assert done.returncode == (int(failing[1]) if failing else 0), done.stdout
    if example.mark != "runs":
        _compare(example.output, done.stdout.splitlines())


def _compare(shown: tuple[str, ...], printed: list[str]) -> None:
    rest = iter(printed)
    for line in shown:
        if line.strip() not in ("", "…"):
            assert any(candidate.startswith(line.rstrip()) for candidate in rest), f"not printed: {line}"
