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
_SIMPLIFIED = str.maketrans(
    "譯編繪總選匯寫輯圖釋審訂導讀點評攝續註", "译编绘总选汇写辑图释审订导读点评摄续注"
)
_ROLE_FIRST = re.compile(
    r"^(?P<role>主编|編著|编著|主編|著者|作者|译者|譯者|编者|編者|著|译|譯|编|編|绘|"
    r"繪)[:：\s　]+(?P<who>\S.*)$"
)
_BEFORE_ROLE = re.compile(
    r"[\s◎○●◆/／|·・]+(?=等?(?:" + "|".join(sorted(_CHINESE_ROLES, key=len, reverse=True)) + r")$)"
)
_INVERTED = re.compile(r"^[A-ZÀ-Þ][\w'’ -]{1,30}, [A-ZÀ-Þ][^/:;,]{0,40}(?:, (?:\d{4}|[bd]\.|ca\.).*)?\.?$")
_COUNTRY = re.compile(r"^[(（\[〔【][^)）\]〕】]{1,4}[)）\]〕】]")

_LATIN_ROLES = (
    (
        "translator",
        r"translat(?:ed|ion|or)|traduit|traduction|übersetzt|übersetzung|aus dem \w+|deutsch von|traducción|"
        r"traducido|traduzione|tradução",
    ),
    (
        "editor",
        r"\bedit(?:ed|ors?)\b|herausgegeben|hrsg|compiled|sous la direction|edición (?:de|a cargo)|a cura di",
    ),
    (
        "illustrator",
        r"illustrat(?:ed|ions?|or)|illustri?(?:é|iert)|illustrationen|ilustra|pictures|drawings|dessins",
    ),
    (
        "author of introduction",
        r"introduction|foreword|preface|afterword|vorwort|préface|prólogo|prefazione|nachwort",
    ),
    ("photographer", r"photograph(?:s|ed|er)"),
    ("author", r"\bby\b|written|author"),
)
_MARKER = re.compile(
    r"\b(?:by|von|par|por)\b\s+(?!the\b)|"
    r"^(?:traducción|traduction|traduzione|tradução|prólogo|préface|edición|ilustraciones|a cura|sous la "
    r"direction|illustrations|"
    r"nachwort|vorwort)\s+(?:de|di|du|da)\s+",
    re.IGNORECASE,
)  # fmt: skip
_NEXT_ROLE = re.compile(
    r"\s*;\s*|,?\s+(?=with (?:an? )?(?:new )?(?:introduction|foreword|preface|afterword|illustrations)\b)|"
    r"(?<!and)(?<!und)(?<!et)(?<!by),?\s+(?=(?:translated|edited|illustrated|introduced|übersetzt|"
    r"traduit|illustré) (?:\w+ ){0,5}?(?:by|von|par)\b)",
    re.IGNORECASE,
)
_EDITOR_BEHIND = re.compile(
    r",?\s*\(?\b(?:editors?|eds?\.|Hrsg\.|Hg\.|\(dir\.|coord\.)\)?\s*$", re.IGNORECASE
)
_GLUED_INITIAL = re.compile(r"(?<=[a-zà-ÿ]{2})(?=[A-Z]\.)|(?<=[A-Z]\.)(?=[A-ZÀ-Þ][a-zà-ÿ]{2})")
_PERSON = re.compile(
    r"^(?:(?:Dr|Prof|Sir|Dame|St)\.? )?[A-ZÀ-Þ][\w'’.-]*"
    r"(?: (?:van|von|de|der|den|di|da|la|le|del|bin|al|ter|du|y|[A-ZÀ-Þ][\w'’.-]*)){0,5}"
    r"(?:,? (?:Jr|Sr|II|III|IV|PhD|M\.?D)\.?)*$"
)
_NO_PERSON = re.compile(
    r"^(?:The|An?|On|In|Of|How|Why|What|When|From|To|With|For|And|Or|At|My|Our|Its|Is|Are|Was|New)\b|"
    r"\b(?:Novels?|Stor(?:y|ies)|Memoirs?|History|Histories|Guide|Introduction|Edition|Studies|Science|"
    r"Sciences|Series|Journey|"
    r"Poems|Essays|Letters|Handbook|Manual|Theory|Practice|Principles|Life|World|Art|Press|Books|"
    r"University|Volume|"
    r"Have|Has|Been|Is|Are|Not|Their|Your|Failed|Into|Classics|Library|Landmark|Facsimile)\b",
)  # fmt: skip


