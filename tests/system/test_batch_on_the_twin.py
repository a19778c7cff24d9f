"""Whole batches on the twin, with the real processes, drivers, pictures and recognition."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
import truth_checker
from processes import ROOT

SHELVED = {"catalogued"}


def _demo(out, *options, seconds=420):
    command = [sys.executable, "-m", "workcell.cli", "demo", "--out", str(out), *options]
    ended = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=seconds)
    assert (out / "batch.json").exists(), ended.stderr[-2000:]
    return ended, json.loads((out / "batch.json").read_text("utf-8"))


@pytest.mark.timeout(480)
@pytest.mark.parametrize(("profile", "books", "ready"), [("en", 24, 16), ("zh", 14, 9)])
def test_a_batch_closes_and_agrees_with_the_truth(profile, books, ready, tmp_path):
    out = tmp_path / profile
    ended, summary = _demo(out, "--profile", profile, "--books", str(books), "--speed", "8")
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
    _, summary = _demo(out, "--books", "10", "--seed", "3", "--speed", "8", "--faults")
    assert truth_checker.check(out) == []
    fed = summary["catalogued"] + summary["review"] + summary["rejected"] + summary["lost"]
    assert summary["books_fed"] == fed == 10
    assert summary["proofs_failed"] == summary["duplicates_of_barcode"] == summary["lost"] == 0


@pytest.mark.timeout(300)
def test_the_desk_catalogues_rendered_photographs(tmp_path):
    out = tmp_path / "desk"
    _, summary = _demo(out, "--desk", "--books", "4", "--seed", "5")
    assert summary["books_fed"] == 4
    ready = [book for book in summary["books"] if book["outcome"] == "catalogued"]
    assert len(ready) >= 2
    assert all((out / "labels" / f"{book['barcode']}.png").exists() for book in ready)


_BACKS = ROOT.parent / "shared" / "data" / "vision" / "jldevops_book_backs"


@pytest.mark.timeout(300)
@pytest.mark.skipif(not _BACKS.exists(), reason="the shared photographs are not here")
def test_the_desk_takes_real_photographs_and_accepts_no_wrong_isbn(tmp_path):
    truth = dict(line.split(",")[:2] for line in (_BACKS / "truth.csv").read_text().splitlines()[1:])
    photos = tmp_path / "photos"
    photos.mkdir()
    chosen = sorted(truth)[:8]
    for name in chosen:
        (photos / name).symlink_to(_BACKS / name)
    command = [
        sys.executable, "-m", "workcell.cli", "desk", "--photos", photos, "--out", tmp_path / "out",
        "--store", tmp_path / "store", "--unattended", "--json",
    ]  # fmt: skip
    ended = subprocess.run([*map(str, command)], cwd=tmp_path, capture_output=True, text=True, timeout=280)
    assert ended.returncode == 0, ended.stderr[-2000:]
    seen = {book["isbn"] for book in json.loads(ended.stdout)["books"]} - {None}
    assert seen <= set(truth.values())
    assert len(seen) >= len({truth[name] for name in chosen if truth[name]}) - 1
    assert Path(tmp_path / "out" / "report.html").exists()
