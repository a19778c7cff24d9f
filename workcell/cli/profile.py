"""`workcell profile check`: is a profile right, and what would happen to three books under it?"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import typer

import label_print
from stations.spine_label import place
from workcell.cli.options import Json
from workcell.cli.output import paper, print_json
from workcell.kernel.model import Decision, DecisionKind
from workcell.kernel.profile import Location, Profile, load_profile
from workcell.line.policy import may_go_on
from workcell.site import write_number

app = typer.Typer(help="Library profiles.", no_args_is_help=True)


@app.callback()
def profile() -> None:
    """Library profiles."""


@dataclass(frozen=True)
class _Sample:
    """A book to think the profile through with."""

    title: str
    copies: int
    height_cm: int
    thickness_mm: float
    decision: Decision
    call_number: dict[str, str]


def _decision(kind: DecisionKind, source: str) -> Decision:
    return Decision(kind, "sample", 0.97, 0.85, source=source)


_SAMPLES = (
    _Sample(
        "an ordered novel, 3 copies, with a vendor's record", 3, 23, 24.0,
        _decision(DecisionKind.COPY, "vendor"),
        {
            "DDC": "823.914 I73n", "LCC": "PR6059.S5 N48 2005", "CLC": "I561.45/12",
            "NLM": "WZ 350 I73n 2005", "LOCAL": "FIC ISH",
        },
    ),
    _Sample(
        "a large atlas without any record", 1, 38, 31.0,
        _decision(DecisionKind.DRAFT, ""),
        {
            "DDC": "912 A881", "LCC": "G1021 .A75 2019", "CLC": "K991/3",
            "NLM": "WB 17 A881 2019", "LOCAL": "REF ATL",
        },
    ),
    _Sample(
        "a further copy of a thin textbook on file", 1, 24, 6.0,
        _decision(DecisionKind.EXISTING, "catalogue"),
        {
            "DDC": "005.133 K39c", "LCC": "QA76.73.C15 K47 1988", "CLC": "TP312C/8",
            "NLM": "QT 4 K39c 1988", "LOCAL": "SCI KER",
        },
    ),
)  # fmt: skip


@app.command()
def check(
    path: Annotated[Path, typer.Argument(help="profile.toml")],
    json: Json = False,
) -> None:
    """Validate a profile and say in plain words what would happen to three sample books."""
    checked = load_profile(path)
    numbers = [write_number(range_, range_.first) for range_ in checked.item_ranges()]
    label_print.check_labels(checked.labels, numbers, path)
    stories = [{"book": sample.title, "what": _story(checked, sample)} for sample in _SAMPLES]
    if json:
        print_json({"profile": checked.name, "ok": True, "books": stories})
        return
    paper.print(f"[bold]{checked.name}[/]: the profile is right.")
    for story in stories:
        paper.print(f"\n[bold]{story['book']}[/]")
        for sentence in story["what"]:
            paper.print(f"  • {sentence}", markup=False)


def _story(checked: Profile, sample: _Sample) -> list[str]:
    return [sentence for tell in _TELLING for sentence in tell(checked, sample)]


def _record(checked: Profile, sample: _Sample) -> list[str]:
    held_back = may_go_on(sample.decision, checked.autonomy)
    sources = ", ".join(checked.records.sources)
    leaves = checked.records.format.upper()
    first = f"Records are looked for in this order: {sources}; the record leaves as {leaves}."
    if held_back is None:
        return [first, "The machine goes on by itself."]
    return [first, f"{held_back.text} The book leaves unmarked for the {checked.review_bin} bin."]


def _numbers(checked: Profile, sample: _Sample) -> list[str]:
    item, accession = checked.numbers.item, checked.numbers.accession
    return [
        f"Item numbers begin with {write_number(item, item.first)}, "
        f"accession numbers with {write_number(accession, accession.first)}."
    ]


def _places(checked: Profile, sample: _Sample) -> list[str]:
    turns = [location for location in checked.locations for _ in range(location.copies)] or [
        checked.locations[0]
    ]
    sentences = []
    for copy in range(sample.copies):
        location = turns[copy] if copy < len(turns) else checked.locations[0]
        number = _call_number(location, sample)
        options = label_print.line_options(checked.labels.spine, location, copy=copy + 1)
        lines = label_print.spine_lines(number, location.call_number.scheme, options)
        sentences.append(
            f"Copy {copy + 1} goes to {location.name} ({location.code}, bin {location.bin}); "
            f"a call number such as {number} is printed as {' | '.join(lines)}."
        )
    return sentences


def _call_number(location: Location, sample: _Sample) -> str:
    oversize = location.oversize_cm is not None and sample.height_cm >= location.oversize_cm
    prefix = location.oversize_prefix if oversize else location.call_number.prefix
    return f"{prefix} {sample.call_number[location.call_number.scheme]}".strip()


def _marks(checked: Profile, sample: _Sample) -> list[str]:
    operations = checked.operations
    sentences: list[str] = []
    if operations.stamp:
        sentences.extend(
            f"It is stamped on the {stamp.surface.replace('_', ' ')}." for stamp in checked.stamps
        )
    if operations.barcode_label:
        where = " and ".join(label.surface.replace("_", " ") for label in checked.labels.copies)
        sentences.append(f"The barcode label goes on the {where}.")
    if operations.spine_label:
        surface, _, bottom = place(checked.labels.spine, sample.thickness_mm)
        sentences.append(
            f"The spine label goes on the {surface.replace('_', ' ')}, {bottom:g} mm from the foot."
        )
    if operations.rfid:
        lock = "locked" if checked.tag.lock else "not locked"
        sentences.append(
            f"The tag is written as {checked.tag.model}, owner {checked.agency.isil}, "
            f"AFI {checked.tag.afi_on_shelf:02X}, {lock}."
        )
    return sentences


def _looked_at(checked: Profile, sample: _Sample) -> list[str]:
    rules = checked.spot_check
    if not checked.operations.spot_check:
        return ["No released copy is set apart for a spot check."]
    return [
        f"A random {rules.share * 100:g} % of a batch, at least {rules.least} copies, goes to the bin "
        f"{rules.bin} for the spot check, where the layout has it."
    ]


_TELLING: tuple[Callable[[Profile, _Sample], list[str]], ...] = (
    _record, _numbers, _places, _marks, _looked_at,
)  # fmt: skip
