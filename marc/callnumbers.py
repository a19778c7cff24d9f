"""Call numbers: the class from record or CIP, the book number by scheme, put together for a location.

An added copy takes the call number that the title has; only a new title gets a new one.  Running numbers
(种次号) are counted elsewhere: this module only says for which class one is wanted.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from marc import articles, author_numbers, cutter
from marc.facts import ClassNumber, RecordFacts
from workcell.kernel.evidence import Evidence
from workcell.kernel.profile import Location, Profile

_JOINS = {"CLC": "/"}
_SEEN_SCHEMES = {"lcc": "LCC", "ddc": "DDC", "clc": "CLC", "nlm": "NLM"}
NUMBER = "{number}"
"""Where a running number goes in a pattern."""


@dataclass(frozen=True)
class CallNumberPlan:
    """A call number, or what is still needed for one.

    ``existing`` is a call number to be taken over as it is.  ``pattern`` is the whole call number with
    ``{number}`` where a number of ``class_number`` belongs that is given out once: the next running number,
    or, where there is one, ``fitted``, an author number that other titles may have got meanwhile.
    ``heading`` is what the book files under.
    """

    class_number: str = ""
    existing: str = ""
    pattern: str = ""
    fitted: str = ""
    heading: str = ""


Shelf = Callable[[str, str], Sequence[tuple[str, str]]]
"""Filing headings and book numbers that stand in a class already, by scheme and class."""


def empty_shelf(scheme: str, class_: str) -> Sequence[tuple[str, str]]:
    """Nothing is known of the shelf."""
    return ()


def plan(
    facts: RecordFacts,
    evidence: Evidence,
    location: Location,
    profile: Profile,
    shelf: Shelf = empty_shelf,
) -> CallNumberPlan:
    """What the call number at this location is made of; an empty plan when no class is known.

    A new Cutter is fitted among those that ``shelf`` knows in the class.
    """
    held = class_number(facts, evidence, location.call_number.scheme)
    plain = held.number if held else ""
    existing = _on_file(facts, evidence, location, profile)
    if existing:
        return CallNumberPlan(plain, existing=existing)
    if held is None:
        return CallNumberPlan()
    if location.call_number.book_number == "sequence":
        return CallNumberPlan(plain, pattern=_assembled(plain, NUMBER, evidence, location))
    heading = _main_entry(facts, evidence)
    if _has_its_own(held, location):
        number, pattern = "", _assembled(plain, held.book_number, evidence, location)
    else:
        rules = location.call_number
        number = author_numbers.author_number(heading, rules, shelf(rules.scheme, held.number))
        pattern = _assembled(plain, _placed(number, facts, evidence, location), evidence, location)
    if not cutter.is_cutter(number):
        return CallNumberPlan(plain, pattern=pattern.replace(NUMBER, number), heading=heading)
    return CallNumberPlan(plain, pattern=pattern, fitted=number, heading=heading)


def call_number(
    facts: RecordFacts,
    evidence: Evidence,
    location: Location,
    profile: Profile,
    next_sequence: Callable[[str], int],
) -> str | None:
    """The call number at a location, a running number from ``next_sequence(class)``; None without a class."""
    made = plan(facts, evidence, location, profile)
    if made.existing:
        return made.existing
    if not made.pattern:
        return None
    if NUMBER in made.pattern:
        number = made.fitted or str(next_sequence(made.class_number))
        return made.pattern.replace(NUMBER, number)
    return made.pattern


def class_number(facts: RecordFacts, evidence: Evidence, scheme: str) -> ClassNumber | None:
    """The class in this scheme, cleaned for the shelf: from the record, else from the book's CIP block."""
    held = facts.class_in(scheme)
    if held is None:
        seen = next((c for c in evidence.many("class") if _SEEN_SCHEMES.get(c.scheme or "") == scheme), None)
        held = ClassNumber(scheme, seen.normalised or seen.value) if seen else None
    return cleaned(held) if held else None


