"""The title page: few lines, told apart by type size, place on the page and the words of the trade.

Its transcription wins over the copyright page (RDA 2.2.2.2, GB/T 3792): what stands here is kept as printed.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from vision.flow import normalise
from vision.names import Name, chinese_names, is_chinese_statement, latin_names
from vision.reading import PageLine
from workcell.kernel.evidence import Fields, FieldValue

PAGE = "title_page"

_PUBLISHER = re.compile(
    r"出版社|出版公司|出版集团|書局|书局|书店|印书馆|書店|\b(?:Press|Publish(?:er|ers|ing)|Books|Verlag|Éditions|"
    r"Edizioni|Editorial|Editores|House|Imprint|Macmillan|Springer|Wiley|Elsevier|Routledge|Pearson|Penguin|"
    r"Random House|HarperCollins|O['’]?Reilly|Company|& Co\.?|Sons|Inc\.?|Ltd\.?)(?!\w)|University\s*$",
    re.IGNORECASE,
)
_YEAR = re.compile(
    r"(?<!\d)(?P<value>(?:1[5-9]|20)\d{2}|二[〇零○OoＯ0][一二三四五六七八九〇零○]{2}|[MDCLX]{1,3}[MDCLXVI]{3,})(?!\d)"
)
_EDITION = re.compile(
    r"^(?:(?:the )?(?:\w+[ -]){0,3}edition\b.*|\d{1,2}(?:st|nd|rd|th) ed\.?.*|.{0,8}第?[0-9一二三四五六七八九十]+版.{0,6}|"
    r"(?:修订|增订|校订|珍藏|典藏|插图|全新|最新).{0,4}[版本])$",
    re.IGNORECASE,
)
_VOLUME = re.compile(
    r"^(?:(?:Volume|Vol\.?|Book|Part)\s+(?:[0-9]{1,3}|[IVXL]+|One|Two|Three|Four|Five|Six)\b.{0,40}|"
    r"第?[一二三四五六七八九十百0-9]{1,4}[卷册辑部集編编]|[（(]?[上中下][册卷部集][)）]?|[上中下])$",
    re.IGNORECASE,
)
_LATIN_STATEMENT = re.compile(
    r"^(?:(?:written|edited|translated|illustrated|compiled|adapted|retold|selected|introduced)\b.*|"
    r"(?:by|with (?:an? )?(?:introduction|foreword|preface|illustrations|contributions))\b.*|"
    r"(?:translation|illustrations|photographs|pictures|foreword|introduction|preface) by\b.*|.*\b(?:editors?|translator))$",
    re.IGNORECASE,
)
_SERIES = re.compile(
    r"\b(?:series|library of|classics|studies in|monographs)\b|丛书|文库|系列|译丛|书系|教材$", re.IGNORECASE
)
_PLACE = re.compile(r"^[A-ZÀ-Þ][\w.'’ -]+(?:(?:\s*[·•|/,–—-]\s*| {2,}| and )[A-ZÀ-Þ][\w.'’ -]+){0,6}$")
_CHINESE_PLACE = re.compile(
    r"^(?:北京|上海|天津|重庆|香港|台北|澳门|广州|南京|杭州|武汉|成都|长沙|西安|沈阳|济南|郑州|合肥|福州|南昌|昆明|贵阳|南宁|"
    r"太原|石家庄|哈尔滨|长春|呼和浩特|赤峰|乌鲁木齐|兰州|银川|西宁|拉萨|海口|桂林|苏州|厦门|青岛|大连|深圳|宁波)"
    r"(?:[·•\s,，]+\S{2,4})*$"
)  # fmt: skip

_SAME_SIZE = 0.8
_FOOT = 0.62
"""Below this share of the page's height stand publisher, place and year."""


@dataclass(frozen=True)
class _Layout:
    """The lines of a title page with what the page's own sizes mean."""

    lines: Sequence[PageLine]
    height: float

    def is_foot(self, line: PageLine) -> bool:
        return line.middle[1] > _FOOT * self.height


