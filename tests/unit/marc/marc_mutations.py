"""Sixteen ways in which records get broken on their way, each a function of (record bytes, generator)."""

from __future__ import annotations

import numpy as np

Rng = np.random.Generator


def _at(rng: Rng, low: int, high: int) -> int:
    return int(rng.integers(low, max(low + 1, high)))


def _put(data: bytes, at: int, new: bytes, old: int = 0) -> bytes:
    return data[:at] + new + data[at + old :]


def _noise(rng: Rng, low: int, high: int, length: int) -> bytes:
    return bytes(rng.integers(low, high, length).tolist())


def _cut_inside(data: bytes, rng: Rng) -> bytes:
    begin = _at(rng, 30, len(data) - 10)
    return data[:begin] + data[begin + _at(rng, 1, 40) :]


def _cut_end(data: bytes, rng: Rng) -> bytes:
    return data[: _at(rng, 30, len(data) - 1)]


def _entry(data: bytes, rng: Rng) -> int:
    return 24 + 12 * _at(rng, 0, (int(data[12:17]) - 25) // 12)


MUTATIONS = {
    "length_up": lambda d, r: _put(d, 0, b"%05d" % (int(d[:5]) + _at(r, 1, 400)), 5),
    "length_down": lambda d, r: _put(d, 0, b"%05d" % max(24, int(d[:5]) - _at(r, 1, 400)), 5),
    "length_letters": lambda d, r: _put(d, 0, b"0x1yz", 5),
    "length_zero": lambda d, r: _put(d, 0, b"00000", 5),
    "length_huge": lambda d, r: _put(d, 0, b"99999", 5),
    "base_wrong": lambda d, r: _put(d, 12, b"%05d" % (int(d[12:17]) + _at(r, 1, 30)), 5),
    "no_terminator": lambda d, r: d[:-1],
    "terminator_inside": lambda d, r: _put(d, _at(r, 30, len(d) - 2), b"\x1d", 1),
    "terminator_added": lambda d, r: _put(d, _at(r, 30, len(d) - 2), b"\x1d"),
    "bytes_lost": _cut_inside,
    "bytes_added": lambda d, r: _put(d, _at(r, 30, len(d) - 2), _noise(r, 32, 127, _at(r, 1, 30))),
    "end_lost": _cut_end,
    "leader_lost": lambda d, r: d[24:],
    "entry_letters": lambda d, r: _put(d, _entry(d, r) + 3, b"abcd", 4),
    "field_end_lost": lambda d, r: _put(d, d.find(b"\x1e", int(d[12:17])), b" ", 1),
    "junk_behind": lambda d, r: d + _noise(r, 0x20, 256, _at(r, 5, 60)),
}  # fmt: skip


def break_some(
    records: list[bytes], share: float, rng: Rng
) -> tuple[bytes, list[tuple[int, str]], list[int]]:
    """One file with ``share`` of the records broken.

    Gives the file, (index, kind) of the broken ones, and the indices of the healthy ones.
    """
    chosen = set(rng.choice(len(records), int(len(records) * share), replace=False).tolist())
    kinds = list(MUTATIONS)
    broken = [(index, kinds[place % len(kinds)]) for place, index in enumerate(sorted(chosen))]
    by_index = dict(broken)
    pieces = [
        MUTATIONS[by_index[index]](data, rng) if index in by_index else data
        for index, data in enumerate(records)
    ]
    return b"".join(pieces), broken, [index for index in range(len(records)) if index not in by_index]
