"""How records come into the catalogue: fast and slow ways agree, broken-off imports go on."""

import contextlib
import gzip

import pytest
from marc_samples import SHARED, cnmarc, marc21, shared

from marc import Catalogue, framing, read_records, record_facts, to_iso2709
from marc import catalogue_importing as importing
from marc.catalogue_entries import entries_of_frames, entries_of_results
from marc.text import tokens
from workcell.kernel.errors import BadInput


def _records(count, start=0):
    return [
        marc21(f"001 r{n}", f"020    $a{_isbn(n)}", f"245 10 $aTitle number {n} of many", "100 1  $aDoe, Jo.")
        for n in range(start, start + count)
    ]


def _isbn(n):
    from marc import isbn

    return isbn.to_13(f"{n:09d}0")


def _file(path, records, form="marc21"):
    path.write_bytes(b"".join(to_iso2709(record, form) for record in records))
    return path


# --- the fast way and the strict reader ------------------------------------------------------------------


@pytest.mark.parametrize("name", ["marc21.mrc.gz", "chinese_marc21.mrc", "unimarc.mrc", "cnmarc.mrc"])
def test_slicing_and_reading_give_the_same_entries(name) -> None:
    path = shared(name)
    data = gzip.decompress(path.read_bytes()) if name.endswith("gz") else path.read_bytes()
    frames = [(frame.offset, frame.data, frame.problem) for frame in framing.frames(data)][:2500]
    sliced = entries_of_frames(frames, 0)
    read = list(entries_of_results(result for result, _ in zip(read_records(path), frames, strict=False)))
    assert [entry._replace(data=None) for entry in sliced] == [entry._replace(data=None) for entry in read]


def test_hostile_files_give_the_same_entries_both_ways() -> None:
    folder = SHARED / "hostile"
    if not folder.is_dir():
        pytest.skip(f"the shared data are not there: {folder}")
    compared = 0
    for path in sorted(folder.glob("*.mrc")):
        data = path.read_bytes()
        try:
            read = list(entries_of_results(read_records(path)))
        except BadInput:
            continue
        frames = [(frame.offset, frame.data, frame.problem) for frame in framing.frames(data)]
        if len(frames) == len(read):
            sliced = entries_of_frames(frames, 0)
            pairs = zip(sliced, read, strict=True)
            assert all((one.keys, one.problem) == (two.keys, two.problem) for one, two in pairs), path.name
            compared += len(read)
    assert compared > 300


def test_keys_are_those_that_the_view_of_a_record_tells() -> None:
    path = shared("marc21.mrc.gz")
    frames = [(f.offset, f.data, f.problem) for f in framing.frames(gzip.decompress(path.read_bytes()))][
        :1500
    ]
    for entry, result in zip(entries_of_frames(frames, 0), read_records(path), strict=False):
        if entry.keys is None:
            continue
        facts = record_facts(result.record)
        assert entry.keys.record_id == facts.record_id
        valid = {key for key, _ in entry.keys.isbns if len(key) == 13}
        assert {each.isbn13 for each in facts.isbns if each.isbn13} <= valid
        assert set(tokens(facts.full_title)) <= set(entry.keys.tokens.split())


# --- cancelled numbers -----------------------------------------------------------------------------------


def test_a_cancelled_isbn_is_found_behind_the_others_and_says_so(tmp_path) -> None:
    wrong = marc21("001 b1", "020    $z9780140275018 (hbk.)", "245 10 $aOther")
    right = marc21("001 b2", "020    $a0140275010", "245 10 $aCod")
    china = cnmarc("001 c1", "010    $a978-7-5366-9293-0$z9780140275018", "200 1  $a三体$f刘慈欣著")
    with Catalogue.open(tmp_path / "c.sqlite") as catalogue:
        catalogue.import_files([_file(tmp_path / "a.mrc", [wrong, right])], "catalogue")
        catalogue.import_files([_file(tmp_path / "c.mrc", [china], "cnmarc")], "catalogue")
        hits = catalogue.by_isbn("9780140275018")
    assert [(hit.record_id, hit.cancelled) for hit in hits] == [("b2", False), ("b1", True), ("c1", True)]


