"""Persons in a statement of responsibility, with their roles."""

from __future__ import annotations

import re
from dataclasses import dataclass

_CHINESE_ROLES = {
    "编著": "author", "著": "author", "撰": "author", "作": "author", "文": "author", "原著": "author",
    "主编": "editor", "总主编": "editor", "编": "editor", "选编": "editor", "汇编": "editor",
    "编写": "editor",
    "副主编": "editor", "编选": "editor", "整理": "editor", "辑": "editor",
    "译": "translator", "编译": "translator", "译注": "translator", "翻译": "translator",
    "译著": "translator",
    "绘": "illustrator", "插图": "illustrator", "图": "illustrator", "绘图": "illustrator",
    "校": "reviser", "校注": "annotator", "注": "annotator", "注释": "annotator", "审校": "reviser",
    "主审": "reviser", "审": "reviser", "摄影": "photographer", "改编": "adapter",
    "口述": "narrator", "续": "author", "导读": "author of introduction", "序": "author of introduction",
    "点校": "editor", "评注": "annotator", "译校": "translator",
}  # fmt: skip
_CHINESE_ROLE = re.compile(
    r"等?("
    + "|".join(sorted(_CHINESE_ROLES, key=len, reverse=True))
    + r"|[汉英法德俄日蒙藏维朝]译[汉英法德俄日蒙藏维朝])$"
)
_COUNTRY = re.compile(r"^[(（\[]([^)）\]]{1,4})[)）\]]")

_LATIN_ROLES = (
    ("translator", r"translat(?:ed|ion|or)|traduit|übersetzt|traducción"),
    ("editor", r"edit(?:ed|ors?)|herausgegeben|hrsg|compiled"),
    ("illustrator", r"illustrat(?:ed|ions?|or)|pictures|drawings"),
    ("author of introduction", r"introduction|foreword|preface|afterword"),
    ("photographer", r"photograph(?:s|ed|er)"),
    ("author", r"\bby\b|written|author"),
)
_PERSON = re.compile(
    r"^(?:(?:Dr|Prof|Sir|Dame|St)\.? )?[A-ZÀ-Þ][\w'’.-]*"
    r"(?: (?:van|von|de|der|den|di|da|la|le|del|bin|al|ter|du|y|[A-ZÀ-Þ][\w'’.-]*)){0,5}"
    r"(?:,? (?:Jr|Sr|II|III|IV|PhD|M\.?D)\.?)*$"
)
_NO_PERSON = re.compile(
    r"^(?:The|An?|On|In|Of|How|Why|What|When|From|To|With|For|And|Or|At|My|Our|Its|Is|Are|Was|New)\b|"
    r"\b(?:Novels?|Stor(?:y|ies)|Memoirs?|History|Histories|Guide|Introduction|Edition|Studies|Science|Sciences|Series|Journey|"
    r"Poems|Essays|Letters|Handbook|Manual|Theory|Practice|Principles|Life|World|Art|Press|Books|University|Volume|"
    r"Have|Has|Been|Is|Are|Not|Their|Your|Failed|Into|Classics|Library|Landmark|Facsimile)\b",
)  # fmt: skip


@dataclass(frozen=True)
class Name:
    """One person or body with a role word; ``role`` is empty when nothing printed says it."""

    name: str
    role: str


def chinese_names(statement: str) -> list[Name]:
    """Names of a statement like ``(德)伊瓦尔·里斯纳著;吴奕俊,鲍京秀译`` (GB/T 3792 punctuation)."""
    parted = re.sub(r"(?<=[著编译绘])[:：](?=.)", ";", statement)  # recognisers read ； as ：
    return [name for part in re.split(r"[;；]", parted) for name in _chinese_part(part.strip(" .。"))]


def latin_names(statement: str) -> list[Name]:
    """Names of a statement like ``Jane Austen ; edited by Fiona Stafford``."""
    return [name for part in re.split(r"\s*;\s*", statement) for name in _latin_part(part.strip())]


def is_chinese_statement(text: str) -> bool:
    """Whether a printed line ends with a role word, as in 李林锋 著."""
    match = _CHINESE_ROLE.search(re.sub(r"\s+", "", text))
    return match is not None and 2 <= match.start() <= 40


def _chinese_part(part: str) -> list[Name]:
    match = _CHINESE_ROLE.search(part)
    role = _CHINESE_ROLES.get(match.group(1), "translator") if match else ""
    names = re.split(
        r"[,，、]|\s+(?=[(（\[])|(?<=[\u4e00-\u9fff])\s+(?=[\u4e00-\u9fff])",
        part[: match.start()] if match else part,
    )
    cleaned = [_COUNTRY.sub("", name).strip("等 ") for name in names]
    return [Name(name, role) for name in cleaned if 2 <= len(name) <= 40]


def _latin_part(part: str) -> list[Name]:
    role = next((role for role, word in _LATIN_ROLES if re.search(word, part, re.IGNORECASE)), "author")
    marker = re.search(r"\b(?:by|von|par|por)\b\s+(?!the\b)", part)
    who = part[marker.end() :] if marker else part
    pieces = re.split(r",\s*(?:and\s+)?|\s+(?:and|&|und|et)\s+", who.strip(" ."))
    return [Name(piece.strip(), role) for piece in pieces if is_person(piece.strip())]


def is_person(text: str) -> bool:
    """Whether a text has the form of a person's name in direct order and none of the words of a title."""
    return bool(_PERSON.match(text)) and not _NO_PERSON.search(text)
