"""Reading by another maker's engine: lines are found here, as always, and what it says of them is checked."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from vision.ocr import RapidOcr, Recognised, coloured
from vision.photo import Pixels
from workcell.kernel.clock import WallClock
from workcell.kernel.drivers import Drivers, Surroundings
from workcell.kernel.errors import DeviceFault
from workcell.kernel.ports import TextReader


class CheckedReader:
    """Another maker's reader as an OcrEngine; ``name`` stands beside what it read."""

    def __init__(self, name: str, reader: TextReader) -> None:
        self.name = name
        self._reader = reader

    def read(self, lines: Sequence[Pixels]) -> list[Recognised]:
        """Recognise upright line images; raises DeviceFault when the answer does not fit the lines."""
        if not lines:
            return []
        answers = list(self._reader.read([np.ascontiguousarray(coloured(line)) for line in lines]))
        if len(answers) != len(lines):
            raise self._fault(f"{len(answers)} texts for {len(lines)} lines")
        return [self._checked(answer) for answer in answers]

    def _checked(self, answer: Any) -> Recognised:
        try:
            text, confidence = answer
            recognised = Recognised(text.strip(), float(confidence))
        except (AttributeError, TypeError, ValueError) as error:
            raise self._fault(f"{answer!r} is no text with its confidence") from error
        if not 0.0 <= recognised.confidence <= 1.0:
            raise self._fault(f"its confidence {confidence!r} is not between 0 and 1")
        return recognised

    def _fault(self, what: str) -> DeviceFault:
        return DeviceFault(what, subject=self.name, remedy="Ask its maker, or take rapidocr in the layout.")


class DrivenOcr(RapidOcr):
    """Finds lines as RapidOcr does and has them read by ``reader``."""

    def __init__(self, reader: CheckedReader, threads: int = 1) -> None:
        super().__init__(threads)
        self.name = reader.name
        self._reader = reader

    def read(self, lines: Sequence[Pixels]) -> list[Recognised]:
        """Recognise upright line images; raises as ``CheckedReader.read`` does."""
        return self._reader.read(lines)


def open_driven(model: str, endpoint: str, threads: int) -> DrivenOcr:
    """The engine of the installed driver ``model``; raises ConfigError when there is none."""
    driver = Drivers.installed().find("ocr", model, (RapidOcr.name,))
    reader: TextReader = driver.open(model, endpoint, Surroundings.in_a_process(WallClock()))
    return DrivenOcr(CheckedReader(model, reader), threads)
