"""Drivers that work in processes of their own: found there by their entry points, asked as ours are."""

import os
from pathlib import Path

import cv2
import numpy as np
import pytest

from marc import Catalogue, Target, read_records, record_facts, to_iso2709
from workcell.kernel.clock import WallClock
from workcell.kernel.drivers import Drivers
from workcell.kernel.evidence import Evidence, FieldValue, IsbnEvidence
from workcell.kernel.layout import Recognition
from workcell.kernel.model import Decision, DecisionKind
from workcell.line.jobs import ProcessJobs
from workcell.line.lookup import Lookup

RECORDS = Path(__file__).resolve().parents[3] / "examples" / "shipments" / "en" / "catalogue.mrc"
DRIVERS = """
from pathlib import Path
from workcell.kernel.drivers import Driver


class Reader:
    def __init__(self, endpoint):
        self.endpoint = endpoint

    def read(self, lines):
        return [(f"read at {self.endpoint}", 0.99) for line in lines]


class Source:
    def __init__(self, folder, limit):
        self.folder, self.limit = Path(folder), limit

    def find(self, terms):
        (index, values), *_ = terms
        found = [path for value in values for path in self.folder.glob(f"{index}-{value}")]
        return len(found), [path.read_bytes() for path in found[: self.limit]]

    def close(self):
        pass


OCR = Driver(1, lambda name, endpoint, around: Reader(endpoint))
SOURCE = Driver(1, lambda name, endpoint, around: Source(endpoint, around.limit))
"""


@pytest.fixture
def installed(tmp_path, monkeypatch):
    """A package with an OCR engine and a record source, installed for the processes that are started."""
    site = tmp_path / "site"
    meta = site / "folders-1.0.dist-info"
    meta.mkdir(parents=True)
    (site / "folders.py").write_text(DRIVERS)
    (meta / "METADATA").write_text("Metadata-Version: 2.1\nName: folders\nVersion: 1.0\n")
    (meta / "entry_points.txt").write_text(
        "[workcell.drivers]\nocr.folders = folders:OCR\nsource.folders = folders:SOURCE\n"
    )
    monkeypatch.setenv("PYTHONPATH", f"{site}{os.pathsep}{os.environ.get('PYTHONPATH', '')}")
    monkeypatch.syspath_prepend(str(site))


@pytest.fixture
def page(tmp_path):
    """A page with two lines."""
    picture = np.full((400, 900, 3), 255, np.uint8)
    for row, text in ((150, "The craft of research"), (270, "University of Chicago")):
        cv2.putText(picture, text, (60, row), cv2.FONT_HERSHEY_SIMPLEX, 1.6, (0, 0, 0), 3)
    cv2.imwrite(str(tmp_path / "page.png"), picture)
    return {"path": str(tmp_path / "page.png"), "view": "page"}


async def test_pages_are_read_by_the_engine_that_the_layout_names(installed, page):
    jobs = ProcessJobs(Recognition(workers=1, engine="folders", endpoint="here"), WallClock())
    try:
        seen = await jobs.run("look", page)
    finally:
        await jobs.close()
    assert {line["text"] for line in seen["lines"]} == {"read at here"}
    assert {line["engine"] for line in seen["lines"]} == {"folders"}


async def test_a_record_source_is_asked_in_a_process_of_its_own(installed, tmp_path):
    raw = next(each.record for each in read_records(RECORDS) if record_facts(each.record).isbns)
    record = record_facts(raw)
    isbn = record.isbns[0].isbn13
    shelf = tmp_path / "shelf"
    shelf.mkdir()
    (shelf / f"isbn-{isbn}").write_bytes(to_iso2709(raw, "marc21"))
    target = Target(name="shelf", url=str(shelf), driver="folders")
    book = Evidence(
        isbn=IsbnEvidence(isbn, ("barcode:back_cover",), 1.0, True),
        fields={"title": FieldValue(record.title, confidence=0.9)},
    )
    told: list[str] = []
    lookup = Lookup([target], tmp_path / "caches", WallClock(), told.append, drivers=Drivers.installed())
    try:
        assert await lookup.fetch(book, Decision(DecisionKind.DRAFT, None, 0.0, 0.85))
    finally:
        await lookup.close()
    assert told == []
    with Catalogue(lookup.sources["shelf"]) as cache:
        (hit,) = cache.by_isbn(isbn)
        assert (hit.source, cache.facts(hit.id)) == ("shelf", record)
