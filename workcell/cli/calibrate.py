"""`workcell calibrate`: what each threshold would have cost, from this library's own decided cases."""

from __future__ import annotations

import json as _json
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.table import Table

import marc
from marc.calibrating import AtThreshold, Judged, Suggestion, calibration, suggest
from workcell.cli.marc_match import evidence_of
from workcell.cli.options import EXAMPLES, Json, Store, default_store
from workcell.cli.output import paper, print_json
from workcell.cli.sources import Catalog, open_catalogues
from workcell.kernel.errors import BadInput
from workcell.kernel.profile import Profile, load_profile
from workcell.site import Site
from workcell.site.agreement import Agreement, agreement, judged
from workcell.site.cases import Case


def calibrate(
    store: Store = None,
    labelled: Annotated[
        Path | None,
        typer.Option(help="JSON lines instead of cases: {score, right}, or {evidence, record_id}."),
    ] = None,
    catalog: Catalog = None,
    profile: Annotated[Path | None, typer.Option(help="profile.toml whose threshold is compared.")] = None,
    target: Annotated[
        float, typer.Option(min=0.0001, max=0.5, help="Share of wrong accepts that is still allowed.")
    ] = 0.001,
    json: Json = False,
) -> None:
    """Show, for each threshold, expected wrong accepts and the queue; suggest one; say how staff agree.

    The cases are those that people decided: under watch and confirm all titles of a kind, under auto only
    those that were sent to a person. A labelled file with evidence is matched with --catalog anew.
    """
    rules = load_profile(profile or EXAMPLES / "profiles" / "en.toml")
    cases: Sequence[Case] = ()
    if labelled is not None:
        known = _labelled(labelled, catalog, rules)
    else:
        cases = _decided(store or default_store())
        known = judged(cases)
    lines = calibration(known)
    found, agreed = suggest(lines, target), agreement(cases)
    if json:
        print_json(
            {
                "cases": len(known), "target": target, "threshold": rules.records.threshold,
                "thresholds": [asdict(line) for line in lines],
                "suggestion": asdict(found) if found else None,
                "agreement": [asdict(kind) for kind in agreed],
            }
        )  # fmt: skip
    else:
        _print(known, lines, found, agreed, target, rules.records.threshold)
    if not known:
        raise typer.Exit(1)


def _decided(store: Path) -> Sequence[Case]:
    path = store / "site.sqlite"
    if not path.is_file():
        raise BadInput("there is no site store", subject=str(store), remedy="Give --store DIR.")
    site = Site.open(f"sqlite:///{path}")
    try:
        return site.cases.list("decided")
    finally:
        site.close()


def _labelled(path: Path, catalog: list[str] | None, rules: Profile) -> list[Judged]:
    try:
        lines = path.read_text("utf-8").splitlines()
    except FileNotFoundError as error:
        raise BadInput("no such file", subject=str(path), remedy="Check the path.") from error
    with open_catalogues(catalog) as sources:
        return [
            _judge(_object(line, f"{path}, line {number}"), f"{path}, line {number}", sources, rules)
            for number, line in enumerate(lines, 1)
            if line.strip()
        ]


def _object(line: str, where: str) -> dict[str, Any]:
    try:
        found = _json.loads(line)
    except ValueError as error:
        raise BadInput(f"is not JSON ({error})", subject=where, remedy="One object a line.") from error
    if not isinstance(found, dict):
        raise BadInput("is not an object", subject=where, remedy="Write {score, right} there.")
    return found


def _judge(data: dict[str, Any], where: str, sources: Sequence[marc.Source], rules: Profile) -> Judged:
    if isinstance(data.get("score"), int | float) and isinstance(data.get("right"), bool):
        return Judged(float(data["score"]), data["right"])
    if "evidence" not in data or not isinstance(data.get("record_id"), str):
        raise BadInput(
            "has neither score and right nor evidence and record_id",
            subject=where,
            remedy='Write {"score": 0.97, "right": true} or {"evidence": {…}, "record_id": "…"}.',
        )
    if not sources:
        raise BadInput("evidence needs records", subject=where, remedy="Give --catalog.")
    decision = marc.match(evidence_of(data["evidence"], where), sources, [], rules).decision
    best = max(decision.candidates, key=lambda candidate: candidate.score, default=None)
    return Judged(best.score, best.record_id == data["record_id"]) if best else Judged(0.0, False)


def _print(
    known: Sequence[Judged], lines: Sequence[AtThreshold], found: Suggestion | None,
    agreed: Sequence[Agreement], target: float, threshold: float,
) -> None:  # fmt: skip
    paper.print(f"{len(known)} judged titles; the profile's threshold is {threshold:g}.")
    table = Table("threshold", "go on alone", "of these wrong", "share (95 %)", "wait for a person", box=None,
                  pad_edge=False, header_style="bold")  # fmt: skip
    for line in lines:
        share = f"{line.share:.2%} ({line.low:.2%} to {line.high:.2%})"
        table.add_row(f"{line.threshold:g}", str(line.accepted), str(line.wrong), share, str(line.queue))
    paper.print(table)
    if found is None:
        paper.print(f"No threshold keeps wrong accepts at {target:.2%}.")
    else:
        paper.print(f"Suggested: {found.threshold:g}.")
        if not found.sure:
            paper.print(
                f"The cases are too few to be sure of {target:.2%}: that takes {found.needed} accepted "
                "titles without a mistake."
            )
    for kind in agreed:
        differing = f"; not in {', '.join(kind.differing)}" if kind.differing else ""
        paper.print(f"{kind.kind}: staff agreed in {kind.agreed} of {kind.cases} cases{differing}.")
