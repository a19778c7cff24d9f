"""Authorities: headings checked against imported authority files and the catalogue's own headings.

A heading is confirmed, or a person is told why not; none is changed.  The file lies beside the catalogue.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType

from pymarc import Record, Subfield

from marc import headings
from marc.catalogue import BadRecord, Catalogue
from marc.fields import copy_record
from marc.headings import Authority, Heading
from marc.reading import read_records
from workcell.kernel.errors import BadInput
from workcell.kernel.model import Reason

_SCHEMA = """
CREATE TABLE IF NOT EXISTS authorities (
    id TEXT NOT NULL, source TEXT NOT NULL, kind TEXT NOT NULL, name TEXT NOT NULL, dates TEXT NOT NULL,
    PRIMARY KEY (source, id)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS forms (
    key TEXT NOT NULL, kind TEXT NOT NULL, source TEXT NOT NULL, id TEXT NOT NULL,
    established INTEGER NOT NULL);
CREATE INDEX IF NOT EXISTS forms_by_key ON forms (key, kind);
CREATE INDEX IF NOT EXISTS forms_by_id ON forms (source, id);
"""
_APPLICATION = 0x57415554  # "WAUT"
_BATCH = 2_000
_LOOKED_AT = 20


@dataclass(frozen=True)
class AuthorityReport:
    """Counts of one import; ``bad`` names records that could not be read, ``other`` are no authorities."""

    kept: int = 0
    other: int = 0
    bad: list[BadRecord] = field(default_factory=list)


@dataclass(frozen=True)
class Known:
    """An authority that a heading leads to; ``established`` says whether by its own form or by a variant."""

    id: str
    source: str
    heading: Heading
    established: bool


def beside(catalogue: Path | str) -> Path:
    """Where the authority file of a catalogue lies."""
    return Path(f"{catalogue}.authorities")


class Authorities:
    """An authority file.  ``writable`` opens it for import, creating it.  Raises BadInput."""

    def __init__(self, path: Path, *, writable: bool = False) -> None:
        self.path = path
        if not writable and not path.is_file():
            raise BadInput(
                "no such authority file", subject=str(path), remedy="Import authority records into it first."
            )
        try:
            self._db = sqlite3.connect(path, timeout=30.0)
            held = self._db.execute("PRAGMA application_id").fetchone()[0]
            tables = self._db.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]
            if tables and held != _APPLICATION:
                raise sqlite3.DatabaseError("another program's database")
            if writable:
                self._db.executescript(f"PRAGMA application_id = {_APPLICATION}; {_SCHEMA}")
        except sqlite3.DatabaseError as error:
            raise BadInput(
                f"is no authority file ({error})", subject=str(path), remedy="Name another file."
            ) from error

    def __enter__(self) -> Authorities:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Let go of the file."""
        self._db.close()

    def import_files(self, paths: Iterable[Path], source: str) -> AuthorityReport:
        """Bring authority records in (MARC 21, UNIMARC, CNMARC); a record of the same number is replaced."""
        kept, other = 0, 0
        bad: list[BadRecord] = []
        waiting: list[Authority] = []
        for path in paths:
            for result in read_records(path):
                found = headings.authority_of(result.record) if result.record else None
                if result.record is None:
                    bad.append(BadRecord(path, result.n, result.offset, result.problem))
                elif found is None:
                    other += 1
                else:
                    waiting.append(found)
                    kept += 1
                if len(waiting) >= _BATCH:
                    self._put(waiting, source)
        self._put(waiting, source)
        return AuthorityReport(kept, other, bad)

    def look_up(self, heading: Heading) -> list[Known]:
        """The authorities whose established or variant form this is, established ones first."""
        query = (
            "SELECT a.id, a.source, a.kind, a.name, a.dates, max(f.established) FROM forms f "
            "JOIN authorities a ON a.source = f.source AND a.id = f.id "
            "WHERE f.key = ? AND f.kind = ? GROUP BY a.source, a.id ORDER BY 6 DESC, a.id"
        )
        return [
            Known(id_, source, Heading(kind, name, dates), bool(established))
            for id_, source, kind, name, dates, established in self._db.execute(
                query, (heading.key, heading.kind)
            )
        ]

    def has(self, kind: str) -> bool:
        """Whether there are authorities of this kind: without any, nothing can be said of a heading."""
        query = "SELECT 1 FROM authorities WHERE kind = ? LIMIT 1"
        return self._db.execute(query, (kind,)).fetchone() is not None

    def count(self) -> int:
        """How many authorities there are."""
        return int(self._db.execute("SELECT count(*) FROM authorities").fetchone()[0])

    def _put(self, waiting: list[Authority], source: str) -> None:
        with self._db:
            for held in waiting:
                self._db.execute("DELETE FROM forms WHERE source = ? AND id = ?", (source, held.id))
                self._db.execute(
                    "INSERT OR REPLACE INTO authorities VALUES (?, ?, ?, ?, ?)",
                    (held.id, source, held.heading.kind, held.heading.name, held.heading.dates),
                )
                forms = [(held.heading, 1), *((variant, 0) for variant in held.variants)]
                self._db.executemany(
                    "INSERT INTO forms VALUES (?, ?, ?, ?, ?)",
                    [(form.key, form.kind, source, held.id, own) for form, own in forms],
                )
        waiting.clear()


# --- checking ----------------------------------------------------------------------------------------------


def check_headings(
    record: Record, authorities: Authorities | None, catalogue: Catalogue | None
) -> list[Reason]:
    """What a cataloguer should look at in a record's headings: one reason for each that is not confirmed."""
    return [
        reason
        for _, heading in headings.of_record(record)
        if (reason := check(heading, authorities, catalogue)) is not None
    ]


def check(heading: Heading, authorities: Authorities | None, catalogue: Catalogue | None) -> Reason | None:
    """None for a heading that is exactly one authority's, else why it is not."""
    known = authorities.look_up(heading) if authorities else []
    if _exact(heading, known):
        return None
    established = [held for held in known if held.established]
    if len(established) > 1:
        names = "; ".join(str(held.heading) for held in established)
        return Reason("HEADING_AMBIGUOUS", f"“{heading}” is the name of several: {names}.")
    if established:
        return Reason(
            "HEADING_DATES", f"“{heading}” is established as “{established[0].heading}”: the same one?"
        )
    if known:
        names = "; ".join(dict.fromkeys(str(held.heading) for held in known))
        return Reason("HEADING_VARIANT", f"“{heading}” is a variant; established is: {names}.")
    return _unknown(heading, authorities, catalogue)


def link_headings(record: Record, authorities: Authorities) -> Record:
    """The record with $0 (UNIMARC: $3) in each heading that is exactly and only one authority's."""
    made = copy_record(record)
    for held, heading in headings.of_record(made):
        found = _exact(heading, authorities.look_up(heading))
        code = "3" if held.tag in ("701", "702", "711", "712", "606", "607") and "200" in made else "0"
        if found and not held.get_subfields(code):
            held.subfields.append(Subfield(code, found.id))
    return made


def _exact(heading: Heading, known: list[Known]) -> Known | None:
    """The one authority of this very name and dates; None where another might be meant."""
    established = [held for held in known if held.established]
    same = [held for held in established if held.heading.years == heading.years]
    alone = len(same) == 1 and (len(established) == 1 or bool(heading.years))
    return same[0] if alone else None


def _unknown(heading: Heading, authorities: Authorities | None, catalogue: Catalogue | None) -> Reason | None:
    """A heading that no authority file has: used in the catalogue, in conflict with it, or new."""
    used = list(_in_catalogue(heading, catalogue)) if catalogue else []
    if any(other.years == heading.years for other in used):
        return None
    if used:
        names = "; ".join(dict.fromkeys(str(other) for other in used))
        return Reason("HEADING_DATES", f"“{heading}” stands in the catalogue as “{names}”: the same one?")
    asked = catalogue is not None or (authorities is not None and authorities.has(heading.kind))
    if not asked or (heading.kind == "topic" and not (authorities and authorities.has("topic"))):
        return None
    return Reason("HEADING_NEW", f"“{heading}” is new: neither authority file nor catalogue has it.")


def _in_catalogue(heading: Heading, catalogue: Catalogue) -> Iterator[Heading]:
    for hit in catalogue.search(heading.name, limit=_LOOKED_AT):
        for _, other in headings.of_record(catalogue.record(hit.id)):
            if other.kind == heading.kind and other.key == heading.key:
                yield other
