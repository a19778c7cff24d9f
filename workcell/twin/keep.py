"""The world's memory on disk: a file of changes, each line one change that is whole or not there.

A restart of the twin's process reads it back.  It is no database of the product: it plays the part of
matter, which stays where it is when computers stop.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, TextIO

from workcell.kernel.errors import StorageFull


class Keep:
    """Values by key, the newest of each; ``path`` None keeps nothing on disk.

    A torn last line (the process was killed while it wrote) is dropped when the file is opened, and what
    is kept is written anew without the overwritten values.
    """

    def __init__(self, path: Path | None) -> None:
        self._path = path
        self._file: TextIO | None = None
        self.values: dict[str, Any] = {}
        if path is not None:
            self.values = _read(path)
            self._file = _rewritten(path, self.values)

    def put(self, changes: Mapping[str, Any]) -> None:
        """Keep ``changes`` together: after a restart all of them are there, or none."""
        self.values.update(changes)
        if self._file is None:
            return
        try:
            self._file.write(_line(changes))
            self._file.flush()
        except OSError as error:
            raise StorageFull(
                f"the twin's world can't be kept ({error})",
                subject=str(self._path),
                remedy="Make room on that disk.",
            ) from error

    def close(self) -> None:
        """Close the file."""
        if self._file is not None:
            self._file.close()
            self._file = None


def _line(changes: Mapping[str, Any]) -> str:
    return json.dumps(changes, ensure_ascii=False, separators=(",", ":")) + "\n"


def _read(path: Path) -> dict[str, Any]:
    values: dict[str, Any] = {}
    if not path.exists():
        return values
    for line in path.read_text("utf-8", errors="replace").split("\n")[:-1]:
        try:
            values.update(json.loads(line))
        except ValueError:
            break
    return values


def _rewritten(path: Path, values: Mapping[str, Any]) -> TextIO:
    path.parent.mkdir(parents=True, exist_ok=True)
    fresh = path.with_suffix(".new")
    fresh.write_text(_line(values), "utf-8")
    fresh.replace(path)
    return path.open("a", encoding="utf-8")


def write_atomically(path: Path, data: Any) -> None:
    """Replace ``path`` with ``data`` as JSON, so that a reader sees the old file or the new one."""
    path.parent.mkdir(parents=True, exist_ok=True)
    fresh = path.with_name(path.name + ".new")
    fresh.write_text(json.dumps(data, ensure_ascii=False, indent=1) + "\n", "utf-8")
    fresh.replace(path)
