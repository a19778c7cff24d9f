"""Dates of a book: published, copyright, original; as text for the imprint and as codes.

Sources: MARC 21 008/06–14; RDA 2.8.6 and 2.11 (a date that is not on the title page or in a statement of
publication is inferred from the copyright date and bracketed); UNIMARC 100 $a/8–16.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from marc import designations

_YEAR = r"(?:1[5-9]|20)[0-9]{2}"
_COPYRIGHT = re.compile(
    rf"(?:©|℗|\(c\)|\bcopyright\b)\D{{0,12}}?({_YEAR}(?:(?:,\s*|\s*[-–]\s*|\s+and\s+){_YEAR})*)",
    re.IGNORECASE,
)
_PUBLISHED = re.compile(
    r"\b(?:this (?:\w+ )?edition |first |re)?published\b(?:(?!©|copyright)\D){0,60}?((?:1[5-9]|20)[0-9]{2})",
    re.IGNORECASE,
)
_ORIGINAL = re.compile(
    r"\b(?:originally published|reprint of|reprinted from|facsimile (?:reprint |edition )?of)\b.{0,120}?"
    r"((?:1[5-9]|20)[0-9]{2})|(?:影印|重印)(?:自|本)?\D{0,12}((?:1[5-9]|20)[0-9]{2})",
    re.IGNORECASE,
)


@dataclass(frozen=True)
class Dates:
    """Years that the book shows; None where it shows none.  ``original`` is that of what was reprinted."""

    published: int | None = None
    copyright: int | None = None
    original: int | None = None

    @property
    def year(self) -> int | None:
        """The year of this publication: stated, else the copyright's."""
        return self.published or self.copyright

    @property
    def inferred(self) -> bool:
        """Whether the year of publication is taken from the copyright date alone."""
        return self.published is None and self.copyright is not None


def read(value: str, page: str, lines: tuple[str, ...]) -> Dates:
    """Dates from the year that was read (``value`` on ``page``) and the lines of the copyright page.

    A year that only stands behind a copyright sign is no date of publication.
    """
    year = designations.year_of(value)
    copyrights = [
        int(found) for line in lines for run in _COPYRIGHT.findall(line) for found in re.findall(_YEAR, run)
    ]
    if re.match(r"\s*(?:©|c(?=[0-9])|\(c\)|copyright)", value, re.IGNORECASE) and year:
        copyrights.append(year)
    published = [int(found) for line in lines for found in _PUBLISHED.findall(line)]
    held = max(copyrights, default=None)
    only_copyright = year is not None and year in copyrights and page != "title_page"
    if only_copyright and year not in published:
        return Dates(None, year, _original(lines, year))
    return Dates(year, held if held and year and held <= year else None, _original(lines, year))


def _original(lines: tuple[str, ...], year: int | None) -> int | None:
    """The year of the original that a reprint names, earlier than its own."""
    for line in lines:
        for found in _ORIGINAL.findall(line):
            original = int(next(part for part in found if part))
            if year is None or original < year:
                return original
    return None


def marc21_coded(dates: Dates) -> str:
    """008/06–14: type of date and two dates, ``|`` where nothing is known."""
    if dates.year is None:
        return "|||||||||"
    if dates.original:
        return f"r{dates.year:04d}{dates.original:04d}"
    if dates.copyright:
        return f"t{dates.year:04d}{dates.copyright:04d}"
    return f"s{dates.year:04d}    "


def unimarc_coded(dates: Dates) -> str:
    """100 $a/8–16: type of publication and two dates, ``u`` and blanks where nothing is known."""
    if dates.year is None:
        return "u        "
    if dates.original:
        return f"e{dates.year:04d}{dates.original:04d}"
    if dates.published and dates.copyright and dates.copyright != dates.published:
        return f"h{dates.published:04d}{dates.copyright:04d}"
    return f"d{dates.year:04d}    "
