"""Evidence as cameras and recognition would give it, made from records; and records that look like them.

Everything here works on ``RecordFacts``, so that MARC 21 and CNMARC come out alike, and every choice comes
from one seeded generator.
"""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

from marc import isbn, text
from marc.facts import RecordFacts, RecordIsbn
from workcell.kernel.evidence import Evidence, Fields, FieldValue, IsbnEvidence, Measured

_CONFUSED = {
    "o": "0", "0": "o", "l": "1", "1": "l", "i": "l", "s": "5", "5": "s", "e": "c", "c": "e", "n": "r",
    "m": "rn", "g": "q", "b": "h", "t": "f", "a": "o", "u": "v", "h": "b", "d": "cl", "B": "8", "8": "B",
    "体": "休", "人": "入", "日": "曰", "已": "己", "未": "末", "土": "士", "大": "太", "学": "字",
    "国": "圆", "民": "艮", "史": "吏", "中": "申", "文": "攵", "社": "杜", "论": "沦", "经": "径",
    "理": "埋", "明": "朋",
}  # fmt: skip
_ROMAN = ("", "I", "II", "III", "IV", "V", "VI", "VII", "VIII", "IX")
_HAN = "〇一二三四五六七八九"
_ORDINALS = ("", "First", "Second", "Third", "Fourth", "Fifth", "Sixth", "Seventh", "Eighth", "Ninth")


@dataclass(frozen=True)
class Book:
    """A book with the record that describes it, and the work that it belongs to."""

    facts: RecordFacts
    work: str


def books(found: Iterator[RecordFacts], rng: random.Random) -> list[Book]:
    """Printed monographs with a title; of those without an ISBN six in ten get one, as new books have."""
    made = []
    for facts in found:
        if len(text.tight(facts.title)) < 2:
            continue
        printed = replace(facts, carrier_electronic=False, cip=False)
        if not any(entry.isbn13 and not entry.cancelled for entry in facts.isbns) and rng.random() < 0.6:
            number = any_isbn(rng)
            printed = replace(printed, isbns=(*facts.isbns, RecordIsbn(number, number)))
        made.append(Book(printed, work_key(facts)))
    return made


def work_key(facts: RecordFacts) -> str:
    """Title (to its subtitle) in one word: editions and volumes of a work share it."""
    return text.tight(facts.title)[:40]


def any_isbn(rng: random.Random) -> str:
    """A valid ISBN-13 that nobody has given to this book."""
    return isbn.to_13(f"{rng.randrange(10**9):09d}")


# --- evidence --------------------------------------------------------------------------------------------


def evidence(facts: RecordFacts, rng: random.Random) -> Evidence:
    """What the line would know of the book: some fields not seen, some misread, each with a confidence."""
    noise = rng.choice((0.0, 0.0, 0.01, 0.03, 0.06, 0.1))
    fields: Fields = {}
    for name, wanted, value in _printed(facts, rng):
        if value and rng.random() < wanted:
            fields[name] = _read(value, noise, rng)
    names = [direct(name, rng) for name in facts.names[:3] if rng.random() < 0.85]
    if names and rng.random() < 0.9:
        fields["names"] = [replace(_read(name, noise, rng), role="author") for name in names]
    if facts.series and rng.random() < 0.5:
        fields["series"] = [_read(facts.series[0], noise, rng)]
    number = _number(facts, fields, rng)
    height = facts.height_cm * 10 - rng.uniform(0, 9) + rng.gauss(0, 1.5) if facts.height_cm else None
    return Evidence(
        isbn=number,
        fields=fields,
        measured=Measured(height if rng.random() < 0.8 else None, 150.0, 20.0, 400.0),
    )


def _printed(facts: RecordFacts, rng: random.Random) -> Iterator[tuple[str, float, str]]:
    """Field, how often it is seen, and what stands on the page."""
    title, subtitle = facts.title, facts.subtitle
    if facts.volume_title and rng.random() < 0.5:
        title = f"{title} {facts.volume_title}"
    if subtitle and rng.random() < 0.2:
        title, subtitle = f"{title} {subtitle}", ""
    style = rng.random()
    title = title.upper() if style < 0.25 else title.title() if style < 0.7 else title
    yield "title", 0.92, title
    yield "subtitle", 0.75, subtitle
    yield "edition", 0.65, facts.edition
    yield "volume", 0.85, facts.volume
    yield "place", 0.7, facts.place
    yield "publisher", 0.85, facts.publisher
    yield "year", 0.85, str(facts.year or "")
    yield "pages", 0.5, str(max(1, facts.pages - rng.choice((0, 0, 0, 1, 2, 4)))) if facts.pages else ""
    yield "language", 0.7, facts.language


