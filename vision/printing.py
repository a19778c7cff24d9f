"""What a western publisher prints on its copyright page: publisher, years, editions, printings.

Of several years the latest that speaks of publication or copyright is this book's; a reprint's year, and
those of cover and pictures, are not (RDA 2.8.6, 2.11).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import zip_longest

from vision.edition import edition_number, find_editions
from vision.flow import spaced
from vision.reading import PageLine
from workcell.kernel.evidence import Fields, FieldValue

_YEAR = r"(?:19|20)\d{2}"
_HOUSE_WORDS = (
    r"Press|Publish(?:er|ers|ing)|Publications|Verlag|Verlags\w*|[ÉE]ditions?|Edizioni|Editorial|Editora|"
    r"Editore|Editores|Books|"
    r"Librairie|Presses|Buchhandlung"
)
_HOUSE = re.compile(rf"(?<![\w])(?:\w+-)?(?:{_HOUSE_WORDS})\b", re.IGNORECASE)
_COPYRIGHT_LINE = re.compile(rf"(?:©|\([cC]\)|[Cc]opyright|COPYRIGHT|^[O@Ⓒ] (?=.*{_YEAR}))(?P<said>.*)")
_NOT_THE_TEXT = re.compile(
    r"\b(?:cover|jacket|design|photo\w*|image|illustrations?|artwork|maps?|umschlag\w*|couverture|"
    r"cubierta|e-?book|digital)\b",
    re.IGNORECASE,
)
_PUBLISHED = re.compile(
    rf"\b(?:(?:[Ff]irst |[Rr]e)?[Pp]ublished|(?:[Tt]his|[Pp]aperback|[Hh]ardback|[Ff]irst|[Ss]econd|"
    rf"[Tt]hird) (?:\w+ )?edition|"
    rf"[Dd]épôt légal|[Pp]rimera edición|[Ee]rschienen|(?:\d+\.|Erste)[ ,][\w ,ä-ü]{{0,40}}?Auflage|"
    rf"Prima edizione)"
    rf"[^.;©]{{0,60}}?(?P<year>{_YEAR})\b"
)
_REPRINT = re.compile(r"\b(?:[Rr]eprint\w*|[Rr]éimpr\w*|[Nn]achdruck|[Ii]mpression|[Pp]rinting)\b")
_PUBLISHED_BY = re.compile(
    r"\b(?:[Pp]ublished|PUBLISHED|[Vv]erlegt|[Éé]dité|[Pp]ublicado|[Pp]ubblicato)\s+(?:simultaneously )?"
    r"(?:in (?:[A-Z][\w. ]+? |\d{4} )+)?(?:\d{4} )?(?:by|BY|bei|par|por|"
    r"da):?\s*(?P<value>[A-ZÀ-Þ][\w'’&.,\- /]*)?$"
)
_AFTER_PUBLISHER = re.compile(
    r",? (?:in (?:association|\d{4})|an? (?:imprint|division|member|part|subsidiary)|at|is|under)\b.*$|"
    r",\s*\d.*$|(?<![A-Z])\.\s.*$|,? (?:19|20)\d{2}\b.*$"
)
_NTH_PRINTING = re.compile(
    r"\b(?P<value>(?:First|Second|Third|Fourth|Fifth|\d{1,2}(?:st|nd|rd|th)) (?:printing|"
    r"impression))", re.IGNORECASE
)  # fmt: skip
_DIGIT_RUN = re.compile(r"(?<![\d.,–-])\d[\d /]{5,60}\d(?![\d.,–-])")
_LEAST_KEY = 4


def read_printing_history(lines: Sequence[PageLine], page: str) -> Fields:
    """Publisher, year, edition and printing as far as the lines say them."""
    fields: Fields = {}
    for name, found in (
        ("publisher", _published_by(lines, page) or _holder(lines, page)),
        ("year", _year(lines, page)),
        ("edition", _edition(lines, page)),
        ("printing", _printing(lines, page)),
    ):
        if found is not None:
            fields[name] = found
    return fields


# --- publisher -----------------------------------------------------------------------------------------


def _published_by(lines: Sequence[PageLine], page: str) -> FieldValue | None:
    """The rest of the line after "Published by", or the next line when nothing follows."""
    for line, following in zip_longest(lines, lines[1:]):
        match = _PUBLISHED_BY.search(line.text.strip())
        source = line if match and match["value"] else following
        if match is None or source is None:
            continue
        name = _AFTER_PUBLISHER.sub("", match["value"] or source.text).strip(" ,")
        if name[:1].isupper():
            return spaced([source], page).value(name.removesuffix("."), 0)
    return None


def _holder(lines: Sequence[PageLine], page: str) -> FieldValue | None:
    """The one holder of copyright whose name says that it is a publisher; None where several are."""
    found: dict[str, FieldValue] = {}
    for line, said in _copyright_lines(lines):
        name = _house_in(said)
        if name:
            found.setdefault(name.casefold(), spaced([line], page).value(name, 0))
    return next(iter(found.values())) if len(found) == 1 else None


def _house_in(said: str) -> str:
    """The publisher in what follows ©, without year and place."""
    plain = re.sub(rf"(?:©|\([cC]\)|\bby\b|\b{_YEAR}\b(?:\s*[,–/-]\s*{_YEAR})*)", " ", said)
    plain = re.sub(r"^[\s,.:;–-]+|[\s,.:;–-]+$", "", " ".join(plain.split()))
    plain = re.sub(
        r"\s*\.?\s*(?:All rights|Alle Rechte|Tous droits|Todos los).*$", "", plain, flags=re.IGNORECASE
    )
    plain = re.sub(r",\s*(?:\d|imprint|an? |für |pour |para |for ).*$", "", plain)
    if not _HOUSE.search(plain) or len(plain.split()) > 8 or not plain[:1].isupper():
        return ""
    # A German house's towns follow it without a comma.
    return re.sub(
        r"(?<=[Vv]erlag)((?: (?:GmbH|AG|KG|& Co\.?))*),? (?!GmbH|AG|KG|&|für|der|des|und)[A-ZÀ-Þ].*$",
        r"\1",
        plain,
    )


def _copyright_lines(lines: Sequence[PageLine]) -> Iterator[tuple[PageLine, str]]:
    for line in lines:
        match = _COPYRIGHT_LINE.search(line.text)
        if match and not _NOT_THE_TEXT.search(line.text) and len(line.text[: match.start()]) < 40:
            yield line, match["said"]


# --- year and edition ----------------------------------------------------------------------------------


def _year(lines: Sequence[PageLine], page: str) -> FieldValue | None:
    found: list[tuple[int, PageLine]] = []
    for line, said in _copyright_lines(lines):
        found += [(int(year), line) for year in re.findall(rf"\b{_YEAR}\b", said)]
    for line in lines:
        if not _REPRINT.match(line.text) and not _NOT_THE_TEXT.search(line.text):
            found += [(int(m["year"]), line) for m in _PUBLISHED.finditer(line.text)]
    if not found:
        return None
    year, line = max(found, key=lambda pair: pair[0])
    return spaced([line], page).value(str(year), 0)


def _edition(lines: Sequence[PageLine], page: str) -> FieldValue | None:
    """The edition said; of a history of editions the last one."""
    flow = spaced(lines, page)
    found = find_editions(flow.text)
    if not found:
        return None
    last = max(found, key=lambda m: int(edition_number(m.group()) or 0))
    return flow.value(last.group(), last.start(), edition_number(last.group()))


# --- printing ------------------------------------------------------------------------------------------


def _printing(lines: Sequence[PageLine], page: str) -> FieldValue | None:
    """The printer's key: the lowest number that still stands is the printing; else "Third printing"."""
    for line in reversed(lines):
        for run in _DIGIT_RUN.finditer(line.text):
            lowest = lowest_of_key(run.group())
            if lowest:
                return spaced([line], page).value(run.group().strip(), 0, str(lowest))
    flow = spaced(lines, page)
    named = _NTH_PRINTING.search(flow.text)
    return flow.value(named["value"], named.start(), edition_number(named["value"])) if named else None


