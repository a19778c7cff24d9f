"""Names and titles as headings: inverted names, articles that don't file, Chinese in Latin letters.

Non-filing articles: MARC 21, appendix F (initial definite and indefinite articles), for the languages that
the house catalogues most.  Romanisation: pypinyin, with a table of surnames that read unlike the word.
"""

from __future__ import annotations

import re

from pypinyin import Style, lazy_pinyin

from marc import text

_ARTICLES = {
    "eng": ("the ", "an ", "a "),
    "fre": ("les ", "le ", "la ", "l'", "l’", "une ", "un "),
    "fra": ("les ", "le ", "la ", "l'", "l’", "une ", "un "),
    "ger": ("der ", "die ", "das ", "eine ", "ein "),
    "deu": ("der ", "die ", "das ", "eine ", "ein "),
    "spa": ("los ", "las ", "el ", "la ", "lo ", "una ", "un "),
    "ita": ("gli ", "gl'", "uno ", "una ", "un ", "un'", "il ", "lo ", "la ", "l'", "l’", "i ", "le "),
    "por": ("os ", "as ", "o ", "a ", "uma ", "um "),
    "dut": ("de ", "het ", "'t ", "een "),
    "nld": ("de ", "het ", "'t ", "een "),
}
_SURNAMES = {
    "仇": "qiu", "单": "shan", "解": "xie", "曾": "zeng", "查": "zha", "区": "ou", "盖": "ge", "任": "ren",
    "朴": "piao", "尉迟": "yuchi", "万俟": "moqi", "长孙": "zhangsun", "华": "hua", "覃": "qin", "翟": "zhai",
    "缪": "miao", "乐": "yue", "召": "shao", "员": "yun", "洗": "xian", "冼": "xian", "逄": "pang",
    "令狐": "linghu",
    "澹台": "tantai", "宿": "su", "种": "chong", "秘": "bi", "卜": "bu", "过": "guo", "繁": "po", "折": "she",
    "黑": "he", "纪": "ji", "晟": "cheng", "隗": "kui", "葛": "ge", "宁": "ning", "燕": "yan", "阚": "kan",
}  # fmt: skip
_COMPOUND = (
    "欧阳", "司马", "上官", "诸葛", "东方", "皇甫", "尉迟", "公孙", "慕容", "令狐", "宇文", "长孙", "司徒",
    "夏侯", "万俟", "端木", "澹台", "南宫", "百里", "独孤", "闻人", "公冶", "呼延", "轩辕", "钟离",
)  # fmt: skip
_TRAILING = {"von", "van", "der", "den", "de", "zu", "zum", "zur", "af", "av", "ten", "ter", "d'", "d’"}
"""Particles that, printed small, follow the forename in a heading ("Tocqueville, Alexis de")."""
_LEADING = {
    "la",
    "le",
    "du",
    "des",
    "da",
    "di",
    "del",
    "della",
    "dos",
    "bin",
    "ibn",
    "al",
    "el",
    "st.",
    "mac",
}
"""Particles that stay before the surname ("La Fontaine, Jean de"); so do all that are printed large."""
_SUFFIX = re.compile(r",?\s+(Jr\.?|Sr\.?|II|III|IV)$")
_NOT_FOR_INVERSION = re.compile(
    r"\b(?:university|institute|association|society|committee|council|company|press|museum|library|department|"
    r"ministry|bureau|foundation|academy|college|school|centre|center|group|organization|organisation|inc|ltd)\b",
    re.IGNORECASE,
)
_BODY_ZH = re.compile(
    r"(?:委员会|编写组|编委会|出版社|研究[所院]|大学|学院|中心|协会|学会|公司|[局部厅馆社组会])$"
)
_COUNTRY = re.compile(r"^[\[［(（【〔]\s*([^\]］)）】〕]{1,4})\s*[\]］)）】〕]\s*")


def non_filing(title: str, language: str) -> int:
    """How many characters of the title don't file (245 second indicator), 0 when the language is unknown."""
    plain = title.casefold()
    found = next((article for article in _ARTICLES.get(language, ()) if plain.startswith(article)), "")
    return len(found) if len(title) > len(found) else 0


