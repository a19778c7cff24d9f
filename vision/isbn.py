"""ISBNs in printed text: 10 and 13 digits, with qualifiers; a wrong check digit is named, not mended.

ISO 2108; ranges of the International ISBN Agency through python-stdnum.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import zip_longest

from stdnum import isbn as _isbn
from stdnum.exceptions import ValidationError

from workcell.kernel.evidence import FieldValue, TextLine

_DASH = r"\-‐‑‒–—−－·. '\"”“"
_WORD = (
    r"e-?books?|e-?pub|e-?pdf|pdf|kindle|mobi|audio(?:book)?|hard ?(?:cover|back|bound)|paper ?(?:back|"
    r"bound)|soft ?(?:cover|back)|"
    r"print|set|pbk\.?|hbk\.?|pb|hb|cloth|cased|digital|electronic|online|精装本?|平装本?|精裝|平裝|全套|"
    r"套[装裝]"
)
_LABEL = re.compile(
    rf"(?P<before>\b(?:{_WORD}))?[\s:-]*(?<![A-Za-z])(?P<electronic>e-?)?[I1l|]S[B8]N(?:\s*-?\s*\(?1[03]\)?)?\s*"
    rf"(?:[(（](?P<in>[^)）]{{1,30}})[)）]|(?P<mid>\b(?:{_WORD})))?\s*[:：]?\s*$",
    re.IGNORECASE,
)
_SBN = re.compile(r"(?<![A-Za-z1|])SBN\s*[:：]?\s*$")
_DIGIT = r"[\dOoIl]"
_THIRTEEN = re.compile(
    rf"(?<!\d)9[{_DASH}]?7[{_DASH}]?[89](?:[{_DASH}]?{_DIGIT}){{9}}[{_DASH}]?{_DIGIT}(?!\d)"
)
_TEN = re.compile(rf"(?<!\d)(?<!\d[\-‐–—]){_DIGIT}(?:[{_DASH}]?\d){{8}}[{_DASH}]?[\dXx](?!\d)")
_NINE = re.compile(rf"(?<=SBN )\d(?:[{_DASH}]?\d){{7}}[{_DASH}]?[\dXx](?![\d{_DASH}]?\d)")
_QUALIFIER = re.compile(
    rf"\s*(?:[（(\[]\s*([^)）\]]{{1,60}})\s*[)）\]]?|"
    rf"[,:]?\s?({_WORD})(?!\w))",
    re.IGNORECASE,
)
_BROKEN = re.compile(r"(?:97[89][\d\-‐–—－]{2,12}|ISBN[\s:：]*[\d\-‐–—－]{1,14})$")
_NEXT_IN_LIST = 4
"""Most characters between a number and one that goes on with the same label."""

_KINDS = (
    (
        "ebook",
        r"^e-?$|e-?book|\be-?bk\b|electronic|epub|e-?pdf|\bpdf\b|kindle|mobi|online|web ?pdf|adobe|digital|"
        r"电子|電子",
    ),
    ("audio", r"audio"),
    ("set", r"\bset\b|全套|套[装裝]|全\S{1,3}[册卷]|v(?:ol)?s?\. set"),
    ("hardcover", r"hard ?(?:cover|back|bound)|\bhbk?\b|\bcloth\b|\bcased\b|\bhc\b|精[装裝]|\bbound\b"),
    ("paperback", r"paper ?(?:back|bound)|\bpbk?\b|soft ?(?:cover|back)|\bpaper\b|平[装裝]|perfect bound"),
    ("print", r"\bprint\b"),
)  # fmt: skip
_NOT_THIS_BOOK = ("ebook", "audio")


@dataclass(frozen=True)
class PrintedIsbn:
    """An ISBN as printed.  ``isbn13`` is empty when the check digit is wrong.

    ``kind`` is ebook, audio, set, hardcover, paperback, print, or empty;
    ``qualifier`` gives the words that said so.
    ``labelled`` tells whether "ISBN" stood before it.
    """

    printed: str
    isbn13: str
    qualifier: str
    kind: str
    labelled: bool
    line: int
    position: int
    problem: str = ""

    @property
    def is_this_book(self) -> bool:
        """Whether the number may belong to a printed volume."""
        return self.kind not in _NOT_THIS_BOOK


def find_isbns(texts: Sequence[str]) -> list[PrintedIsbn]:
    """Every ISBN in consecutive lines of text, in reading order.

    A number broken at a line's end is joined with the next line where its check digit then holds.  A
    ten-digit number counts only with the label "ISBN" before it, and never when it is the head of a longer
    number.
    """
    text, starts = _joined(texts)
    found: list[PrintedIsbn] = []
    read_to = 0
    for begin, end, digits in _numbers(text):
        if begin < read_to:
            continue
        label = _label(text[read_to:begin], digits)
        goes_on = bool(found) and begin - read_to <= _NEXT_IN_LIST and bool(to_isbn13(text[begin:end]))
        guessed = _has_letters(text[begin:end]) or _line_at(starts, begin) != _line_at(starts, end - 1)
        if not (label or digits == 13 or goes_on) or (guessed and not to_isbn13(text[begin:end])):
            continue
        after = _QUALIFIER.match(text, end)
        found.append(_printed(text[begin:end], label, after, _line_at(starts, begin), begin))
        read_to = after.end() if after else end
    return found


def _label(before: str, digits: int) -> re.Match[str] | None:
    """The words "ISBN" (for nine digits: "SBN") right before a number."""
    return _SBN.search(before) if digits == 9 else _LABEL.search(before)


def _has_letters(printed: str) -> bool:
    return bool(re.search(r"[OoIl]", printed))


def isbn_fields(lines: Sequence[TextLine], page: str) -> list[FieldValue]:
    """The ISBNs of a page as evidence: ``normalised`` is ISBN-13, empty when the check digit is wrong."""
    return [
        FieldValue(
            value=found.printed,
            normalised=found.isbn13,
            confidence=lines[found.line].confidence if found.isbn13 else 0.2,
            page=page,
            box=lines[found.line].box,
            qualifier=found.kind or found.qualifier or None,
        )
        for found in find_isbns([line.text for line in lines])
    ]


def to_isbn13(number: str) -> str:
    """ISBN-13 without hyphens, or an empty string when the number is none or its check digit is wrong."""
    plain = _plain(number)
    try:
        # A standard book number of nine digits is an ISBN without its first 0.
        return str(_isbn.to_isbn13(_isbn.validate(plain.zfill(10)))).replace("-", "")
    except ValidationError:
        return ""


def hyphenated(isbn13: str) -> str:
    """With the hyphens of its registration group, as it is printed."""
    return str(_isbn.format(isbn13))


def _joined(lines: Sequence[str]) -> tuple[str, list[int]]:
    """Lines joined by a blank, except after a hyphen or inside a number; and where each line begins."""
    text, starts = "", []
    for line, following in zip_longest(lines, lines[1:], fillvalue=""):
        starts.append(len(text))
        said = line.rstrip()
        broken = _BROKEN.search(said) and re.match(r"[\d\-‐–—－]", following.strip())
        text += said + ("" if broken or said.endswith("-") else " ")
    return text, starts


def _numbers(text: str) -> list[tuple[int, int, int]]:
    """Begin, end and count of digits of everything shaped like an ISBN, in reading order, longer first."""
    spans = [(*m.span(), 13) for m in _THIRTEEN.finditer(text)]
    spans += [(*m.span(), 9) for m in _NINE.finditer(text)]
    spans += [(*m.span(), 10) for m in _TEN.finditer(text) if not m.group().startswith(("978", "979"))]
    return sorted(spans, key=lambda span: (span[0], -span[1]))


def _line_at(starts: Sequence[int], position: int) -> int:
    return max(i for i, start in enumerate(starts) if start <= position)


def _printed(
    printed: str, label: re.Match[str] | None, after: re.Match[str] | None, line: int, position: int
) -> PrintedIsbn:
    isbn13 = to_isbn13(printed)
    named = label.groupdict() if label else {}
    words = [
        after.group(1) or after.group(2) if after else "",
        *(named.get(g) for g in ("in", "mid", "before", "electronic")),
    ]
    qualifier = next((word.strip() for word in words if word), "")
    problem = "" if isbn13 else f"the check digit of {printed} is wrong"
    return PrintedIsbn(
        printed, isbn13, qualifier, _kind(qualifier), label is not None, line, position, problem
    )


def _kind(qualifier: str) -> str:
    return next((kind for kind, words in _KINDS if re.search(words, qualifier, re.IGNORECASE)), "")


_LOOKALIKES = str.maketrans({"O": "0", "o": "0", "I": "1", "l": "1"})


def _plain(number: str) -> str:
    return re.sub(rf"[{_DASH}]", "", number).translate(_LOOKALIKES).upper()
