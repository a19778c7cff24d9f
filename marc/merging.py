"""House rules: what is taken out of, kept in and put into a record; overlay without loss.

An overlay brings the fuller description and keeps what belongs to the library: the id of the record on
file, its protected fields, its items and its orders.  A fuller record is never replaced by a poorer one.
"""

from __future__ import annotations

from datetime import date

from pymarc import Field, Record

from marc.fields import (
    copy_field,
    copy_record,
    data_field,
    flavour,
    matches,
    set_leader,
    sort_fields,
    subfields,
)
from marc.levels import fullness
from workcell.kernel.profile import Profile

_IDENTITY = ("001", "003")
_ITEMS = ("852", "876", "905", "949", "952", "995")
_UNIMARC_ELSE = ("852", "876", "949", "952")
"""Tags that are no items in UNIMARC."""
_ORDERS = ("092", "960", "961", "970", "980")


def house_rules(record: Record, profile: Profile, when: date) -> Record:
    """A record from outside as it enters: stripped, with the profile's own fields, our mark of change."""
    made = copy_record(record)
    made.fields = [
        field
        for field in made.fields
        if not _fits(field, profile.records.stripped) and field.tag not in _foreign(made, profile)
    ]
    _add_own(made, profile)
    mark_changed(made, profile, when)
    sort_fields(made)
    return made


def overlay(on_file: Record, incoming: Record, profile: Profile) -> Record:
    """The record on file with the description of the incoming one, unless that is the poorer."""
    if fullness(incoming) < fullness(on_file):
        return fill_gaps(on_file, incoming)
    made = copy_record(incoming)
    kept = [copy_field(field) for field in on_file.fields if _ours(field, on_file, profile)]
    tags = {field.tag for field in kept}
    foreign = (*_IDENTITY, *_foreign(made, profile))
    made.fields = [field for field in made.fields if field.tag not in tags and field.tag not in foreign]
    made.fields += [*kept, *_relinked(kept, on_file, made)]
    set_leader(made, 5, "c")
    sort_fields(made)
    return made


def _foreign(record: Record, profile: Profile) -> tuple[str, ...]:
    """Tags of item fields: what stands in them in a record from outside are another library's copies."""
    if flavour(record) == "unimarc":
        return tuple(tag for tag in (*_ITEMS, profile.records.item_field) if tag not in _UNIMARC_ELSE)
    return (*_ITEMS, profile.records.item_field)


def _relinked(kept: list[Field], on_file: Record, incoming: Record) -> list[Field]:
    """The 880 partners of kept fields, under occurrence numbers that the incoming record has not."""
    taken = [
        int(link[4:6]) for field in incoming.fields for link in subfields(field, "6") if link[4:6].isdigit()
    ]
    number = max(taken, default=0)
    partners = []
    for field in kept:
        link = next(iter(subfields(field, "6")), "")
        held = next(
            (
                other
                for other in on_file.get_fields("880")
                if field.tag != "880"
                and f"{field.tag}-{link[4:6]}" == next(iter(subfields(other, "6")), "")[:6]
            ),
            None,
        )
        if held is not None:
            number += 1
            partner = copy_field(held)
            _renumber(field, number)
            _renumber(partner, number)
            partners.append(partner)
    return partners


def _renumber(field: Field, number: int) -> None:
    field.subfields = [
        part._replace(value=f"{part.value[:4]}{number:02d}{part.value[6:]}") if part.code == "6" else part
        for part in field.subfields
    ]


def fill_gaps(on_file: Record, incoming: Record) -> Record:
    """The record on file with those fields of the incoming one that it has none of; nothing is changed."""
    made = copy_record(on_file)
    there = {field.tag for field in made.fields}
    groups = {_GROUP.get(tag, tag) for tag in there}
    made.fields += [
        copy_field(field)
        for field in incoming.fields
        if field.tag not in there
        and _GROUP.get(field.tag, field.tag) not in groups
        and field.tag not in _NOT_ADDED
    ]
    sort_fields(made)
    return made


_GROUP = {"260": "264", "100": "1XX", "110": "1XX", "111": "1XX", "130": "1XX"}
_NOT_ADDED = ("005", "588", "801", "830", "880", "883", *_ITEMS, *_ORDERS, *_IDENTITY)


def mark_changed(record: Record, profile: Profile, when: date) -> None:
    """Say who changed the record last: 005 and 040 $d (MARC 21) or 801 _2 (CNMARC)."""
    record.remove_fields("005")
    record.fields.append(Field(tag="005", data=f"{when:%Y%m%d}000000.0"))
    code = profile.agency.code
    if flavour(record) == "unimarc":
        parts = [("a", "CN"), ("b", code), ("c", f"{when:%Y%m%d}")]
        if not any(code in subfields(field, "b") for field in record.get_fields("801")):
            record.fields.append(data_field("801", " 2", parts))
        return
    for field in record.get_fields("040")[:1]:
        if subfields(field, "acd")[-1:] != [code]:
            field.add_subfield("d", code)


def _add_own(record: Record, profile: Profile) -> None:
    for added in profile.records.added:
        field = data_field(added.tag, added.indicators, list(added.subfields))
        if not any(str(field) == str(held) for held in record.get_fields(added.tag)):
            record.fields.append(field)


def _ours(field: Field, on_file: Record, profile: Profile) -> bool:
    if field.tag in _IDENTITY or field.tag in _ITEMS or field.tag == profile.records.item_field:
        return True
    if field.tag in _ORDERS:
        return field.tag != "092" or flavour(on_file) == "unimarc"
    return _fits(field, profile.records.protected)


def _fits(field: Field, patterns: tuple[str, ...]) -> bool:
    return any(matches(field.tag, pattern) for pattern in patterns)
