"""Item fields: one copy's barcode, location, call number, price and dates in the field that the library uses.

Sources: Koha (952 MARC 21; 995 UNIMARC, recommendation 995), MARC 21 holdings 852, common vendor 949, and
Chinese practice for 905.  Which subfield takes what is a table, by tag, that the profile may replace.
Several copies repeat the field; a profile may ask for one field for all copies at a location instead.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from pymarc import Field, Record, Subfield

from marc import designations
from marc.fields import copy_record, data_field, sort_fields
from marc.record_facts import record_facts
from workcell.kernel.model import Marks
from workcell.kernel.profile import ItemValue, Location, Profile

_KOHA_SCHEMES = {"LCC": "lcc", "DDC": "ddc", "NLM": "nlm"}
_852_SCHEMES = {"LCC": "0", "DDC": "1", "NLM": "2"}

_TABLES: dict[str, dict[str, ItemValue]] = {
    "952": {
        "2": "scheme", "a": "branch", "b": "branch", "c": "shelf", "d": "date", "e": "source", "g": "price",
        "h": "volume", "i": "accession", "o": "call_number", "p": "barcode", "t": "copy", "v": "price",
        "y": "item_type",
    },
    "995": {
        "b": "agency", "c": "branch", "e": "shelf", "f": "barcode", "k": "call_number", "v": "volume",
        "r": "item_type", "5": "compact_date", "p": "price",
    },
    "852": {
        "a": "agency", "b": "branch", "c": "shelf", "k": "prefix", "h": "class", "i": "book_number",
        "p": "barcode", "t": "copy", "9": "money", "3": "volume",
    },
    "949": {
        "a": "call_number", "c": "copy", "i": "barcode", "l": "branch", "p": "price", "t": "item_type",
        "v": "volume",
    },
    "905": {
        "a": "agency", "b": "barcode", "c": "branch", "d": "class", "e": "book_number", "f": "copies",
        "v": "volume",
    },
}  # fmt: skip
"""Subfield code → value, by tag, in the order of the subfields."""


@dataclass(frozen=True)
class Acquired:
    """How a copy came: unit price in ``currency`` (ISO 4217), and from where (purchase, gift …, supplier)."""

    price: Decimal | None = None
    currency: str = ""
    source: str = ""


def add_item(
    record: Record,
    marks: Marks,
    profile: Profile,
    *,
    price: Decimal | None = None,
    currency: str = "",
    source: str = "",
    on: date,
) -> Record:
    """The record with one more copy; the record given is left as it is.

    The same barcode is never put in twice: a field that carries it already is replaced.
    """
    made = copy_record(record)
    field = item_field(marks, profile, price=price, currency=currency, source=source, on=on)
    table = _table(profile)
    code = _code_of(table, "barcode")
    kept = (
        held if held.tag != field.tag else _without_copy(held, code, marks.barcode) for held in made.fields
    )
    made.fields = [held for held in kept if held is not None]
    if profile.records.item_grouping == "copy" or not _joined(made, field, table):
        made.fields.append(field)
    sort_fields(made)
    return made


def item_field(
    marks: Marks,
    profile: Profile,
    *,
    price: Decimal | None = None,
    currency: str = "",
    source: str = "",
    on: date,
) -> Field:
    """The item field of one copy, by the profile's ``item_field`` and ``item_subfields``."""
    tag = profile.records.item_field
    values = _values(marks, profile, Acquired(price, currency, source), on)
    scheme = profile.location(marks.location).call_number.scheme
    indicators = f"{_852_SCHEMES.get(scheme, '8')} " if tag == "852" else "  "
    return data_field(tag, indicators, [(code, values[name]) for code, name in _table(profile).items()])


def _table(profile: Profile) -> Mapping[str, ItemValue]:
    return profile.records.item_subfields or _TABLES[profile.records.item_field]


def _values(marks: Marks, profile: Profile, acquired: Acquired, on: date) -> dict[ItemValue, str]:
    """Everything that may stand in an item field, as text; empty where there is none."""
    location = profile.location(marks.location)
    money = "" if acquired.price is None else f"{acquired.price:.{profile.registers.decimals}f}"
    prefix, number, book_number = parted(marks.call_number, location)
    bare = profile.records.item_field == "905"
    return {
        "agency": profile.agency.code,
        "branch": location.branch or location.code,
        "shelf": location.code if location.branch else "",
        "barcode": marks.barcode,
        "accession": marks.accession,
        "call_number": marks.call_number,
        "prefix": prefix,
        "class": f"{prefix}/{number}" if prefix and bare else number,
        "book_number": book_number,
        "scheme": _KOHA_SCHEMES.get(location.call_number.scheme, ""),
        "copy": str(marks.copy),
        "copies": "1",
        "volume": marks.volume,
        "price": money,
        "money": f"{money} {acquired.currency}".strip() if money else "",
        "currency": acquired.currency if money else "",
        "source": acquired.source,
        "date": on.isoformat(),
        "compact_date": f"{on:%Y%m%d}",
        "item_type": location.item_type,
    }


