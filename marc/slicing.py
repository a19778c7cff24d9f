"""The fast path: chosen fields of every record as bytes, for indexing and checking, without record objects.

Framing and verdict are those of the reader: the same bytes are a record, the same directories are refused.
Directories are checked many at a time; one that is not plainly sound is judged by the strict check.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from marc import encoding, framing, record_file
from marc.directory import ENTRY, BadStructure, raw_fields
from marc.encoding import Encoding
from marc.framing import FIELD_END, Frame
from workcell.kernel.errors import BadInput

_BATCH = 256
"""So many records are checked in one go: enough to be fast, few enough to stay in the processor's cache."""

_TAGS = tuple(f"{number:03d}" for number in range(1000))
_TAG_WEIGHTS = np.array([100, 10, 1], dtype=np.int64)
_LENGTH_WEIGHTS = np.array([1000, 100, 10, 1], dtype=np.int64)
_START_WEIGHTS = np.array([10000, 1000, 100, 10, 1], dtype=np.int64)

_Numbers = npt.NDArray[np.int64]
_Flags = npt.NDArray[np.bool_]
_Fields = list[tuple[str, bytes]]


class Sliced(NamedTuple):
    """One record of a file: its place, leader and chosen fields, or what is wrong with it.

    ``fields`` are (tag, body) in the order of the directory; a body has its indicators and subfield marks
    (0x1F) and lacks its terminator.  ``data`` are all bytes of the record.  A ``broken`` record has no
    fields; one with a ``problem`` (a wrong length in the leader) may be whole all the same.
    """

    n: int
    offset: int
    leader: bytes
    fields: _Fields
    data: bytes
    problem: str = ""
    broken: bool = False


def slice_records(path: Path, tags: Iterable[str] | None = None) -> Iterator[Sliced]:
    """Slices of an ISO 2709 file (also gzipped): every stretch of it, good or broken, in order.

    ``tags`` are the fields wanted; None wants all.  Raises BadInput when the file is not ISO 2709.
    """
    with record_file.mapped(path) as buffer:
        if record_file.format_of(buffer, path) != "iso2709":
            raise BadInput("not ISO 2709", subject=str(path), remedy="Convert it: workcell marc convert.")
        yield from slice_frames(framing.frames(buffer), tags)


def slice_frames(frames: Iterable[Frame], tags: Iterable[str] | None = None) -> Iterator[Sliced]:
    """Slices of frames that are at hand already."""
    slicer = _Slicer(tags)
    batch: list[Frame] = []
    n = 0
    for frame in frames:
        batch.append(frame)
        if len(batch) == _BATCH:
            yield from slicer.slices(batch, n)
            n += len(batch)
            batch = []
    yield from slicer.slices(batch, n)


def encoding_of(sliced: Sliced) -> Encoding:
    """The encoding of a slice's bytes, decided as the reader does; raises ValueError where that refuses."""
    data = sliced.data
    if data.isascii() and b"\x1b" not in data:
        return encoding.UTF8
    return encoding.of_fields(sliced.leader.decode("ascii"), raw_fields(data))


class _Entries(NamedTuple):
    """Directory entries of a batch, one a row: the record they belong to, tag, and bounds in its data."""

    owner: _Numbers
    tag: _Numbers
    begin: _Numbers
    end: _Numbers


