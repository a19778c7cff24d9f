"""The copyright page, colophon or 版权页: CIP data first, then what the publisher prints around it.

Nothing is guessed: a field is given only where a label, a pattern of the trade, or a CIP area says so.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from vision.cip_china import read_chinese_cip
from vision.cip_lc import read_lc_cip
from vision.flow import Flow, spaced, unspaced
from vision.isbn import isbn_fields
from vision.reading import PageLine
from workcell.kernel.evidence import Fields, FieldValue

PAGE = "copyright_page"

_CHINESE_LABELS = {
    "price": r"定价:?(?P<value>[￥¥]?\d[\d.]*元?(?:\([^)]{1,12}\))?)",
    "edition": r"版次:?(?:(?P<year>(?:19|20)\d{2})年?.{0,4}?)?(?P<value>第?[0-9一二三四五六七八九十]+版)",
    "printing": r"(?:印次:?|[版,;])(?:(?:19|20)\d{2}年.{0,4}?)?"
    r"(?P<value>第?[0-9一二三四五六七八九十]+次印[刷]?)",
    "publisher": r"(?:出版发行|出版者|出版社|出版):"
    r"(?P<value>[^:,;\d(]{2,30}?(?:出版社|出版公司|出版集团|书局|书店|印书馆|公司))",
}
_CHINESE_YEAR = re.compile(r"版次:?(?P<value>(?:19|20)\d{2})年")
_CHINESE_TITLE = re.compile(r"书名:(?P<value>.{1,60}?)(?=$|著者|作者|编者|责任|出版)")

_EDITION = re.compile(
    r"\b(?P<value>(?:(?:First|Second|Third|Fourth|Fifth|Sixth|Seventh|Eighth|Ninth|Tenth|Revised|New|Updated|"
    r"International|Expanded|Extended|Anniversary|Illustrated|\d{1,2}(?:st|nd|rd|th))[ ,]+"
    r"(?:\w+ ){0,2}?)edition)\b",
    re.IGNORECASE,
)
_COPYRIGHT = re.compile(r"(?:©|\(c\)|Copyright)\s*(?:©|\(c\)|by)?\s*(?P<value>(?:19|20)\d{2})", re.IGNORECASE)
_PUBLISHED = re.compile(r"\b(?:First |Re)?[Pp]ublished (?:\w+ ){0,6}?(?:in )?(?P<value>(?:19|20)\d{2})\b")
_PUBLISHED_BY = re.compile(
    r"\b[Pp]ublished (?:simultaneously )?(?:in (?:[A-Z][\w. ]+? |\d{4} ))?(?:\d{4} )?by:?\s*"
    r"(?P<value>[A-Z][\w'’&.,\- ]*)?$"
)
_AFTER_PUBLISHER = re.compile(
    r",? (?:in (?:association|\d{4})|an? (?:imprint|division|member|part|subsidiary)|at|is|under)\b.*$|"
    r",\s*\d.*$|(?<![A-Z])\.\s.*$"
)
_PRINTING = re.compile(r"(?<![\d.])(?P<value>\d{1,2}(?:\s+\d{1,2}){4,})(?![\d.])")
_NTH_PRINTING = re.compile(
    r"\b(?P<value>(?:First|Second|Third|Fourth|Fifth|\d{1,2}(?:st|nd|rd|th)) (?:printing|impression))",
    re.IGNORECASE,
)
_PRICE = re.compile(
    r"(?P<value>(?:(?:US|CAN|AUS|UK|USA)\s?)?[$£€￥¥]\s?\d{1,4}[.,]\d{2}|(?:定价|售价|价格)\s*[:：]?\s*[￥¥]?\s?\d{1,4}[.．]\d{2}\s?元?|"
    r"\d{1,4}\.\d{2}\s?元)"
)


def read_copyright_page(lines: Sequence[PageLine]) -> Fields:
    """All fields of a copyright page; the CIP block wins over what stands around it, except for 版次."""
    evidence = [line.as_evidence() for line in lines]
    fields: Fields = {}
    fields |= _chinese_labels(unspaced(lines, PAGE))
    fields |= _publishers_own(spaced(lines, PAGE))
    fields |= _published_by(lines)
    cip = read_chinese_cip(lines, PAGE) or read_lc_cip(lines, PAGE)
    own_year = fields.get("year") if "cip_number" in cip else None
    fields |= cip
    if own_year is not None:
        fields["year"] = own_year  # CIP is older than the book: its date may have changed
    isbns = isbn_fields(evidence, PAGE)
    if isbns:
        fields["isbn"] = isbns
    price = find_price(lines, PAGE)
    if price is not None and "price" not in fields:
        fields["price"] = price
    return fields


def find_price(lines: Sequence[PageLine], page: str) -> FieldValue | None:
    """The first printed price; ``normalised`` is currency and amount, as in ``USD 24.95``."""
    flow = spaced(lines, page)
    match = _PRICE.search(flow.text)
    if match is None:
        return None
    printed = re.sub(r"^(?:定价|售价|价格)\s*[:：]?\s*", "", match["value"])
    return flow.value(printed, match.start(), normal_price(printed))


def normal_price(printed: str) -> str:
    """Currency (ISO 4217) and amount with two decimals, as in ``CNY 79.00``."""
    amount = re.search(r"\d+(?:[.,．]\d{1,2})?", printed)
    if amount is None:
        return ""
    plain = amount.group().replace(",", ".").replace("．", ".")
    currency = next((code for mark, code in _CURRENCIES if re.search(mark, printed)), "")
    return f"{currency} {float(plain):.2f}".strip()


_CURRENCIES = (
    (r"CAN", "CAD"), (r"AUS", "AUD"), (r"元|￥|¥|定价", "CNY"), (r"£", "GBP"), (r"€", "EUR"), (r"\$", "USD"),
)  # fmt: skip


def _chinese_labels(flow: Flow) -> Fields:
    fields: Fields = {}
    for name, pattern in _CHINESE_LABELS.items():
        if match := re.search(pattern, flow.text):
            fields[name] = flow.value(
                match["value"], match.start("value"), _CHINESE_NORMAL[name](match["value"])
            )
    if year := _CHINESE_YEAR.search(flow.text):
        fields["year"] = flow.value(year["value"], year.start("value"))
    if title := _CHINESE_TITLE.search(flow.text):
        fields["title"] = flow.value(title["value"], title.start("value"))
    return fields


def _ordinal(printed: str) -> str:
    number = re.search(r"\d+|[一二三四五六七八九十]+", printed)
    return _chinese_number(number.group()) if number else ""


def _chinese_number(text: str) -> str:
    """Arabic digits of a Chinese number below one hundred."""
    if text.isdigit():
        return str(int(text))
    digits = {c: i for i, c in enumerate("一二三四五六七八九", start=1)}
    tens, ten, ones = text.rpartition("十")
    if not ten:
        return str(digits.get(ones, 0))
    return str((digits.get(tens, 1)) * 10 + digits.get(ones, 0))


def _same(printed: str) -> str:
    return ""


_CHINESE_NORMAL = {
    "price": lambda printed: normal_price(printed if "元" in printed else printed + "元"),
    "edition": _ordinal,
    "printing": _ordinal,
    "publisher": _same,
}


def _publishers_own(flow: Flow) -> Fields:
    fields: Fields = {}
    if copyright_year := _COPYRIGHT.search(flow.text):
        fields["year"] = flow.value(copyright_year["value"], copyright_year.start("value"))
    elif published := _PUBLISHED.search(flow.text):
        fields["year"] = flow.value(published["value"], published.start("value"))
    if edition := _EDITION.search(flow.text):
        fields["edition"] = flow.value(edition["value"], edition.start("value"))
    printing = _printing(flow)
    if printing is not None:
        fields["printing"] = printing
    return fields


def _published_by(lines: Sequence[PageLine]) -> Fields:
    """The rest of the line after "Published by", or the next line when nothing follows."""
    for line, following in zip(lines, [*lines[1:], None], strict=True):
        match = _PUBLISHED_BY.search(line.text.strip())
        if match is None:
            continue
        source = line if match["value"] else following
        if source is None:
            return {}
        name = _AFTER_PUBLISHER.sub("", match["value"] or source.text).strip(" ,")
        flow = spaced([source], PAGE)
        return {"publisher": flow.value(name.removesuffix("."), 0)} if name[:1].isupper() else {}
    return {}


def _printing(flow: Flow) -> FieldValue | None:
    """The printer's key: the lowest number that still stands is the printing."""
    for key in _PRINTING.finditer(flow.text):
        numbers = [int(n) for n in key["value"].split()]
        steps = {b - a for a, b in zip(sorted(numbers), sorted(numbers)[1:], strict=False)}
        if steps == {1} and max(numbers) <= 40:
            return flow.value(key["value"], key.start(), str(min(numbers)))
    if named := _NTH_PRINTING.search(flow.text):
        return flow.value(named["value"], named.start())
    return None
