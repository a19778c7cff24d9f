"""Record sources that a command is given for the moment: catalogue files, or MARC files indexed on the spot.

``--catalog`` of one-shot commands (``identify``, ``marc match`` …) is declared as ``Catalog`` and opened with

    with open_catalogues(catalog, evidence) as sources:
        marc.match(evidence, sources, order_lines, profile)

Each entry is ``PATH`` or ``SOURCE=PATH``.  SOURCE is a name from the profile's ``records.sources``
("catalogue" when it is left out, "vendor", …): records of the sources "order" and "catalogue" are the
library's own.  PATH is a catalogue made by ``workcell catalog import`` (a file or ``postgresql://…``), opened
for reading, a file of MARC records, or the address of a Z39.50 or SRU target, which is asked for the book in
hand; what is not a catalogue is indexed in a temporary folder and forgotten afterwards.
"""

from __future__ import annotations

import contextlib
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Annotated

import typer

import marc
from marc import Catalogue, Source
from workcell.cli.output import print_line
from workcell.kernel.clock import WallClock
from workcell.kernel.errors import BadInput
from workcell.kernel.evidence import Evidence

Catalog = Annotated[
    list[str] | None,
    typer.Option(
        "--catalog",
        metavar="[SOURCE=]PATH|URL",
        help="A catalogue, MARC records or a target; may be repeated. SOURCE (vendor …) says whose.",
    ),
]

_SQLITE = b"SQLite format 3\x00"
_DEFAULT = "catalogue"


@contextlib.contextmanager
def open_catalogues(
    entries: Sequence[str] | None, evidence: Evidence | None = None
) -> Iterator[tuple[Source, ...]]:
    """The sources named by ``--catalog``, in the order given; MARC files of one source share one index.

    Targets are asked for the book that ``evidence`` shows.  Raises BadInput for a file that is missing or
    holds neither a catalogue nor records, DeviceGone for a target that does not answer.  Records that can't
    be read are counted on standard error; the others can be found.
    """
    with contextlib.ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="workcell-")))
        opened: list[Source] = []
        loose: dict[str, list[Path]] = {}
        for number, (name, place) in enumerate(map(_named, entries or ())):
            if marc.is_target_address(place):
                index = _asked(marc.target_at(place), evidence, folder / f"target-{number}.sqlite")
                opened.append(Source(name, stack.enter_context(Catalogue(index))))
            elif marc.is_database_address(place):
                opened.append(Source(name, stack.enter_context(Catalogue(place))))
            elif _is_catalogue(Path(place)):
                opened.append(Source(name, stack.enter_context(Catalogue(Path(place)))))
            else:
                loose.setdefault(name, []).append(Path(place))
        for number, (name, paths) in enumerate(loose.items()):
            index = _indexed(paths, name, folder / f"{number}.sqlite")
            opened.append(Source(name, stack.enter_context(Catalogue(index))))
        yield tuple(opened)


def _named(entry: str) -> tuple[str, str]:
    """Source and place of an entry; a file whose own name has a ``=`` is still found."""
    name, sign, place = entry.partition("=")
    if sign and name.isidentifier() and not Path(entry).exists():
        return name, place
    return _DEFAULT, entry


def _asked(target: marc.Target, evidence: Evidence | None, index: Path) -> Path:
    """What a target has for the book, as a catalogue of its own; empty when there is nothing to ask for."""
    wanted = marc.wanted_of(evidence) if evidence else marc.Wanted()
    clock = WallClock()
    with Catalogue.open(index) as cache:
        if wanted:
            connection = marc.connect(target, clock)
            try:
                marc.fetch(target, wanted, connection, cache, clock.wall())
            finally:
                connection.close()
    return index


def _is_catalogue(path: Path) -> bool:
    try:
        with path.open("rb") as file:
            return file.read(len(_SQLITE)) == _SQLITE
    except FileNotFoundError as error:
        raise BadInput("no such file", subject=str(path), remedy="Check the path.") from error
    except IsADirectoryError as error:
        raise BadInput("is a folder", subject=str(path), remedy="Name the file in it.") from error


def _indexed(paths: Sequence[Path], name: str, index: Path) -> Path:
    with Catalogue.open(index) as catalogue:
        report = catalogue.import_files(paths, name)
    if report.bad:
        first = report.bad[0]
        print_line(
            f"{first.path}: {len(report.bad)} records have problems, the first at byte {first.offset}: "
            f"{first.problem}"
        )
    return index
