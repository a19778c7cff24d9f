"""Printed prices with their currency (ISO 4217)."""

from __future__ import annotations

import re
from collections.abc import Sequence

from vision.flow import spaced
from vision.reading import PageLine
from workcell.kernel.evidence import FieldValue

_AMOUNT = r"\d{1,4}(?:[.,．]\d{2})"
_TAIWAN = r"(?:新[臺台]幣|NT\s?[$S])"
_PRICE = re.compile(
    rf"(?P<value>{_TAIWAN}\s?\d{{2,5}}\s?元?|HK\s?[$S]\s?\d{{1,4}}(?:\.\d{{1,2}})?|"
    rf"(?:(?:US|CAN|CDN|AUS|AU|NZ|UK|USA)\s?)?[$£€￥¥]\s?{_AMOUNT}|"
    rf"(?:定\s*[价價]|售[价價]|[价價]格)\s*[:：]?\s*[￥¥]?\s?\d{{1,4}}(?:[.．]\d{{1,2}})?\s?元?|"
    rf"\d{{1,4}}\.\d{{2}}\s?元|{_AMOUNT}\s?(?:€|EUR|Euro)(?!\w))"
)
_CURRENCIES = (
    (r"CAN|CDN", "CAD"), (r"AU", "AUD"), (r"NZ", "NZD"), (r"HK|港", "HKD"), (r"新[臺台]幣|NT", "TWD"),
    (r"元|￥|¥|定[价價]", "CNY"), (r"£", "GBP"), (r"€|EUR|Euro", "EUR"), (r"\$", "USD"),
)  # fmt: skip


def find_price(lines: Sequence[PageLine], page: str) -> FieldValue | None:
    """The first printed price; ``normalised`` is currency and amount, as in ``USD 24.95``."""
    flow = spaced(lines, page)
    match = _PRICE.search(flow.text)
    if match is None:
        return None
    printed = re.sub(r"^(?:定\s*[价價]|售[价價]|[价價]格)\s*[:：]?\s*", "", match["value"])
    return flow.value(printed, match.start(), normal_price(printed))


def normal_price(printed: str) -> str:
    """Currency (ISO 4217) and amount with two decimals, as in ``CNY 79.00``."""
    amount = re.search(r"\d+(?:[.,．]\d{1,2})?", printed)
    if amount is None:
        return ""
    plain = amount.group().replace(",", ".").replace("．", ".")
    currency = next((code for mark, code in _CURRENCIES if re.search(mark, printed)), "")
    return f"{currency} {float(plain):.2f}".strip()
