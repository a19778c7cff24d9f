"""`workcell catalog`: the local catalogue, and the same questions put to a remote target."""

from __future__ import annotations

import json as jsonlib
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any, Literal

import typer
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table

import marc
from workcell.cli.options import Json
from workcell.cli.output import console, paper, print_json, print_line
from workcell.kernel.clock import WallClock
from workcell.kernel.errors import BadInput

app = typer.Typer(help="The local catalogue: import records, search them, ask targets.", no_args_is_help=True)

_DEFAULT = "catalogue.sqlite"
_clock = WallClock()

Where = Annotated[
    str,
    typer.Option(
        "--catalog", metavar="PATH|URL", envvar="WORKCELL_CATALOG",
        help="Catalogue file, or the address of a target (z3950://host:port/db, http://host/sru).",
    ),
]  # fmt: skip
Target = Annotated[
    str | None,
    typer.Option(metavar="URL|NAME", help="Ask this target instead: an address, or a name in --targets."),
]
TargetsFile = Annotated[Path | None, typer.Option("--targets", help="targets.toml: addresses and rules.")]
Source = Annotated[str, typer.Option(help="Only records of this source.")]


@app.command("import")
def import_(
    files: Annotated[list[Path], typer.Argument(help="Record files, also gzipped.")],
    source: Annotated[str, typer.Option(help="Under which name: catalogue, vendor, order …")] = "catalogue",
    catalog: Where = _DEFAULT,
    processes: Annotated[
        int, typer.Option(min=1, max=2, help="2 reads large files in a process of its own.")
    ] = 2,
    json: Json = False,
) -> None:
    """Bring record files in; a broken-off import goes on where it stopped. Exit 1 when any record is bad."""
    with marc.Catalogue.open(_path(catalog)) as catalogue, _Bar() as bar:
        report = catalogue.import_files(files, source, bar.told, processes=processes)
    for bad in report.bad:
        fate = "mended" if bad.kept else "left out"
        print_line(f"{bad.path}: record {bad.n} at byte {bad.offset} {fate}: {bad.problem}")
    counts = {"new": report.new, "changed": report.changed, "unchanged": report.unchanged}
    if json:
        bad_ones = [{**asdict(bad), "path": str(bad.path)} for bad in report.bad]
        print_json({**counts, "bad": bad_ones, "resumed_at": report.resumed_at})
    else:
        told = ", ".join(f"{number} {kind}" for kind, number in {**counts, "bad": len(report.bad)}.items())
        paper.print(f"{told} in {catalog}", markup=False)
    raise typer.Exit(1 if report.bad else 0)


@app.command()
def search(
    query: Annotated[str, typer.Argument(help="Words of title and author, or an ISBN.")],
    catalog: Where = _DEFAULT,
    target: Target = None,
    targets: TargetsFile = None,
    source: Source = "",
    limit: Annotated[int, typer.Option(min=1, max=100, help="So many records at most.")] = 20,
    json: Json = False,
) -> None:
    """Find records by words, misread ones too, or by ISBN. Exit 1 when there is none."""
    asked = _target(catalog, target, targets, limit)
    if asked is not None:
        _show(_asked(asked, marc.wanted_from_text(query)), json)
        return
    with marc.Catalogue(_path(catalog)) as catalogue:
        hits = catalogue.by_isbn(query, source) if marc.isbn.normalise(query) else []
        hits = (hits or _telling(catalogue.search(query, source, limit)))[:limit]
        _show([_found(catalogue, hit) for hit in hits], json)


