"""What a check has to say about one place of a record."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Severity = Literal["error", "warning", "notice"]


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is not as the format asks.

    An ``error`` keeps the record from leaving; a ``warning`` is wrong by the standard; a ``notice`` is odd,
    old practice, or two places that say different things.
    """

    tag: str
    severity: Severity
    code: str
    text: str


def error(tag: str, code: str, text: str) -> Finding:
    """A finding that keeps the record from leaving."""
    return Finding(tag, "error", code, text)


def warning(tag: str, code: str, text: str) -> Finding:
    """A finding against the standard."""
    return Finding(tag, "warning", code, text)


def notice(tag: str, code: str, text: str) -> Finding:
    """A finding worth a look."""
    return Finding(tag, "notice", code, text)
