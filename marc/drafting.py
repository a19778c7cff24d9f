"""A record drafted from a book's own pages, where no source has one: MARC 21 and CNMARC.

Everything in it was printed on the book or measured; codes that nothing shows are ``|`` (MARC 21 and
UNIMARC fill character).  The encoding level says how little such a record is, and a provenance field says
that a machine made it.
"""

from __future__ import annotations

from datetime import date

from pymarc import Record

from marc import drafting_cnmarc, drafting_marc21, provenance
from marc.description import describe
from workcell.kernel.errors import BadInput
from workcell.kernel.evidence import Evidence
from workcell.kernel.profile import Profile

_WRITERS = {"marc21": drafting_marc21.write, "cnmarc": drafting_cnmarc.write}


def draft(evidence: Evidence, profile: Profile, when: date, record_id: str = "") -> Record:
    """A record in the profile's format, 001 ``record_id`` when given; raises BadInput without a title."""
    description = describe(evidence, profile.agency.language)
    if not description.title:
        raise BadInput(
            "no title was read, so no record can be drafted", remedy="Catalogue this book by hand."
        )
    record = _WRITERS[profile.records.format](description, profile, when, record_id)
    if profile.records.provenance == "linked" and profile.records.format == "marc21":
        provenance.link(record, evidence, profile, when)
    return record
