"""Records: from evidence to the record that leaves.

Read and write record files, keep a local catalogue, find a book's record in it and say why, decide on
duplicates, draft or upgrade a record, give it a call number and items, and check it before it leaves.
"""

from marc.asking import Breaker, Fetched, ask, connect, fetch
from marc.authorities import Authorities, AuthorityReport, check_headings, link_headings
from marc.callnumbers import CallNumberPlan, call_number, class_number, plan
from marc.case import OWN_SOURCES, Considered, Source
from marc.catalogue import BadRecord, Catalogue, Hit, ImportReport, Stats, is_catalogue
from marc.catalogue_engines import is_database_address
from marc.checking import Checked, check_file
from marc.converting import Conversion, convert
from marc.cutter import free_number, from_ordinal
from marc.deciding import (
    Matched,
    autonomy_kind,
    decide,
    gather,
    match,
    title_key,
    wanted_locations,
)
from marc.drafting import draft
from marc.facts import ClassNumber, Holding, OrderData, RecordFacts, RecordIsbn
from marc.fields import flavour
from marc.items import add_item, item_field, with_call_number
from marc.line_format import as_lines
from marc.matching import Match, compare, evidence_isbns
from marc.merging import fill_gaps, house_rules, overlay
from marc.orders import OrderMatch, find_order, match_order
from marc.preparing import Prepared, open_sources, prepare, prepare_record
from marc.provenance import provenance_note
from marc.quality import score, too_brief
from marc.reading import ReadResult, read_records
from marc.record_facts import record_facts
from marc.shelf_list import ShelfList
from marc.slicing import Sliced, slice_records
from marc.target_answers import Connection
from marc.target_driver import PROTOCOLS, source_driver
from marc.target_queries import Wanted, wanted_from_text, wanted_of
from marc.targets import Target, Targets, is_target_address, load_targets, target_at
from marc.upgrading import upgrade_cip
from marc.validating import Finding, validate
from marc.writing import WriteReport, to_iso2709, to_marcxml, write_iso2709, write_marcxml

__all__ = [  # noqa: RUF022 - in reading order
    "read_records",
    "ReadResult",
    "write_iso2709",
    "write_marcxml",
    "to_iso2709",
    "to_marcxml",
    "WriteReport",
    "convert",
    "Conversion",
    "slice_records",
    "Sliced",
    "flavour",
    "record_facts",
    "RecordFacts",
    "RecordIsbn",
    "ClassNumber",
    "Holding",
    "OrderData",
    "Catalogue",
    "Hit",
    "ImportReport",
    "BadRecord",
    "Stats",
    "is_catalogue",
    "is_database_address",
    "load_targets",
    "target_at",
    "is_target_address",
    "Target",
    "Targets",
    "Wanted",
    "wanted_of",
    "wanted_from_text",
    "PROTOCOLS",
    "source_driver",
    "connect",
    "Connection",
    "ask",
    "fetch",
    "Fetched",
    "Breaker",
    "evidence_isbns",
    "compare",
    "Match",
    "match_order",
    "find_order",
    "OrderMatch",
    "open_sources",
    "Source",
    "match",
    "Matched",
    "gather",
    "Considered",
    "decide",
    "OWN_SOURCES",
    "autonomy_kind",
    "title_key",
    "wanted_locations",
    "prepare",
    "prepare_record",
    "Prepared",
    "draft",
    "provenance_note",
    "Authorities",
    "AuthorityReport",
    "check_headings",
    "link_headings",
    "as_lines",
    "upgrade_cip",
    "house_rules",
    "overlay",
    "fill_gaps",
    "plan",
    "CallNumberPlan",
    "call_number",
    "ShelfList",
    "free_number",
    "from_ordinal",
    "class_number",
    "add_item",
    "item_field",
    "with_call_number",
    "validate",
    "Finding",
    "check_file",
    "Checked",
    "score",
    "too_brief",
]
