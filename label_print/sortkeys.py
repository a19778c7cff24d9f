"""Shelving order: a text for each call number that sorts, as plain text, where the book stands.

LCC and NLM: letters, class number as a number with decimals, cutters as decimals with their work letters
behind the number, the rest with its numbers as numbers (v.2 before v.10); nothing comes before something (LC
Shelflisting Manual G 60).  DDC: the class as a decimal, book numbers as cutters.  CLC: class numbers
character by character, the auxiliary signs in their order before digits, running book numbers (种次号) as
numbers.  Local: what the library's own rules make lines of, numbers as numbers.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Final

from label_print.callnumber import LineOptions, LocalRules, spine_lines
from label_print.schemes import Kind, Part, Scheme, capitals_of, parts_of, scheme_of

_FIELD: Final = " "  # sorts before every other character: nothing before something
_WORK: Final = "!"  # sorts behind a field's end and before digits: A45, A45b, A452
_NUMBER_WIDTH: Final = 9


def sort_key(call_number: str, scheme: str, local: LocalRules | None = None) -> str:
    """The sort key of a call number; ``local`` are the rules of a local scheme.

    Raises BadInput for an unknown scheme, ConfigError for local rules that lose characters.
    """
    known = scheme_of(scheme)
    if known is Scheme.LOCAL and call_number.strip() and local is not None:
        fields = [_natural(line) for line in spine_lines(call_number, scheme, LineOptions(local=local))]
    else:
        fields = _KEYS[known](parts_of(capitals_of(call_number), scheme))
    return _FIELD.join(field for field in fields if field)


def _classified(parts: tuple[Part, ...]) -> list[str]:
    return [_PART_KEY.get(part.kind, _natural)(part.text) for part in parts]


def _decimal_class(text: str) -> str:
    whole, _, fraction = re.sub("[/']", "", text).partition(".")
    return f"{whole:0>5}.{fraction}" if fraction else f"{whole:0>5}"


def _cutter(text: str) -> str:
    """Letter and digits as a decimal; work letters behind (A45 before A45b before A452)."""
    found = re.fullmatch(r"\.?([^\W\d_]+\d+)(.*)", text)
    if found is None:
        return text.lstrip(".").upper()
    return found[1].upper() + (_WORK + found[2].upper() if found[2] else "")


def _natural(text: str) -> str:
    """Numbers as numbers with their decimals, words without case and punctuation."""
    if re.fullmatch(r"\d+\.\d+", text):
        whole, _, fraction = text.partition(".")
        return f"{whole.zfill(_NUMBER_WIDTH)}.{fraction}"
    tokens = re.findall(r"\d+|[^\W\d_]+", text.upper())
    return "".join(token.zfill(_NUMBER_WIDTH) if token.isdigit() else token for token in tokens)


_PART_KEY: Final[Mapping[Kind, Callable[[str], str]]] = {
    Kind.LETTERS: str.upper,
    Kind.NUMBER: _decimal_class,
    Kind.CUTTER: _cutter,
}


def _dewey(parts: tuple[Part, ...]) -> list[str]:
    """Book numbers behind the class (T147, J28l) file as decimals like cutters."""
    fields = []
    for part in parts:
        is_book_number = part.kind is Kind.WORD and re.fullmatch(r"[A-Za-z]+\d+\w*", part.text)
        fields.append(_cutter(part.text) if is_book_number else _PART_KEY.get(part.kind, _natural)(part.text))
    return fields


_CLC_SIGNS: Final = 'a-()"“”=#<>:+'
"""Signs in filing order (中国图书馆分类法, 使用本): recommended, general, place, race, time, colon, plus."""
_CLC_ORDER: Final = {sign: chr(ord("!") + place) for place, sign in enumerate(_CLC_SIGNS)}


def _clc(parts: tuple[Part, ...]) -> list[str]:
    """Words before the class, the class sign by sign, then book and volume numbers."""
    place = next((at for at, part in enumerate(parts) if part.kind is Kind.LETTERS), None)
    if place is None:
        return [_natural(part.text) for part in parts]
    before = [_natural(part.text) for part in parts[:place]]
    rest = [_clc_book_number(part.text) for part in parts[place + 1 :]]
    return [*before, _clc_class(parts[place].text), *rest]


def _clc_class(text: str) -> str:
    signs = (_CLC_ORDER.get(character, character.upper()) for character in text if character not in "./")
    return "".join(signs)


def _clc_book_number(text: str) -> str:
    """A running number as a number; an author number (H637) as letter and decimals; volumes as numbers."""
    author = re.fullmatch(r"([A-Za-z]+\d+)(.*)", text)
    if author and "." not in text:
        return author[1].upper() + (_FIELD + _natural(author[2]) if author[2] else "")
    tokens = re.findall(r"\d+|[^\W\d_]+", text.upper())
    return _FIELD.join(token.zfill(_NUMBER_WIDTH) if token.isdigit() else token for token in tokens)


_KEYS: Final[Mapping[Scheme, Callable[[tuple[Part, ...]], list[str]]]] = {
    Scheme.LCC: _classified,
    Scheme.NLM: _classified,
    Scheme.DDC: _dewey,
    Scheme.CLC: _clc,
    Scheme.LOCAL: _classified,
}
