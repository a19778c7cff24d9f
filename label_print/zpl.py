"""ZPL II: a bitmap as a print job, and the answer to ``~HS`` (Zebra ZPL II Programming Guide).

Text and symbols travel as our own bitmap in ``^GFA``, because printers differ in the fonts and symbologies
that they have; every printer and every renderer draws a graphic field.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from workcell.kernel.errors import BadInput, DeviceFault

HOST_STATUS_REQUEST: Final = b"~HS"
_STRINGS: Final = 3
_LARGEST_FIELD: Final = 99_999  # bytes that one ^GF takes
_FIELD: Final = rb"\^FO0,\d+\^GFA,\d+,\d+,(\d+),([0-9A-F]+)\^FS"
_OWN_JOB: Final = re.compile(
    rb"\^XA\^PW(\d+)\^LL(\d+)\^LH0,0\^LS0\^PON(?:\^PR\d+)?(?:" + _FIELD + rb")+\^PQ1,0,1,N\^XZ"
)
_SAME: Final = re.compile(r"(.)\1*")
_PROBLEMS: Final = (
    "paper_out", "ribbon_out", "head_open", "paused", "too_hot", "too_cold", "memory_lost",
)  # fmt: skip
_STRING: Final = re.compile(rb"\x02([^\x02\x03]*)\x03")


def zpl_job(
    bitmap: NDArray[np.uint8], copies: int = 1, *, speed: int | None = None, compact: bool = False
) -> bytes:
    """One label format: print width, label length, the graphic field in hexadecimal, quantity.

    ``bitmap`` is height by width, 0 black; rows are padded with white to whole bytes.  One larger than what
    a graphic field takes is several, one below the other.  ``speed`` (inches a second) is the printer's own
    without it.  ``compact`` uses the run lengths of ZPL's ASCII compression, a tenth of the bytes on a slow
    serial line; plain hexadecimal is what every renderer reads.
    """
    height, width = bitmap.shape
    rows = np.packbits(bitmap < 128, axis=1)
    high = max(1, _LARGEST_FIELD // rows.shape[1])
    fields = (_field(rows[top : top + high], top, compact) for top in range(0, height, high))
    rate = f"^PR{speed}" if speed else ""
    text = f"^XA^PW{width}^LL{height}^LH0,0^LS0^PON{rate}{''.join(fields)}^PQ{copies},0,1,N^XZ"
    return text.encode("ascii")


def _field(rows: NDArray[np.uint8], top: int, compact: bool) -> str:
    data = _compacted(rows) if compact else rows.tobytes().hex().upper()
    return f"^FO0,{top}^GFA,{rows.size},{rows.size},{rows.shape[1]},{data}^FS"


def zpl_bitmap(job: bytes) -> NDArray[np.uint8]:
    """The bitmap of a plain job that ``zpl_job`` made, for a printer of another language.

    Height by width, 0 black.  Raises BadInput for any other job.
    """
    found = _OWN_JOB.fullmatch(job)
    if found is None:
        raise BadInput(
            "not a label of ours in plain ZPL",
            subject=repr(job[:40]),
            remedy="Render it: workcell label render.",
        )
    width, height, a_row = (int(number) for number in found.groups()[:3])
    data = b"".join(field[2] for field in re.finditer(_FIELD, job))
    rows = np.frombuffer(bytes.fromhex(data.decode("ascii")), np.uint8).reshape(height, a_row)
    return np.where(np.unpackbits(rows, axis=1)[:, :width], 0, 255).astype(np.uint8)


def _compacted(rows: NDArray[np.uint8]) -> str:
    """Rows in ZPL's ASCII compression: G-Y and g-z repeat, "," ends a row in white, ":" repeats a row."""
    texts = []
    before = None
    for row in rows:
        digits = row.tobytes().hex().upper()
        texts.append(":" if digits == before else _compacted_row(digits))
        before = digits
    return "".join(texts)


def _compacted_row(digits: str) -> str:
    inked = digits.rstrip("0")
    runs = (_run(found[0], len(found[0])) for found in _SAME.finditer(inked))
    return "".join(runs) + ("," if len(inked) < len(digits) else "")


def _run(text: str, count: int) -> str:
    """A repeated digit: z for each 400, g to y for twenties, G to Y for ones."""
    if count < 3:
        return text
    many, rest = divmod(count, 400)
    twenties, ones = divmod(rest, 20)
    return "z" * many + _letter("f", twenties) + _letter("F", ones) + text[0]


def _letter(base: str, count: int) -> str:
    return chr(ord(base) + count) if count else ""


@dataclass(frozen=True)
class HostStatus:
    """The fields of the ``~HS`` answer that a driver acts on.

    ``print_mode`` is 0 rewind, 1 peel-off, 2 tear-off, 3 cutter, 4 applicator; ``formats`` counts label
    formats that wait in the buffer; ``labels_left`` those still to print of the present batch.
    """

    paper_out: bool
    paused: bool
    formats: int
    buffer_full: bool
    memory_lost: bool
    too_cold: bool
    too_hot: bool
    head_open: bool
    ribbon_out: bool
    print_mode: int
    label_waiting: bool
    labels_left: int

    @property
    def problems(self) -> tuple[str, ...]:
        """What keeps the printer from printing, in stable words."""
        return tuple(word for word in _PROBLEMS if getattr(self, word))


def host_status_complete(answer: bytes) -> bool:
    """Whether ``answer`` holds all three strings."""
    return len(_STRING.findall(answer)) >= _STRINGS


def parse_host_status(answer: bytes) -> HostStatus:
    """Read the three STX … ETX strings; raises DeviceFault when they are not a host status."""
    strings = [part.decode("ascii", "replace").split(",") for part in _STRING.findall(answer)]
    try:
        first, second = strings[0], strings[1]
        if len(strings) != _STRINGS or len(first) != 12 or len(second) != 11:
            raise ValueError("wrong number of fields")
        return HostStatus(
            paper_out=_flag(first[1]), paused=_flag(first[2]), formats=int(first[4]),
            buffer_full=_flag(first[5]), memory_lost=_flag(first[9]),
            too_cold=_flag(first[10]), too_hot=_flag(first[11]),
            head_open=_flag(second[2]), ribbon_out=_flag(second[3]), print_mode=int(second[5]),
            label_waiting=_flag(second[7]), labels_left=int(second[8]),
        )  # fmt: skip
    except (ValueError, IndexError) as error:
        raise DeviceFault(
            f"the printer's status can't be read ({error})",
            subject=repr(answer[:80]),
            remedy="Check that the printer speaks ZPL II and nothing else prints on its port.",
        ) from error


def _flag(text: str) -> bool:
    return int(text) != 0
