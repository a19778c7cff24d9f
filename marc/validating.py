"""Checking records: what the format allows, what two places say of each other, and only what we changed.

Each finding has a severity; only errors keep a record from leaving.  The work is done on field bytes, so a
file is checked about as fast as it is read.
"""

from __future__ import annotations

import functools
from collections import Counter
from collections.abc import Callable, Iterator

from pymarc import Record

from marc import rules_marc21, rules_unimarc, schema
from marc.finding import Finding, Severity
from marc.raw_record import RawRecord, of_record
from marc.rules_schema import SchemaRules

__all__ = ["Finding", "Severity", "check", "check_against", "errors", "validate"]

_CROSS: dict[str, Callable[[RawRecord], Iterator[Finding]]] = {
    "marc21": rules_marc21.findings,
    "unimarc": rules_unimarc.findings,
}


def validate(record: Record, original: Record | None = None) -> list[Finding]:
    """All findings; with ``original`` only those that it does not have as well."""
    return check(of_record(record), None if original is None else of_record(original))


def errors(record: Record) -> list[Finding]:
    """The findings that keep the record from leaving."""
    return [finding for finding in validate(record) if finding.severity == "error"]


def check(record: RawRecord, original: RawRecord | None = None) -> list[Finding]:
    """As ``validate``, for a record in raw form."""
    return _new(_findings(_rules(record.flavour), record), None if original is None else check(original))


def check_against(rules: SchemaRules, record: RawRecord, original: RawRecord | None = None) -> list[Finding]:
    """The findings with the schema of one's own in the place of ours; the rules between fields stay."""
    before = None if original is None else _findings(rules, original)
    return _new(_findings(rules, record), before)


@functools.cache
def _rules(flavour: str) -> SchemaRules:
    return SchemaRules(schema.of_flavour(flavour))


def _findings(rules: SchemaRules, record: RawRecord) -> list[Finding]:
    return [*rules.findings(record), *_CROSS[record.flavour](record)]


def _new(found: list[Finding], before: list[Finding] | None) -> list[Finding]:
    if not before:
        return found
    known = Counter(before)
    fresh = []
    for finding in found:
        if known[finding] > 0:
            known[finding] -= 1
        else:
            fresh.append(finding)
    return fresh
