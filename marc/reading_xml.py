"""MARCXML, record by record: each ``record`` element is parsed by itself, so a broken one stays alone.

Source: MARC 21 XML schema (MARC21slim).  Document type declarations are refused: MARCXML has none, and
entities are how XML files attack their readers.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from xml.parsers import expat

from pymarc import Field, Indicators, Leader, Record, Subfield

from marc.piece import Piece, checked_leader, is_control
from workcell.kernel.errors import BadInput

_DECLARED = re.compile(rb"<\?xml[^>]*?encoding\s*=\s*[\"']([A-Za-z0-9._\-]+)[\"']")
_OPEN = re.compile(rb"<((?:[A-Za-z_][\w.\-]*:)?)record(?=[\s>])")


def records(data: bytes, subject: str) -> Iterator[Piece]:
    """Every ``record`` element in order; raises BadInput when there is none or the file is not safe XML."""
    name = _encoding(data)
    if name.startswith("utf-16"):
        data, name = data.decode(name, "replace").encode("utf-8"), "utf-8"
    if b"<!DOCTYPE" in data[:65536] or b"<!ENTITY" in data[:65536]:
        raise BadInput(
            "XML with a document type declaration",
            subject=subject,
            remedy="Export plain MARCXML without one.",
        )
    found = _OPEN.search(data)
    if not found:
        raise BadInput("XML without MARC records", subject=subject, remedy="Give a MARCXML file.")
    while found:
        following = _OPEN.search(data, found.end())
        closing = b"</" + found.group(1) + b"record>"
        limit = following.start() if following else len(data)
        end = data.find(closing, found.end(), limit)
        if end < 0:
            yield Piece(None, found.start(), "the record element is not closed")
        else:
            yield _piece(data[found.start() : end + len(closing)], found.start(), name)
        found = following


def _encoding(data: bytes) -> str:
    if data[:2] in (b"\xff\xfe", b"\xfe\xff"):
        return "utf-16"
    declared = _DECLARED.search(data[:200])
    try:
        return codecs.lookup(declared.group(1).decode("ascii")).name if declared else "utf-8"
    except LookupError:
        return "utf-8"


def _piece(data: bytes, offset: int, name: str) -> Piece:
    builder = _Builder()
    try:
        text = data.decode(name)
        builder.parse(text)
    except UnicodeDecodeError as error:
        return Piece(None, offset, f"not {name}: bytes {data[error.start : error.end].hex(' ')}")
    except expat.ExpatError as error:
        reason = expat.errors.messages.get(error.code, "")
        return Piece(None, offset, f"not well-formed XML ({reason})")
    except ValueError as error:
        return Piece(None, offset, str(error))
    return Piece(builder.record, offset, "; ".join(builder.problems))


@dataclass
class _Builder:
    """Builds one record from expat's events; element names count without their prefix."""

    record: Record = field(default_factory=Record)
    problems: list[str] = field(default_factory=list)
    _text: list[str] = field(default_factory=list)
    _open: dict[str, str] = field(default_factory=dict)
    _subfields: list[Subfield] = field(default_factory=list)

    def parse(self, text: str) -> None:
        """Parse one element's text; raises ExpatError, or ValueError for XML that is not MARC."""
        parser = expat.ParserCreate()
        parser.StartElementHandler = self._start
        parser.EndElementHandler = self._end
        parser.CharacterDataHandler = self._text.append
        parser.Parse(text, True)
        if not self.record.fields:
            raise ValueError("a record without fields")

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        self._text.clear()
        local = name.rpartition(":")[2]
        if local in ("controlfield", "datafield"):
            self._open = attributes
            self._subfields = []
            if len(attributes.get("tag", "")) != 3:
                raise ValueError(f"a {local} without a tag of three characters")
        elif local == "subfield":
            self._open = {**self._open, "code": attributes.get("code", "")}
            if len(self._open["code"]) != 1:
                raise ValueError(f"field {self._open.get('tag', '')} has a subfield without a code")

    def _end(self, name: str) -> None:
        local = name.rpartition(":")[2]
        text = "".join(self._text)
        self._text.clear()
        if local == "leader":
            self.record.leader = Leader(checked_leader(text))
        elif local == "controlfield":
            self._control(self._open["tag"], text)
        elif local == "subfield":
            self._subfields.append(Subfield(self._open["code"], text))
        elif local == "datafield":
            marks = Indicators(self._mark("ind1"), self._mark("ind2"))
            held = Field(tag=self._open["tag"], indicators=marks, subfields=self._subfields)
            self.record.fields.append(held)

    def _control(self, tag: str, text: str) -> None:
        if is_control(tag):
            self.record.fields.append(Field(tag=tag, data=text))
        else:
            self.problems.append(f"field {tag} has text but no subfields, left out")

    def _mark(self, name: str) -> str:
        mark = self._open.get(name, " ")
        if len(mark) != 1:
            raise ValueError(f"field {self._open['tag']} has an indicator that is not one character")
        return mark
