"""What every engine of the catalogue gives, SQLite and PostgreSQL alike."""

import importlib.util
import sys
import tempfile
from pathlib import Path

import pytest
from pymarc import Field, Indicators, Record, Subfield

from marc import Catalogue, to_iso2709
from marc import catalogue_importing as importing
from workcell.kernel.errors import BadInput, StorageFull

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

import postgres


def _record(number, title, isbn="", barcode="", cancelled=""):
    record = Record()
    record.add_field(Field(tag="001", data=number))
    for tag, code, value in (("020", "a", isbn), ("020", "z", cancelled), ("952", "p", barcode)):
        if value:
            record.add_field(
                Field(tag=tag, indicators=Indicators(" ", " "), subfields=[Subfield(code, value)])
            )
    marks = Indicators("1", "0")
    record.add_ordered_field(Field(tag="245", indicators=marks, subfields=[Subfield("a", title)]))
    return record


MANY = [_record(f"m{n}", f"Title number {n} of many 第{n}卷", f"{n:09d}") for n in range(250)]
COD = _record("a1", "Cod: a biography of the fish", "9780140275018", "33194000000036")
SALT = _record("a2", "Salt, a world history", "0142001619", cancelled="9780140275018")
SANTI = _record("a3", "三体 地球往事", "978-7-5366-9293-0")


def _file(path, *records):
    path.write_bytes(b"".join(to_iso2709(record, "marc21") for record in records))
    return path


@pytest.fixture(scope="module")
def database():
    """The address of an empty PostgreSQL database."""
    if importlib.util.find_spec("psycopg") is None:
        pytest.skip("the package psycopg is not installed")
    if not postgres.installed():
        pytest.skip("PostgreSQL is not installed")
    with tempfile.TemporaryDirectory() as folder, postgres.server(Path(folder) / "pg") as address:
        yield address


@pytest.fixture(params=["sqlite", "postgres"])
def where(request, tmp_path):
    """Where an empty catalogue may be made."""
    if request.param == "sqlite":
        return tmp_path / "c.sqlite"
    from sqlalchemy import create_engine, text

    address = request.getfixturevalue("database")
    engine = create_engine(address.replace("postgresql:", "postgresql+psycopg:"))
    with engine.begin() as db:
        db.execute(text("DROP SCHEMA public CASCADE"))
        db.execute(text("CREATE SCHEMA public"))
    engine.dispose()
    return address


def test_records_are_found_by_number_id_barcode_and_words(where, tmp_path) -> None:
    with Catalogue.open(where) as catalogue:
        report = catalogue.import_files([_file(tmp_path / "a.mrc", COD, SALT, SANTI, *MANY)], "catalogue")
        assert (report.new, report.changed, report.unchanged, report.bad) == (253, 0, 0, [])
    with Catalogue(where) as catalogue:
        hits = catalogue.by_isbn("0-14-027501-0")
        assert [(hit.record_id, hit.cancelled) for hit in hits] == [("a1", False), ("a2", True)]
        assert [hit.record_id for hit in catalogue.by_isbn("9787536692930", "catalogue")] == ["a3"]
        assert catalogue.by_isbn("9787536692930", "vendor") == []
        assert [hit.record_id for hit in catalogue.by_id("a2")] == ["a2"]
        assert catalogue.barcode_exists("33194000000036")
        assert not catalogue.barcode_exists("33194000000037")
        assert catalogue.search("biograpny of the flsh")[0].record_id == "a1"
        assert catalogue.search("三休 地球往事")[0].record_id == "a3"
        assert catalogue.search("title number 217 of many")[0].record_id == "m217"
        assert catalogue.search("'; DROP TABLE") == []
        assert catalogue.facts(hits[0].id).title == "Cod: a biography of the fish"
        assert catalogue.count() == catalogue.count("catalogue") == len(list(catalogue.ids())) == 253
        assert catalogue.stats().barcodes == 1
        with pytest.raises(BadInput):
            catalogue.record(999_999)


def test_again_changes_nothing_and_a_change_replaces(where, tmp_path) -> None:
    first = _file(tmp_path / "a.mrc", COD, SALT)
    haddock = _record("a1", "Haddock", "9780140275025")
    with Catalogue.open(where) as catalogue:
        catalogue.import_files([first], "catalogue")
        again = catalogue.import_files([first], "catalogue")
        assert (again.new, again.changed, again.unchanged) == (0, 0, 2)
        changed = catalogue.import_files([_file(tmp_path / "b.mrc", haddock)], "catalogue")
        assert (changed.new, changed.changed) == (0, 1)
        assert [hit.record_id for hit in catalogue.by_isbn("9780140275018")] == ["a2"]
        assert not catalogue.barcode_exists("33194000000036")
        assert catalogue.search("biography fish") == []
        assert catalogue.search("haddock")[0].record_id == "a1"
        assert catalogue.count() == 2


def test_records_that_share_a_number_are_all_kept_each_time(where, tmp_path) -> None:
    path = _file(tmp_path / "a.mrc", COD, _record("a1", "Another"), _record("a1", "A third"), COD)
    with Catalogue.open(where) as catalogue:
        first = catalogue.import_files([path], "catalogue")
        assert (first.new, first.unchanged) == (3, 1)
        again = catalogue.import_files([path], "catalogue")
        assert (again.new, again.changed, again.unchanged) == (0, 0, 4)
        assert [hit.record_id for hit in catalogue.search("third")] == ["a1~3"]
        assert catalogue.count() == 3


def test_an_import_that_broke_off_goes_on(where, tmp_path, monkeypatch) -> None:
    monkeypatch.setattr(importing, "_BATCH", 50)
    path = tmp_path / "a.mrc"
    path.write_bytes(b"00050nam  broken\x1d" + _file(tmp_path / "b.mrc", *MANY).read_bytes())

    def told(path, n, offset, size):
        if n >= 100:
            raise KeyboardInterrupt

    with Catalogue.open(where) as catalogue:
        with pytest.raises(KeyboardInterrupt):
            catalogue.import_files([path], "catalogue", told)
        report = catalogue.import_files([path], "catalogue")
        assert (report.new, report.unchanged, report.resumed_at) == (250, 0, 100)
        assert [(bad.n, bad.offset) for bad in report.bad] == [(0, 0)]


def test_what_is_no_catalogue_is_refused(where, tmp_path) -> None:
    with pytest.raises(BadInput):
        Catalogue(where)
    with pytest.raises((BadInput, StorageFull)):
        Catalogue.open(str(where) + "/none/such")
