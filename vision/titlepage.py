"""The title page: few lines, told apart by type size, place on the page and the words of the trade.

Its transcription wins over the copyright page (RDA 2.2.2.2, GB/T 3792): what stands here is kept as printed.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import cast

from vision.edition import edition_number, find_chinese_edition, find_editions
from vision.flow import normalise
from vision.languages import differ
from vision.names import Name, chinese_names, is_chinese_statement, latin_names, unglued
from vision.reading import PageLine
from vision.title_words import (
    BARE_WORD,
    CHINESE_PLACE,
    GENRE,
    IMPRINT,
    LIST_ENTRY,
    ORIGINAL,
    OTHER_PAGE,
    PLACE,
    ROLE_WORDS,
    SERIES,
    SINGLE_NAME,
    STATEMENT,
    TRANSLATOR,
    VOLUME,
    YEAR,
)
from workcell.kernel.evidence import Fields, FieldValue

PAGE = "title_page"

_SAME_SIZE = 0.78
_FOOT = 0.62
"""Below this share of the page's height stand publisher, place and year."""

_WITHIN_BLOCK = 0.75
"""Most blank between lines of one block, in heights of its lines."""


@dataclass
class _Block:
    """Lines set in one size close together; the words of one statement."""

    lines: list[PageLine]

    @property
    def text(self) -> str:
        return run_together([line.text for line in self.lines])

    @property
    def height(self) -> float:
        return max(line.height for line in self.lines)

    @property
    def top(self) -> float:
        return self.lines[0].frame[1]

    @property
    def middle(self) -> float:
        return (self.top + self.lines[-1].frame[1] + self.lines[-1].frame[3]) / 2


@dataclass
class _TitlePage:
    """A title page being taken apart: blocks not yet claimed, and the fields so far."""

    blocks: list[_Block]
    height: float
    fields: Fields = field(default_factory=dict)

    def foot(self) -> list[_Block]:
        return [block for block in self.blocks if block.middle > _FOOT * self.height]

    def body(self) -> list[_Block]:
        return [block for block in self.blocks if block.middle <= _FOOT * self.height]

    @property
    def is_translated(self) -> bool:
        """Whether a translator is named."""
        return any(TRANSLATOR.search(block.text) for block in self.blocks)

    def claim(self, name: str, block: _Block, text: str = "") -> None:
        self.fields[name] = _value(text or block.text, block.lines)
        self.blocks.remove(block)


def read_title_page(lines: Sequence[PageLine], height: float = 1000.0) -> Fields:
    """Fields of a title page; ``height`` is the page's in the units of the lines' frames.

    Title is the largest type; every other block is claimed by the first rule that knows it.  Blocks that no
    rule claims are left out: a motto is not a subtitle.
    """
    title = _title_lines(lines, height)
    if not title or _is_another_page(lines, title):
        return {}
    page = _TitlePage(_blocks([line for line in lines if line not in title]), height)
    page.fields |= _title_fields(title)
    _claim_marked(page)
    _claim_imprint(page)
    _claim_below_title(page, title)
    _claim_statements(page)
    return page.fields


def run_together(texts: Sequence[str]) -> str:
    """Lines as one text: without a blank between Chinese characters."""
    whole = texts[0].strip()
    for text in texts[1:]:
        chinese = re.search(r"[\u3400-\u9fff：，]$", whole) and re.match(r"[\u3400-\u9fff]", text.strip())
        whole += ("" if chinese else " ") + text.strip()
    return whole


# --- title ---------------------------------------------------------------------------------------------


def _title_lines(lines: Sequence[PageLine], height: float) -> list[PageLine]:
    """The largest line with its neighbours of the same size, in order."""
    foot = _FOOT * height
    candidates = [
        line
        for line in lines
        if normalise(line.text) and not (line.middle[1] > foot and IMPRINT.search(line.text))
    ]
    if not candidates:
        return []
    at = max(range(len(candidates)), key=lambda i: candidates[i].height)
    largest, first, last = candidates[at], at, at
    while first > 0 and _in_title(candidates[first - 1], candidates[first], largest):
        first -= 1
    while last + 1 < len(candidates) and _in_title(candidates[last], candidates[last + 1], largest):
        last += 1
    return candidates[first : last + 1]


def _is_another_page(lines: Sequence[PageLine], title: Sequence[PageLine]) -> bool:
    """Whether the largest line heads another kind of page, or most lines end in page numbers."""
    head = run_together([line.text for line in title]).strip()
    entries = sum(bool(LIST_ENTRY.search(line.text)) for line in lines)
    return bool(OTHER_PAGE.match(head)) or (len(lines) >= 5 and entries > len(lines) / 2)