@dataclass(frozen=True)
class Name:
    """One person or body with a role word; ``role`` is empty when nothing printed says it."""

    name: str
    role: str


def chinese_names(statement: str) -> list[Name]:
    """Names of a statement like ``(德)伊瓦尔·里斯纳著;吴奕俊,鲍京秀译`` (GB/T 3792 punctuation)."""
    parted = re.sub(r"(?<=[著编译绘譯編繪])[:：](?=.)", ";", statement)  # recognisers read ； as ：
    return [name for part in re.split(r"[;；]", parted) for name in _chinese_part(part.strip(" .。"))]


def latin_names(statement: str) -> list[Name]:
    """Names of a statement like ``Jane Austen ; edited by Fiona Stafford``."""
    return [name for part in _NEXT_ROLE.split(statement) for name in _latin_part(part.strip())]


def is_chinese_statement(text: str) -> bool:
    """Whether a printed line ends with a role word, as in 李林锋 著, or begins with one: 主编 李林锋."""
    if _ROLE_FIRST.match(text.strip()):
        return True
    match = _chinese_role_at_end(re.sub(r"\s+", "", text))
    return match is not None and 2 <= match.start() <= 40


def chinese_role(word: str) -> str:
    """The role that a Chinese word of either script says; an empty string for none."""
    return _CHINESE_ROLES.get(word.translate(_SIMPLIFIED), "")


def unglued(name: str) -> str:
    """With the blanks beside initials that recognisers lose: PeterJ. Okafor."""
    return _GLUED_INITIAL.sub(" ", name)


def is_inverted_name(text: str) -> bool:
    """Whether a text has the form of a heading: Surname, Forename, dates."""
    return bool(_INVERTED.match(text.strip()))


def _chinese_role_at_end(text: str) -> re.Match[str] | None:
    return _CHINESE_ROLE.search(text.translate(_SIMPLIFIED))


def _chinese_part(part: str) -> list[Name]:
    if first := _ROLE_FIRST.match(part):
        role, who = chinese_role(first["role"].rstrip("者")) or "author", first["who"]
    else:
        marked = _BEFORE_ROLE.search(part.translate(_SIMPLIFIED))
        part = part[: marked.start()] + part[marked.end() :] if marked else part
        match = _chinese_role_at_end(part)
        role = _CHINESE_ROLES.get(match.group(1), "translator") if match else ""
        who = part[: match.start()] if match else part
    names = re.split(
        r"[,，、]|\s+(?=[(（\[〔])|(?<=[\u4e00-\u9fff]{2})\s+(?=[\u4e00-\u9fff]{2})",
        who.translate(str.maketrans("［］", "[]")),
    )
    cleaned = [_COUNTRY.sub("", name.strip()).strip("等 ◎○●◆/／|").replace("\u3000", "") for name in names]
    return [Name(name, role) for name in cleaned if 2 <= len(name) <= 40]


def _latin_part(part: str) -> list[Name]:
    role = next((role for role, word in _LATIN_ROLES if re.search(word, part, re.IGNORECASE)), "author")
    if behind := _EDITOR_BEHIND.search(part):
        part, role = part[: behind.start()], "editor"
    marker = _MARKER.search(part)
    who = part[marker.end() :] if marker else part
    pieces = re.split(r",\s*(?:and\s+|&\s*)?|\s+(?:and|&|und|et|y)\s+", who.strip(" ."))
    names = [unglued(piece.strip()) for piece in pieces]
    return [Name(name, role) for name in names if is_person(name)]


def is_person(text: str) -> bool:
    """Whether a text has the form of a person's name in direct order and none of the words of a title."""
    return bool(_PERSON.match(text)) and not _NO_PERSON.search(text)
