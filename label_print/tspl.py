"""TSPL: a bitmap as a print job, and the answers to ``<ESC>!?`` and ``<ESC>!S`` (TSC programming manual).

The label travels as our own bitmap, because TSPL printers differ in fonts and symbologies.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from workcell.kernel.errors import DeviceFault

STATUS_REQUEST: Final = b"\x1b!?"
FULL_STATUS_REQUEST: Final = b"\x1b!S"

_FULL_STATUS: Final = re.compile(rb"\x02(.{4})\x03\r\n", re.DOTALL)


def tspl_job(
    bitmap: NDArray[np.uint8], dots_per_mm: float, copies: int = 1, *, speed: int | None = None
) -> bytes:
    """One label: its size, an empty buffer, the bitmap (a 0 bit is a printed dot), the number of prints.

    ``bitmap`` is height by width, 0 black; rows are padded with white to whole bytes.  ``speed`` is inches a
    second; without it the printer's own setting stays.
    """
    height, width = bitmap.shape
    padded = np.pad(bitmap >= 128, ((0, 0), (0, -width % 8)), constant_values=True)
    rows = np.packbits(padded, axis=1)
    head = [
        f"SIZE {width / dots_per_mm:.2f} mm,{height / dots_per_mm:.2f} mm",
        *([f"SPEED {speed}"] if speed else []),
        "DIRECTION 0,0",
        "REFERENCE 0,0",
        "CLS",
    ]
    lead = f"BITMAP 0,0,{rows.shape[1]},{height},0,"
    text = "\r\n".join([*head, lead]).encode("ascii")
    return text + rows.tobytes() + f"\r\nPRINT 1,{copies}\r\n".encode("ascii")


@dataclass(frozen=True)
class TsplStatus:
    """What a TSPL printer says of itself."""

    problems: tuple[str, ...] = ()
    printing: bool = False
    label_waiting: bool = False


_BITS: Final = (
    "head_open", "paper_jam", "paper_out", "ribbon_out", "paused", "", "cover_open", "temperature",
)  # fmt: skip
"""``<ESC>!?``: problems by bit, bit 0 first; bit 5 is "printing"."""
_PRINTING: Final = 0x20

_MESSAGES: Final = {ord("`"): "paused"}
_WAITS_FOR_TAKING: Final = ord("L")
_BUSY: Final = frozenset(b"BCFPW")
_LEFT: Final = ((0x01, "too_hot"), (0x02, "motor_hot"), (0x08, "cutter_jam"), (0x10, "memory_full"))
_RIGHT: Final = (
    (0x01, "paper_out"), (0x02, "paper_jam"), (0x04, "ribbon_out"), (0x08, "ribbon_jam"), (0x20, "head_open"),
)  # fmt: skip
"""``<ESC>!S``: error bytes three and four, each with bit 6 always set."""


def parse_status(answer: bytes) -> TsplStatus:
    """Read the one byte of ``<ESC>!?``; raises DeviceFault for any other length."""
    if len(answer) != 1:
        raise _unreadable(answer)
    byte = answer[0]
    problems = tuple(word for bit, word in enumerate(_BITS) if word and byte >> bit & 1)
    return TsplStatus(problems, bool(byte & _PRINTING))


def full_status_complete(answer: bytes) -> bool:
    """Whether ``answer`` holds all eight bytes of ``<ESC>!S``."""
    return _FULL_STATUS.search(answer) is not None


def parse_full_status(answer: bytes) -> TsplStatus:
    """Read STX, four status bytes, ETX, CR, LF; raises DeviceFault when that is not what came."""
    found = _FULL_STATUS.fullmatch(answer)
    if found is None:
        raise _unreadable(answer)
    message, _, left, right = found[1]
    paused = [_MESSAGES[message]] if message in _MESSAGES else []
    bits = [word for byte, table in ((left, _LEFT), (right, _RIGHT)) for bit, word in table if byte & bit]
    return TsplStatus((*bits, *paused), message in _BUSY, message == _WAITS_FOR_TAKING)


def _unreadable(answer: bytes) -> DeviceFault:
    return DeviceFault(
        "the printer's status can't be read", subject=repr(answer[:80]),
        remedy="Check that the printer speaks TSPL and nothing else prints on its port.",
    )  # fmt: skip
