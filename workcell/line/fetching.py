"""The job that a lookup process knows: ask one remote target for a book and keep what it has."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict
from datetime import datetime
from functools import lru_cache
from pathlib import Path
from typing import Any

import marc
from workcell.kernel.clock import WallClock

Request = Mapping[str, Any]


def fetch(request: Request) -> dict[str, Any]:
    """How many records the target has for the book, by which question, and whether the cache knew."""
    target, connection = _connected(request["target"])
    wanted = marc.Wanted(**{**request["wanted"], "isbns": tuple(request["wanted"]["isbns"])})
    at = datetime.fromisoformat(request["at"])
    with marc.Catalogue.open(Path(request["cache"])) as cache:
        return asdict(marc.fetch(target, wanted, connection, cache, at))


@lru_cache(maxsize=1)
def _connected(written: str) -> tuple[marc.Target, marc.Connection]:
    """The target and the connection that is kept between jobs."""
    target = marc.Target.model_validate_json(written)
    return target, marc.connect(target, WallClock())


JOBS: dict[str, Callable[[Request], dict[str, Any]]] = {"fetch": fetch}
