"""Guarded writers: nothing is written that pymarc would not read back identically.

ISO 2709 has limits (a field of 9,999 bytes, a record of 99,999; ISO 2709:2008 clauses 4.3 and 4.4).  What
is beyond them goes into a MARCXML file beside the other, with a warning; no record is cut, and one that
neither form can hold is named in the report.
CNMARC has its own record label: 09 blank, 20–23 ``450 `` (CNMARC manual, record label), UTF-8 data.
"""

from __future__ import annotations

import re
import unicodedata
import warnings
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal
from xml.sax.saxutils import escape, quoteattr

from pymarc import Field, Leader, Record
from pymarc.exceptions import PymarcException

from marc import fields, reading, reading_xml
from marc.encoding import MARC8, UTF8, Encoding
from marc.framing import FIELD_END, RECORD_END, SUBFIELD
from marc.piece import Piece
from workcell.kernel.errors import BadInput, StorageFull

Format = Literal["marc21", "cnmarc"]

_LONGEST_FIELD = 9_999
_LONGEST_RECORD = 99_999
_NOT_XML = re.compile("[^\\t\\n\\r\\x20-\\ud7ff\\ue000-\\ufffd\\U00010000-\\U0010ffff]")
_SEPARATORS = re.compile("[\\x1d\\x1e]")
_LABELS: dict[Format, tuple[str, str]] = {"marc21": ("a", "4500"), "cnmarc": (" ", "450 ")}
"""Leader 09 (character coding) and 20–23 (entry map) by format."""

_NAMESPACE = "http://www.loc.gov/MARC21/slim"
_BODY = ((5, 9), (17, 20))
"""The leader positions that belong to the cataloguer, not to the serialisation."""


@dataclass(frozen=True)
class WriteReport:
    """What a writer did: records in the file asked for, those put beside it, those refused.

    ``warnings`` and ``refused`` are sentences that name the record.
    """

    written: int
    path: Path
    beside: Path | None = None
    moved: int = 0
    warnings: list[str] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)


class _NotForIso2709(ValueError):
    """A record that ISO 2709 can't hold as it is."""


class _NotForXml(ValueError):
    """A record that MARCXML can't hold as it is."""


def write_iso2709(records: Iterable[Record], path: Path, format: Format) -> WriteReport:
    """Write a file of ISO 2709 records in UTF-8, atomically; what it can't hold to ``NAME.long.xml`` beside.

    Raises StorageFull when the disk refuses.
    """
    pieces: list[bytes] = []
    moved: list[Record] = []
    notes: list[str] = []
    for record in records:
        try:
            pieces.append(_iso2709(record, format))
        except _NotForIso2709 as error:
            moved.append(record)
            notes.append(f"record {name_of(record)}: {error}; sent to MARCXML instead")
    _put(path, b"".join(pieces))
    if not moved:
        return WriteReport(len(pieces), path)
    beside = path.with_suffix(".long.xml")
    report = write_marcxml(moved, beside, format)
    return WriteReport(
        len(pieces), path, beside, report.written, notes + report.warnings, refused=report.refused
    )


def write_marcxml(records: Iterable[Record], path: Path, format: Format) -> WriteReport:
    """Write a MARCXML collection in UTF-8, atomically.

    Control characters, which XML 1.0 can't hold, are left out with a warning.  Raises StorageFull when the
    disk refuses.
    """
    pieces: list[str] = []
    notes: list[str] = []
    refused: list[str] = []
    for record in records:
        clean, lost = without_control_characters(record)
        if lost:
            notes.append(f"record {name_of(record)}: control characters left out of {', '.join(lost)}")
        try:
            pieces.append(_marcxml(clean, format))
        except _NotForXml as error:
            refused.append(f"record {name_of(record)}: {error}")
    head = f'<?xml version="1.0" encoding="UTF-8"?>\n<collection xmlns="{_NAMESPACE}">\n'
    _put(path, (head + "".join(pieces) + "</collection>\n").encode("utf-8"))
    return WriteReport(len(pieces), path, warnings=notes, refused=refused)


