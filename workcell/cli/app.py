"""The commands by name.  One file a command; errors end in one line and the exit code of their class."""

from __future__ import annotations

import importlib
import sqlite3
import sys
from collections.abc import Iterator, Mapping
from typing import Any

import typer
from typer.core import TyperGroup

from workcell.cli.output import console, print_error
from workcell.kernel.errors import StorageFull, WorkcellError

_COMMANDS = {
    "demo": "demo:demo",
    "run": "run:run",
    "desk": "desk:desk",
    "identify": "identify:identify",
    "calibrate": "calibrate:calibrate",
    "status": "status:status",
    "hold": "control:hold",
    "unhold": "control:unhold",
    "alarms": "alarms:app",
    "stop": "control:stop",
    "abort": "control:abort",
    "clear": "control:clear",
    "passport": "passport:passport",
    "doctor": "doctor:doctor",
    "catalog": "catalog:app",
    "camera": "camera:app",
    "drivers": "drivers:drivers",
    "tag": "tag:app",
    "twin": "twin:app",
    "profile": "profile:app",
    "plc": "plc:app",
    "opcua": "opcua:app",
    "review": "review:app",
    "rework": "rework:rework",
    "check": "check:app",
    "numbers": "numbers:app",
    "marc": "marc:app",
    "label": "label:app",
    "authority": "authority:app",
    "vision": "vision_page:app",
}
"""Each command's module in this package, and its function or group there."""


class _Commands(Mapping[str, Any]):
    """The commands, each imported when it is asked for: a label need not wait for recognition."""

    def __getitem__(self, name: str) -> Any:
        module, _, attribute = _COMMANDS[name].partition(":")
        found = getattr(importlib.import_module(f"workcell.cli.{module}"), attribute)
        if isinstance(found, typer.Typer):
            command: Any = typer.main.get_group(found)
        else:
            alone = typer.Typer(add_completion=False)
            alone.command(name)(found)
            command = typer.main.get_command(alone)
        command.name = name
        return command

    def __iter__(self) -> Iterator[str]:
        return iter(_COMMANDS)

    def __len__(self) -> int:
        return len(_COMMANDS)


class _Workcell(TyperGroup):
    """The group of all commands."""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self.commands = _Commands()  # type: ignore[assignment]  # read only


app = typer.Typer(
    name="workcell",
    help="The cataloguing workcell: from a pile of books to catalogued, marked, sorted ones.",
    cls=_Workcell,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
)


@app.callback()
def _workcell() -> None:
    """The cataloguing workcell: from a pile of books to catalogued, marked, sorted ones."""


def main() -> None:
    """Run the command line; a foreseen error is one line and its exit code."""
    try:
        app()
    except _FORESEEN as error:
        _end(error)
    except BaseExceptionGroup as group:
        foreseen, rest = group.split(_FORESEEN)
        if rest is not None or foreseen is None:
            raise
        _end(_first(foreseen))
    except KeyboardInterrupt:
        console.print("interrupted; `workcell run --resume` goes on with the batch")
        sys.exit(1)


_FORESEEN = (WorkcellError, OSError, sqlite3.Error)


def _end(error: BaseException) -> None:
    told = error if isinstance(error, WorkcellError) else _from_the_disk(error)
    print_error(told)
    sys.exit(told.exit_code)


def _from_the_disk(error: BaseException) -> WorkcellError:
    """What the system said about a file, as one of our errors."""
    said, subject = str(error) or type(error).__name__, ""
    if isinstance(error, OSError) and error.strerror:
        said, subject = error.strerror, str(error.filename or "")
    return StorageFull(said, subject=subject, remedy="Check the path, its rights and the room on the disk.")


def _first(group: BaseExceptionGroup[Exception]) -> Exception:
    error = group.exceptions[0]
    return _first(error) if isinstance(error, BaseExceptionGroup) else error
