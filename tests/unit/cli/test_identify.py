"""`workcell identify`: images of one book to evidence, candidates and a decision."""

import json
import sys
from pathlib import Path

import pytest

from workcell.cli import main
from workcell.kernel.evidence import evidence_from_json
from workcell.kernel.layout import load_layout
from workcell.twin.box import load_box
from workcell.twin.photographs import photograph

EXAMPLES = Path(__file__).resolve().parents[3] / "examples"
SHIPMENT = EXAMPLES / "shipments" / "en"


@pytest.fixture(scope="module")
def photographs(tmp_path_factory):
    """One book of the sample shipment, photographed from back cover to last page."""
    folder = tmp_path_factory.mktemp("photographs")
    photograph(load_layout(EXAMPLES / "layouts" / "twin.toml"), load_box(SHIPMENT / "box.json"), 1, 3, folder)
    return folder / "book-001"


@pytest.fixture
def identify(monkeypatch, capsys):
    def run(*arguments):
        monkeypatch.setattr(sys, "argv", ["workcell", "identify", *map(str, arguments)])
        with pytest.raises(SystemExit) as ended:
            main()
        return ended.value.code or 0, capsys.readouterr()

    return run


def test_the_images_of_a_folder_are_one_book_and_its_record_is_found(identify, photographs):
    code, told = identify(photographs, "--catalog", f"vendor={SHIPMENT / 'vendor.mrc'}", "--json")
    said = json.loads(told.out)
    evidence = evidence_from_json(said)
    assert code == 0
    assert evidence.isbn is not None and evidence.isbn.accepted
    assert len(evidence.images) == len(list(photographs.iterdir()))
    assert {image.face for image in evidence.images} >= {"back_cover", "title_page", "copyright_page"}
    assert said["decision"] == "copy"
    assert said["candidates"][0]["fields"]["isbn"]["verdict"] == "agree"
    assert said["candidates"][0]["record_id"] == said["record_id"]


def test_without_records_there_is_no_decision(identify, photographs):
    _, told = identify(photographs / "1-back-cover.jpg", "--json")
    assert "decision" not in json.loads(told.out)


def test_a_picture_of_no_book_is_said(identify, tmp_path):
    code, told = identify(tmp_path / "gone.jpg")
    assert code == 1
    assert "gone.jpg" in told.err and "no such file" in told.err
