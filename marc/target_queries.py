"""What is asked of a target for a book, and how that reads in PQF (Z39.50) and CQL (SRU).

The questions escalate: the ISBN, then words of the title with author and year, then without the year, then
the title alone.  A target is asked the next question only when the one before found nothing.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass

from stdnum import isbn as printed

from marc import isbn, text
from marc.matching import evidence_isbns
from marc.targets import Target
from workcell.kernel.evidence import Evidence

_TITLE_WORDS = 4
_WORD = re.compile(r"[^\W_]+")
_FUNCTION_WORDS = frozenset(
    ("a", "an", "and", "as", "at", "by", "for", "from", "in", "into", "of", "on", "or", "the", "to", "with",
     "der", "die", "das", "und", "ein", "eine", "le", "la", "les", "des", "du", "et", "un", "une",
     "el", "los", "las", "de", "y", "il", "lo")
)  # fmt: skip


@dataclass(frozen=True)
class Wanted:
    """What is known of a book, or one free text; empty where it is not known."""

    isbns: tuple[str, ...] = ()
    title: str = ""
    author: str = ""
    year: str = ""
    record_id: str = ""
    words: str = ""

    def __bool__(self) -> bool:
        """Whether there is anything to ask for."""
        return bool(self.isbns or self.title or self.record_id or self.words)


def wanted_of(evidence: Evidence) -> Wanted:
    """What a book's evidence gives to ask for."""
    names = evidence.many("names")
    return Wanted(
        isbns=tuple(evidence_isbns(evidence)),
        title=evidence.text("title"),
        author=names[0].value if names else "",
        year=evidence.text("year"),
    )


@dataclass(frozen=True)
class Term:
    """One index and the values of which one must be met."""

    index: str
    values: tuple[str, ...]


@dataclass(frozen=True)
class Question:
    """One question: all terms must be met.  ``step`` names the rung of the escalation."""

    step: str
    terms: tuple[Term, ...]

    @property
    def key(self) -> str:
        """The question in one line, the same for the same question."""
        return " ".join(f"{term.index}={'|'.join(term.values)}" for term in self.terms)


def wanted_from_text(query: str) -> Wanted:
    """What a person typed: an ISBN, or words."""
    number = isbn.normalise(query)
    return Wanted(isbns=(number,)) if number else Wanted(words=query)


def questions(wanted: Wanted, target: Target) -> Iterator[Question]:
    """The questions for a book, in the order in which they are asked."""
    if wanted.record_id:
        yield Question("id", (Term("id", (wanted.record_id,)),))
    for number in wanted.isbns:
        yield Question("isbn", (Term("isbn", _forms(number, target)),))
    if wanted.words:
        yield Question("words", _each("any", _words(wanted.words, 8)))
    title = _each("title", _words(wanted.title, _TITLE_WORDS))
    if not title:
        return
    author = _each("author", _words(wanted.author, 1, longest=True))
    year = (Term("year", (wanted.year,)),) if wanted.year.isdigit() else ()
    rungs = {"title_author_year": (*title, *author, *year), "title_author": (*title, *author), "title": title}
    asked: set[tuple[Term, ...]] = set()
    for step, terms in rungs.items():
        if terms not in asked:
            asked.add(terms)
            yield Question(step, terms)


def pqf(question: Question, target: Target) -> str:
    """The question in prefix query format, bib-1 attributes."""
    terms = []
    for term in question.terms:
        use = target.names(term.index)[0]
        values = [f"@attr 1={use} {_structure(value)} {_quoted(value)}" for value in term.values]
        terms.append(_prefixed("@or", values))
    return _prefixed("@and", terms)


def cql(question: Question, names: dict[str, str]) -> str:
    """The question in CQL with these index names."""
    terms = []
    for term in question.terms:
        values = [f"{names[term.index]}={_quoted(value)}" for value in term.values]
        terms.append(values[0] if len(values) == 1 else f"({' or '.join(values)})")
    return " and ".join(terms)


def _forms(number: str, target: Target) -> tuple[str, ...]:
    made = {
        "13": number,
        "10": isbn.to_10(number) if len(number) == 13 else number,
        "hyphenated": str(printed.format(number)),
    }
    return tuple(dict.fromkeys(made[form] for form in target.isbn_forms if made[form])) or (number,)


def _words(said: str, most: int, *, longest: bool = False) -> list[str]:
    """The telling words of a text, with their accents: no function words; Chinese runs stay whole."""
    every = _WORD.findall(unicodedata.normalize("NFC", said).lower())
    words = [word for word in every if word not in _FUNCTION_WORDS] or every
    telling = [word for word in words if len(word) > 1 or not word.isascii() or word.isdigit()] or words
    if longest:
        telling = telling[:1]
    if len(telling) > most:
        kept = sorted(range(len(telling)), key=lambda place: (-len(telling[place]), place))[:most]
        telling = [telling[place] for place in sorted(kept)]
    return telling


def _each(index: str, words: list[str]) -> tuple[Term, ...]:
    """A term a word; one with accents may also stand without them, for some targets can't be sent any."""
    return tuple(Term(index, tuple(dict.fromkeys((word, text.fold(word) or word)))) for word in words)


def _structure(value: str) -> str:
    """Word for one word, phrase else (bib-1 structure attribute)."""
    return "@attr 4=1" if " " in value else "@attr 4=2"


def _quoted(value: str) -> str:
    plain = " ".join(value.split())
    escaped = plain.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def _prefixed(operator: str, parts: list[str]) -> str:
    return " ".join([operator] * (len(parts) - 1) + parts)