def without_article(title: str, language: str) -> str:
    """The title from where it files."""
    return title[non_filing(title, language) :]


def is_body(name: str) -> bool:
    """Whether a name is a corporate body's by its words."""
    return bool(_NOT_FOR_INVERSION.search(name) or _BODY_ZH.search(name))


def inverted(name: str) -> str:
    """A personal name as an access point: "Robin Wall Kimmerer" → "Kimmerer, Robin Wall".

    A name that has a comma already, or is Chinese, stays as it is.
    """
    plain = " ".join(name.split()).rstrip(",;")
    suffix = _SUFFIX.search(plain)
    if text.has_han(plain) or ("," in plain and not suffix):
        return plain
    words = (plain[: suffix.start()] if suffix else plain).split()
    if len(words) < 2:
        return plain
    begin = len(words) - 1
    while begin > 1 and _is_particle(words[begin - 1]):
        begin -= 1
    trailing = [word for word in words[begin:-1] if word in _TRAILING]
    surname = [word for word in words[begin:] if word not in trailing]
    made = f"{' '.join(surname)}, {' '.join([*words[:begin], *trailing])}"
    return f"{made}, {suffix.group(1)}" if suffix else made


def _is_particle(word: str) -> bool:
    return word in _TRAILING or word.casefold() in _TRAILING | _LEADING


def country(name: str) -> tuple[str, str]:
    """Nationality mark and name: "[美] 唐纳德·诺曼" → ("美", "唐纳德·诺曼")."""
    found = _COUNTRY.match(name)
    return (found.group(1), name[found.end() :]) if found else ("", name)


def pinyin_words(chinese: str) -> str:
    """Lower-case pinyin, one space between syllables (NLC practice for $9); other text as it stands."""
    return " ".join(" ".join(part.split()) for part in _syllables(chinese) if part.strip())


def pinyin_name(name: str) -> str:
    """A Chinese personal name in ALA-LC form: "李林锋" → "Li, Linfeng"; other names stay as they are."""
    plain = re.sub(r"\s+", "", name)
    if not re.fullmatch(r"[\u3400-\u9fff]{2,4}", plain):
        return capitalised(pinyin_words(name)) if text.has_han(name) else name
    surname = _surname(plain)
    given = "".join(lazy_pinyin(plain[len(surname) :]))
    return (
        f"{_surname_pinyin(surname).capitalize()}, {given.capitalize()}" if given else _surname_pinyin(plain)
    )


def pinyin_name_words(name: str) -> str:
    """A Chinese name in NLC form for $9: lower case, one space between syllables, surname by the table."""
    plain = re.sub(r"\s+", "", name)
    if not re.fullmatch(r"[\u3400-\u9fff]{2,4}", plain):
        return pinyin_words(name)
    surname = _surname(plain)
    head = (
        _SURNAMES[surname] if len(surname) == 1 and surname in _SURNAMES else " ".join(lazy_pinyin(surname))
    )
    return " ".join([head, *lazy_pinyin(plain[len(surname) :])])


def pinyin_place(place: str) -> str:
    """A place in ALA-LC form: syllables joined ("北京" → "Beijing")."""
    return "".join(lazy_pinyin(place)).capitalize() if text.has_han(place) else place


def in_latin(heading: str) -> str:
    """The heading in Latin letters, for a Cutter number."""
    if not text.has_han(heading):
        return heading
    return pinyin_name(heading) if re.fullmatch(r"[\u3400-\u9fff]{2,4}", heading) else pinyin_words(heading)


def capitalised(words: str) -> str:
    """With a capital first letter."""
    return words[:1].upper() + words[1:]


def _syllables(chinese: str) -> list[str]:
    return list(lazy_pinyin(chinese, style=Style.NORMAL, errors=_plain))


def _plain(run: str) -> str:
    return " ".join(re.findall(r"[^\W_]+(?:[-'’.][^\W_]+)*", run))


def _surname(name: str) -> str:
    return name[:2] if len(name) > 2 and name[:2] in _COMPOUND else name[:1]


def _surname_pinyin(surname: str) -> str:
    return _SURNAMES.get(surname) or "".join(lazy_pinyin(surname))
