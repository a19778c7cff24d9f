"""What two records are compared by when the question is whether they describe the same book.

Everything is folded once for each record (lower case, no accents, no punctuation), so that comparing a record
with many others costs only the comparisons.  MARC 21 and UNIMARC/CNMARC give the same view.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass

from pymarc import Record

from marc import text
from marc.facts import RecordFacts
from marc.fields import control, first, subfields, values
from marc.record_facts import record_facts

_ARABIC = re.compile(r"[0-9]+")
_ROMAN = re.compile(r"\b[ivxlc]+\b")
_YEAR = re.compile(r"(?<![0-9])1[4-9][0-9]{2}(?![0-9])|(?<![0-9])20[0-9]{2}(?![0-9])")
_LIFE = re.compile(r"(?<![0-9])1[0-9]{3}(?![0-9])")
_FILLED = re.compile(r"[\s|\\#u^]")

_SUBJECTS = ("600", "610", "611", "630", "650", "651")
_SUBJECTS_UNIMARC = ("600", "601", "602", "604", "605", "606", "607", "610")


@dataclass(frozen=True)
class RecordView:
    """A record as compared; texts are folded, empty where the record says nothing.

    ``title`` is title, subtitle and part, ``part`` number and name of a part, ``names`` all access points,
    ``main`` the main entry, ``life`` years of birth and death in it.  ``coded`` are the years of 008 (or
    UNIMARC 100), ``imprint_years`` those of the imprint.  ``leaves`` are the arabic numbers of the extent,
    ``front`` its roman numerals.
    """

    facts: RecordFacts
    title: str
    short_title: str
    other_titles: tuple[str, ...]
    part: str
    responsibility: str
    main: str
    life: frozenset[str]
    names: tuple[str, ...]
    edition: str
    places: tuple[str, ...]
    publisher: str
    country: str
    coded: tuple[int, ...]
    imprint_years: tuple[int, ...]
    extent: str
    leaves: tuple[int, ...]
    front: tuple[str, ...]
    illustrated: bool
    series: tuple[str, ...]
    series_numbers: frozenset[str]
    subjects: frozenset[str]
    language: str
    form: str


def record_view(record: Record) -> RecordView:
    """The view of a MARC 21 or UNIMARC/CNMARC record."""
    facts = record_facts(record)
    return (_unimarc if facts.flavour == "unimarc" else _marc21)(record, facts)


def _marc21(record: Record, facts: RecordFacts) -> RecordView:
    coded = control(record, "008").ljust(40)
    main = next(iter(record.get_fields("100", "110", "111", "130")), None)
    title = next(iter(record.get_fields("245")), None)
    return _view(
        facts,
        part=" ".join(subfields(title, "np")) if title else "",
        responsibility=facts.responsibility,
        main=" ".join(subfields(main, "abcq")) if main else "",
        life=" ".join(subfields(main, "d")) if main else "",
        edition=" ".join(values(record, "250", "ab")),
        places=[*values(record, "260", "a"), *values(record, "264", "a")],
        publishers=[*values(record, "260", "b"), *values(record, "264", "b")],
        country=_FILLED.sub("", coded[15:18]),
        coded=[coded[7:11], coded[11:15]],
        imprint=[*values(record, "260", "c"), *values(record, "264", "c")],
        extent=" ".join(values(record, "300", "a")),
        illustrations=" ".join(values(record, "300", "b")),
        series=[*values(record, "490", "a"), *values(record, "440", "a"), *values(record, "830", "a")],
        series_numbers=values(record, "490", "v") + values(record, "440", "v") + values(record, "830", "v"),
        subjects=[" ".join(subfields(field, "abcdtx")) for field in record.get_fields(*_SUBJECTS)],
        form=_FILLED.sub("", coded[23]) + text.fold(first(record, "245", "h")),
    )


def _unimarc(record: Record, facts: RecordFacts) -> RecordView:
    coded = first(record, "100", "a").ljust(36)
    main = next(iter(record.get_fields("700", "701", "710", "711")), None)
    imprint = "210" if record.get_fields("210") else "214"
    return _view(
        facts,
        part=f"{facts.volume} {facts.volume_title}",
        responsibility=facts.responsibility,
        main=" ".join(subfields(main, "ab")) if main else "",
        life=" ".join(subfields(main, "f")) if main else "",
        edition=" ".join(values(record, "205", "ab")),
        places=values(record, imprint, "a"),
        publishers=values(record, imprint, "c"),
        country=_FILLED.sub("", first(record, "102", "a")[:2].lower()),
        coded=[coded[9:13], coded[13:17]],
        imprint=values(record, imprint, "d"),
        extent=" ".join(values(record, "215", "a")),
        illustrations=" ".join(values(record, "215", "c")),
        series=values(record, "225", "a"),
        series_numbers=values(record, "225", "v"),
        subjects=[" ".join(subfields(field, "axyz")) for field in record.get_fields(*_SUBJECTS_UNIMARC)],
        form="o" if facts.carrier_electronic else "",
    )


def _view(
    facts: RecordFacts,
    *,
    part: str,
    responsibility: str,
    main: str,
    life: str,
    edition: str,
    places: list[str],
    publishers: list[str],
    country: str,
    coded: list[str],
    imprint: list[str],
    extent: str,
    illustrations: str,
    series: list[str],
    series_numbers: list[str],
    subjects: list[str],
    form: str,
) -> RecordView:
    folded_extent = text.fold(extent)
    return RecordView(
        facts=facts,
        title=text.fold(f"{facts.full_title} {part}"),
        short_title=text.fold(facts.title),
        other_titles=_folded(facts.titles),
        part=text.fold(part),
        responsibility=text.fold(responsibility),
        main=text.fold(main),
        life=frozenset(_LIFE.findall(life)),
        names=_folded(facts.names),
        edition=text.fold(edition),
        places=_folded(places),
        publisher=text.fold(" ".join(publishers[:2])),
        country=country,
        coded=_years(coded),
        imprint_years=_years(imprint),
        extent=folded_extent,
        leaves=tuple(int(number[:6]) for number in _ARABIC.findall(folded_extent)),
        front=tuple(_ROMAN.findall(folded_extent)),
        illustrated=bool(illustrations.strip()),
        series=_folded(series),
        series_numbers=frozenset(_ARABIC.findall(" ".join(series_numbers))),
        subjects=frozenset(word for subject in subjects for word in text.tokens(subject)),
        language=facts.language,
        form=form,
    )


def _folded(texts: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(plain for plain in map(text.fold, texts) if plain))


def _years(texts: Iterable[str]) -> tuple[int, ...]:
    found = [int(year) for part in texts for year in _YEAR.findall(unicodedata.normalize("NFKC", part))]
    return tuple(dict.fromkeys(found))
