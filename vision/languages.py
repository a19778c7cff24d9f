"""Which language a short text is in, by its small words: enough to tell an original title from a subtitle."""

from __future__ import annotations

import re

_SMALL_WORDS = {
    "eng": "the of and in to a an is by for with from on at my how what why who",
    "fre": "le la les de des du et en par une un dans pour au aux sur qui l d",
    "ger": "der die das und von im den dem des mit ein eine zu auf vom zum am aus",
    "spa": "el los las de del y en un una por con para la lo que",
    "ita": "il lo gli di e che una un della del dei per nel la le",
    "por": "o os as do da dos das e em um uma por com para no na",
    "lat": "et in de ad ex cum",
}
_WORDS = {code: frozenset(words.split()) for code, words in _SMALL_WORDS.items()}


def languages_of(text: str) -> frozenset[str]:
    """ISO 639-2/B codes of the languages that explain most small words; empty when there is none.

    A text in Chinese, Cyrillic or Greek script is told by its script.
    """
    for code, letters in (
        ("chi", r"[\u3400-\u9fff]"),
        ("rus", r"[\u0400-\u04ff]"),
        ("gre", r"[\u0370-\u03ff]"),
    ):
        if re.search(letters, text):
            return frozenset({code})
    words = re.findall(r"[^\W\d_]+", text.lower())
    counts = {code: sum(word in small for word in words) for code, small in _WORDS.items()}
    most = max(counts.values())
    return frozenset(code for code, count in counts.items() if most and count == most)


def differ(one: str, other: str) -> bool:
    """Whether two texts are surely in different languages."""
    first, second = languages_of(one), languages_of(other)
    return bool(first) and bool(second) and not first & second
