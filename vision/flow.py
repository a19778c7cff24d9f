"""Lines of a page run together, so that a pattern may cross a line's end and still know its place."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Callable, Sequence

from vision.reading import PageLine
from workcell.kernel.evidence import FieldValue


class Flow:
    """Text of consecutive lines with the line that every character came from."""

    def __init__(
        self, lines: Sequence[PageLine], page: str, text_of: Callable[[str], str], joint: str
    ) -> None:
        self.page = page
        self._lines = lines
        self._starts: list[int] = []
        parts: list[str] = []
        length = 0
        for line in lines:
            part = text_of(line.text) + joint
            self._starts.append(length)
            parts.append(part)
            length += len(part)
        self.text = "".join(parts)

    def line_at(self, position: int) -> PageLine:
        """The line that the character at ``position`` came from."""
        return self._lines[max(bisect_right(self._starts, position) - 1, 0)]

    def line_starts(self, begin: int, end: int) -> list[int]:
        """Positions between two others at which lines begin."""
        return [start for start in self._starts if begin <= start < end]

    def value(self, value: str, position: int, normalised: str = "", **more: str | None) -> FieldValue:
        """A field with the confidence and box of the line where it begins."""
        line = self.line_at(position)
        return FieldValue(
            value=value,
            normalised=normalised or normalise(value),
            confidence=round(line.confidence, 3),
            page=self.page,
            box=line.box,
            **more,
        )


def spaced(lines: Sequence[PageLine], page: str) -> Flow:
    """Lines joined by blanks, for languages that write them."""
    return Flow(lines, page, lambda text: _PIPES.sub("|", " ".join(text.split())), " ")


def unspaced(lines: Sequence[PageLine], page: str) -> Flow:
    """Lines joined without blanks and with one form of each punctuation mark, for Chinese."""
    return Flow(lines, page, space_free, "")


def space_free(text: str) -> str:
    """No blanks except between Latin words, and one form of each punctuation mark that recognisers mix up."""
    return _LOOSE_BLANKS.sub("", text.strip()).translate(_PUNCTUATION)


def normalise(text: str) -> str:
    """For comparing: lower case, no punctuation, single blanks, and none beside Chinese characters."""
    words = " ".join(re.sub(r"[^\w]+", " ", text.lower()).replace("_", " ").split())
    return re.sub(r"(?<=[\u3400-\u9fff]) | (?=[\u3400-\u9fff])", "", words)


_PUNCTUATION = str.maketrans(
    {"：": ":", "，": ",", "；": ";", "（": "(", "）": ")", "．": ".", "／": "/", "﹕": ":", "､": ",",
     "［": "[", "］": "]", "【": "[", "】": "]", "‐": "-", "–": "—", "―": "—", "－": "-",
     "　": "", "･": "·", "・": "·"}
)  # fmt: skip
_LOOSE_BLANKS = re.compile(r"\s+(?![A-Za-z])|(?<![A-Za-z.,])\s+")
_PIPES = re.compile(r"[丨｜∣]")
