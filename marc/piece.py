"""One record of a text format (MARCXML, JSON, mrk), as its reader hands it on, and what these share."""

from __future__ import annotations

from typing import NamedTuple

from pymarc import Record


class Piece(NamedTuple):
    """The record, or why it can't be had; ``offset`` in bytes of the file.

    A record with a ``problem`` lacks what the problem names.
    """

    record: Record | None
    offset: int
    problem: str = ""
    encoding: str = "utf-8"


def is_control(tag: str) -> bool:
    """Whether fields of this tag have neither indicators nor subfields (00X)."""
    return tag < "010" and tag.isdigit()


def checked_leader(text: str) -> str:
    """The leader as 24 characters; tools strip its blanks, which are put back at the end.  Or ValueError."""
    if len(text) > 24 or not text.isascii() or not text.isprintable():
        raise ValueError("the leader is not 24 characters")
    return text.ljust(24)
