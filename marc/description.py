"""What a book says of itself, put in the order in which a description needs it, whatever the format.

Between evidence and a drafted record: everything here is transcribed or measured; what was not seen is
empty.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from decimal import Decimal

from marc import dates, designations, isbn, languages, names, relators, text
from marc.dates import Dates
from marc.facts import is_electronic
from marc.seen import misprinted_isbns, unified_book_number
from workcell.kernel.evidence import Evidence, FieldValue

_MONEY = re.compile(r"([0-9]+(?:[.,][0-9]{1,2})?)")
_YUAN = re.compile(r"元|¥|￥|CNY|RMB|定价")
_NUMBERED = re.compile(
    r"^(?P<title>.+?)\s*[,;:，；：]?\s+(?P<number>(?:v|vol|volume|no|number|bd|band|t|tome|book|part)\.?\s*[0-9ivxlc]+)\s*$"
    r"|^(?P<before>.+?)\s*;\s*(?P<behind>[0-9]+)\s*$"
    r"|^(?P<zh>.+?)\s*[,;，；·]?\s*(?P<zhnumber>第?[0-9一二三四五六七八九十百]+[辑卷册种集号])\s*$",
    re.IGNORECASE,
)
_BIBLIOGRAPHY = re.compile(
    r"includes bibliograph(?:ical references|y|ies)(?P<where>[^.;|]*?)"
    r"(?P<index>\s+and\s+ind(?:ex|ices|exes))?\s*(?:\.|$|\|)",
    re.IGNORECASE,
)
_INDEX = re.compile(r"\bincludes (?:an )?ind(?:ex|ices|exes)\b", re.IGNORECASE)
_FICTION = re.compile(r"^(?:juvenile |[a-z]+ )?fiction$|^.*小说集?$", re.IGNORECASE)
_ABOUT_FICTION = re.compile(r"研究|评论|创作|文学史|criticism", re.IGNORECASE)
_FICTION_CLASSES = {
    "clc": re.compile(r"I(?:24|14|[3-7][0-9]{1,2}\.4)[0-9.]*$"),
    "ddc": re.compile(r"8[1-8]3(?:[./']|$)"),
}
_DDC_EDITION = re.compile(r"\b[dD][dD]?[cC]\s*([12][0-9])\b")


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
        return relators.is_main(self.role)


@dataclass(frozen=True)
class Series:
    """A series statement: title and the number in it."""

    title: str
    number: str = ""


@dataclass(frozen=True)
class ClassSeen:
    """A class number from the CIP block; ``edition`` is that of the scheme (DDC 23, CLC 5)."""

    scheme: str
    number: str
    edition: str = ""


@dataclass(frozen=True)
class Description:
    """A book described from its own pages.

    ``language`` is what was seen, ``""`` when nothing says it; ``filing_language`` is that or the language
    of cataloguing.  ``original_language`` is the one that the book says it was translated from.
    ``fiction`` is True where subject or class of the CIP block say so; it is never False.
    """

    isbns: tuple[Isbn, ...]
    wrong_isbns: tuple[str, ...]
    unified_number: str
    lccn: str
    title: str
    subtitle: str
    volume: str
    responsibility: tuple[str, ...]
    agents: tuple[Agent, ...]
    edition: str
    printing: str
    place: str
    publisher: str
    date: str
    dates: Dates
    pages: int | None
    height_cm: int | None
    series: tuple[Series, ...]
    classes: tuple[ClassSeen, ...]
    subjects: tuple[tuple[str, ...], ...]
    authority: str
    language: str
    filing_language: str
    original_language: str
    price: str
    bibliography: str
    index: bool
    fiction: bool
    pages_read: tuple[str, ...]
    confidence: float

    @property
    def year(self) -> int | None:
        """The year of this publication."""
        return self.dates.year

    @property
    def full(self) -> bool:
        """Whether the elements of a minimal-level record are there: title, names, imprint, extent."""
        return bool(self.title and self.publisher and self.year and self.pages and self.agents)


def describe(evidence: Evidence, language: str) -> Description:
    """Put the evidence in order; ``language`` is assumed for filing when the book's own was not seen."""
    seen = _language(evidence)
    lines = _lines(evidence)
    year = evidence.one("year")
    bibliography, index = _bibliography(lines)
    return Description(
        isbns=_isbns(evidence),
        wrong_isbns=tuple(misprinted_isbns(evidence)),
        unified_number=unified_book_number(evidence),
        lccn=re.sub(r"\D", "", evidence.text("lccn")),
        title=_unspaced(_plain(evidence.text("title"))),
        subtitle=_unspaced(_plain(evidence.text("subtitle"))),
        volume=_plain(evidence.text("volume")),
        responsibility=_statements(evidence),
        agents=_agents(evidence),
        edition=_plain(evidence.text("edition")),
        printing=_plain(evidence.text("printing")),
        place=_plain(evidence.text("place")),
        publisher=_plain(evidence.text("publisher")),
        date=re.sub(r"\s", "", year.value) if year else "",
        dates=dates.read(year.value if year else "", year.page if year else "", lines),
        pages=_pages(evidence),
        height_cm=_height(evidence),
        series=tuple(_series(_plain(field.value)) for field in evidence.many("series")),
        classes=_classes(evidence),
        subjects=tuple(_divided(field.value) for field in evidence.many("subjects")),
        authority=_authority(evidence),
        language=seen,
        filing_language=seen or language,
        original_language=languages.translated_from(lines),
        price=price_text(evidence.text("price")),
        bibliography=bibliography,
        index=index,
        fiction=_is_fiction(evidence),
        pages_read=_pages_read(evidence),
        confidence=_confidence(evidence),
    )


