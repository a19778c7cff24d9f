"""What a book says of itself, put in the order in which a description needs it, whatever the format.

Between evidence and a drafted record: everything here is transcribed or measured; what was not seen is
empty.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from decimal import Decimal

from marc import designations, isbn, names
from marc.deciding import unified_book_number
from marc.facts import is_electronic
from marc.matching import misprinted_isbns
from workcell.kernel.evidence import Evidence, FieldValue

_MAIN_ROLES = ("author", "adapter", "photographer", "")
_MONEY = re.compile(r"([0-9]+(?:[.,][0-9]{1,2})?)")
_YUAN = re.compile(r"元|¥|￥|CNY|RMB|定价")


@dataclass(frozen=True)
class Isbn:
    """An ISBN-13 with the qualifier printed beside it; ``other`` marks one of an electronic edition."""

    number: str
    qualifier: str = ""
    other: bool = False


@dataclass(frozen=True)
class Agent:
    """A person or body: name as printed without nationality, nationality mark, role, whether a body."""

    name: str
    role: str = ""
    nationality: str = ""
    body: bool = False

    @property
    def main(self) -> bool:
        """Whether the role can make a main entry."""
        return self.role in _MAIN_ROLES


@dataclass(frozen=True)
class Description:
    """A book described from its own pages."""

    isbns: tuple[Isbn, ...]
    wrong_isbns: tuple[str, ...]
    unified_number: str
    title: str
    subtitle: str
    volume: str
    responsibility: tuple[str, ...]
    agents: tuple[Agent, ...]
    edition: str
    place: str
    publisher: str
    date: str
    year: int | None
    pages: int | None
    height_cm: int | None
    series: tuple[str, ...]
    classes: tuple[tuple[str, str], ...]
    subjects: tuple[tuple[str, ...], ...]
    language: str
    price: str
    pages_read: tuple[str, ...]
    confidence: float

    @property
    def full(self) -> bool:
        """Whether all elements of an abbreviated description are there (MARC 21 leader/17 = 3)."""
        return bool(self.title and self.publisher and self.year and self.pages and self.agents)


def describe(evidence: Evidence, language: str) -> Description:
    """Put the evidence in order; ``language`` is assumed for filing when the book's own was not seen."""
    date = evidence.text("year")
    return Description(
        isbns=_isbns(evidence),
        wrong_isbns=tuple(misprinted_isbns(evidence)),
        unified_number=unified_book_number(evidence),
        title=_plain(evidence.text("title")),
        subtitle=_plain(evidence.text("subtitle")),
        volume=_plain(evidence.text("volume")),
        responsibility=_statements(evidence),
        agents=_agents(evidence),
        edition=_plain(evidence.text("edition")),
        place=_plain(evidence.text("place")),
        publisher=_plain(evidence.text("publisher")),
        date=re.sub(r"\s", "", date),
        year=designations.year_of(date),
        pages=_pages(evidence),
        height_cm=_height(evidence),
        series=tuple(_plain(field.value) for field in evidence.many("series")),
        classes=_classes(evidence),
        subjects=tuple(_divided(field.value) for field in evidence.many("subjects")),
        language=_LANGUAGES.get(evidence.text("language"), evidence.text("language")) or language,
        price=price_text(evidence.text("price")),
        pages_read=_pages_read(evidence),
        confidence=_confidence(evidence),
    )


_LANGUAGES = {"zh": "chi", "zho": "chi", "en": "eng", "ja": "jpn"}


def price_text(printed: str) -> str:
    """A Chinese price as CNMARC writes it (CNY39.00); any other as printed; ``""`` for none."""
    found = _MONEY.search(printed)
    if not found:
        return ""
    if _YUAN.search(printed):
        return f"CNY{Decimal(found.group(1).replace(',', '.')):.2f}"
    return printed.strip()


def _isbns(evidence: Evidence) -> tuple[Isbn, ...]:
    """The book's own number first, then those printed beside it for other bindings and sets."""
    found: dict[str, str] = {}
    if evidence.isbn and isbn.normalise(evidence.isbn.value):
        found[isbn.normalise(evidence.isbn.value)] = ""
    for field in evidence.many("isbn"):
        number = isbn.normalise(field.normalised or field.value)
        if number:
            found[number] = found.get(number) or field.qualifier or ""
    return tuple(Isbn(number, word, is_electronic(word)) for number, word in found.items())


def _statements(evidence: Evidence) -> tuple[str, ...]:
    """Statements of responsibility; from the names alone when none was read as a whole."""
    whole = _plain(evidence.text("responsibility"))
    if whole:
        return tuple(part.strip() for part in re.split(r"\s*[;；]\s*", whole) if part.strip())
    said = [name.value.strip() for name in evidence.many("names") if "," not in name.value]
    return (", ".join(said),) if said else ()


def _agents(evidence: Evidence) -> tuple[Agent, ...]:
    found: dict[str, Agent] = {}
    for name in evidence.many("names"):
        nationality, plain = names.country(name.value.strip())
        if plain:
            agent = Agent(plain.rstrip(" ."), name.role or "", nationality, names.is_body(plain))
            found.setdefault(_key(plain), agent)
    return tuple(found.values())


def _key(name: str) -> str:
    return " ".join(sorted(re.findall(r"\w+", name.casefold())))


def _pages(evidence: Evidence) -> int | None:
    seen = evidence.text("pages")
    return designations.page_count(seen) or (designations.number_of(seen) if seen else None)


def _height(evidence: Evidence) -> int | None:
    """Height in whole centimetres, rounded up (RDA 3.5; GB/T 3792)."""
    millimetres = evidence.measured.height_mm
    return None if millimetres is None else math.ceil(round(millimetres, 1) / 10)


def _classes(evidence: Evidence) -> tuple[tuple[str, str], ...]:
    return tuple(
        (field.scheme or "", _plain(field.normalised or field.value))
        for field in evidence.many("class")
        if field.value
    )


def _divided(subject: str) -> tuple[str, ...]:
    """A subject heading cut at its dashes (－ in a Chinese CIP block, -- or — in an English one)."""
    plain = subject.strip().rstrip(".")
    return tuple(
        part.strip() for part in re.split(r"\s*(?:--|[－—–]|(?<=\w)-(?=[\u4e00-\u9fff]))\s*", plain) if part
    )


def _pages_read(evidence: Evidence) -> tuple[str, ...]:
    """Where the title was taken from, and the copyright page when anything was."""
    title = evidence.one("title")
    seen = {value.page for value in _values(evidence)}
    pages = [title.page] if title and title.page else []
    return tuple(dict.fromkeys([*pages, *({"copyright_page"} & seen)]))


def _confidence(evidence: Evidence) -> float:
    """The least confidence among the values that were used."""
    return round(min((value.confidence for value in _values(evidence)), default=0.0), 2)


def _values(evidence: Evidence) -> list[FieldValue]:
    found: list[FieldValue] = []
    for held in evidence.fields.values():
        found.extend(held if isinstance(held, list) else [held])
    return found


def _plain(value: str) -> str:
    return " ".join(value.split()).strip(" /:;,")