def cleaned(held: ClassNumber) -> ClassNumber | None:
    """The class number as it stands on the shelf, its book number apart; None when it is none."""
    number, book_number = _CLEANERS.get(held.scheme, _as_is)(held)
    return ClassNumber(held.scheme, number, book_number, held.edition) if number else None


# --- class numbers ---------------------------------------------------------------------------------------


def _as_is(held: ClassNumber) -> tuple[str, str]:
    return held.number.strip(), held.book_number.strip()


def _ddc(held: ClassNumber) -> tuple[str, str]:
    """Without the prime marks that show where it may be cut (MARC 21 082 $a); "[Fic]" is no class."""
    number = re.sub(r"[/'’\s]", "", held.number)
    return (number, "") if re.fullmatch(r"[0-9]{3}(?:\.[0-9]+)?", number) else ("", "")


def _lcc(held: ClassNumber) -> tuple[str, str]:
    """Class with its own Cutters, and the book number with the date; "K56 2013" printed in one is parted."""
    number = " ".join(held.number.split())
    if held.book_number:
        return number, " ".join(held.book_number.split())
    inside = re.fullmatch(r"(.*?[0-9])\s*(\.?[A-Z][0-9]+[a-z]?(?:\s+[0-9]{4}[a-z]?)?)", number)
    if inside and re.match(r"[A-Z]{1,3}[0-9]", inside.group(1)):
        return inside.group(1), inside.group(2)
    return number, ""


def _clc(held: ClassNumber) -> tuple[str, str]:
    number = re.sub(r"\s", "", held.number)
    return (number, "") if re.match(r"[A-Z]", number) else ("", "")


_CLEANERS: dict[str, Callable[[ClassNumber], tuple[str, str]]] = {
    "DDC": _ddc,
    "LCC": _lcc,
    "NLM": _lcc,
    "CLC": _clc,
}


# --- book numbers ----------------------------------------------------------------------------------------


def _has_its_own(held: ClassNumber, location: Location) -> bool:
    """Whether the record's class comes with its book number, as LC's and NLM's do."""
    return location.call_number.scheme in ("LCC", "NLM") and bool(held.book_number)


def _placed(number: str, facts: RecordFacts, evidence: Evidence, location: Location) -> str:
    """Where the author number goes: behind a point and before the year in LC's and NLM's call numbers."""
    if not number:
        return ""
    if location.call_number.scheme not in ("LCC", "NLM"):
        return NUMBER
    year = str(facts.year or "") or evidence.text("year")[:4]
    return f".{NUMBER} {year}".strip()


def _main_entry(facts: RecordFacts, evidence: Evidence) -> str:
    """What the book files under: its first author, else its title without an article."""
    return facts.main_entry or articles.without_article(facts.title or evidence.text("title"), facts.language)


# --- assembling ------------------------------------------------------------------------------------------


def _assembled(number: str, book_number: str, evidence: Evidence, location: Location) -> str:
    rules = location.call_number
    parts = [*_oversize(evidence, location), rules.prefix, number, book_number, rules.suffix]
    return _join(location).join(part for part in parts if part)


def _join(location: Location) -> str:
    return _JOINS.get(location.call_number.scheme, " ")


def _oversize(evidence: Evidence, location: Location) -> list[str]:
    height = evidence.measured.height_mm
    oversize = location.oversize_cm is not None and height is not None and height >= location.oversize_cm * 10
    return [location.oversize_prefix] if oversize and location.oversize_prefix else []


def _on_file(facts: RecordFacts, evidence: Evidence, location: Location, profile: Profile) -> str:
    """The title's call number at this location; else that of another one with the same rules, made to fit."""
    for item in facts.items:
        if item.call_number and item.at(location.code):
            return item.call_number
    for other in profile.locations:
        if other.call_number != location.call_number:
            continue
        for item in facts.items:
            if item.call_number and item.at(other.code):
                bare = _without_prefix(item.call_number, other)
                return _join(location).join([*_oversize(evidence, location), bare])
    return ""


def _without_prefix(number: str, location: Location) -> str:
    """A call number without the oversize prefix of the location where it stands."""
    prefix = location.oversize_prefix
    return number.removeprefix(prefix + _join(location)) if prefix else number