def parted(call_number: str, location: Location) -> tuple[str, str, str]:
    """Prefix, class and book number of a call number at this location (parted by a blank, or by a slash)."""
    mark = "/" if "/" in call_number and location.call_number.scheme == "CLC" else " "
    rest = call_number
    before = []
    for prefix in (location.oversize_prefix, location.call_number.prefix):
        if prefix and rest.startswith(prefix + mark):
            before.append(prefix)
            rest = rest[len(prefix) + 1 :]
    number, _, book_number = rest.partition(mark)
    return mark.join(before), number, book_number


def with_call_number(record: Record, barcode: str, call_number: str, profile: Profile, at: str) -> Record:
    """The record with another call number in the item of ``barcode`` at location ``at``.

    A field that it shares with other copies is left to them, and the copy gets one of its own.
    """
    made, table = copy_record(record), _table(profile)
    prefix, number, book_number = parted(call_number, profile.location(at))
    bare = profile.records.item_field == "905"
    values: dict[ItemValue, str] = {
        "call_number": call_number, "prefix": prefix, "book_number": book_number, "copies": "1",
        "class": f"{prefix}/{number}" if prefix and bare else number,
    }  # fmt: skip
    code = _code_of(table, "barcode")
    for held in made.get_fields(profile.records.item_field):
        if barcode not in held.get_subfields(code):
            continue
        others = {part for part in held.get_subfields(code) if part != barcode}
        parts = [
            (part.code, values.get(table.get(part.code, "barcode"), part.value))
            for part in held.subfields
            if not (part.code == code and part.value in others)
        ]
        parts += [
            (each, values[name]) for each, name in table.items()
            if name in values and name != "copies" and each not in held
        ]  # fmt: skip
        own = data_field(held.tag, "".join(held.indicators or "  "), parts)
        place = made.fields.index(held)
        rest = _without_copy(held, code, barcode)
        if rest is not None:
            _set_count(rest, table)
        made.fields[place : place + 1] = [own] if rest is None else [rest, own]
    return made


# --- copies on file ---------------------------------------------------------------------------------------


def copies_on_file(record: Record, profile: Profile, volume: str = "") -> int:
    """The highest copy number among the items of a record, or how many they are where that is more.

    Only items of the same ``volume`` count; an item in two fields counts once.
    """
    wanted = designations.parse_volume(volume).number
    items = [
        item for item in record_facts(record).items if designations.parse_volume(item.volume).number == wanted
    ]
    barcodes = {barcode for item in items for barcode in item.barcodes}
    count = len(barcodes) + sum(not item.barcodes for item in items)
    return max([count, *_copy_numbers(record, profile, wanted)])


def _copy_numbers(record: Record, profile: Profile, volume: int | None) -> Iterator[int]:
    table = _table(profile)
    code, part = _code_of(table, "copy"), _code_of(table, "volume")
    for field in record.get_fields(profile.records.item_field) if code else ():
        held = " ".join(field.get_subfields(part)) if part else ""
        for text in field.get_subfields(code):
            digits = re.search(r"[0-9]{1,4}", text)
            if digits and designations.parse_volume(held).number == volume:
                yield int(digits.group())


# --- several copies ----------------------------------------------------------------------------------------


def _code_of(table: Mapping[str, ItemValue], name: ItemValue) -> str:
    return next((code for code, held in table.items() if held == name), "")


def _without_copy(field: Field, code: str, barcode: str) -> Field | None:
    """The field without this barcode; None when it was the only one.  Fields without it stay as they are."""
    numbers = field.get_subfields(code) if code else []
    if barcode not in numbers:
        return field
    if len(numbers) == 1:
        return None
    field.subfields = [part for part in field.subfields if part != Subfield(code, barcode)]
    return field


def _joined(record: Record, field: Field, table: Mapping[str, ItemValue]) -> bool:
    """Put the copy's barcode into the field of its location, call number and volume; False without one."""
    code, count = _code_of(table, "barcode"), _code_of(table, "copies")
    for held in record.get_fields(field.tag):
        if _without(held, (code, count)) == _without(field, (code, count)) and held.get_subfields(code):
            place = max(n for n, part in enumerate(held.subfields) if part.code == code)
            held.subfields[place + 1 : place + 1] = [part for part in field.subfields if part.code == code]
            _set_count(held, table)
            return True
    return False


def _set_count(field: Field, table: Mapping[str, ItemValue]) -> None:
    """How many copies share the field, where it says so."""
    count, total = _code_of(table, "copies"), str(len(field.get_subfields(_code_of(table, "barcode"))))
    field.subfields = [part._replace(value=total) if part.code == count else part for part in field.subfields]


def _without(field: Field, codes: tuple[str, ...]) -> list[Subfield]:
    return [part for part in field.subfields if part.code not in codes]