@app.command()
def get(
    isbn: Annotated[str, typer.Option("--isbn", help="ISBN, ten or thirteen digits.")] = "",
    id: Annotated[str, typer.Option("--id", help="The record's own number (001).")] = "",
    catalog: Where = _DEFAULT,
    target: Target = None,
    targets: TargetsFile = None,
    source: Source = "",
    out: Annotated[
        Path | None, typer.Option("-o", "--out", help="Write the records: .mrc, .xml or .json by its name.")
    ] = None,
    json: Json = False,
) -> None:
    """Get whole records by ISBN or number. Exit 1 when there is none."""
    if bool(isbn) == bool(id):
        raise typer.BadParameter("give --isbn or --id, one of them")
    asked = _target(catalog, target, targets, 0)
    if asked is not None:
        wanted = (
            marc.Wanted(isbns=(marc.isbn.normalise(isbn) or marc.isbn.compact(isbn),))
            if isbn
            else marc.Wanted(record_id=id)
        )
        found = _asked(asked, wanted)
    else:
        with marc.Catalogue(_path(catalog)) as catalogue:
            hits = catalogue.by_isbn(isbn, source) if isbn else catalogue.by_id(id, source)
            found = [_found(catalogue, hit) for hit in hits]
    if out is not None:
        _write([entry["record"] for entry in found], out)
    if json:
        print_json({"records": [_plain(entry, whole=True) for entry in found]})
    elif out is None:
        for entry in found:
            paper.print(f"{entry['source']} {entry['id']}{_mark(entry)}", style="bold", markup=False)
            paper.print(str(entry["record"]), markup=False, soft_wrap=True)
    raise typer.Exit(0 if found else 1)


@app.command()
def stats(catalog: Where = _DEFAULT, json: Json = False) -> None:
    """How much the catalogue holds."""
    with marc.Catalogue(_path(catalog)) as catalogue:
        held = catalogue.stats()
    if json:
        print_json({"records": held.records, **asdict(held)})
        return
    table = Table(box=None, pad_edge=False, show_header=False)
    for name, number in {**held.sources, "all records": held.records, "ISBN keys": held.isbns,
                         "item barcodes": held.barcodes, "different words": held.words}.items():  # fmt: skip
        table.add_row(name, str(number))
    table.add_row("word index in tantivy", held.sidecar)
    paper.print(table)


@app.command()
def export(
    out: Annotated[Path, typer.Argument(help="Where to: .mrc, .xml or .json by its name.")],
    catalog: Where = _DEFAULT,
    source: Source = "",
) -> None:
    """Write all records, or those of one source, as they are kept."""
    with marc.Catalogue(_path(catalog)) as catalogue:
        count = _export(catalogue, source, out)
    paper.print(f"{count} records in {out}", markup=False)


@app.command()
def index(catalog: Where = _DEFAULT) -> None:
    """Make the tantivy word index beside the catalogue, whatever its size; imports keep it up to date."""
    with marc.Catalogue(_path(catalog)) as catalogue:
        if not catalogue.make_sidecar():
            raise BadInput(
                "the package tantivy is not installed", subject=catalog,
                remedy="Install cataloguing-workcell[tantivy]; without it the catalogue uses its own index.",
            )  # fmt: skip
    paper.print(f"word index beside {catalog} is current", markup=False)


# --- asking ----------------------------------------------------------------------------------------------


def _path(catalog: str) -> Path | str:
    """A catalogue file or shared database; raises BadInput for a target, which can only be asked."""
    if marc.is_target_address(catalog):
        raise BadInput(
            "is a target, which can only be searched", subject=catalog, remedy="Give a catalogue file."
        )
    return catalog if "://" in catalog else Path(catalog)


def _target(catalog: str, named: str | None, targets: Path | None, limit: int) -> marc.Target | None:
    """The target that is meant, if any."""
    if named is None:
        if not marc.is_target_address(catalog):
            return None
        named = catalog
    if marc.is_target_address(named):
        found = marc.target_at(named)
    else:
        known = {target.name: target for target in (marc.load_targets(targets) if targets else ())}
        if named not in known:
            names = ", ".join(known) or "none, for --targets is missing"
            raise BadInput("no such target", subject=named, remedy=f"Known are: {names}.")
        found = known[named]
    return found.model_copy(update={"limit": limit}) if limit else found


def _asked(target: marc.Target, wanted: marc.Wanted) -> list[dict[str, Any]]:
    connection = marc.connect(target, _clock)
    try:
        step, answer = marc.ask(target, wanted, connection)
    finally:
        connection.close()
    if answer.unreadable:
        print_line(f"{target.url}: {answer.unreadable} records could not be read and are left out")
    if answer.total > len(answer.records):
        print_line(f"{target.url}: {len(answer.records)} of {answer.total} records shown (found by {step})")
    return [_entry(record, target.name, 1.0, cancelled=False) for record in answer.records]


