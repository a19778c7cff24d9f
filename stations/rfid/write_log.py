"""A log of tag writes: every step on disk before the next one is taken, tag by tag."""

from __future__ import annotations

import json
import os
from pathlib import Path
from types import TracebackType
from typing import TextIO

from workcell.kernel.ports import Clock


class WriteLog:
    """Appends one JSON object a step, ``{"at", "uid", "step"}``, to a file; without a path it keeps nothing.

    A changing command is logged before it is sent, as ``… sent``, and again when its answer is there: after
    a crash the last line of a tag says what may have happened to it.
    """

    def __init__(self, path: Path | None, clock: Clock) -> None:
        self._path = path
        self._clock = clock
        self._file: TextIO | None = None

    def __enter__(self) -> WriteLog:
        if self._path is not None:
            self._file = self._path.open("a", encoding="utf-8")
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._file is not None:
            self._file.close()

    def tell(self, uid: str, step: str) -> None:
        """Put one step of one tag on disk."""
        if self._file is None:
            return
        row = {"at": self._clock.wall().isoformat(), "uid": uid, "step": step}
        self._file.write(json.dumps(row, ensure_ascii=False) + "\n")
        self._file.flush()
        os.fsync(self._file.fileno())
