"""A line's label in the language of the printer at hand.

A line makes every label in ZPL, with our own bitmap in it, so that the journal keeps one job whatever printer
it goes to; the driver of a printer that speaks otherwise says the same dots in its own language.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from label_print.label import Label
from label_print.zpl import zpl_bitmap

_ZPL_BEGINS: Final = b"^XA"

_SAID: Final[Mapping[str, Callable[[Label], bytes]]] = {
    "zpl": Label.zpl,
    "tspl": Label.tspl,
    "pdf": Label.pdf,
    "png": Label.png,
}

LANGUAGES: Final = tuple(_SAID)
"""What a label can be said in."""


def said_in(language: str, job: bytes, dpi: int) -> bytes:
    """``job`` in ``language`` (of ``LANGUAGES``), for a head of ``dpi``; what is not in ZPL stays as it is.

    Raises BadInput for ZPL that is not a plain label of ours.
    """
    if language == "zpl" or not job.startswith(_ZPL_BEGINS):
        return job
    return _SAID[language](Label(zpl_bitmap(job), dpi))
