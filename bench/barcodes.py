#!/usr/bin/env python3
"""How well and how fast the barcodes of book backs are read, beside decoders on their own.

    .venv/bin/python bench/barcodes.py [--full] [--json FILE]
    .venv/bin/python bench/barcodes.py --folder DIR --truth FILE.csv

Without a folder the pictures are drawn (see symbols.py).  The truth file is CSV with the columns ``file``
(below DIR), ``expected`` (EAN-13, empty where nothing may be read) and, if known, ``addon`` (two or five
digits; anything else is not counted).  A reading is wrong when it is another EAN-13 than expected, unless it
is known to be that of a book beside.  Times are processor time on decoded grey pictures; MB is the most
that a process with that reader alone ever held.
"""

from __future__ import annotations

import argparse
import csv
import json
import multiprocessing
import resource
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import median

import cv2
import numpy as np
import symbols

SEED = 20260101
EACH, EACH_FULL = 4, 20
SIDE, SIDE_FULL = 1600, 4000
Found = list[tuple[str, str]]
"""Numbers read, each with its add-on or ""."""


@dataclass(frozen=True)
class Case:
    """One picture and what is known of it."""

    path: str
    kind: str
    expected: str
    addon: str = ""
    beside: tuple[str, ...] = ()


@dataclass(frozen=True)
class Outcome:
    """What one reader made of one picture."""

    kind: str
    read: bool
    wrong: bool
    addon_due: bool
    addon_read: bool
    addon_wrong: bool
    expected: bool
    ms: float


# --- the readers ---------------------------------------------------------------------------------------


def _ours() -> Callable[[np.ndarray], Found]:
    from vision.barcodes import read_barcodes

    def read(grey: np.ndarray) -> Found:
        codes = [c for c in read_barcodes(grey) if c.accepted and c.format in ("EAN13", "UPCA")]
        return [(c.text.zfill(13), c.addon or "") for c in codes]

    return read


def _zxing() -> Callable[[np.ndarray], Found]:
    import zxingcpp

    def read(grey: np.ndarray) -> Found:
        codes = zxingcpp.read_barcodes(
            grey, formats=[zxingcpp.EAN13], ean_add_on_symbol=zxingcpp.EanAddOnSymbol.Read
        )
        return [(c.text[:13], c.text[13:].strip()) for c in codes if c.text]

    return read


def _zbar() -> Callable[[np.ndarray], Found]:
    from pyzbar import pyzbar

    wanted = [pyzbar.ZBarSymbol.EAN13, pyzbar.ZBarSymbol.EAN5, pyzbar.ZBarSymbol.EAN2]

    def read(grey: np.ndarray) -> Found:
        codes = pyzbar.decode(grey, symbols=wanted)
        addons = [c.data.decode() for c in codes if c.type in ("EAN5", "EAN2")]
        numbers = [c.data.decode() for c in codes if c.type == "EAN13"]
        return [(number, addons[0] if len(addons) == len(numbers) == 1 else "") for number in numbers]

    return read


def _opencv() -> Callable[[np.ndarray], Found]:
    detector = cv2.barcode.BarcodeDetector()

    def read(grey: np.ndarray) -> Found:
        _, texts, kinds, _ = detector.detectAndDecodeWithType(grey)
        pairs = zip(texts or (), kinds or (), strict=False)
        return [(text, "") for text, kind in pairs if kind == "EAN_13"]

    return read


READERS = {"workcell": _ours, "zxing-cpp": _zxing, "zbar": _zbar, "OpenCV": _opencv}


# --- the pictures --------------------------------------------------------------------------------------