def to_iso2709(record: Record, format: Format, charset: Encoding = UTF8) -> bytes:
    """One record as ISO 2709 bytes, read back by pymarc and found identical; raises BadInput.

    What is not UTF-8 is read back by our own reader, as pymarc would need to be told.
    """
    try:
        return _iso2709(record, format, charset)
    except _NotForIso2709 as error:
        raise BadInput(
            str(error), subject=f"record {name_of(record)}", remedy="Mend the field, or write MARCXML."
        ) from error


def to_marcxml(record: Record, format: Format) -> str:
    """One ``record`` element, read back and found identical; raises BadInput."""
    try:
        return _marcxml(record, format)
    except _NotForXml as error:
        raise BadInput(str(error), subject=f"record {name_of(record)}", remedy="Mend the field.") from error


def relabelled(record: Record, format: Format, charset: Encoding) -> Record:
    """A view of the record with the leader that the format and charset ask for, lengths zero."""
    made = Record()
    made.leader = Leader(_label(record, format, 0, 0, charset))
    made.fields = record.fields
    return made


def proven(pieces: Iterator[Piece], record: Record, charset: Encoding = UTF8) -> None:
    """Nothing, when the one piece that was read back is the record; else raises BadInput."""
    piece, *rest = pieces
    problem = piece.problem or ("it becomes several records" if rest else "")
    problem = problem or _difference(piece.record, _as_read(record, charset))
    if problem:
        raise BadInput(
            f"would not read back identically ({problem})",
            subject=f"record {name_of(record)}",
            remedy="Mend the field.",
        )


def encoded(text: str, charset: Encoding) -> bytes:
    """The bytes of lines of text; raises BadInput where the charset lacks a character."""
    try:
        return b"\n".join(charset.encode(line) for line in text.split("\n"))
    except ValueError as error:
        raise BadInput(f"can't be written in {charset.name} ({error})", remedy="Write UTF-8.") from error


def _iso2709(record: Record, format: Format, charset: Encoding = UTF8) -> bytes:
    directory, area = bytearray(), bytearray()
    for held in record.fields:
        data = _field_bytes(held, charset)
        if len(data) > _LONGEST_FIELD:
            raise _NotForIso2709(f"field {held.tag} has {len(data)} bytes, ISO 2709 takes {_LONGEST_FIELD}")
        directory += f"{held.tag}{len(data):04d}{len(area):05d}".encode()
        area += data
    base = 24 + len(directory) + 1
    length = base + len(area) + 1
    if length > _LONGEST_RECORD:
        raise _NotForIso2709(f"the record has {length} bytes, ISO 2709 takes {_LONGEST_RECORD}")
    leader = _label(record, format, length, base, charset)
    made = leader.encode("utf-8") + bytes(directory) + FIELD_END + bytes(area) + RECORD_END
    problem = _separators(record) or _read_back(made, record, charset)
    if problem:
        raise _NotForIso2709(f"would not read back identically ({problem})")
    return made


def _marcxml(record: Record, format: Format) -> str:
    made = "".join(_xml(record, _label(record, format, 0, 0)))
    piece = next(iter(reading_xml.records(made.encode("utf-8"), name_of(record))))
    problem = piece.problem or _difference(piece.record, record)
    if problem:
        raise _NotForXml(f"would not read back identically ({problem})")
    return made


def _label(record: Record, format: Format, length: int, base: int, charset: Encoding = UTF8) -> str:
    coding, entry_map = _LABELS[format]
    coding = coding if charset is UTF8 else " "
    text = str(record.leader)
    return f"{length:05d}{text[5:9]}{coding}22{base:05d}{text[17:20]}{entry_map}"


def _field_bytes(held: Field, charset: Encoding) -> bytes:
    try:
        if held.control_field:
            return charset.encode(held.data or "") + FIELD_END
        marks = "".join(held.indicators or (" ", " ")).encode("ascii")
        parts = (SUBFIELD + part.code.encode("ascii") + charset.encode(part.value) for part in held.subfields)
        return marks + b"".join(parts) + FIELD_END
    except ValueError as error:
        raise _NotForIso2709(f"field {held.tag} can't be written in {charset.name} ({error})") from error


