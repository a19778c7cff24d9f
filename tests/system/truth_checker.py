"""Compare what the product says (its output folder) with what really happened (the twin's truth.json).

It imports no product code: tags, labels and records are read here once more, by other means.

    python truth_checker.py OUT

prints one line for each disagreement and ends with 1 when there is any.  ``check(OUT)`` gives the lines.
"""

from __future__ import annotations

import csv
import json
import sys
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import zxingcpp

AFI_ON_SHELF = 0x07
"""Application family of a library item that is not on loan (ISO 28560-2)."""

OUTCOMES = {"catalogued": "catalogued", "review": "review", "rejected": "rejected", "missing": "lost"}
"""Outcome of a book, and the count of batch.json that it belongs to."""

_FIELD_END, _RECORD_END, _SUBFIELD = b"\x1e", b"\x1d", "\x1f"


@dataclass(frozen=True)
class Pair:
    """One physical book: the world's line and the product's."""

    truth: dict[str, Any]
    claim: dict[str, Any]

    @property
    def name(self) -> str:
        return f"{self.claim['book']} ({self.truth['book']})"


@dataclass(frozen=True)
class Output:
    """What the product left, as far as it is compared."""

    folder: Path
    batch: dict[str, Any]
    items: list[dict[str, str]]
    tags: list[dict[str, Any]]
    records: list[list[tuple[str, str]]]


def check(out_dir: Path) -> list[str]:
    """Every disagreement between the output folder and its truth.json, one sentence each."""
    truth = json.loads((out_dir / "truth.json").read_text("utf-8"))["books"]
    output = _read(out_dir)
    fed = [book for book in truth if book["track_id"]]
    findings = [*_counts(fed, output.batch)]
    pairs, unpaired = _joined(fed, output.batch["books"])
    findings += unpaired
    findings += _no_number_twice(fed)
    for pair in pairs:
        rules = _CATALOGUED if pair.claim["outcome"] == "catalogued" else _NOT_CATALOGUED
        for rule in rules:
            findings += [f"{pair.name}: {text}" for text in rule(pair, output)]
    return [*findings, *_files(pairs, output)]


def _read(folder: Path) -> Output:
    with (folder / "items.csv").open(encoding="utf-8-sig", newline="") as lines:
        items = list(csv.DictReader(lines))
    return Output(
        folder,
        json.loads((folder / "batch.json").read_text("utf-8")),
        items,
        json.loads((folder / "tags.json").read_text("utf-8")),
        [_fields(record) for record in (folder / "records.mrc").read_bytes().split(_RECORD_END) if record],
    )


# --- counts and pairs ------------------------------------------------------------------------------------


def _counts(fed: list[dict[str, Any]], batch: dict[str, Any]) -> Iterator[str]:
    if batch["books_fed"] != len(fed):
        yield f"{len(fed)} books were fed, batch.json says {batch['books_fed']}"
    if sum(batch[count] for count in OUTCOMES.values()) != batch["books_fed"]:
        yield "the outcomes of batch.json do not add up to books_fed"
    counted = Counter(book["outcome"] for book in batch["books"])
    for outcome, count in OUTCOMES.items():
        if counted[outcome] != batch[count]:
            yield f"batch.json lists {counted[outcome]} books as {outcome} and counts {batch[count]}"
    if unknown := set(counted) - set(OUTCOMES):
        yield f"batch.json has outcomes that nobody knows: {', '.join(sorted(unknown))}"
    for never in ("duplicates_of_barcode", "proofs_failed"):
        if batch[never]:
            yield f"batch.json admits {never}: {batch[never]}"


def _joined(fed: list[dict[str, Any]], claims: list[dict[str, Any]]) -> tuple[list[Pair], list[str]]:
    """Books by the TrackId under which they were fed."""
    by_track: dict[int, list[dict[str, Any]]] = {}
    for claim in claims:
        by_track.setdefault(claim.get("track_id", 0), []).append(claim)
    pairs, findings = [], []
    for truth in fed:
        found = by_track.pop(truth["track_id"], [])
        if len(found) != 1:
            findings.append(f"{truth['book']} has {len(found)} outcomes in batch.json")
        pairs += [Pair(truth, claim) for claim in found]
    for rest in by_track.values():
        findings += [f"{claim['book']} was never fed" for claim in rest]
    return pairs, findings


def _no_number_twice(fed: list[dict[str, Any]]) -> Iterator[str]:
    carriers = Counter(number for book in fed for number in {label["barcode"] for label in book["labels"]})
    for number, books in carriers.items():
        if number and books > 1:
            yield f"barcode {number} stands on {books} books"
    uids = Counter(book["tag"]["uid"] for book in fed if book["tag"])
    for uid, books in uids.items():
        if books > 1:
            yield f"tag {uid} is in {books} books"


# --- a catalogued book -----------------------------------------------------------------------------------


