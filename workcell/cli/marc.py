"""`workcell marc …`: records without a line.  One file a command."""

from __future__ import annotations

import typer

from workcell.cli import marc_compare, marc_convert, marc_draft, marc_match, marc_suggest, marc_validate

app = typer.Typer(help="Records: match, compare, convert, validate.", no_args_is_help=True)


@app.callback()
def marc() -> None:
    """Records: match, compare, convert, validate."""


app.command("convert")(marc_convert.convert)
app.command("match")(marc_match.match)
app.command("compare")(marc_compare.compare)
app.command("validate")(marc_validate.validate)
app.command("draft")(marc_draft.draft)
app.command("suggest")(marc_suggest.suggest)
app.command("shelve")(marc_suggest.shelve)