def _in_title(upper: PageLine, lower: PageLine, largest: PageLine) -> bool:
    alike = min(upper.height, lower.height) >= _SAME_SIZE * largest.height
    gap = lower.frame[1] - (upper.frame[1] + upper.frame[3])
    other = upper if lower is largest else lower
    if is_person_list(other.text) and (other.height < 0.92 * largest.height or gap > 0.6 * largest.height):
        return False  # an author in nearly the title's size
    return alike and gap < 1.2 * largest.height and not is_chinese_statement(other.text)


def _title_fields(title: Sequence[PageLine]) -> Fields:
    if not title:
        return {}
    head, tail = _split_subtitle(run_together([line.text for line in title]))
    fields: Fields = {"title": _value(head, title)}
    if tail:
        fields["subtitle"] = _value(tail, title)
    return fields


def _split_subtitle(title: str) -> tuple[str, str]:
    match = re.search(r"\s*(?:[:：]|——|—|\s[–-]\s)\s*", title)
    if match is None or match.start() == 0 or match.end() == len(title):
        return title, ""
    return title[: match.start()], title[match.end() :]


# --- blocks --------------------------------------------------------------------------------------------


def _blocks(lines: Sequence[PageLine]) -> list[_Block]:
    blocks: list[_Block] = []
    for line in lines:
        if blocks and _continues(blocks[-1], line):
            blocks[-1].lines.append(line)
        else:
            blocks.append(_Block([line]))
    return blocks


def _continues(block: _Block, line: PageLine) -> bool:
    """Whether a line goes on with what the block says: same size, close, and not a new statement."""
    last = block.lines[-1]
    if BARE_WORD.match(last.text.strip()):
        return line.frame[1] - last.frame[1] < 4 * last.height
    gap = line.frame[1] - (last.frame[1] + last.frame[3])
    sizes = line.height / max(last.height, 1.0)
    if gap > _WITHIN_BLOCK * min(line.height, last.height) or not _SAME_SIZE <= sizes <= 1 / _SAME_SIZE:
        return False
    return _is_unfinished(block.text, line.text)


def _is_unfinished(said: str, text: str) -> bool:
    """Whether ``text`` finishes what a line began, and is not something of its own."""
    begins_anew = any(rule.search(text) for rule in (STATEMENT, VOLUME, YEAR, IMPRINT)) or bool(
        find_editions(text)
    )
    ended = IMPRINT.search(said) or YEAR.search(said) or _is_chinese(said) or _is_chinese(text)
    if begins_anew or ended:
        return False
    if STATEMENT.search(said):
        return not is_person_list(text) or len(text.split()) == 1
    # A line of whole names is closed unless it breaks off inside one.
    return not is_person_list(said) or len(text.split()) == 1 or "," in said


# --- rules ---------------------------------------------------------------------------------------------


def _claim_marked(page: _TitlePage) -> None:
    """Edition and volume, which say what they are."""
    for block in list(page.blocks):
        printed = _edition_in(block.text)
        if printed and "edition" not in page.fields:
            page.claim("edition", block, printed)
            page.fields["edition"] = replace(
                cast(FieldValue, page.fields["edition"]),
                normalised=edition_number(printed) or normalise(printed),
            )
    found = next((b for b in page.blocks if VOLUME.search(b.text) and len(b.text) < 80), None)
    if found is not None:
        page.claim("volume", found)


def _edition_in(text: str) -> str:
    """The edition statement that a block is, without brackets; empty when it is something else."""
    plain = text.strip().strip("()（）[]【】 ")
    found = find_editions(plain)
    if found and len(found[0].group()) >= 0.8 * len(plain):
        return plain
    if len(plain) > 60 or IMPRINT.search(plain) or STATEMENT.search(plain):
        return ""
    if not _is_chinese(plain):
        return plain if found and len(found[0].group()) >= 0.5 * len(plain) else ""
    chinese = find_chinese_edition(plain)
    return plain if chinese and len(plain) <= 12 else ""


def _claim_imprint(page: _TitlePage) -> None:
    """Publisher, place and year at the foot: by their words, else publisher above place."""
    for block in page.foot():
        year = YEAR.search(block.text)
        if year and "year" not in page.fields:
            rest = (block.text[: year.start()] + block.text[year.end() :]).strip(" ,.·年月")
            page.claim("year", block, year["value"])
            if CHINESE_PLACE.match(rest) or (rest and PLACE.match(rest)):
                page.fields["place"] = _value(rest, block.lines)
    for block in page.foot():
        if "place" not in page.fields and CHINESE_PLACE.match(block.text):
            page.claim("place", block)
    named = next((b for b in page.foot() if IMPRINT.search(b.text)), None)
    publisher = named or next((b for b in page.foot() if not _is_statement(b.text)), None)
    if publisher is None:
        return
    split = _by_line(page, publisher)
    page.claim("publisher", split)
    below = next((b for b in page.foot() if b.top > split.top and PLACE.match(b.text)), None)
    if below is not None and "place" not in page.fields:
        page.claim("place", below)


