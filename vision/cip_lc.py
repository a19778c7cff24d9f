"""Library of Congress cataloguing-in-publication data: labelled (since October 2015) and card style.

Publishers' own blocks, and those of the British Library, Canada and Australia, use the same labels.  Labels
break at line ends, ligatures get lost ("Identifers"), and pipes are read as I or 丨.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from vision.flow import Flow, spaced
from vision.names import latin_names
from vision.reading import PageLine
from workcell.kernel.evidence import Fields, FieldValue

_LABEL = re.compile(
    r"(?:^|(?<=[\s|.]))(?:(?:(?P<names>Names?)|(?P<title>Title)|(?P<other>Other titles?)|(?P<series>Series)|"
    r"(?P<description>Description)|(?P<identifiers>[I1l|]dent\w{0,6}ers?)|(?P<subjects>Subjects?)|"
    r"(?P<classification>Class\w{0,5}cation)|(?P<summary>Summary))\s*:|"
    r"(?P<record>L[CG] (?:e-?book )?record available))"
)
_HEADING = re.compile(
    r"Catalog(?:u?ing|ed)[\s-]*in[\s-]*Publication|Library of Congress|CIP (?:data|record)", re.I
)
_PIPE = re.compile(r"\s*\|\s*|\s+I\s+(?=(?:ISBN|LCCN|DDC|Includes|Series|[A-Z][a-z]+ :))")
_PUBLICATION = re.compile(
    r"(?P<place>[^|:]{2,60}?) : (?P<publisher>[^|:]{2,80}), \[?[©c]?(?P<year>(?:19|20)\d{2})\]?"
)
_EDITION = re.compile(r"[^.|]*\bed(?:ition|\.)[^.|]*", re.IGNORECASE)
_LCCN = re.compile(r"LCCN\s*:?\s*(?P<lccn>(?:19|20)\d{8}|\d{2}-?\d{6})")
_LCCN_LINK = re.compile(r"lccn\s?\.\s?loc\s?\.\s?gov\s?/\s?(?P<lccn>(?:19|20)\d{8}|\d{8})")
_CARD_LCCN = re.compile(r"[dD]c\s?\d{2}\s+(?P<lccn>(?:19|20)\d{8}|\d{2}-\d{5,6})\b")
_LCC_LABEL = re.compile(r"LCC\s+(?P<lcc>[A-Z]{1,3}\s?\d[^|(]*?)\s*(?=\||\(|$|DDC|LC\s)")
_DDC = re.compile(r"(?:DDC\s+)?(?P<ddc>\[?\b\d{3}(?:[/'’]?\.[\d/'’]+)?\]?\s?[-–—]{0,3}\s?[dD]c\s?2\d)")
_DDC_LABEL = re.compile(r"DDC\s+(?P<ddc>\[?\d{3}(?:[/'’]?\.[\d/'’]+)?\]?)")
_CARD_LCC = re.compile(
    r"\b(?P<lcc>[A-Z]{1,3}\d{1,4}(?:\.\d+)?\s?\.[A-Z]\d+(?:\s?[A-Z]\d+)?(?:\s(?:19|20)\d{2})?)\b"
)
_ROLES = re.compile(r",?\s*\b(author|editor|translator|illustrator|compiler|photographer|contributor|"
                    r"writer of [a-z ]+|issuing body)\b\.?", re.IGNORECASE)  # fmt: skip
_CARD_AUTHOR = re.compile(r"^[A-ZÀ-Þ][\w'’ -]{1,30}, [^/:;]{2,50}$")
_CARD_SUBJECT = re.compile(
    r"(?<!\d)\d{1,2}\.\s+(?P<subject>[^.]*?(?:\([^)]*\))?[^.]*)\.(?=\s+(?:\d{1,2}|[IVX]+)\.)"
)


def read_lc_cip(lines: Sequence[PageLine], page: str) -> Fields:
    """Fields of a labelled or card-style block; empty when there is none."""
    flow = spaced(lines, page)
    sections = _sections(flow)
    if "title" in sections or "identifiers" in sections:
        return _labelled(flow, sections)
    if _HEADING.search(flow.text):
        return _card(flow)
    return {}


def _sections(flow: Flow) -> dict[str, tuple[int, str]]:
    """Text after each label up to the next one, with its position."""
    marks = list(_LABEL.finditer(flow.text))
    sections: dict[str, tuple[int, str]] = {}
    for mark, following in zip(marks, [*marks[1:], None], strict=False):
        end = following.start() if following else len(flow.text)
        sections.setdefault(str(mark.lastgroup), (mark.end(), flow.text[mark.end() : end]))
    return sections


def _labelled(flow: Flow, sections: dict[str, tuple[int, str]]) -> Fields:
    fields: Fields = {}
    for label, read in _SECTION_READERS.items():
        if label in sections:
            position, text = sections[label]
            fields |= read(flow, position, text)
    if "lccn" not in fields and (link := _LCCN_LINK.search(flow.text)):
        fields["lccn"] = flow.value(link["lccn"], link.start("lccn"))
    return fields


def _names(flow: Flow, at: int, text: str) -> Fields:
    names = []
    for part in _PIPE.split(text.strip(" .")):
        role = _ROLES.search(part)
        name = _ROLES.sub("", part).strip(" .,")
        if name:
            names.append(flow.value(name, at + text.find(part), role=role.group(1).lower() if role else None))
    return {"names": names} if names else {}


def title_statement(flow: Flow, at: int, text: str) -> Fields:
    """``title : subtitle / statement of responsibility`` (ISBD) as fields."""
    at += len(text) - len(text.lstrip())
    head, _, statement = text.strip().partition(" / ")
    title, _, subtitle = head.partition(" : ")
    fields: Fields = {"title": flow.value(title.strip(" ."), at)} if title.strip(" .") else {}
    if subtitle:
        fields["subtitle"] = flow.value(subtitle.strip(" ."), at)
    if statement:
        statement = re.split(r"\.\s*[—–-]{1,2}\s*", statement)[0].strip(" .")
        fields["responsibility"] = flow.value(statement, at)
    return fields


def _description(flow: Flow, at: int, text: str) -> Fields:
    fields: Fields = {}
    for part in _PIPE.split(text):
        publication = _PUBLICATION.search(part)
        if publication and "publisher" not in fields:
            for name in ("place", "publisher", "year"):
                fields[name] = flow.value(publication[name].strip(" ."), at + text.find(part))
        elif (edition := _EDITION.match(part.strip())) and "edition" not in fields:
            fields["edition"] = flow.value(edition.group().strip(), at + text.find(part))
    return fields


def _series(flow: Flow, at: int, text: str) -> Fields:
    series = _PIPE.split(text)[0].strip(" .")
    return {"series": [flow.value(series, at)]} if series else {}


def _identifiers(flow: Flow, at: int, text: str) -> Fields:
    lccn = _LCCN.search(text)
    return (
        {"lccn": flow.value(lccn["lccn"], at + lccn.start("lccn"), _plain_lccn(lccn["lccn"]))} if lccn else {}
    )


def _subjects(flow: Flow, at: int, text: str) -> Fields:
    parts = [re.sub(r"^(?:LCSH|BISAC|MESH)\s*:\s*", "", p.strip()).strip(" .") for p in _PIPE.split(text)]
    found = [flow.value(p, at, scheme="lcsh") for p in parts if len(p) > 2]
    return {"subjects": found} if found else {}


def _classification(flow: Flow, at: int, text: str) -> Fields:
    classes: list[FieldValue] = []
    if lcc := _LCC_LABEL.search(text):
        classes.append(
            flow.value(lcc["lcc"].strip(), at + lcc.start("lcc"), lcc["lcc"].strip(), scheme="lcc")
        )
    if ddc := _DDC.search(text) or _DDC_LABEL.search(text):
        classes.append(_ddc(flow, at + ddc.start("ddc"), ddc["ddc"]))
    return {"class": classes} if classes else {}


def _ddc(flow: Flow, at: int, printed: str) -> FieldValue:
    """The class as printed with its edition; ``normalised`` without prime marks and edition."""
    number = re.split(r"\s?[-–—]{0,3}\s?[dD]c", printed)[0]
    edition = re.search(r"[dD]c\s?(2\d)", printed)
    value = f"{number}--dc{edition.group(1)}" if edition else number
    return flow.value(value, at, re.sub(r"[/'’\[\]]", "", number), scheme="ddc")


def _card(flow: Flow) -> Fields:
    """Card style: author, title / statement, pages cm, notes, ISBN, tracings, classes, LCCN."""
    heading = _HEADING.search(flow.text)
    start = heading.start() if heading else 0
    block = flow.text[start:]
    fields: Fields = {}
    classes = []
    if lcc := _CARD_LCC.search(block):
        classes.append(flow.value(lcc["lcc"], start + lcc.start(), lcc["lcc"], scheme="lcc"))
    if ddc := _DDC.search(block):
        classes.append(_ddc(flow, start + ddc.start("ddc"), ddc["ddc"]))
    if classes:
        fields["class"] = classes
    if lccn := _CARD_LCCN.search(block) or _LCCN.search(block):
        fields["lccn"] = flow.value(lccn["lccn"], start + lccn.start("lccn"), _plain_lccn(lccn["lccn"]))
    subjects = [
        flow.value(m["subject"], start + m.start(), scheme="lcsh") for m in _CARD_SUBJECT.finditer(block)
    ]
    if subjects and classes:
        fields["subjects"] = subjects
    return fields | (_card_title(flow, start) if classes else {})


def _card_title(flow: Flow, start: int) -> Fields:
    """Title and names: the line with " / " after the heading, below the author's own line."""
    body = re.search(
        r"Data(?:\s*\([^)]*\))?\s+(?P<body>.{10,600}?)\s+(?:pages|p\.|v\.)\s*(?:cm|;)", flow.text[start:]
    )
    if body is None or " / " not in body["body"]:
        return {}
    at, end = start + body.start("body"), start + body.end("body")
    named: Fields = {}
    slash = flow.text.index(" / ", at)
    # The author's line stands for itself; the title begins with the next line.
    second = next((p for p in flow.line_starts(at + 1, slash)), None)
    heading = flow.text[at:second].strip() if second else ""
    if second and _CARD_AUTHOR.match(heading):
        named["names"] = [flow.value(re.sub(r"(?<=\w{2})\.$", "", heading), at, role="author")]
        at = second
    text = flow.text[at:end]
    fields = title_statement(flow, at, text)
    if edition := re.search(r"[—–-]{1,2}\s*(?P<edition>[^—–.]*\bed(?:ition|\.)[^—–.]*)", text):
        fields["edition"] = flow.value(edition["edition"].strip(" ."), at)
    if "names" not in named and "responsibility" in fields:
        statement = text.partition(" / ")[2]
        named["names"] = [flow.value(n.name, at, role=n.role) for n in latin_names(statement)]
    return fields | named


def _plain_lccn(printed: str) -> str:
    """Eight or ten digits (LCCN namespace normalisation: a serial is padded to six digits)."""
    year, _, serial = printed.partition("-")
    return year + serial.zfill(6) if serial else printed


_SECTION_READERS = {
    "names": _names,
    "title": title_statement,
    "description": _description,
    "series": _series,
    "identifiers": _identifiers,
    "subjects": _subjects,
    "classification": _classification,
}