def _right_labels(pair: Pair, output: Output) -> Iterator[str]:
    number = pair.claim["barcode"]
    seen = [label["barcode"] for label in pair.truth["labels"]]
    printed = _label_files(output.folder, number)
    if not seen:
        yield "catalogued without a barcode label on it"
    for other in seen:
        if other != number:
            yield f"carries the label {other or '(unreadable)'} and is catalogued as {number}"
    if len(seen) != len(printed):
        yield f"carries {len(seen)} barcode labels where labels/ has {len(printed)}"
    for path in printed:
        if _decoded(path) != {number}:
            yield f"{path.name} decodes to {', '.join(sorted(_decoded(path))) or 'nothing'}"
    if len(pair.truth["spine_labels"]) != 1:
        yield f"carries {len(pair.truth['spine_labels'])} spine labels"
    if not (output.folder / "labels" / f"{number}-spine.png").exists():
        yield f"labels/{number}-spine.png is missing"


def _right_tag(pair: Pair, output: Output) -> Iterator[str]:
    tag, claim = pair.truth["tag"], pair.claim
    if tag is None:
        yield "catalogued without a tag in it"
        return
    pii = read_pii(bytes.fromhex(tag["hex"]))
    if pii != claim["barcode"] or claim["tag_pii"] != claim["barcode"]:
        yield f"tag says {pii}, batch.json {claim['tag_pii']}, the label {claim['barcode']}"
    if tag["afi"] != AFI_ON_SHELF:
        yield f"tag has AFI {tag['afi']:02X}"
    if tag["uid"] != claim["tag_uid"]:
        yield f"holds tag {tag['uid']}, batch.json says {claim['tag_uid']}"
    listed = [entry for entry in output.tags if entry["uid"] == tag["uid"]]
    if len(listed) != 1:
        yield f"tags.json lists tag {tag['uid']} {len(listed)} times"
    for entry in listed:
        if not _same_memory(entry["hex"], tag["hex"]):
            yield "tags.json has other bytes than the tag"


def _right_bin(pair: Pair, _output: Output) -> Iterator[str]:
    if pair.truth["bin"] is None:
        yield f"is {pair.claim['outcome']} but stands in {pair.truth['place']}"
    elif pair.truth["bin"] != pair.claim["bin"]:
        yield f"lies in bin {pair.truth['bin']}, batch.json says {pair.claim['bin']}"


def _right_book(pair: Pair, _output: Output) -> Iterator[str]:
    if pair.truth["isbn"] and pair.claim["isbn"] != pair.truth["isbn"]:
        yield f"is {pair.truth['isbn']} and was catalogued as {pair.claim['isbn']}"
    if not pair.truth["stamped"]:
        yield "catalogued without a stamp"
    if any(event["kind"] == "planted" for event in pair.truth["events"]):
        yield "was released with the planted wrong mark"


def _right_record(pair: Pair, output: Output) -> Iterator[str]:
    number, isbn = pair.claim["barcode"], pair.truth["isbn"]
    holding = [record for record in output.records if any(number in value for _, value in record)]
    if len(holding) != 1:
        yield f"{len(holding)} records hold item {number}"
        return
    isbns = {_isbn13(value) for tag, value in holding[0] if tag in ("020", "010")}
    if isbn and isbns and isbn not in isbns:
        yield f"the record of item {number} has ISBN {', '.join(sorted(isbns))}, the book {isbn}"


# --- a book that went to a person, or is gone --------------------------------------------------------------


def _no_live_mark(pair: Pair, _output: Output) -> Iterator[str]:
    named = {*pair.claim.get("voided", ()), *_words(pair.claim.get("reason") or "")}
    marks = {label["barcode"] for label in pair.truth["labels"]} - {""}
    if pair.truth["tag"] is not None:
        pii = read_pii(bytes.fromhex(pair.truth["tag"]["hex"]))
        marks |= {pii} if pii else set()
    for mark in sorted(marks - named):
        yield f"is {pair.claim['outcome']} and carries {mark}, which batch.json neither voids nor names"
    if pair.claim["barcode"] in marks:
        yield f"is {pair.claim['outcome']} and its number {pair.claim['barcode']} is still live"


def _where_it_is(pair: Pair, output: Output) -> Iterator[str]:
    if pair.claim["outcome"] != "missing":
        yield from _right_bin(pair, output)
    elif pair.truth["bin"] is not None:
        yield f"is called missing and lies in bin {pair.truth['bin']}"


_CATALOGUED = (_right_labels, _right_tag, _right_bin, _right_book, _right_record)
_NOT_CATALOGUED = (_no_live_mark, _where_it_is)


# --- files -------------------------------------------------------------------------------------------------


def _files(pairs: list[Pair], output: Output) -> Iterator[str]:
    released = Counter(pair.claim["barcode"] for pair in pairs if pair.claim["outcome"] == "catalogued")
    listed = Counter(item["barcode"] for item in output.items)
    for number in sorted((released - listed).elements()):
        yield f"items.csv has no line for {number}"
    for number in sorted((listed - released).elements()):
        yield f"items.csv has {number}, which is on no catalogued book"
    for pair in pairs:
        for item in output.items:
            if pair.claim["outcome"] == "catalogued" and item["barcode"] == pair.claim["barcode"]:
                for key in ("call_number", "bin"):
                    if (item[key] or None) != pair.claim[key]:
                        yield f"{pair.name}: items.csv has {key} {item[key]}, batch.json {pair.claim[key]}"


