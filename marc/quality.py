"""How complete a record is, by what libraries say they need of a shelf-ready one.

Source: the weights of the National Acquisitions Group's shelf-ready survey (Booth): how many of 50 libraries
ask for each element.  Each element that is asked of every printed monograph counts whether it is there or
not; one that only some books have counts only where it is there.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

from pymarc import Record

from marc.raw_record import RawRecord, of_record


class _View(NamedTuple):
    """All that the score depends on: format, tags, leader/06, 07, 17 and 18, whether the extent is given."""

    flavour: str
    tags: frozenset[str]
    leader: str
    extent: bool


@dataclass(frozen=True)
class Element:
    """One element: its weight, whether every book has it, and the tags that count as it, or how to see it."""

    name: str
    weight: int
    always: bool
    tags: tuple[str, ...] = ()
    held: Callable[[_View], bool] | None = None

    def there(self, view: _View) -> bool:
        """Whether the record has it."""
        return self.held(view) if self.held else not view.tags.isdisjoint(self.tags)


@dataclass(frozen=True)
class Score:
    """``value`` from 0 to 100; ``missing`` lacks of what every record should have, weightiest first."""

    value: float
    missing: tuple[str, ...]


def _subject(view: _View) -> bool:
    return any(tag[0] == "6" for tag in view.tags)


def _added(view: _View) -> bool:
    return any(tag[0] == "7" and tag < "760" for tag in view.tags)


def _extent(view: _View) -> bool:
    return view.extent


def _type(view: _View) -> bool:
    return view.leader[0] in "abcdefgijklmoprt"


def _bibliographic_level(view: _View) -> bool:
    return view.leader[1] in "abcdims"


def _level(view: _View) -> bool:
    """A level that says who described it fully (17) and how (18)."""
    return view.leader[2] in " 14IL" and view.leader[3] in "aci"


def _full(view: _View) -> bool:
    return view.leader[2] == " "


_MARC21 = (
    Element("020", 45, True, ("020",)),
    Element("264", 45, True, ("264", "260")),
    Element("245", 44, True, ("245",)),
    Element("250", 44, False, ("250",)),
    Element("1XX or 7XX", 44, True, ("100", "110", "111", "130", "700", "710", "711", "730")),
    Element("6XX", 44, True, held=_subject),
    Element("7XX", 44, False, held=_added),
    Element("300", 43, True, held=_extent),
    Element("LDR/07", 40, True, held=_bibliographic_level),
    Element("490", 40, False, ("490", "440")),
    Element("246", 39, False, ("246",)),
    Element("LDR/06", 38, True, held=_type),
    Element("336", 35, True, ("336",)),
    Element("337", 35, True, ("337",)),
    Element("240", 34, False, ("240", "130")),
    Element("338", 34, True, ("338",)),
    Element("8XX", 32, False, ("800", "810", "811", "830")),
    Element("041", 31, False, ("041",)),
    Element("500", 30, False, ("500",)),
    Element("LDR/17–18", 29, True, held=_level),
    Element("040", 29, True, ("040",)),
    Element("082", 28, True, ("082", "050", "060", "084", "090")),
    Element("035", 19, False, ("035",)),
    Element("504", 19, False, ("504",)),
    Element("546", 19, False, ("546",)),
    Element("505", 14, False, ("505",)),
    Element("050", 13, False, ("050",)),
    Element("776", 12, False, ("776",)),
    Element("520", 11, False, ("520",)),
    Element("006", 9, False, ("006",)),
    Element("856", 9, False, ("856",)),
    Element("010", 6, False, ("010",)),
    Element("015", 5, False, ("015",)),
    Element("588", 4, False, ("588",)),
)  # fmt: skip

_UNIMARC = (
    Element("010", 45, True, ("010", "091")),
    Element("210", 45, True, ("210", "214")),
    Element("200", 44, True, ("200",)),
    Element("205", 44, False, ("205",)),
    Element("70X–72X", 44, True, ("700", "701", "702", "710", "711", "712", "720", "721", "722")),
    Element("6XX", 44, True, ("600", "601", "602", "604", "605", "606", "607", "608", "610")),
    Element("215", 43, True, held=_extent),
    Element("LDR/07", 40, True, held=_bibliographic_level),
    Element("225", 40, False, ("225",)),
    Element("517", 39, False, ("510", "512", "516", "517")),
    Element("LDR/06", 38, True, held=_type),
    Element("105", 35, True, ("105", "181")),
    Element("500", 34, False, ("500", "454")),
    Element("410", 32, False, ("410", "461", "462")),
    Element("101", 31, True, ("101",)),
    Element("300", 30, False, ("300",)),
    Element("LDR/17", 29, True, held=_full),
    Element("801", 29, True, ("801",)),
    Element("690", 28, True, ("690", "675", "676", "680", "686", "692")),
    Element("320", 19, False, ("320",)),
    Element("327", 14, False, ("327",)),
    Element("330", 11, False, ("330",)),
    Element("856", 9, False, ("856",)),
)  # fmt: skip
"""The same needs where UNIMARC and CNMARC have them."""


def score(record: Record) -> Score:
    """The score of a pymarc record."""
    return raw_score(of_record(record))


def too_brief(record: Record, minimum: float) -> str:
    """A sentence when the record's score is below the gate (profile: records.minimum_score), else ``""``."""
    found = score(record)
    if found.value >= minimum:
        return ""
    lacks = f"; it lacks {', '.join(found.missing[:5])}" if found.missing else ""
    return f"The record scores {found.value:g} of 100, {minimum:g} are asked{lacks}."


def raw_score(record: RawRecord) -> Score:
    """The score: weight of what is there over weight of what is asked or there, in percent."""
    extent = record.first("215" if record.flavour == "unimarc" else "300", "a")
    leader = record.leader[6:8] + record.leader[17:19]
    return _score(_View(record.flavour, frozenset(record.by_tag), leader, bool(extent.strip())))


@functools.lru_cache(maxsize=1 << 16)
def _score(view: _View) -> Score:
    have = asked = 0
    missing: list[str] = []
    for element in _UNIMARC if view.flavour == "unimarc" else _MARC21:
        there = element.there(view)
        have += element.weight * there
        asked += element.weight * (there or element.always)
        if element.always and not there:
            missing.append(element.name)
    return Score(round(100 * have / asked, 1), tuple(missing))
