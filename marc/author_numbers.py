"""Author numbers: what stands for the main entry in a call number, by the scheme of the profile.

LC Cutter (table G 63, fitted into the shelf list), Cutter-Sanborn three-figure table (package ``csan``),
四角号码, or a table of the library's own (for example 通用汉语著者号码表, which can't be handed out and is
imported as CSV: heading, number).
"""

from __future__ import annotations

import csv
import re
from bisect import bisect_right
from collections.abc import Callable, Sequence
from functools import cache
from pathlib import Path

import csan

from marc import cutter, four_corner, romanising, text
from workcell.kernel.errors import BadInput
from workcell.kernel.profile import CallNumberRules

Shelf = Sequence[tuple[str, str]]
"""Filing headings (in Latin letters where the scheme has them) and book numbers of a class."""


def author_number(heading: str, rules: CallNumberRules, shelf: Shelf = ()) -> str:
    """The number for a main entry under these rules; ``""`` when the scheme has none for it.

    ``shelf`` are headings and numbers in the class; only LC Cutters are fitted among them.  Raises BadInput
    when the scheme's table is missing.
    """
    return _SCHEMES[rules.book_number](heading, rules, shelf) if heading else ""


def _lc(heading: str, rules: CallNumberRules, shelf: Shelf) -> str:
    filed = romanising.in_latin(heading)
    made = cutter.cutter(filed)
    return cutter.fitted(made, filed, shelf) if made and shelf else made


def _sanborn(heading: str, rules: CallNumberRules, shelf: Shelf) -> str:
    surname, _, forename = romanising.in_latin(heading).partition(",")
    try:
        return csan.cutter_sanborn(surname=surname.strip(), forename=forename.strip() or None)
    except ValueError:
        return ""


def _corners(heading: str, rules: CallNumberRules, shelf: Shelf) -> str:
    return four_corner.number(heading)


def _own(heading: str, rules: CallNumberRules, shelf: Shelf) -> str:
    return look_up(heading, author_table(Path(rules.author_table)))


def _none(heading: str, rules: CallNumberRules, shelf: Shelf) -> str:
    return ""


_SCHEMES: dict[str, Callable[[str, CallNumberRules, Shelf], str]] = {
    "cutter": _lc,
    "cutter_sanborn": _sanborn,
    "four_corner": _corners,
    "author_table": _own,
    "sequence": _none,
    "none": _none,
}


@cache
def author_table(path: Path) -> tuple[tuple[str, str], ...]:
    """Headings and numbers of a CSV file (two columns, UTF-8), sorted by heading; raises BadInput."""
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            rows = [(row[0].strip(), row[1].strip()) for row in csv.reader(file) if len(row) > 1]
    except (OSError, UnicodeDecodeError) as error:
        raise BadInput(
            f"the author table can't be read ({error})", subject=str(path), remedy="Give a CSV file in UTF-8."
        ) from error
    found = [(_filed(heading), number) for heading, number in rows if re.search(r"[0-9]", number)]
    if not found:
        raise BadInput(
            "the author table has no row with a heading and a number",
            subject=str(path),
            remedy="Give two columns: heading, number.",
        )
    return tuple(sorted(found))


def look_up(heading: str, table: Sequence[tuple[str, str]]) -> str:
    """The number of the longest heading that this one begins with, else (Latin) of the last one before it."""
    filed = _filed(heading)
    beginning = [(listed, number) for listed, number in table if filed.startswith(listed)]
    if beginning:
        return max(beginning, key=lambda row: len(row[0]))[1]
    if text.has_han(filed):
        return ""
    place = bisect_right([listed for listed, _ in table], filed)
    before = table[place - 1] if place else None
    return before[1] if before and before[0][:1] == filed[:1] else ""


def _filed(heading: str) -> str:
    return text.fold(heading).replace(" ", "")