def read_title_page(lines: Sequence[PageLine], height: float = 1000.0) -> Fields:
    """Fields of a title page; ``height`` is the page's in the units of the lines' frames.

    Title is the largest type; every other line is claimed by the first rule that knows it.  Lines that no
    rule claims are left out: a motto is not a subtitle.
    """
    layout = _Layout(lines, height)
    title = _title_lines(layout)
    if not title:
        return {}
    fields = _title_fields(title)
    rest = [line for line in lines if line not in title]
    for name, claim in (
        ("edition", _EDITION), ("volume", _VOLUME),
    ):  # fmt: skip
        found = next((line for line in rest if claim.match(line.text.strip())), None)
        if found is not None:
            fields[name] = _value(found.text, [found], _normal_statement(name, found.text))
            rest.remove(found)
    fields |= _foot_fields(rest, layout)
    fields |= _statement_fields(rest, title, layout)
    if "subtitle" not in fields:
        fields |= _subtitle_field(rest, title, layout, taken=fields)
    return fields


def cover_title(lines: Sequence[PageLine], height: float = 1000.0) -> Fields:
    """Only the title, in the largest type of a front cover, at half the confidence of a title page."""
    title = _title_lines(_Layout(lines, height))
    return {
        name: FieldValue(v.value, v.normalised, round(v.confidence * 0.5, 3), "front_cover", v.box)
        for name, v in _title_fields(title).items()
        if isinstance(v, FieldValue)
    } if title else {}  # fmt: skip


def _title_lines(layout: _Layout) -> list[PageLine]:
    """The largest line with its neighbours of the same size, in order."""
    candidates = [
        line for line in layout.lines if len(normalise(line.text)) >= 1 and not _is_imprint(line, layout)
    ]
    if not candidates:
        return []
    largest = max(candidates, key=lambda line: line.height)
    at = candidates.index(largest)
    first = last = at
    while first > 0 and _belongs(candidates[first - 1], candidates[first], largest):
        first -= 1
    while last + 1 < len(candidates) and _belongs(candidates[last], candidates[last + 1], largest):
        last += 1
    return candidates[first : last + 1]


def _is_imprint(line: PageLine, layout: _Layout) -> bool:
    return layout.is_foot(line) and bool(_PUBLISHER.search(line.text))


def _belongs(upper: PageLine, lower: PageLine, largest: PageLine) -> bool:
    alike = min(upper.height, lower.height) >= _SAME_SIZE * largest.height
    gap = lower.frame[1] - (upper.frame[1] + upper.frame[3])
    return alike and gap < 1.2 * largest.height


def _title_fields(title: Sequence[PageLine]) -> Fields:
    if not title:
        return {}
    whole = _run_together([line.text for line in title])
    head, mark, tail = _split_subtitle(whole)
    fields: Fields = {"title": _value(head, title)}
    if mark and tail:
        fields["subtitle"] = _value(tail, title)
    return fields


def _split_subtitle(title: str) -> tuple[str, str, str]:
    match = re.search(r"\s*(?:[:：]|——|—|\s[–-]\s)\s*", title)
    if match is None or match.start() == 0 or match.end() == len(title):
        return title, "", ""
    return title[: match.start()], match.group(), title[match.end() :]


def _foot_fields(rest: list[PageLine], layout: _Layout) -> Fields:
    """Publisher, place and year at the foot of the page; claimed lines leave ``rest``."""
    fields: Fields = {}
    foot = [line for line in rest if layout.is_foot(line)]
    for line in foot:
        year = _YEAR.search(line.text)
        text = line.text
        if year and "year" not in fields and len(text) < 60:
            fields["year"] = _value(year["value"], [line])
            text = (text[: year.start()] + text[year.end() :]).strip(" ,.·年月")
            rest.remove(line)
        if not text or ("publisher" in fields and "place" in fields):
            continue
        fields |= _imprint(text, line, fields)
        if line in rest and any(isinstance(v, FieldValue) and v.box == line.box for v in fields.values()):
            rest.remove(line)
    return fields


def _imprint(text: str, line: PageLine, known: Fields) -> Fields:
    if _CHINESE_PLACE.match(text.strip()) and "place" not in known:
        return {"place": _value(text.strip(), [line])}
    if _PUBLISHER.search(text) and "publisher" not in known:
        return {"publisher": _value(text.strip(), [line])}
    if "publisher" in known and "place" not in known and _PLACE.match(text.strip()):
        return {"place": _value(text.strip(), [line])}
    return {}


