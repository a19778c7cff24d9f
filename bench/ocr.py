#!/usr/bin/env python3
"""Reading pages: the workcell beside Tesseract alone and RapidOCR as it comes.

Run from the checkout with the project's Python: .venv/bin/python bench/ocr.py --help
Every reader runs in a process of its own, one page after the other.  Fields of the peers' lines are taken by
the same rules as ours, so that what differs is the reading.
"""

# ruff: noqa: E501 - tables
from __future__ import annotations

import argparse
import json
import multiprocessing
import os
import random
import resource
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

sys.path[:0] = [str(Path(__file__).resolve().parents[1]), str(Path(__file__).resolve().parent)]
os.environ.setdefault("OMP_THREAD_LIMIT", "1")

import cv2  # noqa: E402
import numpy as np  # noqa: E402
import pages  # noqa: E402

import vision  # noqa: E402
from vision.copyright import read_copyright_page  # noqa: E402
from vision.flow import normalise  # noqa: E402
from vision.reading import PageLine, rows  # noqa: E402
from vision.titlepage import read_title_page  # noqa: E402
from workcell.kernel.evidence import Fields  # noqa: E402

DECIDING = ("isbn", "title", "publisher", "class", "cip_number")
"""Fields with a target: 99 % exact at moderate, 95 % at heavy degradation."""


@dataclass(frozen=True)
class Case:
    """One picture with its truth."""

    file: str
    text: str
    fields: dict[str, Any]
    group: str
    is_title: bool = False


@dataclass
class Result:
    """What one reader made of one picture."""

    case: Case
    text: str
    fields: dict[str, Any]
    ms: float


@dataclass
class Run:
    """One reader's results, with the memory of its process in megabytes."""

    name: str
    results: list[Result] = field(default_factory=list)
    megabytes: float = 0.0
    loading_s: float = 0.0


# --- readers -------------------------------------------------------------------------------------------


def _workcell() -> Callable[[Case], tuple[list[str], Fields]]:
    vision.prepare()

    def read(case: Case) -> tuple[list[str], Fields]:
        seen = vision.look(Path(case.file), view="page", purpose="transcribe")
        return [line.text for line in seen.lines], seen.fields

    return read


def _rapidocr() -> Callable[[Case], tuple[list[str], Fields]]:
    from rapidocr import RapidOCR

    engine = RapidOCR(params={"Global.log_level": "error"})
    engine(np.full((64, 320, 3), 255, np.uint8))

    def read(case: Case) -> tuple[list[str], Fields]:
        image = cv2.imread(case.file)
        found = engine(image)
        if found.boxes is None:
            return [], {}
        pieces = [
            _line(text, score, corners[:, 0].min(), corners[:, 1].min(), np.ptp(corners[:, 0]), np.ptp(corners[:, 1]), image)
            for text, score, corners in zip(found.txts, found.scores, found.boxes, strict=True)
        ]  # fmt: skip
        return _fields(rows(pieces), case, image)

    return read


def _tesseract() -> Callable[[Case], tuple[list[str], Fields]]:
    import pytesseract

    def read(case: Case) -> tuple[list[str], Fields]:
        image = cv2.imread(case.file)
        languages = "chi_sim+eng" if any("\u3400" <= c <= "\u9fff" for c in case.text) else "eng"
        data = pytesseract.image_to_data(
            cv2.cvtColor(image, cv2.COLOR_BGR2RGB), lang=languages, config="--psm 6", output_type="dict"
        )
        lines: dict[tuple[int, int, int], list[int]] = {}
        for at, text in enumerate(data["text"]):
            if text.strip():
                lines.setdefault(
                    (data["block_num"][at], data["par_num"][at], data["line_num"][at]), []
                ).append(at)
        pieces = []
        for words in lines.values():
            x, y = min(data["left"][w] for w in words), min(data["top"][w] for w in words)
            right = max(data["left"][w] + data["width"][w] for w in words)
            foot = max(data["top"][w] + data["height"][w] for w in words)
            score = statistics.mean(float(data["conf"][w]) for w in words) / 100
            pieces.append(
                _line(" ".join(data["text"][w] for w in words), score, x, y, right - x, foot - y, image)
            )
        return _fields(pieces, case, image)

    return read


READERS = {"workcell": _workcell, "RapidOCR as it comes": _rapidocr, "Tesseract alone": _tesseract}


def _line(text: str, score: float, x: float, y: float, w: float, h: float, image: np.ndarray) -> PageLine:
    unit = 1000 / max(image.shape[:2])
    frame = (x * unit, y * unit, w * unit, h * unit)
    return PageLine(text, score, frame, (x, y, w, h), "peer")


