"""ISBNs in printed text: 10 and 13 digits, with qualifiers; a wrong check digit is named, not mended.

ISO 2108; ranges of the International ISBN Agency through python-stdnum.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from stdnum import isbn as _isbn
from stdnum.exceptions import ValidationError

from workcell.kernel.evidence import FieldValue, TextLine

_DASH = r"\-‐‑‒–—−－·. '\"”“"
_LABEL = re.compile(
    r"(?P<before>e-?book|e-?pub|hardcover|hardback|paperback|print|set|pbk|hbk|cloth)?[\s:-]*"
    r"[I1l|]S[B8]N(?:\s*-?\s*\(?1[03]\)?)?\s*(?:[(（](?P<in>[^)）]{1,30})[)）])?\s*[:：]?\s*$",
    re.IGNORECASE,
)
_THIRTEEN = re.compile(rf"(?<!\d)9[{_DASH}]?7[{_DASH}]?[89](?:[{_DASH}]?\d){{9}}[{_DASH}]?[\dOoIl](?!\d)")
_TEN = re.compile(rf"(?<!\d)(?<!\d[\-‐–—])\d(?:[{_DASH}]?\d){{8}}[{_DASH}]?[\dXx](?!\d)")
_QUALIFIER = re.compile(r"\s*[（(]\s*([^)）]{1,60})\s*[)）]?")

_KINDS = (
    ("ebook", r"e-?book|\be-?bk\b|electronic|epub|e-?pdf|\bpdf\b|kindle|mobi|online|web ?pdf|adobe|电子"),
    ("audio", r"audio"),
    ("set", r"\bset\b|全套|套装|全\S{1,3}[册卷]|v(?:ol)?s?\. set"),
    ("hardcover", r"hard ?(?:cover|back|bound)|\bhbk?\b|\bcloth\b|\bcased\b|\bhc\b|精装|\bbound\b"),
    ("paperback", r"paper ?(?:back|bound)|\bpbk?\b|soft ?(?:cover|back)|\bpaper\b|平装|\bperfect bound\b"),
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

    A number broken at a line's end is joined with the next line.  A ten-digit number counts only with the
    label "ISBN" before it, and never when it is the head of a longer number.
    """
    text, starts = _joined(texts)
    found: list[PrintedIsbn] = []
    read_to = 0
    for begin, end, digits in _numbers(text):
        label = _LABEL.search(text[read_to:begin]) if begin >= read_to else None
        if begin >= read_to and (label or digits == 13):
            after = _QUALIFIER.match(text, end)
            found.append(_printed(text[begin:end], label, after, _line_at(starts, begin), begin))
            read_to = after.end() if after else end
    return found


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
    try:
        return str(_isbn.to_isbn13(_isbn.validate(_plain(number)))).replace("-", "")
    except ValidationError:
        return ""


def hyphenated(isbn13: str) -> str:
    """With the hyphens of its registration group, as it is printed."""
    return str(_isbn.format(isbn13))


def _joined(texts: Sequence[str]) -> tuple[str, list[int]]:
    """Lines joined by a blank, except after a hyphen or inside a number; and where each line begins."""
    text, starts = "", []
    for line in texts:
        starts.append(len(text))
        broken = re.search(r"97[89][\d\-‐–—－]{2,12}$", line.strip()) and re.match(r"[\d\-]", line.strip())
        text += line.rstrip() + ("" if broken or line.rstrip().endswith("-") else " ")
    return text, starts


def _numbers(text: str) -> list[tuple[int, int, int]]:
    """Begin, end and count of digits of everything shaped like an ISBN, in reading order, longer first."""
    spans = [(*m.span(), 13) for m in _THIRTEEN.finditer(text)]
    spans += [(*m.span(), 10) for m in _TEN.finditer(text) if not m.group().startswith(("978", "979"))]
    return sorted(spans, key=lambda span: (span[0], -span[1]))


def _line_at(starts: Sequence[int], position: int) -> int:
    return max(i for i, start in enumerate(starts) if start <= position)


def _printed(
    printed: str, label: re.Match[str] | None, after: re.Match[str] | None, line: int, position: int
) -> PrintedIsbn:
    isbn13 = to_isbn13(printed)
    words = [after.group(1) if after else "", *(label.group("in", "before") if label else ())]
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