def price_text(printed: str) -> str:
    """A Chinese price as CNMARC writes it (CNY66.00 (全3册)); any other as printed; ``""`` for none."""
    found = _MONEY.search(printed)
    if not found:
        return ""
    if not _YUAN.search(printed):
        return printed.strip()
    whole = re.search(r"[(（]\s*([全共][0-9一二两三四五六七八九十]+[册卷本])\s*[)）]", printed)
    money = f"CNY{Decimal(found.group(1).replace(',', '.')):.2f}"
    return f"{money} ({whole.group(1)})" if whole else money


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
    whole = _unspaced(_plain(evidence.text("responsibility")))
    if whole:
        return tuple(part.strip() for part in re.split(r"\s*[;；]\s*", whole) if part.strip())
    said = [name.value.strip() for name in evidence.many("names") if "," not in name.value]
    return (", ".join(said),) if said else ()


def _agents(evidence: Evidence) -> tuple[Agent, ...]:
    found: dict[str, Agent] = {}
    for name in evidence.many("names"):
        nationality, plain = names.country(name.value.strip())
        nationality = nationality or _nationality(plain, evidence.text("responsibility"))
        if plain:
            agent = Agent(_without_stop(plain), name.role or "", nationality, names.is_body(plain))
            found.setdefault(_key(plain), agent)
    return tuple(found.values())


def _nationality(name: str, statement: str) -> str:
    """The mark in brackets before the name in the statement of responsibility: (美), [清]."""
    squeezed, wanted = re.sub(r"\s", "", statement), re.escape(re.sub(r"\s", "", name))
    found = (
        re.search(rf"[\[［(（【〔]([^\]］)）】〕]{{1,4}})[\]］)）】〕]{wanted}", squeezed) if name else None
    )
    return found.group(1) if found and text.has_han(found.group(1)) else ""


def _without_stop(name: str) -> str:
    """Without the full stop that ends a sentence; one behind an initial or Jr belongs to the name."""
    plain = name.rstrip(" ,;")
    return plain if re.search(r"(?:\b[^\W\d_]|\b[JS]r)\.$", plain) else plain.rstrip(" .")


def _key(name: str) -> str:
    return " ".join(sorted(re.findall(r"\w+", name.casefold())))


def _pages(evidence: Evidence) -> int | None:
    seen = evidence.text("pages")
    return designations.page_count(seen) or (designations.number_of(seen) if seen else None)


