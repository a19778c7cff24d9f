"""The desk with real processes: rendered photographs and, where they are at hand, real ones."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
from processes import ROOT, run_demo


@pytest.mark.timeout(300)
def test_the_desk_catalogues_rendered_photographs(tmp_path):
    out = tmp_path / "desk"
    _, summary = run_demo(out, "--desk", "--books", "4", "--seed", "5")
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
