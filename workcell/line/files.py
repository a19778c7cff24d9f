"""Content-addressed files: images, evidence and label bitmaps, each kept once under its SHA-256."""

from __future__ import annotations

import hashlib
import json
import os
from pathlib import Path
from typing import Any

from workcell.kernel.errors import StorageFull


class FileStore:
    """Files below one folder, written atomically and never changed."""

    def __init__(self, root: Path) -> None:
        self._root = root

    def put(self, data: bytes, suffix: str) -> str:
        """Keep ``data``; returns its name (``<sha256>.<suffix>``)."""
        name = f"{hashlib.sha256(data).hexdigest()}.{suffix}"
        path = self.path(name)
        if path.exists():
            return name
        path.parent.mkdir(parents=True, exist_ok=True)
        draft = path.with_name(f".{name}.{os.getpid()}")
        try:
            with draft.open("wb") as file:
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
            draft.replace(path)
        except OSError as error:
            raise StorageFull(
                f"an image can't be kept ({error.strerror})", subject=str(path.parent), remedy="Make room."
            ) from error
        return name

    def put_json(self, data: object) -> str:
        """Keep plain JSON data; returns its name."""
        return self.put(json.dumps(data, ensure_ascii=False, sort_keys=True).encode("utf-8"), "json")

    def path(self, name: str) -> Path:
        """Where ``name`` is kept."""
        return self._root / name[:2] / name

    def remove(self, name: str) -> bool:
        """Delete ``name``; False when it was not there any more."""
        path = self.path(name)
        there = path.exists()
        path.unlink(missing_ok=True)
        return there

    def read(self, name: str) -> bytes:
        """The bytes of ``name``."""
        return self.path(name).read_bytes()

    def read_json(self, name: str) -> Any:
        """The JSON data of ``name``."""
        return json.loads(self.read(name))