def _number(facts: RecordFacts, fields: Fields, rng: random.Random) -> IsbnEvidence | None:
    """The ISBN: mostly from the barcode; else read from the page, sometimes with a wrong digit or a price."""
    own = [entry for entry in facts.isbns if entry.isbn13 and not entry.cancelled and not entry.electronic]
    if not own:
        return None
    entry, way = rng.choice(own), rng.random()
    if way < 0.72:
        return IsbnEvidence(entry.isbn13, ("barcode:back_cover",), rng.uniform(0.93, 1.0), True)
    if way < 0.86:
        printed = f"{entry.isbn13} 51995" if rng.random() < 0.2 else entry.isbn13
        fields["isbn"] = [FieldValue(printed, entry.isbn13, rng.uniform(0.6, 0.95), "copyright_page",
                                     qualifier=entry.qualifier or None)]  # fmt: skip
    elif way < 0.9:
        wrong = entry.isbn13[:-1] + str((int(entry.isbn13[-1]) + 1) % 10)
        fields["isbn"] = [FieldValue(wrong, "", rng.uniform(0.5, 0.9), "copyright_page")]
    return None


def _read(value: str, noise: float, rng: random.Random) -> FieldValue:
    """The value as recognised, and how sure recognition says it is."""
    read = misread(value, noise, rng)
    sure = min(0.99, max(0.3, rng.gauss(0.95 - 2.5 * noise, 0.06)))
    return FieldValue(read, read, sure, "title_page")


def misread(value: str, noise: float, rng: random.Random) -> str:
    """The text with this share of its characters confused, lost or doubled, and spaces lost."""
    read = []
    for char in value:
        if rng.random() >= noise:
            read.append(char)
            continue
        way = rng.random()
        if way < 0.65:
            read.append(_CONFUSED.get(char, _CONFUSED.get(char.lower(), char)))
        elif way < 0.8 and char != " ":
            read.append(char * 2)
    return "".join(read)


def direct(name: str, rng: random.Random) -> str:
    """A heading as it stands on a title page: "Norman, Donald A., 1935-" becomes "Donald A. Norman"."""
    plain = re.sub(r"\([^)]*\)|[0-9]{4}-?([0-9]{4})?", "", name).strip(" ,.")
    surname, _, rest = plain.partition(",")
    first = rest.split(",")[0].strip()
    if not first:
        return plain
    if rng.random() < 0.25:
        first = " ".join(f"{word[0]}." for word in first.split())
    return f"{first} {surname}"


# --- the same record by another hand ---------------------------------------------------------------------


def other_hand(facts: RecordFacts, rng: random.Random) -> RecordFacts:
    """A record of the same book by another library or the publisher: briefer, or before publication."""
    made, way = facts, rng.random()
    if way < 0.5:
        return facts
    if way < 0.62:  # the order's own brief record
        made = replace(made, subtitle="", edition="", names=made.names[:1], responsibility="", volume="")
        return replace(made, pages=None, extent="", height_cm=None, series=(), year=None, years=())
    if way < 0.75:
        made = replace(made, pages=None, extent="", height_cm=None, cip=True)
    if rng.random() < 0.3:
        made = replace(made, subtitle="")
    if rng.random() < 0.4:
        made = replace(made, edition="")
    if rng.random() < 0.2:
        made = replace(made, names=made.names[:1])
    if rng.random() < 0.15:
        made = replace(made, isbns=())
    if rng.random() < 0.15 and facts.year:
        year = facts.year + rng.choice((-1, 1))
        made = replace(made, year=year, years=(year,))
    return made


def later_printing(facts: RecordFacts, seen: Evidence, rng: random.Random) -> Evidence:
    """The same edition printed again: another year, a printing number, everything else alike."""
    if facts.year is None:
        return seen
    year = str(facts.year + rng.randint(1, 8))
    fields = dict(seen.fields)
    fields["year"] = FieldValue(year, year, 0.93, "copyright_page")
    if rng.random() < 0.6:
        number = rng.randint(2, 9)
        said = f"第{number}次印刷" if text.has_han(facts.title) else f"{number}th printing"
        fields["printing"] = FieldValue(said, "", 0.9, "copyright_page")
    return replace(seen, fields=fields)


