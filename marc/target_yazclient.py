"""Z39.50 through the program ``yaz-client``, where the library can't be loaded: one process a question."""

from __future__ import annotations

import re
import shutil
import subprocess
import tempfile
from pathlib import Path

from marc import framing
from marc.target_answers import Answer, answer_of, gone, late, refused
from marc.target_queries import Question, pqf
from marc.targets import Target

_HITS = re.compile(r"^Number of hits: (\d+)", re.MULTILINE)
_DIAGNOSTIC = re.compile(r"^\s*\[(\d+)\]\s*(.+)$", re.MULTILINE)
_BEYOND_THE_LAST = ("13", "30")
"""Bib-1 diagnostics for showing a record of an empty result: out of range, no such result set."""
_NO_CONNECTION = re.compile(r"^Connecting\.\.\.\s*error\s*=?\s*(.*)$", re.MULTILINE)


def available() -> bool:
    """Whether the program is installed."""
    return shutil.which("yaz-client") is not None


class YazClientConnection:
    """A Z39.50 target asked by a program that is run for each question."""

    def __init__(self, target: Target) -> None:
        self._target = target

    def ask(self, question: Question) -> Answer:
        """As ``Connection.ask``."""
        with tempfile.TemporaryDirectory() as folder:
            kept = Path(folder) / "records.mrc"
            said = self._run(question, kept)
            data = kept.read_bytes() if kept.exists() else b""
        hits = _HITS.search(said)
        total = int(hits[1]) if hits else 0
        if not total:
            self._explain(said, answered=hits is not None)
        pieces = [frame.data for frame in framing.frames(data)]
        if total and not pieces:
            raise refused(self._target, f"found {total} records but sent none")
        return answer_of(total, pieces, self._target)

    def close(self) -> None:
        """Nothing stays open."""

    def _run(self, question: Question, kept: Path) -> str:
        target = self._target
        lines = [
            *([f"authentication {target.user}/{target.password}"] if target.user else []),
            f"open tcp:{target.host}/{target.database}",
            f"format {target.syntax}",
            f"elements {target.elements}",
            f"find {pqf(question, target)}",
            *(f"show {place}" for place in range(1, target.limit + 1)),  # a range beyond the last is refused
            "quit",
        ]
        try:
            done = subprocess.run(
                ["yaz-client", "-m", str(kept)], input="\n".join(lines) + "\n", capture_output=True,
                encoding="utf-8", errors="replace", timeout=target.timeout_s, check=False,
            )  # fmt: skip
        except subprocess.TimeoutExpired as error:
            raise late(target) from error
        except OSError as error:
            raise gone(target, f"yaz-client can't be run ({error})") from error
        return done.stdout

    def _explain(self, said: str, *, answered: bool) -> None:
        """Raise what keeps the target from an answer; return when it simply has nothing."""
        for code, text in _DIAGNOSTIC.findall(said):
            if code not in _BEYOND_THE_LAST:
                raise refused(self._target, f"refuses the question: {text.strip()} ({code})")
        if answered:
            return
        failed = _NO_CONNECTION.search(said)
        if failed:
            raise gone(self._target, f"the connection failed ({failed[1].strip() or 'no reason given'})")
        raise gone(self._target, "the connection was closed without an answer")
