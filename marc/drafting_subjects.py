"""Subject headings of a CIP block as fields: what each division is, by what it says.

Sources: MARC 21 6XX ($v form, $x general, $y chronological, $z geographic; second indicator 0 LCSH, 4 source
not specified, 7 in $2); Library of Congress form subdivisions; CNMARC 606 ($x, $y place, $z time, $j form).
"""

from __future__ import annotations

import re

from pymarc import Field

from marc import places, table_file, text
from marc.description import Description
from marc.fields import data_field

_TABLE = table_file.load("subjects")
_FORMS = frozenset(_TABLE["forms"])
_AFTER_PLACE = frozenset(word.casefold() for word in _TABLE["after_place"])
_TIME = re.compile(
    r"\b[0-9]{3,4}\b|\bcentury\b|\bcenturies\b|\bto [0-9]{3,4}|^modern\b|^ancient\b|年代?$|世纪|时期$"
)
_TIME_ZH = re.compile(r"^(?:现代|当代|近代|古代|[0-9]{4}.*|.*[代朝]|.*时期|.*世纪)$")
_FORMS_ZH = re.compile(
    r"^(?:教材|习题集?|文集|手册|词典|辞典|字典|年鉴|图集|图解|指南|普及读物|通俗读物|少儿读物|青少年读物|儿童读物|选集|作品集|"
    r"问题解答|解题|资格考试|自学参考资料|丛刊|文摘|目录|索引)$"
)
_PERSON = re.compile(r"^[^,]+, [^,]+(?:, [0-9]{3,4}-(?:[0-9]{3,4})?)$")
_BISAC = re.compile(r"^[A-Z]{3,}[A-Z &,/'-]* / ")
"""BISAC headings: a class in capitals, then a blank, a stroke, a blank."""


def marc21(book: Description) -> list[Field]:
    """6XX fields: LCSH where the block is the Library of Congress's, else source not specified."""
    return [_marc21(subject, book.authority) for subject in book.subjects if subject]


def _marc21(subject: tuple[str, ...], authority: str) -> Field:
    whole = "--".join(subject)
    if text.has_han(whole):
        divisions = [(_MARC21_CODES[_kind_zh(part)], part) for part in subject[1:]]
        source = [("2", "cct")] if authority == "cct" else []
        return data_field("650", " 7" if source else " 4", [("a", subject[0]), *divisions, *source])
    if _BISAC.match(whole):
        return data_field("650", " 7", [("a", whole), ("2", "bisacsh")])
    topic, *divided = subject
    second = "0" if authority == "lcsh" else "4"
    parts = [("a", topic), *zip(_divisions(divided), divided, strict=True)]
    *before, (code, last) = parts
    ended = [*before, (code, last if last[-1:] in ".)-" else f"{last}.")]
    if _PERSON.match(topic):
        return data_field("600", f"1{second}", _with_dates(ended))
    return data_field("651" if places.is_place(topic) else "650", f" {second}", ended)


def _divisions(parts: list[str]) -> list[str]:
    """The code of each subdivision; a place may be divided by a smaller one, which no table knows."""
    codes: list[str] = []
    for part in parts:
        code = _division(part)
        behind_place = codes[-1:] == ["z"] and codes.count("z") == 1
        if code == "x" and behind_place and _may_be_a_place(part):
            code = "z"
        codes.append(code)
    return codes


def _may_be_a_place(part: str) -> bool:
    plain = part.casefold().rstrip(".")
    return plain not in _AFTER_PLACE and part[:1].isupper() and not re.search(r", etc\b|\band\b", plain)


def _division(part: str) -> str:
    if part.casefold().rstrip(".") in _FORMS:
        return "v"
    if places.is_place(part):
        return "z"
    return "y" if _TIME.search(part) else "x"


def _with_dates(parts: list[tuple[str, str]]) -> list[tuple[str, str]]:
    """The years behind a name go into $d ("Woolf, Virginia, 1882-1941")."""
    (code, name), *rest = parts
    bare, comma, years = name.rpartition(", ")
    return [(code, f"{bare}{comma}".rstrip()), ("d", years), *rest]


def cnmarc(book: Description) -> list[Field]:
    """606: $a topic, $x subdivision, $y place, $z time, $j form."""
    return [
        data_field("606", "0 ", [("a", topic), *((_CNMARC_CODES[_kind_zh(part)], part) for part in divided)])
        for topic, *divided in (subject for subject in book.subjects if subject)
    ]


_MARC21_CODES = {"place": "z", "time": "y", "form": "v", "topic": "x"}
_CNMARC_CODES = {"place": "y", "time": "z", "form": "j", "topic": "x"}


def _kind_zh(part: str) -> str:
    if places.is_place(part):
        return "place"
    if _FORMS_ZH.match(part):
        return "form"
    return "time" if _TIME_ZH.match(part) or _TIME.search(part) else "topic"