# --- records of other books ------------------------------------------------------------------------------


def another_edition(facts: RecordFacts, rng: random.Random) -> RecordFacts:
    """The same title in a later or earlier edition: number, year, pages, mostly another ISBN."""
    number = rng.choice([n for n in range(1, 8) if n != _edition_of(facts)])
    han = text.has_han(facts.title)
    said = "" if number == 1 else f"第{number}版" if han else f"{_ORDINALS[number]} edition"
    shift = rng.choice((-9, -6, -4, -3, -2, 2, 3, 4, 6, 9))
    pages = None if facts.pages is None else max(8, facts.pages + rng.choice((-60, -24, -12, 12, 24, 60)))
    return _moved(replace(facts, edition=said, pages=pages), shift, rng, 0.98)


def reprint_elsewhere(facts: RecordFacts, rng: random.Random) -> RecordFacts:
    """The same text by another publisher, in another year: same pages, other imprint, other ISBN."""
    made = replace(facts, publisher="Dover Publications", publishers=("Dover Publications",), place="Mineola")
    if text.has_han(facts.title):
        made = replace(made, publisher="春风文艺出版社", publishers=("春风文艺出版社",), place="沈阳")
    return _moved(made, rng.choice((-30, -12, -5, 5, 12, 30)), rng, 1.0)


def another_volume(facts: RecordFacts, rng: random.Random) -> RecordFacts:
    """Another volume of the work, often under the ISBN of the whole set."""
    number = rng.randint(2, 9)
    said = f"第{_HAN[number]}卷" if text.has_han(facts.title) else f"Volume {_ROMAN[number]}"
    pages = None if facts.pages is None else max(8, facts.pages + rng.choice((-90, -40, 35, 110)))
    return _moved(replace(facts, volume=said, pages=pages), rng.choice((0, 0, 1, 2)), rng, 0.4)


def another_binding(facts: RecordFacts, rng: random.Random) -> RecordFacts:
    """The other binding, which has an ISBN and a record of its own."""
    number, word = any_isbn(rng), rng.choice(("hardcover", "paperback"))
    height = None if facts.height_cm is None else facts.height_cm + rng.choice((-2, -1, 1, 2))
    made = replace(facts, isbns=(RecordIsbn(number, number, word),), height_cm=height)
    return _moved(made, rng.choice((0, 0, 1, 1)), rng, 0.0)


def number_reused(facts: RecordFacts, other: RecordFacts) -> RecordFacts:
    """Another title under this book's ISBN: misprinted, reused, or the number of a series."""
    return replace(other, isbns=facts.isbns)


def same_title(facts: RecordFacts, other: RecordFacts, rng: random.Random) -> RecordFacts:
    """Another book that happens to have this title: names, imprint, extent and number are another's."""
    number = any_isbn(rng)
    isbns = (RecordIsbn(number, number),) if facts.isbns else ()
    return replace(other, title=facts.title, subtitle=facts.subtitle, titles=facts.titles, isbns=isbns)


def online(facts: RecordFacts) -> RecordFacts:
    """The record of the electronic edition: this book's ISBN only as another form's number."""
    isbns = tuple(replace(entry, cancelled=True) for entry in facts.isbns)
    return replace(
        facts, carrier_electronic=True, isbns=isbns, height_cm=None, pages=None, extent="1 online resource"
    )


def another_language(facts: RecordFacts, rng: random.Random) -> RecordFacts:
    """A translation that keeps the title: another language, publisher and number."""
    other = "fre" if facts.language != "fre" else "eng"
    return reprint_elsewhere(replace(facts, language=other), rng)


OTHERS: tuple[Callable[[RecordFacts, random.Random], RecordFacts], ...] = (
    another_edition,
    reprint_elsewhere,
    another_volume,
    another_binding,
    another_language,
)


def _edition_of(facts: RecordFacts) -> int:
    from marc.designations import edition_number

    return edition_number(facts.edition) or 1


def _moved(facts: RecordFacts, years: int, rng: random.Random, new_number: float) -> RecordFacts:
    if facts.year is not None and years:
        facts = replace(facts, year=facts.year + years, years=(facts.year + years,))
    if facts.isbns and rng.random() < new_number:
        number = any_isbn(rng)
        facts = replace(facts, isbns=(RecordIsbn(number, number),))
    return facts
