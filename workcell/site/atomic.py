"""Files that are there whole or not at all."""

from __future__ import annotations

import json
import os
import re
from contextlib import suppress
from pathlib import Path

from workcell.kernel.errors import StorageFull


def put(path: Path, data: bytes | str) -> None:
    """Write a file whole (text as UTF-8), making its folder; raises StorageFull when the disk refuses."""
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with draft.open("wb") as file:
            file.write(data.encode("utf-8") if isinstance(data, str) else data)
            file.flush()
            os.fsync(file.fileno())
        draft.replace(path)
    except OSError as error:
        with suppress(OSError):
            draft.unlink()
        raise StorageFull(
            f"can't be written ({error.strerror})",
            subject=str(path),
            remedy="Make room or choose another folder.",
        ) from error


def put_json(path: Path, data: object) -> None:
    """Write plain JSON data, indented for people."""
    put(path, json.dumps(data, ensure_ascii=False, indent=2) + "\n")


def file_name(text: str) -> str:
    """``text`` as a file name that is safe on every system: other characters become ``_``."""
    return re.sub(r"[^A-Za-z0-9._-]", "_", text).strip(".") or "_"
