"""Edition statements in the languages of the trade, and the number that they say."""

from __future__ import annotations

import re

_ORDINALS = {
    1: r"first|erste|premi[èe]re|primera|primeira|prima",
    2: r"second|zweite|deuxi[èe]me|seconde|segunda|seconda",
    3: r"third|dritte|troisi[èe]me|tercera|terceira|terza",
    4: r"fourth|vierte|quatri[èe]me|cuarta|quarta",
    5: r"fifth|f[üu]nfte|cinqui[èe]me|quinta",
    6: r"sixth|sechste|sixi[èe]me|sexta|sesta",
    7: r"seventh|siebte|septi[èe]me|s[ée]ptima|settima",
    8: r"eighth|achte|huiti[èe]me|octava|ottava",
    9: r"ninth|neunte|neuvi[èe]me|novena|nona",
    10: r"tenth|zehnte|dixi[èe]me|d[ée]cima",
    11: r"eleventh|elfte|onzi[èe]me",
    12: r"twelfth|zw[öo]lfte|douzi[èe]me",
}
_WORD = "|".join(_ORDINALS.values())
_KINDS = (
    r"revised|new|updated|international|expanded|extended|enlarged|anniversary|illustrated|student|"
    r"global|concise|"
    r"abridged|unabridged|annotated|corrected|deluxe|paperback|bilingual|critical"
)
_PATTERNS = (
    rf"(?:{_WORD}|{_KINDS}|\d{{1,2}}(?:st|nd|rd|th))[ ,]+(?:(?:{_KINDS}|and|[a-z]+)[ "
    rf",]+){{0,3}}?(?:edition|ed\.)",
    rf"(?:\d{{1,2}}\.|{_WORD}|Neue|Neu)[ ,]*(?:[a-zäöüß]+(?:,| und)? ){{0,5}}(?:Auflage|Aufl\.|Ausgabe)",
    rf"(?:\d{{1,2}}\s?(?:re|ère|e|è|ème|ᵉ|nde|de)|{_WORD}|Nouvelle) [ée]d(?:ition|\.)",
    rf"(?:\d{{1,2}}\.?\s?[ªºa°]|{_WORD}|Nueva|Nuova|Nova) (?:edici[óo]n|edi[çc][ãa]o|edizione|ed\.)",
    r"version \d+(?:\.\d+)*",
)
_EDITION = re.compile(r"(?<![\w-])(?:" + "|".join(f"(?:{p})" for p in _PATTERNS) + r")(?!\w)", re.IGNORECASE)
_CHINESE = re.compile(
    r"第?[0-9一二三四五六七八九十]+版|初版|再版|(?:修订|增订|校订|珍藏|典藏|插图|全新|最新|纪念|全译|"
    r"注释|修訂|增訂|典藏|紀念).{0,4}[版本]"
)
_NOT_OURS = re.compile(
    r"\b(?:originally|translat\w+|of the|from the|this|previous|earlier|any|each|e-?book|digital|"
    r"electronic)\s*$",
    re.I,
)
_CHINESE_DIGITS = {c: i for i, c in enumerate("一二三四五六七八九", start=1)}


def find_editions(text: str) -> list[re.Match[str]]:
    """Edition statements in running text, in order; not those of other books ("of the third edition")."""
    return [m for m in _EDITION.finditer(text) if not _NOT_OURS.search(text[: m.start()])]


def find_chinese_edition(text: str) -> re.Match[str] | None:
    """An edition statement on a line of a Chinese title page."""
    return _CHINESE.search(text)


def edition_number(printed: str) -> str:
    """The number of an edition in digits; an empty string when none is said ("Revised edition")."""
    if digits := re.search(r"\d+", printed):
        return str(int(digits.group()))
    if printed.startswith("初版"):
        return "1"
    if chinese := re.search(r"[一二三四五六七八九十]+", printed):
        return str(chinese_number(chinese.group()))
    lower = printed.lower()
    return next(
        (str(n) for n, words in _ORDINALS.items() if re.search(rf"\b(?:{words})[rnms]?\b", lower)), ""
    )


def chinese_number(text: str) -> int:
    """The value of a Chinese number below one hundred; arabic digits are taken as they are."""
    if text.isdigit():
        return int(text)
    tens, ten, ones = text.rpartition("十")
    return (_CHINESE_DIGITS.get(tens, 1) * 10 if ten else 0) + _CHINESE_DIGITS.get(ones, 0)
