"""The last numbered page: the number in the margin, alone or beside a running head."""

from __future__ import annotations

import re
from collections.abc import Sequence

from vision.reading import PageLine
from workcell.kernel.evidence import Fields, FieldValue

PAGE = "last_page"

_MARGIN = 0.12
_NUMBER = re.compile(r"^[\s·•\-–—|~∙.*]*(?P<value>\d{1,4})[\s·•\-–—|~∙.*]*$")
_BESIDE_HEAD = re.compile(r"^(?P<left>\d{1,4})\s+[^\d\s]\D*$|^\D*[^\d\s.,]\s+(?P<right>\d{1,4})$")
_YEARS = range(1500, 2100)


def read_page_number(lines: Sequence[PageLine], size: tuple[float, float]) -> Fields:
    """``pages`` from the number printed in the head or foot margin; nothing when two numbers compete."""
    margin = [line for line in lines if _in_margin(line, size[1])]
    alone = [(m["value"], line) for line in margin if (m := _NUMBER.match(line.text))]
    found = alone or [
        (m["left"] or m["right"], line) for line in margin if (m := _BESIDE_HEAD.match(line.text.strip()))
    ]
    if len(found) != 1 or not 0 < int(found[0][0]) < 4000:
        return {}
    number, line = found[0]
    sure = line.confidence * (0.6 if int(number) in _YEARS else 1.0)
    return {"pages": FieldValue(number, str(int(number)), round(sure, 3), PAGE, line.box)}


def _in_margin(line: PageLine, height: float) -> bool:
    top, bottom = line.frame[1], line.frame[1] + line.frame[3]
    return top < _MARGIN * height or bottom > (1 - _MARGIN) * height
