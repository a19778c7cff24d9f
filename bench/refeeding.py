#!/usr/bin/env python3
"""Covers known again among a thousand, near-identical volumes among them: this project beside two plain ways.

Run with the project's Python: ``.venv/bin/python bench/refeeding.py``.  Half of the questions are covers that
are known, photographed again; half are other volumes of known series, which must not be taken for them.
"""

from __future__ import annotations

import argparse
import random
import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).parent))

from cover_scenes import photograph, series

from vision.fingerprint import fingerprint, hamming
from vision.recognised import FaceLook, KnownFaces, _laid_over, face_look

Key = tuple[int, int]
_VOLUMES = 5


def main() -> None:
    """Make the known covers, ask, and print the table."""
    options = _options()
    known: list[tuple[Key, FaceLook]] = []
    unknown: dict[Key, np.ndarray] = {}
    covers: dict[Key, np.ndarray] = {}
    for number in range(options.known // (_VOLUMES - 1)):
        *kept, other = series(number, _VOLUMES)
        unknown[number, _VOLUMES] = other
        for volume, cover in enumerate(kept, 1):
            covers[number, volume] = cover
            known.append(((number, volume), face_look(photograph(cover, 2 * len(known)))))
    rng = random.Random(options.seed)
    asked: list[tuple[Key | None, FaceLook]] = [
        (key, face_look(photograph(covers[key], 10**6 + n)))
        for n, key in enumerate(rng.sample(sorted(covers), options.asked // 2))
    ]
    asked += [
        (None, face_look(photograph(unknown[key], 2 * 10**6 + n)))
        for n, key in enumerate(rng.sample(sorted(unknown), options.asked // 2))
    ]
    print(f"{len(known)} covers known")
    print("| method | known again | not told | wrong | ms, median | p95 |")
    print("|---|---|---|---|---|---|")
    for name, make in _METHODS.items():
        _print(name, make(known), asked)


def _print(
    name: str, find: Callable[[FaceLook], Key | None], asked: list[tuple[Key | None, FaceLook]]
) -> None:
    right = wrong = 0
    times = []
    for truth, look in asked:
        started = time.perf_counter()
        found = find(look)
        times.append((time.perf_counter() - started) * 1000)
        right += found is not None and found == truth
        wrong += found is not None and found != truth
    known = sum(truth is not None for truth, _ in asked)
    p50, p95 = np.percentile(times, [50, 95])
    print(
        f"| {name} | {right}/{known} | {len(asked) - right - wrong} | {wrong} | {p50:.0f} | {p95:.0f} |",
        flush=True,
    )


# --- methods -------------------------------------------------------------------------------------------


def _this_project(known: list[tuple[Key, FaceLook]]) -> Callable[[FaceLook], Key | None]:
    faces: KnownFaces[Key] = KnownFaces()
    for key, look in known:
        faces.add(key, look)
    return faces.find


def _hash_alone(known: list[tuple[Key, FaceLook]]) -> Callable[[FaceLook], Key | None]:
    """The nearest perceptual hash within ten bits."""

    def find(seen: FaceLook) -> Key | None:
        hashes = [fingerprint(seen.grey, turn) for turn in (0, 90, 180, 270)]
        bits, key = min((min(hamming(h, look.fingerprint) for h in hashes), key) for key, look in known)
        return key if bits <= 10 else None

    return find


def _features_alone(known: list[tuple[Key, FaceLook]]) -> Callable[[FaceLook], Key | None]:
    """ORB and RANSAC: most agreeing features among the twelve nearest hashes, at least forty."""

    def find(seen: FaceLook) -> Key | None:
        hashes = [fingerprint(seen.grey, turn) for turn in (0, 90, 180, 270)]
        near = sorted(known, key=lambda pair: min(hamming(h, pair[1].fingerprint) for h in hashes))[:12]
        count, key = max((_laid_over(seen, look)[1], key) for key, look in near)
        return key if count >= 40 else None

    return find


_METHODS: dict[str, Callable[[list[tuple[Key, FaceLook]]], Callable[[FaceLook], Key | None]]] = {
    "this project": _this_project,
    "perceptual hash alone": _hash_alone,
    "ORB and RANSAC (OpenCV)": _features_alone,
}


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--known", type=int, default=1000, help="how many covers are known")
    parser.add_argument("--asked", type=int, default=200, help="how many pictures are asked about")
    parser.add_argument("--seed", type=int, default=1)
    return parser.parse_args()


if __name__ == "__main__":
    main()
