"""國家圖書館出版品預行編目資料: the CIP block of Taiwan's National Central Library.

ISBD areas parted by ". --", then extent, series, ISBN; the last line holds the class (中文圖書分類法) and the
number of the record.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from vision.cip_china import title_area
from vision.edition import edition_number
from vision.flow import Flow, unspaced
from vision.reading import PageLine
from workcell.kernel.evidence import Fields

_HEADING = re.compile(
    r"(?:圖書館|图书馆|书馆|書館).{0,4}出版品[預预]行[編编]目.{0,8}?[資资]料|"
    r"出版品[預预]行[編编]目\(?(?:CIP)?\)?[資资]料"
)
_END = re.compile(r"面[;:;,]?(?:\d|公分)|公分|ISBN|[;；]公分")
_AREA = re.compile(r"[.。](?:[—-]+|一+)|--+|—+|一一")
_PUBLICATION = re.compile(
    r"^(?P<place>[^:(]{2,8}):(?P<publisher>[^,;:]{2,40}),(?:民(?:國|国)?(?P<roc>\d{2,3})|(?P<year>(?:19|"
    r"20)\d{2}))"
)
_SERIES = re.compile(r"公分[.。,]?(?:--+|—+|一一)[.。]?\((?P<series>[^();]{2,40})")
_CLASS_LINE = re.compile(r"^(?P<class>\d{3}(?:\.\d{1,6})?)(?:\s+(?P<number>\d{8,9}))?$")
_NUMBER_LINE = re.compile(r"^(?P<number>(?:\d{8}|1\d{8}))$")


def read_taiwanese_cip(lines: Sequence[PageLine], page: str) -> Fields:
    """Fields of the block; empty when there is none."""
    flow = unspaced(lines, page)
    heading = _HEADING.search(flow.text)
    if heading is None:
        return {}
    fields = _description(flow, heading.end())
    for line in lines:
        if line.frame[1] < flow.line_at(heading.start()).frame[1]:
            continue
        own = unspaced([line], page)
        plain = " ".join(line.text.split())
        if (found := _CLASS_LINE.match(plain)) and "class" not in fields:
            fields["class"] = [own.value(found["class"], 0, found["class"], scheme="ncsclt")]
        number = (found and found["number"]) or ((alone := _NUMBER_LINE.match(plain)) and alone["number"])
        if number and "cip_number" not in fields:
            fields["cip_number"] = own.value(number, 0, number)
    return fields


def _description(flow: Flow, begin: int) -> Fields:
    end = _END.search(flow.text, begin)
    stop = end.start() if end else len(flow.text)
    cuts = [(m.start(), m.end()) for m in _AREA.finditer(flow.text, begin, stop)]
    starts, ends = [begin, *(b for _, b in cuts)], [*(a for a, _ in cuts), stop]
    fields: Fields = {}
    for start, finish in zip(starts, ends, strict=True):
        area = flow.text[start:finish]
        if start == begin:
            fields |= title_area(flow, start, area)
        elif publication := _PUBLICATION.match(area):
            fields |= _publication(flow, start, publication)
        elif re.match(r"^(?:[初再]版|.{0,4}版$|第?[0-9一二三四五六七八九十]+版)", area):
            fields["edition"] = flow.value(area, start, edition_number(area))
    if series := _SERIES.search(flow.text, begin):
        fields["series"] = [flow.value(series["series"], series.start("series"))]
    return fields


def _publication(flow: Flow, at: int, match: re.Match[str]) -> Fields:
    """民國 years count from 1912."""
    year = match["year"] or str(int(match["roc"]) + 1911)
    printed = match["year"] or f"民{match['roc']}"
    return {
        "place": flow.value(match["place"], at),
        "publisher": flow.value(match["publisher"], at + match.start("publisher")),
        "year": flow.value(printed, at + match.start("publisher"), year),
    }
