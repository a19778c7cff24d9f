"""Tables that are data: TOML files that lie beside the module that knows them."""

from __future__ import annotations

import tomllib
from importlib import resources
from typing import Any


def load(name: str) -> dict[str, Any]:
    """The tables in ``marc/NAME.toml``."""
    return tomllib.loads(resources.files("marc").joinpath(f"{name}.toml").read_text("utf-8"))


def inverted(table: dict[str, list[str]]) -> dict[str, str]:
    """``{"enk": ["London", "Oxford"]}`` as ``{"London": "enk", "Oxford": "enk"}``."""
    return {word: key for key, words in table.items() for word in words}