def _height(evidence: Evidence) -> int | None:
    """Height in whole centimetres, rounded up (RDA 3.5; GB/T 3792)."""
    millimetres = evidence.measured.height_mm
    return None if millimetres is None else math.ceil(round(millimetres, 1) / 10)


def _series(statement: str) -> Series:
    title, mark, number = statement.rpartition(" ; ")
    if mark and title:
        return Series(_plain(title), number.strip(" ."))
    found = _NUMBERED.match(statement)
    if not found:
        return Series(statement)
    title = found["title"] or found["before"] or found["zh"]
    return Series(_plain(title), found["number"] or found["behind"] or found["zhnumber"])


def _classes(evidence: Evidence) -> tuple[ClassSeen, ...]:
    found = []
    for field in evidence.many("class"):
        if field.value:
            edition = _DDC_EDITION.search(field.value) if field.scheme == "ddc" else None
            number = _plain(_DDC_EDITION.sub("", field.normalised or field.value)).strip("[]-–— ")
            found.append(ClassSeen(field.scheme or "", number, edition.group(1) if edition else ""))
    return tuple(dict.fromkeys(found))


def _divided(subject: str) -> tuple[str, ...]:
    """A subject heading cut at its dashes (－ in a Chinese CIP block, -- or — in an English one)."""
    plain = subject.strip().rstrip(".")
    return tuple(
        part.strip() for part in re.split(r"\s*(?:--|[－—–]|(?<=\w)-(?=[\u4e00-\u9fff]))\s*", plain) if part
    )


def _authority(evidence: Evidence) -> str:
    """Whose headings the CIP block has: "lcsh" (LCCN or LC class beside them), "cct" (Chinese), ``""``."""
    if evidence.text("cip_number") or any(text.has_han(s.value) for s in evidence.many("subjects")):
        return "cct"
    from_lc = evidence.text("lccn") or any(c.scheme == "lcc" for c in evidence.many("class"))
    return "lcsh" if from_lc else ""


def _language(evidence: Evidence) -> str:
    """What was seen; a title in Han with a Chinese CIP number is Chinese."""
    seen = languages.code(evidence.text("language"))
    if seen or not text.has_han(evidence.text("title")):
        return seen
    return "chi" if evidence.text("cip_number") or unified_book_number(evidence) else ""


def _bibliography(lines: tuple[str, ...]) -> tuple[str, bool]:
    """What the CIP block says of bibliography (with its pages, ``""`` for nothing) and index."""
    whole = " ".join(lines)
    found = _BIBLIOGRAPHY.search(whole)
    if not found:
        return "", _INDEX.search(whole) is not None
    where = " ".join(found["where"].split()) if "(" in found["where"] else ""
    return f"Includes bibliographical references{' ' + where if where else ''}", bool(
        found["index"] or _INDEX.search(whole)
    )


def _is_fiction(evidence: Evidence) -> bool:
    for subject in evidence.many("subjects"):
        parts = _divided(subject.value)
        told = parts[:1] if text.has_han(subject.value) else parts[-1:]
        if any(_FICTION.match(part) for part in told) and not _ABOUT_FICTION.search(subject.value):
            return True
    return any(
        _FICTION_CLASSES[field.scheme].match(field.normalised or field.value)
        for field in evidence.many("class")
        if field.scheme in _FICTION_CLASSES
    )


def _lines(evidence: Evidence) -> tuple[str, ...]:
    """The lines of the pages where a book speaks of itself."""
    return tuple(
        line.text
        for image in evidence.images
        if image.face in ("title_page", "copyright_page")
        for line in image.lines
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


def _unspaced(chinese: str) -> str:
    """Without the blanks that printers put between Chinese words, and behind a nationality in brackets."""
    return re.sub(r"(?<=[^\x00-\xff\])])\s+(?=[^\x00-\xff])|(?<=[\])])\s+(?=[\u4e00-\u9fff])", "", chinese)


def _plain(value: str) -> str:
    return " ".join(value.split()).strip(" /:;,")