def drawn_cases(folder: Path, each: int, side: int) -> Iterator[Case]:
    """Pictures of every way of spoiling, written to ``folder``."""
    rng = np.random.default_rng(SEED)
    for kind in symbols.WAYS:
        for number in range(each):
            drawn = symbols.draw(kind, rng, side)
            path = folder / f"{kind.replace(' ', '-').replace(',', '')}-{number:02}.jpg"
            cv2.imwrite(str(path), drawn.image, [cv2.IMWRITE_JPEG_QUALITY, 90])
            yield Case(str(path), kind, drawn.expected, drawn.addon, drawn.beside)
    step = max(1, 360 // (each * 15))
    straight = symbols.draw("clean", rng, side)
    for degrees in range(0, 360, step):
        path = folder / f"every-angle-{degrees:03}.jpg"
        cv2.imwrite(str(path), symbols.turned(straight.image, degrees))
        yield Case(str(path), "every angle", straight.expected, straight.addon)


def told_cases(folder: Path, truth: Path) -> Iterator[Case]:
    """The pictures that a truth file names."""
    with truth.open(newline="", encoding="utf-8") as file:
        for row in csv.DictReader(file):
            addon = row.get("addon") or ""
            yield Case(
                str(folder / row["file"]), folder.name, row["expected"], addon if addon.isdigit() else ""
            )


# --- measuring -----------------------------------------------------------------------------------------


def measure(reader: str, cases: list[Case]) -> tuple[list[Outcome], float]:
    """Outcomes of one reader in this process, and the most megabytes that the process held."""
    read = READERS[reader]()
    read(np.full((400, 400), 255, np.uint8))
    outcomes = []
    for case in cases:
        grey = cv2.imread(case.path, cv2.IMREAD_GRAYSCALE)
        if grey is None:
            raise SystemExit(f"{case.path}: can't be opened as an image")
        start = time.process_time()
        found = read(grey)
        outcomes.append(_judged(case, found, (time.process_time() - start) * 1000))
    return outcomes, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def _judged(case: Case, found: Found, ms: float) -> Outcome:
    numbers = {number for number, _ in found}
    addon = next((addon for number, addon in found if number == case.expected), "")
    return Outcome(
        kind=case.kind,
        read=bool(case.expected) and case.expected in numbers,
        wrong=bool(numbers - {case.expected, *case.beside}),
        addon_due=bool(case.addon),
        addon_read=bool(case.addon) and addon == case.addon,
        addon_wrong=bool(case.addon) and addon not in ("", case.addon),
        expected=bool(case.expected),
        ms=ms,
    )


def _apart(reader: str, cases: list[Case]) -> tuple[list[Outcome], float]:
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        return pool.apply(measure, (reader, cases))


# --- telling -------------------------------------------------------------------------------------------


def summed(reader: str, outcomes: list[Outcome], memory: float) -> dict[str, object]:
    """One row of the table."""
    times = sorted(o.ms for o in outcomes)
    return {
        "reader": reader,
        "pictures": sum(o.expected for o in outcomes),
        "read": sum(o.read for o in outcomes),
        "wrong": sum(o.wrong for o in outcomes),
        "addons": sum(o.addon_due for o in outcomes),
        "addons_read": sum(o.addon_read for o in outcomes),
        "addons_wrong": sum(o.addon_wrong for o in outcomes),
        "median_ms": round(median(times), 1),
        "p95_ms": round(times[min(len(times) - 1, int(0.95 * len(times)))], 1),
        "memory_mb": round(memory),
    }


def print_table(rows: list[dict[str, object]]) -> None:
    """All readers, and how the others compare with the first."""
    heads = ("reader", "read", "wrong", "add-ons", "wrong", "median ms", "p95 ms", "MB", "read x", "ms x")
    print("{:<10} {:>9} {:>6} {:>9} {:>6} {:>10} {:>8} {:>6} {:>7} {:>6}".format(*heads))
    first = rows[0]
    for row in rows:
        read = row["read"] / max(first["read"], 1)
        ms = row["median_ms"] / max(first["median_ms"], 0.1)
        print(
            f"{row['reader']:<10} {row['read']:>4}/{row['pictures']:<4} {row['wrong']:>6} "
            f"{row['addons_read']:>4}/{row['addons']:<4} {row['addons_wrong']:>6} {row['median_ms']:>10} "
            f"{row['p95_ms']:>8} {row['memory_mb']:>6} {read:>7.2f} {ms:>6.2f}"
        )


def print_kinds(results: dict[str, list[Outcome]]) -> None:
    """Read of each kind by each reader."""
    kinds = list(dict.fromkeys(o.kind for o in next(iter(results.values()))))
    print(f"\n{'read (wrong)':<18}" + "".join(f"{reader:>14}" for reader in results))
    for kind in kinds:
        cells = []
        for outcomes in results.values():
            mine = [o for o in outcomes if o.kind == kind]
            wrong = sum(o.wrong for o in mine)
            cells.append(f"{sum(o.read for o in mine)}/{len(mine)}" + (f" ({wrong})" if wrong else ""))
        print(f"{kind:<18}" + "".join(f"{cell:>14}" for cell in cells))


def main() -> None:
    """Draw or find the pictures, measure every reader, print."""
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--full", action="store_true", help=f"{EACH_FULL} pictures of 12 megapixels a kind")
    options.add_argument("--folder", type=Path, help="pictures of your own")
    options.add_argument("--truth", type=Path, help="CSV: file,expected[,addon]; DIR/truth.csv if not given")
    options.add_argument("--json", type=Path, help="write the rows there")
    told = options.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        if told.folder is not None:
            cases = list(told_cases(told.folder, told.truth or told.folder / "truth.csv"))
        else:
            size = (EACH_FULL, SIDE_FULL) if told.full else (EACH, SIDE)
            cases = list(drawn_cases(Path(scratch), *size))
        measured = {reader: _apart(reader, cases) for reader in READERS}
    rows = [summed(reader, *result) for reader, result in measured.items()]
    results = {reader: outcomes for reader, (outcomes, _) in measured.items()}
    print_table(rows)
    if told.folder is None:
        print_kinds(results)
    if told.json is not None:
        kinds = {reader: [asdict(o) for o in outcomes] for reader, outcomes in results.items()}
        told.json.write_text(json.dumps({"rows": rows, "outcomes": kinds}, indent=1))


if __name__ == "__main__":
    main()