# --- imports that break off ------------------------------------------------------------------------------


class _Broken(Exception):
    pass


def _breaking_at(n):
    def told(path, done, offset, size):
        if done >= n:
            raise _Broken

    return told


@pytest.mark.parametrize("stop", [10, 30, 50])
def test_an_import_that_broke_off_goes_on_and_tells_everything(tmp_path, monkeypatch, stop) -> None:
    monkeypatch.setattr(importing, "_BATCH", 10)
    bad = b"00050nam  broken\x1d"
    first = tmp_path / "a.mrc"
    records = [to_iso2709(record, "marc21") for record in _records(25)]
    first.write_bytes(b"".join([*records[:3], bad, *records[3:]]))
    second = _file(tmp_path / "b.mrc", [*_records(24, 100), *_records(1, 0)])
    where = tmp_path / "c.sqlite"
    with pytest.raises(_Broken), Catalogue.open(where) as catalogue:
        done = []
        breaking = _breaking_at(stop if stop <= 26 else stop - 26)

        def told(path, n, offset, size):
            done.append((path, n))
            if stop <= 26 or path == second:
                breaking(path, n, offset, size)

        catalogue.import_files([first, second], "catalogue", told)
    began = []
    with Catalogue.open(where) as catalogue:
        before = catalogue.count()
        report = catalogue.import_files(
            [first, second], "catalogue", lambda path, n, *rest: began.append((path, n))
        )
        assert 0 < before < 50
        assert began[0] == (first if stop <= 26 else second, report.resumed_at)
        assert (report.new, report.changed, report.unchanged) == (49, 0, 1)
        assert [(entry.n, entry.path) for entry in report.bad] == [(3, first)]
        assert catalogue.count() == 49
        assert [hit.record_id for hit in catalogue.search("title number 24")][:1] == ["r24"]


def test_another_file_or_a_changed_one_is_a_new_import(tmp_path, monkeypatch) -> None:
    monkeypatch.setattr(importing, "_BATCH", 10)
    path = _file(tmp_path / "a.mrc", _records(25))
    with Catalogue.open(tmp_path / "c.sqlite") as catalogue:
        with pytest.raises(_Broken):
            catalogue.import_files([path], "catalogue", _breaking_at(10))
        _file(path, _records(30))
        report = catalogue.import_files([path], "catalogue")
        assert (report.new, report.unchanged, report.resumed_at) == (20, 10, 0)


def test_a_second_process_gives_the_same_catalogue(tmp_path, monkeypatch) -> None:
    monkeypatch.setattr(importing, "_WORTH_A_PROCESS", 1)
    monkeypatch.setattr(importing, "_BATCH", 100)
    usual = importing._second_process

    @contextlib.contextmanager
    def awake(paths, processes):
        with usual(paths, processes) as pool:
            if pool is not None:
                pool.submit(int).result()
            yield pool

    monkeypatch.setattr(importing, "_second_process", awake)
    path = _file(tmp_path / "a.mrc", _records(450))
    held = []
    for processes in (1, 2):
        with Catalogue.open(tmp_path / f"{processes}.sqlite") as catalogue:
            catalogue.import_files([path], "catalogue", processes=processes)
            held.append([catalogue.data(id) for id in catalogue.ids()])
            held.append([catalogue.search("number 317")[0], catalogue.stats()])
    assert held[:2] == held[2:]


def test_a_file_that_cannot_be_read_is_refused_before_anything_is_kept(tmp_path) -> None:
    good = _file(tmp_path / "a.mrc", _records(3))
    (tmp_path / "b.txt").write_text("no records at all")
    with Catalogue.open(tmp_path / "c.sqlite") as catalogue:
        with pytest.raises(BadInput):
            catalogue.import_files([good, tmp_path / "b.txt"], "catalogue")
        assert catalogue.count() == 0