def _statement_fields(rest: list[PageLine], title: Sequence[PageLine], layout: _Layout) -> Fields:
    """Statements of responsibility and the names in them; claimed lines leave ``rest``."""
    body = [line for line in rest if not layout.is_foot(line) or is_chinese_statement(line.text)]
    statements = [line for line in body if _is_statement(line)]
    if not statements:
        statements = _bare_names(body, title)
    if not statements:
        return {}
    for line in statements:
        rest.remove(line)
    texts = [line.text.strip() for line in statements]
    fields: Fields = {"responsibility": _value(" ; ".join(texts), statements)}
    names = [(name, line) for line in statements for name in _names_in(line.text)]
    if names:
        fields["names"] = [_value(n.name, [line], role=n.role or None) for n, line in names]
    return fields


def _is_statement(line: PageLine) -> bool:
    text = line.text.strip()
    return bool(_LATIN_STATEMENT.match(text)) or is_chinese_statement(text)


def _bare_names(body: Sequence[PageLine], title: Sequence[PageLine]) -> list[PageLine]:
    """Lines that are nothing but persons' names, in capitals or title case, apart from the title."""
    found = []
    for line in body:
        names = latin_names(_title_case(line.text))
        words = sum(len(n.name.split()) for n in names)
        if (
            names
            and words >= 2
            and words >= len(re.findall(r"[^\W\d]+(?:[.'’-]\w+)*", line.text)) - len(names)
        ):
            found.append(line)
    return found if len(found) <= 4 else []


def _names_in(text: str) -> list[Name]:
    if is_chinese_statement(text):
        return chinese_names(re.sub(r"\s+(?=[著编译绘主撰])", "", text).replace("（", "(").replace("）", ")"))
    return latin_names(_title_case(text))


def _subtitle_field(
    rest: Sequence[PageLine], title: Sequence[PageLine], layout: _Layout, *, taken: Fields
) -> Fields:
    """The lines right under the title in the second size, before anything else."""
    below = [line for line in rest if line.middle[1] > title[-1].middle[1] and not layout.is_foot(line)]
    lines: list[PageLine] = []
    previous = title[-1]
    for line in below:
        gap = line.frame[1] - (previous.frame[1] + previous.frame[3])
        if (
            gap > 2.2 * max(line.height, title[-1].height * 0.6)
            or _SERIES.search(line.text)
            or len(line.text) < 4
        ):
            break
        if lines and not _SAME_SIZE < line.height / lines[0].height < 1 / _SAME_SIZE:
            break
        lines.append(line)
        previous = line
    return {"subtitle": _value(_run_together([line.text for line in lines]), lines)} if lines else {}


def _run_together(texts: Sequence[str]) -> str:
    """Lines as one: without a blank between Chinese characters, and a word's hyphen at a line end undone."""
    whole = texts[0].strip()
    for text in texts[1:]:
        chinese = re.search(r"[\u3400-\u9fff：，]$", whole) and re.match(r"[\u3400-\u9fff]", text.strip())
        whole += ("" if chinese else " ") + text.strip()
    return whole


def _title_case(text: str) -> str:
    """Names set in capitals, as names are written."""
    letters = [c for c in text if c.isalpha()]
    if not letters or sum(c.isupper() for c in letters) < 0.9 * len(letters):
        return text
    return re.sub(r"[^\W\d]+", lambda m: m.group() if len(m.group()) < 2 else m.group().capitalize(), text)


def _normal_statement(name: str, text: str) -> str:
    return normalise(text)


def _value(text: str, lines: Sequence[PageLine], normalised: str = "", role: str | None = None) -> FieldValue:
    xs = [line.box for line in lines]
    x, y = min(b[0] for b in xs), min(b[1] for b in xs)
    box = (x, y, max(b[0] + b[2] for b in xs) - x, max(b[1] + b[3] for b in xs) - y)
    confidence = min(line.confidence for line in lines)
    return FieldValue(text, normalised or normalise(text), round(confidence, 3), PAGE, box, role=role)
