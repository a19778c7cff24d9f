"""Item fields: one copy's barcode, location, call number, price and dates in the field that the library uses.

Sources: Koha (952 MARC 21, 995 UNIMARC recommendation 995), MARC 21 holdings 852, common vendor 949, and
Chinese practice for 905.  Several copies repeat the field.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from decimal import Decimal

from pymarc import Field, Record

from marc.fields import copy_record, data_field, sort_fields
from workcell.kernel.model import Marks
from workcell.kernel.profile import Location, Profile

Parts = list[tuple[str, str]]

_KOHA_SCHEMES = {"LCC": "lcc", "DDC": "ddc", "NLM": "nlm"}
_852_SCHEMES = {"LCC": "0", "DDC": "1", "NLM": "2"}


def add_item(
    record: Record,
    marks: Marks,
    profile: Profile,
    *,
    price: Decimal | None = None,
    currency: str = "",
    on: date,
) -> Record:
    """The record with one more copy; the record given is left as it is.

    The same barcode is never put in twice: a field that carries it already is replaced.
    """
    made = copy_record(record)
    field = item_field(marks, profile, price=price, currency=currency, on=on)
    code = _BARCODE_CODES[field.tag]
    same = [held for held in made.get_fields(field.tag) if marks.barcode in held.get_subfields(code)]
    made.fields = [held for held in made.fields if held not in same]
    made.fields.append(field)
    sort_fields(made)
    return made


def item_field(
    marks: Marks, profile: Profile, *, price: Decimal | None = None, currency: str = "", on: date
) -> Field:
    """The item field of one copy, by the profile's ``item_field``."""
    tag = profile.records.item_field
    location = profile.location(marks.location)
    money = "" if price is None else f"{price:.{profile.registers.decimals}f}"
    return _FIELDS[tag](marks, location, profile, money, currency, on)


def _952(marks: Marks, location: Location, profile: Profile, money: str, currency: str, on: date) -> Field:
    scheme = _KOHA_SCHEMES.get(location.call_number.scheme, "")
    parts = [
        ("2", scheme), ("a", location.code), ("b", location.code), ("d", on.isoformat()), ("g", money),
        ("h", marks.volume), ("i", marks.accession), ("o", marks.call_number), ("p", marks.barcode),
        ("t", str(marks.copy)), ("v", money), ("y", location.item_type),
    ]  # fmt: skip
    return data_field("952", "  ", parts)


def _995(marks: Marks, location: Location, profile: Profile, money: str, currency: str, on: date) -> Field:
    parts = [
        ("b", profile.agency.code), ("c", location.code), ("f", marks.barcode), ("k", marks.call_number),
        ("v", marks.volume), ("r", location.item_type), ("5", f"{on:%Y%m%d}"), ("p", money),
    ]  # fmt: skip
    return data_field("995", "  ", parts)


def _852(marks: Marks, location: Location, profile: Profile, money: str, currency: str, on: date) -> Field:
    scheme = _852_SCHEMES.get(location.call_number.scheme, "8")
    number, _, book_number = marks.call_number.partition(" ")
    parts = [
        ("a", profile.agency.code), ("b", location.code), ("h", number), ("i", book_number),
        ("p", marks.barcode), ("t", str(marks.copy)), ("9", f"{money} {currency}".strip() if money else ""),
        ("3", marks.volume),
    ]  # fmt: skip
    return data_field("852", f"{scheme} ", parts)


def _949(marks: Marks, location: Location, profile: Profile, money: str, currency: str, on: date) -> Field:
    parts = [
        ("a", marks.call_number), ("i", marks.barcode), ("l", location.code), ("p", money),
        ("t", location.item_type), ("v", marks.volume),
    ]  # fmt: skip
    return data_field("949", "  ", parts)


def _905(marks: Marks, location: Location, profile: Profile, money: str, currency: str, on: date) -> Field:
    """$d class and $e book number are the parts of the call number before and behind its slash."""
    *prefix, number, book_number = ["", *marks.call_number.split("/")] if "/" in marks.call_number else [
        "", marks.call_number, ""
    ]  # fmt: skip
    parts = [
        ("a", profile.agency.code), ("b", marks.barcode), ("c", location.code),
        ("d", "/".join([*filter(None, prefix), number])), ("e", book_number), ("f", "1"), ("v", marks.volume),
    ]  # fmt: skip
    return data_field("905", "  ", parts)


_FIELDS: dict[str, Callable[[Marks, Location, Profile, str, str, date], Field]] = {
    "952": _952,
    "949": _949,
    "852": _852,
    "905": _905,
    "995": _995,
}
_BARCODE_CODES = {"952": "p", "949": "i", "852": "p", "905": "b", "995": "f"}
