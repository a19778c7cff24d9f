"""Chinese in Latin letters: pinyin for MARC 21 (ALA-LC) and for CNMARC (NLC and CALIS).

Source: ALA-LC romanisation table for Chinese: syllables stand apart; the syllables of given names and of
geographic names are joined, names take capitals, generic terms of jurisdictions (Shi, Sheng, Xian) stand
apart; an apostrophe parts joined syllables before a, e and o.  Readings: pypinyin; surnames by a table.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from pypinyin import Style, lazy_pinyin, load_phrases_dict

from marc import gazetteer, surnames, text

_HAN_RUN = re.compile(r"[\u3400-\u9fff\uf900-\ufaff\U00020000-\U0003134f〇]+")
_DOTS = re.compile("[·・•‧]")
"""What parts the names of foreigners in Chinese."""

_MARKS = {
    "，": ",", "、": ",", "。": ".", "；": " ;", "：": " :", "！": "!", "？": "?", "（": "(", "）": ")",
    "《": '"', "》": '"', "〈": '"', "〉": '"', "「": '"', "」": '"', "『": '"', "』": '"',
    "【": "[", "】": "]", "〔": "[", "〕": "]", "［": "[", "］": "]",
    "“": '"', "”": '"', "‘": "'", "’": "'", "·": "·", "・": "·",
    "—": "-", "－": "-", "～": "~", "…": "...", "　": " ", "／": "/", "％": "%", "＆": "&",
}  # fmt: skip
_PHRASES = {
    "藏学": ["zang", "xue"], "藏族": ["zang", "zu"], "藏文": ["zang", "wen"], "藏语": ["zang", "yu"],
    "藏传": ["zang", "chuan"], "大藏经": ["da", "zang", "jing"], "重编": ["chong", "bian"],
    "重校": ["chong", "jiao"],
    "校注": ["jiao", "zhu"], "校点": ["jiao", "dian"], "点校": ["dian", "jiao"], "校订": ["jiao", "ding"],
    "审校": ["shen", "jiao"], "编校": ["bian", "jiao"], "译校": ["yi", "jiao"], "传记": ["zhuan", "ji"],
    "列传": ["lie", "zhuan"], "外传": ["wai", "zhuan"], "自传": ["zi", "zhuan"], "评传": ["ping", "zhuan"],
    "长篇": ["chang", "pian"], "行书": ["xing", "shu"], "卷": ["juan"], "编纂": ["bian", "zuan"],
}  # fmt: skip
"""Words of titles and statements that a general dictionary reads otherwise."""
load_phrases_dict({word: [[syllable] for syllable in read] for word, read in _PHRASES.items()})

_HANDED_ON = "宣流遗遺祖失家相真嫡盛谣謠频頻单單秘"
"""What stands before 传 where it means to hand on (宣传, 流传, 遗传)."""

_JURISDICTIONS = {
    "市": "Shi",
    "省": "Sheng",
    "县": "Xian",
    "縣": "Xian",
    "区": "Qu",
    "區": "Qu",
    "州": "Zhou",
}


def words(chinese: str) -> str:
    """Lower-case pinyin, one blank between syllables, no marks, v for ü (NLC practice for $9)."""
    parts = [_syllables(run) if _HAN_RUN.fullmatch(run) else _latin_words(run) for run in _runs(chinese)]
    return " ".join(_typed(syllable) for part in parts for syllable in part)


def capitalised_words(chinese: str) -> str:
    """Pinyin with a capital for each syllable (CALIS practice for $A)."""
    return " ".join(word[:1].upper() + word[1:] for word in words(chinese).split())


def ala_lc(chinese: str, known_names: Iterable[str] = ()) -> str:
    """A title, statement or publisher by ALA-LC; ``known_names`` are persons that may stand in it.

    ISBD marks and Latin words stay; the first letter is a capital.
    """
    names = tuple(known_names)
    held = {re.sub(r"\s+", "", name): _person_in_text(name) for name in names if is_chinese_name(name)}
    foreign = [name for name in names if _DOTS.search(name) and text.has_han(name)]
    made = ""
    for piece in _parted_at(foreign, chinese):
        if piece in foreign:
            made += f" {' '.join(_joined_name(part) for part in _DOTS.split(piece) if part)} "
            continue
        for run in _runs(piece):
            made += f" {_romanised_run(run, held)} " if _HAN_RUN.fullmatch(run) else _marks(run)
    return capitalised(_spaced(made))


def name(printed: str) -> str:
    """A personal name as a heading: "李林锋" → "Li, Linfeng"; a transliterated foreign one is inverted too.

    "唐纳德·诺曼" → "Nuoman, Tangnade".  What is no Chinese name is romanised as a text.
    """
    plain = re.sub(r"\s+", "", printed)
    if is_chinese_name(plain):
        surname, given = name_parts(plain)
        return f"{surname}, {given}" if given else surname
    entry, comma, rest = plain.partition(",")
    if comma and text.has_han(entry):
        return f"{_joined_name(entry)}, {' '.join(_joined_name(part) for part in _DOTS.split(rest) if part)}"
    forename, _, family = re.sub("[.．]", "·", _DOTS.sub("·", plain)).rpartition("·")
    if forename and text.has_han(family):
        forenames = " ".join(_joined_name(part) for part in forename.split("·") if part)
        return f"{_joined_name(family)}, {forenames}"
    return ala_lc(printed) if text.has_han(printed) else printed


def name_words(printed: str) -> str:
    """A name in lower case with one blank between syllables, its surname by the table (NLC)."""
    plain = re.sub(r"\s+", "", printed)
    if not is_chinese_name(plain):
        return words(printed)
    surname = surnames.surname_of(plain)
    head = surnames.syllables_of(surname) or _syllables(surname)
    return " ".join(_typed(syllable) for syllable in [*head, *_syllables(plain[len(surname) :])])


def name_parts(chinese_name: str) -> tuple[str, str]:
    """Surname and given name, each joined and with a capital: "欧阳修" → ("Ouyang", "Xiu")."""
    plain = re.sub(r"\s+", "", chinese_name)
    surname = surnames.surname_of(plain)
    head = surnames.syllables_of(surname) or _syllables(surname)
    return _join(head).capitalize(), _join(_syllables(plain[len(surname) :])).capitalize()


def is_chinese_name(printed: str) -> bool:
    """Whether it can be the whole name of a Chinese person: two to four characters (six after 爱新觉罗)."""
    plain = re.sub(r"\s+", "", printed)
    longest = 2 + max(2, len(surnames.surname_of(plain)))
    return _HAN_RUN.fullmatch(plain) is not None and 2 <= len(plain) <= longest


def place(printed: str) -> str:
    """A place of publication: "北京" → "Beijing", "北京市" → "Beijing Shi", others joined; Latin stays."""
    plain = printed.strip()
    if not text.has_han(plain):
        return plain
    body, mark = plain.strip("[]?？ "), plain
    if body in gazetteer.NAMES:
        made = gazetteer.NAMES[body]
    elif len(body) > 2 and body[-1] in _JURISDICTIONS:
        made = f"{place(body[:-1])} {_JURISDICTIONS[body[-1]]}"
    elif _HAN_RUN.fullmatch(body):
        made = _join(_syllables(body)).capitalize()
    else:
        made = ala_lc(body)
    return mark.replace(body, made).replace("？", "?")


def in_latin(heading: str) -> str:
    """The heading in Latin letters, for a book number or a filing key."""
    if not text.has_han(heading):
        return heading
    return name(heading) if is_chinese_name(heading) or "·" in heading else ala_lc(heading)


def capitalised(made: str) -> str:
    """With a capital first letter, whatever marks stand before it."""
    return re.sub(r"^([^\w]*)(\w)", lambda found: found.group(1) + found.group(2).upper(), made, count=1)


def _parted_at(names: list[str], chinese: str) -> list[str]:
    """The text cut around these names."""
    if not names:
        return [chinese]
    return re.split(f"({'|'.join(re.escape(name) for name in names)})", chinese)


# --- runs --------------------------------------------------------------------------------------------------


def _runs(mixed: str) -> list[str]:
    """The text cut where it changes between Han and anything else."""
    return re.findall(f"{_HAN_RUN.pattern}|(?:(?!{_HAN_RUN.pattern}).)+", mixed, re.DOTALL)


def _romanised_run(run: str, persons: dict[str, str]) -> str:
    """Han text: persons and places joined with capitals, everything else syllable by syllable."""
    made: list[str] = []
    plain = ""
    place_at = 0
    while place_at < len(run):
        word, length = _name_at(run, place_at, persons)
        if not word:
            plain += run[place_at]
            place_at += 1
            continue
        if plain:
            made += _syllables(plain)
            plain = ""
        made.append(word)
        place_at += length
    return " ".join([*made, *(_syllables(plain) if plain else [])])


def _name_at(run: str, start: int, persons: dict[str, str]) -> tuple[str, int]:
    """The longest known name that begins here, romanised, and how many characters it takes."""
    for length in range(min(gazetteer.LONGEST, len(run) - start), 1, -1):
        piece = run[start : start + length]
        if piece in persons:
            return persons[piece], length
        if piece in gazetteer.NAMES:
            following = run[start + length : start + length + 1]
            if following in _JURISDICTIONS and piece in gazetteer.JURISDICTIONS and following not in "区區州":
                return f"{gazetteer.NAMES[piece]} {_JURISDICTIONS[following].lower()}", length + 1
            return gazetteer.NAMES[piece], length
    return "", 0


def _person_in_text(chinese_name: str) -> str:
    return " ".join(part for part in name_parts(chinese_name) if part)


def _joined_name(part: str) -> str:
    return _join(_syllables(part)).capitalize() if text.has_han(part) else part


def _syllables(han: str) -> list[str]:
    """Syllables with ü; 传 that ends a title is a life told (zhuan), unless it ends a verb."""
    read = [
        syllable.lower()
        for syllable in lazy_pinyin(han, style=Style.NORMAL, v_to_u=True, errors="default")
        if syllable.strip()
    ]
    if len(han) > 2 and han[-1] in "传傳" and han[-2] not in _HANDED_ON and read[-1] == "chuan":
        read[-1] = "zhuan"
    return read


def _typed(syllable: str) -> str:
    """As it is typed and searched for in Chinese systems."""
    return syllable.replace("ü", "v")


def _join(syllables: Iterable[str]) -> str:
    """Joined syllables; an apostrophe before one that begins with a, e or o (Xi'an, Chang'an)."""
    made = ""
    for syllable in syllables:
        made += f"'{syllable}" if made and syllable[:1] in "aeo" else syllable
    return made


def _latin_words(run: str) -> list[str]:
    return [word.lower() for word in re.findall(r"[^\W_]+(?:[-'’.][^\W_]+)*", run)]


def _marks(run: str) -> str:
    """Marks in their Latin form; Chinese brackets and commas get their blanks."""
    return "".join(f"{_MARKS[mark]} " if _MARKS.get(mark, "")[-1:] in (*",.;:!?",) and mark in _MARKS
                   else _MARKS.get(mark, mark) for mark in run)  # fmt: skip


def _spaced(made: str) -> str:
    """One blank between words, none before a comma or inside brackets and quotation marks."""
    plain = " ".join(made.split())
    plain = re.sub(r"\s+([,.!?)\]%])", r"\1", plain)
    plain = re.sub(r"([(\[])\s+", r"\1", plain)
    plain = re.sub(r'"\s*([^"]*?)\s*"', r'"\1"', plain)
    return re.sub(r"\s*·\s*", "·", plain)
