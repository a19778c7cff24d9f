"""What two places of a MARC 21 record say of each other.

Sources: MARC 21 Format for Bibliographic Data (008, 041, 245, 264, 490, 880 and appendix A), ISBN Users'
Manual (check digit), PCC BIBCO Standard Record (what a monograph's record has).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

from marc import isbn
from marc.articles import non_filing
from marc.finding import Finding, error, notice, warning
from marc.raw_record import RawRecord, subfield

_YEAR = re.compile(r"(?<!\d)(?:1[0-9]|20)\d\d(?!\d)")
_DATE = re.compile(r"[0-9u]{4}| {4}|\|{4}")
_ENTERED = re.compile(r"[0-9]{2}(?:0[1-9]|1[0-2])(?:0[1-9]|[12][0-9]|3[01])|\|{6}| {6}")
_LANGUAGE = re.compile(r"[a-z]{3}| {3}|\|{3}")
_LINK = re.compile(r"([0-9]{3})-([0-9]{2})")
_PICTURES = re.compile(
    r"\b(?:ill|illus|illustrations?|maps?|portraits?|plates?|photos?|ports?)\b", re.IGNORECASE
)
_SERIES_TRACED = ("800", "810", "811", "830")
_MAIN = ("100", "110", "111", "130")
_PAIRED = ("100", "245", "700")
_SOURCED = ("650", "651", "655", "600", "610", "611", "630")


def findings(record: RawRecord) -> Iterator[Finding]:
    """All findings, in the order of the rules."""
    tags = record.by_tag.keys()
    for rule, needed in _RULES:
        if needed is None or not tags.isdisjoint(needed):
            yield from rule(record)


def _title(record: RawRecord) -> Iterator[Finding]:
    if not record.has("245") or not any(text.strip() for text in record.values("245", "a")):
        yield error("245", "NO_TITLE", "There is no title (245 $a).")


def _coded(record: RawRecord) -> Iterator[Finding]:
    if not record.has("008"):
        yield error("008", "NO_CODED_FIELD", "There is no 008.")
        return
    text = record.coded
    if len(text) != 40:
        return
    for start, stop, pattern in ((0, 6, _ENTERED), (7, 11, _DATE), (11, 15, _DATE), (35, 38, _LANGUAGE)):
        if not pattern.fullmatch(text[start:stop]):
            yield warning("008", "CODED_VALUE", f"008/{start:02d}–{stop - 1:02d} is “{text[start:stop]}”.")


def _two_dates(record: RawRecord) -> Iterator[Finding]:
    """008/06 says how many dates there are."""
    text = record.coded
    kind, second = text[6:7], text[11:15]
    if kind in ("s", "n") and second.strip(" |") not in ("", "uuuu"):
        yield notice("008", "DATES", f"008/06 is {kind}, but there is a second date {second}.")
    if kind in ("t", "r", "p") and not second.strip(" |"):
        yield notice("008", "DATES", f"008/06 is {kind}, which has two dates; the second is missing.")


def _date_of_publication(record: RawRecord) -> Iterator[Finding]:
    """264 _1 or 260 $c against 008/07–10."""
    text = record.coded
    coded = text[7:11]
    if text[6:7] not in ("s", "t") or not coded.isdigit():
        return
    printed = [body for body in record.all("264") if body[1:2] == b"1"] or record.all("260")
    years = {year for body in printed for part in subfield(body, "c") for year in _YEAR.findall(part)}
    if years and coded not in years and text[11:15] not in years:
        tag = "264" if record.has("264") else "260"
        yield warning(tag, "DATE_DIFFERS", f"{tag} says {', '.join(sorted(years))}, 008/07–10 says {coded}.")


def _language(record: RawRecord) -> Iterator[Finding]:
    """041 $a begins with the language of 008/35–37."""
    coded = record.coded[35:38]
    for body in record.all("041")[:1]:
        told = next(subfield(body, "a"), "")[:3].lower()
        if body[1:2] != b"7" and told and coded.isalpha() and coded not in (told, "mul", "und"):
            yield warning("041", "LANGUAGE_DIFFERS", f"041 $a is {told}, 008/35–37 is {coded}.")
        if body[:1] == b"1" and b"\x1fh" not in body and b"\x1fk" not in body:
            yield notice("041", "TRANSLATION", "041 says translation, but not from what language ($h).")


def _added_entry(record: RawRecord) -> Iterator[Finding]:
    """245 first indicator against 1XX."""
    for body in record.all("245")[:1]:
        main = record.has(*_MAIN)
        if body[:1] == b"0" and main:
            yield warning(
                "245", "TITLE_ENTRY", "245 first indicator is 0, though there is a main entry (1XX)."
            )
        if body[:1] == b"1" and not main:
            yield notice(
                "245", "TITLE_ENTRY", "245 first indicator is 1, though there is no main entry (1XX)."
            )


def _non_filing(record: RawRecord) -> Iterator[Finding]:
    """245 second indicator against the article with which the title begins."""
    for body in record.all("245")[:1]:
        mark, title = body[1:2], next(subfield(body, "a"), "")
        if not mark.isdigit() or not title:
            continue
        said = int(mark)
        wanted = 0 if said else non_filing(title, record.coded[35:38])
        if said and (len(title) <= said or title[said - 1].isalnum()):
            yield warning("245", "NON_FILING", f"245 skips {said} characters, which ends inside a word.")
        elif not said and wanted:
            yield warning(
                "245", "NON_FILING", f"245 skips nothing; “{title[:wanted].strip()}” is an article."
            )


def _responsibility(record: RawRecord) -> Iterator[Finding]:
    for body in record.all("245")[:1]:
        if b"\x1fc" not in body and body.rstrip().endswith(b" /"):
            yield notice("245", "ENDS_IN_SLASH", "245 ends with a slash, but has no responsibility ($c).")


def _numbers(record: RawRecord) -> Iterator[Finding]:
    for written in record.values("020", "a"):
        if written.strip() and not isbn.normalise(written):
            yield warning("020", "ISBN", f"{written} is no valid ISBN; a wrong number belongs in $z.")


def _extent(record: RawRecord) -> Iterator[Finding]:
    if record.leader[17:18] == "8" or record.leader[7:8] != "m":
        return
    if not any(text.strip() for text in record.values("300", "a")):
        yield warning("300", "NO_EXTENT", "There is no extent (300 $a).")


def _publication(record: RawRecord) -> Iterator[Finding]:
    if not record.has("260", "264"):
        yield warning("264", "NO_PUBLICATION", "There is no publication statement (264 or 260).")


def _carriers(record: RawRecord) -> Iterator[Finding]:
    """A record by RDA says content, media and carrier."""
    if "rda" in record.values("040", "e"):
        for tag in ("336", "337", "338"):
            if not record.has(tag):
                yield warning(tag, "RDA_TYPES", f"The record follows RDA, but has no {tag}.")


def _pictures(record: RawRecord) -> Iterator[Finding]:
    text = record.coded
    if record.leader[6:7] not in "at" or record.leader[7:8] in "bis" or len(text) != 40:
        return
    told = any(_PICTURES.search(part) for part in record.values("300", "b"))
    if told and not text[18:22].strip():
        yield notice("008", "ILLUSTRATIONS", "300 $b has illustrations, 008/18–21 has none.")
    if not told and text[18:22].strip(" |"):
        yield notice("300", "ILLUSTRATIONS", "008/18–21 has illustrations, 300 $b has none.")


def _bibliography(record: RawRecord) -> Iterator[Finding]:
    text = record.coded
    if record.leader[6:8] != "am" or len(text) != 40 or "|" in text[24:28]:
        return
    told = any("bibliograph" in part.lower() for part in record.values("504", "a"))
    if told and "b" not in text[24:28]:
        yield notice("008", "BIBLIOGRAPHY", "504 has a bibliography, 008/24–27 has none (b).")


def _series(record: RawRecord) -> Iterator[Finding]:
    traced = any(body[:1] == b"1" for body in record.all("490"))
    if traced and not record.has(*_SERIES_TRACED):
        yield warning("490", "SERIES_TRACED", "490 says that the series is traced, but there is no 8XX.")


def _sources(record: RawRecord) -> Iterator[Finding]:
    """A heading or number of a source that subfield $2 has to name."""
    for tag in _SOURCED:
        for body in record.all(tag):
            if body[1:2] == b"7" and b"\x1f2" not in body:
                yield warning(tag, "SOURCE_MISSING", f"{tag} takes its source from $2, which is missing.")
    for body in record.all("084"):
        if b"\x1f2" not in body:
            yield warning("084", "SOURCE_MISSING", "084 does not say which scheme its number is from ($2).")


def _links(record: RawRecord) -> Iterator[Finding]:
    """880 $6 and the $6 of the field that it belongs to name each other (appendix A, linkage)."""
    if not record.has("880") and not any(b"\x1f6880-" in body for tag in _PAIRED for body in record.all(tag)):
        return
    here = {(tag, number) for tag, body in record.fields if tag != "880" for number in _linked(body, "880")}
    there = {
        (found.group(1), found.group(2))
        for body in record.all("880")
        for text in subfield(body, "6")
        if (found := _LINK.match(text))
    }
    for body in record.all("880"):
        if not any(_LINK.match(text) for text in subfield(body, "6")):
            yield warning("880", "LINK", "880 does not say which field it belongs to ($6).")
    for tag, number in sorted(there - here):
        if number != "00":
            yield warning("880", "LINK", f"880 belongs to {tag} number {number}, which is not there.")
    for tag, number in sorted(here - there):
        if number != "00":
            yield warning(
                tag, "LINK", f"{tag} has its script form in 880 number {number}, which is not there."
            )


def _linked(body: bytes, wanted: str) -> Iterator[str]:
    if b"\x1f6" in body:
        for text in subfield(body, "6"):
            found = _LINK.match(text)
            if found and found.group(1) == wanted:
                yield found.group(2)


def _other_form(record: RawRecord) -> Iterator[Finding]:
    for body in record.all("776"):
        if not any(mark in body for mark in (b"\x1fw", b"\x1fz", b"\x1fx", b"\x1ft", b"\x1fo", b"\x1fc")):
            yield notice("776", "LINK_EMPTY", "776 names another form, but neither its title nor a number.")


def _addresses(record: RawRecord) -> Iterator[Finding]:
    for body in record.all("856"):
        if b"\x1fu" in body and body[:1] == b"4" and not any("://" in text for text in subfield(body, "u")):
            yield notice("856", "ADDRESS", "856 $u is no address of the web.")


_RULES: tuple[tuple[Callable[[RawRecord], Iterator[Finding]], tuple[str, ...] | None], ...] = (
    (_title, None),
    (_coded, None),
    (_two_dates, ("008",)),
    (_date_of_publication, ("264", "260")),
    (_language, ("041",)),
    (_added_entry, ("245",)),
    (_non_filing, ("245",)),
    (_responsibility, ("245",)),
    (_numbers, ("020",)),
    (_extent, None),
    (_publication, None),
    (_carriers, ("040",)),
    (_pictures, ("300",)),
    (_bibliography, ("504",)),
    (_series, ("490",)),
    (_sources, (*_SOURCED, "084")),
    (_links, ("880", *_PAIRED)),
    (_other_form, ("776",)),
    (_addresses, ("856",)),
)
"""Each rule, and the fields without which it has nothing to say (None: it is about what is not there)."""
