"""Call number → the lines of a spine label, and its parts for sorting.

A call number is scanned left to right into parts; every character but white space belongs to exactly one
part, so no scheme can lose or add one.  Joined without spaces the lines equal the call number without
spaces; in CLC a "/" that stands between two lines is the line break itself and is not printed.

Where published practice differs (class letters on a line of their own or before the number, long decimals
whole or broken) it is a field of ``LineOptions``.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from workcell.kernel.errors import BadInput, ConfigError


class Scheme(StrEnum):
    """Call-number schemes."""

    LCC = "LCC"
    DDC = "DDC"
    NLM = "NLM"
    CLC = "CLC"
    LOCAL = "LOCAL"


@dataclass(frozen=True)
class LocalRules:
    """A library's own scheme.

    ``pattern`` is a regular expression whose non-empty groups are the lines; ``rules`` are replacements
    (pattern, text with line breaks) that apply in turn to a call number the pattern does not fit.  Rules
    that would lose or add a character are refused.
    """

    pattern: str = ""
    rules: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True)
class LineOptions:
    """How a library wants its spine labels.

    ``location``, ``prefix``, ``suffix``, ``volume`` and ``copy`` are lines of their own around the call
    number.  ``split_class`` puts class letters above the class number (LCC, NLM).  ``decimals`` breaks a
    class number before its decimal point and after every so many decimals when it has more; 0 never.
    """

    location: str = ""
    prefix: str = ""
    suffix: str = ""
    volume: str = ""
    copy: str = ""
    split_class: bool = True
    decimals: int = 0
    local: LocalRules = LocalRules()


class Kind(StrEnum):
    """What a part of a call number is."""

    LETTERS = "letters"
    NUMBER = "number"
    CUTTER = "cutter"
    DATE = "date"
    DESIGNATION = "designation"
    WORD = "word"


@dataclass(frozen=True)
class Part:
    """One part of a call number: a line of its own unless an option says otherwise."""

    kind: Kind
    text: str


def spine_lines(call_number: str, scheme: str, options: LineOptions = LineOptions()) -> tuple[str, ...]:
    """The lines of a spine label, top to bottom.

    Raises BadInput for an unknown scheme or an empty call number, ConfigError for local rules that lose
    characters.
    """
    call_number = " ".join(call_number.split())
    if not call_number:
        raise BadInput("the call number is empty", remedy="Give the book a call number.")
    body = _LINES[scheme_of(scheme)](call_number, options)
    head = (options.location, options.prefix)
    tail = (options.suffix, options.volume, options.copy)
    return tuple(line for line in (*head, *body, *tail) if line.strip())


def scheme_of(name: str) -> Scheme:
    """The scheme called ``name``; raises BadInput."""
    try:
        return Scheme(name.upper())
    except ValueError:
        known = ", ".join(Scheme)
        raise BadInput(f"no call-number scheme {name!r}", remedy=f"There are: {known}.") from None


# --- parts -----------------------------------------------------------------------------------------------

# "v. 56", "no. 1", "n.s.", "c.2", "t. 3/4": an abbreviation, with the number that follows it
_DESIGNATION: Final = r"(?:[A-Za-z]{1,6}\.)+(?:\s?\d\S*)?(?=\s|$)"
_CHINESE_DESIGNATION: Final = r"第\s?\S+(?=\s|$)"
_CUTTER: Final = r"\.?[A-Z]\d+(?:[A-Za-z]+(?![A-Za-z0-9]))?"
_YEAR: Final = r"\d{4}[a-z]*(?:-\d{2,4})?(?=\s|$)"

_CLASSED: Final = (
    (Kind.DESIGNATION, re.compile(_DESIGNATION)),
    (Kind.DESIGNATION, re.compile(_CHINESE_DESIGNATION)),
    (Kind.CUTTER, re.compile(_CUTTER)),
    (Kind.DATE, re.compile(_YEAR)),
    (Kind.WORD, re.compile(r"\S+?(?=\.[A-Z]\d|\s|$)")),
)
"""What may follow the class number in LCC and NLM, first fit wins."""

_SPACED: Final = (
    (Kind.DESIGNATION, re.compile(_DESIGNATION)),
    (Kind.DESIGNATION, re.compile(_CHINESE_DESIGNATION)),
    (Kind.DATE, re.compile(_YEAR)),
    (Kind.WORD, re.compile(r"[A-Za-z]+\d+(?=(?:c|v|no|pt|t|bd)\.\d)", re.IGNORECASE)),
    (Kind.WORD, re.compile(r"\S+")),
)
"""Parts of a call number whose parts are divided by spaces (DDC behind its class, local)."""

_LC_CLASS: Final = re.compile(r"([A-Z]{1,3})\s*(\d+(?:\.\d+)?)(?!\w*-)")
_NLM_CLASS: Final = re.compile(r"(Q[S-Z]|W[A-Z]?)\s*(\d+(?:\.\d+)?)")
_DDC_CLASS: Final = re.compile(r"(?:^([A-Za-z]+)|(?<!\S))(\d{3}(?:\.\d+)?)(?!\S)")
_CLC_CLASS: Final = re.compile(r"[A-Z]{1,2}[^\s/]*")


def parts_of(call_number: str, scheme: str) -> tuple[Part, ...]:
    """The parts of a call number in order."""
    return tuple(_PARTS[scheme_of(scheme)](" ".join(call_number.split())))


def _classed_parts(class_pattern: re.Pattern[str]) -> Callable[[str], list[Part]]:
    def parts(text: str) -> list[Part]:
        found = class_pattern.search(text)
        if found is None or not _is_prefix(text[: found.start()]):
            return _scan(text, _SPACED)
        letters, number = found.groups()
        before = [Part(Kind.WORD, word) for word in text[: found.start()].split()]
        head = [*before, Part(Kind.LETTERS, letters), Part(Kind.NUMBER, number)]
        return head + _scan(text[found.end() :], _CLASSED)

    return parts


def _is_prefix(text: str) -> bool:
    """Whether what stands before the class is whole words ("Ref.", "Folio", "CD-ROM")."""
    return not text or text.endswith(" ")


def _ddc_parts(text: str) -> list[Part]:
    """Collection words, class (with its letter, as in R220.3), then what spaces divide."""
    found = _DDC_CLASS.search(text)
    if found is None:
        return _scan(text, _SPACED)
    before = [Part(Kind.WORD, word) for word in text[: found.start()].split()]
    letters = [Part(Kind.LETTERS, found[1])] if found[1] else []
    return [*before, *letters, Part(Kind.NUMBER, found[2]), *_scan(text[found.end() :], _SPACED)]


def _spaced_parts(text: str) -> list[Part]:
    return _scan(text, _SPACED)


def _clc_parts(text: str) -> list[Part]:
    """Class, then what the slashes and spaces divide."""
    pieces = _between_slashes(text)
    parts: list[Part] = []
    for place, piece in enumerate(pieces):
        kind = Kind.LETTERS if place == 0 and _CLC_CLASS.fullmatch(piece) else None
        parts += [Part(kind, piece)] if kind else _scan(piece, _CLC_REST)
    return parts


_CLC_REST: Final = (
    (Kind.DESIGNATION, re.compile(_DESIGNATION)),
    (Kind.DESIGNATION, re.compile(_CHINESE_DESIGNATION)),
    (Kind.WORD, re.compile(r"\S+")),
)


def _between_slashes(text: str) -> list[str]:
    """Pieces of a CLC call number; a slash is a break only between two pieces that are not empty."""
    return [piece.strip() for piece in re.split(r"(?<=[^\s/])\s*/\s*(?=[^\s/])", text)]


def _scan(text: str, table: tuple[tuple[Kind, re.Pattern[str]], ...]) -> list[Part]:
    parts: list[Part] = []
    position = 0
    while position < len(text):
        if text[position] == " ":
            position += 1
            continue
        kind, found = next((k, m) for k, p in table if (m := p.match(text, position)) is not None)
        parts.append(Part(kind, found.group()))
        position = found.end()
    return parts


_PARTS: Final[Mapping[Scheme, Callable[[str], list[Part]]]] = {
    Scheme.LCC: _classed_parts(_LC_CLASS),
    Scheme.NLM: _classed_parts(_NLM_CLASS),
    Scheme.DDC: _ddc_parts,
    Scheme.CLC: _clc_parts,
    Scheme.LOCAL: _spaced_parts,
}


# --- lines -----------------------------------------------------------------------------------------------


def _part_lines(scheme: Scheme) -> Callable[[str, LineOptions], list[str]]:
    def lines(call_number: str, options: LineOptions) -> list[str]:
        made: list[str] = []
        letters = ""
        for part in _PARTS[scheme](call_number):
            if part.kind is Kind.LETTERS and not options.split_class and scheme is not Scheme.CLC:
                letters = part.text
                continue
            broken = _broken_decimals(part, options.decimals)
            made += [letters + broken[0], *broken[1:]]
            letters = ""
        return made

    return lines


def _broken_decimals(part: Part, decimals: int) -> list[str]:
    whole, point, fraction = part.text.partition(".")
    if part.kind is not Kind.NUMBER or decimals <= 0 or len(fraction) <= decimals:
        return [part.text]
    runs = [fraction[start : start + decimals] for start in range(0, len(fraction), decimals)]
    return [whole, point + runs[0], *runs[1:]]


def _local_lines(call_number: str, options: LineOptions) -> list[str]:
    local = options.local
    try:
        found = re.fullmatch(local.pattern, call_number) if local.pattern else None
        if found is not None and found.groups():
            lines = [group.strip() for group in found.groups() if group and group.strip()]
        elif local.rules:
            text = call_number
            for pattern, replacement in local.rules:
                text = re.sub(pattern, replacement, text)
            lines = [line.strip() for line in text.splitlines() if line.strip()]
        else:
            return _part_lines(Scheme.LOCAL)(call_number, options)
    except (re.error, IndexError) as error:
        raise ConfigError(
            f"a local call-number rule is not a regular expression ({error})",
            subject=local.pattern or "rules", remedy="Mend the rule in the profile.",
        ) from error  # fmt: skip
    if "".join("".join(lines).split()) != "".join(call_number.split()):
        raise ConfigError(
            f"the local rules make {' | '.join(lines)} of it, which is not the same text",
            subject=call_number, remedy="Mend the rules: every character must stand on exactly one line.",
        )  # fmt: skip
    return lines


_LINES: Final[Mapping[Scheme, Callable[[str, LineOptions], list[str]]]] = {
    **{scheme: _part_lines(scheme) for scheme in (Scheme.LCC, Scheme.NLM, Scheme.DDC, Scheme.CLC)},
    Scheme.LOCAL: _local_lines,
}
