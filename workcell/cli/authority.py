"""`workcell authority …`: authority files beside the catalogue."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

import marc
from workcell.cli.options import Json
from workcell.cli.output import paper, print_json, print_line

app = typer.Typer(help="Authority files: import headings, look one up.", no_args_is_help=True)

File = Annotated[Path, typer.Option("--authorities", help="The authority file, beside the catalogue.")]
_DEFAULT = Path("catalogue.sqlite.authorities")


@app.command("import")
def import_(
    files: Annotated[list[Path], typer.Argument(help="Authority records: MARC 21, UNIMARC or CNMARC.")],
    authorities: File = _DEFAULT,
    source: Annotated[str, typer.Option(help="Whose they are.")] = "authorities",
    json: Json = False,
) -> None:
    """Bring authority records in; a record of the same number replaces its earlier self."""
    with marc.Authorities(authorities, writable=True) as held:
        report = held.import_files(files, source)
    for bad in report.bad:
        print_line(f"{bad.path}: record {bad.n} at byte {bad.offset}: {bad.problem}")
    if json:
        print_json({"kept": report.kept, "other": report.other, "bad": len(report.bad)})
    else:
        print_line(f"{report.kept} authorities kept, {report.other} other records, {len(report.bad)} bad")
    if report.bad:
        raise typer.Exit(1)


@app.command()
def check(
    files: Annotated[list[Path], typer.Argument(help="Bibliographic records whose headings are checked.")],
    authorities: File = _DEFAULT,
    catalog: Annotated[Path | None, typer.Option(help="Catalogue whose headings count too.")] = None,
    json: Json = False,
) -> None:
    """List headings that are new, ambiguous or variants. Exit code 1 when there is one."""
    opened = marc.Catalogue(catalog) if catalog else None
    findings = []
    with marc.Authorities(authorities) as held:
        for path in files:
            for result in marc.read_records(path):
                if result.record is not None:
                    reasons = marc.check_headings(result.record, held, opened)
                    findings += [{"n": result.n, "code": r.code, "text": r.text} for r in reasons]
    if opened:
        opened.close()
    if json:
        print_json({"findings": findings})
    else:
        for found in findings:
            paper.print(f"{found['n']}  {found['code']}  {found['text']}", markup=False)
    if findings:
        raise typer.Exit(1)
