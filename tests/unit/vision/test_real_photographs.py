"""Samples of real photographs that lie beside the checkout; skipped where they are missing."""

import csv
import json
import re

import pytest

from vision import identify, load, look, read_barcodes


def _rows(folder, step=1, first=0):
    with (folder / "truth.csv").open() as file:
        rows = [row for row in csv.DictReader(file) if (folder / row["file"]).exists()]
    return rows[first::step]


def _retail(path):
    codes = [c for c in read_barcodes(load(path)) if c.accepted]
    return {f"0{c.text}" if c.format == "UPCA" else c.text for c in codes}


@pytest.mark.parametrize("folder", ["zxing_ean13-1", "zxing_ean13-3"])
def test_barcode_photographs_are_read_and_none_wrongly(photographs, folder):
    rows = _rows(photographs / folder, step=3)
    read = {row["file"]: _retail(photographs / folder / row["file"]) for row in rows}
    wrong = {row["file"]: read[row["file"]] for row in rows if not read[row["file"]] <= {row["expected"]}}
    assert wrong == {}
    assert sum(map(bool, read.values())) >= len(rows) - 1


def test_what_is_no_barcode_is_not_read_as_one(photographs):
    folder = photographs / "zxing_falsepositives"
    assert {row["file"]: found for row in _rows(folder) if (found := _retail(folder / row["file"]))} == {}


def test_add_ons_are_read_and_none_wrongly(photographs):
    folder = photographs / "jldevops_book_backs"
    rows = [row for row in _rows(folder, step=2) if row["addon"].isdigit()]
    read = {
        row["file"]: next(
            (c.addon for c in read_barcodes(load(folder / row["file"])) if c.text == row["expected"]), None
        )
        for row in rows
    }
    assert {
        f: a for f, a in read.items() if a not in (None, *(r["addon"] for r in rows if r["file"] == f))
    } == {}
    assert sum(a is not None for a in read.values()) >= 0.8 * len(rows)


def test_backs_of_books_are_identified_and_none_wrongly(photographs):
    folder = photographs / "jldevops_book_backs"
    rows = _rows(folder, step=4)
    wrong, unknown = [], []
    for row in rows:
        isbn = identify([folder / row["file"]]).isbn
        expected = row["expected"] or row["isbn_text"]
        if isbn is not None and isbn.accepted and isbn.value != expected:
            wrong.append(row["file"])
        if expected and (isbn is None or isbn.value != expected):
            unknown.append(row["file"])
    assert (wrong, unknown) == ([], [])


def _bare(text):
    return re.sub(r"[\W_]+", "", text).lower()


def test_copyright_pages_give_their_fields(photographs):
    folder = photographs / "rendered_pages"
    truth = [
        page for page in json.loads((folder / "truth.json").read_text("utf-8")) if page["level"] in (1, 3)
    ]
    missed = []
    for page in truth[::2]:
        fields = look(folder / page["file"], view="page").fields
        text = {name: value.value for name, value in fields.items() if not isinstance(value, list)}
        got = {
            "title": _bare(text.get("title", "") + text.get("subtitle", "")),
            "publisher": _bare(text.get("publisher", "")),
            "isbn": next((v.normalised for v in fields.get("isbn", [])), ""),
            "cip": fields["cip_number"].normalised if "cip_number" in fields else "",
            "clc": next((v.value for v in fields.get("class", []) if v.scheme == "clc"), ""),
        }
        for name in got.keys() & page["fields"].keys():
            want = page["fields"][name]
            if got[name] != (_bare(want) if name in ("title", "publisher") else want):
                missed.append((page["file"], name, got[name]))
    assert missed == []