def _fields(lines: Sequence[PageLine], case: Case, image: np.ndarray) -> tuple[list[str], Fields]:
    """Fields by the workcell's rules, told which kind of page it is."""
    height = 1000 * image.shape[0] / max(image.shape[:2])
    fields = read_title_page(lines, height) if case.is_title else read_copyright_page(lines)
    return [line.text for line in lines], fields


# --- cases ---------------------------------------------------------------------------------------------


def drawn(folder: Path, each: int, seed: int, levels: Sequence[int]) -> list[Case]:
    """Pages that the bench draws itself."""
    cases = []
    for level in levels:
        for path, sheet in pages.write(folder, each, seed, level):
            is_title = sheet.kind.startswith("title")
            cases.append(Case(str(path), sheet.text, sheet.fields, pages.LEVELS[level], is_title))
    return cases


def given(folder: Path, truth: Path) -> list[Case]:
    """A user's pictures: a JSON list of ``{"file", "text", "fields"}``; ``level`` and ``kind`` are optional."""
    cases = []
    for entry in json.loads(truth.read_text("utf-8")):
        fields = dict(entry.get("fields", {}))
        group = str(entry.get("level", "given"))
        is_title = str(entry.get("kind", "")).startswith("title")
        cases.append(Case(str(folder / entry["file"]), entry.get("text", ""), fields, group, is_title))
    return cases


# --- measuring -----------------------------------------------------------------------------------------


def run_reader(name: str, cases: Sequence[Case]) -> Run:
    """Read all cases in this process; made to be run in a fresh one."""
    _give_threads(1)
    start = time.perf_counter()
    read = READERS[name]()
    run = Run(name, loading_s=time.perf_counter() - start)
    for case in cases:
        start = time.perf_counter()
        texts, fields = read(case)
        run.results.append(Result(case, "".join(texts), _plain(fields), (time.perf_counter() - start) * 1000))
    run.megabytes = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return run


