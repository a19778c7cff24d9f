"""Tables and money as they are written into files."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Mapping, Sequence
from decimal import ROUND_HALF_UP, Decimal


def csv_text(columns: Sequence[str], rows: Iterable[Mapping[str, str]]) -> str:
    """A table as CSV with a header (RFC 4180, but one line feed at line ends)."""
    text = io.StringIO()
    writer = csv.DictWriter(text, columns, lineterminator="\n", restval="", extrasaction="ignore")
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue()


def money(amount: Decimal | None, decimals: int) -> str:
    """An amount with so many decimals, half a coin rounded up; empty when there is none."""
    return "" if amount is None else str(round_money(amount, decimals))


def round_money(amount: Decimal, decimals: int) -> Decimal:
    """The amount in whole coins."""
    return amount.quantize(Decimal(1).scaleb(-decimals), rounding=ROUND_HALF_UP)
