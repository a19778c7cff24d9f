"""The Chinese colophon (版权页, 版權頁): what its labels say, in both scripts.

Labels are set with or without a colon and with blanks inside ("开　本"), so lines are read without blanks.
责任编辑 and the printer are not persons of the book; 统一书号 is not an ISBN.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence

from vision.edition import edition_number
from vision.flow import Flow, space_free, unspaced
from vision.money import normal_price
from vision.names import chinese_role
from vision.reading import PageLine
from workcell.kernel.evidence import Fields, FieldValue

_HOUSE = (
    r"(?:[^:,;。\d()]{1,24}?(?:出版社|出版公司|出版集团|出版集團|出版集团有限公司|出版有限公司|出版中心|"
    r"书局|書局|书店|書店|印书馆|印書館|书社|書社|"
    r"[股份]*有限公司|大学出版社|事業股份有限公司|出版企業有限公司|公司))"
)
_PUBLISHERS = (
    re.compile(
        rf"^(?:出版发行|出版發行|出版者|出版社|出版)(?::|(?![:社者发發]))(?P<value>{_HOUSE}(?:有限公司|"
        rf"股份有限公司|有限责任公司)?)"
    ),
    re.compile(
        r"(?:^|[^:])(?:出版发行|出版發行|出版者):"
        rf"(?P<value>{_HOUSE}(?:有限公司|股份有限公司|有限责任公司)?)"
    ),
    re.compile(rf"^(?P<value>{_HOUSE})(?:出版发行|出版發行|出版|发行所)(?=$|[(,])"),
)
_YEARLESS = r"(?:(?P<year>(?:19|20)\d{2})年(?:\d{1,2}月)?[^\d,:;年]{0,6}?)?"
_ORDINAL = r"[0-9一二三四五六七八九十]{1,3}"
_DATED = _YEARLESS.replace("year", "dated")
_EDITIONS = re.compile(
    rf"版次:?{_YEARLESS}(?P<value>第?{_ORDINAL}版|初版)|{_DATED}(?P<plain>第{_ORDINAL}版|初版)(?!社)"
)
_PRINTING = re.compile(
    rf"(?P<value>第?{_ORDINAL}次印[刷]?)|(?:版|印次:?)(?P<brush>{_ORDINAL})[刷]|(?:初版|再版|"
    rf"{_ORDINAL}版)(?P<short>{_ORDINAL})刷"
)
_PRICE = re.compile(
    r"定[价價]:?(?:人民币|人民幣)?(?P<value>(?:新[臺台]币|新[臺台]幣|NT\$?|HK\$?|"
    r"港[币幣])?[￥¥$]?\d[\d.,]*元?(?:\([^)]{1,12}\))?)"
)
_TITLE = re.compile(r"^[书書]名:(?P<value>.{1,60})$")
_PERSON_LABEL = re.compile(
    r"^(?:[◆◎●]\s*)?(?P<role>著作?者|作者|编著者?|編著者?|编者|編者|译者|譯者|主编|主編|绘者|繪者|原著|"
    r"原作者|著|译|譯|编|編)[:：\s　]+(?P<who>.+)$"
)
_NO_PERSON = re.compile(r"\d|公司|出版|印刷|图书|委员|電話|电话|编辑|編輯")
_FORMAT = re.compile(
    r"开\s*本\s*[:：]?\s*(?P<value>(?:\d{3,4}\s?(?:毫米|mm)?\s?[×xX*]\s?\d{3,4}\s?(?:毫米|"
    r"mm)?\s*)?(?:1/\d{1,3}|\d{1,3}\s?开本?)|"
    r"\d{3,4}\s?(?:毫米|mm)?\s?[×xX*]\s?\d{3,4}\s?(?:毫米|mm)?)"
)
_CHARACTERS = re.compile(r"字\s*数\s*[:：]?\s*(?P<value>\d[\d.,]*\s?[千万]?字?)")

_UNIFIED = re.compile(r"统一书号\s*[:：]?\s*(?P<value>\d{4,5}\s?[·.・•-]\s?\d{1,5})")
"""The national number of China's books from 1956 to 1987: kind, publisher, serial."""