def _telling(hits: Sequence[marc.Hit]) -> list[marc.Hit]:
    """Hits that share at least half as much with the query as the best one does."""
    return [hit for hit in hits if hit.score >= hits[0].score / 2]


# --- showing ---------------------------------------------------------------------------------------------


def _found(catalogue: marc.Catalogue, hit: marc.Hit) -> dict[str, Any]:
    record = catalogue.record(hit.id)
    return {**_entry(record, hit.source, hit.score, cancelled=hit.cancelled), "id": hit.record_id}


def _entry(record: Any, source: str, score: float, *, cancelled: bool) -> dict[str, Any]:
    return {
        "id": marc.record_facts(record).record_id, "source": source, "score": score, "cancelled": cancelled,
        "facts": marc.record_facts(record), "record": record,
    }  # fmt: skip


def _plain(entry: dict[str, Any], *, whole: bool) -> dict[str, Any]:
    facts = entry["facts"]
    plain = {key: entry[key] for key in ("id", "source", "score", "cancelled")} | {
        "title": facts.full_title,
        "names": list(facts.names),
        "publisher": facts.publisher,
        "year": facts.year,
        "isbns": [each.isbn13 or each.written for each in facts.isbns],
    }
    return plain | {"record": entry["record"].as_dict()} if whole else plain


def _show(found: Sequence[dict[str, Any]], json: bool) -> None:
    if json:
        print_json({"hits": [_plain(entry, whole=False) for entry in found]})
    elif found:
        table = Table("id", "source", "score", "title", "name", "year", box=None, pad_edge=False,
                      header_style="bold")  # fmt: skip
        for entry in found:
            facts = entry["facts"]
            table.add_row(
                entry["id"], entry["source"] + _mark(entry), f"{entry['score']:.2f}", facts.full_title,
                next(iter(facts.names), ""), str(facts.year or ""),
            )  # fmt: skip
        paper.print(table)
    else:
        print_line("nothing found")
    raise typer.Exit(0 if found else 1)


def _mark(entry: dict[str, Any]) -> str:
    return " (cancelled ISBN)" if entry["cancelled"] else ""


# --- writing ---------------------------------------------------------------------------------------------


def _write(records: Sequence[Any], out: Path) -> None:
    form: Literal["marc21", "cnmarc"] = "marc21"
    if records and marc.flavour(records[0]) == "unimarc":
        form = "cnmarc"
    if out.suffix == ".json":
        listed = [record.as_dict() for record in records]
        out.write_text(jsonlib.dumps(listed, ensure_ascii=False, indent=1), "utf-8")
    elif out.suffix == ".xml":
        marc.write_marcxml(records, out, form)
    elif out.suffix == ".mrc":
        marc.write_iso2709(records, out, form)
    else:
        raise BadInput("no such format", subject=str(out), remedy="Name it .mrc, .xml or .json.")


def _export(catalogue: marc.Catalogue, source: str, out: Path) -> int:
    if out.suffix != ".mrc":
        records = [catalogue.record(id) for id in catalogue.ids(source)]
        _write(records, out)
        return len(records)
    count = 0
    with out.open("wb") as file:
        for data in _all(catalogue, source):
            file.write(data)
            count += 1
    return count


def _all(catalogue: marc.Catalogue, source: str) -> Iterator[bytes]:
    return (catalogue.data(id) for id in catalogue.ids(source))


class _Bar:
    """Progress on standard error."""

    def __init__(self) -> None:
        self._bar = Progress(
            TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TextColumn("bytes"),
            TextColumn("{task.fields[records]} records"), TimeRemainingColumn(), console=console,
            transient=True,
        )  # fmt: skip
        self._tasks: dict[Path, Any] = {}

    def __enter__(self) -> _Bar:
        self._bar.start()
        return self

    def __exit__(self, *ended: object) -> None:
        self._bar.stop()

    def told(self, path: Path, n: int, offset: int, size: int) -> None:
        """As ``marc.catalogue_importing.Told``."""
        if path not in self._tasks:
            self._tasks[path] = self._bar.add_task(path.name, total=size, records=0)
            if n:
                print_line(f"{path}: goes on at record {n}, byte {offset}")
        self._bar.update(self._tasks[path], completed=offset, records=n)
