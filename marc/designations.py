"""What a printed designation means: volume numbers, numbers of volumes, edition numbers, extents.

Tables for English and Chinese wordings; everything else is compared as text by the callers.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass

_HAN_DIGITS = {"〇": 0, "零": 0, "一": 1, "二": 2, "两": 2, "三": 3, "四": 4, "五": 5, "六": 6, "七": 7,
               "八": 8, "九": 9, "壹": 1, "贰": 2, "叁": 3, "肆": 4, "伍": 5}  # fmt: skip
_WORDS = {
    "one": 1, "two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "seven": 7, "eight": 8, "nine": 9,
    "ten": 10, "first": 1, "second": 2, "third": 3, "fourth": 4, "fifth": 5, "sixth": 6, "seventh": 7,
    "eighth": 8, "ninth": 9, "tenth": 10, "eleventh": 11, "twelfth": 12, "thirteenth": 13,
    "fourteenth": 14, "fifteenth": 15, "twentieth": 20,
}  # fmt: skip
_ROMAN = {"i": 1, "v": 5, "x": 10, "l": 50, "c": 100}
_POSITIONS = {"上": 1, "中": 2, "下": 2}

_NUMBER = r"[0-9]+|[一二两三四五六七八九十百〇零壹贰叁肆伍]+|[ivxlc]+|[a-z]+"
_WHOLE_SET = re.compile(rf"[全共]\s*({_NUMBER})\s*[册卷本]")
_NUMBERED_ZH = re.compile(rf"第?\s*({_NUMBER})\s*[卷册部辑集编篇分]")
_POSITION_ZH = re.compile(r"^[（(\[]?([上中下])[册卷部集篇编]?[)）\]]?$")
_NUMBERED_EN = re.compile(
    rf"\b(?:volumes?|vols?|v|parts?|pts?|books?|bk|bd|band|tome?|t)\b\.?\s*({_NUMBER})\b", re.IGNORECASE
)
_ORDINAL_EN = re.compile(r"\b([0-9]+)(?:st|nd|rd|th|d)\b", re.IGNORECASE)
_EDITION_ZH = re.compile(rf"(?:第|\bdi)?\s*({_NUMBER})\s*(?:版|ban\b)")
_EDITION_WORD = re.compile(
    r"\b(rev|revised|enlarged|expanded|updated|abridged|international|student)\w*\b", re.I
)
_REVISED_ZH = re.compile(r"修订|增订|增补|校订|新版|典藏|插图")
_RANGE = re.compile(r"^(?:v|vols?|volumes?)?\.?\s*1\s*[-–—~至]\s*([0-9]{1,3})$")
_PIECES = re.compile(
    r"(?<![0-9a-z])(?:([0-9]+|[一二两三四五六七八九十]+)\s*|([a-z]+)\s+)(?:v\b|vols?\b|volumes?\b|册|卷|本)"
)
_PAGES = re.compile(r"([0-9]+)\s*(?:p\b|pp\b|pages?\b|页|頁|s\b|seiten)", re.IGNORECASE)
_HEIGHT = re.compile(r"([0-9]+(?:\.[0-9]+)?)\s*(?:[x×][0-9.]+)?\s*cm", re.IGNORECASE)


@dataclass(frozen=True)
class Volume:
    """A volume designation: ``number`` of this piece, ``total`` pieces when the text says "all three"."""

    number: int | None = None
    total: int | None = None

    def __bool__(self) -> bool:
        return self.number is not None or self.total is not None


def number_of(text: str) -> int | None:
    """The value of a numeral: 12, 十二, XII, twelve, twelfth; None when it is no numeral."""
    plain = unicodedata.normalize("NFKC", text).strip().casefold()
    if plain.isascii() and plain.isdigit():
        return int(plain) if len(plain) < 7 else None
    if plain in _WORDS:
        return _WORDS[plain]
    if plain and all(char in _HAN_DIGITS or char in "十百" for char in plain):
        return _han_number(plain)
    if plain and all(char in _ROMAN for char in plain):
        return _roman_number(plain)
    return None


def parse_volume(text: str) -> Volume:
    """What a volume statement says; an empty Volume when it says nothing known."""
    plain = unicodedata.normalize("NFKC", text).strip().casefold()
    whole = _WHOLE_SET.search(plain) or _RANGE.match(plain)
    if whole:
        return Volume(total=number_of(whole.group(1)))
    position = _POSITION_ZH.search(plain)
    if position:
        return Volume(number=_POSITIONS[position.group(1)])
    for pattern in (_NUMBERED_ZH, _NUMBERED_EN):
        found = pattern.search(plain)
        if found and number_of(found.group(1)) is not None:
            return Volume(number=number_of(found.group(1)))
    return Volume(number=number_of(plain))


def same_volume(one: str, other: str) -> bool | None:
    """Whether two designations name the same volume; None when either says nothing comparable.

    下 is the second of two or the third of three, so it agrees with both, but never with 中.
    """
    left, right = parse_volume(one), parse_volume(other)
    if left.number is None or right.number is None:
        return None
    last = ("下" in one, "下" in other)
    if any(last) and not all(last):
        bare = other if last[0] else one
        return "中" not in bare and parse_volume(bare).number in (2, 3)
    return left.number == right.number


def edition_number(text: str) -> int | None:
    """The number of an edition statement: "2nd ed.", "第3版", "Third edition"; None when there is none."""
    plain = unicodedata.normalize("NFKC", text).strip().casefold()
    ordinal = _ORDINAL_EN.search(plain)
    if ordinal:
        return int(ordinal.group(1)[:6])
    chinese = _EDITION_ZH.search(plain)
    if chinese and number_of(chinese.group(1)) is not None:
        return number_of(chinese.group(1))
    for word in re.findall(r"[a-z]+", plain):
        if word in _WORDS:
            return _WORDS[word]
    bare = re.match(r"([0-9]{1,3})(?:\D|$)", plain)
    return int(bare.group(1)) if bare else None


def is_revision(text: str) -> bool:
    """Whether an edition statement without a number still names another text ("Revised edition", 修订版)."""
    return bool(_EDITION_WORD.search(text) or _REVISED_ZH.search(text))


def pieces(extent: str) -> int:
    """How many volumes an extent counts ("2 v.", "3册"); 1 when it counts pages or says nothing."""
    plain = unicodedata.normalize("NFKC", extent).casefold()
    found = _PIECES.search(plain)
    return (number_of(found.group(1) or found.group(2)) or 1) if found else 1


def page_count(extent: str) -> int | None:
    """The last page count of an extent ("xii, 321 pages", "263页"), or None."""
    found = _PAGES.findall(unicodedata.normalize("NFKC", extent))
    return max(int(count[:6]) for count in found) if found else None


def height_cm(dimensions: str) -> float | None:
    """The height of "24 cm" or "23 x 30 cm", or None."""
    found = _HEIGHT.search(unicodedata.normalize("NFKC", dimensions))
    return float(found.group(1)) if found else None


def year_of(text: str) -> int | None:
    """The first plausible year of publication in the text, or None."""
    found = re.search(r"(?<![0-9])(1[4-9][0-9]{2}|20[0-9]{2})(?![0-9])", unicodedata.normalize("NFKC", text))
    return int(found.group(1)) if found else None


def _han_number(text: str) -> int:
    total, digit = 0, 0
    for char in text:
        if char in "十百":
            total += (digit or 1) * (10 if char == "十" else 100)
            digit = 0
        else:
            digit = _HAN_DIGITS[char]
    return total + digit


def _roman_number(text: str) -> int:
    values = [_ROMAN[char] for char in text]
    return sum(-value if value < max(values[at:]) else value for at, value in enumerate(values))
