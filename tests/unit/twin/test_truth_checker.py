"""The truth checker: silent on outputs that are true, and one sentence for each thing that is not."""

from __future__ import annotations

import csv
import importlib.util
import json
import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import cv2
import pytest

from workcell.twin.render.foreign import foreign_label

_FILE = Path(__file__).resolve().parents[2] / "system" / "truth_checker.py"
VECTORS = Path(__file__).resolve().parents[4] / "shared" / "data" / "rfid_vectors.json"
NUMBER, OTHER, FOREIGN = "31940000010003", "31940000010011", "39999457901898"


@pytest.fixture(scope="module")
def checker() -> ModuleType:
    spec = importlib.util.spec_from_file_location("truth_checker", _FILE)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["truth_checker"] = module
    spec.loader.exec_module(module)
    return module


def _pii(number: str) -> str:
    """PII as ISO 28560-2 integer compaction, then empty memory."""
    data = int(number).to_bytes((int(number).bit_length() + 7) // 8, "big")
    return (bytes([0x11, len(data)]) + data).hex().upper() + "00" * 20


def _record(isbn: str, number: str) -> bytes:
    """A record of two fields, written by hand."""
    fields = [("020", f"  \x1fa{isbn}\x1e".encode()), ("952", f"  \x1fp{number}\x1e".encode())]
    entries, start = b"", 0
    for tag, data in fields:
        entries += f"{tag}{len(data):04d}{start:05d}".encode()
        start += len(data)
    base = 24 + len(entries) + 1
    leader = f"{base + start + 1:05d}nam a22{base:05d}   4500".encode()
    return leader + entries + b"\x1e" + b"".join(data for _, data in fields) + b"\x1d"


class Output:
    """A true output folder of one catalogued and one refused book, to be made untrue."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.truth = {
            "books": [
                {
                    "book": "copy-0001", "track_id": 1, "title_id": "t-1", "isbn": "9780300000085",
                    "labels": [{"barcode": NUMBER, "place": "back"}],
                    "spine_labels": [{"file": "labels/label-0002.png", "place": "spine"}],
                    "tag": {"uid": "E004010000000001", "afi": 7, "hex": _pii(NUMBER)},
                    "stamped": True, "bin": "main", "place": "bin:4", "events": [],
                },
                {
                    "book": "copy-0002", "track_id": 2, "title_id": "t-2", "isbn": "9787121233432",
                    "labels": [{"barcode": FOREIGN, "place": "back"}], "spine_labels": [],
                    "tag": {"uid": "E004010000000002", "afi": 0, "hex": _pii(OTHER)},
                    "stamped": True, "bin": "review", "place": "bin:1",
                    "events": [{"n": 1, "kind": "planted", "what": "foreign_label"}],
                },
                {
                    "book": "copy-0003", "track_id": 0, "title_id": "t-1", "isbn": "9780300000085",
                    "labels": [], "spine_labels": [], "tag": None, "stamped": False, "bin": None,
                    "place": "pile", "events": [],
                },
            ],
        }  # fmt: skip
        self.batch: dict[str, Any] = {
            "books_fed": 2, "catalogued": 1, "review": 1, "rejected": 0, "lost": 0,
            "duplicates_of_barcode": 0, "proofs_failed": 0,
            "books": [
                {
                    "book": "b1", "track_id": 1, "isbn": "9780300000085", "outcome": "catalogued",
                    "reason": None, "barcode": NUMBER, "call_number": "387.1 MAR",
                    "tag_uid": "E004010000000001", "tag_pii": NUMBER, "bin": "main", "voided": [],
                },
                {
                    "book": "b2", "track_id": 2, "isbn": "9787121233432", "outcome": "review",
                    "reason": f"label on back: expected {OTHER}, seen {FOREIGN}", "barcode": None,
                    "call_number": None, "tag_uid": None, "tag_pii": None, "bin": "review",
                    "voided": [OTHER],
                },
            ],
        }  # fmt: skip
        self.items = [{"barcode": NUMBER, "call_number": "387.1 MAR", "bin": "main"}]
        self.tags = [{"uid": "E004010000000001", "hex": _pii(NUMBER)}]
        self.records = [_record("9780300000085", NUMBER)]
        self.labels = {NUMBER: NUMBER, f"{NUMBER}-spine": ""}

    @property
    def catalogued(self) -> dict[str, Any]:
        return self.truth["books"][0]

    @property
    def refused(self) -> dict[str, Any]:
        return self.truth["books"][1]

    def write(self) -> Path:
        for name, data in (("truth", self.truth), ("batch", self.batch), ("tags", self.tags)):
            (self.folder / f"{name}.json").write_text(json.dumps(data), "utf-8")
        with (self.folder / "items.csv").open("w", encoding="utf-8-sig", newline="") as file:
            writer = csv.DictWriter(file, ["barcode", "call_number", "bin"])
            writer.writeheader()
            writer.writerows(self.items)
        (self.folder / "records.mrc").write_bytes(b"".join(self.records))
        (self.folder / "labels").mkdir(exist_ok=True)
        for name, number in self.labels.items():
            bitmap = foreign_label(400, 200, number or "0")
            cv2.imwrite(str(self.folder / "labels" / f"{name}.png"), bitmap)
        return self.folder


def _label_of_another(output: Output) -> None:
    output.catalogued["labels"][0]["barcode"] = FOREIGN


def _label_fell(output: Output) -> None:
    output.catalogued["labels"].clear()


def _label_too_many(output: Output) -> None:
    output.catalogued["labels"].append({"barcode": NUMBER, "place": "front"})


def _no_spine_label(output: Output) -> None:
    output.catalogued["spine_labels"].clear()


def _tag_of_another(output: Output) -> None:
    output.catalogued["tag"]["hex"] = _pii(OTHER)


def _no_tag(output: Output) -> None:
    output.catalogued["tag"] = None


def _wrong_afi(output: Output) -> None:
    output.catalogued["tag"]["afi"] = 0


def _no_stamp(output: Output) -> None:
    output.catalogued["stamped"] = False


def _wrong_bin(output: Output) -> None:
    output.catalogued["bin"] = "branch"


def _still_on_the_line(output: Output) -> None:
    output.catalogued.update(bin=None, place="verify")


def _wrong_title(output: Output) -> None:
    output.batch["books"][0]["isbn"] = "9787121233432"


def _record_of_another(output: Output) -> None:
    output.records = [_record("9787121233432", NUMBER)]


def _no_record(output: Output) -> None:
    output.records = [_record("9780300000085", OTHER)]


def _released_planted(output: Output) -> None:
    output.catalogued["events"].append({"n": 1, "kind": "planted", "what": "label_fell"})


def _live_mark(output: Output) -> None:
    output.batch["books"][1]["voided"] = []
    output.batch["books"][1]["reason"] = "A person is needed."


def _same_number(output: Output) -> None:
    output.refused["labels"][0]["barcode"] = NUMBER


def _two_outcomes(output: Output) -> None:
    output.batch["books"].append({**output.batch["books"][0], "book": "b3"})


def _forgotten(output: Output) -> None:
    output.batch["books"].pop()


def _never_fed(output: Output) -> None:
    output.batch["books"][1]["track_id"] = 99


def _counts(output: Output) -> None:
    output.batch["books_fed"] = 3


def _item_missing(output: Output) -> None:
    output.items.clear()


def _label_file_of_another(output: Output) -> None:
    output.labels[NUMBER] = OTHER


_LIES: list[tuple[Callable[[Output], None], str]] = [
    (_label_of_another, f"carries the label {FOREIGN}"),
    (_label_fell, "without a barcode label"),
    (_label_too_many, "carries 2 barcode labels where labels/ has 1"),
    (_no_spine_label, "carries 0 spine labels"),
    (_tag_of_another, f"tag says {OTHER}"),
    (_no_tag, "without a tag"),
    (_wrong_afi, "AFI 00"),
    (_no_stamp, "without a stamp"),
    (_wrong_bin, "lies in bin branch, batch.json says main"),
    (_still_on_the_line, "stands in verify"),
    (_wrong_title, "was catalogued as 9787121233432"),
    (_record_of_another, "has ISBN 9787121233432, the book 9780300000085"),
    (_no_record, "0 records hold item"),
    (_released_planted, "released with the planted wrong mark"),
    (_live_mark, f"carries {FOREIGN}, which batch.json neither voids nor names"),
    (_same_number, "stands on 2 books"),
    (_two_outcomes, "copy-0001 has 2 outcomes"),
    (_forgotten, "copy-0002 has 0 outcomes"),
    (_never_fed, "b2 was never fed"),
    (_counts, "2 books were fed, batch.json says 3"),
    (_item_missing, "items.csv has no line for"),
    (_label_file_of_another, f"decodes to {OTHER}"),
]


def test_true_outputs_have_no_finding(checker: ModuleType, tmp_path: Path) -> None:
    assert checker.check(Output(tmp_path).write()) == []


@pytest.mark.parametrize(("lie", "said"), _LIES, ids=[lie.__name__.strip("_") for lie, _ in _LIES])
def test_each_untruth_is_found(
    checker: ModuleType, tmp_path: Path, lie: Callable[[Output], None], said: str
) -> None:
    output = Output(tmp_path)
    lie(output)
    findings = checker.check(output.write())
    assert any(said in finding for finding in findings), findings


def test_as_a_program_it_prints_and_ends_with_one(
    checker: ModuleType, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    output = Output(tmp_path)
    assert checker.main([str(output.write())]) == 0
    _no_tag(output)
    assert checker.main([str(output.write())]) == 1
    assert "without a tag" in capsys.readouterr().out
    assert checker.main([]) == 2


def test_it_imports_no_product_code() -> None:
    text = _FILE.read_text("utf-8")
    for package in ("workcell", "stations", "vision", "marc", "plc", "label_print"):
        assert f"import {package}" not in text
        assert f"from {package}" not in text


def test_its_tag_reader_agrees_with_published_tags(checker: ModuleType) -> None:
    if not VECTORS.exists():
        pytest.skip(f"{VECTORS} is not there")
    vectors = [
        vector
        for vector in json.loads(VECTORS.read_text("utf-8"))
        if vector["family"] == "iso28560-2-memory" and "1" in vector["expect"]
    ]
    assert vectors
    for vector in vectors:
        assert checker.read_pii(bytes.fromhex(vector["hex"])) == vector["expect"]["1"]["value"], vector["id"]
