"""`marc match`, `marc compare` and `calibrate` from the command line."""

import json
from pathlib import Path

import pytest

EXAMPLES = Path(__file__).resolve().parents[3] / "examples"
SHIPMENT = EXAMPLES / "shipments" / "en"
EVIDENCE = {
    "schema": "evidence/1",
    "isbn": {
        "value": "9780465050659",
        "sources": ["barcode:back_cover"],
        "confidence": 0.99,
        "accepted": True,
    },
    "fields": {
        "title": {"value": "The Design of Everyday Things", "confidence": 0.95, "page": "title_page"},
        "names": [{"value": "Don Norman", "confidence": 0.95, "page": "title_page"}],
        "year": {"value": "2013", "confidence": 0.95, "page": "copyright_page"},
    },
}


@pytest.fixture
def evidence(tmp_path):
    path = tmp_path / "evidence.json"
    path.write_text(json.dumps(EVIDENCE), "utf-8")
    return path


def test_a_book_is_matched_against_files_of_two_sources(workcell, evidence):
    code, out, _ = workcell(
        "marc", "match", "--evidence", evidence, "--catalog", SHIPMENT / "catalogue.mrc",
        "--catalog", f"vendor={SHIPMENT / 'vendor.mrc'}", "--orders", SHIPMENT / "orders.csv", "--json",
    )  # fmt: skip
    found = json.loads(out)
    assert code == 0
    assert (found["decision"], found["record_id"]) == ("existing", "RV001002")
    assert {candidate["source"] for candidate in found["candidates"]} >= {"order", "vendor"}
    title = found["candidates"][0]["fields"]["title"]
    assert title["verdict"] == "agree"
    assert title["weight"] > 0


def test_what_is_no_evidence_is_said_in_one_line(workcell, tmp_path):
    path = tmp_path / "evidence.json"
    path.write_text('{"isbn": 3}', "utf-8")
    code, _, err = workcell("marc", "match", "--evidence", path)
    assert code == 1
    assert len(err.strip().splitlines()) == 1
    assert str(path) in err
    assert "isbn" in err


def test_two_files_are_compared_record_by_record(workcell):
    catalogue = SHIPMENT / "catalogue.mrc"
    code, out, _ = workcell("marc", "compare", catalogue, catalogue, "--jsonl")
    lines = [json.loads(line) for line in out.splitlines()]
    assert code == 0
    assert [line["n"] for line in lines] == list(range(len(lines)))
    assert all(line["same"] and line["score"] > 0.9 for line in lines)
    assert lines[0]["fields"]["title"]["verdict"] == "agree"


def test_a_file_with_fewer_records_ends_with_1_and_compares_the_rest(workcell, tmp_path):
    short = tmp_path / "short.mrc"
    whole = (SHIPMENT / "catalogue.mrc").read_bytes()
    short.write_bytes(whole.split(b"\x1d")[0] + b"\x1d")
    code, out, _ = workcell("marc", "compare", SHIPMENT / "catalogue.mrc", short, "--jsonl")
    lines = [json.loads(line) for line in out.splitlines()]
    assert code == 1
    assert lines[0]["same"]
    assert "B has no such record" in lines[1]["error"]


def test_a_labelled_file_is_calibrated(workcell, tmp_path):
    path = tmp_path / "labelled.jsonl"
    lines = [{"score": 0.99, "right": True}] * 50 + [{"score": 0.7, "right": False}] * 5
    lines.append({"evidence": EVIDENCE, "record_id": "RV001002"})
    path.write_text("\n".join(map(json.dumps, lines)), "utf-8")
    code, out, _ = workcell(
        "calibrate", "--labelled", path, "--catalog", SHIPMENT / "catalogue.mrc", "--json"
    )
    found = json.loads(out)
    assert code == 0
    assert found["cases"] == 56
    at = {line["threshold"]: line for line in found["thresholds"]}
    assert (at[0.5]["wrong"], at[0.85]["wrong"]) == (5, 0)
    assert found["suggestion"]["threshold"] == 0.75
    assert not found["suggestion"]["sure"]


def test_a_labelled_line_that_judges_nothing_is_named(workcell, tmp_path):
    path = tmp_path / "labelled.jsonl"
    path.write_text('{"score": 0.9}', "utf-8")
    code, _, err = workcell("calibrate", "--labelled", path)
    assert code == 1
    assert "line 1" in err
