"""Tokens and numbers: from the operating system, or from a seed."""

from __future__ import annotations

import random
import secrets


class SystemIds:
    """Unguessable values from the operating system."""

    def token(self) -> str:
        """128 bits in hexadecimal."""
        return secrets.token_hex(16)

    def number(self, below: int) -> int:
        """An integer in ``range(below)``."""
        return secrets.randbelow(below)


class SeededIds:
    """Repeatable values for simulation; never for a secret."""

    def __init__(self, seed: int) -> None:
        self._random = random.Random(seed)

    def token(self) -> str:
        """128 bits in hexadecimal."""
        return f"{self._random.getrandbits(128):032x}"

    def number(self, below: int) -> int:
        """An integer in ``range(below)``."""
        return self._random.randrange(below)
