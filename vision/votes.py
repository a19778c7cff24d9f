"""Votes of readers, counted: which readings of which symbols are accepted.

A reading is accepted when two independent readers agree on it, and two more than claim anything else for the
same bars.  A voter is named ``decoder/size+preparation``.  One decoder on one size of the picture is one vote
however the picture was prepared: sharpening does not keep a decoder from the same mistake.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from vision.geometry import box_of, centre, direction, full_height, overlap
from workcell.kernel.evidence import Barcode, Box, Point

NEEDED_VOTES = 2

_NEEDED_LEAD = 2
"""Votes more than the strongest rival for the same bars has."""

_SHARED_DIGITS = 6
_RETAIL = ("EAN13", "EAN8", "UPCA", "UPCE")
_SHORT = ("UPCE", "EAN8", "CODABAR", "CODE39")
"""Formats of which a few bars, or half of another symbol, may happen to make one."""

_Key = tuple[str, str, int]
"""Format, text, and the number of the symbol among those of equal text."""


@dataclass(frozen=True)
class Reading:
    """What one reader saw: a vote.  ``polygon`` runs clockwise from the symbol's own top left."""

    text: str
    format: str
    polygon: tuple[Point, ...]
    voter: str
    addon: str | None = None


def tallied(readings: Sequence[Reading]) -> tuple[Barcode, ...]:
    """Votes counted: one Barcode for each text at each place, book numbers first, then by size."""
    ballots: dict[_Key, list[Reading]] = {}
    for reading in readings:
        ballots.setdefault(_ballot(reading, ballots), []).append(reading)
    counts = {key: _independent(votes) for key, votes in ballots.items()}
    barcodes = [
        _elected(votes, challenged=_challenged(key, ballots, counts)) for key, votes in ballots.items()
    ]
    return tuple(sorted(barcodes, key=standing, reverse=True))


def voted_addon(votes: Iterable[Reading]) -> str | None:
    """The add-on that at least two readers saw, and more than saw any other."""
    seen = Counter(addon for _, addon in {(r.voter, r.addon) for r in votes if r.addon})
    ranked = seen.most_common(2)
    if not ranked or ranked[0][1] < NEEDED_VOTES:
        return None
    return ranked[0][0] if len(ranked) == 1 or ranked[0][1] > ranked[1][1] else None


def is_bookland(barcode: Barcode) -> bool:
    """Whether a symbol carries an ISBN (EAN-13 with prefix 978, or 979 without the music block 979-0)."""
    return barcode.format == "EAN13" and _is_isbn(barcode.text)


def _elected(votes: Sequence[Reading], *, challenged: bool) -> Barcode:
    # OpenCV's corners do not tell which way round the symbol reads; with an add-on zxing's take it in.
    count = _independent(votes)
    first = min(votes, key=lambda r: (r.voter.startswith("opencv"), r.addon is not None))
    voters = tuple(dict.fromkeys(r.voter for r in votes))
    return Barcode(
        text=first.text,
        format=first.format,
        polygon=first.polygon,
        orientation=round(direction(first.polygon), 1),
        addon=voted_addon(votes),
        votes=voters,
        confidence=0.3 if challenged else _confidence(count),
        accepted=count >= NEEDED_VOTES and not challenged,
    )


def _independent(votes: Sequence[Reading]) -> int:
    """Votes of which one is no echo of another; for the weakest code, by decoders that differ."""
    end = "/" if votes[0].format == "UPCE" else "+"
    return len({vote.voter.partition(end)[0] for vote in votes})


def _ballot(reading: Reading, ballots: Mapping[_Key, list[Reading]]) -> _Key:
    """Where a reading counts: with equal texts at the same place, else as another symbol of that text."""
    for number in range(len(ballots) + 1):
        key = (reading.format, reading.text, number)
        if key not in ballots or _same_place(ballots[key][0], reading):
            return key
    return (reading.format, reading.text, len(ballots))


def _same_place(a: Reading, b: Reading) -> bool:
    """Whether two readings of one text may be of one symbol: labels are stacked closer than book numbers."""
    width = max(math.dist(a.polygon[0], a.polygon[1]), math.dist(b.polygon[0], b.polygon[1]))
    reach = 0.9 if a.format in _RETAIL else 0.5
    return math.dist(centre(a.polygon), centre(b.polygon)) < reach * width


def _confidence(votes: int) -> float:
    return {1: 0.5, 2: 0.95}.get(votes, 0.99)


def _challenged(key: _Key, ballots: dict[_Key, list[Reading]], counts: dict[_Key, int]) -> bool:
    """Whether another text is claimed for the same bars by nearly as many voters.

    A piece of a long symbol looks like a short one, never the other way round.
    """
    first = ballots[key][0]
    for other, votes in ballots.items():
        if other[:2] == key[:2] or _length(other) < _length(key):
            continue
        if _length(other) > _length(key) and _lies_in(first, votes[0]):
            return True
        if counts[other] > counts[key] - _NEEDED_LEAD and _same_bars(first, votes[0]):
            return True
    return False


def _length(key: _Key) -> int:
    """2 for what can't be a piece of another symbol, 1 for what can."""
    return 1 if key[0] in _SHORT else 2


def _lies_in(piece: Reading, whole: Reading) -> bool:
    return whole.format in ("EAN13", "UPCA") and overlap(box_of(piece.polygon), _nominal_box(whole)) > 0.5


def _same_bars(a: Reading, b: Reading) -> bool:
    """Whether two readings can't both be right.

    They lie on each other, or they lie as near as two scans of one symbol do and share many digits, as a
    misread half of a symbol does.
    """
    if overlap(box_of(a.polygon), box_of(b.polygon)) > 0.5:
        return True
    equal = sum(x == y for x, y in zip(a.text, b.text, strict=False))
    return equal >= _SHARED_DIGITS and overlap(_nominal_box(a), _nominal_box(b)) > 0.2


def _nominal_box(reading: Reading) -> Box:
    """The box of a symbol with the height that EAN symbols have; decoders report only the rows they read."""
    return box_of(full_height(reading.polygon))


def standing(barcode: Barcode) -> tuple[bool, bool, float]:
    """What barcodes are sorted by: book numbers, accepted ones, large ones."""
    _, _, w, h = box_of(barcode.polygon)
    return (is_bookland(barcode), barcode.accepted, w * h)


def _is_isbn(text: str) -> bool:
    return len(text) == 13 and text.startswith(("978", "979")) and not text.startswith("9790")
