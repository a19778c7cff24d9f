"""Call number → the lines of a spine label.

Joined without spaces the lines equal the call number without spaces; in CLC a "/" that stands between two
lines is the line break itself and is not printed.  Where published practice differs (class letters on a line
of their own or before the number, long decimals whole or broken) it is a field of ``LineOptions``.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final, Literal

from label_print.schemes import Kind, Part, Scheme, parts_of, scheme_of
from workcell.kernel.errors import BadInput, ConfigError


@dataclass(frozen=True)
class LocalRules:
    """A library's own scheme.

    ``pattern`` is a regular expression whose non-empty groups are the lines; ``rules`` are replacements
    (pattern, text with line breaks) that apply in turn to a call number the pattern does not fit.  Rules
    that would lose or add a character are refused.
    """

    pattern: str = ""
    rules: tuple[tuple[str, str], ...] = ()


_PERL: Final = re.compile(r"s(?P<sign>[^\w\s\\])(?P<pattern>(?:\\.|(?!(?P=sign)).)*)(?P=sign)"
                          r"(?P<text>(?:\\.|(?!(?P=sign)).)*)(?P=sign)(?P<flags>[gi]*)")  # fmt: skip


def local_rule(text: str) -> tuple[str, str]:
    """A replacement from ``PATTERN=>TEXT``, or from Perl's ``s/PATTERN/TEXT/g`` as Koha's splitting rules.

    Every place that fits is replaced.  Raises BadInput for anything else.
    """
    perl = _PERL.fullmatch(text)
    if perl is not None:
        ignoring_case = "(?i)" if "i" in perl["flags"] else ""
        return ignoring_case + perl["pattern"], re.sub(r"\$(\d)", r"\\\1", perl["text"])
    pattern, arrow, replacement = text.partition("=>")
    if not arrow:
        raise BadInput(
            "a local rule is PATTERN=>TEXT or s/PATTERN/TEXT/", subject=text, remedy="Write it so."
        )
    return pattern, replacement


@dataclass(frozen=True)
class LineOptions:
    """How a library wants its spine labels.

    ``location``, ``prefix``, ``suffix``, ``volume``, ``year`` and ``copy`` are lines of their own around the
    call number; one that the call number ends or begins with already is not said twice.  ``split_class``
    puts class letters above the class number (LCC, NLM, a Dewey number's R or J).  ``decimals`` breaks a
    class number that has more decimals after every so many (0 never); ``decimal_point`` begins a line with
    the point ("below") or leaves the first decimals beside the whole number ("beside").
    """

    location: str = ""
    prefix: str = ""
    suffix: str = ""
    volume: str = ""
    year: str = ""
    copy: str = ""
    split_class: bool = True
    decimals: int = 0
    decimal_point: Literal["below", "beside"] = "below"
    local: LocalRules = LocalRules()


def spine_lines(call_number: str, scheme: str, options: LineOptions = LineOptions()) -> tuple[str, ...]:
    """The lines of a spine label, top to bottom.

    Raises BadInput for an unknown scheme or an empty call number, ConfigError for local rules that lose
    characters.
    """
    call_number = " ".join(call_number.split())
    if not any(map(str.isprintable, call_number.replace(" ", ""))):
        raise BadInput("the call number is empty", remedy="Give the book a call number.")
    body = _LINES[scheme_of(scheme)](call_number, options)
    head = [line for line in _told(options.location, options.prefix) if line != body[0]]
    tail = [line for line in _told(options.suffix, options.volume, options.year, options.copy)
            if not _stands_in(line, body)]  # fmt: skip
    return (*head, *body, *tail)


def _told(*lines: str) -> list[str]:
    return [" ".join(line.split()) for line in lines if line.strip()]


def _stands_in(line: str, body: list[str]) -> bool:
    """Whether the call number has this line of its own ("v.3" and "v. 3" are the same)."""
    return line.replace(" ", "") in (known.replace(" ", "") for known in body[1:])


def _part_lines(scheme: Scheme) -> Callable[[str, LineOptions], list[str]]:
    def lines(call_number: str, options: LineOptions) -> list[str]:
        made: list[str] = []
        letters = ""
        for part in parts_of(call_number, scheme):
            if part.kind is Kind.LETTERS and not options.split_class and scheme is not Scheme.CLC:
                letters = part.text
                continue
            broken = _broken_decimals(part, options)
            made += [letters + broken[0], *broken[1:]]
            letters = ""
        return made

    return lines


def _broken_decimals(part: Part, options: LineOptions) -> list[str]:
    whole, point, fraction = part.text.partition(".")
    size = options.decimals
    if part.kind is not Kind.NUMBER or size <= 0 or len(fraction) <= size:
        return [part.text]
    first, *runs = (fraction[start : start + size] for start in range(0, len(fraction), size))
    if options.decimal_point == "beside":
        return [whole + point + first, *runs]
    return [whole, point + first, *runs]


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
