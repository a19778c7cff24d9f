"""The few facts of a record that registers, lists and reports show, whatever its format."""

from __future__ import annotations

from dataclasses import dataclass

import pymarc

from marc import record_facts


@dataclass(frozen=True)
class Bib:
    """A record in a line."""

    record_id: str = ""
    isbn: str = ""
    title: str = ""
    author: str = ""
    publisher: str = ""
    year: str = ""


def bib_of(record: pymarc.Record | None) -> Bib:
    """The record's line; empty without a record."""
    if record is None:
        return Bib()
    facts = record_facts(record)
    isbns = [isbn.isbn13 or isbn.written for isbn in facts.isbns if not isbn.cancelled]
    return Bib(
        record_id=facts.record_id,
        isbn=next(iter(isbns), ""),
        title=facts.full_title,
        author=facts.main_entry or next(iter(facts.names), "") or facts.responsibility,
        publisher=facts.publisher,
        year=str(facts.year or ""),
    )


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
