"""Languages by their MARC codes, and what a book says of the language that it was translated from.

Source: MARC Code List for Languages (ISO 639-2/B).
"""

from __future__ import annotations

import re

_SAME = {
    "zh": "chi", "zho": "chi", "en": "eng", "ja": "jpn", "fr": "fre", "fra": "fre", "de": "ger", "deu": "ger",
    "es": "spa", "it": "ita", "pt": "por", "nl": "dut", "nld": "dut", "ru": "rus", "ko": "kor", "ar": "ara",
}  # fmt: skip
_ENGLISH = {
    "french": "fre", "german": "ger", "spanish": "spa", "italian": "ita", "portuguese": "por", "dutch": "dut",
    "russian": "rus", "chinese": "chi", "japanese": "jpn", "korean": "kor", "arabic": "ara", "hebrew": "heb",
    "latin": "lat", "greek": "gre", "swedish": "swe", "norwegian": "nor", "danish": "dan", "finnish": "fin",
    "polish": "pol", "czech": "cze", "hungarian": "hun", "romanian": "rum", "turkish": "tur",
    "persian": "per",
    "hindi": "hin", "sanskrit": "san", "icelandic": "ice", "yiddish": "yid", "ukrainian": "ukr",
    "catalan": "cat", "bengali": "ben", "vietnamese": "vie", "english": "eng",
}  # fmt: skip
_CHINESE = {
    "英": "eng", "法": "fre", "德": "ger", "俄": "rus", "日": "jpn", "韩": "kor", "西班牙": "spa",
    "意大利": "ita", "葡萄牙": "por", "拉丁": "lat", "希腊": "gre", "阿拉伯": "ara",
}  # fmt: skip
_FROM = re.compile(
    r"translated\s+from\s+(?:the\s+)?(?:original\s+|ancient\s+|modern\s+|brazilian\s+|classical\s+)?([a-z]+)",
    re.I,
)
_FROM_ZH = re.compile(r"(?:译自|根据|据)\s*([^\s,，。;；]{1,4}?)[文语]|([英法德俄日韩])译[中汉]")


def code(written: str) -> str:
    """The MARC code of a language written as a code of two or three letters; ``""`` when it is none."""
    plain = written.strip().casefold()
    made = _SAME.get(plain, plain)
    return made if re.fullmatch(r"[a-z]{3}", made) else ""


def translated_from(lines: tuple[str, ...]) -> str:
    """The language named in "translated from the French" or 译自英文, or ``""``."""
    for line in lines:
        found = _FROM.search(line)
        if found and found.group(1).casefold() in _ENGLISH:
            return _ENGLISH[found.group(1).casefold()]
        chinese = _FROM_ZH.search(line)
        if chinese and (chinese.group(1) or chinese.group(2)) in _CHINESE:
            return _CHINESE[chinese.group(1) or chinese.group(2)]
    return ""
