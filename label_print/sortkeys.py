"""Shelving order: a text for each call number that sorts, as plain text, where the book stands.

LCC and NLM: letters, class number as a number with decimals, cutters as decimals, the rest with its numbers
as numbers (v.2 before v.10); nothing comes before something (LC Shelflisting Manual G 60).  DDC: the class
as a decimal.  CLC: class numbers character by character, the auxiliary signs in their order before
digits, running book numbers (种次号) as numbers.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Final

from label_print.callnumber import Kind, Part, Scheme, parts_of, scheme_of

_FIELD: Final = " "  # sorts before every other character: nothing before something
_NUMBER_WIDTH: Final = 9


def sort_key(call_number: str, scheme: str) -> str:
    """The sort key of a call number; raises BadInput for an unknown scheme."""
    parts = parts_of(call_number, scheme)
    fields = _KEYS[scheme_of(scheme)](parts)
    return _FIELD.join(field for field in fields if field)


def _classified(parts: tuple[Part, ...]) -> list[str]:
    return [_PART_KEY.get(part.kind, _natural)(part.text) for part in parts]


def _decimal_class(text: str) -> str:
    whole, _, fraction = text.partition(".")
    return f"{whole:0>5}.{fraction}" if fraction else f"{whole:0>5}"


def _cutter(text: str) -> str:
    return text.lstrip(".").upper()


def _natural(text: str) -> str:
    """Numbers as numbers, words without case and punctuation."""
    tokens = re.findall(r"\d+|[^\W\d_]+", text.upper())
    return "".join(token.zfill(_NUMBER_WIDTH) if token.isdigit() else token for token in tokens)


_PART_KEY: Final[Mapping[Kind, Callable[[str], str]]] = {
    Kind.LETTERS: str.upper,
    Kind.NUMBER: _decimal_class,
    Kind.CUTTER: _cutter,
    Kind.DATE: str.upper,
}


def _dewey(parts: tuple[Part, ...]) -> list[str]:
    """Book numbers behind the class (T147, J28l) file as decimals like cutters."""
    fields = []
    for part in parts:
        is_book_number = part.kind is Kind.WORD and re.fullmatch(r"[A-Za-z]+\d+\w*", part.text)
        fields.append(_cutter(part.text) if is_book_number else _PART_KEY.get(part.kind, _natural)(part.text))
    return fields


_CLC_SIGNS: Final = '-()"“”=#<>:+'
"""Auxiliary signs in filing order (中国图书馆分类法, 使用本): general, place, race, time, colon, plus."""
_CLC_ORDER: Final = {sign: chr(ord("!") + place) for place, sign in enumerate(_CLC_SIGNS)}


def _clc(parts: tuple[Part, ...]) -> list[str]:
    if not parts:
        return []
    klass, *rest = (part.text for part in parts)
    signs = "".join(_CLC_ORDER.get(character, character) for character in klass.upper() if character != ".")
    return [signs, *(_clc_book_number(text) for text in rest)]


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