def _separators(record: Record) -> str:
    for tag, marks, parts in fields.content(record):
        if _SEPARATORS.search(marks) or any(_SEPARATORS.search(code + value) for code, value in parts):
            return f"field {tag} has a field or record terminator in its text"
    return ""


def _read_by_pymarc(made: bytes) -> Record | None:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return Record(data=made, force_utf8=True)
    except (PymarcException, ValueError, IndexError):
        return None


def _read_back(made: bytes, record: Record, charset: Encoding) -> str:
    """What our reader or pymarc, whichever knows the charset, finds different, or ``""``."""
    if charset is UTF8:
        return _difference(_read_by_pymarc(made), record)
    result = reading.read_one(made, charset)
    return result.problem or _difference(result.record, _as_read(record, charset))


def _as_read(record: Record, charset: Encoding) -> Record:
    """The record as it comes out of a charset that has one form only of each letter with a diacritic."""
    if charset is not MARC8:
        return record
    made = fields.copy_record(record)
    for held in made.fields:
        held.data = unicodedata.normalize("NFC", held.data) if held.data is not None else None
        held.subfields = [
            part._replace(value=unicodedata.normalize("NFC", part.value)) for part in held.subfields
        ]
    return made


def _difference(back: Record | None, record: Record) -> str:
    """What is not the same in the record that was read back, or ``""``."""
    if back is None:
        return "it can't be read"
    here, there = str(record.leader), str(back.leader)
    if any(here[start:stop] != there[start:stop] for start, stop in _BODY):
        return "the leader changes"
    before, after = fields.content(record), fields.content(back)
    if len(before) != len(after):
        return f"{len(before)} fields become {len(after)}"
    changed = [one[0] for one, other in zip(before, after, strict=True) if one != other]
    return f"field {changed[0]} changes" if changed else ""


def _xml(record: Record, leader: str) -> Iterator[str]:
    yield f"<record>\n<leader>{leader}</leader>\n"
    for held in record.fields:
        tag = quoteattr(held.tag)
        if held.control_field:
            yield f"<controlfield tag={tag}>{_text(held.data or '')}</controlfield>\n"
            continue
        one, two = (quoteattr(mark) for mark in held.indicators or (" ", " "))
        yield f"<datafield tag={tag} ind1={one} ind2={two}>"
        for part in held.subfields:
            yield f"<subfield code={quoteattr(part.code)}>{_text(part.value)}</subfield>"
        yield "</datafield>\n"
    yield "</record>\n"


def _text(text: str) -> str:
    return escape(text, {"\r": "&#13;"})


def without_control_characters(record: Record) -> tuple[Record, list[str]]:
    """The record as XML can hold it, and the tags of the fields that lost a character."""
    lost = [
        tag
        for tag, marks, parts in fields.content(record)
        if _NOT_XML.search(marks) or any(_NOT_XML.search(value) for _, value in parts)
    ]
    if not lost:
        return record, []
    clean = fields.copy_record(record)
    for held in clean.fields:
        if held.control_field:
            held.data = _NOT_XML.sub("", held.data or "")
        else:
            held.subfields = [part._replace(value=_NOT_XML.sub("", part.value)) for part in held.subfields]
    return clean, sorted(set(lost))


def _put(path: Path, data: bytes) -> None:
    """Write beside and rename, so that a half-written file never has the real name."""
    part = path.with_name(path.name + ".part")
    try:
        part.write_bytes(data)
        part.replace(path)
    except OSError as error:
        part.unlink(missing_ok=True)
        raise StorageFull(
            f"can't be written ({error.strerror})", subject=str(path), remedy="Make room, then write again."
        ) from error


def name_of(record: Record) -> str:
    """What a report calls the record: its 001."""
    return fields.control(record, "001") or "without 001"
