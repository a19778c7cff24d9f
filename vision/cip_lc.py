"""Library of Congress cataloguing-in-publication data: labelled (since October 2015) and card style.

Publishers' own blocks, and those of the British Library, Canada and Australia, use the same labels.  Labels
break at line ends, ligatures get lost ("Identifers"), and pipes are read as I or 丨.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from vision.edition import edition_number
from vision.flow import Flow, spaced
from vision.names import latin_names, unglued
from vision.reading import PageLine
from workcell.kernel.evidence import Fields, FieldValue

_LABEL = re.compile(
    r"(?:^|(?<=[\s|.\])]))(?:(?:(?P<names>Names?|Creators?|Authors?)|(?P<title>Title)|(?P<other>Other "
    r"titles?|Other (?:[Cc]reators?|"
    r"[Aa]uthors?)\s?/\s?[Cc]ontributors?|Uniform titles?|Notes?|Target [Aa]udience)|(?P<series>Series)|"
    r"(?P<edition>Edition)|"
    r"(?P<description>Description)|(?P<identifiers>[I1l|]dent\w{0,6}ers?)|(?P<isbns>ISBNs?(?!\w))|"
    r"(?P<subjects>Subjects?)|"
    r"(?P<classification>Class\w{0,5}cation)|(?P<dewey>Dewey (?:Number|[Cc]lass\w*))|"
    r"(?P<summary>Summary))\s*:|"
    r"(?P<record>L[CG] (?:e-?book )?record available))"
)
_HEADING = re.compile(
    r"Catalog(?:u?ing|ed)[\s-]*in[\s-]*Publication|Library of Congress|CIP (?:data|record)", re.I
)
_PIPE = re.compile(
    r"\s*[|¦]+\s*|\s+[Il1]\s+(?=(?:ISBN|LCCN|DDC|LCC|LCSH|Includes|Series|BISAC|[A-Z][\w'’-]+ :|"
    r"[A-Z][a-z]+,))"
)
_AFTER_ROLE = re.compile(
    r"\b(?P<role>author|editor|translator|illustrator|compiler|photographer|contributor|artist|"
    r"narrator)\b[.;]*\s*(?:[|/Il1]\s*)?(?=[A-ZÀ-Þ])"
)
_PUBLICATION = re.compile(
    r"(?P<place>[^|:]{2,60}?)\s?:\s(?P<publisher>[^|:]{2,80}),\s?(?:\[|©|c|\[©|\[c)?(?P<year>(?:19|"
    r"20)\d{2})\]?"
)
_BEFORE_PLACE = re.compile(r"^.*\b(?:edition|ed|version|Edition)\.?\s*[|Il1]?\s+(?=\S)")
_EDITION = re.compile(r"[^.|]*\bed(?:ition|\.)[^.|]*", re.IGNORECASE)
_LCCN = re.compile(r"LCCN\s*:?\s*(?P<lccn>(?:19|20)\d{8}|\d{2}-?\d{6})")
_LCCN_LINK = re.compile(r"lccn\s?\.\s?loc\s?\.\s?gov\s?/\s?(?P<lccn>(?:19|20)\d{8}|\d{8})")
_CARD_LCCN = re.compile(r"[dD]c\s?\d{2}\s+(?P<lccn>(?:19|20)\d{8}|\d{2}-\d{5,6})\b")
_LCC_LABEL = re.compile(
    r"LCC\s*:?\s+(?P<lcc>[A-Z]{1,3}\s?\d[^|(]*?)\s*(?=\||\(|$|[Il1]\s+DDC|DDC|LCC|LC\s|LCSH)"
)
_NUMBER = r"\[?\d{3}(?:[/'’]?\.[\d/'’]+)?\]?"
_DDC = re.compile(rf"(?:DDC\s+)?(?<![\d.-])C?(?P<ddc>{_NUMBER}\s?[-–—]{{0,3}}\s?[dD]c\s?[12]\d)")
_DDC_LABEL = re.compile(rf"DDC\s*:?\s*C?(?P<ddc>{_NUMBER}|\[(?:Fic|E|B)\](?:\s?[-–—]{{1,3}}\s?dc\s?2\d)?)")
_SLASH = re.compile(r"\s+/\s*|\s*/\s+")
_COLON = re.compile(r"\s*:\s+|\s+:\s*")
_ISBD_DASH = re.compile(r"\s*\.\s*[—–-]{1,2}\s*|\s+[—–]\s+")
_CARD_LCC = re.compile(
    r"\b(?P<lcc>[A-Z]{1,3}\d{1,4}(?:\.\d+)?\s?\.[A-Z0]\d+(?:\s?[A-Z]\d+)?(?:\s(?:19|20)\d{2})?)\b"
)
_ROLES = re.compile(r",?\s*\b(author|editor|translator|illustrator|compiler|photographer|contributor|"
                    r"writer of [a-z ]+|issuing body)\b\.?", re.IGNORECASE)  # fmt: skip
_CARD_AUTHOR = re.compile(r"^[A-ZÀ-Þ][\w'’ -]{1,30}, [^/:;]{2,50}$")
_SINGLE_HEADING = re.compile(r"^[A-ZÀ-Þ][\w'’-]+(?:\.|, (?:ca\. |[bd]\. |approximately )?\d.*)$")
_CARD_BODY = re.compile(
    r"Data(?:\s*\([^)]*\))?\s+(?P<body>.{5,600}?)\s+(?:(?:[ivxlc]+, )?\d*\s?(?:pages|p|v|"
    r"volumes?)\b\.?\s*[;:]?\s*(?:cm|ill))"
)
_CARD_SUBJECT = re.compile(
    r"(?<!\d)\d{1,2}\.\s+(?P<subject>[^.]*?(?:\([^)]*\))?[^.]*)\.(?=\s*(?:\d{1,2}|[IVX]+)\.)"
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
    rest = _LCCN_LINK.search(flow.text) or _LCCN.search(flow.text)
    if "lccn" not in fields and rest:
        fields["lccn"] = flow.value(rest["lccn"], rest.start("lccn"), _plain_lccn(rest["lccn"]))
    return fields


def _names(flow: Flow, at: int, text: str) -> Fields:
    names = []
    for part in _PIPE.split(_AFTER_ROLE.sub(r"\g<role> | ", text.strip(" ."))):
        role = _ROLES.search(part)
        name = unglued(re.sub(r"(?<=[\w)]{2})\.$", "", _ROLES.sub("", part).strip(" ,;")))
        if name:
            names.append(flow.value(name, at + text.find(part), role=role.group(1).lower() if role else None))
    return {"names": names} if names else {}


def title_statement(flow: Flow, at: int, text: str) -> Fields:
    """``title : subtitle / statement of responsibility`` (ISBD) as fields."""
    at += len(text) - len(text.lstrip())
    head, _, statement = _parted(text.strip(), _SLASH)
    title, _, subtitle = _parted(head, _COLON)
    fields: Fields = {"title": flow.value(title.strip(" ."), at)} if title.strip(" .") else {}
    if subtitle:
        fields["subtitle"] = flow.value(subtitle.strip(" ."), at)
    if statement:
        statement = _ISBD_DASH.split(statement)[0].strip(" ,;").removesuffix(".")
        fields["responsibility"] = flow.value(unglued(statement), at)
    return fields


def _parted(text: str, mark: re.Pattern[str]) -> tuple[str, str, str]:
    """As ``str.partition`` by a pattern."""
    match = mark.search(text)
    return (text[: match.start()], match.group(), text[match.end() :]) if match else (text, "", "")


def _description(flow: Flow, at: int, text: str) -> Fields:
    fields: Fields = {}
    for part in _PIPE.split(text):
        publication = _PUBLICATION.search(part)
        if publication and "publisher" not in fields:
            place = _BEFORE_PLACE.sub("", publication["place"])
            said = {"place": place, "publisher": publication["publisher"], "year": publication["year"]}
            for name, value in said.items():
                fields[name] = flow.value(value.strip(" ["), at + text.find(part))
        edition = _EDITION.match(part.strip())
        if edition and "edition" not in fields:
            printed = edition.group().strip()
            fields["edition"] = flow.value(printed, at + text.find(part), edition_number(printed))
    return fields


def _edition_label(flow: Flow, at: int, text: str) -> Fields:
    printed = text.strip(" .")
    return {"edition": flow.value(printed, at, edition_number(printed))} if printed else {}


def _dewey(flow: Flow, at: int, text: str) -> Fields:
    number = re.search(r"\d{3}(?:\.[\d/'’]+)?", text)
    return {"class": [_ddc(flow, at + number.start(), number.group())]} if number else {}


def _series(flow: Flow, at: int, text: str) -> Fields:
    series = _PIPE.split(text)[0].strip(" .")
    return {"series": [flow.value(series, at)]} if series else {}


def _identifiers(flow: Flow, at: int, text: str) -> Fields:
    lccn = _LCCN.search(text)
    return (
        {"lccn": flow.value(lccn["lccn"], at + lccn.start("lccn"), _plain_lccn(lccn["lccn"]))} if lccn else {}
    )


def _subjects(flow: Flow, at: int, text: str) -> Fields:
    found = []
    for part in _PIPE.split(text):
        source = re.match(r"\s*(?:(?P<scheme>LCSH|BISAC|MESH|FAST|LCGFT)\b\s*:?)?\s*(?P<subject>.*)", part)
        if source and len(subject := source["subject"].strip(" .")) > 2:
            found.append(flow.value(subject, at, scheme=(source["scheme"] or "LCSH").lower()))
    return {"subjects": found} if found else {}


def _classification(flow: Flow, at: int, text: str) -> Fields:
    classes: list[FieldValue] = []
    if lcc := _LCC_LABEL.search(text):
        classes.append(flow.value(_lcc(lcc["lcc"]), at + lcc.start("lcc"), _lcc(lcc["lcc"]), scheme="lcc"))
    if ddc := _DDC.search(text) or _DDC_LABEL.search(text):
        classes.append(_ddc(flow, at + ddc.start("ddc"), ddc["ddc"]))
    return {"class": classes} if classes else {}


def _lcc(printed: str) -> str:
    """A first Cutter number begins with a letter: .04 after a blank or before a second one is .O4."""
    return re.sub(r"(?<=\d)(\s?)\.0(?=\d{1,4}\s[A-Z]\d)|(?<=\d)(\s)\.0(?=\d)", r"\1\2.O", printed.strip())


def _ddc(flow: Flow, at: int, printed: str) -> FieldValue:
    """The class as printed with its edition; ``normalised`` without prime marks and edition."""
    number = re.split(r"\s?[-–—]{0,3}\s?[dD]c", printed)[0]
    # Of two hyphens recognisers give one; the Library of Congress prints two, or a dash.
    said = re.sub(r"(?<![-–—])-(?=\s?[dD]c)", "--", " ".join(printed.split()))
    return flow.value(said, at, re.sub(r"[/'’\[\]]", "", number), scheme="ddc")


def _card(flow: Flow) -> Fields:
    """Card style: author, title / statement, pages cm, notes, ISBN, tracings, classes, LCCN."""
    heading = _HEADING.search(flow.text)
    start = heading.start() if heading else 0
    block = flow.text[start:]
    fields: Fields = {}
    classes = []
    if lcc := _CARD_LCC.search(block):
        classes.append(flow.value(_lcc(lcc["lcc"]), start + lcc.start(), _lcc(lcc["lcc"]), scheme="lcc"))
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
    """Title and names: the heading stands on a line of its own, the title begins with the next line."""
    body = _CARD_BODY.search(flow.text, start)
    if body is None:
        return {}
    at, end = body.start("body"), body.end("body")
    named: Fields = {}
    second = next((p for p in flow.line_starts(at + 1, end)), None)
    heading = flow.text[at:second].strip() if second else ""
    if second and _is_heading(heading):
        name = unglued(re.sub(r"(?<=\w{2})\.$", "", heading))
        named["names"] = [flow.value(name, at, role="author")]
        at = second
    text = flow.text[at:end]
    if not named and not _SLASH.search(text):
        return {}
    fields = title_statement(flow, at, _ISBD_DASH.split(text)[0] if not _SLASH.search(text) else text)
    if edition := re.search(r"[—–-]{1,2}\s*(?P<edition>[^—–.]*\bed(?:ition\b|\.)[^—–.]*)", text):
        printed = edition["edition"].strip(" ")
        fields["edition"] = flow.value(printed, at, edition_number(printed))
    if "names" not in named and "responsibility" in fields:
        statement = _parted(text, _SLASH)[2]
        named["names"] = [
            flow.value(n.name, at, role=n.role) for n in latin_names(_ISBD_DASH.split(statement)[0])
        ]
    return fields | {name: value for name, value in named.items() if value}


def _is_heading(line: str) -> bool:
    """An author's line: inverted, with dates, or a single word that ends there (Plato.)."""
    return bool(_CARD_AUTHOR.match(line) or _SINGLE_HEADING.match(line)) and not _SLASH.search(line)


def _plain_lccn(printed: str) -> str:
    """Eight or ten digits (LCCN namespace normalisation: a serial is padded to six digits)."""
    year, _, serial = printed.partition("-")
    return year + serial.zfill(6) if serial else printed


_SECTION_READERS = {
    "names": _names,
    "edition": _edition_label,
    "title": title_statement,
    "description": _description,
    "series": _series,
    "identifiers": _identifiers,
    "subjects": _subjects,
    "dewey": _dewey,
    "classification": _classification,
}
