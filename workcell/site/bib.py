"""The few facts of a record that registers, lists and reports show, whatever its format."""

from __future__ import annotations

import re
from dataclasses import dataclass

import pymarc

from marc.fields import control, subfields


@dataclass(frozen=True)
class Bib:
    """A record in a line."""

    record_id: str = ""
    isbn: str = ""
    title: str = ""
    author: str = ""
    publisher: str = ""
    year: str = ""


# Which field and subfields hold what, by record format; the first that is filled counts.
_PLACES: dict[str, dict[str, tuple[tuple[str, str], ...]]] = {
    "marc21": {
        "isbn": (("020", "a"),),
        "title": (("245", "abnp"),),
        "author": (("100", "a"), ("110", "a"), ("245", "c"), ("700", "a")),
        "publisher": (("264", "b"), ("260", "b")),
        "year": (("264", "c"), ("260", "c")),
    },
    "cnmarc": {
        "isbn": (("010", "a"), ("091", "a")),
        "title": (("200", "aehi"),),
        "author": (("200", "f"), ("701", "a"), ("711", "a")),
        "publisher": (("210", "c"),),
        "year": (("210", "d"),),
    },
}
_ISBD_END = re.compile(r"[\s/:;,=]+$")


def bib_of(record: pymarc.Record | None, format: str) -> Bib:
    """The record's line; empty without a record.  ISBD punctuation at the end of a value is left out."""
    if record is None:
        return Bib()
    found = {name: _first(record, places) for name, places in _PLACES[format].items()}
    return Bib(
        record_id=control(record, "001").strip(),
        isbn=found["isbn"],
        title=found["title"],
        author=found["author"],
        publisher=found["publisher"],
        year="".join(re.findall(r"[0-9]{4}", found["year"])[:1]) or found["year"],
    )


def _first(record: pymarc.Record, places: tuple[tuple[str, str], ...]) -> str:
    for tag, codes in places:
        for field in record.get_fields(tag):
            parts = subfields(field, codes)
            if parts:
                return _ISBD_END.sub("", " ".join(parts))
    return ""


def record_lines(record: pymarc.Record) -> list[tuple[str, str, str]]:
    """A record for reading: tag, indicators, and the content with ``$`` before each subfield code."""
    lines = [("LDR", "", str(record.leader))]
    for field in record.fields:
        if field.control_field:
            lines.append((field.tag, "", field.data or ""))
        else:
            content = " ".join(f"${part.code} {part.value}" for part in field.subfields)
            lines.append((field.tag, "".join(field.indicators or "").replace(" ", "_"), content))
    return lines
