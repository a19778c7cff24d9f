"""Chinese surnames: those of two characters, and those that are read unlike the same character in a word.

The table is ``surnames.toml``.
"""

from __future__ import annotations

from marc import table_file

_TABLE = table_file.load("surnames")
_COMPOUND = frozenset(_TABLE["compound"])
_READINGS = table_file.inverted(_TABLE["readings"])


def surname_of(name: str) -> str:
    """The surname of a Chinese name without blanks: the longest compound one, else its first character."""
    for length in (4, 2):
        if len(name) > length and name[:length] in _COMPOUND:
            return name[:length]
    return name[:1]


def syllables_of(surname: str) -> list[str] | None:
    """The surname's syllables where the table knows them, else None: they are read as in words."""
    reading = _READINGS.get(surname)
    return None if reading is None else reading.split()
