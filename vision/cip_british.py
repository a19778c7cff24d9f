"""British Library Cataloguing in Publication Data: the older block of heading, title, tracings and class.

Since the nineties most British books print only that a record is available; then there is nothing to read.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from vision.flow import spaced
from vision.isbn import find_isbns
from vision.names import is_inverted_name
from vision.reading import PageLine
from workcell.kernel.evidence import Fields

_HEADING = re.compile(r"^British Library Catalogu?ing[\s-]+in[\s-]+Publication", re.IGNORECASE)
_NOTE = re.compile(r"record (?:for|of) this (?:book|publication)|is available", re.IGNORECASE)
_TRACING = re.compile(r"^(?P<mark>\d{1,2}|[I1l|]{1,3}|[IVX]+)\s?[.,]\s*(?P<text>.+)$")
_CLASS = re.compile(r"^(?P<class>\d{3}(?:[.·]\s?\d+)?(?:['’]\d+)*)(?:\s+[A-Z]{1,3}\d{1,4}.*|\s+\[?F\]?)?$")
_MOST_LINES = 12


def read_british_block(lines: Sequence[PageLine], page: str) -> Fields:
    """Names, title, subjects and Dewey class of the block; empty when there is none or only the note."""
    at = next((i for i, line in enumerate(lines) if _HEADING.search(line.text.strip())), None)
    if at is None or any(_NOTE.search(line.text) for line in lines[at : at + 3]):
        return {}
    block = [
        line
        for line in lines[at + 1 : at + 1 + _MOST_LINES]
        if not re.match(r"^(?:Data|\(Data\))$", line.text)
    ]
    fields: Fields = {}
    traced = next((i for i, line in enumerate(block) if _TRACING.match(line.text)), None)
    number = next((line for line in block if _CLASS.match(line.text.strip())), None)
    if traced is None or number is None:
        return {}
    fields |= _heading_and_title(block[:traced], page)
    subjects = [m for line in block[traced:] if (m := _TRACING.match(line.text)) and m["mark"].isdigit()]
    subjects = [m for m in subjects if not re.match(r"Title\b|Series\b", m["text"])]
    if subjects:
        fields["subjects"] = [spaced([block[traced]], page).value(m["text"].strip(" ."), 0) for m in subjects]
    match = _CLASS.match(number.text.strip())
    if match:
        plain = match["class"].replace("·", ".").replace(" ", "")
        fields["class"] = [spaced([number], page).value(plain, 0, re.sub(r"['’]", "", plain), scheme="ddc")]
    return fields


def _heading_and_title(lines: Sequence[PageLine], page: str) -> Fields:
    """The author's line where there is one, then the title."""
    rest = [line for line in lines if not find_isbns([line.text])]
    fields: Fields = {}
    if rest and is_inverted_name(rest[0].text):
        name = rest[0].text.strip().rstrip(".") if len(rest[0].text.split()[-1]) > 3 else rest[0].text.strip()
        fields["names"] = [spaced([rest[0]], page).value(name, 0, role="author")]
        rest = rest[1:]
    if rest:
        whole = " ".join(line.text.strip() for line in rest).rstrip(".")
        flow = spaced(rest, page)
        title, _, subtitle = (part.strip() for part in re.split(r"\s*/\s+", whole)[0].partition(":"))
        fields["title"] = flow.value(title, 0)
        if subtitle:
            fields["subtitle"] = flow.value(subtitle, 0)
    return fields
