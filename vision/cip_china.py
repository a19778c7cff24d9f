"""The Chinese CIP block in both generations: GB/T 12451-2001 and GB/T 12451-2023.

Told apart by content: in the older form ISBN and access points stand on lines of their own, in the newer
one everything runs on and only the class numbers follow.  Lines wrap anywhere, so the block is read without
blanks, anchored on "—place：publisher，year".
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from vision.flow import Flow, unspaced
from vision.names import chinese_names
from vision.reading import PageLine
from workcell.kernel.evidence import Fields, FieldValue

_HEADING = re.compile(r"图书在版编目.{0,3}CIP.{0,3}数据|在版编目[((]CIP|图书在版编目")
_NUMBER = re.compile(
    r"数据核字[(\[]?(?P<year>(?:19|20)\d{2})[)\]]?第?(?P<serial>[0-9A-Z]{6})号?|"
    r"CIP数据核字第(?P<whole>(?:19|20)\d{2}[0-9A-Z]{6})号?"
)
_FOOT = re.compile(r"中国(?:国家)?版本")
_IMPRINT_AHEAD = r"(?=[^:,;/。.()]{2,8}:[^:;/()]{2,30}?,(?:19|20)\d{2})"
_AREA = re.compile(
    r"[.。](?:[—\-]+|一(?=[^\d]))|(?<=[\d)])\.?—+(?=ISBN)|"
    # A dash is read as 一 or lost, and its point as a comma.
    rf"[.。,、:]?(?:[—\-]+|一){_IMPRINT_AHEAD}|[.。]{_IMPRINT_AHEAD}"
)
_SUBDIVISION = re.compile(
    r"一(?=(?:中国|世界|美国|英国|法国|德国|日本|俄罗斯|当代|现代|近代|古代|高等|职业|中小学|中学|小学|"
    r"教材|研究|通俗|普及|青年|少儿|儿童|青少年|"
    r"指南|手册|文集|图集|图解|画册|教学|习题|程序设计|汇编|史料|历史|理论|方法|应用|技术|设计|管理|语法|"
    r"词汇|阅读|作品|评论|文学|案例|概况|资格|"
    r"自学|升学|水平|问题|丛刊|选集|英文|汉|明|清|唐|宋|元|民国|先秦|春秋|19|20))"
)
_PUBLICATION = re.compile(r"^(?P<place>[^:(]{2,14}):(?P<publisher>[^,;:]{2,40}),(?P<year>(?:19|20)\d{2})")
_SERIES_BELOW = re.compile(r"^[\d.年月]*[.。]?\((?P<series>(?!\d)[^()]{2,40})(?:\([^()]*\)[^()]*)?\)")
_EDITION = re.compile(
    r"^(?:第?[0-9一二三四五六七八九十]+版|修订|增订|影印|新[一]?版|再版|.{1,6}[版本](?:$|/))"
)
_VOLUME = re.compile(r"[.。](?P<volume>上|中|下|[上中下][册卷编]|第.{1,4}[卷册辑部编集]|[0-9]{1,2}|[A-Z])$")
_CIRCLED = "①②③④⑤⑥⑦⑧⑨⑩"
_ROMAN_TAIL = re.compile(r"[ⅠⅡⅢⅣⅤⅥIVⅴl1丨|]{1,4}[.,、]?$")
_CLASS = re.compile(r"[A-KN-VXZ][A-Z]?[\d\-][\d.\-=+/:()\"A-Z]*|[OI01l]\d[\d.\-=+/:()]*")
_NEW_CLASSES = re.compile(r"[ⅠI1l|丨][.,、](?P<classes>[A-Z01l][A-Z\d.\-=+/:;()]+)$")


def read_chinese_cip(lines: Sequence[PageLine], page: str) -> Fields:
    """Fields of the CIP block on a page; empty when there is none."""
    flow = unspaced(lines, page)
    heading = _HEADING.search(flow.text)
    number = _NUMBER.search(flow.text)
    if heading is None and number is None:
        return {}
    foot = _FOOT.search(flow.text, heading.end() if heading else 0)
    begin = heading.end() if heading else 0
    end = foot.start() if foot else (number.start() if number else len(flow.text))
    fields: Fields = {}
    if heading is not None and end > begin:
        fields |= _description(flow, begin, end)
        fields |= _access_points(flow, begin, end)
    if number is not None:
        fields["cip_number"] = _cip_number(flow, number)
    return fields


def _cip_number(flow: Flow, match: re.Match[str]) -> FieldValue:
    printed = _printed(match.group().removeprefix("CIP").removeprefix("数据核字"))
    plain = match["whole"] or match["year"] + match["serial"]
    return flow.value(printed, match.start(), plain)


def _description(flow: Flow, begin: int, end: int) -> Fields:
    fields: Fields = {}
    for start, area in _areas(flow.text, begin, end):
        if start == begin:
            fields |= title_area(flow, start, area)
        elif publication := _PUBLICATION.match(area):
            for name in ("place", "publisher", "year"):
                fields[name] = flow.value(publication[name], start + publication.start(name))
            # The form of 2001 sets the series on a line of its own.
            if below := _SERIES_BELOW.match(area[publication.end() :]):
                fields["series"] = [flow.value(below["series"].split("/")[0], start + publication.end())]
        elif area.startswith("("):
            fields["series"] = [flow.value(area[1 : _closing(area)].split("/")[0], start)]
        elif _EDITION.match(area) and "publisher" not in fields:
            fields["edition"] = flow.value(area.split("/")[0], start)
    return fields


def _areas(text: str, begin: int, end: int) -> list[tuple[int, str]]:
    """The areas of the description with their positions; ".—" parts them (GB/T 3792)."""
    isbn = re.compile(r"ISBN").search(text, begin, end)
    stop = isbn.start() if isbn else end
    cuts = [(m.start(), m.end()) for m in _AREA.finditer(text, begin, stop)]
    starts = [begin, *(after for _, after in cuts)]
    ends = [*(before for before, _ in cuts), stop]
    return [(s, text[s:e]) for s, e in zip(starts, ends, strict=True) if e > s]


def title_area(flow: Flow, start: int, area: str) -> Fields:
    """Title, subtitle, volume, statement and names of a first area, parted by / and :."""
    head, _, statement = area.partition("/")
    if not statement:
        return {}
    head = head.lstrip(".,:;·")
    offset = start + area.index(head) if head else start
    volume = _VOLUME.search(head)
    if volume:
        head = head[: volume.start()]
    title, _, subtitle = head.partition(":")
    title = title.partition("=")[0]
    fields: Fields = {"title": flow.value(title, offset)}
    if subtitle:
        fields["subtitle"] = flow.value(_printed(subtitle), offset)
    if volume:
        fields["volume"] = flow.value(volume["volume"], offset)
    statement_at = start + area.index("/") + 1
    fields["responsibility"] = flow.value(_printed(statement), statement_at)
    names = chinese_names(statement)
    if names:
        fields["names"] = [flow.value(n.name, statement_at, role=n.role or None) for n in names]
    return fields


def _access_points(flow: Flow, begin: int, end: int) -> Fields:
    """Class numbers and subject headings."""
    text = flow.text[begin:end]
    new = _NEW_CLASSES.search(text)
    if new and "①" not in text:
        at = begin + new.start("classes")
        return {"class": [_clc(flow, c, at) for c in new["classes"].split(";") if _CLASS.match(c)]}
    groups = text.split("①")[1:]
    if not groups:
        return {}
    at = begin + text.rindex("①")
    classes = [_CLASS.match(c) for c in re.split(f"[{_CIRCLED}]", groups[-1])]
    fields: Fields = {}
    if any(classes):
        fields["class"] = [_clc(flow, c.group(), at) for c in classes if c]
    if len(groups) >= 3:
        subjects = re.split(f"[{_CIRCLED}]", _ROMAN_TAIL.sub("", groups[-2]))
        found = [_SUBDIVISION.sub("－", s.strip(".,、")) for s in subjects]
        fields["subjects"] = [flow.value(re.sub(r"[-—]+", "－", s), begin) for s in found if len(s) > 1]
    return fields


def _clc(flow: Flow, printed: str, at: int) -> FieldValue:
    """A CLC class begins with a letter: a leading 1 or 0 is a misread I (literature) or O (mathematics)."""
    number = {"1": "I", "l": "I", "0": "O"}.get(printed[0], printed[0]) + printed[1:].rstrip(".-:/")
    return flow.value(number, at, number, scheme="clc")


def _closing(area: str) -> int:
    end = area.rfind(")")
    return end if end > 0 else len(area)


_FULL_WIDTH = str.maketrans(",;:()", "，；：（）")


def _printed(statement: str) -> str:
    """Punctuation as it is printed in Chinese."""
    return statement.rstrip(".").translate(_FULL_WIDTH)
