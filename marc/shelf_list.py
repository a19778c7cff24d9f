"""The shelf list: which book numbers stand in a class already, and for whom.

It is read off a catalogue's records and kept beside it in a file of its own, made anew when the catalogue
has changed; nothing is lost with it.
"""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Iterable
from pathlib import Path
from types import TracebackType

from marc import articles, callnumbers, romanising
from marc.catalogue import Catalogue
from marc.facts import ClassNumber, RecordFacts
from workcell.kernel.errors import BadInput

_SCHEMA = """
CREATE TABLE shelf (
    scheme TEXT NOT NULL, class TEXT NOT NULL, heading TEXT NOT NULL, book_number TEXT NOT NULL,
    record TEXT NOT NULL);
CREATE INDEX shelf_by_class ON shelf (scheme, class);
CREATE TABLE made_from (state TEXT NOT NULL);
"""
_ROWS = 5_000

Row = tuple[str, str, str, str, str]
"""Scheme, class, filing heading, book number, record id."""


def beside(catalogue: Catalogue) -> Path:
    """Where the list of a catalogue lies."""
    return Path(f"{catalogue.path}.shelves")


class ShelfList:
    """The numbers in use, by scheme and class."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._db = sqlite3.connect(f"{self._path.absolute().as_uri()}?mode=ro", uri=True)

    @classmethod
    def of(cls, catalogue: Catalogue, path: Path | None = None) -> ShelfList:
        """The list of a catalogue as it is now; made when it is missing or behind.  Raises BadInput."""
        where = path or beside(catalogue)
        state = _state(catalogue)
        if _kept(where) != state:
            _make(where, state, catalogue)
        return cls(where)

    def __enter__(self) -> ShelfList:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Let go of the file."""
        self._db.close()

    def numbers(self, scheme: str, class_: str) -> list[tuple[str, str]]:
        """Filing headings and book numbers of a class, in the order of the headings."""
        query = "SELECT heading, book_number FROM shelf WHERE scheme = ? AND class = ? ORDER BY heading"
        return self._db.execute(query, (scheme, class_)).fetchall()

    def count(self) -> int:
        """How many book numbers there are."""
        return int(self._db.execute("SELECT count(*) FROM shelf").fetchone()[0])

    def highest(self, scheme: str, class_: str) -> int:
        """The highest running number (种次号) in the class, 0 when there is none."""
        numbers = (re.match(r"[0-9]+(?![0-9A-Za-z])", number) for _, number in self.numbers(scheme, class_))
        return max((int(found.group()) for found in numbers if found), default=0)


def rows_of(facts: RecordFacts) -> list[Row]:
    """What one record puts on the shelf: a row for each class number with a book number."""
    heading = filing_heading(facts)
    found = {
        (scheme, number, heading, book_number, facts.record_id)
        for scheme, number, book_number in _numbers(facts)
        if number and book_number
    }
    return sorted(found)


def filing_heading(facts: RecordFacts) -> str:
    """What a record files under, in Latin letters: its main entry, else its title without an article."""
    return romanising.in_latin(
        facts.main_entry or articles.without_article(facts.title, facts.language)
    ).casefold()


def _numbers(facts: RecordFacts) -> Iterable[tuple[str, str, str]]:
    """Scheme, class and book number of the record's own call numbers and of its items'."""
    for held in facts.classes:
        clean = callnumbers.cleaned(held)
        if clean:
            yield clean.scheme, clean.number, clean.book_number
            yield from _of_items(facts, clean)


def _of_items(facts: RecordFacts, held: ClassNumber) -> Iterable[tuple[str, str, str]]:
    for item in facts.items:
        plain = " ".join(item.call_number.replace("/", " ").split())
        _, found, rest = plain.partition(f"{held.number} ")
        if found:
            yield held.scheme, held.number, rest


def _state(catalogue: Catalogue) -> str:
    """What changes whenever the catalogue does."""
    path = Path(str(catalogue.path))
    files = (path, Path(f"{path}-wal"))
    return f"{catalogue.count()}:" + ":".join(
        f"{file.stat().st_size}.{file.stat().st_mtime_ns}" for file in files if file.is_file()
    )


def _kept(path: Path) -> str:
    if not path.is_file():
        return ""
    try:
        db = sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True)
        try:
            return str(db.execute("SELECT state FROM made_from").fetchone()[0])
        finally:
            db.close()
    except (sqlite3.Error, TypeError):
        return ""


def _make(path: Path, state: str, catalogue: Catalogue) -> None:
    """Write the list beside and rename it, so that nobody reads half of one; raises BadInput."""
    part = path.with_name(f"{path.name}.part")
    part.unlink(missing_ok=True)
    try:
        db = sqlite3.connect(part)
        try:
            db.executescript(_SCHEMA)
            waiting: list[Row] = []
            for id_ in catalogue.ids():
                waiting += rows_of(catalogue.facts(id_))
                if len(waiting) >= _ROWS:
                    db.executemany("INSERT INTO shelf VALUES (?, ?, ?, ?, ?)", waiting)
                    waiting.clear()
            db.executemany("INSERT INTO shelf VALUES (?, ?, ?, ?, ?)", waiting)
            db.execute("INSERT INTO made_from VALUES (?)", (state,))
            db.commit()
        finally:
            db.close()
        part.replace(path)
    except (sqlite3.Error, OSError) as error:
        raise BadInput(
            f"the shelf list can't be made ({error})", subject=str(path), remedy="Check the folder's rights."
        ) from error