def _label_files(folder: Path, number: str) -> list[Path]:
    found = [folder / "labels" / f"{number}.png", *sorted((folder / "labels").glob(f"{number}-*.png"))]
    return [path for path in found if path.exists() and not path.stem.endswith("-spine")]


def _decoded(path: Path) -> set[str]:
    image = cv2.imread(str(path), cv2.IMREAD_GRAYSCALE)
    framed = cv2.copyMakeBorder(image, 40, 40, 40, 40, cv2.BORDER_CONSTANT, value=(255,))
    codes = zxingcpp.read_barcodes(cv2.resize(framed, None, fx=2, fy=2, interpolation=cv2.INTER_NEAREST))
    return {
        code.text.strip("ABCDabcd") if code.format == zxingcpp.BarcodeFormat.Codabar else code.text
        for code in codes
    }


def _same_memory(one: str, other: str) -> bool:
    """Equal but for zero bytes at the end, which are empty memory."""
    return bytes.fromhex(one).rstrip(b"\0") == bytes.fromhex(other).rstrip(b"\0")


def _words(text: str) -> set[str]:
    cleaned = "".join(letter if letter.isalnum() else " " for letter in text)
    return set(cleaned.split())


# --- ISO 2709 ----------------------------------------------------------------------------------------------


def _fields(record: bytes) -> list[tuple[str, str]]:
    """Tag and subfield values of a record, by its directory (ISO 2709: leader 24, entries 3 + 4 + 5)."""
    base = int(record[12:17])
    entries = record[24 : base - 1]
    fields = []
    for at in range(0, len(entries) - 11, 12):
        tag, length, start = (
            entries[at : at + 3],
            int(entries[at + 3 : at + 7]),
            int(entries[at + 7 : at + 12]),
        )
        text = record[base + start : base + start + length].rstrip(_FIELD_END).decode("utf-8")
        parts = text.split(_SUBFIELD)[1:] or [f"_{text}"]
        fields += [(tag.decode("ascii"), part[1:]) for part in parts]
    return fields


def _isbn13(text: str) -> str:
    """An ISBN without hyphens or qualifier, as 13 digits (ISO 2108: 978 and a new check digit)."""
    digits = "".join(letter for letter in text.split("(")[0] if letter.isalnum())
    if len(digits) != 10:
        return digits
    body = f"978{digits[:9]}"
    total = sum(int(digit) * (3 if place % 2 else 1) for place, digit in enumerate(body))
    return body + str(-total % 10)


# --- ISO 28560-2 -------------------------------------------------------------------------------------------


def read_pii(memory: bytes) -> str:
    """The primary item identifier (OID 1) in the user memory of a tag, "" when there is none.

    Element: precursor (bit 7 padding, bits 6-4 compaction, bits 3-0 OID), for OID 15 and above a further
    byte, a byte with the number of padding bytes when bit 7 is set, length, data, padding.
    """
    at = 0
    while at < len(memory) and memory[at] != 0x00:
        precursor = memory[at]
        at += 1
        if precursor == 0x80:
            continue
        oid, compaction = precursor & 0x0F, precursor >> 4 & 0x07
        if oid == 0x0F:
            at += 1
        padding = 0
        if precursor & 0x80:
            padding, at = memory[at], at + 1
        length, at = memory[at], at + 1
        data = memory[at : at + length]
        at += length + padding
        if oid == 1:
            return _expanded(compaction, data)
    return ""


def _expanded(compaction: int, data: bytes) -> str:
    if compaction == 1:
        return str(int.from_bytes(data, "big"))
    if compaction == 2:
        return data.hex().rstrip("f")
    if compaction in (3, 4, 5):
        return _packed(compaction + 2, data)
    return data.decode("utf-8" if compaction == 7 else "latin-1")


def _packed(width: int, data: bytes) -> str:
    """Characters of 5, 6 or 7 bits; what does not fill a character, or is its padding, is dropped."""
    bits = "".join(f"{byte:08b}" for byte in data)
    codes = [int(bits[at : at + width], 2) for at in range(0, len(bits) - width + 1, width)]
    if width == 5:
        return "".join(chr(code | 0x40) for code in codes if code)
    if width == 7:
        return "".join(chr(code) for code in codes if code != 0x7F)
    if codes and codes[-1] == 0b100000:
        codes.pop()
    return "".join(chr(code if code & 0b100000 else code | 0x40) for code in codes)


def main(arguments: list[str]) -> int:
    """Print the findings for one output folder."""
    if len(arguments) != 1:
        print("usage: python truth_checker.py OUT", file=sys.stderr)
        return 2
    findings = check(Path(arguments[0]))
    print("\n".join(findings) or "the outputs agree with the truth")
    return 1 if findings else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
