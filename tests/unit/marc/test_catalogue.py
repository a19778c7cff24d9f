import multiprocessing
import sqlite3
from pathlib import Path

import pytest
from marc_samples import cnmarc, marc21, shared

from marc import Catalogue, to_iso2709
from workcell.kernel.errors import BadInput

SALT = marc21(
    "001 a1", "020    $a0142001619", "100 1  $aKurlansky, Mark.", "245 10 $aSalt :$ba world history",
    "952    $aMAIN$p33194000000036$o553.632 K87",
)  # fmt: skip
COD = marc21("001 a2", "020    $a9780140275018", "100 1  $aKurlansky, Mark.", "245 10 $aCod")
SANTI = cnmarc("001 c1", "010    $a978-7-5366-9293-0", "200 1  $a三体$f刘慈欣著", "701  0 $a刘慈欣")


def _file(path: Path, *records, form: str = "marc21") -> Path:
    path.write_bytes(b"".join(to_iso2709(record, form) for record in records))
    return path


@pytest.fixture
def filled(tmp_path):
    with Catalogue.open(tmp_path / "c.sqlite") as catalogue:
        catalogue.import_files([_file(tmp_path / "en.mrc", SALT, COD)], "catalogue")
        catalogue.import_files([_file(tmp_path / "zh.mrc", SANTI, form="cnmarc")], "vendor")
    return tmp_path / "c.sqlite"


def test_an_import_again_changes_nothing_and_a_change_replaces(tmp_path) -> None:
    file = _file(tmp_path / "a.mrc", SALT, COD)
    with Catalogue.open(tmp_path / "c.sqlite") as catalogue:
        first = catalogue.import_files([file], "catalogue")
        again = catalogue.import_files([file], "catalogue")
        changed = marc21("001 a2", "020    $a9780140275025", "245 10 $aHaddock")
        third = catalogue.import_files([_file(tmp_path / "b.mrc", changed)], "catalogue")
        assert (first.new, first.changed, first.unchanged) == (2, 0, 0)
        assert (again.new, again.changed, again.unchanged) == (0, 0, 2)
        assert (third.new, third.changed, third.unchanged) == (0, 1, 0)
        assert catalogue.by_isbn("9780140275018") == []
        assert [hit.record_id for hit in catalogue.by_isbn("9780140275025")] == ["a2"]
        assert catalogue.search("Cod") == []
        assert [hit.record_id for hit in catalogue.search("Haddock")] == ["a2"]


def test_records_of_one_import_that_share_a_number_are_all_kept(tmp_path) -> None:
    other = marc21("001 a1", "245 10 $aAnother title with the same number")
    file = _file(tmp_path / "a.mrc", SALT, other)
    with Catalogue.open(tmp_path / "c.sqlite") as catalogue:
        assert catalogue.import_files([file], "catalogue").new == 2
        assert catalogue.import_files([file], "catalogue").unchanged == 2
        assert [hit.record_id for hit in catalogue.search("another title number")] == ["a1~2"]


def test_bad_records_are_listed_with_their_place_and_good_ones_kept(tmp_path) -> None:
    path = tmp_path / "a.mrc"
    one = to_iso2709(SALT, "marc21")
    path.write_bytes(one + b"00050nam  broken\x1d" + to_iso2709(COD, "marc21"))
    with Catalogue.open(tmp_path / "c.sqlite") as catalogue:
        report = catalogue.import_files([path], "catalogue")
    assert report.new == 2
    assert [(bad.n, bad.offset, bad.kept) for bad in report.bad] == [(1, len(one), False)]


def test_an_isbn_is_found_in_either_length(filled) -> None:
    with Catalogue(filled) as catalogue:
        for number in ("0142001619", "9780142001615", "978-0-14-200161-5"):
            assert [hit.record_id for hit in catalogue.by_isbn(number)] == ["a1"]
        assert catalogue.by_isbn("") == []
        assert catalogue.by_isbn("9780142001615", "vendor") == []


def test_records_come_back_whole(filled) -> None:
    with Catalogue(filled) as catalogue:
        (hit,) = catalogue.by_id("c1")
        assert catalogue.record(hit.id)["200"]["a"] == "三体"
        assert catalogue.facts(hit.id).names == ("刘慈欣",)
        with pytest.raises(BadInput):
            catalogue.record(999)


def test_barcodes_on_file_are_known(filled) -> None:
    with Catalogue(filled) as catalogue:
        assert catalogue.barcode_exists("33194000000036")
        assert not catalogue.barcode_exists("33194000000037")


@pytest.mark.parametrize(
    ("words", "found"),
    [
        ("Salt a world history", "a1"), ("Salt a wor1d histcry Kurlansky", "a1"), ("三体 刘慈欣", "c1"),
        ("三休 刘慈欣", "c1"), ("zzzz qqqq", None), ("", None),
        ('"; DROP TABLE records', None), ("AND OR NOT", None),
    ],
)  # fmt: skip
def test_words_find_records_through_reading_errors(filled, words: str, found: str | None) -> None:
    with Catalogue(filled) as catalogue:
        hits = catalogue.search(words)
        assert (hits[0].record_id if hits else None) == found


def test_noisy_titles_are_found_among_thousands(tmp_path) -> None:
    import numpy as np

    with Catalogue.open(tmp_path / "c.sqlite") as catalogue:
        catalogue.import_files([shared("marc21.mrc.gz"), shared("chinese_marc21.mrc")], "catalogue")
        rng = np.random.default_rng(3)
        ids = rng.choice(catalogue.count(), 300, replace=False) + 1
        asked = met = 0
        for id in ids.tolist():
            facts = catalogue.facts(id)
            if len(facts.full_title) < 12:
                continue
            noisy = "".join("x" if rng.random() < 0.05 and c.isalnum() else c for c in facts.full_title)
            hits = catalogue.search(f"{noisy} {facts.main_entry}", limit=20)
            asked += 1
            met += any(catalogue.facts(hit.id).full_title == facts.full_title for hit in hits)
        assert met / asked >= 0.97


def _count(path: str, queue) -> None:
    with Catalogue(Path(path)) as catalogue:
        queue.put(len(catalogue.by_isbn("9780142001615")))


def test_another_process_reads_while_one_imports(filled, tmp_path) -> None:
    queue = multiprocessing.get_context("spawn").Queue()
    with Catalogue.open(filled) as catalogue:
        catalogue.import_files([_file(tmp_path / "more.mrc", marc21("001 a9", "245 10 $aMore"))], "catalogue")
        reader = multiprocessing.get_context("spawn").Process(target=_count, args=(str(filled), queue))
        reader.start()
        assert queue.get(timeout=60) == 1
        reader.join()


def test_what_is_no_catalogue_is_refused(tmp_path) -> None:
    with pytest.raises(BadInput, match="no such catalogue"):
        Catalogue(tmp_path / "none.sqlite")
    (tmp_path / "text").write_text("not a database at all, but long enough to look")
    with pytest.raises(BadInput, match="not a catalogue"):
        Catalogue(tmp_path / "text")
    other = sqlite3.connect(tmp_path / "other.sqlite")
    other.execute("CREATE TABLE mine (x)")
    other.commit()
    other.close()
    with pytest.raises(BadInput, match="not a catalogue"):
        Catalogue.open(tmp_path / "other.sqlite")
