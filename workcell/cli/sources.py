"""Record sources that a command is given for the moment: catalogue files, or MARC files indexed on the spot.

``--catalog`` of one-shot commands (``identify``, ``marc match`` …) is declared as ``Catalog`` and opened with

    with open_catalogues(catalog) as sources:
        marc.match(evidence, sources, order_lines, profile)

Each entry is ``PATH`` or ``SOURCE=PATH``.  SOURCE is a name from the profile's ``records.sources``
("catalogue" when it is left out, "vendor", …): records of the sources "order" and "catalogue" are the
library's own.  PATH is a catalogue file made by ``workcell catalog import``, opened for reading, or a file of
MARC records, which is indexed in a temporary folder and forgotten afterwards.
"""

from __future__ import annotations

import contextlib
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Annotated

import typer

from marc import Catalogue, Source
from workcell.cli.output import print_line
from workcell.kernel.errors import BadInput

Catalog = Annotated[
    list[str] | None,
    typer.Option(
        "--catalog",
        metavar="[SOURCE=]PATH",
        help="A catalogue file or MARC records; may be repeated. SOURCE (catalogue, vendor …) says whose.",
    ),
]

_SQLITE = b"SQLite format 3\x00"
_DEFAULT = "catalogue"


@contextlib.contextmanager
def open_catalogues(entries: Sequence[str] | None) -> Iterator[tuple[Source, ...]]:
    """The sources named by ``--catalog``, in the order given; MARC files of one source share one index.

    Raises BadInput for a file that is missing or holds neither a catalogue nor records.  Records that can't
    be read are counted on standard error; the others can be found.
    """
    with contextlib.ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="workcell-")))
        opened: list[Source] = []
        loose: dict[str, list[Path]] = {}
        for name, path in map(_named, entries or ()):
            if _is_catalogue(path):
                opened.append(Source(name, stack.enter_context(Catalogue(path))))
            else:
                loose.setdefault(name, []).append(path)
        for number, (name, paths) in enumerate(loose.items()):
            index = _indexed(paths, name, folder / f"{number}.sqlite")
            opened.append(Source(name, stack.enter_context(Catalogue(index))))
        yield tuple(opened)


def _named(entry: str) -> tuple[str, Path]:
    """Source and path of an entry; a file whose own name has a ``=`` is still found."""
    name, sign, path = entry.partition("=")
    if sign and name.isidentifier() and not Path(entry).exists():
        return name, Path(path)
    return _DEFAULT, Path(entry)


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
