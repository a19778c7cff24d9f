"""Places of publication as codes: MARC countries for 008/15–17, Chinese divisions for CNMARC 102 $b.

Sources: MARC Code List for Countries; GB/T 2260 (codes of administrative divisions).  A place that is not
in the table has no code: it is never guessed from a publisher's name.
"""

from __future__ import annotations

import re

from marc import gazetteer, table_file, text

_TABLE = table_file.load("places")


def _by_name(table: dict[str, list[str]]) -> dict[str, str]:
    return {text.fold(name): code for name, code in table_file.inverted(table).items()}


_CITY_CODES = _by_name(_TABLE["cities"])
_REGION_CODES = _by_name(_TABLE["regions"])
_DIVISION_CODES = {text.tight(name): code for name, code in table_file.inverted(_TABLE["divisions"]).items()}
_DIVISION_SUFFIXES = ("市", "省", "自治区", "区", "县")
_ABBREVIATED = 4
"""A region's word of so many letters or fewer may be an abbreviation, which names no subject."""
_AREAS = {text.fold(name) for name in _TABLE["areas"]["names"]} | {
    text.fold(name)
    for names in _TABLE["regions"].values()
    for name in names
    if len(name) > _ABBREVIATED or name == names[-1]
}


def country_code(place: str) -> str:
    """The MARC country code in three characters, or ``|||`` when the place is not in the tables.

    "Athens, Georgia" and "Delevan, NY" go by their state; a city by itself only where it is known for one.
    """
    if division(place):
        return "ch " if division(place).startswith("71") else "cc "
    plain = place.strip(" []?.:;,")
    city, _, region = plain.rpartition(",")
    for code in (_CITY_CODES.get(text.fold(plain)), _REGION_CODES.get(text.fold(region)) if city else None,
                 _CITY_CODES.get(text.fold(re.sub(r"\s*[\[(].*$", "", plain)))):  # fmt: skip
        if code:
            return code.ljust(3)
    inside = re.search(r"[\[(]([^\])]+)", plain)
    return (_REGION_CODES.get(text.fold(inside.group(1))) or "|||").ljust(3) if inside else "|||"


def division(place: str) -> str:
    """The six-digit code of the Chinese division that the place belongs to, or ``""``."""
    plain = text.tight(place)
    for suffix in ("", *_DIVISION_SUFFIXES):
        code = _DIVISION_CODES.get(plain.removesuffix(suffix))
        if code:
            return code
    return ""


def is_place(name: str) -> bool:
    """Whether a subject division is the name of a country, state, province or a large city."""
    if text.has_han(name):
        return name in gazetteer.PLACES or name.removesuffix("省").removesuffix("市") in gazetteer.PLACES
    qualifier = re.search(r"\(([^()]+)\)\.?$", name)
    if qualifier and _names_region(re.split(r"\s*:\s*|,\s*", qualifier.group(1))):
        return True
    return text.fold(name) in _AREAS or (text.fold(name) in _CITY_CODES and "," not in name)


def _names_region(words: list[str]) -> bool:
    """Whether one of the words in a qualifier is a state or country ("Calif.", "Mexico : State")."""
    return any(text.fold(word) in _REGION_CODES or text.fold(word) in _AREAS for word in words)