def lowest_of_key(run: str) -> int:
    """The printing that a printer's key says, 0 when the digits are none.

    A key is a row of neighbouring numbers in any order; years may stand beside it (``19 18 17  10 9 8 7``).
    Recognisers lose some of its blanks, so that one to ten are also told without them.
    """
    return _lowest_together(re.sub(r"\D", "", run)) or _lowest_apart(run)


def _lowest_together(digits: str) -> int:
    left, ten, right = digits.partition("10")
    numbers = [int(d) for d in left + right] + ([10] if ten else [])
    return min(numbers) if _is_row(numbers) else 0


def _lowest_apart(run: str) -> int:
    tokens = re.findall(r"\d+", run)
    for cut in range(len(tokens) + 1):
        years, numbers = sorted((tokens[:cut], tokens[cut:]), key=_looks_like_years, reverse=True)
        key = [int(n) for n in numbers]
        if _is_row(key) and max(key) <= 40 and (not years or _is_row([int(n) for n in years], least=2)):
            return min(key)
    return 0


def _looks_like_years(tokens: list[str]) -> tuple[bool, int]:
    return any(t.startswith("0") for t in tokens), min((int(t) for t in tokens), default=99)


def _is_row(numbers: list[int], least: int = _LEAST_KEY) -> bool:
    return len(numbers) >= least and sorted(numbers) == list(range(min(numbers), min(numbers) + len(numbers)))
