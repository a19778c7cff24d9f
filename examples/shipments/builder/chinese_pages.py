"""What is printed on and in a Chinese book: cover, back cover, title page, copyright page, last page."""

from __future__ import annotations

import re
import unicodedata
from typing import Any

from builder.facts import ChinesePerson, ChineseShipment, ChineseTitle, Publisher

_LINE = 56
_COVER_LINE = 36
_TEXT_LINE = 50
_NOT_AT_LINE_START = "，。；：、．）〉》」”！？…)"
_UNBREAKABLE = re.compile(r"ISBN [0-9-]+|[!-~·]+|.")
_TRIMMED = {
    184: ("787毫米×1092毫米　1/32", 32),
    203: ("850毫米×1168毫米　1/32", 32),
    208: ("880毫米×1230毫米　1/32", 32),
    215: ("890毫米×1240毫米　1/32", 32),
    217: ("889毫米×1194毫米　1/32", 32),
    238: ("710毫米×1000毫米　1/16", 16),
    258: ("787毫米×1092毫米　1/16", 16),
    366: ("787毫米×1092毫米　1/8", 8),
}
_CHARACTERS_A_PAGE = {32: 700, 16: 1050, 8: 300}
_CIRCLED = "①②③④⑤⑥⑦⑧⑨⑩"


def wrapped(text: str, width: int) -> list[str]:
    """Break ``text`` anywhere but inside Latin words and before closing marks; a Han character is 2 wide."""
    lines, line = [], ""
    for piece in _UNBREAKABLE.findall(text):
        if _width(line + piece) > width and piece not in _NOT_AT_LINE_START:
            lines.append(line.rstrip())
            line = ""
        line += piece if line else piece.lstrip()
    return [*lines, line] if line else lines


def _width(text: str) -> int:
    narrow = ("Na", "H", "N")
    return sum(1 if unicodedata.east_asian_width(character) in narrow else 2 for character in text)


def faces(shipment: ChineseShipment, title: ChineseTitle) -> dict[str, Any]:
    """Give the printed parts of a copy, with the keys of box.json; some houses print a colophon."""
    publisher = shipment.publishers[title.publisher]
    cip, imprint = _CIP[title.cip](title, publisher), _imprint(title, publisher)
    return {
        "addon": None,
        "language": "chi",
        "cover": {
            "title": title.title,
            "subtitle": title.subtitle,
            "author": _statements(title)[0],
            "publisher": publisher.name,
            "colour": title.colour,
            "plain": title.plain_cover,
        },
        "back_cover": wrapped(title.blurb, _COVER_LINE),
        "back_price": title.printed_price or (f"定价：{title.price}元" if title.price else None),
        "title_page": {
            "title": title.title,
            "subtitle": title.subtitle,
            "responsibility": _statements(title),
            "edition": _printed_edition(title) or None,
            "place": None,
            "publisher": publisher.name,
            "year": None,
            "volume": title.volume_printed,
            "series": title.series or None,
            "original_title": title.original,
        },
        "copyright_page": cip if publisher.colophon else [*cip, *[""] * bool(cip), *imprint],
        "colophon": imprint if publisher.colophon else None,
        "last_page_text": [line for part in title.last.split("\n") for line in wrapped(part, _TEXT_LINE)],
    }


def _statements(title: ChineseTitle) -> list[str]:
    """Each role's names as a title page sets them: ［美］黄仁宇　著."""
    roles = dict.fromkeys(person.role for person in title.people)
    return [f"{_names(title, role, '［{}］', '　')}　{role}" for role in roles]


def _names(title: ChineseTitle, role: str, bracket: str, comma: str) -> str:
    return comma.join(_named(person, bracket) for person in title.people if person.role == role)


def _named(person: ChinesePerson, bracket: str) -> str:
    return (bracket.format(person.origin) if person.origin else "") + person.name


def _printed_edition(title: ChineseTitle) -> str:
    return f"第{title.edition}" if title.edition[:1].isdigit() else title.edition


# --- the CIP block ------------------------------------------------------------------------------------


def _cip_2001(title: ChineseTitle, publisher: Publisher) -> list[str]:
    """GB/T 12451-2001: description, series, original title, ISBN and access points on lines of their own."""
    description = (
        f"{_title_and_names(title, '／')}．{_edition_area(title, '．')}—{_imprint_area(title, publisher)}"
    )
    year, number = title.cip_number[:4], title.cip_number[4:]
    blocks = [
        description,
        f"（{title.series}）" if title.series else "",
        f"书名原文：{title.original}" if title.original else "",
        *(f"ISBN {isbn}{_binding_note(name)}" for isbn, name in _printed_isbns(title)),
        _access_points(title),
        f"中国版本图书馆CIP数据核字（{year}）第{number}号",
    ]
    return ["图书在版编目（CIP）数据", "", *_lines(blocks)]


def _cip_2023(title: ChineseTitle, publisher: Publisher) -> list[str]:
    """GB/T 12451-2023: all run on, then the class, then the number of ten characters."""
    series = f".—（{title.series}）" if title.series else ""
    description = (
        f"{_title_and_names(title, '/')}.{_edition_area(title, '.')}—"
        f"{_imprint_area(title, publisher)}{series}.—ISBN {title.isbn}"
    )
    blocks = [description, f"Ⅰ.{title.clc}", f"中国国家版本馆CIP数据核字第{title.cip_number}号"]
    return ["图书在版编目（CIP）数据", "", *_lines(blocks)]


