"""What two places of a UNIMARC or CNMARC record say of each other.

Sources: UNIMARC Manual, bibliographic format (100, 101, 200, 210, 410); the CNMARC manual (no ISBD
punctuation is stored; 010, 200 $9, 690, 801).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

from marc import isbn
from marc.finding import Finding, error, notice, warning
from marc.raw_record import RawRecord, subfield

_YEAR = re.compile(r"(?<!\d)(?:1[0-9]|20)\d\d(?!\d)")
_DATE = re.compile(r"[0-9]{1,4}[ #]*|[0-9]{2,3}\?| {4}|#{4}|\|{4}")
_ENTERED = re.compile(r"(?:1[89]|20)[0-9]{2}(?:0[1-9]|1[0-2])(?:0[1-9]|[12][0-9]|3[01])|\|{8}")
_LANGUAGE = re.compile(r"[a-z]{3}|\|{3}| {3}")
_PUNCTUATION = re.compile(r"\s[/:;=]$|\s/\s")
_OLD_NUMBER = re.compile(r"^[0-9]{4,5}·[0-9]+")


def findings(record: RawRecord) -> Iterator[Finding]:
    """All findings, in the order of the rules."""
    for rule in _RULES:
        yield from rule(record)


def _title(record: RawRecord) -> Iterator[Finding]:
    if not any(text.strip() for text in record.values("200", "a")):
        yield error("200", "NO_TITLE", "There is no title (200 $a).")


def _coded(record: RawRecord) -> Iterator[Finding]:
    if not record.has("100"):
        yield error("100", "NO_CODED_FIELD", "There is no 100.")
        return
    text = record.first("100", "a")
    if len(text) != 36:
        return
    for start, stop, pattern in ((0, 8, _ENTERED), (9, 13, _DATE), (13, 17, _DATE), (22, 25, _LANGUAGE)):
        if not pattern.fullmatch(text[start:stop]):
            yield warning("100", "CODED_VALUE", f"100/{start:02d}–{stop - 1:02d} is “{text[start:stop]}”.")


def _date_of_publication(record: RawRecord) -> Iterator[Finding]:
    """210 or 214 $d against 100/09–16."""
    text = record.first("100", "a")
    coded = text[9:13]
    if text[8:9] not in ("d", "e", "h") or not coded.isdigit():
        return
    years = {y for tag in ("210", "214") for part in record.values(tag, "d") for y in _YEAR.findall(part)}
    if years and not {coded, text[13:17]} & years:
        yield warning("210", "DATE_DIFFERS", f"210 says {', '.join(sorted(years))}, 100/09–12 says {coded}.")


def _language(record: RawRecord) -> Iterator[Finding]:
    if not record.has("101"):
        yield warning("101", "NO_LANGUAGE", "There is no language (101).")
    for body in record.all("101")[:1]:
        if body[:1] in (b"1", b"2") and b"\x1fc" not in body:
            yield warning("101", "TRANSLATION", "101 says translation, but not from what language ($c).")
        for text in subfield(body, "a"):
            if not re.fullmatch(r"[a-z]{3}", text.strip()):
                yield warning("101", "LANGUAGE_CODE", f"101 $a “{text}” is no language code.")


def _numbers(record: RawRecord) -> Iterator[Finding]:
    for written in record.values("010", "a"):
        if _OLD_NUMBER.match(written):
            yield warning("010", "OLD_NUMBER", f"{written} is a 统一书号, which belongs in 091.")
        elif written.strip() and not isbn.normalise(written):
            yield warning("010", "ISBN", f"{written} is no valid ISBN; a wrong number belongs in $z.")


def _publication(record: RawRecord) -> Iterator[Finding]:
    if not record.has("210", "214"):
        yield warning("210", "NO_PUBLICATION", "There is no publication statement (210 or 214).")


def _extent(record: RawRecord) -> Iterator[Finding]:
    if record.leader[7:8] == "m" and record.leader[17:18] != "2" and not any(record.values("215", "a")):
        yield warning("215", "NO_EXTENT", "There is no extent (215 $a).")


def _source(record: RawRecord) -> Iterator[Finding]:
    if not record.has("801"):
        yield warning("801", "NO_SOURCE", "There is no originating source (801).")


def _access(record: RawRecord) -> Iterator[Finding]:
    """Persons and bodies of 200 $f have access points."""
    if any(record.values("200", "f")) and not any(tag[:2] in ("70", "71", "72") for tag in record.by_tag):
        yield notice("200", "NO_ACCESS_POINT", "200 $f names somebody, but there is no 70X, 71X or 72X.")


def _series(record: RawRecord) -> Iterator[Finding]:
    if record.has("225") and not record.has("410", "461", "462", "411"):
        yield notice("225", "SERIES_LINK", "225 has a series, but no linked one (410, 461, 462).")


def _chinese(record: RawRecord) -> Iterator[Finding]:
    """What CNMARC asks of its own: no punctuation stored, a class of the 中图法."""
    if not any(text.strip() == "CN" for tag in ("801", "102") for text in record.values(tag, "a")):
        return
    for body in record.all("200")[:1]:
        if any(_PUNCTUATION.search(text) for code in "aef" for text in subfield(body, code)):
            yield warning("200", "PUNCTUATION", "200 has ISBD punctuation in its text, which is not stored.")
    if not any(record.values("690", "a")):
        yield notice("690", "NO_CLASS", "There is no class of the 中图法 (690 $a).")


_RULES: tuple[Callable[[RawRecord], Iterator[Finding]], ...] = (
    _title,
    _coded,
    _date_of_publication,
    _language,
    _numbers,
    _publication,
    _extent,
    _source,
    _access,
    _series,
    _chinese,
)
