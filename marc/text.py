"""Text as compared: folding, tokens, and similarities that bear recognition errors and missing spaces."""

from __future__ import annotations

import re
import unicodedata
from difflib import SequenceMatcher

_HAN = "\u2e80-\u2fdf\u3005\u3007\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003134f"
_KANA_HANGUL = "\u3040-\u30ff\uac00-\ud7af"
_RUNS = re.compile(f"[{_HAN}{_KANA_HANGUL}]+|[^\\W_{_HAN}{_KANA_HANGUL}]+")
_IS_HAN = re.compile(f"[{_HAN}]")
_IS_CJK = re.compile(f"[{_HAN}{_KANA_HANGUL}]")

_SPECIAL = str.maketrans(
    {
        "ß": "ss", "æ": "ae", "œ": "oe", "ø": "o", "ł": "l", "đ": "d", "ð": "d", "þ": "th", "ı": "i",
        "Ⅰ": "I", "Ⅱ": "II", "Ⅲ": "III", "&": " and ", "'": "", "’": "", "ʼ": "", "ʻ": "", "`": "",
    }
)  # fmt: skip

_ASCII_RUNS = re.compile("[a-z0-9]+")
_NO_MARKS = str.maketrans("", "", "'`")
_COMBINING = {number: None for number in range(0x300, 0x1F000) if unicodedata.combining(chr(number))}

_LOOKALIKES = str.maketrans({"0": "o", "1": "l", "i": "l", "5": "s", "8": "b"})
"""Pairs that recognition mixes up most; used only to forgive, never to rewrite."""


def has_han(text: str) -> bool:
    """Whether a Chinese character is in the text."""
    return _IS_HAN.search(text) is not None


def fold(text: str) -> str:
    """Lower case, no diacritics, compatibility forms folded, punctuation to single spaces."""
    return " ".join(_runs(text))


def _runs(text: str) -> list[str]:
    """The folded words; plain ASCII, which most of a catalogue is, takes the short way to the same."""
    if text.isascii():
        lower = text.lower()
        if "&" in lower:
            lower = lower.replace("&", " and ")
        return _ASCII_RUNS.findall(lower.translate(_NO_MARKS))
    special = text.casefold().translate(_SPECIAL)
    plain = unicodedata.normalize("NFKD", special).translate(_COMBINING)
    return _RUNS.findall(unicodedata.normalize("NFKC", plain).casefold())


def tight(text: str) -> str:
    """Folded text without any space: what Chinese, and words that recognition ran together, compare by."""
    return fold(text).replace(" ", "")


def tokens(text: str) -> list[str]:
    """Index tokens: folded Latin words, and overlapping bigrams of Chinese, Japanese and Korean runs."""
    runs = _runs(text)
    if text.isascii():
        return runs
    found: list[str] = []
    for run in runs:
        if _IS_CJK.match(run):
            found.extend(_bigrams(run))
        else:
            found.append(run)
    return found


def similarity(one: str, other: str) -> float:
    """How alike two short texts are, 0 to 1, whatever their spacing, case, accents and punctuation.

    Different numbers cap the result at 0.6, a number in one only at 0.7: "Calculus 1" is not "Calculus 2".
    """
    left, right = tight(one), tight(other)
    if not left or not right:
        return 0.0
    if left == right:
        return 1.0
    ratio = max(_ratio(left, right), _ratio(left.translate(_LOOKALIKES), right.translate(_LOOKALIKES)) - 0.02)
    return min(ratio, _number_cap(one, other))


def _number_cap(one: str, other: str) -> float:
    """Numbers count where they stand alone: a digit inside a word is a misread letter."""
    left, right = (sorted(word for word in fold(side).split() if word.isdigit()) for side in (one, other))
    if left == right:
        return 1.0
    return 0.6 if left and right else 0.7


def contains_words(whole: str, part: str) -> float:
    """Share (0 to 1, by letters) of the words of ``part`` in ``whole``, give or take one letter in five.

    Chinese is compared without spaces: the whole part must be there.
    """
    if has_han(part):
        return 1.0 if tight(part) in tight(whole) else 0.0
    wanted = [word for word in fold(part).split() if len(word) > 1]
    if not wanted:
        return 0.0
    there = fold(whole).split()
    met = sum(len(word) for word in wanted if any(_near(word, other) for other in there))
    return met / sum(len(word) for word in wanted)


def _near(one: str, other: str) -> bool:
    return one == other or (len(one) > 3 and abs(len(one) - len(other)) <= 2 and _ratio(one, other) >= 0.8)


def _ratio(one: str, other: str) -> float:
    return SequenceMatcher(None, one, other, autojunk=False).ratio()


def _bigrams(run: str) -> list[str]:
    return [run] if len(run) == 1 else [run[at : at + 2] for at in range(len(run) - 1)]