def test_a_catalogue_of_another_version_is_refused(tmp_path) -> None:
    import sqlite3

    with Catalogue.open(tmp_path / "c.sqlite"):
        pass
    db = sqlite3.connect(tmp_path / "c.sqlite")
    db.execute("PRAGMA user_version = 1")
    db.close()
    with pytest.raises(BadInput, match="another version"):
        Catalogue(tmp_path / "c.sqlite")


# --- words -----------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def filled(tmp_path_factory):
    folder = tmp_path_factory.mktemp("words")
    made = [
        marc21("001 w1", "245 10 $aMicrobiology of fermented vegetables"),
        marc21("001 w2", "245 10 $aLighthouse keepers of Brittany"),
        marc21("001 w3", "245 10 $aOceanography"),
        marc21("001 w4", "245 10 $aHistory of the world"),
        *_records(300),
    ]
    with Catalogue.open(folder / "c.sqlite") as catalogue:
        catalogue.import_files([_file(folder / "a.mrc", made)], "catalogue")
    return folder / "c.sqlite"


@pytest.mark.parametrize(
    ("words", "found"),
    [
        ("Microbiologv fermcnted vegctables", "w1"),
        ("Lighthousekeepers ofBrittany", "w2"),
        ("Light house keepers", "w2"),
        ("Oceanograhpy", None),
        ("Oceanograpby", "w3"),
        ("Ocean0graphy", "w3"),
        ("Oceanographyy", "w3"),
        ("Oceanogrphy", "w3"),
    ],
)
def test_a_word_that_no_record_has_is_taken_for_the_one_next_to_it(filled, words, found) -> None:
    with Catalogue(filled) as catalogue:
        hits = catalogue.search(words)
    assert (hits[0].record_id if hits else None) == found


def test_an_exact_word_counts_more_than_one_that_is_near(tmp_path) -> None:
    made = [marc21("001 n1", "245 10 $aWinter"), marc21("001 n2", "245 10 $aWinner")]
    with Catalogue.open(tmp_path / "c.sqlite") as catalogue:
        catalogue.import_files([_file(tmp_path / "a.mrc", made)], "catalogue")
        assert [hit.record_id for hit in catalogue.search("winner")] == ["n2"]
        assert {hit.record_id for hit in catalogue.search("winser")} == {"n1", "n2"}
        assert all(hit.score < 1 for hit in catalogue.search("winser"))


# --- the index in tantivy --------------------------------------------------------------------------------


def test_a_sidecar_answers_as_the_catalogue_and_follows_its_imports(tmp_path) -> None:
    pytest.importorskip("tantivy", reason="the package tantivy is not installed")
    where = tmp_path / "c.sqlite"
    with Catalogue.open(where) as catalogue:
        catalogue.import_files([_file(tmp_path / "a.mrc", _records(200))], "catalogue")
        plain = catalogue.search("titel number 77 doe")
        assert catalogue.stats().sidecar == "none"
        assert catalogue.make_sidecar()
        assert catalogue.stats().sidecar == "current"
        assert catalogue.search("titel number 77 doe")[0] == plain[0]
        changed = marc21("001 r77", "245 10 $aSomething else entirely")
        catalogue.import_files([_file(tmp_path / "b.mrc", [changed])], "catalogue")
        assert catalogue.stats().sidecar == "current"
        assert catalogue.search("something entirely")[0].record_id == "r77"
        assert catalogue.search("number 77 title doe")[0].record_id != "r77"


def test_a_sidecar_that_is_behind_is_not_asked(tmp_path, monkeypatch) -> None:
    pytest.importorskip("tantivy", reason="the package tantivy is not installed")
    from marc import catalogue_sidecar

    with Catalogue.open(tmp_path / "c.sqlite") as catalogue:
        catalogue.import_files([_file(tmp_path / "a.mrc", _records(20))], "catalogue")
        assert catalogue.make_sidecar()
        with monkeypatch.context() as without:
            without.setattr(catalogue_sidecar, "available", lambda: False)
            catalogue.import_files([_file(tmp_path / "b.mrc", _records(5, 50))], "catalogue")
        assert catalogue.stats().sidecar == "behind"
        assert catalogue.search("number 53")[0].record_id == "r53"
