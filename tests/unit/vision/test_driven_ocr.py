"""What another maker's engine says is checked before it counts as text."""

import numpy as np
import pytest

from vision.driven_ocr import CheckedReader
from vision.ocr import Recognised
from workcell.kernel.errors import DeviceFault

GREY = [np.full((40, width), 200, np.uint8) for width in (120, 300)]


class Reader:
    """Answers what it is told to, and keeps what it was shown."""

    def __init__(self, *answers):
        self.answers, self.seen = answers, []

    def read(self, lines):
        self.seen.append([line.shape for line in lines])
        return self.answers


def test_every_line_is_shown_in_colour_and_keeps_its_place():
    reader = Reader(("  The craft ", 0.9), ("of research", 1))
    assert CheckedReader("acme", reader).read(GREY) == [
        Recognised("The craft", 0.9),
        Recognised("of research", 1.0),
    ]
    assert reader.seen == [[(40, 120, 3), (40, 300, 3)]]


def test_no_lines_are_not_asked_for():
    reader = Reader()
    assert CheckedReader("acme", reader).read([]) == []
    assert reader.seen == []


@pytest.mark.parametrize(
    ("answers", "problem"),
    [
        ([("one", 0.9)], "1 texts for 2 lines"),
        ([("one", 0.9)] * 3, "3 texts for 2 lines"),
        ([("one", 0.9), None], "is no text"),
        ([("one", 0.9), "two"], "is no text"),
        ([("one", 0.9), (2, 0.9)], "is no text"),
        ([("one", 0.9), ("two", "sure")], "is no text"),
        ([("one", 0.9), ("two", 97)], "not between 0 and 1"),
        ([("one", 0.9), ("two", float("nan"))], "not between 0 and 1"),
    ],
)
def test_an_answer_that_does_not_fit_is_no_text_at_all(answers, problem):
    with pytest.raises(DeviceFault, match=problem) as caught:
        CheckedReader("acme", Reader(*answers)).read(GREY)
    assert caught.value.subject == "acme"
