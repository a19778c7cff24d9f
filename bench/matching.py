#!/usr/bin/env python3
"""Telling duplicates: this project beside the Gold Rush key (PyPI ``goldrush``), in one run.

    .venv/bin/python bench/matching.py                       pairs made from a seed
    .venv/bin/python bench/matching.py --pairs FOLDER        a.mrc(.gz), b.mrc(.gz), labels.csv
    .venv/bin/python bench/matching.py --pairs FOLDER --unseen

``--unseen`` trains anew, five times, and scores each pair by a model that saw none of its records: the honest
figure where the folder is the one that the model was trained on (needs the dev extra).  labels.csv has the
columns pair (counting from 0) and same (1 or 0).
"""

from __future__ import annotations

import argparse
import csv
import os
import random
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

os.environ.setdefault("OMP_NUM_THREADS", "1")
ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(Path(__file__).parent), str(ROOT / "script")]

import goldrush  # noqa: E402
from catalogue_records import titles  # noqa: E402
from pymarc import Record  # noqa: E402

from marc.calibrating import interval  # noqa: E402
from marc.fields import control_field, data_field  # noqa: E402
from marc.reading import read_records  # noqa: E402
from marc.record_pairs import compare_records, default_threshold  # noqa: E402


@dataclass(frozen=True)
class Pair:
    """Two records, and whether they describe one book."""

    one: Record
    other: Record
    same: bool


def main() -> None:
    """Compare every pair both ways and print the table."""
    options = _options()
    pairs = _given(options.pairs) if options.pairs else _made(options.count, options.seed)
    said: dict[str, tuple[list[bool], float]] = {
        "Gold Rush key": _timed(pairs, _by_key),
        "ours": _timed(pairs, lambda pair: compare_records(pair.one, pair.other).same()),
        "ours, --few-false": _timed(
            pairs, lambda pair: compare_records(pair.one, pair.other).same(default_threshold("few_false"))
        ),
    }
    if options.unseen:
        said |= _unseen(options.pairs)
    print(f"{len(pairs)} pairs, {sum(pair.same for pair in pairs)} of them the same book; intervals 95 %\n")
    print(
        "| method | accuracy | recall | false positives | pairs/s | × Gold Rush |\n|---|---|---|---|---|---|"
    )
    base = said["Gold Rush key"][1]
    for name, (answers, speed) in said.items():
        print(_row(name, answers, [pair.same for pair in pairs], speed, base))


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--pairs", type=Path, help="a folder of labelled pairs")
    parser.add_argument("--unseen", action="store_true", help="score by models that saw none of the pair")
    parser.add_argument("--count", type=int, default=2000, help="how many pairs to make")
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    if given.unseen and not given.pairs:
        parser.error("--unseen needs --pairs")
    return given


# --- methods ---------------------------------------------------------------------------------------------


def _timed(pairs: Sequence[Pair], same: Callable[[Pair], bool]) -> tuple[list[bool], float]:
    """What a method says of each pair, and pairs a second of processor time."""
    begin = time.process_time()
    answers = [same(pair) for pair in pairs]
    return answers, len(pairs) / max(1e-9, time.process_time() - begin)


def _by_key(pair: Pair) -> bool:
    return goldrush.goldrush(pair.one) == goldrush.goldrush(pair.other)


def _unseen(folder: Path) -> dict[str, tuple[list[bool], float]]:
    """Answers by models of folds of whole clusters; the stricter one cut at 0.2 % false of the same folds."""
    from training import fitting
    from training import pairs as training

    table, labels, groups = training.load(folder)
    odds = fitting.out_of_fold(table, labels, groups, training.recipe())[0]
    scale, shift = fitting.calibrate(odds, labels)
    scores = fitting.probability(scale * odds + shift)
    strict = training.cut(scores, labels)
    return {
        "ours, unseen clusters": ([bool(s >= default_threshold()) for s in scores], 0.0),
        "ours, unseen, cut at 0.2 % false": ([bool(s >= strict) for s in scores], 0.0),
    }


# --- pairs -----------------------------------------------------------------------------------------------


def _given(folder: Path) -> list[Pair]:
    """The labelled pairs of a folder; pairs with an unreadable record are left out."""
    sides = []
    for side in "ab":
        path = next(path for path in sorted(folder.glob(f"{side}.*")))
        sides.append([result.record for result in read_records(path)])
    with (folder / "labels.csv").open(encoding="utf-8", newline="") as file:
        rows = [(int(row["pair"]), row["same"] == "1") for row in csv.DictReader(file)]
    return [Pair(sides[0][n], sides[1][n], same) for n, same in rows if sides[0][n] and sides[1][n]]


