"""The commands by name.  One file a command; errors end in one line and the exit code of their class."""

from __future__ import annotations

import sqlite3
import sys

import typer

from workcell.cli import (
    authority,
    calibrate,
    camera,
    catalog,
    control,
    demo,
    desk,
    doctor,
    identify,
    marc,
    passport,
    plc,
    profile,
    review,
    run,
    status,
    twin,
    vision,
    vision_page,
)
from workcell.cli.output import console, print_error
from workcell.kernel.errors import StorageFull, WorkcellError

app = typer.Typer(
    name="workcell",
    help="The cataloguing workcell: from a pile of books to catalogued, marked, sorted ones.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
)
app.command()(demo.demo)
app.command()(run.run)
app.command()(desk.desk)
app.command()(identify.identify)
app.command()(calibrate.calibrate)
app.command()(status.status)
app.command()(control.hold)
app.command()(control.unhold)
app.command()(control.stop)
app.command()(control.abort)
app.command()(control.clear)
app.command()(passport.passport)
app.command()(doctor.doctor)
app.add_typer(catalog.app, name="catalog")
app.add_typer(camera.app, name="camera")
app.add_typer(twin.app, name="twin")
app.add_typer(profile.app, name="profile")
app.add_typer(plc.app, name="plc")
app.add_typer(review.app, name="review")
app.add_typer(marc.app, name="marc")
app.add_typer(authority.app, name="authority")
vision.app.command()(vision_page.page)
app.add_typer(vision.app, name="vision")


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
