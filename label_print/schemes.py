"""Call-number schemes, and a call number's parts.

A call number is scanned left to right into parts; every character but white space belongs to exactly one
part, so no scheme can lose or add one.  Parts are what spine labels show line by line and what shelving keys
are made of.  Rules: LC Classification and Shelflisting Manual G 60, DDC book numbers after Cutter, NLM
Classification (introduction), 中国图书馆分类法 with its auxiliary signs.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from workcell.kernel.errors import BadInput


class Scheme(StrEnum):
    """Call-number schemes."""

    LCC = "LCC"
    DDC = "DDC"
    NLM = "NLM"
    CLC = "CLC"
    LOCAL = "LOCAL"


class Kind(StrEnum):
    """What a part of a call number is."""

    LETTERS = "letters"
    NUMBER = "number"
    CUTTER = "cutter"
    DATE = "date"
    DESIGNATION = "designation"
    WORD = "word"


@dataclass(frozen=True)
class Part:
    """One part of a call number: a line of its own unless an option says otherwise."""

    kind: Kind
    text: str


def scheme_of(name: str) -> Scheme:
    """The scheme called ``name``; raises BadInput."""
    try:
        return Scheme(name.upper())
    except ValueError:
        known = ", ".join(Scheme)
        raise BadInput(f"no call-number scheme {name!r}", remedy=f"There are: {known}.") from None


def parts_of(call_number: str, scheme: str) -> tuple[Part, ...]:
    """The parts of a call number in order; raises BadInput for an unknown scheme.

    One of classes with capital letters that is in small letters throughout has the parts of its capitals.
    """
    known = scheme_of(scheme)
    text = " ".join(call_number.split())
    if known not in _CAPITAL_CLASSES or capitals_of(text) == text:
        return tuple(_PARTS[known](text))
    return tuple(_as_written(_PARTS[known](capitals_of(text)), text))


def capitals_of(text: str) -> str:
    """A text in small letters throughout in capitals, any other as it is."""
    capitals = text.upper()
    return capitals if text == text.lower() and len(capitals) == len(text) else text


def _as_written(parts: Iterable[Part], text: str) -> Iterator[Part]:
    """Parts found in capitals, with the letters of ``text``."""
    end = 0
    for part in parts:
        start = capitals_of(text).index(part.text, end)
        end = start + len(part.text)
        yield Part(part.kind, text[start:end])


# --- what stands between spaces --------------------------------------------------------------------------

# "v. 56", "no. 1", "n.s.", "c.2", "t. 3/4", "v. II": an abbreviation, with the number that follows it
_ABBREVIATED: Final = r"(?:[^\W\d_]{1,6}\.)+(?:\s?\d\S*|\s[IVXLC]+(?!\S))?(?!\S)"
_SPELLED: Final = (
    r"(?i:vol|volume|v|no|number|nr|pt|part|bd|band|copy|disc|disk|issue|series|suppl|supplement)\s\d\S*"
    r"|(?i:vol|volume|part|band|series|suppl|supplement|tome|teil)\s[IVXLC]+(?!\S)"
)
_EDITION: Final = r"\d+(?:st|nd|rd|th|d|e|er|re|ème|ª|\.)\s(?i:ed|éd|ser|suppl|aufl|uppl|udg|изд)\.,?(?!\S)"
_CHINESE: Final = r"第\s?\S+(?:\s[册卷辑集部编期分])?(?!\S)"
_DESIGNATION: Final = re.compile("|".join((_EDITION, _ABBREVIATED, _SPELLED, _CHINESE)))

_GLUED: Final = r"(?i:c|v|no|pt|t|bd)\.\d"  # "J5c.1": the copy written to the book number without a space
_CUTTER: Final = re.compile(
    rf"\.?[A-Z]\d+(?:(?!{_GLUED})(?:[a-z]{{1,3}}(?![a-z])|[A-Za-z]+(?![A-Za-z0-9])))?(?::[A-Z\d]+(?!\S))?"
)
_YEAR: Final = re.compile(r"\d{4}[a-z]*(?:[-/]\d{2,4})?(?!\S)|\d{4}(?=\.?[A-Z]\d)")  # or a cutter glued to it

_Table = tuple[tuple[Kind, re.Pattern[str]], ...]

_CLASSED: Final[_Table] = (
    (Kind.DESIGNATION, _DESIGNATION),
    (Kind.CUTTER, _CUTTER),
    (Kind.DATE, _YEAR),
    (Kind.WORD, re.compile(r"\S+?(?=\.[A-Z]\d|\s|$)")),
)
"""What may follow the class number in LCC and NLM, first fit wins."""

_SPACED: Final[_Table] = (
    (Kind.DESIGNATION, _DESIGNATION),
    (Kind.DATE, _YEAR),
    (Kind.WORD, re.compile(rf"[A-Za-z]+\d+[a-z]*?(?={_GLUED})", re.IGNORECASE)),
    (Kind.WORD, re.compile(r"\S+")),
)
"""Parts of a call number whose parts are divided by spaces (DDC behind its class, local)."""

_UNDATED: Final[_Table] = ((Kind.DESIGNATION, _DESIGNATION), (Kind.WORD, re.compile(r"\S+")))
"""Parts of a CLC call number behind its class: a running number of four digits is no year."""


def _scan(text: str, table: _Table) -> list[Part]:
    parts: list[Part] = []
    position = 0
    while position < len(text):
        if text[position] == " ":
            position += 1
            continue
        kind, found = next((k, m) for k, p in table if (m := p.match(text, position)) is not None)
        parts.append(Part(kind, found.group()))
        position = found.end()
    return parts


# --- schemes ---------------------------------------------------------------------------------------------

_NUMBER: Final = r"\s*(\d+(?:\.\d+)?)(?!\w*-)"
_LC_CLASS: Final = re.compile(rf"(?<!\S)([A-Z]{{1,3}}){_NUMBER}")
_NLM_CLASS: Final = re.compile(rf"(?<!\S)(Q[S-Z]|W[A-Z]?){_NUMBER}")
_DDC_CLASS: Final = re.compile(
    r"(?:^([A-Za-z]+)(?=\d{3})|(?<!\S)([A-Za-z]{1,2})(?=\d{3}\.\d)|(?<!\S))"
    r"(\d{3}(?:[/']?\.\d+(?:[/']\d+)*)?)(?![^\sA-Za-z])"  # with the segmentation marks of MARC 082
)
_CLC_CLASS: Final = re.compile(r"[A-Z]{1,2}(?![A-Za-z.])\S*")  # "V.2" is a volume


def _classed_parts(*class_patterns: re.Pattern[str]) -> Callable[[str], list[Part]]:
    """Words before the class ("Ref.", "Folio"), its letters, its number, and what follows."""

    def parts(text: str) -> list[Part]:
        found = next((match for pattern in class_patterns if (match := pattern.search(text))), None)
        if found is None:
            return _scan(text, _SPACED)
        letters, number = found.groups()
        head = [*_words(text[: found.start()]), Part(Kind.LETTERS, letters), Part(Kind.NUMBER, number)]
        return head + _scan(text[found.end() :], _CLASSED)

    return parts


def _ddc_parts(text: str) -> list[Part]:
    """Collection words, class (with its letter, as in R220.3), then what spaces divide."""
    found = _DDC_CLASS.search(text)
    if found is None:
        return _scan(text, _SPACED)
    letters = found[1] or found[2]
    mark = [Part(Kind.LETTERS, letters)] if letters else []
    rest = _scan(text[found.end() :], _SPACED)
    return [*_words(text[: found.start()]), *mark, Part(Kind.NUMBER, found[3]), *rest]


def _spaced_parts(text: str) -> list[Part]:
    return _scan(text, _SPACED)


def _clc_parts(text: str) -> list[Part]:
    """Words before the class, the class, then what slashes and spaces divide."""
    first, *others = _between_slashes(text)
    words = first.split()
    place = next((at for at, word in enumerate(words) if _CLC_CLASS.fullmatch(word)), None)
    if place is None:
        head = _scan(first, _UNDATED)
    else:
        rest = _scan(" ".join(words[place + 1 :]), _UNDATED)
        head = [*_words(" ".join(words[:place])), Part(Kind.LETTERS, words[place]), *rest]
    return head + [part for piece in others for part in _scan(piece, _UNDATED)]


def _between_slashes(text: str) -> list[str]:
    """Pieces of a CLC call number; a slash is a break only between two pieces that are not empty."""
    return [piece.strip() for piece in re.split(r"(?<=[^\s/])\s*/\s*(?=[^\s/])", text)]


def _words(text: str) -> list[Part]:
    return [Part(Kind.WORD, word) for word in text.split()]


_CAPITAL_CLASSES: Final = frozenset({Scheme.LCC, Scheme.NLM, Scheme.CLC})
_PARTS: Final[Mapping[Scheme, Callable[[str], list[Part]]]] = {
    Scheme.LCC: _classed_parts(_LC_CLASS),
    Scheme.NLM: _classed_parts(_NLM_CLASS, _LC_CLASS),
    Scheme.DDC: _ddc_parts,
    Scheme.CLC: _clc_parts,
    Scheme.LOCAL: _spaced_parts,
}
"""NLM libraries take LC classes for what NLM leaves to them."""