def _made(count: int, seed: int) -> list[Pair]:
    """Half the same book by two hands; half another edition, volume, or book of the author."""
    rng = random.Random(seed)
    made = []
    held = list(titles(count, seed))
    for number, title in enumerate(held):
        press, year, pages = (
            f"Press of {held[number - 1].author}",
            rng.randint(1920, 2020),
            rng.randint(60, 700),
        )
        book = _Book(title.title, title.author, press, year, pages)
        if number % 2:
            made.append(Pair(book.by_one_hand(), book.by_another_hand(rng), True))
        else:
            other = book.another(held[number - 2].title, rng)
            made.append(Pair(book.by_one_hand(), other.by_another_hand(rng), False))
    return made


@dataclass(frozen=True)
class _Book:
    title: str
    author: str
    publisher: str
    year: int
    pages: int
    edition: str = ""
    volume: str = ""

    def another(self, title: str, rng: random.Random) -> _Book:
        """A book that could be taken for this one."""
        year = self.year + rng.choice((-8, -4, -3, 3, 4, 8))
        pages = max(10, self.pages + rng.choice((-80, -30, 30, 80)))
        return rng.choice((
            _Book(self.title, self.author, self.publisher, year, pages, edition="Second edition"),
            _Book(self.title, self.author, self.publisher, self.year, pages, volume="Volume 2"),
            _Book(title, self.author, self.publisher, self.year, pages),
        ))  # fmt: skip

    def by_one_hand(self) -> Record:
        """A full record, punctuated as ISBD asks."""
        return self._record(self.title, f"{self.author},", f"New York :,{self.publisher},", f"c{self.year}.",
                            f"xii, {self.pages} pages ;")  # fmt: skip

    def by_another_hand(self, rng: random.Random) -> Record:
        """The same book catalogued elsewhere: abbreviations, a slip of the pen, a field left out."""
        title = self.title
        if rng.random() < 0.3:
            at = rng.randrange(len(title))
            title = title[:at] + title[at + 1 :]
        if rng.random() < 0.3:
            title = title.title()
        author = self.author if rng.random() < 0.7 else f"{self.author}, 1901-"
        publisher = self.publisher.replace("Press", "Pr.") if rng.random() < 0.4 else self.publisher
        extent = f"{self.pages} p." if rng.random() < 0.8 else ""
        return self._record(title, author, f"New York,,{publisher}", f"[{self.year}]", extent)

    def _record(self, title: str, author: str, imprint: str, year: str, extent: str) -> Record:
        place, _, publisher = imprint.partition(",,") if ",," in imprint else imprint.partition(",")
        record = Record()
        record.fields = [
            control_field("008", f"850101s{self.year}    nyu           000 0 eng d"),
            data_field("100", "1 ", [("a", author)]),
            data_field("245", "10", [("a", title), ("n", self.volume)]),
            data_field("250", "  ", [("a", self.edition)]),
            data_field("260", "  ", [("a", place), ("b", publisher), ("c", year)]),
            data_field("300", "  ", [("a", extent), ("c", "23 cm")]),
        ]
        record.fields = [field for field in record.fields if field.control_field or field.subfields]
        return record


# --- table -----------------------------------------------------------------------------------------------


def _row(name: str, answers: Sequence[bool], labels: Sequence[bool], speed: float, base: float) -> str:
    right = sum(said == true for said, true in zip(answers, labels, strict=True))
    found = sum(said and true for said, true in zip(answers, labels, strict=True))
    false = sum(said and not true for said, true in zip(answers, labels, strict=True))
    same = sum(labels)
    shares = ((right, len(labels)), (found, same), (false, len(labels) - same))
    told = " | ".join(f"{hits / max(1, of):.4f} ({_span(hits, of)})" for hits, of in shares)
    pace = f"{speed:,.0f} | {speed / base:.2f}" if speed else " | "
    return f"| {name} | {told} | {pace} |"


def _span(hits: int, of: int) -> str:
    low, high = interval(hits, of)
    return f"{low:.4f} to {high:.4f}"


if __name__ == "__main__":
    main()