def read_colophon(lines: Sequence[PageLine], page: str) -> Fields:
    """Fields of a colophon: besides the common ones ``format`` (开本), ``characters``, ``unified_number``."""
    flow = unspaced(lines, page)
    fields: Fields = {}
    fields |= _edition_and_year(flow)
    for name, rule, normal in _ONE_BY_ONE:
        if match := rule.search(flow.text):
            group = next(g for g in ("value", "brush", "short") if match.groupdict().get(g))
            fields[name] = flow.value(match[group], match.start(group), normal(match[group]))
    for name, read in _LINE_BY_LINE:
        found = read(lines, page)
        if found:
            fields[name] = found
    for name, rule in (("format", _FORMAT), ("characters", _CHARACTERS), ("unified_number", _UNIFIED)):
        place = next(((line, m) for line in lines if (m := rule.search(line.text.replace("　", " ")))), None)
        if place is not None:
            fields[name] = unspaced([place[0]], page).value(place[1]["value"].strip(), 0)
    return fields


def _yuan(printed: str) -> str:
    return normal_price(printed if re.search(r"元|币|幣|\$", printed) else printed + "元")


_ONE_BY_ONE: tuple[tuple[str, re.Pattern[str], Callable[[str], str]], ...] = (
    ("printing", _PRINTING, edition_number),
    ("price", _PRICE, _yuan),
)


def _edition_and_year(flow: Flow) -> Fields:
    """The highest edition and its year: a colophon may list the earlier ones."""
    found = []
    for match in _EDITIONS.finditer(flow.text):
        printed = match["value"] or match["plain"]
        labelled = match["value"] is not None
        year = match["year"] or match["dated"]
        if labelled or year or printed == "初版":
            found.append((int(edition_number(printed) or 0), printed, match, year))
    if not found:
        return {}
    number, printed, match, year = max(found, key=lambda f: f[0])
    at = match.start("value") if match["value"] else match.start("plain")
    fields: Fields = {"edition": flow.value(printed, at, str(number))}
    # Taiwan prints the year behind: 初版一刷 2019年3月.
    behind = re.match(rf"(?:{_ORDINAL}刷)?:?(?P<year>(?:19|20)\d{{2}})年", flow.text[at + len(printed) :])
    if year or behind:
        fields["year"] = flow.value(year or str(behind and behind["year"]), at)
    return fields


def _each(lines: Sequence[PageLine], rule: re.Pattern[str]) -> Iterator[tuple[PageLine, re.Match[str]]]:
    for line in lines:
        if match := rule.search(space_free(line.text)):
            yield line, match


def _publisher(lines: Sequence[PageLine], page: str) -> FieldValue | None:
    for rule in _PUBLISHERS:
        for line, match in _each(lines, rule):
            name = match["value"].lstrip("·.。")
            if len(name) >= 3:
                return unspaced([line], page).value(name, 0)
    return None


def _title(lines: Sequence[PageLine], page: str) -> FieldValue | None:
    for line, match in _each(lines, _TITLE):
        return unspaced([line], page).value(match["value"], 0)
    return None


def _names(lines: Sequence[PageLine], page: str) -> list[FieldValue]:
    found = []
    for line in lines:
        match = _PERSON_LABEL.match(line.text.strip().replace("　", " "))
        if match is None or _NO_PERSON.search(match["who"]):
            continue
        flow = unspaced([line], page)
        for who in re.split(r"[、,，;；]|\s{2,}", match["who"].strip()):
            name = re.sub(r"^[(（\[［〔][^)）\]］〕]{1,4}[)）\]］〕]", "", who.strip()).strip()
            if 2 <= len(name) <= 20:
                found.append(flow.value(name, 0, role=chinese_role(match["role"].rstrip("者"))))
    return found


_LINE_BY_LINE: tuple[
    tuple[str, Callable[[Sequence[PageLine], str], FieldValue | list[FieldValue] | None]], ...
] = (("publisher", _publisher), ("title", _title), ("names", _names))