def _cip_taiwan(title: ChineseTitle, publisher: Publisher) -> list[str]:
    """國家圖書館出版品預行編目: the description in the form of a card, class and number below."""
    by = "；".join(statement.replace("　", "") for statement in _statements(title))
    imprint = f"{publisher.place}市：皇冠, {title.year}.{title.month:02}"
    blocks = [
        f"{title.title} / {by}. -- {title.edition}. -- {imprint}",
        "面；公分",
        f"ISBN {title.isbn}（平裝）",
        f"{title.class_taiwan}　　　　　　{title.cip_number}",
    ]
    return ["國家圖書館出版品預行編目資料", "", *_lines(blocks)]


def _without_cip(title: ChineseTitle, publisher: Publisher) -> list[str]:
    return []


_CIP = {
    "2001": _cip_2001,
    "2023": _cip_2023,
    "taiwan": _cip_taiwan,
    "early": _without_cip,
    "none": _without_cip,
}


def _lines(blocks: list[str]) -> list[str]:
    return [line for block in blocks for line in wrapped(block, _LINE)]


def _title_and_names(title: ChineseTitle, slash: str) -> str:
    proper = f"{title.title}：{title.subtitle}" if title.subtitle else title.title
    pieces = f"：全{title.pieces}册" if title.pieces > 1 else ""
    roles = dict.fromkeys(person.role for person in title.people)
    by = "；".join(f"{_names(title, role, '（{}）', '，')}{role}" for role in roles)
    return f"{proper}{pieces}{slash}{by}"


def _edition_area(title: ChineseTitle, stop: str) -> str:
    return f"—{title.edition}{stop}" if title.edition else ""


def _imprint_area(title: ChineseTitle, publisher: Publisher) -> str:
    return f"{publisher.place}：{publisher.name}，{title.year}.{title.month}"


def _printed_isbns(title: ChineseTitle) -> tuple[tuple[str, str], ...]:
    return title.isbns if title.one_record else title.isbns[:1]


def _binding_note(name: str) -> str:
    return f"（{name}）" if name in ("平装", "精装") else ""


def _access_points(title: ChineseTitle) -> str:
    names = "".join(
        f"{mark}{person.heading[0]}…" for mark, person in zip(_CIRCLED, title.people, strict=False)
    )
    subjects = "".join(
        mark + re.sub(r"\$.", "－", subject) for mark, subject in zip(_CIRCLED, title.subjects, strict=False)
    )
    return f"Ⅰ．①{title.title[0]}…　Ⅱ．{names}　Ⅲ．{subjects}　Ⅳ．①{title.clc}"


# --- below the block ----------------------------------------------------------------------------------


def _imprint(title: ChineseTitle, publisher: Publisher) -> list[str]:
    if title.cip == "taiwan":
        return _imprint_taiwan(title, publisher)
    if title.cip == "early":
        return _imprint_early(title, publisher)
    fold, sheets, thousands = _format(title)
    printing = title.printing or f"{title.year}年{title.month}月第1次印刷"
    edition = title.edition if title.edition[:1].isdigit() else "1版"
    return [
        *([f"书　　名：{title.title}"] if publisher.colophon else []),
        f"责任编辑：{publisher.editor}",
        f"出版发行：{publisher.name}",
        *(f"地　　址：{line}" for line in publisher.lines),
        "",
        f"开　　本：{fold}",
        f"印　　张：{sheets}",
        f"字　　数：{thousands}千字",
        f"版　　次：{title.year}年{title.month}月第{edition}",
        f"印　　次：{printing}",
        f"书　　号：ISBN {title.isbn}",
        *_price_line(title),
        "",
        "版权所有　侵权必究",
    ]


def _price_line(title: ChineseTitle) -> list[str]:
    told = title.printed_price or (f"定价：{title.price}元" if title.price else "")
    return [told.replace("定价：", "定　　价：")] if told else []


def _format(title: ChineseTitle) -> tuple[str, str, int]:
    fold, pages_a_sheet = _TRIMMED[title.size[0]]
    pages = (title.set_pages or title.last_page) if title.pieces > 1 else title.last_page
    quarters = -(-(pages + 8) * 4 // pages_a_sheet)
    characters = pages * _CHARACTERS_A_PAGE[pages_a_sheet] // 1000
    return fold, f"{quarters / 4:g}", characters


def _imprint_taiwan(title: ChineseTitle, publisher: Publisher) -> list[str]:
    return [
        title.title,
        f"作　　者：{title.people[0].name}",
        f"責任編輯：{publisher.editor}",
        f"出版發行：{publisher.name}",
        *publisher.lines,
        f"初版一刷：{title.year}年{title.month}月",
        f"ISBN：{title.isbn}",
        title.printed_price,
        "版權所有　翻印必究",
    ]


def _imprint_early(title: ChineseTitle, publisher: Publisher) -> list[str]:
    fold, sheets, thousands = _format(title)
    return [
        title.title,
        *(statement.replace("　", " ") for statement in _statements(title)),
        f"{publisher.name}出版发行",
        "北京朝阳门内大街166号",
        "新华书店经销",
        f"{fold}　{sheets}印张　{thousands}千字",
        "1981年8月第1版",
        f"{title.year}年{title.month}月第{title.edition}　北京第3次印刷",
        f"统一书号：{title.unified_number}　定价：{title.price}元",
    ]
