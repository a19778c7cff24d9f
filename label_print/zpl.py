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

from workcell.kernel.errors import DeviceFault

HOST_STATUS_REQUEST: Final = b"~HS"
_STRINGS: Final = 3
_STRING: Final = re.compile(rb"\x02([^\x02\x03]*)\x03")


def zpl_job(bitmap: NDArray[np.uint8], copies: int = 1) -> bytes:
    """One label format: print width, label length, the graphic field in plain hexadecimal, quantity.

    ``bitmap`` is height by width, 0 black; rows are padded with white to whole bytes.
    """
    height, width = bitmap.shape
    rows = np.packbits(bitmap < 128, axis=1)
    total, a_row = rows.size, rows.shape[1]
    data = rows.tobytes().hex().upper()
    text = (
        f"^XA^LH0,0^LS0^PON^PW{width}^LL{height}"
        f"^FO0,0^GFA,{total},{total},{a_row},{data}^FS"
        f"^PQ{copies},0,1,N^XZ"
    )
    return text.encode("ascii")


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
        return tuple(word for word in PROBLEMS if getattr(self, word))


PROBLEMS: Final = {
    "paper_out": "Load labels and close the head.",
    "ribbon_out": "Load ribbon and close the head.",
    "head_open": "Close the print head.",
    "paused": "Press PAUSE on the printer.",
    "too_hot": "Let the print head cool down.",
    "too_cold": "Let the printer warm up.",
    "memory_lost": "Switch the printer off and on and check its settings.",
}
"""Problem words of a printer, each with its remedy."""


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
