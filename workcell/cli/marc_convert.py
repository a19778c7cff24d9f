"""`workcell marc convert`: record files from one format into another."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Annotated

import typer

from marc.converting import Conversion
from marc.converting import convert as convert_files
from marc.record_file import FileFormat
from workcell.cli.options import Json
from workcell.cli.output import print_json, print_line

Files = Annotated[
    list[Path],
    typer.Argument(help="Record files: ISO 2709, MARCXML, MARC-in-JSON or mrk, also gzipped."),
]
Charset = Annotated[
    str,
    typer.Option(
        help="What ISO 2709 or mrk input is in: utf-8, marc-8, gb18030, big5. Decided by record if none."
    ),
]


def convert(
    files: Files,
    to: Annotated[FileFormat, typer.Option("--to", help="The format wanted.")],
    out: Annotated[Path, typer.Option("--out", "-o", help="The file to write; it appears when it is whole.")],
    charset: Charset = "",
    to_charset: Annotated[
        str,
        typer.Option(help="What ISO 2709 or mrk output is in: utf-8, marc-8, gb18030, big5."),
    ] = "utf-8",
    json: Json = False,
) -> None:
    """Write the records of these files in another format: every good one kept, every bad one listed.

    What the format can't hold goes into OUT.long.xml beside it. Exit code 1 when a record was bad.
    """
    done = convert_files(files, to, out, charset, to_charset)
    if json:
        print_json(_summary(done))
    else:
        _print(done)
    if done.bad:
        raise typer.Exit(1)


def _summary(done: Conversion) -> dict[str, object]:
    return dataclasses.asdict(done)


def _print(done: Conversion) -> None:
    for bad in done.bad:
        print_line(
            f"{bad.file}: record {bad.n} at byte {bad.offset}: {bad.reason}{' (kept)' if bad.kept else ''}"
        )
    for warning in done.warnings:
        print_line(warning)
    lost = sum(not bad.kept for bad in done.bad)
    beside = f", {done.moved} in {done.beside}" if done.beside else ""
    print_line(f"{done.records} records read, {done.written} written to {done.out}{beside}, {lost} bad")
