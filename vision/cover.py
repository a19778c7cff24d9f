"""Front cover and spine: the same words as on the title page, set for the eye; at half its confidence.

A cover leaves out and adds (blurbs, prizes, film posters), so only what names itself is taken: the largest
type as title, statements with a role or nothing but a name, a publisher by its words, a volume.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from vision.flow import normalise
from vision.reading import PageLine
from vision.title_words import IMPRINT, VOLUME
from vision.titlepage import is_person_list, names_in, read_title_page, run_together
from workcell.kernel.evidence import Fields, FieldValue

COVER, SPINE = "front_cover", "spine"
_FROM_A_COVER = ("title", "names", "volume", "edition", "publisher")
_SHARE = 0.5
_PRAISE = re.compile(
    r"bestsell|winner|prize|award|author of|from the|now a|major|film|times|“|\"|review|"
    r"推荐|获奖|畅销|作者|改编|销量",
    re.I,
)
_SPINE_NUMBER = re.compile(r"^(?:\d{1,2}|[IVX]{1,5}|[一二三四五六七八九十]{1,2}|上|中|下)$")
_MOST_PIECES = 8


def read_front_cover(lines: Sequence[PageLine], height: float = 1000.0) -> Fields:
    """Title, names, volume, edition and publisher of a front cover."""
    plain = [line for line in lines if not _PRAISE.search(line.text)]
    fields = read_title_page(plain, height)
    if len(plain) != len(lines):
        fields.pop("edition", None)  # "the anniversary edition of the bestseller"
    return {name: _unsure(fields[name], COVER) for name in _FROM_A_COVER if name in fields}


def read_spine_face(lines: Sequence[PageLine]) -> Fields:
    """Title, names, publisher and volume as far as a spine's few pieces tell them apart."""
    pieces = [line for line in lines if normalise(line.text)]
    if not 1 <= len(pieces) <= _MOST_PIECES:
        return {}
    fields: Fields = {}
    for name, rule in (("publisher", IMPRINT), ("volume", VOLUME), ("volume", _SPINE_NUMBER)):
        found = next((line for line in pieces if rule.search(line.text.strip())), None)
        if found is not None and name not in fields:
            fields[name] = _of_line(found.text, found)
            pieces.remove(found)
    persons = [line for line in pieces if is_person_list(line.text)]
    if persons and len(persons) < len(pieces):
        author = persons[0]
        names = [_of_line(n.name, author, n.role) for n in names_in(author.text)]
        if names:
            fields["names"] = names
            pieces.remove(author)
    if pieces:
        tallest = max(line.height for line in pieces)
        title = [line for line in pieces if line.height > 0.8 * tallest]
        first = _of_line(run_together([line.text for line in title[:2]]), title[0])
        fields["title"] = first
    return fields


def _of_line(text: str, line: PageLine, role: str | None = None) -> FieldValue:
    sure = round(line.confidence * _SHARE, 3)
    return FieldValue(text.strip(), normalise(text), sure, SPINE, line.box, role=role or None)


def _unsure(found: FieldValue | list[FieldValue], page: str) -> FieldValue | list[FieldValue]:
    if isinstance(found, list):
        return [_half(value, page) for value in found]
    return _half(found, page)


def _half(value: FieldValue, page: str) -> FieldValue:
    return replace(value, confidence=round(value.confidence * _SHARE, 3), page=page)
