"""Whole batches on the twin, with the real processes, drivers, pictures and recognition."""

import pytest
import truth_checker
from processes import run_demo

SHELVED = {"catalogued"}


@pytest.mark.timeout(480)
@pytest.mark.parametrize(("profile", "books", "ready"), [("en", 24, 16), ("zh", 14, 9)])
def test_a_batch_closes_and_agrees_with_the_truth(profile, books, ready, tmp_path):
    out = tmp_path / profile
    ended, summary = run_demo(out, "--profile", profile, "--books", str(books), "--speed", "8")
    assert truth_checker.check(out) == []
    assert ended.returncode == 0, ended.stderr[-2000:]
    assert summary["books_fed"] == books
    assert summary["books_fed"] == summary["catalogued"] + summary["review"] + summary["rejected"]
    assert summary["catalogued"] >= ready
    assert summary["proofs_failed"] == summary["duplicates_of_barcode"] == summary["lost"] == 0
    assert "PROOF_FAILED" in {code for book in summary["books"] for code in book["reason_codes"]}
    assert {book["outcome"] for book in summary["books"]} >= {"catalogued", "review"}
    _files_are_whole(out, summary)


def _files_are_whole(out, summary):
    names = (
        "records.mrc",
        "records.xml",
        "items.csv",
        "register.csv",
        "tags.json",
        "report.html",
        "truth.json",
    )
    assert not [name for name in names if not (out / name).stat().st_size]
    for book in summary["books"]:
        assert (out / "passports" / f"{book['book']}.html").exists()
        if book["outcome"] in SHELVED:
            for suffix in (".png", ".zpl", "-spine.png", "-spine.zpl"):
                assert (out / "labels" / f"{book['barcode']}{suffix}").exists()
    cases = {book["case"] for book in summary["books"] if book["case"]}
    assert cases == {path.name for path in (out / "review").iterdir()}


@pytest.mark.timeout(480)
def test_a_batch_full_of_trouble_still_closes(tmp_path):
    out = tmp_path / "faults"
    _, summary = run_demo(out, "--books", "10", "--seed", "3", "--speed", "8", "--faults")
    assert truth_checker.check(out) == []
    fed = summary["catalogued"] + summary["review"] + summary["rejected"] + summary["lost"]
    assert summary["books_fed"] == fed == 10
    assert summary["proofs_failed"] == summary["duplicates_of_barcode"] == summary["lost"] == 0