def growth(cases: Sequence[Case], count: int) -> list[tuple[int, float]]:
    """Resident megabytes of one process after every tenth of ``count`` pages."""
    _give_threads(1)
    read = _workcell()
    step, seen = max(count // 10, 1), []
    for number in range(1, count + 1):
        read(cases[number % len(cases)])
        if number % step == 0:
            pages_held = int(Path("/proc/self/statm").read_text().split()[1])
            seen.append((number, pages_held * os.sysconf("SC_PAGE_SIZE") / 2**20))
    return seen


def throughput(cases: Sequence[Case], workers: int) -> float:
    """Pages a minute with so many processes, models loaded beforehand."""
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(workers, mp_context=context, initializer=_load, initargs=(workers,)) as pool:
        list(pool.map(_read_loaded, cases[: 2 * workers]))
        start = time.perf_counter()
        list(pool.map(_read_loaded, cases))
        return 60 * len(cases) / (time.perf_counter() - start)


_loaded: list[Callable[[Case], tuple[list[str], Fields]]] = []


def _give_threads(workers: int) -> None:
    """The processor's cores shared out among so many processes."""
    os.environ["WORKCELL_OCR_THREADS"] = str(max(1, (os.cpu_count() or 1) // workers))


def _load(workers: int) -> None:
    _give_threads(workers)
    _loaded.append(_workcell())


def _read_loaded(case: Case) -> int:
    return len(_loaded[0](case)[0])


def _plain(fields: Fields) -> dict[str, Any]:
    """Fields in the form of the truth."""
    forms = {"class": lambda v: f"{v.scheme}:{v.normalised}", "names": lambda v: f"{v.value}|{v.role}"}
    plain: dict[str, Any] = {}
    for name, found in fields.items():
        if isinstance(found, list):
            form = forms.get(name, lambda v: v.normalised or v.value)
            plain[name] = [form(value) for value in found]
        else:
            plain[name] = found.normalised or found.value
    return plain


# --- scores --------------------------------------------------------------------------------------------


def error_rate(read: str, truth: str) -> float:
    """Character errors (insertions, deletions, substitutions) over the truth's length, without blanks."""
    one, other = "".join(read.split()), "".join(truth.split())
    if not other:
        return float(bool(one))
    before = np.arange(len(other) + 1)
    letters = np.array([ord(c) for c in other])
    for number, letter in enumerate(one, 1):
        cost = np.minimum(before[1:] + 1, before[:-1] + (letters != ord(letter)))
        now = np.concatenate(([number], cost))
        # Insertions run along the row: a running minimum of value minus place.
        now = np.minimum.accumulate(now - np.arange(len(now))) + np.arange(len(now))
        before = now
    return float(before[-1]) / len(other)


def is_exact(name: str, read: Any, truth: Any) -> bool:
    """Whether a field says what the truth says, without regard to blanks, case and punctuation."""
    if name == "isbn":
        return set(_list(read)) == set(_list(truth))
    return [_compact(v) for v in _list(read)] == [_compact(v) for v in _list(truth)]


def _list(value: Any) -> list[str]:
    return value if isinstance(value, list) else [] if value is None else [value]


def _compact(text: str) -> str:
    return normalise(text).replace(" ", "")


def _field_scores(run: Run, group: str, names: Sequence[str] | None) -> tuple[int, int, int]:
    """Exact, present in truth, invented."""
    exact = present = invented = 0
    for result in run.results:
        if result.case.group != group:
            continue
        for name in set(result.case.fields) | set(result.fields):
            if name not in COMPARED or (names is not None and name not in names):
                continue
            if name not in result.case.fields:
                invented += 1
                continue
            present += 1
            exact += is_exact(name, result.fields.get(name), result.case.fields[name])
    return exact, present, invented


COMPARED = frozenset((*DECIDING, "subtitle", "names", "edition", "printing", "place", "year", "price", "lccn", "series", "pages"))  # fmt: skip


def report(runs: Sequence[Run]) -> Iterator[str]:
    """The table, one line a reader and group, with ratios to the workcell's time."""
    ours = next((run for run in runs if run.name == "workcell"), runs[0])
    yield "| pages | reader | CER % | ISBN, title, publisher, class, CIP exact | all fields exact | invented | ms (median) | time ratio | MB |"
    yield "|---|---|---|---|---|---|---|---|---|"
    for group in dict.fromkeys(result.case.group for result in runs[0].results):
        base = statistics.median(r.ms for r in ours.results if r.case.group == group)
        for run in runs:
            mine = [r for r in run.results if r.case.group == group]
            errors = statistics.mean(error_rate(r.text, r.case.text) for r in mine)
            key, of_key, _ = _field_scores(run, group, DECIDING)
            exact, present, invented = _field_scores(run, group, None)
            ms = statistics.median(r.ms for r in mine)
            yield (
                f"| {group} ({len(mine)}) | {run.name} | {100 * errors:.2f} | {key}/{of_key} ({key / max(of_key, 1):.1%}) | "
                f"{exact}/{present} ({exact / max(present, 1):.1%}) | {invented} | {ms:.0f} | {ms / base:.2f} | {run.megabytes:.0f} |"
            )


def main() -> None:
    """Draw or take the pages, run the readers, print the tables."""
    asked = _arguments()
    context = multiprocessing.get_context("spawn")
    with tempfile.TemporaryDirectory() as folder:
        if asked.folder:
            cases = given(asked.folder, asked.truth)
        else:
            cases = drawn(
                Path(folder), asked.each, asked.seed, [pages.LEVELS.index(level) for level in asked.levels]
            )
        runs = []
        for name in asked.readers:
            with ProcessPoolExecutor(1, mp_context=context) as fresh:
                runs.append(fresh.submit(run_reader, name, cases).result())
        print("\n".join(report(runs)))
        shuffled = random.Random(asked.seed).sample(cases, len(cases))
        for workers in asked.workers:
            speed = throughput(shuffled[: asked.throughput_pages], workers)
            print(f"\npages a minute with {workers} worker{'s' * (workers > 1)}: {speed:.1f}")
        if asked.memory_pages:
            with ProcessPoolExecutor(1, mp_context=context) as fresh:
                seen = fresh.submit(growth, shuffled, asked.memory_pages).result()
            print("\nmemory (MB after pages): " + ", ".join(f"{mb:.0f} after {n}" for n, mb in seen))
            half = seen[len(seen) // 2]
            print(
                f"growth over the second half: {seen[-1][1] - half[1]:+.1f} MB in {seen[-1][0] - half[0]} pages"
            )


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "--each", type=int, default=2, help="pages of each kind and level (there are 20 kinds)"
    )
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--levels", nargs="+", choices=pages.LEVELS, default=["clean", "moderate", "heavy"])
    parser.add_argument("--readers", nargs="+", choices=list(READERS), default=list(READERS))
    parser.add_argument("--workers", nargs="*", type=int, default=[1, 2])
    parser.add_argument("--throughput-pages", type=int, default=40)
    parser.add_argument(
        "--memory-pages", type=int, default=300, help="10000 for the full measurement, 0 for none"
    )
    parser.add_argument("--folder", type=Path, help="read these pictures instead of drawing pages")
    parser.add_argument("--truth", type=Path, help='with --folder: JSON list of {"file", "text", "fields"}')
    asked = parser.parse_args()
    if bool(asked.folder) != bool(asked.truth):
        parser.error("--folder and --truth go together")
    return asked


if __name__ == "__main__":
    main()
