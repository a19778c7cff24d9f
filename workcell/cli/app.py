"""The commands by name.  One file a command; errors end in one line and the exit code of their class."""

from __future__ import annotations

import sys

import typer

from workcell.cli import (
    control,
    demo,
    desk,
    doctor,
    identify,
    passport,
    profile,
    review,
    run,
    status,
    twin,
)
from workcell.cli.output import console, print_error
from workcell.kernel.errors import WorkcellError

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
app.command()(status.status)
app.command()(control.hold)
app.command()(control.unhold)
app.command()(control.stop)
app.command()(control.abort)
app.command()(control.clear)
app.command()(passport.passport)
app.command()(doctor.doctor)
app.add_typer(twin.app, name="twin")
app.add_typer(profile.app, name="profile")
app.add_typer(review.app, name="review")


def main() -> None:
    """Run the command line; a foreseen error is one line and its exit code."""
    try:
        app()
    except WorkcellError as error:
        print_error(error)
        sys.exit(error.exit_code)
    except BaseExceptionGroup as group:
        foreseen, rest = group.split(WorkcellError)
        if rest is not None or foreseen is None:
            raise
        first = _first(foreseen)
        print_error(first)
        sys.exit(first.exit_code)
    except KeyboardInterrupt:
        console.print("interrupted; `workcell run --resume` goes on with the batch")
        sys.exit(1)


def _first(group: BaseExceptionGroup[WorkcellError]) -> WorkcellError:
    error = group.exceptions[0]
    return _first(error) if isinstance(error, BaseExceptionGroup) else error
