"""A time-state chart: a row a unit, colour by what it spent its time on, as inline SVG.

Rows of very many spans are drawn in columns, each with what most of its time was, so that a long batch's
chart stays small.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import timedelta
from itertools import groupby

from markupsafe import Markup, escape

from workcell.site.oee import Span, UnitTimes

GROUPS: Mapping[str, tuple[str, ...]] = {
    "execute": ("Execute",),
    "starved": ("starved",),
    "blocked": ("blocked",),
    "held": ("Holding", "Held", "Unholding", "Suspending", "Suspended", "Unsuspending"),
    "stopped": (
        "Stopping", "Stopped", "Aborting", "Aborted", "Clearing", "Resetting", "Idle", "Starting",
        "Completing", "Complete",
    ),
    "unknown": ("Undefined", "Unattended"),
}  # fmt: skip
"""Colours of the chart, and the kinds of time that share one."""

_LEFT, _WIDTH, _ROW, _GAP = 110.0, 850.0, 16.0, 5.0
_COLUMNS = 425
_STEPS = (1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14400, 28800, 86400)
_MOST_TICKS = 9
_GROUP_OF = {kind: group for group, kinds in GROUPS.items() for kind in kinds}

_Piece = tuple[str, float, float]
"""A colour group from one place to another, both as shares of the row."""


def group_of(kind: str) -> str:
    """The colour group of a kind of time."""
    return _GROUP_OF.get(kind, "unknown")


def time_state_chart(units: Sequence[UnitTimes], names: Sequence[str], title: str) -> Markup:
    """The chart of ``units``, whose rows are headed with ``names``; empty where there is no time."""
    spans = [span for unit in units for span in unit.spans]
    if not spans:
        return Markup("")
    since, until = min(span.since for span in spans), max(span.until for span in spans)
    length = until - since
    height = len(units) * (_ROW + _GAP) + 22
    body = [
        _row(place, name, unit, length) for place, (name, unit) in enumerate(zip(names, units, strict=True))
    ]
    ticks = "".join(_ticks(length, height))
    return Markup(  # noqa: S704  numbers and class names of ours; every text is escaped
        f'<svg class="timestate" role="img" viewBox="0 0 {_LEFT + _WIDTH + 10:.0f} {height:.0f}">'
        f"<title>{escape(title)}</title>{ticks}{''.join(body)}</svg>"
    )


def _row(place: int, name: str, unit: UnitTimes, length: timedelta) -> str:
    top = place * (_ROW + _GAP)
    paths = "".join(
        f'<path class="ts-{group}" d="{"".join(_box(piece, top) for piece in pieces)}"/>'
        for group, pieces in _by_group(pieces_of(unit.spans, length))
    )
    return f'<text x="{_LEFT - 8:.0f}" y="{top + 12:.0f}" text-anchor="end">{escape(name)}</text>{paths}'


def _box(piece: _Piece, top: float) -> str:
    _, start, end = piece
    width = max((end - start) * _WIDTH, 0.6)
    return f"M{_LEFT + start * _WIDTH:.1f} {top:.0f}h{width:.1f}v{_ROW:.0f}h-{width:.1f}z"


def _by_group(pieces: Sequence[_Piece]) -> Iterator[tuple[str, list[_Piece]]]:
    for group in GROUPS:
        mine = [piece for piece in pieces if piece[0] == group]
        if mine:
            yield group, mine


def pieces_of(spans: Sequence[Span], length: timedelta) -> list[_Piece]:
    """What a row shows, without a gap: the spans by group, or columns where these are too many."""
    if not spans or not length:
        return []
    since = spans[0].since
    exact = [
        (group_of(span.kind), (span.since - since) / length, (span.until - since) / length) for span in spans
    ]
    merged = _merged(exact)
    return merged if len(merged) <= _COLUMNS else _merged(_columns(merged))


def _merged(pieces: Sequence[_Piece]) -> list[_Piece]:
    runs = [list(run) for _, run in groupby(pieces, key=lambda piece: piece[0])]
    return [(run[0][0], run[0][1], run[-1][2]) for run in runs]


def _columns(pieces: Sequence[_Piece]) -> list[_Piece]:
    """Each column with the group that most of its time was."""
    sums: list[dict[str, float]] = [{} for _ in range(_COLUMNS)]
    for group, start, end in pieces:
        for column in range(int(start * _COLUMNS), min(int(end * _COLUMNS) + 1, _COLUMNS)):
            inside = min(end, (column + 1) / _COLUMNS) - max(start, column / _COLUMNS)
            sums[column][group] = sums[column].get(group, 0.0) + max(inside, 0.0)
    return [
        (max(found, key=lambda group: found[group]), column / _COLUMNS, (column + 1) / _COLUMNS)
        for column, found in enumerate(sums)
        if found
    ]


def _ticks(length: timedelta, height: float) -> Iterator[str]:
    seconds = length.total_seconds()
    step = next((step for step in _STEPS if seconds / step <= _MOST_TICKS), _STEPS[-1])
    for at in range(0, int(seconds) + 1, step):
        x = _LEFT + _WIDTH * at / seconds
        yield f'<path class="ts-tick" d="M{x:.1f} 0V{height - 16:.0f}"/>'
        yield f'<text x="{x:.1f}" y="{height - 4:.0f}" text-anchor="middle">{_clock(at, step)}</text>'


def _clock(seconds: int, step: int) -> str:
    """Time since the batch began: minutes and seconds, or hours and minutes on a long axis."""
    if step < 60:
        return f"{seconds // 60}:{seconds % 60:02d}"
    return f"{seconds // 3600}:{seconds // 60 % 60:02d} h" if step >= 900 else f"{seconds // 60} min"