def _by_line(page: _TitlePage, block: _Block) -> _Block:
    """The first line of a block for itself; the rest goes back as blocks of their own."""
    if len(block.lines) == 1:
        return block
    at = page.blocks.index(block)
    page.blocks[at : at + 1] = [_Block([line]) for line in block.lines]
    return page.blocks[at]


def _claim_below_title(page: _TitlePage, title: Sequence[PageLine]) -> None:
    """The block right under the title, unless it names persons or a series: the subtitle."""
    under = title[-1].frame[1] + title[-1].frame[3]
    below = [block for block in page.body() if block.top >= under - 1]
    if not below or "subtitle" in page.fields:
        return
    block = below[0]
    if _is_statement(block.text) or SERIES.search(block.text) or ORIGINAL.match(block.text.strip()):
        return
    if GENRE.match(block.text.strip()):
        page.claim("subtitle", block)
        return
    if is_person_list(block.text):
        return
    named = run_together([line.text for line in title])
    if _is_chinese(named) != _is_chinese(block.text) or (page.is_translated and differ(named, block.text)):
        return  # a title in another language is the original's or a parallel one
    if len(block.text) >= 4 and (len(block.text.split()) > 1 or _is_chinese(block.text)):
        page.claim("subtitle", block)


def _claim_statements(page: _TitlePage) -> None:
    """Statements of responsibility: marked ones and lines of nothing but names."""
    found = [b for b in page.blocks if _is_statement(b.text)]
    found += [b for b in page.body() if b not in found and is_person_list(b.text)]
    if not any(not ROLE_WORDS.search(b.text) for b in found):
        found += _single_word_author(page, found)
    if not found or len(found) > 6:
        return
    found.sort(key=lambda b: b.top)
    lines = [line for block in found for line in block.lines]
    page.fields["responsibility"] = _value(" ; ".join(unglued(b.text) for b in found), lines)
    names = [
        (name, block) for block in found for name in names_in(block.text, alone=len(block.text.split()) == 1)
    ]
    if names:
        page.fields["names"] = [_value(n.name, b.lines, role=n.role or None) for n, b in names]
    for block in found:
        page.blocks.remove(block)


def _single_word_author(page: _TitlePage, found: Sequence[_Block]) -> list[_Block]:
    """Plato, Voltaire: the one block of a single capitalised word above the foot, when no author is named."""
    alone = [
        b
        for b in page.body()
        if b not in found and SINGLE_NAME.match(b.text.strip()) and not GENRE.match(b.text.strip())
    ]
    return alone if len(alone) == 1 else []


# --- words ---------------------------------------------------------------------------------------------


def _is_statement(text: str) -> bool:
    return bool(STATEMENT.search(text.strip())) or is_chinese_statement(text)


def is_person_list(text: str) -> bool:
    """Whether a line is nothing but names of persons, in capitals or in title case."""
    if _is_chinese(text):
        return is_chinese_statement(text)
    names = latin_names(_title_case(text))
    words = sum(len(name.name.split()) for name in names)
    in_line = len(re.findall(r"[^\W\d]+(?:[.'’-]\w+)*\.?", text))
    return bool(names) and words >= 2 and words + text.count(" and ") + text.count(" & ") >= in_line


def names_in(text: str, *, alone: bool = False) -> list[Name]:
    """Names with roles of a statement in either script; ``alone`` takes a single word for a name."""
    if is_chinese_statement(text):
        plain = text.translate(str.maketrans("（）［］", "()[]"))
        parts = re.split(r"(?<=[著编译绘撰編譯繪])\s+", plain)
        return [name for part in parts for name in chinese_names(re.sub(r"\s+(?=\S{1,2}$)", "", part))]
    if alone and SINGLE_NAME.match(text.strip()):
        return [Name(_title_case(text.strip()), "author")]
    return latin_names(_title_case(text))


def _title_case(text: str) -> str:
    """Names set in capitals, as names are written."""
    letters = [c for c in text if c.isalpha()]
    if not letters or sum(c.isupper() for c in letters) < 0.9 * len(letters):
        return text
    return re.sub(r"[^\W\d]+", lambda m: m.group() if len(m.group()) < 2 else m.group().capitalize(), text)


def _is_chinese(text: str) -> bool:
    return bool(re.search(r"[\u3400-\u9fff]", text))


def _value(text: str, lines: Sequence[PageLine], role: str | None = None) -> FieldValue:
    boxes = [line.box for line in lines]
    x, y = min(b[0] for b in boxes), min(b[1] for b in boxes)
    box = (x, y, max(b[0] + b[2] for b in boxes) - x, max(b[1] + b[3] for b in boxes) - y)
    confidence = min(line.confidence for line in lines)
    return FieldValue(text, normalise(text), round(confidence, 3), PAGE, box, role=role)
