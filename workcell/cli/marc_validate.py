"""`workcell marc validate`: what is wrong with these records, and how complete are they?"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any

import typer

from marc.checking import Checked, check_file, originals
from marc.finding import Finding, Severity
from marc.schema import from_avram
from workcell.cli.options import Json
from workcell.cli.output import print_json, print_line
from workcell.kernel.profile import load_profile

_ORDER: dict[Severity, int] = {"error": 0, "warning": 1, "notice": 2}


def validate(
    files: Annotated[list[Path], typer.Argument(help="Record files of any format, also gzipped.")],
    original: Annotated[
        Path | None, typer.Option(help="The records before our changes: only what is new is shown.")
    ] = None,
    severity: Annotated[Severity, typer.Option(help="The least severity that is shown.")] = "notice",
    schema: Annotated[
        Path | None, typer.Option(help="An Avram schema (JSON) in the place of our own.")
    ] = None,
    profile: Annotated[
        Path | None, typer.Option(help="profile.toml: records below its least score are counted.")
    ] = None,
    json: Json = False,
) -> None:
    """Check records against their format (MARC 21, UNIMARC/CNMARC), and one field against another.

    Exit code 1 when there is an error; warnings and notices alone are 0.
    """
    gate = load_profile(profile).records.minimum_score if profile else 0.0
    before = originals(original) if original else None
    own = from_avram(schema) if schema else None
    summary = _Summary(gate)
    findings = [
        _shown(file, checked, finding)
        for file in files
        for checked in summary.counting(check_file(file, before, own))
        for finding in checked.findings
        if _ORDER[finding.severity] <= _ORDER[severity]
    ]
    if json:
        print_json({"records": summary.records, "findings": findings, "summary": summary.as_json()})
    else:
        for each in findings:
            print_line(
                f"{each['file']}: record {each['n']} at byte {each['offset']}: {each['severity']} "
                f"{each['code']}: {each['text']}"
            )
        print_line(str(summary))
    if summary.severities["error"]:
        raise typer.Exit(1)


def _shown(file: Path, checked: Checked, finding: Finding) -> dict[str, Any]:
    return {
        "n": checked.n,
        "offset": checked.offset,
        "tag": finding.tag,
        "severity": finding.severity,
        "code": finding.code,
        "text": finding.text,
        "file": str(file),
    }


class _Summary:
    """Counts over all files."""

    def __init__(self, gate: float) -> None:
        self.records = 0
        self.severities: Counter[str] = Counter()
        self._gate = gate
        self._codes: Counter[str] = Counter()
        self._scores: list[float] = []

    def counting(self, checked: Iterator[Checked]) -> Iterator[Checked]:
        for each in checked:
            self.records += 1
            self.severities.update(finding.severity for finding in each.findings)
            self._codes.update(finding.code for finding in each.findings)
            if each.score is not None:
                self._scores.append(each.score.value)
            yield each

    def as_json(self) -> dict[str, Any]:
        scores = sorted(self._scores)
        return {
            **{severity: self.severities[severity] for severity in _ORDER},
            "codes": dict(self._codes.most_common()),
            "score": {
                "mean": round(sum(scores) / len(scores), 1) if scores else None,
                "median": scores[len(scores) // 2] if scores else None,
                "least": scores[0] if scores else None,
                "gate": self._gate,
                "below_gate": sum(score < self._gate for score in scores),
            },
        }

    def __str__(self) -> str:
        told = self.as_json()
        return (
            f"{self.records} records: {told['error']} errors, {told['warning']} warnings, "
            f"{told['notice']} notices; score {told['score']['mean']} of 100 on average"
        )
