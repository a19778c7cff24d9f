"""`workcell label spine`: the lines of a spine label, and where its book stands on the shelf."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer

import label_print
from label_print import LineOptions, LocalRules
from workcell.cli.options import Json
from workcell.cli.output import paper, print_json
from workcell.kernel.errors import ConfigError
from workcell.kernel.profile import load_profile

CallNumber = Annotated[str, typer.Option("--call-number", help="The call number, as the record has it.")]
SchemeName = Annotated[str, typer.Option("--scheme", help="LCC, DDC, NLM, CLC or LOCAL.")]
ProfileFile = Annotated[Path | None, typer.Option("--profile", help="Options and local rules of a profile.")]
At = Annotated[str, typer.Option("--at", help="Location code in the profile; its first one without.")]
Decimals = Annotated[
    int | None, typer.Option("--decimals", help="Break more decimals than that after every so many; 0 never.")
]
SplitClass = Annotated[
    bool | None,
    typer.Option("--split-class/--join-class", help="Class letters above the number, or before it."),
]
LocalPattern = Annotated[
    str, typer.Option("--local-pattern", help="LOCAL: a regular expression whose groups are the lines.")
]
LocalRule = Annotated[
    list[str] | None,
    typer.Option(
        "--local-rule", help="LOCAL: PATTERN=>TEXT or s/PATTERN/TEXT/, \\n breaks; may be repeated."
    ),
]


def spine(
    call_number: CallNumber,
    scheme: SchemeName = "",
    profile: ProfileFile = None,
    at: At = "",
    location: Annotated[str, typer.Option(help="A location line on top.")] = "",
    prefix: Annotated[str, typer.Option(help="A line above the call number.")] = "",
    suffix: Annotated[str, typer.Option(help="A line below it.")] = "",
    volume: Annotated[str, typer.Option(help="The volume's line, such as v.3.")] = "",
    year: Annotated[str, typer.Option(help="The year's line.")] = "",
    copy: Annotated[str, typer.Option(help="The copy's line, such as c.2.")] = "",
    decimals: Decimals = None,
    split_class: SplitClass = None,
    local_pattern: LocalPattern = "",
    local_rule: LocalRule = None,
    json: Json = False,
) -> None:
    """Break a call number into the lines of a spine label, and give its shelving key.

    No character is lost or added; only a "/" of a CLC number between two lines is the line break itself.
    """
    known, options = spine_options(profile, at, scheme)
    options = replace(
        options, location=location, prefix=prefix, suffix=suffix, volume=volume, year=year, copy=copy
    )
    if decimals is not None:
        options = replace(options, decimals=decimals)
    if split_class is not None:
        options = replace(options, split_class=split_class)
    if local_pattern or local_rule:
        rules = tuple(label_print.local_rule(text) for text in local_rule or ())
        options = replace(options, local=LocalRules(local_pattern, rules))
    made = label_print.spine_lines(call_number, known, options)
    key = label_print.sort_key(call_number, known, options.local)
    if json:
        print_json({"lines": list(made), "scheme": known.upper(), "sort_key": key})
        return
    for line in made:
        paper.print(line, markup=False)


def spine_options(profile: Path | None, at: str, scheme: str) -> tuple[str, LineOptions]:
    """Scheme and options of a location in a profile, or the scheme that was named with the usual ones."""
    if profile is None:
        if not scheme:
            raise ConfigError("no scheme", subject="--scheme", remedy="Give --scheme, or a --profile.")
        return scheme, LineOptions()
    held = load_profile(profile)
    location = held.location(at) if at else held.locations[0]
    options = label_print.line_options(held.labels.spine, location)
    return scheme or location.call_number.scheme, replace(options, location="")
