"""`workcell marc draft`: a record from a book's own pages."""

from __future__ import annotations

import json as _json
from contextlib import ExitStack
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Literal

import typer
from pymarc import Record

import marc
from workcell.cli.marc_match import read_evidence
from workcell.cli.options import EXAMPLES, Json
from workcell.cli.output import print_json, print_line
from workcell.kernel.clock import WallClock
from workcell.kernel.errors import BadInput
from workcell.kernel.model import Reason
from workcell.kernel.profile import Profile, load_profile

Format = Literal["marc21", "cnmarc"]
_EXAMPLES = {"marc21": "en.toml", "cnmarc": "zh.toml"}


def draft(
    evidence: Annotated[Path, typer.Option(help="Evidence of one book, as `identify --json` prints it.")],
    format: Annotated[Format | None, typer.Option(help="The profile's, when left out.")] = None,
    out: Annotated[
        Path | None,
        typer.Option("--out", "-o", help="Write .mrc (ISO 2709) or .xml (MARCXML); printed when left out."),
    ] = None,
    profile: Annotated[
        Path | None, typer.Option(help="profile.toml; the example of the format if none.")
    ] = None,
    record_id: Annotated[str, typer.Option("--id", help="Control number for 001.")] = "",
    authorities: Annotated[
        Path | None, typer.Option(help="Authority file that the headings are checked against.")
    ] = None,
    catalog: Annotated[Path | None, typer.Option(help="Catalogue whose headings count too.")] = None,
    json: Json = False,
) -> None:
    """Draft a record from title page, copyright page and measurements; nothing is guessed.

    Beside the record, OUT.provenance.json says for each field where it is from and how sure that is.
    Headings that are new, ambiguous or variants are listed for the cataloguer; none is changed.
    """
    rules = _rules(profile, format)
    seen = read_evidence(evidence)
    record = marc.draft(seen, rules, WallClock().wall().date(), record_id)
    record, notes = _controlled(record, rules, authorities, catalog)
    note = marc.provenance_note(record, seen) | {"notes": [asdict(reason) for reason in notes]}
    for reason in notes:
        print_line(f"{reason.code}: {reason.text}")
    if out is not None:
        _write(record, out, rules.records.format)
        Path(f"{out}.provenance.json").write_text(
            _json.dumps(note, ensure_ascii=False, indent=2) + "\n", "utf-8"
        )
        print_line(f"{out} and {out.name}.provenance.json: {len(record.fields)} fields")
    if json:
        print_json({"record": marc.as_lines(record), "provenance": note})
    elif out is None:
        typer.echo(marc.as_lines(record), nl=False)


def _controlled(
    record: Record, rules: Profile, authorities: Path | None, catalog: Path | None
) -> tuple[Record, list[Reason]]:
    """The record with $0 where the profile wants them, and what is to be said of its headings."""
    with ExitStack() as stack:
        file = stack.enter_context(marc.Authorities(authorities)) if authorities else None
        own = stack.enter_context(marc.Catalogue(catalog)) if catalog else None
        if file is not None and rules.records.authority_links:
            record = marc.link_headings(record, file)
        return record, marc.check_headings(record, file, own) if file or own else []


def _rules(path: Path | None, format: Format | None) -> Profile:
    """The profile, with the format that was asked for."""
    rules = load_profile(path or EXAMPLES / "profiles" / _EXAMPLES[format or "marc21"])
    if format is None or format == rules.records.format:
        return rules
    records = rules.records.model_copy(update={"format": format})
    return rules.model_copy(update={"records": records})


def _write(record: Record, out: Path, format: Format) -> None:
    """By suffix; raises BadInput for any other and for a record that the format can't hold."""
    if out.suffix not in (".mrc", ".xml"):
        raise BadInput(
            "the name must end in .mrc or .xml", subject=str(out), remedy="Name the file for its format."
        )
    write = marc.write_iso2709 if out.suffix == ".mrc" else marc.write_marcxml
    report = write([record], out, format)
    if report.refused or report.beside:
        raise BadInput("; ".join([*report.refused, *report.warnings]), subject=str(out), remedy="Write .xml.")
