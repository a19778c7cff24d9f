"""A line's lookup in processes of its own, against a real Zebra and a silent server at the same time."""

from pathlib import Path

from marc import Catalogue, Target, read_records, record_facts
from workcell.kernel.clock import WallClock
from workcell.kernel.evidence import Evidence, FieldValue, IsbnEvidence
from workcell.kernel.model import Decision, DecisionKind
from workcell.line.lookup import Lookup

RECORDS = Path(__file__).resolve().parents[3] / "examples" / "shipments" / "en" / "catalogue.mrc"
CRAFT = next(
    facts
    for facts in (record_facts(result.record) for result in read_records(RECORDS))
    if "craft of research" in facts.title
)
BOOK = Evidence(
    isbn=IsbnEvidence(CRAFT.isbns[0].isbn13, ("barcode:back_cover",), 1.0, True),
    fields={"title": FieldValue(CRAFT.title, confidence=0.9)},
)
DRAFT = Decision(DecisionKind.DRAFT, None, 0.0, 0.85)


async def test_a_silent_target_keeps_nobody_from_the_answer_of_another(books, faulty, tmp_path) -> None:
    server, told = faulty("silent"), []
    targets = [
        Target(name="good", url=f"z3950://{books}", priority=10),
        Target(name="silent", url=f"z3950://127.0.0.1:{server.port}/x", priority=10, timeout_s=1, failures=1),
    ]
    lookup = Lookup(targets, tmp_path, WallClock(), told.append)
    try:
        assert await lookup.fetch(BOOK, DRAFT)
    finally:
        await lookup.close()
    assert len(told) == 1, told
    assert told[0].startswith("silent is not asked for 60 s")
    assert server.accepted == 1, told
    with Catalogue(lookup.sources["good"]) as cache:
        (hit,) = cache.by_isbn(CRAFT.isbns[0].isbn13)
        assert cache.facts(hit.id) == CRAFT
    with Catalogue(lookup.sources["silent"]) as cache:
        assert cache.count() == 0
