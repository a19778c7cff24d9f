"""Ways in which records get broken on their way, each a function of (record bytes, generator)."""

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


def _overlap(data: bytes, rng: Rng) -> bytes:
    """A directory entry that points at the field of its neighbour."""
    at = 24 + 12 * _at(rng, 0, (int(data[12:17]) - 25) // 12 - 1)
    return _put(data, at + 15, data[at + 3 : at + 12], 9)


def _lines(data: bytes, rng: Rng) -> bytes:
    """Wrapped at 80 bytes, as by an editor."""
    return b"\n".join(data[at : at + 80] for at in range(0, len(data), 80))


def _without_marks(data: bytes, rng: Rng) -> bytes:
    """Separators lost, as by a copy through a program for text."""
    return data[:-1].replace(b"\x1e", b"").replace(b"\x1f", b"") + data[-1:]


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
    "entries_overlap": _overlap,
    "entry_lost": lambda d, r: _put(d, _entry(d, r), b"", 12),
    "entry_doubled": lambda d, r: _put(d, (at := _entry(d, r)), d[at : at + 12]),
    "directory_end_lost": lambda d, r: _put(d, int(d[12:17]) - 1, b" ", 1),
    "base_zero": lambda d, r: _put(d, 12, b"00000", 5),
    "base_letters": lambda d, r: _put(d, 12, b"  x  ", 5),
    "nulls_inside": lambda d, r: _put(d, _at(r, int(d[12:17]), len(d) - 2), bytes(_at(r, 1, 9))),
    "null_for_a_byte": lambda d, r: _put(d, _at(r, 24, len(d) - 2), b"\0", 1),
    "mark_in_front": lambda d, r: b"\xef\xbb\xbf" + d,
    "marked_length": lambda d, r: b"\xef\xbb\xbf" + _put(d, 0, b"%05d" % (len(d) + 3), 5),
    "line_breaks": _lines,
    "line_ends_doubled": lambda d, r: _put(d, _at(r, 30, len(d) - 2), b"\r\n"),
    "separators_lost": _without_marks,
    "field_end_added": lambda d, r: _put(d, _at(r, int(d[12:17]), len(d) - 2), b"\x1e", 1),
    "start_lost": lambda d, r: d[_at(r, 1, 23) :],
    "not_utf8": lambda d, r: _put(d, d.find(b"\x1fa") + 2, b"\xff", 1),
    "two_as_one": lambda d, r: d[:-1] + d[:-1],
    "empty_record": lambda d, r: b"00026nam a2200025   4500\x1e\x1d",
}  # fmt: skip


def break_some(
    records: list[bytes], share: float, rng: Rng
) -> tuple[bytes, list[tuple[int, str]], list[int]]:
    """One file with ``share`` of the records broken.

    Gives the file, (index, kind) of the broken ones, and the indices of the healthy ones.
    """
    pieces, broken = broken_pieces(records, share, rng)
    return b"".join(pieces), list(broken.items()), [n for n in range(len(records)) if n not in broken]


def broken_pieces(records: list[bytes], share: float, rng: Rng) -> tuple[list[bytes], dict[int, str]]:
    """The records with ``share`` of them broken, every kind in turn, and which ones in what way."""
    chosen = sorted(rng.choice(len(records), int(len(records) * share), replace=False).tolist())
    kinds = list(MUTATIONS)
    broken = {index: kinds[place % len(kinds)] for place, index in enumerate(chosen)}
    pieces = [
        MUTATIONS[broken[index]](data, rng) if index in broken else data for index, data in enumerate(records)
    ]
    return pieces, broken