class _Slicer:
    """Cuts batches of frames into the fields of the chosen tags."""

    def __init__(self, tags: Iterable[str] | None) -> None:
        self._wanted = None if tags is None else frozenset(tags)
        self._mask = np.array([self._wanted is None or tag in self._wanted for tag in _TAGS])

    def slices(self, batch: list[Frame], n: int) -> Iterator[Sliced]:
        """The slices of these frames; the first is the ``n``-th of the file."""
        plain = {place: base for place, frame in enumerate(batch) if (base := _plain_base(frame.data))}
        found = self._chosen([frame.data for frame in batch], plain)
        for place, frame in enumerate(batch):
            fields = found.get(place)
            if fields is None:
                yield self._judged(n + place, frame)
            else:
                yield Sliced(n + place, frame.offset, frame.data[:24], fields, frame.data, frame.problem)

    def _judged(self, n: int, frame: Frame) -> Sliced:
        """The strict check of one record whose directory is not plain."""
        try:
            raw = raw_fields(frame.data)
        except BadStructure as error:
            problem = f"{frame.problem}; {error}" if frame.problem else str(error)
            return Sliced(n, frame.offset, frame.data[:24], [], frame.data, problem, True)
        named = [(tag.decode("ascii"), body) for tag, body in raw]
        fields = [field for field in named if self._wanted is None or field[0] in self._wanted]
        return Sliced(n, frame.offset, frame.data[:24], fields, frame.data, frame.problem)

    def _chosen(self, records: list[bytes], plain: dict[int, int]) -> dict[int, _Fields]:
        """Chosen fields of the records whose directories are sound, by their places."""
        if not plain:
            return {}
        entries = _entries(records, plain)
        sound = _sound(records, plain, entries)
        found: dict[int, _Fields] = {place: [] for place in plain if sound[place]}
        rows = np.flatnonzero(self._mask[entries.tag] & sound[entries.owner])
        columns = (column[rows].tolist() for column in entries)
        for place, tag, begin, end in zip(*columns, strict=True):
            found[place].append((_TAGS[tag], records[place][begin:end]))
        return found


def _plain_base(data: bytes) -> int:
    """The base address where the record looks plain (digits throughout the directory), else 0."""
    digits = data[12:17]
    if not digits.isdigit():
        return 0
    base = int(digits)
    if not 36 < base < len(data) or not data[24 : base - 1].isdigit() or (base - 25) % ENTRY:
        return 0
    whole = data[base - 1] == data[-2] == 0x1E and data[-1] == 0x1D and data[:24].isascii()
    return base if whole and data.count(FIELD_END) == (base - 25) // ENTRY + 1 else 0


def _entries(records: list[bytes], plain: dict[int, int]) -> _Entries:
    directories = b"".join([records[place][24 : base - 1] for place, base in plain.items()])
    digits = np.frombuffer(directories, np.uint8).reshape(-1, ENTRY).astype(np.int64) - ord("0")
    bases = np.array(list(plain.values()), dtype=np.int64)
    counts = (bases - 25) // ENTRY
    begin = digits[:, 7:] @ _START_WEIGHTS + np.repeat(bases, counts)
    return _Entries(
        owner=np.repeat(np.array(list(plain), dtype=np.int64), counts),
        tag=digits[:, :3] @ _TAG_WEIGHTS,
        begin=begin,
        end=begin + digits[:, 3:7] @ _LENGTH_WEIGHTS - 1,
    )


def _sound(records: list[bytes], plain: dict[int, int], entries: _Entries) -> _Flags:
    """For each record whether its fields follow one another without a gap, each to its own terminator."""
    bases, sizes = np.zeros(len(records), np.int64), np.zeros(len(records), np.int64)
    bases[list(plain)] = list(plain.values())
    sizes[:] = [len(data) for data in records]
    first = np.diff(entries.owner, prepend=-1) != 0
    last = np.diff(entries.owner, append=-1) != 0
    before = np.concatenate([[0], entries.end[:-1] + 1])
    expected = np.where(first, bases[entries.owner], before)
    size = sizes[entries.owner]
    good = (entries.begin == expected) & (entries.end < size) & (entries.end >= entries.begin)
    good &= ~last | (entries.end == size - 2)
    text = np.frombuffer(b"".join(records), np.uint8)
    shift = np.concatenate([[0], np.cumsum(sizes)[:-1]])
    good &= text[np.minimum(shift[entries.owner] + entries.end, len(text) - 1)] == 0x1E
    sound = np.zeros(len(records), np.bool_)
    sound[list(plain)] = True
    sound[entries.owner[~good]] = False
    return sound
