"""A target's address in `--catalog` of a command that looks at one book."""

import json
import sys
from pathlib import Path

import pytest

import marc
from workcell.cli import main
from workcell.kernel.evidence import Evidence, FieldValue, IsbnEvidence, evidence_to_json

RECORDS = Path(__file__).resolve().parents[3] / "examples" / "shipments" / "en" / "catalogue.mrc"


@pytest.fixture
def on_file():
    """ISBN and title of a record that the server has."""
    for result in marc.read_records(RECORDS):
        facts = marc.record_facts(result.record)
        if facts.isbns and facts.isbns[0].isbn13:
            return facts.isbns[0].isbn13, facts.full_title
    raise AssertionError("no record with an ISBN")


@pytest.mark.parametrize("scheme", ["z3950", "http"])
def test_a_target_is_asked_for_the_book_in_hand(scheme, books, on_file, monkeypatch, capsys, tmp_path):
    isbn, title = on_file
    evidence = Evidence(
        isbn=IsbnEvidence(isbn, ("barcode:back_cover", "text:copyright_page"), 0.99, accepted=True),
        fields={"title": FieldValue(title, title.lower(), 0.98, "title_page")},
    )
    file = tmp_path / "evidence.json"
    file.write_text(json.dumps(evidence_to_json(evidence)))
    arguments = ["--evidence", str(file), "--catalog", f"{scheme}://{books}", "--json"]
    monkeypatch.setattr(sys, "argv", ["workcell", "marc", "match", *arguments])
    with pytest.raises(SystemExit) as ended:
        main()
    decision = json.loads(capsys.readouterr().out)
    assert (ended.value.code or 0) == 0
    assert decision["candidates"][0]["source"] == "catalogue"
    assert decision["candidates"][0]["fields"]["isbn"]["verdict"] == "agree"
