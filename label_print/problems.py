"""What keeps a printer from printing, in stable words, each with its remedy."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from workcell.kernel.errors import DeviceFault

PROBLEMS: Final[Mapping[str, str]] = {
    "paper_out": "Load labels and close the head.",
    "ribbon_out": "Load ribbon and close the head.",
    "head_open": "Close the print head.",
    "cover_open": "Close the cover.",
    "paused": "Press PAUSE on the printer.",
    "paper_jam": "Take out the jammed labels, feed one and close the head.",
    "ribbon_jam": "Mend the ribbon and close the head.",
    "cutter_jam": "Free the cutter.",
    "too_hot": "Let the print head cool down.",
    "motor_hot": "Let the printer cool down.",
    "too_cold": "Let the printer warm up.",
    "temperature": "Bring the printer to its working temperature.",
    "memory_lost": "Switch the printer off and on and check its settings.",
    "memory_full": "Delete what is stored in the printer, or switch it off and on.",
}


class NotReady(DeviceFault):
    """The printer can't print now; nothing was sent."""


def words_of(problems: Sequence[str]) -> str:
    """Problems as a text for people."""
    return ", ".join(problem.replace("_", " ") for problem in problems)


def remedies_of(problems: Sequence[str]) -> str:
    """What to do about them, in order."""
    return " ".join(PROBLEMS[problem] for problem in problems)
